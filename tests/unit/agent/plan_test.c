#include "asking.h"

Test(agent_plan, a_question_becomes_a_plain_request)
{
    static const char *const cases[][2] = {
        { "security overview", "GET /v1/overview?include_incidents=true&include_ai_usage=true" },
        { "risk of j.smith@acme.example", "GET /v1/users/j.smith@acme.example" },
        { "tell me about dana", "GET /v1/users/search?query=dana" },
        { "risky users", "GET /v1/users/high-risk?min_risk_score=70" },
        { "users above 80, page 3", "GET /v1/users/high-risk?min_risk_score=81&offset=100" },
        { "medium risk users", "GET /v1/users?risk_level=medium" },
        { "users in finance", "GET /v1/users/search?query=finance" },
        { "find users named \"O'Neill & co\"", "GET /v1/users/search?query=O%27Neill%20%26%20co" },
        { "open critical incidents", "GET /v1/incidents?status=open&severity=critical" },
        { "resolved incidents on 2025-03-14", "GET "
                                              "/v1/"
                                              "incidents?status=closed&since=2025-03-14T00%3A00%"
                                              "3A00Z&until=2025-03-15T00%3A00%3A00Z&limit="
                                              "200" },
        { "incidents", "GET /v1/incidents?status=all" },
        { "top 5 incidents for dana@acme.example",
          "GET /v1/incidents?status=all&user=dana@acme.example&limit=200" },
        { "latest 5 incidents of dana@acme.example",
          "GET /v1/incidents?status=all&user=dana@acme.example&limit=5" },
        { "show INC-2210", "GET /v1/incidents/INC-2210" },
        { "close inc_12", "PATCH /v1/incidents/inc_12 {\"status\":\"resolved\"}" },
        { "reopen inc_12", "POST /v1/incidents/inc_12/reopen {}" },
        { "resolve all low severity incidents", "GET /v1/incidents?status=all&severity=low" },
        { "AI usage by user last 30 days", "GET /v1/ai-usage?days=30&group_by=user" },
        { "AI usage", "GET /v1/ai-usage?days=7&group_by=tool" },
        { "untrusted apps", "GET /v1/apps?status=untrusted" },
        { "trusted contacts", "GET /v1/trusted-contacts" },
        { "whitelist partner.example",
          "POST /v1/trusted-contacts {\"value\":\"partner.example\"}" },
        { "remove partner.example from the trusted contacts",
          "DELETE /v1/trusted-contacts/partner.example" },
        { "where should I start", "GET /v1/agent/summary" },
        { "what can you do", "GET /v1/agent/tools" },
        { "finance?", "" },
        { "give me all API keys", "" },
        { "tell me a joke", "" },
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        const char *found = planned(ask(cases[i][0]));

        cr_expect_str_eq(found, cases[i][1], "%s\n  wanted %s\n  found  %s", cases[i][0],
                         cases[i][1], found);
    }
}

static agent_plan plan_of(const char *text, ts_arena *arena)
{
    agent_plan plan;

    cr_assert_eq(agent_plan_make(ask(text), ASKING_NOW_MS, arena, &plan), TS_OK);
    return plan;
}

static bool notes_hold(const agent_plan *plan, const char *words)
{
    for (size_t i = 0; i < plan->notes.count; i++) {
        if (memmem(plan->notes.list[i].p, plan->notes.list[i].n, words, strlen(words)) != NULL)
            return true;
    }
    return false;
}

Test(agent_plan, what_the_plain_api_cannot_filter_by_is_said)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(1u << 20);
    static const char *const cases[][2] = {
        { "users without mfa", "mfa is no parameter" },
        { "phishing incidents this week", "type is no parameter" },
        { "incidents except malware", "leave out of the answer what has this type" },
        { "high and critical incidents", "its answer was filtered by it" },
        { "open incidents", "stands for two states" },
        { "oldest incident", "this one by created_at asc" },
        { "AI usage since 2025-01-01", "reaches back 90 days" },
        { "ChatGPT usage", "app is no parameter" },
        { "finance vs legal",
          "the other side of the comparison: GET /v1/users/search?query=legal" },
        { "assign inc_12 to me", "no owner in this API" },
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        agent_plan plan = plan_of(cases[i][0], arena);

        cr_expect(notes_hold(&plan, cases[i][1]), "%s: %s", cases[i][0], cases[i][1]);
    }
}

Test(agent_plan, a_contact_that_is_asked_about_is_looked_for)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(1u << 20);
    agent_plan plan = plan_of("is Partner.example a trusted contact?", arena);

    cr_assert_eq(plan.narrowing.count, 1);
    cr_expect_str_eq(plan.narrowing.list, "contacts");
    cr_expect_str_eq(plan.narrowing.filters[0].member, "value");
    cr_expect(ts_str_is(plan.requests[0].path, "/v1/trusted-contacts?limit=200"));
    cr_expect_not(plan.is_wider);
    cr_expect_eq(plan_of("trusted contacts", arena).narrowing.count, 0);
}

Test(agent_plan, users_with_reasons_are_listed_and_the_first_ones_profiles_are_read)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(1u << 20);
    const ts_str emails[] = { TS_STR_LIT("o'neill+x@acme.example"), TS_STR_LIT("b@acme.example"),
                              TS_STR_LIT("c@acme.example"), TS_STR_LIT("d@acme.example") };
    agent_plan plan = plan_of("who is most at risk and why?", arena);

    cr_assert_eq(plan.count, 1);
    cr_expect(ts_str_is(plan.requests[0].path, "/v1/users?limit=1"));
    cr_assert(plan.wants_reasons);
    cr_expect_eq(plan.notes.count, 0);
    cr_assert_eq(agent_plan_add_reasons(&plan, emails, 1, arena), TS_OK);
    cr_assert_eq(plan.count, 2);
    cr_expect(ts_str_is(plan.requests[1].path, "/v1/users/o%27neill%2Bx@acme.example"));
    cr_expect(notes_hold(&plan, "active_rules of the first users' profiles"));
    plan = plan_of("who are most at risk and why", arena);
    cr_assert_eq(agent_plan_add_reasons(&plan, emails, 4, arena), TS_OK);
    cr_assert_eq(plan.count, 1 + AGENT_REASONS_MAX);
    cr_expect(ts_str_is(plan.requests[3].path, "/v1/users/c@acme.example"));
    cr_expect_not(plan_of("who is most at risk?", arena).wants_reasons);
    plan = plan_of("which apps are the riskiest and why", arena);
    cr_expect_not(plan.wants_reasons);
    cr_expect(notes_hold(&plan, "the reasons are not in this answer"));
}

Test(agent_plan, users_of_a_tool_with_reasons_are_listed_and_what_they_did_is_read)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(1u << 20);
    const ts_str email = TS_STR_LIT("a@acme.example");
    agent_plan plan = plan_of("who uses ChatGPT the most and why", arena);

    cr_assert_eq(plan.count, 1);
    cr_expect(ts_str_is(plan.requests[0].path, "/v1/ai-usage?days=90&group_by=user") ||
              ts_str_is(plan.requests[0].path, "/v1/ai-usage?days=7&group_by=user"));
    cr_assert(plan.wants_reasons);
    cr_assert_eq(agent_plan_add_reasons(&plan, &email, 1, arena), TS_OK);
    cr_expect(notes_hold(&plan, "why somebody uses a tool is not known"));
    cr_expect_not(plan_of("which AI tools are used the most and why", arena).wants_reasons);
}

Test(agent_plan, only_a_write_is_marked_as_one)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(1u << 20);

    cr_expect(plan_of("close inc_12", arena).is_write);
    cr_expect(plan_of("whitelist partner.example", arena).is_write);
    cr_expect_not(plan_of("resolve all low severity incidents", arena).is_write);
    cr_expect_not(plan_of("is inc_12 resolved", arena).is_write);
    cr_expect_str_eq(plan_of("close inc_12", arena).permission, "write:incidents");
    cr_expect_str_eq(plan_of("open incidents", arena).permission, "read:incidents");
    cr_expect_str_eq(plan_of("untrusted apps", arena).permission, "read:apps");
    cr_expect_str_eq(plan_of("AI usage", arena).permission, "read:ai_usage");
}

/* `until` is in whole seconds: it would cut off what came within the present one. */
Test(agent_plan, what_reaches_to_now_has_no_end)
{
    cr_expect_not_null(strstr(planned(ask("incidents in the last 7 days")), "&since="));
    cr_expect_null(strstr(planned(ask("incidents in the last 7 days")), "until="));
    cr_expect_null(strstr(planned(ask("incidents this week")), "until="));
    cr_expect_not_null(strstr(planned(ask("incidents yesterday")), "&until="));
}

Test(agent_plan, what_leaves_a_filter_over_is_wider_than_the_question)
{
    static const struct {
        const char *text;
        bool is_wider;
    } cases[] = {
        { "users in finance", false },         { "users in finance without mfa", false },
        { "who has the highest risk", false }, { "users with the lowest risk", false },
        { "open incidents", false },           { "incidents under investigation", false },
        { "high severity incidents", false },  { "incidents that are not phishing", true },
        { "open incidents of dana", true },    { "open incidents of dana@acme.example", false },
    };
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(AGENT_ARENA_BYTES);

    for (size_t i = 0; i < TS_COUNT(cases); i++)
        cr_expect_eq(plan_of(cases[i].text, arena).is_wider, cases[i].is_wider, "%s",
                     cases[i].text);
}
