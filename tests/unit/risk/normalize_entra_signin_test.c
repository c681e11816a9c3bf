/* One sign-in to Microsoft Entra ID at a time: its forms, who, with what outcome, its kind and its id. */
#include "parse.h"
#include "ts/buf.h"

#define PEOPLE                                                                                     \
    "\"userPrincipalName\":\"Ana@Lumen.example\",\"userId\":\"u-1\",\"appId\":\"a-1\","            \
    "\"appDisplayName\":\"Office 365\",\"ipAddress\":\"192.0.2.7\""
#define SIGN_IN                                                                                    \
    "\"id\":\"s-1\",\"createdDateTime\":\"" NOW_Z "\"," PEOPLE ",\"status\":{\"errorCode\":0}"
#define WRAPPED(category, body)                                                                    \
    "{\"time\":\"2025-01-15T10:31:00Z\",\"category\":\"" category                                  \
    "\",\"operationName\":\"Sign-in activity\",\"resultType\":\"0\",\"tenantId\":\"t-1\","         \
    "\"callerIpAddress\":\"192.0.2.9\",\"properties\":{" body "}}"

static parse p;

static void setup(void)
{
    p = parse_new();
    p.options.source = "entra_id";
}

static void teardown(void)
{
    parse_done(&p);
}

TestSuite(entra_signin, .init = setup, .fini = teardown);

static const risk_record *with_code(const char *code)
{
    return parse_one(&p, ts_arena_printf(p.arena,
                                         "{\"createdDateTime\":\"" NOW_Z "\"," PEOPLE
                                         ",\"status\":{\"errorCode\":%s}}",
                                         code));
}

/* ---- forms ---- */

static void expect_ana(const risk_record *r)
{
    cr_expect_str_eq(r->event->source, "entra_id");
    cr_expect_str_eq(r->event->app, "signin");
    cr_expect_str_eq(r->event->action, "Sign-in activity");
    cr_expect_str_eq(r->event->type, "SignInLogs");
    cr_expect_str_eq(r->event->actor_email, "ana@lumen.example");
    cr_expect_str_eq(r->event->user_email, "ana@lumen.example");
    cr_expect_str_eq(r->event->actor_id, "u-1");
    cr_expect_str_eq(r->event->ip, "192.0.2.7");
    cr_expect_str_eq(r->event->outcome, "success");
    cr_expect_eq(r->event->event_ms, NOW);
    cr_expect_eq(r->kind, RISK_KIND_SIGN_IN);
    cr_expect(field_is(r, "application_name", "Office 365"));
    cr_expect(field_is(r, "client_id", "a-1"));
    cr_expect(field_is(r, "operationName", "Sign-in activity"));
    cr_expect(field_is(r, "ResultType", "0"));
    cr_expect(field_is(r, "Status", "Success"));
    cr_expect(field_is(r, "user.email", "ana@lumen.example"));
}

Test(entra_signin, graph_and_diagnostic_forms_say_the_same_and_have_one_id)
{
    const risk_record *r = parse_one(&p, "{" SIGN_IN "}");
    ProtobufCBinaryData id = r->event->id;

    expect_ana(r);
    r = parse_one(&p, WRAPPED("SignInLogs", SIGN_IN));
    expect_ana(r);
    cr_assert(same_id(r->event->id, id));
    cr_assert(field_is(r, "category", "SignInLogs"));
    cr_assert(field_is(r, "tenantId", "t-1"));
    /* What is in `properties` is hoisted, and not laid out twice. */
    cr_assert_str_eq(ts_arena_z(p.arena, field_nth(r, "properties.id", 0)), "");
    cr_assert(field_is(r, "id", "s-1"));
    r = parse_one(&p, "{\"value\":[{" SIGN_IN "}]}");
    expect_ana(r);
    cr_assert(same_id(r->event->id, id));
    r = parse_one(&p, "{\"records\":[" WRAPPED("SignInLogs", SIGN_IN) "]}");
    expect_ana(r);
    cr_assert(same_id(r->event->id, id));
}

Test(entra_signin, member_names_match_in_either_case)
{
    const risk_record *r = parse_one(
        &p, "{\"TIME\":\"" NOW_Z "\",\"Category\":\"signinlogs\",\"resulttype\":50126,"
            "\"Properties\":{\"UserPrincipalName\":\"Ana@Lumen.example\",\"UserId\":\"u-1\","
            "\"IPAddress\":\"192.0.2.7\",\"AppDisplayName\":\"Office 365\"}}");

    cr_assert_str_eq(r->event->user_email, "ana@lumen.example");
    cr_assert_str_eq(r->event->ip, "192.0.2.7");
    cr_assert_str_eq(r->event->outcome, "failure");
    cr_assert_str_eq(r->event->type, "SignInLogs");
    cr_assert_eq(r->event->event_ms, NOW);
    cr_assert(field_is(r, "application_name", "Office 365"));
}

Test(entra_signin, times_have_any_fraction_and_offset)
{
    static const char *const times[] = { "2025-01-15T10:30:00.0000000Z",
                                         "2025-01-15T10:30:00.0000000+00:00",
                                         "2025-01-15T12:30:00.0000000+02:00",
                                         "2025-01-15 10:30:00.000000000" };

    for (size_t i = 0; i < TS_COUNT(times); i++) {
        const risk_record *r = parse_one(
            &p, ts_arena_printf(p.arena, "{\"createdDateTime\":\"%s\"," PEOPLE "}", times[i]));

        cr_expect_eq(r->event->event_ms, NOW, "%s", times[i]);
        cr_expect_str_eq(r->event->outcome, "");
    }
}

/* The diagnostic `time` is when it was written, minutes later. */
Test(entra_signin, it_happened_when_it_was_created)
{
    const risk_record *r = parse_one(&p, WRAPPED("SignInLogs", PEOPLE));

    cr_assert_eq(r->event->event_ms, NOW + 60000);
    cr_assert_eq(parse_one(&p, WRAPPED("SignInLogs", SIGN_IN))->event->event_ms, NOW);
}

/* ---- outcome ---- */

Test(entra_signin, an_error_that_only_interrupts_is_no_failure)
{
    static const char *const interrupts[] = { "16000", "50055", "50074",     "50076", "50079",
                                              "50097", "50140", "\"50158\"", "65001", "700082" };
    static const char *const failures[] = { "50126",  "\"50053\"", "50034",
                                            "500121", "53003",     "7000215" };

    for (size_t i = 0; i < TS_COUNT(interrupts); i++) {
        const risk_record *r = with_code(interrupts[i]);

        cr_expect_str_eq(r->event->outcome, "", "%s", interrupts[i]);
        cr_expect(field_is(r, "Status", "Interrupted"));
    }
    for (size_t i = 0; i < TS_COUNT(failures); i++) {
        const risk_record *r = with_code(failures[i]);

        cr_expect_str_eq(r->event->outcome, "failure", "%s", failures[i]);
        cr_expect(field_is(r, "Status", "Failure"));
    }
    cr_expect_str_eq(with_code("\"0\"")->event->outcome, "success");
    cr_expect_str_eq(with_code("\"Success\"")->event->outcome, "success");
    cr_expect_str_eq(with_code("\"Failure\"")->event->outcome, "failure");
    cr_expect_str_eq(with_code("null")->event->outcome, "");
    cr_expect_str_eq(with_code("{}")->event->outcome, "");
}

Test(entra_signin, an_application_that_is_set_up_wrongly_is_no_failure_of_its_user)
{
    static const char *const mistakes[] = { "50105", "50011", "700016", "\"65005\"" };

    for (size_t i = 0; i < TS_COUNT(mistakes); i++) {
        const risk_record *r = with_code(mistakes[i]);

        cr_expect_str_eq(r->event->outcome, "", "%s", mistakes[i]);
        cr_expect(field_is(r, "Status", "Failure"));
    }
}

Test(entra_signin, a_sign_in_that_went_on_is_another_event)
{
    const char *before = "{\"id\":\"s\",\"createdDateTime\":\"" NOW_Z "\"," PEOPLE
                         ",\"status\":{\"errorCode\":50074}}";
    const char *after =
        "{\"id\":\"s\",\"createdDateTime\":\"" NOW_Z "\"," PEOPLE ",\"status\":{\"errorCode\":0}}";
    ProtobufCBinaryData id = parse_one(&p, before)->event->id;

    cr_assert_not(same_id(parse_one(&p, after)->event->id, id));
    cr_assert(same_id(parse_one(&p, before)->event->id, id));
}

/* ---- who ---- */

static const risk_record *of_type(const char *members)
{
    return parse_one(
        &p, ts_arena_printf(p.arena, "{\"createdDateTime\":\"" NOW_Z "\"," PEOPLE "%s}", members));
}

Test(entra_signin, only_what_people_do_by_hand_is_a_sign_in)
{
    const risk_record *r = of_type(",\"isInteractive\":true");

    cr_assert_eq(r->kind, RISK_KIND_SIGN_IN);
    r = of_type(",\"isInteractive\":false");
    cr_assert_eq(r->kind, RISK_KIND_OTHER);
    cr_assert_str_eq(r->event->type, "NonInteractiveUserSignInLogs");
    cr_assert_str_eq(r->event->user_email, "ana@lumen.example");
    r = of_type(",\"signInEventTypes\":[\"nonInteractiveUser\"]");
    cr_assert_eq(r->kind, RISK_KIND_OTHER);
    r = of_type(",\"signInEventTypes\":[\"interactiveUser\"],\"isInteractive\":false");
    cr_assert_eq(r->kind, RISK_KIND_SIGN_IN);
    r = parse_one(&p, WRAPPED("ServicePrincipalSignInLogs",
                              "\"servicePrincipalId\":\"sp-1\",\"servicePrincipalName\":\"backup\","
                              "\"appId\":\"a-2\",\"userPrincipalName\":\"ana@lumen.example\""));
    cr_assert_eq(r->kind, RISK_KIND_OTHER);
    cr_assert_str_eq(r->event->actor_id, "sp-1");
    cr_assert_str_eq(r->event->user_email, "");
    r = parse_one(&p, "{\"createdDateTime\":\"" NOW_Z "\",\"servicePrincipalId\":\"sp-1\"}");
    cr_assert_str_eq(r->event->type, "ServicePrincipalSignInLogs");
    r = parse_one(&p, WRAPPED("ManagedIdentitySignInLogs",
                              "\"servicePrincipalId\":\"sp-2\",\"ipAddress\":\"\""));
    cr_assert_eq(r->kind, RISK_KIND_OTHER);
    cr_assert_str_eq(r->event->ip, "192.0.2.9");
}

Test(entra_signin, a_wrong_password_is_one_in_whichever_log)
{
    const risk_record *r = of_type(",\"isInteractive\":false,\"status\":{\"errorCode\":50126}");

    cr_assert_eq(r->kind, RISK_KIND_SIGN_IN);
    cr_assert_str_eq(r->event->outcome, "failure");
    cr_assert_eq(of_type(",\"isInteractive\":false,\"status\":{\"errorCode\":50173}")->kind,
                 RISK_KIND_OTHER);
    cr_assert_eq(of_type(",\"isInteractive\":false,\"status\":{\"errorCode\":53003}")->kind,
                 RISK_KIND_OTHER);
    cr_assert_eq(of_type(",\"isInteractive\":false,\"status\":{\"errorCode\":0}")->kind,
                 RISK_KIND_OTHER);
}

Test(entra_signin, a_guest_proves_nothing_of_this_organization)
{
    cr_assert_eq(of_type(",\"userType\":\"Guest\"")->kind, RISK_KIND_OTHER);
    cr_assert_eq(of_type(",\"userType\":\"Member\"")->kind, RISK_KIND_SIGN_IN);
    cr_assert_eq(parse_one(&p, WRAPPED("SignInLogs", SIGN_IN ",\"homeTenantId\":\"t-2\""))->kind,
                 RISK_KIND_OTHER);
    /* One of ours who signs in to another tenant is a guest there. */
    cr_assert_eq(parse_one(&p, WRAPPED("SignInLogs", SIGN_IN ",\"homeTenantId\":\"t-1\","
                                                             "\"userType\":\"Guest\""))
                     ->kind,
                 RISK_KIND_SIGN_IN);
}

Test(entra_signin, an_account_without_address_keeps_its_id)
{
    const risk_record *r =
        parse_one(&p, WRAPPED("SignInLogs",
                              "\"userPrincipalName\":\"\",\"userId\":\"u-1\",\"ipAddress\":\"\""));

    cr_assert_str_eq(r->event->user_email, "");
    cr_assert_str_eq(r->event->actor_id, "u-1");
    r = parse_one(&p, WRAPPED("SignInLogs", "\"userPrincipalName\":\"+49 30 1234\",\"userId\":"
                                            "\"00000000-0000-0000-0000-000000000000\""));
    cr_assert_str_eq(r->event->user_email, "");
    cr_assert_str_eq(r->event->actor_id, "");
}

Test(entra_signin, what_is_missing_is_named)
{
    cr_assert(strstr(parse_rejected(&p, WRAPPED("SignInLogs", "\"ipAddress\":\"192.0.2.7\"")),
                     "userPrincipalName is missing") != NULL);
    cr_assert(
        strstr(parse_rejected(&p, "{\"category\":\"SignInLogs\",\"properties\":{" PEOPLE "}}"),
               "createdDateTime is missing") != NULL);
    cr_assert(strstr(parse_rejected(&p, "{\"createdDateTime\":\"yesterday\"," PEOPLE "}"),
                     "createdDateTime is not a time") != NULL);
    cr_assert(
        strstr(parse_rejected(&p, "{\"createdDateTime\":\"2025-01-17T10:30:00Z\"," PEOPLE "}"),
               "future: createdDateTime") != NULL);
    cr_assert(
        strstr(parse_rejected(&p, "{\"createdDateTime\":\"2020-01-17T10:30:00Z\"," PEOPLE "}"),
               "too_old: createdDateTime") != NULL);
}

Test(entra_signin, what_does_not_come_in_is_refused_by_its_name)
{
    cr_assert(strstr(parse_rejected(&p, WRAPPED("Administrative", "\"status\":\"x\"")),
                     "category Administrative does not come in") != NULL);
    cr_assert(strstr(parse_rejected(&p, "{\"a\":1}"), "neither category nor") != NULL);
    cr_assert(strstr(parse_rejected(&p, "{\"category\":\"SignInLogs\",\"properties\":\"{}\"}"),
                     "properties must be an object") != NULL);
}

Test(entra_signin, hostile_types_hurt_nobody)
{
    const risk_record *r = parse_one(
        &p,
        "{\"createdDateTime\":\"" NOW_Z "\",\"userPrincipalName\":[1],\"userId\":7,\"appId\":{},"
        "\"ipAddress\":9,\"status\":[0],\"signInEventTypes\":[null,{}],\"userAgent\":null,"
        "\"location\":\"DE\",\"id\":[]}");

    cr_assert_str_eq(r->event->actor_id, "7");
    cr_assert_str_eq(r->event->user_email, "");
    cr_assert_str_eq(r->event->ip, "");
    cr_assert_str_eq(r->event->outcome, "");
    cr_assert_eq(r->event->id.len, 16);
}

/* ---- fields ---- */

Test(entra_signin, rules_find_microsofts_names)
{
    const risk_record *r = of_type(
        ",\"authenticationProtocol\":\"deviceCode\",\"deviceDetail\":{\"deviceId\":\"\","
        "\"isCompliant\":false},\"riskEventTypes_v2\":[\"anonymizedIPAddress\",\"unlikelyTravel\"],"
        "\"networkLocationDetails\":[],\"status\":{\"errorCode\":50057,\"failureReason\":"
        "\"User account is disabled.\",\"additionalDetails\":\"MFA denied\"}");

    cr_assert(field_is(r, "properties.message", "Device Code"));
    cr_assert(field_is(r, "deviceDetail.isCompliant", "false"));
    cr_assert(field_nth(r, "deviceDetail.deviceId", 0).p != NULL);
    cr_assert(ts_str_is(field_nth(r, "riskEventTypes_v2", 1), "unlikelyTravel"));
    cr_assert(field_is(r, "ResultType", "50057"));
    cr_assert(field_is(r, "ResultDescription", "User account is disabled."));
    cr_assert(ts_str_is(field_nth(r, "Status", 1), "MFA denied"));
    cr_assert(field_is(r, "networkLocationDetails", "[]"));
}

Test(entra_signin, many_policies_do_not_crowd_out_the_rest)
{
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(1u << 20);
    const risk_record *r;

    ts_buf_z(&text, "{\"createdDateTime\":\"" NOW_Z "\",\"appliedConditionalAccessPolicies\":[");
    for (int i = 0; i < 100; i++)
        ts_buf_printf(&text,
                      "%s{\"id\":\"%d\",\"displayName\":\"p\",\"result\":\"%s\",\"conditions\":1}",
                      i == 0 ? "" : ",", i, i == 99 ? "failure" : "notApplied");
    ts_buf_z(&text, "],\"clientAppUsed\":\"IMAP4\"," PEOPLE "}");
    cr_assert_eq(ts_buf_status(&text), TS_OK);
    r = parse_one(&p, ts_arena_z(p.arena, ts_buf_view(&text)));
    cr_assert(field_is(r, "clientAppUsed", "IMAP4"));
    cr_assert(field_is(r, "appliedConditionalAccessPolicies.id", "99"));
    cr_assert_eq(field_nth(r, "appliedConditionalAccessPolicies.id", 1).n, 0);
}
