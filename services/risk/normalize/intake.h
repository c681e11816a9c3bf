/* From one source record to normalised events: what the normalisers of all sources share.
 *
 * A normaliser reads who, what, when and from where out of its source's form, and lays the record's fields out under the source's own
 * names for detection. What it cannot make sense of it refuses with words (TS_INVALID) that name the source's field; then nothing of
 * the record is taken (risk_source_normalize sees to it). Not thread-safe: an intake belongs to one parse.
 */
#ifndef RISK_INTAKE_H
#define RISK_INTAKE_H

#include "normalize/normalize.h"
#include "ts/json.h"

#define RISK_NEST_MAX 8   /* levels of objects and arrays whose fields are laid out */
#define RISK_PATH_MAX 128 /* bytes of a field's name with those of its parents */

/* A source record on its way. */
typedef struct risk_intake {
    const risk_body_options *options;
    ts_arena *arena;
    ts_json record;
    ts_str raw; /* kept with each event */
    uint32_t index;
    risk_body *body;       /* events are appended to it */
    ts_json_parser *inner; /* for JSON that stands in a text of the record */
    bool is_inner;         /* what is laid out is such JSON, and gone with the next */
} risk_intake;

/* Text, number or truth value at a path of names joined by '.'; TS_STR_NULL if there is none. */
ts_str risk_text_at(const risk_intake *in, ts_json object, const char *path);
/* The literal "null", which stands for nothing in several exporters, is nothing. */
ts_str risk_or_nothing(ts_str s);

/* RFC 3339, UTC where it names no zone (exporters through SQL lose it), fractions of any length. TS_INVALID with words if it is
 * missing, no time, more than a day ahead or over the retention. `field` is the source's name of it. */
TS_CHECK ts_status risk_intake_time(const risk_intake *in, ts_str text, const char *field,
                                    int64_t *ret_ms, ts_error *err);
/* The same limits for a time that is a number. */
TS_CHECK ts_status risk_intake_time_ms(const risk_intake *in, int64_t ms, const char *field,
                                       ts_error *err);

/* Appends an event with source, times and raw record set, all else empty. *ret is good until the next one is appended. */
TS_CHECK ts_status risk_intake_event(const risk_intake *in, int64_t event_ms, risk_record **ret);

/* Lays out one field. Values are cut to RISK_VALUE_MAX; what is over RISK_FIELDS_MAX is not seen by detections, the raw record has
 * it. A value of TS_STR_NULL is left out. */
TS_CHECK ts_status risk_intake_field(const risk_intake *in, risk_record *rec, ts_str name,
                                     ts_str value);
/* Lays out all members of an object, and of what is in them: names are joined by '.', a list repeats its name. `prefix` may be empty.
 * null, and the text "null", are left out. */
TS_CHECK ts_status risk_intake_fields(const risk_intake *in, risk_record *rec, ts_str prefix,
                                      ts_json object);

/* The same for a text that holds JSON; another text is one field. `prefix` must not be empty. */
TS_CHECK ts_status risk_intake_inner_fields(const risk_intake *in, risk_record *rec, ts_str prefix,
                                            ts_str text);
/* What a text that holds one JSON string or number says, or a list of just one; another text as it is. TS_NOMEM. */
TS_CHECK ts_status risk_intake_inner_text(const risk_intake *in, ts_str text, ts_str *ret);

/* What the event is known by: organization, mode, source, time, application, customer (may be empty), the source's own id and the
 * event's number in its record. Without an own id the record's content takes its place. */
TS_CHECK ts_status risk_intake_id(const risk_intake *in, risk_record *rec, ts_str app,
                                  ts_str customer, ts_str own_id, uint32_t number);
/* The last step: the fields that the events of all sources have under the same names, from what stands in the event:
 * eventName, eventType, applicationName, actor.email, actor.profileId, ipAddress, user.email, target.email, outcome. */
TS_CHECK ts_status risk_intake_common(const risk_intake *in, risk_record *rec);

#endif
