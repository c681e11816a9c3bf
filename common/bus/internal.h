/* What the files of common/bus share. */
#ifndef TS_BUS_INTERNAL_H
#define TS_BUS_INTERNAL_H

#include <nng/nng.h>

#include "proto/envelope.pb-c.h"
#include "ts/rpc.h"

#define BUS_MESSAGE_MAX (UINT64_C(16) << 20)

/* A lane's own address: ipc://path -> ipc://path-<lane>; tcp://host:port -> tcp://host:(port +
 * lane). */
ts_status ts_bus_lane_address(const char *address, ts_lane lane, char ret[TS_BUS_ADDRESS_SIZE],
                              ts_error *err);

/* A whole message with the packed protobuf as its body. */
ts_status ts_bus_pack(const ProtobufCMessage *m, size_t max_bytes, nng_msg **ret);
ts_status ts_bus_unpack(nng_msg *msg, const ProtobufCMessageDescriptor *type, ts_arena *arena,
                        ProtobufCMessage **ret);

#endif
