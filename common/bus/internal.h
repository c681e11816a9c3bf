/* What the files of common/bus share. */
#ifndef TS_BUS_INTERNAL_H
#define TS_BUS_INTERNAL_H

#include <nng/nng.h>

#include "proto/envelope.pb-c.h"
#include "ts/rpc.h"

#define BUS_MESSAGE_MAX (UINT64_C(16) << 20)

/* A lane's own address: ipc://path -> ipc://path-<lane>; tcp://host:port -> tcp://host:(port + lane), tls+tcp:// alike. */
ts_status ts_bus_lane_address(const char *address, ts_lane lane, char ret[TS_BUS_ADDRESS_SIZE],
                              ts_error *err);

/* TS_BUS_SILENCE_MS: how long a connection may be silent before its calling side asks for a sign of life. TS_INVALID with words. */
#define BUS_SILENCE_MIN_MS INT64_C(100)
#define BUS_SILENCE_MAX_MS INT64_C(60000)
TS_CHECK ts_status ts_bus_silence(int *ret_ms, ts_error *err);

/* Is it tls+tcp://...? */
bool ts_bus_is_tls(const char *address);
/* Our certificate and the authority of the others', from TS_BUS_TLS_CERT and TS_BUS_TLS_CA; a client also wants the name in
 * `address`. The caller frees *ret with nng_tls_config_free(), after nng has taken its own hold. TS_INVALID with words. */
struct nng_tls_config;
TS_CHECK ts_status ts_bus_tls(const char *address, bool is_server, struct nng_tls_config **ret,
                              ts_error *err);

#endif
