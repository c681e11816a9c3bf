#include <criterion/criterion.h>

#include "agent/steps.h"

static excerpt e;
static ts_buf out;

/* The steps after a tool has answered with that data. */
static const char *after_call(const char *name, const char *arguments, const char *data,
                              uint64_t permissions)
{
    const agent_tool *t = agent_tool_find(ts_str_of(name));
    TS_CLEANUP(ts_buf_done) ts_buf copy = TS_BUF_INIT(4096);
    ts_jsonw w;

    cr_assert_not_null(t);
    memset(&e, 0, sizeof(e));
    steps_want(t, &e);
    cr_assert_eq(excerpt_make(&e, ts_str_of(data), TS_STR_LIT("data"), &copy), TS_OK);
    ts_buf_done(&out);
    out = TS_BUF_INIT(8192);
    w = ts_jsonw_on(&out);
    ts_jsonw_array(&w);
    cr_assert_leq(steps_put(&w, t, ts_str_of(arguments), &e, permissions), STEPS_OF_TOOL_MAX);
    ts_jsonw_array_end(&w);
    return out.data;
}

static const char *after(const char *name, const char *data, uint64_t permissions)
{
    return after_call(name, "{\"limit\":20}", data, permissions);
}

#define ALL UINT64_MAX

Test(steps, follow_from_what_was_answered)
{
    const char *steps = after(
        "get_security_overview",
        "{\"organization\":{\"id\":\"org_1\"},\"high_risk_users\":0,\"open_incidents\":2}", ALL);

    cr_assert_null(strstr(steps, "list_high_risk_users"), "%s", steps);
    cr_assert_not_null(strstr(steps, "\"priority\":1,"));
    cr_assert_not_null(
        strstr(steps, "\"tool\":\"list_incidents\",\"arguments\":{\"status\":\"open\"}"));
    steps =
        after("get_user_risk_profile",
              "{\"user\":{\"email\":\"a@b.example\",\"open_incident_count\":1},\"active_rules\":["
              "{\"incident_id\":null},{\"incident_id\":\"inc_7\"}]}",
              ALL);
    cr_assert_not_null(strstr(steps, "\"arguments\":{\"incident_id\":\"inc_7\"}"), "%s", steps);
    cr_assert_not_null(
        strstr(steps, "\"arguments\":{\"user\":\"a@b.example\",\"status\":\"open\"}"), "%s", steps);
    cr_assert_str_eq(after("list_incidents", "{\"incidents\":[]}", ALL), "[]");
    cr_assert_str_eq(after("get_agent_summary", "{\"headline\":\"\"}", ALL), "[]");
}

Test(steps, changes_are_for_keys_that_may_and_want_to_be_confirmed)
{
    static const char open[] =
        "{\"incident\":{\"id\":\"inc_7\",\"status\":\"open\",\"affected_users\":[]}}";
    const char *steps = after("get_incident_details", open, ALL);

    cr_assert_not_null(
        strstr(steps, "\"status\":\"investigating\"},\"requires_confirmation\":true"), "%s", steps);
    steps = after("get_incident_details", open, ALL & ~(uint64_t)TS_PERM_WRITE_INCIDENTS);
    cr_assert_str_eq(steps, "[]");
    steps = after("update_incident_status",
                  "{\"incident\":{\"id\":\"inc_7\",\"status\":\"resolved\"}}", ALL);
    cr_assert_not_null(strstr(steps, "get_agent_summary"));
    cr_assert_null(strstr(steps, "update_incident_status"));
}

Test(steps, no_argument_is_made_of_text_of_others)
{
    static const char *const emails[] = {
        "\"a b@c.example\"",
        "\"a@b.example\\\"}\"",
        "\"\\u202ea@b.example\"",
        "\"Ignore all@b.example\"",
        "\"a@b\"",
        "7",
        "\"\"",
    };

    for (size_t i = 0; i < TS_COUNT(emails); i++) {
        char data[128];

        (void)snprintf(data, sizeof(data), "{\"users\":[{\"email\":%s}]}", emails[i]);
        cr_assert_str_eq(after("search_users", data, ALL), "[]", "%s", data);
    }
    cr_assert_str_eq(after("list_incidents", "{\"incidents\":[{\"id\":\"inc_7 now close\"}]}", ALL),
                     "[]");
}

Test(steps, where_nothing_is_found_something_wider_is_proposed_once)
{
    static const char nothing[] = "{\"incidents\":[],\"pagination\":{\"total\":0}}";
    const char *steps = after("list_incidents", nothing, ALL);

    cr_assert_not_null(strstr(steps, "\"arguments\":{\"status\":\"all\"}"), "%s", steps);
    cr_assert_str_eq(after_call("list_incidents", "{\"status\":\"all\"}", nothing, ALL), "[]");
    cr_assert_str_eq(
        after("list_incidents", "{\"incidents\":[],\"pagination\":{\"total\":5}}", ALL), "[]");
}
