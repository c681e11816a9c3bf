/* Who tells of what, and records of Okta and Entra ID. */
#include <criterion/criterion.h>

#include "export.h"
#include "play.h"
#include "record.h"
#include "ts/json.h"
#include "ts/time.h"

#define NOON   INT64_C(1767787200123) /* 2026-01-07T12:00:00.123Z */
#define END    INT64_C(1767787200000)
#define GOOGLE (1u << SIM_GOOGLE)
#define OKTA   (1u << SIM_OKTA)
#define ENTRA  (1u << SIM_ENTRA)

static ts_json_parser *parser;
static ts_buf text;
static ts_json root;

static void setup(void)
{
    parser = ts_json_parser_new(1 << 20);
    text = TS_BUF_INIT(SIM_RECORD_MAX);
}

static void teardown(void)
{
    ts_json_parser_free(parser);
    ts_buf_done(&text);
}

TestSuite(source, .init = setup, .fini = teardown);

/* ---- who tells ---- */

Test(source, names_are_those_of_the_api_alone_or_with_google)
{
    static const struct {
        const char *text;
        uint32_t mask; /* 0: refused */
    } cases[] = {
        { "google_workspace", GOOGLE },
        { "okta", OKTA },
        { "entra_id", ENTRA },
        { "okta,google_workspace", OKTA | GOOGLE },
        { "google_workspace,entra_id", ENTRA | GOOGLE },
        { "okta,entra_id", 0 },
        { "okta,entra_id,google_workspace", 0 },
        { "", 0 },
        { "okta,", 0 },
        { "ocsf", 0 },
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        uint32_t mask = 0;
        ts_error err = { .text = "" };
        ts_status st = sim_sources_parse(ts_str_of(cases[i].text), &mask, &err);

        cr_expect_eq(st, cases[i].mask == 0 ? TS_INVALID : TS_OK, "%s", cases[i].text);
        cr_expect_eq(mask, cases[i].mask, "%s", cases[i].text);
        if (cases[i].mask == 0)
            cr_expect_str_eq(err.param, "source");
    }
}

Test(source, who_signs_people_in_tells_of_accounts_and_google_of_the_rest)
{
    static const struct {
        uint32_t sources;
        sim_kind kind;
        int teller; /* -1: nobody */
    } cases[] = {
        { 0, SIM_LOGIN_SUCCESS, SIM_GOOGLE },
        { 0, SIM_SSO, -1 },
        { 0, SIM_LOGIN_SAML, -1 },
        { GOOGLE, SIM_LOGIN_SAML, -1 },
        { OKTA, SIM_LOGIN_FAILURE, SIM_OKTA },
        { OKTA, SIM_SSO, SIM_OKTA },
        { OKTA, SIM_DRIVE_VIEW, -1 },
        { OKTA, SIM_TOKEN_AUTHORIZE, -1 },
        { ENTRA, SIM_TOKEN_AUTHORIZE, SIM_ENTRA },
        { ENTRA, SIM_LOGOUT, -1 },
        { ENTRA | GOOGLE, SIM_LOGOUT, -1 },
        { OKTA | GOOGLE, SIM_LOGIN_SUCCESS, SIM_OKTA },
        { OKTA | GOOGLE, SIM_LOGIN_SAML, SIM_GOOGLE },
        { OKTA | GOOGLE, SIM_DRIVE_VIEW, SIM_GOOGLE },
        { ENTRA | GOOGLE, SIM_TOKEN_AUTHORIZE, SIM_GOOGLE },
        { ENTRA | GOOGLE, SIM_ADMIN_GRANT_PRIVILEGE, SIM_ENTRA },
        { ENTRA | GOOGLE, SIM_ADMIN_ASSIGN_ROLE, SIM_GOOGLE },
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        sim_source teller = SIM_SOURCES;
        bool told = sim_source_of(cases[i].sources, cases[i].kind, &teller);

        cr_expect_eq(told, cases[i].teller >= 0, "%zu", i);
        if (told)
            cr_expect_eq((int)teller, cases[i].teller, "%zu", i);
    }
}

/* ---- records ---- */

static void write(uint32_t sources, sim_kind kind, sim_where where)
{
    const sim_company company = {
        .seed = 5, .people = 142, .sources = sources, .domain = "a.example"
    };
    const sim_event e = { .time_ms = NOON,
                          .key = 42,
                          .person = 9,
                          .kind = (uint8_t)kind,
                          .where = (uint8_t)where,
                          .attack = where == SIM_AWAY };

    ts_buf_clear(&text);
    sim_record_write(&company, &e, &text);
    cr_assert_eq(ts_buf_status(&text), TS_OK);
    cr_assert_gt(text.size, 0, "nobody tells of kind %d", (int)kind);
    cr_assert_eq(ts_json_parse(parser, ts_buf_view(&text), &root, NULL), TS_OK, "%.*s",
                 (int)text.size, text.data);
}

/* A text, number or truth value at a path; a number of the path is a place in an array. */
static bool is(const char *path, const char *value)
{
    ts_json v = root;
    ts_str rest = ts_str_of(path);
    TS_CLEANUP(ts_buf_done) ts_buf printed = TS_BUF_INIT(4096);

    while (rest.n > 0) {
        const size_t end = ts_str_find(rest, '.');
        char name[64] = "";

        cr_assert_lt(end, sizeof(name));
        memcpy(name, rest.p, end);
        if (ts_json_type_of(v) == TS_JSON_ARRAY) {
            ts_json_iter it = ts_json_iter_of(v);

            for (char c = '0'; c <= name[0]; c++)
                cr_assert(ts_json_next(&it), "%s", path);
            v = it.value;
        } else {
            cr_assert(ts_json_get(v, name, &v), "%s of %s", name, path);
        }
        rest = end < rest.n ? ts_str_n(rest.p + end + 1, rest.n - end - 1) : TS_STR_NULL;
    }
    if (ts_json_type_of(v) == TS_JSON_STRING)
        return ts_str_is(ts_json_str(v), value);
    ts_json_print(v, &printed);
    return ts_str_is(ts_buf_view(&printed), value);
}

Test(source, a_sign_in_to_okta_is_an_event_of_the_system_log)
{
    sim_person person;
    const sim_company company = { .seed = 5, .people = 142, .domain = "a.example" };

    sim_person_get(&company, 9, &person);
    write(OKTA, SIM_LOGIN_SUCCESS, SIM_HOME);
    cr_expect(is("eventType", "user.session.start"));
    cr_expect(is("published", "2026-01-07T12:00:00.123Z"));
    cr_expect(is("actor.alternateId", person.email));
    cr_expect(is("actor.type", "User"));
    cr_expect(is("outcome.result", "SUCCESS"));
    cr_expect(is("client.zone", "null"));
    cr_expect(is("target", "null"));
    cr_expect(is("version", "0"));
    write(OKTA, SIM_LOGIN_FAILURE, SIM_AWAY);
    cr_expect(is("eventType", "user.session.start"));
    cr_expect(is("outcome.result", "FAILURE"));
    cr_expect(is("outcome.reason", "INVALID_CREDENTIALS"));
    cr_expect_not_null(memmem(text.data, text.size, "New Country=POSITIVE", 20));
}

Test(source, an_act_in_okta_names_whom_it_is_done_to)
{
    write(OKTA, SIM_ADMIN_GRANT_PRIVILEGE, SIM_HOME);
    cr_expect(is("eventType", "user.account.privilege.grant"));
    cr_expect(is("target.0.type", "User"));
    cr_expect(is("target.0.alternateId", "svc-backup-1@a.example"));
    cr_expect(is("debugContext.debugData.privilegeGranted", "Super administrator"));
    write(OKTA, SIM_SSO, SIM_HOME);
    cr_expect(is("eventType", "user.authentication.sso"));
    cr_expect(is("target.0.type", "AppInstance"));
    cr_expect(is("target.0.displayName", "Google Workspace"));
    cr_expect(is("target.1.type", "AppUser"));
}

Test(source, a_sign_in_to_entra_is_one_of_graph)
{
    write(ENTRA, SIM_LOGIN_SUCCESS, SIM_HOME);
    cr_expect(is("createdDateTime", "2026-01-07T12:00:00.123Z"));
    cr_expect(is("status.errorCode", "0"));
    cr_expect(is("isInteractive", "true"));
    cr_expect(is("userType", "member"));
    write(ENTRA, SIM_LOGIN_FAILURE, SIM_AWAY);
    cr_expect(is("status.errorCode", "50126"));
    cr_expect(is("location.countryOrRegion", "RO"));
    cr_expect(is("deviceDetail.isManaged", "false"));
    cr_expect(is("authenticationRequirement", "singleFactorAuthentication"));
    write(ENTRA, SIM_SSO, SIM_HOME);
    cr_expect(is("appDisplayName", "Google Workspace"));
}

Test(source, an_act_in_entra_is_one_of_the_directory)
{
    write(ENTRA, SIM_ADMIN_GRANT_PRIVILEGE, SIM_HOME);
    cr_expect(is("activityDisplayName", "Add member to role"));
    cr_expect(is("result", "success"));
    cr_expect(is("targetResources.0.userPrincipalName", "svc-backup-1@a.example"));
    cr_expect(is("targetResources.0.modifiedProperties.0.newValue", "\"Global Administrator\""));
    write(ENTRA, SIM_TOKEN_BAD_AUTHORIZE, SIM_HOME);
    cr_expect(is("activityDisplayName", "Consent to application"));
    cr_expect(is("targetResources.0.displayName", "Invoice Sync Helper"));
    cr_expect(is("additionalDetails.1.key", "AppId"));
    cr_expect_not_null(memmem(text.data, text.size,
                              "Scope: Mail.ReadWrite Files.ReadWrite.All Contacts.Read openid,",
                              63));
}

Test(source, whatever_a_source_tells_of_is_a_record_of_its_own)
{
    static const uint32_t sources[] = { GOOGLE, OKTA, ENTRA, OKTA | GOOGLE, ENTRA | GOOGLE };

    for (size_t i = 0; i < TS_COUNT(sources); i++) {
        for (uint32_t kind = 0; kind < SIM_KINDS; kind++) {
            const char *const own[SIM_SOURCES] = { "id", "eventType", "id" };
            sim_source teller;
            ts_json v;

            if (!sim_source_of(sources[i], (sim_kind)kind, &teller))
                continue;
            write(sources[i], (sim_kind)kind, SIM_OFFICE);
            cr_expect(ts_json_get(root, own[teller], &v), "kind %u", kind);
            cr_expect_eq(ts_json_get(root, "events", &v), teller == SIM_GOOGLE, "kind %u", kind);
        }
    }
}

/* ---- the play ---- */

/* How many records of each source there are. Each label's ids stand in its records. */
static void play_of(uint32_t sources, uint64_t max_events, size_t ret[SIM_SOURCES],
                    size_t *ret_labels)
{
    const sim_setup s = {
        .company = { .seed = 3, .people = 40, .sources = sources, .domain = "a.example" },
        .days = 5,
        .end_ms = END,
        .attacks = SIM_ATTACKS_ALL,
        .max_events = max_events
    };
    TS_CLEANUP(sim_play_free_p) sim_play *p = NULL;
    TS_CLEANUP(ts_buf_done) ts_buf all = TS_BUF_INIT(64u << 20);
    TS_CLEANUP(ts_buf_done) ts_buf label = TS_BUF_INIT(1u << 20);
    ts_error err = { .text = "" };
    const sim_labels *labels;

    memset(ret, 0, SIM_SOURCES * sizeof(*ret));
    cr_assert_eq(sim_play_new(&s, &p, &err), TS_OK, "%s", err.text);
    while (sim_play_next(p, &all) == TS_OK)
        ret[sim_play_source(p)]++;
    labels = sim_play_labels(p);
    for (size_t i = 0; i < labels->count; i++) {
        ts_json ids;

        ts_buf_clear(&label);
        sim_export_label(&s.company, p, &labels->items[i], &label);
        cr_assert_eq(ts_json_parse(parser, ts_buf_view(&label), &root, NULL), TS_OK);
        cr_assert(ts_json_get(root, "unique_qualifiers", &ids));
        cr_assert_gt(ts_json_count(ids), 0);
        for (ts_json_iter it = ts_json_iter_of(ids); ts_json_next(&it);) {
            const ts_str id = ts_json_str(it.value);

            cr_assert_not_null(memmem(all.data, all.size, id.p, id.n));
        }
    }
    *ret_labels = labels->count;
}

Test(source, a_play_holds_records_of_its_sources_alone)
{
    size_t n[SIM_SOURCES], only_okta, only_entra, mixed, google;

    play_of(GOOGLE, 0, n, &google);
    cr_expect(n[SIM_OKTA] == 0 && n[SIM_ENTRA] == 0 && n[SIM_GOOGLE] > 1000);
    play_of(OKTA, 0, n, &only_okta);
    cr_expect(n[SIM_GOOGLE] == 0 && n[SIM_ENTRA] == 0 && n[SIM_OKTA] > 200);
    cr_expect_eq(only_okta, 2, "a takeover and a rogue administrator: Okta sees no files");
    play_of(ENTRA, 0, n, &only_entra);
    cr_expect(n[SIM_GOOGLE] == 0 && n[SIM_OKTA] == 0 && n[SIM_ENTRA] > 200);
    cr_expect_gt(only_entra, only_okta, "Entra sees consents");
    play_of(OKTA | GOOGLE, 0, n, &mixed);
    cr_expect(n[SIM_ENTRA] == 0 && n[SIM_OKTA] > 200 && n[SIM_GOOGLE] > 1000);
    cr_expect_eq(mixed, google, "the same attacks, whoever tells of them");
    play_of(ENTRA | GOOGLE, 5000, n, &mixed);
    cr_expect_eq(n[SIM_ENTRA] + n[SIM_GOOGLE], 5000);
}
