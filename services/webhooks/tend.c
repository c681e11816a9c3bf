#include "tend.h"

#include <time.h>

#include "merge.h"
#include "queue.h"
#include "replay.h"
#include "result.h"
#include "ts/log.h"
#include "ts/retention.h"

#define ARENA_BYTES    (32u << 20)
#define ROUND_MS       250     /* between looks at all endpoints */
#define BREATH_NS      1000000 /* between steps, so that others get the lock */
#define GAUGES_MS      5000
#define SWEEP_MS       (10 * TS_MINUTE_MS)
#define SWEEP_FIRST_MS 30000

struct tend {
    ledger *l;
    tend_options options;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    atomic_bool stopping;
    ts_arena *arena;
    ts_metric *pending, *oldest, *leased, *enabled, *slow, *broken;
};

/* ---- what a deleted endpoint was owed ---- */

static ts_status settle_one(change *c, ready_endpoint *e, ts_hash128 event, ts_str due_key)
{
    Ts__Webhooks__StoredDelivery *d = NULL;
    change_event *loaded = NULL;
    ts_status st = row_delivery(c->l->store, e->tenant, event, ts_str_of(e->id), c->arena, &d);

    if (st == TS_OK)
        st = change_load(c, e->tenant, event, &loaded);
    ts_batch_delete(c->batch, c->l->store, WEBHOOKS_DUE, due_key);
    if (st != TS_OK)
        return st == TS_NOT_FOUND ? TS_OK : st;
    ts_ignore(queue_take_off(c->l, c->batch, e, event, d)); /* it stands on a due row */
    change_unbare(c, loaded, d);
    result_settle(c, loaded, e, d, DELIVERY_FAILED);
    row_put_delivery(c->batch, c->l->store, e->tenant, event, d);
    return TS_OK;
}

ts_status tend_settle(ledger *l, ready_endpoint *e, ts_arena *arena, bool *ret_more)
{
    webhooks_key prefix = key_endpoint(e->tenant, ts_str_of(e->id));
    TS_CLEANUP(change_done) change c = { 0 };
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_prefix(l->store, WEBHOOKS_DUE, key_view(&prefix), false);
    unsigned settled = 0;
    ts_status st = change_init(&c, l, NULL, arena);

    if (it == NULL)
        return TS_NOMEM;
    for (; st == TS_OK && ts_iter_valid(it) && settled < TEND_STEP; ts_iter_next(it)) {
        ts_hash128 event;
        int64_t due_ms;

        if (!key_read_due(ts_iter_key(it), prefix.n, &due_ms, &event))
            return TS_CORRUPT;
        if (leases_find(&l->leases, e, event) != NULL)
            continue; /* its result settles it */
        settled++;
        st = settle_one(&c, e, event, ts_iter_key(it));
    }
    if (st == TS_OK)
        st = ts_iter_status(it);
    if (st != TS_OK)
        return st;
    *ret_more = settled == TEND_STEP;
    /* The row goes last: an end that was cut short is found at the next start by its mark. */
    e->is_ended = settled == 0 && e->in_flight == 0;
    if (e->is_ended)
        ts_batch_delete(c.batch, l->store, WEBHOOKS_ENDPOINTS, key_view(&prefix));
    return ts_batch_is_empty(c.batch) ? TS_OK : change_write(&c, NULL);
}

/* ---- what is old ---- */

ts_status tend_forget(ledger *l, ts_tenant t, uint32_t type, delivery_state state,
                      int64_t before_ms, ts_arena *arena, bool *ret_more)
{
    merge_options o = { .store = l->store,
                        .family = WEBHOOKS_EVENT_INDEX,
                        .begin = key_tenant(t),
                        .type = type,
                        .state = state,
                        .oldest_first = true };
    TS_CLEANUP(change_done) change c = { 0 };
    TS_CLEANUP(merge_free_p) merge *m = merge_new(&o);
    index_place at;
    unsigned n = 0;
    ts_status st = change_init(&c, l, NULL, arena);

    *ret_more = false;
    if (m == NULL)
        return TS_NOMEM;
    while (st == TS_OK && n < TEND_STEP && merge_next(m, &at) && at.created_ms < before_ms) {
        change_event *event = NULL;

        st = change_load(&c, t, at.event, &event);
        if (st == TS_OK)
            st = change_each(&c, event, change_forget);
        if (st == TS_OK)
            change_forget_event(event);
        n++;
    }
    if (st == TS_OK)
        st = merge_status(m);
    if (st != TS_OK || n == 0)
        return st;
    ts_metric_add(l->metrics.forgotten, n);
    *ret_more = n == TEND_STEP;
    return change_write(&c, NULL);
}

/* ---- the thread ---- */

static void breathe(void)
{
    struct timespec pause = { 0, BREATH_NS };

    nanosleep(&pause, NULL);
}

static void forget_tenant(ledger *l, const tend_options *o, ts_tenant tenant, int64_t now_ms,
                          ts_arena *arena, const atomic_bool *stopping)
{
    for (uint32_t type = 0; type < TYPES_COUNT; type++) {
        for (unsigned state = DELIVERY_DELIVERED; state < DELIVERY_STATES; state++) {
            int64_t keep_ms =
                state == DELIVERY_DELIVERED ? o->keep_delivered_ms : o->keep_failed_ms;
            bool more = true;

            while (more && !atomic_load(stopping)) {
                ts_status st;

                ts_arena_reset(arena);
                pthread_mutex_lock(&l->lock);
                st = tend_forget(l, tenant, type, (delivery_state)state, now_ms - keep_ms, arena,
                                 &more);
                pthread_mutex_unlock(&l->lock);
                if (st != TS_OK) {
                    ts_log_error(TS_MSG("old events cannot be forgotten"), TS_F_STATUS(st));
                    return;
                }
                if (more)
                    breathe();
            }
        }
    }
}

void tend_forget_old(ledger *l, const tend_options *o, ts_arena *arena, const atomic_bool *stopping)
{
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_new(l->store, WEBHOOKS_TOTALS, TS_STR_NULL, TS_STR_NULL, false);
    int64_t now_ms = 0;
    ts_status st = ts_retention_now(l->store, o->catch_up_days, &now_ms);

    if (st != TS_OK) {
        ts_log_error(TS_MSG("old events cannot be forgotten"), TS_F_STATUS(st));
        return;
    }
    for (; it != NULL && ts_iter_valid(it) && !atomic_load(stopping); ts_iter_next(it)) {
        ts_tenant tenant;

        if (key_read_tenant(ts_iter_key(it), &tenant))
            forget_tenant(l, o, tenant, now_ms, arena, stopping);
    }
}

/* A step for the endpoint at this place of the table, if it needs one; locked. */
static bool step(tend *t, ready_endpoint *e)
{
    bool more = false;
    ts_status st = TS_OK;

    ts_arena_reset(t->arena);
    if (e->is_replaying)
        st = replay_step(t->l, e, t->arena, &more);
    if (st == TS_OK && e->is_gone && !e->is_ended && !e->is_ghost)
        st = tend_settle(t->l, e, t->arena, &more);
    if (st != TS_OK)
        ts_log_error(TS_MSG("an endpoint's backlog cannot be moved"), TS_F_Z("endpoint_id", e->id),
                     TS_F_STATUS(st));
    return st == TS_OK && more;
}

/* Looks at all endpoints once. True if one has more to do. */
static bool look_around(tend *t)
{
    ledger *l = t->l;
    bool more = false;

    pthread_mutex_lock(&l->lock);
    for (size_t i = 0; i < l->table_size && !atomic_load(&t->stopping); i++) {
        ready_endpoint *e = l->table[i];

        if (e == NULL || (!e->is_replaying && (!e->is_gone || e->is_ended || e->is_ghost)))
            continue;
        more = step(t, e) || more;
        pthread_mutex_unlock(
            &l->lock); /* the table may have grown since: then it is looked at again */
        breathe();
        pthread_mutex_lock(&l->lock);
    }
    pthread_mutex_unlock(&l->lock);
    return more;
}

static void set_gauges(tend *t)
{
    ledger *l = t->l;
    uint64_t pending = 0, leased = 0, enabled = 0, slow = 0, broken = 0;
    int64_t now_ms = clock_now(&l->clock);
    int64_t oldest_ms = now_ms;

    pthread_mutex_lock(&l->lock);
    for (size_t i = 0; i < l->table_size; i++) {
        const ready_endpoint *e = l->table[i];

        if (e == NULL)
            continue;
        for (unsigned type = 0; type < TYPES_COUNT; type++)
            pending += e->counts[type * DELIVERY_STATES + DELIVERY_PENDING];
        leased += e->in_flight;
        if (e->is_gone || e->is_paused)
            continue;
        enabled++;
        slow += e->lane == READY_SLOW;
        broken += ready_is_broken(e);
        if (e->next_due_ms < oldest_ms)
            oldest_ms = e->next_due_ms;
    }
    pthread_mutex_unlock(&l->lock);
    ts_metric_set(t->pending, (double)pending);
    ts_metric_set(t->oldest, (double)(now_ms - oldest_ms) / 1000);
    ts_metric_set(t->leased, (double)leased);
    ts_metric_set(t->enabled, (double)enabled);
    ts_metric_set(t->slow, (double)slow);
    ts_metric_set(t->broken, (double)broken);
}

static void wait_round(tend *t)
{
    struct timespec until = ts_monotonic_in(ROUND_MS);
    pthread_mutex_lock(&t->lock);
    if (!atomic_load(&t->stopping))
        pthread_cond_timedwait(&t->wake, &t->lock, &until);
    pthread_mutex_unlock(&t->lock);
}

static void *tend_main(void *argument)
{
    tend *t = argument;
    int64_t sweep_boot_ms = ts_boot_ms() + SWEEP_FIRST_MS;
    int64_t gauges_boot_ms = 0;

    while (!atomic_load(&t->stopping)) {
        bool more = look_around(t);

        if (ts_boot_ms() >= gauges_boot_ms) {
            set_gauges(t);
            gauges_boot_ms = ts_boot_ms() + GAUGES_MS;
        }
        if (ts_boot_ms() >= sweep_boot_ms) {
            tend_forget_old(t->l, &t->options, t->arena, &t->stopping);
            sweep_boot_ms = ts_boot_ms() + SWEEP_MS;
        }
        if (!more)
            wait_round(t);
    }
    return NULL;
}

static void begin_gauges(tend *t)
{
    t->pending = ts_gauge("ts_webhooks_pending_deliveries", "", "owed and not yet at an end");
    t->oldest = ts_gauge("ts_webhooks_oldest_due_seconds", "",
                         "age of the oldest delivery that is due at an enabled endpoint");
    t->leased = ts_gauge("ts_webhooks_leased_deliveries", "", "with a dispatcher");
    t->enabled = ts_gauge("ts_webhooks_endpoints", "state=\"enabled\"", "endpoints by state");
    t->slow = ts_gauge("ts_webhooks_endpoints", "state=\"slow\"", "endpoints by state");
    t->broken = ts_gauge("ts_webhooks_endpoints", "state=\"breaker_open\"", "endpoints by state");
}

ts_status tend_start(ledger *l, const tend_options *options, tend **ret, ts_error *err)
{
    tend *t = calloc(1, sizeof(*t));

    if (t == NULL)
        return ts_fail(err, TS_NOMEM, "", "out of memory");
    t->l = l;
    t->options = *options;
    t->arena = ts_arena_new(ARENA_BYTES);
    begin_gauges(t);
    pthread_mutex_init(&t->lock, NULL);
    ts_monotonic_cond(&t->wake);
    if (t->arena == NULL || pthread_create(&t->thread, NULL, tend_main, t) != 0) {
        ts_arena_free(t->arena);
        free(t);
        return ts_fail(err, TS_NOMEM, "", "cannot start the ledger's own thread");
    }
    *ret = t;
    return TS_OK;
}

void tend_stop(tend *t)
{
    if (t == NULL)
        return;
    pthread_mutex_lock(&t->lock);
    atomic_store(&t->stopping, true);
    pthread_cond_signal(&t->wake);
    pthread_mutex_unlock(&t->lock);
    pthread_join(t->thread, NULL);
    ts_arena_free(t->arena);
    pthread_cond_destroy(&t->wake);
    pthread_mutex_destroy(&t->lock);
    free(t);
}
