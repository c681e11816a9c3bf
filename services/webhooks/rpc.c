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
