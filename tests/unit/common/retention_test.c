#include <criterion/criterion.h>

#include "ts/retention.h"
#include "ts/time.h"

#define START_MS INT64_C(1764000000000)
#define UPTIME   (100 * TS_DAY_MS)
#define RATE     7

typedef struct settings {
    int64_t catch_up_days;
} settings;

static ts_status load(char *setting, settings *ret)
{
    static const ts_config_item items[] = { TS_RETENTION_ITEM(settings, "TS_X_CATCH_UP_DAYS") };
    ts_config_table table = { items, TS_COUNT(items), ret };
    char *environment[] = { setting, NULL };
    ts_buf mistakes = TS_BUF_INIT(1024);
    ts_status st = ts_config_load(&table, 1, "TS_X_", environment, &mistakes);

    ts_buf_done(&mistakes);
    return st;
}

Test(retention, the_rate_is_a_setting_with_bounds)
{
    char zero[] = "TS_X_CATCH_UP_DAYS=0", one[] = "TS_X_CATCH_UP_DAYS=1";
    char most[] = "TS_X_CATCH_UP_DAYS=3650", more[] = "TS_X_CATCH_UP_DAYS=3651";
    settings s = { 0 };

    cr_expect_eq(load(NULL, &s), TS_OK);
    cr_expect_eq(s.catch_up_days, RATE);
    cr_expect_eq(load(one, &s), TS_OK);
    cr_expect_eq(s.catch_up_days, 1);
    cr_expect_eq(load(most, &s), TS_OK);
    cr_expect_eq(s.catch_up_days, 3650);
    cr_expect_eq(load(zero, &s), TS_INVALID);
    cr_expect_eq(load(more, &s), TS_INVALID);
}

/* A machine: its clocks, and the retention clock of a store on it. */
typedef struct machine {
    ts_clocks now;
    ts_retention r;
} machine;

static machine begin(void)
{
    machine m = { .now = { START_MS, UPTIME, 1 } };

    m.r = ts_retention_begin(&m.now);
    return m;
}

/* Both clocks run, then the wall clock is set by `set_ms`, then somebody looks. */
static int64_t look(machine *m, int64_t run_ms, int64_t set_ms)
{
    m->now.boot_ms += run_ms;
    m->now.wall_ms += run_ms + set_ms;
    ts_retention_step(&m->r, &m->now, RATE);
    return m->r.clock_ms - START_MS;
}

static int64_t start_again(machine *m, int64_t off_ms)
{
    m->now.boot_id++;
    m->now.boot_ms = TS_MINUTE_MS;
    m->now.wall_ms += off_ms;
    ts_retention_step(&m->r, &m->now, RATE);
    return m->r.clock_ms - START_MS;
}

Test(retention, a_clock_begins_with_the_wall_clock_and_goes_with_it)
{
    machine m = begin();

    cr_expect_eq(m.r.clock_ms, START_MS);
    cr_expect_eq(look(&m, TS_HOUR_MS, 0), TS_HOUR_MS);
    cr_expect_eq(look(&m, 90 * TS_DAY_MS, 0), 90 * TS_DAY_MS + TS_HOUR_MS); /* nobody looked */
    cr_expect_eq(m.r.noticed_ms, -1);
}

Test(retention, a_small_step_ahead_is_caught_up_at_the_rate)
{
    machine m = begin();

    cr_expect_eq(look(&m, TS_MINUTE_MS, TS_HOUR_MS), (1 + RATE) * TS_MINUTE_MS);
    cr_expect_eq(look(&m, TS_MINUTE_MS, 0), 2 * (1 + RATE) * TS_MINUTE_MS);
    cr_expect_eq(look(&m, TS_HOUR_MS, 0), 2 * TS_HOUR_MS + 2 * TS_MINUTE_MS); /* the wall clock's */
    cr_expect_eq(m.r.noticed_ms, -1);
}

Test(retention, a_day_ahead_needs_no_notice_and_more_does)
{
    machine m = begin();

    cr_expect_eq(look(&m, TS_HOUR_MS, TS_RETENTION_NOTICE_MS), (1 + RATE) * TS_HOUR_MS);
    cr_expect_eq(m.r.noticed_ms, -1);
    m = begin();
    cr_expect_eq(look(&m, TS_HOUR_MS, TS_RETENTION_NOTICE_MS + 1), TS_HOUR_MS);
    cr_expect_eq(m.r.noticed_ms, 0);
}

Test(retention, a_year_ahead_is_believed_in_nothing_for_a_day_and_then_at_the_rate)
{
    machine m = begin();

    cr_expect_eq(look(&m, TS_HOUR_MS, 365 * TS_DAY_MS), TS_HOUR_MS);
    for (int64_t hour = 2; hour <= 25; hour++)
        cr_expect_eq(look(&m, TS_HOUR_MS, 0), hour * TS_HOUR_MS);
    cr_expect_eq(m.r.noticed_ms, TS_RETENTION_NOTICE_MS);
    cr_expect_eq(look(&m, 1, 0), 25 * TS_HOUR_MS + 1 + RATE);
    cr_expect_eq(look(&m, TS_DAY_MS, 0), 25 * TS_HOUR_MS + (1 + RATE) * (TS_DAY_MS + 1));
}

Test(retention, what_passed_before_the_step_was_seen_is_no_notice)
{
    machine m = begin();

    cr_expect_eq(look(&m, 10 * TS_DAY_MS, 365 * TS_DAY_MS), 10 * TS_DAY_MS);
    cr_expect_eq(m.r.noticed_ms, 0);
    /* Two days without a look: the second of them counts. */
    cr_expect_eq(look(&m, 2 * TS_DAY_MS, 0), 12 * TS_DAY_MS + RATE * TS_DAY_MS);
}

Test(retention, a_clock_that_is_set_right_in_time_has_done_nothing)
{
    machine m = begin();

    look(&m, TS_HOUR_MS, 365 * TS_DAY_MS);
    look(&m, 20 * TS_HOUR_MS, 0);
    cr_expect_eq(look(&m, TS_HOUR_MS, -365 * TS_DAY_MS), 22 * TS_HOUR_MS);
    cr_expect_eq(m.r.noticed_ms, -1);
    /* Another one has a day of its own. */
    look(&m, TS_HOUR_MS, 365 * TS_DAY_MS);
    cr_expect_eq(look(&m, 24 * TS_HOUR_MS, 0), 47 * TS_HOUR_MS);
    cr_expect_eq(m.r.noticed_ms, TS_RETENTION_NOTICE_MS);
}

Test(retention, a_step_back_does_not_take_it_back_and_it_goes_on_when_the_wall_clock_is_there)
{
    machine m = begin();

    cr_expect_eq(look(&m, TS_HOUR_MS, -3 * TS_HOUR_MS), 0);
    cr_expect_eq(look(&m, TS_HOUR_MS, 0), 0);
    cr_expect_eq(look(&m, 2 * TS_HOUR_MS, 0), TS_HOUR_MS);
    /* Back by a year for two months, and right again: what passed was seen. */
    cr_expect_eq(look(&m, TS_HOUR_MS, -365 * TS_DAY_MS), TS_HOUR_MS);
    cr_expect_eq(look(&m, 60 * TS_DAY_MS, 0), TS_HOUR_MS);
    cr_expect_eq(look(&m, TS_HOUR_MS, 365 * TS_DAY_MS), 60 * TS_DAY_MS + 3 * TS_HOUR_MS);
    cr_expect_eq(m.r.noticed_ms, -1);
}

Test(retention, a_machine_that_was_off_for_two_months_catches_up)
{
    machine m = begin();
    int days = 0;

    cr_expect_eq(start_again(&m, 60 * TS_DAY_MS), 0);
    cr_expect_eq(m.r.noticed_ms, 0);
    do
        look(&m, TS_DAY_MS, 0);
    while (m.r.clock_ms < m.now.wall_ms && ++days < 1000);
    cr_expect_eq(days, 1 + 60 / RATE); /* the tenth */
    cr_expect_eq(m.r.noticed_ms, -1);
}

Test(retention, a_machine_that_is_off_at_night_and_on_sundays_stays_near)
{
    machine m = begin();

    for (int day = 0; day < 1000; day++) {
        start_again(&m, day % 7 == 6 ? 38 * TS_HOUR_MS : 14 * TS_HOUR_MS);
        for (int hour = 0; hour < 10; hour++)
            look(&m, TS_HOUR_MS, 0);
        cr_assert_lt(m.now.wall_ms - m.r.clock_ms, 4 * TS_DAY_MS);
    }
}

Test(retention, a_clock_that_is_set_ahead_again_and_again_gains_no_more_than_the_rate)
{
    machine m = begin();

    for (int i = 0; i < 1000; i++)
        look(&m, TS_MINUTE_MS, TS_HOUR_MS);
    cr_expect_leq(m.r.clock_ms - START_MS, 1000 * (1 + RATE) * TS_MINUTE_MS);
}

Test(retention, a_start_in_between_loses_no_notice_and_gains_none)
{
    machine m = begin();

    look(&m, TS_HOUR_MS, 365 * TS_DAY_MS);
    look(&m, 12 * TS_HOUR_MS, 0);
    cr_expect_eq(start_again(&m, TS_HOUR_MS), 13 * TS_HOUR_MS);
    cr_expect_eq(m.r.noticed_ms, 12 * TS_HOUR_MS);
    cr_expect_eq(look(&m, 12 * TS_HOUR_MS, 0), 25 * TS_HOUR_MS);
    cr_expect_eq(look(&m, TS_HOUR_MS, 0), 26 * TS_HOUR_MS + RATE * TS_HOUR_MS);
}

/* A process is killed before it has written: the next look goes from the row that is there. */
Test(retention, a_step_that_was_not_written_is_made_again)
{
    machine a = begin();
    machine b;

    look(&a, TS_HOUR_MS, 365 * TS_DAY_MS);
    b = a;
    for (int day = 0; day < 5; day++)
        look(&a, TS_DAY_MS, 0);
    look(&b, 5 * TS_DAY_MS, 0);
    cr_expect_eq(a.r.clock_ms, b.r.clock_ms);
    cr_expect_eq(a.r.noticed_ms, b.r.noticed_ms);
}

Test(retention, a_boot_clock_that_goes_back_is_time_that_nobody_saw)
{
    machine m = begin();

    m.now.boot_ms -= 50 * TS_DAY_MS;
    m.now.wall_ms += TS_HOUR_MS;
    ts_retention_step(&m.r, &m.now, RATE);
    cr_expect_eq(m.r.clock_ms, START_MS);
    cr_expect_eq(look(&m, TS_HOUR_MS, 0), 2 * TS_HOUR_MS);
}
