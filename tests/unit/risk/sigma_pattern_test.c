#include <criterion/criterion.h>

#include "detect/sigma/pattern.h"

typedef struct pattern_case {
    const char *value;
    sigma_anchor anchor;
    bool cased;
    const char *text;
    bool expected;
} pattern_case;

static const pattern_case cases[] = {
    { "login", SIGMA_WHOLE, false, "login", true },
    { "login", SIGMA_WHOLE, false, "LOGIN", true },
    { "login", SIGMA_WHOLE, true, "LOGIN", false },
    { "login", SIGMA_WHOLE, false, "login ", false },
    { "", SIGMA_WHOLE, false, "", true },
    { "", SIGMA_WHOLE, false, "x", false },
    { "log*", SIGMA_WHOLE, false, "login", true },
    { "*in", SIGMA_WHOLE, false, "login", true },
    { "l?gin", SIGMA_WHOLE, false, "login", true },
    { "l?gin", SIGMA_WHOLE, false, "lgin", false },
    { "l?gin", SIGMA_WHOLE, false, "l\xc3\xb6gin", true }, /* a character, not a byte */
    { "*a*b*c*", SIGMA_WHOLE, false, "xxaxxbxxcxx", true },
    { "*a*b*c*", SIGMA_WHOLE, false, "xxaxxcxxbxx", false },
    { "a**b", SIGMA_WHOLE, false, "ab", true },
    { "gin", SIGMA_CONTAINS, false, "logins", true },
    { "gin", SIGMA_CONTAINS, false, "logns", false },
    { "log", SIGMA_STARTS, false, "login", true },
    { "log", SIGMA_STARTS, false, "a login", false },
    { "gin", SIGMA_ENDS, false, "login", true },
    { "gin", SIGMA_ENDS, false, "gins", false },
    { "aab", SIGMA_ENDS, false, "aaab", true }, /* the match that begins too early is given up */
    { "50\\*", SIGMA_WHOLE, false, "50*", true },
    { "50\\*", SIGMA_WHOLE, false, "500", false },
    { "a\\?b", SIGMA_WHOLE, false, "a?b", true },
    { "a\\?b", SIGMA_WHOLE, false, "axb", false },
    { "C:\\Windows", SIGMA_WHOLE, false, "c:\\windows", true }, /* guards nothing: a backslash */
    { "C:\\\\x", SIGMA_WHOLE, false, "c:\\x", true },
    { "C:\\\\*", SIGMA_WHOLE, false, "c:\\anything", true },
};

Test(sigma_pattern, matches_as_sigma_says)
{
    ts_arena *arena = ts_arena_new(1u << 20);

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        sigma_pattern p;
        ts_error err;

        cr_assert_eq(sigma_pattern_compile(ts_str_of(cases[i].value), cases[i].anchor,
                                           cases[i].cased, arena, &p, &err),
                     TS_OK);
        cr_expect_eq(sigma_pattern_matches(&p, ts_str_of(cases[i].text)), cases[i].expected,
                     "%s on %s", cases[i].value, cases[i].text);
    }
    ts_arena_free(arena);
}

Test(sigma_pattern, refuses_a_value_over_the_limit)
{
    static char value[SIGMA_PATTERN_MAX + 1];
    ts_arena *arena = ts_arena_new(1u << 20);
    sigma_pattern p;
    ts_error err;

    memset(value, 'a', sizeof(value));
    cr_expect_eq(sigma_pattern_compile(ts_str_n(value, SIGMA_PATTERN_MAX), SIGMA_WHOLE, false,
                                       arena, &p, &err),
                 TS_OK);
    cr_expect_eq(sigma_pattern_compile(ts_str_n(value, SIGMA_PATTERN_MAX + 1), SIGMA_WHOLE, false,
                                       arena, &p, &err),
                 TS_TOO_LARGE);
    ts_arena_free(arena);
}

/* One '*' to go back to: the time is the product of the two lengths at worst, not an exponent. */
Test(sigma_pattern, many_wildcards_end_soon, .timeout = 20)
{
    static char text[65536];
    ts_arena *arena = ts_arena_new(1u << 20);
    sigma_pattern p;
    ts_error err;

    memset(text, 'a', sizeof(text));
    cr_assert_eq(sigma_pattern_compile(TS_STR_LIT("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*ab"),
                                       SIGMA_WHOLE, false, arena, &p, &err),
                 TS_OK);
    cr_expect_not(sigma_pattern_matches(&p, ts_str_n(text, sizeof(text))));
    ts_arena_free(arena);
}
