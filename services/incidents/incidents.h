/* The service as its handlers see it. */
#ifndef INCIDENTS_H
#define INCIDENTS_H

#include "chain.h"
#include "keys.h"
#include "proto/methods.h"
#include "ts/metrics.h"
#include "ts/outbox.h"
#include "ts/rpc.h"
#include "ts/store.h"

typedef enum incidents_stream {
    INCIDENTS_TO_RISK,
    INCIDENTS_TO_WEBHOOKS,
    INCIDENTS_TO_AUTH
} incidents_stream;

typedef struct incidents {
    ts_store *store;
    ts_inbox *inbox;
    chain_limits limits;
    int64_t keep_closed_ms; /* closed incidents are deleted so long after their closing */
    int64_t catch_up_days;  /* of the retention clock */
    ts_metric *opened[CHAIN_SEVERITIES];
    ts_metric *open;
    ts_metric *joined;
    ts_metric *waiting;
    ts_metric *historical;
    ts_metric *expired;
} incidents;

extern const ts_rpc_row incidents_rows[];

/* Registers the metrics and counts what is open in the store. */
TS_CHECK ts_status incidents_init(incidents *app, ts_store *store, const chain_limits *limits,
                                  int64_t keep_closed_ms);

/* The row at a key of INCIDENTS_ROWS, in the arena. TS_NOT_FOUND; TS_CORRUPT if there is no incident in it. */
TS_CHECK ts_status incidents_load_row(ts_store *store, ts_str key, ts_arena *arena,
                                      Ts__Incidents__Row **ret);

ts_handler incidents_rpc_list;
ts_handler incidents_rpc_get;
ts_handler incidents_rpc_update_status;
ts_handler incidents_rpc_reopen;
ts_handler incidents_rpc_summary;
ts_handler incidents_rpc_export;
ts_handler incidents_rpc_backup;
ts_handler incidents_rpc_accept;

/* Applies "detection" rows. Runs under the tenant's lock. */
ts_inbox_handler incidents_apply_row;

/* Whoever reads rows to change them holds this lock until the batch is written. */
void incidents_lock_tenant(void *service, ts_tenant tenant);
void incidents_unlock_tenant(void *service, ts_tenant tenant);

/* Its open incidents are counted no more. */
ts_inbox_forget incidents_forget;

#endif
