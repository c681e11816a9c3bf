/* What a dispatcher says became of an attempt. */
#include "result.h"

#include "disable.h"
#include "queue.h"
#include "ts/log.h"

const char *const result_classes[LEDGER_CLASSES] = {
    "delivered", "http_status", "timeout", "dns", "connect", "tls", "blocked_address", "other"
};

static bool is_success(const Ts__Webhooks__DeliveryResult *r)
{
    return r->error[0] == '\0' && r->status_code >= 200 && r->status_code <= 299;
}

static const char *class_of(const Ts__Webhooks__DeliveryResult *r)
{
    if (is_success(r))
        return "delivered";
    return r->error[0] == '\0' ? "http_status" : r->error;
}

static void count_class(const ledger *l, const char *class)
{
    unsigned i = 0;

    while (i + 1 < LEDGER_CLASSES && strcmp(result_classes[i], class) != 0)
        i++;
    ts_metric_add(l->metrics.attempts[i], 1);
}

static bool holds_lease(const lease_held *held, const Ts__Webhooks__DeliveryResult *r)
{
    return held != NULL && r->token.len == LEASE_TOKEN_SIZE &&
           memcmp(held->token, r->token.data, LEASE_TOKEN_SIZE) == 0;
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
    a->error = is_success(r) ? r->error : (char *)(uintptr_t)class_of(r); /* only packed */
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

static void learn(ledger *l, ready_endpoint *e, const Ts__Webhooks__DeliveryResult *r, change *c)
{
    bool success = is_success(r);

    ready_learn(&l->ready, e, success, strcmp(r->error, "timeout") == 0,
                (int64_t)r->duration_ms * 1000);
    count_class(l, class_of(r));
    if (success && e->failing_since_ms == 0)
        return;
    if (success) {
        e->failing_since_ms = 0;
        e->failures = 0;
    } else {
        if (e->failing_since_ms == 0 || e->failing_since_ms > clock_now(&l->clock))
            e->failing_since_ms = clock_now(&l->clock);
        e->failures++;
    }
    change_touch(c, e);
}

void result_settle(change *c, change_event *event, ready_endpoint *e,
                   Ts__Webhooks__StoredDelivery *d, delivery_state to)
{
    ledger *l = c->l;

    d->delivery->status = (char *)(uintptr_t)delivery_state_name(to); /* only packed */
    d->delivery->next_attempt_ms = 0;
    d->position_ms = 0;
    if (to == DELIVERY_FAILED)
        d->replay_ms = e->is_replaying ? e->replay_ms : 0;
    if (d->bare != NULL)
        change_arrive(c, event, e, d);
    else
        change_move(c, event, e, DELIVERY_PENDING, to);
    ts_metric_add(to == DELIVERY_DELIVERED ? l->metrics.delivered : l->metrics.failed, 1);
}

/* All that can fail has been done. */
static void apply(change *c, change_event *event, ready_endpoint *e,
                  Ts__Webhooks__StoredDelivery *d, const Ts__Webhooks__DeliveryResult *r,
                  uint32_t random)
{
    ledger *l = c->l;
    int64_t now_ms = clock_now(&l->clock);
    int64_t wait_ms = 0;
    bool arrives_bare = d->bare != NULL && is_success(r) && !r->returned;

    if (!arrives_bare)
        change_unbare(c, event, d);
    if (queue_take_off(l, c->batch, e, event->id, d))
        ready_release(&l->ready, e);
    if (!r->returned)
        learn(l, e, r, c);
    if (r->returned) {
        queue_put(l, c->batch, e, event->id, d, now_ms);
        ts_metric_add(l->metrics.returned, 1);
    } else if (is_success(r)) {
        result_settle(c, event, e, d, DELIVERY_DELIVERED);
    } else if (d->attempts++,
               e->is_gone || !schedule_next(l->options.retry, d->attempts, random, &wait_ms)) {
        result_settle(c, event, e, d, DELIVERY_FAILED);
    } else {
        queue_put(l, c->batch, e, event->id, d, now_ms + wait_ms);
        ts_metric_add(l->metrics.retried, 1);
    }
    if (!arrives_bare)
        row_put_delivery(c->batch, l->store, event->tenant, event->id, d);
    queue_due(l, e, e->low_due_ms, e->next_due_ms); /* a slot is free: it may be served */
}

/* The row of a delivery that nothing has happened to yet but being published and leased. */
static ts_status first_row(const lease_held *held, ts_arena *arena,
                           Ts__Webhooks__StoredDelivery **ret)
{
    Ts__Webhooks__StoredDelivery *d = ts_arena_alloc(arena, sizeof(*d));
    Ts__Webhooks__Delivery *delivery = ts_arena_alloc(arena, sizeof(*delivery));

    if (d == NULL || delivery == NULL)
        return TS_NOMEM;
    ts__webhooks__stored_delivery__init(d);
    ts__webhooks__delivery__init(delivery);
    delivery->endpoint_id = held->endpoint->id;
    delivery->status = (char *)(uintptr_t)delivery_state_name(DELIVERY_PENDING); /* only packed */
    d->delivery = delivery;
    d->due_ms = held->due_ms;
    d->sole = held->is_sole;
    if (held->is_bare) {
        d->bare = ts_arena_alloc(arena, sizeof(*d->bare));
        if (d->bare == NULL)
            return TS_NOMEM;
        ts__webhooks__stored_state__init(d->bare);
        d->bare->type = held->type;
        d->bare->created_ms = held->created_ms;
    }
    *ret = d;
    return TS_OK;
}

/* What the lease knows is not read. An ordered endpoint's row holds its position; a deleted organization's is gone. */
static bool is_known(const lease_held *held, ts_tenant t)
{
    const ready_endpoint *e = held == NULL ? NULL : held->endpoint;

    return e != NULL && !e->is_ordered && !e->is_gone && e->tenant.org == t.org &&
           e->tenant.mode == t.mode;
}

static ts_status load(change *c, const lease_held *held, ts_tenant t, ts_hash128 id,
                      ts_str endpoint, Ts__Webhooks__StoredDelivery **ret)
{
    return is_known(held, t) && held->is_first
               ? first_row(held, c->arena, ret)
               : row_delivery(c->l->store, t, id, endpoint, c->arena, ret);
}

static ts_status load_event(change *c, const lease_held *held, ts_tenant t, ts_hash128 id,
                            change_event **ret)
{
    return is_known(held, t) && held->is_sole
               ? change_know_sole(c, t, id, held->type, held->created_ms, held->is_bare, ret)
               : change_load(c, t, id, ret);
}

/* A result that comes after its lease has ended still counts if it is a success that nobody else has told: the customer has
 * the event. */
static bool counts(const Ts__Webhooks__StoredDelivery *d, const lease_held *held,
                   const Ts__Webhooks__DeliveryResult *r)
{
    return delivery_is_pending(d) && (holds_lease(held, r) || (!r->returned && is_success(r)));
}

/* Nothing can come of it: it is over, another has it, or it cannot be read. Told again, it would hold up all that is told with
 * it. */
static ts_status give_up(change *c, lease_held *held, const Ts__Webhooks__DeliveryResult *r)
{
    if (holds_lease(held, r)) {
        queue_drop(c->l, c->batch, held);
        return TS_OK;
    }
    ts_metric_add(c->l->metrics.late, 1);
    return TS_NOT_FOUND;
}

/* TS_NOT_FOUND: nobody waits for it. */
static ts_status one(change *c, const Ts__Webhooks__DeliveryResult *r)
{
    ledger *l = c->l;
    ts_tenant t = { r->org, r->mode == TS_MODE_TEST ? TS_MODE_TEST : TS_MODE_LIVE };
    Ts__Webhooks__StoredDelivery *d = NULL;
    ready_endpoint *e = ledger_endpoint(l, ts_str_of(r->endpoint_id));
    change_event *event = NULL;
    lease_held *held;
    uint32_t random = 0;
    ts_hash128 id;
    ts_status st = ts_id_parse("evt_", ts_str_of(r->event_id), &id);

    if (st != TS_OK || e == NULL || e->is_ended)
        return TS_NOT_FOUND;
    held = leases_find(&l->leases, e, id);
    st = load(c, held, t, id, ts_str_of(r->endpoint_id), &d);
    if (st == TS_CORRUPT || (st == TS_OK && !counts(d, held, r)))
        return give_up(c, held, r);
    if (st == TS_OK)
        st = load_event(c, held, t, id, &event);
    if (st == TS_CORRUPT)
        return give_up(c, held, r);
    if (st == TS_OK && !r->returned)
        st = add_attempt(d, r, c->arena);
    if (st == TS_OK && !r->returned && !is_success(r))
        st = ts_random(&random, sizeof(random));
    if (st == TS_OK)
        apply(c, event, e, d, r, random);
    return st;
}

/* Told before in the same request: its row is in the batch, not yet in the store. */
static bool is_repeated(Ts__Webhooks__DeliveryResult *const *results, size_t i)
{
    for (size_t j = 0; j < i; j++) {
        if (strcmp(results[j]->event_id, results[i]->event_id) == 0 &&
            strcmp(results[j]->endpoint_id, results[i]->endpoint_id) == 0)
            return true;
    }
    return false;
}

static ts_status apply_all(ledger *l, Ts__Webhooks__DeliveryResult *const *results, size_t count,
                           ts_arena *arena, uint64_t *ret_ticket)
{
    TS_CLEANUP(change_done) change c;
    ts_status st = change_init(&c, l, NULL, arena);
    ts_status stopped = TS_OK;

    for (size_t i = 0; i < count && st == TS_OK && stopped == TS_OK; i++) {
        stopped = is_repeated(results, i) ? TS_NOT_FOUND : one(&c, results[i]);
        if (stopped == TS_NOT_FOUND)
            stopped = TS_OK;
    }
    /* What went before the one that failed counts: told again, it is late and ignored. */
    if (st == TS_OK && !ts_batch_is_empty(c.batch))
        st = change_write(&c, ret_ticket);
    return st == TS_OK ? stopped : st;
}

ts_status ledger_results(ledger *l, Ts__Webhooks__DeliveryResult *const *results, size_t count,
                         ts_arena *arena, uint64_t *ret_ticket)
{
    ts_status st;

    pthread_mutex_lock(&l->lock);
    st = apply_all(l, results, count, arena, ret_ticket);
    for (size_t i = 0; i < count && st == TS_OK; i++) {
        ready_endpoint *e = ledger_endpoint(l, ts_str_of(results[i]->endpoint_id));

        if (e != NULL && disable_is_due(l, e))
            st = disable_endpoint(l, e, arena, ret_ticket);
    }
    pthread_mutex_unlock(&l->lock);
    return st;
}
