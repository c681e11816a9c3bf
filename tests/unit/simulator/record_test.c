/* Records look like the Reports API's. */
#include <criterion/criterion.h>

#include "apps.h"
#include "export.h"
#include "record.h"
#include "ts/json.h"

#define NOON INT64_C(1767787200123) /* 2026-01-07T12:00:00.123Z */

static const sim_company company = { .seed = 5, .people = 142, .domain = "a.example" };

typedef struct parsed {
    ts_buf text;
    ts_json_parser *parser;
    ts_json root;
} parsed;

static void parsed_done(parsed *p)
{
    ts_json_parser_free(p->parser);
    ts_buf_done(&p->text);
}

static void record_of(sim_event e, parsed *ret)
{
    ts_error err = { .text = "" };

    *ret = (parsed){ .text = TS_BUF_INIT(SIM_RECORD_MAX), .parser = ts_json_parser_new(1 << 20) };
    sim_record_write(&company, &e, &ret->text);
    cr_assert_eq(ts_buf_status(&ret->text), TS_OK);
    cr_assert_eq(ts_json_parse(ret->parser, ts_buf_view(&ret->text), &ret->root, &err), TS_OK, "%s",
                 err.text);
}

static ts_str at(const parsed *p, const char *path)
{
    ts_json v = { 0 };

    cr_assert(ts_json_path(p->root, path, &v), "%s", path);
    return ts_json_str(v);
}

static ts_json first_event(const parsed *p)
{
    ts_json events;
    ts_json_iter it;

    cr_assert(ts_json_get(p->root, "events", &events));
    it = ts_json_iter_of(events);
    cr_assert(ts_json_next(&it));
    return it.value;
}

static bool parameter(ts_json event, const char *name, ts_json *ret)
{
    ts_json list, found;

    if (!ts_json_get(event, "parameters", &list))
        return false;
    for (ts_json_iter it = ts_json_iter_of(list); ts_json_next(&it);) {
        if (ts_json_get(it.value, "name", &found) && ts_str_is(ts_json_str(found), name)) {
            *ret = it.value;
            return true;
        }
    }
    return false;
}

static ts_str parameter_text(ts_json event, const char *name)
{
    ts_json p, value;

    cr_assert(parameter(event, name, &p), "%s", name);
    cr_assert(ts_json_get(p, "value", &value), "%s", name);
    return ts_json_str(value);
}

Test(record, has_the_envelope_of_an_activity)
{
    TS_CLEANUP(parsed_done) parsed p;
    sim_person person;

    record_of(
        (sim_event){
            .time_ms = NOON, .key = 42, .person = 9, .kind = SIM_LOGIN_SUCCESS, .where = SIM_HOME },
        &p);
    sim_person_get(&company, 9, &person);
    cr_assert(ts_str_is(at(&p, "kind"), "admin#reports#activity"));
    cr_assert(ts_str_is(at(&p, "id.time"), "2026-01-07T12:00:00.123Z"));
    cr_assert(ts_str_is(at(&p, "id.applicationName"), "login"));
    cr_assert_eq(at(&p, "id.customerId").n, 9);
    cr_assert(ts_str_is(at(&p, "actor.email"), person.email));
    cr_assert(ts_str_is(at(&p, "actor.profileId"), person.profile_id));
    cr_assert(ts_str_starts(at(&p, "ipAddress"), TS_STR_LIT("198.1")));
}

Test(record, every_kind_is_valid_json_with_type_and_name)
{
    for (uint32_t kind = 0; kind < SIM_SSO; kind++) {
        TS_CLEANUP(parsed_done) parsed p;
        ts_json event, value;

        record_of((sim_event){ .time_ms = NOON,
                               .key = kind,
                               .person = 9,
                               .kind = (uint8_t)kind,
                               .where = SIM_OFFICE },
                  &p);
        event = first_event(&p);
        cr_assert(ts_json_get(event, "type", &value), "kind %u", kind);
        cr_assert_gt(ts_json_str(value).n, 0);
        cr_assert(ts_json_get(event, "name", &value), "kind %u", kind);
        cr_assert_gt(ts_json_str(value).n, 0);
        cr_assert(ts_str_is(at(&p, "id.applicationName"), sim_kind_application((sim_kind)kind)));
    }
}

Test(record, a_public_link_says_that_anyone_may_look)
{
    TS_CLEANUP(parsed_done) parsed p;
    ts_json event, events;

    record_of(
        (sim_event){
            .time_ms = NOON, .person = 9, .arg = SIM_DOC(9, 1), .kind = SIM_DRIVE_PUBLIC_LINK },
        &p);
    event = first_event(&p);
    cr_assert(ts_str_is(parameter_text(event, "visibility"), "people_with_link"));
    cr_assert(ts_str_is(parameter_text(event, "visibility_change"), "external"));
    cr_assert(ts_str_is(parameter_text(event, "target_domain"), "all"));
    cr_assert(ts_json_get(p.root, "events", &events));
    cr_assert_eq(ts_json_count(events), 2);
}

Test(record, the_consent_attack_asks_for_all_mail_and_all_files)
{
    TS_CLEANUP(parsed_done) parsed p;
    ts_json scope, values;
    bool mail = false, drive = false;

    record_of((sim_event){ .time_ms = NOON, .person = 9, .kind = SIM_TOKEN_BAD_AUTHORIZE }, &p);
    cr_assert(parameter(first_event(&p), "scope", &scope));
    cr_assert(ts_json_get(scope, "multiValue", &values));
    for (ts_json_iter it = ts_json_iter_of(values); ts_json_next(&it);) {
        mail = mail || ts_str_is(ts_json_str(it.value), "https://mail.google.com/");
        drive = drive || ts_str_is(ts_json_str(it.value), "https://www.googleapis.com/auth/drive");
    }
    cr_assert(mail && drive);
}

Test(record, a_rogue_admin_raises_an_account_that_was_not_there)
{
    TS_CLEANUP(parsed_done) parsed p;

    record_of((sim_event){ .time_ms = NOON, .person = 1, .arg = 0, .kind = SIM_ADMIN_ASSIGN_ROLE },
              &p);
    cr_assert(ts_str_is(parameter_text(first_event(&p), "USER_EMAIL"), "svc-backup-1@a.example"));
    cr_assert(ts_str_is(parameter_text(first_event(&p), "ROLE_NAME"), "_SEED_ADMIN_ROLE"));
}

Test(record, qualifiers_of_different_keys_differ)
{
    char a[SIM_NUMBER_SIZE], b[SIM_NUMBER_SIZE];

    sim_qualifier(&company, 1, a);
    sim_qualifier(&company, 2, b);
    cr_assert_str_neq(a, b);
}

Test(record, an_app_has_the_same_client_id_in_every_company)
{
    char a[SIM_CLIENT_ID_SIZE], b[SIM_CLIENT_ID_SIZE];

    sim_app_client_id(sim_app_at(0), a);
    sim_app_client_id(sim_app_at(0), b);
    cr_assert_str_eq(a, b);
    sim_app_client_id(sim_app_at(1), b);
    cr_assert_str_neq(a, b);
    cr_assert(ts_str_ends(ts_str_of(a), TS_STR_LIT(".apps.googleusercontent.com")));
}

Test(export, a_person_of_the_directory_has_only_the_fields_that_the_directory_takes)
{
    static const char *const allowed[] = { "email",   "name",     "department", "title",
                                           "manager", "is_admin", "suspended",  "mfa_enrolled" };
    TS_CLEANUP(ts_buf_done) ts_buf b = TS_BUF_INIT(4096);
    TS_CLEANUP(ts_json_parser_free_p) ts_json_parser *parser = ts_json_parser_new(4096);
    ts_json root;

    sim_export_person(&company, 20, &b);
    cr_assert_eq(ts_json_parse(parser, ts_buf_view(&b), &root, NULL), TS_OK);
    cr_assert_eq(ts_json_count(root), TS_COUNT(allowed));
    for (ts_json_iter it = ts_json_iter_of(root); ts_json_next(&it);) {
        bool known = false;

        for (size_t i = 0; i < TS_COUNT(allowed); i++)
            known = known || ts_str_is(it.name, allowed[i]);
        cr_assert(known, "%.*s", (int)it.name.n, it.name.p);
    }
}

Test(export, places_are_one_json_array_with_coordinates)
{
    TS_CLEANUP(ts_buf_done) ts_buf b = TS_BUF_INIT(1 << 20);
    TS_CLEANUP(ts_json_parser_free_p) ts_json_parser *parser = ts_json_parser_new(1 << 20);
    ts_json root, value;
    ts_json_iter it;

    sim_export_places(&b);
    cr_assert_eq(ts_json_parse(parser, ts_buf_view(&b), &root, NULL), TS_OK);
    cr_assert_eq(ts_json_count(root), 16 * 3 + 4);
    it = ts_json_iter_of(root);
    for (int i = 0; i < 4; i++)
        cr_assert(ts_json_next(&it));
    /* The fourth is London's first block: west of Greenwich, so its longitude is negative and below one. */
    cr_assert(ts_json_get(it.value, "longitude", &value));
    cr_assert_float_eq(ts_json_f64(value, 0), -0.128, 1e-9);
}
