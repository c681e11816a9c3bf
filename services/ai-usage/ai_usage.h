/* The service as its handlers see it. */
#ifndef AI_USAGE_H
#define AI_USAGE_H

#include "store.h"
#include "ts/metrics.h"
#include "ts/outbox.h"
#include "ts/rpc.h"

typedef struct ai_usage {
    ts_store *store;
    ts_inbox *inbox;
    int64_t keep_days;     /* before today */
    int64_t catch_up_days; /* of the retention clock */
    ts_metric *events;
    ts_metric *tools_first_seen;
    ts_metric *expired;
} ai_usage;

extern const ts_rpc_row ai_usage_rows[];

void ai_usage_register_metrics(ai_usage *app);

ts_handler ai_usage_rpc_report;
ts_handler ai_usage_rpc_export;
ts_handler ai_usage_rpc_backup;
ts_handler ai_usage_rpc_accept;

/* Applies "ai_use" and "ai_tool_trust" rows. Runs under the lock below. */
ts_inbox_handler ai_usage_apply_row;

/* Whoever reads rows to change them holds this lock until the batch is written. One for all tenants: the inbox takes one row
 * at a time anyway. */
void ai_usage_lock(void *service, ts_tenant tenant);
void ai_usage_unlock(void *service, ts_tenant tenant);

/* To webhooks: ai_tool.first_seen. */
void ai_usage_publish_first_seen(ts_batch *b, ts_tenant tenant, const Ts__AiUse *use,
                                 bool sanctioned, int64_t now_ms);

#endif
