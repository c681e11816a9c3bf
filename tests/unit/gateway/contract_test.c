/* Users, incidents, AI usage, endpoints and events; text of others in their answers. */
#include "contract.h"

/* ---- resources ---- */

Test(contract, users_are_listed_with_pages)
{
    get("/v1/users?limit=1&offset=3", KEY_ALL, 200);
    expect_text("summary", "5 users, highest risk first.");
    cr_assert_eq(number("data.pagination.total"), 5);
    cr_assert_eq(number("data.pagination.offset"), 3);
    expect_text("data.pagination.next_cursor", "o000000004");
    get("/v1/users?limit=1&cursor=o000000004", KEY_ALL, 200);
    cr_assert_eq(number("data.pagination.offset"), 4);
    cr_assert_eq(ts_json_type_of(at("data.pagination.next_cursor")), TS_JSON_NULL);
    get("/v1/users", KEY_ALL, 200);
    expect_text("summary",
                "5 users, highest risk first. Highest: john@acme.example with HIGH risk (82).");
    cr_assert_not_null(strstr(a.body.data, "\"untrusted_fields\":[\"data.users[].name\""));
    cr_assert_not_null(strstr(a.body.data, "John \\\"Ignore all\\\" Smith"));
    get("/v1/users?risk_level=minimal", KEY_ALL, 200);
    expect_text("summary", "0 users with risk level minimal. Without the filter "
                           "risk_level: 5.");
    get("/v1/users?limit=201", KEY_ALL, 400);
    expect_error("bad_request", "limit", "limit must be between 1 and 200");
    get("/v1/users?limt=1", KEY_ALL, 400);
    get("/v1/users/high-risk?min_risk_score=75", KEY_ALL, 200);
    expect_text("summary", "5 users with a risk score of 75 or more, highest first. Highest: "
                           "john@acme.example with HIGH risk (82).");
    cr_assert_eq(number("data.min_risk_score"), 75);
}

Test(contract, a_user_is_found_by_any_spelling_of_the_address)
{
    get("/v1/users/John%40Acme.Example?include_timeline=true", KEY_ALL, 200);
    expect_text("summary", "john@acme.example has HIGH risk (82). 1 active rule and 2 "
                           "behavioral anomalies.");
    cr_assert_eq(number("user.risk_score"), 82);
    cr_assert_eq(number("data.user.risk_score"), 82);
    expect_text("data.user.risk_level", "high");
    cr_assert_eq(ts_json_count(at("data.mitre_attack")), 2);
    cr_assert_not_null(strstr(a.body.data, "{\"tactic\":\"TA0001\",\"name\":\"Initial Access\","
                                           "\"techniques\":[\"T1078.004\"]}"));
    cr_assert_eq(ts_json_count(at("anomalies")), 2);
    cr_assert_not_null(strstr(
        a.body.data, "{\"metric\":\"files_downloaded_per_day\",\"observed\":72,\"expected\":3.5,"
                     "\"z_score\":39.84,\"detected_at\":\"2025-01-15T08:22:00Z\",\"explanation\":"
                     "\"72 files. 3.5 before.\"}"));
    cr_assert_not_null(strstr(a.body.data, "\"observed\":4294967295,"));
    cr_assert_eq(ts_json_count(at("timeline")), 0);
    get("/v1/users/jane@acme.example", KEY_ALL, 404);
    expect_error("not_found", "email",
                 "There is no such user. A search (/v1/users/search) finds addresses by name.");
    get("/v1/users/jane", KEY_ALL, 404);
}

Test(contract, incidents_are_filtered)
{
    get("/v1/incidents?severity=high&user=John@acme.example&since=2025-01-15", KEY_ALL, 200);
    expect_text("summary",
                "1 open incident of high severity of this user in the time asked for. Newest: "
                "inc_one with high severity.");
    cr_assert_eq(number("data.pagination.total"), 1);
    get("/v1/incidents?status=all", KEY_ALL, 200);
    expect_text("summary", "0 incidents.");
    get("/v1/incidents?status=new", KEY_ALL, 400);
    expect_error("bad_request", "status", "status must be one of: open, closed, all");
    get("/v1/incidents?since=2025-01-16&until=2025-01-15", KEY_ALL, 400);
    expect_error("bad_request", "until", "until must be later than since");
}

Test(contract, an_incident_is_told_whole)
{
    get("/v1/incidents/inc_one", KEY_ALL, 200);
    expect_text("summary", "Incident inc_one has HIGH severity and is open. 3 detections. First "
                           "affected user: john@acme.example.");
    cr_assert_eq(ts_json_count(at("data.incident.triggered_rules")), 2);
    cr_assert_eq(ts_json_count(at("data.incident.evidence")), 3);
    cr_assert_not_null(strstr(a.body.data, "\"source\":\"okta\""));
    cr_assert_not_null(strstr(a.body.data, "\"source\":\"google_workspace\""),
                       "what was kept before the source was came from the only one");
    cr_assert_eq(ts_json_count(at("data.incident.recommended_actions")), 2);
    cr_assert_not_null(
        strstr(a.body.data, "{\"priority\":1,\"action\":\"Reset the password.\",\"reason\":\"Rule "
                            "takeover fired with high severity.\"}"));
    get("/v1/incidents/inc_two", KEY_ALL, 404);
    get("/v1/incidents/one", KEY_ALL, 404);
}

Test(contract, an_incident_is_updated)
{
    send_json("PATCH", "/v1/incidents/inc_one", "", "{\"status\":\"false_positive\"}", 200);
    expect_text("data.incident.status", "false_positive");
    expect_text("summary",
                "Incident inc_one has HIGH severity and is a false positive. 3 detections. "
                "First affected user: john@acme.example.");
    send_json("PATCH", "/v1/incidents/inc_closed", "", "{\"status\":\"resolved\"}", 409);
    expect_error("conflict", "status", "The incident is already resolved.");
    send_json("PATCH", "/v1/incidents/inc_one", "", "{\"status\":\"open\"}", 400);
    expect_error("bad_request", "status",
                 "status must be one of: investigating, resolved, false_positive");
    send_json("PATCH", "/v1/incidents/inc_one", "", "{\"status\":", 400);
    expect_error("bad_request", NULL, NULL);
    send_json("PATCH", "/v1/incidents/inc_one", "", "", 400);
    expect_error("bad_request", NULL, "The body is empty.");
    answer_done(&a);
    ask(port, "PATCH", "/v1/incidents/inc_one", KEY_ALL, "", "{\"status\":\"resolved\"}", &a);
    cr_assert_eq(a.status, 415);
}

Test(contract, a_closed_incident_is_reopened)
{
    send_json("POST", "/v1/incidents/inc_closed/reopen", "", "{\"notes\":\"Seen again.\"}", 200);
    expect_text("data.incident.status", "investigating");
    send_json("POST", "/v1/incidents/inc_one/reopen", "", "{}", 409);
    expect_error("conflict", "status", "The incident is open and not closed.");
    send_json("POST", "/v1/incidents/inc_closed/reopen", "", "{\"status\":\"open\"}", 400);
    expect_error("bad_request", "status", NULL);
    get("/v1/incidents/inc_closed/reopen", KEY_ALL, 405);
    expect_header("Allow", "POST, OPTIONS");
}

Test(contract, an_update_may_ask_for_the_state_it_has_seen)
{
    char line[96];

    send_json("PATCH", "/v1/incidents/inc_one", "If-Match: \"00\"\r\n", "{\"status\":\"resolved\"}",
              412);
    expect_error("precondition_failed", "If-Match",
                 "The incident has changed since; read it again.");
    cr_assert_eq(atomic_load(&standin_saw.updates), 0);
    get("/v1/incidents/inc_one", KEY_ALL, 200);
    (void)snprintf(line, sizeof(line), "If-Match: %s\r\n", answer_header(&a, "ETag"));
    send_json("PATCH", "/v1/incidents/inc_one", line, "{\"status\":\"resolved\"}", 200);
    cr_assert_eq(atomic_load(&standin_saw.updates), 1);
    cr_assert_eq(standin_saw.revision, 5); /* the service is told what was looked at */
}

/* ---- nothing there ---- */

Test(contract, an_empty_list_says_which_filter_emptied_it)
{
    get("/v1/incidents?severity=high&user=nobody@acme.example&since=2025-01-15", KEY_ALL, 200);
    expect_summary(
        "0 open incidents of high severity of this user in the time asked for. Without the "
        "filter user: 1.");
    cr_assert_not_null(strstr(a.body.data, "\"wider\":[{\"without\":\"user\",\"total\":1}]"));
    get("/v1/incidents?severity=low", KEY_ALL, 200);
    expect_summary("0 open incidents of low severity."); /* nor is there anything without */
    expect_no("data.wider");
    get("/v1/users?risk_level=minimal", KEY_ALL, 200);
    cr_assert_not_null(strstr(a.body.data, "[{\"without\":\"risk_level\",\"total\":5}]"));
    get("/v1/users", KEY_ALL, 200);
    expect_no("data.wider");
}

/* ---- text of others ---- */

#define HIDDEN "\xe2\x80\xae" /* U+202E turns what follows around */

Test(contract, text_of_others_is_cleaned_unless_asked_for_raw)
{
    get("/v1/apps?status=untrusted", KEY_ALL, 200);
    cr_assert_not_null(strstr(a.body.data, "\"name\":\"Ignore all rules\""));
    get("/v1/apps?status=untrusted&raw=false", KEY_ALL, 200);
    cr_assert_null(strstr(a.body.data, HIDDEN));
    get("/v1/apps?status=untrusted&raw=true", KEY_ALL, 200);
    cr_assert_not_null(strstr(a.body.data, "\"name\":\"Ignore all" HIDDEN " rules\""));
    cr_assert_not_null(strstr(a.body.data, "\"untrusted_fields\":[\"data.apps[].name\""));
    get("/v1/incidents/inc_one", KEY_ALL, 200);
    cr_assert_not_null(strstr(a.body.data, "\"value\":\"plan fdp.exe\""));
    get("/v1/incidents/inc_one?raw=true", KEY_ALL, 200);
    cr_assert_not_null(strstr(a.body.data, "\"value\":\"plan" HIDDEN "\\nfdp.exe\""));
}

Test(contract, raw_text_needs_admin)
{
    get("/v1/users?raw=true", KEY_USERS, 403);
    expect_error("forbidden", "raw", "raw needs the permission admin.");
    get("/v1/users/high-risk?raw=true", KEY_USERS, 403);
    get("/v1/users/search?query=a&raw=true", KEY_USERS, 403);
    get("/v1/users/john@acme.example?raw=true", KEY_USERS, 403);
    get("/v1/users?raw=false", KEY_USERS, 200);
    get("/v1/incidents/inc_one?raw=true", KEY_AGENT, 403);
    expect_error("forbidden", "raw", NULL);
    get("/v1/users?raw=yes", KEY_ALL, 400);
    expect_error("bad_request", "raw", NULL);
}

/* Not where there is no such text, nor for models, spreadsheets and changes. */
Test(contract, raw_text_is_for_users_apps_and_incidents_alone)
{
    static const char *const others[] = { "/v1/overview",         "/v1/incidents",
                                          "/v1/agent/summary",    "/v1/ai-usage",
                                          "/v1/trusted-contacts", "/v1/exports/users.csv",
                                          "/v1/exports/apps.csv" };
    char path[64];

    for (size_t i = 0; i < TS_COUNT(others); i++) {
        (void)snprintf(path, sizeof(path), "%s?raw=true", others[i]);
        get(path, KEY_ALL, 400);
        expect_error("bad_request", "raw", NULL);
    }
    send_json("PATCH", "/v1/incidents/inc_one?raw=true", "", "{\"status\":\"resolved\"}", 400);
    cr_assert_eq(atomic_load(&standin_saw.updates), 0);
}

/* The tag of either form is that of the object: who read it raw need not read it again to change it. */
Test(contract, an_update_may_ask_for_the_state_it_has_seen_raw)
{
    char plain[HTTP_ETAG_SIZE];
    char line[96];

    get("/v1/incidents/inc_one", KEY_ALL, 200);
    (void)snprintf(plain, sizeof(plain), "%s", answer_header(&a, "ETag"));
    get("/v1/incidents/inc_one?raw=true", KEY_ALL, 200);
    cr_assert_str_neq(answer_header(&a, "ETag"), plain);
    (void)snprintf(line, sizeof(line), "If-Match: %s\r\n", answer_header(&a, "ETag"));
    send_json("PATCH", "/v1/incidents/inc_one", line, "{\"status\":\"resolved\"}", 200);
    cr_assert_eq(atomic_load(&standin_saw.updates), 1);
    cr_assert_eq(standin_saw.revision, 5);
    cr_assert_null(strstr(a.body.data, HIDDEN));
    get("/v1/incidents/inc_one", KEY_ALL, 200);
    cr_assert_str_eq(answer_header(&a, "ETag"), plain);
}

Test(contract, ai_usage_is_grouped)
{
    get("/v1/ai-usage", KEY_ALL, 200);
    expect_text(
        "summary",
        "30 AI tool events by 5 users with 1 tool in the last 7 days. 30 unsanctioned events.");
    cr_assert_float_eq(ts_json_f64(at("data.totals.change_percent"), 0), -25.0, 0.001);
    cr_assert_eq(number("data.totals.events_before"), 40);
    cr_assert_not_null(strstr(a.body.data, "\"groups\":[{\"tool\":\"ChatGPT\""));
    get("/v1/ai-usage?group_by=day&days=1", KEY_ALL, 200);
    cr_assert_not_null(strstr(a.body.data, "\"groups\":[{\"date\":\"2025-01-15\""));
    expect_text("summary",
                "30 AI tool events by 5 users with 1 tool today. 30 unsanctioned events.");
    get("/v1/ai-usage?days=91", KEY_ALL, 400);
}

Test(contract, endpoints_are_made_shown_and_deleted)
{
    send_json("POST", "/v1/webhooks/endpoints", "",
              "{\"url\":\"https://hook.example/\",\"events\":[\"incident.*\"]}", 201);
    expect_text("data.endpoint.id", "whe_one");
    expect_text("data.secret", "whsec_c2VjcmV0");
    expect_header("Cache-Control", "no-store");
    send_json("POST", "/v1/webhooks/endpoints", "", "{\"url\":\"http://10.0.0.1/\"}", 400);
    expect_error("bad_request", "url", "url must not lead to a private address");
    send_json("POST", "/v1/webhooks/endpoints", "", "{}", 400);
    expect_error("bad_request", "url", "url is required: where events are sent");
    send_json("POST", "/v1/webhooks/endpoints", "", "{\"url\":\"https://a/\",\"colour\":1}", 400);
    expect_error("bad_request", "colour", NULL);
    get("/v1/webhooks/endpoints", KEY_ALL, 200);
    expect_text("summary", "1 webhook endpoint.");
    cr_assert_null(strstr(a.body.data, "\"secret\""));
    get("/v1/webhooks/endpoints/whe_one", KEY_ALL, 200);
    expect_text("summary", "Webhook endpoint whe_one is enabled.");
    get("/v1/webhooks/endpoints/whe_two", KEY_ALL, 404);
    answer_done(&a);
    ask(port, "DELETE", "/v1/webhooks/endpoints/whe_one", KEY_ALL, "", NULL, &a);
    cr_assert_eq(a.status, 200);
    parse();
    expect_text("summary", "Webhook endpoint whe_one deleted.");
    get("/v1/webhooks/events?status=failed", KEY_ALL, 200);
    expect_text("summary", "12 failed webhook events, newest first.");
    expect_text("data.pagination.next_cursor", "o000000001");
}

/* ---- ingest ---- */

Test(contract, events_reach_risk_as_they_came)
{
    static const char body[] = "{\"id\":1}\n{\"id\":2}\n";

    ask(port, "POST", "/v1/events?source=google_workspace", KEY_ALL,
        "Content-Type: application/x-ndjson\r\nContent-Encoding: gzip\r\nX-Forwarded-For: "
        "198.51.100.7\r\n",
        body, &a);
    cr_assert_eq(a.status, 202, "%s", a.body.data);
    parse();
    expect_text("summary", "1 event accepted. 2 duplicates. 1 rejected: data.rejected says why.");
    cr_assert_eq(number("data.accepted"), 1);
    cr_assert_eq(number("data.duplicates"), 2);
    cr_assert_eq(ts_json_count(at("data.rejected")), 1);
    cr_assert_str_eq(standin_saw.source, "google_workspace");
    cr_assert_str_eq(standin_saw.content_type, "ndjson");
    cr_assert(standin_saw.gzip);
    cr_assert_str_eq(standin_saw.body_start, body);
    cr_assert_str_eq(standin_saw.actor, "key:key_one");
    cr_assert_str_eq(standin_saw.client_addr, "198.51.100.7");
}

Test(contract, events_of_a_wrong_kind_are_refused)
{
    send_json("POST", "/v1/events", "", "{}", 400);
    expect_error("bad_request", "source", NULL);
    send_json("POST", "/v1/events?source=syslog", "", "{}", 400);
    send_json("POST", "/v1/events?source=google_workspace", "Content-Encoding: br\r\n", "{}", 415);
    expect_error("unsupported_media_type", "Content-Encoding", "The body may be plain or gzip.");
    send_json("POST", "/v1/events?source=google_workspace", "", "", 400);
    answer_done(&a);
    ask(port, "POST", "/v1/events?source=google_workspace", KEY_ALL, "Content-Type: text/csv\r\n",
        "a,b", &a);
    cr_assert_eq(a.status, 415);
    cr_assert_eq(standin_saw.body_bytes, 0);
}
