#include "ts/outbox.h"

#define ROW_MAX (UINT64_C(4) << 20)

void ts_outbox_add(ts_batch *b, unsigned stream, ts_tenant tenant, const char *kind, int64_t at_ms,
                   const ProtobufCMessage *payload)
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
