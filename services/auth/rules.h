/* What a key and an organization may be called and may do. Pure. TS_INVALID with words that say what is right. */
#ifndef AUTH_RULES_H
#define AUTH_RULES_H

#include "config.h"
#include "proto/methods.h"

#define AUTH_DEFAULT_PERMISSIONS                                                                   \
    (TS_PERM_READ_USERS | TS_PERM_READ_INCIDENTS | TS_PERM_READ_AI_USAGE | TS_PERM_READ_APPS |     \
     TS_PERM_WRITE_INCIDENTS | TS_PERM_AGENT)

/* 1 to name_max characters of text without control characters. */
TS_CHECK ts_status auth_check_name(const auth_config *config, const char *name, ts_error *err);
TS_CHECK ts_status auth_check_tier(const char *tier, ts_error *err);
TS_CHECK ts_status auth_check_permissions(uint64_t permissions, ts_error *err);
/* 0 = never. */
TS_CHECK ts_status auth_check_expiry(int64_t expires_ms, int64_t now_ms, ts_error *err);
/* Milliseconds that the old key has left. */
TS_CHECK ts_status auth_check_overlap(const auth_config *config,
                                      const Ts__Auth__RotateKeyRequest *req, int64_t *ret_ms,
                                      ts_error *err);

/* Revoked, or past its end. */
bool auth_key_has_ended(const Ts__Auth__ApiKey *key, int64_t now_ms);
/* May it be changed or rotated? TS_CONFLICT with words if not. */
TS_CHECK ts_status auth_check_changeable(const Ts__Auth__ApiKey *key, int64_t now_ms,
                                         ts_error *err);
/* Deleted, or on the way: it takes no changes any more. */
bool auth_org_is_going(const Ts__Auth__Organization *org);

#endif
