#include "ts/wait.h"

#include <errno.h>
#include <time.h>

#include "fiber.h"
#include "ts/time.h"

static void on_posted(ts_task *task)
{
    ts_wake *w = (ts_wake *)task;

    w->is_posted = true;
    if (w->fiber->awaits == w)
        loop_ready(w->fiber);
}

void ts_wake_init(ts_wake *w)
{
    *w = (ts_wake){ .task = { .run = on_posted }, .fiber = fiber_self() };
    if (w->fiber == NULL)
        (void)sem_init(&w->posted, 0, 0);
}

void ts_wake_done(ts_wake *w)
{
    if (w->fiber == NULL)
        (void)sem_destroy(&w->posted);
}

void ts_wake_post(ts_wake *w)
{
    if (w->fiber != NULL) {
        ts_loop_post(w->fiber->loop, &w->task);
        return;
    }
    atomic_store(&w->is_told, true);
    (void)sem_post(&w->posted);
}

static bool fiber_wait(ts_wake *w, int64_t deadline_boot_ms)
{
    ts_fiber *f = w->fiber;

    if (!w->is_posted) {
        f->awaits = w;
        loop_park(f, deadline_boot_ms);
        f->awaits = NULL;
    }
    return w->is_posted;
}

bool ts_wake_wait(ts_wake *w, int64_t deadline_boot_ms)
{
    struct timespec until;
    int rc;

    if (w->fiber != NULL)
        return fiber_wait(w, deadline_boot_ms);
    if (sem_trywait(&w->posted) == 0)
        return atomic_load(&w->is_told);
    if (deadline_boot_ms != TS_FOREVER)
        until = ts_monotonic_in(deadline_boot_ms - ts_boot_ms());
    do
        rc = deadline_boot_ms == TS_FOREVER ? sem_wait(&w->posted)
                                            : sem_clockwait(&w->posted, CLOCK_MONOTONIC, &until);
    while (rc != 0 && errno == EINTR);
    return rc == 0 && atomic_load(&w->is_told);
}

/* ---- conditions ---- */

typedef struct ts_cond_waiter {
    ts_wake wake;
    bool is_listed;
    struct ts_cond_waiter *next;
} ts_cond_waiter;

static void unlist(ts_cond *c, ts_cond_waiter *w)
{
    ts_cond_waiter **link = &c->first;
    ts_cond_waiter *before = NULL;

    while (*link != w) {
        before = *link;
        link = &before->next;
    }
    *link = w->next;
    if (c->last == w)
        c->last = before;
    w->is_listed = false;
}

bool ts_cond_wait(ts_cond *c, pthread_mutex_t *mutex, int64_t deadline_boot_ms)
{
    ts_cond_waiter w = { .is_listed = true };
    bool is_woken;

    ts_wake_init(&w.wake);
    if (c->first == NULL)
        c->first = &w;
    else
        c->last->next = &w;
    c->last = &w;
    (void)pthread_mutex_unlock(mutex);
    is_woken = ts_wake_wait(&w.wake, deadline_boot_ms);
    (void)pthread_mutex_lock(mutex);
    if (!is_woken && w.is_listed) {
        unlist(c, &w);
    } else if (!is_woken) {
        /* Woken at the last moment, under the mutex: it has been posted, and must be taken in. */
        (void)pthread_mutex_unlock(mutex);
        is_woken = ts_wake_wait(&w.wake, TS_FOREVER);
        (void)pthread_mutex_lock(mutex);
    }
    ts_wake_done(&w.wake);
    return is_woken;
}

void ts_cond_signal(ts_cond *c)
{
    ts_cond_waiter *w = c->first;

    if (w == NULL)
        return;
    unlist(c, w);
    ts_wake_post(&w->wake);
}

void ts_cond_broadcast(ts_cond *c)
{
    while (c->first != NULL)
        ts_cond_signal(c);
}

void ts_pause_ms(int64_t ms)
{
    int64_t until_ms = ts_boot_ms() + ms;
    ts_wake never;

    if (fiber_self() == NULL) {
        struct timespec pause = { (time_t)(ms / TS_SECOND_MS),
                                  (long)(ms % TS_SECOND_MS) * 1000000L };

        (void)nanosleep(&pause, NULL);
        return;
    }
    ts_wake_init(&never);
    (void)!ts_wake_wait(&never, until_ms);
    ts_wake_done(&never);
}

/* ---- aside ---- */

/* More than the loop's own stacks: libraries run here too. */
#define ASIDE_STACK_BYTES ((size_t)512 * 1024)

typedef struct aside {
    void (*work)(void *context);
    void *context;
    const char *request_id;
    ts_wake done;
} aside;

static void *run_aside(void *context)
{
    aside *a = context;

    ts_log_request(a->request_id);
    a->work(a->context);
    ts_wake_post(&a->done);
    return NULL;
}

static bool start_aside(aside *a)
{
    pthread_attr_t attributes;
    pthread_t thread;
    bool is_started;

    if (pthread_attr_init(&attributes) != 0)
        return false;
    is_started = pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0 &&
                 pthread_attr_setstacksize(&attributes, ASIDE_STACK_BYTES) == 0 &&
                 pthread_create(&thread, &attributes, run_aside, a) == 0;
    (void)pthread_attr_destroy(&attributes);
    return is_started;
}

void ts_aside(void (*work)(void *context), void *context)
{
    char request_id[TS_REQUEST_ID_SIZE];
    aside a = { .work = work, .context = context, .request_id = request_id };
    ts_fiber *f = fiber_self();

    if (f == NULL) {
        work(context);
        return;
    }
    (void)snprintf(request_id, sizeof(request_id), "%s", ts_log_request_id());
    loop_enter_aside(f->loop);
    ts_wake_init(&a.done);
    if (start_aside(&a))
        (void)!ts_wake_wait(&a.done, TS_FOREVER);
    else
        work(context);
    ts_wake_done(&a.done);
    loop_leave_aside(f->loop);
}
