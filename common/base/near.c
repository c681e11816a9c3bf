#include "ts/near.h"

#define LENGTH_MAX TS_DISTANCE_LENGTH

unsigned ts_distance(ts_str a, ts_str b, unsigned max)
{
    unsigned char rows[3][LENGTH_MAX + 1];
    unsigned char *before = rows[0];
    unsigned char *last = rows[1];
    unsigned char *row = rows[2];

    if (a.n > LENGTH_MAX || b.n > LENGTH_MAX || a.n > b.n + max || b.n > a.n + max)
        return max + 1;
    for (size_t j = 0; j <= b.n; j++)
        last[j] = (unsigned char)j;
    for (size_t i = 1; i <= a.n; i++) {
        unsigned char *spare = before;
        unsigned least = row[0] = (unsigned char)i;

        for (size_t j = 1; j <= b.n; j++) {
            unsigned best = last[j - 1] + (a.p[i - 1] != b.p[j - 1] ? 1u : 0u);

            if (last[j] + 1u < best)
                best = last[j] + 1u;
            if (row[j - 1] + 1u < best)
                best = row[j - 1] + 1u;
            if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1] &&
                before[j - 2] + 1u < best)
                best = before[j - 2] + 1u;
            row[j] = (unsigned char)best;
            if (best < least)
                least = best;
        }
        if (least > max)
            return max + 1;
        before = last;
        last = row;
        row = spare;
    }
    return last[b.n] > max ? max + 1 : last[b.n];
}

unsigned ts_slips(size_t length)
{
    return length < 8 ? 1 : 2;
}

void ts_near_add(ts_near *near, ts_str typed, ts_str known)
{
    char lowered[TS_DISTANCE_LENGTH];
    unsigned distance;

    if (typed.n > sizeof(lowered))
        return;
    for (size_t i = 0; i < typed.n; i++)
        lowered[i] =
            typed.p[i] >= 'A' && typed.p[i] <= 'Z' ? (char)(typed.p[i] - 'A' + 'a') : typed.p[i];
    distance = ts_distance(ts_str_n(lowered, typed.n), known, ts_slips(known.n));
    if (distance > ts_slips(known.n) || (near->word.n > 0 && distance > near->distance))
        return;
    near->is_tied = near->word.n > 0 && distance == near->distance;
    near->distance = distance;
    near->word = known;
}

void ts_near_say(const ts_near *near, char ret[TS_NEAR_WORDS])
{
    ret[0] = '\0';
    if (near->word.n > 0 && !near->is_tied)
        (void)snprintf(ret, TS_NEAR_WORDS, " (did you mean %.*s?)", (int)near->word.n,
                       near->word.p);
}
