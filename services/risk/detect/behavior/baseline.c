#include "detect/behavior/baseline.h"

#include <math.h>
#include <stdlib.h>

#include "ts/time.h"

#define HOURS          24
#define NORMAL_MAD     1.4826
#define NORMAL_P90     1.2816
#define RARE_HOUR_DAYS 20 /* active on one of so many days or fewer: unusual */
#define DAYS_TAKEN_FOR_LATE                                                                        \
    32 /* a newest day further ahead of the clock was written under a wrong one */

static uint32_t day_bit(uint32_t day)
{
    return UINT32_C(1) << day % BASELINE_RING;
}

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

/* Makes room for newer days. */
static void advance(baseline *b, uint32_t day)
{
    uint32_t over = 0; /* places that get another day */
    size_t kept = 0;

    for (uint32_t i = 0; i < BASELINE_RING && i < day - b->last_day; i++) {
        uint32_t place = (day - i) % BASELINE_RING;

        over |= UINT32_C(1) << place;
        b->hours[place] = 0;
        for (unsigned m = 0; m < BEHAVIOR_METRICS; m++)
            b->counts[m][place] = 0;
    }
    b->active &= ~over;
    for (size_t i = 0; i < b->network_count; i++) {
        b->networks[i].days &= ~over;
        if (b->networks[i].days != 0)
            b->networks[kept++] = b->networks[i];
    }
    b->network_count = kept;
    b->last_day = day;
}

/* Days since the network was last seen. */
static uint32_t idle_days(const baseline *b, const baseline_network *n)
{
    uint32_t idle = 0;

    while (idle < BASELINE_RING && (n->days & day_bit(b->last_day - idle)) == 0)
        idle++;
    return idle;
}

static baseline_network *place_for_network(baseline *b)
{
    size_t oldest = 0;

    if (b->network_count < BASELINE_NETWORKS_MAX)
        return &b->networks[b->network_count++];
    for (size_t i = 1; i < b->network_count; i++) {
        if (idle_days(b, &b->networks[i]) > idle_days(b, &b->networks[oldest]))
            oldest = i;
    }
    return &b->networks[oldest];
}

/* Whether it is the day's first act from there. */
static bool note_network(baseline *b, uint32_t network, uint32_t day)
{
    baseline_network *n = NULL;

    if (network == 0)
        return false;
    for (size_t i = 0; i < b->network_count && n == NULL; i++) {
        if (b->networks[i].network == network)
            n = &b->networks[i];
    }
    if (n == NULL) {
        n = place_for_network(b);
        *n = (baseline_network){ .network = network };
    }
    if ((n->days & day_bit(day)) != 0)
        return false;
    n->days |= day_bit(day);
    return true;
}

static bool set_bits(uint32_t *mask, uint32_t bits)
{
    bool is_new = (*mask & bits) != bits;

    *mask |= bits;
    return is_new;
}

bool baseline_take(baseline *b, const behavior_act *act, int64_t at_ms, int64_t now_ms,
                   const baseline_limits *limits)
{
    uint32_t day = (uint32_t)ts_time_day(at_ms);
    uint32_t place = day % BASELINE_RING;
    bool changed = false;

    if (at_ms < 0 || (!act->is_own && act->metrics == 0))
        return false;
    if ((int64_t)b->last_day > ts_time_day(now_ms) + DAYS_TAKEN_FOR_LATE)
        *b = (baseline){ 0 };
    if (b->last_day == 0) {
        b->last_day = day;
    } else if (day > b->last_day) {
        baseline_judge(b, now_ms, limits);
        advance(b, day);
    } else if (b->last_day - day >= BASELINE_RING) {
        return false;
    }
    if (act->is_own)
        changed = set_bits(&b->active, day_bit(day));
    if (act->is_at_work &&
        set_bits(&b->hours[place], UINT32_C(1) << (at_ms % TS_DAY_MS / TS_HOUR_MS)))
        changed = true;
    for (unsigned m = 0; m < BEHAVIOR_METRICS; m++) {
        if ((act->metrics >> m & 1) == 0 || b->counts[m][place] == UINT32_MAX)
            continue;
        if (behavior_metrics[m].kind == BEHAVIOR_NETWORKS && !note_network(b, act->network, day))
            continue;
        b->counts[m][place]++;
        changed = true;
    }
    if (at_ms > b->heard_ms)
        b->heard_ms = at_ms;
    if (changed && (b->changed_from == 0 || day < b->changed_from))
        b->changed_from = day;
    return changed;
}

/* ---- judging ---- */

/* The days that a day is held against. */
typedef struct history {
    uint32_t places[BASELINE_DAYS];
    size_t count;
    uint32_t near[HOURS]; /* of them active in the hour or beside it */
} history;

static uint32_t beside(uint32_t hour)
{
    return UINT32_C(1) << hour | UINT32_C(1) << (hour + 1) % HOURS |
           UINT32_C(1) << (hour + HOURS - 1) % HOURS;
}

static void look_back(const baseline *b, uint32_t day, history *ret)
{
    memset(ret, 0, sizeof(*ret));
    for (uint32_t i = 1; i <= BASELINE_DAYS && i < day; i++) {
        uint32_t place = (day - i) % BASELINE_RING;

        if ((b->active & day_bit(day - i)) == 0)
            continue;
        ret->places[ret->count++] = place;
        for (uint32_t h = 0; h < HOURS; h++)
            ret->near[h] += (b->hours[place] & beside(h)) != 0;
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

static uint32_t value_of(const baseline *b, const history *past, uint32_t place, unsigned metric,
                         bool is_one)
{
    return behavior_metrics[metric].kind == BEHAVIOR_HOURS
               ? unusual_hours(past, b->hours[place], is_one)
               : b->counts[metric][place];
}

/* Where the day's anomaly of the metric stands or would stand. */
static size_t find_anomaly(const baseline *b, uint32_t day, uint32_t metric)
{
    size_t i = 0;

    while (i < b->anomaly_count && (b->anomalies[i].day > day || (b->anomalies[i].day == day &&
                                                                  b->anomalies[i].metric < metric)))
        i++;
    return i;
}

static bool is_at(const baseline *b, size_t at, uint32_t day, uint32_t metric)
{
    return at < b->anomaly_count && b->anomalies[at].day == day &&
           b->anomalies[at].metric == metric;
}

static void drop_anomaly(baseline *b, uint32_t day, uint32_t metric)
{
    size_t at = find_anomaly(b, day, metric);

    if (!is_at(b, at, day, metric))
        return;
    b->anomaly_count--;
    memmove(&b->anomalies[at], &b->anomalies[at + 1],
            (b->anomaly_count - at) * sizeof(b->anomalies[0]));
}

/* The oldest goes where there is no room. */
static void put_anomaly(baseline *b, baseline_anomaly *found, uint32_t max)
{
    size_t at = find_anomaly(b, found->day, found->metric);

    if (is_at(b, at, found->day, found->metric)) {
        found->detected_ms = b->anomalies[at].detected_ms;
        b->anomalies[at] = *found;
        return;
    }
    if (at >= max)
        return;
    if (b->anomaly_count >= max)
        b->anomaly_count = max - 1;
    memmove(&b->anomalies[at + 1], &b->anomalies[at],
            (b->anomaly_count - at) * sizeof(b->anomalies[0]));
    b->anomalies[at] = *found;
    b->anomaly_count++;
}

static bool is_anomaly(const baseline *b, const history *past, uint32_t metric, uint32_t day,
                       const baseline_limits *limits, baseline_anomaly *ret)
{
    uint32_t values[BASELINE_DAYS];
    baseline_typical typical;

    for (size_t i = 0; i < past->count; i++)
        values[i] = value_of(b, past, past->places[i], metric, true);
    typical = baseline_typical_of(values, past->count);
    ret->metric = metric;
    ret->day = day;
    ret->days = (uint32_t)past->count;
    ret->expected = typical.median;
    ret->z = baseline_z(&typical, ret->observed);
    return ret->z > 0.0 && ret->z >= limits->z_min;
}

static int64_t within_day(int64_t ms, uint32_t day)
{
    int64_t first = (int64_t)day * TS_DAY_MS;

    return ms < first ? first : ms >= first + TS_DAY_MS ? first + TS_DAY_MS - 1 : ms;
}

static uint32_t bits_in(uint32_t mask)
{
    uint32_t n = 0;

    for (; mask != 0; mask &= mask - 1)
        n++;
    return n;
}

static void judge_day(baseline *b, uint32_t day, const baseline_limits *limits)
{
    history past = { .count = 0 };
    bool is_known = false; /* looked back already: most days have nothing that is worth it */
    uint32_t max = limits->anomalies_max < BASELINE_ANOMALIES_MAX ? limits->anomalies_max
                                                                  : BASELINE_ANOMALIES_MAX;

    for (unsigned m = 0; m < BEHAVIOR_METRICS; m++) {
        const behavior_metric *metric = &behavior_metrics[m];
        uint32_t place = day % BASELINE_RING;
        baseline_anomaly found = { .detected_ms = within_day(b->heard_ms, day) };
        uint32_t most =
            metric->kind == BEHAVIOR_HOURS ? bits_in(b->hours[place]) : b->counts[m][place];
        bool is_one = false;

        if (most >= metric->floor && !is_known) {
            look_back(b, day, &past);
            is_known = true;
        }
        if (most >= metric->floor && past.count > 0 && past.count >= limits->learning_days) {
            found.observed = value_of(b, &past, place, m, false);
            is_one =
                found.observed >= metric->floor && is_anomaly(b, &past, m, day, limits, &found);
        }
        if (is_one)
            put_anomaly(b, &found, max);
        else
            drop_anomaly(b, day, m);
    }
}

bool baseline_shows(uint32_t day, int64_t now_ms, const baseline_limits *limits)
{
    return (int64_t)day + (int64_t)limits->keep_days > ts_time_day(now_ms);
}

bool baseline_is_over(uint32_t last_day, int64_t now_ms, uint32_t keep_days)
{
    uint32_t reach = keep_days > BASELINE_RING ? keep_days : BASELINE_RING;

    return (int64_t)last_day + (int64_t)reach <= ts_time_day(now_ms);
}

void baseline_judge(baseline *b, int64_t now_ms, const baseline_limits *limits)
{
    if (b->changed_from == 0)
        return;
    /* Those before the first that has changed are held against the same days as before. */
    for (uint32_t i = 0; i <= BASELINE_LATE_DAYS && b->last_day - i >= b->changed_from; i++)
        judge_day(b, b->last_day - i, limits);
    b->changed_from = 0;
    if (b->anomaly_count > limits->anomalies_max)
        b->anomaly_count = limits->anomalies_max;
    while (b->anomaly_count > 0 &&
           !baseline_shows(b->anomalies[b->anomaly_count - 1].day, now_ms, limits))
        b->anomaly_count--;
}
