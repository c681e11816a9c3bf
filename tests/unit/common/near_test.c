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
