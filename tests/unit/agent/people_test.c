#include "asking.h"
#include "query/people.h"

static agent_people *people;

static void make_people(void)
{
    static const char *const list[][2] = {
        { "dana@acme.example", "Dana Whitfield" },
        { "d.cruz@acme.example", "Dana Cruz" },
        { "p.ortiz@acme.example", "Pablo Ort\xC3\xADz" },
        { "nvdb@acme.example", "Nina van der Berg" },
        { "mark@acme.example", "Mark Sales" },
    };

    cr_assert_eq(agent_people_new(&asking_grammar()->folds, &people), TS_OK);
    for (size_t i = 0; i < TS_COUNT(list); i++)
        cr_assert_eq(agent_people_add(people, ts_str_of(list[i][0]), ts_str_of(list[i][1])), TS_OK);
}

static void free_people(void)
{
    agent_people_free(people);
}

static size_t find(const char *name, const char *wanted)
{
    ts_str email = TS_STR_NULL;
    size_t count = agent_people_find(people, ts_str_of(name), &email);

    if (count > 0)
        cr_expect(ts_str_is(email, wanted), "%s: %.*s", name, (int)email.n, email.p);
    return count;
}

Test(agent_people, are_found_by_each_form_of_their_name, .init = make_people, .fini = free_people)
{
    cr_expect_eq(find("dana whitfield", "dana@acme.example"), 1);
    cr_expect_eq(find("dana", "dana@acme.example"), 2);
    cr_expect_eq(find("ortiz", "p.ortiz@acme.example"), 1);
    cr_expect_eq(find("p.ortiz", "p.ortiz@acme.example"), 1);
    cr_expect_eq(find("van der berg", "nvdb@acme.example"), 1);
    cr_expect_eq(find("berg", "nvdb@acme.example"), 1);
    cr_expect_eq(find("nobody", ""), 0);
    cr_expect_eq(find("", ""), 0);
}

static const agent_interpretation *ask_people(const char *text, ts_arena *arena)
{
    agent_gazetteer z = { .data = people, .person = agent_people_find };
    agent_question q = { .text = ts_str_of(text), .now_ms = ASKING_NOW_MS, .gazetteer = &z };
    agent_interpretation *in = NULL;
    ts_error err;

    cr_assert_eq(agent_parse(asking_grammar(), &q, arena, &in, &err), TS_OK);
    return in;
}

Test(agent_people, one_person_is_resolved_and_several_are_said, .init = make_people,
     .fini = free_people)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(AGENT_ARENA_BYTES);
    const agent_interpretation *in = ask_people("what about Ort\xC3\xADz's risk", arena);
    agent_plan plan;

    cr_expect(ts_str_is(agent_slot_text(&in->slots, "user"), "Ort\xC3\xADz"));
    cr_assert_eq(agent_plan_make(in, ASKING_NOW_MS, arena, &plan), TS_OK);
    cr_expect(ts_str_is(plan.requests[0].path, "/v1/users/p.ortiz@acme.example"));
    in = ask_people("is dana risky", arena);
    cr_expect(ts_str_is(agent_slot_text(&in->slots, "user"), "dana"));
    cr_assert_eq(agent_plan_make(in, ASKING_NOW_MS, arena, &plan), TS_OK);
    cr_expect(ts_str_is(plan.requests[0].path, "/v1/users/search?query=dana"));
    cr_assert_gt(in->assumptions.count, 0);
    cr_expect(ts_str_starts(in->assumptions.list[0], TS_STR_LIT("2 people of the directory")));
}

Test(agent_people, a_name_of_words_is_one_only_where_it_is_written_so, .init = make_people,
     .fini = free_people)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(AGENT_ARENA_BYTES);

    cr_expect_str_eq(said(ask_people("what about Mark Sales", arena)),
                     "user_profile user=Mark Sales");
    cr_expect_str_eq(said(ask_people("risky users in sales", arena)),
                     "list_users department=sales risk_level_min=high");
}
