#include "score/score.h"

#include <math.h>

#define LOW             1
#define MEDIUM          2
#define CEILING_LOW     69.0
#define CEILING_MEDIUM  89.0
#define BREADTH_TACTICS 3
#define BREADTH_FACTOR  1.25
#define ZETA_EXPONENT   1.5
#define CERTAIN         0.999999 /* keeps the odds finite */

uint32_t score_weight_of(uint32_t severity)
{
    static const uint32_t weights[] = { 0, 10, 25, 50, 75 };

    return severity < TS_COUNT(weights) ? weights[severity] : 0;
}

static int newest_first(const void *left, const void *right)
{
    const score_firing *a = left;
    const score_firing *b = right;
    int order;

    if (a->at_ms != b->at_ms)
        return a->at_ms > b->at_ms ? -1 : 1;
    order = ts_str_cmp(a->rule_id, b->rule_id);
    return order != 0 ? order : ts_str_cmp(a->dedup_key, b->dedup_key);
}

static int64_t age_ms(const score_firing *f, int64_t now_ms)
{
    return now_ms > f->at_ms ? now_ms - f->at_ms : 0;
}

static bool counts(const score_firing *f, int64_t now_ms)
{
    return f->disposition != SCORE_FALSE_POSITIVE && f->weight > 0 &&
           age_ms(f, now_ms) < SCORE_WINDOW_MS;
}

/* Contribution of firings[i], the list being newest first. */
static double contribution(const score_firing *firings, size_t i, int64_t now_ms)
{
    const score_firing *f = &firings[i];
    uint32_t weight = f->weight > SCORE_WEIGHT_MAX ? SCORE_WEIGHT_MAX : f->weight;
    double p = (double)weight / 100.0;
    unsigned k = 1;

    if (!counts(f, now_ms))
        return 0.0;
    for (size_t j = 0; j < i; j++) {
        if (firings[j].disposition != SCORE_FALSE_POSITIVE &&
            ts_str_eq(firings[j].rule_id, f->rule_id) &&
            ts_str_eq(firings[j].dedup_key, f->dedup_key))
            k++;
    }
    if (k > SCORE_K_MAX)
        return 0.0;
    if (f->disposition == SCORE_RESOLVED)
        p /= 2.0;
    return p * pow((double)k, -ZETA_EXPONENT) *
           exp2(-(double)age_ms(f, now_ms) / (double)SCORE_HALF_LIFE_MS);
}

static size_t distinct_tactics(const score_firing *firings, size_t count, int64_t now_ms)
{
    const char *seen[SCORE_TACTICS_MAX];
    size_t n = 0;

    for (size_t i = 0; i < count; i++) {
        if (!counts(&firings[i], now_ms))
            continue;
        for (size_t t = 0; t < firings[i].tactic_count && n < SCORE_TACTICS_MAX; t++) {
            size_t j = 0;

            while (j < n && strcmp(seen[j], firings[i].tactics[t]) != 0)
                j++;
            if (j == n)
                seen[n++] = firings[i].tactics[t];
        }
    }
    return n;
}

static double multiplier(const score_firing *firings, size_t count, score_criticality criticality,
                         int64_t now_ms)
{
    static const double by_criticality[] = { 0.5, 1.0, 1.5, 2.0 };
    double m = by_criticality[criticality];

    return distinct_tactics(firings, count, now_ms) >= BREADTH_TACTICS ? m * BREADTH_FACTOR : m;
}

/* The list is sorted. Fills `points` with -ln(1 - p), their sum in *ret_log_sum. */
static double raw_score(score_firing *firings, size_t count, score_criticality criticality,
                        int64_t now_ms, double *ret_log_sum)
{
    double log_sum = 0.0;
    uint32_t highest = 0;
    double raw;
    double odds;
    double score;

    for (size_t i = 0; i < count; i++) {
        double p = contribution(firings, i, now_ms);

        firings[i].points = -log1p(-p);
        log_sum += firings[i].points;
        if (p > 0.0 && firings[i].severity > highest)
            highest = firings[i].severity;
    }
    *ret_log_sum = log_sum;
    raw = -expm1(-log_sum);
    if (raw > CERTAIN)
        raw = CERTAIN;
    odds = raw / (1.0 - raw) * multiplier(firings, count, criticality, now_ms);
    score = 100.0 * odds / (1.0 + odds);
    if (highest <= LOW && score > CEILING_LOW)
        score = CEILING_LOW;
    if (highest <= MEDIUM && score > CEILING_MEDIUM)
        score = CEILING_MEDIUM;
    return score;
}

static uint32_t rounded(double score)
{
    long n = lround(score);

    return n < 0 ? 0 : n > 100 ? 100 : (uint32_t)n;
}

static void sort(score_firing *firings, size_t count)
{
    if (count > 1)
        qsort(firings, count, sizeof(*firings), newest_first);
}

uint32_t score_compute(score_firing *firings, size_t count, score_criticality criticality,
                       int64_t now_ms)
{
    double log_sum = 0.0;
    uint32_t score;

    sort(firings, count);
    score = rounded(raw_score(firings, count, criticality, now_ms, &log_sum));
    for (size_t i = 0; i < count; i++)
        firings[i].points = log_sum > 0.0 ? (double)score * firings[i].points / log_sum : 0.0;
    return score;
}

/* Without new firings a score only falls: each p decays, and what leaves the window is the oldest
 * of its kind, so no k changes. Hence bisection finds the first change. */
int64_t score_next_change(score_firing *firings, size_t count, score_criticality criticality,
                          int64_t now_ms)
{
    int64_t same_ms = now_ms;
    int64_t changed_ms = now_ms + SCORE_WINDOW_MS;
    double log_sum;
    uint32_t score;

    sort(firings, count);
    score = rounded(raw_score(firings, count, criticality, now_ms, &log_sum));
    if (score == 0 ||
        rounded(raw_score(firings, count, criticality, changed_ms, &log_sum)) == score)
        return 0;
    while (changed_ms - same_ms > 1) {
        int64_t middle_ms = same_ms + (changed_ms - same_ms) / 2;

        if (rounded(raw_score(firings, count, criticality, middle_ms, &log_sum)) == score)
            same_ms = middle_ms;
        else
            changed_ms = middle_ms;
    }
    return changed_ms;
}
