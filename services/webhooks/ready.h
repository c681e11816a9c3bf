/* Which endpoint may be served next. One small struct an endpoint, whatever it has pending. Pure; not thread-safe; time is an
 * argument.
 *
 * Each endpoint is in at most one place: in its lane's heap (due now and below its cap), in the heap of those that will be
 * due later, or nowhere (nothing due, at its cap, paused, gone).
 *
 * Three lanes, so that those who hold a slot for long cannot take all of them: `fast` is for endpoints that answered fast so
 * far, `slow` for those that take long or did not answer, `fresh` for those nothing is known of yet. Slow and fresh ones have
 * at most a quarter of all slots each. Lanes take turns; within a lane the endpoint that has had the least slot time comes
 * first: each delivery costs what deliveries to it took of late, and who had nothing due saved nothing up.
 *
 * An endpoint's cap begins at 2, grows by one with each success up to `parallel`, shrinks by one with each failure and falls
 * to 1 with a timeout. After READY_BREAK_AFTER failures in a row its breaker is open: one at a time, until one succeeds. The
 * schedule alone says when; the breaker only says how many.
 */
#ifndef WEBHOOKS_READY_H
#define WEBHOOKS_READY_H

#include "ts/id.h"
#include "types.h"

#define READY_NEVER       INT64_MAX
#define READY_CAP_FIRST   2
#define READY_BREAK_AFTER 5
#define READY_SLOW_US     INT64_C(2000000) /* average duration from which an endpoint is slow */
#define READY_POOL_MIN    4 /* slots for slow and for fresh ones, if there are that many */

typedef enum ready_lane { READY_FRESH, READY_FAST, READY_SLOW, READY_LANES } ready_lane;

typedef struct ready_endpoint {
    ts_tenant tenant;
    char id[TS_ID_SIZE];
    int64_t next_due_ms; /* READY_NEVER: nothing is due */
    int64_t low_due_ms;  /* nothing due lies before this: where a read of the due index begins */
    uint32_t in_flight;
    bool is_gone;      /* deleted; freed by its owner once nothing is in flight */
    bool is_paused;    /* disabled: what it is owed waits */
    bool is_ordered;   /* one at a time */
    bool is_ended;     /* gone, and nothing is owed to it any more */
    bool is_ghost;     /* gone before this process began: figures only */
    bool is_replaying; /* its failed deliveries are on their way back */
    int64_t replay_ms; /* ... as somebody asked at this time */
    struct Ts__Webhooks__Endpoint *settings; /* its row; NULL: to be read */
    uint32_t wants;                          /* a bit for each kind */
    struct ready_endpoint *next_of_tenant;
    struct queue_row *ahead; /* first rows of its due index: see queue.h */
    uint32_t ahead_at, ahead_count;
    bool ahead_is_all;
    uint32_t rate_limit;      /* a second; 0: none */
    int64_t last_position_ms; /* ordered: the last one in the due index */
    /* what is known of how it answers */
    ready_lane lane;
    uint32_t cap;
    uint32_t failures_in_row;
    int64_t average_us;
    /* kept with its row of totals */
    int64_t failing_since_ms; /* nothing but failures since; 0: not so */
    uint32_t failures;
    uint64_t counts[TYPES_COUNT * DELIVERY_STATES];
    struct ready_endpoint *next_dirty;
    bool is_dirty;
    /* private */
    struct ready_heap *heap; /* that it is in, or NULL */
    size_t heap_at;
    int64_t heap_key;
    uint64_t heap_order; /* among equals, who came first */
    int64_t had_us;      /* slot time, on its lane's scale */
    int64_t pace_us;     /* no delivery before this */
} ready_endpoint;

typedef struct ready_heap {
    ready_endpoint **items;
    size_t count;
    size_t capacity;
} ready_heap;

typedef struct ready {
    uint32_t parallel; /* to one endpoint */
    uint32_t slots;    /* of all dispatchers together */
    ready_heap later;
    ready_heap lanes[READY_LANES];
    uint32_t in_flight[READY_LANES];
    int64_t now_us[READY_LANES]; /* what the endpoint served last had had */
    unsigned turn;
    uint64_t order;
} ready;

void ready_done(ready *r);
/* A new endpoint, known to have failed before or not. */
void ready_begin(ready_endpoint *e, bool was_failing);
/* Puts the endpoint where it belongs after any change of what it is or has due. TS_NOMEM: it is nowhere then. */
TS_CHECK ts_status ready_place(ready *r, ready_endpoint *e, int64_t now_ms);
/* Takes it out of its heap. */
void ready_remove(ready_endpoint *e);
/* The endpoint whose turn it is; NULL if none may be served now. It stays where it is: ready_serve() or ready_place() follows. */
ready_endpoint *ready_next(ready *r, int64_t now_ms);
/* A delivery to it is under way; its place follows with ready_place(). */
void ready_serve(ready *r, ready_endpoint *e, int64_t now_ms);
/* One is no longer under way. */
void ready_release(ready *r, ready_endpoint *e);
/* What an attempt told about it. */
void ready_learn(ready *r, ready_endpoint *e, bool success, bool timed_out, int64_t took_us);
bool ready_is_broken(const ready_endpoint *e);
/* When the next one will be due; READY_NEVER. */
int64_t ready_next_due(const ready *r);

#endif
