/* One event in our own form at a time: every kind, every limit from both sides, every mistake with words that name it. */
#include "parse.h"

#include "normalize/own.h"

#define ACTS "\"actor\":{\"email\":\"Ana@Lumen.example\",\"id\":\"a-1\"}"

static parse p;

static void setup(void)
{
    p = parse_new();
    p.options.source = "teamsentry";
}

static void teardown(void)
{
    parse_done(&p);
}

TestSuite(own, .init = setup, .fini = teardown);

static const char *event(const char *kind, const char *more)
{
    return ts_arena_printf(p.arena,
                           "{\"time\":\"" NOW_Z "\",\"kind\":\"%s\",\"action\":\"did\"%s%s}", kind,
                           more[0] == '\0' ? "" : ",", more);
}

static const char *refused(const char *kind, const char *more)
{
    return parse_rejected(&p, event(kind, more));
}

/* A member of an act of kind `other`. */
static const char *with(const char *member)
{
    return event("other", ts_arena_printf(p.arena, ACTS ",%s", member));
}

static const char *letters(size_t n)
{
    char *text = ts_arena_alloc(p.arena, n + 1);

    cr_assert(text != NULL);
    memset(text, 'x', n);
    return text;
}

/* ---- what is taken ---- */

Test(own, everything_an_event_may_say)
{
    const risk_record *r = parse_one(
        &p,
        "{\"id\":\"w-1\",\"time\":\"" NOW_Z "\",\"kind\":\"app_grant\",\"action\":\"connected\","
        "\"outcome\":\"success\",\"app\":\"wiki\"," ACTS
        ",\"user\":{\"email\":\"Bo@lumen.example\"},"
        "\"target\":{\"email\":\"cy@lumen.example\"},\"ip\":\"2001:db8::7\","
        "\"user_agent\":\"curl/8\",\"client_id\":\"c-1\",\"app_name\":\"Notes\","
        "\"scopes\":[\"read\",\"write\"],\"fields\":{\"page\":\"Salaries\",\"size\":12,"
        "\"public\":true,\"labels\":[\"hr\",7]}}");
    const Ts__Risk__Event *e = r->event;

    cr_expect_str_eq(e->source, "teamsentry");
    cr_expect_str_eq(e->app, "wiki");
    cr_expect_str_eq(e->action, "connected");
    cr_expect_str_eq(e->type, "app_grant");
    cr_expect_str_eq(e->actor_email, "ana@lumen.example");
    cr_expect_str_eq(e->actor_id, "wiki:a-1");
    cr_expect_str_eq(e->user_email, "bo@lumen.example");
    cr_expect_str_eq(e->target_email, "cy@lumen.example");
    cr_expect_str_eq(e->ip, "2001:db8::7");
    cr_expect_str_eq(e->user_agent, "curl/8");
    cr_expect_str_eq(e->outcome, "success");
    cr_expect_eq(e->event_ms, NOW);
    cr_expect_eq(r->kind, RISK_KIND_APP_GRANT);
    cr_expect_not(r->may_be_foreign);
    cr_expect(field_is(r, "eventName", "connected"));
    cr_expect(field_is(r, "client_id", "c-1"));
    cr_expect(field_is(r, "app_name", "Notes"));
    cr_expect(ts_str_is(field_nth(r, "scope", 1), "write"));
    cr_expect(field_is(r, "page", "Salaries"));
    cr_expect(field_is(r, "size", "12"));
    cr_expect(field_is(r, "public", "true"));
    cr_expect(ts_str_is(field_nth(r, "labels", 1), "7"));
}

Test(own, every_kind_works_with_what_it_needs)
{
    for (int i = 0; i < RISK_KINDS; i++) {
        risk_kind kind = (risk_kind)i;
        const char *more = ACTS;
        const risk_record *r;

        if (kind == RISK_KIND_SIGN_IN)
            more = ACTS ",\"outcome\":\"failure\"";
        if (kind == RISK_KIND_SSO)
            more = ACTS ",\"outcome\":\"success\",\"application_name\":\"ChatGPT\"";
        if (kind == RISK_KIND_AI)
            more = ACTS ",\"application_name\":\"ChatGPT\"";
        if (kind >= RISK_KIND_APP_GRANT && kind <= RISK_KIND_APP_REVOKE)
            more = ACTS ",\"app_name\":\"Notes\"";
        if (kind == RISK_KIND_WARNING)
            more = "\"user\":{\"email\":\"ana@lumen.example\"}";
        r = parse_one(&p, event(risk_kind_name(kind), more));
        cr_expect_eq(r->kind, kind);
        cr_expect_str_eq(r->event->app, "other");
        cr_expect_str_eq(r->event->user_email, "ana@lumen.example");
        if (kind == RISK_KIND_SSO || kind == RISK_KIND_AI)
            cr_expect(field_is(r, "application_name", "ChatGPT"));
    }
}

/* ---- what is missing ---- */

Test(own, what_is_needed_is_named)
{
    cr_expect_str_eq(parse_rejected(&p, "{}"),
                     "kind must be other, sign_in, sso, warning, account, admin, app_grant, "
                     "app_use, app_revoke, file, file_view, file_take, file_share, file_delete or "
                     "ai");
    cr_expect_str_eq(parse_rejected(&p, "{\"kind\":\"file\"," ACTS "}"),
                     "action is missing: what was done, as the product calls it");
    cr_expect_str_eq(parse_rejected(&p, "{\"kind\":\"file\",\"action\":\"did\"," ACTS "}"),
                     "time is missing: an RFC 3339 time is needed");
    cr_expect_str_eq(refused("file", ""),
                     "actor is missing: kind file needs actor.email or actor.id, who did it");
    cr_expect_str_eq(refused("file", "\"user\":{\"email\":\"ana@lumen.example\"}"),
                     "actor is missing: kind file needs actor.email or actor.id, who did it");
    cr_expect_str_eq(refused("warning", ACTS),
                     "user is missing: kind warning needs user.email, whom it is about");
    cr_expect_str_eq(refused("sign_in", ACTS),
                     "outcome is missing: kind sign_in needs success or failure");
    cr_expect_str_eq(refused("sso", ACTS ",\"outcome\":\"success\""),
                     "application_name is missing: kind sso needs it");
    cr_expect_str_eq(refused("ai", ACTS), "application_name is missing: kind ai needs it");
    cr_expect_str_eq(refused("app_use", ACTS),
                     "client_id is missing: kind app_use needs client_id or app_name");
}

/* ---- what is too much ---- */

Test(own, unknown_members_are_named)
{
    cr_expect_str_eq(refused("other", ACTS ",\"colour\":1"),
                     "colour is not a member: id, time, kind, action, outcome, app, actor, user, "
                     "target, ip, user_agent, client_id, app_name, scopes, application_name and "
                     "fields are");
    cr_expect_str_eq(refused("other", "\"actor\":{\"name\":\"Ana\"}"),
                     "actor.name is not a member: actor takes email and id");
    cr_expect_str_eq(refused("other", ACTS ",\"user\":{\"id\":\"7\"}"),
                     "user.id is not a member: user takes email");
    cr_expect(strstr(refused("other", ACTS ",\"actor.email\":\"a@b.example\""),
                     "actor.email is not a member"));
    cr_expect(strstr(refused("other", ACTS ",\"Kind\":\"file\""), "Kind is not a member"));
}

Test(own, what_says_nothing_with_the_kind_is_refused)
{
    cr_expect_str_eq(refused("file", ACTS ",\"application_name\":\"X\""),
                     "application_name is of kinds sso and ai only; kind is file");
    cr_expect_str_eq(
        refused("file", ACTS ",\"client_id\":\"X\""),
        "client_id is of kinds app_grant, app_use, app_revoke and admin only; kind is file");
    cr_expect(strstr(refused("ai", ACTS ",\"application_name\":\"X\",\"app_name\":\"X\""),
                     "app_name is of kinds"));
    cr_expect(strstr(refused("file", ACTS ",\"scopes\":[]"), "scopes is of kinds"));
    parse_one(&p, event("admin", ACTS ",\"client_id\":\"X\",\"scopes\":[\"s\"]"));
}

/* ---- types and limits ---- */

Test(own, texts_have_limits)
{
    static const struct {
        const char *name;
        size_t max;
    } texts[] = { { "id", 256 }, { "action", 128 }, { "app", 64 }, { "user_agent", 512 } };
    static const char *const values[] = { "null", "7", "true", "[]", "{}", "\"\"" };

    for (size_t i = 0; i < TS_COUNT(texts); i++) {
        const char *words = ts_arena_printf(p.arena, "%s must be text of 1 to %zu characters",
                                            texts[i].name, texts[i].max);
        const char *format = "{\"time\":\"" NOW_Z "\",\"kind\":\"other\",%s" ACTS ",\"%s\":%s}";
        const char *action = strcmp(texts[i].name, "action") == 0 ? "" : "\"action\":\"did\",";

        parse_one(&p, ts_arena_printf(p.arena, format, action, texts[i].name,
                                      ts_arena_printf(p.arena, "\"%s\"", letters(texts[i].max))));
        cr_expect(strstr(
            parse_rejected(
                &p, ts_arena_printf(p.arena, format, action, texts[i].name,
                                    ts_arena_printf(p.arena, "\"%s\"", letters(texts[i].max + 1)))),
            words));
        for (size_t v = 0; v < TS_COUNT(values); v++)
            cr_expect(strstr(parse_rejected(&p, ts_arena_printf(p.arena, format, action,
                                                                texts[i].name, values[v])),
                             words),
                      "%s %s", texts[i].name, values[v]);
    }
}

Test(own, limits_count_characters)
{
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(4096);

    for (int i = 0; i < 128; i++)
        ts_buf_z(&text, "\xc3\xa9");
    ts_buf_char(&text, '\0');
    cr_expect_eq(
        strlen(parse_one(&p, ts_arena_printf(p.arena,
                                             "{\"time\":\"" NOW_Z
                                             "\",\"kind\":\"other\",\"action\":\"%s\"," ACTS "}",
                                             text.data))
                   ->event->action),
        256);
}

Test(own, values_are_checked)
{
    cr_expect_str_eq(parse_rejected(&p, with("\"outcome\":\"SUCCESS\"")),
                     "outcome must be success or failure");
    cr_expect_str_eq(parse_rejected(&p, with("\"ip\":\"198.51.100.7:443\"")),
                     "ip must be an IPv4 or IPv6 address");
    cr_expect_str_eq(parse_rejected(&p, with("\"app\":\"My App\"")),
                     "app must be of a to z, 0 to 9, '_', '-' and '.'");
    cr_expect(strstr(parse_rejected(&p, with("\"app\":\"a\\u0000b\"")), "app must be"));
    cr_expect_str_eq(refused("other", "\"actor\":{\"email\":\"ana\"}"),
                     "actor.email must be an e-mail address");
    cr_expect_str_eq(parse_rejected(&p, with("\"user\":{\"email\":\"a@b@c\"}")),
                     "user.email must be an e-mail address");
    cr_expect_str_eq(parse_rejected(&p, with("\"target\":{\"email\":\"@c\"}")),
                     "target.email must be an e-mail address");
    cr_expect_str_eq(refused("other", "\"actor\":{\"id\":\"a b\"}"),
                     "actor.id must be of printable ASCII without spaces");
    cr_expect_str_eq(refused("other", "\"actor\":\"ana@lumen.example\""),
                     "actor must be an object with email or id");
    cr_expect_str_eq(refused("other", "\"actor\":{}"), "actor must be an object with email or id");
    cr_expect_str_eq(parse_rejected(&p, with("\"target\":[]")),
                     "target must be an object with email");
    cr_expect(strstr(parse_rejected(&p, "{\"time\":\"yesterday\",\"kind\":\"other\",\"action\":"
                                        "\"did\"," ACTS "}"),
                     "time is not a time"));
    cr_expect(strstr(parse_rejected(&p, "{\"time\":1736937000,\"kind\":\"other\",\"action\":"
                                        "\"did\"," ACTS "}"),
                     "time must be text"));
    cr_expect(strstr(refused("Other", ACTS), "kind must be other, "));
}

static const char *list_of(const char *item, int count)
{
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(1u << 20);

    for (int i = 0; i < count; i++)
        ts_buf_printf(&text, "%s%s", i == 0 ? "[" : ",", item);
    ts_buf_z(&text, count == 0 ? "[]" : "]");
    return ts_arena_z(p.arena, ts_buf_view(&text));
}

static const char *grant(const char *scopes)
{
    return event("app_grant",
                 ts_arena_printf(p.arena, ACTS ",\"app_name\":\"N\",\"scopes\":%s", scopes));
}

Test(own, scopes_have_limits)
{
    const char *longest = ts_arena_printf(p.arena, "\"%s\"", letters(256));
    const char *words = "scopes must be at most 64 texts of 1 to 256 characters";

    cr_expect(ts_str_is(field_nth(parse_one(&p, grant(list_of("\"s\"", OWN_SCOPES_MAX))), "scope",
                                  OWN_SCOPES_MAX - 1),
                        "s"));
    cr_expect_str_eq(parse_rejected(&p, grant(list_of("\"s\"", OWN_SCOPES_MAX + 1))), words);
    parse_one(&p, grant(list_of(longest, 1)));
    cr_expect_str_eq(parse_rejected(&p, grant(ts_arena_printf(p.arena, "[\"%s\"]", letters(257)))),
                     words);
    cr_expect_str_eq(parse_rejected(&p, grant("[\"\"]")), words);
    cr_expect_str_eq(parse_rejected(&p, grant("[7]")), words);
    cr_expect_str_eq(parse_rejected(&p, grant("\"s\"")), "scopes must be a list of text");
}

Test(own, fields_have_limits)
{
    const char *values = "fields must be text, numbers, true, false, or lists of them";

    parse_one(
        &p, with(ts_arena_printf(p.arena, "\"fields\":{\"n\":%s}", list_of("1", OWN_FIELDS_MAX))));
    cr_expect_str_eq(parse_rejected(&p, with(ts_arena_printf(p.arena, "\"fields\":{\"n\":%s}",
                                                             list_of("1", OWN_FIELDS_MAX + 1)))),
                     "fields must be at most 100 values");
    parse_one(&p, with(ts_arena_printf(p.arena, "\"fields\":{\"%s\":1}", letters(RISK_PATH_MAX))));
    cr_expect(strstr(parse_rejected(&p, with(ts_arena_printf(p.arena, "\"fields\":{\"%s\":1}",
                                                             letters(RISK_PATH_MAX + 1)))),
                     "names of fields must be of 1 to 128 bytes"));
    cr_expect(strstr(parse_rejected(&p, with("\"fields\":{\"\":1}")), "names of fields"));
    cr_expect(strstr(parse_rejected(&p, with("\"fields\":{\"teamsentry.ai_tool\":\"x\"}")),
                     "begin otherwise than with teamsentry."));
    parse_one(&p,
              with(ts_arena_printf(p.arena, "\"fields\":{\"t\":\"%s\"}", letters(RISK_VALUE_MAX))));
    cr_expect(strstr(parse_rejected(&p, with(ts_arena_printf(p.arena, "\"fields\":{\"t\":\"%s\"}",
                                                             letters(RISK_VALUE_MAX + 1)))),
                     "at most 8192 bytes"));
    cr_expect_str_eq(parse_rejected(&p, with("\"fields\":{\"a\":null}")), values);
    cr_expect_str_eq(parse_rejected(&p, with("\"fields\":{\"a\":{}}")), values);
    cr_expect_str_eq(parse_rejected(&p, with("\"fields\":{\"a\":[[1]]}")), values);
    cr_expect_str_eq(parse_rejected(&p, with("\"fields\":[]")),
                     "fields must be an object of names and values");
}

/* ---- ids ---- */

Test(own, an_event_is_known_by_its_id_in_its_app)
{
    ProtobufCBinaryData one = parse_one(&p, with("\"id\":\"7\",\"app\":\"wiki\""))->event->id;

    cr_expect(same_id(
        one, parse_one(&p, with("\"app\":\"wiki\",\"id\":\"7\",\"ip\":\"192.0.2.1\""))->event->id));
    cr_expect_not(same_id(one, parse_one(&p, with("\"id\":\"7\",\"app\":\"desk\""))->event->id));
    cr_expect_not(same_id(one, parse_one(&p, with("\"id\":\"8\",\"app\":\"wiki\""))->event->id));
}

Test(own, without_an_id_by_what_it_says)
{
    ProtobufCBinaryData one = parse_one(&p, with("\"app\":\"wiki\""))->event->id;

    p.options.ndjson = true;
    cr_expect(same_id(one, parse_one(&p, with("\"app\":\"wiki\""))->event->id));
    cr_expect_not(same_id(one, parse_one(&p, with("\"app\":\"wikis\""))->event->id));
}

Test(own, an_id_of_an_account_is_of_its_app)
{
    cr_expect_str_eq(parse_one(&p, with("\"app\":\"wiki\""))->event->actor_id, "wiki:a-1");
    cr_expect_str_eq(parse_one(&p, with("\"app\":\"desk\""))->event->actor_id, "desk:a-1");
    cr_expect_str_eq(parse_one(&p, event("file", "\"actor\":{\"email\":\"ana@lumen.example\"}"))
                         ->event->actor_id,
                     "");
}
