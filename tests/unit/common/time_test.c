#include <criterion/criterion.h>
#include <time.h>

#include "ts/time.h"

static bool is_before(struct timespec a, struct timespec b)
{
    return a.tv_sec != b.tv_sec ? a.tv_sec < b.tv_sec : a.tv_nsec < b.tv_nsec;
}

Test(time, a_wait_ends_that_many_milliseconds_from_now)
{
    /* So many that some carry into the next second, wherever in a second the test runs. */
    for (int64_t ms = 0; ms < 3000; ms += 100) {
        struct timespec before, after;
        struct timespec until;

        clock_gettime(CLOCK_MONOTONIC, &before);
        until = ts_monotonic_in(ms);
        clock_gettime(CLOCK_MONOTONIC, &after);
        cr_assert(until.tv_nsec >= 0 && until.tv_nsec < 1000000000);
        until.tv_sec -= ms / 1000;
        until.tv_nsec -= ms % 1000 * 1000000;
        if (until.tv_nsec < 0) {
            until.tv_sec--;
            until.tv_nsec += 1000000000;
        }
        cr_expect(!is_before(until, before) && !is_before(after, until), "%lld ms", (long long)ms);
    }
}

Test(time, a_wait_that_is_over_ends_now)
{
    struct timespec before, after;
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &before);
    until = ts_monotonic_in(-5000);
    clock_gettime(CLOCK_MONOTONIC, &after);
    cr_expect(!is_before(until, before) && !is_before(after, until));
}

Test(time, formats_seconds_and_milliseconds)
{
    static const struct {
        int64_t ms;
        const char *text;
        const char *text_ms;
    } cases[] = {
        { 0, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z" },
        { -1, "1969-12-31T23:59:59Z", "1969-12-31T23:59:59.999Z" },
        { 1736937000000, "2025-01-15T10:30:00Z", "2025-01-15T10:30:00.000Z" },
        { 1709164800007, "2024-02-29T00:00:00Z", "2024-02-29T00:00:00.007Z" },
        { 951825600120, "2000-02-29T12:00:00Z", "2000-02-29T12:00:00.120Z" },
        { -2203891200000, "1900-03-01T00:00:00Z", "1900-03-01T00:00:00.000Z" },
        { 4107542399000, "2100-02-28T23:59:59Z", "2100-02-28T23:59:59.000Z" },
        { -62135596800000, "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z" },
        { 253402300799999, "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999Z" },
        { 253402300800000, "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999Z" },
        { INT64_MAX, "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999Z" },
        { -62167219200000, "0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z" },
        { -62167219200001, "0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z" },
        { INT64_MIN, "0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z" },
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        char text[TS_RFC3339_SIZE];

        ts_time_format(cases[i].ms, false, text);
        cr_assert_str_eq(text, cases[i].text);
        ts_time_format(cases[i].ms, true, text);
        cr_assert_str_eq(text, cases[i].text_ms);
    }
}

Test(time, parses_all_forms_of_rfc_3339)
{
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        { "1970-01-01T00:00:00Z", 0 },
        { "1969-12-31T23:59:59.999Z", -1 },
        { "2025-01-15T10:30:00Z", 1736937000000 },
        { "2025-01-15 10:30:00Z", 1736937000000 },
        { "2025-01-15t10:30:00z", 1736937000000 },
        { "2025-01-15T10:30:00+00:00", 1736937000000 },
        { "2025-01-15T10:30:00-00:00", 1736937000000 },
        { "2025-01-15T12:30:00+02:00", 1736937000000 },
        { "2025-01-15T16:00:00+05:30", 1736937000000 },
        { "2025-01-15T02:30:00-08:00", 1736937000000 },
        { "2025-01-16T10:29:00+23:59", 1736937000000 },
        { "2025-01-14T10:31:00-23:59", 1736937000000 },
        { "2025-01-15T10:30:00.1Z", 1736937000100 },
        { "2025-01-15T10:30:00.12Z", 1736937000120 },
        { "2025-01-15T10:30:00.123Z", 1736937000123 },
        { "2025-01-15T10:30:00.1239999Z", 1736937000123 }, /* seven digits, as Entra writes them */
        { "2025-01-15T10:30:00.123456789+00:00", 1736937000123 },
        { "2025-01-15T10:30:00.0009999999999999999999999999Z", 1736937000000 },
        { "2024-02-29T00:00:00Z", 1709164800000 },
        { "2000-02-29T12:00:00Z", 951825600000 },
        { "2016-12-31T23:59:60Z", 1483228800000 },
        { "2017-01-01T00:59:60.5+01:00", 1483228800500 },
        { "0000-01-01T00:00:00Z", -62167219200000 },
        { "9999-12-31T23:59:59.999Z", 253402300799999 },
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        int64_t ms = 7;

        cr_assert_eq(ts_time_parse(ts_str_of(cases[i].text), &ms), TS_OK, "%s", cases[i].text);
        cr_assert_eq(ms, cases[i].ms, "%s: %lld", cases[i].text, (long long)ms);
    }
}

Test(time, refuses_everything_else)
{
    static const char *const cases[] = {
        "",
        "2025",
        "2025-01-15",
        "2025-01-15T10:30:00",
        "2025-01-15T10:30Z",
        "2025-01-15T10:30:00ZZ",
        "2025-01-15T10:30:00Z ",
        " 2025-01-15T10:30:00Z",
        "2025-01-15X10:30:00Z",
        "2025-01-15  10:30:00Z",
        "25-01-15T10:30:00Z",
        "+2025-01-15T10:30:00Z",
        "20250115T103000Z",
        "2025/01/15T10:30:00Z",
        "2025-1-15T10:30:00Z",
        "2025-00-15T10:30:00Z",
        "2025-13-15T10:30:00Z",
        "2025-01-00T10:30:00Z",
        "2025-01-32T10:30:00Z",
        "2025-04-31T10:30:00Z",
        "2025-02-29T10:30:00Z",
        "1900-02-29T10:30:00Z",
        "2100-02-29T10:30:00Z",
        "2024-02-30T10:30:00Z",
        "2025-01-15T24:00:00Z",
        "2025-01-15T10:60:00Z",
        "2025-01-15T10:30:61Z",
        "2025-01-15T10:30:60Z", /* leap seconds end a UTC day */
        "2025-01-15T10:30:00.Z",
        "2025-01-15T10:30:00,5Z",
        "2025-01-15T10:30:00.5",
        "2025-01-15T10:30:00+24:00",
        "2025-01-15T10:30:00+01:60",
        "2025-01-15T10:30:00+0100",
        "2025-01-15T10:30:00+01",
        "2025-01-15T10:30:00+1:00",
        "2025-01-15T10:30:00 +01:00",
        "2025-01-15T10:30:0aZ",
        "2025-01-15T-1:30:00Z",
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        int64_t ms = 7;

        cr_assert_eq(ts_time_parse(ts_str_of(cases[i]), &ms), TS_INVALID, "%s", cases[i]);
        cr_assert_eq(ms, 7);
    }
    cr_assert_eq(ts_time_parse(TS_STR_LIT("2025-01-15T10:30:00Z\0"), &(int64_t){ 0 }), TS_INVALID);
}

Test(time, every_day_of_four_centuries_reads_back)
{
    for (int64_t day = -140000; day < 20000; day++) {
        char text[TS_RFC3339_SIZE];
        int64_t ms = 0;

        ts_time_format(day * TS_DAY_MS, false, text);
        cr_assert_eq(ts_time_parse(ts_str_of(text), &ms), TS_OK, "%s", text);
        cr_assert_eq(ms, day * TS_DAY_MS, "%s", text);
    }
}

Test(time, day_is_the_floor)
{
    cr_assert_eq(ts_time_day(0), 0);
    cr_assert_eq(ts_time_day(86399999), 0);
    cr_assert_eq(ts_time_day(86400000), 1);
    cr_assert_eq(ts_time_day(-1), -1);
    cr_assert_eq(ts_time_day(-86400000), -1);
    cr_assert_eq(ts_time_day(-86400001), -2);
}

Test(time, clocks_are_plausible_and_boot_time_never_goes_back)
{
    int64_t before_us = ts_boot_us();
    int64_t after_ms = ts_boot_ms();

    cr_assert_gt(ts_wall_ms(), 1700000000000);
    cr_assert_gt(before_us, 0);
    cr_assert_geq(after_ms, before_us / 1000);
}

Test(time, shows_the_same_moment_as_the_c_library)
{
    uint64_t state = 1;

    for (int round = 0; round < 20000; round++) {
        char text[TS_RFC3339_SIZE];
        char expected[64];
        struct tm t;
        int64_t ms;
        time_t second;

        state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
        /* 0001-01-01 to 9999-12-31. */
        ms = (int64_t)((state >> 1) % UINT64_C(315537897599999)) - INT64_C(62135596800000);
        second = (time_t)((ms - ((ms % 1000) + 1000) % 1000) / 1000);
        cr_assert_not_null(gmtime_r(&second, &t));
        (void)snprintf(expected, sizeof(expected), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
                       t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec,
                       (int)(((ms % 1000) + 1000) % 1000));
        ts_time_format(ms, true, text);
        cr_assert_str_eq(text, expected);
    }
}
