#include "ts/once.h"
#include "webhooks.h"

const ts_rpc_row webhooks_rows[] = {
    { &ts_webhooks_create_endpoint, webhooks_rpc_create_endpoint, false },
    { &ts_webhooks_list_endpoints, webhooks_rpc_list_endpoints, false },
    { &ts_webhooks_get_endpoint, webhooks_rpc_get_endpoint, false },
    { &ts_webhooks_delete_endpoint, webhooks_rpc_delete_endpoint, false },
    { &ts_webhooks_update_endpoint, webhooks_rpc_update_endpoint, false },
    { &ts_webhooks_rotate_secret, webhooks_rpc_rotate_secret, false },
    { &ts_webhooks_promote_secret, webhooks_rpc_promote_secret, false },
    { &ts_webhooks_test_endpoint, webhooks_rpc_test_endpoint, false },
    { &ts_webhooks_replay_failed, webhooks_rpc_replay_failed, false },
    { &ts_webhooks_get_event, webhooks_rpc_get_event, false },
    { &ts_webhooks_replay_event, webhooks_rpc_replay_event, false },
    { &ts_webhooks_list_events, webhooks_rpc_list_events, false },
    { &ts_webhooks_lease, webhooks_rpc_lease, true },
    { &ts_webhooks_result, webhooks_rpc_result, true },
    { &ts_webhooks_export, webhooks_rpc_export, false },
    { &ts_webhooks_backup, webhooks_rpc_backup, true },
    { &ts_webhooks_accept, webhooks_rpc_accept, true },
    { NULL, NULL, false },
};

ts_status webhooks_change(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out,
                          ts_handler *act)
{
    webhooks *app = call->service;
    bool found = false;
    ts_status st;

    pthread_mutex_lock(&app->ledger.lock);
    st = ts_once_find(app->store, WEBHOOKS_ONCE, call, in, out, &found);
    if (st == TS_OK && !found)
        st = act(call, in, out);
    pthread_mutex_unlock(&app->ledger.lock);
    /* Also if nothing was changed now: the one who did may still be waiting for the disk. */
    return st == TS_OK ? ts_store_sync_all(app->store) : st;
}

ts_status webhooks_find_endpoint(ts_call *call, const char *id, Ts__Webhooks__Endpoint **ret)
{
    webhooks *app = call->service;
    ts_status st = TS_NOT_FOUND;

    if (strlen(id) < TS_ID_SIZE)
        st = row_endpoint(app->store, call->tenant, ts_str_of(id), call->arena, ret);
    if (st == TS_OK && endpoint_is_ending(*ret))
        st = TS_NOT_FOUND;
    return st == TS_NOT_FOUND ? ts_fail(call->error, st, "id", "There is no such webhook endpoint.")
                              : st;
}
