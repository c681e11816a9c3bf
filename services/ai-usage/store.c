#include "store.h"

ts_status ai_usage_load(ts_store *s, unsigned family, const ts_buf *key, ts_arena *arena,
                        const ProtobufCMessageDescriptor *type, bool *ret_found, void *ret_row)
{
    ProtobufCMessage *m = NULL;
    ts_str value = TS_STR_NULL;
    ts_status st = ts_buf_status(key);

    if (st == TS_OK)
        st = ts_store_get(s, family, ts_buf_view(key), arena, &value);
    *ret_found = st == TS_OK;
    if (st != TS_OK && st != TS_NOT_FOUND)
        return st;
    /* No bytes are a valid message with every field at its default. */
    st = ts_arena_unpack(arena, type, value, &m);
    if (st == TS_OK)
        memcpy(ret_row, &m, sizeof(m));
    return st;
}

static uint64_t moved(uint64_t n, int64_t delta)
{
    if (delta < 0)
        return n > (uint64_t)-delta ? n - (uint64_t)-delta : 0;
    return n + (uint64_t)delta;
}

ts_status ai_usage_count(ts_store *s, ts_batch *b, unsigned family, const ts_buf *key,
                         ts_arena *arena, int64_t events, int64_t users)
{
    Ts__Aiusage__Counter *row = NULL;
    bool found;
    ts_status st =
        ai_usage_load(s, family, key, arena, &ts__aiusage__counter__descriptor, &found, &row);

    if (st != TS_OK)
        return st;
    row->events = moved(row->events, events);
    row->users = moved(row->users, users);
    ts_batch_put_message(b, s, family, ts_buf_view(key), &row->base);
    return TS_OK;
}
