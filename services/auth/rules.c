#include "rules.h"

#include "ts/time.h"

ts_status auth_check_name(const auth_config *config, const char *name, ts_error *err)
{
    size_t characters = 0;

    for (const char *p = name; *p != '\0'; p++) {
        if ((uint8_t)*p < 0x20 || *p == 0x7f)
            return ts_fail(err, TS_INVALID, "name", "name must not hold control characters");
        if (((uint8_t)*p & 0xc0) != 0x80)
            characters++;
    }
    if (characters < 1 || characters > (size_t)config->name_max || !ts_utf8_valid(ts_str_of(name)))
        return ts_fail(err, TS_INVALID, "name", "name must have 1 to %lld characters",
                       (long long)config->name_max);
    return TS_OK;
}

ts_status auth_check_tier(const char *tier, ts_error *err)
{
    if (strcmp(tier, "standard") != 0 && strcmp(tier, "enterprise") != 0)
        return ts_fail(err, TS_INVALID, "tier", "tier must be standard or enterprise");
    return TS_OK;
}

ts_status auth_check_permissions(uint64_t permissions, ts_error *err)
{
    if ((permissions & ~TS_PERM_ALL) != 0)
        return ts_fail(err, TS_INVALID, "permissions", "unknown permission");
    return TS_OK;
}

ts_status auth_check_expiry(int64_t expires_ms, int64_t now_ms, ts_error *err)
{
    if (expires_ms != 0 && expires_ms <= now_ms)
        return ts_fail(err, TS_INVALID, "expires_at", "expires_at must be in the future");
    return TS_OK;
}

ts_status auth_check_overlap(const auth_config *config, const Ts__Auth__RotateKeyRequest *req,
                             int64_t *ret_ms, ts_error *err)
{
    int64_t overlap_s = req->sets_overlap ? (int64_t)req->overlap_s : config->overlap_s;

    if (req->sets_overlap && overlap_s > config->overlap_max_s)
        return ts_fail(err, TS_INVALID, "overlap_seconds",
                       "overlap_seconds must be between 0 and %lld",
                       (long long)config->overlap_max_s);
    *ret_ms = overlap_s * TS_SECOND_MS;
    return TS_OK;
}

bool auth_key_has_ended(const Ts__Auth__ApiKey *key, int64_t now_ms)
{
    return key->revoked_ms != 0 || (key->expires_ms != 0 && key->expires_ms <= now_ms);
}

ts_status auth_check_changeable(const Ts__Auth__ApiKey *key, int64_t now_ms, ts_error *err)
{
    if (auth_key_has_ended(key, now_ms))
        return ts_fail(err, TS_CONFLICT, "id", "This key has ended: make a new one.");
    if (key->rotated_to[0] != '\0')
        return ts_fail(err, TS_CONFLICT, "id",
                       "This key was rotated and can only be revoked; %s took its place.",
                       key->rotated_to);
    return TS_OK;
}

bool auth_org_is_going(const Ts__Auth__Organization *org)
{
    return strcmp(org->status, "deleting") == 0 || strcmp(org->status, "deleted") == 0;
}
