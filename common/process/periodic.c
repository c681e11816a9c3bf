#include "ts/periodic.h"

#include <pthread.h>
#include <time.h>

#include "ts/time.h"

struct ts_periodic {
    pthread_t thread;
    pthread_mutex_t lock; /* for wake */
    pthread_cond_t wake;
    atomic_bool stopping;
    int64_t period_ms;
    ts_periodic_job *job;
    void *context;
};

/* False when it is time to stop. */
static bool pause_for(ts_periodic *p)
{
    struct timespec until = ts_monotonic_in(p->period_ms);
    pthread_mutex_lock(&p->lock);
    while (!atomic_load(&p->stopping)) {
        if (pthread_cond_timedwait(&p->wake, &p->lock, &until) != 0)
            break;
    }
    pthread_mutex_unlock(&p->lock);
    return !atomic_load(&p->stopping);
}

static void *run(void *context)
{
    ts_periodic *p = context;

    do
        p->job(p->context, &p->stopping);
    while (pause_for(p));
    return NULL;
}

static void release(ts_periodic *p)
{
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

ts_status ts_periodic_start(int64_t period_ms, ts_periodic_job *job, void *context,
                            ts_periodic **ret, ts_error *err)
{
    ts_periodic *p = calloc(1, sizeof(*p));

    if (p == NULL)
        return ts_fail(err, TS_NOMEM, "", "out of memory");
    p->period_ms = period_ms;
    p->job = job;
    p->context = context;
    pthread_mutex_init(&p->lock, NULL);
    ts_monotonic_cond(&p->wake);
    if (pthread_create(&p->thread, NULL, run, p) != 0) {
        release(p);
        return ts_fail(err, TS_NOMEM, "", "cannot start a thread");
    }
    *ret = p;
    return TS_OK;
}

void ts_periodic_stop(ts_periodic *p)
{
    if (p == NULL)
        return;
    pthread_mutex_lock(&p->lock);
    atomic_store(&p->stopping, true);
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
    pthread_join(p->thread, NULL);
    release(p);
}
