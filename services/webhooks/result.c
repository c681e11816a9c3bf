/* What a dispatcher says became of an attempt. */
#include "ledger.h"
#include "ts/log.h"

static bool is_success(const Ts__Webhooks__DeliveryResult *r)
{
    return r->error[0] == '\0' && r->status_code >= 200 && r->status_code <= 299;
}

static bool holds_lease(const Ts__Webhooks__StoredDelivery *d,
                        const Ts__Webhooks__DeliveryResult *r)
{
    return d->lease_until_ms != 0 && d->token.len == 16 && r->token.len == 16 &&
           memcmp(d->token.data, r->token.data, 16) == 0;
}

/* The newest LEDGER_ATTEMPTS_MAX stay. */
static ts_status add_attempt(Ts__Webhooks__StoredDelivery *d, const Ts__Webhooks__DeliveryResult *r,
                             ts_arena *arena)
{
    Ts__Webhooks__Delivery *delivery = d->delivery;
    Ts__Webhooks__Attempt *a = ts_arena_alloc(arena, sizeof(*a));
    Ts__Webhooks__Attempt **list =
        ts_arena_array(arena, delivery->n_attempts + 1, sizeof(Ts__Webhooks__Attempt *));
    size_t from = delivery->n_attempts >= LEDGER_ATTEMPTS_MAX
                      ? delivery->n_attempts - LEDGER_ATTEMPTS_MAX + 1
                      : 0;
    size_t n = 0;

    if (a == NULL || list == NULL)
        return TS_NOMEM;
    ts__webhooks__attempt__init(a);
    a->number = r->attempt;
    a->at_ms = r->at_ms;
    a->status_code = r->status_code;
    a->duration_ms = r->duration_ms;
    a->error = is_success(r) || r->error[0] != '\0' ? r->error : (char *)(uintptr_t) "http_status";
    a->response = r->response;
    if (a->response.len > LEDGER_RESPONSE_MAX)
        a->response.len = LEDGER_RESPONSE_MAX;
    for (size_t i = from; i < delivery->n_attempts; i++)
        list[n++] = delivery->attempts[i];
    list[n++] = a;
    delivery->attempts = list;
    delivery->n_attempts = n;
    return TS_OK;
}

static void make_due(ledger *l, ts_batch *batch, ts_tenant t, ts_hash128 event,
                     Ts__Webhooks__StoredDelivery *d, int64_t due_ms)
{
    webhooks_key key = key_due(t, ts_str_of(d->delivery->endpoint_id), due_ms, event);

    d->due_ms = due_ms;
    d->delivery->next_attempt_ms = due_ms;
    ts_batch_put(batch, l->store, WEBHOOKS_DUE, key_view(&key), TS_STR_NULL);
}

static ts_status next_state(ledger *l, ts_batch *batch, ts_tenant t, ts_hash128 event,
                            Ts__Webhooks__StoredDelivery *d, const ready_endpoint *e,
                            const Ts__Webhooks__DeliveryResult *r, ts_arena *arena)
{
    int64_t now_ms = clock_now(&l->clock);
    bool is_gone = e == NULL || e->is_gone;
    int64_t wait_ms = 0;
    uint32_t random = 0;
    ts_status st;

    if (r->returned && !is_gone) {
        make_due(l, batch, t, event, d, now_ms);
        ts_metric_add(l->metrics.returned, 1);
        return TS_OK;
    }
    st = r->returned ? TS_OK : add_attempt(d, r, arena);
    if (st != TS_OK)
        return st;
    if (!r->returned && is_success(r))
        return ledger_settle(l, batch, t, event, d, DELIVERY_DELIVERED, arena);
    d->attempts++;
    st = ts_random(&random, sizeof(random));
    if (st != TS_OK)
        return st;
    if (is_gone || !schedule_next(l->retry, d->attempts, random, &wait_ms))
        return ledger_settle(l, batch, t, event, d, DELIVERY_FAILED, arena);
    make_due(l, batch, t, event, d, now_ms + wait_ms);
    ts_metric_add(l->metrics.retried, 1);
    return TS_OK;
}

/* Takes the delivery off the lease or due row that it stands on. *ret_was_leased: it was in flight. */
static void take_off(ledger *l, ts_batch *batch, ts_tenant t, ts_hash128 event,
                     Ts__Webhooks__StoredDelivery *d, bool *ret_was_leased)
{
    ts_str endpoint = ts_str_of(d->delivery->endpoint_id);
    webhooks_key key;

    *ret_was_leased = d->lease_until_ms != 0;
    if (d->lease_until_ms != 0) {
        key = key_lease(d->lease_until_ms, t, event, endpoint);
        ts_batch_delete(batch, l->store, WEBHOOKS_LEASES, key_view(&key));
    }
    if (d->due_ms != 0) {
        key = key_due(t, endpoint, d->due_ms, event);
        ts_batch_delete(batch, l->store, WEBHOOKS_DUE, key_view(&key));
    }
    d->lease_until_ms = 0;
    d->due_ms = 0;
    d->token.len = 0;
}

static ts_status apply(ledger *l, ts_tenant t, ts_hash128 event, Ts__Webhooks__StoredDelivery *d,
                       const Ts__Webhooks__DeliveryResult *r, ts_arena *arena, uint64_t *ret_ticket)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *batch = ts_batch_new();
    ready_endpoint *e = ledger_endpoint(l, ts_str_of(r->endpoint_id));
    bool was_leased;
    ts_status st;

    if (batch == NULL)
        return TS_NOMEM;
    take_off(l, batch, t, event, d, &was_leased);
    st = next_state(l, batch, t, event, d, e, r, arena);
    if (st != TS_OK)
        return st;
    row_put_delivery(batch, l->store, t, event, d);
    st = ts_store_write(l->store, batch, ret_ticket);
    if (st != TS_OK || e == NULL)
        return st;
    if (was_leased && e->in_flight > 0)
        e->in_flight--;
    ledger_due(l, e, d->due_ms != 0 ? d->due_ms : e->next_due_ms);
    return TS_OK;
}

/* A result that comes after its lease has ended still counts if it is a success that nobody else has told: the customer has
 * the event. */
static ts_status result_locked(ledger *l, const Ts__Webhooks__DeliveryResult *r, ts_arena *arena,
                               uint64_t *ret_ticket)
{
    ts_tenant t = { r->org, r->mode == TS_MODE_TEST ? TS_MODE_TEST : TS_MODE_LIVE };
    Ts__Webhooks__StoredDelivery *d = NULL;
    ts_hash128 event;
    ts_status st = ts_id_parse("evt_", ts_str_of(r->event_id), &event);

    if (st != TS_OK)
        return TS_NOT_FOUND;
    st = row_delivery(l->store, t, event, ts_str_of(r->endpoint_id), arena, &d);
    if (st != TS_OK)
        return st;
    if (strcmp(d->delivery->status, delivery_state_name(DELIVERY_PENDING)) != 0 ||
        (!holds_lease(d, r) && (r->returned || !is_success(r)))) {
        ts_metric_add(l->metrics.late, 1);
        return TS_NOT_FOUND;
    }
    return apply(l, t, event, d, r, arena, ret_ticket);
}

ts_status ledger_result(ledger *l, const Ts__Webhooks__DeliveryResult *r, ts_arena *arena,
                        uint64_t *ret_ticket)
{
    ts_status st;

    pthread_mutex_lock(&l->lock);
    st = result_locked(l, r, arena, ret_ticket);
    pthread_mutex_unlock(&l->lock);
    return st == TS_NOT_FOUND ? TS_OK : st;
}
