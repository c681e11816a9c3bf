/* When a failed delivery is tried again. Pure. */
#ifndef WEBHOOKS_SCHEDULE_H
#define WEBHOOKS_SCHEDULE_H

#include "ts/base.h"

#define SCHEDULE_STEPS_MAX      16
#define SCHEDULE_STEP_MAX_MS    (INT64_C(7) * 86400000)
#define SCHEDULE_JITTER_PERCENT 10 /* added, never taken away: "after 30 s" stays true */

typedef struct schedule {
    int64_t step_ms[SCHEDULE_STEPS_MAX]; /* wait after the first, second, ... failed attempt */
    unsigned steps;
} schedule;

/* "30s,2m,10m,1h,6h". TS_INVALID with words. */
TS_CHECK ts_status schedule_parse(ts_str text, schedule *ret, ts_error *err);
/* Wait after the n-th failed attempt (from 1), with up to 10 % more by `random`; false: it was the last one. */
bool schedule_next(const schedule *s, unsigned failed, uint32_t random, int64_t *ret_wait_ms);

#endif
