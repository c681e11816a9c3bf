#include <criterion/criterion.h>

#include "tally.h"

Test(tally, a_key_has_one_group_however_many_there_are)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(16 << 20);
    tally t = tally_in(arena);

    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 5000; i++) {
            char key[24];
            Ts__Aiusage__Group *group;

            snprintf(key, sizeof(key), "user%d", i);
            group = tally_group(&t, ts_str_of(key));
            cr_assert_not_null(group);
            cr_assert_str_eq(group->key, key);
            group->events++;
        }
    }
    cr_assert_eq(t.count, 5000);
    for (size_t i = 0; i < t.count; i++)
        cr_assert_eq(t.groups[i]->events, 3);
}

Test(tally, groups_are_sorted_by_events_then_key)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(1 << 20);
    tally t = tally_in(arena);

    tally_group(&t, TS_STR_LIT("b"))->events = 2;
    tally_group(&t, TS_STR_LIT("c"))->events = 7;
    tally_group(&t, TS_STR_LIT("a"))->events = 2;
    tally_sort(&t);
    cr_assert_str_eq(t.groups[0]->key, "c");
    cr_assert_str_eq(t.groups[1]->key, "a");
    cr_assert_str_eq(t.groups[2]->key, "b");
}

Test(tally, tools_of_a_user_are_named_once_in_order_up_to_a_limit)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(1 << 20);
    tally t = tally_in(arena);
    Ts__Aiusage__Group *group = tally_group(&t, TS_STR_LIT("ann@example.com"));
    static const char *const tools[] = { "Gemini", "ChatGPT", "Gemini", "Claude", "ChatGPT" };

    for (size_t i = 0; i < TS_COUNT(tools); i++)
        cr_assert_eq(tally_name_tool(&t, group, ts_str_of(tools[i])), TS_OK);
    cr_assert_eq(group->n_tools, 3);
    cr_assert_str_eq(group->tools[0], "ChatGPT");
    cr_assert_str_eq(group->tools[1], "Claude");
    cr_assert_str_eq(group->tools[2], "Gemini");
    for (int i = 0; i < 100; i++) {
        char tool[24];

        snprintf(tool, sizeof(tool), "Tool%d", i);
        cr_assert_eq(tally_name_tool(&t, group, ts_str_of(tool)), TS_OK);
    }
    cr_assert_eq(group->n_tools, TALLY_TOOLS_MAX);
}

Test(tally, running_out_of_memory_is_reported)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(64);
    tally t = tally_in(arena);

    cr_assert_null(tally_group(&t, TS_STR_LIT("a")));
}
