/* Giving deliveries out, and taking back what nobody answered for. */
#include "ledger.h"
#include "sign.h"
#include "ts/log.h"

/* First due row of the endpoint and when the one behind it is due. */
static ts_status first_due(const ledger *l, const ready_endpoint *e, int64_t *ret_due_ms,
                           ts_hash128 *ret_event, int64_t *ret_next_ms)
{
    static const ts_hash128 zero;
    webhooks_key prefix = key_endpoint(e->tenant, ts_str_of(e->id));
    webhooks_key from = key_due(e->tenant, ts_str_of(e->id), e->low_due_ms, zero);
    webhooks_key until = prefix;
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = NULL;
    ts_hash128 behind;

    until.bytes[until.n - 1] = 1; /* the 0 behind the id: the end of this endpoint's rows */
    it = ts_iter_new(l->store, WEBHOOKS_DUE, key_view(&from), key_view(&until), false);
    if (it == NULL)
        return TS_NOMEM;
    *ret_next_ms = READY_NEVER;
    if (!ts_iter_valid(it))
        return ts_iter_status(it) == TS_OK ? TS_NOT_FOUND : TS_UNAVAILABLE;
    if (!key_read_due(ts_iter_key(it), prefix.n, ret_due_ms, ret_event))
        return TS_CORRUPT;
    ts_iter_next(it);
    if (ts_iter_valid(it) && !key_read_due(ts_iter_key(it), prefix.n, ret_next_ms, &behind))
        return TS_CORRUPT;
    return ts_iter_status(it);
}

static ts_status fill(const ledger *l, const ready_endpoint *e,
                      const Ts__Webhooks__Endpoint *endpoint,
                      const Ts__Webhooks__StoredEvent *event, Ts__Webhooks__StoredDelivery *row,
                      ts_arena *arena, Ts__Webhooks__LeasedDelivery **ret)
{
    Ts__Webhooks__LeasedDelivery *d = ts_arena_alloc(arena, sizeof(*d));
    sign_input in = { .secret = endpoint->secret,
                      .event_id = event->event->id,
                      .endpoint_id = endpoint->id,
                      .attempt = row->attempts + 1,
                      .now_ms = ts_wall_ms(),
                      .body = ts_str_n(event->event->body.data, event->event->body.len) };
    ts_status st;

    if (d == NULL)
        return TS_NOMEM;
    ts__webhooks__leased_delivery__init(d);
    st = sign_headers(&in, arena, &d->headers, &d->n_headers);
    if (st != TS_OK)
        return st;
    d->org = e->tenant.org;
    d->mode = (uint32_t)e->tenant.mode;
    d->event_id = event->event->id;
    d->endpoint_id = endpoint->id;
    d->attempt = in.attempt;
    d->token = row->token;
    d->lease_ms = (uint32_t)l->lease_ms;
    d->url = endpoint->url;
    d->body = event->event->body;
    *ret = d;
    return TS_OK;
}

/* A due row that leads nowhere. */
static ts_status drop_due(const ledger *l, const ready_endpoint *e, int64_t due_ms,
                          ts_hash128 event)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *batch = ts_batch_new();
    webhooks_key key = key_due(e->tenant, ts_str_of(e->id), due_ms, event);

    if (batch == NULL)
        return TS_NOMEM;
    ts_batch_delete(batch, l->store, WEBHOOKS_DUE, key_view(&key));
    ts_warn(TS_MSG("due row without a delivery dropped"), TS_F_Z("endpoint_id", e->id));
    return ts_store_write(l->store, batch, NULL);
}

static ts_status lease_row(ledger *l, const ready_endpoint *e, int64_t due_ms, ts_hash128 event,
                           int64_t now_ms, ts_arena *arena, Ts__Webhooks__LeasedDelivery **ret)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *batch = ts_batch_new();
    Ts__Webhooks__Endpoint *endpoint = NULL;
    Ts__Webhooks__StoredEvent *stored = NULL;
    Ts__Webhooks__StoredDelivery *row = NULL;
    ts_str id = ts_str_of(e->id);
    webhooks_key key;
    ts_status st = row_delivery(l->store, e->tenant, event, id, arena, &row);

    if (st == TS_OK)
        st = row_event(l->store, e->tenant, event, arena, &stored);
    if (st == TS_OK)
        st = row_endpoint(l->store, e->tenant, id, arena, &endpoint);
    if (st != TS_OK)
        return st;
    row->token.data = ts_arena_alloc(arena, 16);
    if (batch == NULL || row->token.data == NULL)
        return TS_NOMEM;
    row->token.len = 16;
    st = ts_random(row->token.data, 16);
    if (st == TS_OK)
        st = fill(l, e, endpoint, stored, row, arena, ret);
    if (st != TS_OK)
        return st;
    row->due_ms = 0;
    row->lease_until_ms = now_ms + l->lease_ms;
    row_put_delivery(batch, l->store, e->tenant, event, row);
    key = key_due(e->tenant, id, due_ms, event);
    ts_batch_delete(batch, l->store, WEBHOOKS_DUE, key_view(&key));
    key = key_lease(row->lease_until_ms, e->tenant, event, id);
    ts_batch_put(batch, l->store, WEBHOOKS_LEASES, key_view(&key), TS_STR_NULL);
    return ts_store_write(l->store, batch, NULL);
}

/* TS_CONFLICT: nothing of this endpoint is due now, or what was due was nothing; look on. */
static ts_status lease_of(ledger *l, ready_endpoint *e, int64_t now_ms, ts_arena *arena,
                          Ts__Webhooks__LeasedDelivery **ret)
{
    int64_t due_ms = 0, next_ms = READY_NEVER;
    ts_hash128 event;
    ts_status st = first_due(l, e, &due_ms, &event, &next_ms);

    if (st == TS_NOT_FOUND || (st == TS_OK && due_ms > now_ms)) {
        e->next_due_ms = st == TS_OK ? due_ms : READY_NEVER;
        return TS_CONFLICT;
    }
    if (st != TS_OK)
        return st;
    st = lease_row(l, e, due_ms, event, now_ms, arena, ret);
    if (st == TS_NOT_FOUND) {
        st = drop_due(l, e, due_ms, event);
        e->next_due_ms = next_ms;
        return st == TS_OK ? TS_CONFLICT : st;
    }
    if (st != TS_OK)
        return st;
    e->low_due_ms = due_ms;
    e->next_due_ms = next_ms;
    e->in_flight++;
    if (now_ms + l->lease_ms < l->next_lease_ms)
        l->next_lease_ms = now_ms + l->lease_ms;
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

/* Due again at once; the attempt does not count, since nobody knows whether it was made. */
static ts_status expire_one(ledger *l, ts_str lease_key, ts_tenant t, ts_hash128 event,
                            ts_str endpoint, int64_t now_ms, ts_arena *arena)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *batch = ts_batch_new();
    Ts__Webhooks__StoredDelivery *row = NULL;
    ready_endpoint *e = ledger_endpoint(l, endpoint);
    webhooks_key key;
    ts_status st;

    if (batch == NULL)
        return TS_NOMEM;
    ts_batch_delete(batch, l->store, WEBHOOKS_LEASES, lease_key);
    st = row_delivery(l->store, t, event, endpoint, arena, &row);
    if (st == TS_OK && row->lease_until_ms != 0) {
        row->lease_until_ms = 0;
        if (e == NULL || e->is_gone) {
            st = ledger_settle(l, batch, t, event, row, DELIVERY_FAILED, arena);
        } else {
            row->due_ms = now_ms;
            row->delivery->next_attempt_ms = now_ms;
            key = key_due(t, endpoint, now_ms, event);
            ts_batch_put(batch, l->store, WEBHOOKS_DUE, key_view(&key), TS_STR_NULL);
        }
        if (st == TS_OK)
            row_put_delivery(batch, l->store, t, event, row);
    }
    if (st != TS_OK && st != TS_NOT_FOUND)
        return st;
    st = ts_store_write(l->store, batch, NULL);
    if (st != TS_OK || e == NULL)
        return st;
    if (e->in_flight > 0)
        e->in_flight--;
    ts_metric_add(l->metrics.expired, 1);
    ledger_due(l, e, now_ms);
    return TS_OK;
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
        if (until_ms > now_ms && until_ms <= now_ms + l->lease_ms) {
            l->next_lease_ms = until_ms;
            break;
        }
        ts_arena_reset(arena);
        st = expire_one(l, ts_iter_key(it), tenant, event, endpoint, now_ms, arena);
    }
    return st == TS_OK ? ts_iter_status(it) : st;
}
