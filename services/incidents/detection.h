/* A detection as incidents keeps it: checked, its evidence bounded, and grown when it comes again. Pure. */
#ifndef INCIDENTS_DETECTION_H
#define INCIDENTS_DETECTION_H

#include "proto/event.pb-c.h"
#include "ts/base.h"

#define DETECTION_EVIDENCE_BYTES 4096 /* copied with a detection, the first events first */
#define DETECTION_TACTICS_MAX    16
#define DETECTION_ACTIONS_MAX    16
#define DETECTION_TEXT_MAX       512

/* TS_INVALID with words: an id of 16 bytes, a rule, known severity, times of the years 1970 to 9999. Cuts what is more than
 * we keep; last_event_ms is made at least event_ms and count at least 1. */
TS_CHECK ts_status detection_check(Ts__Detection *d, ts_error *err);

/* Takes into `kept` what `news` knows more: earlier first event, later last one, higher count or severity, more evidence,
 * the user. False if there is nothing: then `kept` is unchanged. Borrows from `news`. */
bool detection_grow(Ts__Detection *kept, const Ts__Detection *news);

#endif
