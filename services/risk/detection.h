/* Rules and catalogues at work on events: matching before the tenant's lock, consequences under it. */
#ifndef RISK_DETECTION_H
#define RISK_DETECTION_H

#include "contact.h"
#include "detect/catalogue.h"
#include "detect/sigma/ruleset.h"
#include "hits.h"
#include "record.h"
#include "work.h"

#define DETECTION_COUNTED_MAX                                                                      \
    512 /* rules with a counter of their own; later ones share rule="other" */

typedef struct detection_engine detection_engine;

/* Everything is read from `directory` once; afterwards thread-safe. `noisy_firings` is the number of new firings of a rule
 * in a tenant and minute over which it only counts. A refused rule is logged with its reason and leaves the others alone;
 * TS_NOT_FOUND, TS_INVALID with words if there is nothing usable. */
TS_CHECK ts_status detection_engine_new(const char *directory, uint32_t noisy_firings,
                                        detection_engine **ret, ts_error *err);
void detection_engine_free(detection_engine *e);
const sigma_ruleset *detection_engine_rules(const detection_engine *e);
const catalogue *detection_engine_catalogue(const detection_engine *e);

/* Adds computed fields to the record, then matches all rules that look at one record. The result lives in the arena. */
TS_CHECK ts_status detection_match(const detection_engine *e, const risk_map *contacts,
                                   risk_record *record, ts_arena *arena, sigma_matches *ret);

/* What is known of correlations within one unit of work; zeroed at its start. */
typedef struct detection_state {
    risk_map hits;
} detection_state;

/* Firings, correlation hits and AI use of one new event. `user` is whom it is about, NULL if nobody of ours. */
TS_CHECK ts_status detection_apply(const detection_engine *e, detection_state *state, risk_work *w,
                                   const risk_record *record, work_user *user,
                                   const sigma_matches *matches);

#endif
