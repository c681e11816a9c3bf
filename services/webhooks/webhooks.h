/* The service as its handlers see it. */
#ifndef WEBHOOKS_H
#define WEBHOOKS_H

#include "change.h"
#include "config.h"
#include "dispatch.h"
#include "ledger.h"
#include "tend.h"
#include "ts/outbox.h"
#include "ts/rpc.h"

typedef struct webhooks {
    ts_store *store;
    ts_inbox *inbox;
    ledger ledger;
    change taking; /* of the rows being taken in; guarded by the ledger's lock */
    dispatch *dispatch;
    tend *tend;
    const webhooks_config *config;
    url_rules rules;
    schedule retry;
} webhooks;

extern const ts_rpc_row webhooks_rows[];

/* The frame of every call that changes something: under the ledger's lock, answered once, on disk before it is answered.
 * `act` puts what it did, and the answer for a repeat (ts_once_keep()), into one batch and writes it. TS_CONFLICT: the
 * Idempotency-Key came with another request. Else what `act` returns. */
TS_CHECK ts_status webhooks_change(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out,
                                   ts_handler *act);
/* Deleted ones that are still being settled are not found: TS_NOT_FOUND with words. */
TS_CHECK ts_status webhooks_find_endpoint(ts_call *call, const char *id,
                                          Ts__Webhooks__Endpoint **ret);

ts_handler webhooks_rpc_create_endpoint;
ts_handler webhooks_rpc_list_endpoints;
ts_handler webhooks_rpc_get_endpoint;
ts_handler webhooks_rpc_delete_endpoint;
ts_handler webhooks_rpc_update_endpoint;
ts_handler webhooks_rpc_rotate_secret;
ts_handler webhooks_rpc_promote_secret;
ts_handler webhooks_rpc_test_endpoint;
ts_handler webhooks_rpc_replay_failed;
ts_handler webhooks_rpc_list_events;
ts_handler webhooks_rpc_get_event;
ts_handler webhooks_rpc_replay_event;
ts_handler webhooks_rpc_lease;
ts_handler webhooks_rpc_result;
ts_handler webhooks_rpc_export;
ts_handler webhooks_rpc_backup;
ts_handler webhooks_rpc_accept;

/* Applies rows of kind TS_KIND_WEBHOOK; what they count follows when they have all come. */
ts_inbox_handler webhooks_apply_row;
ts_inbox_close webhooks_close_rows;
/* The ledger's lock, as a guard of the inbox. */
void webhooks_lock(void *service, ts_tenant tenant);
void webhooks_unlock(void *service, ts_tenant tenant);
/* Takes a tenant's endpoints out of the queue. */
ts_inbox_forget webhooks_forget;

#endif
