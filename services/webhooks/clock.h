/* The ledger's clock: wall time when the process started, and since then the machine's monotonic time, so that a step of the
 * wall clock moves no retry and no lease. What stands on the disk is this time too; at start, waits that reach further than
 * the longest step are cut to it. Thread-safe. */
#ifndef WEBHOOKS_CLOCK_H
#define WEBHOOKS_CLOCK_H

#include "ts/time.h"

typedef struct ledger_clock {
    int64_t offset_ms; /* constant */
} ledger_clock;

static inline ledger_clock clock_start(void)
{
    return (ledger_clock){ ts_wall_ms() - ts_boot_ms() };
}

static inline int64_t clock_now(const ledger_clock *c)
{
    return ts_boot_ms() + c->offset_ms;
}

#endif
