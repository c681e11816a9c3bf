#include "agent/breaker.h"

#include <criterion/criterion.h>

Test(breaker, opens_after_failures_in_a_row_and_lets_one_at_a_time_try)
{
    breaker b = { .limit = 3, .pause_ms = 1000 };

    for (int i = 0; i < 2; i++) {
        cr_expect(breaker_admits(&b, 0));
        cr_expect_not(breaker_told(&b, false, 0));
    }
    cr_expect(breaker_admits(&b, 0));
    cr_expect(breaker_told(&b, false, 50), "it opens");
    cr_expect_not(breaker_admits(&b, 1049));
    cr_expect(breaker_admits(&b, 1050));
    cr_expect_not(breaker_admits(&b, 1050), "one at a time");
    cr_expect_not(breaker_told(&b, false, 1100), "still open");
    cr_expect_not(breaker_admits(&b, 2099));
    cr_expect(breaker_admits(&b, 2100));
    cr_expect(breaker_told(&b, true, 2150), "it closes");
    cr_expect(breaker_admits(&b, 2150));
    cr_expect(breaker_admits(&b, 2150));
}

Test(breaker, an_answer_forgets_the_failures_before_it)
{
    breaker b = { .limit = 2, .pause_ms = 1000 };

    for (int i = 0; i < 10; i++) {
        cr_expect(breaker_admits(&b, i));
        cr_expect_not(breaker_told(&b, i % 2 != 0, i));
    }
}
