#include <criterion/criterion.h>

#include "config.h"

Test(config, the_defaults_are_medium_a_day_and_a_week)
{
    static incidents_config config;
    ts_config_table table = { incidents_config_items, incidents_config_count, &config };
    char *const environment[] = { NULL };
    TS_CLEANUP(ts_buf_done) ts_buf mistakes = TS_BUF_INIT(4096);
    chain_limits limits = { 0 };

    cr_assert_eq(ts_config_load(&table, 1, "TS_INCIDENTS_", environment, &mistakes), TS_OK);
    cr_assert_eq(incidents_config_limits(&config, &limits, NULL), TS_OK);
    cr_assert_eq(limits.open_severity, 2);
    cr_assert_eq(limits.gap_ms, INT64_C(86400000));
    cr_assert_eq(limits.span_ms, INT64_C(604800000));
    cr_assert_eq(config.closed_days, 400);
}

Test(config, a_severity_that_is_none_is_refused_by_name)
{
    static incidents_config config = { .open_severity = "severe" };
    chain_limits limits = { 0 };
    ts_error err = { "", "" };

    cr_assert_eq(incidents_config_limits(&config, &limits, &err), TS_INVALID);
    cr_assert_str_eq(err.param, "TS_INCIDENTS_OPEN_SEVERITY");
}

static ts_status load(const char *setting, incidents_config *config, ts_buf *mistakes)
{
    ts_config_table table = { incidents_config_items, incidents_config_count, config };
    char text[64];
    char *const environment[] = { text, NULL };

    (void)snprintf(text, sizeof(text), "%s", setting);
    return ts_config_load(&table, 1, "TS_INCIDENTS_", environment, mistakes);
}

Test(config, closed_incidents_are_kept_longer_than_an_event_can_be_late)
{
    static incidents_config config;
    TS_CLEANUP(ts_buf_done) ts_buf mistakes = TS_BUF_INIT(4096);

    cr_assert_eq(load("TS_INCIDENTS_CLOSED_DAYS=8", &config, &mistakes), TS_OK);
    cr_assert_eq(config.closed_days, 8);
    cr_assert_eq(load("TS_INCIDENTS_CLOSED_DAYS=7", &config, &mistakes), TS_INVALID);
    cr_assert_not_null(strstr(mistakes.data, "TS_INCIDENTS_CLOSED_DAYS"));
    cr_assert_eq(load("TS_INCIDENTS_CLOSED_DAYS=3651", &config, &mistakes), TS_INVALID);
}
