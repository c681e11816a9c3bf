#include "ready.h"

void ready_done(ready *r)
{
    free(r->heap);
    *r = (ready){ 0 };
}

/* ---- the heap ---- */

static void put_at(ready *r, size_t at, ready_endpoint *e)
{
    r->heap[at] = e;
    e->heap_at = at + 1;
}

static void sift_up(ready *r, size_t at)
{
    ready_endpoint *e = r->heap[at];

    while (at > 0 && r->heap[(at - 1) / 2]->next_due_ms > e->next_due_ms) {
        put_at(r, at, r->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    put_at(r, at, e);
}

static void sift_down(ready *r, size_t at)
{
    ready_endpoint *e = r->heap[at];

    for (;;) {
        size_t child = 2 * at + 1;

        if (child >= r->heap_count)
            break;
        if (child + 1 < r->heap_count &&
            r->heap[child + 1]->next_due_ms < r->heap[child]->next_due_ms)
            child++;
        if (r->heap[child]->next_due_ms >= e->next_due_ms)
            break;
        put_at(r, at, r->heap[child]);
        at = child;
    }
    put_at(r, at, e);
}

static ts_status heap_add(ready *r, ready_endpoint *e)
{
    if (r->heap_count == r->heap_capacity) {
        size_t capacity = r->heap_capacity == 0 ? 64 : 2 * r->heap_capacity;
        ready_endpoint **heap = realloc(r->heap, capacity * sizeof(ready_endpoint *));

        if (heap == NULL)
            return TS_NOMEM;
        r->heap = heap;
        r->heap_capacity = capacity;
    }
    put_at(r, r->heap_count, e);
    sift_up(r, r->heap_count++);
    return TS_OK;
}

static void heap_remove(ready *r, ready_endpoint *e)
{
    size_t at = e->heap_at - 1;
    ready_endpoint *last = r->heap[--r->heap_count];

    e->heap_at = 0;
    if (last == e)
        return;
    put_at(r, at, last);
    sift_up(r, at);
    sift_down(r, last->heap_at - 1);
}

/* ---- the ring ---- */

/* Behind all others: the place before the one whose turn it is. */
static void ring_add(ready *r, ready_endpoint *e)
{
    e->in_ring = true;
    if (r->ring == NULL) {
        e->next = e->previous = e;
        r->ring = e;
        return;
    }
    e->next = r->ring;
    e->previous = r->ring->previous;
    e->previous->next = e;
    r->ring->previous = e;
}

static void ring_remove(ready *r, ready_endpoint *e)
{
    e->in_ring = false;
    if (e->next == e) {
        r->ring = NULL;
        return;
    }
    e->next->previous = e->previous;
    e->previous->next = e->next;
    if (r->ring == e)
        r->ring = e->next;
}

void ready_remove(ready *r, ready_endpoint *e)
{
    if (e->heap_at != 0)
        heap_remove(r, e);
    if (e->in_ring)
        ring_remove(r, e);
}

ts_status ready_place(ready *r, ready_endpoint *e, int64_t now_ms)
{
    bool may_now = !e->is_gone && e->next_due_ms <= now_ms && e->in_flight < r->parallel;

    if (may_now && e->in_ring)
        return TS_OK; /* keeps its turn */
    ready_remove(r, e);
    if (may_now)
        ring_add(r, e);
    else if (!e->is_gone && e->next_due_ms > now_ms && e->next_due_ms != READY_NEVER)
        return heap_add(r, e);
    return TS_OK;
}

ready_endpoint *ready_next(ready *r, int64_t now_ms)
{
    ready_endpoint *e;

    while (r->heap_count > 0 && r->heap[0]->next_due_ms <= now_ms) {
        e = r->heap[0];
        heap_remove(r, e);
        if (e->in_flight < r->parallel)
            ring_add(r, e);
    }
    e = r->ring;
    if (e != NULL)
        r->ring = e->next;
    return e;
}

int64_t ready_next_due(const ready *r)
{
    return r->heap_count == 0 ? READY_NEVER : r->heap[0]->next_due_ms;
}
