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
