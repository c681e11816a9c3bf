#include <criterion/criterion.h>

#include <time.h>

#include "ts/periodic.h"
#include "ts/time.h"

static atomic_int runs;

static void job(void *context, const atomic_bool *stopping)
{
    cr_assert_not(atomic_load(stopping));
    atomic_fetch_add((atomic_int *)context, 1);
}

static void wait_for_runs(int wanted)
{
    int64_t until_ms = ts_boot_ms() + 10000;
    struct timespec pause = { 0, 1000000 };

    while (atomic_load(&runs) < wanted && ts_boot_ms() < until_ms)
        nanosleep(&pause, NULL);
    cr_assert_geq(atomic_load(&runs), wanted);
}

Test(periodic, the_job_is_done_at_once_and_again)
{
    ts_periodic *p = NULL;

    cr_assert_eq(ts_periodic_start(1, job, &runs, &p, NULL), TS_OK);
    wait_for_runs(3);
    ts_periodic_stop(p);
}

Test(periodic, a_stop_does_not_wait_for_the_period)
{
    int64_t begin_ms = ts_boot_ms();
    ts_periodic *p = NULL;

    cr_assert_eq(ts_periodic_start(TS_DAY_MS, job, &runs, &p, NULL), TS_OK);
    wait_for_runs(1);
    ts_periodic_stop(p);
    cr_assert_lt(ts_boot_ms() - begin_ms, TS_DAY_MS);
    cr_assert_eq(atomic_load(&runs), 1);
    ts_periodic_stop(NULL);
}
