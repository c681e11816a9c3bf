/* From the body of an ingest request to normalised records. Pure but for memory: the clock is an argument.
 *
 * A body is a JSON object, an array of objects, a list as the source's API answers it (source.h), or NDJSON; gzip too.
 * What is wrong with the body as a whole fails the call and nothing is taken; a bad element or line is rejected by its
 * index and loses no good one.
 */
#ifndef RISK_NORMALIZE_H
#define RISK_NORMALIZE_H

#include "record.h"
#include "ts/arena.h"

#define RISK_BODY_MAX     (UINT64_C(8) << 20)  /* as it comes */
#define RISK_INFLATED_MAX (UINT64_C(64) << 20) /* after decompression */
#define RISK_RECORDS_MAX  10000                /* a request */
#define RISK_RECORD_MAX   (UINT64_C(1) << 20)  /* bytes of one record */
#define RISK_FIELDS_MAX   256                  /* fields laid out for detection */
#define RISK_VALUE_MAX    8192              /* bytes of a field's value; cut between characters */
#define RISK_FUTURE_MS    INT64_C(86400000) /* a day ahead of our clock */

typedef struct risk_parser risk_parser;

/* Reused from body to body; not thread-safe. NULL if out of memory. */
risk_parser *risk_parser_new(void);
void risk_parser_free(risk_parser *p);
TS_DEFINE_CLEANUP(risk_parser, risk_parser_free);

typedef struct risk_body_options {
    ts_tenant tenant;
    const char *source; /* "google_workspace"; see source.h */
    bool ndjson;
    bool gzip;
    int64_t now_ms;
    int64_t retention_ms; /* older events are rejected */
    uint64_t body_max;    /* 0: the limits above */
    uint64_t inflated_max;
    uint32_t records_max;
} risk_body_options;

/* Why a record is not taken in, for counting. Its reason begins with the kind's words, unless that is RISK_REFUSED_INVALID. */
typedef enum risk_refusal {
    RISK_REFUSED_INVALID, /* a field that is missing or wrong */
    RISK_REFUSED_NOT_AN_OBJECT,
    RISK_REFUSED_TOO_LARGE,
    RISK_REFUSED_TOO_OLD,
    RISK_REFUSED_FUTURE,
} risk_refusal;
#define RISK_REFUSALS 5
const char *risk_refusal_name(risk_refusal refusal);
risk_refusal risk_refusal_of(const char *reason);

typedef struct risk_rejection {
    uint32_t index;
    const char *reason;
} risk_rejection;

typedef struct risk_body {
    risk_record *
        records; /* of one source record several, if it holds several events; in order of the body */
    size_t record_count;
    size_t record_capacity;
    risk_rejection *rejected;
    size_t rejected_count;
    size_t rejected_capacity;
    uint32_t total; /* source records seen */
} risk_body;

/* TS_INVALID, TS_TOO_LARGE, TS_NOMEM with words. What *ret points to lives in the arena, in `body`, or in the parser: until its
 * next parse. */
TS_CHECK ts_status risk_body_parse(risk_parser *p, const risk_body_options *options, ts_str body,
                                   ts_arena *arena, risk_body *ret, ts_error *err);

#endif
