#include "detect/behavior/baseline.h"

#include <criterion/criterion.h>

#include "ts/time.h"

#define DAY       20000 /* 2024-10-04, a Friday */
#define DAYS_MAX  100
#define FOUND_MAX 32
#define DOWNLOADS 4
#define SIGN_INS  0
#define NETWORKS  2
#define ODD_HOURS 10
#define NOON      (12 * TS_HOUR_MS)
#define DOWNLOAD  (1u << DOWNLOADS)
#define SIGN_IN   (1u << SIGN_INS | 1u << NETWORKS)

static baseline_day days[DAYS_MAX]; /* in order */
static size_t day_count;
static baseline_anomaly found[FOUND_MAX];
static size_t found_count;
static baseline_limits limits;

static void fresh(void)
{
    limits = (baseline_limits){
        .z_min = 3.5, .learning_days = 10, .keep_days = 30, .anomalies_max = FOUND_MAX
    };
    day_count = 0;
}
TestSuite(baseline, .init = fresh);

static int64_t at(uint32_t day, int64_t ms)
{
    return (int64_t)day * TS_DAY_MS + ms;
}

/* Days may come in any order, as their rows would. */
static baseline_day *day_at(uint32_t day)
{
    size_t i = day_count;

    while (i > 0 && days[i - 1].day > day)
        i--;
    if (i > 0 && days[i - 1].day == day)
        return &days[i - 1];
    memmove(&days[i + 1], &days[i], (day_count - i) * sizeof(days[0]));
    day_count++;
    days[i] = (baseline_day){ .day = day };
    return &days[i];
}

/* `count` acts on a day from noon on. */
static void act(uint32_t day, uint32_t metrics, unsigned count)
{
    behavior_act once = { .metrics = metrics, .is_own = true, .is_at_work = true, .network = 7 };

    for (unsigned i = 0; i < count; i++)
        (void)baseline_take(day_at(day), &once, at(day, NOON + i));
}

/* As of the end of that day. */
static void judge(uint32_t today)
{
    found_count = baseline_judge(days, day_count, at(today, TS_DAY_MS - 1), &limits, found);
}

/* `count` days before DAY with 3 downloads each. */
static void learn(uint32_t count)
{
    for (uint32_t i = count; i > 0; i--)
        act(DAY - i, DOWNLOAD, 3);
}

static void expect_typical(const uint32_t *values, size_t count, double median, double deviation)
{
    uint32_t copy[BASELINE_DAYS];
    baseline_typical t;

    memcpy(copy, values, count * sizeof(*values));
    t = baseline_typical_of(copy, count);
    cr_assert_float_eq(t.median, median, 1e-9);
    cr_assert_float_eq(t.deviation, deviation, 1e-4, "%f", t.deviation);
}

static double z_of(const uint32_t *values, size_t count, uint32_t observed)
{
    uint32_t copy[BASELINE_DAYS];
    baseline_typical t;

    memcpy(copy, values, count * sizeof(*values));
    t = baseline_typical_of(copy, count);
    return baseline_z(&t, observed);
}

Test(baseline, the_deviation_is_the_largest_of_three)
{
    static const uint32_t nothing[10] = { 0 };
    static const uint32_t equal[20] = {
        5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5
    };
    static const uint32_t spread[10] = { 10, 1, 9, 2, 8, 3, 7, 4, 6, 5 };
    static const uint32_t rare[20] = { 0, 10, 0, 0, 0, 10, 0, 0, 0, 10, 0, 0, 0, 10 };
    static const uint32_t one[1] = { 4 };

    expect_typical(nothing, 10, 0.0, 1.0);
    expect_typical(equal, 20, 5.0, 2.23607);
    expect_typical(spread, 10, 5.5, 3.7065); /* 1.4826 * 2.5 */
    expect_typical(rare, 20, 0.0, 7.80275);  /* 10 / 1.2816 */
    expect_typical(one, 1, 4.0, 2.0);
    cr_assert_float_eq(z_of(spread, 10, 20), 3.91, 1e-9);
    cr_assert_float_eq(z_of(equal, 20, 5), 0.0, 1e-9);
    cr_assert_float_eq(z_of(equal, 20, 0), 0.0, 1e-9);
    cr_assert_float_eq(z_of(rare, 20, 27), 3.46, 1e-9);
    cr_assert_float_eq(z_of(rare, 20, 28), 3.59, 1e-9);
}

Test(baseline, one_burst_does_not_hide_the_next)
{
    uint32_t values[20];

    for (size_t i = 0; i < 20; i++)
        values[i] = 3;
    values[11] = 100000;
    expect_typical(values, 20, 3.0, 1.73205);
    cr_assert_float_eq(z_of(values, 20, 20), 9.81, 1e-9);
}

Test(baseline, numbers_have_ends)
{
    uint32_t values[BASELINE_DAYS];

    for (size_t i = 0; i < BASELINE_DAYS; i++)
        values[i] = UINT32_MAX;
    expect_typical(values, BASELINE_DAYS, 4294967295.0, 65535.99999);
    cr_assert_float_eq(z_of(values, BASELINE_DAYS, UINT32_MAX), 0.0, 1e-9);
    memset(values, 0, sizeof(values));
    cr_assert_float_eq(z_of(values, BASELINE_DAYS, UINT32_MAX), 100.0, 1e-9);
    cr_assert_float_eq(z_of(values, BASELINE_DAYS, 100), 100.0, 1e-9);
    cr_assert_float_eq(z_of(values, BASELINE_DAYS, 99), 99.0, 1e-9);

    day_at(DAY)->counts[DOWNLOADS] = UINT32_MAX;
    act(DAY, DOWNLOAD, 1);
    cr_assert_eq(day_at(DAY)->counts[DOWNLOADS], UINT32_MAX);
}

Test(baseline, a_burst_is_told_once_and_grows_with_its_day)
{
    learn(20);
    act(DAY, DOWNLOAD, 25);
    judge(DAY);
    cr_assert_eq(found_count, 1);
    cr_assert_eq(found[0].metric, DOWNLOADS);
    cr_assert_eq(found[0].day, DAY);
    cr_assert_eq(found[0].observed, 25);
    cr_assert_eq(found[0].days, 20);
    cr_assert_float_eq(found[0].expected, 3.0, 1e-9);
    cr_assert_float_eq(found[0].z, 12.7, 1e-9); /* 22 / sqrt(3) */
    cr_assert_eq(found[0].at_ms, at(DAY, NOON + 24));
    act(DAY, DOWNLOAD, 47);
    judge(DAY);
    cr_assert_eq(found_count, 1);
    cr_assert_eq(found[0].observed, 72);
    cr_assert_float_eq(found[0].z, 39.84, 1e-9); /* 69 / sqrt(3) */
}

Test(baseline, the_floor_and_the_threshold_have_two_sides)
{
    learn(20);
    act(DAY, DOWNLOAD, 19); /* z = 9.24, but under the floor of 20 */
    judge(DAY);
    cr_assert_eq(found_count, 0);
    act(DAY, DOWNLOAD, 1);
    judge(DAY);
    cr_assert_eq(found_count, 1);
    act(DAY, DOWNLOAD, 5);
    limits.z_min = 12.71; /* z = 12.70 */
    judge(DAY);
    cr_assert_eq(found_count, 0);
    limits.z_min = 12.7;
    judge(DAY);
    cr_assert_eq(found_count, 1);
}

Test(baseline, nothing_is_said_before_the_learning_days)
{
    learn(9);
    act(DAY, DOWNLOAD, 500);
    judge(DAY);
    cr_assert_eq(found_count, 0);
    act(DAY - 28, DOWNLOAD, 3);
    judge(DAY);
    cr_assert_eq(found_count, 1);
    cr_assert_eq(found[0].days, 10);
    cr_assert_float_eq(found[0].z, 100.0, 1e-9);
}

Test(baseline, days_without_activity_say_nothing)
{
    behavior_act tried = { .metrics = 1u << 1 };

    /* Ten days of work within the 28, three weeks of leave before today. */
    for (uint32_t i = 0; i < 10; i++)
        act(DAY - 28 + i, DOWNLOAD, 18);
    act(DAY, DOWNLOAD, 30);
    /* Somebody who tries the user's password is not the user. */
    (void)baseline_take(day_at(DAY - 1), &tried, at(DAY - 1, 0));
    judge(DAY);
    cr_assert_eq(found_count, 0); /* z = 2.83: not the 30 that zeros would give */
    act(DAY, DOWNLOAD, 30);
    judge(DAY);
    cr_assert_eq(found_count, 1);
    cr_assert_eq(found[0].days, 10);
    /* A day later the first of the ten is out of reach, but yesterday was one of activity. */
    act(DAY + 1, DOWNLOAD, 300);
    judge(DAY + 1);
    cr_assert_eq(found_count, 2);
    cr_assert_eq(found[0].days, 10);
    act(DAY + 5000, DOWNLOAD, 300);
    judge(DAY + 5000);
    cr_assert_eq(found_count, 0);
}

Test(baseline, the_order_in_which_events_come_does_not_matter)
{
    static const unsigned counts[] = { 90, 3, 40, 3, 3, 3, 50 };
    baseline_anomaly first[FOUND_MAX];

    for (unsigned order = 0; order < 3; order++) {
        fresh();
        if (order != 2)
            learn(20);
        for (uint32_t i = 0; i < 7; i++) {
            uint32_t which = order == 0 ? i : (i * 3 + 5) % 7;

            act(DAY + which, DOWNLOAD, counts[which]);
        }
        if (order == 2)
            learn(20);
        judge(DAY + 6);
        cr_assert_eq(found_count, 3);
        cr_assert_eq(found[0].day, DAY + 6);
        cr_assert_eq(found[1].day, DAY + 2);
        cr_assert_eq(found[2].day, DAY);
        if (order == 0)
            memcpy(first, found, sizeof(first));
        cr_assert_eq(memcmp(first, found, found_count * sizeof(found[0])), 0);
    }
}

Test(baseline, late_events_may_explain_a_day)
{
    for (uint32_t i = 20; i > 0; i--)
        act(DAY - i, DOWNLOAD, 10);
    act(DAY, DOWNLOAD, 30);
    judge(DAY);
    cr_assert_eq(found_count, 1);
    /* Five days of the history turn out to have been as busy. */
    for (uint32_t i = 8; i > 3; i--)
        act(DAY - i, DOWNLOAD, 20);
    judge(DAY);
    for (size_t i = 0; i < found_count; i++)
        cr_assert_lt(found[i].day, DAY, "the first of them stand out now");
    cr_assert_gt(found_count, 0);
}

Test(baseline, networks_of_a_day_count_once_each_up_to_a_bound)
{
    behavior_act sign_in = { .metrics = SIGN_IN, .is_own = true };

    for (uint32_t i = 0; i < 100; i++) {
        sign_in.network = 1 + i % 32;
        (void)baseline_take(day_at(DAY), &sign_in, at(DAY, i));
    }
    cr_assert_eq(day_at(DAY)->counts[NETWORKS], 32);
    cr_assert_eq(day_at(DAY)->counts[SIGN_INS], 100);
    sign_in.network = 33;
    (void)baseline_take(day_at(DAY), &sign_in, at(DAY, 0));
    cr_assert_eq(day_at(DAY)->counts[NETWORKS], 32);
    cr_assert_eq(day_at(DAY)->counts[SIGN_INS], 101);
    sign_in.network = 0; /* no address */
    (void)baseline_take(day_at(DAY + 1), &sign_in, at(DAY + 1, 0));
    cr_assert_eq(day_at(DAY + 1)->counts[NETWORKS], 0);
    sign_in.network = 5;
    (void)baseline_take(day_at(DAY + 1), &sign_in, at(DAY + 1, 0));
    cr_assert_eq(day_at(DAY + 1)->counts[NETWORKS], 1, "each day anew");
}

static void work_hours(uint32_t day, unsigned first, unsigned last)
{
    behavior_act once = { .is_own = true, .is_at_work = true };

    for (unsigned h = first; h <= last; h++)
        (void)baseline_take(day_at(day), &once, at(day, h * TS_HOUR_MS));
}

Test(baseline, hours_are_unusual_if_no_other_day_knows_them)
{
    for (uint32_t i = 20; i > 0; i--)
        work_hours(DAY - i, 8, 16);
    work_hours(DAY, 9, 17); /* the clocks have changed */
    judge(DAY);
    cr_assert_eq(found_count, 0);
    work_hours(DAY, 0, 2);
    judge(DAY);
    cr_assert_eq(found_count, 0, "three hours are 3 deviations");
    work_hours(DAY, 3, 3);
    judge(DAY);
    cr_assert_eq(found_count, 1);
    cr_assert_eq(found[0].metric, ODD_HOURS);
    cr_assert_eq(found[0].observed, 4);
    cr_assert_float_eq(found[0].expected, 0.0, 1e-9);
    /* Who has worked at night twice in 20 days may do it again. */
    work_hours(DAY - 10, 0, 7);
    work_hours(DAY - 20, 0, 7);
    judge(DAY);
    cr_assert_eq(found_count, 0);
}

Test(baseline, an_act_that_changes_nothing_is_not_written)
{
    behavior_act grouped = { .is_own = true };

    cr_assert(baseline_take(day_at(DAY), &grouped, at(DAY, 1)));
    cr_assert_not(baseline_take(day_at(DAY), &grouped, at(DAY, 2)));
    cr_assert_eq(day_at(DAY)->end_ms, 1);
}

Test(baseline, the_newest_anomalies_are_shown_for_a_time)
{
    learn(20);
    for (uint32_t i = 0; i < 3; i++)
        act(DAY + i * 3, DOWNLOAD, 100 + i);
    judge(DAY + 6);
    cr_assert_eq(found_count, 3);
    limits.anomalies_max = 2;
    judge(DAY + 6);
    cr_assert_eq(found_count, 2);
    cr_assert_eq(found[0].day, DAY + 6);
    cr_assert_eq(found[1].day, DAY + 3);
    limits.anomalies_max = 0;
    judge(DAY + 6);
    cr_assert_eq(found_count, 0);
    limits.anomalies_max = FOUND_MAX;
    limits.keep_days = 7;
    judge(DAY + 6);
    cr_assert_eq(found_count, 3);
    judge(DAY + 7);
    cr_assert_eq(found_count, 2);
    cr_assert_eq(baseline_reach(&limits), 35);
}

Test(baseline, two_bursts_in_a_row_are_two)
{
    learn(20);
    act(DAY, DOWNLOAD, 100);
    act(DAY, SIGN_IN, 40);
    act(DAY + 1, DOWNLOAD, 100);
    judge(DAY + 1);
    cr_assert_eq(found_count, 3);
    cr_assert_eq(found[0].day, DAY + 1);
    cr_assert_eq(found[1].metric, SIGN_INS, "of a day in the order of the table");
    cr_assert_eq(found[2].metric, DOWNLOADS);
}
