#include "pace.h"

void pace_turn(pace *p, int64_t now_ms)
{
    int64_t window =
        now_ms / PACE_WINDOW_MS + 1; /* never 0, which is a descriptor's before it was seen */

    if (window == p->window)
        return;
    p->active_before = window == p->window + 1 ? p->active : 0;
    p->active = 0;
    p->window = window;
}

void pace_count(pace *p, int64_t *seen)
{
    if (*seen == p->window)
        return;
    *seen = p->window;
    p->active++;
}

int64_t pace_wait_us(pace *p, int64_t now_us)
{
    int64_t wait_us = 0;

    if (p->turn_us == 0 || (p->active < p->from && p->active_before < p->from)) {
        p->next_us = 0;
        return 0;
    }
    if (p->next_us > now_us)
        wait_us = p->next_us - now_us;
    p->next_us = now_us + wait_us + p->turn_us;
    return wait_us;
}
