#include <criterion/criterion.h>

#include "../../../common/fiber/pace.h"

#define TURN_US 100
#define FROM    3

static pace new_pace(void)
{
    return (pace){ .turn_us = TURN_US, .from = FROM };
}

/* One turn with so many descriptors ready. */
static void turn(pace *p, int64_t now_ms, int64_t *seen, size_t count)
{
    pace_turn(p, now_ms);
    for (size_t i = 0; i < count; i++)
        pace_count(p, &seen[i]);
}

Test(pace, turns_keep_apart_from_so_many_descriptors_on)
{
    int64_t seen[FROM] = { 0 };
    pace p = new_pace();

    turn(&p, 1000, seen, FROM - 1);
    cr_assert_eq(pace_wait_us(&p, 1000000), 0);
    cr_assert_eq(pace_wait_us(&p, 1000001), 0, "one less is few");
    turn(&p, 1000, seen, FROM);
    cr_assert_eq(pace_wait_us(&p, 1000010), 0, "there was no turn before");
    cr_assert_eq(pace_wait_us(&p, 1000030), TURN_US - 20);
    cr_assert_eq(pace_wait_us(&p, 1000110), TURN_US, "the turn waited for began at 1000110");
}

Test(pace, a_long_turn_is_followed_by_the_next_at_once)
{
    int64_t seen[FROM] = { 0 };
    pace p = new_pace();

    turn(&p, 1000, seen, FROM);
    cr_assert_eq(pace_wait_us(&p, 1000000), 0);
    cr_assert_eq(pace_wait_us(&p, 1000000 + TURN_US), 0);
    cr_assert_eq(pace_wait_us(&p, 1000000 + TURN_US + 99), 1, "counted from the late one");
}

Test(pace, a_descriptor_counts_once_a_window)
{
    int64_t seen[1] = { 0 };
    pace p = new_pace();

    for (int i = 0; i < 2 * FROM; i++)
        turn(&p, 1000, seen, 1);
    (void)pace_wait_us(&p, 1000000);
    cr_assert_eq(pace_wait_us(&p, 1000000), 0);
}

Test(pace, what_was_ready_in_the_window_before_is_active)
{
    int64_t begin_ms = 1000 * PACE_WINDOW_MS;
    int64_t seen[FROM] = { 0 };
    pace p = new_pace();

    turn(&p, begin_ms, seen, FROM);
    (void)pace_wait_us(&p, 0);
    turn(&p, begin_ms + 2 * PACE_WINDOW_MS - 1, seen, 0);
    cr_assert_eq(pace_wait_us(&p, 0), TURN_US);
    turn(&p, begin_ms + 2 * PACE_WINDOW_MS, seen, 0);
    cr_assert_eq(pace_wait_us(&p, 0), 0, "and not in the one before that");
}

Test(pace, a_pause_without_turns_is_a_window_of_none)
{
    int64_t seen[FROM] = { 0 };
    pace p = new_pace();

    turn(&p, 1000, seen, FROM);
    (void)pace_wait_us(&p, 0);
    turn(&p, 60000, seen, 1);
    cr_assert_eq(pace_wait_us(&p, 0), 0);
}

Test(pace, none_is_kept_without_a_time)
{
    int64_t seen[FROM] = { 0 };
    pace p = { .from = FROM };

    turn(&p, 1000, seen, FROM);
    cr_assert_eq(pace_wait_us(&p, 0), 0);
    cr_assert_eq(pace_wait_us(&p, 0), 0);
}
