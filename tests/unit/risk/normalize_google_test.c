/* One Google record at a time: the shapes it comes in, whom it is about, its time, its id. */
#include "parse.h"

static parse p;

static void setup(void)
{
    p = parse_new();
}

static void teardown(void)
{
    parse_done(&p);
}

TestSuite(google, .init = setup, .fini = teardown);

/* The id outlives the next parse: it is in the arena. */
static ProtobufCBinaryData id_of(const char *text)
{
    return parse_one(&p, text)->event->id;
}

static const char *with_time(const char *time)
{
    return ts_arena_printf(p.arena,
                           "{\"id\":{\"time\":\"%s\",\"applicationName\":\"login\"}," ACTOR
                           ",\"events\":[{\"type\":\"login\",\"name\":\"login_success\"}]}",
                           time);
}

/* ---- shapes ---- */

Test(google, reports_api_activity)
{
    const risk_record *r = parse_one(&p, LOGIN);

    cr_assert_str_eq(r->event->source, "google_workspace");
    cr_assert_str_eq(r->event->app, "login");
    cr_assert_str_eq(r->event->action, "login_success");
    cr_assert_str_eq(r->event->type, "login");
    cr_assert_str_eq(r->event->user_email, "ana@lumen.example");
    cr_assert_str_eq(r->event->actor_email, "ana@lumen.example");
    cr_assert_str_eq(r->event->actor_id, "1001");
    cr_assert_str_eq(r->event->ip, "192.0.2.7");
    cr_assert_str_eq(r->event->outcome, "success");
    cr_assert_eq(r->event->event_ms, NOW);
    cr_assert_eq(r->event->ingest_ms, NOW);
    cr_assert(field_is(r, "eventName", "login_success"));
    cr_assert(field_is(r, "eventService", "login.googleapis.com"));
}

Test(google, each_event_of_an_activity_is_a_record_with_its_own_id)
{
    cr_assert_eq(
        parse_z(
            &p,
            "{" ID("admin") "," ACTOR
                            ",\"events\":[{\"name\":\"A\"},{\"name\":\"B\"},{\"name\":\"A\"}]}"),
        TS_OK);
    cr_assert_eq(p.body.record_count, 3);
    cr_assert_eq(p.body.total, 1);
    cr_assert_str_eq(p.body.records[1].event->action, "B");
    cr_assert_not(same_id(p.body.records[0].event->id, p.body.records[2].event->id));
    cr_assert_eq(p.body.records[2].index, 0);
}

Test(google, events_as_an_object)
{
    const risk_record *r = parse_one(
        &p, "{" ID("drive") "," ACTOR ",\"events\":{\"type\":\"access\",\"name\":\"view\"}}");

    cr_assert_str_eq(r->event->action, "view");
    cr_assert_str_eq(r->event->app, "drive");
}

Test(google, event_in_the_singular)
{
    const risk_record *r = parse_one(
        &p, "{" ID("login") "," ACTOR ",\"event\":{\"type\":\"login\",\"name\":\"login_failure\","
                            "\"parameters\":[{\"name\":\"login_challenge_method\",\"multiValue\":["
                            "\"password\",\"otp\"]}]}}");

    cr_assert_str_eq(r->event->action, "login_failure");
    cr_assert_str_eq(r->event->outcome, "failure");
    cr_assert(ts_str_is(field_nth(r, "login_challenge_method", 0), "password"));
    cr_assert(ts_str_is(field_nth(r, "login_challenge_method", 1), "otp"));
}

Test(google, flattened_on_top)
{
    const risk_record *r = parse_one(
        &p, "{" ID("drive") "," ACTOR ",\"name\":\"download\",\"type\":\"access\","
                            "\"parameters\":{\"doc_id\":\"d1\",\"billable\":true,\"size\":12}}");

    cr_assert_str_eq(r->event->action, "download");
    cr_assert(field_is(r, "doc_id", "d1"));
    cr_assert(field_is(r, "billable", "true"));
    cr_assert(field_is(r, "size", "12"));
}

Test(google, addon)
{
    const risk_record *r = parse_one(
        &p, "{\"timestamp\":\"" NOW_Z
            "\",\"unique_id\":\"5\",\"email\":\"Ana@Lumen.example\",\"ip_address\":\"2001:db8::7\","
            "\"type\":\"acl_change\",\"name\":\"change_user_access\",\"parameters\":{"
            "\"visibility\":\"people_with_link\"}}");

    cr_assert_str_eq(r->event->app, "drive");
    cr_assert_str_eq(r->event->user_email, "ana@lumen.example");
    cr_assert_str_eq(r->event->ip, "2001:db8::7");
    cr_assert(field_is(r, "visibility", "people_with_link"));
}

Test(google, cloud_audit)
{
    const risk_record *r = parse_one(
        &p, "{\"insertId\":\"x1\",\"logName\":\"organizations/1/logs/a\",\"timestamp\":\"" NOW_Z
            "\",\"protoPayload\":{"
            "\"serviceName\":\"admin.googleapis.com\",\"authenticationInfo\":{\"principalEmail\":"
            "\"root@lumen.example\"},"
            "\"requestMetadata\":{\"callerIp\":\"198.51.100.3\"},\"metadata\":{\"event\":[{"
            "\"eventName\":\"GRANT_ADMIN_PRIVILEGE\","
            "\"eventType\":\"DELEGATED_ADMIN_SETTINGS\",\"parameter\":[{\"name\":\"USER_EMAIL\","
            "\"value\":\"Bo@lumen.example\"}]}]}}}");

    cr_assert_str_eq(r->event->app, "admin");
    cr_assert_str_eq(r->event->action, "GRANT_ADMIN_PRIVILEGE");
    cr_assert_str_eq(r->event->actor_email, "root@lumen.example");
    cr_assert_str_eq(r->event->target_email, "bo@lumen.example");
    cr_assert_str_eq(r->event->ip, "198.51.100.3");
}

Test(google, cloud_audit_of_oauth_is_the_token_log)
{
    const risk_record *r =
        parse_one(&p, "{\"insertId\":\"x1\",\"timestamp\":\"" NOW_Z
                      "\",\"protoPayload\":{\"serviceName\":\"oauth2.googleapis.com\","
                      "\"authenticationInfo\":{\"principalEmail\":\"ana@lumen.example\"},"
                      "\"metadata\":{\"event\":[{\"eventName\":\"authorize\"}]}}}");

    cr_assert_str_eq(r->event->app, "token");
    cr_assert(field_is(r, "eventService", "oauth2.googleapis.com"));
}

/* ---- parameters ---- */

Test(google, every_kind_of_parameter_is_laid_out)
{
    const risk_record *r = parse_one(
        &p,
        "{" ID("token") "," ACTOR
                        ",\"events\":[{\"type\":\"auth\",\"name\":\"authorize\",\"parameters\":["
                        "{\"name\":\"app_name\",\"value\":\"Notes\"},{\"name\":\"n\",\"intValue\":"
                        "\"42\"},{\"name\":\"b\",\"boolValue\":false},"
                        "{\"name\":\"scope\",\"multiValue\":[\"s1\",\"s2\"]},{\"name\":\"mi\","
                        "\"multiIntValue\":[1,2]},"
                        "{\"name\":\"scope_data\",\"multiMessageValue\":[{\"parameter\":[{\"name\":"
                        "\"scope_name\",\"value\":\"s1\"}]},"
                        "{\"parameter\":[{\"name\":\"scope_name\",\"value\":\"s2\"}]}]},"
                        "{\"name\":\"one\",\"messageValue\":{\"parameter\":[{\"name\":\"in\","
                        "\"value\":\"v\"}]}}]}]}");

    cr_assert(field_is(r, "app_name", "Notes"));
    cr_assert(field_is(r, "n", "42"));
    cr_assert(field_is(r, "b", "false"));
    cr_assert(ts_str_is(field_nth(r, "scope", 1), "s2"));
    cr_assert(ts_str_is(field_nth(r, "mi", 1), "2"));
    cr_assert(ts_str_is(field_nth(r, "scope_data.scope_name", 1), "s2"));
    cr_assert(field_is(r, "one.in", "v"));
}

Test(google, fields_of_a_line_outlive_the_lines_after_it)
{
    p.options.ndjson = true;
    cr_assert_eq(
        parse_z(&p, "{" ID("drive") "," ACTOR
                                    ",\"name\":\"view\",\"parameters\":{\"doc_title\":\"first\"}}\n"
                                    "{" ID("drive") "," ACTOR ",\"name\":\"edit\",\"parameters\":{"
                                                    "\"doc_title\":\"other\"}}\n"),
        TS_OK);
    cr_assert_eq(p.body.record_count, 2);
    cr_assert(field_is(&p.body.records[0], "doc_title", "first"));
    cr_assert(field_is(&p.body.records[1], "doc_title", "other"));
}

/* ---- people ---- */

Test(google, a_warning_is_about_the_victim)
{
    const risk_record *r = parse_one(
        &p, "{" ID("login") ",\"actor\":{\"email\":\"system@google.example\"},\"events\":[{"
                            "\"type\":\"account_warning\","
                            "\"name\":\"suspicious_login\",\"parameters\":[{\"name\":\"affected_"
                            "email_address\",\"value\":\"BO@lumen.example\"}]}]}");

    cr_assert_str_eq(r->event->user_email, "bo@lumen.example");
    cr_assert_str_eq(r->event->outcome, "");
}

static risk_kind kind_of(const char *app, const char *type, const char *name, const char *parameter)
{
    const char *text =
        ts_arena_printf(p.arena,
                        "{\"id\":{\"time\":\"" NOW_Z "\",\"applicationName\":\"%s\"}," ACTOR
                        ",\"events\":[{\"type\":\"%s\",\"name\":\"%s\",\"parameters\":[%s]}]}",
                        app, type, name, parameter);

    return parse_one(&p, text)->kind;
}

Test(google, an_event_has_its_kind)
{
    static const char external[] = "{\"name\":\"visibility_change\",\"value\":\"external\"}";
    static const char internal[] = "{\"name\":\"visibility_change\",\"value\":\"internal\"}";
    static const char secondary[] = "{\"name\":\"primary_event\",\"boolValue\":false}";

    cr_expect_eq(kind_of("login", "login", "login_success", ""), RISK_KIND_SIGN_IN);
    cr_expect_eq(kind_of("login", "login", "login_failure", ""), RISK_KIND_SIGN_IN);
    cr_expect_eq(kind_of("login", "account_warning", "suspicious_login", ""), RISK_KIND_WARNING);
    cr_expect_eq(kind_of("login", "2sv_change", "2sv_disable", ""), RISK_KIND_ACCOUNT);
    cr_expect_eq(kind_of("user_accounts", "2sv_change", "2sv_disable", ""), RISK_KIND_ACCOUNT);
    cr_expect_eq(kind_of("saml", "login", "login_success", ""), RISK_KIND_SSO);
    cr_expect_eq(kind_of("admin", "USER_SETTINGS", "CREATE_USER", ""), RISK_KIND_ADMIN);
    cr_expect_eq(kind_of("token", "auth", "authorize", ""), RISK_KIND_APP_GRANT);
    cr_expect_eq(kind_of("token", "auth", "activity", ""), RISK_KIND_APP_USE);
    cr_expect_eq(kind_of("token", "auth", "revoke", ""), RISK_KIND_APP_REVOKE);
    cr_expect_eq(kind_of("token", "auth", "request", ""), RISK_KIND_OTHER);
    cr_expect_eq(kind_of("drive", "access", "view", ""), RISK_KIND_FILE_VIEW);
    cr_expect_eq(kind_of("drive", "access", "print", ""), RISK_KIND_FILE_TAKE);
    cr_expect_eq(kind_of("drive", "access", "trash", ""), RISK_KIND_FILE_DELETE);
    cr_expect_eq(kind_of("drive", "access", "edit", ""), RISK_KIND_FILE);
    cr_expect_eq(kind_of("gemini_in_workspace_apps", "ai_usage_event", "feature_utilization", ""),
                 RISK_KIND_AI);
    cr_expect_eq(kind_of("groups", "acl_change", "view", ""), RISK_KIND_OTHER);
    /* Fields decide where the action does not. */
    cr_expect_eq(kind_of("drive", "acl_change", "change_user_access", external),
                 RISK_KIND_FILE_SHARE);
    cr_expect_eq(kind_of("drive", "acl_change", "change_user_access", internal), RISK_KIND_FILE);
    /* What follows from another event of the record is no further act. */
    cr_expect_eq(kind_of("drive", "access", "download", secondary), RISK_KIND_FILE);
}

Test(google, an_actor_without_address_keeps_its_id)
{
    const risk_record *r = parse_one(
        &p,
        "{" ID("drive") ",\"actor\":{\"email\":\"null\",\"profileId\":\"9\"},\"name\":\"view\"}");

    cr_assert_str_eq(r->event->user_email, "");
    cr_assert_str_eq(r->event->actor_id, "9");
}

Test(google, a_key_needs_no_person)
{
    const risk_record *r = parse_one(
        &p, "{" ID("admin") ",\"actor\":{\"callerType\":\"KEY\"},\"name\":\"CREATE_USER\"}");

    cr_assert_str_eq(r->event->user_email, "");
}

Test(google, outcome_of_a_challenge)
{
    static const char *const words[][2] = { { "Challenge Passed", "success" },
                                            { "passed", "success" },
                                            { "Challenge Failed", "failure" } };

    for (size_t i = 0; i < TS_COUNT(words); i++) {
        const char *text = ts_arena_printf(
            p.arena,
            "{" ID("login") "," ACTOR ",\"name\":\"login_challenge\",\"parameters\":{\"login_"
                            "challenge_status\":\"%s\"}}",
            words[i][0]);

        cr_assert_str_eq(parse_one(&p, text)->event->outcome, words[i][1]);
    }
}

/* ---- refusals ---- */

Test(google, what_is_missing_is_named)
{
    static const struct {
        const char *text, *word;
    } rows[] = {
        { "{" ACTOR ",\"events\":[{\"name\":\"x\"}]}", "id.time" },
        { "{\"id\":{\"time\":\"" NOW_Z "\"}," ACTOR ",\"events\":[{\"name\":\"x\"}]}",
          "id.applicationName" },
        { "{" ID("login") ",\"events\":[{\"name\":\"x\"}]}", "actor" },
        { "{" ID("login") ",\"actor\":{},\"events\":[{\"name\":\"x\"}]}", "actor" },
        { "{" ID("login") ",\"actor\":\"ana\",\"events\":[{\"name\":\"x\"}]}", "actor" },
        { "{" ID("login") "," ACTOR "}", "events is missing" },
        { "{" ID("login") "," ACTOR ",\"events\":[]}", "events is empty" },
        { "{" ID("login") "," ACTOR ",\"events\":[7]}", "events[0] is not an object" },
        { "{" ID("login") "," ACTOR ",\"events\":[{\"name\":\"x\"},{\"type\":\"y\"}]}",
          "events[1].name" },
        { "{\"timestamp\":\"" NOW_Z "\",\"protoPayload\":{}}", "protoPayload.metadata.event" },
        { "{}", "events" },
    };

    for (size_t i = 0; i < TS_COUNT(rows); i++) {
        const char *reason = parse_rejected(&p, rows[i].text);

        cr_assert(strstr(reason, rows[i].word) != NULL, "%s: %s", rows[i].text, reason);
    }
}

Test(google, all_events_of_a_record_or_none)
{
    cr_assert_eq(
        parse_z(&p, "[" LOGIN ",{" ID(
                        "admin") "," ACTOR
                                 ",\"events\":[{\"name\":\"A\"},{\"name\":\"B\"},{}]}," LOGIN "]"),
        TS_OK);
    cr_assert_eq(p.body.record_count, 2);
    cr_assert_eq(p.body.records[1].index, 2);
    cr_assert_eq(p.body.rejected_count, 1);
    cr_assert_eq(p.body.rejected[0].index, 1);
}

/* ---- time ---- */

Test(google, times_with_and_without_zone)
{
    static const char *const same[] = { NOW_Z, "2025-01-15T12:30:00+02:00",
                                        "2025-01-15 10:30:00.000000000",
                                        "2025-01-15T10:30:00.000Z" };

    for (size_t i = 0; i < TS_COUNT(same); i++)
        cr_assert_eq(parse_one(&p, with_time(same[i]))->event->event_ms, NOW, "%s", same[i]);
}

Test(google, what_is_no_time_is_refused)
{
    static const char *const bad[] = { "yesterday", "2025-13-01T00:00:00Z", "1736937000",
                                       "2025-01-15" };

    for (size_t i = 0; i < TS_COUNT(bad); i++)
        cr_assert(strstr(parse_rejected(&p, with_time(bad[i])), "RFC 3339") != NULL, "%s", bad[i]);
}

Test(google, a_day_ahead_is_taken_and_more_is_future)
{
    cr_assert_eq(parse_one(&p, with_time("2025-01-16T10:30:00Z"))->event->event_ms,
                 NOW + TS_DAY_MS);
    cr_assert(strstr(parse_rejected(&p, with_time("2025-01-16T10:30:00.001Z")), "future") != NULL);
}

Test(google, the_retention_is_taken_and_more_is_too_old)
{
    p.options.retention_ms = 10 * TS_DAY_MS;
    cr_assert_eq(parse_one(&p, with_time("2025-01-05T10:30:00Z"))->event->event_ms,
                 NOW - 10 * TS_DAY_MS);
    cr_assert(strstr(parse_rejected(&p, with_time("2025-01-05T10:29:59.999Z")), "too_old") != NULL);
}

/* ---- ids ---- */

Test(google, an_id_is_the_same_again_and_in_every_wrapping)
{
    static const char reordered[] =
        "{ \"events\" : [ {\"name\":\"login_success\",\"type\":\"login\"} ], "
        "\"ipAddress\":\"192.0.2.7\", " ACTOR ", " ID("login") " }";
    ProtobufCBinaryData first = id_of(LOGIN);

    cr_assert(same_id(first, id_of(LOGIN)));
    cr_assert(same_id(first, id_of("[" LOGIN "]")));
    cr_assert(same_id(first, id_of("{\"items\":[" LOGIN "]}")));
    cr_assert(same_id(first, id_of(reordered)));
    p.options.ndjson = true;
    cr_assert(same_id(first, id_of(LOGIN "\n")));
    p.options.now_ms += 5000;
    cr_assert(same_id(first, id_of(LOGIN)), "our clock is no part of it");
}

Test(google, a_record_without_an_id_of_its_own_is_known_by_its_bytes)
{
    ProtobufCBinaryData first = id_of(with_time(NOW_Z));

    cr_assert(same_id(first, id_of(with_time(NOW_Z))));
    cr_assert_not(same_id(first, id_of(with_time("2025-01-15T10:30:01Z"))));
    p.options.ndjson = true;
    cr_assert(same_id(first, id_of(with_time(NOW_Z))));
}

Test(google, ids_differ_by_tenant_and_mode)
{
    ProtobufCBinaryData first = id_of(LOGIN);

    p.options.tenant.mode = 1;
    cr_assert_not(same_id(first, id_of(LOGIN)));
    p.options.tenant = (ts_tenant){ 2, 0 };
    cr_assert_not(same_id(first, id_of(LOGIN)));
}
