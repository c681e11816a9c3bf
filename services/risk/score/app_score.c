#include "score/app_score.h"

#define SCORE_MAX      100.0
#define BREADTH_STEP   2.0
#define BREADTH_MAX    10.0
#define SPREAD_MAX     10.0
#define KNOWN_FACTOR   0.8
#define TRUSTED_FACTOR 0.5

static double least(double a, double b)
{
    return a < b ? a : b;
}

/* How often 1 must be doubled to reach n. */
static double doublings(uint64_t n)
{
    double count = 0.0;

    for (; n > 1; n >>= 1)
        count += 1.0;
    return count;
}

uint32_t app_score(const app_facts *f)
{
    uint32_t reach = f->scope_count == 0 ? APP_NO_SCOPES : 0;
    double score;

    for (size_t i = 0; i < f->scope_count; i++) {
        if (f->weights[i] > reach)
            reach = f->weights[i];
    }
    score = reach;
    if (f->broad_count > 1)
        score += least(BREADTH_STEP * (double)(f->broad_count - 1), BREADTH_MAX);
    score += least(doublings(f->user_count), SPREAD_MAX) * reach / SCORE_MAX;
    if (f->publisher_known)
        score *= KNOWN_FACTOR;
    if (f->trusted)
        score = least(score * TRUSTED_FACTOR, APP_TRUSTED_MAX);
    return (uint32_t)(least(score, SCORE_MAX) + 0.5);
}
