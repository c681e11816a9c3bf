/* What the normalisers of all sources share: laying out whole objects, and both sides of its limits. */
#include "normalize/source.h"

#include "parse.h"
#include "ts/json.h"

static parse p;
static ts_json_parser *json;
static risk_intake in;
static risk_record *record;

static void setup(void)
{
    p = parse_new();
    json = ts_json_parser_new(1u << 20);
    cr_assert(json != NULL);
    in = (risk_intake){ .options = &p.options, .arena = p.arena, .body = &p.body };
    cr_assert_eq(risk_intake_event(&in, NOW, &record), TS_OK);
}

static void teardown(void)
{
    ts_json_parser_free(json);
    parse_done(&p);
}

TestSuite(intake, .init = setup, .fini = teardown);

static const risk_record *lay_out(const char *text)
{
    ts_json v;

    cr_assert_eq(ts_json_parse(json, ts_str_of(text), &v, NULL), TS_OK);
    record->field_count = 0;
    cr_assert_eq(risk_intake_fields(&in, record, TS_STR_NULL, v), TS_OK);
    return record;
}

Test(intake, members_are_named_after_their_parents)
{
    const risk_record *r =
        lay_out("{\"a\":{\"b\":{\"c\":\"deep\"},\"n\":7},\"list\":[\"x\",{\"y\":\"z\"},[true,1.5]],"
                "\"nothing\":null,\"said\":\"null\",\"empty\":\"\"}");

    cr_expect(field_is(r, "a.b.c", "deep"));
    cr_expect(field_is(r, "a.n", "7"));
    cr_expect(ts_str_is(field_nth(r, "list", 0), "x"));
    cr_expect(field_is(r, "list.y", "z"));
    cr_expect(ts_str_is(field_nth(r, "list", 1), "true"));
    cr_expect(ts_str_is(field_nth(r, "list", 2), "1.5"));
    cr_expect(risk_record_field(r, "nothing").p == NULL);
    cr_expect(risk_record_field(r, "said").p == NULL);
    cr_expect(risk_record_field(r, "empty").p != NULL);
    cr_expect_eq(r->field_count, 7);
}

/* "x" in so many objects. */
static const risk_record *lay_out_nested(int levels)
{
    const char *text = "\"x\"";

    for (int i = 0; i < levels; i++)
        text = ts_arena_printf(p.arena, "{\"a\":%s}", text);
    return lay_out(text);
}

Test(intake, levels_beyond_the_limit_are_left_out)
{
    cr_expect(field_is(lay_out_nested(RISK_NEST_MAX), "a.a.a.a.a.a.a.a", "x"));
    cr_expect_eq(lay_out_nested(RISK_NEST_MAX + 1)->field_count, 0);
}

Test(intake, names_and_numbers_of_fields_are_bounded)
{
    char text[16384];
    char longest[RISK_PATH_MAX + 2];
    size_t n = 0;

    memset(longest, 'n', sizeof(longest));
    longest[RISK_PATH_MAX] = '\0';
    snprintf(text, sizeof(text), "{\"%s\":1}", longest);
    cr_expect(field_is(lay_out(text), longest, "1"));
    longest[RISK_PATH_MAX] = 'n';
    longest[RISK_PATH_MAX + 1] = '\0';
    snprintf(text, sizeof(text), "{\"%s\":1,\"short\":2}", longest);
    cr_expect_eq(lay_out(text)->field_count, 1);

    for (int i = 0; i <= RISK_FIELDS_MAX; i++)
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s\"f%d\":%d", i == 0 ? "{" : ",", i, i);
    snprintf(text + n, sizeof(text) - n, "}");
    cr_expect_eq(lay_out(text)->field_count, RISK_FIELDS_MAX);
    cr_expect(field_is(record, "f255", "255"));
}

Test(intake, what_all_sources_have_has_one_name)
{
    Ts__Risk__Event *e = record->event;

    e->action = (char *)(uintptr_t) "user.session.start";
    e->user_email = (char *)(uintptr_t) "ana@lumen.example";
    e->outcome = (char *)(uintptr_t) "failure";
    cr_assert_eq(risk_intake_common(&in, record), TS_OK);
    cr_expect(field_is(record, "eventName", "user.session.start"));
    cr_expect(field_is(record, "user.email", "ana@lumen.example"));
    cr_expect(field_is(record, "outcome", "failure"));
    cr_expect_eq(record->field_count, 3, "what is empty is left out");
    cr_expect_str_eq(e->source, "google_workspace");
    cr_expect_eq(e->event_ms, NOW);
}

/* ---- what failed ---- */

static risk_kind kind_told;
static const char *outcome_told;

static ts_status tell(const risk_intake *intake, ts_error *err)
{
    risk_record *rec = NULL;
    ts_status st = risk_intake_event(intake, NOW, &rec);

    (void)err;
    if (st != TS_OK)
        return st;
    rec->kind = kind_told;
    rec->event->outcome = (char *)(uintptr_t)outcome_told;
    return TS_OK;
}

static risk_kind kind_kept(risk_kind kind, const char *outcome)
{
    const risk_source source = { "any", { NULL }, tell };

    kind_told = kind;
    outcome_told = outcome;
    cr_assert_eq(risk_source_normalize(&source, &in, &p.err), TS_OK);
    return in.body->records[in.body->record_count - 1].kind;
}

Test(intake, what_failed_is_no_act_of_an_app_on_a_file_or_of_a_tool)
{
    static const risk_kind kinds[][2] = {
        { RISK_KIND_APP_GRANT, RISK_KIND_OTHER },  { RISK_KIND_APP_USE, RISK_KIND_OTHER },
        { RISK_KIND_APP_REVOKE, RISK_KIND_OTHER }, { RISK_KIND_AI, RISK_KIND_OTHER },
        { RISK_KIND_FILE_VIEW, RISK_KIND_FILE },   { RISK_KIND_FILE_TAKE, RISK_KIND_FILE },
        { RISK_KIND_FILE_SHARE, RISK_KIND_FILE },  { RISK_KIND_FILE_DELETE, RISK_KIND_FILE },
        { RISK_KIND_SIGN_IN, RISK_KIND_SIGN_IN },  { RISK_KIND_SSO, RISK_KIND_SSO },
        { RISK_KIND_ADMIN, RISK_KIND_ADMIN },      { RISK_KIND_ACCOUNT, RISK_KIND_ACCOUNT },
    };

    for (size_t i = 0; i < TS_COUNT(kinds); i++) {
        cr_expect_eq(kind_kept(kinds[i][0], "failure"), kinds[i][1], "%s",
                     risk_kind_name(kinds[i][0]));
        cr_expect_eq(kind_kept(kinds[i][0], "success"), kinds[i][0]);
        cr_expect_eq(kind_kept(kinds[i][0], ""), kinds[i][0]);
    }
}
