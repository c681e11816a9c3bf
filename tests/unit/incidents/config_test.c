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
}

Test(config, a_severity_that_is_none_is_refused_by_name)
{
    static incidents_config config = { .open_severity = "severe" };
    chain_limits limits = { 0 };
    ts_error err = { "", "" };

    cr_assert_eq(incidents_config_limits(&config, &limits, &err), TS_INVALID);
    cr_assert_str_eq(err.param, "TS_INCIDENTS_OPEN_SEVERITY");
}
