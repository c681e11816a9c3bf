/* PUT /v1/directory/users. The table's types are checked here, row by row; what the texts mean, by risk. */
#include "api/api.h"
#include "api/shape.h"
#include "api/words.h"
#include "ts/wait.h"

/* Bits of DirectoryRow.given. */
static const struct {
    const char *field;
    uint32_t bit;
} optional[] = {
    { "title", 1 }, { "manager", 2 }, { "is_admin", 4 }, { "suspended", 8 }, { "mfa_enrolled", 16 },
};

typedef struct refused {
    uint32_t index;
    const char *param; /* "" if none */
    const char *reason;
} refused;

typedef struct upload {
    http_exchange *x;
    ts_status status; /* of reading the rows */
    Ts__Risk__PutDirectoryRequest request;
    refused *refused; /* by index */
    size_t refused_count;
} upload;

static ts_status refuse(http_exchange *x, upload *u, uint32_t index)
{
    refused *r = &u->refused[u->refused_count++];

    r->index = index;
    r->param = ts_arena_z(x->arena, ts_str_of(x->error.param));
    r->reason = ts_arena_z(x->arena, ts_str_of(x->error.text));
    x->error = (ts_error){ .text = "" };
    return r->param == NULL || r->reason == NULL ? TS_NOMEM : TS_OK;
}

static ts_status add_row(http_exchange *x, upload *u, uint32_t index)
{
    Ts__Risk__DirectoryRow *row = ts_arena_alloc(x->arena, sizeof(*row));

    if (row == NULL)
        return TS_NOMEM;
    ts__risk__directory_row__init(row);
    row->index = index;
    row->email = api_text(x, http_field_of(x, "email"));
    row->name = api_text(x, http_field_of(x, "name"));
    row->department = api_text(x, http_field_of(x, "department"));
    row->title = api_text(x, http_field_of(x, "title"));
    row->manager = api_text(x, http_field_of(x, "manager"));
    row->is_admin = http_field_of(x, "is_admin")->number != 0;
    row->suspended = http_field_of(x, "suspended")->number != 0;
    row->mfa_enrolled = http_field_of(x, "mfa_enrolled")->number != 0;
    for (size_t i = 0; i < TS_COUNT(optional); i++) {
        if (http_field_of(x, optional[i].field)->given)
            row->given |= optional[i].bit;
    }
    u->request.rows[u->request.n_rows++] = row;
    return row->email == NULL || row->name == NULL || row->department == NULL ||
                   row->title == NULL || row->manager == NULL
               ? TS_NOMEM
               : TS_OK;
}

static ts_status read_rows(http_exchange *x, upload *u)
{
    size_t count = ts_json_count(x->rows);
    uint32_t index = 0;

    u->request.rows = ts_arena_array(x->arena, count + 1, sizeof(*u->request.rows));
    u->refused = ts_arena_array(x->arena, count + 1, sizeof(*u->refused));
    if (u->request.rows == NULL || u->refused == NULL)
        return TS_NOMEM;
    for (ts_json_iter it = ts_json_iter_of(x->rows); ts_json_next(&it); index++) {
        ts_status st =
            http_fields_parse(x->route->fields, it.value, x->arena, x->fields, &x->error);

        if (st == TS_OK)
            st = add_row(x, u, index);
        else if (st == TS_INVALID)
            st = refuse(x, u, index);
        if (st != TS_OK)
            return st;
    }
    return TS_OK;
}

static void read_rows_aside(void *context)
{
    upload *u = context;

    u->status = read_rows(u->x, u);
}

static void put_refused(ts_jsonw *w, uint32_t index, const char *param, const char *reason)
{
    ts_jsonw_object(w);
    shape_u64(w, "index", index);
    if (param[0] != '\0')
        ts_jsonw_kz(w, "param", param);
    ts_jsonw_kz(w, "reason", reason);
    ts_jsonw_object_end(w);
}

static void put_reply(http_exchange *x, const upload *u, const Ts__Risk__PutDirectoryReply *reply)
{
    ts_jsonw w = ts_jsonw_on(&x->data);
    size_t count = u->refused_count + reply->n_rejected;
    size_t ours = 0, theirs = 0;

    ts_jsonw_object(&w);
    shape_u64(&w, "created", reply->created);
    shape_u64(&w, "updated", reply->updated);
    shape_u64(&w, "unchanged", reply->unchanged);
    shape_u64(&w, "rejected_count", count);
    ts_jsonw_key(&w, "rejected");
    ts_jsonw_array(&w);
    while (ours + theirs < count) {
        if (theirs == reply->n_rejected ||
            (ours < u->refused_count && u->refused[ours].index < reply->rejected[theirs]->index)) {
            const refused *r = &u->refused[ours++];

            put_refused(&w, r->index, r->param, r->reason);
        } else {
            const Ts__Risk__Rejected *r = reply->rejected[theirs++];

            put_refused(&w, r->index, "", r->reason);
        }
    }
    ts_jsonw_array_end(&w);
    ts_jsonw_object_end(&w);
    words_count(&x->summary, reply->created, "user");
    ts_buf_printf(&x->summary, " created, %u updated, %u unchanged. ", reply->updated,
                  reply->unchanged);
    words_count(&x->summary, count, "row");
    ts_buf_z(&x->summary, count == 0 ? " rejected." : " rejected: data.rejected says why.");
}

ts_status api_directory(http_exchange *x)
{
    upload u = { .x = x, .request = TS__RISK__PUT_DIRECTORY_REQUEST__INIT };
    const Ts__Risk__PutDirectoryReply *reply;
    ts_status st = api_ingest_begin(x);

    if (st != TS_OK)
        return st;
    ts_aside(read_rows_aside, &u);
    st = u.status;
    if (st == TS_OK)
        st = api_call(x, &ts_risk_put_directory, &u.request.base, api_of(x)->config->ingest_ms,
                      &reply);
    api_ingest_end(x);
    if (st == TS_OK)
        put_reply(x, &u, reply);
    return st;
}
