#include "detect/behavior/baseline.h"

#include <criterion/criterion.h>
#include <math.h>

#include "ts/time.h"

#define DAY       20000 /* 2024-10-04, a Friday */
#define DOWNLOADS 4
#define SIGN_INS  0
#define NETWORKS  2
#define ODD_HOURS 10
#define NOON      (12 * TS_HOUR_MS)
#define DOWNLOAD  (1u << DOWNLOADS)
#define SIGN_IN   (1u << SIGN_INS | 1u << NETWORKS)
#define LIMITS                                                                                     \
    {                                                                                              \
        .z_min = 3.5, .learning_days = 10, .keep_days = 30, .anomalies_max = 32                    \
    }

static baseline b;
static baseline_limits limits = LIMITS;

static void fresh(void)
{
    limits = (baseline_limits)LIMITS;
    memset(&b, 0, sizeof(b));
}
TestSuite(baseline, .init = fresh);

static int64_t at(uint32_t day, int64_t ms)
{
    return (int64_t)day * TS_DAY_MS + ms;
}

/* `count` acts on a day at noon; the clock stands at the end of the day or of a later one. */
static void act_by(uint32_t day, uint32_t metrics, unsigned count, uint32_t clock_day)
{
    behavior_act act = { .metrics = metrics, .is_own = true, .is_at_work = true, .network = 7 };

    for (unsigned i = 0; i < count; i++)
        (void)baseline_take(&b, &act, at(day, NOON + i), at(clock_day, TS_DAY_MS - 1), &limits);
}

static void act(uint32_t day, uint32_t metrics, unsigned count)
{
    act_by(day, metrics, count, day);
}

static void judge(uint32_t day)
{
    baseline_judge(&b, at(day, TS_DAY_MS - 1), &limits);
}

/* `days` days before DAY with 3 downloads each. */
static void learn(uint32_t days)
{
    for (uint32_t i = days; i > 0; i--)
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

    b.counts[DOWNLOADS][DAY % BASELINE_RING] = UINT32_MAX;
    b.last_day = DAY;
    act(DAY, DOWNLOAD, 1);
    cr_assert_eq(b.counts[DOWNLOADS][DAY % BASELINE_RING], UINT32_MAX);
}

Test(baseline, a_burst_is_told_once_and_grows_with_its_day)
{
    int64_t detected_ms;

    learn(20);
    act(DAY, DOWNLOAD, 25);
    judge(DAY);
    cr_assert_eq(b.anomaly_count, 1);
    cr_assert_eq(b.anomalies[0].metric, DOWNLOADS);
    cr_assert_eq(b.anomalies[0].day, DAY);
    cr_assert_eq(b.anomalies[0].observed, 25);
    cr_assert_eq(b.anomalies[0].days, 20);
    cr_assert_float_eq(b.anomalies[0].expected, 3.0, 1e-9);
    cr_assert_float_eq(b.anomalies[0].z, 12.7, 1e-9); /* 22 / sqrt(3) */
    detected_ms = b.anomalies[0].detected_ms;
    cr_assert_eq(detected_ms, at(DAY, NOON + 24));

    act(DAY, DOWNLOAD, 47);
    judge(DAY);
    cr_assert_eq(b.anomaly_count, 1);
    cr_assert_eq(b.anomalies[0].observed, 72);
    cr_assert_float_eq(b.anomalies[0].z, 39.84, 1e-9); /* 69 / sqrt(3) */
    cr_assert_eq(b.anomalies[0].detected_ms, detected_ms);
}

Test(baseline, the_floor_and_the_threshold_have_two_sides)
{
    learn(20);
    act(DAY, DOWNLOAD, 19); /* z = 9.24, but under the floor of 20 */
    judge(DAY);
    cr_assert_eq(b.anomaly_count, 0);
    act(DAY, DOWNLOAD, 1);
    judge(DAY);
    cr_assert_eq(b.anomaly_count, 1);

    fresh();
    limits.z_min = 12.71;
    learn(20);
    act(DAY, DOWNLOAD, 25); /* 12.70 */
    judge(DAY);
    cr_assert_eq(b.anomaly_count, 0);
    limits.z_min = 12.7;
    act(DAY, 0, 1); /* nothing changed: nothing is judged again */
    judge(DAY);
    cr_assert_eq(b.anomaly_count, 0);
    act(DAY, SIGN_IN, 1);
    judge(DAY);
    cr_assert_eq(b.anomaly_count, 1);
}

Test(baseline, nothing_is_said_before_the_learning_days)
{
    learn(9);
    act(DAY, DOWNLOAD, 500);
    judge(DAY);
    cr_assert_eq(b.anomaly_count, 0);
    fresh();
    learn(10);
    act(DAY, DOWNLOAD, 500);
    judge(DAY);
    cr_assert_eq(b.anomaly_count, 1);
    cr_assert_float_eq(b.anomalies[0].z, 100.0, 1e-9);
}

Test(baseline, days_without_activity_say_nothing)
{
    /* Ten days of work within the 28, three weeks of leave before today. */
    for (uint32_t i = 0; i < 10; i++)
        act(DAY - 28 + i, DOWNLOAD, 18);
    act(DAY, DOWNLOAD, 30);
    judge(DAY);
    cr_assert_eq(b.anomaly_count, 0); /* z = 2.83: not the 30 that zeros would give */
    /* A day further back is out of reach: nine are too few. */
    act(DAY + 1, DOWNLOAD, 300);
    judge(DAY + 1);
    cr_assert_eq(b.anomaly_count, 1, "today is a day of activity too");
    cr_assert_eq(b.anomalies[0].days, 10);
    fresh();
    for (uint32_t i = 0; i < 10; i++)
        act(DAY - 29 + i, DOWNLOAD, 18);
    act(DAY, DOWNLOAD, 300);
    judge(DAY);
    cr_assert_eq(b.anomaly_count, 0);
}

Test(baseline, a_long_gap_empties_the_ring)
{
    learn(28);
    act(DAY + 5000, DOWNLOAD, 300);
    judge(DAY + 5000);
    cr_assert_eq(b.anomaly_count, 0);
    cr_assert_eq(b.active, 1u << (DAY + 5000) % BASELINE_RING);
    cr_assert_eq(b.counts[DOWNLOADS][(DAY + 4999) % BASELINE_RING], 0);
}

Test(baseline, the_order_of_days_does_not_matter_within_the_lateness)
{
    static const uint32_t orders[][4] = { { 0, 1, 2, 3 }, { 3, 2, 1, 0 }, { 1, 3, 0, 2 } };
    static const unsigned counts[] = { 90, 3, 40, 3 };
    baseline first = { 0 };

    for (size_t o = 0; o < TS_COUNT(orders); o++) {
        fresh();
        learn(20);
        for (unsigned i = 0; i < 4; i++)
            act_by(DAY + orders[o][i], DOWNLOAD, counts[orders[o][i]], DAY + 3);
        judge(DAY + 3);
        cr_assert_eq(b.anomaly_count, 2);
        cr_assert_eq(b.anomalies[0].day, DAY + 2);
        cr_assert_eq(b.anomalies[1].day, DAY);
        if (o == 0)
            first = b;
        for (size_t i = 0; i < 2; i++) {
            cr_assert_eq(b.anomalies[i].observed, first.anomalies[i].observed);
            cr_assert_eq(b.anomalies[i].days, first.anomalies[i].days);
            cr_assert_float_eq(b.anomalies[i].z, first.anomalies[i].z, 1e-9);
        }
        cr_assert_eq(memcmp(b.counts, first.counts, sizeof(b.counts)), 0);
    }
}

Test(baseline, late_events_may_withdraw_what_they_explain)
{
    for (uint32_t i = 20; i > 0; i--)
        act(DAY - i, DOWNLOAD, i > 3 ? 10 : 0);
    act(DAY, DOWNLOAD, 30);
    judge(DAY);
    cr_assert_eq(b.anomaly_count, 1);
    /* Five days of the history turn out to have been as busy. */
    for (uint32_t i = 8; i > 3; i--)
        act_by(DAY - i, DOWNLOAD, 20, DAY);
    judge(DAY);
    cr_assert_eq(b.anomaly_count, 0);
}

Test(baseline, days_that_came_too_late_are_history_only)
{
    learn(20);
    act(DAY, DOWNLOAD, 3);
    act_by(DAY - 4, DOWNLOAD, 200, DAY); /* not judged any more */
    act_by(DAY - 3, DOWNLOAD, 200, DAY);
    judge(DAY);
    cr_assert_eq(b.anomaly_count, 1);
    cr_assert_eq(b.anomalies[0].day, DAY - 3);
    cr_assert_eq(b.anomalies[0].detected_ms, at(DAY - 3, TS_DAY_MS - 1), "within its day");
    cr_assert_eq(b.counts[DOWNLOADS][(DAY - 4) % BASELINE_RING], 203);
    /* Out of the ring. */
    act_by(DAY - 31, DOWNLOAD, 1, DAY);
    cr_assert_eq(b.counts[DOWNLOADS][(DAY - 31) % BASELINE_RING], 1);
    act_by(DAY - 32, DOWNLOAD, 9, DAY);
    cr_assert_eq(b.counts[DOWNLOADS][DAY % BASELINE_RING], 3);
}

Test(baseline, days_that_pass_within_one_post_are_all_judged)
{
    learn(20);
    act(DAY, DOWNLOAD, 50);
    for (uint32_t i = 1; i <= 9; i++)
        act(DAY + i, DOWNLOAD, 3);
    judge(DAY + 9);
    cr_assert_eq(b.anomaly_count, 1);
    cr_assert_eq(b.anomalies[0].day, DAY);
}

Test(baseline, a_clock_that_was_far_ahead_is_got_over)
{
    learn(20);
    act(DAY + 400, DOWNLOAD, 1); /* under a clock that is a year ahead */
    act_by(DAY + 1, DOWNLOAD, 1, DAY + 1);
    cr_assert_eq(b.last_day, DAY + 1, "learning starts anew");
    /* A little ahead: what comes in meanwhile is late. */
    fresh();
    learn(20);
    act(DAY + 10, DOWNLOAD, 1);
    act_by(DAY, DOWNLOAD, 5, DAY);
    cr_assert_eq(b.last_day, DAY + 10);
    cr_assert_eq(b.counts[DOWNLOADS][DAY % BASELINE_RING], 5);
}

Test(baseline, times_before_the_epoch_are_nothing)
{
    behavior_act act_once = { .metrics = DOWNLOAD, .is_own = true };

    cr_assert_not(baseline_take(&b, &act_once, -1, at(DAY, 0), &limits));
    cr_assert_eq(b.last_day, 0);
}

Test(baseline, networks_of_a_day_count_once_each)
{
    behavior_act sign_in = { .metrics = SIGN_IN, .is_own = true };

    for (uint32_t i = 0; i < 100; i++) {
        sign_in.network = 1 + i % 40;
        (void)baseline_take(&b, &sign_in, at(DAY, i), at(DAY, TS_DAY_MS), &limits);
    }
    /* 32 are known at a time: of the 40 some made room and came again. */
    cr_assert_eq(b.network_count, BASELINE_NETWORKS_MAX);
    cr_assert_geq(b.counts[NETWORKS][DAY % BASELINE_RING], 40);
    cr_assert_eq(b.counts[SIGN_INS][DAY % BASELINE_RING], 100);
    fresh();
    for (uint32_t i = 0; i < 100; i++) {
        sign_in.network = 1 + i % 32;
        (void)baseline_take(&b, &sign_in, at(DAY, i), at(DAY, TS_DAY_MS), &limits);
    }
    cr_assert_eq(b.counts[NETWORKS][DAY % BASELINE_RING], 32);
    sign_in.network = 0; /* no address */
    (void)baseline_take(&b, &sign_in, at(DAY, 0), at(DAY, TS_DAY_MS), &limits);
    cr_assert_eq(b.counts[NETWORKS][DAY % BASELINE_RING], 32);
    sign_in.network = 5;
    (void)baseline_take(&b, &sign_in, at(DAY + 1, 0), at(DAY + 1, TS_DAY_MS), &limits);
    cr_assert_eq(b.counts[NETWORKS][(DAY + 1) % BASELINE_RING], 1, "each day anew");
    /* The one that was seen last stays when room is needed. */
    sign_in.network = 99;
    (void)baseline_take(&b, &sign_in, at(DAY + 1, 0), at(DAY + 1, TS_DAY_MS), &limits);
    sign_in.network = 5;
    (void)baseline_take(&b, &sign_in, at(DAY + 1, 1), at(DAY + 1, TS_DAY_MS), &limits);
    cr_assert_eq(b.counts[NETWORKS][(DAY + 1) % BASELINE_RING], 2);
}

static void work_hours(uint32_t day, unsigned first, unsigned last)
{
    behavior_act act_once = { .is_own = true, .is_at_work = true };

    for (unsigned h = first; h <= last; h++)
        (void)baseline_take(&b, &act_once, at(day, h * TS_HOUR_MS), at(day, TS_DAY_MS), &limits);
}

Test(baseline, hours_are_unusual_if_no_other_day_knows_them)
{
    for (uint32_t i = 20; i > 0; i--)
        work_hours(DAY - i, 8, 16);
    work_hours(DAY, 9, 17); /* the clocks have changed */
    judge(DAY);
    cr_assert_eq(b.anomaly_count, 0);
    work_hours(DAY, 0, 2);
    judge(DAY);
    cr_assert_eq(b.anomaly_count, 0, "three hours are 3 deviations");
    work_hours(DAY, 3, 3);
    judge(DAY);
    cr_assert_eq(b.anomaly_count, 1);
    cr_assert_eq(b.anomalies[0].metric, ODD_HOURS);
    cr_assert_eq(b.anomalies[0].observed, 4);
    cr_assert_float_eq(b.anomalies[0].expected, 0.0, 1e-9);
    /* Who has worked at night twice in 20 days may do it again. */
    fresh();
    for (uint32_t i = 20; i > 0; i--)
        work_hours(DAY - i, i % 10 == 0 ? 0 : 8, 16);
    work_hours(DAY, 0, 16);
    judge(DAY);
    cr_assert_eq(b.anomaly_count, 0);
}

Test(baseline, anomalies_are_bounded_and_leave_with_time)
{
    limits.anomalies_max = 2;
    learn(20);
    for (uint32_t i = 0; i < 3; i++)
        act(DAY + i * 3, DOWNLOAD, 100 + i);
    judge(DAY + 6);
    cr_assert_eq(b.anomaly_count, 2);
    cr_assert_eq(b.anomalies[0].day, DAY + 6);
    cr_assert_eq(b.anomalies[1].day, DAY + 3);
    /* An older one than those has no place. */
    act_by(DAY + 4, SIGN_IN, 200, DAY + 6);
    act_by(DAY + 3, SIGN_IN, 200, DAY + 6);
    judge(DAY + 6);
    cr_assert_eq(b.anomaly_count, 2);
    cr_assert_eq(b.anomalies[1].day, DAY + 4);
    cr_assert_eq(b.anomalies[1].metric, SIGN_INS);

    limits.keep_days = 5;
    act(DAY + 9, DOWNLOAD, 1);
    judge(DAY + 9);
    cr_assert_eq(b.anomaly_count, 1);
    cr_assert(baseline_shows(DAY + 5, at(DAY + 9, 0), &limits));
    cr_assert_not(baseline_shows(DAY + 4, at(DAY + 9, 0), &limits));
    limits.anomalies_max = 0;
    act(DAY + 9, DOWNLOAD, 500);
    judge(DAY + 9);
    cr_assert_eq(b.anomaly_count, 0);
}

Test(baseline, a_row_is_over_when_no_day_and_no_anomaly_is_of_use)
{
    cr_assert_not(baseline_is_over(DAY, at(DAY + 31, 0), 30));
    cr_assert(baseline_is_over(DAY, at(DAY + 32, 0), 30));
    cr_assert_not(baseline_is_over(DAY, at(DAY + 89, 0), 90));
    cr_assert(baseline_is_over(DAY, at(DAY + 90, 0), 90));
}
