/* From something that happened to an event and its deliveries, in one batch. */
#include "change.h"
#include "queue.h"
#include "ts/json.h"
#include "ts/trace.h"

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

static ts_status check(const Ts__WebhookPublish *p, uint32_t *ret_type, ts_error *err)
{
    size_t n = strlen(p->data);

    if (p->cause.len != 16)
        return ts_fail(err, TS_INVALID, "cause", "cause must have 16 bytes");
    if (!type_number(ts_str_of(p->event), ret_type))
        return ts_fail(err, TS_INVALID, "event", "unknown kind of event");
    if (n < 2 || n > LEDGER_DATA_MAX || p->data[0] != '{' || p->data[n - 1] != '}')
        return ts_fail(err, TS_INVALID, "data", "data must be a JSON object of at most %u bytes",
                       LEDGER_DATA_MAX);
    return TS_OK;
}

static void put_delivery(change *c, change_event *event, ready_endpoint *e, int64_t now_ms,
                         bool is_sole)
{
    Ts__Webhooks__Delivery delivery = TS__WEBHOOKS__DELIVERY__INIT;
    Ts__Webhooks__StoredDelivery row = TS__WEBHOOKS__STORED_DELIVERY__INIT;

    delivery.endpoint_id = e->id;
    delivery.status = (char *)(uintptr_t)delivery_state_name(DELIVERY_PENDING); /* only packed */
    row.delivery = &delivery;
    row.sole = is_sole;
    if (is_sole)
        row.bare = event->row;
    event->is_sole = event->is_bare = is_sole; /* its row would say what the event's does */
    change_owe(c, event, e);
    queue_put(c->l, c->batch, e, event->id, &row, now_ms);
    if (is_sole) {
        event->sole_endpoint = e->id;
        event->sole_due_ms = row.due_ms;
        return;
    }
    row_put_delivery(c->batch, c->l->store, event->tenant, event->id, &row);
}

static bool is_owed(const ready_endpoint *e, const change_event *event, const char *only)
{
    return !e->is_gone && !e->is_paused &&
           (only == NULL ? (e->wants >> event->row->type & 1) != 0 : strcmp(e->id, only) == 0);
}

/* `only`: this endpoint and no other, whatever it wants. */
static ts_status put_deliveries(change *c, change_event *event, const char *only)
{
    int64_t now_ms = clock_now(&c->l->clock);
    ledger_tenant *tenant = NULL;
    size_t owed = 0;
    ts_status st = ledger_tenant_of(c->l, event->tenant, &tenant);

    if (st != TS_OK)
        return st;
    for (const ready_endpoint *e = tenant->endpoints; e != NULL; e = e->next_of_tenant)
        owed += is_owed(e, event, only);
    for (ready_endpoint *e = tenant->endpoints; e != NULL; e = e->next_of_tenant) {
        if (is_owed(e, event, only))
            put_delivery(c, event, e, now_ms, owed == 1 && !e->is_ordered);
    }
    return TS_OK;
}

static void put_event(const change *c, const change_event *made, const Ts__WebhookPublish *p,
                      char *text_id, const ts_buf *body)
{
    Ts__Webhooks__Event event = TS__WEBHOOKS__EVENT__INIT;
    Ts__Webhooks__StoredEvent row = TS__WEBHOOKS__STORED_EVENT__INIT;

    event.id = text_id;
    event.event = p->event;
    event.created_ms = p->at_ms;
    event.body.data = (uint8_t *)body->data;
    event.body.len = body->size;
    row.event = &event;
    row.traceparent = (char *)(uintptr_t)ts_trace_parent(); /* only packed */
    if (made->is_sole) {
        row.sole_endpoint = (char *)(uintptr_t)made->sole_endpoint;
        row.sole_due_ms = made->sole_due_ms;
        row.bare = made->is_bare;
    }
    row_put_event(c->batch, c->l->store, made->tenant, made->id, &row);
}

ts_status change_publish(change *c, ts_tenant t, const Ts__WebhookPublish *p, const char *only,
                         ts_error *err)
{
    TS_CLEANUP(ts_buf_done) ts_buf body = TS_BUF_INIT(LEDGER_DATA_MAX + BODY_EXTRA_MAX);
    Ts__Webhooks__StoredState *state = ts_arena_alloc(c->arena, sizeof(*state));
    change_event *event = NULL;
    char id[TS_ID_SIZE];
    ts_hash128 cause;
    ts_status st;

    if (state == NULL)
        return TS_NOMEM;
    ts__webhooks__stored_state__init(state);
    st = check(p, &state->type, err);
    if (st != TS_OK)
        return st;
    memcpy(cause.bytes, p->cause.data, sizeof(cause.bytes));
    if (change_knows(c, t, cause))
        return TS_OK; /* told twice */
    ts_id_format("evt_", cause, id);
    state->created_ms = p->at_ms;
    st = make_body(p, id, &body);
    if (st == TS_OK)
        st = change_add(c, t, cause, state, &event);
    if (st == TS_OK)
        st = put_deliveries(c, event, only);
    if (st != TS_OK)
        return st;
    put_event(c, event, p, id, &body);
    ts_metric_add(c->l->metrics.published, 1);
    return TS_OK;
}

ts_status ledger_publish(ledger *l, ts_tenant t, const Ts__WebhookPublish *p, const char *only,
                         ts_arena *arena, ts_batch *batch, ts_error *err)
{
    TS_CLEANUP(change_done) change c = { 0 };
    ts_status st = change_init(&c, l, batch, arena);

    if (st == TS_OK)
        st = change_publish(&c, t, p, only, err);
    return st == TS_OK ? change_flush(&c) : st;
}
