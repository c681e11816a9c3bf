/* An event as a record of whoever tells of it: the Google Workspace Reports API (`activities`, this file), the Okta System Log
 * (okta.h) or Entra ID (entra.h). Pure. */
#ifndef SIMULATOR_RECORD_H
#define SIMULATOR_RECORD_H

#include "company.h"
#include "event.h"
#include "ts/buf.h"
#include "ts/json.h"

#define SIM_ID_SIZE 40 /* of a record's own id */

/* id.uniqueQualifier: a signed 64-bit number as text; differs for different keys of one company. */
void sim_qualifier(const sim_company *c, uint64_t key, char ret[SIM_NUMBER_SIZE]);
/* What the record calls itself, in the form of its source. Differs for different keys of one company. */
void sim_record_id(const sim_company *c, const sim_event *e, char ret[SIM_ID_SIZE]);
/* Made of 128 bits of a seed: 8-4-4-4-12 hexadecimal digits. */
void sim_uuid(uint64_t seed, char ret[SIM_ID_SIZE]);

/* Appends one JSON object, without a line end. Somebody must tell of the event (source.h). Errors stick in `out`. */
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

/* A member that is thousandths as a JSON number, without going through floating point. */
void sim_write_milli(ts_jsonw *w, const char *key, int milli);

/* Where the event came from. */
typedef struct sim_network {
    char address[SIM_ADDRESS_SIZE];
    const sim_city *city;
    uint32_t asn;
} sim_network;
void sim_record_network(const sim_record *r, sim_network *ret);
const char *sim_record_user_agent(const sim_record *r);
/* The colleague and the group that an administrator's work is about. */
void sim_record_target(const sim_record *r, sim_person *ret);
const char *sim_record_group(const sim_record *r);

/* "login", "drive", ...; NULL if Google does not tell of it. */
const char *sim_kind_application(sim_kind kind);
/* Writes the elements of `events`. */
void sim_kind_write(sim_record *r);

#endif
