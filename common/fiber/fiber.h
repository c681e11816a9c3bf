/* Stacks and the change between them: ucontext(3), setjmp(3), and what sanitizers must be told of it. For loop.c and wait.c. */
#ifndef FIBER_FIBER_H
#define FIBER_FIBER_H

#include <setjmp.h>
#include <ucontext.h>

#include "ts/log.h"
#include "ts/loop.h"
#include "ts/rpc.h"
#include "ts/trace.h"
#include "ts/wait.h"

/* One side of a change: a fiber, or the loop itself. */
typedef struct fiber_side {
    ucontext_t context; /* where a fiber begins */
    jmp_buf place;      /* where it was left */
    bool was_left;
    const void *bottom; /* of its stack, lowest address */
    size_t size;
    void *address_sanitizer;
    void *thread_sanitizer;
    char request_id[TS_REQUEST_ID_SIZE]; /* what log lines said when it was left */
    char traceparent[TS_TRACEPARENT_SIZE];
} fiber_side;

typedef struct ts_fiber {
    fiber_side side;
    void *mapping; /* the stack, with a page at its low end that may not be touched */
    size_t mapped;
    ts_loop *loop;
    void (*work)(void *context);
    void *context;
    bool has_ended;
    bool is_ready; /* stands in the loop's list */
    const ts_wake *awaits;
    ts_timer timer;
    struct ts_fiber *next;
} ts_fiber;

/* The fiber that runs on this thread; NULL: none does. */
ts_fiber *fiber_self(void);

/* NULL if out of memory. `entry` runs at the first fiber_enter(), and must never return. */
ts_fiber *fiber_new(size_t stack_bytes, void (*entry)(void));
/* It has ended, or was never entered. */
void fiber_free(ts_fiber *f);

/* Runs the fiber until it leaves. By its loop, whose side is kept in `loop`. */
void fiber_enter(fiber_side *loop, ts_fiber *f);
/* Gives the thread back to the loop. By the fiber that runs. */
void fiber_leave(fiber_side *loop);
/* The first act of a new fiber. */
void fiber_arrived(fiber_side *loop);

/* The loop's part of waiting. By the fiber that runs: until loop_ready(), or the deadline. */
void loop_park(ts_fiber *f, int64_t deadline_boot_ms);
/* On the loop's thread; fine if it is ready already. */
void loop_ready(ts_fiber *f);

/* By the fiber that runs: waits for one of asides_max places, in line; gives it to the next. */
void loop_enter_aside(ts_loop *l);
void loop_leave_aside(ts_loop *l);

#endif
