/* What auth keeps: organizations, keys, windows. Rows are messages of auth.proto. Thread-safe. */
#ifndef AUTH_STORE_H
#define AUTH_STORE_H

#include "keys.h"
#include "proto/methods.h"
#include "ts/store.h"

typedef enum auth_stream { AUTH_TO_WEBHOOKS } auth_stream;

/* TS_NOT_FOUND; *ret lives in the arena. */
TS_CHECK ts_status auth_load_org(ts_store *s, uint64_t number, ts_arena *arena,
                                 Ts__Auth__Organization **ret);
TS_CHECK ts_status auth_load_key(ts_store *s, ts_tenant tenant, const char *id, ts_arena *arena,
                                 Ts__Auth__ApiKey **ret);
TS_CHECK ts_status auth_find_key(ts_store *s, const uint8_t sha256[32], ts_arena *arena,
                                 Ts__Auth__ApiKey **ret);

/* Rows for a batch. */
void auth_put_org(ts_batch *b, ts_store *s, const Ts__Auth__Organization *org);
void auth_put_key(ts_batch *b, ts_store *s, const Ts__Auth__ApiKey *key);

/* The window's durable side; not synced: it outlives a killed process, not a machine that loses power. */
TS_CHECK ts_status auth_save_window(ts_store *s, ts_tenant tenant, const char *key_id,
                                    int64_t minute, uint32_t reserved);
TS_CHECK ts_status auth_load_window(ts_store *s, ts_tenant tenant, const char *key_id,
                                    ts_arena *arena, int64_t *ret_minute, uint32_t *ret_reserved);
/* Not synced either. */
TS_CHECK ts_status auth_save_used(ts_store *s, ts_tenant tenant, const char *key_id, int64_t at_ms);
int64_t auth_load_used(ts_store *s, ts_tenant tenant, const char *key_id, ts_arena *arena);

#endif
