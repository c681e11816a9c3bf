/* What auth keeps: organizations, keys, windows, and the rows that the audit log (audit.h) is made of. Rows are messages of
 * auth.proto. Thread-safe. */
#ifndef AUTH_STORE_H
#define AUTH_STORE_H

#include "keys.h"
#include "proto/methods.h"
#include "ts/store.h"
#include "window.h"

/* Numbers of streams are on disk: new ones go behind. */
typedef enum auth_stream {
    AUTH_TO_WEBHOOKS,
    AUTH_TO_RISK,
    AUTH_TO_INCIDENTS,
    AUTH_TO_AI_USAGE
} auth_stream;

/* TS_NOT_FOUND; *ret lives in the arena. */
TS_CHECK ts_status auth_load_org(ts_store *s, uint64_t number, ts_arena *arena,
                                 Ts__Auth__Organization **ret);
TS_CHECK ts_status auth_load_key(ts_store *s, ts_tenant tenant, const char *id, ts_arena *arena,
                                 Ts__Auth__ApiKey **ret);
TS_CHECK ts_status auth_load_key_at(ts_store *s, ts_str row_key, ts_arena *arena,
                                    Ts__Auth__ApiKey **ret);
TS_CHECK ts_status auth_find_key(ts_store *s, const uint8_t sha256[32], ts_arena *arena,
                                 Ts__Auth__ApiKey **ret);
ts_tenant auth_key_tenant(const Ts__Auth__ApiKey *key);

/* The last number given out under a name; 0 if none was. */
TS_CHECK ts_status auth_load_number(ts_store *s, const char *name, ts_arena *arena, uint64_t *ret);
void auth_put_number(ts_batch *b, ts_store *s, const char *name, uint64_t number);

/* Rows for a batch. */
void auth_put_org(ts_batch *b, ts_store *s, const Ts__Auth__Organization *org);
void auth_put_key(ts_batch *b, ts_store *s, const Ts__Auth__ApiKey *key);
/* Of a key's list and of its end; the row itself is auth_put_key()'s. */
void auth_put_key_listed(ts_batch *b, ts_store *s, const Ts__Auth__ApiKey *key);
void auth_put_key_due(ts_batch *b, ts_store *s, const Ts__Auth__ApiKey *key);
void auth_delete_key_due(ts_batch *b, ts_store *s, const Ts__Auth__ApiKey *key);
/* Everything that is kept of a key. */
void auth_delete_key(ts_batch *b, ts_store *s, const Ts__Auth__ApiKey *key);

/* How many keys a tenant has. A key is active until it is revoked or has ended and auth has seen it. */
typedef struct auth_totals {
    uint64_t keys, active;
} auth_totals;
TS_CHECK ts_status auth_load_totals(ts_store *s, ts_tenant tenant, ts_arena *arena,
                                    auth_totals *ret);
void auth_put_totals(ts_batch *b, ts_store *s, ts_tenant tenant, auth_totals totals);
/* True if the totals still count it as active. */
bool auth_key_is_counted(ts_store *s, const Ts__Auth__ApiKey *key);

/* What a key's use leaves behind: its window, if not NULL, and when it was, if not 0. One write, not synced: it outlives a
 * killed process, not a machine that loses power. */
TS_CHECK ts_status auth_save_use(ts_store *s, ts_tenant tenant, const char *key_id,
                                 const auth_window_saved *window, int64_t used_ms);
TS_CHECK ts_status auth_load_window(ts_store *s, ts_tenant tenant, const char *key_id,
                                    ts_arena *arena, auth_window_saved *ret);
int64_t auth_load_used(ts_store *s, ts_tenant tenant, const char *key_id, ts_arena *arena);

/* An empty message if there is none yet. */
TS_CHECK ts_status auth_load_audit_head(ts_store *s, uint64_t org, ts_arena *arena,
                                        Ts__Auth__AuditHead **ret);
TS_CHECK ts_status auth_load_audit_anchor(ts_store *s, uint64_t org, ts_arena *arena,
                                          Ts__Auth__AuditAnchor **ret);
/* TS_NOT_FOUND. */
TS_CHECK ts_status auth_load_audit_row(ts_store *s, uint64_t org, uint64_t entry, ts_arena *arena,
                                       Ts__Auth__AuditRow **ret);

/* Brings a store of an earlier version up to this one's layout; to be called before anything else is done with it. May be
 * killed and called again. */
TS_CHECK ts_status auth_upgrade(ts_store *s);

#endif
