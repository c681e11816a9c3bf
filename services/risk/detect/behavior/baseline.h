/* How a user's days have been, and which of them are unlike the ones before. Pure: the clock is an argument.
 *
 * A day (UTC, by the source's clock) is counted as its events come in, in whatever order. Whether it stands out is not stored:
 * it is found when somebody looks, from the days as they are then, so that late events and repeated looks say the same.
 *
 * A day is held against the days of activity among the 28 before it; days on which the user did nothing (weekends, leave) say
 * nothing about a day of work. With median m of those days:
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
 * An hour of the day (UTC) is unusual if the user was active in it and the hours beside it on at most a twentieth of the other
 * days: a switch to summer time, one hour, changes nothing.
 */
#ifndef BEHAVIOR_BASELINE_H
#define BEHAVIOR_BASELINE_H

#include "detect/behavior/metrics.h"

#define BASELINE_DAYS         28 /* before the judged one: four whole weeks */
#define BASELINE_NETWORKS_MAX 32 /* of a day; further ones are not counted */
#define BASELINE_Z_MAX        100.0

typedef struct baseline_day {
    uint32_t day; /* since the epoch */
    uint32_t counts[BEHAVIOR_METRICS];
    uint32_t hours;  /* bit h: active in hour h */
    bool active;     /* the user did something */
    uint32_t end_ms; /* of the newest event, from midnight on */
    uint32_t networks[BASELINE_NETWORKS_MAX];
    size_t network_count;
} baseline_day;

/* Counts an act of that day, at most UINT32_MAX of a metric. False if it changes nothing. */
bool baseline_take(baseline_day *d, const behavior_act *act, int64_t at_ms);

/* At the edges of what is kept and told: settings. */
typedef struct baseline_limits {
    double z_min;
    uint32_t learning_days; /* of activity before anything is said; 1..BASELINE_DAYS */
    uint32_t keep_days;     /* that an anomaly is shown */
    uint32_t anomalies_max; /* shown: the newest */
} baseline_limits;

/* Of one metric on one day. */
typedef struct baseline_anomaly {
    uint32_t metric;
    uint32_t day; /* since the epoch */
    uint32_t observed;
    uint32_t days;   /* of activity that it is held against */
    double expected; /* their median */
    double z;
    int64_t at_ms; /* of the day's newest event */
} baseline_anomaly;

/* Days that are looked at and kept: those shown and what they are held against. */
uint32_t baseline_reach(const baseline_limits *limits);

/* Anomalies of the newest days, the newest day first, then by metric. `days` are in order, each once; the result has room for
 * limits->anomalies_max. */
size_t baseline_judge(const baseline_day *days, size_t count, int64_t now_ms,
                      const baseline_limits *limits, baseline_anomaly *ret);

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
