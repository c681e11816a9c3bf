/* Correlation rules of Sigma 2.1: how many, how many different, which of them, and in which order, within a sliding window
 * of event time. Pure: hits are given, oldest first. */
#ifndef RISK_SIGMA_CORRELATION_H
#define RISK_SIGMA_CORRELATION_H

#include "detect/sigma/fields.h"
#include "hits.h"
#include "ts/id.h"
#include "ts/ytree.h"

#define SIGMA_CORRELATED_MAX   16 /* rules of one correlation */
#define SIGMA_GROUP_FIELDS_MAX 8
#define SIGMA_TIMESPAN_MAX_MS  (INT64_C(7) * 86400000)
#define SIGMA_THRESHOLD_MAX    1000

typedef enum sigma_correlation_type {
    SIGMA_EVENT_COUNT,
    SIGMA_VALUE_COUNT,
    SIGMA_TEMPORAL,
    SIGMA_TEMPORAL_ORDERED,
} sigma_correlation_type;

typedef struct sigma_correlation {
    sigma_correlation_type type;
    ts_str rules[SIGMA_CORRELATED_MAX]; /* names or ids */
    unsigned rule_count;
    uint32_t group_by[SIGMA_GROUP_FIELDS_MAX];
    unsigned group_count;
    uint32_t value_field; /* value_count */
    uint32_t at_least;    /* hits, or different values */
    int64_t timespan_ms;
    bool generate; /* its rules fire by themselves as well */
} sigma_correlation;

/* From the map behind `correlation:`. Refuses by name what is not decided here: other types, aliases, conditions that only
 * time without events could fulfil (lt, lte, eq, neq). */
TS_CHECK ts_status sigma_correlation_compile(const ytree *map, sigma_names *names, ts_arena *arena,
                                             sigma_correlation *ret, ts_error *err);

/* Do the hits within a window that holds hits[at] fulfil it, with hits[at] as a part? *ret_last is the place of the last
 * hit of that window: when it was fulfilled. */
bool sigma_correlation_holds(const sigma_correlation *c, const risk_hit *hits, size_t count,
                             size_t at, size_t *ret_last);

/* The group an event belongs to. False if one of the fields is missing: such an event belongs to no group, rather than all
 * such events to one. */
bool sigma_correlation_group(const sigma_correlation *c, const sigma_view *view, ts_hash128 *ret);

#endif
