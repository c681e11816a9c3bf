/* The rate window: exact within a minute, deaf to a wall clock that jumps, never generous after a restart. */
#include <criterion/criterion.h>

#include "window.h"

#define MINUTE INT64_C(29000000) /* a minute of the wall clock ... */
#define WALL   (MINUTE * 60000)  /* ... and its first millisecond */
#define BOOT   INT64_C(5000000)  /* on the clock that never steps, at the same moment */
#define RESET  ((WALL + 60000) / 1000)

#define BOOT_ID UINT64_C(42)

static auth_verdict take(auth_window *w, uint32_t limit, uint32_t cost, int64_t wall_ms,
                         int64_t boot_ms)
{
    auth_moment now = { wall_ms, boot_ms, BOOT_ID };

    return auth_window_take(w, limit, cost, &now);
}

static unsigned admitted_of(auth_window *w, unsigned calls, uint32_t limit, int64_t after_ms)
{
    unsigned admitted = 0;

    for (unsigned i = 0; i < calls; i++)
        admitted += take(w, limit, 1, WALL + after_ms, BOOT + after_ms).admitted;
    return admitted;
}

Test(window, admits_exactly_the_limit_in_a_minute)
{
    auth_window w = { 0 };

    cr_assert_eq(admitted_of(&w, 999, 1000, 0), 999);
    cr_assert(take(&w, 1000, 1, WALL + 59999, BOOT + 59999).admitted);
    cr_assert_not(take(&w, 1000, 1, WALL + 59999, BOOT + 59999).admitted);
}

Test(window, the_last_millisecond_is_the_old_minute_and_the_next_a_new_one)
{
    auth_window w = { 0 };

    cr_assert_eq(admitted_of(&w, 10, 10, 0), 10);
    cr_assert_eq(admitted_of(&w, 1, 10, 59999), 0);
    cr_assert_eq(admitted_of(&w, 11, 10, 60000), 10);
}

Test(window, a_window_opened_late_ends_with_its_minute)
{
    auth_window w = { 0 };

    cr_assert_eq(admitted_of(&w, 10, 10, 59000), 10);
    cr_assert_eq(admitted_of(&w, 1, 10, 59999), 0);
    cr_assert_eq(admitted_of(&w, 1, 10, 60000), 1);
}

Test(window, says_what_is_left_and_when_it_ends)
{
    auth_window w = { 0 };
    auth_verdict v = take(&w, 2, 1, WALL, BOOT);

    cr_assert_eq(v.remaining, 1);
    cr_assert_eq(v.reset_s, RESET);
    cr_assert_eq(v.retry_after_s, 0);
    v = take(&w, 2, 1, WALL + 500, BOOT + 500);
    cr_assert_eq(v.remaining, 0);
    cr_assert_eq(v.reset_s, RESET);
    v = take(&w, 2, 1, WALL + 500, BOOT + 500);
    cr_assert_not(v.admitted);
    cr_assert_eq(v.retry_after_s, 60, "59.5 s, rounded up");
    v = take(&w, 2, 1, WALL + 59999, BOOT + 59999);
    cr_assert_eq(v.retry_after_s, 1);
}

Test(window, shows_the_same_end_although_its_clocks_are_read_a_moment_apart)
{
    auth_window w = { 0 };

    /* The boot clock was read 7 ms after the wall clock when the window was opened, and then 0 and 90 ms. */
    cr_assert_eq(take(&w, 10, 1, WALL, BOOT + 7).reset_s, RESET);
    cr_assert_eq(take(&w, 10, 1, WALL + 10, BOOT + 10).reset_s, RESET);
    cr_assert_eq(take(&w, 10, 1, WALL + 20, BOOT + 110).reset_s, RESET);
}

Test(window, a_cost_that_does_not_fit_counts_nothing)
{
    auth_window w = { 0 };

    cr_assert(take(&w, 10, 8, WALL, BOOT).admitted);
    cr_assert_not(take(&w, 10, 3, WALL, BOOT).admitted);
    cr_assert_not(take(&w, 10, UINT32_MAX, WALL, BOOT).admitted);
    cr_assert(take(&w, 10, 2, WALL, BOOT).admitted);
    cr_assert_not(take(&w, 10, 1, WALL, BOOT).admitted);
}

Test(window, a_limit_that_went_down_admits_nothing_more)
{
    auth_window w = { 0 };
    auth_verdict v;

    cr_assert_eq(admitted_of(&w, 500, 1000, 0), 500);
    v = take(&w, 100, 1, WALL, BOOT);
    cr_assert_not(v.admitted);
    cr_assert_eq(v.remaining, 0);
    cr_assert(take(&w, 1000, 1, WALL, BOOT).admitted);
}

Test(window, a_wall_clock_that_jumps_ahead_opens_no_fresh_window)
{
    auth_window w = { 0 };

    cr_assert_eq(admitted_of(&w, 10, 10, 0), 10);
    cr_assert_not(take(&w, 10, 1, WALL + 3600000, BOOT + 1000).admitted);
    cr_assert(take(&w, 10, 1, WALL + 3660000, BOOT + 60000).admitted);
}

Test(window, a_wall_clock_that_jumps_back_holds_no_window_open)
{
    auth_window w = { 0 };

    cr_assert_eq(admitted_of(&w, 10, 10, 0), 10);
    cr_assert_not(take(&w, 10, 1, WALL - 3600000, BOOT + 59999).admitted);
    cr_assert(take(&w, 10, 1, WALL - 3540000, BOOT + 60000).admitted);
}

Test(window, reserves_in_chunks_and_never_past_the_limit)
{
    auth_window w = { 0 };
    unsigned writes = 0;

    for (unsigned i = 1; i <= 100; i++) {
        auth_verdict v = take(&w, 100, 1, WALL, BOOT);

        cr_assert(v.admitted);
        cr_assert_leq(w.used, w.reserved);
        writes += v.reserve;
    }
    cr_assert_eq(writes, 2, "64 and 100");
    cr_assert_eq(w.reserved, 100);
    cr_assert_not(take(&w, 100, 1, WALL, BOOT).reserve);
}

Test(window, reserves_enough_for_a_cost_larger_than_a_chunk)
{
    auth_window w = { 0 };
    auth_verdict v = take(&w, 1000, 130, WALL, BOOT);

    cr_assert(v.admitted && v.reserve);
    cr_assert_eq(w.reserved, 192);
}

/* As a process that starts at that moment finds it, after a new start of the machine or not. */
static auth_window restored(uint32_t reserved, int64_t wall_ms, int64_t boot_ms, uint64_t boot_id)
{
    auth_window_saved saved = {
        .minute = MINUTE, .reserved = reserved, .boot_id = BOOT_ID, .ends_boot_ms = BOOT + 60000
    };
    auth_moment now = { wall_ms, boot_ms, boot_id };

    return auth_window_restore(&saved, &now);
}

Test(window, a_restart_in_the_minute_takes_all_that_was_reserved_as_used)
{
    auth_window w = restored(64, WALL + 30000, BOOT + 30000, BOOT_ID);

    cr_assert_eq(take(&w, 100, 1, WALL + 30000, BOOT + 30000).remaining, 35);
    cr_assert_not(take(&w, 100, 36, WALL + 30000, BOOT + 30000).admitted);
    cr_assert(take(&w, 100, 35, WALL + 30000, BOOT + 30000).admitted);
    cr_assert_not(take(&w, 100, 1, WALL + 59999, BOOT + 59999).admitted);
    cr_assert(take(&w, 100, 1, WALL + 60000, BOOT + 60000).admitted);
}

Test(window, a_new_start_of_the_machine_within_the_minute_goes_by_the_wall_clock)
{
    auth_window w = restored(64, WALL + 30000, 777, BOOT_ID + 1);

    cr_assert_eq(take(&w, 100, 1, WALL + 30000, 777).remaining, 35);
    cr_assert_not(take(&w, 100, 36, WALL + 59999, 777 + 29999).admitted);
    cr_assert(take(&w, 100, 100, WALL + 60000, 777 + 30000).admitted);
}

Test(window, a_boot_clock_that_cannot_be_the_same_is_not_believed)
{
    auth_window w = restored(64, WALL + 30000, BOOT - 60001, BOOT_ID);

    cr_assert_eq(take(&w, 100, 1, WALL + 30000, BOOT - 60001).remaining, 35);
    cr_assert(take(&w, 100, 100, WALL + 60000, BOOT - 30001).admitted);
}

Test(window, a_restart_in_another_minute_begins_with_nothing_used)
{
    auth_moment now = { WALL, BOOT, BOOT_ID };
    auth_window_saved nothing = { 0 };
    auth_window later = restored(64, WALL + 60000, BOOT + 60000, BOOT_ID);
    auth_window other = restored(64, WALL + 60000, 5, BOOT_ID + 1);
    auth_window never = auth_window_restore(&nothing, &now);

    cr_assert(take(&later, 100, 100, WALL + 60000, BOOT + 60000).admitted);
    cr_assert(take(&other, 100, 100, WALL + 60000, 5).admitted);
    cr_assert(take(&never, 100, 100, WALL, BOOT).admitted);
}

/* The wall clock is set and the process starts again: neither alone nor together do they open a window. */
Test(window, a_restart_after_the_wall_clock_was_set_by_an_hour_opens_no_fresh_window)
{
    static const int64_t steps_ms[] = { 3600000, -3600000, 90000, -1, 1 };

    for (size_t i = 0; i < TS_COUNT(steps_ms); i++) {
        int64_t wall = WALL + steps_ms[i];
        auth_window w = restored(100, wall + 30000, BOOT + 30000, BOOT_ID);

        cr_assert_not(take(&w, 100, 1, wall + 30000, BOOT + 30000).admitted);
        cr_assert_not(take(&w, 100, 1, wall + 59999, BOOT + 59999).admitted);
        cr_assert(take(&w, 100, 1, wall + 60000, BOOT + 60000).admitted);
    }
}

Test(window, what_is_saved_is_restored)
{
    auth_window w = { 0 };
    auth_moment now = { WALL + 10000, BOOT + 10000, BOOT_ID };
    auth_window_saved saved;
    auth_window again;

    cr_assert(take(&w, 100, 1, WALL, BOOT).reserve);
    saved = auth_window_save(&w, BOOT_ID);
    again = auth_window_restore(&saved, &now);
    cr_assert_eq(again.minute, MINUTE);
    cr_assert_eq(again.ends_boot_ms, BOOT + 60000);
    cr_assert_eq(again.used, 64);
    cr_assert_eq(again.reserved, 64);
}

/* The boot clock says that the minute is over, the wall clock, cut to whole ms, that it lasts one more: not worth a window. */
Test(window, a_boundary_that_the_clocks_see_a_moment_apart_is_one_boundary)
{
    auth_window w = { 0 };
    unsigned admitted = 0;

    cr_assert_eq(admitted_of(&w, 10, 10, 0), 10);
    for (int64_t at = 60000; at < 60010; at++) {
        for (int i = 0; i < 10; i++)
            admitted += take(&w, 10, 1, WALL + at - 3, BOOT + at).admitted;
    }
    cr_assert_eq(admitted, 10);
    cr_assert_eq(take(&w, 10, 1, WALL + 70000, BOOT + 70000).reset_s, RESET + 60);
    cr_assert(take(&w, 10, 1, WALL + 120003, BOOT + 120003).admitted);
}

Test(window, no_window_that_follows_another_is_shorter_than_a_minute)
{
    auth_window w = { 0 };
    auth_verdict v;

    cr_assert_eq(admitted_of(&w, 10, 10, 0), 10);
    /* Set forwards by half a minute: the rest of the minute that it now shows belongs to the next. */
    v = take(&w, 10, 10, WALL + 90000, BOOT + 60000);
    cr_assert(v.admitted);
    cr_assert_eq(v.reset_s, RESET + 120);
    cr_assert_not(take(&w, 10, 1, WALL + 120000, BOOT + 90000).admitted);
    v = take(&w, 10, 1, WALL + 179999, BOOT + 149999);
    cr_assert_not(v.admitted);
    cr_assert(take(&w, 10, 10, WALL + 180000, BOOT + 150000).admitted);
}

/* Whatever Retry-After says, to the second: at that moment there is room, at the one before there is none. */
Test(window, a_retry_when_it_was_told_to_is_admitted)
{
    for (int64_t at = 0; at < 60000; at += 7) {
        auth_window w = { 0 };
        auth_verdict v;
        int64_t then;

        cr_assert_eq(admitted_of(&w, 10, 10, 0), 10);
        v = take(&w, 10, 1, WALL + at, BOOT + at);
        cr_assert_not(v.admitted);
        cr_assert(v.retry_after_s >= 1 && v.retry_after_s <= 60);
        then = at + 1000 * (int64_t)v.retry_after_s;
        cr_assert_lt(then, 61000, "not a second later than needed");
        cr_assert(take(&w, 10, 1, WALL + then, BOOT + then).admitted, "%lld", (long long)at);
    }
}

Test(window, a_cost_of_nothing_only_looks)
{
    auth_window w = { 0 };

    cr_assert_eq(take(&w, 10, 0, WALL, BOOT).remaining, 10);
    cr_assert_eq(admitted_of(&w, 10, 10, 0), 10);
    cr_assert_eq(take(&w, 10, 0, WALL, BOOT).remaining, 0);
    cr_assert_not(take(&w, 10, 0, WALL, BOOT).reserve);
}

/* ---- random traces against an exact oracle ---- */

#define TRACES 300
#define STEPS  3000

/* A small generator of our own, so that a trace that fails can be had again by its seed. */
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* What a window should have admitted: counts one by one, never forgets, knows no chunks and no restarts. */
typedef struct oracle {
    int64_t ends_boot_ms;
    uint32_t used;
    uint32_t restarts; /* in this window */
} oracle;

typedef struct trace {
    uint64_t random;
    auth_moment now;
    uint32_t limit;
    auth_window window;
    auth_window_saved disk;
    oracle oracle;
    unsigned windows;
    bool sets_clock;
} trace;

static void pass_time(trace *t)
{
    static const int64_t sets_ms[] = { 3600000, -3600000, 30000, -30000, 1, -1, 17 };
    uint64_t r = next_random(&t->random);
    int64_t ms = r % 50 == 0 ? (int64_t)(r >> 8) % 90000 : (int64_t)(r >> 8) % 40;

    t->now.boot_ms += ms;
    t->now.wall_ms += ms;
    r = next_random(&t->random);
    if (t->sets_clock && r % 200 == 0)
        t->now.wall_ms += sets_ms[(r >> 16) % TS_COUNT(sets_ms)];
}

/* Killed and started again, or pushed out of memory and read again: all that is left is what is on disk. */
static void lose_memory(trace *t)
{
    t->window = auth_window_restore(&t->disk, &t->now);
    t->oracle.restarts++;
}

static void ask(trace *t)
{
    uint32_t cost = 1 + (uint32_t)(next_random(&t->random) % 3);
    oracle *o = &t->oracle;
    auth_verdict v = auth_window_take(&t->window, t->limit, cost, &t->now);

    if (v.reserve)
        t->disk = auth_window_save(&t->window, t->now.boot_id);
    if (t->now.boot_ms >= o->ends_boot_ms) {
        if (t->windows > 0)
            cr_assert_geq(t->window.ends_boot_ms - o->ends_boot_ms, 59000, "windows crowd");
        if (!t->sets_clock)
            cr_assert_eq((t->now.wall_ms - t->now.boot_ms + t->window.ends_boot_ms) % 60000, 0);
        *o = (oracle){ .ends_boot_ms = t->window.ends_boot_ms };
        t->windows++;
    }
    cr_assert_leq(t->window.used, t->window.reserved);
    cr_assert_leq(t->now.boot_ms, o->ends_boot_ms);
    if (v.admitted) {
        o->used += cost;
        cr_assert_leq(o->used, t->limit, "over-admission");
        cr_assert_eq(t->window.ends_boot_ms, o->ends_boot_ms, "a window was opened early");
        return;
    }
    /* Refused too early by no more than a chunk for each loss of memory in the window. */
    cr_assert_gt(o->used + cost + o->restarts * AUTH_WINDOW_CHUNK, t->limit, "refused for nothing");
    cr_assert_leq(1000 * (int64_t)v.retry_after_s, 2 * AUTH_WINDOW_MS);
}

static void play(uint64_t seed, bool sets_clock, bool restarts)
{
    trace t = { .random = seed * UINT64_C(0x9E3779B97F4A7C15) + 1,
                .now = { WALL + (int64_t)seed * 997 % 60000, BOOT, BOOT_ID },
                .limit = 40 + (uint32_t)(seed % 5) * 70,
                .sets_clock = sets_clock };

    for (int i = 0; i < STEPS; i++) {
        pass_time(&t);
        if (restarts && next_random(&t.random) % 150 == 0)
            lose_memory(&t);
        for (uint64_t n = next_random(&t.random) % 4; n > 0; n--)
            ask(&t);
    }
    cr_assert_gt(t.windows, 5, "seed %llu", (unsigned long long)seed);
}

Test(window, random_traces_with_set_clocks_and_restarts_never_admit_more_than_an_exact_count)
{
    for (uint64_t seed = 1; seed <= TRACES; seed++) {
        play(seed, true, true);
        play(seed, true, false);
        play(seed, false, true);
        play(seed, false, false);
    }
}
