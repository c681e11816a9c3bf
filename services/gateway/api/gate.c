#include "api/gate.h"

#include <time.h>

#include "ts/time.h"

void api_gate_init(api_gate *g, unsigned places)
{
    pthread_condattr_t attributes;

    *g = (api_gate){ .places = places };
    pthread_mutex_init(&g->mutex, NULL);
    pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&g->given_back, &attributes);
    pthread_condattr_destroy(&attributes);
}

void api_gate_done(api_gate *g)
{
    pthread_cond_destroy(&g->given_back);
    pthread_mutex_destroy(&g->mutex);
}

/* The mutex is held, and given up while waiting. */
static void wait_ms(api_gate *g, int64_t ms)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(ms / TS_SECOND_MS);
    until.tv_nsec += (long)(ms % TS_SECOND_MS) * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    (void)pthread_cond_timedwait(&g->given_back, &g->mutex, &until);
}

bool api_gate_enter(api_gate *g, int64_t deadline_boot_ms)
{
    bool is_in;

    pthread_mutex_lock(&g->mutex);
    while (g->taken >= g->places) {
        int64_t now_ms = ts_boot_ms();
        int64_t stuck_ms = g->moved_ms + GATE_STALL_MS;
        int64_t until_ms = deadline_boot_ms < stuck_ms ? deadline_boot_ms : stuck_ms;

        if (now_ms >= until_ms)
            break;
        wait_ms(g, until_ms - now_ms);
    }
    is_in = g->taken < g->places;
    if (is_in && g->taken++ == 0)
        g->moved_ms = ts_boot_ms();
    pthread_mutex_unlock(&g->mutex);
    return is_in;
}

void api_gate_leave(api_gate *g)
{
    pthread_mutex_lock(&g->mutex);
    g->taken--;
    g->moved_ms = ts_boot_ms();
    pthread_cond_signal(&g->given_back);
    pthread_mutex_unlock(&g->mutex);
}
