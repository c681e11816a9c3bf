/* Failures per address: exactly the limit, a table that stays as large as it is, who gives way in it, IPv6 networks. */
#include <criterion/criterion.h>

#include "failures.h"

#define MINUTE INT64_C(60000)

/* The minute begins with 0. */
static auth_verdict fail(auth_failures *f, const char *scope, uint32_t limit, int64_t after_ms)
{
    auth_moment now = { 29000000 * MINUTE + after_ms, 5000000 + after_ms, 42 };

    return auth_failures_count(f, scope, limit, &now);
}

Test(failures, the_sixty_first_of_a_minute_is_over_the_limit)
{
    TS_CLEANUP(auth_failures_free_p) auth_failures *f = auth_failures_new(64);
    auth_verdict v = { 0 };

    for (uint32_t i = 0; i < 60; i++) {
        v = fail(f, "10.0.0.1", 60, i);
        cr_assert(v.admitted);
        cr_assert_eq(v.remaining, 59 - i);
    }
    v = fail(f, "10.0.0.1", 60, 58001);
    cr_assert_not(v.admitted);
    cr_assert_eq(v.remaining, 0);
    cr_assert_eq(v.reset_s, 29000001 * INT64_C(60));
    cr_assert_eq(v.retry_after_s, 2);
}

Test(failures, the_next_minute_begins_anew)
{
    TS_CLEANUP(auth_failures_free_p) auth_failures *f = auth_failures_new(64);

    cr_assert(fail(f, "a", 1, 59999).admitted);
    cr_assert_not(fail(f, "a", 1, 59999).admitted);
    cr_assert(fail(f, "a", 1, MINUTE).admitted);
}

Test(failures, addresses_do_not_share_a_window)
{
    TS_CLEANUP(auth_failures_free_p) auth_failures *f = auth_failures_new(64);

    cr_assert(fail(f, "a", 1, 0).admitted);
    cr_assert(fail(f, "b", 1, 0).admitted);
    cr_assert_not(fail(f, "a", 1, 0).admitted);
}

Test(failures, many_addresses_do_not_free_one_that_is_at_its_limit)
{
    TS_CLEANUP(auth_failures_free_p) auth_failures *f = auth_failures_new(8);

    for (int i = 0; i < 3; i++)
        cr_assert(fail(f, "attacker", 3, 0).admitted);
    for (int i = 0; i < 1000; i++) {
        char scope[16];

        (void)snprintf(scope, sizeof(scope), "h%d", i);
        cr_assert(fail(f, scope, 3, 0).admitted);
    }
    cr_assert_not(fail(f, "attacker", 3, 0).admitted);
}

Test(failures, eight_addresses_fit_into_eight_places_and_of_nine_the_one_with_fewest_is_forgotten)
{
    TS_CLEANUP(auth_failures_free_p) auth_failures *f = auth_failures_new(8);
    static const char *const scopes[] = { "a", "b", "c", "d", "e", "f", "g", "h" };

    for (size_t i = 0; i < TS_COUNT(scopes); i++)
        cr_assert_eq(fail(f, scopes[i], 9, 0).remaining, 8);
    for (size_t i = 1; i < TS_COUNT(scopes); i++)
        cr_assert_eq(fail(f, scopes[i], 9, 0).remaining, 7);
    cr_assert_eq(fail(f, "ninth", 9, 0).remaining, 8);
    for (size_t i = 1; i < TS_COUNT(scopes); i++)
        cr_assert_eq(fail(f, scopes[i], 9, 0).remaining, 6);
    cr_assert_eq(fail(f, "a", 9, 0).remaining, 8, "it was forgotten");
}

Test(failures, a_minute_that_is_over_gives_way_before_any_that_is_not)
{
    TS_CLEANUP(auth_failures_free_p) auth_failures *f = auth_failures_new(8);
    static const char *const scopes[] = { "b", "c", "d", "e", "f", "g", "h", "i" };

    for (int i = 0; i < 5; i++)
        cr_assert(fail(f, "old", 9, 0).admitted);
    for (size_t i = 0; i < TS_COUNT(scopes); i++)
        cr_assert_eq(fail(f, scopes[i], 9, MINUTE).remaining, 8);
    for (size_t i = 0; i < TS_COUNT(scopes); i++)
        cr_assert_eq(fail(f, scopes[i], 9, MINUTE).remaining, 7);
}

static void expect_scope(const char *client, const char *wanted)
{
    char got[AUTH_SCOPE_SIZE];

    auth_failures_scope(client, got);
    cr_assert_str_eq(got, wanted);
}

Test(failures, are_counted_by_v4_address_and_by_v6_network)
{
    expect_scope("1.2.3.4", "1.2.3.4");
    expect_scope("::ffff:1.2.3.4", "::ffff:1.2.3.4");
    expect_scope("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64");
    expect_scope("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64");
    expect_scope("2001:db8:1:3::1", "2001:db8:1:3::/64");
    expect_scope("ffff:ffff:ffff:ffff:1::", "ffff:ffff:ffff:ffff::/64");
    expect_scope("", "");
}
