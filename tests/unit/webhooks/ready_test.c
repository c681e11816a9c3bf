#include <criterion/criterion.h>

#include "ready.h"

/* One that has answered fast. */
static ready_endpoint endpoint(int64_t due_ms)
{
    return (ready_endpoint){ .next_due_ms = due_ms, .lane = READY_FAST, .cap = 8 };
}

/* Serves the next one; NULL if there is none. */
static ready_endpoint *serve(ready *r, int64_t now_ms)
{
    ready_endpoint *e = ready_next(r, now_ms);

    if (e != NULL) {
        ready_serve(r, e, now_ms);
        cr_assert_eq(ready_place(r, e, now_ms), TS_OK);
    }
    return e;
}

static void finish(ready *r, ready_endpoint *e, bool success, bool timed_out, int64_t took_us)
{
    ready_release(r, e);
    ready_learn(r, e, success, timed_out, took_us);
    cr_assert_eq(ready_place(r, e, 10), TS_OK);
}

Test(ready, those_that_are_due_take_turns)
{
    ready r = { .parallel = 8 };
    ready_endpoint a = endpoint(0), b = endpoint(0), c = endpoint(0);
    ready_endpoint *order[6];

    cr_assert_eq(ready_place(&r, &a, 10), TS_OK);
    cr_assert_eq(ready_place(&r, &b, 10), TS_OK);
    cr_assert_eq(ready_place(&r, &c, 10), TS_OK);
    for (size_t i = 0; i < 6; i++)
        order[i] = serve(&r, 10);
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
    cr_assert_eq(serve(&r, 10), &a);
    cr_expect_null(ready_next(&r, 10));
    finish(&r, &a, true, false, 1000);
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
    ready r = { .parallel = 8, .slots = 64 };
    static ready_endpoint list[COUNT];
    uint64_t seed = 42;
    int64_t last_ms = 0;

    for (unsigned round = 0; round < 20000; round++) {
        ready_endpoint *e;

        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
        e = &list[(seed >> 33) % COUNT];
        e->next_due_ms = 1000 + (int64_t)((seed >> 40) % 100000);
        e->cap = 8;
        ready_remove(e); /* its key has changed */
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
        cr_assert_leq(e->next_due_ms, due_ms);
        e->next_due_ms = READY_NEVER;
        cr_assert_eq(ready_place(&r, e, due_ms), TS_OK);
    }
    for (size_t i = 0; i < COUNT; i++)
        cr_expect_null(list[i].heap);
    ready_done(&r);
}

Test(ready, slow_ones_hold_a_quarter_of_the_slots_and_fast_ones_go_on)
{
    enum { COUNT = 30 };
    ready r = { .parallel = 8, .slots = 64 };
    static ready_endpoint slow[COUNT];
    ready_endpoint fast = endpoint(0);
    unsigned slow_served = 0, fast_served = 0;

    for (size_t i = 0; i < COUNT; i++) {
        slow[i] = (ready_endpoint){ 0 };
        ready_begin(&slow[i], true);
        slow[i].next_due_ms = 0;
        cr_assert_eq(ready_place(&r, &slow[i], 10), TS_OK);
    }
    cr_assert_eq(ready_place(&r, &fast, 10), TS_OK);
    for (ready_endpoint *e; (e = serve(&r, 10)) != NULL;)
        *(e == &fast ? &fast_served : &slow_served) += 1;
    cr_expect_eq(slow_served, 16);
    cr_expect_eq(fast_served, 8);
    ready_done(&r);
}

Test(ready, nothing_is_known_of_a_new_one_so_it_waits_among_its_like)
{
    enum { COUNT = 30 };
    ready r = { .parallel = 8, .slots = 64 };
    static ready_endpoint fresh[COUNT];
    unsigned served = 0;

    for (size_t i = 0; i < COUNT; i++) {
        fresh[i] = (ready_endpoint){ 0 };
        ready_begin(&fresh[i], false);
        fresh[i].next_due_ms = 0;
        cr_assert_eq(ready_place(&r, &fresh[i], 10), TS_OK);
    }
    while (serve(&r, 10) != NULL)
        served++;
    cr_expect_eq(served, 16);
    for (size_t i = 0; i < COUNT; i++) {
        if (fresh[i].in_flight > 0)
            finish(&r, &fresh[i], true, false, 1000);
    }
    cr_expect_eq(r.in_flight[READY_FRESH], 0);
    while (serve(&r, 10) != NULL)
        served++;
    cr_expect_gt(served, 40); /* who has answered is served beyond the pool */
    ready_done(&r);
}

Test(ready, slot_time_is_shared_not_turns)
{
    ready r = { .parallel = 1000000, .slots = 64 };
    ready_endpoint quick = endpoint(0), tardy = endpoint(0);
    unsigned quick_served = 0, tardy_served = 0;

    quick.cap = tardy.cap = 1000000;
    quick.average_us = 10000;
    tardy.average_us = 100000;
    cr_assert_eq(ready_place(&r, &quick, 10), TS_OK);
    cr_assert_eq(ready_place(&r, &tardy, 10), TS_OK);
    for (unsigned i = 0; i < 1100; i++)
        *(serve(&r, 10) == &quick ? &quick_served : &tardy_served) += 1;
    cr_expect_geq(quick_served, 990);
    cr_expect_leq(quick_served, 1010);
    cr_expect_geq(tardy_served, 90);
    ready_done(&r);
}

/* 99 healthy endpoints that have something now and then, and one that always has, with as many slots as its cap allows. Counted
 * is the order of service, not time: how many of the noisy one's go before a healthy one that is due and waits for nothing
 * but its turn. */
Test(ready, a_noisy_endpoint_goes_before_a_waiting_one_twice_at_most)
{
    enum { COUNT = 99, SLOTS = 16, STEPS = 20000 };
    ready r = { .parallel = 8, .slots = SLOTS };
    static ready_endpoint healthy[COUNT];
    static unsigned waited[COUNT]; /* the noisy one's turns since it was due */
    ready_endpoint noisy = endpoint(0);
    ready_endpoint *busy[SLOTS];
    unsigned under_way = 0, first = 0, worst = 0, noisy_served = 0, healthy_served = 0;
    uint64_t seed = 7;

    for (size_t i = 0; i < COUNT; i++)
        healthy[i] = endpoint(READY_NEVER);
    cr_assert_eq(ready_place(&r, &noisy, 10), TS_OK);
    for (unsigned step = 0; step < STEPS; step++) {
        ready_endpoint *e;

        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
        e = &healthy[(seed >> 33) % COUNT];
        if ((seed >> 60) < 9 && e->next_due_ms == READY_NEVER) {
            e->next_due_ms = 10;
            waited[e - healthy] = 0;
            cr_assert_eq(ready_place(&r, e, 10), TS_OK);
        }
        if (under_way == SLOTS) {
            finish(&r, busy[first], true, false, 1000 + (int64_t)(seed >> 40) % 4000);
            first = (first + 1) % SLOTS;
            under_way--;
        }
        e = ready_next(&r, 10);
        if (e == NULL)
            continue;
        ready_serve(&r, e, 10);
        busy[(first + under_way++) % SLOTS] = e;
        if (e == &noisy) {
            noisy_served++;
            for (size_t i = 0; i < COUNT; i++)
                waited[i] += healthy[i].next_due_ms != READY_NEVER;
        } else {
            healthy_served++;
            worst = waited[e - healthy] > worst ? waited[e - healthy] : worst;
            e->next_due_ms = READY_NEVER;
        }
        cr_assert_eq(ready_place(&r, e, 10), TS_OK);
    }
    /* Once, and once more if what the waiting one had last took longer than theirs. */
    cr_expect_leq(worst, 2, "%u", worst);
    cr_expect_gt(healthy_served, STEPS / 4);
    cr_expect_gt(noisy_served, STEPS / 8); /* it was there all the time */
    ready_done(&r);
}

Test(ready, a_timeout_leaves_one_slot_and_success_brings_them_back)
{
    ready r = { .parallel = 8, .slots = 64 };
    ready_endpoint a = endpoint(0);

    cr_assert_eq(ready_place(&r, &a, 10), TS_OK);
    cr_assert_eq(serve(&r, 10), &a);
    finish(&r, &a, false, true, 10000000);
    cr_expect_eq(a.cap, 1);
    cr_expect_eq(a.lane, READY_SLOW);
    for (unsigned i = 0; i < 12; i++) {
        cr_assert_eq(serve(&r, 10), &a);
        finish(&r, &a, true, false, 1000);
    }
    cr_expect_eq(a.cap, 8);
    cr_expect_eq(a.lane, READY_FAST);
    cr_expect_eq(r.in_flight[READY_SLOW] + r.in_flight[READY_FAST], 0);
    ready_done(&r);
}

Test(ready, failures_in_a_row_open_the_breaker_and_one_success_closes_it)
{
    ready r = { .parallel = 100, .slots = 64 };
    ready_endpoint a = endpoint(0);

    a.cap = 100;
    for (unsigned i = 1; i <= READY_BREAK_AFTER; i++) {
        cr_assert_not(ready_is_broken(&a));
        ready_learn(&r, &a, false, false, 1000);
    }
    cr_expect(ready_is_broken(&a));
    cr_assert_eq(ready_place(&r, &a, 10), TS_OK);
    cr_expect_eq(serve(&r, 10), &a);
    cr_expect_null(serve(&r, 10));
    finish(&r, &a, true, false, 1000);
    cr_expect_not(ready_is_broken(&a));
    cr_expect_eq(serve(&r, 10), &a);
    cr_expect_eq(serve(&r, 10), &a);
    ready_done(&r);
}

Test(ready, a_rate_is_never_exceeded_in_any_second)
{
    ready r = { .parallel = 1000, .slots = 64 };
    ready_endpoint a = endpoint(0);
    int64_t at[100];
    unsigned n = 0;

    a.cap = 1000;
    a.rate_limit = 7;
    cr_assert_eq(ready_place(&r, &a, 1000), TS_OK);
    for (int64_t now_ms = 1000; now_ms < 9000; now_ms++) {
        while (serve(&r, now_ms) != NULL)
            at[n++] = now_ms;
    }
    cr_expect_geq(n, 55);
    cr_expect_leq(n, 57);
    for (unsigned i = 7; i < n; i++)
        cr_expect_geq(at[i] - at[i - 7], 1000);
    ready_done(&r);
}

Test(ready, a_paused_one_is_not_served_and_an_ordered_one_is_served_one_at_a_time)
{
    ready r = { .parallel = 8, .slots = 64 };
    ready_endpoint a = endpoint(0), b = endpoint(0);

    a.is_paused = true;
    b.is_ordered = true;
    cr_assert_eq(ready_place(&r, &a, 10), TS_OK);
    cr_assert_eq(ready_place(&r, &b, 10), TS_OK);
    cr_expect_eq(serve(&r, 10), &b);
    cr_expect_null(serve(&r, 10));
    a.is_paused = false;
    cr_assert_eq(ready_place(&r, &a, 10), TS_OK);
    cr_expect_eq(serve(&r, 10), &a);
    ready_done(&r);
}
