/* All that is shown of one incident. */
#ifndef INCIDENTS_DETAILS_H
#define INCIDENTS_DETAILS_H

#include "incidents.h"

#define DETAILS_DETECTIONS_MAX                                                                     \
    1000                         /* shown, the earliest; a line of the timeline counts the others */
#define DETAILS_EVIDENCE_MAX 200 /* detections shown with their evidence */

/* TS_NOT_FOUND with words if there is no such incident in this organization and mode. */
TS_CHECK ts_status details_id(const char *text, uint8_t ret[16], ts_error *err);
/* Reads what the store holds now; everything lives in the call's arena. */
TS_CHECK ts_status details_fill(ts_call *call, const uint8_t id[16],
                                Ts__Incidents__IncidentDetails *rep);

#endif
