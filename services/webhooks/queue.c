#include "queue.h"

#include "ts/log.h"

#define MOVE_ARENA_BYTES (16u << 20)

void queue_forget_ahead(ready_endpoint *e)
{
    e->ahead_at = e->ahead_count = 0;
    e->ahead_is_all = false;
}

/* Into its place among all rows there are. */
static void insert(ready_endpoint *e, const queue_row *row)
{
    uint32_t at;

    memmove(e->ahead, e->ahead + e->ahead_at, (e->ahead_count - e->ahead_at) * sizeof(*e->ahead));
    e->ahead_count -= e->ahead_at;
    e->ahead_at = 0;
    for (at = e->ahead_count++; at > 0 && e->ahead[at - 1].key_ms > row->key_ms; at--)
        e->ahead[at] = e->ahead[at - 1];
    e->ahead[at] = *row;
}

/* A new row: beyond those that are known, or among them. */
static void look_out(ready_endpoint *e, const queue_row *row)
{
    if (e->ahead_is_all && e->ahead_count - e->ahead_at < QUEUE_AHEAD) {
        insert(e, row);
        return;
    }
    e->ahead_is_all = false;
    if (queue_is_ahead(e) && row->key_ms < e->ahead[e->ahead_count - 1].key_ms)
        queue_forget_ahead(e);
}

bool queue_is_ahead(const ready_endpoint *e)
{
    return e->ahead_at < e->ahead_count;
}

void queue_pop(ready_endpoint *e)
{
    if (queue_is_ahead(e))
        e->ahead_at++;
}

void queue_due(ledger *l, ready_endpoint *e, int64_t key_ms, int64_t due_ms)
{
    if (due_ms < e->next_due_ms)
        e->next_due_ms = due_ms;
    if (key_ms < e->low_due_ms)
        e->low_due_ms = key_ms;
    if (ready_place(&l->ready, e, clock_now(&l->clock)) != TS_OK)
        ts_log_error(TS_MSG("no memory to wait for an endpoint"), TS_F_Z("endpoint_id", e->id));
    pthread_cond_signal(&l->wake);
}

void queue_put(ledger *l, ts_batch *batch, ready_endpoint *e, ts_hash128 event,
               Ts__Webhooks__StoredDelivery *d, int64_t due_ms)
{
    queue_row row = { .event = event,
                      .facts = { .next_attempt_ms = due_ms,
                                 .attempt = d->attempts_before + d->attempts + 1,
                                 .is_sole = d->sole,
                                 .is_bare = d->bare != NULL } };
    uint8_t value[DUE_FACTS_SIZE];
    webhooks_key key;

    d->due_ms = due_ms;
    if (e->is_ordered && d->position_ms == 0) {
        int64_t now_ms = clock_now(&l->clock);

        e->last_position_ms = now_ms > e->last_position_ms ? now_ms : e->last_position_ms + 1;
        d->position_ms = e->last_position_ms;
    }
    if (e->is_ordered)
        d->due_ms = d->position_ms;
    else
        d->position_ms = 0;
    d->delivery->next_attempt_ms = due_ms;
    key = key_due(e->tenant, ts_str_of(e->id), d->due_ms, event);
    due_write_facts(&row.facts, value);
    ts_batch_put(batch, l->store, WEBHOOKS_DUE, key_view(&key), ts_str_n(value, sizeof(value)));
    row.key_ms = d->due_ms;
    look_out(e, &row);
    queue_due(l, e, d->due_ms, due_ms);
}

bool queue_take_off(ledger *l, ts_batch *batch, ready_endpoint *e, ts_hash128 event,
                    Ts__Webhooks__StoredDelivery *d)
{
    lease_held *held = leases_find(&l->leases, e, event);
    webhooks_key key = key_due(e->tenant, ts_str_of(e->id), d->due_ms, event);

    if (d->due_ms != 0)
        ts_batch_delete(batch, l->store, WEBHOOKS_DUE, key_view(&key));
    d->due_ms = 0;
    if (held == NULL) {
        queue_forget_ahead(e);
        return false;
    }
    leases_end(&l->leases, l->store, batch, held);
    return true;
}

void queue_drop(ledger *l, ts_batch *batch, lease_held *held)
{
    ready_endpoint *e = held->endpoint;
    webhooks_key key = key_due(e->tenant, ts_str_of(e->id), held->due_ms, held->event);

    ts_batch_delete(batch, l->store, WEBHOOKS_DUE, key_view(&key));
    leases_end(&l->leases, l->store, batch, held);
    ready_release(&l->ready, e);
    ts_warn(TS_MSG("due row of a delivery that is over or unreadable dropped"),
            TS_F_Z("endpoint_id", e->id));
    queue_due(l, e, e->low_due_ms, e->next_due_ms); /* a slot is free */
}

static ts_iter *rows_from(const ledger *l, const ready_endpoint *e, int64_t key_ms, bool reverse)
{
    static const ts_hash128 zero;
    webhooks_key from = key_due(e->tenant, ts_str_of(e->id), key_ms, zero);
    webhooks_key until = key_endpoint(e->tenant, ts_str_of(e->id));

    until.bytes[until.n - 1] = 1; /* the 0 behind the id: the end of this endpoint's rows */
    return ts_iter_new(l->store, WEBHOOKS_DUE, key_view(&from), key_view(&until), reverse);
}

static bool read_row(const ts_iter *it, const ready_endpoint *e, int64_t *ret_key_ms,
                     ts_hash128 *ret_event)
{
    return key_read_due(ts_iter_key(it), TS_KEY_TENANT_SIZE + strlen(e->id) + 1, ret_key_ms,
                        ret_event);
}

static ts_status read_ahead(const ledger *l, ready_endpoint *e)
{
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = NULL;

    queue_forget_ahead(e);
    if (e->ahead == NULL)
        e->ahead = calloc(QUEUE_AHEAD, sizeof(queue_row));
    it = rows_from(l, e, e->low_due_ms, false);
    if (it == NULL || e->ahead == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it) && e->ahead_count < QUEUE_AHEAD; ts_iter_next(it)) {
        queue_row *row = &e->ahead[e->ahead_count];

        if (!read_row(it, e, &row->key_ms, &row->event))
            return TS_CORRUPT;
        row->facts = due_read_facts(ts_iter_value(it));
        if (e->in_flight == 0 || leases_find(&l->leases, e, row->event) == NULL)
            e->ahead_count++;
    }
    e->ahead_is_all = !ts_iter_valid(it);
    return ts_iter_status(it);
}

ts_status queue_first(ledger *l, ready_endpoint *e, queue_head *ret)
{
    const queue_row *row;

    if (!queue_is_ahead(e) && !e->ahead_is_all) {
        ts_status st = read_ahead(l, e);

        if (st != TS_OK) {
            queue_forget_ahead(e);
            return st;
        }
    }
    if (!queue_is_ahead(e))
        return TS_NOT_FOUND;
    row = &e->ahead[e->ahead_at];
    ret->row = *row;
    if (e->ahead_at + 1 < e->ahead_count)
        ret->next_ms = row[1].key_ms;
    else
        ret->next_ms = e->ahead_is_all ? READY_NEVER : row->key_ms;
    return TS_OK;
}

/* ---- start ---- */

static int64_t longest_wait(const schedule *s)
{
    int64_t longest_ms = 0;

    for (unsigned i = 0; i < s->steps; i++)
        longest_ms = s->step_ms[i] > longest_ms ? s->step_ms[i] : longest_ms;
    return longest_ms + longest_ms * SCHEDULE_JITTER_PERCENT / 100;
}

static ts_status move_row(ledger *l, ready_endpoint *e, ts_str old_key, ts_hash128 event,
                          int64_t to_ms)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(MOVE_ARENA_BYTES);
    TS_CLEANUP(ts_batch_free_p) ts_batch *batch = ts_batch_new();
    Ts__Webhooks__StoredDelivery *d = NULL;
    ts_status st;

    if (arena == NULL || batch == NULL)
        return TS_NOMEM;
    ts_batch_delete(batch, l->store, WEBHOOKS_DUE, old_key);
    st = row_delivery(l->store, e->tenant, event, ts_str_of(e->id), arena, &d);
    queue_forget_ahead(e);
    if (st == TS_OK) {
        row_unbare(batch, l->store, e->tenant, event, d);
        queue_put(l, batch, e, event, d, to_ms);
        row_put_delivery(batch, l->store, e->tenant, event, d);
    }
    return st == TS_OK || st == TS_NOT_FOUND ? ts_store_write(l->store, batch, NULL) : st;
}

static ts_status pull_in(ledger *l, ready_endpoint *e)
{
    int64_t to_ms = clock_now(&l->clock) + longest_wait(l->options.retry);
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = rows_from(l, e, to_ms + 1, false);
    ts_status st = TS_OK;

    if (it == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it) && st == TS_OK; ts_iter_next(it)) {
        ts_hash128 event;
        int64_t key_ms;

        if (read_row(it, e, &key_ms, &event))
            st = move_row(l, e, ts_iter_key(it), event, to_ms);
    }
    return st == TS_OK ? ts_iter_status(it) : st;
}

/* Only the first one's wait counts: the others have none yet. */
static ts_status pull_in_head(ledger *l, ready_endpoint *e, const queue_head *head)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(MOVE_ARENA_BYTES);
    int64_t to_ms = clock_now(&l->clock) + longest_wait(l->options.retry);
    webhooks_key key = key_due(e->tenant, ts_str_of(e->id), head->row.key_ms, head->row.event);
    Ts__Webhooks__StoredDelivery *d = NULL;
    ts_status st;

    if (arena == NULL)
        return TS_NOMEM;
    st = row_delivery(l->store, e->tenant, head->row.event, ts_str_of(e->id), arena, &d);
    if (st == TS_OK && d->delivery->next_attempt_ms > to_ms)
        return move_row(l, e, key_view(&key), head->row.event, to_ms);
    return st == TS_NOT_FOUND ? TS_OK : st;
}

static ts_status last_position(const ledger *l, ready_endpoint *e)
{
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = rows_from(l, e, 0, true);
    ts_hash128 event;

    if (it == NULL)
        return TS_NOMEM;
    if (ts_iter_valid(it) && !read_row(it, e, &e->last_position_ms, &event))
        return TS_CORRUPT;
    return ts_iter_status(it);
}

ts_status queue_reorder(ledger *l, ready_endpoint *e)
{
    e->low_due_ms = 0;
    queue_forget_ahead(e);
    if (e->next_due_ms != READY_NEVER)
        e->next_due_ms = clock_now(&l->clock);
    return e->is_ordered ? last_position(l, e) : TS_OK;
}

ts_status queue_begin(ledger *l, ready_endpoint *e)
{
    queue_head head;
    ts_status st = e->is_ordered ? last_position(l, e) : pull_in(l, e);

    if (st == TS_OK)
        st = queue_first(l, e, &head);
    if (st == TS_NOT_FOUND)
        return TS_OK;
    if (st == TS_OK && e->is_ordered)
        st = pull_in_head(l, e, &head);
    if (st != TS_OK)
        return st;
    e->low_due_ms = head.row.key_ms;
    e->next_due_ms = e->is_ordered ? clock_now(&l->clock) : head.row.key_ms;
    return ready_place(&l->ready, e, clock_now(&l->clock));
}
