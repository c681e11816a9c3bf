#include <criterion/criterion.h>

#include "query/dates.h"
#include "ts/time.h"

#define NOW_MS INT64_C(1763640000000) /* Thursday, 2025-11-20 12:00 UTC */

Test(agent_dates, a_time_has_its_bounds)
{
    static const struct {
        const char *time;
        const char *from; /* NULL: open */
        const char *to;
    } cases[] = {
        { "today", "2025-11-20T00:00:00Z", "2025-11-20T12:00:00Z" },
        { "yesterday", "2025-11-19T00:00:00Z", "2025-11-20T00:00:00Z" },
        { "recent", "2025-11-13T12:00:00Z", "2025-11-20T12:00:00Z" },
        { "last_24h", "2025-11-19T12:00:00Z", "2025-11-20T12:00:00Z" },
        { "last_2w", "2025-11-06T12:00:00Z", "2025-11-20T12:00:00Z" },
        { "last_3mo", "2025-08-20T12:00:00Z", "2025-11-20T12:00:00Z" },
        { "this_week", "2025-11-17T00:00:00Z", "2025-11-20T12:00:00Z" },
        { "last_week", "2025-11-10T00:00:00Z", "2025-11-17T00:00:00Z" },
        { "last_weekend", "2025-11-15T00:00:00Z", "2025-11-17T00:00:00Z" },
        { "this_month", "2025-11-01T00:00:00Z", "2025-11-20T12:00:00Z" },
        { "last_month", "2025-10-01T00:00:00Z", "2025-11-01T00:00:00Z" },
        { "last_quarter", "2025-07-01T00:00:00Z", "2025-10-01T00:00:00Z" },
        { "last_year", "2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z" },
        { "month:05", "2025-05-01T00:00:00Z", "2025-06-01T00:00:00Z" },
        { "month:12", "2024-12-01T00:00:00Z", "2025-01-01T00:00:00Z" },
        { "quarter:1", "2025-01-01T00:00:00Z", "2025-04-01T00:00:00Z" },
        { "monday", "2025-11-17T00:00:00Z", "2025-11-18T00:00:00Z" },
        { "thursday", "2025-11-13T00:00:00Z", "2025-11-14T00:00:00Z" },
        { "2024-02-29", "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z" },
        { "since:monday", "2025-11-17T00:00:00Z", "2025-11-20T12:00:00Z" },
        { "before:2025-06-01", NULL, "2025-06-01T00:00:00Z" },
        { "before:last_7d", NULL, "2025-11-13T12:00:00Z" },
        { "2025-01-01..2025-01-15", "2025-01-01T00:00:00Z", "2025-01-16T00:00:00Z" },
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        agent_span span;
        char text[TS_RFC3339_SIZE];

        cr_assert(agent_time_span(ts_str_of(cases[i].time), NOW_MS, &span), "%s", cases[i].time);
        if (cases[i].from == NULL) {
            cr_expect_eq(span.from_ms, INT64_MIN);
        } else {
            ts_time_format(span.from_ms, false, text);
            cr_expect_str_eq(text, cases[i].from, "%s", cases[i].time);
        }
        ts_time_format(span.to_ms, false, text);
        cr_expect_str_eq(text, cases[i].to, "%s", cases[i].time);
    }
}

Test(agent_dates, what_is_no_time_has_none)
{
    static const char *const cases[] = {
        "",          "soon",   "last_", "last_5",     "last_5x",           "month:13",
        "quarter:0", "since:", "a..b",  "2025-02-30", "since:since:today", "last_9999999d"
    };
    agent_span span;

    for (size_t i = 0; i < TS_COUNT(cases); i++)
        cr_expect_not(agent_time_span(ts_str_of(cases[i]), NOW_MS, &span), "%s", cases[i]);
}

Test(agent_dates, a_day_without_a_year_is_past)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *a = ts_arena_new(4096);

    cr_expect(ts_str_is(agent_date_day(0, 11, 19, NOW_MS, a), "2025-11-19"));
    cr_expect(ts_str_is(agent_date_day(0, 11, 21, NOW_MS, a), "2024-11-21"));
    cr_expect_eq(agent_date_day(2025, 2, 29, NOW_MS, a).n, 0);
    cr_expect(ts_str_is(agent_date_nth(1, NOW_MS, a), "2025-11-01"));
    cr_expect(ts_str_is(agent_date_nth(31, NOW_MS, a), "2025-10-31"));
    cr_expect_eq(agent_date_nth(32, NOW_MS, a).n, 0);
    cr_expect(ts_str_is(agent_date_ago(1, TS_STR_LIT("mo"), NOW_MS, a), "2025-10-20"));
}
