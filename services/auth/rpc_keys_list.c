/* Keys, listed: the live and the test ones of an organization in one order. */
#include "rpc_keys.h"

#define LIST_MAX 1000

/* One mode's keys, newest first. */
typedef struct lister {
    ts_iter *it;
    ts_tenant tenant;
} lister;

static ts_status lister_open(lister *l, ts_store *s, ts_tenant tenant)
{
    TS_CLEANUP(ts_buf_done) ts_buf prefix = TS_BUF_INIT(AUTH_ROW_KEY_MAX);

    ts_key_tenant(&prefix, tenant);
    l->tenant = tenant;
    l->it = ts_iter_prefix(s, AUTH_KEY_LIST, ts_buf_view(&prefix), false);
    return l->it == NULL ? TS_NOMEM : TS_OK;
}

static bool lister_valid(const lister *l)
{
    return l->it != NULL && ts_iter_valid(l->it);
}

/* Behind the tenant, a key of the list says how old it is and which one. */
static ts_str lister_age(const lister *l)
{
    ts_str key = ts_iter_key(l->it);

    return ts_str_n(key.p + TS_KEY_TENANT_SIZE, key.n - TS_KEY_TENANT_SIZE);
}

/* The one whose key comes next; NULL if there is none. */
static lister *lister_next(lister *live, lister *test)
{
    if (!lister_valid(live))
        return lister_valid(test) ? test : NULL;
    if (!lister_valid(test))
        return live;
    return ts_str_cmp(lister_age(live), lister_age(test)) <= 0 ? live : test;
}

static ts_status show_next(auth *app, ts_call *call, const lister *l, Ts__Auth__ApiKey **ret)
{
    ts_str age = lister_age(l);
    const char *id = age.p + 8; /* ends in a NUL */
    ts_status st = auth_load_key(app->store, l->tenant, id, call->arena, ret);

    if (st != TS_OK)
        return st;
    auth_keys_hide(*ret);
    (*ret)->last_used_ms = auth_load_used(app->store, l->tenant, id, call->arena);
    return TS_OK;
}

static ts_status list_keys(auth *app, ts_call *call, const Ts__Auth__ListKeysRequest *req,
                           lister *live, lister *test, Ts__Auth__KeyList *rep)
{
    uint32_t limit = req->limit == 0 ? LIST_MAX : req->limit;
    uint64_t skip = req->offset;
    lister *l;

    rep->keys = ts_arena_array(call->arena, limit, sizeof(*rep->keys));
    if (rep->keys == NULL)
        return TS_NOMEM;
    while (rep->n_keys < limit && (l = lister_next(live, test)) != NULL) {
        ts_status st = TS_OK;

        if (skip > 0)
            skip--;
        else
            st = show_next(app, call, l, &rep->keys[rep->n_keys++]);
        if (st != TS_OK)
            return st;
        ts_iter_next(l->it);
    }
    return live->it == NULL || ts_iter_status(live->it) == TS_OK ? ts_iter_status(test->it)
                                                                 : TS_UNAVAILABLE;
}

ts_status auth_rpc_list_keys(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Auth__ListKeysRequest *req = (const Ts__Auth__ListKeysRequest *)in;
    Ts__Auth__KeyList *rep = (Ts__Auth__KeyList *)out;
    auth *app = call->service;
    lister live = { .it = NULL };
    lister test = { .it = NULL };
    auth_totals live_total = { 0, 0 };
    auth_totals test_total = { 0, 0 };
    Ts__Auth__Organization *row = NULL;
    uint64_t org;
    ts_status st = auth_keys_scope(call, req->org, &org);

    if (st == TS_OK && req->limit > LIST_MAX)
        st = ts_fail(call->error, TS_INVALID, "limit", "limit must be between 1 and %d", LIST_MAX);
    if (st == TS_OK)
        st = auth_keys_org(app, call, org, &row);
    if (st == TS_OK && !auth_keys_only_test(call)) {
        st = lister_open(&live, app->store, (ts_tenant){ org, TS_MODE_LIVE });
        if (st == TS_OK)
            st = auth_load_totals(app->store, live.tenant, call->arena, &live_total);
    }
    if (st == TS_OK)
        st = lister_open(&test, app->store, (ts_tenant){ org, TS_MODE_TEST });
    if (st == TS_OK)
        st = auth_load_totals(app->store, test.tenant, call->arena, &test_total);
    if (st == TS_OK)
        st = list_keys(app, call, req, &live, &test, rep);
    rep->total = live_total.keys + test_total.keys;
    ts_iter_free(live.it);
    ts_iter_free(test.it);
    return st;
}
