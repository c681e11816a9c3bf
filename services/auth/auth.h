/* The service as its handlers see it. */
#ifndef AUTH_H
#define AUTH_H

#include <pthread.h>

#include "cache.h"
#include "config.h"
#include "store.h"
#include "ts/json.h"
#include "ts/metrics.h"
#include "ts/outbox.h"
#include "ts/rpc.h"

typedef struct auth {
    ts_store *store;
    const auth_config *config;
    auth_moment (*clock)(void); /* of Authorize: both clocks read together */
    pthread_mutex_t hot;        /* guards the cache; never held over a sync */
    pthread_mutex_t admin; /* one change at a time; taken before `hot`; never held over a sync */
    auth_cache *cache;
    ts_json_parser *parser; /* guarded by admin */
    ts_inbox *inbox;
    ts_metric *authorized;
    ts_metric *unknown;
    ts_metric *limited;
    ts_metric *suspended;
    ts_metric *due_spoilt;
    uint64_t *
        spoilt; /* hashes of due rows that cannot be worked off, at most the setting; of auth_tend() */
    size_t spoilt_count;
} auth;

extern const ts_rpc_row auth_rows[];

/* Everything but store, settings and outside connections: locks, memory, inbox, metrics. `app` is zeroed but for these two.
 * What was made before a failure is freed by auth_done(). */
TS_CHECK ts_status auth_init(auth *app, ts_error *err);
void auth_done(auth *app);

ts_handler auth_rpc_authorize;
ts_handler auth_rpc_create_organization;
ts_handler auth_rpc_list_organizations;
ts_handler auth_rpc_rename_organization;
ts_handler auth_rpc_set_tier;
ts_handler auth_rpc_suspend_organization;
ts_handler auth_rpc_delete_organization;
ts_handler auth_rpc_create_key;
ts_handler auth_rpc_get_key;
ts_handler auth_rpc_list_keys;
ts_handler auth_rpc_update_key;
ts_handler auth_rpc_rotate_key;
ts_handler auth_rpc_revoke_key;
ts_handler auth_rpc_export;
ts_handler auth_rpc_backup;
ts_handler auth_rpc_record_audit;
ts_handler auth_rpc_list_audit;
ts_handler auth_rpc_verify_audit;
ts_handler auth_rpc_accept;

/* Rows of other services: their audit entries, and what they have erased. */
ts_inbox_handler auth_accept_row;

/* Requests per minute of a tier; 0 if there is no such tier. */
uint32_t auth_tier_limit(const auth_config *config, const char *tier);

/* What Authorize remembers of an organization. */
void auth_fill_org(const auth_config *config, const Ts__Auth__Organization *org, auth_org *ret);

/* To webhooks: api_key.created, api_key.revoked. */
void auth_publish_key(ts_batch *b, const char *event, const Ts__Auth__ApiKey *key, int64_t now_ms);

#endif
