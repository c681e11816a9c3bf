/* Pages of what is kept of an organization.
 *
 * A cursor is the number of the family (1) and the key, behind the organization, of the last row that was shown; the walk goes
 * on with the next key, so that a page is a seek and a run whatever lies before it.
 */
#include "ts/id.h"
#include "ts/json.h"
#include "ts/tenancy.h"

#define ORG_SIZE     8
#define KEY_MAX      2048
#define ROW_LINE_MAX (UINT64_C(12) << 20) /* a body of 8 MiB as base64, and around it */
#define PARSE_MAX    (UINT64_C(8) << 20)

typedef struct page {
    ts_store *store;
    const char *service_name;
    ts_call *call;
    size_t limit;
    size_t bytes;
    ts_json_parser *parser;
    Ts__ExportReply *reply;
    bool is_full;
} page;

static void put_key(ts_jsonw *w, ts_str key, ts_arena *arena)
{
    char *hex = ts_arena_alloc(arena, 2 * key.n + 1);

    if (hex == NULL) {
        w->out->status = TS_NOMEM;
        return;
    }
    ts_hex(key.p, key.n, hex);
    ts_jsonw_kz(w, "key", hex);
}

static ts_status put_value(page *p, ts_jsonw *w, const ts_family *family, ts_str value)
{
    ProtobufCMessage *m = NULL;
    ts_status st;

    ts_jsonw_key(w, "value");
    if (family->type == NULL) {
        if (value.n == 0)
            ts_jsonw_null(w);
        else
            ts_jsonw_base64(w, value);
        return TS_OK;
    }
    st = ts_arena_unpack(p->call->arena, family->type, value, &m);
    if (st == TS_OK)
        ts_jsonw_message(w, m, family->hidden, p->parser);
    return st;
}

static ts_status add_row(page *p, const ts_family *family, ts_str key, ts_str value)
{
    TS_CLEANUP(ts_buf_done) ts_buf line = TS_BUF_INIT(ROW_LINE_MAX);
    ts_jsonw w = ts_jsonw_on(&line);
    ts_arena *arena = p->call->arena;
    ts_status st;

    ts_jsonw_object(&w);
    ts_jsonw_kz(&w, "service", p->service_name);
    ts_jsonw_kz(&w, "family", family->name);
    ts_jsonw_kz(&w, "mode", key.p[TS_KEY_TENANT_SIZE - 1] == TS_MODE_LIVE ? "live" : "test");
    put_key(&w, ts_str_n(key.p + TS_KEY_TENANT_SIZE, key.n - TS_KEY_TENANT_SIZE), arena);
    st = put_value(p, &w, family, value);
    ts_jsonw_object_end(&w);
    if (st == TS_OK)
        st = ts_buf_status(&line);
    if (st != TS_OK)
        return ts_fail(p->call->error, st, "", "a row of %s cannot be shown", family->name);
    if (p->reply->n_rows > 0 && p->bytes + line.size > TS_EXPORT_BYTES_MAX) {
        p->is_full = true;
        return TS_OK;
    }
    p->bytes += line.size;
    p->reply->rows[p->reply->n_rows] = ts_arena_z(arena, ts_buf_view(&line));
    return p->reply->rows[p->reply->n_rows++] == NULL ? TS_NOMEM : TS_OK;
}

static ts_status set_cursor(page *p, unsigned number, ts_str key)
{
    ts_str rest = ts_str_n(key.p + ORG_SIZE, key.n - ORG_SIZE);
    char *cursor = ts_arena_alloc(p->call->arena, 1 + rest.n);

    if (cursor == NULL)
        return TS_NOMEM;
    cursor[0] = (char)number;
    memcpy(cursor + 1, rest.p, rest.n);
    p->reply->cursor.data = (uint8_t *)cursor;
    p->reply->cursor.len = 1 + rest.n;
    return TS_OK;
}

/* From `from` on (`behind`: a key that was shown) to the end of the organization's rows in the family. */
static ts_status walk(page *p, unsigned number, ts_str from, bool behind)
{
    const ts_family *family = &ts_store_families(p->store)[number];
    TS_CLEANUP(ts_buf_done) ts_buf until = TS_BUF_INIT(ORG_SIZE);
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = NULL;
    ts_status st = TS_OK;

    ts_buf_be64(&until, p->call->tenant.org + 1);
    it = ts_iter_new(p->store, number, from, ts_buf_view(&until), false);
    if (it == NULL)
        return TS_NOMEM;
    if (behind && ts_iter_valid(it) && ts_str_eq(ts_iter_key(it), from))
        ts_iter_next(it);
    for (; ts_iter_valid(it) && st == TS_OK && !p->is_full; ts_iter_next(it)) {
        ts_str key = ts_iter_key(it);

        if (key.n < TS_KEY_TENANT_SIZE)
            return TS_CORRUPT;
        st = add_row(p, family, key, ts_iter_value(it));
        if (st == TS_OK && !p->is_full)
            st = set_cursor(p, number, key);
        if (p->reply->n_rows == p->limit)
            p->is_full = true;
    }
    return st == TS_OK ? ts_iter_status(it) : st;
}

static ts_status walk_all(page *p, unsigned first, ts_str rest)
{
    const ts_family *families = ts_store_families(p->store);
    TS_CLEANUP(ts_buf_done) ts_buf from = TS_BUF_INIT(KEY_MAX);
    ts_status st = TS_OK;

    for (unsigned i = first; families[i].name != NULL && st == TS_OK && !p->is_full; i++) {
        if (families[i].is_global || families[i].is_internal)
            continue;
        ts_buf_clear(&from);
        ts_buf_be64(&from, p->call->tenant.org);
        if (i == first)
            ts_buf_str(&from, rest);
        st = ts_buf_status(&from);
        if (st == TS_OK)
            st = walk(p, i, ts_buf_view(&from), i == first && rest.n > 0);
    }
    if (st == TS_OK && !p->is_full)
        p->reply->cursor.len = 0; /* that was all */
    return st;
}

ts_status ts_tenancy_export(ts_store *store, const char *service_name, ts_call *call,
                            const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__ExportRequest *req = (const Ts__ExportRequest *)in;
    TS_CLEANUP(ts_json_parser_free_p) ts_json_parser *parser = ts_json_parser_new(PARSE_MAX);
    page p = { .store = store,
               .service_name = service_name,
               .call = call,
               .limit = req->limit,
               .parser = parser,
               .reply = (Ts__ExportReply *)out };
    unsigned count = 0;
    unsigned first = 0;
    ts_str rest = TS_STR_NULL;

    if (req->limit < 1 || req->limit > TS_EXPORT_ROWS_MAX)
        return ts_fail(call->error, TS_INVALID, "limit", "limit must be between 1 and %d",
                       TS_EXPORT_ROWS_MAX);
    while (ts_store_families(store)[count].name != NULL)
        count++;
    if (req->cursor.len > 0) {
        first = req->cursor.data[0];
        rest = ts_str_n(req->cursor.data + 1, req->cursor.len - 1);
    }
    if (first >= count || rest.n > KEY_MAX - ORG_SIZE)
        return ts_fail(call->error, TS_INVALID, "cursor",
                       "cursor must be the one of the last page");
    p.reply->rows = ts_arena_array(call->arena, p.limit, sizeof(char *));
    if (parser == NULL || p.reply->rows == NULL)
        return TS_NOMEM;
    return walk_all(&p, first, rest);
}
