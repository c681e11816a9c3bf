#include "asking.h"
#include "query/narrow.h"
#include "query/plan.h"

static const char page[] =
    "{\"users\":["
    "{\"email\":\"a@x.example\",\"department\":\"Finance and Legal\",\"risk_score\":91,"
    "\"risk_level\":\"critical\",\"is_admin\":true,\"mfa_enrolled\":false,\"last_seen_at\":\"2025-"
    "11-19T00:00:00Z\"},"
    "{\"email\":\"b@x.example\",\"department\":\"Sales\",\"risk_score\":70,"
    "\"risk_level\":\"high\",\"is_admin\":false,\"mfa_enrolled\":null,\"last_seen_at\":null},"
    "{\"email\":\"c@x.example\",\"department\":\"finance\",\"risk_score\":12,"
    "\"risk_level\":\"minimal\",\"is_admin\":false,\"mfa_enrolled\":true,\"last_seen_at\":\"2025-"
    "01-01T00:00:00Z\"}],"
    "\"truncated\":false,"
    "\"pagination\":{\"limit\":200,\"offset\":0,\"total\":3,\"has_more\":false,\"next_cursor\":"
    "null}}";

/* The addresses of the rows that pass, in their order, by their first letters. */
static const char *kept(const agent_narrowing *n, size_t *ret_total)
{
    static char letters[16];
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(1u << 20);
    TS_CLEANUP(ts_buf_done) ts_buf out = TS_BUF_INIT(1u << 16);
    TS_CLEANUP(ts_json_parser_free_p) ts_json_parser *parser = ts_json_parser_new(1u << 16);
    ts_str pages[] = { ts_str_of(page) };
    ts_json data;
    ts_json list;
    ts_json email;
    ts_error err;
    size_t count = 0;

    cr_assert_eq(agent_narrow(n, pages, 1, arena, &out, ret_total), TS_OK);
    cr_assert_eq(ts_json_parse(parser, ts_buf_view(&out), &data, &err), TS_OK, "%s", err.text);
    cr_assert(ts_json_get(data, "users", &list));
    for (ts_json_iter i = ts_json_iter_of(list); ts_json_next(&i);) {
        cr_assert(ts_json_get(i.value, "email", &email));
        letters[count++] = ts_json_str(email).p[0];
    }
    letters[count] = 0;
    return letters;
}

static const char *filtered(agent_filter filter)
{
    agent_narrowing n = { .list = "users", .filters = { filter }, .count = 1 };
    size_t total = 0;
    const char *letters = kept(&n, &total);

    cr_expect_eq(total, strlen(letters));
    return letters;
}

Test(agent_narrow, each_test_keeps_its_rows)
{
    static const ts_str finance[] = { { "finance", 7 } };
    static const ts_str levels[] = { { "HIGH", 4 }, { "critical", 8 } };
    const int64_t november = INT64_C(1761955200000);

    cr_expect_str_eq(
        filtered((agent_filter){
            .member = "department", .test = AGENT_HAS_WORDS, .values = finance, .count = 1 }),
        "ac");
    cr_expect_str_eq(
        filtered((agent_filter){
            .member = "department", .test = AGENT_EQUALS, .values = finance, .count = 1 }),
        "c");
    cr_expect_str_eq(filtered((agent_filter){ .member = "department",
                                              .test = AGENT_HAS_WORDS,
                                              .values = finance,
                                              .count = 1,
                                              .is_negated = true }),
                     "b");
    cr_expect_str_eq(
        filtered((agent_filter){
            .member = "risk_level", .test = AGENT_EQUALS, .values = levels, .count = 2 }),
        "ab");
    cr_expect_str_eq(
        filtered((agent_filter){ .member = "risk_score", .test = AGENT_AT_LEAST, .number = 70 }),
        "ab");
    cr_expect_str_eq(
        filtered((agent_filter){ .member = "risk_score", .test = AGENT_AT_MOST, .number = 69 }),
        "c");
    cr_expect_str_eq(filtered((agent_filter){ .member = "risk_level",
                                              .test = AGENT_AT_LEAST,
                                              .number = agent_level_rank(TS_STR_LIT("high")) }),
                     "ab");
    cr_expect_str_eq(filtered((agent_filter){ .member = "is_admin", .test = AGENT_IS_TRUE }), "a");
    /* What is not known is neither. */
    cr_expect_str_eq(filtered((agent_filter){ .member = "mfa_enrolled", .test = AGENT_IS_FALSE }),
                     "a");
    cr_expect_str_eq(filtered((agent_filter){ .member = "mfa_enrolled", .test = AGENT_IS_TRUE }),
                     "c");
    /* Never seen is longest ago. */
    cr_expect_str_eq(filtered((agent_filter){
                         .member = "last_seen_at", .test = AGENT_BEFORE, .number = november }),
                     "bc");
    cr_expect_str_eq(filtered((agent_filter){
                         .member = "last_seen_at", .test = AGENT_NOT_BEFORE, .number = november }),
                     "a");
}

Test(agent_narrow, orders_and_cuts)
{
    agent_narrowing n = { .list = "users", .sort = "risk_score", .is_ascending = true };
    size_t total;

    cr_expect_str_eq(kept(&n, &total), "cba");
    n.limit = 1;
    cr_expect_str_eq(kept(&n, &total), "c");
    cr_expect_eq(total, 3);
    n.offset = 2;
    cr_expect_str_eq(kept(&n, &total), "a");
    n.offset = 3;
    cr_expect_str_eq(kept(&n, &total), "");
}

Test(agent_narrow, what_is_no_list_is_refused)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(1u << 20);
    TS_CLEANUP(ts_buf_done) ts_buf out = TS_BUF_INIT(1u << 16);
    agent_narrowing n = { .list = "users", .sort = "risk_score" };
    ts_str pages[] = { TS_STR_LIT("{\"users\":7}") };
    size_t total;

    cr_expect_eq(agent_narrow(&n, pages, 1, arena, &out, &total), TS_INVALID);
    pages[0] = TS_STR_LIT("{");
    cr_expect_eq(agent_narrow(&n, pages, 1, arena, &out, &total), TS_INVALID);
    cr_expect_eq(agent_narrow(&n, pages, 0, arena, &out, &total), TS_INVALID);
}

Test(agent_narrow, a_plan_says_by_what_its_answer_is_filtered)
{
    static const struct {
        const char *text;
        const char *members;
    } cases[] = {
        { "users in finance without mfa", "mfa_enrolled " },
        { "high risk users in finance", "risk_score " },
        { "users in HR and finance with a score above 80", "department " },
        { "admins inactive for 30 days", "is_admin last_seen_at " },
        { "users with a score between 40 and 60", "risk_score " },
        { "high and critical incidents", "severity " },
        { "medium and worse incidents under investigation", "status severity " },
        { "high risk apps", "risk_level " },
        { "ChatGPT usage", "tool " },
        { "high risk users except sales", "department " },
        { "users in finance", "" },
        { "phishing incidents", "" },
    };
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(AGENT_ARENA_BYTES);

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        TS_CLEANUP(ts_buf_done) ts_buf members = TS_BUF_INIT(1024);
        agent_plan plan;

        cr_assert_eq(agent_plan_make(ask(cases[i].text), ASKING_NOW_MS, arena, &plan), TS_OK);
        for (size_t j = 0; j < plan.narrowing.count; j++)
            ts_buf_printf(&members, "%s ", plan.narrowing.filters[j].member);
        cr_expect(ts_str_is(ts_buf_view(&members), cases[i].members), "%s: %.*s", cases[i].text,
                  (int)members.size, members.data);
        cr_expect(plan.narrowing.count == 0 || !plan.is_wider, "%s", cases[i].text);
    }
}
