/* A stretch of time as buckets: from the smallest to the largest, what does not fill one of the next size is taken off at both
 * ends. */
#include "ts/ranks.h"

/* A bucket's number is a time without so many of its last bits. */
static const unsigned shifts[TS_RANKS_SIZES] = { 32, 24, 16, 0 };

uint64_t ts_ranks_bucket(unsigned size, int64_t at_ms)
{
    return (uint64_t)at_ms >> shifts[size];
}

uint64_t ts_ranks_children(unsigned size)
{
    return UINT64_C(1) << (shifts[size] - shifts[size + 1]);
}

static size_t add(ts_ranks_piece *ret, size_t count, unsigned size, uint64_t from, uint64_t until)
{
    if (from >= until)
        return count;
    ret[count] = (ts_ranks_piece){ size, from, until };
    return count + 1;
}

size_t ts_ranks_split(int64_t from_ms, int64_t until_ms, ts_ranks_piece ret[TS_RANKS_PIECES])
{
    uint64_t from = from_ms < 0 ? 0 : (uint64_t)from_ms;
    /* The moment after the last one is an edge of all sizes: nothing is left over there. */
    uint64_t until = until_ms == TS_RANKS_END ? UINT64_C(1) << 63
                     : until_ms < 0           ? 0
                                              : (uint64_t)until_ms;
    size_t count = 0;

    for (unsigned size = TS_RANKS_SIZES - 1; size > 0 && from < until; size--) {
        uint64_t children = ts_ranks_children(size - 1);
        /* The larger ones that lie in it are [first, end). */
        uint64_t first = (from + children - 1) / children;
        uint64_t end = until / children;

        if (first >= end)
            return add(ret, count, size, from, until);
        count = add(ret, count, size, from, first * children);
        count = add(ret, count, size, end * children, until);
        from = first;
        until = end;
    }
    return add(ret, count, 0, from, until);
}
