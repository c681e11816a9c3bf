/* Does the work of ts_equal_ct() depend on where two texts differ? Not timed, counted: a child runs the comparison one
 * instruction at a time under ptrace, and every step is counted. Equal counts are equal work, on any machine and under any
 * load; the first comparison that returns early at a difference (the control) does not pass. */
#include <criterion/criterion.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ts/base.h"

#define HASH_SIZE 32
#define STEPS_MAX 1000000

typedef bool compare(const void *a, const void *b, size_t n);

/* What one would write without thinking. */
static bool equal_early(const void *a, const void *b, size_t n)
{
    const volatile uint8_t *left = a;
    const volatile uint8_t *right = b;

    for (size_t i = 0; i < n; i++) {
        if (left[i] != right[i])
            return false;
    }
    return true;
}

/* Between two stops lies the comparison and nothing else that depends on the texts. */
_Noreturn static void child(compare *equal, const uint8_t *a, const uint8_t *b)
{
    volatile bool result;

    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
        _exit(1);
    result = equal(a, a, HASH_SIZE); /* the first call may resolve symbols */
    raise(SIGSTOP);
    result = equal(a, b, HASH_SIZE);
    raise(SIGSTOP);
    _exit(result ? 2 : 3);
}

/* Instructions from the first stop to the second; 0 if the system does not let us look. */
static long steps_of(compare *equal, const uint8_t *a, const uint8_t *b)
{
    pid_t pid = fork();
    int status = 0;
    long steps = 0;

    cr_assert_geq(pid, 0);
    if (pid == 0)
        child(equal, a, b);
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status))
        return 0;
    do {
        cr_assert_eq(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL), 0);
        cr_assert_eq(waitpid(pid, &status, 0), pid);
        steps++;
    } while (WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP && steps < STEPS_MAX);
    cr_assert(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    return steps;
}

/* Steps with the first difference at each byte, and with none. */
static void count_all(compare *equal, long ret[HASH_SIZE + 1])
{
    uint8_t a[HASH_SIZE];
    uint8_t b[HASH_SIZE];

    memset(a, 0x5a, sizeof(a));
    for (size_t at = 0; at <= HASH_SIZE; at++) {
        memcpy(b, a, sizeof(b));
        for (size_t i = at; i < HASH_SIZE; i++)
            b[i] ^= (uint8_t)(1 + i * 7);
        ret[at] = steps_of(equal, a, b);
    }
}

Test(equal_ct, takes_as_many_instructions_wherever_the_difference_is)
{
    long steps[HASH_SIZE + 1];

    count_all(ts_equal_ct, steps);
    if (steps[0] == 0)
        cr_skip_test("no ptrace here");
    cr_assert_gt(steps[0], HASH_SIZE / 8, "it did look at all of them");
    for (size_t at = 1; at <= HASH_SIZE; at++)
        cr_assert_eq(steps[at], steps[0], "first difference at byte %zu: %ld instructions, not %ld",
                     at, steps[at], steps[0]);
}

/* The counting would notice. */
Test(equal_ct, a_comparison_that_stops_early_is_told_apart)
{
    long steps[HASH_SIZE + 1];

    count_all(equal_early, steps);
    if (steps[0] == 0)
        cr_skip_test("no ptrace here");
    for (size_t at = 1; at < HASH_SIZE; at++)
        cr_assert_gt(steps[at], steps[at - 1]);
}

Test(equal_ct, tells_equal_from_different)
{
    uint8_t a[HASH_SIZE] = { 0 };
    uint8_t b[HASH_SIZE] = { 0 };

    cr_assert(ts_equal_ct(a, b, sizeof(a)));
    cr_assert(ts_equal_ct(a, b, 0));
    for (size_t at = 0; at < HASH_SIZE; at++) {
        for (unsigned bit = 1; bit < 256; bit <<= 1) {
            b[at] = (uint8_t)bit;
            cr_assert_not(ts_equal_ct(a, b, sizeof(a)));
            cr_assert(ts_equal_ct(a, b, at));
        }
        b[at] = 0;
    }
}
