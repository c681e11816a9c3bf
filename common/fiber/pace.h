/* The pace of a loop's turns.
 *
 * Where more is to be done than there are processors, a loop that wakes for each single request takes the processor from the
 * client that was about to send more, and from the services that were about to answer more: every message then costs a wake-up of
 * every thread on its way, throughput halves, and it stays so for a tenth of a second at a time. So while many descriptors are
 * active, turns begin at least `turn_us` after one another, and what comes meanwhile is done together (as network interfaces
 * moderate interrupts). A turn that takes longer than that is followed by the next at once; with few descriptors nothing waits.
 *
 * Pure. Not thread-safe.
 */
#ifndef FIBER_PACE_H
#define FIBER_PACE_H

#include "ts/base.h"

/* Descriptors are active that were ready in this window or the one before. */
#define PACE_WINDOW_MS INT64_C(8)

typedef struct pace {
    int64_t turn_us; /* 0: no pace is kept */
    size_t from;     /* active descriptors */
    int64_t window;
    size_t active, active_before; /* in this window and the one before */
    int64_t next_us;              /* no turn before; 0: whenever */
} pace;

/* To be called first in each turn, with a clock that never steps. */
void pace_turn(pace *p, int64_t now_ms);
/* A descriptor is ready. `seen` is its own, 0 at first. */
void pace_count(pace *p, int64_t *seen);
/* How long to wait before the next turn, in us; at most turn_us. The turn is then taken to begin. */
int64_t pace_wait_us(pace *p, int64_t now_us);

#endif
