/* One OCSF event at a time: what it is by its class, who and whom, its time, its id. */
#include "parse.h"

#include "ts/buf.h"

#define PRODUCT "\"product\":{\"vendor_name\":\"Hub\",\"name\":\"Hub Audit Log\"}"
#define META    "\"metadata\":{\"version\":\"1.3.0\"," PRODUCT ",\"uid\":\"m-77\"}"
#define ANA     "{\"email_addr\":\"Ana@Lumen.example\",\"name\":\"Ana\",\"uid\":\"51\"}"
#define BO      "{\"email_addr\":\"bo@lumen.example\",\"name\":\"Bo\",\"uid\":\"52\"}"
#define SRC     "\"src_endpoint\":{\"ip\":\"192.0.2.7\"}"
#define HEAD(class, activity)                                                                      \
    "\"class_uid\":" class ",\"activity_id\":" activity ",\"time\":1736937000000," META
#define LOGON                                                                                      \
    "{" HEAD("3002", "1") ",\"status_id\":1," SRC ",\"user\":" ANA                                 \
                          ",\"http_request\":{\"user_agent\":\"Firefox\"}}"

static parse p;

static void setup(void)
{
    p = parse_new();
    p.options.source = "ocsf";
}

static void teardown(void)
{
    parse_done(&p);
}

TestSuite(ocsf, .init = setup, .fini = teardown);

static const char *event(const char *class, const char *activity, const char *more)
{
    return ts_arena_printf(
        p.arena, "{\"class_uid\":%s,\"activity_id\":%s,\"time\":1736937000000," META "%s%s}", class,
        activity, more[0] == '\0' ? "" : ",", more);
}

/* ---- shape ---- */

Test(ocsf, a_sign_in)
{
    const risk_record *r = parse_one(&p, LOGON);

    cr_expect_str_eq(r->event->source, "ocsf");
    cr_expect_str_eq(r->event->app, "authentication");
    cr_expect_str_eq(r->event->action, "activity 1");
    cr_expect_str_eq(r->event->actor_email, "ana@lumen.example");
    cr_expect_str_eq(r->event->user_email, "ana@lumen.example");
    cr_expect_str_eq(r->event->actor_id, "Hub:51");
    cr_expect_str_eq(r->event->target_email, "");
    cr_expect_str_eq(r->event->ip, "192.0.2.7");
    cr_expect_str_eq(r->event->user_agent, "Firefox");
    cr_expect_str_eq(r->event->outcome, "success");
    cr_expect_eq(r->event->event_ms, NOW);
    cr_expect_eq(r->kind, RISK_KIND_SIGN_IN);
    cr_expect(field_is(r, "user.email", "ana@lumen.example"));
    cr_expect(field_is(r, "outcome", "success"));
}

Test(ocsf, fields_have_the_names_of_the_schema)
{
    const risk_record *r = parse_one(
        &p, event("3002", "1",
                  "\"user\":" ANA ",\"observables\":[{\"name\":\"user.name\"}],\"raw_data\":\"x\","
                  "\"unmapped\":{\"mfa\":\"none\"},\"is_mfa\":false,\"auth_factors\":[{"
                  "\"factor_type\":\"OTP\"},{\"factor_type\":\"SMS\"}]"));

    cr_expect(field_is(r, "class_uid", "3002"));
    cr_expect(field_is(r, "user.email_addr", "Ana@Lumen.example"));
    cr_expect(field_is(r, "metadata.product.name", "Hub Audit Log"));
    cr_expect(field_is(r, "is_mfa", "false"));
    cr_expect(ts_str_is(field_nth(r, "auth_factors.factor_type", 1), "SMS"));
    cr_expect(field_is(r, "unmapped.mfa", "none"));
    cr_expect(risk_record_field(r, "observables.name").p == NULL);
    cr_expect(risk_record_field(r, "raw_data").p == NULL);
}

Test(ocsf, what_is_unmapped_crowds_nothing_out)
{
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(1u << 16);
    const risk_record *r;

    ts_buf_z(&text, "{\"unmapped\":{");
    for (int i = 0; i < RISK_FIELDS_MAX; i++)
        ts_buf_printf(&text, "%s\"u%d\":%d", i == 0 ? "" : ",", i, i);
    ts_buf_z(&text, "}," HEAD("3002", "1") ",\"user\":" ANA ",\"is_mfa\":true}");
    ts_buf_char(&text, '\0');
    r = parse_one(&p, text.data);
    cr_expect_eq(r->field_count, RISK_FIELDS_MAX);
    cr_expect(field_is(r, "is_mfa", "true"));
    cr_expect(field_is(r, "user.email", "ana@lumen.example"));
    cr_expect(field_is(r, "unmapped.u0", "0"));
}

Test(ocsf, what_tells_a_person_most_comes_first)
{
    const risk_record *r =
        parse_one(&p, event("2004", "1", "\"finding_info\":{\"title\":\"Token stolen\"}"));
    size_t title = 0, class_uid = 0;

    for (size_t i = 0; i < r->field_count; i++) {
        if (ts_str_is(r->fields[i].name, "finding_info.title"))
            title = i;
        if (ts_str_is(r->fields[i].name, "class_uid"))
            class_uid = i;
    }
    cr_expect(title > 0 && title < class_uid, "%zu %zu", title, class_uid);
}

Test(ocsf, an_action_is_a_call_s_operation_or_the_activity_s_name)
{
    cr_expect_str_eq(
        parse_one(&p, event("6003", "1",
                            "\"actor\":{\"user\":" ANA "},\"api\":{\"operation\":\"git.push\"},"
                            "\"activity_name\":\"Create\""))
            ->event->action,
        "git.push");
    cr_expect_str_eq(parse_one(&p, event("3002", "1",
                                         "\"user\":" ANA ",\"activity_name\":\"Logon\","
                                         "\"api\":{\"operation\":\"ConsoleLogin\"}"))
                         ->event->action,
                     "Logon");
    cr_expect_str_eq(
        parse_one(&p,
                  event("3002", "2", "\"user\":" ANA ",\"type_name\":\"Authentication: Logoff\""))
            ->event->action,
        "Logoff");
}

/* ---- class and activity ---- */

static risk_kind kind_of(const char *class, const char *activity, const char *more)
{
    return parse_one(&p, event(class, activity,
                               ts_arena_printf(p.arena, "\"actor\":{\"user\":" ANA "}%s%s",
                                               more[0] == '\0' ? "" : ",", more)))
        ->kind;
}

Test(ocsf, an_event_has_its_kind)
{
    static const struct {
        const char *class;
        const char *activity;
        const char *more;
        risk_kind kind;
    } cases[] = {
        { "3002", "1", "", RISK_KIND_SIGN_IN },
        { "3002", "1", "\"auth_protocol_id\":2", RISK_KIND_SIGN_IN },
        { "3002", "1", "\"auth_protocol_id\":5", RISK_KIND_SSO },
        { "3002", "1", "\"service\":{\"name\":\"ChatGPT\"}", RISK_KIND_SSO },
        { "3002", "1", "\"service\":{\"name\":\"ChatGPT\"},\"status_id\":2", RISK_KIND_SIGN_IN },
        { "3002", "2", "", RISK_KIND_OTHER },
        { "3002", "4", "", RISK_KIND_OTHER },
        { "3003", "1", "", RISK_KIND_OTHER },
        { "3001", "3", "\"user\":" ANA, RISK_KIND_ACCOUNT },
        { "3001", "4", "\"user\":" BO, RISK_KIND_ADMIN },
        { "3007", "12", "\"user\":" ANA, RISK_KIND_ACCOUNT },
        { "3007", "16", "\"user\":" BO, RISK_KIND_ADMIN },
        { "3004", "1", "\"entity\":{\"name\":\"policy\"}", RISK_KIND_ADMIN },
        { "3004", "2", "\"entity\":{\"name\":\"policy\"}", RISK_KIND_OTHER },
        { "3005", "1", "\"user\":" ANA, RISK_KIND_ADMIN },
        { "3006", "3", "\"user\":" BO, RISK_KIND_ADMIN },
        { "3008", "1", "", RISK_KIND_ADMIN },
        { "6001", "1", "", RISK_KIND_FILE },
        { "6001", "2", "", RISK_KIND_FILE_VIEW },
        { "6001", "4", "", RISK_KIND_FILE_DELETE },
        { "6001", "7", "", RISK_KIND_FILE_TAKE },
        { "6001", "8", "", RISK_KIND_FILE_SHARE },
        { "6002", "1", "\"app\":{\"name\":\"Notes\",\"uid\":\"n1\"}", RISK_KIND_APP_GRANT },
        { "6002", "2", "\"app\":{\"name\":\"Notes\"}", RISK_KIND_APP_REVOKE },
        { "6002", "1", "\"app\":{\"name\":\"Notes\"},\"device\":{\"hostname\":\"pc1\"}",
          RISK_KIND_OTHER },
        { "6002", "3", "\"app\":{\"name\":\"Notes\"}", RISK_KIND_OTHER },
        { "6003", "1", "", RISK_KIND_OTHER },
        { "6005", "1", "", RISK_KIND_OTHER },
        { "6006", "1", "", RISK_KIND_FILE },
        { "6006", "2", "", RISK_KIND_FILE_TAKE },
        { "6006", "4", "", RISK_KIND_FILE_DELETE },
        { "6006", "6", "", RISK_KIND_FILE_TAKE },
        { "6006", "9", "", RISK_KIND_FILE_VIEW },
        { "6006", "12", "", RISK_KIND_FILE_SHARE },
        { "6006", "12", "\"file\":{\"is_public\":false}", RISK_KIND_FILE },
        { "6006", "12", "\"file\":{\"is_public\":true}", RISK_KIND_FILE_SHARE },
        { "6006", "13", "", RISK_KIND_FILE },
        { "6006", "2", "\"status_id\":2", RISK_KIND_FILE },
        { "6006", "14", "", RISK_KIND_FILE_VIEW },
        { "6006", "15", "", RISK_KIND_FILE_TAKE },
        { "6003", "99", "\"ai_model\":{\"ai_provider\":\"OpenAI\",\"name\":\"gpt\"}",
          RISK_KIND_AI },
        { "2001", "1", "", RISK_KIND_WARNING },
        { "2004", "1", "", RISK_KIND_WARNING },
        { "2006", "1", "", RISK_KIND_WARNING },
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        risk_kind kind = kind_of(cases[i].class, cases[i].activity, cases[i].more);

        cr_expect_eq(kind, cases[i].kind, "%s %s %s: %s", cases[i].class, cases[i].activity,
                     cases[i].more, risk_kind_name(kind));
    }
}

Test(ocsf, an_app_that_calls_in_a_user_s_name)
{
    const risk_record *r =
        parse_one(&p, event("6003", "2",
                            "\"actor\":{\"user\":" ANA ",\"app_uid\":\"c-1\",\"app_name\":"
                            "\"Mailer\"},\"api\":{\"operation\":\"ListMessages\"}"));

    cr_expect_eq(r->kind, RISK_KIND_APP_USE);
    cr_expect(field_is(r, "client_id", "c-1"));
    cr_expect(field_is(r, "app_name", "Mailer"));
    /* A service of its own acts for nobody. */
    r = parse_one(&p, event("6003", "2", "\"actor\":{\"app_name\":\"Mailer\"}"));
    cr_expect_eq(r->kind, RISK_KIND_OTHER);
}

Test(ocsf, a_file_that_is_open_to_everybody_is_said_to_be)
{
    static const char format[] = "\"actor\":{\"user\":" ANA "},\"file\":{\"is_public\":%s}";

    cr_expect(field_is(parse_one(&p, event("6006", "12", ts_arena_printf(p.arena, format, "true"))),
                       "visibility", "public_on_the_web"));
    cr_expect(risk_record_field(
                  parse_one(&p, event("6006", "12", ts_arena_printf(p.arena, format, "false"))),
                  "visibility")
                  .p == NULL);
    cr_expect(risk_record_field(
                  parse_one(&p, event("6006", "12", ts_arena_printf(p.arena, format, "\"yes\""))),
                  "visibility")
                  .p == NULL);
}

Test(ocsf, what_is_signed_in_to_is_named)
{
    cr_expect(field_is(
        parse_one(&p, event("3002", "1", "\"user\":" ANA ",\"service\":{\"name\":\"ChatGPT\"}")),
        "application_name", "ChatGPT"));
    cr_expect(
        field_is(parse_one(&p, event("3002", "1", "\"user\":" ANA ",\"auth_protocol_id\":\"5\"")),
                 "application_name", "Hub"));
    cr_expect(
        field_is(parse_one(&p, event("6003", "0",
                                     "\"actor\":{\"user\":" ANA "},\"ai_agent\":{\"ai_model\":{"
                                     "\"ai_provider\":\"Anthropic\"}}")),
                 "application_name", "Anthropic"));
}

Test(ocsf, classes_that_nothing_is_made_of_are_refused)
{
    cr_expect_str_eq(parse_rejected(&p, event("4001", "6", "")),
                     "class_uid 4001 is not taken: 2001, 2004, 2006, 3001, 3002, 3003, 3004, 3005, "
                     "3006, 3007, 3008, 6001, 6002, 6003, 6005 and 6006 are");
    cr_expect_str_eq(parse_rejected(&p, "{\"activity_id\":1,\"time\":1736937000000}"),
                     "class_uid is missing: the number of the event's OCSF class is needed");
    cr_expect(strstr(parse_rejected(&p, event("[3002]", "1", "")), "class_uid is missing"));
    cr_expect(strstr(parse_rejected(&p, event("-1", "1", "")), "class_uid -1 is not taken"));
}

Test(ocsf, an_activity_may_stand_in_the_type_only)
{
    const risk_record *r = parse_one(&p, "{\"class_uid\":6006,\"type_uid\":600602,\"time\":"
                                         "1736937000000,\"actor\":{\"user\":" ANA "}}");

    cr_expect_eq(r->kind, RISK_KIND_FILE_TAKE);
    cr_expect(strstr(parse_rejected(&p, "{\"class_uid\":3002,\"time\":1,\"user\":" ANA "}"),
                     "activity_id is missing"));
    cr_expect(strstr(parse_rejected(&p, event("3002", "100", "")), "between 0 and 99"));
    cr_expect(strstr(parse_rejected(&p, event("3002", "-1", "")), "between 0 and 99"));
}

/* ---- outcome ---- */

static const char *outcome_with(const char *more)
{
    return parse_one(&p, event("3002", "1", ts_arena_printf(p.arena, "\"user\":" ANA "%s", more)))
        ->event->outcome;
}

Test(ocsf, an_outcome_is_said_in_several_ways)
{
    cr_expect_str_eq(outcome_with(",\"status_id\":1,\"status\":\"Failure\""), "success");
    cr_expect_str_eq(outcome_with(",\"status_id\":\"2\""), "failure");
    cr_expect_str_eq(outcome_with(",\"status\":\"SUCCESS\""), "success");
    cr_expect_str_eq(outcome_with(",\"status\":\"failure\",\"status_id\":99"), "failure");
    cr_expect_str_eq(outcome_with(",\"status_id\":0"), "");
    cr_expect_str_eq(outcome_with(",\"action_id\":2"), "failure");
    cr_expect_str_eq(outcome_with(",\"action_id\":1"), "");
    cr_expect_str_eq(outcome_with(",\"api\":{\"response\":{\"error\":\"AccessDenied\"}}"),
                     "failure");
    cr_expect_str_eq(outcome_with(""), "");
}

/* ---- people ---- */

Test(ocsf, an_administrator_acts_upon_somebody)
{
    const risk_record *r = parse_one(
        &p, event("3001", "4", "\"actor\":{\"user\":" ANA "},\"user\":" BO ",\"status_id\":1"));

    cr_expect_str_eq(r->event->actor_email, "ana@lumen.example");
    cr_expect_str_eq(r->event->user_email, "ana@lumen.example");
    cr_expect_str_eq(r->event->target_email, "bo@lumen.example");
    r = parse_one(&p, event("3006", "3", "\"actor\":{\"user\":" ANA "},\"users\":[" BO "]"));
    cr_expect_str_eq(r->event->target_email, "bo@lumen.example");
    r = parse_one(&p,
                  event("3004", "12", "\"actor\":{\"user\":" ANA "},\"entity\":{\"user\":" BO "}"));
    cr_expect_str_eq(r->event->target_email, "bo@lumen.example");
    r = parse_one(&p, event("3001", "3", "\"actor\":{\"user\":" ANA "},\"user\":" ANA));
    cr_expect_str_eq(r->event->target_email, "", "oneself");
}

Test(ocsf, what_is_done_by_nobody_named_is_about_the_target)
{
    const risk_record *r = parse_one(&p, event("3001", "5", "\"user\":" BO));

    cr_expect_str_eq(r->event->actor_email, "");
    cr_expect_str_eq(r->event->actor_id, "");
    cr_expect_str_eq(r->event->user_email, "bo@lumen.example");
    cr_expect_eq(r->kind, RISK_KIND_ADMIN);
}

Test(ocsf, who_signs_in_is_the_user_and_not_what_lets_them_in)
{
    const risk_record *r =
        parse_one(&p, event("3002", "1", "\"actor\":{\"user\":" BO "},\"user\":" ANA));

    cr_expect_str_eq(r->event->actor_email, "ana@lumen.example");
    /* The same account, with the address in one of the two places. */
    r = parse_one(&p, event("3002", "1",
                            "\"actor\":{\"user\":" ANA "},\"user\":{\"uid\":\"51\",\"name\":"
                            "\"ana\"}"));
    cr_expect_str_eq(r->event->actor_email, "ana@lumen.example");
    r = parse_one(&p, event("3002", "1",
                            "\"actor\":{\"user\":" ANA "},\"user\":{\"uid\":\"99\",\"name\":"
                            "\"ana\"}"));
    cr_expect_str_eq(r->event->actor_email, "");
    cr_expect_str_eq(r->event->actor_id, "Hub:99");
}

Test(ocsf, an_address_may_be_the_name_or_the_id)
{
    static const char *const users[] = { "{\"name\":\"ana@lumen.example\"}",
                                         "{\"uid\":\"ana@lumen.example\"}",
                                         "{\"uid_alt\":\"ana@lumen.example\",\"name\":\"ana\"}",
                                         "{\"email_addr\":\"null\",\"name\":\"ANA@lumen.example\"}",
                                         "[{\"name\":\"ana@lumen.example\"}]" };

    for (size_t i = 0; i < TS_COUNT(users); i++) {
        const risk_record *r =
            parse_one(&p, event("3002", "1", ts_arena_printf(p.arena, "\"user\":%s", users[i])));

        cr_expect_str_eq(r->event->user_email, "ana@lumen.example", "%s", users[i]);
    }
}

Test(ocsf, an_id_is_of_its_product)
{
    char longest[300];

    cr_expect_str_eq(parse_one(&p,
                               "{\"class_uid\":3002,\"activity_id\":1,\"time\":1736937000000,"
                               "\"metadata\":{\"product\":{\"name\":\"Desk\"}},\"user\":" ANA "}")
                         ->event->actor_id,
                     "Desk:51");
    memset(longest, 'x', sizeof(longest));
    longest[252] = '\0';
    cr_expect_eq(
        strlen(parse_one(&p, event("3002", "1",
                                   ts_arena_printf(p.arena, "\"user\":{\"uid\":\"%s\"}", longest)))
                   ->event->actor_id),
        256);
    /* Cut, two ids could be one. */
    longest[252] = 'x';
    longest[253] = '\0';
    cr_expect_str_eq(
        parse_one(
            &p, event("3002", "1", ts_arena_printf(p.arena, "\"user\":{\"uid\":\"%s\"}", longest)))
            ->event->actor_id,
        "");
}

Test(ocsf, somebody_must_be_there)
{
    cr_expect_str_eq(parse_rejected(&p, event("3002", "1", SRC)),
                     "actor is missing: actor.user or user with email_addr, uid or name is needed");
    cr_expect_str_eq(parse_rejected(&p, event("6006", "2", "\"user\":" ANA)),
                     "actor is missing: actor.user with email_addr, uid or name is needed");
    cr_expect(strstr(parse_rejected(&p, event("3001", "1", "\"actor\":[],\"user\":7")),
                     "actor is missing"));
    /* A service that acts by itself is an actor too. */
    cr_expect_str_eq(parse_one(&p, event("6003", "1", "\"actor\":{\"invoked_by\":\"backup\"}"))
                         ->event->user_email,
                     "");
}

/* ---- findings ---- */

static const char *victim_of(const char *more)
{
    const risk_record *r = parse_one(&p, event("2004", "1", more));

    cr_expect_str_eq(r->event->actor_email, "");
    cr_expect_str_eq(r->event->outcome, "");
    cr_expect(r->may_be_foreign);
    return r->event->user_email;
}

Test(ocsf, a_finding_is_about_somebody)
{
    cr_expect_str_eq(victim_of("\"evidences\":[{\"data\":1},{\"actor\":{\"user\":" ANA "}}],"
                               "\"resources\":[{\"owner\":" BO "}]"),
                     "ana@lumen.example");
    cr_expect_str_eq(victim_of("\"evidences\":[{\"actor\":{\"user\":" BO "}},{\"user\":" ANA "}]"),
                     "ana@lumen.example");
    cr_expect_str_eq(victim_of("\"actor\":{\"user\":" ANA "},\"evidences\":[{\"user\":" BO "}]"),
                     "ana@lumen.example");
    cr_expect_str_eq(victim_of("\"resources\":[{\"owner\":" ANA "}]"), "ana@lumen.example");
    cr_expect_str_eq(victim_of("\"resources\":[{\"owner\":" BO "},{\"name\":\"ana@lumen.example\","
                               "\"type\":\"User\"}]"),
                     "ana@lumen.example");
    cr_expect_str_eq(victim_of("\"evidences\":{},\"resources\":\"none\""), "");
    cr_expect_str_eq(parse_one(&p, event("2004", "1", "\"evidences\":[{" SRC "}]"))->event->ip,
                     "192.0.2.7");
}

/* ---- times ---- */

static int64_t time_of(const char *time)
{
    return parse_one(
               &p, ts_arena_printf(
                       p.arena, "{\"class_uid\":3002,\"activity_id\":1,%s,\"user\":" ANA "}", time))
        ->event->event_ms;
}

static const char *time_refused(const char *time)
{
    return parse_rejected(
        &p, ts_arena_printf(p.arena, "{\"class_uid\":3002,\"activity_id\":1%s,\"user\":" ANA "}",
                            time));
}

Test(ocsf, times)
{
    cr_expect_eq(time_of("\"time\":1736937000000"), NOW);
    cr_expect_eq(time_of("\"time\":1736937000000.0"), NOW);
    cr_expect_eq(time_of("\"time\":\"1736937000000\""), NOW);
    cr_expect_eq(time_of("\"time\":1736937000"), NOW, "seconds");
    cr_expect_eq(time_of("\"time\":1736937000000123"), NOW, "microseconds");
    cr_expect_eq(time_of("\"time\":1736937000000123456"), NOW, "nanoseconds");
    cr_expect_eq(time_of("\"time\":\"" NOW_Z "\""), NOW);
    cr_expect_eq(time_of("\"time_dt\":\"2025-01-15T12:30:00.000+02:00\""), NOW);
    cr_expect_eq(time_of("\"time\":null,\"time_dt\":\"" NOW_Z "\""), NOW);
    cr_expect_eq(time_of("\"time\":1736937000000,\"time_dt\":\"2020-01-01T00:00:00Z\""), NOW);
}

Test(ocsf, times_that_are_none)
{
    cr_expect_str_eq(time_refused(""),
                     "time is missing: milliseconds since 1970, or time_dt, are needed");
    cr_expect(strstr(time_refused(",\"time\":true"), "time is not a time"));
    cr_expect(strstr(time_refused(",\"time\":{}"), "time is missing"));
    cr_expect(strstr(time_refused(",\"time\":-5"), "time must be milliseconds"));
    cr_expect(strstr(time_refused(",\"time\":\"soon\""), "time is not a time"));
    cr_expect(strstr(time_refused(",\"time\":9223372036854775807"), "future"));
    cr_expect(strstr(time_refused(",\"time\":1.5e300"), "time is not a time"));
    cr_expect(strstr(time_refused(",\"time\":0"), "too_old"));
    cr_expect(strstr(time_refused(",\"time_dt\":\"2020-01-01T00:00:00Z\""), "too_old: time_dt"));
}

/* ---- ids ---- */

static ProtobufCBinaryData id_of(const char *text)
{
    return parse_one(&p, text)->event->id;
}

Test(ocsf, an_id_is_the_products_uid)
{
    ProtobufCBinaryData one = id_of(LOGON);

    cr_expect(same_id(one, id_of("[" LOGON "]")));
    p.options.ndjson = true;
    cr_expect(same_id(one, id_of(LOGON "\n")));
    p.options.ndjson = false;
    cr_expect(same_id(one, id_of("{" HEAD("3002", "1") ",\"message\":\"more\",\"user\":" ANA "}")));
    cr_expect_not(same_id(one, id_of("{" HEAD("3002", "2") ",\"user\":" ANA "}")));
    cr_expect_not(same_id(
        one, id_of("{\"class_uid\":3002,\"activity_id\":1,\"time\":1736937000000,\"metadata\":{"
                   "\"uid\":\"m-77\",\"product\":{\"name\":\"Desk\"}},\"user\":" ANA "}")));
}

Test(ocsf, without_a_uid_the_content_is_the_id)
{
    static const char text[] = "{\"class_uid\":3002,\"activity_id\":1,\"time\":1736937000000,"
                               "\"user\":{\"name\":\"%s\"}}";
    const char *ana = ts_arena_printf(p.arena, text, "ana");

    cr_expect(same_id(id_of(ana), id_of(ts_arena_printf(p.arena, " [ %s ] ", ana))));
    cr_expect_not(same_id(id_of(ana), id_of(ts_arena_printf(p.arena, text, "bo"))));
}

/* ---- hostile ---- */

Test(ocsf, members_of_any_type_are_taken_or_refused_with_words)
{
    static const char *const values[] = { "null", "true", "7",  "1.5",    "\"\"", "\"null\"",
                                          "[]",   "[[]]", "{}", "[null]", "[{}]", "\"\\u0000@x\"" };
    static const char *const members[] = { "user",      "users",    "actor",        "metadata",
                                           "status",    "service",  "src_endpoint", "evidences",
                                           "resources", "app",      "api",          "entity",
                                           "file",      "ai_model", "http_request", "type_name" };
    static const char *const classes[] = { "2004", "3001", "3002", "3004", "6002", "6003", "6006" };

    for (size_t c = 0; c < TS_COUNT(classes); c++) {
        for (size_t m = 0; m < TS_COUNT(members); m++) {
            for (size_t v = 0; v < TS_COUNT(values); v++) {
                const char *text = ts_arena_printf(
                    p.arena,
                    "{\"class_uid\":%s,\"activity_id\":1,\"time\":1736937000000,\"%s\":%s}",
                    classes[c], members[m], values[v]);

                cr_assert_eq(parse_z(&p, text), TS_OK, "%s", text);
                cr_assert_eq(p.body.record_count + p.body.rejected_count, 1, "%s", text);
            }
        }
    }
}
