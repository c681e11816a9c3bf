#include "rows.h"

#include <assert.h>

/* *ret (a pointer to a row of that type) lives in the arena. */
static ts_status load(ts_store *s, unsigned family, const webhooks_key *key,
                      const ProtobufCMessageDescriptor *type, ts_arena *arena, void *ret)
{
    ProtobufCMessage *m = NULL;
    ts_str value;
    ts_status st = ts_store_get(s, family, key_view(key), arena, &value);

    if (st == TS_OK)
        st = ts_arena_unpack(arena, type, value, &m);
    if (st == TS_OK)
        memcpy(ret, &m, sizeof(m));
    return st;
}

ts_status row_endpoint(ts_store *s, ts_tenant t, ts_str id, ts_arena *arena,
                       Ts__Webhooks__Endpoint **ret)
{
    webhooks_key key = key_endpoint(t, id);

    return load(s, WEBHOOKS_ENDPOINTS, &key, &ts__webhooks__endpoint__descriptor, arena, ret);
}

ts_status row_event(ts_store *s, ts_tenant t, ts_hash128 id, ts_arena *arena,
                    Ts__Webhooks__StoredEvent **ret)
{
    webhooks_key key = key_event(t, id);
    ts_status st =
        load(s, WEBHOOKS_EVENTS, &key, &ts__webhooks__stored_event__descriptor, arena, ret);

    return st == TS_OK && (*ret)->event == NULL ? TS_CORRUPT : st;
}

/* What a bare delivery's rows are made of; TS_CORRUPT: the event is of no kind. */
static ts_status bare_place(const Ts__Webhooks__StoredEvent *event, ts_arena *arena,
                            Ts__Webhooks__StoredState **ret)
{
    Ts__Webhooks__StoredState *state = ts_arena_alloc(arena, sizeof(*state));

    if (state == NULL)
        return TS_NOMEM;
    ts__webhooks__stored_state__init(state);
    state->created_ms = event->event->created_ms;
    if (!type_number(ts_str_of(event->event->event), &state->type))
        return TS_CORRUPT;
    *ret = state;
    return TS_OK;
}

/* The delivery of an event that nothing has happened to yet. */
static ts_status first_delivery(const Ts__Webhooks__StoredEvent *event, ts_arena *arena,
                                Ts__Webhooks__StoredDelivery **ret)
{
    Ts__Webhooks__StoredDelivery *d = ts_arena_alloc(arena, sizeof(*d));

    if (d == NULL)
        return TS_NOMEM;
    ts__webhooks__stored_delivery__init(d);
    d->delivery = ts_arena_alloc(arena, sizeof(*d->delivery));
    if (d->delivery == NULL)
        return TS_NOMEM;
    ts__webhooks__delivery__init(d->delivery);
    d->delivery->endpoint_id = event->sole_endpoint;
    d->delivery->status =
        (char *)(uintptr_t)delivery_state_name(DELIVERY_PENDING); /* only packed */
    d->delivery->next_attempt_ms = event->sole_due_ms;
    d->due_ms = event->sole_due_ms;
    d->sole = true;
    *ret = d;
    return TS_OK;
}

/* An event's only delivery, if it has no row of its own: it arrived at once, or nothing has happened to it yet. */
static ts_status sole_delivery(ts_store *s, ts_tenant t, ts_hash128 id,
                               const Ts__Webhooks__StoredEvent *event, ts_arena *arena,
                               Ts__Webhooks__StoredDelivery **ret)
{
    index_place at = { .state = DELIVERY_DELIVERED, .event = id };
    Ts__Webhooks__StoredState *bare = NULL;
    webhooks_key key;
    ts_status st;

    if (!event->bare)
        return first_delivery(event, arena, ret);
    st = bare_place(event, arena, &bare);
    if (st != TS_OK)
        return st;
    at.type = bare->type;
    at.created_ms = bare->created_ms;
    key = key_owed_index(t, ts_str_of(event->sole_endpoint), &at);
    st = load(s, WEBHOOKS_OWED_INDEX, &key, &ts__webhooks__stored_delivery__descriptor, arena, ret);
    if (st == TS_OK)
        return (*ret)->delivery == NULL ? TS_CORRUPT : TS_OK;
    if (st == TS_NOT_FOUND)
        st = first_delivery(event, arena, ret);
    if (st == TS_OK)
        (*ret)->bare = bare;
    return st;
}

static ts_status stored_delivery(ts_store *s, ts_tenant t, ts_hash128 event, ts_str endpoint,
                                 ts_arena *arena, Ts__Webhooks__StoredDelivery **ret)
{
    webhooks_key key = key_delivery(t, event, endpoint);
    ts_status st =
        load(s, WEBHOOKS_DELIVERIES, &key, &ts__webhooks__stored_delivery__descriptor, arena, ret);

    return st == TS_OK && (*ret)->delivery == NULL ? TS_CORRUPT : st;
}

ts_status row_delivery(ts_store *s, ts_tenant t, ts_hash128 event, ts_str endpoint, ts_arena *arena,
                       Ts__Webhooks__StoredDelivery **ret)
{
    Ts__Webhooks__StoredEvent *of = NULL;
    ts_status st = stored_delivery(s, t, event, endpoint, arena, ret);

    if (st != TS_NOT_FOUND)
        return st;
    st = row_event(s, t, event, arena, &of);
    if (st != TS_OK)
        return st;
    return endpoint.n > 0 && ts_str_is(endpoint, of->sole_endpoint)
               ? sole_delivery(s, t, event, of, arena, ret)
               : TS_NOT_FOUND;
}

static ts_status push(row_deliveries *list, size_t *capacity, Ts__Webhooks__StoredDelivery *d,
                      ts_arena *arena)
{
    if (list->count == *capacity) {
        size_t more = *capacity == 0 ? 4 : 2 * *capacity;
        Ts__Webhooks__StoredDelivery **items = ts_arena_array(arena, more, sizeof(*items));

        if (items == NULL)
            return TS_NOMEM;
        if (list->count > 0)
            memcpy(items, list->items, list->count * sizeof(*items));
        list->items = items;
        *capacity = more;
    }
    list->items[list->count++] = d;
    return TS_OK;
}

static ts_status push_first(ts_store *s, ts_tenant t, ts_hash128 id,
                            const Ts__Webhooks__StoredEvent *event, ts_arena *arena,
                            size_t *capacity, row_deliveries *ret)
{
    Ts__Webhooks__StoredDelivery *d = NULL;
    Ts__Webhooks__StoredEvent *row = NULL;
    ts_status st = event == NULL ? row_event(s, t, id, arena, &row) : TS_OK;

    if (st == TS_OK && event == NULL)
        event = row;
    if (st != TS_OK || event->sole_endpoint[0] == '\0')
        return st;
    st = sole_delivery(s, t, id, event, arena, &d);
    return st == TS_OK ? push(ret, capacity, d, arena) : st;
}

ts_status row_deliveries_of(ts_store *s, ts_tenant t, ts_hash128 id,
                            const Ts__Webhooks__StoredEvent *event, ts_arena *arena,
                            row_deliveries *ret)
{
    webhooks_key prefix = key_event(t, id);
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_prefix(s, WEBHOOKS_DELIVERIES, key_view(&prefix), false);
    size_t capacity = 0;
    ts_status st = it == NULL ? TS_NOMEM : TS_OK;

    *ret = (row_deliveries){ 0 };
    for (; st == TS_OK && ts_iter_valid(it); ts_iter_next(it)) {
        Ts__Webhooks__StoredDelivery *d;
        ProtobufCMessage *m = NULL;

        st = ts_arena_unpack(arena, &ts__webhooks__stored_delivery__descriptor, ts_iter_value(it),
                             &m);
        if (st != TS_OK)
            return st;
        d = (Ts__Webhooks__StoredDelivery *)m;
        st = d->delivery == NULL ? TS_CORRUPT : push(ret, &capacity, d, arena);
    }
    if (st == TS_OK)
        st = ts_iter_status(it);
    return st == TS_OK && ret->count == 0 ? push_first(s, t, id, event, arena, &capacity, ret) : st;
}

static ts_status sole_state(ts_store *s, ts_tenant t, ts_hash128 id,
                            const Ts__Webhooks__StoredEvent *event, ts_arena *arena,
                            Ts__Webhooks__StoredState **ret, bool *ret_is_bare)
{
    Ts__Webhooks__StoredState *row = NULL;
    Ts__Webhooks__StoredDelivery *d = NULL;
    delivery_state state;
    ts_status st = bare_place(event, arena, &row);

    if (st == TS_OK)
        st = stored_delivery(s, t, id, ts_str_of(event->sole_endpoint), arena, &d);
    if (st == TS_NOT_FOUND)
        st = sole_delivery(s, t, id, event, arena, &d);
    if (st != TS_OK)
        return st;
    if (!delivery_state_parse(ts_str_of(d->delivery->status), &state))
        return TS_CORRUPT;
    *ret_is_bare = d->bare != NULL;
    *state_count(row, state) = 1;
    *ret = row;
    return TS_OK;
}

ts_status row_state(ts_store *s, ts_tenant t, ts_hash128 id, const Ts__Webhooks__StoredEvent *event,
                    ts_arena *arena, Ts__Webhooks__StoredState **ret, bool *ret_is_sole,
                    bool *ret_is_bare)
{
    webhooks_key key = key_event(t, id);
    Ts__Webhooks__StoredEvent *row = NULL;
    ts_status st = TS_NOT_FOUND;

    *ret_is_bare = false;
    *ret_is_sole = event != NULL && event->sole_endpoint[0] != '\0';
    if (!*ret_is_sole)
        st = load(s, WEBHOOKS_STATES, &key, &ts__webhooks__stored_state__descriptor, arena, ret);
    if (st == TS_OK)
        return (*ret)->type >= TYPES_COUNT ? TS_CORRUPT : TS_OK;
    if (st == TS_NOT_FOUND && event == NULL) {
        st = row_event(s, t, id, arena, &row);
        event = row;
        *ret_is_sole = st == TS_OK && row->sole_endpoint[0] != '\0';
    }
    return *ret_is_sole ? sole_state(s, t, id, event, arena, ret, ret_is_bare)
                        : (st == TS_OK ? TS_NOT_FOUND : st);
}

ts_status row_totals(ts_store *s, ts_tenant t, ts_str endpoint, ts_arena *arena,
                     Ts__Webhooks__Totals **ret)
{
    bool owed = endpoint.n > 0;
    webhooks_key key = owed ? key_endpoint(t, endpoint) : key_tenant(t);
    ts_status st = load(s, owed ? WEBHOOKS_OWED_TOTALS : WEBHOOKS_TOTALS, &key,
                        &ts__webhooks__totals__descriptor, arena, ret);

    if (st == TS_NOT_FOUND) {
        *ret = ts_arena_alloc(arena, sizeof(**ret));
        if (*ret == NULL)
            return TS_NOMEM;
        ts__webhooks__totals__init(*ret);
        return TS_OK;
    }
    return st;
}

ts_status row_replay(ts_store *s, ts_tenant t, ts_str endpoint, ts_arena *arena,
                     Ts__Webhooks__ReplayJob **ret)
{
    webhooks_key key = key_endpoint(t, endpoint);

    return load(s, WEBHOOKS_REPLAYS, &key, &ts__webhooks__replay_job__descriptor, arena, ret);
}

void row_put_endpoint(ts_batch *b, ts_store *s, ts_tenant t, const Ts__Webhooks__Endpoint *row)
{
    webhooks_key key = key_endpoint(t, ts_str_of(row->id));

    ts_batch_put_message(b, s, WEBHOOKS_ENDPOINTS, key_view(&key), &row->base);
}

void row_put_event(ts_batch *b, ts_store *s, ts_tenant t, ts_hash128 id,
                   const Ts__Webhooks__StoredEvent *row)
{
    webhooks_key key = key_event(t, id);

    ts_batch_put_message(b, s, WEBHOOKS_EVENTS, key_view(&key), &row->base);
}

void row_unbare(ts_batch *b, ts_store *s, ts_tenant t, ts_hash128 event,
                Ts__Webhooks__StoredDelivery *d)
{
    index_place at = { .state = INDEX_BARE, .event = event };
    ts_str endpoint = ts_str_of(d->delivery->endpoint_id);
    webhooks_key key;

    if (d->bare == NULL)
        return;
    at.type = d->bare->type;
    at.created_ms = d->bare->created_ms;
    key = key_owed_index(t, endpoint, &at);
    ts_batch_delete(b, s, WEBHOOKS_OWED_INDEX, key_view(&key));
    at.state = DELIVERY_PENDING;
    key = key_owed_index(t, endpoint, &at);
    ts_batch_put(b, s, WEBHOOKS_OWED_INDEX, key_view(&key), TS_STR_NULL);
    key = key_event_index(t, &at);
    ts_batch_put(b, s, WEBHOOKS_EVENT_INDEX, key_view(&key), TS_STR_NULL);
    d->bare = NULL;
}

void row_put_delivery(ts_batch *b, ts_store *s, ts_tenant t, ts_hash128 event,
                      const Ts__Webhooks__StoredDelivery *row)
{
    webhooks_key key = key_delivery(t, event, ts_str_of(row->delivery->endpoint_id));

    assert(row->bare == NULL);
    ts_batch_put_message(b, s, WEBHOOKS_DELIVERIES, key_view(&key), &row->base);
}

void row_put_state(ts_batch *b, ts_store *s, ts_tenant t, ts_hash128 event,
                   const Ts__Webhooks__StoredState *row)
{
    webhooks_key key = key_event(t, event);

    ts_batch_put_message(b, s, WEBHOOKS_STATES, key_view(&key), &row->base);
}

void row_put_totals(ts_batch *b, ts_store *s, ts_tenant t, ts_str endpoint,
                    const Ts__Webhooks__Totals *row)
{
    bool owed = endpoint.n > 0;
    webhooks_key key = owed ? key_endpoint(t, endpoint) : key_tenant(t);

    ts_batch_put_message(b, s, owed ? WEBHOOKS_OWED_TOTALS : WEBHOOKS_TOTALS, key_view(&key),
                         &row->base);
}

void row_put_replay(ts_batch *b, ts_store *s, ts_tenant t, ts_str endpoint,
                    const Ts__Webhooks__ReplayJob *row)
{
    webhooks_key key = key_endpoint(t, endpoint);

    ts_batch_put_message(b, s, WEBHOOKS_REPLAYS, key_view(&key), &row->base);
}

bool delivery_is_pending(const Ts__Webhooks__StoredDelivery *row)
{
    return strcmp(row->delivery->status, delivery_state_name(DELIVERY_PENDING)) == 0;
}

bool endpoint_is_ending(const Ts__Webhooks__Endpoint *row)
{
    return !row->enabled && strcmp(row->disabled_reason, ENDPOINT_ENDING) == 0;
}

delivery_state event_state(const Ts__Webhooks__StoredState *row)
{
    if (row->pending > 0)
        return DELIVERY_PENDING;
    return row->failed > 0 ? DELIVERY_FAILED : DELIVERY_DELIVERED;
}

uint32_t *state_count(Ts__Webhooks__StoredState *row, delivery_state state)
{
    switch (state) {
    case DELIVERY_PENDING: return &row->pending;
    case DELIVERY_DELIVERED: return &row->delivered;
    case DELIVERY_FAILED: break;
    }
    return &row->failed;
}
