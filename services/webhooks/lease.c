/* Giving deliveries out, and taking back what nobody answered for. */
#include "endpoint.h"
#include "queue.h"
#include "sign.h"
#include "ts/log.h"

#define LOAD_ARENA_BYTES (4u << 20)
#define REST_MS          60000 /* of an endpoint that something unreadable is owed to */
#define RANDOM_BYTES     (32 * LEASE_TOKEN_SIZE)

/* Leases on their way into one answer. */
typedef struct leasing {
    ledger *l;
    ts_batch *batch;
    lease_group *group;
    int64_t now_ms;
    ts_arena *arena;
    uint8_t random[RANDOM_BYTES]; /* asked of the kernel for many tokens at once */
    size_t random_left;
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

/* Copies what is of the endpoint: whoever packs it has not locked the ledger any more, so that the settings may go. */
static ts_status fill(const ledger *l, const ready_endpoint *e,
                      const Ts__Webhooks__Endpoint *endpoint,
                      const Ts__Webhooks__StoredEvent *event, uint32_t attempt, uint8_t *token,
                      ts_arena *arena, Ts__Webhooks__LeasedDelivery **ret)
{
    Ts__Webhooks__LeasedDelivery *d = ts_arena_alloc(arena, sizeof(*d));
    sign_input in = { .event_id = event->event->id,
                      .endpoint_id = endpoint->id,
                      .attempt = attempt,
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
    d->endpoint_id = ts_arena_z(arena, ts_str_of(endpoint->id));
    d->attempt = in.attempt;
    d->token.data = token;
    d->token.len = LEASE_TOKEN_SIZE;
    d->lease_ms = (uint32_t)l->options.lease_ms;
    d->url = ts_arena_z(arena, ts_str_of(endpoint->url));
    d->body = event->event->body;
    *ret = d;
    return d->endpoint_id == NULL || d->url == NULL ? TS_NOMEM : TS_OK;
}

/* A due row that leads nowhere. */
static void drop_due(const leasing *g, ready_endpoint *e, const queue_head *head)
{
    webhooks_key key = key_due(e->tenant, ts_str_of(e->id), head->row.key_ms, head->row.event);

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
        row_unbare(g->batch, g->l->store, e->tenant, head->row.event, row);
        ts_ignore(
            queue_take_off(g->l, g->batch, e, head->row.event, row)); /* it stands on a due row */
        queue_put(g->l, g->batch, e, head->row.event, row, due_ms);
        row_put_delivery(g->batch, g->l->store, e->tenant, head->row.event, row);
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

static ts_status draw_token(leasing *g, uint8_t **ret)
{
    ts_status st = TS_OK;

    *ret = ts_arena_alloc(g->arena, LEASE_TOKEN_SIZE);
    if (*ret == NULL)
        return TS_NOMEM;
    if (g->random_left == 0) {
        st = ts_random(g->random, sizeof(g->random));
        if (st != TS_OK)
            return st;
        g->random_left = sizeof(g->random);
    }
    g->random_left -= LEASE_TOKEN_SIZE;
    memcpy(*ret, g->random + g->random_left, LEASE_TOKEN_SIZE);
    return st;
}

/* TS_CONFLICT: it is not its time yet. Its row is read only if the due index does not say all. */
static ts_status look_at(const leasing *g, ready_endpoint *e, queue_head *head)
{
    Ts__Webhooks__StoredDelivery *d = NULL;
    ts_status st;

    if (head->row.facts.attempt != 0 && head->row.facts.next_attempt_ms <= g->now_ms)
        return TS_OK;
    st = row_delivery(g->l->store, e->tenant, head->row.event, ts_str_of(e->id), g->arena, &d);
    if (st != TS_OK)
        return st;
    head->row.facts.attempt = d->attempts_before + d->attempts + 1;
    head->row.facts.next_attempt_ms = d->delivery->next_attempt_ms;
    if (head->row.facts.next_attempt_ms <= g->now_ms)
        return TS_OK;
    wait_longer(g, e, head, d);
    return TS_CONFLICT;
}

static ts_status lease_row(leasing *g, ready_endpoint *e, queue_head *head,
                           Ts__Webhooks__LeasedDelivery **ret)
{
    ledger *l = g->l;
    const Ts__Webhooks__Endpoint *endpoint = NULL;
    Ts__Webhooks__StoredEvent *stored = NULL;
    lease_held *held = NULL;
    uint8_t *token = NULL;
    ts_status st = look_at(g, e, head);

    if (st == TS_OK)
        st = row_event(l->store, e->tenant, head->row.event, g->arena, &stored);
    if (st == TS_OK)
        st = settings_of(g, e, &endpoint);
    if (st == TS_OK)
        st = draw_token(g, &token);
    if (st == TS_OK)
        st = fill(l, e, endpoint, stored, head->row.facts.attempt, token, g->arena, ret);
    if (st == TS_OK && g->group == NULL)
        g->group = leases_open(&l->leases, g->now_ms + l->options.lease_ms);
    if (st == TS_OK && g->group == NULL)
        st = TS_NOMEM;
    if (st == TS_OK)
        st = leases_add(&l->leases, g->group, e, head->row.event, head->row.key_ms, token, &held);
    if (st != TS_OK)
        return st;
    held->is_first = head->row.facts.attempt == 1;
    held->is_sole =
        head->row.facts.is_sole && type_number(ts_str_of(stored->event->event), &held->type);
    held->is_bare = held->is_first && held->is_sole && head->row.facts.is_bare;
    held->created_ms = stored->event->created_ms;
    ts_metric_observe_us(l->metrics.lateness, (g->now_ms - head->row.facts.next_attempt_ms) * 1000);
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
    if (st == TS_NOT_FOUND || (st == TS_OK && !e->is_ordered && head.row.key_ms > g->now_ms)) {
        e->next_due_ms = st == TS_OK ? head.row.key_ms : READY_NEVER;
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
    e->low_due_ms = head.row.key_ms;
    ready_serve(&l->ready, e, g->now_ms);
    if (g->now_ms + l->options.lease_ms < l->next_lease_ms)
        l->next_lease_ms = g->now_ms + l->options.lease_ms;
    ts_metric_add(l->metrics.leased, 1);
    return TS_OK;
}

/* What it is owed cannot be read: it is looked at again some time later, and the others of its lane now. */
static void rest(const leasing *g, ready_endpoint *e, ts_status st)
{
    ts_log_error(TS_MSG("an endpoint's deliveries cannot be read"), TS_F_Z("endpoint_id", e->id),
                 TS_F_STATUS(st));
    e->next_due_ms = g->now_ms + REST_MS;
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
        if (st == TS_CORRUPT)
            rest(g, e, st);
        placed = ready_place(&g->l->ready, e, g->now_ms);
        if (st != TS_CONFLICT && st != TS_CORRUPT)
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
    if (g.group != NULL && g.group->count == 0)
        leases_drop(&l->leases, TS_TAKE(g.group));
    if (g.batch != NULL && g.group != NULL)
        leases_put(l->store, g.batch, g.group);
    if (g.batch != NULL && write_leases(&g) != TS_OK)
        st = TS_UNAVAILABLE;
    ts_batch_free(g.batch);
    return st;
}

/* ---- leases that end ---- */

/* Due again at once; the attempt does not count, since nobody knows whether it was made. What a deleted endpoint is owed is
 * due as well: tend.c settles it. */
static ts_status expire_one(ledger *l, ts_batch *batch, lease_held *ended, int64_t now_ms,
                            ts_arena *arena)
{
    Ts__Webhooks__StoredDelivery *row = NULL;
    ready_endpoint *e = ended->endpoint;
    ts_hash128 event = ended->event;
    /* Of an erased organization a row may still stand; none can be put. */
    ts_status st = e->is_ended
                       ? TS_NOT_FOUND
                       : row_delivery(l->store, e->tenant, event, ts_str_of(e->id), arena, &row);

    if (st != TS_OK && st != TS_NOT_FOUND && st != TS_CORRUPT)
        return st;
    ts_metric_add(l->metrics.expired, 1);
    if (st != TS_OK || !delivery_is_pending(row)) {
        queue_drop(l, batch, ended);
        return TS_OK;
    }
    ready_release(&l->ready, e);
    row_unbare(batch, l->store, e->tenant, event, row);
    ts_ignore(queue_take_off(l, batch, e, event, row)); /* the lease ends with it */
    queue_put(l, batch, e, event, row, now_ms);
    row_put_delivery(batch, l->store, e->tenant, event, row);
    return TS_OK;
}

static ts_status expire_group(ledger *l, lease_group *group, int64_t now_ms, ts_arena *arena)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *batch = ts_batch_new();
    ts_status st = batch == NULL ? TS_NOMEM : TS_OK;

    ts_arena_reset(arena);
    for (size_t left = group->count; left > 0 && st == TS_OK; left--)
        st = expire_one(l, batch, group->first, now_ms, arena); /* the group goes with its last */
    if (batch != NULL && !ts_batch_is_empty(batch)) {
        ts_status written = ts_store_write(l->store, batch, NULL);

        st = st == TS_OK ? written : st;
    }
    return st;
}

ts_status ledger_expire(ledger *l, int64_t now_ms, ts_arena *arena)
{
    ts_status st = TS_OK;

    if (now_ms < l->next_lease_ms)
        return TS_OK;
    while (st == TS_OK && l->leases.first != NULL && l->leases.first->until_ms <= now_ms)
        st = expire_group(l, l->leases.first, now_ms, arena);
    l->next_lease_ms = l->leases.first == NULL ? READY_NEVER : l->leases.first->until_ms;
    return st;
}

/* ---- start ---- */

static ts_status take_up(ledger *l, lease_group *group, const Ts__Webhooks__StoredLease *s)
{
    ready_endpoint *e = ledger_endpoint(l, ts_str_of(s->endpoint_id));
    lease_held *held = NULL;
    ts_hash128 event;
    webhooks_key key;
    ts_status st;

    if (e == NULL || s->event.len != sizeof(event.bytes) || s->token.len != LEASE_TOKEN_SIZE)
        return TS_OK;
    memcpy(event.bytes, s->event.data, sizeof(event.bytes));
    key = key_due(e->tenant, ts_str_of(e->id), s->due_ms, event);
    if (!ts_store_has(l->store, WEBHOOKS_DUE, key_view(&key)))
        return TS_OK; /* its result is known */
    st = leases_add(&l->leases, group, e, event, s->due_ms, s->token.data, &held);
    if (st != TS_OK)
        return st;
    ready_serve(&l->ready, e, clock_now(&l->clock));
    queue_forget_ahead(e); /* it was not known yet that somebody has it */
    return ready_place(&l->ready, e, clock_now(&l->clock));
}

/* After a step of the wall clock backwards, leases would hold their deliveries for its length. */
static int64_t end_of(const ledger *l, int64_t until_ms)
{
    int64_t longest_ms = clock_now(&l->clock) + l->options.lease_ms;

    return until_ms < longest_ms ? until_ms : longest_ms;
}

ts_status ledger_load_leases(ledger *l)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(LOAD_ARENA_BYTES);
    TS_CLEANUP(ts_batch_free_p) ts_batch *batch = ts_batch_new();
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_new(l->store, WEBHOOKS_LEASES, TS_STR_NULL, TS_STR_NULL, false);
    ts_status st = TS_OK;

    if (it == NULL || batch == NULL || arena == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it) && st == TS_OK; ts_iter_next(it)) {
        const Ts__Webhooks__StoredLeases *row;
        lease_group *group;
        ProtobufCMessage *m = NULL;
        int64_t until_ms;
        uint64_t number;

        ts_arena_reset(arena);
        if (!key_read_leases(ts_iter_key(it), &until_ms, &number))
            return TS_CORRUPT;
        st =
            ts_arena_unpack(arena, &ts__webhooks__stored_leases__descriptor, ts_iter_value(it), &m);
        if (st != TS_OK)
            return st;
        row = (const Ts__Webhooks__StoredLeases *)m;
        group = leases_open(&l->leases, until_ms);
        if (group == NULL)
            return TS_NOMEM;
        for (size_t i = 0; i < row->n_leases && st == TS_OK; i++)
            st = take_up(l, group, row->leases[i]);
        ts_batch_delete(batch, l->store, WEBHOOKS_LEASES, ts_iter_key(it));
        group->until_ms = end_of(l, until_ms);
        if (group->count == 0)
            leases_drop(&l->leases, group);
    }
    /* Under the keys that they have in this process, whoever had one of them before. */
    for (const lease_group *g = l->leases.first; g != NULL; g = g->next)
        leases_put(l->store, batch, g);
    if (st == TS_OK)
        st = ts_iter_status(it);
    if (l->leases.first != NULL)
        l->next_lease_ms = l->leases.first->until_ms;
    return st != TS_OK || ts_batch_is_empty(batch) ? st : ts_store_write(l->store, batch, NULL);
}
