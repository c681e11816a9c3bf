#include "rows.h"

static ts_status load(ts_store *s, unsigned family, const webhooks_key *key,
                      const ProtobufCMessageDescriptor *type, ts_arena *arena,
                      ProtobufCMessage **ret)
{
    ts_str value;
    ts_status st = ts_store_get(s, family, key_view(key), arena, &value);

    return st == TS_OK ? ts_arena_unpack(arena, type, value, ret) : st;
}

ts_status row_endpoint(ts_store *s, ts_tenant t, ts_str id, ts_arena *arena,
                       Ts__Webhooks__Endpoint **ret)
{
    webhooks_key key = key_endpoint(t, id);
    ProtobufCMessage *m = NULL;
    ts_status st =
        load(s, WEBHOOKS_ENDPOINTS, &key, &ts__webhooks__endpoint__descriptor, arena, &m);

    if (st == TS_OK)
        *ret = (Ts__Webhooks__Endpoint *)m;
    return st;
}

ts_status row_event(ts_store *s, ts_tenant t, ts_hash128 id, ts_arena *arena,
                    Ts__Webhooks__StoredEvent **ret)
{
    webhooks_key key = key_event(t, id);
    ProtobufCMessage *m = NULL;
    ts_status st =
        load(s, WEBHOOKS_EVENTS, &key, &ts__webhooks__stored_event__descriptor, arena, &m);

    if (st == TS_OK)
        *ret = (Ts__Webhooks__StoredEvent *)m;
    return st == TS_OK && (*ret)->event == NULL ? TS_CORRUPT : st;
}

ts_status row_delivery(ts_store *s, ts_tenant t, ts_hash128 event, ts_str endpoint, ts_arena *arena,
                       Ts__Webhooks__StoredDelivery **ret)
{
    webhooks_key key = key_delivery(t, event, endpoint);
    ProtobufCMessage *m = NULL;
    ts_status st =
        load(s, WEBHOOKS_DELIVERIES, &key, &ts__webhooks__stored_delivery__descriptor, arena, &m);

    if (st == TS_OK)
        *ret = (Ts__Webhooks__StoredDelivery *)m;
    return st == TS_OK && (*ret)->delivery == NULL ? TS_CORRUPT : st;
}

ts_status row_state(ts_store *s, ts_tenant t, ts_hash128 event, ts_arena *arena,
                    Ts__Webhooks__StoredState **ret)
{
    webhooks_key key = key_event(t, event);
    ProtobufCMessage *m = NULL;
    ts_status st =
        load(s, WEBHOOKS_STATES, &key, &ts__webhooks__stored_state__descriptor, arena, &m);

    if (st == TS_OK)
        *ret = (Ts__Webhooks__StoredState *)m;
    return st == TS_OK && (*ret)->type >= TYPES_COUNT ? TS_CORRUPT : st;
}

ts_status row_totals(ts_store *s, ts_tenant t, ts_str endpoint, ts_arena *arena,
                     Ts__Webhooks__Totals **ret)
{
    bool owed = endpoint.n > 0;
    webhooks_key key = owed ? key_endpoint(t, endpoint) : key_tenant(t);
    ProtobufCMessage *m = NULL;
    ts_status st = load(s, owed ? WEBHOOKS_OWED_TOTALS : WEBHOOKS_TOTALS, &key,
                        &ts__webhooks__totals__descriptor, arena, &m);

    if (st == TS_NOT_FOUND) {
        *ret = ts_arena_alloc(arena, sizeof(**ret));
        if (*ret == NULL)
            return TS_NOMEM;
        ts__webhooks__totals__init(*ret);
        return TS_OK;
    }
    if (st == TS_OK)
        *ret = (Ts__Webhooks__Totals *)m;
    return st;
}

ts_status row_replay(ts_store *s, ts_tenant t, ts_str endpoint, ts_arena *arena,
                     Ts__Webhooks__ReplayJob **ret)
{
    webhooks_key key = key_endpoint(t, endpoint);
    ProtobufCMessage *m = NULL;
    ts_status st =
        load(s, WEBHOOKS_REPLAYS, &key, &ts__webhooks__replay_job__descriptor, arena, &m);

    if (st == TS_OK)
        *ret = (Ts__Webhooks__ReplayJob *)m;
    return st;
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

void row_put_delivery(ts_batch *b, ts_store *s, ts_tenant t, ts_hash128 event,
                      const Ts__Webhooks__StoredDelivery *row)
{
    webhooks_key key = key_delivery(t, event, ts_str_of(row->delivery->endpoint_id));

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
