/* The clocks that retention goes by are the test's own: the program is linked with --wrap=ts_clocks_read. */
#ifndef CONTRACT_CLOCKS_H
#define CONTRACT_CLOCKS_H

#include <stdatomic.h>

#include "ts/retention.h"
#include "ts/time.h"

static _Atomic int64_t clocks_wall_ms;
static _Atomic int64_t clocks_boot_ms;
static _Atomic uint64_t clocks_boot_id = 1;

/* The linker's name for what is called in its place. */
ts_clocks __wrap_ts_clocks_read(void); /* NOLINT(bugprone-reserved-identifier,cert-dcl37-c) */

ts_clocks __wrap_ts_clocks_read(void) /* NOLINT: as above */
{
    return (ts_clocks){ clocks_wall_ms, clocks_boot_ms, clocks_boot_id };
}

/* Time goes by. */
static inline void clocks_run(int64_t ms)
{
    clocks_wall_ms += ms;
    clocks_boot_ms += ms;
}

/* Somebody sets the wall clock. */
static inline void clocks_set(int64_t by_ms)
{
    clocks_wall_ms += by_ms;
}

#endif
