/* The log of events, newest first. */
#include "webhooks.h"

#define LIST_MAX 200
#define SCAN_MAX 20000 /* events looked at for a list that an endpoint or a kind narrows */

typedef struct event_walk {
    webhooks *app;
    ts_call *call;
    const Ts__Webhooks__ListEventsRequest *request;
    bool narrowed;
} event_walk;

static ts_status add_deliveries(const event_walk *w, ts_hash128 id, Ts__Webhooks__Event *event,
                                uint32_t count)
{
    webhooks_key prefix = key_event(w->call->tenant, id);
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_prefix(w->app->store, WEBHOOKS_DELIVERIES, key_view(&prefix), false);

    event->deliveries = ts_arena_array(w->call->arena, count + 1, sizeof(Ts__Webhooks__Delivery *));
    if (it == NULL || event->deliveries == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it) && event->n_deliveries < count; ts_iter_next(it)) {
        ProtobufCMessage *m = NULL;
        ts_status st = ts_arena_unpack(w->call->arena, &ts__webhooks__stored_delivery__descriptor,
                                       ts_iter_value(it), &m);

        if (st != TS_OK)
            return st;
        event->deliveries[event->n_deliveries++] = ((Ts__Webhooks__StoredDelivery *)m)->delivery;
    }
    return ts_iter_status(it);
}

static bool goes_to(const Ts__Webhooks__Event *event, const char *endpoint)
{
    for (size_t i = 0; i < event->n_deliveries; i++) {
        if (strcmp(event->deliveries[i]->endpoint_id, endpoint) == 0)
            return true;
    }
    return false;
}

/* *ret is NULL if the filters leave it out. */
static ts_status load(const event_walk *w, ts_hash128 id, Ts__Webhooks__Event **ret)
{
    const Ts__Webhooks__ListEventsRequest *request = w->request;
    Ts__Webhooks__StoredEvent *row = NULL;
    ts_status st = row_event(w->app->store, w->call->tenant, id, w->call->arena, &row);

    *ret = NULL;
    if (st != TS_OK)
        return st;
    if (request->event[0] != '\0' && strcmp(row->event->event, request->event) != 0)
        return TS_OK;
    row->event->body.len = 0; /* the signed bytes are for the endpoint alone */
    st = add_deliveries(w, id, row->event, row->pending + row->delivered + row->failed);
    if (st == TS_OK &&
        (request->endpoint_id[0] == '\0' || goes_to(row->event, request->endpoint_id)))
        *ret = row->event;
    return st;
}

static ts_status walk(const event_walk *w, ts_iter *it, Ts__Webhooks__EventList *ret)
{
    uint64_t skipped = 0;

    for (uint32_t seen = 0; ts_iter_valid(it) && (!w->narrowed || seen < SCAN_MAX);
         ts_iter_next(it), seen++) {
        ts_str key = ts_iter_key(it);
        Ts__Webhooks__Event *event = NULL;
        ts_hash128 id;
        ts_status st;

        if (!w->narrowed && skipped < w->request->offset) {
            skipped++; /* keys only */
            continue;
        }
        if (!w->narrowed && ret->n_events == w->request->limit)
            break;
        if (key.n < sizeof(id.bytes))
            return TS_CORRUPT;
        memcpy(id.bytes, key.p + key.n - sizeof(id.bytes), sizeof(id.bytes));
        st = load(w, id, &event);
        if (st != TS_OK)
            return st;
        if (event == NULL)
            continue;
        if (w->narrowed && ret->total++ < w->request->offset)
            continue;
        if (ret->n_events < w->request->limit)
            ret->events[ret->n_events++] = event;
    }
    return ts_iter_status(it);
}

static ts_status count_all(const event_walk *w, bool all, delivery_state state,
                           Ts__Webhooks__EventList *ret)
{
    Ts__Webhooks__Totals *totals = NULL;
    ts_status st = row_totals(w->app->store, w->call->tenant, w->call->arena, &totals);

    if (st == TS_OK)
        ret->total =
            all ? totals->pending + totals->delivered + totals->failed : *totals_of(totals, state);
    return st;
}

ts_status webhooks_rpc_list_events(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Webhooks__ListEventsRequest *request = (const Ts__Webhooks__ListEventsRequest *)in;
    Ts__Webhooks__EventList *reply = (Ts__Webhooks__EventList *)out;
    event_walk w = { .app = call->service, .call = call, .request = request };
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = NULL;
    bool all = request->status[0] == '\0' || strcmp(request->status, "all") == 0;
    delivery_state state = DELIVERY_PENDING;
    webhooks_key prefix = key_tenant(call->tenant);
    ts_status st = TS_OK;

    if (request->limit < 1 || request->limit > LIST_MAX)
        return ts_fail(call->error, TS_INVALID, "limit", "limit must be between 1 and %d",
                       LIST_MAX);
    if (!all && !delivery_state_parse(ts_str_of(request->status), &state))
        return ts_fail(call->error, TS_INVALID, "status",
                       "status must be pending, delivered, failed or all");
    w.narrowed = request->event[0] != '\0' || request->endpoint_id[0] != '\0';
    reply->events = ts_arena_array(call->arena, request->limit, sizeof(Ts__Webhooks__Event *));
    if (reply->events == NULL)
        return TS_NOMEM;
    if (!all) {
        uint8_t byte = (uint8_t)state;

        key_bytes(&prefix, &byte, 1);
    }
    it = ts_iter_prefix(w.app->store, all ? WEBHOOKS_EVENT_ORDER : WEBHOOKS_EVENT_STATUS,
                        key_view(&prefix), false);
    if (it == NULL)
        return TS_NOMEM;
    if (!w.narrowed)
        st = count_all(&w, all, state, reply);
    return st == TS_OK ? walk(&w, it, reply) : st;
}
