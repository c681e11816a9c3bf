#include <criterion/criterion.h>

#include "ready.h"

static ready_endpoint endpoint(int64_t due_ms)
{
    return (ready_endpoint){ .next_due_ms = due_ms };
}

Test(ready, those_that_are_due_take_turns)
{
    ready r = { .parallel = 8 };
    ready_endpoint a = endpoint(0), b = endpoint(0), c = endpoint(0);
    ready_endpoint *order[6];

    cr_assert_eq(ready_place(&r, &a, 10), TS_OK);
    cr_assert_eq(ready_place(&r, &b, 10), TS_OK);
    cr_assert_eq(ready_place(&r, &c, 10), TS_OK);
    for (size_t i = 0; i < 6; i++) {
        order[i] = ready_next(&r, 10);
        cr_assert_eq(ready_place(&r, order[i], 10), TS_OK);
    }
    cr_expect_eq(order[0], &a);
    cr_expect_eq(order[1], &b);
    cr_expect_eq(order[2], &c);
    cr_expect_eq(order[3], &a);
    cr_expect_eq(order[4], &b);
    cr_expect_eq(order[5], &c);
    ready_done(&r);
}

Test(ready, nobody_is_served_early)
{
    ready r = { .parallel = 8 };
    ready_endpoint a = endpoint(100), b = endpoint(50);

    cr_assert_eq(ready_place(&r, &a, 10), TS_OK);
    cr_assert_eq(ready_place(&r, &b, 10), TS_OK);
    cr_expect_null(ready_next(&r, 49));
    cr_expect_eq(ready_next_due(&r), 50);
    cr_expect_eq(ready_next(&r, 50), &b);
    cr_expect_eq(ready_next_due(&r), 100);
    ready_done(&r);
}

Test(ready, an_endpoint_at_its_cap_waits_for_an_answer)
{
    ready r = { .parallel = 1 };
    ready_endpoint a = endpoint(0);

    cr_assert_eq(ready_place(&r, &a, 10), TS_OK);
    cr_assert_eq(ready_next(&r, 10), &a);
    a.in_flight = 1;
    cr_assert_eq(ready_place(&r, &a, 10), TS_OK);
    cr_expect_null(ready_next(&r, 10));
    a.in_flight = 0;
    cr_assert_eq(ready_place(&r, &a, 10), TS_OK);
    cr_expect_eq(ready_next(&r, 10), &a);
    ready_done(&r);
}

Test(ready, one_that_is_gone_is_never_served)
{
    ready r = { .parallel = 1 };
    ready_endpoint a = endpoint(0);

    cr_assert_eq(ready_place(&r, &a, 10), TS_OK);
    a.is_gone = true;
    cr_assert_eq(ready_place(&r, &a, 10), TS_OK);
    cr_expect_null(ready_next(&r, 10));
    ready_done(&r);
}

/* Against a plain list, with places changing all the time. */
Test(ready, the_heap_keeps_its_order)
{
    enum { COUNT = 200 };
    ready r = { .parallel = 8 };
    static ready_endpoint list[COUNT];
    uint64_t seed = 42;
    int64_t last_ms = 0;

    for (unsigned round = 0; round < 20000; round++) {
        ready_endpoint *e;

        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
        e = &list[(seed >> 33) % COUNT];
        e->next_due_ms = 1000 + (int64_t)((seed >> 40) % 100000);
        cr_assert_eq(ready_place(&r, e, 0), TS_OK);
    }
    for (;;) {
        int64_t due_ms = ready_next_due(&r);
        ready_endpoint *e;

        if (due_ms == READY_NEVER)
            break;
        cr_assert_geq(due_ms, last_ms);
        last_ms = due_ms;
        e = ready_next(&r, due_ms);
        cr_assert_not_null(e);
        cr_assert_eq(e->next_due_ms, due_ms);
        e->next_due_ms = READY_NEVER;
        cr_assert_eq(ready_place(&r, e, due_ms), TS_OK);
    }
    for (size_t i = 0; i < COUNT; i++)
        cr_expect_eq(list[i].heap_at, 0);
    ready_done(&r);
}
