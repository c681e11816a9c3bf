#include "ledger.h"

#include "ts/log.h"

#define TABLE_FIRST      64
#define SETTLE_SLICE     500
#define OPEN_ARENA_BYTES (16u << 20)

static size_t slot_of(const ledger *l, ts_str id)
{
    return (size_t)ts_hash_mem(id.p, id.n) & (l->table_size - 1);
}

ready_endpoint *ledger_endpoint(const ledger *l, ts_str id)
{
    if (l->table_size == 0)
        return NULL;
    for (size_t i = slot_of(l, id); l->table[i] != NULL; i = (i + 1) & (l->table_size - 1)) {
        if (ts_str_is(id, l->table[i]->id))
            return l->table[i];
    }
    return NULL;
}

static void table_put(ledger *l, ready_endpoint *e)
{
    size_t i = slot_of(l, ts_str_of(e->id));

    while (l->table[i] != NULL)
        i = (i + 1) & (l->table_size - 1);
    l->table[i] = e;
}

/* At most half full. Ended endpoints stay, marked: an id is never used again. */
static ts_status table_grow(ledger *l)
{
    size_t old_size = l->table_size;
    ready_endpoint **old = l->table;
    size_t size = old_size == 0 ? TABLE_FIRST : 2 * old_size;

    if (2 * (l->table_count + 1) <= old_size)
        return TS_OK;
    l->table = calloc(size, sizeof(ready_endpoint *));
    if (l->table == NULL) {
        l->table = old;
        return TS_NOMEM;
    }
    l->table_size = size;
    for (size_t i = 0; i < old_size; i++) {
        if (old[i] != NULL)
            table_put(l, old[i]);
    }
    free(old);
    return TS_OK;
}

ts_status ledger_endpoint_add(ledger *l, ts_tenant t, ts_str id, ready_endpoint **ret)
{
    ready_endpoint *e;
    ts_status st = table_grow(l);

    if (st != TS_OK)
        return st;
    e = calloc(1, sizeof(*e));
    if (e == NULL || id.n >= sizeof(e->id)) {
        free(e);
        return TS_NOMEM;
    }
    e->tenant = t;
    memcpy(e->id, id.p, id.n);
    e->next_due_ms = READY_NEVER;
    table_put(l, e);
    l->table_count++;
    *ret = e;
    return TS_OK;
}

void ledger_due(ledger *l, ready_endpoint *e, int64_t due_ms)
{
    if (due_ms < e->next_due_ms)
        e->next_due_ms = due_ms;
    if (due_ms < e->low_due_ms)
        e->low_due_ms = due_ms;
    if (ready_place(&l->ready, e, clock_now(&l->clock)) != TS_OK)
        ts_log_error(TS_MSG("no memory to wait for an endpoint"), TS_F_Z("endpoint_id", e->id));
    pthread_cond_broadcast(&l->wake);
}

ts_status ledger_settle(ledger *l, ts_batch *batch, ts_tenant t, ts_hash128 event,
                        Ts__Webhooks__StoredDelivery *d, delivery_state to, ts_arena *arena)
{
    Ts__Webhooks__StoredEvent *row = NULL;
    Ts__Webhooks__Totals *totals = NULL;
    delivery_state before, after;
    webhooks_key key;
    ts_status st = row_event(l->store, t, event, arena, &row);

    if (st == TS_OK)
        st = row_totals(l->store, t, arena, &totals);
    if (st != TS_OK)
        return st;
    before = event_state(row);
    if (row->pending > 0)
        row->pending--;
    if (to == DELIVERY_DELIVERED)
        row->delivered++;
    else
        row->failed++;
    after = event_state(row);
    d->delivery->status = (char *)(uintptr_t)delivery_state_name(to); /* only packed */
    d->delivery->next_attempt_ms = 0;
    d->due_ms = 0;
    row->event->status = (char *)(uintptr_t)delivery_state_name(after);
    row_put_event(batch, l->store, t, event, row);
    ts_metric_add(to == DELIVERY_DELIVERED ? l->metrics.delivered : l->metrics.failed, 1);
    if (before == after)
        return TS_OK;
    key = key_status(t, before, row->event->created_ms, event);
    ts_batch_delete(batch, l->store, WEBHOOKS_EVENT_STATUS, key_view(&key));
    key = key_status(t, after, row->event->created_ms, event);
    ts_batch_put(batch, l->store, WEBHOOKS_EVENT_STATUS, key_view(&key), TS_STR_NULL);
    if (*totals_of(totals, before) > 0)
        --*totals_of(totals, before);
    ++*totals_of(totals, after);
    row_put_totals(batch, l->store, t, totals);
    return TS_OK;
}

/* ---- the end of an endpoint ---- */

static ts_status settle_one(ledger *l, const ready_endpoint *e, ts_hash128 event, ts_str due_key)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(OPEN_ARENA_BYTES);
    TS_CLEANUP(ts_batch_free_p) ts_batch *batch = ts_batch_new();
    Ts__Webhooks__StoredDelivery *d = NULL;
    ts_status st;

    if (arena == NULL || batch == NULL)
        return TS_NOMEM;
    ts_batch_delete(batch, l->store, WEBHOOKS_DUE, due_key);
    st = row_delivery(l->store, e->tenant, event, ts_str_of(e->id), arena, &d);
    if (st == TS_OK)
        st = ledger_settle(l, batch, e->tenant, event, d, DELIVERY_FAILED, arena);
    if (st == TS_OK)
        row_put_delivery(batch, l->store, e->tenant, event, d);
    if (st != TS_OK && st != TS_NOT_FOUND)
        return st;
    return ts_store_write(l->store, batch, NULL);
}

static ts_status settle_due(ledger *l, const ready_endpoint *e)
{
    webhooks_key prefix = key_endpoint(e->tenant, ts_str_of(e->id));
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_prefix(l->store, WEBHOOKS_DUE, key_view(&prefix), false);
    ts_status st = TS_OK;

    if (it == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it) && st == TS_OK; ts_iter_next(it)) {
        ts_hash128 event;
        int64_t due_ms;

        if (key_read_due(ts_iter_key(it), prefix.n, &due_ms, &event))
            st = settle_one(l, e, event, ts_iter_key(it));
    }
    return st == TS_OK ? ts_iter_status(it) : st;
}

/* The row goes last: an end that was cut short is found at the next start by its mark. */
ts_status ledger_endpoint_end(ledger *l, ready_endpoint *e)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *batch = ts_batch_new();
    webhooks_key key = key_endpoint(e->tenant, ts_str_of(e->id));
    ts_status st;

    if (batch == NULL)
        return TS_NOMEM;
    e->is_gone = true;
    ready_remove(&l->ready, e);
    st = settle_due(l, e);
    if (st != TS_OK)
        return st;
    ts_batch_delete(batch, l->store, WEBHOOKS_ENDPOINTS, key_view(&key));
    return ts_store_write(l->store, batch, NULL);
}

void ledger_forget(ledger *l, ts_tenant t)
{
    for (size_t i = 0; i < l->table_size; i++) {
        ready_endpoint *e = l->table[i];

        if (e == NULL || e->tenant.org != t.org || e->tenant.mode != t.mode)
            continue;
        e->is_gone = true;
        ready_remove(&l->ready, e);
    }
}

/* ---- start ---- */

static int64_t longest_wait(const schedule *s)
{
    int64_t longest_ms = 0;

    for (unsigned i = 0; i < s->steps; i++)
        longest_ms = s->step_ms[i] > longest_ms ? s->step_ms[i] : longest_ms;
    return longest_ms + longest_ms * SCHEDULE_JITTER_PERCENT / 100;
}

static ts_status move_due(ledger *l, const ready_endpoint *e, ts_str old_key, ts_hash128 event,
                          int64_t to_ms)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(OPEN_ARENA_BYTES);
    TS_CLEANUP(ts_batch_free_p) ts_batch *batch = ts_batch_new();
    Ts__Webhooks__StoredDelivery *d = NULL;
    webhooks_key key = key_due(e->tenant, ts_str_of(e->id), to_ms, event);
    ts_status st;

    if (arena == NULL || batch == NULL)
        return TS_NOMEM;
    ts_batch_delete(batch, l->store, WEBHOOKS_DUE, old_key);
    st = row_delivery(l->store, e->tenant, event, ts_str_of(e->id), arena, &d);
    if (st == TS_OK) {
        d->due_ms = to_ms;
        d->delivery->next_attempt_ms = to_ms;
        row_put_delivery(batch, l->store, e->tenant, event, d);
        ts_batch_put(batch, l->store, WEBHOOKS_DUE, key_view(&key), TS_STR_NULL);
    }
    return st == TS_OK || st == TS_NOT_FOUND ? ts_store_write(l->store, batch, NULL) : st;
}

/* A wait that reaches further than any step means that the wall clock was wrong when it was written: it is cut. */
static ts_status pull_in(ledger *l, const ready_endpoint *e)
{
    static const ts_hash128 zero;
    int64_t to_ms = clock_now(&l->clock) + longest_wait(l->retry);
    webhooks_key prefix = key_endpoint(e->tenant, ts_str_of(e->id));
    webhooks_key from = key_due(e->tenant, ts_str_of(e->id), to_ms + 1, zero);
    webhooks_key until = prefix;
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = NULL;
    ts_status st = TS_OK;

    until.bytes[until.n - 1] = 1; /* the 0 behind the id: the end of this endpoint's rows */
    it = ts_iter_new(l->store, WEBHOOKS_DUE, key_view(&from), key_view(&until), false);
    if (it == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it) && st == TS_OK; ts_iter_next(it)) {
        ts_hash128 event;
        int64_t due_ms;

        if (key_read_due(ts_iter_key(it), prefix.n, &due_ms, &event))
            st = move_due(l, e, ts_iter_key(it), event, to_ms);
    }
    return st == TS_OK ? ts_iter_status(it) : st;
}

static ts_status begin_queue(ledger *l, ready_endpoint *e)
{
    webhooks_key prefix = key_endpoint(e->tenant, ts_str_of(e->id));
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = NULL;
    ts_hash128 event;
    ts_status st = pull_in(l, e);

    if (st != TS_OK)
        return st;
    it = ts_iter_prefix(l->store, WEBHOOKS_DUE, key_view(&prefix), false);
    if (it == NULL)
        return TS_NOMEM;
    if (ts_iter_valid(it) && key_read_due(ts_iter_key(it), prefix.n, &e->next_due_ms, &event))
        e->low_due_ms = e->next_due_ms;
    if (ts_iter_status(it) != TS_OK)
        return TS_UNAVAILABLE;
    return ready_place(&l->ready, e, clock_now(&l->clock));
}

static ts_status load_endpoints(ledger *l)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(OPEN_ARENA_BYTES);
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_new(l->store, WEBHOOKS_ENDPOINTS, TS_STR_NULL, TS_STR_NULL, false);
    ts_status st = TS_OK;

    if (it == NULL || arena == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it) && st == TS_OK; ts_iter_next(it)) {
        ProtobufCMessage *m = NULL;
        ready_endpoint *e = NULL;
        ts_tenant tenant;
        ts_str id;

        ts_arena_reset(arena);
        if (!key_read_endpoint(ts_iter_key(it), &tenant, &id))
            return TS_CORRUPT;
        st = ts_arena_unpack(arena, &ts__webhooks__endpoint__descriptor, ts_iter_value(it), &m);
        if (st == TS_OK)
            st = ledger_endpoint_add(l, tenant, id, &e);
        if (st == TS_OK && endpoint_is_ending((const Ts__Webhooks__Endpoint *)m))
            st = ledger_endpoint_end(l, e); /* it was cut short */
        else if (st == TS_OK)
            st = begin_queue(l, e);
    }
    return st == TS_OK ? ts_iter_status(it) : st;
}

/* In-flight counts follow the lease rows. */
static ts_status load_leases(ledger *l)
{
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_new(l->store, WEBHOOKS_LEASES, TS_STR_NULL, TS_STR_NULL, false);

    if (it == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it); ts_iter_next(it)) {
        ready_endpoint *e;
        ts_hash128 event;
        ts_tenant tenant;
        int64_t until_ms;
        ts_str endpoint;

        if (!key_read_lease(ts_iter_key(it), &until_ms, &tenant, &event, &endpoint))
            return TS_CORRUPT;
        if (until_ms < l->next_lease_ms)
            l->next_lease_ms = until_ms;
        e = ledger_endpoint(l, endpoint);
        if (e == NULL)
            continue;
        e->in_flight++;
        if (ready_place(&l->ready, e, clock_now(&l->clock)) != TS_OK)
            return TS_NOMEM;
    }
    /* After a step of the wall clock backwards, leases would hold their deliveries for its length. */
    if (l->next_lease_ms != READY_NEVER && l->next_lease_ms > clock_now(&l->clock) + l->lease_ms)
        l->next_lease_ms = clock_now(&l->clock) + l->lease_ms;
    return ts_iter_status(it);
}

static void begin_metrics(ledger_metrics *m)
{
    m->published = ts_counter("ts_webhooks_events_total", "", "events taken in");
    m->leased = ts_counter("ts_webhooks_leases_total", "outcome=\"given\"", "leases of deliveries");
    m->expired =
        ts_counter("ts_webhooks_leases_total", "outcome=\"expired\"", "leases of deliveries");
    m->returned =
        ts_counter("ts_webhooks_leases_total", "outcome=\"returned\"", "leases of deliveries");
    m->late = ts_counter("ts_webhooks_leases_total", "outcome=\"late\"", "leases of deliveries");
    m->delivered =
        ts_counter("ts_webhooks_deliveries_total", "outcome=\"delivered\"", "attempts by outcome");
    m->retried =
        ts_counter("ts_webhooks_deliveries_total", "outcome=\"retried\"", "attempts by outcome");
    m->failed =
        ts_counter("ts_webhooks_deliveries_total", "outcome=\"failed\"", "attempts by outcome");
}

ts_status ledger_open(ledger *l, ts_store *store, const schedule *retry, int64_t lease_ms,
                      uint32_t parallel, ts_error *err)
{
    pthread_condattr_t attributes;
    ts_status st;

    *l = (ledger){ .store = store,
                   .retry = retry,
                   .lease_ms = lease_ms,
                   .clock = clock_start(),
                   .ready = { .parallel = parallel },
                   .next_lease_ms = READY_NEVER };
    pthread_mutex_init(&l->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&l->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    begin_metrics(&l->metrics);
    st = load_endpoints(l);
    if (st == TS_OK)
        st = load_leases(l);
    return st == TS_OK ? TS_OK : ts_fail(err, st, "", "the ledger cannot be read");
}

void ledger_close(ledger *l)
{
    for (size_t i = 0; i < l->table_size; i++)
        free(l->table[i]);
    free(l->table);
    ready_done(&l->ready);
    pthread_cond_destroy(&l->wake);
    pthread_mutex_destroy(&l->lock);
}
