/* When to stop asking someone who does not answer: after `limit` failures in a row nobody is asked for `pause_ms`, then one at a
 * time until an answer comes. Pure: the caller passes the time (CLOCK_BOOTTIME) and serializes. */
#ifndef AGENT_BREAKER_H
#define AGENT_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

typedef struct breaker {
    int64_t limit;
    int64_t pause_ms;
    int64_t failures; /* in a row */
    int64_t until_ms; /* nobody is asked before */
    bool is_trying;   /* one is under way to find out */
} breaker;

/* Whether to ask now. Each time it says yes, breaker_told() must follow. */
static inline bool breaker_admits(breaker *b, int64_t now_ms)
{
    if (b->failures < b->limit)
        return true;
    if (b->is_trying || now_ms < b->until_ms)
        return false;
    b->is_trying = true;
    return true;
}

/* How it went. True if this opens the breaker, or closes it again: something to log. */
static inline bool breaker_told(breaker *b, bool is_answered, int64_t now_ms)
{
    bool was_open = b->failures >= b->limit;

    b->is_trying = false;
    b->failures = is_answered ? 0 : was_open ? b->limit : b->failures + 1;
    b->until_ms = b->failures >= b->limit ? now_ms + b->pause_ms : 0;
    return was_open != (b->failures >= b->limit);
}

#endif
