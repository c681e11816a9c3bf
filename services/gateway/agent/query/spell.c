#include "spell.h"

#define LENGTH_MAX 23u

unsigned agent_distance(ts_str a, ts_str b, unsigned max)
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

/* A typing slip rarely hits the first letter, and a swap or a doubled letter is likelier than another letter. Less is better. */
static unsigned strangeness(ts_str typed, ts_str known, unsigned distance)
{
    return distance * 8 + (typed.p[0] == known.p[0] ? 0 : 4) +
           (typed.p[typed.n - 1] == known.p[known.n - 1] ? 0 : 1) + (typed.n == known.n ? 0 : 1);
}

uint32_t agent_spell(const agent_grammar *g, ts_str word)
{
    unsigned max = word.n >= 8 ? 2 : 1;
    unsigned least = UINT32_MAX;
    uint32_t letters = 0;
    uint32_t found = 0;

    if (word.n < AGENT_SPELL_MIN || word.n > LENGTH_MAX)
        return 0;
    for (size_t i = 0; i < word.n; i++)
        letters |= 1u << ((unsigned char)word.p[i] & 31);
    for (size_t length = word.n - max; length <= word.n + max && length <= LENGTH_MAX; length++) {
        for (size_t i = 0; i < g->by_length_count[length]; i++) {
            uint32_t candidate = g->by_length[length][i];
            unsigned distance;
            unsigned strange;

            /* Each edit changes the set of letters by two at most. */
            if ((unsigned)__builtin_popcount(letters ^ g->letters[candidate]) > 2 * max)
                continue;
            distance = agent_distance(word, g->words.list[candidate], max);
            if (distance > max)
                continue;
            strange = strangeness(word, g->words.list[candidate], distance);
            if (strange < least) {
                least = strange;
                found = candidate;
            }
        }
    }
    return found;
}
