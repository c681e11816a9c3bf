#include <criterion/criterion.h>

#include "period.h"
#include "ts/time.h"

/* 2025-01-15T10:30:00Z is day 20103. */
#define NOW INT64_C(1736937000000)

Test(period, one_day_is_today_from_midnight)
{
    period p = period_of(NOW, 1);

    cr_assert_eq(p.first_day, 20103);
    cr_assert_eq(p.last_day, 20103);
    cr_assert_eq(p.previous_first_day, 20102);
    cr_assert_eq(p.from_ms, INT64_C(1736899200000));
    cr_assert_eq(p.to_ms, NOW);
}

Test(period, ninety_days_have_ninety_before_them)
{
    period p = period_of(NOW, 90);

    cr_assert_eq(p.first_day, 20014);
    cr_assert_eq(p.last_day, 20103);
    cr_assert_eq(p.previous_first_day, 19924);
}

Test(period, the_last_millisecond_of_a_day_belongs_to_it)
{
    cr_assert_eq(period_of(INT64_C(1736899200000) - 1, 1).last_day, 20102);
    cr_assert_eq(period_of(INT64_C(1736899200000), 1).last_day, 20103);
}

Test(period, days_are_written_as_dates)
{
    char text[16];

    period_day_text(20103, text);
    cr_assert_str_eq(text, "2025-01-15");
    period_day_text(0, text);
    cr_assert_str_eq(text, "1970-01-01");
}
