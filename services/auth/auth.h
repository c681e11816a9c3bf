/* The service as its handlers see it. */
#ifndef AUTH_H
#define AUTH_H

#include <pthread.h>

#include "cache.h"
#include "config.h"
#include "store.h"
#include "ts/metrics.h"
#include "ts/outbox.h"
#include "ts/rpc.h"

typedef struct auth {
    ts_store *store;
    const auth_config *config;
    pthread_mutex_t hot;   /* guards the cache; never held over a sync */
    pthread_mutex_t admin; /* one change at a time; taken before `hot` */
    auth_cache *cache;
    ts_metric *authorized;
    ts_metric *unknown;
    ts_metric *limited;
} auth;

extern const ts_rpc_row auth_rows[];

ts_handler auth_rpc_authorize;
ts_handler auth_rpc_create_organization;
ts_handler auth_rpc_list_organizations;
ts_handler auth_rpc_set_tier;
ts_handler auth_rpc_create_key;
ts_handler auth_rpc_list_keys;
ts_handler auth_rpc_revoke_key;
ts_handler auth_rpc_export;
ts_handler auth_rpc_backup;

/* Requests per minute of a tier; 0 if there is no such tier. */
uint32_t auth_tier_limit(const auth_config *config, const char *tier);

/* To webhooks: api_key.created, api_key.revoked. */
void auth_publish_key(ts_batch *b, const char *event, const Ts__Auth__ApiKey *key, int64_t now_ms);

#endif
