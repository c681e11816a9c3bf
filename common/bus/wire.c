#include "internal.h"

ts_status ts_bus_pack(const ProtobufCMessage *m, size_t max_bytes, nng_msg **ret)
{
    size_t n = protobuf_c_message_get_packed_size(m);
    nng_msg *msg = NULL;

    if (n > max_bytes)
        return TS_TOO_LARGE;
    if (nng_msg_alloc(&msg, n) != 0)
        return TS_NOMEM;
    protobuf_c_message_pack(m, nng_msg_body(msg));
    *ret = msg;
    return TS_OK;
}

ts_status ts_bus_unpack(nng_msg *msg, const ProtobufCMessageDescriptor *type, ts_arena *arena,
                        ProtobufCMessage **ret)
{
    return ts_arena_unpack(arena, type, ts_str_n(nng_msg_body(msg), nng_msg_len(msg)), ret);
}
