#include "ts/outbox.h"

#include "internal.h"
#include "ts/trace.h"

#define ROW_MAX (UINT64_C(4) << 20)

void ts_outbox_add_unclaimed(ts_batch *b, unsigned stream, ts_tenant tenant, const char *kind,
                             int64_t at_ms, const ProtobufCMessage *payload)
{
    Ts__HandOverRow row = TS__HAND_OVER_ROW__INIT;
    TS_CLEANUP(ts_buf_done) ts_buf bytes = TS_BUF_INIT(ROW_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf packed = TS_BUF_INIT(ROW_MAX);
    size_t n = protobuf_c_message_get_packed_size(payload);
    char *to = ts_buf_reserve(&bytes, n + 1);

    if (to != NULL) {
        protobuf_c_message_pack(payload, (uint8_t *)to);
        row.org = tenant.org;
        row.mode = (uint32_t)tenant.mode;
        row.kind = (char *)(uintptr_t)kind; /* packing only reads it */
        row.at_ms = at_ms;
        row.payload.data = (uint8_t *)to;
        row.payload.len = n;
        row.request_id = (char *)(uintptr_t)ts_trace_request_id();
        row.traceparent = (char *)(uintptr_t)ts_trace_parent();
        n = protobuf_c_message_get_packed_size(&row.base);
        to = ts_buf_reserve(&packed, n + 1);
    }
    if (to == NULL) {
        ts_batch_append(b, TS_STORE_STREAMS,
                        TS_STR_NULL); /* makes the batch fail: nothing goes half */
        return;
    }
    protobuf_c_message_pack(&row.base, (uint8_t *)to);
    ts_batch_append(b, stream, ts_str_n(to, n));
}

void ts_outbox_add(ts_batch *b, unsigned stream, ts_tenant tenant, const char *kind, int64_t at_ms,
                   const ProtobufCMessage *payload)
{
    ts_batch_claim(b, tenant.org);
    ts_outbox_add_unclaimed(b, stream, tenant, kind, at_ms, payload);
}

static ts_status forget_row(ts_store *store, unsigned stream, uint64_t seq, uint64_t org,
                            ts_arena *arena)
{
    TS_CLEANUP(ts_buf_done) ts_buf packed = TS_BUF_INIT(ROW_MAX);
    Ts__HandOverRow nothing = TS__HAND_OVER_ROW__INIT;
    const Ts__HandOverRow *row;
    ProtobufCMessage *m = NULL;
    ts_str bytes;
    char *to;
    ts_status st;

    ts_arena_reset(arena);
    st = ts_stream_read(store, stream, seq, arena, &bytes);
    if (st == TS_NOT_FOUND)
        return TS_OK; /* handed over meanwhile */
    if (st == TS_OK)
        st = ts_arena_unpack(arena, &ts__hand_over_row__descriptor, bytes, &m);
    if (st != TS_OK)
        return st;
    row = (const Ts__HandOverRow *)m;
    if (row->org != org || strcmp(row->kind, OUTBOX_KIND_NOTHING) == 0)
        return TS_OK;
    nothing.org = org;
    nothing.mode = row->mode;
    nothing.at_ms = row->at_ms;
    nothing.kind = (char *)(uintptr_t)OUTBOX_KIND_NOTHING; /* packing only reads it */
    to = ts_buf_reserve(&packed, protobuf_c_message_get_packed_size(&nothing.base) + 1);
    if (to == NULL)
        return TS_NOMEM;
    packed.size = protobuf_c_message_pack(&nothing.base, (uint8_t *)to);
    return ts_stream_replace(store, stream, seq, ts_buf_view(&packed));
}

ts_status ts_outbox_forget(ts_store *store, uint64_t org, unsigned keep, ts_arena *arena)
{
    ts_status st = ts_store_sync_all(store); /* so that the bounds reach to the last row */

    for (unsigned stream = 0; stream < TS_STORE_STREAMS && st == TS_OK; stream++) {
        uint64_t first;
        uint64_t last;

        if (stream == keep)
            continue;
        ts_stream_bounds(store, stream, &first, &last);
        for (uint64_t seq = first; seq <= last && st == TS_OK; seq++)
            st = forget_row(store, stream, seq, org, arena);
    }
    return st;
}
