/* Authorize: is this key good, for whom, and is there room in its minute? Point reads and memory only. */
#include "auth.h"
#include "bursts.h"
#include "rules.h"

#define USED_PERIOD_MS INT64_C(60000)
#define SHA256_SIZE    32

uint32_t auth_tier_limit(const auth_config *config, const char *tier)
{
    if (strcmp(tier, "standard") == 0)
        return (uint32_t)config->standard_limit;
    return strcmp(tier, "enterprise") == 0 ? (uint32_t)config->enterprise_limit : 0;
}

void auth_fill_org(const auth_config *config, const Ts__Auth__Organization *org, auth_org *ret)
{
    snprintf(ret->id, sizeof(ret->id), "%s", org->id);
    snprintf(ret->name, sizeof(ret->name), "%s", org->name);
    ret->limit = auth_tier_limit(config, org->tier);
    ret->is_suspended = strcmp(org->status, "suspended") == 0;
}

/* From memory if one of its keys is there, else from the store. TS_NOT_FOUND if it is deleted or on the way. */
static ts_status load_org(auth *app, uint64_t number, ts_arena *arena, auth_org **ret)
{
    Ts__Auth__Organization *org = NULL;
    ts_status st;

    *ret = auth_cache_org(app->cache, number);
    if (*ret != NULL)
        return TS_OK;
    st = auth_load_org(app->store, number, arena, &org);
    if (st != TS_OK)
        return st;
    if (auth_org_is_going(org))
        return TS_NOT_FOUND;
    *ret = auth_cache_add_org(app->cache, number);
    if (*ret == NULL)
        return TS_NOMEM;
    auth_fill_org(app->config, org, *ret);
    return TS_OK;
}

/* From the store into the cache. TS_NOT_FOUND for a key that is not there or revoked, or whose organization is deleted. */
static ts_status load_entry(auth *app, const uint8_t sha256[SHA256_SIZE], ts_call *call,
                            const auth_moment *now, auth_entry **ret)
{
    Ts__Auth__ApiKey *key = NULL;
    auth_org *of = NULL;
    auth_window_saved window;
    auth_entry *e;
    ts_status st = auth_find_key(app->store, sha256, call->arena, &key);

    if (st != TS_OK)
        return st;
    if (key->revoked_ms != 0)
        return TS_NOT_FOUND;
    st = auth_load_window(app->store, auth_key_tenant(key), key->id, call->arena, &window);
    if (st == TS_OK)
        st = load_org(app, key->org, call->arena, &of);
    if (st != TS_OK)
        return st;
    e = auth_cache_add(app->cache, sha256, of);
    if (e == NULL)
        return TS_NOMEM;
    e->mode = auth_key_tenant(key).mode;
    snprintf(e->key_id, sizeof(e->key_id), "%s", key->id);
    e->permissions = key->permissions;
    e->expires_ms = key->expires_ms;
    e->window = auth_window_restore(&window, now);
    *ret = e;
    return TS_OK;
}

/* A repeated call gets the answer of the first: it is the same request. */
static ts_status judge(auth *app, auth_entry *e, const ts_call *call, uint32_t cost,
                       const auth_moment *now, auth_verdict *ret)
{
    auth_window_saved window;
    bool notes_use;
    ts_status st = TS_OK;

    if (auth_cache_repeat(app->cache, call->call_id, ret))
        return TS_OK;
    *ret = auth_window_take(&e->window, e->of->limit, cost, now);
    window = auth_window_save(&e->window, now->boot_id);
    /* On the clock that never steps: a wall clock that was ahead must not stop the notes until it is reached again. */
    notes_use = !e->has_noted_use || now->boot_ms - e->used_noted_boot_ms >= USED_PERIOD_MS;
    if (ret->reserve || notes_use)
        st = auth_save_use(app->store, (ts_tenant){ e->of->number, e->mode }, e->key_id,
                           ret->reserve ? &window : NULL, notes_use ? now->wall_ms : 0);
    if (st != TS_OK)
        return st;
    if (notes_use) {
        e->has_noted_use = true;
        e->used_noted_boot_ms = now->boot_ms;
    }
    auth_cache_remember(app->cache, call->call_id, ret);
    return TS_OK;
}

static void put_window(const auth_verdict *v, Ts__Auth__AuthorizeReply *rep)
{
    rep->admitted = v->admitted;
    rep->remaining = v->remaining;
    rep->reset_s = v->reset_s;
    rep->retry_after_s = v->retry_after_s;
}

static ts_status fill(const ts_call *call, const auth_entry *e, const auth_verdict *v,
                      Ts__Auth__AuthorizeReply *rep)
{
    rep->known = true;
    rep->org = e->of->number;
    rep->mode = (uint32_t)e->mode;
    rep->org_id = ts_arena_z(call->arena, ts_str_of(e->of->id));
    rep->org_name = ts_arena_z(call->arena, ts_str_of(e->of->name));
    rep->key_id = ts_arena_z(call->arena, ts_str_of(e->key_id));
    rep->permissions = (e->permissions & TS_PERM_ADMIN) != 0 ? TS_PERM_ALL : e->permissions;
    rep->suspended = e->of->is_suspended;
    rep->limit = e->of->limit;
    put_window(v, rep);
    rep->grant_n = v->admitted ? 1 : 0;
    rep->grant_expires_ms = v->reset_s * 1000;
    return rep->org_id == NULL || rep->org_name == NULL || rep->key_id == NULL ? TS_NOMEM : TS_OK;
}

/* The key is good, but nothing may be done with it: shows the window as it is and counts nothing. */
static ts_status answer_suspended(auth *app, const ts_call *call, auth_entry *e,
                                  const auth_moment *now, Ts__Auth__AuthorizeReply *rep)
{
    auth_verdict v = auth_window_take(&e->window, e->of->limit, 0, now);

    v.admitted = false;
    v.retry_after_s = 0;
    ts_metric_add(app->suspended, 1);
    return fill(call, e, &v, rep);
}

/* No good key: the failure counts against the client's address, whichever gateway it came through. A full window turns the
 * answer into a refusal and nothing else: a good key from there is looked up before, and passes; behind a shared address one
 * client with a wrong key must not lock the others out. */
static void answer_unknown(auth *app, const ts_call *call, const Ts__Auth__AuthorizeRequest *req,
                           const auth_moment *now, Ts__Auth__AuthorizeReply *rep)
{
    char scope[AUTH_SCOPE_SIZE];
    auth_verdict v = { 0 };

    ts_metric_add(app->unknown, 1); /* known stays false */
    if (req->failures_limit == 0)
        return;
    if (!auth_cache_repeat(app->cache, call->call_id, &v)) {
        auth_failures_scope(call->caller.client_addr, scope);
        v = auth_failures_count(app->failures, scope, req->failures_limit, now);
        /* A refused one counted nothing, so its repeat may be asked again: a flood of them must not push others' answers out. */
        if (v.admitted)
            auth_cache_remember(app->cache, call->call_id, &v);
        if (v.admitted && v.remaining == 0)
            auth_burst_note(app, call, scope, req, now->wall_ms);
    }
    rep->limit = req->failures_limit;
    put_window(&v, rep);
}

static ts_status authorize(auth *app, ts_call *call, const Ts__Auth__AuthorizeRequest *req,
                           Ts__Auth__AuthorizeReply *rep)
{
    auth_moment now =
        app->clock(); /* under the lock: what is counted is counted in the order of time */
    auth_entry *e = auth_cache_get(app->cache, req->key_sha256.data);
    auth_verdict v = { 0 };
    ts_status st = TS_OK;

    if (e == NULL)
        st = load_entry(app, req->key_sha256.data, call, &now, &e);
    if (st == TS_NOT_FOUND || (st == TS_OK && e->expires_ms != 0 && e->expires_ms <= now.wall_ms)) {
        answer_unknown(app, call, req, &now, rep);
        return TS_OK;
    }
    if (st == TS_OK && e->of->is_suspended)
        return answer_suspended(app, call, e, &now, rep);
    if (st == TS_OK && req->cost > e->of->limit)
        return ts_fail(call->error, TS_INVALID, "cost", "cost must be at most %u, a minute's limit",
                       e->of->limit);
    if (st == TS_OK)
        st = judge(app, e, call, req->cost, &now, &v);
    if (st != TS_OK)
        return st;
    ts_metric_add(v.admitted ? app->authorized : app->limited, 1);
    return fill(call, e, &v, rep);
}

ts_status auth_rpc_authorize(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Auth__AuthorizeRequest *req = (const Ts__Auth__AuthorizeRequest *)in;
    auth *app = call->service;
    ts_status st;

    if (req->key_sha256.len != SHA256_SIZE)
        return ts_fail(call->error, TS_INVALID, "key_sha256", "key_sha256 must have 32 bytes");
    if (req->cost == 0)
        return ts_fail(call->error, TS_INVALID, "cost", "cost must be at least 1");
    pthread_mutex_lock(&app->hot);
    st = authorize(app, call, req, (Ts__Auth__AuthorizeReply *)out);
    pthread_mutex_unlock(&app->hot);
    return st;
}
