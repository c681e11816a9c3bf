#include <criterion/criterion.h>

#include "../../../common/fiber/timers.h"

#define COUNT 200

/* The earliest by looking at all. */
static int64_t earliest(const ts_timer *all, const bool *is_in)
{
    int64_t at = INT64_MAX;

    for (int i = 0; i < COUNT; i++) {
        if (is_in[i] && all[i].at_boot_ms < at)
            at = all[i].at_boot_ms;
    }
    return at;
}

Test(timers, the_root_is_always_the_earliest_whatever_comes_and_goes)
{
    static ts_timer all[COUNT];
    static bool is_in[COUNT];
    ts_timer *root = NULL;
    uint32_t random = 12345;

    for (int step = 0; step < 20000; step++) {
        int i;

        random = random * 1664525u + 1013904223u;
        i = (int)(random >> 16) % COUNT;
        if (is_in[i]) {
            root = timers_remove(root, &all[i]);
        } else {
            all[i].at_boot_ms = (int64_t)(random >> 8) % 50; /* many are equal */
            root = timers_add(root, &all[i]);
        }
        is_in[i] = !is_in[i];
        cr_assert_eq(root == NULL ? INT64_MAX : root->at_boot_ms, earliest(all, is_in));
    }
}

Test(timers, they_leave_in_order)
{
    static ts_timer all[COUNT];
    ts_timer *root = NULL;
    int64_t last = -1;

    for (int i = 0; i < COUNT; i++) {
        all[i].at_boot_ms = i * 7919 % 1000;
        root = timers_add(root, &all[i]);
    }
    for (int i = 0; i < COUNT; i++) {
        cr_assert_not_null(root);
        cr_assert_geq(root->at_boot_ms, last);
        last = root->at_boot_ms;
        root = timers_remove(root, root);
    }
    cr_assert_null(root);
}
