/* Which users of a block a term is about: their numbers within the block, ascending, two bytes each. Pure. */
#ifndef RISK_SEARCH_POSTINGS_H
#define RISK_SEARCH_POSTINGS_H

#include "ts/base.h"

#define POSTINGS_BLOCK     4096 /* users of a block */
#define POSTINGS_WORDS     (POSTINGS_BLOCK / 64)
#define POSTINGS_BYTES_MAX ((size_t)POSTINGS_BLOCK * 2)

typedef struct postings {
    uint64_t bits[POSTINGS_WORDS];
} postings;

static inline uint32_t postings_block(uint64_t user)
{
    return (uint32_t)(user / POSTINGS_BLOCK);
}

static inline uint32_t postings_place(uint64_t user)
{
    return (uint32_t)(user % POSTINGS_BLOCK);
}

static inline void postings_set(postings *p, uint32_t place, bool is_in)
{
    uint64_t bit = UINT64_C(1) << (place & 63);

    if (is_in)
        p->bits[place >> 6] |= bit;
    else
        p->bits[place >> 6] &= ~bit;
}

/* Adds the places of a row to the bits. TS_CORRUPT if it is no row of ours. */
TS_CHECK ts_status postings_read(ts_str row, uint64_t bits[POSTINGS_WORDS]);
/* The row; `ret` holds POSTINGS_BYTES_MAX. */
size_t postings_write(const postings *p, uint8_t *ret);

#endif
