/* One Google Workspace audit record in any of the shapes it is met in:
 *   1  Reports API activity: id, actor, events[] with parameters[]      4  flattened: name, type, parameters{} on top
 *   2  the same with `events` an object                                 5  add-on: parameters{}, email, timestamp, unique_id
 *   3  the same with `event`                                            6  Cloud Audit: protoPayload.metadata.event[]
 */
#ifndef RISK_GOOGLE_H
#define RISK_GOOGLE_H

#include "normalize/normalize.h"
#include "ts/json.h"

/* Appends one record per event to `body`. TS_INVALID with words rejects the whole source record (nothing appended). `raw`
 * is kept with each event. */
TS_CHECK ts_status risk_google(const risk_body_options *options, ts_json record, ts_str raw,
                               uint32_t index, ts_arena *arena, risk_body *body, ts_error *err);

#endif
