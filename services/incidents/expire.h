/* What has served its time leaves the store: closed incidents some time after their closing, and detections that wait for an
 * incident which can come no more. In slices, each under its tenant's lock and in a batch of its own, so that nobody waits
 * long and no batch is large.
 *
 * An incident's detections go first and its row last: a crash on the way leaves a closed incident that shows fewer detections
 * than it counts, and the next round ends what was begun. It cannot be reopened meanwhile (rpc_status.c). */
#ifndef INCIDENTS_EXPIRE_H
#define INCIDENTS_EXPIRE_H

#include "incidents.h"

#define EXPIRE_SLICE 1000 /* rows of a batch */
#define EXPIRE_WAITING_MS                                                                          \
    (INT64_C(8) * 86400000) /* beyond a span: events over 7 days old are historical */

/* One round over the whole store; *ret_count incidents were deleted. TS_OK also if it was to stop on the way. */
TS_CHECK ts_status expire_closed(incidents *app, int64_t now_ms, const atomic_bool *stopping,
                                 uint64_t *ret_count);
/* *ret_count waiting detections were deleted. */
TS_CHECK ts_status expire_waiting(incidents *app, int64_t now_ms, const atomic_bool *stopping,
                                  uint64_t *ret_count);

/* Both, by the retention clock (ts/retention.h); for ts_periodic. `context` is the service. */
void expire_job(void *context, const atomic_bool *stopping);

#endif
