#include <criterion/criterion.h>

#include "schedule.h"

Test(schedule, reads_the_waits_of_the_reference)
{
    static const int64_t expected[] = { 30000, 120000, 600000, 3600000, 21600000 };
    schedule s;
    ts_error err;

    cr_assert_eq(schedule_parse(TS_STR_LIT("30s, 2m,10m,1h,6h"), &s, &err), TS_OK);
    cr_assert_eq(s.steps, 5);
    for (unsigned i = 0; i < 5; i++)
        cr_expect_eq(s.step_ms[i], expected[i]);
}

Test(schedule, refuses_nonsense)
{
    static const char *const wrong[] = { "",
                                         "30",
                                         "s",
                                         "0s",
                                         "-1s",
                                         "30s,",
                                         "30s,,1m",
                                         "1d",
                                         "8h6",
                                         "1.5s",
                                         "169h",
                                         "30 s",
                                         "1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s" };
    schedule s;

    for (size_t i = 0; i < TS_COUNT(wrong); i++) {
        ts_error err = { "", "" };

        cr_expect_eq(schedule_parse(ts_str_of(wrong[i]), &s, &err), TS_INVALID, "%s", wrong[i]);
        cr_expect(err.text[0] != '\0');
    }
    cr_expect_eq(schedule_parse(TS_STR_LIT("168h"), &s, NULL), TS_OK, "seven days are the limit");
}

Test(schedule, is_never_early_and_at_most_a_tenth_late)
{
    schedule s;
    int64_t wait_ms = 0;

    cr_assert_eq(schedule_parse(TS_STR_LIT("30s,2m"), &s, NULL), TS_OK);
    for (uint32_t random = 0; random < 5000; random += 7) {
        cr_assert(schedule_next(&s, 1, random, &wait_ms));
        cr_expect_geq(wait_ms, 30000);
        cr_expect_leq(wait_ms, 33000);
        cr_assert(schedule_next(&s, 2, random, &wait_ms));
        cr_expect_geq(wait_ms, 120000);
        cr_expect_leq(wait_ms, 132000);
    }
}

Test(schedule, ends_after_its_last_step)
{
    schedule s;
    int64_t wait_ms = 0;

    cr_assert_eq(schedule_parse(TS_STR_LIT("30s,2m"), &s, NULL), TS_OK);
    cr_expect_not(schedule_next(&s, 0, 0, &wait_ms));
    cr_expect(schedule_next(&s, 2, 0, &wait_ms));
    cr_expect_not(schedule_next(&s, 3, 0, &wait_ms));
}
