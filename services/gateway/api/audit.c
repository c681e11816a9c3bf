/* GET /v1/audit-log: who did what, from where. */
#include "ts/audit.h"
#include "api/api.h"
#include "api/shape.h"
#include "api/words.h"

/* Details are JSON that another service made: taken as they are only if they are an object. */
static void put_details(ts_jsonw *w, ts_json_parser *parser, const char *details)
{
    ts_json parsed;

    ts_jsonw_key(w, "details");
    if (details[0] != '\0' && ts_json_parse(parser, ts_str_of(details), &parsed, NULL) == TS_OK &&
        ts_json_type_of(parsed) == TS_JSON_OBJECT)
        ts_jsonw_raw(w, ts_str_of(details));
    else
        ts_jsonw_raw(w, TS_STR_LIT("{}"));
}

static void put_entry(const http_exchange *x, ts_jsonw *w, ts_json_parser *parser,
                      const Ts__Auth__AuditRow *row)
{
    const Ts__AuditEntry *entry = row->entry;

    ts_jsonw_object(w);
    shape_u64(w, "number", row->number);
    ts_jsonw_ktime(w, "at", entry->at_ms);
    ts_jsonw_kz(w, "action", entry->action);
    shape_prose(x, w, "object", entry->object, true);
    ts_jsonw_kz(w, "actor", entry->actor);
    ts_jsonw_kz(w, "client_address", entry->client_addr[0] == '\0' ? NULL : entry->client_addr);
    ts_jsonw_kz(w, "request_id", entry->request_id[0] == '\0' ? NULL : entry->request_id);
    ts_jsonw_kz(w, "mode", row->mode == TS_MODE_TEST ? "test" : "live");
    put_details(w, parser, entry->details);
    ts_jsonw_object_end(w);
}

static ts_status put_list(http_exchange *x, const Ts__Auth__ListAuditRequest *request,
                          const Ts__Auth__AuditList *list)
{
    TS_CLEANUP(ts_json_parser_free_p)
    ts_json_parser *parser = ts_json_parser_new(TS_AUDIT_DETAILS_MAX);
    ts_jsonw w = ts_jsonw_on(&x->data);

    if (parser == NULL)
        return TS_NOMEM;
    ts_jsonw_object(&w);
    ts_jsonw_key(&w, "entries");
    ts_jsonw_array(&w);
    for (size_t i = 0; i < list->n_rows; i++) {
        if (list->rows[i]->entry == NULL)
            return TS_CORRUPT;
        put_entry(x, &w, parser, list->rows[i]);
    }
    ts_jsonw_array_end(&w);
    shape_pagination(&w, request->limit, request->offset, list->total, list->n_rows);
    ts_jsonw_object_end(&w);
    if (list->n_rows > 0) {
        http_name_add(&x->untrusted, "data.entries[].object");
        http_name_add(&x->untrusted, "data.entries[].details");
    }
    words_count_as(&x->summary, list->total, "entry", "entries");
    ts_buf_z(&x->summary, " in the audit log");
    if (request->actor[0] != '\0')
        ts_buf_z(&x->summary, " by this actor");
    if (http_param_of(x, "since")->given || http_param_of(x, "until")->given)
        ts_buf_z(&x->summary, " in the time asked for");
    words_order(&x->summary, list->total, "newest first");
    words_past_end(&x->summary, list->total, list->n_rows);
    return TS_OK;
}

ts_status api_audit_log(http_exchange *x)
{
    Ts__Auth__ListAuditRequest request = TS__AUTH__LIST_AUDIT_REQUEST__INIT;
    const Ts__Auth__AuditList *list;
    ts_status st;

    request.since_ms = api_number(x, "since");
    request.until_ms = api_number(x, "until");
    request.actor = api_text(x, http_param_of(x, "actor"));
    request.limit = (uint32_t)api_number(x, "limit");
    request.offset = (uint64_t)api_number(x, "offset");
    if (request.actor == NULL)
        return TS_NOMEM;
    st = api_ask(x, &ts_auth_list_audit, &request.base, &list);
    return st == TS_OK ? put_list(x, &request, list) : st;
}
