#include "asking.h"
#include "query/spell.h"

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
