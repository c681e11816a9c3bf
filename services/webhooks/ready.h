/* Which endpoint may be served next. One small struct an endpoint, whatever it has pending: those that may be served now stand
 * in a ring and take turns, those that will be due later in a heap by time. Pure; not thread-safe; time is an argument.
 *
 * Each endpoint is in exactly one place: idle (nothing due), in the heap (due later), in the ring (due now and below its
 * cap) or blocked (due now, but `parallel` deliveries are under way).
 */
#ifndef WEBHOOKS_READY_H
#define WEBHOOKS_READY_H

#include "ts/id.h"

#define READY_NEVER INT64_MAX

typedef struct ready_endpoint {
    ts_tenant tenant;
    char id[TS_ID_SIZE];
    int64_t next_due_ms; /* READY_NEVER: nothing is due */
    int64_t low_due_ms;  /* nothing due lies before this: where a read of the due index begins */
    uint32_t in_flight;
    bool is_gone; /* deleted; freed by its owner once nothing is in flight */
    /* private */
    size_t heap_at;                         /* place in the heap + 1; 0: not there */
    struct ready_endpoint *next, *previous; /* in the ring */
    bool in_ring;
} ready_endpoint;

typedef struct ready {
    uint32_t parallel;
    ready_endpoint **heap;
    size_t heap_count;
    size_t heap_capacity;
    ready_endpoint *ring; /* whose turn it is */
} ready;

void ready_done(ready *r);
/* Puts the endpoint where it belongs after any change of next_due_ms, in_flight or is_gone. TS_NOMEM: it is idle then. */
TS_CHECK ts_status ready_place(ready *r, ready_endpoint *e, int64_t now_ms);
/* Takes it out of heap and ring. */
void ready_remove(ready *r, ready_endpoint *e);
/* The endpoint whose turn it is; the turn goes on to the next one. NULL if none may be served now. */
ready_endpoint *ready_next(ready *r, int64_t now_ms);
/* When the next one will be due; READY_NEVER. */
int64_t ready_next_due(const ready *r);

#endif
