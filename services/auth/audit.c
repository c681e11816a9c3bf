/* Appending, listing, dropping. Verifying: audit_verify.c. */
#include "audit.h"

#include "chain.h"
#include "ts/audit.h"

#define TEXT_MAX 256

/* ---- what comes from elsewhere ---- */

/* "incident.status_changed" */
static bool is_action(const char *text)
{
    size_t n = strlen(text);
    unsigned dots = 0;

    for (size_t i = 0; i < n; i++) {
        char c = text[i];

        dots += c == '.';
        if (!((c >= 'a' && c <= 'z') || c == '_' || (c == '.' && i > 0 && i + 1 < n)))
            return false;
    }
    return dots == 1 && n <= 64;
}

static bool is_text(const char *text, size_t max)
{
    return strlen(text) <= max && ts_utf8_valid(ts_str_of(text));
}

static bool is_object(ts_json_parser *parser, const char *text)
{
    ts_json v;

    if (text[0] == '\0')
        return true;
    return strlen(text) <= TS_AUDIT_DETAILS_MAX &&
           ts_json_parse(parser, ts_str_of(text), &v, NULL) == TS_OK &&
           ts_json_type_of(v) == TS_JSON_OBJECT;
}

ts_status auth_audit_check(const Ts__AuditEntry *entry, ts_json_parser *parser, ts_error *err)
{
    if (!is_action(entry->action))
        return ts_fail(err, TS_INVALID, "action", "action must be like object.what_happened");
    if (!is_text(entry->object, TEXT_MAX) || !is_text(entry->request_id, TEXT_MAX) ||
        !is_text(entry->client_addr, TEXT_MAX))
        return ts_fail(err, TS_INVALID, "object",
                       "object, request_id and client_addr must have at most %d bytes", TEXT_MAX);
    if (!is_text(entry->actor, AUTH_ACTOR_MAX))
        return ts_fail(err, TS_INVALID, "actor", "actor must have at most %d bytes",
                       AUTH_ACTOR_MAX);
    if (entry->at_ms < 0)
        return ts_fail(err, TS_INVALID, "at_ms", "at_ms must not be negative");
    if (!is_object(parser, entry->details))
        return ts_fail(err, TS_INVALID, "details",
                       "details must be a JSON object of at most %d bytes", TS_AUDIT_DETAILS_MAX);
    return TS_OK;
}

/* ---- the end that grows ---- */

/* Every view that shows an entry: all or its mode's, for any actor or its own. */
typedef struct views {
    struct {
        bool only_test;
        const char *actor;
    } view[4];
    size_t count;
} views;

static void add_view(views *v, bool only_test, const char *actor)
{
    v->view[v->count].only_test = only_test;
    v->view[v->count].actor = actor;
    v->count++;
}

static views views_of(const Ts__Auth__AuditRow *row)
{
    views v = { .count = 0 };

    for (int only_test = 0; only_test <= (row->mode == TS_MODE_TEST ? 1 : 0); only_test++) {
        add_view(&v, only_test != 0, "");
        if (row->entry->actor[0] != '\0')
            add_view(&v, only_test != 0, row->entry->actor);
    }
    return v;
}

static ts_status load_count(ts_store *s, ts_arena *arena, ts_str key, uint64_t *ret)
{
    ts_str value;
    ts_status st = ts_store_get(s, AUTH_AUDIT_COUNTS, key, arena, &value);

    *ret = st == TS_OK ? auth_read_u64(value, 0) : 0;
    return st == TS_NOT_FOUND ? TS_OK : st;
}

static void put_count(ts_batch *b, ts_store *s, ts_str key, uint64_t count)
{
    TS_CLEANUP(ts_buf_done) ts_buf value = TS_BUF_INIT(8);

    ts_buf_be64(&value, count);
    if (count == 0)
        ts_batch_delete(b, s, AUTH_AUDIT_COUNTS, key);
    else
        ts_batch_put(b, s, AUTH_AUDIT_COUNTS, key, ts_buf_view(&value));
}

/* Puts the row into the index of each of its views, or takes it out. */
static ts_status set_index(ts_batch *b, ts_store *s, ts_arena *arena, const Ts__Auth__AuditRow *row,
                           bool is_there)
{
    views v = views_of(row);

    for (size_t i = 0; i < v.count; i++) {
        TS_CLEANUP(ts_buf_done) ts_buf view = TS_BUF_INIT(AUTH_INDEX_KEY_MAX);
        TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(AUTH_INDEX_KEY_MAX);
        uint64_t count;
        ts_status st;

        auth_view_key(&view, row->org, v.view[i].only_test, v.view[i].actor);
        ts_buf_str(&key, ts_buf_view(&view));
        ts_buf_be64(&key, (uint64_t)row->entry->at_ms);
        ts_buf_be64(&key, row->number);
        if (ts_buf_status(&key) != TS_OK)
            return ts_buf_status(&key);
        st = load_count(s, arena, ts_buf_view(&view), &count);
        if (st != TS_OK)
            return st;
        if (is_there)
            ts_batch_put(b, s, AUTH_AUDIT_INDEX, ts_buf_view(&key), TS_STR_NULL);
        else
            ts_batch_delete(b, s, AUTH_AUDIT_INDEX, ts_buf_view(&key));
        if (is_there || count > 0)
            put_count(b, s, ts_buf_view(&view), is_there ? count + 1 : count - 1);
        st = ts_ranks_move(&auth_audit_ranks, s, b, arena, ts_buf_view(&view), row->entry->at_ms,
                           is_there);
        if (st != TS_OK)
            return st;
    }
    return TS_OK;
}

static void put_row(ts_batch *b, ts_store *s, const Ts__Auth__AuditRow *row)
{
    TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(AUTH_ROW_KEY_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf head_key = TS_BUF_INIT(AUTH_ROW_KEY_MAX);
    Ts__Auth__AuditHead head = TS__AUTH__AUDIT_HEAD__INIT;

    auth_audit_key(&key, row->org, row->number);
    ts_batch_put_message(b, s, AUTH_AUDIT, ts_buf_view(&key), &row->base);
    head.entries = row->number;
    head.hash = row->hash;
    head.logged_ms = row->logged_ms;
    auth_audit_head_key(&head_key, row->org, AUTH_AUDIT_HEAD);
    ts_batch_put_message(b, s, AUTH_AUDIT_HEADS, ts_buf_view(&head_key), &head.base);
}

ts_status auth_audit_append(ts_batch *b, ts_store *s, ts_arena *arena, ts_tenant tenant,
                            const Ts__AuditEntry *entry, int64_t now_ms)
{
    static uint8_t zeros[AUTH_HASH_SIZE];
    Ts__Auth__AuditRow row = TS__AUTH__AUDIT_ROW__INIT;
    Ts__Auth__AuditHead *head = NULL;
    uint8_t hash[AUTH_HASH_SIZE];
    ts_status st = auth_load_audit_head(s, tenant.org, arena, &head);

    if (st != TS_OK)
        return st;
    row.number = head->entries + 1;
    row.org = tenant.org;
    row.mode = (uint32_t)tenant.mode;
    row.entry = (Ts__AuditEntry *)(uintptr_t)entry; /* only packed */
    /* Never before the entry it follows: the oldest end is also the earliest, whatever the clock does. */
    row.logged_ms = now_ms > head->logged_ms ? now_ms : head->logged_ms;
    row.previous = (ProtobufCBinaryData){ sizeof(zeros), zeros };
    if (head->entries > 0)
        row.previous = head->hash;
    st = auth_chain_hash(&row, hash);
    row.hash = (ProtobufCBinaryData){ sizeof(hash), hash };
    if (st == TS_OK)
        st = set_index(b, s, arena, &row, true);
    if (st == TS_OK)
        put_row(b, s, &row);
    return st;
}

/* ---- the end that is dropped ---- */

static void put_anchor(ts_batch *b, ts_store *s, const Ts__Auth__AuditRow *row)
{
    TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(AUTH_ROW_KEY_MAX);
    Ts__Auth__AuditAnchor anchor = TS__AUTH__AUDIT_ANCHOR__INIT;

    anchor.dropped = row->number;
    anchor.hash = row->hash;
    auth_audit_head_key(&key, row->org, AUTH_AUDIT_ANCHOR);
    ts_batch_put_message(b, s, AUTH_AUDIT_HEADS, ts_buf_view(&key), &anchor.base);
}

ts_status auth_audit_drop(ts_batch *b, ts_store *s, ts_arena *arena, uint64_t org,
                          int64_t before_ms, bool *ret_dropped)
{
    TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(AUTH_ROW_KEY_MAX);
    uint8_t previous[AUTH_HASH_SIZE] = { 0 };
    Ts__Auth__AuditAnchor *anchor = NULL;
    Ts__Auth__AuditRow *row = NULL;
    ts_status st = auth_load_audit_anchor(s, org, arena, &anchor);

    *ret_dropped = false;
    if (st == TS_OK)
        st = auth_load_audit_row(s, org, anchor->dropped + 1, arena, &row);
    if (st == TS_NOT_FOUND || (st == TS_OK && row->logged_ms >= before_ms))
        return TS_OK;
    if (st != TS_OK)
        return st;
    if (anchor->hash.len == sizeof(previous))
        memcpy(previous, anchor->hash.data, sizeof(previous));
    if (auth_chain_fault(row, org, anchor->dropped + 1, previous) != NULL)
        return TS_CORRUPT;
    st = set_index(b, s, arena, row, false);
    if (st != TS_OK)
        return st;
    auth_audit_key(&key, org, row->number);
    ts_batch_delete(b, s, AUTH_AUDIT, ts_buf_view(&key));
    put_anchor(b, s, row);
    *ret_dropped = true;
    return TS_OK;
}

/* ---- lists ---- */

/* Those of the time that is asked for have ranks [*ret_first, *ret_end) in the view. */
static ts_status find_range(ts_store *s, ts_arena *arena, const auth_audit_query *q, ts_str view,
                            uint64_t *ret_first, uint64_t *ret_end)
{
    ts_status st = q->until_ms == 0
                       ? load_count(s, arena, view, ret_end)
                       : ts_ranks_count(&auth_audit_ranks, s, view, 0, q->until_ms, ret_end);

    *ret_first = 0;
    if (st == TS_OK && q->since_ms > 0)
        st = ts_ranks_count(&auth_audit_ranks, s, view, 0, q->since_ms, ret_first);
    return st;
}

/* What ends in front of the bound: entries that are dropped as old since they were counted leave newer ones at the rank. */
static ts_status keep_until(const auth_audit_query *q, ts_str view, ts_buf *behind)
{
    TS_CLEANUP(ts_buf_done) ts_buf until = TS_BUF_INIT(AUTH_INDEX_KEY_MAX);

    ts_buf_str(&until, view);
    ts_buf_be64(&until, (uint64_t)q->until_ms);
    if (q->until_ms != 0 && ts_str_cmp(ts_buf_view(&until), ts_buf_view(behind)) < 0) {
        ts_buf_clear(behind);
        ts_buf_str(behind, ts_buf_view(&until));
    }
    return ts_buf_status(&until) == TS_OK ? ts_buf_status(behind) : ts_buf_status(&until);
}

/* From the entry of that rank on to older ones. */
static ts_status collect(ts_store *s, ts_arena *arena, const auth_audit_query *q, ts_str view,
                         uint64_t rank, Ts__Auth__AuditList *rep)
{
    TS_CLEANUP(ts_buf_done) ts_buf from = TS_BUF_INIT(AUTH_INDEX_KEY_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf behind = TS_BUF_INIT(AUTH_INDEX_KEY_MAX + 1);
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = NULL;
    ts_status st = ts_ranks_find(&auth_audit_ranks, s, view, rank, &behind);

    if (st != TS_OK)
        return st == TS_NOT_FOUND ? TS_OK : st; /* dropped as old since it was counted */
    ts_buf_char(&behind, '\0');
    st = keep_until(q, view, &behind);
    if (st != TS_OK)
        return st;
    ts_buf_str(&from, view);
    ts_buf_be64(&from, (uint64_t)q->since_ms);
    it = ts_iter_new(s, AUTH_AUDIT_INDEX, ts_buf_view(&from), ts_buf_view(&behind), true);
    rep->rows = ts_arena_array(arena, q->limit, sizeof(*rep->rows));
    if (it == NULL || rep->rows == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it) && rep->n_rows < q->limit; ts_iter_next(it)) {
        ts_str key = ts_iter_key(it);

        st = auth_load_audit_row(s, q->org, auth_read_u64(key, key.n - 8), arena,
                                 &rep->rows[rep->n_rows]);
        if (st == TS_NOT_FOUND)
            continue; /* dropped as old since the iterator was made */
        if (st != TS_OK)
            return st;
        rep->n_rows++;
    }
    return ts_iter_status(it);
}

ts_status auth_audit_list(ts_store *s, ts_arena *arena, const auth_audit_query *q,
                          Ts__Auth__AuditList *rep)
{
    TS_CLEANUP(ts_buf_done) ts_buf view = TS_BUF_INIT(AUTH_VIEW_KEY_MAX);
    uint64_t first = 0;
    uint64_t end = 0;
    ts_status st;

    auth_view_key(&view, q->org, q->only_test, q->actor);
    if (ts_buf_status(&view) != TS_OK)
        return TS_OK; /* an actor longer than any: nobody's entries */
    st = find_range(s, arena, q, ts_buf_view(&view), &first, &end);
    if (st != TS_OK || first >= end)
        return st;
    rep->total = end - first;
    return q->offset >= rep->total
               ? TS_OK
               : collect(s, arena, q, ts_buf_view(&view), end - 1 - q->offset, rep);
}
