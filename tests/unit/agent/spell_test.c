#include "asking.h"
#include "query/spell.h"

Test(agent_spell, distance_counts_edits_and_swaps)
{
    cr_expect_eq(agent_distance(TS_STR_LIT("open"), TS_STR_LIT("open"), 2), 0);
    cr_expect_eq(agent_distance(TS_STR_LIT("opne"), TS_STR_LIT("open"), 2), 1);
    cr_expect_eq(agent_distance(TS_STR_LIT("phising"), TS_STR_LIT("phishing"), 2), 1);
    cr_expect_eq(agent_distance(TS_STR_LIT("incidnets"), TS_STR_LIT("incident"), 2), 2);
    cr_expect_eq(agent_distance(TS_STR_LIT("abcdef"), TS_STR_LIT("uvwxyz"), 2), 3);
    cr_expect_eq(agent_distance(TS_STR_LIT("a"), TS_STR_LIT("abcd"), 2), 3);
    cr_expect_eq(agent_distance(TS_STR_LIT("abcdefghijklmnopqrstuvwx"), TS_STR_LIT("a"), 2), 3);
}

Test(agent_spell, finds_what_was_meant)
{
    static const char *const cases[][2] = {
        { "phising", "phishing" },      { "opne", "open" },
        { "critcal", "critical" },      { "usres", "users" },
        { "departmnet", "department" }, { "enginering", "engineering" },
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        uint32_t word = agent_spell(asking_grammar(), ts_str_of(cases[i][0]));

        cr_expect(ts_str_is(agent_names_text(&asking_grammar()->words, word), cases[i][1]),
                  "%s: %s", cases[i][0], agent_names_text(&asking_grammar()->words, word).p);
    }
    cr_expect_eq(agent_spell(asking_grammar(), TS_STR_LIT("opn")),
                 0); /* three letters: too short */
    cr_expect_eq(agent_spell(asking_grammar(), TS_STR_LIT("qwxzqwxz")), 0);
}
