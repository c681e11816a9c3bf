#include <criterion/criterion.h>

#include "config.h"

static ts_status load(const char *setting, ai_usage_config *config, ts_buf *mistakes)
{
    ts_config_table table = { ai_usage_config_items, ai_usage_config_count, config };
    char text[64];
    char *const environment[] = { text, NULL };

    (void)snprintf(text, sizeof(text), "%s", setting);
    return ts_config_load(&table, 1, "TS_AI_USAGE_", environment, mistakes);
}

Test(config, rows_are_kept_as_long_as_a_report_can_ask_for_them)
{
    static ai_usage_config config;
    TS_CLEANUP(ts_buf_done) ts_buf mistakes = TS_BUF_INIT(4096);

    cr_assert_eq(load("TS_AI_USAGE_CACHE_MIB=8", &config, &mistakes), TS_OK);
    cr_assert_eq(config.keep_days, 400);
    cr_assert_eq(load("TS_AI_USAGE_KEEP_DAYS=180", &config, &mistakes), TS_OK);
    cr_assert_eq(load("TS_AI_USAGE_KEEP_DAYS=179", &config, &mistakes), TS_INVALID);
    cr_assert_not_null(strstr(mistakes.data, "TS_AI_USAGE_KEEP_DAYS"));
}
