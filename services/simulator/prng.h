/* A small random generator of our own, so that a seed gives the same bytes on every machine.
 *
 * Integers only: no floating point anywhere in the simulator, because libm differs between
 * machines. Not for secrets. Pure.
 */
#ifndef SIMULATOR_PRNG_H
#define SIMULATOR_PRNG_H

#include "ts/base.h"

typedef struct sim_rng {
    uint64_t state;
} sim_rng;

/* A one-to-one mapping of 64-bit numbers: different inputs never give the same output. */
uint64_t sim_mix(uint64_t n);
/* Mixes numbers into one, for seeds of sub-streams; order matters. */
uint64_t sim_mix2(uint64_t a, uint64_t b);
uint64_t sim_mix3(uint64_t a, uint64_t b, uint64_t c);
/* The same of text. */
uint64_t sim_mix_text(uint64_t seed, const char *text);

sim_rng sim_rng_of(uint64_t seed);
uint64_t sim_rng_next(sim_rng *r);
/* 0 .. n-1; 0 if n is 0. */
uint32_t sim_rng_below(sim_rng *r, uint32_t n);
/* low .. high, both included. */
int64_t sim_rng_between(sim_rng *r, int64_t low, int64_t high);
/* True `permille` times in a thousand. */
bool sim_rng_chance(sim_rng *r, uint32_t permille);

#endif
