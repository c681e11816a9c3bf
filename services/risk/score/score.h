/* The risk score of a user: API.md section 4. Pure: the clock is an argument.
 *
 * A firing contributes p = w/100 * k^-1.5 * 2^(-age/72 h) for 7 days, where k counts the firings of
 * the same rule and dedup key from the newest on. raw = 1 - prod(1 - p); the account's criticality
 * and the breadth of tactics multiply the odds of raw; ceilings keep a pile of small things from
 * looking like a large one.
 */
#ifndef RISK_SCORE_H
#define RISK_SCORE_H

#include "ts/base.h"

#define SCORE_WINDOW_MS    INT64_C(604800000) /* 7 days */
#define SCORE_HALF_LIFE_MS INT64_C(259200000) /* 72 h */
#define SCORE_WEIGHT_MAX   95
#define SCORE_K_MAX        32 /* firings per rule and dedup key that count */
#define SCORE_TACTICS_MAX  16 /* distinct tactics looked at */

typedef enum score_disposition {
    SCORE_ACTIVE,
    SCORE_RESOLVED,
    SCORE_FALSE_POSITIVE
} score_disposition;

typedef enum score_criticality {
    SCORE_SERVICE,     /* 0.5 */
    SCORE_PERSON,      /* 1 */
    SCORE_ADMIN,       /* 1.5 */
    SCORE_SUPER_ADMIN, /* 2 */
} score_criticality;

/* Strings are borrowed. `points` is filled by score_compute(). */
typedef struct score_firing {
    ts_str rule_id;
    ts_str dedup_key;
    uint32_t weight;   /* 0..95 */
    uint32_t severity; /* 0 informational .. 4 critical */
    int64_t at_ms;     /* of its last event, never after its arrival */
    score_disposition disposition;
    char **tactics;
    size_t tactic_count;
    double points;   /* share of the score; all shares add up to it */
    const void *row; /* the caller's own, carried along when the list is sorted */
} score_firing;

/* Sorts the firings (newest first, rule and key to break ties), fills in points, returns 0..100. */
uint32_t score_compute(score_firing *firings, size_t count, score_criticality criticality,
                       int64_t now_ms);

/* The first moment after now_ms at which the score differs, time alone passing; 0 if it never does
 * (it is 0 or there is nothing left to decay). At most SCORE_WINDOW_MS away. */
int64_t score_next_change(score_firing *firings, size_t count, score_criticality criticality,
                          int64_t now_ms);

/* Default weight of a severity: critical 75, high 50, medium 25, low 10, informational 0. */
uint32_t score_weight_of(uint32_t severity);

#endif
