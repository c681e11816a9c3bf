/* What is asked of keys: made, listed, changed, rotated by whomever. */
#ifndef CONTRACT_AUTH_KEYS_H
#define CONTRACT_AUTH_KEYS_H

#include "auth_served.h"

static inline uint64_t sent_to_webhooks(void)
{
    return served_sent(&s, AUTH_TO_WEBHOOKS);
}

static inline ts_status make(ts_tenant tenant, uint64_t org, ts_mode mode, key *ret)
{
    Ts__Auth__CreateKeyRequest request = TS__AUTH__CREATE_KEY_REQUEST__INIT;
    const Ts__Auth__CreateKeyReply *made = NULL;
    ts_status st;

    request.org = org;
    request.name = text("made");
    request.mode = mode;
    st = call_for(tenant, "", &ts_auth_create_key, &request.base, &made, NULL);
    if (st != TS_OK)
        return st;
    ret->org = made->key->org;
    snprintf(ret->id, sizeof(ret->id), "%s", made->key->id);
    ts_sha256(ts_str_of(made->secret), ret->sha256);
    return TS_OK;
}

static inline ts_status list(ts_tenant tenant, uint64_t org, uint32_t limit, uint64_t offset,
                             const Ts__Auth__KeyList **ret)
{
    Ts__Auth__ListKeysRequest request = TS__AUTH__LIST_KEYS_REQUEST__INIT;

    request.org = org;
    request.limit = limit;
    request.offset = offset;
    return call_for(tenant, "", &ts_auth_list_keys, &request.base, ret, NULL);
}

static inline ts_status update(ts_tenant tenant, const Ts__Auth__UpdateKeyRequest *request,
                               const Ts__Auth__ApiKey **ret)
{
    return call_for(tenant, "", &ts_auth_update_key, &request->base, ret, NULL);
}

static inline Ts__Auth__UpdateKeyRequest update_of(const key *k)
{
    Ts__Auth__UpdateKeyRequest request = TS__AUTH__UPDATE_KEY_REQUEST__INIT;

    request.org = k->org;
    request.id = text(k->id);
    return request;
}

typedef struct rotated {
    ts_status status;
    key key;
    char secret[64];
    bool replayed;
    Ts__Auth__ApiKey row;
} rotated;

static inline rotated rotate_as(ts_tenant tenant, const key *k, const char *repeat_key,
                                int64_t overlap_s)
{
    Ts__Auth__RotateKeyRequest request = TS__AUTH__ROTATE_KEY_REQUEST__INIT;
    const Ts__Auth__CreateKeyReply *made = NULL;
    rotated r = { .status = TS_OK };

    request.org = k->org;
    request.id = text(k->id);
    request.sets_overlap = overlap_s >= 0;
    request.overlap_s = overlap_s >= 0 ? (uint32_t)overlap_s : 0;
    r.status = call_for(tenant, repeat_key, &ts_auth_rotate_key, &request.base, &made, &r.replayed);
    if (r.status != TS_OK)
        return r;
    r.row = *made->key;
    r.key.org = k->org;
    snprintf(r.key.id, sizeof(r.key.id), "%s", made->key->id);
    snprintf(r.secret, sizeof(r.secret), "%s", made->secret);
    ts_sha256(ts_str_of(made->secret), r.key.sha256);
    return r;
}

static inline rotated rotate(const key *k, int64_t overlap_s)
{
    return rotate_as(nobody, k, "", overlap_s);
}

#endif
