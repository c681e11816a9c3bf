/* The systems whose records are taken in, as data: a source is a row of a table and a file beside this one. */
#ifndef RISK_SOURCE_H
#define RISK_SOURCE_H

#include "normalize/intake.h"

#define RISK_LISTS_MAX 2

typedef struct risk_source {
    const char *name; /* of ?source= */
    /* Members in which an answer of the source's API, or an export, holds its records as an array: paths of names joined by '.'. */
    const char *lists[RISK_LISTS_MAX];
    /* Appends the record's events. TS_INVALID with words refuses the record. */
    ts_status (*normalize)(const risk_intake *in, ts_error *err);
} risk_source;

/* NULL if there is none of that name. */
const risk_source *risk_source_find(const char *name);
/* The rows in order; NULL behind the last. */
const risk_source *risk_source_at(size_t index);
/* "google_workspace, okta or ...", for words. */
TS_CHECK ts_status risk_source_names(ts_arena *arena, const char **ret);
/* All events of a record or none. What failed is no act of an app, on a file or of an AI tool. */
TS_CHECK ts_status risk_source_normalize(const risk_source *source, const risk_intake *in,
                                         ts_error *err);

#endif
