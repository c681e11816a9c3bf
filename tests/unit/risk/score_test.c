/* Scores against figures worked out by hand from API.md section 4. */
#include <criterion/criterion.h>
#include <math.h>

#include "score/score.h"

#define NOW  INT64_C(1800000000000)
#define HOUR INT64_C(3600000)
#define DAY  (24 * HOUR)

static char *access_tactic[] = { (char *)(uintptr_t) "TA0001" };
static char *credential_tactic[] = { (char *)(uintptr_t) "TA0006" };
static char *exfiltration_tactic[] = { (char *)(uintptr_t) "TA0010" };

static score_firing firing(const char *rule, uint32_t severity, int64_t age_ms)
{
    return (score_firing){ .rule_id = ts_str_of(rule),
                           .dedup_key = TS_STR_LIT("u"),
                           .severity = severity,
                           .weight = score_weight_of(severity),
                           .at_ms = NOW - age_ms,
                           .tactics = access_tactic,
                           .tactic_count = 1 };
}

Test(score, nothing_gives_zero)
{
    cr_assert_eq(score_compute(NULL, 0, SCORE_PERSON, NOW), 0);
    cr_assert_eq(score_next_change(NULL, 0, SCORE_PERSON, NOW), 0);
}

Test(score, one_fresh_firing_scores_its_weight_for_a_person)
{
    static const uint32_t expected[] = { 0, 10, 25, 50, 75 };

    for (uint32_t severity = 0; severity < 5; severity++) {
        score_firing f = firing("r", severity, 0);

        cr_assert_eq(score_compute(&f, 1, SCORE_PERSON, NOW), expected[severity], "severity %u",
                     severity);
    }
}

Test(score, the_combinations_of_the_design_come_out_as_published)
{
    score_firing critical_medium[] = { firing("a", 4, 0), firing("b", 2, 0) };
    score_firing critical_high[] = { firing("a", 4, 0), firing("b", 3, 0) };
    score_firing two_critical[] = { firing("a", 4, 0), firing("b", 4, 0) };
    score_firing high_two_medium[] = { firing("a", 3, 0), firing("b", 2, 0), firing("c", 2, 0) };

    cr_assert_eq(score_compute(critical_medium, 2, SCORE_PERSON, NOW), 81); /* 81.25 */
    cr_assert_eq(score_compute(critical_high, 2, SCORE_PERSON, NOW), 88);   /* 87.5 */
    cr_assert_eq(score_compute(two_critical, 2, SCORE_PERSON, NOW), 94);    /* 93.75 */
    cr_assert_eq(score_compute(high_two_medium, 3, SCORE_PERSON, NOW), 72); /* 71.875 */
}

Test(score, a_repeated_rule_is_damped)
{
    score_firing f[20];

    for (size_t i = 0; i < 20; i++)
        f[i] = firing("same", 3, 0);
    cr_assert_eq(score_compute(f, 20, SCORE_PERSON, NOW), 73); /* 72.9 in the design's table */
}

Test(score, only_the_newest_32_of_a_rule_count)
{
    score_firing f[40];
    size_t counting = 0;

    for (size_t i = 0; i < 40; i++)
        f[i] = firing("same", 3, (int64_t)i * 1000);
    (void)score_compute(f, 40, SCORE_PERSON, NOW);
    for (size_t i = 0; i < 40; i++)
        counting += f[i].points > 0.0;
    cr_assert_eq(counting, 32);
}

Test(score, another_dedup_key_is_not_a_repeat)
{
    score_firing f[] = { firing("same", 3, 0), firing("same", 3, 0) };

    f[1].dedup_key = TS_STR_LIT("other");
    cr_assert_eq(score_compute(f, 2, SCORE_PERSON, NOW), 75); /* 1 - 0.5 * 0.5 */
}

Test(score, a_firing_halves_in_72_hours_and_ends_after_7_days)
{
    score_firing half = firing("r", 3, 72 * HOUR);
    score_firing last = firing("r", 3, 7 * DAY - 1);
    score_firing gone = firing("r", 3, 7 * DAY);

    cr_assert_eq(score_compute(&half, 1, SCORE_PERSON, NOW), 25);
    cr_assert_eq(score_compute(&last, 1, SCORE_PERSON, NOW), 10); /* 50 * 2^(-7/3) = 9.9 */
    cr_assert_eq(score_compute(&gone, 1, SCORE_PERSON, NOW), 0);
}

Test(score, an_event_from_the_future_has_no_negative_age)
{
    score_firing f = firing("r", 3, -HOUR);

    cr_assert_eq(score_compute(&f, 1, SCORE_PERSON, NOW), 50);
}

Test(score, criticality_multiplies_the_odds)
{
    score_firing f = firing("r", 3, 0); /* odds 1 */

    cr_assert_eq(score_compute(&f, 1, SCORE_SERVICE, NOW), 33);
    cr_assert_eq(score_compute(&f, 1, SCORE_ADMIN, NOW), 60);
    cr_assert_eq(score_compute(&f, 1, SCORE_SUPER_ADMIN, NOW), 67);
}

Test(score, three_tactics_multiply_the_odds_and_two_do_not)
{
    score_firing f[] = { firing("a", 2, 0), firing("b", 2, 0), firing("c", 2, 0) };

    f[1].tactics = credential_tactic;
    cr_assert_eq(score_compute(f, 3, SCORE_PERSON, NOW), 58); /* 57.8 */
    f[0].tactics = access_tactic;
    f[1].tactics = credential_tactic;
    f[2].tactics = exfiltration_tactic;
    cr_assert_eq(score_compute(f, 3, SCORE_PERSON, NOW), 63); /* odds 1.3704 * 1.25 */
}

Test(score, piles_of_small_things_stop_at_their_ceilings)
{
    char names[40][4];
    score_firing low[40];
    score_firing medium[40];

    for (int i = 0; i < 40; i++) {
        snprintf(names[i], sizeof(names[i]), "%d", i);
        low[i] = firing(names[i], 1, 0);
        medium[i] = firing(names[i], 2, 0);
    }
    cr_assert_eq(score_compute(low, 40, SCORE_PERSON, NOW), 69);
    cr_assert_eq(score_compute(medium, 40, SCORE_PERSON, NOW), 89);
}

Test(score, dispositions_leave_or_halve)
{
    score_firing f[] = { firing("a", 3, 0), firing("b", 3, 0) };

    f[1].disposition = SCORE_FALSE_POSITIVE;
    cr_assert_eq(score_compute(f, 2, SCORE_PERSON, NOW), 50);
    f[0] = firing("a", 3, 0);
    f[1] = firing("b", 3, 0);
    f[1].disposition = SCORE_RESOLVED;
    cr_assert_eq(score_compute(f, 2, SCORE_PERSON, NOW), 63); /* 1 - 0.5 * 0.75 = 62.5 */
}

Test(score, points_add_up_to_the_score)
{
    score_firing f[] = { firing("a", 4, HOUR), firing("b", 2, 30 * HOUR), firing("b", 2, 31 * HOUR),
                         firing("c", 1, 0) };
    uint32_t score = score_compute(f, 4, SCORE_ADMIN, NOW);
    double sum = 0.0;

    for (size_t i = 0; i < 4; i++) {
        cr_assert_gt(f[i].points, 0.0);
        sum += f[i].points;
    }
    cr_assert_lt(fabs(sum - (double)score), 1e-9);
}

Test(score, the_order_of_firings_does_not_matter)
{
    score_firing a[] = { firing("a", 4, HOUR), firing("b", 2, 2 * HOUR), firing("b", 2, 0) };
    score_firing b[] = { firing("b", 2, 0), firing("b", 2, 2 * HOUR), firing("a", 4, HOUR) };

    cr_assert_eq(score_compute(a, 3, SCORE_PERSON, NOW), score_compute(b, 3, SCORE_PERSON, NOW));
}

Test(score, the_next_change_is_the_first_moment_with_another_score)
{
    score_firing f[] = { firing("a", 4, 0), firing("b", 2, HOUR) };
    uint32_t score = score_compute(f, 2, SCORE_PERSON, NOW);
    int64_t next_ms = score_next_change(f, 2, SCORE_PERSON, NOW);

    cr_assert_gt(next_ms, NOW);
    cr_assert_eq(score_compute(f, 2, SCORE_PERSON, next_ms - 1), score);
    cr_assert_neq(score_compute(f, 2, SCORE_PERSON, next_ms), score);
}

Test(score, a_lone_firing_changes_down_to_zero_and_then_never_again)
{
    score_firing f = firing("a", 1, 0);
    int64_t at_ms = NOW;
    int changes = 0;

    for (;;) {
        int64_t next_ms = score_next_change(&f, 1, SCORE_PERSON, at_ms);

        if (next_ms == 0)
            break;
        cr_assert_gt(next_ms, at_ms);
        at_ms = next_ms;
        cr_assert_lt(++changes, 200);
    }
    cr_assert_eq(score_compute(&f, 1, SCORE_PERSON, at_ms), 0);
    cr_assert_eq(at_ms, NOW + 7 * DAY);
}
