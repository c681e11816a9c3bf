#include "ready.h"

#define COST_MIN_US 1000 /* of a delivery */

static void heap_done(ready_heap *h)
{
    free(h->items);
    *h = (ready_heap){ 0 };
}

void ready_done(ready *r)
{
    heap_done(&r->later);
    for (unsigned i = 0; i < READY_LANES; i++)
        heap_done(&r->lanes[i]);
}

void ready_begin(ready_endpoint *e, bool was_failing)
{
    e->next_due_ms = READY_NEVER;
    e->cap = was_failing ? 1 : READY_CAP_FIRST;
    e->lane = was_failing ? READY_SLOW : READY_FRESH;
    e->average_us = was_failing ? READY_SLOW_US : 0;
}

/* ---- heaps ---- */

static bool is_before(const ready_endpoint *a, const ready_endpoint *b)
{
    return a->heap_key != b->heap_key ? a->heap_key < b->heap_key : a->heap_order < b->heap_order;
}

static void put_at(ready_heap *h, size_t at, ready_endpoint *e)
{
    h->items[at] = e;
    e->heap_at = at;
}

static void sift_up(ready_heap *h, size_t at)
{
    ready_endpoint *e = h->items[at];

    while (at > 0 && is_before(e, h->items[(at - 1) / 2])) {
        put_at(h, at, h->items[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    put_at(h, at, e);
}

static void sift_down(ready_heap *h, size_t at)
{
    ready_endpoint *e = h->items[at];

    for (;;) {
        size_t child = 2 * at + 1;

        if (child >= h->count)
            break;
        if (child + 1 < h->count && is_before(h->items[child + 1], h->items[child]))
            child++;
        if (!is_before(h->items[child], e))
            break;
        put_at(h, at, h->items[child]);
        at = child;
    }
    put_at(h, at, e);
}

static ts_status heap_add(ready *r, ready_heap *h, ready_endpoint *e, int64_t key)
{
    if (h->count == h->capacity) {
        size_t capacity = h->capacity == 0 ? 64 : 2 * h->capacity;
        ready_endpoint **items = realloc(h->items, capacity * sizeof(ready_endpoint *));

        if (items == NULL)
            return TS_NOMEM;
        h->items = items;
        h->capacity = capacity;
    }
    e->heap = h;
    e->heap_key = key;
    e->heap_order = r->order++;
    put_at(h, h->count, e);
    sift_up(h, h->count++);
    return TS_OK;
}

void ready_remove(ready_endpoint *e)
{
    ready_heap *h = e->heap;
    ready_endpoint *last;
    size_t at = e->heap_at;

    if (h == NULL)
        return;
    e->heap = NULL;
    last = h->items[--h->count];
    if (last == e)
        return;
    put_at(h, at, last);
    sift_up(h, at);
    sift_down(h, last->heap_at);
}

/* ---- places ---- */

bool ready_is_broken(const ready_endpoint *e)
{
    return e->failures_in_row >= READY_BREAK_AFTER;
}

static uint32_t cap_of(const ready *r, const ready_endpoint *e)
{
    if (e->is_ordered || ready_is_broken(e))
        return 1;
    return e->cap < r->parallel ? e->cap : r->parallel;
}

/* When it may be served next, as far as time goes. */
static int64_t moment_of(const ready_endpoint *e)
{
    int64_t pace_ms = (e->pace_us + 999) / 1000;

    return e->rate_limit == 0 || e->next_due_ms > pace_ms ? e->next_due_ms : pace_ms;
}

ts_status ready_place(ready *r, ready_endpoint *e, int64_t now_ms)
{
    int64_t moment_ms = moment_of(e);

    if (e->is_gone || e->is_paused || e->next_due_ms == READY_NEVER) {
        ready_remove(e);
        return TS_OK;
    }
    if (moment_ms > now_ms) {
        ready_remove(e);
        return heap_add(r, &r->later, e, moment_ms);
    }
    if (e->in_flight >= cap_of(r, e)) {
        ready_remove(e);
        return TS_OK;
    }
    if (e->heap == &r->lanes[e->lane])
        return TS_OK; /* keeps its turn */
    ready_remove(e);
    if (e->had_us < r->now_us[e->lane])
        e->had_us = r->now_us[e->lane];
    return heap_add(r, &r->lanes[e->lane], e, e->had_us);
}

/* Slots that a lane may hold. */
static uint32_t pool_of(const ready *r, unsigned lane)
{
    uint32_t pool = r->slots / 4;

    if (lane == READY_FAST)
        return UINT32_MAX;
    if (pool < READY_POOL_MIN)
        pool = READY_POOL_MIN;
    if (pool >= r->slots && r->slots > 1)
        pool = r->slots - 1;
    return pool;
}

/* Those whose time has come go to their lanes. */
static void move_due(ready *r, int64_t now_ms)
{
    while (r->later.count > 0 && r->later.items[0]->heap_key <= now_ms) {
        ready_endpoint *e = r->later.items[0];

        ready_remove(e);
        /* It was in a heap of this size a moment ago; a lane that cannot grow leaves it out until its next change. */
        if (ready_place(r, e, now_ms) != TS_OK)
            return;
    }
}

ready_endpoint *ready_next(ready *r, int64_t now_ms)
{
    move_due(r, now_ms);
    for (unsigned i = 0; i < READY_LANES; i++) {
        unsigned lane = (r->turn + i) % READY_LANES;

        if (r->lanes[lane].count > 0 && r->in_flight[lane] < pool_of(r, lane)) {
            r->turn = lane + 1;
            return r->lanes[lane].items[0];
        }
    }
    return NULL;
}

void ready_serve(ready *r, ready_endpoint *e, int64_t now_ms)
{
    r->now_us[e->lane] = e->had_us;
    e->had_us += e->average_us < COST_MIN_US ? COST_MIN_US : e->average_us;
    ready_remove(e);
    e->in_flight++;
    r->in_flight[e->lane]++;
    if (e->rate_limit == 0)
        return;
    if (e->pace_us < now_ms * 1000)
        e->pace_us = now_ms * 1000;
    e->pace_us += (1000000 + e->rate_limit - 1) / e->rate_limit;
}

void ready_release(ready *r, ready_endpoint *e)
{
    if (e->in_flight == 0)
        return;
    e->in_flight--;
    r->in_flight[e->lane]--;
}

static void change_lane(ready *r, ready_endpoint *e, ready_lane lane)
{
    if (lane == e->lane)
        return;
    r->in_flight[e->lane] -= e->in_flight;
    r->in_flight[lane] += e->in_flight;
    ready_remove(e); /* its place follows */
    e->lane = lane;
    e->had_us = r->now_us[lane];
}

void ready_learn(ready *r, ready_endpoint *e, bool success, bool timed_out, int64_t took_us)
{
    bool is_first = e->lane == READY_FRESH && e->average_us == 0;

    e->average_us = is_first ? took_us : e->average_us + (took_us - e->average_us) / 4;
    if (success) {
        e->failures_in_row = 0;
        if (e->cap < r->parallel)
            e->cap++;
    } else {
        e->failures_in_row++;
        e->cap = timed_out || e->cap <= 1 ? 1 : e->cap - 1;
    }
    change_lane(r, e, timed_out || e->average_us >= READY_SLOW_US ? READY_SLOW : READY_FAST);
}

int64_t ready_next_due(const ready *r)
{
    return r->later.count == 0 ? READY_NEVER : r->later.items[0]->heap_key;
}
