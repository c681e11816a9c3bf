#include "command.h"
#include "ts/id.h"
#include "ts/time.h"

#define LIST_DEFAULT 50
#define LIST_MAX     10000
#define PAGE         200
#define HEX_SIZE     65

/* "-" is the operators' own log. */
static ts_status find_log(ctl *c, uint64_t *ret)
{
    const Ts__Auth__Organization *o = NULL;
    ts_status st;

    *ret = 0;
    if (strcmp(c->args[0], "-") == 0)
        return TS_OK;
    st = ctl_find_org(c, c->args[0], &o);
    if (st == TS_OK)
        *ret = o->number;
    return st;
}

static void hex_of(ProtobufCBinaryData hash, char ret[HEX_SIZE])
{
    ret[0] = '\0';
    if (hash.len == 32)
        ts_hex(hash.data, hash.len, ret);
}

/* ---- list ---- */

static void show_json(ctl *c, const Ts__Auth__AuditRow *row)
{
    const Ts__AuditEntry *entry = row->entry;
    ts_jsonw *w = &c->json;
    char hash[HEX_SIZE];

    hex_of(row->hash, hash);
    ts_jsonw_object(w);
    ts_jsonw_ki64(w, "number", (int64_t)row->number);
    ts_jsonw_ktime(w, "at", entry->at_ms);
    ts_jsonw_kz(w, "mode", row->mode == TS_MODE_TEST ? "test" : "live");
    ts_jsonw_kz(w, "actor", entry->actor);
    ts_jsonw_kz(w, "action", entry->action);
    ts_jsonw_kz(w, "object", entry->object);
    ts_jsonw_kz(w, "client_addr", entry->client_addr);
    ts_jsonw_kz(w, "request_id", entry->request_id);
    ts_jsonw_key(w, "details");
    ts_jsonw_raw(w, entry->details[0] == '\0' ? TS_STR_LIT("{}") : ts_str_of(entry->details));
    ts_jsonw_kz(w, "hash", hash);
    ts_jsonw_object_end(w);
}

static void show_line(ctl *c, const Ts__Auth__AuditRow *row)
{
    const Ts__AuditEntry *entry = row->entry;
    const char *const parts[] = { entry->actor, entry->action, entry->object, entry->details };
    char at[TS_RFC3339_SIZE];

    ts_time_format(entry->at_ms, false, at);
    ts_buf_printf(c->out, "%6llu %s %s", (unsigned long long)row->number, at,
                  row->mode == TS_MODE_TEST ? "test" : "live");
    for (size_t i = 0; i < TS_COUNT(parts); i++) {
        ts_buf_char(c->out, ' ');
        ctl_plain(parts[i][0] == '\0' ? "-" : parts[i], c->out);
    }
    ts_buf_char(c->out, '\n');
}

static ts_status parse_list(ctl *c, Ts__Auth__ListAuditRequest *ret, uint32_t *ret_limit)
{
    const char *const *given = c->options;
    ts_status st = TS_OK;

    *ret_limit = LIST_DEFAULT;
    if (given[CTL_LIMIT] != NULL)
        st = ctl_parse_number("--limit", given[CTL_LIMIT], 1, LIST_MAX, ret_limit, &c->error);
    if (st == TS_OK && given[CTL_SINCE] != NULL)
        st = ctl_parse_time("--since", given[CTL_SINCE], &ret->since_ms, &c->error);
    if (st == TS_OK && given[CTL_UNTIL] != NULL)
        st = ctl_parse_time("--until", given[CTL_UNTIL], &ret->until_ms, &c->error);
    if (given[CTL_ACTOR] != NULL)
        ret->actor = (char *)(uintptr_t)given[CTL_ACTOR];
    return st;
}

static ts_status list_rows(ctl *c, Ts__Auth__ListAuditRequest *request, uint32_t limit,
                           uint64_t *ret_total)
{
    const Ts__Auth__AuditList *list;

    do {
        ProtobufCMessage *reply = NULL;
        ts_status st;

        request->limit = limit < PAGE ? limit : PAGE;
        st = ctl_call(c, "auth", &ts_auth_list_audit, &request->base, &reply);
        if (st != TS_OK)
            return st;
        list = (const void *)reply;
        for (size_t i = 0; i < list->n_rows; i++) {
            if (ctl_wants_json(c))
                show_json(c, list->rows[i]);
            else
                show_line(c, list->rows[i]);
        }
        *ret_total = list->total;
        request->offset += list->n_rows;
        limit -= (uint32_t)list->n_rows;
    } while (limit > 0 && list->n_rows > 0);
    return TS_OK;
}

ts_status ctl_audit_list(ctl *c)
{
    Ts__Auth__ListAuditRequest request = TS__AUTH__LIST_AUDIT_REQUEST__INIT;
    uint64_t total = 0;
    uint32_t limit;
    ts_status st = parse_list(c, &request, &limit);

    if (st == TS_OK)
        st = find_log(c, &request.org);
    if (st != TS_OK || !ctl_wants_json(c))
        return st == TS_OK ? list_rows(c, &request, limit, &total) : st;
    ts_jsonw_object(&c->json);
    ts_jsonw_key(&c->json, "entries");
    ts_jsonw_array(&c->json);
    st = list_rows(c, &request, limit, &total);
    ts_jsonw_array_end(&c->json);
    ts_jsonw_ki64(&c->json, "total", (int64_t)total);
    ts_jsonw_object_end(&c->json);
    return st;
}

/* ---- verify ---- */

static void show_verified(ctl *c, const Ts__Auth__VerifyAuditReply *found)
{
    char head[HEX_SIZE];

    hex_of(found->head, head);
    if (!ctl_wants_json(c)) {
        ts_buf_printf(c->out, "entries  %llu to %llu\n", (unsigned long long)found->dropped + 1,
                      (unsigned long long)found->entries);
        ts_buf_printf(c->out, "head     %s\n", head[0] == '\0' ? "-" : head);
        ts_buf_printf(c->out, "chain    %s\n", found->broken == 0 ? "whole" : "broken");
        return;
    }
    ts_jsonw_object(&c->json);
    ts_jsonw_kbool(&c->json, "is_whole", found->broken == 0);
    ts_jsonw_ki64(&c->json, "entries", (int64_t)found->entries);
    ts_jsonw_ki64(&c->json, "dropped", (int64_t)found->dropped);
    ts_jsonw_kz(&c->json, "head", head[0] == '\0' ? NULL : head);
    ts_jsonw_key(&c->json, "broken");
    if (found->broken == 0)
        ts_jsonw_null(&c->json);
    else
        ts_jsonw_u64(&c->json, found->broken);
    ts_jsonw_kz(&c->json, "reason", found->broken == 0 ? NULL : found->reason);
    ts_jsonw_object_end(&c->json);
}

ts_status ctl_audit_verify(ctl *c)
{
    Ts__Auth__VerifyAuditRequest request = TS__AUTH__VERIFY_AUDIT_REQUEST__INIT;
    const Ts__Auth__VerifyAuditReply *found = NULL;
    ts_status st = find_log(c, &request.org);

    if (st != TS_OK)
        return st;
    do {
        ProtobufCMessage *reply = NULL;

        st = ctl_call(c, "auth", &ts_auth_verify_audit, &request.base, &reply);
        if (st != TS_OK)
            return st;
        found = (const void *)reply;
        request.after = found->last;
    } while (found->more && found->broken == 0);
    show_verified(c, found);
    if (found->broken != 0)
        return ts_fail(&c->error, TS_CORRUPT, "", "the audit log is broken: %s", found->reason);
    return TS_OK;
}
