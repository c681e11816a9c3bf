#include <criterion/criterion.h>

#include "http/rate.h"

#define MINUTE INT64_C(60000)

Test(rate, the_sixty_first_failure_of_a_minute_is_over_the_limit)
{
    TS_CLEANUP(http_rate_free_p) http_rate *r = http_rate_new(60, 64);
    http_window w;

    for (int i = 0; i < 60; i++)
        cr_assert(http_rate_fail(r, TS_STR_LIT("10.0.0.1"), 5 * MINUTE + i, &w));
    cr_assert_eq(w.remaining, 0);
    cr_assert_not(http_rate_fail(r, TS_STR_LIT("10.0.0.1"), 5 * MINUTE + 59999, &w));
    cr_assert_eq(w.limit, 60);
    cr_assert_eq(w.remaining, 0);
    cr_assert_eq(w.reset_s, 360);
}

Test(rate, the_next_minute_begins_anew)
{
    TS_CLEANUP(http_rate_free_p) http_rate *r = http_rate_new(1, 64);
    http_window w;

    cr_assert(http_rate_fail(r, TS_STR_LIT("a"), 5 * MINUTE + 59999, &w));
    cr_assert_not(http_rate_fail(r, TS_STR_LIT("a"), 5 * MINUTE + 59999, &w));
    cr_assert(http_rate_fail(r, TS_STR_LIT("a"), 6 * MINUTE, &w));
    cr_assert_eq(w.reset_s, 420);
}

Test(rate, addresses_do_not_share_a_window)
{
    TS_CLEANUP(http_rate_free_p) http_rate *r = http_rate_new(1, 64);
    http_window w;

    cr_assert(http_rate_fail(r, TS_STR_LIT("a"), MINUTE, &w));
    cr_assert(http_rate_fail(r, TS_STR_LIT("b"), MINUTE, &w));
    cr_assert_not(http_rate_fail(r, TS_STR_LIT("a"), MINUTE, &w));
}

Test(rate, looking_counts_nothing)
{
    TS_CLEANUP(http_rate_free_p) http_rate *r = http_rate_new(2, 64);
    http_window w;

    cr_assert_eq(http_rate_look(r, TS_STR_LIT("a"), MINUTE).remaining, 2);
    cr_assert(http_rate_fail(r, TS_STR_LIT("a"), MINUTE, &w));
    cr_assert_eq(http_rate_look(r, TS_STR_LIT("a"), MINUTE).remaining, 1);
    cr_assert_eq(http_rate_look(r, TS_STR_LIT("a"), MINUTE).remaining, 1);
    cr_assert_eq(http_rate_look(r, TS_STR_LIT("a"), 2 * MINUTE).remaining, 2);
}

Test(rate, many_addresses_do_not_free_one_that_is_at_its_limit)
{
    TS_CLEANUP(http_rate_free_p) http_rate *r = http_rate_new(3, 8);
    http_window w;

    for (int i = 0; i < 3; i++)
        cr_assert(http_rate_fail(r, TS_STR_LIT("attacker"), MINUTE, &w));
    for (int i = 0; i < 1000; i++) {
        char address[16];
        int n = snprintf(address, sizeof(address), "h%d", i);

        cr_assert(http_rate_fail(r, ts_str_n(address, (size_t)n), MINUTE, &w));
    }
    cr_assert_not(http_rate_fail(r, TS_STR_LIT("attacker"), MINUTE, &w));
}

Test(rate, the_wait_is_whole_seconds_and_at_least_one)
{
    http_window w = { .limit = 1, .remaining = 0, .reset_s = 60 };

    cr_assert_eq(http_window_wait_s(&w, 59999), 1);
    cr_assert_eq(http_window_wait_s(&w, 58001), 2);
    cr_assert_eq(http_window_wait_s(&w, 0), 60);
    cr_assert_eq(http_window_wait_s(&w, 70000), 1);
}
