#include <criterion/criterion.h>

#include "ts/base.h"

Test(status, every_status_has_its_name_and_others_are_unknown)
{
    static const char *const names[] = { "ok",          "invalid",     "unauthenticated",
                                         "denied",      "not_found",   "conflict",
                                         "limited",     "unavailable", "corrupt",
                                         "nomem",       "internal",    "too_large",
                                         "precondition" };

    for (size_t i = 0; i < TS_COUNT(names); i++)
        cr_assert_str_eq(ts_status_name((ts_status)i), names[i]);
    cr_assert_str_eq(ts_status_name((ts_status)13), "unknown");
    cr_assert_str_eq(ts_status_name((ts_status)-1), "unknown");
}

Test(error, holds_the_field_and_the_formatted_words)
{
    ts_error err;

    cr_assert_eq(ts_fail(&err, TS_INVALID, "limit", "limit must be at most %d", 100), TS_INVALID);
    cr_assert_str_eq(err.param, "limit");
    cr_assert_str_eq(err.text, "limit must be at most 100");
}

Test(error, accepts_no_place_to_write_to_and_no_field)
{
    ts_error err;

    ts_error_set(NULL, "x", "y");
    ts_error_set(&err, NULL, "plain");
    cr_assert_str_eq(err.param, "");
    cr_assert_str_eq(err.text, "plain");
}

Test(error, fills_its_text_to_the_last_byte)
{
    char words[300];
    ts_error err;

    memset(words, 'a', sizeof(words) - 1);
    words[207] = '\0';
    ts_error_set(&err, "", "%s", words);
    cr_assert_eq(strlen(err.text), 207);
    words[207] = 'a';
    words[208] = '\0';
    ts_error_set(&err, "", "%s", words);
    cr_assert_eq(strlen(err.text), 207);
}

/* The euro sign has three bytes: at 205 and 206 it does not fit in the 207 bytes, at 204 it does. */
Test(error, never_cuts_a_character_in_two)
{
    static const struct {
        size_t at;
        size_t expected;
    } cases[] = { { 204, 207 }, { 205, 205 }, { 206, 206 }, { 207, 207 } };

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        char words[300];
        ts_error err;

        memset(words, 'a', sizeof(words) - 1);
        memcpy(words + cases[i].at, "\xE2\x82\xAC", 3);
        words[250] = '\0';
        ts_error_set(&err, "", "%s", words);
        cr_assert_eq(strlen(err.text), cases[i].expected, "at %zu: %zu", cases[i].at,
                     strlen(err.text));
        cr_assert(ts_utf8_valid(ts_str_of(err.text)));
    }
}

Test(error, cuts_a_long_field_name_at_a_character)
{
    char name[80];
    ts_error err;

    memset(name, 'n', sizeof(name));
    memcpy(name + 45, "\xE2\x82\xAC", 3);
    name[60] = '\0';
    ts_error_set(&err, name, "x");
    cr_assert_eq(strlen(err.param), 45);
}
