/* Clocks and the text form of time. Wall time is for what is shown and signed, boot time for
 * waiting. */
#ifndef TS_TIME_H
#define TS_TIME_H

#include <pthread.h>
#include <time.h>

#include "ts/base.h"

#define TS_SECOND_MS INT64_C(1000)
#define TS_MINUTE_MS INT64_C(60000)
#define TS_HOUR_MS   INT64_C(3600000)
#define TS_DAY_MS    INT64_C(86400000)

/* Unix epoch, ms. */
int64_t ts_wall_ms(void);
/* CLOCK_BOOTTIME, ms: never steps. */
int64_t ts_boot_ms(void);
int64_t ts_boot_us(void);
/* A number that is the same for all processes until the machine starts again, never 0: readings of the boot clock may be
 * compared if it is equal. Not stable over versions of the suite. */
uint64_t ts_boot_id(void);

/* One look at all of them. */
typedef struct ts_clocks {
    int64_t wall_ms;
    int64_t boot_ms;
    uint64_t boot_id;
} ts_clocks;
ts_clocks ts_clocks_read(void);

/* For waiting on a condition: `ms` from now on CLOCK_MONOTONIC; less than 0 is now. */
struct timespec ts_monotonic_in(int64_t ms);
/* A condition whose waits end by that clock. pthread_cond_destroy() ends it. */
void ts_monotonic_cond(pthread_cond_t *ret);

#define TS_RFC3339_SIZE 32
/* "2025-01-15T10:30:00Z" (no fraction), or with milliseconds if `with_ms`. Clamps to years 0..9999.
 */
void ts_time_format(int64_t ms, bool with_ms, char ret[TS_RFC3339_SIZE]);
/* RFC 3339 with Z or an offset, any number of fraction digits (cut to ms), 'T' or space. TS_INVALID
 * otherwise. */
TS_CHECK ts_status ts_time_parse(ts_str text, int64_t *ret_ms);
/* Days since the epoch, floor. */
int64_t ts_time_day(int64_t ms);

#endif
