#include "ts/once.h"

#include "ts/buf.h"
#include "ts/id.h"

#define KEY_MAX    64
#define ANSWER_MAX ((size_t)1 << 20)
#define DROPS_MAX                                                                                  \
    8 /* old answers dropped for each one kept: more than come in, so that they never pile up */
#define ORDER_ORG   UINT64_MAX
#define ID_SIZE     16
#define HEADER_SIZE (8 + ID_SIZE)
#define TIME_END    (TS_KEY_TENANT_SIZE + 8)
#define ORDER_SIZE  (TIME_END + TS_KEY_TENANT_SIZE + ID_SIZE)

static ts_hash128 hash_message(const ProtobufCMessage *m, ts_arena *arena, bool *ret_ok)
{
    size_t n = protobuf_c_message_get_packed_size(m);
    uint8_t *bytes = ts_arena_alloc(arena, n + 1);
    ts_str part;

    *ret_ok = bytes != NULL;
    if (bytes == NULL)
        return (ts_hash128){ .bytes = { 0 } };
    protobuf_c_message_pack(m, bytes);
    part = ts_str_n(bytes, n);
    return ts_hash_parts(&part, 1);
}

static ts_hash128 scope_of(const ts_call *call)
{
    bool by_key = call->caller.idempotency_key[0] != '\0';
    ts_str parts[] = { by_key ? TS_STR_LIT("key") : TS_STR_LIT("call"),
                       ts_str_of(call->method->name),
                       by_key ? ts_str_of(call->caller.actor) : TS_STR_NULL,
                       by_key ? ts_str_of(call->caller.idempotency_key)
                              : ts_str_n(call->call_id, sizeof(call->call_id)) };

    return ts_hash_parts(parts, TS_COUNT(parts));
}

static void row_key(ts_buf *key, ts_tenant tenant, ts_hash128 scope)
{
    ts_key_tenant(key, tenant);
    ts_buf_add(key, scope.bytes, sizeof(scope.bytes));
}

static int64_t read_ms(const char *p)
{
    uint64_t n = 0;

    for (int i = 0; i < 8; i++)
        n = n << 8 | (uint8_t)p[i];
    return (int64_t)n;
}

ts_status ts_once_find(ts_store *s, unsigned family, ts_call *call, const ProtobufCMessage *in,
                       ProtobufCMessage *out, bool *ret_found)
{
    TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(KEY_MAX);
    ProtobufCMessage *answer = NULL;
    ts_hash128 request;
    ts_str row;
    bool ok;
    ts_status st;

    *ret_found = false;
    row_key(&key, call->tenant, scope_of(call));
    st = ts_store_get(s, family, ts_buf_view(&key), call->arena, &row);
    if (st == TS_NOT_FOUND)
        return TS_OK;
    if (st != TS_OK)
        return st;
    if (row.n < HEADER_SIZE)
        return TS_CORRUPT;
    if (read_ms(row.p) + TS_ONCE_KEEP_MS <= call->now_ms)
        return TS_OK;
    request = hash_message(in, call->arena, &ok);
    if (!ok)
        return TS_NOMEM;
    if (memcmp(row.p + 8, request.bytes, ID_SIZE) != 0)
        return ts_fail(call->error, TS_CONFLICT, "Idempotency-Key",
                       "This Idempotency-Key was used with another request in the last 24 hours.");
    st = ts_arena_unpack(call->arena, out->descriptor,
                         ts_str_n(row.p + HEADER_SIZE, row.n - HEADER_SIZE), &answer);
    if (st != TS_OK)
        return st;
    memcpy(out, answer, out->descriptor->sizeof_message);
    call->replayed = true;
    *ret_found = true;
    return TS_OK;
}

/* Rows whose time is over, the oldest first, a few at a time. One may have been written anew since, or be just now by another
 * call: its own time, with which it begins, decides. `own` is put by this batch. */
static ts_status drop_old(ts_batch *b, ts_store *s, unsigned family, const ts_call *call,
                          ts_str own)
{
    TS_CLEANUP(ts_buf_done) ts_buf from = TS_BUF_INIT(KEY_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf until = TS_BUF_INIT(KEY_MAX);
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = NULL;
    ts_tenant order = { ORDER_ORG, TS_MODE_LIVE };

    if (call->now_ms < TS_ONCE_KEEP_MS)
        return TS_OK;
    ts_key_tenant(&from, order);
    ts_key_tenant(&until, order);
    ts_buf_be64(&until, (uint64_t)(call->now_ms - TS_ONCE_KEEP_MS + 1));
    it = ts_iter_new(s, family, ts_buf_view(&from), ts_buf_view(&until), false);
    if (it == NULL)
        return TS_NOMEM;
    for (int i = 0; i < DROPS_MAX && ts_iter_valid(it); i++, ts_iter_next(it)) {
        ts_str key = ts_iter_key(it);
        ts_str row_key;

        if (key.n != ORDER_SIZE)
            return TS_CORRUPT;
        row_key = ts_str_n(key.p + TIME_END, key.n - TIME_END);
        if (!ts_str_eq(row_key, own))
            ts_batch_delete_seen(b, family, row_key, ts_str_n(key.p + TS_KEY_TENANT_SIZE, 8));
        ts_batch_delete(b, s, family, key);
    }
    return ts_iter_status(it);
}

ts_status ts_once_keep(ts_batch *b, ts_store *s, unsigned family, const ts_call *call,
                       const ProtobufCMessage *in, const ProtobufCMessage *out)
{
    TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(KEY_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf order = TS_BUF_INIT(KEY_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf row = TS_BUF_INIT(ANSWER_MAX);
    ts_hash128 scope = scope_of(call);
    size_t n = protobuf_c_message_get_packed_size(out);
    ts_hash128 request;
    char *room;
    bool ok;
    ts_status st;

    row_key(&key, call->tenant, scope);
    st = drop_old(b, s, family, call, ts_buf_view(&key));
    if (st != TS_OK)
        return st;
    request = hash_message(in, call->arena, &ok);
    if (!ok)
        return TS_NOMEM;
    ts_buf_be64(&row, (uint64_t)call->now_ms);
    ts_buf_add(&row, request.bytes, sizeof(request.bytes));
    room = ts_buf_reserve(&row, n + 1);
    if (room == NULL)
        return ts_buf_status(&row);
    protobuf_c_message_pack(out, (uint8_t *)room);
    row.size += n;
    ts_batch_put(b, s, family, ts_buf_view(&key), ts_buf_view(&row));
    ts_key_tenant(&order, (ts_tenant){ ORDER_ORG, TS_MODE_LIVE });
    ts_buf_be64(&order, (uint64_t)call->now_ms);
    row_key(&order, call->tenant, scope);
    ts_batch_put(b, s, family, ts_buf_view(&order), TS_STR_NULL);
    return TS_OK;
}
