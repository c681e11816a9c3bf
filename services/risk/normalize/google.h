/* One Google Workspace audit record in any of the shapes it is met in:
 *   1  Reports API activity: id, actor, events[] with parameters[]      4  flattened: name, type, parameters{} on top
 *   2  the same with `events` an object                                 5  add-on: parameters{}, email, timestamp, unique_id
 *   3  the same with `event`                                            6  Cloud Audit: protoPayload.metadata.event[]
 */
#ifndef RISK_GOOGLE_H
#define RISK_GOOGLE_H

#include "normalize/intake.h"

/* One event for each of the record's. */
TS_CHECK ts_status risk_google(const risk_intake *in, ts_error *err);

#endif
