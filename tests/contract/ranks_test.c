/* Counts by time against a plain count over all entries, for an index in either direction: made move by move, and anew. */
#include "ts/ranks.h"

#include "check.h"
#include "ts/id.h"

#define ENTRIES 400
#define VIEWS   3

enum family { RISING, RISING_COUNTS, FALLING, FALLING_COUNTS };

static const ts_family families[] = { { .name = "rising" },
                                      { .name = "rising_counts" },
                                      { .name = "falling" },
                                      { .name = "falling_counts" },
                                      { .name = NULL } };
static const ts_ranks both[] = {
    { .index = RISING, .counts = RISING_COUNTS, .rest_bytes = 2 },
    { .index = FALLING, .counts = FALLING_COUNTS, .rest_bytes = 2, .newest_first = true }
};

typedef struct entry {
    int64_t at_ms;
    unsigned view;
    uint16_t number;
    bool is_there;
} entry;

static ts_store *s;
static ts_arena *arena;
static char directory[64];
static entry all[ENTRIES];
static uint64_t seed = 11;

static uint64_t dice(uint64_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (seed >> 33) % below;
}

static int64_t any_time(void)
{
    static const int64_t edges[] = { 2,
                                     INT64_C(1) << 16,
                                     INT64_C(1) << 24,
                                     INT64_C(1) << 32,
                                     INT64_C(409) << 32,
                                     INT64_C(104961) << 24,
                                     INT64_C(26870912) << 16 };
    const int64_t base = INT64_C(1760000000000);

    switch (dice(4)) {
    case 0: return edges[dice(TS_COUNT(edges))] - 2 + (int64_t)dice(4);
    case 1: return base + (int64_t)dice(30);
    case 2: return base + (int64_t)dice(UINT64_C(3) << 16);
    default: return base + (int64_t)dice(UINT64_C(2) * 365 * 86400000);
    }
}

static void open_store(void)
{
    char path[128];
    ts_store_options o = { .directory = path, .families = families, .schema = 1 };

    snprintf(path, sizeof(path), "%s/store", directory);
    CHECK_EQ(ts_store_open(&o, &s, NULL), TS_OK);
}

/* The last of them begins with the one before it: neither may count for the other. */
static void view_key(ts_buf *b, unsigned view)
{
    static const char *const names[VIEWS] = { "a", "view", "view two" };

    ts_key_tenant(b, (ts_tenant){ 7 + view / 2, TS_MODE_LIVE });
    ts_key_text(b, ts_str_of(names[view]));
}

static void index_key(ts_buf *b, const ts_ranks *r, const entry *e)
{
    view_key(b, e->view);
    ts_buf_be64(b, r->newest_first ? ~(uint64_t)e->at_ms : (uint64_t)e->at_ms);
    ts_buf_be8(b, (uint8_t)(e->number >> 8));
    ts_buf_be8(b, (uint8_t)e->number);
}

static void move(entry *e, bool is_there)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();

    ts_arena_reset(arena);
    for (size_t i = 0; i < TS_COUNT(both); i++) {
        TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(100);
        TS_CLEANUP(ts_buf_done) ts_buf view = TS_BUF_INIT(100);

        index_key(&key, &both[i], e);
        view_key(&view, e->view);
        if (is_there)
            ts_batch_put(b, s, both[i].index, ts_buf_view(&key), TS_STR_NULL);
        else
            ts_batch_delete(b, s, both[i].index, ts_buf_view(&key));
        CHECK_EQ(ts_ranks_move(&both[i], s, b, arena, ts_buf_view(&view), e->at_ms, is_there),
                 TS_OK);
    }
    CHECK_EQ(ts_store_write(s, b, NULL), TS_OK);
    e->is_there = is_there;
}

static void check_count(const ts_ranks *r, unsigned number, int64_t from_ms, int64_t until_ms)
{
    TS_CLEANUP(ts_buf_done) ts_buf view = TS_BUF_INIT(100);
    uint64_t expected = 0;
    uint64_t count = 0;

    view_key(&view, number);
    for (size_t i = 0; i < ENTRIES; i++)
        expected += all[i].is_there && all[i].view == number && all[i].at_ms >= from_ms &&
                    all[i].at_ms < until_ms;
    CHECK_EQ(ts_ranks_count(r, s, ts_buf_view(&view), from_ms, until_ms, &count), TS_OK);
    CHECK_EQ(count, expected);
}

static bool is_before(const ts_ranks *r, const entry *a, const entry *b)
{
    if (a->at_ms != b->at_ms)
        return (a->at_ms < b->at_ms) != r->newest_first;
    return a->number < b->number;
}

static void check_find(const ts_ranks *r, const entry *e)
{
    TS_CLEANUP(ts_buf_done) ts_buf view = TS_BUF_INIT(100);
    TS_CLEANUP(ts_buf_done) ts_buf expected = TS_BUF_INIT(100);
    TS_CLEANUP(ts_buf_done) ts_buf found = TS_BUF_INIT(100);
    uint64_t before = 0;
    uint64_t of_view = 0;

    view_key(&view, e->view);
    for (size_t i = 0; i < ENTRIES; i++) {
        bool counts = all[i].is_there && all[i].view == e->view;

        of_view += counts;
        before += counts && is_before(r, &all[i], e);
    }
    CHECK_EQ(ts_ranks_find(r, s, ts_buf_view(&view), of_view, &found), TS_NOT_FOUND);
    CHECK_EQ(ts_ranks_find(r, s, ts_buf_view(&view), UINT64_MAX, &found), TS_NOT_FOUND);
    if (!e->is_there)
        return;
    index_key(&expected, r, e);
    CHECK_EQ(ts_ranks_find(r, s, ts_buf_view(&view), before, &found), TS_OK);
    CHECK(ts_str_eq(ts_buf_view(&found), ts_buf_view(&expected)));
}

static void check_all(int times)
{
    for (int i = 0; i < times; i++) {
        const ts_ranks *r = &both[dice(2)];
        int64_t from_ms = dice(4) == 0 ? 0 : any_time();
        int64_t until_ms = dice(4) == 0 ? TS_RANKS_END : any_time();

        check_count(r, (unsigned)dice(VIEWS), from_ms, until_ms);
        check_find(r, &all[dice(ENTRIES)]);
    }
}

static void counts_agree_while_entries_come_and_go(void)
{
    for (size_t i = 0; i < ENTRIES; i++)
        all[i] = (entry){ any_time(), (unsigned)dice(VIEWS), (uint16_t)i, false };
    check_all(50); /* nothing is there */
    for (int i = 0; i < 4 * ENTRIES; i++) {
        entry *e = &all[dice(ENTRIES)];

        move(e, !e->is_there);
        if (i % 200 == 0)
            check_all(50);
    }
    check_all(600);
}

static uint64_t digest(unsigned family, size_t *ret_rows)
{
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_new(s, family, TS_STR_NULL, TS_STR_NULL, false);
    uint64_t sum = 0;

    *ret_rows = 0;
    for (; ts_iter_valid(it); ts_iter_next(it), (*ret_rows)++) {
        ts_str parts[] = { ts_iter_key(it), ts_iter_value(it) };
        ts_hash128 hash = ts_hash_parts(parts, 2);
        uint64_t first;

        memcpy(&first, hash.bytes, sizeof(first));
        sum += first;
    }
    return sum;
}

static ts_status all_but_the_last(void *context, ts_str key, bool *ret)
{
    TS_CLEANUP(ts_buf_done) ts_buf view = TS_BUF_INIT(100);

    (*(int *)context)++;
    view_key(&view, 2);
    *ret = !ts_str_starts(key, ts_buf_view(&view));
    return TS_OK;
}

static void forget_counts(void)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();

    for (size_t i = 0; i < TS_COUNT(both); i++)
        ts_batch_delete_range(b, s, both[i].counts, TS_STR_LIT("\0"), TS_STR_LIT("\xff"));
    CHECK_EQ(ts_store_commit(s, b), TS_OK);
}

static void counts_made_anew_are_the_same_rows(void)
{
    for (size_t i = 0; i < TS_COUNT(both); i++) {
        size_t rows, again;
        uint64_t sum = digest(both[i].counts, &rows);

        CHECK(rows > 100);
        forget_counts();
        CHECK_EQ(ts_ranks_rebuild(&both[i], s, TS_STR_NULL, NULL, NULL), TS_OK);
        CHECK_EQ(digest(both[i].counts, &again), sum);
        /* Over what is there, as after a kill. */
        CHECK_EQ(ts_ranks_rebuild(&both[i], s, TS_STR_NULL, NULL, NULL), TS_OK);
        CHECK_EQ(digest(both[i].counts, &again), sum);
        CHECK_EQ(again, rows);
        CHECK_EQ(ts_ranks_rebuild(&both[1 - i], s, TS_STR_NULL, NULL, NULL), TS_OK);
    }
    check_all(200);
}

static void a_prefix_and_the_views_that_are_wanted_are_made_anew(void)
{
    TS_CLEANUP(ts_buf_done) ts_buf first = TS_BUF_INIT(100);
    int asked = 0;

    forget_counts();
    ts_key_tenant(&first, (ts_tenant){ 7, TS_MODE_LIVE }); /* of two views */
    CHECK_EQ(ts_ranks_rebuild(&both[1], s, ts_buf_view(&first), all_but_the_last, &asked), TS_OK);
    CHECK_EQ(asked, 2);
    check_count(&both[1], 0, 0, TS_RANKS_END);
    check_count(&both[1], 1, 0, TS_RANKS_END);
    CHECK_EQ(ts_ranks_rebuild(&both[1], s, TS_STR_NULL, all_but_the_last, &asked), TS_OK);
    CHECK_EQ(asked, 5);
    {
        TS_CLEANUP(ts_buf_done) ts_buf view = TS_BUF_INIT(100);
        uint64_t count = 1;

        view_key(&view, 2);
        CHECK_EQ(ts_ranks_count(&both[1], s, ts_buf_view(&view), 0, TS_RANKS_END, &count), TS_OK);
        CHECK_EQ(count, 0);
    }
    for (size_t i = 0; i < TS_COUNT(both); i++)
        CHECK_EQ(ts_ranks_rebuild(&both[i], s, TS_STR_NULL, NULL, NULL), TS_OK);
}

static void nothing_is_left_when_all_have_gone(void)
{
    size_t rows;

    ts_store_close(TS_TAKE(s));
    open_store();
    check_all(200);
    for (size_t i = 0; i < ENTRIES; i++) {
        if (all[i].is_there)
            move(&all[i], false);
    }
    for (unsigned family = 0; families[family].name != NULL; family++) {
        (void)digest(family, &rows);
        CHECK_EQ(rows, 0);
    }
}

static void a_key_without_a_view_is_damage(void)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();

    ts_batch_put(b, s, RISING, TS_STR_LIT("0123456789"), TS_STR_NULL);
    CHECK_EQ(ts_store_commit(s, b), TS_OK);
    CHECK_EQ(ts_ranks_rebuild(&both[0], s, TS_STR_NULL, NULL, NULL), TS_CORRUPT);
}

int main(void)
{
    arena = ts_arena_new((size_t)1 << 20);
    scratch_directory(directory);
    open_store();
    RUN(counts_agree_while_entries_come_and_go);
    RUN(counts_made_anew_are_the_same_rows);
    RUN(a_prefix_and_the_views_that_are_wanted_are_made_anew);
    RUN(nothing_is_left_when_all_have_gone);
    RUN(a_key_without_a_view_is_damage);
    ts_store_close(s);
    ts_arena_free(arena);
    remove_directory(directory);
    return 0;
}
