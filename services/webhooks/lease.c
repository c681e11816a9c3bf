/* Giving deliveries out, and taking back what nobody answered for. */
#include "endpoint.h"
#include "queue.h"
#include "sign.h"
#include "ts/log.h"

/* Leases on their way into one batch. */
typedef struct leasing {
    ledger *l;
    ts_batch *batch;
    int64_t now_ms;
    ts_arena *arena;
} leasing;

static ts_status write_leases(leasing *g)
{
    ts_status st = TS_OK;

    if (!ts_batch_is_empty(g->batch))
        st = ts_store_write(g->l->store, g->batch, NULL);
    ts_batch_free(g->batch);
    g->batch = ts_batch_new();
    return g->batch == NULL && st == TS_OK ? TS_NOMEM : st;
}

static ts_status fill(const ledger *l, const ready_endpoint *e,
                      const Ts__Webhooks__Endpoint *endpoint,
                      const Ts__Webhooks__StoredEvent *event, Ts__Webhooks__StoredDelivery *row,
                      ts_arena *arena, Ts__Webhooks__LeasedDelivery **ret)
{
    Ts__Webhooks__LeasedDelivery *d = ts_arena_alloc(arena, sizeof(*d));
    sign_input in = { .event_id = event->event->id,
                      .endpoint_id = endpoint->id,
                      .attempt = row->attempts_before + row->attempts + 1,
                      .now_ms = ts_wall_ms(),
                      .traceparent = event->traceparent,
                      .body = ts_str_n(event->event->body.data, event->event->body.len),
                      .extra = endpoint->headers,
                      .extra_count = endpoint->n_headers };
    ts_status st;

    if (d == NULL)
        return TS_NOMEM;
    ts__webhooks__leased_delivery__init(d);
    endpoint_secrets(endpoint, in.now_ms, &in.secret, &in.next_secret);
    st = sign_headers(&in, arena, &d->headers, &d->n_headers);
    if (st != TS_OK)
        return st;
    d->org = e->tenant.org;
    d->mode = (uint32_t)e->tenant.mode;
    d->event_id = event->event->id;
    d->endpoint_id = endpoint->id;
    d->attempt = in.attempt;
    d->token = row->token;
    d->lease_ms = (uint32_t)l->options.lease_ms;
    d->url = endpoint->url;
    d->body = event->event->body;
    *ret = d;
    return TS_OK;
}

/* A due row that leads nowhere. */
static void drop_due(const leasing *g, ready_endpoint *e, const queue_head *head)
{
    webhooks_key key = key_due(e->tenant, ts_str_of(e->id), head->key_ms, head->event);

    ts_batch_delete(g->batch, g->l->store, WEBHOOKS_DUE, key_view(&key));
    queue_pop(e);
    ts_warn(TS_MSG("due row without a delivery dropped"), TS_F_Z("endpoint_id", e->id));
}

/* The key of an ordered endpoint does not say when; one that was ordered until a moment ago has such keys still. */
static void wait_longer(const leasing *g, ready_endpoint *e, const queue_head *head,
                        Ts__Webhooks__StoredDelivery *row)
{
    int64_t due_ms = row->delivery->next_attempt_ms;
    int64_t next_ms = head->next_ms < due_ms ? head->next_ms : due_ms;

    if (!e->is_ordered) {
        ts_ignore(queue_take_off(g->l, g->batch, e, head->event, row)); /* it stands on a due row */
        queue_put(g->l, g->batch, e, head->event, row, due_ms);
        row_put_delivery(g->batch, g->l->store, e->tenant, head->event, row);
    }
    e->next_due_ms = e->is_ordered ? due_ms : next_ms;
}

static ts_status settings_of(const leasing *g, ready_endpoint *e,
                             const Ts__Webhooks__Endpoint **ret)
{
    Ts__Webhooks__Endpoint *row = NULL;
    ts_status st;

    *ret = e->settings;
    if (*ret != NULL)
        return TS_OK;
    st = row_endpoint(g->l->store, e->tenant, ts_str_of(e->id), g->arena, &row);
    *ret = row;
    return st;
}

/* TS_CONFLICT: it is not its time yet. */
static ts_status lease_row(const leasing *g, ready_endpoint *e, const queue_head *head,
                           Ts__Webhooks__LeasedDelivery **ret)
{
    ledger *l = g->l;
    const Ts__Webhooks__Endpoint *endpoint = NULL;
    Ts__Webhooks__StoredEvent *stored = NULL;
    Ts__Webhooks__StoredDelivery *row = NULL;
    ts_str id = ts_str_of(e->id);
    webhooks_key key;
    ts_status st = row_delivery(l->store, e->tenant, head->event, id, g->arena, &row);

    if (st == TS_OK && row->delivery->next_attempt_ms > g->now_ms) {
        wait_longer(g, e, head, row);
        return TS_CONFLICT;
    }
    if (st == TS_OK)
        st = row_event(l->store, e->tenant, head->event, g->arena, &stored);
    if (st == TS_OK)
        st = settings_of(g, e, &endpoint);
    if (st != TS_OK)
        return st;
    row->token.data = ts_arena_alloc(g->arena, 16);
    if (row->token.data == NULL)
        return TS_NOMEM;
    row->token.len = 16;
    st = ts_random(row->token.data, 16);
    if (st == TS_OK)
        st = fill(l, e, endpoint, stored, row, g->arena, ret);
    if (st != TS_OK)
        return st;
    ts_metric_observe_us(l->metrics.lateness, (g->now_ms - row->delivery->next_attempt_ms) * 1000);
    row->due_ms = 0;
    row->lease_until_ms = g->now_ms + l->options.lease_ms;
    row_put_delivery(g->batch, l->store, e->tenant, head->event, row);
    key = key_due(e->tenant, id, head->key_ms, head->event);
    ts_batch_delete(g->batch, l->store, WEBHOOKS_DUE, key_view(&key));
    key = key_lease(row->lease_until_ms, e->tenant, head->event, id);
    ts_batch_put(g->batch, l->store, WEBHOOKS_LEASES, key_view(&key), TS_STR_NULL);
    return TS_OK;
}

/* TS_CONFLICT: nothing of this endpoint is due now, or what was due was nothing; look on. */
static ts_status lease_of(leasing *g, ready_endpoint *e, Ts__Webhooks__LeasedDelivery **ret)
{
    ledger *l = g->l;
    queue_head head;
    ts_status st = queue_is_ahead(e) ? TS_OK : write_leases(g); /* what is read must be there */

    if (st == TS_OK)
        st = queue_first(l, e, &head);
    if (st == TS_NOT_FOUND || (st == TS_OK && !e->is_ordered && head.key_ms > g->now_ms)) {
        e->next_due_ms = st == TS_OK ? head.key_ms : READY_NEVER;
        return TS_CONFLICT;
    }
    if (st != TS_OK)
        return st;
    st = lease_row(g, e, &head, ret);
    if (st != TS_OK && st != TS_NOT_FOUND)
        return st;
    e->next_due_ms = head.next_ms == READY_NEVER || !e->is_ordered ? head.next_ms : g->now_ms;
    if (st == TS_NOT_FOUND) {
        drop_due(g, e, &head);
        return TS_CONFLICT;
    }
    queue_pop(e);
    e->low_due_ms = head.key_ms;
    ready_serve(&l->ready, e, g->now_ms);
    if (g->now_ms + l->options.lease_ms < l->next_lease_ms)
        l->next_lease_ms = g->now_ms + l->options.lease_ms;
    ts_metric_add(l->metrics.leased, 1);
    return TS_OK;
}

/* The delivery whose turn it is; TS_NOT_FOUND if none is due. */
static ts_status lease_next(leasing *g, Ts__Webhooks__LeasedDelivery **ret)
{
    for (;;) {
        ready_endpoint *e = ready_next(&g->l->ready, g->now_ms);
        ts_status st, placed;

        if (e == NULL)
            return TS_NOT_FOUND;
        st = lease_of(g, e, ret);
        placed = ready_place(&g->l->ready, e, g->now_ms);
        if (st == TS_OK || st != TS_CONFLICT)
            return st;
        if (placed != TS_OK)
            return placed;
    }
}

ts_status ledger_lease(ledger *l, int64_t now_ms, uint32_t credits, size_t bytes_max,
                       ts_arena *arena, Ts__Webhooks__LeaseReply *reply)
{
    leasing g = { .l = l, .batch = ts_batch_new(), .now_ms = now_ms, .arena = arena };
    size_t bytes = 0;
    ts_status st = g.batch == NULL ? TS_NOMEM : TS_OK;

    while (st == TS_OK && reply->n_deliveries < credits && bytes < bytes_max) {
        Ts__Webhooks__LeasedDelivery *leased = NULL;

        st = lease_next(&g, &leased);
        if (st != TS_OK)
            break;
        reply->deliveries[reply->n_deliveries++] = leased;
        bytes += leased->body.len;
    }
    if (st == TS_NOT_FOUND)
        st = TS_OK;
    if (g.batch != NULL && write_leases(&g) != TS_OK)
        st = TS_UNAVAILABLE;
    ts_batch_free(g.batch);
    return st;
}

/* ---- leases that end ---- */

/* Due again at once; the attempt does not count, since nobody knows whether it was made. What a deleted endpoint is owed is
 * due as well: tend.c settles it. */
static ts_status expire_one(ledger *l, ts_str lease_key, ts_tenant t, ts_hash128 event,
                            ts_str endpoint, int64_t now_ms, ts_arena *arena)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *batch = ts_batch_new();
    Ts__Webhooks__StoredDelivery *row = NULL;
    ready_endpoint *e = NULL;
    ts_status st = ledger_endpoint_or_ghost(l, t, endpoint, &e);

    if (batch == NULL)
        return TS_NOMEM;
    if (st == TS_OK)
        st = row_delivery(l->store, t, event, endpoint, arena, &row);
    if (st != TS_OK && st != TS_NOT_FOUND)
        return st;
    ts_batch_delete(batch, l->store, WEBHOOKS_LEASES, lease_key);
    ready_release(&l->ready, e);
    if (st == TS_OK && row->lease_until_ms != 0) {
        row->lease_until_ms = 0;
        row->token.len = 0;
        queue_put(l, batch, e, event, row, now_ms);
        row_put_delivery(batch, l->store, t, event, row);
    }
    ts_metric_add(l->metrics.expired, 1);
    return ts_store_write(l->store, batch, NULL);
}

ts_status ledger_expire(ledger *l, int64_t now_ms, ts_arena *arena)
{
    static const ts_hash128 zero;
    webhooks_key from =
        key_lease(l->low_lease_ms, (ts_tenant){ 0, TS_MODE_LIVE }, zero, TS_STR_LIT(""));
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = NULL;
    ts_status st = TS_OK;

    if (now_ms < l->next_lease_ms)
        return TS_OK;
    from.n = 8;
    it = ts_iter_new(l->store, WEBHOOKS_LEASES, key_view(&from), TS_STR_NULL, false);
    if (it == NULL)
        return TS_NOMEM;
    l->next_lease_ms = READY_NEVER;
    for (; ts_iter_valid(it) && st == TS_OK; ts_iter_next(it)) {
        ts_hash128 event;
        ts_tenant tenant;
        int64_t until_ms;
        ts_str endpoint;

        if (!key_read_lease(ts_iter_key(it), &until_ms, &tenant, &event, &endpoint))
            return TS_CORRUPT;
        l->low_lease_ms = until_ms;
        /* One that reaches further than a lease can was made under another clock: it has ended too. */
        if (until_ms > now_ms && until_ms <= now_ms + l->options.lease_ms) {
            l->next_lease_ms = until_ms;
            break;
        }
        ts_arena_reset(arena);
        st = expire_one(l, ts_iter_key(it), tenant, event, endpoint, now_ms, arena);
    }
    return st == TS_OK ? ts_iter_status(it) : st;
}
