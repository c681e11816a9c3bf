/* Other threads push tasks onto `posted`, a stack without a lock, and write the eventfd only if the loop sleeps or is about to:
 * it says so in `is_asleep` before it looks at the stack for the last time, they look at `is_asleep` after their push. */
#include <sched.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "fiber.h"
#include "pace.h"
#include "timers.h"
#include "ts/time.h"

#define EVENTS_MAX 128

struct ts_loop {
    ts_loop_options options;
    int epoll;
    int waker; /* eventfd, edge-triggered: never read */
    _Atomic(ts_task *) posted;
    atomic_uint
        posting; /* threads that are about it: the loop must outlive their last look at it */
    atomic_bool is_asleep;
    atomic_bool is_ending;
    int64_t now_ms;
    pace pace;

    struct epoll_event events[EVENTS_MAX];
    int event_count, event_at; /* those after event_at are still to come in this turn */

    ts_timer *timers;
    ts_fiber *ready, *ready_last;
    ts_task *later;
    fiber_side side;
    size_t fibers;
    ts_fiber *idle;
    size_t idle_count;
    size_t asides; /* places taken */
    struct in_line *in_line, *in_line_last;
};

/* A fiber that waits for a place aside; on its stack. */
typedef struct in_line {
    ts_wake given;
    struct in_line *next;
} in_line;

static _Thread_local ts_loop *here;

ts_status ts_loop_new(const ts_loop_options *options, ts_loop **ret)
{
    TS_CLEANUP(ts_loop_free_p) ts_loop *l = calloc(1, sizeof(*l));
    struct epoll_event event = { .events = EPOLLIN | EPOLLET };

    if (l == NULL)
        return TS_NOMEM;
    l->options = *options;
    l->pace = (pace){ .turn_us = options->turn_us, .from = options->turn_from };
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    l->waker = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (l->epoll < 0 || l->waker < 0 || epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->waker, &event) != 0)
        return TS_UNAVAILABLE;
    l->now_ms = ts_boot_ms();
    *ret = TS_TAKE(l);
    return TS_OK;
}

void ts_loop_free(ts_loop *l)
{
    if (l == NULL)
        return;
    while (atomic_load(&l->posting) > 0) /* a few instructions, and a write that never blocks */
        (void)sched_yield();
    while (l->idle != NULL) {
        ts_fiber *f = l->idle;

        l->idle = f->next;
        fiber_free(f);
    }
    if (l->epoll >= 0)
        (void)close(l->epoll);
    if (l->waker >= 0)
        (void)close(l->waker);
    free(l);
}

static void wake(ts_loop *l)
{
    uint64_t one = 1;

    if (atomic_exchange(&l->is_asleep, false))
        (void)!write(l->waker, &one, sizeof(one)); /* fails only after 2^64 of them */
}

void ts_loop_post(ts_loop *l, ts_task *task)
{
    ts_task *first;

    atomic_fetch_add(&l->posting, 1);
    first = atomic_load_explicit(&l->posted, memory_order_relaxed);
    do
        task->next = first;
    while (!atomic_compare_exchange_weak(&l->posted, &first, task));
    wake(l); /* the task may have run, and be gone */
    atomic_fetch_sub(&l->posting, 1);
}

void ts_loop_end(ts_loop *l)
{
    atomic_store(&l->is_ending, true);
    wake(l);
}

int64_t ts_loop_now_ms(const ts_loop *l)
{
    return l->now_ms;
}

bool ts_loop_later(ts_task *task)
{
    if (here == NULL)
        return false;
    task->next = here->later;
    here->later = task;
    return true;
}

/* ---- descriptors ---- */

ts_status ts_loop_watch(ts_loop *l, ts_watch *w, uint32_t events)
{
    struct epoll_event event = { .events = events, .data.ptr = w };

    return epoll_ctl(l->epoll, EPOLL_CTL_ADD, w->fd, &event) == 0 ? TS_OK : TS_NOMEM;
}

void ts_loop_unwatch(ts_loop *l, ts_watch *w)
{
    (void)epoll_ctl(l->epoll, EPOLL_CTL_DEL, w->fd, NULL);
    for (int i = l->event_at + 1; i < l->event_count; i++) {
        if (l->events[i].data.ptr == w)
            l->events[i].data.ptr = NULL;
    }
}

/* ---- timers ---- */

void ts_loop_set_timer(ts_loop *l, ts_timer *t, int64_t at_boot_ms)
{
    ts_loop_clear_timer(l, t);
    t->at_boot_ms = at_boot_ms;
    t->is_set = true;
    l->timers = timers_add(l->timers, t);
}

void ts_loop_clear_timer(ts_loop *l, ts_timer *t)
{
    if (!t->is_set)
        return;
    t->is_set = false;
    l->timers = timers_remove(l->timers, t);
}

static void fire_timers(ts_loop *l)
{
    while (l->timers != NULL && l->timers->at_boot_ms <= l->now_ms) {
        ts_timer *t = l->timers;

        ts_loop_clear_timer(l, t);
        t->fire(t);
    }
}

/* ---- fibers ---- */

/* A fiber's whole life: one piece of work after the other. */
static void live(void)
{
    ts_fiber *f = fiber_self();

    fiber_arrived(&f->loop->side);
    for (;;) {
        f->work(f->context);
        ts_trace_end();
        f->has_ended = true;
        fiber_leave(&f->loop->side);
    }
}

static void run_fiber(ts_loop *l, ts_fiber *f)
{
    fiber_enter(&l->side, f);
    if (!f->has_ended)
        return;
    l->fibers--;
    if (l->idle_count >= l->options.fibers_idle) {
        fiber_free(f);
        return;
    }
    f->next = l->idle;
    l->idle = f;
    l->idle_count++;
}

static void on_deadline(ts_timer *t)
{
    loop_ready((ts_fiber *)(void *)((char *)t - offsetof(ts_fiber, timer)));
}

ts_status ts_loop_go(ts_loop *l, void (*work)(void *context), void *context)
{
    ts_fiber *f = l->idle;

    if (l->fibers >= l->options.fibers_max)
        return TS_LIMITED;
    if (f != NULL) {
        l->idle = f->next;
        l->idle_count--;
    } else {
        f = fiber_new(l->options.stack_bytes, live);
        if (f == NULL)
            return TS_NOMEM;
        f->loop = l;
        f->timer.fire = on_deadline;
    }
    l->fibers++;
    f->work = work;
    f->context = context;
    f->has_ended = false;
    run_fiber(l, f);
    return TS_OK;
}

void loop_ready(ts_fiber *f)
{
    ts_loop *l = f->loop;

    if (f->is_ready)
        return;
    f->is_ready = true;
    f->next = NULL;
    if (l->ready == NULL)
        l->ready = f;
    else
        l->ready_last->next = f;
    l->ready_last = f;
}

void loop_park(ts_fiber *f, int64_t deadline_boot_ms)
{
    ts_loop *l = f->loop;

    if (deadline_boot_ms != TS_FOREVER)
        ts_loop_set_timer(l, &f->timer, deadline_boot_ms);
    fiber_leave(&l->side);
    ts_loop_clear_timer(l, &f->timer);
}

static void run_ready(ts_loop *l)
{
    while (l->ready != NULL) {
        ts_fiber *f = l->ready;

        l->ready = f->next;
        f->is_ready = false;
        run_fiber(l, f);
    }
}

void loop_enter_aside(ts_loop *l)
{
    in_line me = { .next = NULL };

    if (l->asides < l->options.asides_max) {
        l->asides++;
        return;
    }
    ts_wake_init(&me.given);
    if (l->in_line == NULL)
        l->in_line = &me;
    else
        l->in_line_last->next = &me;
    l->in_line_last = &me;
    (void)!ts_wake_wait(&me.given, TS_FOREVER);
    ts_wake_done(&me.given);
}

/* The place goes over to the first in line. */
void loop_leave_aside(ts_loop *l)
{
    in_line *first = l->in_line;

    if (first == NULL) {
        l->asides--;
        return;
    }
    l->in_line = first->next;
    ts_wake_post(&first->given);
}

/* ---- turns ---- */

/* In the order that they were posted in. */
static void run_posted(ts_loop *l)
{
    ts_task *taken = atomic_load_explicit(&l->posted, memory_order_relaxed) == NULL
                         ? NULL
                         : atomic_exchange(&l->posted, NULL);
    ts_task *in_order = NULL;

    while (taken != NULL) {
        ts_task *next = taken->next;

        taken->next = in_order;
        in_order = taken;
        taken = next;
    }
    while (in_order != NULL) {
        ts_task *task = in_order;

        in_order = task->next;
        task->run(task);
    }
}

static void run_later(ts_loop *l)
{
    while (l->later != NULL) {
        ts_task *task = l->later;

        l->later = task->next;
        task->run(task);
    }
}

static int timeout_of(const ts_loop *l)
{
    int64_t ms;

    if (atomic_load(&l->posted) != NULL || l->ready != NULL)
        return 0;
    if (atomic_load(&l->is_ending) && l->fibers == 0)
        return 0;
    if (l->timers == NULL)
        return -1;
    ms = l->timers->at_boot_ms - ts_boot_ms();
    if (ms < 0)
        return 0;
    return ms > INT32_MAX ? INT32_MAX : (int)ms;
}

static void take_events(ts_loop *l)
{
    atomic_store(&l->is_asleep, true);
    l->event_count = epoll_wait(l->epoll, l->events, EVENTS_MAX, timeout_of(l));
    atomic_store(&l->is_asleep, false);
    l->now_ms = ts_boot_ms();
    pace_turn(&l->pace, l->now_ms);
    for (l->event_at = 0; l->event_at < l->event_count; l->event_at++) {
        ts_watch *w = l->events[l->event_at].data.ptr;

        if (w == NULL)
            continue;
        pace_count(&l->pace, &w->seen);
        w->ready(w, l->events[l->event_at].events);
    }
    l->event_count = 0;
}

/* Awake: nobody who posts has to wake it. */
static void keep_pace(ts_loop *l)
{
    int64_t wait_us = l->pace.turn_us == 0 ? 0 : pace_wait_us(&l->pace, ts_boot_us());
    struct timespec pause = { 0, wait_us * 1000 };

    if (wait_us > 0)
        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
}

void ts_loop_run(ts_loop *l)
{
    here = l;
    /* What was posted before the end still runs, and may begin fibers. */
    while (!atomic_load(&l->is_ending) || l->fibers > 0 || atomic_load(&l->posted) != NULL) {
        take_events(l);
        run_posted(l);
        fire_timers(l);
        run_ready(l);
        run_later(l);
        keep_pace(l);
    }
    here = NULL;
}
