/* The rate window: exact within a minute, deaf to a wall clock that jumps, never generous after a restart. */
#include <criterion/criterion.h>

#include "window.h"

#define MINUTE INT64_C(29000000) /* a minute of the wall clock ... */
#define WALL   (MINUTE * 60000)  /* ... and its first millisecond */
#define BOOT   INT64_C(5000000)  /* on the clock that never steps, at the same moment */
#define RESET  ((WALL + 60000) / 1000)

static unsigned admitted_of(auth_window *w, unsigned calls, uint32_t limit, int64_t after_ms)
{
    unsigned admitted = 0;

    for (unsigned i = 0; i < calls; i++)
        admitted += auth_window_take(w, limit, 1, WALL + after_ms, BOOT + after_ms).admitted;
    return admitted;
}

Test(window, admits_exactly_the_limit_in_a_minute)
{
    auth_window w = { 0 };

    cr_assert_eq(admitted_of(&w, 999, 1000, 0), 999);
    cr_assert(auth_window_take(&w, 1000, 1, WALL + 59999, BOOT + 59999).admitted);
    cr_assert_not(auth_window_take(&w, 1000, 1, WALL + 59999, BOOT + 59999).admitted);
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
    auth_verdict v = auth_window_take(&w, 2, 1, WALL, BOOT);

    cr_assert_eq(v.remaining, 1);
    cr_assert_eq(v.reset_s, RESET);
    cr_assert_eq(v.retry_after_s, 0);
    v = auth_window_take(&w, 2, 1, WALL + 500, BOOT + 500);
    cr_assert_eq(v.remaining, 0);
    cr_assert_eq(v.reset_s, RESET);
    v = auth_window_take(&w, 2, 1, WALL + 500, BOOT + 500);
    cr_assert_not(v.admitted);
    cr_assert_eq(v.retry_after_s, 60, "59.5 s, rounded up");
    v = auth_window_take(&w, 2, 1, WALL + 59999, BOOT + 59999);
    cr_assert_eq(v.retry_after_s, 1);
}

Test(window, shows_the_same_end_although_its_clocks_are_read_a_moment_apart)
{
    auth_window w = { 0 };

    /* The boot clock was read 7 ms after the wall clock when the window was opened, and then 0 and 90 ms. */
    cr_assert_eq(auth_window_take(&w, 10, 1, WALL, BOOT + 7).reset_s, RESET);
    cr_assert_eq(auth_window_take(&w, 10, 1, WALL + 10, BOOT + 10).reset_s, RESET);
    cr_assert_eq(auth_window_take(&w, 10, 1, WALL + 20, BOOT + 110).reset_s, RESET);
}

Test(window, a_cost_that_does_not_fit_counts_nothing)
{
    auth_window w = { 0 };

    cr_assert(auth_window_take(&w, 10, 8, WALL, BOOT).admitted);
    cr_assert_not(auth_window_take(&w, 10, 3, WALL, BOOT).admitted);
    cr_assert_not(auth_window_take(&w, 10, UINT32_MAX, WALL, BOOT).admitted);
    cr_assert(auth_window_take(&w, 10, 2, WALL, BOOT).admitted);
    cr_assert_not(auth_window_take(&w, 10, 1, WALL, BOOT).admitted);
}

Test(window, a_limit_that_went_down_admits_nothing_more)
{
    auth_window w = { 0 };
    auth_verdict v;

    cr_assert_eq(admitted_of(&w, 500, 1000, 0), 500);
    v = auth_window_take(&w, 100, 1, WALL, BOOT);
    cr_assert_not(v.admitted);
    cr_assert_eq(v.remaining, 0);
    cr_assert(auth_window_take(&w, 1000, 1, WALL, BOOT).admitted);
}

Test(window, a_wall_clock_that_jumps_ahead_opens_no_fresh_window)
{
    auth_window w = { 0 };

    cr_assert_eq(admitted_of(&w, 10, 10, 0), 10);
    cr_assert_not(auth_window_take(&w, 10, 1, WALL + 3600000, BOOT + 1000).admitted);
    cr_assert(auth_window_take(&w, 10, 1, WALL + 3660000, BOOT + 60000).admitted);
}

Test(window, a_wall_clock_that_jumps_back_holds_no_window_open)
{
    auth_window w = { 0 };

    cr_assert_eq(admitted_of(&w, 10, 10, 0), 10);
    cr_assert_not(auth_window_take(&w, 10, 1, WALL - 3600000, BOOT + 59999).admitted);
    cr_assert(auth_window_take(&w, 10, 1, WALL - 3540000, BOOT + 60000).admitted);
}

Test(window, reserves_in_chunks_and_never_past_the_limit)
{
    auth_window w = { 0 };
    unsigned writes = 0;

    for (unsigned i = 1; i <= 100; i++) {
        auth_verdict v = auth_window_take(&w, 100, 1, WALL, BOOT);

        cr_assert(v.admitted);
        cr_assert_leq(w.used, w.reserved);
        writes += v.reserve;
    }
    cr_assert_eq(writes, 2, "64 and 100");
    cr_assert_eq(w.reserved, 100);
    cr_assert_not(auth_window_take(&w, 100, 1, WALL, BOOT).reserve);
}

Test(window, reserves_enough_for_a_cost_larger_than_a_chunk)
{
    auth_window w = { 0 };
    auth_verdict v = auth_window_take(&w, 1000, 130, WALL, BOOT);

    cr_assert(v.admitted && v.reserve);
    cr_assert_eq(w.reserved, 192);
}

Test(window, a_restart_in_the_minute_takes_all_that_was_reserved_as_used)
{
    auth_window w = auth_window_restore(MINUTE, 64, WALL + 30000, 777);

    /* The machine's boot clock may have begun again. */
    cr_assert_eq(auth_window_take(&w, 100, 1, WALL + 30000, 777).remaining, 35);
    cr_assert_not(auth_window_take(&w, 100, 36, WALL + 30000, 777).admitted);
    cr_assert(auth_window_take(&w, 100, 35, WALL + 30000, 777).admitted);
    cr_assert_not(auth_window_take(&w, 100, 1, WALL + 59999, 777 + 29999).admitted);
    cr_assert(auth_window_take(&w, 100, 1, WALL + 60000, 777 + 30000).admitted);
}

Test(window, a_restart_in_another_minute_begins_with_nothing_used)
{
    auth_window later = auth_window_restore(MINUTE, 64, WALL + 60000, BOOT);
    auth_window never = auth_window_restore(0, 0, WALL, BOOT);

    cr_assert(auth_window_take(&later, 100, 100, WALL + 60000, BOOT).admitted);
    cr_assert(auth_window_take(&never, 100, 100, WALL, BOOT).admitted);
}
