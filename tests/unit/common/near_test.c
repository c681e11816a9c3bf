#include <criterion/criterion.h>

#include "ts/near.h"

Test(near, distance_counts_edits_and_swaps)
{
    cr_expect_eq(ts_distance(TS_STR_LIT("open"), TS_STR_LIT("open"), 2), 0);
    cr_expect_eq(ts_distance(TS_STR_LIT("opne"), TS_STR_LIT("open"), 2), 1);
    cr_expect_eq(ts_distance(TS_STR_LIT("phising"), TS_STR_LIT("phishing"), 2), 1);
    cr_expect_eq(ts_distance(TS_STR_LIT("incidnets"), TS_STR_LIT("incident"), 2), 2);
    cr_expect_eq(ts_distance(TS_STR_LIT("abcdef"), TS_STR_LIT("uvwxyz"), 2), 3);
    cr_expect_eq(ts_distance(TS_STR_LIT("a"), TS_STR_LIT("abcd"), 2), 3);
    cr_expect_eq(ts_distance(TS_STR_LIT("abcdefghijklmnopqrstuvwx"), TS_STR_LIT("a"), 2), 3);
}

Test(near, a_long_word_may_have_two_slips)
{
    cr_expect_eq(ts_slips(1), 1);
    cr_expect_eq(ts_slips(7), 1);
    cr_expect_eq(ts_slips(8), 2);
}

static void expect_meant(const char *typed, const char *const *known, size_t count,
                         const char *wanted)
{
    ts_near near = { .word = TS_STR_NULL };
    char meant[TS_NEAR_WORDS];

    for (size_t i = 0; i < count; i++)
        ts_near_add(&near, ts_str_of(typed), ts_str_of(known[i]));
    ts_near_say(&near, meant);
    cr_expect_str_eq(meant, wanted, "%s", typed);
}

Test(near, one_word_of_ours_is_meant_or_none)
{
    static const char *const known[] = { "open", "closed", "low", "slow", "user" };

    expect_meant("clsoed", known, TS_COUNT(known), " (did you mean closed?)");
    expect_meant("OPEN", known, TS_COUNT(known), " (did you mean open?)");
    expect_meant("llow", known, TS_COUNT(known), ""); /* low and slow are as near */
    expect_meant("nothing", known, TS_COUNT(known), "");
    expect_meant("userssssssssssssssssssssssssssssss", known, TS_COUNT(known), "");
    expect_meant("", known, TS_COUNT(known), "");
}
