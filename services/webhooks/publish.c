/* From something that happened to an event and its deliveries, in one batch. */
#include "ledger.h"
#include "ts/json.h"
#include "types.h"

#define BODY_EXTRA_MAX 512

/* The signed bytes, made once: {"id","event","timestamp","data"}. */
static ts_status make_body(const Ts__WebhookPublish *p, const char *id, ts_buf *out)
{
    ts_jsonw w = ts_jsonw_on(out);

    ts_jsonw_object(&w);
    ts_jsonw_kz(&w, "id", id);
    ts_jsonw_kz(&w, "event", p->event);
    ts_jsonw_ktime(&w, "timestamp", p->at_ms);
    ts_jsonw_key(&w, "data");
    ts_jsonw_raw(&w, ts_str_of(p->data));
    ts_jsonw_object_end(&w);
    return ts_buf_status(out);
}

static ts_status check(const Ts__WebhookPublish *p, ts_error *err)
{
    size_t n = strlen(p->data);

    if (p->cause.len != 16)
        return ts_fail(err, TS_INVALID, "cause", "cause must have 16 bytes");
    if (!type_is_known(ts_str_of(p->event)))
        return ts_fail(err, TS_INVALID, "event", "unknown kind of event");
    if (n < 2 || n > LEDGER_DATA_MAX || p->data[0] != '{' || p->data[n - 1] != '}')
        return ts_fail(err, TS_INVALID, "data", "data must be a JSON object of at most %u bytes",
                       LEDGER_DATA_MAX);
    return TS_OK;
}

static void put_delivery(ledger *l, ts_batch *batch, ts_tenant t, ts_hash128 event,
                         const Ts__Webhooks__Endpoint *endpoint, int64_t now_ms)
{
    Ts__Webhooks__Delivery delivery = TS__WEBHOOKS__DELIVERY__INIT;
    Ts__Webhooks__StoredDelivery row = TS__WEBHOOKS__STORED_DELIVERY__INIT;
    webhooks_key due = key_due(t, ts_str_of(endpoint->id), now_ms, event);

    delivery.endpoint_id = endpoint->id;
    delivery.status = (char *)(uintptr_t)delivery_state_name(DELIVERY_PENDING); /* only packed */
    delivery.next_attempt_ms = now_ms;
    row.delivery = &delivery;
    row.due_ms = now_ms;
    row_put_delivery(batch, l->store, t, event, &row);
    ts_batch_put(batch, l->store, WEBHOOKS_DUE, key_view(&due), TS_STR_NULL);
}

static ts_status put_deliveries(ledger *l, ts_batch *batch, ts_tenant t, ts_hash128 event,
                                ts_str type, ts_arena *arena, uint32_t *ret_count)
{
    webhooks_key prefix = key_tenant(t);
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_prefix(l->store, WEBHOOKS_ENDPOINTS, key_view(&prefix), false);
    int64_t now_ms = clock_now(&l->clock);

    if (it == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it); ts_iter_next(it)) {
        ProtobufCMessage *m = NULL;
        const Ts__Webhooks__Endpoint *endpoint;
        ready_endpoint *e;
        ts_status st =
            ts_arena_unpack(arena, &ts__webhooks__endpoint__descriptor, ts_iter_value(it), &m);

        if (st != TS_OK)
            return st;
        endpoint = (const Ts__Webhooks__Endpoint *)m;
        e = ledger_endpoint(l, ts_str_of(endpoint->id));
        if (!endpoint->enabled || e == NULL || e->is_gone ||
            !type_is_wanted(type, endpoint->events, endpoint->n_events))
            continue;
        put_delivery(l, batch, t, event, endpoint, now_ms);
        /* Before the batch is written, but under the lock: who leases sees the row or nothing due. */
        ledger_due(l, e, now_ms);
        ++*ret_count;
    }
    return ts_iter_status(it);
}

static ts_status put_event(ledger *l, ts_batch *batch, ts_tenant t, ts_hash128 id,
                           Ts__Webhooks__Event *event, uint32_t deliveries, ts_arena *arena)
{
    Ts__Webhooks__StoredEvent row = TS__WEBHOOKS__STORED_EVENT__INIT;
    Ts__Webhooks__Totals *totals = NULL;
    delivery_state state;
    webhooks_key key;
    ts_status st = row_totals(l->store, t, arena, &totals);

    if (st != TS_OK)
        return st;
    row.event = event;
    row.pending = deliveries;
    state = event_state(&row);
    event->status = (char *)(uintptr_t)delivery_state_name(state); /* only packed */
    row_put_event(batch, l->store, t, id, &row);
    key = key_order(t, event->created_ms, id);
    ts_batch_put(batch, l->store, WEBHOOKS_EVENT_ORDER, key_view(&key), TS_STR_NULL);
    key = key_status(t, state, event->created_ms, id);
    ts_batch_put(batch, l->store, WEBHOOKS_EVENT_STATUS, key_view(&key), TS_STR_NULL);
    ++*totals_of(totals, state);
    row_put_totals(batch, l->store, t, totals);
    ts_metric_add(l->metrics.published, 1);
    return TS_OK;
}

ts_status ledger_publish(ledger *l, ts_tenant t, const Ts__WebhookPublish *p, ts_arena *arena,
                         ts_batch *batch, ts_error *err)
{
    TS_CLEANUP(ts_buf_done) ts_buf body = TS_BUF_INIT(LEDGER_DATA_MAX + BODY_EXTRA_MAX);
    Ts__Webhooks__Event event = TS__WEBHOOKS__EVENT__INIT;
    char id[TS_ID_SIZE];
    ts_hash128 cause;
    uint32_t deliveries = 0;
    webhooks_key key;
    ts_status st = check(p, err);

    if (st != TS_OK)
        return st;
    memcpy(cause.bytes, p->cause.data, sizeof(cause.bytes));
    key = key_event(t, cause);
    if (ts_store_has(l->store, WEBHOOKS_EVENTS, key_view(&key)))
        return TS_OK; /* told twice */
    ts_id_format("evt_", cause, id);
    st = make_body(p, id, &body);
    if (st == TS_OK)
        st = put_deliveries(l, batch, t, cause, ts_str_of(p->event), arena, &deliveries);
    if (st != TS_OK)
        return st;
    event.id = id;
    event.event = p->event;
    event.created_ms = p->at_ms;
    event.body.data = (uint8_t *)body.data;
    event.body.len = body.size;
    return put_event(l, batch, t, cause, &event, deliveries, arena);
}
