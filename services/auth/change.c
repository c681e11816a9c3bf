#include "change.h"

#include "audit.h"
#include "rules.h"
#include "ts/once.h"

static void tell_key(auth *app, const Ts__Auth__ApiKey *key)
{
    auth_entry *e = auth_cache_get(app->cache, key->sha256.data);

    if (e == NULL)
        return;
    if (key->revoked_ms != 0) {
        auth_cache_drop(app->cache, key->sha256.data);
        return;
    }
    /* Its window stays as it is. */
    e->permissions = key->permissions;
    e->expires_ms = key->expires_ms;
}

static void tell_org(auth *app, const Ts__Auth__Organization *org)
{
    auth_org *o = auth_cache_org(app->cache, org->number);

    if (o != NULL && auth_org_is_going(org))
        auth_cache_drop_org(app->cache, org->number);
    else if (o != NULL)
        auth_fill_org(app->config, org, o);
}

/* Under the lock that Authorize loads under: from here on it finds neither old rows nor old memory. */
ts_status auth_change_write(auth *app, ts_batch *b, const Ts__Auth__ApiKey *key,
                            const Ts__Auth__Organization *org, uint64_t *ret_ticket)
{
    ts_status st;

    pthread_mutex_lock(&app->hot);
    st = ts_store_write(app->store, b, ret_ticket);
    if (st == TS_OK && key != NULL)
        tell_key(app, key);
    if (st == TS_OK && org != NULL)
        tell_org(app, org);
    pthread_mutex_unlock(&app->hot);
    return st;
}

static ts_status run(auth_change *c, const ProtobufCMessage *in, ProtobufCMessage *out,
                     auth_change_func *change)
{
    ts_store *store = c->app->store;
    bool found = false;
    ts_status st = ts_once_find(store, AUTH_ONCE, c->call, in, out, &found);

    if (st != TS_OK || found)
        return st;
    st = change(c, in, out);
    if (st != TS_OK || ts_batch_is_empty(c->batch))
        return st;
    st = ts_once_keep(c->batch, store, AUTH_ONCE, c->call, in, c->kept == NULL ? out : c->kept);
    return st == TS_OK ? auth_change_write(c->app, c->batch, c->key, c->org, NULL) : st;
}

ts_status auth_change_run(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out,
                          auth_change_func *change)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();
    auth *app = call->service;
    auth_change c = { .app = app, .call = call, .batch = b };
    ts_status st;

    if (b == NULL)
        return TS_NOMEM;
    pthread_mutex_lock(&app->admin);
    st = run(&c, in, out, change);
    pthread_mutex_unlock(&app->admin);
    /* Also if nothing was changed now: the one who did may still be waiting for the disk. */
    return st == TS_OK ? ts_store_sync_all(app->store) : st;
}

ts_status auth_change_log(auth_change *c, ts_tenant tenant, const char *action, const char *object,
                          ts_str details)
{
    const ts_call *call = c->call;
    Ts__AuditEntry entry = TS__AUDIT_ENTRY__INIT;

    entry.action = (char *)(uintptr_t)action; /* all of them only packed */
    entry.object = (char *)(uintptr_t)object;
    entry.actor = (char *)(uintptr_t)call->caller.actor;
    entry.client_addr = (char *)(uintptr_t)call->caller.client_addr;
    entry.request_id = (char *)(uintptr_t)call->caller.request_id;
    entry.at_ms = call->now_ms;
    if (details.n > 0)
        entry.details = ts_arena_z(call->arena, details);
    if (entry.details == NULL)
        return TS_NOMEM;
    return auth_audit_append(c->batch, c->app->store, call->arena, tenant, &entry, call->now_ms);
}
