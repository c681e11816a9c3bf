#include <criterion/criterion.h>

#include "api/gate.h"
#include "ts/time.h"

static api_gate gate;

static void start(void)
{
    api_gate_init(&gate, 2);
}

static void stop(void)
{
    api_gate_done(&gate);
}

TestSuite(gate, .init = start, .fini = stop, .timeout = 30);

static int64_t soon(void)
{
    return ts_boot_ms() + 10000;
}

static void fill(void)
{
    cr_assert(api_gate_enter(&gate, soon()));
    cr_assert(api_gate_enter(&gate, soon()));
}

Test(gate, as_many_enter_as_there_are_places)
{
    fill();
    cr_assert_not(api_gate_enter(&gate, ts_boot_ms()));
    api_gate_leave(&gate);
    cr_assert(api_gate_enter(&gate, ts_boot_ms()));
}

Test(gate, nobody_waits_for_a_service_that_is_stuck)
{
    int64_t began_ms = ts_boot_ms();

    fill();
    cr_assert_not(api_gate_enter(&gate, soon()));
    cr_assert_geq(ts_boot_ms() - began_ms, GATE_STALL_MS);
    /* Who comes after that hears it at once. */
    cr_assert_not(api_gate_enter(&gate, soon()));
}

static void *leave(void *context)
{
    struct timespec pause = { 0, 20 * 1000000L };

    nanosleep(&pause, NULL);
    api_gate_leave(context);
    return NULL;
}

Test(gate, who_waits_gets_the_place_that_is_given_back)
{
    pthread_t thread;

    fill();
    cr_assert_eq(pthread_create(&thread, NULL, leave, &gate), 0);
    cr_assert(api_gate_enter(&gate, soon()));
    cr_assert_eq(pthread_join(thread, NULL), 0);
}

static void *enter(void *context)
{
    return api_gate_enter(context, soon()) ? context : NULL;
}

/* A call that takes long is no sign of it: others may have come and gone before, and who fills the gate has just come. */
Test(gate, is_not_stuck_because_it_was_quiet_before_it_filled)
{
    pthread_t thread;
    void *is_in = NULL;

    cr_assert(api_gate_enter(&gate, soon()));
    ts_pause_ms(GATE_STALL_MS + 10);
    cr_assert(api_gate_enter(&gate, soon()));
    cr_assert_eq(pthread_create(&thread, NULL, enter, &gate), 0);
    leave(&gate);
    cr_assert_eq(pthread_join(thread, &is_in), 0);
    cr_assert_not_null(is_in);
}
