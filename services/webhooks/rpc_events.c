/* The log of events, newest first; replays. */
#include "merge.h"
#include "replay.h"
#include "ts/audit.h"
#include "ts/once.h"
#include "webhooks.h"

#define LIST_MAX 200

static ts_status add_deliveries(webhooks *app, ts_call *call, ts_hash128 id,
                                Ts__Webhooks__StoredEvent *row)
{
    Ts__Webhooks__Event *event = row->event;
    row_deliveries list = { 0 };
    ts_status st = row_deliveries_of(app->store, call->tenant, id, row, call->arena, &list);

    if (st != TS_OK)
        return st;
    event->deliveries = ts_arena_array(call->arena, list.count + 1, sizeof(*event->deliveries));
    if (event->deliveries == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i < list.count; i++)
        event->deliveries[event->n_deliveries++] = list.items[i]->delivery;
    return TS_OK;
}

/* TS_NOT_FOUND: it was forgotten a moment ago. */
static ts_status load(webhooks *app, ts_call *call, ts_hash128 id, Ts__Webhooks__Event **ret)
{
    Ts__Webhooks__StoredEvent *row = NULL;
    Ts__Webhooks__StoredState *state = NULL;
    bool is_sole, is_bare;
    ts_status st = row_event(app->store, call->tenant, id, call->arena, &row);

    if (st == TS_OK)
        st = row_state(app->store, call->tenant, id, row, call->arena, &state, &is_sole, &is_bare);
    if (st != TS_OK)
        return st;
    row->event->body.len = 0; /* the signed bytes are for the endpoint alone */
    row->event->status = (char *)(uintptr_t)delivery_state_name(event_state(state)); /* packed */
    *ret = row->event;
    return add_deliveries(app, call, id, row);
}

/* What a list shows: kind and state are MERGE_ALL or one; of an endpoint, states are those of its deliveries. */
typedef struct list_of {
    uint32_t type;
    uint32_t state;
    ts_str endpoint;
} list_of;

static ts_status parse(const Ts__Webhooks__ListEventsRequest *request, list_of *ret, ts_error *err)
{
    delivery_state state;

    *ret = (list_of){ MERGE_ALL, MERGE_ALL, ts_str_of(request->endpoint_id) };
    if (request->limit < 1 || request->limit > LIST_MAX)
        return ts_fail(err, TS_INVALID, "limit", "limit must be between 1 and %d", LIST_MAX);
    if (request->status[0] != '\0' && strcmp(request->status, "all") != 0) {
        if (!delivery_state_parse(ts_str_of(request->status), &state))
            return ts_fail(err, TS_INVALID, "status",
                           "status must be pending, delivered, failed or all");
        ret->state = state;
    }
    if (request->event[0] != '\0' && !type_number(ts_str_of(request->event), &ret->type)) {
        char meant[TS_NEAR_WORDS];

        type_meant(ts_str_of(request->event), meant);
        return ts_fail(err, TS_INVALID, "event", "event must be a kind like incident.created%s",
                       meant);
    }
    if (ret->endpoint.n >= TS_ID_SIZE)
        return ts_fail(err, TS_INVALID, "endpoint_id", "endpoint_id must be an endpoint's id");
    return TS_OK;
}

static uint64_t sum(const uint64_t *counts, const list_of *of)
{
    uint64_t n = 0;

    for (uint32_t i = 0; i < TYPES_COUNT * DELIVERY_STATES; i++) {
        if ((of->type == MERGE_ALL || of->type == i / DELIVERY_STATES) &&
            (of->state == MERGE_ALL || of->state == i % DELIVERY_STATES))
            n += counts[i];
    }
    return n;
}

static ts_status count_all(webhooks *app, ts_call *call, const list_of *of, uint64_t *ret)
{
    Ts__Webhooks__Totals *row = NULL;
    uint64_t counts[TYPES_COUNT * DELIVERY_STATES] = { 0 };
    ts_status st = row_totals(app->store, call->tenant, of->endpoint, call->arena, &row);

    if (st != TS_OK)
        return st;
    for (size_t i = 0; i < row->n_counts && i < TS_COUNT(counts); i++)
        counts[i] = row->counts[i];
    *ret = sum(counts, of);
    return TS_OK;
}

/* Endpoints of which something is pending: their bare deliveries' events stand in no index but theirs. */
static ts_status find_bare(webhooks *app, ts_call *call, const list_of *of, merge_options *o)
{
    webhooks_key prefix = key_tenant(call->tenant);
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_prefix(app->store, WEBHOOKS_ENDPOINTS, key_view(&prefix), false);
    merge_bare *list = NULL;
    size_t capacity = 0;

    if (it == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it); ts_iter_next(it)) {
        Ts__Webhooks__Totals *row = NULL;
        merge_bare found = { .types = 0 };
        ts_tenant tenant;
        ts_str id;
        ts_status st;

        if (!key_read_endpoint(ts_iter_key(it), &tenant, &id))
            return TS_CORRUPT;
        st = row_totals(app->store, tenant, id, call->arena, &row);
        if (st != TS_OK)
            return st;
        for (uint32_t type = 0; type < TYPES_COUNT; type++) {
            size_t at = type * DELIVERY_STATES + DELIVERY_PENDING;

            if ((of->type == MERGE_ALL || of->type == type) && at < row->n_counts &&
                row->counts[at] > 0)
                found.types |= UINT32_C(1) << type;
        }
        if (found.types == 0)
            continue;
        if (!ts_arena_grow(call->arena, &list, o->bare_count, &capacity, sizeof(*list)))
            return TS_NOMEM;
        found.begin = key_endpoint(tenant, id);
        list[o->bare_count++] = found;
    }
    o->bare = list;
    return ts_iter_status(it);
}

static ts_status walk(webhooks *app, ts_call *call, const list_of *of, uint64_t offset,
                      uint32_t limit, Ts__Webhooks__EventList *ret)
{
    merge_options o = { .store = app->store,
                        .family = of->endpoint.n > 0 ? WEBHOOKS_OWED_INDEX : WEBHOOKS_EVENT_INDEX,
                        .begin = of->endpoint.n > 0 ? key_endpoint(call->tenant, of->endpoint)
                                                    : key_tenant(call->tenant),
                        .type = of->type,
                        .state = of->state };
    TS_CLEANUP(merge_free_p) merge *m = NULL;
    index_place at;

    if (of->endpoint.n == 0 && (of->state == MERGE_ALL || of->state == DELIVERY_PENDING)) {
        ts_status st = find_bare(app, call, of, &o);

        if (st != TS_OK)
            return st;
    }
    m = merge_new(&o);
    ret->events = ts_arena_array(call->arena, limit, sizeof(Ts__Webhooks__Event *));
    if (ret->events == NULL || m == NULL)
        return TS_NOMEM;
    while (offset > 0 && merge_next(m, &at))
        offset--;
    while (offset == 0 && ret->n_events < limit && merge_next(m, &at)) {
        Ts__Webhooks__Event *event = NULL;
        ts_status st = load(app, call, at.event, &event);

        if (st != TS_OK && st != TS_NOT_FOUND)
            return st;
        if (st == TS_OK)
            ret->events[ret->n_events++] = event;
    }
    return merge_status(m);
}

ts_status webhooks_rpc_list_events(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Webhooks__ListEventsRequest *request = (const Ts__Webhooks__ListEventsRequest *)in;
    Ts__Webhooks__EventList *reply = (Ts__Webhooks__EventList *)out;
    list_of of;
    ts_status st = parse(request, &of, call->error);

    if (st == TS_OK)
        st = count_all(call->service, call, &of, &reply->total);
    if (st == TS_OK)
        st = walk(call->service, call, &of, request->offset, request->limit, reply);
    return st;
}

static ts_status no_event(ts_call *call)
{
    return ts_fail(call->error, TS_NOT_FOUND, "id", "There is no such webhook event.");
}

static ts_status event_id(ts_call *call, const ProtobufCMessage *in, ts_hash128 *ret)
{
    ts_str id = ts_str_of(((const Ts__Webhooks__EventId *)in)->id);

    return ts_id_parse("evt_", id, ret) == TS_OK ? TS_OK : no_event(call);
}

ts_status webhooks_rpc_get_event(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    Ts__Webhooks__Event *event = NULL;
    ts_hash128 id;
    ts_status st = event_id(call, in, &id);

    if (st == TS_OK)
        st = load(call->service, call, id, &event);
    if (st == TS_NOT_FOUND)
        return no_event(call);
    if (st == TS_OK)
        *(Ts__Webhooks__Event *)out = *event;
    return st;
}

/* ---- replays ---- */

static ts_status replay(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    Ts__Webhooks__ReplayReply *reply = (Ts__Webhooks__ReplayReply *)out;
    webhooks *app = call->service;
    TS_CLEANUP(change_done) change c = { 0 };
    char details[48];
    ts_hash128 id;
    ts_status st = event_id(call, in, &id);

    if (st == TS_OK)
        st = change_init(&c, &app->ledger, NULL, call->arena);
    if (st == TS_OK)
        st = replay_event(&c, call->tenant, id, &reply->deliveries, call->error);
    if (st != TS_OK)
        return st;
    reply->id = ((const Ts__Webhooks__EventId *)in)->id;
    snprintf(details, sizeof(details), "{\"deliveries\":%llu}",
             (unsigned long long)reply->deliveries);
    ts_audit_add(c.batch, WEBHOOKS_TO_AUTH, call, "event.replayed", reply->id, ts_str_of(details));
    st = ts_once_keep(c.batch, app->store, WEBHOOKS_ONCE, call, in, out);
    return st == TS_OK ? change_write(&c, NULL) : st;
}

ts_status webhooks_rpc_replay_event(ts_call *call, const ProtobufCMessage *in,
                                    ProtobufCMessage *out)
{
    ts_hash128 id;
    ts_status st = event_id(call, in, &id);

    return st == TS_OK ? webhooks_change(call, in, out, replay) : st;
}

static ts_status ask_failed(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Webhooks__ReplayFailedRequest *request =
        (const Ts__Webhooks__ReplayFailedRequest *)in;
    Ts__Webhooks__ReplayReply *reply = (Ts__Webhooks__ReplayReply *)out;
    webhooks *app = call->service;
    TS_CLEANUP(ts_batch_free_p) ts_batch *batch = ts_batch_new();
    ready_endpoint *e = ledger_endpoint(&app->ledger, ts_str_of(request->id));
    list_of of = { MERGE_ALL, DELIVERY_FAILED, ts_str_of(request->id) };
    char details[96];
    char since[TS_RFC3339_SIZE];
    ts_status st;

    if (e == NULL || e->is_gone || e->tenant.org != call->tenant.org ||
        e->tenant.mode != call->tenant.mode)
        return ts_fail(call->error, TS_NOT_FOUND, "id", "There is no such webhook endpoint.");
    if (batch == NULL)
        return TS_NOMEM;
    reply->id = request->id;
    reply->since_ms = request->since_ms;
    reply->deliveries = sum(e->counts, &of);
    ts_time_format(request->since_ms, false, since);
    snprintf(details, sizeof(details), "{\"since\":%s%s%s}", request->since_ms == 0 ? "" : "\"",
             request->since_ms == 0 ? "null" : since, request->since_ms == 0 ? "" : "\"");
    ts_audit_add(batch, WEBHOOKS_TO_AUTH, call, "endpoint.replayed", reply->id, ts_str_of(details));
    st = ts_once_keep(batch, app->store, WEBHOOKS_ONCE, call, in, out);
    if (st != TS_OK)
        return st;
    replay_ask(&app->ledger, batch, e, request->since_ms);
    return ts_store_write(app->store, batch, NULL);
}

ts_status webhooks_rpc_replay_failed(ts_call *call, const ProtobufCMessage *in,
                                     ProtobufCMessage *out)
{
    if (((const Ts__Webhooks__ReplayFailedRequest *)in)->since_ms < 0)
        return ts_fail(call->error, TS_INVALID, "since", "since must be a time after 1970");
    return webhooks_change(call, in, out, ask_failed);
}
