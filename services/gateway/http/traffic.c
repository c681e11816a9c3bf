#include "http/traffic.h"

void http_traffic_init(http_traffic *t)
{
    pthread_mutex_init(&t->mutex, NULL);
    t->less = TS_COND_INIT;
}

void http_traffic_done(http_traffic *t)
{
    pthread_mutex_destroy(&t->mutex);
}

static void tell(http_traffic *t)
{
    if (!atomic_load(&t->is_draining))
        return;
    pthread_mutex_lock(&t->mutex);
    ts_cond_broadcast(&t->less);
    pthread_mutex_unlock(&t->mutex);
}

int http_traffic_connect(http_traffic *t)
{
    return atomic_fetch_add(&t->connections, 1) + 1;
}

void http_traffic_disconnect(http_traffic *t)
{
    atomic_fetch_sub(&t->connections, 1);
    tell(t);
}

void http_traffic_begin(http_traffic *t)
{
    atomic_fetch_add(&t->in_work, 1);
}

void http_traffic_end(http_traffic *t)
{
    if (atomic_fetch_sub(&t->in_work, 1) == 1)
        tell(t);
}

void http_traffic_await(http_traffic *t, bool connections, int64_t until_boot_ms)
{
    pthread_mutex_lock(&t->mutex);
    while (atomic_load(&t->in_work) > 0 || (connections && atomic_load(&t->connections) > 0)) {
        if (!ts_cond_wait(&t->less, &t->mutex, until_boot_ms))
            break;
    }
    pthread_mutex_unlock(&t->mutex);
}
