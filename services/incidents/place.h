/* Puts a detection where it belongs: into an incident, a new one or the waiting room of its chain. */
#ifndef INCIDENTS_PLACE_H
#define INCIDENTS_PLACE_H

#include "work.h"

#define PLACE_WAITING_MAX 256 /* detections that wait in one chain; the oldest goes first */

/* The detection is in no incident. `d` lives in the arena and has been checked. Saves and publishes. */
TS_CHECK ts_status place_detection(incidents_work *w, const Ts__Detection *d);

/* Takes a waiting detection out, before it is placed again. */
void place_forget(incidents_work *w, const uint8_t chain[16], int64_t event_ms,
                  const uint8_t detection[16]);

#endif
