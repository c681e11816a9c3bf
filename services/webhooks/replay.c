#include "replay.h"

#include "merge.h"
#include "queue.h"

#define JOB_ARENA_BYTES 4096 /* of one job, read at start */

static void requeue(change *c, change_event *event, ready_endpoint *e,
                    Ts__Webhooks__StoredDelivery *d, delivery_state from)
{
    const Ts__Webhooks__Delivery *known = d->delivery;
    int64_t now_ms = clock_now(&c->l->clock);

    change_move(c, event, e, from, DELIVERY_PENDING);
    d->attempts_before += d->attempts;
    if (known->n_attempts > 0 &&
        known->attempts[known->n_attempts - 1]->number > d->attempts_before)
        d->attempts_before = known->attempts[known->n_attempts - 1]->number;
    d->attempts = 0;
    d->position_ms = 0;
    d->replay_ms = 0;
    d->delivery->status =
        (char *)(uintptr_t)delivery_state_name(DELIVERY_PENDING); /* only packed */
    queue_put(c->l, c->batch, e, event->id, d, now_ms);
    row_put_delivery(c->batch, c->l->store, event->tenant, event->id, d);
    ts_metric_add(c->l->metrics.replayed, 1);
}

static ts_status replay_deliveries(change *c, change_event *event, delivery_state from,
                                   uint64_t *ret_count)
{
    row_deliveries list = { 0 };
    ts_status st = row_deliveries_of(c->l->store, event->tenant, event->id, NULL, c->arena, &list);

    for (size_t i = 0; i < list.count && st == TS_OK; i++) {
        Ts__Webhooks__StoredDelivery *d = list.items[i];
        ready_endpoint *e = ledger_endpoint(c->l, ts_str_of(d->delivery->endpoint_id));

        if (strcmp(d->delivery->status, delivery_state_name(from)) != 0 || e == NULL || e->is_gone)
            continue;
        requeue(c, event, e, d, from);
        ++*ret_count;
    }
    return st;
}

ts_status replay_event(change *c, ts_tenant t, ts_hash128 id, uint64_t *ret_count, ts_error *err)
{
    change_event *event = NULL;
    ts_status st = change_load(c, t, id, &event);

    *ret_count = 0;
    if (st == TS_NOT_FOUND)
        return ts_fail(err, st, "id", "There is no such webhook event.");
    if (st == TS_OK && event->row->failed == 0 && event->row->pending > 0)
        return ts_fail(err, TS_CONFLICT, "id", "The event is still being delivered.");
    if (st == TS_OK)
        st = replay_deliveries(
            c, event, event->row->failed > 0 ? DELIVERY_FAILED : DELIVERY_DELIVERED, ret_count);
    if (st == TS_OK && *ret_count == 0)
        return ts_fail(err, TS_CONFLICT, "id",
                       "There is no endpoint left that the event was owed to.");
    return st;
}

/* ---- all that failed of an endpoint ---- */

void replay_ask(ledger *l, ts_batch *batch, ready_endpoint *e, int64_t since_ms)
{
    Ts__Webhooks__ReplayJob job = TS__WEBHOOKS__REPLAY_JOB__INIT;

    job.since_ms = since_ms;
    job.asked_ms = clock_now(&l->clock);
    row_put_replay(batch, l->store, e->tenant, ts_str_of(e->id), &job);
    e->is_replaying = true;
    e->replay_ms = job.asked_ms;
}

static uint64_t backlog(const ready_endpoint *e)
{
    uint64_t n = 0;

    for (unsigned type = 0; type < TYPES_COUNT; type++)
        n += e->counts[type * DELIVERY_STATES + DELIVERY_PENDING];
    return n;
}

/* Where the walk begins: behind the last one looked at, else at the first that is young enough. */
static bool begin_at(const Ts__Webhooks__ReplayJob *job, index_place *ret)
{
    *ret = (index_place){ .created_ms = job->at_created_ms };
    if (job->at_event.len == sizeof(ret->event.bytes)) {
        memcpy(ret->event.bytes, job->at_event.data, sizeof(ret->event.bytes));
        return true;
    }
    ret->created_ms = job->since_ms - 1;
    return job->since_ms > 0;
}

static ts_status replay_one(change *c, ready_endpoint *e, const Ts__Webhooks__ReplayJob *job,
                            const index_place *at)
{
    Ts__Webhooks__StoredDelivery *d = NULL;
    change_event *event = NULL;
    ts_status st = row_delivery(c->l->store, e->tenant, at->event, ts_str_of(e->id), c->arena, &d);

    if (st == TS_OK)
        st = change_load(c, e->tenant, at->event, &event);
    if (st == TS_OK && d->replay_ms != job->asked_ms)
        requeue(c, event, e, d, DELIVERY_FAILED);
    return st == TS_NOT_FOUND ? TS_OK : st;
}

static ts_status walk(change *c, ready_endpoint *e, Ts__Webhooks__ReplayJob *job, bool *ret_more)
{
    merge_options o = { .store = c->l->store,
                        .family = WEBHOOKS_OWED_INDEX,
                        .begin = key_endpoint(e->tenant, ts_str_of(e->id)),
                        .type = MERGE_ALL,
                        .state = DELIVERY_FAILED,
                        .oldest_first = true };
    TS_CLEANUP(merge_free_p) merge *m = NULL;
    index_place at;
    ts_status st = TS_OK;

    if (begin_at(job, &at))
        o.after = &at;
    m = merge_new(&o);
    if (m == NULL)
        return TS_NOMEM;
    *ret_more = true;
    for (unsigned i = 0; i < REPLAY_STEP && st == TS_OK; i++) {
        *ret_more = merge_next(m, &at);
        if (!*ret_more)
            break;
        st = replay_one(c, e, job, &at);
        job->at_created_ms = at.created_ms;
        job->at_event.data = ts_arena_alloc(c->arena, sizeof(at.event.bytes));
        if (job->at_event.data == NULL)
            return TS_NOMEM;
        memcpy(job->at_event.data, at.event.bytes, sizeof(at.event.bytes));
        job->at_event.len = sizeof(at.event.bytes);
    }
    return st == TS_OK ? merge_status(m) : st;
}

ts_status replay_step(ledger *l, ready_endpoint *e, ts_arena *arena, bool *ret_more)
{
    TS_CLEANUP(change_done) change c = { 0 };
    Ts__Webhooks__ReplayJob *job = NULL;
    webhooks_key key = key_endpoint(e->tenant, ts_str_of(e->id));
    bool more = false;
    ts_status st = change_init(&c, l, NULL, arena);

    *ret_more = false;
    if (!e->is_gone && backlog(e) >= REPLAY_AHEAD)
        return st; /* it goes on once the endpoint has kept up */
    if (st == TS_OK)
        st = row_replay(l->store, e->tenant, ts_str_of(e->id), arena, &job);
    if (st == TS_OK && !e->is_gone)
        st = walk(&c, e, job, &more);
    if (st != TS_OK && st != TS_NOT_FOUND)
        return st;
    if (more)
        row_put_replay(c.batch, l->store, e->tenant, ts_str_of(e->id), job);
    else
        ts_batch_delete(c.batch, l->store, WEBHOOKS_REPLAYS, key_view(&key));
    st = change_write(&c, NULL);
    if (st == TS_OK) {
        e->is_replaying = more;
        *ret_more = more;
    }
    return st;
}

ts_status replay_begin(ledger *l)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(JOB_ARENA_BYTES);
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_new(l->store, WEBHOOKS_REPLAYS, TS_STR_NULL, TS_STR_NULL, false);

    if (it == NULL || arena == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it); ts_iter_next(it)) {
        ready_endpoint *e = NULL;
        ProtobufCMessage *job = NULL;
        ts_tenant tenant;
        ts_str id;

        ts_arena_reset(arena);
        if (!key_read_endpoint(ts_iter_key(it), &tenant, &id))
            return TS_CORRUPT;
        e = ledger_endpoint(l, id);
        if (e == NULL)
            continue;
        e->is_replaying = true; /* whether the row can be read or not: the step says so */
        if (ts_arena_unpack(arena, &ts__webhooks__replay_job__descriptor, ts_iter_value(it),
                            &job) == TS_OK)
            e->replay_ms = ((const Ts__Webhooks__ReplayJob *)job)->asked_ms;
    }
    return ts_iter_status(it);
}
