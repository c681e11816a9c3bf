#include "upgrade.h"

#include "change.h"

#define STEP        200
#define ARENA_BYTES (64u << 20)

/* Deliveries are counted and listed as if they had just been made. */
static void take_delivery(change *c, change_event *event, ready_endpoint *e, delivery_state state)
{
    change_owe(c, event, e);
    if (state != DELIVERY_PENDING)
        change_move(c, event, e, DELIVERY_PENDING, state);
}

static ts_status take_event(change *c, ts_tenant t, ts_hash128 id)
{
    Ts__Webhooks__StoredState *state = ts_arena_alloc(c->arena, sizeof(*state));
    Ts__Webhooks__StoredEvent *row = NULL;
    change_event *event = NULL;
    ts_status st = row_event(c->l->store, t, id, c->arena, &row);

    if (st != TS_OK || state == NULL)
        return st == TS_NOT_FOUND ? TS_OK : st == TS_OK ? TS_NOMEM : st;
    ts__webhooks__stored_state__init(state);
    state->created_ms = row->event->created_ms;
    if (!type_number(ts_str_of(row->event->event), &state->type))
        return TS_CORRUPT;
    st = change_add(c, t, id, state, &event);
    return st == TS_OK ? change_each(c, event, take_delivery) : st;
}

/* A key of event_order: T ~created V; of event_status: T state ~created V. */
static ts_status take_some(ledger *l, ts_arena *arena, bool *ret_more)
{
    TS_CLEANUP(change_done) change c = { 0 };
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_new(l->store, WEBHOOKS_EVENT_ORDER, TS_STR_NULL, TS_STR_NULL, false);
    unsigned n = 0;
    ts_status st = change_init(&c, l, NULL, arena);

    if (it == NULL)
        return TS_NOMEM;
    for (; st == TS_OK && ts_iter_valid(it) && n < STEP; ts_iter_next(it), n++) {
        ts_str key = ts_iter_key(it);
        ts_hash128 id;
        ts_tenant t;

        if (key.n != TS_KEY_TENANT_SIZE + 8 + sizeof(id.bytes) ||
            !key_read_tenant(ts_str_n(key.p, TS_KEY_TENANT_SIZE), &t))
            return TS_CORRUPT;
        memcpy(id.bytes, key.p + key.n - sizeof(id.bytes), sizeof(id.bytes));
        if (!ts_store_is_erased(l->store, t.org)) /* no row of it can be put; all go soon */
            st = take_event(&c, t, id);
        ts_batch_delete(c.batch, l->store, WEBHOOKS_EVENT_ORDER, key);
        for (unsigned state = 0; state < DELIVERY_STATES; state++) {
            webhooks_key status = key_tenant(t);
            uint8_t byte = (uint8_t)state;

            key_bytes(&status, &byte, 1);
            key_bytes(&status, key.p + TS_KEY_TENANT_SIZE, key.n - TS_KEY_TENANT_SIZE);
            ts_batch_delete(c.batch, l->store, WEBHOOKS_EVENT_STATUS, key_view(&status));
        }
    }
    *ret_more = n > 0;
    if (st == TS_OK)
        st = ts_iter_status(it);
    return st == TS_OK && n > 0 ? change_write(&c, NULL) : st;
}

/* What was leased is due again: schema 2 had taken it off the due index. Its row there says nothing of the attempt, which is
 * then read. */
static ts_status take_leases(ledger *l, ts_arena *arena)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *batch = ts_batch_new();
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_new(l->store, WEBHOOKS_LEASES, TS_STR_NULL, TS_STR_NULL, false);
    ts_status st = TS_OK;

    if (it == NULL || batch == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it) && st == TS_OK; ts_iter_next(it)) {
        Ts__Webhooks__StoredDelivery *d = NULL;
        ts_hash128 event;
        ts_tenant tenant;
        int64_t until_ms;
        ts_str endpoint;
        webhooks_key key;

        if (!key_read_lease(ts_iter_key(it), &until_ms, &tenant, &event, &endpoint))
            continue;
        ts_arena_reset(arena);
        ts_batch_delete(batch, l->store, WEBHOOKS_LEASES, ts_iter_key(it));
        if (ts_store_is_erased(l->store, tenant.org))
            continue;
        st = row_delivery(l->store, tenant, event, endpoint, arena, &d);
        if (st == TS_NOT_FOUND || (st == TS_OK && d->lease_until_ms == 0)) {
            st = TS_OK;
            continue;
        }
        if (st != TS_OK)
            return st;
        d->lease_until_ms = 0;
        d->token.len = 0;
        d->due_ms = d->position_ms != 0 ? d->position_ms : clock_now(&l->clock);
        row_put_delivery(batch, l->store, tenant, event, d);
        key = key_due(tenant, endpoint, d->due_ms, event);
        ts_batch_put(batch, l->store, WEBHOOKS_DUE, key_view(&key), TS_STR_NULL);
    }
    if (st == TS_OK)
        st = ts_iter_status(it);
    return st != TS_OK || ts_batch_is_empty(batch) ? st : ts_store_write(l->store, batch, NULL);
}

ts_status upgrade_run(ledger *l)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(ARENA_BYTES);
    bool more = true;
    ts_status st = TS_OK;

    if (arena == NULL)
        return TS_NOMEM;
    while (more && st == TS_OK) {
        ts_arena_reset(arena);
        st = take_some(l, arena, &more);
    }
    return st == TS_OK ? take_leases(l, arena) : st;
}
