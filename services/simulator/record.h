/* An event as a record of the Google Workspace Reports API (`activities`). Pure. */
#ifndef SIMULATOR_RECORD_H
#define SIMULATOR_RECORD_H

#include "company.h"
#include "event.h"
#include "ts/buf.h"
#include "ts/json.h"

/* id.uniqueQualifier: a signed 64-bit number as text; differs for different keys of one company. */
void sim_qualifier(const sim_company *c, uint64_t key, char ret[SIM_NUMBER_SIZE]);

/* Appends one JSON object, without a line end. Errors stick in `out`. */
void sim_record_write(const sim_company *c, const sim_event *e, ts_buf *out);

/* The account that the rogue admin makes. */
void sim_rogue_email(const sim_company *c, uint32_t number, char ret[SIM_EMAIL_SIZE]);

/* What the writers of record_kinds.c work with. */
typedef struct sim_record {
    const sim_company *company;
    const sim_event *event;
    const sim_person *person;
    uint64_t seed; /* of this record's details */
    ts_jsonw *w;
} sim_record;

/* "login", "drive", ... */
const char *sim_kind_application(sim_kind kind);
/* Writes the elements of `events`. */
void sim_kind_write(sim_record *r);

#endif
