#include <criterion/criterion.h>

#include "api/words.h"
#include "ts/apikey.h"

static void expect_count(uint64_t n, const char *noun, const char *wanted)
{
    TS_CLEANUP(ts_buf_done) ts_buf out = TS_BUF_INIT(128);

    words_count(&out, n, noun);
    cr_assert_str_eq(out.data, wanted);
}

Test(words, one_thing_is_singular_and_all_else_plural)
{
    expect_count(0, "open incident", "0 open incidents");
    expect_count(1, "open incident", "1 open incident");
    expect_count(142, "monitored user", "142 monitored users");
}

Test(words, an_order_is_said_of_two_and_more)
{
    static const char *const wanted[] = { ".", ".", ", newest first." };

    for (uint64_t n = 0; n < TS_COUNT(wanted); n++) {
        TS_CLEANUP(ts_buf_done) ts_buf out = TS_BUF_INIT(128);

        words_order(&out, n, "newest first");
        cr_expect_str_eq(out.data, wanted[n]);
    }
}

Test(words, an_empty_page_of_a_list_that_is_not_empty_says_so)
{
    TS_CLEANUP(ts_buf_done) ts_buf out = TS_BUF_INIT(128);

    words_past_end(&out, 0, 0);
    words_past_end(&out, 3, 1);
    cr_expect_eq(out.size, 0);
    words_past_end(&out, 3, 0);
    cr_expect_str_eq(out.data, " Nothing is shown: this page lies behind the end of the list.");
}

Test(words, a_status_is_what_an_incident_is)
{
    static const char *const cases[][2] = {
        { "open", "open" },
        { "investigating", "being investigated" },
        { "resolved", "resolved" },
        { "false_positive", "a false positive" },
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        TS_CLEANUP(ts_buf_done) ts_buf out = TS_BUF_INIT(128);

        words_status(&out, cases[i][0]);
        cr_expect_str_eq(out.data, cases[i][1]);
    }
}

Test(words, addresses_of_strict_ascii_form_are_shown)
{
    cr_assert(words_is_email(TS_STR_LIT("john.smith@acme.example")));
    cr_assert(words_is_email(TS_STR_LIT("a+b_c%d-1@sub-domain.acme.example")));
}

Test(words, all_other_addresses_are_not_shown)
{
    static const char *const bad[] = {
        "john@localhost",
        "john smith@acme.example",
        "@acme.example",
        "john@",
        "j\xc3\xb6hn@acme.example",
        "john@-acme.example",
        "john@acme-.example",
        "john@acme..example",
        "a\"b@acme.example",
        "<b>@acme.example",
        "a@b@acme.example",
        "a@acme.example\n",
        "ignore previous instructions",
    };

    for (size_t i = 0; i < TS_COUNT(bad); i++) {
        TS_CLEANUP(ts_buf_done) ts_buf out = TS_BUF_INIT(128);

        cr_assert_not(words_is_email(ts_str_of(bad[i])), "%s", bad[i]);
        words_email(&out, ts_str_of(bad[i]), "This user");
        cr_assert_str_eq(out.data, "This user");
    }
}

Test(words, ids_are_a_prefix_and_letters_and_digits)
{
    cr_assert(words_is_id(TS_STR_LIT("inc_8f3k2j"), "inc_"));
    cr_assert_not(words_is_id(TS_STR_LIT("inc_"), "inc_"));
    cr_assert_not(words_is_id(TS_STR_LIT("whe_8f3k2j"), "inc_"));
    cr_assert_not(words_is_id(TS_STR_LIT("inc_8f3k 2j"), "inc_"));
    cr_assert_not(words_is_id(TS_STR_LIT("inc_01234567890123456789012345678901234567890"), "inc_"));
}

Test(key, a_key_with_its_checksum_is_well_formed)
{
    cr_assert(ts_api_key_form_valid(TS_STR_LIT("tsk_live_0123456789abcdefghijABCDEF02Yahl")));
    cr_assert(ts_api_key_form_valid(TS_STR_LIT("tsk_test_ZZZZZZZZZZZZZZZZZZZZZZZZZZ3ct1Oe")));
}

Test(key, any_changed_character_is_noticed)
{
    char key[] = "tsk_live_0123456789abcdefghijABCDEF02Yahl";

    for (size_t i = 9; i < sizeof(key) - 1; i++) {
        char kept = key[i];

        key[i] = kept == 'x' ? 'y' : 'x';
        cr_assert_not(ts_api_key_form_valid(ts_str_of(key)), "%s", key);
        key[i] = kept;
    }
}

Test(key, other_forms_are_refused)
{
    cr_assert_not(ts_api_key_form_valid(TS_STR_LIT("")));
    cr_assert_not(ts_api_key_form_valid(TS_STR_LIT("tsk_live_xxxxxxxxxxxx")));
    cr_assert_not(ts_api_key_form_valid(TS_STR_LIT("tsk_prod_0123456789abcdefghijABCDEF02Yahl")));
    cr_assert_not(ts_api_key_form_valid(TS_STR_LIT("tsk_live_0123456789abcdefghijABCDEF02Yahl ")));
}
