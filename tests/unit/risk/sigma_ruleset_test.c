/* Which rules look at an event: those of its source, application and kind, and those of all. */
#include "detect/sigma/ruleset.h"

#include <criterion/criterion.h>
#include <unistd.h>

static char directory[] = "/tmp/ts-ruleset-XXXXXX";
static sigma_ruleset *set;
static ts_arena *arena;

static void write_rule(const char *name, const char *logsource)
{
    char path[128];
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s.yml", directory, name);
    f = fopen(path, "w");
    cr_assert(f != NULL);
    fprintf(f,
            "title: A rule\nname: %s\nlogsource:\n    %s\ndetection:\n    selection:\n"
            "        eventName: acted\n    condition: selection\nlevel: low\n",
            name, logsource);
    cr_assert_eq(fclose(f), 0);
}

static void remove_rule(const char *name)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/%s.yml", directory, name);
    (void)unlink(path);
}

static void setup(void)
{
    ts_error err;

    arena = ts_arena_new(1u << 20);
    cr_assert(arena != NULL && mkdtemp(directory) != NULL);
    write_rule("login", "{product: google_workspace, service: login}");
    write_rule("google", "{product: google_workspace}");
    write_rule("sign_in", "{category: sign_in}");
    write_rule("google_file", "{product: google_workspace, category: file}");
    cr_assert_eq(sigma_ruleset_load(directory, &set, &err), TS_OK, "%s", err.text);
}

static void teardown(void)
{
    remove_rule("login");
    remove_rule("google");
    remove_rule("sign_in");
    remove_rule("google_file");
    (void)rmdir(directory);
    sigma_ruleset_free(set);
    ts_arena_free(arena);
}

TestSuite(sigma_ruleset, .init = setup, .fini = teardown);

/* Names of the rules that match, one after the other. */
static const char *matching(const char *source, const char *app, risk_kind kind)
{
    Ts__Risk__Event event = TS__RISK__EVENT__INIT;
    risk_field field = { TS_STR_LIT("eventName"), TS_STR_LIT("acted") };
    risk_record record = { .event = &event, .kind = kind, .fields = &field, .field_count = 1 };
    sigma_matches matches;
    const char *names = "";

    event.source = (char *)(uintptr_t)source;
    event.app = (char *)(uintptr_t)app;
    cr_assert_eq(sigma_ruleset_match(set, &record, arena, &matches), TS_OK);
    for (size_t i = 0; i < matches.count; i++)
        names = ts_arena_printf(arena, "%s %s", names, matches.rules[i]->id);
    return names;
}

Test(sigma_ruleset, rules_of_the_source_the_application_and_the_kind)
{
    cr_expect_str_eq(matching("google_workspace", "login", RISK_KIND_SIGN_IN),
                     " google login sign_in");
    cr_expect_str_eq(matching("google_workspace", "login", RISK_KIND_ACCOUNT), " google login");
    cr_expect_str_eq(matching("google_workspace", "drive", RISK_KIND_FILE), " google google_file");
    cr_expect_str_eq(matching("google_workspace", "vault", RISK_KIND_OTHER), " google");
}

Test(sigma_ruleset, an_application_of_the_same_name_elsewhere_is_another)
{
    cr_expect_str_eq(matching("elsewhere", "login", RISK_KIND_SIGN_IN), " sign_in");
    cr_expect_str_eq(matching("elsewhere", "login", RISK_KIND_FILE), "");
}
