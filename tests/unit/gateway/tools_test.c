#include <criterion/criterion.h>

#include "agent/tools.h"
#include "ts/id.h"

static const char *const names[] = {
    "get_security_overview",  "get_user_risk_profile",
    "list_high_risk_users",   "search_users",
    "list_incidents",         "get_incident_details",
    "update_incident_status", "get_ai_usage_report",
    "list_trusted_apps",      "manage_trusted_contacts",
    "security_query",         "get_agent_summary",
};

Test(tools, the_table_has_the_twelve_in_their_order)
{
    cr_assert_eq(agent_tool_count, TS_COUNT(names));
    for (size_t i = 0; i < TS_COUNT(names); i++)
        cr_assert_str_eq(agent_tools[i].name, names[i]);
}

/* Uncleaned text is for people. */
Test(tools, no_tool_has_the_argument_raw)
{
    for (size_t i = 0; i < agent_tool_count; i++) {
        TS_CLEANUP(ts_buf_done) ts_buf out = TS_BUF_INIT(1 << 16);
        ts_jsonw w = ts_jsonw_on(&out);

        agent_tool_put_input(&w, &agent_tools[i]);
        cr_assert_eq(ts_buf_status(&out), TS_OK);
        cr_assert_null(strstr(out.data, "\"raw\""), "%s", agent_tools[i].name);
    }
    cr_assert_geq(http_param_index(agent_tool_route("GET", "/v1/apps")->params, TS_STR_LIT("raw")),
                  0);
}

/* What is not routed is not offered; nothing else is missing. */
Test(tools, a_tool_is_there_when_its_routes_are)
{
    for (size_t i = 0; i < agent_tool_count; i++) {
        const agent_tool *t = &agent_tools[i];
        bool is_routed = agent_tool_route(t->calls[0].method, t->calls[0].pattern) != NULL;

        cr_assert(is_routed || strcmp(t->name, "security_query") == 0, "%s", t->name);
        cr_assert_eq(agent_tool_is_there(t), is_routed, "%s", t->name);
        cr_assert_eq(agent_tool_find(ts_str_of(t->name)) == t, is_routed, "%s", t->name);
    }
    cr_assert_null(agent_tool_find(TS_STR_LIT("get_security_overvie")));
    cr_assert_null(agent_tool_find(TS_STR_NULL));
}

Test(tools, what_changes_something_says_so)
{
    for (size_t i = 0; i < agent_tool_count; i++) {
        const agent_tool *t = &agent_tools[i];
        bool changes = strcmp(t->name, "update_incident_status") == 0 ||
                       strcmp(t->name, "manage_trusted_contacts") == 0;

        cr_assert_eq(t->is_read_only, !changes, "%s", t->name);
        cr_assert_eq(t->is_destructive, changes, "%s", t->name);
        cr_assert(t->is_idempotent, "%s", t->name);
        cr_assert_not(t->is_open_world, "%s", t->name);
    }
    cr_assert_eq(agent_tool_permission(agent_tool_find(TS_STR_LIT("manage_trusted_contacts"))),
                 TS_PERM_WRITE_CONTACTS);
    cr_assert_eq(agent_tool_permission(agent_tool_find(TS_STR_LIT("search_users"))),
                 TS_PERM_READ_USERS);
}

/* What a model has to read of all tools fits 5,000 tokens of 4 bytes. */
Test(tools, what_models_read_is_short)
{
    TS_CLEANUP(ts_buf_done) ts_buf out = TS_BUF_INIT(1 << 20);

    for (size_t i = 0; i < agent_tool_count; i++) {
        ts_jsonw w = ts_jsonw_on(&out);

        ts_buf_z(&out, agent_tools[i].name);
        ts_buf_z(&out, agent_tools[i].title);
        ts_jsonw_object(&w);
        agent_tool_put_description(&w, &agent_tools[i]);
        ts_jsonw_object_end(&w);
        w = ts_jsonw_on(&out);
        if (agent_tool_is_there(&agent_tools[i]))
            agent_tool_put_input(&w, &agent_tools[i]);
    }
    cr_assert_eq(ts_buf_status(&out), TS_OK);
    cr_assert_leq(out.size, 20000, "%zu bytes", out.size);
    cr_assert_gt(out.size, 4000);
}

/* What clients get of all tools and models are not given, to which APIs of models have no place for it: the schemas of answers,
 * by which a client checks structuredContent. They are a client's memory, not a model's, so they have a bound of their own. */
Test(tools, schemas_of_answers_are_bounded)
{
    TS_CLEANUP(ts_buf_done) ts_buf out = TS_BUF_INIT(1 << 20);

    for (size_t i = 0; i < agent_tool_count; i++) {
        ts_jsonw w = ts_jsonw_on(&out);

        agent_tool_put_output(&w, &agent_tools[i]);
    }
    cr_assert_eq(ts_buf_status(&out), TS_OK);
    cr_assert_leq(out.size, 28000, "%zu bytes", out.size);
    cr_assert_gt(out.size, 4000);
}

/* What a model is told of each tool. A change of it is a change of what agents do, and of what their operators approved: so it
 * has to be made twice, there and here. */
Test(tools, what_models_read_is_pinned)
{
    static const char *const pinned[] = {
        "dc4805b1b02df70a", "fc2b363435e1fc78", "41fe4448cdb43eae", "9272bdfdc8d834f7",
        "a3124910fbf4e05a", "4d27cc8b707cbef9", "bc06c2bf3ffc69fb", "8165a4040a95b9dc",
        "a9cc5a22263965bf", "a425a1050e49eeb2", "35a4e367f16903b8", "9742bbe6a42ed763"
    };

    for (size_t i = 0; i < agent_tool_count; i++) {
        TS_CLEANUP(ts_buf_done) ts_buf out = TS_BUF_INIT(1 << 20);
        ts_jsonw w = ts_jsonw_on(&out);
        uint8_t hash[32];
        char text[2 * sizeof(hash) + 1];

        ts_buf_printf(&out, "%s\n%s\n", agent_tools[i].name, agent_tools[i].title);
        ts_jsonw_object(&w);
        agent_tool_put_description(&w, &agent_tools[i]);
        ts_jsonw_object_end(&w);
        w = ts_jsonw_on(&out);
        agent_tool_put_input(&w, &agent_tools[i]);
        w = ts_jsonw_on(&out);
        agent_tool_put_annotations(&w, &agent_tools[i]);
        ts_sha256(ts_buf_view(&out), hash);
        ts_hex(hash, sizeof(hash), text);
        text[16] = '\0';
        cr_expect_str_eq(text, pinned[i], "%s is told differently: %s\n%s", agent_tools[i].name,
                         text, out.data);
    }
}

/* The paths that a short form leaves out stand below a member of `data`, which the schema of the answer may require. */
Test(tools, the_short_form_leaves_out_no_member_of_data_itself)
{
    for (size_t i = 0; i < agent_tool_count; i++) {
        for (size_t k = 0; agent_tools[i].concise != NULL && agent_tools[i].concise[k] != NULL;
             k++) {
            const char *path = agent_tools[i].concise[k];

            cr_assert_eq(strncmp(path, "data.", 5), 0, "%s", path);
            cr_assert_not_null(strchr(path + 5, '.'), "%s", path);
        }
    }
}
