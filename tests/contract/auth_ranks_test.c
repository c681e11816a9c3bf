/* Lists of the audit log against a plain count over all entries; and that a list of a long log reads no more than one of a short
 * one. */
#include <rocksdb/c.h>

#include "audit.h"
#include "auth_served.h"

#define ENTRIES  700
#define LONG_LOG 20000
/* Rows that a list may look at: up to 256 buckets of two sizes for each bound, and what the memory table holds of older
 * counts of theirs. The days between the bounds below ask for less than the most. */
#define READS_MAX 5000

static const char *const actors[] = { "", "ctl", "key:key_a", "key:key_ab" };

/* What was put into the log, in order: entry number i + 1. */
typedef struct put {
    int64_t at_ms;
    bool is_test;
    const char *actor;
} put;

static uint64_t seed = 7;

static uint64_t dice(uint64_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (seed >> 33) % below;
}

/* Some at the edges of buckets, some close together, the rest over two years. */
static int64_t any_time(void)
{
    static const int64_t edges[] = { INT64_C(1) << 32, INT64_C(409) << 32, INT64_C(104961) << 24,
                                     INT64_C(26870912) << 16 };
    int64_t base = INT64_C(1760000000000);

    switch (dice(4)) {
    case 0: return edges[dice(TS_COUNT(edges))] - 2 + (int64_t)dice(4);
    case 1: return base + (int64_t)dice(40);
    default: return base + (int64_t)dice(UINT64_C(2) * 365 * 86400000);
    }
}

static void append(uint64_t org, const put *p, ts_arena *arena)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();
    Ts__AuditEntry entry = TS__AUDIT_ENTRY__INIT;

    ts_arena_reset(arena);
    entry.action = text("incident.note_added");
    entry.actor = text(p->actor);
    entry.at_ms = p->at_ms;
    CHECK_EQ(auth_audit_append(b, s.store, arena, p->is_test ? test_of(org) : live_of(org), &entry,
                               p->at_ms),
             TS_OK);
    CHECK_EQ(ts_store_write(s.store, b, NULL), TS_OK);
}

static bool shows(const auth_audit_query *q, const put *p)
{
    return (!q->only_test || p->is_test) &&
           (q->actor[0] == '\0' || strcmp(q->actor, p->actor) == 0) && p->at_ms >= q->since_ms &&
           (q->until_ms == 0 || p->at_ms < q->until_ms);
}

/* How many of those that are shown come before this one, newest first. */
static uint64_t place_of(const auth_audit_query *q, const put *all, size_t count, size_t one)
{
    uint64_t before = 0;

    for (size_t i = 0; i < count; i++)
        before += shows(q, &all[i]) &&
                  (all[i].at_ms > all[one].at_ms || (all[i].at_ms == all[one].at_ms && i > one));
    return before;
}

static void check_list(const auth_audit_query *q, const put *all, size_t count, size_t dropped)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new((size_t)16 << 20);
    Ts__Auth__AuditList list = TS__AUTH__AUDIT_LIST__INIT;
    uint64_t total = 0;

    for (size_t i = dropped; i < count; i++)
        total += shows(q, &all[i]);
    CHECK_EQ(auth_audit_list(s.store, arena, q, &list), TS_OK);
    CHECK_EQ(list.total, total);
    CHECK_EQ(list.n_rows, q->offset >= total             ? 0
                          : total - q->offset < q->limit ? total - q->offset
                                                         : q->limit);
    for (size_t i = 0; i < list.n_rows; i++) {
        size_t number = list.rows[i]->number;

        CHECK(number > dropped && shows(q, &all[number - 1]));
        CHECK_EQ(place_of(q, all + dropped, count - dropped, number - 1 - dropped), q->offset + i);
    }
}

static void ask_at_random(uint64_t org, const put *all, size_t count, size_t dropped, int times)
{
    for (int i = 0; i < times; i++) {
        auth_audit_query q = { .org = org,
                               .only_test = dice(3) == 0,
                               .actor = actors[dice(TS_COUNT(actors))],
                               .since_ms = dice(2) == 0 ? 0 : any_time(),
                               .until_ms = dice(2) == 0 ? 0 : any_time(),
                               .limit = 1 + (uint32_t)dice(8),
                               .offset = dice(3) == 0 ? dice(ENTRIES + 20) : dice(20) };

        check_list(&q, all, count, dropped);
    }
}

static put all[ENTRIES];

static void lists_agree_with_a_count_over_all_entries(void)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new((size_t)1 << 20);

    for (size_t i = 0; i < ENTRIES; i++) {
        all[i] = (put){ any_time(), dice(3) == 0, actors[dice(TS_COUNT(actors))] };
        append(1000, &all[i], arena);
    }
    ask_at_random(1000, all, ENTRIES, 0, 1500);
    ask_at_random(1001, all, 0, 0, 20); /* somebody else's: nothing */
}

static void entries_that_are_dropped_are_counted_out(void)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new((size_t)1 << 20);
    const size_t dropped = ENTRIES / 2;

    for (size_t i = 0; i < dropped; i++) {
        TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();
        bool done = false;

        ts_arena_reset(arena);
        CHECK_EQ(auth_audit_drop(b, s.store, arena, 1000, INT64_MAX, &done), TS_OK);
        CHECK(done);
        CHECK_EQ(ts_store_write(s.store, b, NULL), TS_OK);
    }
    ask_at_random(1000, all, ENTRIES, dropped, 500);
}

static void a_store_without_ranks_gets_them(void)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();

    ts_batch_delete_range(b, s.store, AUTH_AUDIT_RANKS, TS_STR_LIT("\0"), TS_STR_LIT("\xff"));
    auth_put_number(b, s.store, "layout", 2);
    CHECK_EQ(ts_store_commit(s.store, b), TS_OK);
    restart();
    ask_at_random(1000, all, ENTRIES, ENTRIES / 2, 500);
    restart();
    ask_at_random(1000, all, ENTRIES, ENTRIES / 2, 50);
}

/* Rows that RocksDB has looked at for this thread. */
static uint64_t reads_of(const auth_audit_query *q, uint64_t *ret_total)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new((size_t)4 << 20);
    Ts__Auth__AuditList list = TS__AUTH__AUDIT_LIST__INIT;
    rocksdb_perfcontext_t *perf = rocksdb_perfcontext_create();
    uint64_t reads;

    rocksdb_set_perf_level(rocksdb_enable_count);
    rocksdb_perfcontext_reset(perf);
    CHECK_EQ(auth_audit_list(s.store, arena, q, &list), TS_OK);
    reads = rocksdb_perfcontext_metric(perf, rocksdb_next_on_memtable_count) +
            rocksdb_perfcontext_metric(perf, rocksdb_prev_on_memtable_count);
    rocksdb_set_perf_level(rocksdb_disable);
    rocksdb_perfcontext_destroy(perf);
    *ret_total = list.total;
    return reads;
}

static void a_long_log_costs_a_list_no_more_than_a_short_one(void)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new((size_t)1 << 20);
    const int64_t day_ms = INT64_C(86400000);
    const int64_t first_ms = INT64_C(1760000000000);
    const auth_audit_query queries[] = {
        { .org = 2000, .actor = "", .limit = 10, .offset = LONG_LOG - 100 },
        { .org = 2000, .actor = "", .limit = 10, .since_ms = first_ms + day_ms },
        { .org = 2000, .actor = "ctl", .limit = 10, .until_ms = first_ms + 300 * day_ms },
        { .org = 2000,
          .actor = "",
          .limit = 10,
          .since_ms = first_ms + 3,
          .until_ms = first_ms + 400 * day_ms,
          .offset = LONG_LOG / 2 },
    };

    for (int i = 0; i < LONG_LOG; i++) {
        put one = { first_ms + i * (day_ms / 40), false, "ctl" };

        append(2000, &one, arena);
    }
    for (size_t i = 0; i < TS_COUNT(queries); i++) {
        uint64_t total = 0;
        uint64_t reads = reads_of(&queries[i], &total);

        printf("  %llu of %llu rows read\n", (unsigned long long)reads, (unsigned long long)total);
        CHECK(total > LONG_LOG / 2);
        CHECK(reads > 0 && reads <= READS_MAX);
    }
}

/* ---- what is dropped between the count of a list and its page ---- */

#define SHORT_LOG 20

static uint64_t dropping_org; /* 0: nothing is dropped */

ts_status __real_ts_ranks_find(const ts_ranks *r, ts_store *store, ts_str view, uint64_t rank,
                               ts_buf *ret); /* NOLINT: the linker's name */
ts_status __wrap_ts_ranks_find(const ts_ranks *r, ts_store *store, ts_str view, uint64_t rank,
                               ts_buf *ret); /* NOLINT */

static void drop_oldest(uint64_t org)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new((size_t)1 << 20);
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();
    bool done = false;

    CHECK_EQ(auth_audit_drop(b, s.store, arena, org, INT64_MAX, &done), TS_OK);
    CHECK(done);
    CHECK_EQ(ts_store_write(s.store, b, NULL), TS_OK);
}

/* The linker has it called in the place of the other. */
ts_status __wrap_ts_ranks_find(const ts_ranks *r, ts_store *store, ts_str view, uint64_t rank,
                               ts_buf *ret)
{
    for (int i = 0; i < 3 && dropping_org != 0; i++)
        drop_oldest(dropping_org);
    return __real_ts_ranks_find(r, store, view, rank, ret);
}

static void a_page_ends_at_its_bound_whatever_is_dropped_meanwhile(void)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new((size_t)16 << 20);
    const auth_audit_query q = { .org = 1005, .actor = "", .until_ms = 1011, .limit = 5 };
    Ts__Auth__AuditList list = TS__AUTH__AUDIT_LIST__INIT;

    for (int64_t i = 1; i <= SHORT_LOG; i++)
        append(q.org, &(put){ 1000 + i, false, "ctl" }, arena);
    ts_arena_reset(arena);
    dropping_org = q.org;
    CHECK_EQ(auth_audit_list(s.store, arena, &q, &list), TS_OK);
    dropping_org = 0;
    CHECK_EQ(list.total, 10);
    CHECK_EQ(list.n_rows, 5);
    for (size_t i = 0; i < list.n_rows; i++)
        CHECK_EQ(list.rows[i]->entry->at_ms, 1010 - (int64_t)i);
}

int main(void)
{
    scratch_directory(s.directory);
    start();
    RUN(lists_agree_with_a_count_over_all_entries);
    RUN(entries_that_are_dropped_are_counted_out);
    RUN(a_store_without_ranks_gets_them);
    RUN(a_page_ends_at_its_bound_whatever_is_dropped_meanwhile);
    RUN(a_long_log_costs_a_list_no_more_than_a_short_one);
    stop();
    remove_directory(s.directory);
    return 0;
}
