/* Waiting, for threads and fibers alike: a thread sleeps, a fiber lets others of its loop go on.
 *
 * Deadlines are on CLOCK_BOOTTIME; a machine that was suspended may notice one late.
 */
#ifndef TS_WAIT_H
#define TS_WAIT_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "ts/base.h"
#include "ts/loop.h"

#define TS_FOREVER INT64_MAX

struct ts_fiber;

/* One waits, another wakes it: once. Lives with the one who waits, who also makes it. */
typedef struct ts_wake {
    ts_task task;           /* first: what the fiber's loop is told */
    struct ts_fiber *fiber; /* NULL: a thread waits */
    sem_t posted;
    atomic_bool
        is_told; /* with `posted`: the thread sanitizer of gcc 12 does not know sem_clockwait() */
    bool is_posted; /* a fiber's; its loop's thread alone looks at it */
} ts_wake;

void ts_wake_init(ts_wake *w);
/* False at the deadline. Then whoever would post must be kept from it, or be waited for: the memory must outlive the post. */
TS_CHECK bool ts_wake_wait(ts_wake *w, int64_t deadline_boot_ms);
/* From any thread, once. `w` may be gone when it returns. */
void ts_wake_post(ts_wake *w);
void ts_wake_done(ts_wake *w);

/* A condition: what pthread_cond_t is, also for fibers. The mutex that it goes with is held in each call. */
typedef struct ts_cond {
    struct ts_cond_waiter *first, *last;
} ts_cond;

#define TS_COND_INIT ((ts_cond){ NULL, NULL })

/* False at the deadline. Others may have run meanwhile: whatever was waited for is to be looked at again. */
bool ts_cond_wait(ts_cond *c, pthread_mutex_t *mutex, int64_t deadline_boot_ms);
/* Wakes the one that has waited longest. */
void ts_cond_signal(ts_cond *c);
void ts_cond_broadcast(ts_cond *c);

void ts_pause_ms(int64_t ms);

/* For what computes long: runs work(context) to its end on a thread of its own while the fiber waits, so that others of its loop go
 * on. A thread runs it itself; so does a fiber if there is no thread to be had. There are few places for it: `work` must not wait
 * for anybody. */
void ts_aside(void (*work)(void *context), void *context);

#endif
