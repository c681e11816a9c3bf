/* All rules of a directory: loaded, linked to the correlations they take part in, and matched. Immutable once loaded, and
 * then thread-safe. */
#ifndef RISK_SIGMA_RULESET_H
#define RISK_SIGMA_RULESET_H

#include "detect/sigma/rule.h"

#define SIGMA_RULES_MAX         8192
#define SIGMA_RULESET_BYTES     (256u << 20)
#define SIGMA_CORRELATION_DEPTH 4 /* correlations of correlations */

typedef struct sigma_refusal {
    const char *file;
    const char *rule; /* its title; "" if not even that could be read */
    const char *reason;
} sigma_refusal;

typedef struct sigma_ruleset sigma_ruleset;

/* Reads *.yml and *.yaml below `directory`, in the order of their names, but nothing in folders called "catalogue". A rule
 * that is wrong or not understood is refused (see sigma_ruleset_refusals) and does not keep others out. TS_NOT_FOUND if the
 * directory cannot be read; TS_INVALID if no rule is left. */
TS_CHECK ts_status sigma_ruleset_load(const char *directory, sigma_ruleset **ret, ts_error *err);
void sigma_ruleset_free(sigma_ruleset *set);
TS_DEFINE_CLEANUP(sigma_ruleset, sigma_ruleset_free);

sigma_rule *const *sigma_ruleset_rules(const sigma_ruleset *set, size_t *ret_count);
const sigma_refusal *sigma_ruleset_refusals(const sigma_ruleset *set, size_t *ret_count);
/* The number of a field, as if a rule asked for it; before the first match only. */
TS_CHECK ts_status sigma_ruleset_want(sigma_ruleset *set, const char *name, uint32_t *ret);

/* The rules that match this one record, and the view they saw it through; both live in the arena. */
typedef struct sigma_matches {
    sigma_view view;
    const sigma_rule **rules;
    size_t count;
} sigma_matches;
TS_CHECK ts_status sigma_ruleset_match(const sigma_ruleset *set, const risk_record *record,
                                       ts_arena *arena, sigma_matches *ret);

#endif
