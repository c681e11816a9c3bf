/* The states of an incident and the one function that moves it. Pure.
 *
 *   open           -> investigating, resolved, false_positive
 *   investigating  -> investigating (a note is added), resolved, false_positive
 *   resolved, false_positive: closed -> investigating, by reopening only; late detections join all the same
 */
#ifndef INCIDENTS_LIFECYCLE_H
#define INCIDENTS_LIFECYCLE_H

#include "ts/base.h"

typedef enum incident_status {
    INCIDENT_OPEN,
    INCIDENT_INVESTIGATING,
    INCIDENT_RESOLVED,
    INCIDENT_FALSE_POSITIVE
} incident_status;
#define INCIDENT_STATUSES 4

const char *incident_status_name(incident_status status);
/* TS_CORRUPT: for names that we stored ourselves. */
TS_CHECK ts_status incident_status_read(const char *name, incident_status *ret);
/* What a caller may ask for. TS_INVALID, param "status", for anything but investigating, resolved and false_positive. */
TS_CHECK ts_status incident_status_parse(const char *text, incident_status *ret, ts_error *err);
bool incident_is_closed(incident_status status);
/* TS_CONFLICT if the incident is closed, with words that name what is allowed; TS_INVALID if `to` is open. */
TS_CHECK ts_status incident_move(incident_status from, incident_status to, ts_error *err);
/* Closed at `closed_ms` (0: not closed) and kept for `keep_ms` since. */
bool incident_is_over(int64_t closed_ms, int64_t now_ms, int64_t keep_ms);
/* A closed incident becomes investigating; TS_CONFLICT with words if it is not closed. */
TS_CHECK ts_status incident_reopen(incident_status from, incident_status *ret, ts_error *err);

#endif
