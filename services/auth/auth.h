/* The service as its handlers see it. */
#ifndef AUTH_H
#define AUTH_H

#include <pthread.h>

#include "cache.h"
#include "config.h"
#include "failures.h"
#include "store.h"
#include "ts/apikey.h"
#include "ts/json.h"
#include "ts/metrics.h"
#include "ts/outbox.h"
#include "ts/rpc.h"

#define AUTH_BURSTS_MAX      256
#define AUTH_FAILURES_ACTION "auth.failures"

/* An address whose minute of failed authentications has filled (bursts.h). */
typedef struct auth_burst {
    char scope[AUTH_SCOPE_SIZE];
    char actor[AUTH_KEY_ID_SIZE]; /* who told */
    char client[AUTH_SCOPE_SIZE];
    char request_id[TS_REQUEST_ID_SIZE];
    char prefix[TS_API_KEY_PREFIX + 1];
    uint32_t count;
    int64_t at_ms;
} auth_burst;

typedef struct auth {
    ts_store *store;
    const auth_config *config;
    auth_moment (*clock)(void); /* of Authorize: both clocks read together */
    pthread_mutex_t hot;        /* guards cache, failures and bursts; never held over a sync */
    pthread_mutex_t admin; /* one change at a time; taken before `hot`; never held over a sync */
    auth_cache *cache;
    auth_failures *failures;
    auth_burst bursts[AUTH_BURSTS_MAX]; /* a ring */
    size_t burst_first, burst_count;
    ts_json_parser *parser; /* guarded by admin */
    ts_inbox *inbox;
    ts_metric *authorized;
    ts_metric *unknown;
    ts_metric *limited;
    ts_metric *suspended;
    ts_metric *bursts_lost;
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

/* Puts an entry that came from elsewhere into the batch, for the log that shows what `tenant` names: its organization's, or, if it
 * names none, whose rpc_audit.c says. `admin` is held. TS_INVALID with words. */
TS_CHECK ts_status auth_audit_take(auth *app, ts_batch *b, ts_arena *arena, ts_tenant tenant,
                                   const Ts__AuditEntry *entry, int64_t now_ms, ts_error *err);

#endif
