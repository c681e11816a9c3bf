/* Settings of endpoints. */
#include "sign.h"
#include "ts/time.h"
#include "types.h"
#include "webhooks.h"

#define DESCRIPTION_MAX 500
#define LIST_MAX        200

static ts_status check_filters(const Ts__Webhooks__CreateEndpointRequest *request, ts_error *err)
{
    if (request->n_events > TYPES_FILTERS_MAX)
        return ts_fail(err, TS_INVALID, "events", "events may have at most %d items",
                       TYPES_FILTERS_MAX);
    for (size_t i = 0; i < request->n_events; i++) {
        if (!type_filter_is_valid(ts_str_of(request->events[i])))
            return ts_fail(err, TS_INVALID, "events",
                           "events must be kinds like incident.created or groups like incident.*");
    }
    return TS_OK;
}

static ts_status check(const webhooks *app, const Ts__Webhooks__CreateEndpointRequest *request,
                       ts_error *err)
{
    ts_str description = ts_str_of(request->description);
    ts_status st = url_check(&app->rules, request->url, err);

    if (st == TS_OK && (description.n > DESCRIPTION_MAX || !ts_utf8_valid(description)))
        st = ts_fail(err, TS_INVALID, "description",
                     "description must have at most %d bytes of UTF-8", DESCRIPTION_MAX);
    return st == TS_OK ? check_filters(request, err) : st;
}

/* The id hangs on the client's idempotency key, else on the call: asked again, it finds what it has made. */
static void make_id(const ts_call *call, char ret[TS_ID_SIZE])
{
    uint64_t scope[2] = { call->tenant.org, (uint64_t)call->tenant.mode };
    bool by_key = call->caller.idempotency_key[0] != '\0';
    ts_str parts[] = { by_key ? TS_STR_LIT("endpoint key") : TS_STR_LIT("endpoint"),
                       ts_str_n(scope, sizeof(scope)),
                       by_key ? ts_str_of(call->caller.idempotency_key)
                              : ts_str_n(call->call_id, sizeof(call->call_id)) };

    ts_id_format("whe_", ts_hash_parts(parts, TS_COUNT(parts)), ret);
}

/* Deleted ones that are still being settled are not shown and not counted. */
static ts_status walk(webhooks *app, ts_call *call, uint64_t offset, uint32_t limit,
                      Ts__Webhooks__EndpointList *ret)
{
    webhooks_key prefix = key_tenant(call->tenant);
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_prefix(app->store, WEBHOOKS_ENDPOINTS, key_view(&prefix), false);

    ret->endpoints = ts_arena_array(call->arena, limit + 1, sizeof(Ts__Webhooks__Endpoint *));
    if (it == NULL || ret->endpoints == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it); ts_iter_next(it)) {
        ProtobufCMessage *m = NULL;
        Ts__Webhooks__Endpoint *row;
        ts_status st = ts_arena_unpack(call->arena, &ts__webhooks__endpoint__descriptor,
                                       ts_iter_value(it), &m);

        if (st != TS_OK)
            return st;
        row = (Ts__Webhooks__Endpoint *)m;
        if (endpoint_is_ending(row))
            continue;
        row->secret = (char *)(uintptr_t) ""; /* shown once, when it was made */
        if (ret->total++ >= offset && ret->n_endpoints < limit)
            ret->endpoints[ret->n_endpoints++] = row;
    }
    return ts_iter_status(it);
}

static ts_status create(webhooks *app, ts_call *call, Ts__Webhooks__Endpoint *row, uint64_t *ticket)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *batch = ts_batch_new();
    Ts__Webhooks__EndpointList all = TS__WEBHOOKS__ENDPOINT_LIST__INIT;
    ready_endpoint *e = NULL;
    ts_status st = walk(app, call, 0, 0, &all);

    if (batch == NULL)
        return TS_NOMEM;
    if (st == TS_OK && all.total >= (uint64_t)app->config->endpoints_max)
        return ts_fail(call->error, TS_CONFLICT, "",
                       "there are %lld endpoints already, which is the limit",
                       (long long)app->config->endpoints_max);
    if (st == TS_OK)
        st = ledger_endpoint_add(&app->ledger, call->tenant, ts_str_of(row->id), &e);
    if (st != TS_OK)
        return st;
    row_put_endpoint(batch, app->store, call->tenant, row);
    st = ts_store_write(app->store, batch, ticket);
    e->is_gone = st != TS_OK; /* not written: the queue must not know it either */
    return st;
}

static ts_status fill_row(ts_call *call, const Ts__Webhooks__CreateEndpointRequest *request,
                          const char *id, Ts__Webhooks__Endpoint *ret)
{
    uint8_t bytes[SIGN_SECRET_BYTES];
    char secret[SIGN_SECRET_SIZE];
    ts_status st = ts_random(bytes, sizeof(bytes));

    if (st != TS_OK)
        return st;
    sign_secret(bytes, secret);
    ret->id = ts_arena_z(call->arena, ts_str_of(id));
    ret->secret = ts_arena_z(call->arena, ts_str_of(secret));
    ts_wipe(bytes, sizeof(bytes));
    ts_wipe(secret, sizeof(secret));
    ret->url = request->url;
    ret->description = request->description;
    ret->events = request->events;
    ret->n_events = request->n_events;
    ret->enabled = true;
    ret->created_ms = ts_wall_ms();
    return ret->id == NULL || ret->secret == NULL ? TS_NOMEM : TS_OK;
}

ts_status webhooks_rpc_create_endpoint(ts_call *call, const ProtobufCMessage *in,
                                       ProtobufCMessage *out)
{
    const Ts__Webhooks__CreateEndpointRequest *request =
        (const Ts__Webhooks__CreateEndpointRequest *)in;
    Ts__Webhooks__Endpoint *reply = (Ts__Webhooks__Endpoint *)out;
    Ts__Webhooks__Endpoint *known = NULL;
    webhooks *app = call->service;
    char id[TS_ID_SIZE];
    uint64_t ticket = 0;
    ts_status st = check(app, request, call->error);

    if (st != TS_OK)
        return st;
    make_id(call, id);
    pthread_mutex_lock(&app->ledger.lock);
    st = row_endpoint(app->store, call->tenant, ts_str_of(id), call->arena, &known);
    if (st == TS_NOT_FOUND) {
        st = fill_row(call, request, id, reply);
        if (st == TS_OK)
            st = create(app, call, reply, &ticket);
    } else if (st == TS_OK && strcmp(known->url, request->url) != 0) {
        st = ts_fail(call->error, TS_CONFLICT, "Idempotency-Key",
                     "this Idempotency-Key was used with another url");
    } else if (st == TS_OK) {
        *reply = *known;
        reply->secret = (char *)(uintptr_t) "";
    }
    pthread_mutex_unlock(&app->ledger.lock);
    return st == TS_OK ? ts_store_sync_all(app->store) : st;
}

ts_status webhooks_rpc_list_endpoints(ts_call *call, const ProtobufCMessage *in,
                                      ProtobufCMessage *out)
{
    const Ts__Webhooks__ListEndpointsRequest *request =
        (const Ts__Webhooks__ListEndpointsRequest *)in;

    if (request->limit < 1 || request->limit > LIST_MAX)
        return ts_fail(call->error, TS_INVALID, "limit", "limit must be between 1 and %d",
                       LIST_MAX);
    return walk(call->service, call, request->offset, request->limit,
                (Ts__Webhooks__EndpointList *)out);
}

static ts_status load(ts_call *call, const char *id, Ts__Webhooks__Endpoint **ret)
{
    webhooks *app = call->service;
    ts_status st = TS_NOT_FOUND;

    if (strlen(id) < TS_ID_SIZE)
        st = row_endpoint(app->store, call->tenant, ts_str_of(id), call->arena, ret);
    if (st == TS_OK && endpoint_is_ending(*ret))
        st = TS_NOT_FOUND;
    return st == TS_NOT_FOUND ? ts_fail(call->error, st, "id", "there is no such webhook endpoint")
                              : st;
}

ts_status webhooks_rpc_get_endpoint(ts_call *call, const ProtobufCMessage *in,
                                    ProtobufCMessage *out)
{
    Ts__Webhooks__Endpoint *row = NULL;
    ts_status st = load(call, ((const Ts__Webhooks__EndpointId *)in)->id, &row);

    if (st != TS_OK)
        return st;
    *(Ts__Webhooks__Endpoint *)out = *row;
    ((Ts__Webhooks__Endpoint *)out)->secret = (char *)(uintptr_t) "";
    return TS_OK;
}

static ts_status end(webhooks *app, ts_call *call, Ts__Webhooks__Endpoint *row)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *batch = ts_batch_new();
    ready_endpoint *e = ledger_endpoint(&app->ledger, ts_str_of(row->id));
    ts_status st;

    if (batch == NULL)
        return TS_NOMEM;
    row->enabled = false;
    row->disabled_reason = (char *)(uintptr_t)ENDPOINT_ENDING;
    row_put_endpoint(batch, app->store, call->tenant, row);
    st = ts_store_write(app->store, batch, NULL);
    return st == TS_OK && e != NULL ? ledger_endpoint_end(&app->ledger, e) : st;
}

ts_status webhooks_rpc_delete_endpoint(ts_call *call, const ProtobufCMessage *in,
                                       ProtobufCMessage *out)
{
    webhooks *app = call->service;
    Ts__Webhooks__Endpoint *row = NULL;
    ts_status st;

    (void)out;
    pthread_mutex_lock(&app->ledger.lock);
    st = load(call, ((const Ts__Webhooks__EndpointId *)in)->id, &row);
    if (st == TS_OK)
        st = end(app, call, row);
    pthread_mutex_unlock(&app->ledger.lock);
    return st == TS_OK ? ts_store_sync_all(app->store) : st;
}
