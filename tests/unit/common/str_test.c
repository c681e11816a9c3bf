#include <criterion/criterion.h>

#include "ts/base.h"

#define L(lit) TS_STR_LIT(lit)

Test(str, equality_looks_at_length_and_bytes)
{
    cr_assert(ts_str_eq(L("abc"), L("abc")));
    cr_assert(ts_str_eq(L(""), TS_STR_NULL));
    cr_assert_not(ts_str_eq(L("abc"), L("ab")));
    cr_assert_not(ts_str_eq(L("abc"), L("abd")));
    cr_assert(ts_str_eq(L("a\0b"), L("a\0b")));
    cr_assert_not(ts_str_eq(L("a\0b"), L("a\0c")));
    cr_assert(ts_str_is(L("abc"), "abc"));
    cr_assert(ts_str_is(TS_STR_NULL, NULL));
}

Test(str, case_is_ignored_for_ascii_alone)
{
    cr_assert(ts_str_ieq(L("X-Request-ID"), L("x-request-id")));
    cr_assert_not(ts_str_ieq(L("\xC3\x84"), L("\xC3\xA4")));
    cr_assert_not(ts_str_ieq(L("[a"), L("{a")));
    cr_assert_not(ts_str_ieq(L("a"), L("ab")));
}

Test(str, prefix_and_suffix)
{
    cr_assert(ts_str_starts(L("inc_1"), L("inc_")));
    cr_assert(ts_str_starts(L("a"), L("")));
    cr_assert(ts_str_starts(TS_STR_NULL, TS_STR_NULL));
    cr_assert_not(ts_str_starts(L("in"), L("inc_")));
    cr_assert(ts_str_ends(L("mail.example.com"), L(".com")));
    cr_assert(ts_str_ends(L("a"), TS_STR_NULL));
    cr_assert_not(ts_str_ends(L("com"), L(".com")));
    cr_assert_not(ts_str_ends(L("a.con"), L(".com")));
}

Test(str, order_is_by_bytes_then_by_length)
{
    cr_assert_lt(ts_str_cmp(L("a"), L("b")), 0);
    cr_assert_gt(ts_str_cmp(L("\xFF"), L("a")), 0);
    cr_assert_lt(ts_str_cmp(L("a"), L("ab")), 0);
    cr_assert_gt(ts_str_cmp(L("ab"), L("a")), 0);
    cr_assert_eq(ts_str_cmp(L("ab"), L("ab")), 0);
    cr_assert_lt(ts_str_cmp(TS_STR_NULL, L("a")), 0);
}

Test(str, find_gives_the_offset_or_the_length)
{
    cr_assert_eq(ts_str_find(L("a.b.c"), '.'), 1);
    cr_assert_eq(ts_str_find(L("abc"), '.'), 3);
    cr_assert_eq(ts_str_find(TS_STR_NULL, '.'), 0);
}

Test(str, trim_takes_space_from_both_ends_only)
{
    cr_assert(ts_str_is(ts_str_trim(L(" \t\r\n a b \n")), "a b"));
    cr_assert_eq(ts_str_trim(L(" \n ")).n, 0);
    cr_assert_eq(ts_str_trim(TS_STR_NULL).n, 0);
}

Test(parse, signed_numbers_up_to_both_limits)
{
    static const struct {
        const char *text;
        ts_status status;
        int64_t value;
    } cases[] = {
        { "0", TS_OK, 0 },
        { "-0", TS_OK, 0 },
        { "007", TS_OK, 7 },
        { "-42", TS_OK, -42 },
        { "9223372036854775807", TS_OK, INT64_MAX },
        { "-9223372036854775808", TS_OK, INT64_MIN },
        { "9223372036854775808", TS_INVALID, 0 },
        { "-9223372036854775809", TS_INVALID, 0 },
        { "99999999999999999999999", TS_INVALID, 0 },
        { "", TS_INVALID, 0 },
        { "-", TS_INVALID, 0 },
        { "--1", TS_INVALID, 0 },
        { "+1", TS_INVALID, 0 },
        { " 1", TS_INVALID, 0 },
        { "1 ", TS_INVALID, 0 },
        { "1a", TS_INVALID, 0 },
        { "0x10", TS_INVALID, 0 },
        { "1.0", TS_INVALID, 0 },
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        int64_t value = 77;

        cr_assert_eq(ts_parse_i64(ts_str_of(cases[i].text), &value), cases[i].status, "%s",
                     cases[i].text);
        cr_assert_eq(value, cases[i].status == TS_OK ? cases[i].value : 77, "%s", cases[i].text);
    }
}

Test(parse, unsigned_numbers_up_to_the_limit)
{
    uint64_t value = 77;

    cr_assert_eq(ts_parse_u64(L("18446744073709551615"), &value), TS_OK);
    cr_assert_eq(value, UINT64_MAX);
    value = 77;
    cr_assert_eq(ts_parse_u64(L("18446744073709551616"), &value), TS_INVALID);
    cr_assert_eq(ts_parse_u64(L("-1"), &value), TS_INVALID);
    cr_assert_eq(ts_parse_u64(L("1\0"), &value), TS_INVALID);
    cr_assert_eq(ts_parse_u64(TS_STR_NULL, &value), TS_INVALID);
    cr_assert_eq(value, 77);
}

Test(utf8, accepts_the_first_and_last_of_each_range_and_nothing_beside_them)
{
    static const struct {
        ts_str text;
        bool is_valid;
    } cases[] = {
        { { "", 0 }, true },
        { { "a\0b", 3 }, true },
        { { "\x7F", 1 }, true },
        { { "\xC2\x80", 2 }, true },
        { { "\xDF\xBF", 2 }, true },
        { { "\xE0\xA0\x80", 3 }, true },
        { { "\xEC\xBF\xBF", 3 }, true },
        { { "\xED\x9F\xBF", 3 }, true },
        { { "\xEE\x80\x80", 3 }, true },
        { { "\xEF\xBF\xBF", 3 }, true },
        { { "\xF0\x90\x80\x80", 4 }, true },
        { { "\xF4\x8F\xBF\xBF", 4 }, true },
        /* continuation alone, missing, cut */
        { { "\x80", 1 }, false },
        { { "\xBF", 1 }, false },
        { { "\xC2", 1 }, false },
        { { "\xC2\x41", 2 }, false },
        { { "\xE2\x82", 2 }, false },
        { { "\xE2\x82\x41", 3 }, false },
        { { "\xF0\x9F\x98", 3 }, false },
        { { "\xF0\x9F\x98\x41", 4 }, false },
        /* overlong */
        { { "\xC0\x80", 2 }, false },
        { { "\xC1\xBF", 2 }, false },
        { { "\xE0\x80\x80", 3 }, false },
        { { "\xE0\x9F\xBF", 3 }, false },
        { { "\xF0\x80\x80\x80", 4 }, false },
        { { "\xF0\x8F\xBF\xBF", 4 }, false },
        /* surrogates */
        { { "\xED\xA0\x80", 3 }, false },
        { { "\xED\xBF\xBF", 3 }, false },
        /* above U+10FFFF */
        { { "\xF4\x90\x80\x80", 4 }, false },
        { { "\xF5\x80\x80\x80", 4 }, false },
        { { "\xFF", 1 }, false },
        { { "ok\xC3\xA9\xFE", 5 }, false },
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++)
        cr_assert_eq(ts_utf8_valid(cases[i].text), cases[i].is_valid, "case %zu", i);
}

Test(secrets, constant_time_comparison_compares)
{
    cr_assert(ts_equal_ct("abcd", "abcd", 4));
    cr_assert_not(ts_equal_ct("abcd", "abce", 4));
    cr_assert_not(ts_equal_ct("xbcd", "abcd", 4));
    cr_assert(ts_equal_ct("x", "y", 0));
}

Test(secrets, wipe_zeroes_what_it_was_given_and_no_more)
{
    char text[] = "secret!";

    ts_wipe(text, 6);
    cr_assert_arr_eq(text, "\0\0\0\0\0\0!", 8);
    ts_wipe(NULL, 0);
}

Test(domain, has_labels_of_letters_digits_and_inner_hyphens)
{
    static const char *const good[] = { "a.b", "Acme.Example", "xn--mnchen-3ya.example", "a-b.1c" };
    static const char *const bad[] = { "",     "a",    ".",    "a.",    ".a",    "a..b",
                                       "-a.b", "a-.b", "a.b-", "a b.c", "a_b.c", "a.b/c" };
    char label[80], longest[300];

    for (size_t i = 0; i < TS_COUNT(good); i++)
        cr_expect(ts_domain_valid(ts_str_of(good[i])), "%s", good[i]);
    for (size_t i = 0; i < TS_COUNT(bad); i++)
        cr_expect_not(ts_domain_valid(ts_str_of(bad[i])), "%s", bad[i]);
    memset(label, 'a', sizeof(label));
    memcpy(label + 63, ".b", 3);
    cr_expect(ts_domain_valid(ts_str_of(label)));
    memcpy(label + 63, "a.b", 4);
    cr_expect_not(ts_domain_valid(ts_str_of(label)));
    for (size_t i = 0; i < sizeof(longest); i++)
        longest[i] = i % 2 == 0 ? 'a' : '.';
    cr_expect(ts_domain_valid(ts_str_n(longest, 253)));
    cr_expect_not(ts_domain_valid(ts_str_n(longest, 255)));
}
