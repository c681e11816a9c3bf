#include <criterion/criterion.h>

#include "ts/ranks.h"

#define SMALL  (INT64_C(1) << 16) /* ms of a bucket of each size */
#define MIDDLE (INT64_C(1) << 24)
#define LARGE  (INT64_C(1) << 32)

typedef struct split {
    int64_t from_ms, until_ms;
    size_t count;
    ts_ranks_piece pieces[TS_RANKS_PIECES];
} split;

Test(ranks_split, the_largest_buckets_lie_between_smaller_ones)
{
    static const split cases[] = {
        { 0, TS_RANKS_END, 1, { { 0, 0, UINT64_C(1) << 31 } } },
        { 0, 0, 0, { { 0, 0, 0 } } },
        { 7, 7, 0, { { 0, 0, 0 } } },
        { 8, 7, 0, { { 0, 0, 0 } } },
        { -5, 3, 1, { { 3, 0, 3 } } },
        { -5, -3, 0, { { 0, 0, 0 } } },
        { 0, 1, 1, { { 3, 0, 1 } } },
        /* Both sides of the edges of each size. */
        { 0, SMALL - 1, 1, { { 3, 0, SMALL - 1 } } },
        { 0, SMALL, 1, { { 2, 0, 1 } } },
        { 0, SMALL + 1, 2, { { 3, SMALL, SMALL + 1 }, { 2, 0, 1 } } },
        { 1, SMALL, 1, { { 3, 1, SMALL } } },
        { SMALL, 2 * SMALL, 1, { { 2, 1, 2 } } },
        { SMALL - 1, 2 * SMALL, 2, { { 3, SMALL - 1, SMALL }, { 2, 1, 2 } } },
        { SMALL - 1,
          SMALL + 1,
          1,
          { { 3, SMALL - 1, SMALL + 1 } } }, /* over an edge, with none whole */
        { 0, MIDDLE - 1, 2, { { 3, MIDDLE - SMALL, MIDDLE - 1 }, { 2, 0, 255 } } },
        { 0, MIDDLE, 1, { { 1, 0, 1 } } },
        { 0, MIDDLE + 1, 2, { { 3, MIDDLE, MIDDLE + 1 }, { 1, 0, 1 } } },
        { MIDDLE - SMALL, MIDDLE + SMALL, 1, { { 2, 255, 257 } } },
        { 0, LARGE - SMALL, 2, { { 2, 65280, 65535 }, { 1, 0, 255 } } },
        { 0, LARGE, 1, { { 0, 0, 1 } } },
        { LARGE, 3 * LARGE, 1, { { 0, 1, 3 } } },
        { LARGE - 1,
          3 * LARGE + 1,
          3,
          { { 3, LARGE - 1, LARGE }, { 3, 3 * LARGE, 3 * LARGE + 1 }, { 0, 1, 3 } } },
        /* No size is whole for both bounds: the most pieces there are. */
        { LARGE - MIDDLE - SMALL - 1,
          2 * LARGE + MIDDLE + SMALL + 1,
          7,
          { { 3, LARGE - MIDDLE - SMALL - 1, LARGE - MIDDLE - SMALL },
            { 3, 2 * LARGE + MIDDLE + SMALL, 2 * LARGE + MIDDLE + SMALL + 1 },
            { 2, 65279, 65280 },
            { 2, 131328, 131329 },
            { 1, 255, 256 },
            { 1, 512, 513 },
            { 0, 1, 2 } } },
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        const split *c = &cases[i];
        ts_ranks_piece pieces[TS_RANKS_PIECES];

        cr_assert_eq(ts_ranks_split(c->from_ms, c->until_ms, pieces), c->count, "case %zu", i);
        for (size_t k = 0; k < c->count; k++)
            cr_assert(pieces[k].size == c->pieces[k].size && pieces[k].from == c->pieces[k].from &&
                          pieces[k].until == c->pieces[k].until,
                      "case %zu, piece %zu: %u %llu %llu", i, k, pieces[k].size,
                      (unsigned long long)pieces[k].from, (unsigned long long)pieces[k].until);
    }
}

static uint64_t seed = 3;

static int64_t dice(int64_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int64_t)(seed >> 1) % below;
}

static int pieces_with(const ts_ranks_piece *pieces, size_t count, int64_t at_ms)
{
    int with = 0;

    for (size_t i = 0; i < count; i++) {
        uint64_t bucket = ts_ranks_bucket(pieces[i].size, at_ms);

        with += bucket >= pieces[i].from && bucket < pieces[i].until;
    }
    return with;
}

Test(ranks_split, every_moment_is_in_one_piece_and_none_is_large)
{
    static const int64_t spans[] = { 10, 3 * SMALL, 3 * MIDDLE, 3 * LARGE };

    for (int i = 0; i < 20000; i++) {
        ts_ranks_piece pieces[TS_RANKS_PIECES];
        int64_t from = dice(3) * spans[dice(4)] + dice(spans[dice(4)]);
        int64_t until = from + dice(3) * spans[dice(4)] + dice(spans[dice(4)]);
        size_t count = ts_ranks_split(from, until, pieces);
        const int64_t moments[] = { from - 1, from,      from + 1,           until - 1,
                                    until,    until + 1, (from + until) / 2, from + dice(LARGE) };

        for (size_t k = 0; k < TS_COUNT(moments); k++)
            cr_assert_eq(pieces_with(pieces, count, moments[k]),
                         moments[k] >= from && moments[k] < until, "[%lld, %lld): %lld",
                         (long long)from, (long long)until, (long long)moments[k]);
        for (size_t k = 0; k < count; k++)
            cr_assert(pieces[k].size == 0 ||
                      pieces[k].until - pieces[k].from < 2 * ts_ranks_children(pieces[k].size - 1));
    }
}

Test(ranks_split, a_bucket_holds_the_children_that_begin_in_it)
{
    for (unsigned size = 0; size + 1 < TS_RANKS_SIZES; size++) {
        uint64_t bucket = ts_ranks_bucket(size, INT64_C(1760000000000));
        uint64_t child = ts_ranks_bucket(size + 1, INT64_C(1760000000000));

        cr_assert_eq(child / ts_ranks_children(size), bucket);
    }
    cr_assert_eq(ts_ranks_children(0), 256);
    cr_assert_eq(ts_ranks_children(1), 256);
    cr_assert_eq(ts_ranks_children(2), 65536);
}
