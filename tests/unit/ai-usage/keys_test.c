#include <criterion/criterion.h>

#include "keys.h"

static const ts_tenant tenant = { 258, TS_MODE_TEST };

Test(keys, a_day_user_key_has_this_layout)
{
    TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(AI_USAGE_KEY_MAX);
    static const char expected[] = "\0\0\0\0\0\0\1\2\1\0\0\x4e\x87"
                                   "a@b\0GPT";

    ai_usage_day_user_key(&key, tenant, 20103, TS_STR_LIT("a@b"), TS_STR_LIT("GPT"));
    cr_assert_eq(key.size, sizeof(expected)); /* the last text ends in a NUL too */
    cr_assert_eq(memcmp(key.data, expected, sizeof(expected)), 0);
}

Test(keys, texts_and_day_are_read_back)
{
    TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(AI_USAGE_KEY_MAX);

    ai_usage_day_user_key(&key, tenant, 20103, TS_STR_LIT("a@b"), TS_STR_LIT("GPT"));
    cr_assert_eq(ai_usage_key_day(ts_buf_view(&key)), 20103);
    cr_assert(ts_str_is(ai_usage_key_text(ts_buf_view(&key), 0), "a@b"));
    cr_assert(ts_str_is(ai_usage_key_text(ts_buf_view(&key), 1), "GPT"));
    cr_assert_eq(ai_usage_key_text(ts_buf_view(&key), 2).n, 0);
    cr_assert_eq(ai_usage_key_text(TS_STR_LIT("short"), 0).n, 0);
}

Test(keys, the_longest_texts_fit)
{
    TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(AI_USAGE_KEY_MAX);
    char user[AI_USAGE_USER_MAX];
    char tool[AI_USAGE_TOOL_MAX];

    memset(user, 'u', sizeof(user));
    memset(tool, 't', sizeof(tool));
    ai_usage_day_user_key(&key, tenant, 1, ts_str_n(user, sizeof(user)),
                          ts_str_n(tool, sizeof(tool)));
    cr_assert_eq(ts_buf_status(&key), TS_OK);
}

Test(keys, the_end_of_a_user_lies_behind_its_tools_and_before_the_next_user)
{
    static const char *const tools[] = { "", "\xff\xff" };
    TS_CLEANUP(ts_buf_done) ts_buf end = TS_BUF_INIT(AI_USAGE_KEY_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf next = TS_BUF_INIT(AI_USAGE_KEY_MAX);

    ai_usage_day_user_end(&end, tenant, 20000, TS_STR_LIT("a@x.example"));
    for (size_t i = 0; i < TS_COUNT(tools); i++) {
        TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(AI_USAGE_KEY_MAX);

        ai_usage_day_user_key(&key, tenant, 20000, TS_STR_LIT("a@x.example"), ts_str_of(tools[i]));
        cr_expect_lt(ts_str_cmp(ts_buf_view(&key), ts_buf_view(&end)), 0);
    }
    ai_usage_day_user_key(&next, tenant, 20000, TS_STR_LIT("a@x.example.au"), TS_STR_LIT(""));
    cr_expect_gt(ts_str_cmp(ts_buf_view(&next), ts_buf_view(&end)), 0);
}

Test(keys, the_user_of_a_last_use_of_any_tool_is_read_back)
{
    TS_CLEANUP(ts_buf_done) ts_buf any = TS_BUF_INIT(AI_USAGE_KEY_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf one = TS_BUF_INIT(AI_USAGE_KEY_MAX);

    ai_usage_last_use_key(&any, tenant, TS_STR_NULL, TS_STR_LIT("a@x.example"));
    cr_expect(ts_str_is(ai_usage_key_last_user(ts_buf_view(&any)), "a@x.example"));
    ai_usage_last_use_key(&one, tenant, TS_STR_LIT("ChatGPT"), TS_STR_LIT("a@x.example"));
    cr_expect_null(ai_usage_key_last_user(ts_buf_view(&one)).p);
    cr_expect_null(ai_usage_key_last_user(TS_STR_NULL).p);
}
