/* What auth does by itself: keys that have ended leave the count of active ones, and of those that were rotated webhooks hear;
 * organizations whose data is gone elsewhere are erased here; bursts of failed authentications go into the audit log, and entries
 * of it that are too old are dropped. All of it but the bursts is on disk: a pass that was killed is done again by the next. */
#ifndef AUTH_TEND_H
#define AUTH_TEND_H

#include "auth.h"

/* One pass over bursts and what has become due. Time is an argument. */
TS_CHECK ts_status auth_tend(auth *app, int64_t now_ms);
/* Drops audit entries that were chained before what the settings keep; by the retention clock (ts/retention.h). */
TS_CHECK ts_status auth_tend_audit(auth *app, int64_t now_ms);

/* The first once a second, the second once a minute, both at once at the start. */
typedef struct auth_tender auth_tender;
TS_CHECK ts_status auth_tender_start(auth *app, auth_tender **ret, ts_error *err);
/* NULL is fine. Writes the last bursts down: Authorize is not called any more. */
void auth_tender_stop(auth_tender *t);

#endif
