/* What is laid over a record: the AI tool that it is about, and what its scopes let an app do. */
#include "detect/enrich.h"

#include <criterion/criterion.h>
#include <sys/stat.h>
#include <unistd.h>

#include "normalize/normalize.h"

static char directory[] = "/tmp/ts-enrich-XXXXXX";
static catalogue *known;
static ts_arena *arena;
static Ts__Risk__Event event;

static char *path_of(const char *name)
{
    char *path = ts_arena_printf(arena, "%s/catalogue%s", directory, name);

    cr_assert(path != NULL);
    return path;
}

static void write_file(const char *name, const char *text)
{
    FILE *f = fopen(path_of(name), "we");

    cr_assert(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void setup(void)
{
    ts_error err;

    arena = ts_arena_new(8u << 20);
    cr_assert(arena != NULL && mkdtemp(directory) != NULL && mkdir(path_of(""), 0700) == 0);
    write_file("/ai_tools.yml",
               "- {tool: Helper, vendor: Maker, apps: [Helper], client_ids: [id-1]}\n");
    write_file("/oauth_scopes.yml",
               "- {scope: all, class: critical, weight: 90, meaning: Everything}\n");
    cr_assert_eq(catalogue_load(directory, &known, &err), TS_OK, "%s", err.text);
    ts__risk__event__init(&event);
}

static void teardown(void)
{
    (void)unlink(path_of("/ai_tools.yml"));
    (void)unlink(path_of("/oauth_scopes.yml"));
    (void)rmdir(path_of(""));
    (void)rmdir(directory);
    catalogue_free(known);
    ts_arena_free(arena);
}

TestSuite(enrich, .init = setup, .fini = teardown);

static void add(risk_record *r, const char *name, const char *value)
{
    cr_assert(
        ts_arena_grow(arena, &r->fields, r->field_count, &r->field_capacity, sizeof(*r->fields)));
    r->fields[r->field_count++] = (risk_field){ ts_str_of(name), ts_str_of(value) };
}

static const char *after(risk_record *r, const char *name)
{
    risk_map none = { .arena = arena };

    cr_assert_eq(enrich_record(known, &none, r, arena), TS_OK);
    return ts_arena_z(arena, risk_record_field(r, name));
}

static const char *via(risk_kind kind, const char *outcome, const char *name, const char *value)
{
    risk_record r = { .event = &event, .kind = kind };

    event.outcome = (char *)(uintptr_t)outcome;
    add(&r, name, value);
    return after(&r, "teamsentry.ai_via");
}

Test(enrich, a_tool_is_used_through_a_door)
{
    cr_expect_str_eq(via(RISK_KIND_APP_GRANT, "success", "app_name", "Helper"), "oauth");
    cr_expect_str_eq(via(RISK_KIND_APP_USE, "success", "client_id", "id-1"), "oauth");
    cr_expect_str_eq(via(RISK_KIND_APP_REVOKE, "success", "app_name", "Helper"), "");
    cr_expect_str_eq(via(RISK_KIND_SSO, "success", "application_name", "Helper"), "sso");
    cr_expect_str_eq(via(RISK_KIND_SIGN_IN, "success", "application_name", "Helper"), "sso");
    cr_expect_str_eq(via(RISK_KIND_SIGN_IN, "success", "client_id", "id-1"), "sso");
    cr_expect_str_eq(via(RISK_KIND_SIGN_IN, "failure", "application_name", "Helper"), "");
    cr_expect_str_eq(via(RISK_KIND_SIGN_IN, "success", "application_name", "Mail"), "");
    cr_expect_str_eq(via(RISK_KIND_OTHER, "success", "application_name", "Helper"), "");
}

Test(enrich, scopes_have_their_class_whether_or_not_it_is_a_grant)
{
    static const risk_kind kinds[] = { RISK_KIND_APP_GRANT, RISK_KIND_ADMIN, RISK_KIND_OTHER };

    for (size_t i = 0; i < TS_COUNT(kinds); i++) {
        risk_record r = { .event = &event, .kind = kinds[i] };

        add(&r, "scope", "all");
        cr_expect_str_eq(after(&r, "teamsentry.scope_class"), "critical");
    }
}

Test(enrich, many_fields_hide_nothing)
{
    risk_record r = { .event = &event, .kind = RISK_KIND_APP_GRANT };

    add(&r, "scope", "all");
    add(&r, "app_name", "Helper");
    while (r.field_count < RISK_FIELDS_MAX)
        add(&r, "padding", "x");
    cr_assert_str_eq(after(&r, "teamsentry.scope_class"), "critical");
    cr_assert_str_eq(ts_arena_z(arena, risk_record_field(&r, "teamsentry.scope_weight")), "90");
    cr_assert_str_eq(ts_arena_z(arena, risk_record_field(&r, "teamsentry.ai_via")), "oauth");
}
