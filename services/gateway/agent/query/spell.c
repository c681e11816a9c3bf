#include "spell.h"

#include "ts/near.h"

#define LENGTH_MAX TS_DISTANCE_LENGTH

static bool is_class(const agent_grammar *g, uint32_t word, const char *cls)
{
    uint32_t node = agent_grammar_step(g, 0, word);

    return node != 0 && ts_str_is(agent_names_text(&g->symbols, g->nodes[node].meaning.cls), cls);
}

/* Not only within phrases. */
static bool has_meaning(const agent_grammar *g, uint32_t word)
{
    uint32_t node = agent_grammar_step(g, 0, word);

    return node != 0 && g->nodes[node].meaning.cls != 0;
}

static bool is_shuffled(ts_str a, ts_str b)
{
    unsigned sum_a = 0;
    unsigned sum_b = 0;

    for (size_t i = 0; i < a.n && a.n == b.n; i++) {
        sum_a += (unsigned char)a.p[i] * (unsigned char)a.p[i];
        sum_b += (unsigned char)b.p[i] * (unsigned char)b.p[i];
    }
    return a.n == b.n && sum_a == sum_b;
}

static bool is_vowel(char c)
{
    return strchr("aeiou", c) != NULL;
}

/* "rmv", "incdnts", "srch": the word without its vowels, but for the first letter. */
static size_t consonants(ts_str word, char to[static LENGTH_MAX])
{
    size_t n = 0;

    for (size_t i = 0; i < word.n && i < LENGTH_MAX; i++) {
        if (i == 0 || !is_vowel(word.p[i]))
            to[n++] = word.p[i];
    }
    return n;
}

static size_t without_doubles(char *word, size_t n)
{
    size_t to = 0;

    for (size_t i = 0; i < n; i++) {
        if (to == 0 || word[to - 1] != word[i])
            word[to++] = word[i];
    }
    return to;
}

/* "unresolvd" is "unresolved" without a vowel, "acces" "access" without the second of two. */
static bool is_thinned(ts_str typed, ts_str known)
{
    char a[LENGTH_MAX];
    char b[LENGTH_MAX];
    size_t n = without_doubles(a, consonants(typed, a));

    return typed.n < known.n && n == without_doubles(b, consonants(known, b)) &&
           memcmp(a, b, n) == 0;
}

/* A typing slip rarely hits the first letter, and a swap is likelier than another letter; what says something here is likelier
 * than a word that only holds a sentence together. Less is better. */
static unsigned strangeness(const agent_grammar *g, ts_str typed, uint32_t candidate,
                            unsigned distance)
{
    ts_str known = g->words.list[candidate];
    bool is_plain = is_class(g, candidate, "stop") || is_class(g, candidate, "common") ||
                    is_class(g, candidate, "prep") || is_class(g, candidate, "polite");

    return distance * 8 + (typed.p[0] == known.p[0] ? 0 : 4) +
           (typed.p[typed.n - 1] == known.p[known.n - 1] ? 0 : 1) +
           (typed.n == known.n || is_thinned(typed, known) ? 0 : 1) +
           (is_shuffled(typed, known) ? 0 : 2) - (is_thinned(typed, known) ? 2 : 0) +
           (is_plain ? 2 : 0);
}

/* The word that `word` is when its vowels were left out; 0 if none or if it has vowels. */
static uint32_t abbreviated(const agent_grammar *g, ts_str word)
{
    char of_word[LENGTH_MAX];
    char of_candidate[LENGTH_MAX];
    unsigned least = UINT32_MAX;
    uint32_t found = 0;

    if (consonants(word, of_word) != word.n || (word.n < AGENT_SPELL_ANY && is_vowel(word.p[0])))
        return 0;
    for (size_t length = word.n + 1; length <= 2 * word.n && length <= LENGTH_MAX; length++) {
        for (size_t i = 0; i < g->by_length_count[length]; i++) {
            uint32_t candidate = g->by_length[length][i];
            unsigned strange;

            if (g->words.list[candidate].p[0] != word.p[0] || is_class(g, candidate, "hostile") ||
                is_class(g, candidate, "given") ||
                consonants(g->words.list[candidate], of_candidate) != word.n ||
                memcmp(of_word, of_candidate, word.n) != 0)
                continue;
            strange = strangeness(g, word, candidate, (unsigned)(length - word.n));
            if (strange < least) {
                least = strange;
                found = candidate;
            }
        }
    }
    return found;
}

/* A bit for each letter. */
static uint32_t letters_of(ts_str word)
{
    uint32_t letters = 0;

    for (size_t i = 0; i < word.n; i++)
        letters |= 1u << ((unsigned char)word.p[i] & 31);
    return letters;
}

/* Slips between the word and a candidate; more than `max` if it cannot be meant. */
static unsigned slips_to(const agent_grammar *g, ts_str word, uint32_t letters, uint32_t candidate,
                         unsigned max)
{
    ts_str other = g->words.list[candidate];
    unsigned distance;

    /* Each edit changes the set of letters by two at most. */
    if ((unsigned)__builtin_popcount(letters ^ g->letters[candidate]) > 2 * max)
        return max + 1;
    /* Nobody is refused for a slip: what is hostile must stand there as such. */
    if (is_class(g, candidate, "hostile"))
        return max + 1;
    if (word.n <= AGENT_SPELL_ANY && !has_meaning(g, candidate))
        return max + 1;
    distance = ts_distance(word, other, max);
    if (distance <= max && word.n < AGENT_SPELL_ANY &&
        !(word.p[0] == other.p[0] && is_shuffled(word, other)))
        return max + 1;
    return distance;
}

uint32_t agent_spell(const agent_grammar *g, ts_str word)
{
    unsigned max = ts_slips(word.n);
    unsigned least = UINT32_MAX;
    uint32_t letters;
    uint32_t found;

    if (word.n < AGENT_SPELL_MIN || word.n > LENGTH_MAX)
        return 0;
    found = abbreviated(g, word);
    if (found != 0)
        return found;
    letters = letters_of(word);
    for (size_t length = word.n - max; length <= word.n + max && length <= LENGTH_MAX; length++) {
        for (size_t i = 0; i < g->by_length_count[length]; i++) {
            uint32_t candidate = g->by_length[length][i];
            unsigned distance = slips_to(g, word, letters, candidate, max);
            unsigned strange;

            if (distance > max)
                continue;
            strange = strangeness(g, word, candidate, distance);
            if (strange < least) {
                least = strange;
                found = candidate;
            }
        }
    }
    return found;
}
