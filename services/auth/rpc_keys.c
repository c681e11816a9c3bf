/* Keys: made, shown, changed, rotated, revoked.
 *
 * Who may: operators (calls that name no organization) any key; a key with `admin` those of its own organization, if it is a
 * test key only the test ones. Since `admin` holds every permission, nobody can give a key more than they have. */
#include "rpc_keys.h"
#include "change.h"
#include "rules.h"
#include "ts/apikey.h"
#include "ts/id.h"

#define DETAILS_MAX 4096
#define KEY_PREFIX  "key_"

/* ---- who may do what ---- */

ts_status auth_keys_scope(const ts_call *call, uint64_t asked_org, uint64_t *ret_org)
{
    *ret_org = asked_org;
    if (call->tenant.org == 0)
        return TS_OK;
    if (asked_org != 0 && asked_org != call->tenant.org)
        return ts_fail(call->error, TS_DENIED, "org",
                       "A key manages keys of its own organization only.");
    if ((call->caller.permissions & TS_PERM_ADMIN) == 0)
        return ts_fail(call->error, TS_DENIED, "", "Managing keys needs the permission admin.");
    *ret_org = call->tenant.org;
    return TS_OK;
}

bool auth_keys_only_test(const ts_call *call)
{
    return call->tenant.org != 0 && call->tenant.mode == TS_MODE_TEST;
}

static ts_status check_mode(const ts_call *call, uint32_t mode)
{
    if (mode > TS_MODE_TEST)
        return ts_fail(call->error, TS_INVALID, "mode", "mode must be live or test");
    if (auth_keys_only_test(call) && mode != TS_MODE_TEST)
        return ts_fail(call->error, TS_DENIED, "mode", "A test key manages test keys only.");
    return TS_OK;
}

ts_status auth_keys_org(auth *app, ts_call *call, uint64_t number, Ts__Auth__Organization **ret)
{
    ts_status st = auth_load_org(app->store, number, call->arena, ret);

    if (st == TS_NOT_FOUND)
        return ts_fail(call->error, TS_NOT_FOUND, "org", "There is no such organization.");
    return st;
}

/* One that may get keys. */
static ts_status check_org(auth *app, ts_call *call, uint64_t number)
{
    Ts__Auth__Organization *org = NULL;
    ts_status st = auth_keys_org(app, call, number, &org);

    if (st == TS_OK && auth_org_is_going(org))
        return ts_fail(call->error, TS_CONFLICT, "org", "This organization is being deleted.");
    return st;
}

static ts_status load_key(auth *app, ts_call *call, uint64_t asked_org, const char *id,
                          Ts__Auth__ApiKey **ret)
{
    ts_hash128 parsed;
    uint64_t org;
    ts_status st = auth_keys_scope(call, asked_org, &org);

    if (st != TS_OK)
        return st;
    st = TS_NOT_FOUND;
    if (ts_id_parse(KEY_PREFIX, ts_str_of(id), &parsed) == TS_OK) {
        st = auth_load_key(app->store, (ts_tenant){ org, TS_MODE_LIVE }, id, call->arena, ret);
        if (st == TS_NOT_FOUND)
            st = auth_load_key(app->store, (ts_tenant){ org, TS_MODE_TEST }, id, call->arena, ret);
    }
    if (st == TS_NOT_FOUND)
        return ts_fail(call->error, TS_NOT_FOUND, "id", "There is no such API key.");
    return st == TS_OK ? check_mode(call, (*ret)->mode) : st;
}

/* ---- what is shown and logged ---- */

void auth_keys_hide(Ts__Auth__ApiKey *key)
{
    key->sha256.data = NULL;
    key->sha256.len = 0;
}

static Ts__Auth__ApiKey *shown(ts_call *call, const Ts__Auth__ApiKey *key)
{
    Ts__Auth__ApiKey *copy = ts_arena_alloc(call->arena, sizeof(*copy));

    if (copy == NULL)
        return NULL;
    *copy = *key;
    auth_keys_hide(copy);
    return copy;
}

static void write_permissions(ts_jsonw *w, const char *name, uint64_t permissions)
{
    ts_jsonw_key(w, name);
    ts_jsonw_array(w);
    for (uint64_t bit = 1; (bit & TS_PERM_ALL) != 0; bit <<= 1) {
        if ((permissions & bit) != 0)
            ts_jsonw_z(w, ts_permission_name(bit));
    }
    ts_jsonw_array_end(w);
}

static ts_status log_made(auth_change *c, const Ts__Auth__ApiKey *key)
{
    TS_CLEANUP(ts_buf_done) ts_buf details = TS_BUF_INIT(DETAILS_MAX);
    ts_jsonw w = ts_jsonw_on(&details);

    ts_jsonw_object(&w);
    ts_jsonw_kz(&w, "name", key->name);
    ts_jsonw_kz(&w, "mode", key->mode == TS_MODE_TEST ? "test" : "live");
    write_permissions(&w, "permissions", key->permissions);
    ts_jsonw_ktime(&w, "expires_at", key->expires_ms);
    ts_jsonw_object_end(&w);
    return auth_change_log(c, auth_key_tenant(key), "key.created", key->id, ts_buf_view(&details));
}

/* What it was and what it is, of the fields that differ. */
static ts_status log_updated(auth_change *c, const Ts__Auth__ApiKey *was,
                             const Ts__Auth__ApiKey *key)
{
    TS_CLEANUP(ts_buf_done) ts_buf details = TS_BUF_INIT(DETAILS_MAX);
    ts_jsonw w = ts_jsonw_on(&details);
    const Ts__Auth__ApiKey *sides[] = { was, key };

    ts_jsonw_object(&w);
    for (size_t i = 0; i < TS_COUNT(sides); i++) {
        ts_jsonw_key(&w, i == 0 ? "from" : "to");
        ts_jsonw_object(&w);
        if (strcmp(was->name, key->name) != 0)
            ts_jsonw_kz(&w, "name", sides[i]->name);
        if (was->permissions != key->permissions)
            write_permissions(&w, "permissions", sides[i]->permissions);
        if (was->expires_ms != key->expires_ms)
            ts_jsonw_ktime(&w, "expires_at", sides[i]->expires_ms);
        ts_jsonw_object_end(&w);
    }
    ts_jsonw_object_end(&w);
    return auth_change_log(c, auth_key_tenant(key), "key.updated", key->id, ts_buf_view(&details));
}

static ts_status log_rotated(auth_change *c, const Ts__Auth__ApiKey *old)
{
    TS_CLEANUP(ts_buf_done) ts_buf details = TS_BUF_INIT(DETAILS_MAX);
    ts_jsonw w = ts_jsonw_on(&details);

    ts_jsonw_object(&w);
    ts_jsonw_kz(&w, "rotated_to", old->rotated_to);
    ts_jsonw_ktime(&w, "ends_at", old->revoked_ms != 0 ? old->revoked_ms : old->expires_ms);
    ts_jsonw_object_end(&w);
    return auth_change_log(c, auth_key_tenant(old), "key.rotated", old->id, ts_buf_view(&details));
}

/* ---- creating ---- */

static ts_status new_key(auth_change *c, Ts__Auth__ApiKey *key, char *secret)
{
    ts_arena *arena = c->call->arena;
    char text[TS_ID_SIZE];
    ts_hash128 id;
    ts_status st = ts_random(id.bytes, sizeof(id.bytes));

    if (st == TS_OK)
        st = ts_api_key_make((ts_mode)key->mode, secret);
    if (st != TS_OK)
        return st;
    ts_id_format(KEY_PREFIX, id, text);
    key->id = ts_arena_z(arena, ts_str_of(text));
    key->prefix = ts_arena_z(arena, ts_str_n(secret, TS_API_KEY_PREFIX));
    key->last4 = ts_arena_z(arena, ts_str_n(secret + TS_API_KEY_LENGTH - 4, 4));
    key->created_ms = c->call->now_ms;
    key->sha256.data = ts_arena_alloc(arena, 32);
    key->sha256.len = 32;
    if (key->id == NULL || key->prefix == NULL || key->last4 == NULL || key->sha256.data == NULL)
        return TS_NOMEM;
    ts_sha256(ts_str_n(secret, TS_API_KEY_LENGTH), key->sha256.data);
    return TS_OK;
}

/* Keys of both modes that have not ended; `more` of them are to come. */
static ts_status check_room(auth_change *c, uint64_t org, uint64_t more)
{
    auth_totals live;
    auth_totals test;
    ts_store *s = c->app->store;
    ts_arena *arena = c->call->arena;
    ts_status st = auth_load_totals(s, (ts_tenant){ org, TS_MODE_LIVE }, arena, &live);

    if (st == TS_OK)
        st = auth_load_totals(s, (ts_tenant){ org, TS_MODE_TEST }, arena, &test);
    if (st != TS_OK)
        return st;
    if (live.active + test.active + more > (uint64_t)c->app->config->keys_max)
        return ts_fail(c->call->error, TS_CONFLICT, "",
                       "The organization has %llu keys, as many as it may: revoke one first.",
                       (unsigned long long)(live.active + test.active));
    return TS_OK;
}

/* `active`: by how many more or less. */
static ts_status count_keys(auth_change *c, ts_tenant tenant, uint64_t made, int64_t active)
{
    auth_totals totals;
    ts_status st = auth_load_totals(c->app->store, tenant, c->call->arena, &totals);

    if (st != TS_OK)
        return st;
    totals.keys += made;
    totals.active =
        active < 0 && totals.active < (uint64_t)-active ? 0 : totals.active + (uint64_t)active;
    auth_put_totals(c->batch, c->app->store, tenant, totals);
    return TS_OK;
}

static void put_new(auth_change *c, const Ts__Auth__ApiKey *key)
{
    auth_put_key(c->batch, c->app->store, key);
    auth_put_key_listed(c->batch, c->app->store, key);
    auth_put_key_due(c->batch, c->app->store, key);
    auth_publish_key(c->batch, "api_key.created", key, c->call->now_ms);
}

/* The answer, and the same without the secret for those who ask again. */
static ts_status answer_made(auth_change *c, const Ts__Auth__ApiKey *key, const char *secret,
                             Ts__Auth__CreateKeyReply *rep)
{
    Ts__Auth__CreateKeyReply *kept = ts_arena_alloc(c->call->arena, sizeof(*kept));

    rep->key = shown(c->call, key);
    rep->secret = ts_arena_z(c->call->arena, ts_str_n(secret, TS_API_KEY_LENGTH));
    if (kept == NULL || rep->key == NULL || rep->secret == NULL)
        return TS_NOMEM;
    ts__auth__create_key_reply__init(kept);
    kept->key = rep->key;
    c->kept = &kept->base;
    return TS_OK;
}

static ts_status create_key(auth_change *c, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Auth__CreateKeyRequest *req = (const Ts__Auth__CreateKeyRequest *)in;
    Ts__Auth__ApiKey key = TS__AUTH__API_KEY__INIT;
    char secret[TS_API_KEY_LENGTH + 1] = "";
    ts_status st = auth_keys_scope(c->call, req->org, &key.org);

    if (st == TS_OK)
        st = check_org(c->app, c->call, key.org);
    if (st == TS_OK)
        st = check_room(c, key.org, 1);
    key.name = req->name;
    key.mode = req->mode;
    key.permissions = req->permissions == 0 ? AUTH_DEFAULT_PERMISSIONS : req->permissions;
    key.expires_ms = req->expires_ms;
    if (st == TS_OK)
        st = new_key(c, &key, secret);
    if (st == TS_OK) {
        put_new(c, &key);
        st = count_keys(c, auth_key_tenant(&key), 1, 1);
    }
    if (st == TS_OK)
        st = log_made(c, &key);
    if (st == TS_OK)
        st = answer_made(c, &key, secret, (Ts__Auth__CreateKeyReply *)out);
    ts_wipe(secret, sizeof(secret));
    return st;
}

ts_status auth_rpc_create_key(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Auth__CreateKeyRequest *req = (const Ts__Auth__CreateKeyRequest *)in;
    const auth *app = call->service;
    ts_status st = auth_check_name(app->config, req->name, call->error);

    if (st == TS_OK)
        st = check_mode(call, req->mode);
    if (st == TS_OK)
        st = auth_check_permissions(req->permissions, call->error);
    if (st == TS_OK)
        st = auth_check_expiry(req->expires_ms, call->now_ms, call->error);
    return st == TS_OK ? auth_change_run(call, in, out, create_key) : st;
}

/* ---- showing ---- */

/* Two keys of one id have the same one only if nothing was changed between; using a key changes nothing. */
static ts_status revision_of(const Ts__Auth__ApiKey *key, uint64_t *ret)
{
    TS_CLEANUP(ts_buf_done) ts_buf bytes = TS_BUF_INIT(DETAILS_MAX);

    ts_buf_be64(&bytes, key->permissions);
    ts_buf_be64(&bytes, (uint64_t)key->expires_ms);
    ts_buf_be64(&bytes, (uint64_t)key->revoked_ms);
    ts_buf_z(&bytes, key->rotated_to);
    ts_buf_char(&bytes, '\0');
    ts_buf_z(&bytes, key->name);
    *ret = ts_hash_mem(bytes.data, bytes.size) | 1; /* 0 is any */
    return ts_buf_status(&bytes);
}

ts_status auth_rpc_get_key(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Auth__RevokeKeyRequest *req = (const Ts__Auth__RevokeKeyRequest *)in;
    Ts__Auth__ApiKey *rep = (Ts__Auth__ApiKey *)out;
    auth *app = call->service;
    Ts__Auth__ApiKey *key = NULL;
    ts_status st = load_key(app, call, req->org, req->id, &key);

    if (st != TS_OK)
        return st;
    *rep = *key;
    auth_keys_hide(rep);
    rep->last_used_ms = auth_load_used(app->store, auth_key_tenant(key), key->id, call->arena);
    return revision_of(key, &rep->revision);
}

/* ---- changing ---- */

static void answer_changed(auth_change *c, const Ts__Auth__ApiKey *key, Ts__Auth__ApiKey *rep)
{
    *rep = *key;
    auth_keys_hide(rep);
    rep->last_used_ms =
        auth_load_used(c->app->store, auth_key_tenant(key), key->id, c->call->arena);
}

static ts_status check_revision(const ts_call *call, const Ts__Auth__ApiKey *key, uint64_t wanted)
{
    uint64_t revision = 0;
    ts_status st = wanted == 0 ? TS_OK : revision_of(key, &revision);

    if (st == TS_OK && revision != wanted)
        st = ts_fail(call->error, TS_PRECONDITION, "If-Match",
                     "The API key has changed since; read it again.");
    return st;
}

static ts_status update_key(auth_change *c, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Auth__UpdateKeyRequest *req = (const Ts__Auth__UpdateKeyRequest *)in;
    ts_store *s = c->app->store;
    Ts__Auth__ApiKey *key = NULL;
    Ts__Auth__ApiKey was;
    ts_status st = load_key(c->app, c->call, req->org, req->id, &key);

    if (st == TS_OK)
        st = check_revision(c->call, key, req->revision);
    if (st == TS_OK)
        st = auth_check_changeable(key, c->call->now_ms, c->call->error);
    if (st != TS_OK)
        return st;
    was = *key;
    if (req->name[0] != '\0')
        key->name = req->name;
    if (req->permissions != 0)
        key->permissions = req->permissions;
    if (req->sets_expiry)
        key->expires_ms = req->expires_ms;
    if (strcmp(was.name, key->name) != 0 || was.permissions != key->permissions ||
        was.expires_ms != key->expires_ms) {
        bool is_counted = auth_key_is_counted(s, &was);

        if (was.expires_ms != 0)
            auth_delete_key_due(c->batch, s, &was);
        auth_put_key_due(c->batch, s, key);
        auth_put_key(c->batch, s, key);
        c->key = key;
        /* Not counted: a clock that was ahead has seen it end. */
        st = is_counted ? TS_OK : count_keys(c, auth_key_tenant(key), 0, 1);
        if (st == TS_OK)
            st = log_updated(c, &was, key);
    }
    if (st == TS_OK)
        answer_changed(c, key, (Ts__Auth__ApiKey *)out);
    return st;
}

ts_status auth_rpc_update_key(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Auth__UpdateKeyRequest *req = (const Ts__Auth__UpdateKeyRequest *)in;
    const auth *app = call->service;
    ts_status st = auth_check_permissions(req->permissions, call->error);

    if (st == TS_OK && req->name[0] != '\0')
        st = auth_check_name(app->config, req->name, call->error);
    if (st == TS_OK && req->sets_expiry)
        st = auth_check_expiry(req->expires_ms, call->now_ms, call->error);
    return st == TS_OK ? auth_change_run(call, in, out, update_key) : st;
}

/* ---- rotating ---- */

/* The old one works on for a while, or, without any overlap, ends here and is told of as revoked. */
static void end_old(auth_change *c, Ts__Auth__ApiKey *old, int64_t overlap_ms)
{
    ts_store *s = c->app->store;
    int64_t ends_ms = c->call->now_ms + overlap_ms;

    if (old->expires_ms != 0)
        auth_delete_key_due(c->batch, s, old);
    if (overlap_ms == 0) {
        old->revoked_ms = c->call->now_ms;
        auth_publish_key(c->batch, "api_key.revoked", old, c->call->now_ms);
    } else if (old->expires_ms == 0 || old->expires_ms > ends_ms) {
        old->expires_ms = ends_ms;
    }
    auth_put_key_due(c->batch, s, old);
    auth_put_key(c->batch, s, old);
    c->key = old;
}

static ts_status rotate_key(auth_change *c, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Auth__RotateKeyRequest *req = (const Ts__Auth__RotateKeyRequest *)in;
    Ts__Auth__ApiKey key = TS__AUTH__API_KEY__INIT;
    Ts__Auth__ApiKey *old = NULL;
    char secret[TS_API_KEY_LENGTH + 1] = "";
    int64_t overlap_ms = 0;
    int64_t counted;
    ts_status st = load_key(c->app, c->call, req->org, req->id, &old);

    if (st == TS_OK)
        st = auth_check_changeable(old, c->call->now_ms, c->call->error);
    if (st == TS_OK)
        st = check_org(c->app, c->call, old->org);
    if (st == TS_OK)
        st = auth_check_overlap(c->app->config, req, &overlap_ms, c->call->error);
    /* Where there is no room for two, one can still take the place of the other. */
    if (st == TS_OK && overlap_ms > 0)
        st = check_room(c, old->org, 1);
    if (st != TS_OK)
        return st;
    key.org = old->org;
    key.name = old->name;
    key.mode = old->mode;
    key.permissions = old->permissions;
    key.expires_ms = old->expires_ms;
    st = new_key(c, &key, secret);
    if (st == TS_OK) {
        counted = auth_key_is_counted(c->app->store, old) ? 1 : 0;
        old->rotated_to = key.id;
        put_new(c, &key);
        end_old(c, old, overlap_ms);
        st = count_keys(c, auth_key_tenant(&key), 1, (overlap_ms == 0 ? 1 : 2) - counted);
    }
    if (st == TS_OK)
        st = log_rotated(c, old);
    if (st == TS_OK)
        st = answer_made(c, &key, secret, (Ts__Auth__CreateKeyReply *)out);
    ts_wipe(secret, sizeof(secret));
    return st;
}

ts_status auth_rpc_rotate_key(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    return auth_change_run(call, in, out, rotate_key);
}

/* ---- revoking ---- */

/* Revoking a revoked key changes nothing. */
static ts_status revoke_key(auth_change *c, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Auth__RevokeKeyRequest *req = (const Ts__Auth__RevokeKeyRequest *)in;
    ts_store *s = c->app->store;
    Ts__Auth__ApiKey *key = NULL;
    ts_status st = load_key(c->app, c->call, req->org, req->id, &key);

    if (st == TS_OK && key->revoked_ms == 0) {
        bool is_counted = auth_key_is_counted(s, key);

        if (key->expires_ms != 0)
            auth_delete_key_due(c->batch, s, key);
        key->revoked_ms = c->call->now_ms;
        auth_put_key(c->batch, s, key);
        auth_publish_key(c->batch, "api_key.revoked", key, c->call->now_ms);
        c->key = key;
        st = count_keys(c, auth_key_tenant(key), 0, is_counted ? -1 : 0);
        if (st == TS_OK)
            st = auth_change_log(c, auth_key_tenant(key), "key.revoked", key->id, TS_STR_NULL);
    }
    if (st == TS_OK)
        answer_changed(c, key, (Ts__Auth__ApiKey *)out);
    return st;
}

ts_status auth_rpc_revoke_key(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    return auth_change_run(call, in, out, revoke_key);
}
