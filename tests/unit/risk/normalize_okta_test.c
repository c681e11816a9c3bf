/* One Okta record at a time: whom it is about, what it means, the envelopes it comes in, what is refused. */
#include "parse.h"
#include "ts/buf.h"

#define HEAD "\"uuid\":\"u-1\",\"published\":\"" NOW_Z "\",\"version\":\"0\",\"severity\":\"INFO\","
#define ANA                                                                                        \
    "{\"id\":\"00u1\",\"type\":\"User\",\"alternateId\":\"Ana@Lumen.example\",\"displayName\":"    \
    "\"Ana\",\"detailEntry\":null}"
#define BO                                                                                         \
    "{\"id\":\"00u2\",\"type\":\"User\",\"alternateId\":\"bo@lumen.example\",\"displayName\":"     \
    "\"Bo\"}"
#define NOBODY                                                                                     \
    "{\"id\":\"unknown\",\"type\":\"User\",\"alternateId\":\"eve@lumen.example\",\"displayName\":" \
    "\"unknown\"}"
#define SYSTEM                                                                                     \
    "{\"id\":\"okta.2b19\",\"type\":\"SystemPrincipal\",\"alternateId\":\"system@okta.com\","      \
    "\"displayName\":\"Okta System\"}"
#define CLIENT                                                                                     \
    "\"client\":{\"ipAddress\":\"192.0.2.7\",\"zone\":\"null\",\"userAgent\":{\"rawUserAgent\":"   \
    "\"Mozilla/5.0\",\"os\":\"Linux\"}}"
#define EVENT(type, actor, result, more)                                                           \
    "{" HEAD "\"eventType\":\"" type "\",\"actor\":" actor ",\"outcome\":{\"result\":\"" result    \
    "\",\"reason\":null}," CLIENT more "}"
#define SESSION       EVENT("user.session.start", ANA, "SUCCESS", "")
#define TARGETS(list) ",\"target\":[" list "]"
#define APP(name)     "{\"id\":\"0oa9\",\"type\":\"AppInstance\",\"displayName\":\"" name "\"}"

static parse p;

static void setup(void)
{
    p = parse_new();
    p.options.source = "okta";
}

static void teardown(void)
{
    parse_done(&p);
}

TestSuite(okta, .init = setup, .fini = teardown);

/* ---- who, what, when, from where ---- */

Test(okta, a_sign_in)
{
    const risk_record *r = parse_one(&p, SESSION);

    cr_assert_eq(r->kind, RISK_KIND_SIGN_IN);
    cr_assert_str_eq(r->event->source, "okta");
    cr_assert_str_eq(r->event->app, "system_log");
    cr_assert_str_eq(r->event->action, "user.session.start");
    cr_assert_str_eq(r->event->user_email, "ana@lumen.example");
    cr_assert_str_eq(r->event->actor_email, "ana@lumen.example");
    cr_assert_str_eq(r->event->actor_id, "00u1");
    cr_assert_str_eq(r->event->target_email, "");
    cr_assert_str_eq(r->event->ip, "192.0.2.7");
    cr_assert_str_eq(r->event->user_agent, "Mozilla/5.0");
    cr_assert_str_eq(r->event->outcome, "success");
    cr_assert_eq(r->event->event_ms, NOW);
}

Test(okta, fields_stand_under_oktas_own_names)
{
    const risk_record *r = parse_one(
        &p, EVENT("policy.evaluate_sign_on", ANA, "ALLOW",
                  ",\"securityContext\":{\"isProxy\":true,\"asNumber\":701},\"debugContext\":{"
                  "\"debugData\":{\"requestUri\":\"/admin\"}}" TARGETS(BO "," APP("One"))));

    cr_assert(field_is(r, "eventType", "policy.evaluate_sign_on"));
    cr_assert(field_is(r, "eventName", "policy.evaluate_sign_on"));
    cr_assert(field_is(r, "outcome.result", "ALLOW"));
    cr_assert(field_is(r, "outcome", "success"));
    cr_assert(field_is(r, "securityContext.isProxy", "true"));
    cr_assert(field_is(r, "securityContext.asNumber", "701"));
    cr_assert(field_is(r, "debugContext.debugData.requestUri", "/admin"));
    cr_assert(field_is(r, "actor.alternateId", "Ana@Lumen.example"));
    cr_assert(ts_str_is(field_nth(r, "target.displayName", 0), "Bo"));
    cr_assert(ts_str_is(field_nth(r, "target.displayName", 1), "One"));
    cr_assert(field_is(r, "client.zone", ""), "the text \"null\" is nothing");
    cr_assert(field_is(r, "outcome.reason", ""));
}

Test(okta, outcomes)
{
    static const char *const cases[][2] = {
        { "SUCCESS", "success" }, { "ALLOW", "success" }, { "FAILURE", "failure" },
        { "DENY", "failure" },    { "CHALLENGE", "" },    { "SKIPPED", "" },
        { "UNKNOWN", "" },        { "ABANDONED", "" },    { "null", "" },
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        const risk_record *r = parse_one(
            &p, ts_arena_printf(p.arena,
                                "{" HEAD "\"eventType\":\"policy.evaluate_sign_on\",\"actor\":" ANA
                                ",\"outcome\":{\"result\":\"%s\"}}",
                                cases[i][0]));

        cr_assert_str_eq(r->event->outcome, cases[i][1], "%s", cases[i][0]);
    }
}

Test(okta, what_event_types_mean)
{
    static const struct {
        const char *type;
        risk_kind own; /* done to nobody, or to oneself */
        risk_kind to_other;
    } cases[] = {
        { "user.session.start", RISK_KIND_SIGN_IN, RISK_KIND_SIGN_IN },
        { "user.authentication.auth_via_mfa", RISK_KIND_ACCOUNT, RISK_KIND_ACCOUNT },
        { "user.authentication.sso", RISK_KIND_SSO, RISK_KIND_SSO },
        { "user.session.end", RISK_KIND_OTHER, RISK_KIND_OTHER },
        { "policy.evaluate_sign_on", RISK_KIND_OTHER, RISK_KIND_OTHER },
        { "user.mfa.factor.activate", RISK_KIND_ACCOUNT, RISK_KIND_ADMIN },
        { "user.mfa.factor.reset_all", RISK_KIND_ACCOUNT, RISK_KIND_ADMIN },
        { "user.account.update_password", RISK_KIND_ACCOUNT, RISK_KIND_ADMIN },
        { "user.account.privilege.grant", RISK_KIND_ADMIN, RISK_KIND_ADMIN },
        { "application.user_membership.show_password", RISK_KIND_ACCOUNT, RISK_KIND_ADMIN },
        { "user.lifecycle.create", RISK_KIND_ACCOUNT, RISK_KIND_ADMIN },
        { "policy.rule.update", RISK_KIND_ADMIN, RISK_KIND_ADMIN },
        { "zone.delete", RISK_KIND_ADMIN, RISK_KIND_ADMIN },
        { "system.api_token.create", RISK_KIND_ADMIN, RISK_KIND_ADMIN },
        { "system.org.rate_limit.warning", RISK_KIND_OTHER, RISK_KIND_OTHER },
        { "system.push.send_factor_verify_push", RISK_KIND_OTHER, RISK_KIND_OTHER },
        { "user.risk.change", RISK_KIND_WARNING, RISK_KIND_WARNING },
        { "user.account.lock", RISK_KIND_WARNING, RISK_KIND_WARNING },
        { "user.account.lock.limit", RISK_KIND_WARNING, RISK_KIND_WARNING },
        { "app.oauth2.as.consent.grant", RISK_KIND_APP_GRANT, RISK_KIND_APP_GRANT },
        { "app.oauth2.token.grant.access_token", RISK_KIND_APP_USE, RISK_KIND_APP_USE },
        { "app.oauth2.token.grant.id_token", RISK_KIND_OTHER, RISK_KIND_OTHER },
        { "app.oauth2.as.consent.revoke.user.client", RISK_KIND_APP_REVOKE, RISK_KIND_APP_REVOKE },
        { "a.type.of.tomorrow", RISK_KIND_OTHER, RISK_KIND_OTHER },
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        const char *record = "{" HEAD "\"eventType\":\"%s\",\"actor\":" ANA
                             ",\"outcome\":{\"result\":\"SUCCESS\"},\"target\":[%s]}";

        cr_assert_eq(parse_one(&p, ts_arena_printf(p.arena, record, cases[i].type, ANA))->kind,
                     cases[i].own, "%s", cases[i].type);
        cr_assert_eq(parse_one(&p, ts_arena_printf(p.arena, record, cases[i].type, BO))->kind,
                     cases[i].to_other, "%s", cases[i].type);
    }
}

Test(okta, what_an_administrator_does_to_factors_is_about_whose_they_are)
{
    const risk_record *r =
        parse_one(&p, EVENT("user.mfa.factor.reset_all", ANA, "SUCCESS", TARGETS(BO)));

    cr_assert_str_eq(r->event->actor_email, "ana@lumen.example");
    cr_assert_str_eq(r->event->user_email, "bo@lumen.example");
    cr_assert_str_eq(r->event->target_email, "bo@lumen.example");
}

Test(okta, other_acts_of_an_administrator_are_about_the_administrator)
{
    const risk_record *r =
        parse_one(&p, EVENT("user.account.privilege.grant", ANA, "SUCCESS", TARGETS(BO)));

    cr_assert_str_eq(r->event->user_email, "ana@lumen.example");
    cr_assert_str_eq(r->event->target_email, "bo@lumen.example");
}

Test(okta, what_the_service_does_is_about_whom_it_is_done_to_and_no_administrators_act)
{
    const risk_record *r =
        parse_one(&p, EVENT("user.lifecycle.suspend", SYSTEM, "SUCCESS", TARGETS(BO)));

    cr_assert_eq(r->kind, RISK_KIND_OTHER);
    cr_assert_str_eq(r->event->actor_email, "");
    cr_assert_str_eq(r->event->actor_id, "");
    cr_assert_str_eq(r->event->user_email, "bo@lumen.example");
}

/* Called a user in some records: it must not make okta.com a domain of the organization. */
Test(okta, oktas_own_hand_is_no_account)
{
    const risk_record *r =
        parse_one(&p, EVENT("user.account.reset_password",
                            "{\"id\":\"1\",\"type\":\"User\",\"alternateId\":\"System@okta.com\"}",
                            "SUCCESS", TARGETS(BO)));

    cr_assert_str_eq(r->event->actor_email, "");
    cr_assert_str_eq(r->event->actor_id, "");
    cr_assert_str_eq(r->event->user_email, "bo@lumen.example");
}

Test(okta, warnings_are_about_the_victim_and_have_no_outcome)
{
    const risk_record *r =
        parse_one(&p, EVENT("user.risk.change", SYSTEM, "SUCCESS", TARGETS(APP("x") "," BO)));

    cr_assert_eq(r->kind, RISK_KIND_WARNING);
    cr_assert_str_eq(r->event->user_email, "bo@lumen.example");
    cr_assert_str_eq(r->event->outcome, "");
    r = parse_one(&p, EVENT("user.account.lock", ANA, "FAILURE", ""));
    cr_assert_eq(r->kind, RISK_KIND_WARNING);
    cr_assert_str_eq(r->event->user_email, "ana@lumen.example");
    cr_assert_str_eq(r->event->outcome, "");
    r = parse_one(&p, EVENT("security.threat.detected",
                            "{\"id\":\"192.0.2.7\",\"type\":\"IP address\",\"alternateId\":"
                            "\"unknown\"}",
                            "DENY", ""));
    cr_assert_eq(r->kind, RISK_KIND_WARNING);
    cr_assert_str_eq(r->event->user_email, "");
    cr_assert_str_eq(r->event->actor_id, "");
}

/* A warning makes the user that it names, and so would a step of a sign-in: a name that somebody typed must not be one. */
Test(okta, a_name_that_okta_does_not_know_comes_to_nothing)
{
    const risk_record *r = parse_one(&p, EVENT("user.session.start", NOBODY, "FAILURE", ""));

    cr_assert_str_eq(r->event->user_email, "eve@lumen.example");
    cr_assert_str_eq(r->event->actor_id, "");
    cr_assert_str_eq(r->event->outcome, "failure");
    r = parse_one(&p, EVENT("policy.evaluate_sign_on", NOBODY, "CHALLENGE", ""));
    cr_assert_str_eq(r->event->outcome, "failure");
    r = parse_one(&p, EVENT("user.account.lock", NOBODY, "FAILURE", ""));
    cr_assert_eq(r->kind, RISK_KIND_OTHER);
    cr_assert_str_eq(r->event->outcome, "failure");
}

Test(okta, a_login_that_is_no_address_is_known_by_its_id)
{
    const risk_record *r = parse_one(
        &p, EVENT("user.session.start",
                  "{\"id\":\"00u7\",\"type\":\"User\",\"alternateId\":\"admin\"}", "SUCCESS", ""));

    cr_assert_str_eq(r->event->user_email, "");
    cr_assert_str_eq(r->event->actor_id, "00u7");
}

Test(okta, the_address_is_the_first_of_the_chain_if_the_client_has_none)
{
    const risk_record *r = parse_one(
        &p, "{" HEAD "\"eventType\":\"user.session.start\",\"actor\":" ANA
            ",\"client\":{\"ipAddress\":null},\"request\":{\"ipChain\":[{\"ip\":\"2001:db8::7\"},"
            "{\"ip\":\"192.0.2.9\"}]}}");

    cr_assert_str_eq(r->event->ip, "2001:db8::7");
}

/* ---- apps ---- */

Test(okta, sso_names_the_application)
{
    const risk_record *r =
        parse_one(&p, EVENT("user.authentication.sso", ANA, "SUCCESS",
                            TARGETS("{\"type\":\"AppUser\",\"alternateId\":\"ana\",\"displayName\":"
                                    "\"Ana\"}," APP("ChatGPT"))));

    cr_assert_eq(r->kind, RISK_KIND_SSO);
    cr_assert(field_is(r, "application_name", "ChatGPT"));
    cr_assert_str_eq(r->event->user_email, "ana@lumen.example");
}

#define GRANT(scope)                                                                               \
    "{\"id\":\"oag1\",\"type\":\"ConsentGrant\",\"alternateId\":null,\"displayName\":\"" scope     \
    "\",\"detailEntry\":{\"publicclientapp\":\"0oa7\",\"user\":\"00u1\"}}"

Test(okta, a_consent_names_app_and_scopes)
{
    const risk_record *r =
        parse_one(&p, EVENT("app.oauth2.as.consent.grant", ANA, "SUCCESS",
                            TARGETS(GRANT("okta.users.read") "," GRANT("okta.logs.read"))));

    cr_assert_eq(r->kind, RISK_KIND_APP_GRANT);
    cr_assert(field_is(r, "client_id", "0oa7"));
    cr_assert(ts_str_is(field_nth(r, "scope", 0), "okta.users.read"));
    cr_assert(ts_str_is(field_nth(r, "scope", 1), "okta.logs.read"));
    cr_assert_str_eq(r->event->user_email, "ana@lumen.example");
}

Test(okta, a_consent_that_failed_grants_nothing)
{
    cr_assert_eq(parse_one(&p, EVENT("app.oauth2.consent.grant", ANA, "FAILURE",
                                     TARGETS(GRANT("okta.users.read"))))
                     ->kind,
                 RISK_KIND_OTHER);
}

Test(okta, an_app_that_gets_a_token_is_the_actor_and_its_user_the_target)
{
    const risk_record *r = parse_one(
        &p, EVENT("app.oauth2.token.grant.access_token",
                  "{\"id\":\"0oa5\",\"type\":\"PublicClientApp\",\"alternateId\":\"0oa5\","
                  "\"displayName\":\"Claude\"}",
                  "SUCCESS",
                  TARGETS(ANA) ",\"debugContext\":{\"debugData\":{\"grantedScopes\":"
                               "\"openid, okta.users.manage\"}}"));

    cr_assert_eq(r->kind, RISK_KIND_APP_USE);
    cr_assert(field_is(r, "client_id", "0oa5"));
    cr_assert(field_is(r, "app_name", "Claude"));
    cr_assert(ts_str_is(field_nth(r, "scope", 0), "openid"));
    cr_assert(ts_str_is(field_nth(r, "scope", 1), "okta.users.manage"));
    cr_assert(ts_str_is(field_nth(r, "scope", 2), ""));
    cr_assert_str_eq(r->event->actor_email, "");
    cr_assert_str_eq(r->event->user_email, "ana@lumen.example");
}

/* ---- shapes ---- */

Test(okta, one_record_has_one_id_in_every_wrapping)
{
    static const char *const wrapped[] = {
        "[" SESSION "]",
        "{\"eventType\":\"com.okta.event_hook\",\"eventId\":\"x\",\"data\":{\"events\":[" SESSION
        "]}}",
        "{\"version\":\"0\",\"id\":\"7\",\"detail-type\":\"SystemLog\",\"detail\":" SESSION "}",
        "{\"time\":1,\"sourcetype\":\"OktaIM2:log\",\"event\":" SESSION "}",
    };
    ProtobufCBinaryData id = parse_one(&p, SESSION)->event->id;

    for (size_t i = 0; i < TS_COUNT(wrapped); i++) {
        const risk_record *r = parse_one(&p, wrapped[i]);

        cr_assert(same_id(r->event->id, id), "%s", wrapped[i]);
        cr_assert_str_eq(r->event->user_email, "ana@lumen.example");
        cr_assert(field_is(r, "actor.id", "00u1"));
    }
    p.options.ndjson = true;
    cr_assert(same_id(parse_one(&p, SESSION "\n")->event->id, id));
}

Test(okta, without_a_uuid_the_content_is_the_id)
{
#define BARE(name)                                                                                 \
    "{\"published\":\"" NOW_Z "\",\"eventType\":\"zone.update\",\"actor\":" ANA                    \
    ",\"displayMessage\":\"" name "\"}"
    ProtobufCBinaryData a = parse_one(&p, BARE("a"))->event->id;

    cr_assert(same_id(parse_one(&p, "{\"detail\":" BARE("a") "}")->event->id, a));
    cr_assert_not(same_id(parse_one(&p, BARE("b"))->event->id, a));
}

Test(okta, names_in_lower_case)
{
    const risk_record *r = parse_one(
        &p, "{\"uuid\":\"u\",\"published\":\"2025-01-15 10:30:00.000\",\"eventtype\":"
            "\"app.oauth2.token.grant.access_token\",\"actor\":{\"id\":\"00u1\",\"type\":\"User\","
            "\"alternateid\":\"ana@lumen.example\"},\"client\":{\"ipaddress\":\"192.0.2.7\","
            "\"useragent\":{\"rawuseragent\":\"curl\"}},\"debugcontext\":{\"debugdata\":{"
            "\"grantedscopes\":\"openid\",\"clientid\":\"0oa1\"}}}");

    cr_assert_str_eq(r->event->action, "app.oauth2.token.grant.access_token");
    cr_assert_str_eq(r->event->user_email, "ana@lumen.example");
    cr_assert_str_eq(r->event->ip, "192.0.2.7");
    cr_assert_str_eq(r->event->user_agent, "curl");
    cr_assert_eq(r->event->event_ms, NOW);
    cr_assert(field_is(r, "scope", "openid"));
    cr_assert(field_is(r, "client_id", "0oa1"));
}

/* Rules look into the text that Okta tells; a shipper may have read it. */
Test(okta, security_data_is_a_text_also_where_it_was_read)
{
    const risk_record *r = parse_one(
        &p, EVENT("user.session.start", ANA, "SUCCESS",
                  ",\"debugcontext\":{\"debugData\":{\"logOnlySecurityData\":{\"risk\":{\"level\":"
                  "\"LOW\"},\"behaviors\":{\"New IP\":\"POSITIVE\"}}}}"));

    cr_assert(field_is(r, "debugContext.debugData.logOnlySecurityData",
                       "{\"risk\":{\"level\":\"LOW\"},\"behaviors\":{\"New IP\":\"POSITIVE\"}}"));
}

/* However many members a record has, those that all events have are laid out. */
Test(okta, a_record_with_too_many_members_keeps_the_common_fields)
{
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(1u << 20);
    const risk_record *r;

    ts_buf_z(&text, "{\"debugContext\":{\"debugData\":{");
    for (int i = 0; i < 2 * RISK_FIELDS_MAX; i++)
        ts_buf_printf(&text, "%s\"m%d\":\"x\"", i > 0 ? "," : "", i);
    ts_buf_z(&text, "}}," HEAD "\"eventType\":\"zone.update\",\"actor\":" ANA "}");
    ts_buf_char(&text, '\0');
    r = parse_one(&p, text.data);
    cr_assert_eq(r->field_count, RISK_FIELDS_MAX);
    cr_assert(field_is(r, "user.email", "ana@lumen.example"));
    cr_assert(field_is(r, "eventName", "zone.update"));
}

/* ---- what is refused ---- */

Test(okta, what_is_wrong_is_named)
{
    static const char *const cases[][2] = {
        { "{" HEAD "\"actor\":" ANA "}", "eventType is missing" },
        { "{" HEAD "\"eventType\":7,\"actor\":" ANA "}", "eventType is missing" },
        { "{" HEAD "\"eventType\":\"null\",\"actor\":" ANA "}", "eventType is missing" },
        { "{\"eventType\":\"zone.update\",\"actor\":" ANA "}", "published is missing" },
        { "{\"eventType\":\"zone.update\",\"published\":\"redacted\"}", "published is not a time" },
        { "{\"eventType\":\"zone.update\",\"published\":1736937000000}", "published is missing" },
        { "{\"eventType\":\"zone.update\",\"published\":\"2020-01-15T10:30:00Z\"}", "too_old: " },
        { "{\"eventType\":\"zone.update\",\"published\":\"2026-01-15T10:30:00Z\"}", "future: " },
        { "{" HEAD "\"eventType\":\"zone.update\",\"actor\":[1]}", "actor must be an object" },
        { "{" HEAD "\"eventType\":\"zone.update\",\"target\":\"x\"}", "target must be an array" },
        { "[{\"eventType\":\"com.okta.event_hook\",\"data\":{\"events\":[" SESSION "]}}]",
          "data.events: " },
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        const char *reason = parse_rejected(&p, cases[i][0]);

        cr_assert(ts_str_starts(ts_str_of(reason), ts_str_of(cases[i][1])), "%s\n%s", cases[i][0],
                  reason);
    }
}

Test(okta, members_of_other_types_are_nothing)
{
    const risk_record *r = parse_one(
        &p, "{" HEAD "\"eventType\":\"user.session.start\",\"actor\":{\"id\":5,\"type\":[],"
            "\"alternateId\":{\"a\":1}},\"outcome\":\"SUCCESS\",\"client\":[],\"target\":[7,null,"
            "[]],\"debugContext\":4,\"request\":{\"ipChain\":{}}}");

    cr_assert_str_eq(r->event->user_email, "");
    cr_assert_str_eq(r->event->actor_id, "");
    cr_assert_str_eq(r->event->ip, "");
    cr_assert_str_eq(r->event->outcome, "");
}

Test(okta, one_bad_record_of_a_hook_loses_no_good_one)
{
    cr_assert_eq(parse_z(&p, "{\"eventType\":\"com.okta.event_hook\",\"data\":{\"events\":["
                             "{\"uuid\":\"x\"}," SESSION "]}}"),
                 TS_OK);
    cr_assert_eq(p.body.total, 2);
    cr_assert_eq(p.body.record_count, 1);
    cr_assert_eq(p.body.rejected_count, 1);
    cr_assert_eq(p.body.rejected[0].index, 0);
}
