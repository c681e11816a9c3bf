#include "change.h"

#include "queue.h"

ts_status change_init(change *c, ledger *l, ts_batch *batch, ts_arena *arena)
{
    *c = (change){ .l = l, .batch = batch, .arena = arena };
    if (batch != NULL)
        return TS_OK;
    c->batch = ts_batch_new();
    c->owns_batch = true;
    return c->batch == NULL ? TS_NOMEM : TS_OK;
}

void change_done(change *c)
{
    /* What did not get into the batch is read anew; a write that failed ends the process. */
    while (c->dirty != NULL) {
        ready_endpoint *e = c->dirty;

        c->dirty = e->next_dirty;
        e->is_dirty = false;
        if (c->is_flushed)
            continue;
        queue_forget_ahead(e);
        ts_ignore(ledger_totals_load(c->l, e)); /* its old figures stay: shown, not decided on */
    }
    for (; c->dirty_tenants != NULL; c->dirty_tenants = c->dirty_tenants->next_dirty)
        c->dirty_tenants->is_dirty = false;
    if (c->owns_batch)
        ts_batch_free(TS_TAKE(c->batch));
}

static change_event *find(const change *c, ts_tenant t, ts_hash128 id)
{
    for (change_event *e = c->events; e != NULL; e = e->next) {
        if (e->tenant.org == t.org && e->tenant.mode == t.mode &&
            memcmp(e->id.bytes, id.bytes, sizeof(id.bytes)) == 0)
            return e;
    }
    return NULL;
}

static ts_status remember(change *c, ts_tenant t, ts_hash128 id, Ts__Webhooks__StoredState *row,
                          bool is_new, bool is_sole, bool is_bare, change_event **ret)
{
    change_event *e = ts_arena_alloc(c->arena, sizeof(*e));

    if (e == NULL)
        return TS_NOMEM;
    *e = (change_event){ .tenant = t,
                         .id = id,
                         .row = row,
                         .before = event_state(row),
                         .is_new = is_new,
                         .is_sole = is_sole,
                         .is_bare = is_bare,
                         .next = c->events };
    c->events = e;
    *ret = e;
    return TS_OK;
}

ts_status change_load(change *c, ts_tenant t, ts_hash128 id, change_event **ret)
{
    Ts__Webhooks__StoredState *row = NULL;
    bool is_sole = false;
    bool is_bare = false;
    ts_status st;

    *ret = find(c, t, id);
    if (*ret != NULL)
        return TS_OK;
    st = row_state(c->l->store, t, id, NULL, c->arena, &row, &is_sole, &is_bare);
    return st == TS_OK ? remember(c, t, id, row, false, is_sole, is_bare, ret) : st;
}

ts_status change_know_sole(change *c, ts_tenant t, ts_hash128 id, uint32_t type, int64_t created_ms,
                           bool is_bare, change_event **ret)
{
    Ts__Webhooks__StoredState *row;

    *ret = find(c, t, id);
    if (*ret != NULL)
        return TS_OK;
    row = ts_arena_alloc(c->arena, sizeof(*row));
    if (row == NULL)
        return TS_NOMEM;
    ts__webhooks__stored_state__init(row);
    row->type = type;
    row->created_ms = created_ms;
    row->pending = 1;
    return remember(c, t, id, row, false, true, is_bare, ret);
}

bool change_knows(const change *c, ts_tenant t, ts_hash128 id)
{
    webhooks_key key = key_event(t, id);

    return find(c, t, id) != NULL || ts_store_has(c->l->store, WEBHOOKS_EVENTS, key_view(&key));
}

ts_status change_add(change *c, ts_tenant t, ts_hash128 id, Ts__Webhooks__StoredState *row,
                     change_event **ret)
{
    return remember(c, t, id, row, true, false, false, ret);
}

void change_touch(change *c, ready_endpoint *e)
{
    if (e->is_dirty)
        return;
    e->is_dirty = true;
    e->next_dirty = c->dirty;
    c->dirty = e;
}

static void count(uint64_t *counts, uint32_t type, delivery_state state, int by)
{
    uint64_t *n = &counts[type * DELIVERY_STATES + (unsigned)state];

    if (by > 0)
        ++*n;
    else if (*n > 0)
        --*n;
}

static webhooks_key owed_key(const change_event *event, const ready_endpoint *e,
                             delivery_state state)
{
    index_place at = { event->row->type, state, event->row->created_ms, event->id };

    if (event->is_bare && state == DELIVERY_PENDING)
        at.state = INDEX_BARE;
    return key_owed_index(event->tenant, ts_str_of(e->id), &at);
}

void change_owe(change *c, change_event *event, ready_endpoint *e)
{
    webhooks_key key = owed_key(event, e, DELIVERY_PENDING);

    event->row->pending++;
    ts_batch_put(c->batch, c->l->store, WEBHOOKS_OWED_INDEX, key_view(&key), TS_STR_NULL);
    count(e->counts, event->row->type, DELIVERY_PENDING, 1);
    change_touch(c, e);
}

static void leave(change *c, change_event *event, ready_endpoint *e, delivery_state state)
{
    webhooks_key key = owed_key(event, e, state);
    uint32_t *n = state_count(event->row, state);

    if (*n > 0)
        --*n;
    ts_batch_delete(c->batch, c->l->store, WEBHOOKS_OWED_INDEX, key_view(&key));
    count(e->counts, event->row->type, state, -1);
    change_touch(c, e);
}

static webhooks_key enter(change *c, change_event *event, ready_endpoint *e, delivery_state from,
                          delivery_state to)
{
    leave(c, event, e, from);
    ++*state_count(event->row, to);
    count(e->counts, event->row->type, to, 1);
    return owed_key(event, e, to);
}

void change_move(change *c, change_event *event, ready_endpoint *e, delivery_state from,
                 delivery_state to)
{
    webhooks_key key = enter(c, event, e, from, to);

    ts_batch_put(c->batch, c->l->store, WEBHOOKS_OWED_INDEX, key_view(&key), TS_STR_NULL);
}

void change_arrive(change *c, change_event *event, ready_endpoint *e,
                   Ts__Webhooks__StoredDelivery *d)
{
    webhooks_key key = enter(c, event, e, DELIVERY_PENDING, DELIVERY_DELIVERED);

    d->bare = NULL;
    ts_batch_put_message(c->batch, c->l->store, WEBHOOKS_OWED_INDEX, key_view(&key), &d->base);
}

void change_unbare(change *c, change_event *event, Ts__Webhooks__StoredDelivery *d)
{
    row_unbare(c->batch, c->l->store, event->tenant, event->id, d);
    event->is_bare = false;
}

void change_forget(change *c, change_event *event, ready_endpoint *e, delivery_state state)
{
    webhooks_key key = key_delivery(event->tenant, event->id, ts_str_of(e->id));

    leave(c, event, e, state);
    ts_batch_delete(c->batch, c->l->store, WEBHOOKS_DELIVERIES, key_view(&key));
}

ts_status change_each(change *c, change_event *event, change_visit *visit)
{
    row_deliveries list = { 0 };
    ts_status st = row_deliveries_of(c->l->store, event->tenant, event->id, NULL, c->arena, &list);

    for (size_t i = 0; i < list.count && st == TS_OK; i++) {
        const Ts__Webhooks__StoredDelivery *d = list.items[i];
        delivery_state state;
        ready_endpoint *e = NULL;

        if (!delivery_state_parse(ts_str_of(d->delivery->status), &state))
            return TS_CORRUPT;
        st = ledger_endpoint_or_ghost(c->l, event->tenant, ts_str_of(d->delivery->endpoint_id), &e);
        if (st == TS_OK)
            visit(c, event, e, state);
    }
    return st;
}

void change_forget_event(change_event *event)
{
    event->is_forgotten = true;
}

/* ---- rows of what changed ---- */

static void drop_event(change *c, const change_event *e, ledger_tenant *tenant, ts_str index_key)
{
    webhooks_key key = key_event(e->tenant, e->id);

    ts_batch_delete(c->batch, c->l->store, WEBHOOKS_EVENTS, key_view(&key));
    ts_batch_delete(c->batch, c->l->store, WEBHOOKS_STATES, key_view(&key));
    ts_batch_delete(c->batch, c->l->store, WEBHOOKS_EVENT_INDEX, index_key);
    count(tenant->counts, e->row->type, e->before, -1);
}

static void touch_tenant(change *c, ledger_tenant *t)
{
    if (t->is_dirty)
        return;
    t->is_dirty = true;
    t->next_dirty = c->dirty_tenants;
    c->dirty_tenants = t;
}

static void put_tenant(const change *c, const ledger_tenant *t)
{
    Ts__Webhooks__Totals row = TS__WEBHOOKS__TOTALS__INIT;

    row.counts = (uint64_t *)(uintptr_t)t->counts; /* only packed */
    row.n_counts = TS_COUNT(t->counts);
    row_put_totals(c->batch, c->l->store, t->tenant, TS_STR_NULL, &row);
}

static void put_endpoint_totals(change *c, ready_endpoint *e)
{
    Ts__Webhooks__Totals row = TS__WEBHOOKS__TOTALS__INIT;

    row.counts = e->counts;
    row.n_counts = TS_COUNT(e->counts);
    row.failing_since_ms = e->failing_since_ms;
    row.failures = e->failures;
    row_put_totals(c->batch, c->l->store, e->tenant, ts_str_of(e->id), &row);
}

static void put_event(change *c, const change_event *e, ledger_tenant *tenant)
{
    index_place at = { e->row->type, e->before, e->row->created_ms, e->id };
    delivery_state after = event_state(e->row);
    webhooks_key key = key_event_index(e->tenant, &at);

    if (!e->is_sole)
        row_put_state(c->batch, c->l->store, e->tenant, e->id, e->row);
    if (!e->is_new && after == e->before)
        return;
    if (!e->is_new && !e->is_bare)
        ts_batch_delete(c->batch, c->l->store, WEBHOOKS_EVENT_INDEX, key_view(&key));
    if (!e->is_new)
        count(tenant->counts, e->row->type, e->before, -1);
    at.state = after;
    key = key_event_index(e->tenant, &at);
    if (!e->is_bare || after != DELIVERY_PENDING)
        ts_batch_put(c->batch, c->l->store, WEBHOOKS_EVENT_INDEX, key_view(&key), TS_STR_NULL);
    count(tenant->counts, e->row->type, after, 1);
    touch_tenant(c, tenant);
}

static ts_status put_or_drop(change *c, const change_event *e)
{
    index_place at = { e->row->type, e->before, e->row->created_ms, e->id };
    webhooks_key key = key_event_index(e->tenant, &at);
    ledger_tenant *tenant = NULL;
    ts_status st = ledger_tenant_of(c->l, e->tenant, &tenant);

    if (st != TS_OK)
        return st;
    if (!e->is_forgotten) {
        put_event(c, e, tenant);
        return TS_OK;
    }
    drop_event(c, e, tenant, key_view(&key));
    touch_tenant(c, tenant);
    return TS_OK;
}

ts_status change_flush(change *c)
{
    ts_status st = TS_OK;

    /* Tenants first, so that what can fail fails before a counter has moved. */
    for (change_event *e = c->events; e != NULL && st == TS_OK; e = e->next) {
        ledger_tenant *tenant = NULL;

        st = ledger_tenant_of(c->l, e->tenant, &tenant);
    }
    for (change_event *e = c->events; e != NULL && st == TS_OK; e = e->next)
        st = put_or_drop(c, e);
    if (st != TS_OK)
        return st;
    while (c->dirty_tenants != NULL) {
        ledger_tenant *t = c->dirty_tenants;

        c->dirty_tenants = t->next_dirty;
        t->is_dirty = false;
        put_tenant(c, t);
    }
    for (ready_endpoint *e = c->dirty; e != NULL; e = e->next_dirty)
        put_endpoint_totals(c, e);
    c->is_flushed = true;
    return TS_OK;
}

ts_status change_write(change *c, uint64_t *ret_ticket)
{
    ts_status st = change_flush(c);

    return st == TS_OK ? ts_store_write(c->l->store, c->batch, ret_ticket) : st;
}
