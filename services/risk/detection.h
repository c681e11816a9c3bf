/* Rules and catalogues at work on events: matching before the tenant's lock, consequences under it. */
#ifndef RISK_DETECTION_H
#define RISK_DETECTION_H

#include "hits.h"
#include "record.h"
#include "work.h"

typedef struct detection_engine detection_engine;

/* Everything is read from `directory` once; afterwards thread-safe. TS_INVALID with words if there is nothing usable. */
TS_CHECK ts_status detection_engine_new(const char *directory, detection_engine **ret,
                                        ts_error *err);
void detection_engine_free(detection_engine *e);

/* What a record matched; lives in the arena. */
typedef struct detection_matches {
    const void *list; /* of the engine's own */
    size_t count;
} detection_matches;

/* Adds computed fields to the record, then matches all rules that look at one record. */
TS_CHECK ts_status detection_match(const detection_engine *e, risk_record *record, ts_arena *arena,
                                   detection_matches *ret);

/* What is known of correlations within one unit of work; zeroed at its start. */
typedef struct detection_state {
    risk_map hits;
} detection_state;

/* Firings, correlation hits and AI use of one new event. `user` is whom it is about, NULL if nobody of ours. */
TS_CHECK ts_status detection_apply(const detection_engine *e, detection_state *state, risk_work *w,
                                   const risk_record *record, work_user *user,
                                   const detection_matches *matches, size_t *ret_fired);

#endif
