#include "detect/behavior/baseline.h"

#include <math.h>
#include <stdlib.h>

#include "ts/time.h"

#define HOURS          24
#define NORMAL_MAD     1.4826
#define NORMAL_P90     1.2816
#define RARE_HOUR_DAYS 20 /* active on one of so many days or fewer: unusual */

/* ---- the statistics ---- */

static int by_value(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left;
    uint32_t b = *(const uint32_t *)right;

    return (a > b) - (a < b);
}

static int by_distance(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;

    return (a > b) - (a < b);
}

baseline_typical baseline_typical_of(uint32_t *values, size_t count)
{
    double distances[BASELINE_DAYS];
    baseline_typical t;
    double upper, mad;

    qsort(values, count, sizeof(*values), by_value);
    t.median = ((double)values[(count - 1) / 2] + (double)values[count / 2]) / 2.0;
    for (size_t i = 0; i < count; i++)
        distances[i] = fabs((double)values[i] - t.median);
    qsort(distances, count, sizeof(*distances), by_distance);
    mad = (distances[(count - 1) / 2] + distances[count / 2]) / 2.0;
    upper = (double)values[(count * 9 + 9) / 10 - 1]; /* the nearest rank */
    t.deviation = sqrt(fmax(t.median, 1.0));
    t.deviation = fmax(t.deviation, NORMAL_MAD * mad);
    t.deviation = fmax(t.deviation, (upper - t.median) / NORMAL_P90);
    return t;
}

double baseline_z(const baseline_typical *typical, uint32_t observed)
{
    double z = ((double)observed - typical->median) / typical->deviation;

    if (z <= 0.0)
        return 0.0;
    return round(fmin(z, BASELINE_Z_MAX) * 100.0) / 100.0;
}

/* ---- counting ---- */

/* Whether it is the day's first act from there. */
static bool note_network(baseline_day *d, uint32_t network)
{
    if (network == 0 || d->network_count == BASELINE_NETWORKS_MAX)
        return false;
    for (size_t i = 0; i < d->network_count; i++) {
        if (d->networks[i] == network)
            return false;
    }
    d->networks[d->network_count++] = network;
    return true;
}

bool baseline_take(baseline_day *d, const behavior_act *act, int64_t at_ms)
{
    uint32_t within_ms = (uint32_t)(at_ms % TS_DAY_MS);
    uint32_t hour = UINT32_C(1) << (within_ms / TS_HOUR_MS);
    bool changed = act->is_own && !d->active;

    d->active |= act->is_own;
    if (act->is_at_work && (d->hours & hour) == 0) {
        d->hours |= hour;
        changed = true;
    }
    for (unsigned m = 0; act->metrics >> m != 0; m++) {
        if ((act->metrics >> m & 1) == 0 || d->counts[m] == UINT32_MAX)
            continue;
        if (behavior_metrics[m].kind == BEHAVIOR_NETWORKS && !note_network(d, act->network))
            continue;
        d->counts[m]++;
        changed = true;
    }
    if (changed && within_ms > d->end_ms)
        d->end_ms = within_ms;
    return changed;
}

/* ---- judging ---- */

/* The days that a day is held against. */
typedef struct history {
    const baseline_day *days[BASELINE_DAYS];
    size_t count;
    uint32_t near[HOURS]; /* of them active in the hour or beside it */
} history;

static uint32_t beside(uint32_t hour)
{
    return UINT32_C(1) << hour | UINT32_C(1) << (hour + 1) % HOURS |
           UINT32_C(1) << (hour + HOURS - 1) % HOURS;
}

/* Of the days in front of days[at]. */
static void look_back(const baseline_day *days, size_t at, history *ret)
{
    memset(ret, 0, sizeof(*ret));
    for (size_t i = at; i > 0 && days[at].day - days[i - 1].day <= BASELINE_DAYS; i--) {
        if (!days[i - 1].active)
            continue;
        ret->days[ret->count++] = &days[i - 1];
        for (uint32_t h = 0; h < HOURS; h++)
            ret->near[h] += (days[i - 1].hours & beside(h)) != 0;
    }
}

/* Hours of a day that are none of the others'; `is_one`: the day is one of the history itself. */
static uint32_t unusual_hours(const history *past, uint32_t hours, bool is_one)
{
    uint32_t count = 0;

    for (uint32_t h = 0; h < HOURS; h++) {
        if ((hours >> h & 1) != 0 &&
            (past->near[h] - is_one) * RARE_HOUR_DAYS <= past->count - is_one)
            count++;
    }
    return count;
}

static uint32_t value_of(const history *past, const baseline_day *d, unsigned metric, bool is_one)
{
    return behavior_metrics[metric].kind == BEHAVIOR_HOURS ? unusual_hours(past, d->hours, is_one)
                                                           : d->counts[metric];
}

/* What the metric cannot exceed on the day: to tell most days from those that are worth looking back. */
static bool may_count(const baseline_day *d, unsigned metric)
{
    uint32_t hours = 0;

    if (behavior_metrics[metric].kind != BEHAVIOR_HOURS)
        return d->counts[metric] >= behavior_metrics[metric].floor;
    for (uint32_t mask = d->hours; mask != 0; mask &= mask - 1)
        hours++;
    return hours >= behavior_metrics[metric].floor;
}

static bool is_anomaly(const history *past, const baseline_day *d, unsigned metric,
                       const baseline_limits *limits, baseline_anomaly *ret)
{
    uint32_t values[BASELINE_DAYS];
    baseline_typical typical;

    if (past->count == 0 || past->count < limits->learning_days)
        return false;
    for (size_t i = 0; i < past->count; i++)
        values[i] = value_of(past, past->days[i], metric, true);
    typical = baseline_typical_of(values, past->count);
    ret->metric = metric;
    ret->day = d->day;
    ret->observed = value_of(past, d, metric, false);
    ret->days = (uint32_t)past->count;
    ret->expected = typical.median;
    ret->z = baseline_z(&typical, ret->observed);
    ret->at_ms = (int64_t)d->day * TS_DAY_MS + d->end_ms;
    return ret->observed >= behavior_metrics[metric].floor && ret->z > 0.0 &&
           ret->z >= limits->z_min;
}

uint32_t baseline_reach(const baseline_limits *limits)
{
    return limits->keep_days + BASELINE_DAYS;
}

size_t baseline_judge(const baseline_day *days, size_t count, int64_t now_ms,
                      const baseline_limits *limits, baseline_anomaly *ret)
{
    int64_t today = ts_time_day(now_ms);
    size_t found = 0;

    for (size_t at = count; at > 0 && found < limits->anomalies_max; at--) {
        const baseline_day *d = &days[at - 1];
        history past = { .count = 0 };
        bool is_known = false;

        if ((int64_t)d->day + (int64_t)limits->keep_days <= today)
            break;
        for (unsigned m = 0; m < BEHAVIOR_METRICS && found < limits->anomalies_max; m++) {
            if (!may_count(d, m))
                continue;
            if (!is_known)
                look_back(days, at - 1, &past);
            is_known = true;
            if (is_anomaly(&past, d, m, limits, &ret[found]))
                found++;
        }
    }
    return found;
}
