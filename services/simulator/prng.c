#include "prng.h"

/* SplitMix64 (Steele, Lea, Flood 2014): a counter and a finaliser. One word of state, passes the
 * usual test batteries, and its finaliser is a bijection, which is what makes record ids unique
 * without remembering them. */
#define GOLDEN_GAMMA UINT64_C(0x9E3779B97F4A7C15)

uint64_t sim_mix(uint64_t n)
{
    n = (n ^ (n >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    n = (n ^ (n >> 27)) * UINT64_C(0x94D049BB133111EB);
    return n ^ (n >> 31);
}

uint64_t sim_mix2(uint64_t a, uint64_t b)
{
    return sim_mix(sim_mix(a + GOLDEN_GAMMA) ^ (b * GOLDEN_GAMMA + 1));
}

uint64_t sim_mix3(uint64_t a, uint64_t b, uint64_t c)
{
    return sim_mix2(sim_mix2(a, b), c);
}

uint64_t sim_mix_text(uint64_t seed, const char *text)
{
    uint64_t h = seed;

    for (size_t i = 0; text[i] != '\0'; i++)
        h = sim_mix2(h, (unsigned char)text[i]);
    return h;
}

sim_rng sim_rng_of(uint64_t seed)
{
    return (sim_rng){ .state = sim_mix(seed + GOLDEN_GAMMA) };
}

uint64_t sim_rng_next(sim_rng *r)
{
    r->state += GOLDEN_GAMMA;
    return sim_mix(r->state);
}

uint32_t sim_rng_below(sim_rng *r, uint32_t n)
{
    /* Multiply-shift; its bias is below n / 2^32, far under what a simulated company could show. */
    return (uint32_t)(((sim_rng_next(r) >> 32) * n) >> 32);
}

int64_t sim_rng_between(sim_rng *r, int64_t low, int64_t high)
{
    return low + (int64_t)sim_rng_below(r, (uint32_t)(high - low + 1));
}

bool sim_rng_chance(sim_rng *r, uint32_t permille)
{
    return sim_rng_below(r, 1000) < permille;
}
