/* Giving deliveries out, and taking back what nobody answered for. */
#include "endpoint.h"
#include "queue.h"
#include "sign.h"
#include "ts/log.h"

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
static ts_status drop_due(const ledger *l, const ready_endpoint *e, const queue_head *head)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *batch = ts_batch_new();
    webhooks_key key = key_due(e->tenant, ts_str_of(e->id), head->key_ms, head->event);

    if (batch == NULL)
        return TS_NOMEM;
    ts_batch_delete(batch, l->store, WEBHOOKS_DUE, key_view(&key));
    ts_warn(TS_MSG("due row without a delivery dropped"), TS_F_Z("endpoint_id", e->id));
    return ts_store_write(l->store, batch, NULL);
}

/* The key of an ordered endpoint does not say when; one that was ordered until a moment ago has such keys still. */
static ts_status wait_longer(ledger *l, ready_endpoint *e, const queue_head *head,
                             Ts__Webhooks__StoredDelivery *row)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *batch = NULL;
    int64_t due_ms = row->delivery->next_attempt_ms;

    if (e->is_ordered) {
        e->next_due_ms = due_ms;
        return TS_CONFLICT;
    }
    batch = ts_batch_new();
    if (batch == NULL)
        return TS_NOMEM;
    ts_ignore(queue_take_off(l, batch, e, head->event, row)); /* it stands on a due row */
    queue_put(l, batch, e, head->event, row, due_ms);
    row_put_delivery(batch, l->store, e->tenant, head->event, row);
    e->next_due_ms = head->next_ms < due_ms ? head->next_ms : due_ms;
    return ts_store_write(l->store, batch, NULL) == TS_OK ? TS_CONFLICT : TS_UNAVAILABLE;
}

static ts_status lease_row(ledger *l, ready_endpoint *e, const queue_head *head, int64_t now_ms,
                           ts_arena *arena, Ts__Webhooks__LeasedDelivery **ret)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *batch = NULL;
    Ts__Webhooks__Endpoint *endpoint = NULL;
    Ts__Webhooks__StoredEvent *stored = NULL;
    Ts__Webhooks__StoredDelivery *row = NULL;
    ts_str id = ts_str_of(e->id);
    int64_t due_ms;
    webhooks_key key;
    ts_status st = row_delivery(l->store, e->tenant, head->event, id, arena, &row);

    if (st == TS_OK && row->delivery->next_attempt_ms > now_ms)
        return wait_longer(l, e, head, row);
    if (st == TS_OK)
        st = row_event(l->store, e->tenant, head->event, arena, &stored);
    if (st == TS_OK)
        st = row_endpoint(l->store, e->tenant, id, arena, &endpoint);
    if (st != TS_OK)
        return st;
    batch = ts_batch_new();
    row->token.data = ts_arena_alloc(arena, 16);
    if (batch == NULL || row->token.data == NULL)
        return TS_NOMEM;
    row->token.len = 16;
    st = ts_random(row->token.data, 16);
    if (st == TS_OK)
        st = fill(l, e, endpoint, stored, row, arena, ret);
    if (st != TS_OK)
        return st;
    due_ms = row->delivery->next_attempt_ms;
    row->due_ms = 0;
    row->lease_until_ms = now_ms + l->options.lease_ms;
    row_put_delivery(batch, l->store, e->tenant, head->event, row);
    key = key_due(e->tenant, id, head->key_ms, head->event);
    ts_batch_delete(batch, l->store, WEBHOOKS_DUE, key_view(&key));
    key = key_lease(row->lease_until_ms, e->tenant, head->event, id);
    ts_batch_put(batch, l->store, WEBHOOKS_LEASES, key_view(&key), TS_STR_NULL);
    st = ts_store_write(l->store, batch, NULL);
    if (st == TS_OK)
        ts_metric_observe_us(l->metrics.lateness, (now_ms - due_ms) * 1000);
    return st;
}

/* TS_CONFLICT: nothing of this endpoint is due now, or what was due was nothing; look on. */
static ts_status lease_of(ledger *l, ready_endpoint *e, int64_t now_ms, ts_arena *arena,
                          Ts__Webhooks__LeasedDelivery **ret)
{
    queue_head head;
    ts_status st = queue_first(l, e, &head);

    if (st == TS_NOT_FOUND || (st == TS_OK && !e->is_ordered && head.key_ms > now_ms)) {
        e->next_due_ms = st == TS_OK ? head.key_ms : READY_NEVER;
        return TS_CONFLICT;
    }
    if (st != TS_OK)
        return st;
    st = lease_row(l, e, &head, now_ms, arena, ret);
    if (st == TS_NOT_FOUND) {
        st = drop_due(l, e, &head);
        e->next_due_ms = head.next_ms == READY_NEVER || !e->is_ordered ? head.next_ms : now_ms;
        return st == TS_OK ? TS_CONFLICT : st;
    }
    if (st != TS_OK)
        return st;
    e->low_due_ms = head.key_ms;
    e->next_due_ms = head.next_ms == READY_NEVER || !e->is_ordered ? head.next_ms : now_ms;
    ready_serve(&l->ready, e, now_ms);
    if (now_ms + l->options.lease_ms < l->next_lease_ms)
        l->next_lease_ms = now_ms + l->options.lease_ms;
    ts_metric_add(l->metrics.leased, 1);
    return TS_OK;
}

ts_status ledger_lease(ledger *l, int64_t now_ms, ts_arena *arena,
                       Ts__Webhooks__LeasedDelivery **ret)
{
    for (;;) {
        ready_endpoint *e = ready_next(&l->ready, now_ms);
        ts_status st, placed;

        if (e == NULL)
            return TS_NOT_FOUND;
        st = lease_of(l, e, now_ms, arena, ret);
        placed = ready_place(&l->ready, e, now_ms);
        if (st == TS_OK || st != TS_CONFLICT)
            return st;
        if (placed != TS_OK)
            return placed;
    }
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
