/* Timers in the order they are due: a pairing heap (Fredman et al., 1986) through the timers themselves, so that nothing is
 * allocated. Setting is O(1), clearing O(log n) over many. Pure. */
#ifndef FIBER_TIMERS_H
#define FIBER_TIMERS_H

#include "ts/loop.h"

/* Puts `t` in, which is not in. Returns the new root. */
ts_timer *timers_add(ts_timer *root, ts_timer *t);
/* Takes `t` out, which is in. */
ts_timer *timers_remove(ts_timer *root, ts_timer *t);

#endif
