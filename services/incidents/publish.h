/* What risk and webhooks learn of a saved work. */
#ifndef INCIDENTS_PUBLISH_H
#define INCIDENTS_PUBLISH_H

#include "work.h"

/* After work_save(): to risk, incident_changed with these detections (none: only if status or severity changed); to webhooks,
 *   incident.created   if it is new,
 *   incident.resolved  if it was closed,
 *   incident.updated   if it went to investigating or, not being closed, changed its severity or affected users. */
void publish_work(incidents_work *w, ProtobufCBinaryData *detections, size_t count);

/* To webhooks, detection.triggered: the detection has come for the first time; where it went is decided. */
void publish_detection(incidents_work *w, const Ts__Detection *d);

#endif
