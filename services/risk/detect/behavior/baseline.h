/* How a user's days have been, and which of the newest are unlike the others. Pure: the clock is an argument.
 *
 * Kept per user: for each of the newest 32 days (UTC, by the source's clock) the number of each metric, the hours of
 * activity, and the networks of sign-ins. A day is held against the days of activity among the 28 before it; days on which
 * the user did nothing (weekends, leave) say nothing about a day of work. With median m of those days:
 *
 *   z = (observed - m) / s      s = max(1.4826 MAD, (P90 - m) / 1.2816, sqrt(max(m, 1)))
 *
 * MAD is the median of the distances from m; times 1.4826 it estimates the standard deviation of normal numbers (B. Iglewicz,
 * D. Hoaglin, How to Detect and Handle Outliers, 1993, whose threshold is 3.5). Counts of rare acts are 0 on most days, where
 * the MAD is 0 as well: the 90th percentile, 1.2816 deviations above the median of normal numbers, is what such a user's
 * busy days are like. Both leave out the largest tenth, so that a single burst does not make the next one look ordinary. The
 * root of the mean is how independent acts scatter by chance alone (Poisson): nothing is less spread than that, and a history
 * of equal days gives no absurd number. Only days above the median are told of, none with fewer than the metric's floor, and
 * z is at most 100.
 *
 * The newest day and the three before it are judged as they stand, again whenever one of the days changes: what the counts say
 * now is listed, whatever the order in which they came in. A day that more than three newer ones follow only is history from
 * then on; what is older than the ring is not counted. So events up to three days late (Google's may be) lead to what they
 * would have led to in time.
 *
 * An hour of the day (UTC) is unusual if the user was active in it and the hours beside it on at most a twentieth of the other
 * days: a switch to summer time, one hour, changes nothing.
 */
#ifndef BEHAVIOR_BASELINE_H
#define BEHAVIOR_BASELINE_H

#include "detect/behavior/metrics.h"

#define BASELINE_DAYS          28 /* before the judged one: four whole weeks */
#define BASELINE_LATE_DAYS     3
#define BASELINE_RING          (BASELINE_DAYS + 1 + BASELINE_LATE_DAYS)
#define BASELINE_NETWORKS_MAX  32 /* the one that was not seen for the longest time makes room */
#define BASELINE_ANOMALIES_MAX 32
#define BASELINE_Z_MAX         100.0

/* At the edges of what is kept and told: settings. */
typedef struct baseline_limits {
    double z_min;
    uint32_t learning_days; /* of activity before anything is said; 1..BASELINE_DAYS */
    uint32_t keep_days;     /* that an anomaly is kept and shown */
    uint32_t anomalies_max; /* of a user: the newest; 0..BASELINE_ANOMALIES_MAX */
} baseline_limits;

/* Of one metric on one day. */
typedef struct baseline_anomaly {
    uint32_t metric;
    uint32_t day; /* since the epoch */
    uint32_t observed;
    uint32_t days;   /* of activity that it is held against */
    double expected; /* their median */
    double z;
    int64_t
        detected_ms; /* within the day: of the newest event that was known when it was first seen */
} baseline_anomaly;

typedef struct baseline_network {
    uint32_t network;
    uint32_t days; /* bit: day % BASELINE_RING */
} baseline_network;

/* Places in the rings are day % BASELINE_RING. All zero is a user of whom nothing is known. */
typedef struct baseline {
    uint32_t last_day; /* the newest; 0: none */
    uint32_t active;   /* bit: a day on which the user did something */
    uint32_t counts[BEHAVIOR_METRICS][BASELINE_RING];
    uint32_t hours[BASELINE_RING]; /* bit h: active in hour h */
    baseline_network networks[BASELINE_NETWORKS_MAX];
    size_t network_count;
    baseline_anomaly anomalies[BASELINE_ANOMALIES_MAX]; /* newest day first, then by metric */
    size_t anomaly_count;
    /* Not stored. */
    int64_t heard_ms;      /* the newest event since it was loaded */
    uint32_t changed_from; /* the oldest day that has changed since it was last judged; 0: none */
} baseline;

/* Counts an act that happened at `at_ms`, never after now_ms. False if it changes nothing. Days that it pushes out of reach are
 * judged before. */
bool baseline_take(baseline *b, const behavior_act *act, int64_t at_ms, int64_t now_ms,
                   const baseline_limits *limits);
/* Brings the anomalies up to date; must follow the last baseline_take() before the baseline is stored. */
void baseline_judge(baseline *b, int64_t now_ms, const baseline_limits *limits);
/* Whether an anomaly of that day is still shown. */
bool baseline_shows(uint32_t day, int64_t now_ms, const baseline_limits *limits);
/* Whether nothing of it is worth keeping any more. */
bool baseline_is_over(uint32_t last_day, int64_t now_ms, uint32_t keep_days);

/* ---- the statistics ---- */

typedef struct baseline_typical {
    double median;
    double deviation; /* at least 1 */
} baseline_typical;

/* Sorts the values; `count` of them, 1..BASELINE_DAYS. */
baseline_typical baseline_typical_of(uint32_t *values, size_t count);
/* 0..BASELINE_Z_MAX, to two decimals; 0 at and below the median. */
double baseline_z(const baseline_typical *typical, uint32_t observed);

#endif
