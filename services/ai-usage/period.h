/* Which days a report covers. Pure: the caller passes the time.
 *
 * A period is the last `days` UTC days, today included: it begins at midnight and ends now. The one before it has the same
 * number of days and ends where it begins.
 */
#ifndef AI_USAGE_PERIOD_H
#define AI_USAGE_PERIOD_H

#include "ts/base.h"

#define PERIOD_DAYS_MAX 90

typedef struct period {
    int64_t first_day; /* days since the epoch */
    int64_t last_day;  /* today */
    int64_t previous_first_day;
    int64_t from_ms; /* Unix epoch */
    int64_t to_ms;
} period;

/* `days` is 1..PERIOD_DAYS_MAX; `now_ms` is at least that many days after the epoch. */
period period_of(int64_t now_ms, uint32_t days);

/* "2025-01-15"; `ret` holds 16 bytes. */
void period_day_text(int64_t day, char ret[16]);

#endif
