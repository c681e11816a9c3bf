#include "agent/tools.h"

#include "api/document.h"
#include "api/facts.h"
#include "api/schemas.h"
#include "api/words.h"

#define READS false, true, false /* after `true`: destructive, idempotent, open world */

const agent_tool agent_tools[] = {
    { "get_security_overview",
      "Security overview",
      "How the organization stands now: how many users have which risk, how many incidents are "
      "open. Start here, or with get_agent_summary for what to do next. Not for one user or one "
      "incident.",
      true,
      READS,
      NULL,
      { { NULL, "GET", "/v1/overview" } },
      { { "How are we doing?", "{}" },
        { "With open incidents and AI use",
          "{\"include_incidents\":true,\"include_ai_usage\":true}" } } },
    { "get_user_risk_profile",
      "Risk profile of a user",
      "Everything about one user's risk: score 0 to 100, the rules that make it up with their "
      "points, anomalies, MITRE ATT&CK tactics, recent activity. Needs the e-mail address: find it "
      "with search_users.",
      true,
      READS,
      "user_email",
      { { NULL, "GET", "/v1/users/{email}" } },
      { { "Why is Jana at risk?", "{\"user_email\":\"jana.bianchi@lumen-works.example\"}" },
        { "And how did it come about?",
          "{\"user_email\":\"jana.bianchi@lumen-works.example\",\"include_timeline\":true}" } } },
    { "list_high_risk_users",
      "High-risk users",
      "Users at or above a risk score, the highest first. Scores run from 0 to 100; 70 is high, 90 "
      "critical.",
      true,
      READS,
      NULL,
      { { NULL, "GET", "/v1/users/high-risk" } },
      { { "Who is at high risk?", "{}" },
        { "The five most critical users", "{\"min_risk_score\":90,\"limit\":5}" } } },
    { "search_users",
      "Search users",
      "Users whose name or department has a word that begins like the query, or whose e-mail "
      "address contains it. Use it to find an address; not for listing everybody.",
      true,
      READS,
      NULL,
      { { NULL, "GET", "/v1/users/search" } },
      { { "Find Jana", "{\"query\":\"jana\"}" },
        { "High-risk people in finance", "{\"query\":\"finance\",\"risk_level\":\"high\"}" } } },
    { "list_incidents",
      "Incidents",
      "Incidents, the newest first, by default those that are open or being investigated. Details "
      "of one: get_incident_details.",
      true,
      READS,
      NULL,
      { { NULL, "GET", "/v1/incidents" } },
      { { "What is open?", "{}" },
        { "Closed critical incidents", "{\"status\":\"closed\",\"severity\":\"critical\"}" } } },
    { "get_incident_details",
      "Details of an incident",
      "One incident with its threat chain, timeline, rules, evidence, notes and recommended "
      "actions. Needs its id, as list_incidents gives it.",
      true,
      READS,
      "incident_id",
      { { NULL, "GET", "/v1/incidents/{id}" } },
      { { "What happened?", "{\"incident_id\":\"inc_2p0bqmXTEsX9YFJrYrkyrM\"}" } } },
    { "update_incident_status",
      "Change an incident's status",
      "Moves an incident to investigating, resolved or false_positive and keeps the notes with it. "
      "resolved and false_positive close it. Changes what people see: ask the user before, and say "
      "why in the notes.",
      false,
      true,
      true,
      false,
      "incident_id",
      { { NULL, "PATCH", "/v1/incidents/{id}" } },
      { { "Take it up",
          "{\"incident_id\":\"inc_2p0bqmXTEsX9YFJrYrkyrM\",\"status\":\"investigating\"}" },
        { "Close it with a reason", "{\"incident_id\":\"inc_2p0bqmXTEsX9YFJrYrkyrM\",\"status\":"
                                    "\"resolved\",\"notes\":\"Password reset.\"}" } } },
    { "get_ai_usage_report",
      "AI usage report",
      "Use of AI tools in the last days, sanctioned or not, grouped by tool, user or day. At most "
      "90 days.",
      true,
      READS,
      NULL,
      { { NULL, "GET", "/v1/ai-usage" } },
      { { "Which AI tools are used?", "{}" },
        { "Who used them this month?", "{\"days\":30,\"group_by\":\"user\"}" } } },
    { "list_trusted_apps",
      "Third-party apps",
      "Third-party apps that users connected, with their scopes and risk, the highest risk first: "
      "all of them, or only those that are trusted or untrusted.",
      true,
      READS,
      NULL,
      { { NULL, "GET", "/v1/apps" } },
      { { "Which apps are trusted?", "{\"status\":\"trusted\"}" },
        { "Which ones did nobody vet?", "{\"status\":\"untrusted\",\"limit\":10}" } } },
    { "manage_trusted_contacts",
      "Trusted contacts",
      "Domains and e-mail addresses outside that may get things from here: action list shows them, "
      "add and remove change them and need `value`. A wrong entry silences alerts: ask the user "
      "before you change anything.",
      false,
      true,
      true,
      false,
      "value",
      { { "list", "GET", "/v1/trusted-contacts" },
        { "add", "POST", "/v1/trusted-contacts" },
        { "remove", "DELETE", "/v1/trusted-contacts/{value}" } },
      { { "Who is trusted?", "{\"action\":\"list\"}" },
        { "Trust the printer's domain",
          "{\"action\":\"add\",\"value\":\"partner.example\",\"note\":\"our printer\"}" } } },
    { "security_query",
      "Ask in plain words",
      "Answers a question about this organization's security in English and says how it understood "
      "it. Use it when no other tool fits. It never changes anything.",
      true,
      READS,
      NULL,
      { { NULL, "POST", "/v1/agent/query" } },
      { { "A question", "{\"query\":\"Who has the highest risk?\"}" } } },
    { "get_agent_summary",
      "What matters now",
      "The whole organization in brief: the three things that matter most, why, and next steps as "
      "calls of these tools. At most 2,000 tokens.",
      true,
      READS,
      NULL,
      { { NULL, "GET", "/v1/agent/summary" } },
      { { "Where should I start?", "{}" } } },
};
const size_t agent_tool_count = TS_COUNT(agent_tools);

const http_route *agent_tool_route(const char *method, const char *pattern)
{
    for (size_t i = 0; i < api_route_count; i++) {
        if (strcmp(api_routes[i].method, method) == 0 &&
            strcmp(api_routes[i].pattern, pattern) == 0)
            return &api_routes[i];
    }
    return NULL;
}

static size_t call_count(const agent_tool *t)
{
    size_t count = 0;

    while (count < AGENT_TOOL_CALLS_MAX && t->calls[count].method != NULL)
        count++;
    return count;
}

static const http_route *route_at(const agent_tool *t, size_t call)
{
    return agent_tool_route(t->calls[call].method, t->calls[call].pattern);
}

bool agent_tool_is_there(const agent_tool *t)
{
    size_t count = call_count(t);

    for (size_t i = 0; i < count; i++) {
        if (route_at(t, i) == NULL)
            return false;
    }
    return true;
}

const agent_tool *agent_tool_find(ts_str name)
{
    for (size_t i = 0; i < agent_tool_count; i++) {
        if (ts_str_is(name, agent_tools[i].name))
            return agent_tool_is_there(&agent_tools[i]) ? &agent_tools[i] : NULL;
    }
    return NULL;
}

uint64_t agent_tool_permission(const agent_tool *t)
{
    return route_at(t, call_count(t) - 1)->permission;
}

/* ---- schemas ---- */

static bool is_fixed(const agent_tool *t, const char *name)
{
    return t->segment != NULL && strcmp(t->segment, name) == 0;
}

/* An earlier call of the tool has an argument of that name. */
static bool is_known_before(const agent_tool *t, size_t call, const char *name)
{
    for (size_t i = 0; i < call; i++) {
        const http_route *route = route_at(t, i);

        if (http_param_index(route->params, ts_str_of(name)) >= 0 ||
            http_param_index(route->fields, ts_str_of(name)) >= 0)
            return true;
    }
    return false;
}

static void put_rows(ts_jsonw *w, const agent_tool *t, size_t call, const http_param *rows,
                     bool are_fields)
{
    size_t count = http_param_count(rows);

    for (size_t i = 0; i < count; i++) {
        if (is_fixed(t, rows[i].name) || is_known_before(t, call, rows[i].name))
            continue;
        ts_jsonw_key(w, rows[i].name);
        ts_jsonw_object(w);
        document_put_schema(w, &rows[i], are_fields);
        ts_jsonw_kz(w, "description", rows[i].help);
        ts_jsonw_object_end(w);
    }
}

static void put_action(ts_jsonw *w, const agent_tool *t)
{
    size_t count = call_count(t);

    ts_jsonw_key(w, "action");
    ts_jsonw_object(w);
    ts_jsonw_kz(w, "type", "string");
    ts_jsonw_key(w, "enum");
    ts_jsonw_array(w);
    for (size_t i = 0; i < count; i++)
        ts_jsonw_z(w, t->calls[i].action);
    ts_jsonw_array_end(w);
    ts_jsonw_kz(w, "description", "what to do");
    ts_jsonw_object_end(w);
}

static void put_segment(ts_jsonw *w, const agent_tool *t)
{
    const fact *f = fact_of_path(t->calls[call_count(t) - 1].pattern);

    ts_jsonw_key(w, t->segment);
    ts_jsonw_object(w);
    ts_jsonw_kz(w, "type", "string");
    ts_jsonw_members(w, ts_str_of(f->limits));
    ts_jsonw_kz(w, "description", f->words);
    ts_jsonw_object_end(w);
}

static void put_required_rows(ts_jsonw *w, const http_param *rows)
{
    size_t count = http_param_count(rows);

    for (size_t i = 0; i < count; i++) {
        if (rows[i].required)
            ts_jsonw_z(w, rows[i].name);
    }
}

void agent_tool_put_input(ts_jsonw *w, const agent_tool *t)
{
    size_t count = call_count(t);

    ts_jsonw_object(w);
    ts_jsonw_kz(w, "type", "object");
    ts_jsonw_key(w, "properties");
    ts_jsonw_object(w);
    if (count > 1)
        put_action(w, t);
    if (t->segment != NULL)
        put_segment(w, t);
    for (size_t i = 0; i < count; i++) {
        put_rows(w, t, i, route_at(t, i)->params, false);
        put_rows(w, t, i, route_at(t, i)->fields, true);
    }
    ts_jsonw_object_end(w);
    ts_jsonw_key(w, "required");
    ts_jsonw_array(w);
    if (count > 1) {
        ts_jsonw_z(w, "action"); /* what else is needed follows from it */
    } else {
        if (t->segment != NULL)
            ts_jsonw_z(w, t->segment);
        put_required_rows(w, route_at(t, 0)->params);
        put_required_rows(w, route_at(t, 0)->fields);
    }
    ts_jsonw_array_end(w);
    ts_jsonw_kbool(w, "additionalProperties", false);
    ts_jsonw_object_end(w);
}

void agent_tool_put_output(ts_jsonw *w, const agent_tool *t)
{
    size_t count = call_count(t);

    ts_jsonw_object(w);
    ts_jsonw_kz(w, "type", "object");
    ts_jsonw_key(w, "properties");
    ts_jsonw_object(w);
    ts_jsonw_key(w, "summary");
    ts_jsonw_raw(w, TS_STR_LIT("{\"type\":\"string\"}"));
    ts_jsonw_key(w, "data");
    if (count == 1) {
        schemas_put_compact(w, route_at(t, 0)->schema);
    } else {
        ts_jsonw_object(w);
        ts_jsonw_key(w, "anyOf");
        ts_jsonw_array(w);
        for (size_t i = 0; i < count; i++)
            schemas_put_compact(w, route_at(t, i)->schema);
        ts_jsonw_array_end(w);
        ts_jsonw_object_end(w);
    }
    ts_jsonw_key(w, "meta");
    schemas_put_compact(w, "Meta");
    ts_jsonw_object_end(w);
    ts_jsonw_key(w, "required");
    ts_jsonw_raw(w, TS_STR_LIT("[\"summary\",\"data\",\"meta\"]"));
    ts_jsonw_object_end(w);
}

void agent_tool_put_annotations(ts_jsonw *w, const agent_tool *t)
{
    ts_jsonw_object(w);
    ts_jsonw_kbool(w, "readOnlyHint", t->is_read_only);
    ts_jsonw_kbool(w, "destructiveHint", t->is_destructive);
    ts_jsonw_kbool(w, "idempotentHint", t->is_idempotent);
    ts_jsonw_kbool(w, "openWorldHint", t->is_open_world);
    ts_jsonw_object_end(w);
}

/* ---- calling ---- */

/* Which of the tool's calls is meant; -1 with words. */
static int choose_call(const agent_tool *t, ts_json arguments, ts_error *err)
{
    ts_json action = { 0 };
    size_t count = call_count(t);
    char words[64] = "";
    size_t n = 0;

    if (count == 1)
        return 0;
    (void)ts_json_get(arguments, "action", &action);
    for (size_t i = 0; i < count; i++) {
        int wrote =
            snprintf(words + n, sizeof(words) - n, "%s%s", i == 0 ? "" : ", ", t->calls[i].action);

        n += wrote > 0 && (size_t)wrote < sizeof(words) - n ? (size_t)wrote : 0;
        if (ts_str_is(ts_json_str(action), t->calls[i].action))
            return (int)i;
    }
    ts_error_set(err, "action", "action must be one of: %s", words);
    return -1;
}

static ts_status unknown_argument(const agent_tool *t, const http_route *route, ts_error *err)
{
    char known[160] = "";
    size_t n = 0;
    const http_param *const lists[] = { route->params, route->fields };

    for (size_t i = 0; i < TS_COUNT(lists); i++) {
        size_t count = http_param_count(lists[i]);

        for (size_t j = 0; j < count && n < sizeof(known) - 1; j++) {
            int wrote = is_fixed(t, lists[i][j].name)
                            ? 0
                            : snprintf(known + n, sizeof(known) - n, ", %s", lists[i][j].name);

            n += wrote > 0 && (size_t)wrote < sizeof(known) - n ? (size_t)wrote : 0;
        }
    }
    if (t->segment == NULL && n == 0)
        return ts_fail(err, TS_INVALID, "", "This tool takes no arguments.");
    return ts_fail(err, TS_INVALID, "", "Unknown argument. Known here: %s%s",
                   t->segment == NULL ? "" : t->segment,
                   t->segment == NULL && n > 0 ? known + 2 : known);
}

/* One argument into its parameter or field. */
static ts_status set_argument(const agent_tool *t, http_exchange *x, ts_str name, ts_json value)
{
    int row = http_param_index(x->route->params, name);

    if (row >= 0)
        return http_value_set(x->route->params, (size_t)row, value, x->arena, x->params, &x->error);
    row = http_param_index(x->route->fields, name);
    if (row >= 0)
        return http_value_set(x->route->fields, (size_t)row, value, x->arena, x->fields, &x->error);
    if (call_count(t) > 1 && ts_str_is(name, "action"))
        return TS_OK;
    return unknown_argument(t, x->route, &x->error);
}

static ts_status set_segment(const agent_tool *t, http_exchange *x, ts_json value)
{
    if (x->segment.n > 0)
        return ts_fail(&x->error, TS_INVALID, t->segment, "%s must not be repeated", t->segment);
    if (ts_json_type_of(value) != TS_JSON_STRING || ts_json_str(value).n == 0)
        return ts_fail(&x->error, TS_INVALID, t->segment, "%s must be a string that is not empty",
                       t->segment);
    x->segment = ts_json_str(value);
    if (memchr(x->segment.p, '\0', x->segment.n) != NULL)
        return ts_fail(&x->error, TS_INVALID, t->segment, "%s must not hold a NUL", t->segment);
    return TS_OK;
}

static ts_status set_arguments(const agent_tool *t, http_exchange *x, ts_json arguments)
{
    bool has_segment = document_captured(x->route->pattern).n > 0;
    ts_status st = TS_OK;

    for (ts_json_iter it = ts_json_iter_of(arguments); st == TS_OK && ts_json_next(&it);) {
        if (has_segment && ts_str_is(it.name, t->segment))
            st = set_segment(t, x, it.value);
        else
            st = set_argument(t, x, it.name, it.value);
    }
    if (st == TS_OK && has_segment && x->segment.n == 0)
        return ts_fail(&x->error, TS_INVALID, t->segment, "%s is required: %s", t->segment,
                       fact_of_path(x->route->pattern)->words);
    return st;
}

/* The route calls it {id}; who called the tool knows it as incident_id. */
static void rename_param(const agent_tool *t, http_exchange *x)
{
    ts_str captured = document_captured(x->route->pattern);

    if (t->segment != NULL && captured.n > 0 && ts_str_is(captured, x->error.param))
        (void)snprintf(x->error.param, sizeof(x->error.param), "%s", t->segment);
}

ts_status agent_tool_call(http_exchange *outer, const agent_tool *t, ts_json arguments,
                          agent_tool_answer *ret)
{
    ts_error err = { .text = "" };
    int call = choose_call(t, arguments, &err);
    http_exchange *x;
    ts_status st =
        http_inner_begin(outer, route_at(t, call < 0 ? 0 : (size_t)call), TS_STR_NULL, &x);

    if (st != TS_OK)
        return st;
    *ret = (agent_tool_answer){ .problem = HTTP_BAD_REQUEST, .x = x };
    if (call < 0) {
        x->error = err;
        return TS_OK;
    }
    st = set_arguments(t, x, arguments);
    if (st == TS_OK)
        st = http_inner_run(x);
    ret->problem = http_problem_of(st);
    rename_param(t, x);
    return TS_OK;
}

/* ---- GET /v1/agent/tools ---- */

static void put_examples(ts_jsonw *w, const agent_tool *t)
{
    ts_jsonw_key(w, "examples");
    ts_jsonw_array(w);
    for (size_t i = 0; i < AGENT_TOOL_EXAMPLES_MAX && t->examples[i].words != NULL; i++) {
        ts_jsonw_object(w);
        ts_jsonw_kz(w, "description", t->examples[i].words);
        ts_jsonw_key(w, "arguments");
        ts_jsonw_raw(w, ts_str_of(t->examples[i].arguments));
        ts_jsonw_object_end(w);
    }
    ts_jsonw_array_end(w);
}

static void put_tool(ts_jsonw *w, const agent_tool *t)
{
    ts_jsonw_object(w);
    ts_jsonw_kz(w, "name", t->name);
    ts_jsonw_kz(w, "title", t->title);
    ts_jsonw_kz(w, "description", t->description);
    ts_jsonw_key(w, "input_schema");
    agent_tool_put_input(w, t);
    ts_jsonw_key(w, "output_schema");
    agent_tool_put_output(w, t);
    ts_jsonw_key(w, "annotations");
    agent_tool_put_annotations(w, t);
    ts_jsonw_kz(w, "permission", ts_permission_name(agent_tool_permission(t)));
    ts_jsonw_key(w, "rest");
    ts_jsonw_object(w);
    ts_jsonw_kz(w, "method", t->calls[0].method);
    ts_jsonw_kz(w, "path", t->calls[0].pattern);
    ts_jsonw_object_end(w);
    put_examples(w, t);
    ts_jsonw_object_end(w);
}

ts_status api_agent_tools(http_exchange *x)
{
    ts_jsonw w = ts_jsonw_on(&x->data);
    uint64_t count = 0;

    ts_jsonw_object(&w);
    ts_jsonw_key(&w, "tools");
    ts_jsonw_array(&w);
    for (size_t i = 0; i < agent_tool_count; i++) {
        if (!agent_tool_is_there(&agent_tools[i]) ||
            (x->who.permissions & agent_tool_permission(&agent_tools[i])) == 0)
            continue;
        put_tool(&w, &agent_tools[i]);
        count++;
    }
    ts_jsonw_array_end(&w);
    ts_jsonw_object_end(&w);
    ts_buf_z(&x->summary, "This key may call ");
    words_count(&x->summary, count, "tool");
    ts_buf_char(&x->summary, '.');
    return TS_OK;
}
