/* The ops port: /healthz, /readyz, /metrics over plain HTTP, for probes and Prometheus.
 *
 * One thread. It answers also when the process has no descriptor left: that is when one most wants to know how it is.
 */
#ifndef TS_PROCESS_OPS_H
#define TS_PROCESS_OPS_H

#include "ts/process.h"

typedef struct ts_ops ts_ops;

/* `ready` is asked at each /readyz; false with words makes it 503, true with words is told as well. Called on the port's
 * thread. `address` as of TS_<NAME>_OPS_ADDRESS, port 0: any free one. TS_INVALID, TS_UNAVAILABLE with words. */
TS_CHECK ts_status ts_ops_start(const char *address, int64_t port,
                                bool (*ready)(void *context, ts_error *why), void *context,
                                ts_ops **ret, ts_error *err);
int ts_ops_port(const ts_ops *ops);
/* At once, whoever is being answered. NULL is fine. */
void ts_ops_stop(ts_ops *ops);
/* Whether it could be listened on at that address, if the port is free. TS_INVALID, TS_UNAVAILABLE with words. */
TS_CHECK ts_status ts_ops_check(const char *address, ts_error *err);
/* GET /readyz of a process, as ts_process_probe(). */
bool ts_ops_probe(const char *address, int64_t port, char ret_words[TS_PROBE_WORDS_SIZE]);

#endif
