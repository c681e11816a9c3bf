#include "api/gate.h"

#include "ts/time.h"

void api_gate_init(api_gate *g, unsigned places)
{
    *g = (api_gate){ .places = places, .given_back = TS_COND_INIT };
    pthread_mutex_init(&g->mutex, NULL);
}

void api_gate_done(api_gate *g)
{
    pthread_mutex_destroy(&g->mutex);
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
        ts_cond_wait(&g->given_back, &g->mutex, until_ms);
    }
    is_in = g->taken < g->places;
    if (is_in && ++g->taken == g->places)
        g->moved_ms = ts_boot_ms();
    pthread_mutex_unlock(&g->mutex);
    return is_in;
}

void api_gate_leave(api_gate *g)
{
    pthread_mutex_lock(&g->mutex);
    g->taken--;
    g->moved_ms = ts_boot_ms();
    ts_cond_signal(&g->given_back);
    pthread_mutex_unlock(&g->mutex);
}
