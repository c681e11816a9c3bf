/* The ops port: /healthz, /readyz, /metrics over plain HTTP, for probes and Prometheus. */
#ifndef TS_PROCESS_OPS_H
#define TS_PROCESS_OPS_H

#include "ts/base.h"

typedef struct ts_ops ts_ops;

/* `ready` is asked at each /readyz; false with words makes it 503. Called on the port's threads. */
TS_CHECK ts_status ts_ops_start(const char *address, int64_t port,
                                bool (*ready)(void *context, ts_error *why), void *context,
                                ts_ops **ret, ts_error *err);
/* NULL is fine. */
void ts_ops_stop(ts_ops *ops);
/* GET /readyz of a process on this machine: 0 if ready, 1 if not. For container health checks. */
int ts_ops_probe(const char *address, int64_t port);

#endif
