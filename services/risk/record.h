#ifndef RISK_RECORD_H
#define RISK_RECORD_H

#include "proto/methods.h"
#include "ts/base.h"

/* A name may repeat: multi-valued. */
typedef struct risk_field {
    ts_str name;
    ts_str value;
} risk_field;

/* One normalised event and the flat view of its fields that detections read. Lives in the arena it
 * was made in. */
typedef struct risk_record {
    Ts__Risk__Event *event;
    risk_field *fields;
    size_t field_count;
    size_t field_capacity;
    uint32_t index; /* position of its source record in the body: one source record may hold several
                       events */
} risk_record;

#endif
