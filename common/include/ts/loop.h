/* An event loop on one thread, and fibers: work that is written as if it blocked, but gives the thread back while it waits.
 *
 * A loop takes turns: descriptors that are ready, tasks from other threads, timers that are due, fibers that may go on; then it
 * sleeps. While many descriptors are active it lets a moment pass between turns, so that what comes together is done together
 * (fiber/pace.h says why). Fibers have stacks of their own, never leave their loop's thread, and change only where one waits (ts/wait.h, and
 * whatever stands on it: calls of the bus): what lies between two waits is never interrupted by another fiber of that loop.
 * So no mutex may be held over a wait, and whoever needs long keeps all others of its loop waiting.
 *
 * The request id and trace of log lines are a fiber's own.
 *
 * All calls are for the loop's thread, unless they say otherwise.
 */
#ifndef TS_LOOP_H
#define TS_LOOP_H

#include "ts/base.h"

typedef struct ts_loop ts_loop;

typedef struct ts_loop_options {
    size_t stack_bytes; /* of a fiber; only what is touched costs memory */
    size_t fibers_max;  /* at once */
    size_t fibers_idle; /* stacks that are kept for the next */
    size_t asides_max;  /* threads at once for ts_aside(); others wait in line. At least 1 */
    int64_t turn_us;    /* turns begin so long after one another, 0 to 999,999, while... */
    size_t
        turn_from; /* ... so many descriptors are active; 0 us: as soon as there is something to do */
} ts_loop_options;

/* From any thread. TS_NOMEM; TS_UNAVAILABLE: the system has no descriptors. */
TS_CHECK ts_status ts_loop_new(const ts_loop_options *options, ts_loop **ret);
/* It does not run, and nobody begins to post. NULL is fine. */
void ts_loop_free(ts_loop *l);
TS_DEFINE_CLEANUP(ts_loop, ts_loop_free);

/* Makes the calling thread the loop's, until ts_loop_end() was called and no fiber is left. */
void ts_loop_run(ts_loop *l);
/* From any thread. */
void ts_loop_end(ts_loop *l);
/* Of the turn, CLOCK_BOOTTIME. */
int64_t ts_loop_now_ms(const ts_loop *l);

/* ---- tasks: memory of the caller's, good until they have run; not queued twice at a time ---- */

typedef struct ts_task {
    void (*run)(struct ts_task *task);
    struct ts_task *next;
} ts_task;

/* From any thread: runs the task on the loop's thread. What is posted by one thread runs in that order. */
void ts_loop_post(ts_loop *l, ts_task *task);
/* Runs the task at the end of the calling thread's turn, when all that was ready has run. False: no loop runs here. */
TS_CHECK bool ts_loop_later(ts_task *task);

/* ---- descriptors ---- */

typedef struct ts_watch {
    int fd;
    void (*ready)(struct ts_watch *w, uint32_t events); /* EPOLL* */
    int64_t seen;                                       /* the loop's; 0 at first */
} ts_watch;

/* `events` as for epoll_ctl(2). TS_NOMEM if the system refuses. */
TS_CHECK ts_status ts_loop_watch(ts_loop *l, ts_watch *w, uint32_t events);
/* Before the descriptor is closed; ready() is not called any more. */
void ts_loop_unwatch(ts_loop *l, ts_watch *w);

/* ---- timers ---- */

typedef struct ts_timer {
    void (*fire)(struct ts_timer *t); /* once; may set it again */
    int64_t at_boot_ms;
    bool is_set;
    struct ts_timer *child, *next, *prev; /* of the heap */
} ts_timer;

/* Moves it if it is set. */
void ts_loop_set_timer(ts_loop *l, ts_timer *t, int64_t at_boot_ms);
/* Fine if it is not set. */
void ts_loop_clear_timer(ts_loop *l, ts_timer *t);

/* ---- fibers ---- */

/* Runs work(context) in a fiber, at once, and returns when it waits for the first time or has ended. TS_LIMITED if fibers_max
 * are there; TS_NOMEM. Not from a fiber. */
TS_CHECK ts_status ts_loop_go(ts_loop *l, void (*work)(void *context), void *context);

#endif
