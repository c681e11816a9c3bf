/* The time that retention goes by: what is deleted for its age is gone for good, so that a wall clock which was set far ahead
 * by mistake (a bad time server, a machine that woke up with a wrong clock) must not decide it at once.
 *
 * Each store has a retention clock, a meta row "retention", and moves it on whenever it looks for what is old:
 *
 *   - It goes as fast as the boot clock, over restarts of the process too, up to the wall clock.
 *   - What the wall clock is ahead of it then, nobody saw pass: the machine was off, or the clock was set. If that is a day or
 *     less, it is caught up, at `catch_up` days a day of running. If it is more, nothing of it is for a whole day of running
 *     (logged once, and shown as ts_retention_behind_seconds), for somebody to set the clock right; after it, at the same rate.
 *     So retention is late after a long time off, but never stops while the machine runs.
 *   - It never goes back. A wall clock behind it is simply the earlier of the two, and the earlier one counts.
 *   - A store without a row begins with the wall clock; so does one whose row cannot be read.
 *
 * The row follows from the one before and the clocks alone: a process killed before it was written computes it again. It need
 * not be synced: after a power cut an older one stands for a little time that nobody saw pass. */
#ifndef TS_RETENTION_H
#define TS_RETENTION_H

#include "ts/config.h"
#include "ts/store.h"
#include "ts/time.h"

/* Both how far is too far ahead, and how long nothing of it counts then. */
#define TS_RETENTION_NOTICE_MS TS_DAY_MS

/* The setting of each service that deletes by age: `catch_up_days` of its struct. */
#define TS_RETENTION_ITEM(type, variable)                                                          \
    TS_NUM(type, catch_up_days, variable, 7, 1, 3650,                                              \
           "days of age that are made up for in a day, when the clock has gone on unseen")

typedef struct ts_retention {
    int64_t clock_ms; /* what it showed at boot_ms */
    int64_t boot_ms;
    uint64_t boot_id;
    int64_t noticed_ms; /* so long the wall clock was known to be too far ahead; -1: it is not */
} ts_retention;

ts_retention ts_retention_begin(const ts_clocks *now);
/* Moves it on. `catch_up` is in the range of the setting. */
void ts_retention_step(ts_retention *r, const ts_clocks *now, int64_t catch_up);

/* Moves the store's on to now; *ret_ms is the time by which age is to be judged, never later than the wall clock. By one thread
 * of the store's process. TS_UNAVAILABLE, TS_NOMEM: judge nothing. */
TS_CHECK ts_status ts_retention_now(ts_store *s, int64_t catch_up, int64_t *ret_ms);

#endif
