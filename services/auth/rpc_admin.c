/* Organizations and keys: created, listed, changed, revoked. Every change is durable before it is answered. */
#include "auth.h"
#include "ts/apikey.h"
#include "ts/backup.h"
#include "ts/id.h"
#include "ts/tenancy.h"

#define NAME_MAX_N   100
#define KEYS_PER_ORG 10000
#define DEFAULT_PERMISSIONS                                                                        \
    (TS_PERM_READ_USERS | TS_PERM_READ_INCIDENTS | TS_PERM_READ_AI_USAGE | TS_PERM_READ_APPS |     \
     TS_PERM_WRITE_INCIDENTS | TS_PERM_AGENT)

/* 1 to 100 characters of text without control characters. */
static ts_status check_name(const char *name, ts_error *err)
{
    size_t characters = 0;

    for (const char *p = name; *p != '\0'; p++) {
        if ((uint8_t)*p < 0x20 || *p == 0x7f)
            return ts_fail(err, TS_INVALID, "name", "name must not hold control characters");
        if (((uint8_t)*p & 0xc0) != 0x80)
            characters++;
    }
    if (characters < 1 || characters > NAME_MAX_N || !ts_utf8_valid(ts_str_of(name)))
        return ts_fail(err, TS_INVALID, "name", "name must have 1 to %d characters", NAME_MAX_N);
    return TS_OK;
}

static ts_status new_id(ts_call *call, const char *prefix, char **ret)
{
    char text[TS_ID_SIZE];
    ts_hash128 id;
    ts_status st = ts_random(id.bytes, sizeof(id.bytes));

    if (st != TS_OK)
        return st;
    ts_id_format(prefix, id, text);
    *ret = ts_arena_z(call->arena, ts_str_of(text));
    return *ret == NULL ? TS_NOMEM : TS_OK;
}

/* ---- organizations ---- */

static ts_status next_number(auth *app, ts_call *call, uint64_t *ret)
{
    ts_str value;
    ts_status st = ts_store_get(app->store, AUTH_NUMBERS, TS_STR_LIT("org"), call->arena, &value);

    *ret = st == TS_OK ? auth_read_u64(value, 0) + 1 : 1;
    return st == TS_NOT_FOUND ? TS_OK : st;
}

static ts_status save_org(auth *app, const Ts__Auth__Organization *org)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();

    if (b == NULL)
        return TS_NOMEM;
    auth_put_org(b, app->store, org);
    return ts_store_commit(app->store, b);
}

static ts_status create_organization(auth *app, ts_call *call,
                                     const Ts__Auth__CreateOrganizationRequest *req,
                                     Ts__Auth__Organization *rep)
{
    ts_status st = next_number(app, call, &rep->number);

    if (st == TS_OK)
        st = new_id(call, "org_", &rep->id);
    if (st != TS_OK)
        return st;
    rep->name = req->name;
    rep->tier = req->tier[0] == '\0' ? ts_arena_z(call->arena, TS_STR_LIT("standard")) : req->tier;
    rep->status = ts_arena_z(call->arena, TS_STR_LIT("active"));
    rep->created_ms = call->now_ms;
    if (rep->tier == NULL || rep->status == NULL)
        return TS_NOMEM;
    return save_org(app, rep);
}

ts_status auth_rpc_create_organization(ts_call *call, const ProtobufCMessage *in,
                                       ProtobufCMessage *out)
{
    const Ts__Auth__CreateOrganizationRequest *req =
        (const Ts__Auth__CreateOrganizationRequest *)in;
    auth *app = call->service;
    ts_status st = check_name(req->name, call->error);

    if (st != TS_OK)
        return st;
    if (req->tier[0] != '\0' && auth_tier_limit(app->config, req->tier) == 0)
        return ts_fail(call->error, TS_INVALID, "tier", "tier must be standard or enterprise");
    pthread_mutex_lock(&app->admin);
    st = create_organization(app, call, req, (Ts__Auth__Organization *)out);
    pthread_mutex_unlock(&app->admin);
    return st;
}

ts_status auth_rpc_list_organizations(ts_call *call, const ProtobufCMessage *in,
                                      ProtobufCMessage *out)
{
    Ts__Auth__OrganizationList *rep = (Ts__Auth__OrganizationList *)out;
    auth *app = call->service;
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_new(app->store, AUTH_ORGS, TS_STR_NULL, TS_STR_NULL, false);
    size_t capacity = 0;

    (void)in;
    if (it == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it); ts_iter_next(it)) {
        ProtobufCMessage *m = NULL;
        ts_status st = ts_arena_unpack(call->arena, &ts__auth__organization__descriptor,
                                       ts_iter_value(it), &m);

        if (st != TS_OK)
            return st;
        if (!ts_arena_grow(call->arena, &rep->organizations, rep->n_organizations, &capacity,
                           sizeof(*rep->organizations)))
            return TS_NOMEM;
        rep->organizations[rep->n_organizations++] = (Ts__Auth__Organization *)m;
    }
    return ts_iter_status(it);
}

static ts_status load_org(auth *app, ts_call *call, uint64_t number, Ts__Auth__Organization **ret)
{
    ts_status st = auth_load_org(app->store, number, call->arena, ret);

    if (st == TS_NOT_FOUND)
        return ts_fail(call->error, TS_NOT_FOUND, "org", "no such organization");
    return st;
}

static ts_status set_tier(auth *app, ts_call *call, const Ts__Auth__SetTierRequest *req,
                          Ts__Auth__Organization *rep)
{
    Ts__Auth__Organization *org = NULL;
    ts_status st = load_org(app, call, req->org, &org);

    if (st != TS_OK)
        return st;
    org->tier = req->tier;
    st = save_org(app, org);
    if (st != TS_OK)
        return st;
    pthread_mutex_lock(&app->hot);
    auth_cache_set_limit(app->cache, org->number, auth_tier_limit(app->config, org->tier));
    pthread_mutex_unlock(&app->hot);
    *rep = *org;
    return TS_OK;
}

ts_status auth_rpc_set_tier(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Auth__SetTierRequest *req = (const Ts__Auth__SetTierRequest *)in;
    auth *app = call->service;
    ts_status st;

    if (auth_tier_limit(app->config, req->tier) == 0)
        return ts_fail(call->error, TS_INVALID, "tier", "tier must be standard or enterprise");
    pthread_mutex_lock(&app->admin);
    st = set_tier(app, call, req, (Ts__Auth__Organization *)out);
    pthread_mutex_unlock(&app->admin);
    return st;
}

/* ---- keys ---- */

static ts_status check_key(const Ts__Auth__CreateKeyRequest *req, const ts_call *call)
{
    ts_status st = check_name(req->name, call->error);

    if (st != TS_OK)
        return st;
    if (req->mode > TS_MODE_TEST)
        return ts_fail(call->error, TS_INVALID, "mode", "mode must be live or test");
    if ((req->permissions & ~TS_PERM_ALL) != 0)
        return ts_fail(call->error, TS_INVALID, "permissions", "unknown permission");
    if (req->expires_ms != 0 && req->expires_ms <= call->now_ms)
        return ts_fail(call->error, TS_INVALID, "expires_at", "expires_at must be in the future");
    return TS_OK;
}

/* What is shown of a key: never its hash. */
static Ts__Auth__ApiKey *shown(ts_call *call, const Ts__Auth__ApiKey *key)
{
    Ts__Auth__ApiKey *copy = ts_arena_alloc(call->arena, sizeof(*copy));

    if (copy == NULL)
        return NULL;
    *copy = *key;
    copy->sha256.data = NULL;
    copy->sha256.len = 0;
    return copy;
}

static ts_status fill_key(ts_call *call, const Ts__Auth__CreateKeyRequest *req, const char *secret,
                          Ts__Auth__ApiKey *key)
{
    ts_status st = new_id(call, "key_", &key->id);

    if (st != TS_OK)
        return st;
    key->org = req->org;
    key->name = req->name;
    key->mode = req->mode;
    key->permissions = req->permissions == 0 ? DEFAULT_PERMISSIONS : req->permissions;
    key->prefix = ts_arena_z(call->arena, ts_str_n(secret, TS_API_KEY_PREFIX));
    key->last4 = ts_arena_z(call->arena, ts_str_n(secret + TS_API_KEY_LENGTH - 4, 4));
    key->created_ms = call->now_ms;
    key->expires_ms = req->expires_ms;
    key->sha256.data = ts_arena_alloc(call->arena, 32);
    key->sha256.len = 32;
    if (key->prefix == NULL || key->last4 == NULL || key->sha256.data == NULL)
        return TS_NOMEM;
    ts_sha256(ts_str_n(secret, TS_API_KEY_LENGTH), key->sha256.data);
    return TS_OK;
}

static ts_status create_key(auth *app, ts_call *call, const Ts__Auth__CreateKeyRequest *req,
                            Ts__Auth__CreateKeyReply *rep)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();
    Ts__Auth__ApiKey key = TS__AUTH__API_KEY__INIT;
    Ts__Auth__Organization *org = NULL;
    char secret[TS_API_KEY_LENGTH + 1];
    ts_status st = load_org(app, call, req->org, &org);

    if (st == TS_OK)
        st = ts_api_key_make((ts_mode)req->mode, secret);
    if (st == TS_OK)
        st = fill_key(call, req, secret, &key);
    if (st == TS_OK && b == NULL)
        st = TS_NOMEM;
    if (st == TS_OK) {
        auth_put_key(b, app->store, &key);
        auth_publish_key(b, "api_key.created", &key, call->now_ms);
        st = ts_store_commit(app->store, b);
    }
    if (st == TS_OK) {
        rep->key = shown(call, &key);
        rep->secret = ts_arena_z(call->arena, ts_str_n(secret, TS_API_KEY_LENGTH));
        st = rep->key == NULL || rep->secret == NULL ? TS_NOMEM : TS_OK;
    }
    ts_wipe(secret, sizeof(secret));
    return st;
}

ts_status auth_rpc_create_key(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Auth__CreateKeyRequest *req = (const Ts__Auth__CreateKeyRequest *)in;
    auth *app = call->service;
    ts_status st = check_key(req, call);

    if (st != TS_OK)
        return st;
    pthread_mutex_lock(&app->admin);
    st = create_key(app, call, req, (Ts__Auth__CreateKeyReply *)out);
    pthread_mutex_unlock(&app->admin);
    return st;
}

static ts_status collect_keys(auth *app, ts_call *call, ts_tenant tenant, size_t *capacity,
                              Ts__Auth__KeyList *rep)
{
    TS_CLEANUP(ts_buf_done) ts_buf prefix = TS_BUF_INIT(AUTH_ROW_KEY_MAX);
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = NULL;

    ts_key_tenant(&prefix, tenant);
    it = ts_iter_prefix(app->store, AUTH_KEYS, ts_buf_view(&prefix), false);
    if (it == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it) && rep->n_keys < KEYS_PER_ORG; ts_iter_next(it)) {
        ProtobufCMessage *m = NULL;
        Ts__Auth__ApiKey *key;
        ts_status st =
            ts_arena_unpack(call->arena, &ts__auth__api_key__descriptor, ts_iter_value(it), &m);

        if (st != TS_OK)
            return st;
        key = shown(call, (const Ts__Auth__ApiKey *)m);
        if (key == NULL ||
            !ts_arena_grow(call->arena, &rep->keys, rep->n_keys, capacity, sizeof(*rep->keys)))
            return TS_NOMEM;
        key->last_used_ms = auth_load_used(app->store, tenant, key->id, call->arena);
        rep->keys[rep->n_keys++] = key;
    }
    return ts_iter_status(it);
}

ts_status auth_rpc_list_keys(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Auth__ListKeysRequest *req = (const Ts__Auth__ListKeysRequest *)in;
    Ts__Auth__KeyList *rep = (Ts__Auth__KeyList *)out;
    auth *app = call->service;
    Ts__Auth__Organization *org = NULL;
    size_t capacity = 0;
    ts_status st = load_org(app, call, req->org, &org);

    if (st == TS_OK)
        st = collect_keys(app, call, (ts_tenant){ req->org, TS_MODE_LIVE }, &capacity, rep);
    if (st == TS_OK)
        st = collect_keys(app, call, (ts_tenant){ req->org, TS_MODE_TEST }, &capacity, rep);
    return st;
}

static ts_status find_in_org(auth *app, ts_call *call, const Ts__Auth__RevokeKeyRequest *req,
                             Ts__Auth__ApiKey **ret)
{
    ts_status st =
        auth_load_key(app->store, (ts_tenant){ req->org, TS_MODE_LIVE }, req->id, call->arena, ret);

    if (st == TS_NOT_FOUND)
        st = auth_load_key(app->store, (ts_tenant){ req->org, TS_MODE_TEST }, req->id, call->arena,
                           ret);
    if (st == TS_NOT_FOUND)
        return ts_fail(call->error, TS_NOT_FOUND, "id", "no such key in this organization");
    return st;
}

/* Revoking a revoked key changes nothing. */
static ts_status revoke_key(auth *app, ts_call *call, const Ts__Auth__RevokeKeyRequest *req,
                            Ts__Auth__ApiKey *rep)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();
    Ts__Auth__ApiKey *key = NULL;
    const Ts__Auth__ApiKey *copy;
    ts_status st = find_in_org(app, call, req, &key);

    if (st == TS_OK && b == NULL)
        st = TS_NOMEM;
    if (st == TS_OK && key->revoked_ms == 0) {
        key->revoked_ms = call->now_ms;
        auth_put_key(b, app->store, key);
        auth_publish_key(b, "api_key.revoked", key, call->now_ms);
        /* Dropped under the lock that Authorize loads under: from here on nobody finds it good. */
        pthread_mutex_lock(&app->hot);
        st = ts_store_write(app->store, b, NULL);
        if (st == TS_OK)
            auth_cache_drop(app->cache, key->sha256.data);
        pthread_mutex_unlock(&app->hot);
    }
    if (st != TS_OK)
        return st;
    copy = shown(call, key);
    if (copy == NULL)
        return TS_NOMEM;
    *rep = *copy;
    return ts_store_sync_all(app->store);
}

ts_status auth_rpc_revoke_key(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Auth__RevokeKeyRequest *req = (const Ts__Auth__RevokeKeyRequest *)in;
    auth *app = call->service;
    ts_status st;

    pthread_mutex_lock(&app->admin);
    st = revoke_key(app, call, req, (Ts__Auth__ApiKey *)out);
    pthread_mutex_unlock(&app->admin);
    return st;
}

ts_status auth_rpc_export(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    return ts_tenancy_export(((auth *)call->service)->store, "auth", call, in, out);
}

ts_status auth_rpc_backup(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    return ts_backup_step(((auth *)call->service)->store, call, in, out);
}
