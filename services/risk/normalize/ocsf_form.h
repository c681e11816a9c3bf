/* An OCSF event on its way, as the files of ocsf.h share it. */
#ifndef RISK_OCSF_FORM_H
#define RISK_OCSF_FORM_H

#include "normalize/ocsf.h"

/* What stands where, by class. */
typedef enum ocsf_people {
    OCSF_ACTOR,  /* actor.user acts */
    OCSF_TARGET, /* actor.user acts upon user, users or entity.user */
    OCSF_USER,   /* user acts; actor is what let it */
    OCSF_ABOUT,  /* nobody acts: a finding is about somebody, in several places */
} ocsf_people;

typedef struct ocsf_class {
    uint32_t uid;
    const char *name; /* as the schema spells it */
    ocsf_people people;
} ocsf_class;

typedef struct ocsf {
    const risk_intake *in;
    const ocsf_class *class;
    uint32_t activity;
    ts_str product; /* whose users' ids they are, and whose events' */
} ocsf;

/* ocsf_form.c */
/* Text at a path; "null" is nothing. */
ts_str ocsf_text(const ocsf *o, ts_json object, const char *path);
/* The first that is not empty of several places in the record. */
ts_str ocsf_first(const ocsf *o, const char *const *paths, size_t count);
/* A number, also one that came as text or with a fraction; false if there is none. */
bool ocsf_number(ts_json v, int64_t *ret);
bool ocsf_number_at(ts_json object, const char *path, int64_t *ret);
/* The first element of a list; a value that is none is its own. */
ts_json ocsf_element(ts_json v);

/* ocsf_people.c: who did it, whom it is about and upon whom. *ret_is_own: the one who acts is whom they act upon. TS_INVALID with
 * words if the event names nobody although its class needs somebody. */
TS_CHECK ts_status ocsf_set_people(const ocsf *o, risk_record *rec, bool *ret_is_own,
                                   ts_error *err);

#endif
