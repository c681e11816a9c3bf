/* Values of options: what is taken, and words that say what would be right. */
#include <criterion/criterion.h>

#include "command.h"

Test(values, permissions_are_names_joined_by_commas)
{
    ts_error err = { "", "" };
    uint64_t bits = 0;

    cr_assert_eq(ctl_parse_permissions("ingest", &bits, &err), TS_OK);
    cr_assert_eq(bits, TS_PERM_INGEST);
    cr_assert_eq(ctl_parse_permissions("read:users, agent,agent", &bits, &err), TS_OK);
    cr_assert_eq(bits, TS_PERM_READ_USERS | TS_PERM_AGENT);
}

Test(values, an_unknown_permission_is_named_beside_those_there_are)
{
    const char *const wrong[] = { "", ",", "ingest,", ",ingest", "ingest,,agent", "Ingest" };
    ts_error err = { "", "" };
    uint64_t bits = 7;

    for (size_t i = 0; i < TS_COUNT(wrong); i++)
        cr_assert_eq(ctl_parse_permissions(wrong[i], &bits, &err), TS_INVALID, "'%s'", wrong[i]);
    cr_assert_eq(bits, 7, "untouched");
    cr_assert_eq(ctl_parse_permissions("agent,root", &bits, &err), TS_INVALID);
    cr_assert_not_null(strstr(err.text, "'root' is no permission"));
    cr_assert_not_null(strstr(err.text, " read:users "));
    cr_assert(ts_str_ends(ts_str_of(err.text), TS_STR_LIT(" admin")), "the list is whole: %s",
              err.text);
    cr_assert_eq(
        ctl_parse_permissions("a-word-that-is-longer-than-any-permission-could-be", &bits, &err),
        TS_INVALID);
    cr_assert(ts_str_ends(ts_str_of(err.text), TS_STR_LIT(" admin")), "%s", err.text);
}

Test(values, a_mode_is_live_or_test)
{
    ts_error err = { "", "" };
    ts_mode mode = TS_MODE_LIVE;

    cr_assert_eq(ctl_parse_mode("test", &mode, &err), TS_OK);
    cr_assert_eq(mode, TS_MODE_TEST);
    cr_assert_eq(ctl_parse_mode("live", &mode, &err), TS_OK);
    cr_assert_eq(mode, TS_MODE_LIVE);
    cr_assert_eq(ctl_parse_mode("Live", &mode, &err), TS_INVALID);
    cr_assert_not_null(strstr(err.text, "live or test"));
}

Test(values, a_key_ends_at_a_time_or_at_the_first_moment_of_a_day)
{
    ts_error err = { "", "" };
    int64_t ms = 0;

    cr_assert_eq(ctl_parse_expires("2026-01-01T00:00:00Z", &ms, &err), TS_OK);
    cr_assert_eq(ms, INT64_C(1767225600000));
    cr_assert_eq(ctl_parse_expires("2026-01-01", &ms, &err), TS_OK);
    cr_assert_eq(ms, INT64_C(1767225600000));
    cr_assert_eq(ctl_parse_expires("2026-01-01T01:00:00+01:00", &ms, &err), TS_OK);
    cr_assert_eq(ms, INT64_C(1767225600000));
}

Test(values, what_is_no_day_is_refused)
{
    const char *const wrong[] = {
        "",           "tomorrow",    "2026",
        "2026-13-01", "2026-02-30",  "01-01-2026",
        "2026-1-1",   "2026-01-01T", "2026-01-01-and-much-more-than-any-time-would-ever-need-to-say"
    };
    ts_error err = { "", "" };
    int64_t ms = 0;

    for (size_t i = 0; i < TS_COUNT(wrong); i++)
        cr_assert_eq(ctl_parse_expires(wrong[i], &ms, &err), TS_INVALID, "'%s'", wrong[i]);
    cr_assert_not_null(strstr(err.text, "2027-01-31"));
}

Test(values, a_key_may_never_end)
{
    ts_error err = { "", "" };
    int64_t ms = 7;

    cr_assert_eq(ctl_parse_expires("never", &ms, &err), TS_OK);
    cr_assert_eq(ms, 0);
    cr_assert_eq(ctl_parse_expires("Never", &ms, &err), TS_INVALID);
    cr_assert_eq(ctl_parse_time("--since", "never", &ms, &err), TS_INVALID);
    cr_assert_not_null(strstr(err.text, "--since must be a day"));
}

Test(values, a_number_is_within_its_bounds)
{
    const char *const wrong[] = { "", "0", "-1", "11", "1.5", "ten", "99999999999999999999" };
    ts_error err = { "", "" };
    uint32_t n = 7;

    cr_assert_eq(ctl_parse_number("--limit", "1", 1, 10, &n, &err), TS_OK);
    cr_assert_eq(n, 1);
    cr_assert_eq(ctl_parse_number("--limit", "10", 1, 10, &n, &err), TS_OK);
    cr_assert_eq(n, 10);
    for (size_t i = 0; i < TS_COUNT(wrong); i++)
        cr_assert_eq(ctl_parse_number("--limit", wrong[i], 1, 10, &n, &err), TS_INVALID, "'%s'",
                     wrong[i]);
    cr_assert_eq(n, 10, "untouched");
    cr_assert_str_eq(err.text, "--limit must be between 1 and 10");
}

Test(values, nothing_that_a_terminal_would_obey_is_printed)
{
    TS_CLEANUP(ts_buf_done) ts_buf out = TS_BUF_INIT(100);

    ctl_plain("a\x1b[2Jb\nc\x7f \xc3\xa4", &out);
    cr_assert_str_eq(out.data, "a?[2Jb?c? \xc3\xa4");
}
