#include <criterion/criterion.h>

#include "detect/sigma/rule.h"

typedef struct bench {
    ts_arena *arena;
    sigma_names names;
    risk_field fields[16];
    risk_record record;
} bench;

static bench *bench_new(void)
{
    static bench b;

    b = (bench){ .arena = ts_arena_new(8u << 20) };
    b.names.arena = b.arena;
    b.record.fields = b.fields;
    return &b;
}

static void field(bench *b, const char *name, const char *value)
{
    b->fields[b->record.field_count++] = (risk_field){ ts_str_of(name), ts_str_of(value) };
}

static ts_status compile(bench *b, const char *body, sigma_rule **ret, ts_error *err)
{
    const char *yaml = ts_arena_printf(
        b->arena, "title: T\nname: t\nlogsource: {product: google_workspace}\n%s", body);
    ytree **documents = NULL;
    size_t count = 0;
    ts_status st = ytree_parse(ts_str_of(yaml), b->arena, &documents, &count, err);

    return st == TS_OK ? sigma_rule_compile(documents[0], "f", &b->names, b->arena, ret, err) : st;
}

/* Does `detection: {s: <selection>, condition: s}` match the record? */
static bool matches(bench *b, const char *selection)
{
    const char *body =
        ts_arena_printf(b->arena, "detection:\n  s: %s\n  condition: s\n", selection);
    sigma_rule *rule = NULL;
    ts_error err = { "", "" };
    sigma_view view;

    cr_assert_eq(compile(b, body, &rule, &err), TS_OK, "%s: %s %s", selection, err.param, err.text);
    cr_assert_eq(sigma_view_of(&b->names, &b->record, b->arena, &view), TS_OK);
    return sigma_rule_matches(rule, &view);
}

Test(sigma_rule, selections_match_as_sigma_says)
{
    bench *b = bench_new();

    field(b, "eventName", "login_failure");
    field(b, "scope", "openid");
    field(b, "scope", "email");
    field(b, "bytes", "1500");
    field(b, "ipAddress", "10.1.2.3");
    field(b, "ip6", "2001:db8::1");
    field(b, "empty", "");
    field(b, "actor", "mia");
    field(b, "target", "MIA");
    cr_expect(matches(b, "{eventName: login_failure}"));
    cr_expect(matches(b, "{EVENTNAME: LOGIN_FAILURE}"));
    cr_expect_not(matches(b, "{eventName|cased: LOGIN_FAILURE}"));
    cr_expect(matches(b, "{eventName: [a, login_failure]}"));
    cr_expect_not(matches(b, "{eventName: login_failure, actor: ben}"));
    cr_expect(matches(b, "[{actor: ben}, {eventName: 'login*'}]"));
    cr_expect(matches(b, "{scope: email}"), "any of several values");
    cr_expect(matches(b, "{scope|contains|all: [open, mail]}"));
    cr_expect_not(matches(b, "{scope|contains|all: [open, drive]}"));
    cr_expect(matches(b, "{eventName|startswith: LOGIN}"));
    cr_expect(matches(b, "{eventName|endswith: [x, failure]}"));
    cr_expect(matches(b, "{missing: null}"));
    cr_expect_not(matches(b, "{actor: null}"));
    cr_expect(matches(b, "{empty: ''}"));
    cr_expect_not(matches(b, "{missing: ''}"));
    cr_expect(matches(b, "{actor|exists: true}"));
    cr_expect(matches(b, "{missing|exists: false}"));
    cr_expect_not(matches(b, "{missing|exists: true}"));
    cr_expect(matches(b, "{bytes|gte: 1500}"));
    cr_expect_not(matches(b, "{bytes|gt: 1500}"));
    cr_expect(matches(b, "{bytes|lt: 1500.5}"));
    cr_expect(matches(b, "{bytes|lte: 1500}"));
    cr_expect_not(matches(b, "{actor|gt: 1}"), "text is no number");
    cr_expect(matches(b, "{actor|neq: ben}"));
    cr_expect_not(matches(b, "{actor|neq: mia}"));
    cr_expect(matches(b, "{ipAddress|cidr: 10.0.0.0/8}"));
    cr_expect(matches(b, "{ipAddress|cidr: [192.0.2.0/24, 10.1.2.2/31]}"));
    cr_expect_not(matches(b, "{ipAddress|cidr: 10.1.3.0/24}"));
    cr_expect_not(matches(b, "{ipAddress|cidr: '2001:db8::/32'}"));
    cr_expect(matches(b, "{ip6|cidr: '2001:db8::/32'}"));
    cr_expect(matches(b, "{actor|fieldref: target}"));
    cr_expect_not(matches(b, "{actor|fieldref: eventName}"));
    cr_expect(matches(b, "[nobody, fail]"), "keywords are looked for in every value");
    cr_expect_not(matches(b, "[nobody, nothing]"));
    ts_arena_free(b->arena);
}

Test(sigma_rule, refuses_by_field_and_reason)
{
    static const char *const wrong[][2] = {
        { "detection: {s: {a|re: 'x.*'}, condition: s}", "detection" },
        { "detection: {s: {a|base64offset|contains: x}, condition: s}", "detection" },
        { "detection: {s: {a|cidr: 10.0.0.0}, condition: s}", "detection" },
        { "detection: {s: {a|cidr: 10.0.0.0/33}, condition: s}", "detection" },
        { "detection: {s: {a|gt: many}, condition: s}", "detection" },
        { "detection: {s: {a|contains|gt: 1}, condition: s}", "detection" },
        { "detection: {s: {a: {b: c}}, condition: s}", "detection" },
        { "detection: {s: {a: []}, condition: s}", "detection" },
        { "detection: {s: {}, condition: s}", "detection" },
        { "detection: {s: {a: b}, timeframe: 5m, condition: s}", "timeframe" },
        { "detection: {s: {a: b}}", "condition" },
        { "detection: {s: {a: b}, condition: s | count() > 5}", "condition" },
        { "level: awful\ndetection: {s: {a: b}, condition: s}", "level" },
        { "tags: [attack.teleportation]\ndetection: {s: {a: b}, condition: s}", "tags" },
        { "teamsentry: {risc_score: 5}\ndetection: {s: {a: b}, condition: s}", "teamsentry" },
        { "teamsentry: [dedup]\ndetection: {s: {a: b}, condition: s}", "teamsentry" },
        { "teamsentry: {risk_score: 96}\ndetection: {s: {a: b}, condition: s}", "risk_score" },
        { "status: test", "detection" },
    };
    bench *b = bench_new();

    for (size_t i = 0; i < TS_COUNT(wrong); i++) {
        sigma_rule *rule = NULL;
        ts_error err = { "", "" };

        cr_expect_eq(compile(b, wrong[i][0], &rule, &err), TS_INVALID, "%s", wrong[i][0]);
        cr_expect_str_eq(err.param, wrong[i][1], "%s: %s %s", wrong[i][0], err.param, err.text);
        cr_expect(err.text[0] != '\0');
    }
    ts_arena_free(b->arena);
}

Test(sigma_rule, reads_what_a_rule_says_of_itself)
{
    bench *b = bench_new();
    sigma_rule *rule = NULL;
    ts_error err = { "", "" };

    cr_assert_eq(
        compile(
            b,
            "level: high\n"
            "tags: [attack.initial-access, attack.credential_access, attack.t1078.004, "
            "attack.T1110, attack.g0016, cve.2024-1, attack.stealth, attack.defense-impairment]\n"
            "teamsentry: {risk_score: 60, dedup: [a, b], actions: [Call them.]}\n"
            "detection: {s: {a: b}, condition: s}\n",
            &rule, &err),
        TS_OK, "%s %s", err.param, err.text);
    cr_expect_eq(rule->severity, 3);
    cr_expect_eq(rule->weight, 60);
    cr_expect_eq(rule->tactic_count, 4);
    cr_expect_str_eq(rule->tactics[0], "TA0001");
    cr_expect_str_eq(rule->tactics[1], "TA0006");
    cr_expect_str_eq(rule->tactics[2], "TA0005");
    cr_expect_str_eq(rule->tactics[3], "TA0112");
    cr_expect_eq(rule->technique_count, 2);
    cr_expect_str_eq(rule->techniques[0], "T1078.004");
    cr_expect_str_eq(rule->techniques[1], "T1110");
    cr_expect_eq(rule->dedup_count, 2);
    cr_expect_str_eq(rule->actions[0], "Call them.");
    cr_expect_str_eq(rule->id, "t");
    ts_arena_free(b->arena);
}

Test(sigma_rule, a_hash_changes_with_what_the_rule_says_and_not_with_its_spacing)
{
    bench *b = bench_new();
    sigma_rule *one = NULL, *spaced = NULL, *other = NULL;
    ts_error err;

    cr_assert_eq(compile(b, "detection: {s: {a: b}, condition: s}", &one, &err), TS_OK);
    cr_assert_eq(compile(b, "detection:\n  s:\n    a:   b # why\n  condition: s\n", &spaced, &err),
                 TS_OK);
    cr_assert_eq(compile(b, "detection: {s: {a: c}, condition: s}", &other, &err), TS_OK);
    cr_expect_arr_eq(one->hash, spaced->hash, sizeof(one->hash));
    cr_expect_arr_neq(one->hash, other->hash, sizeof(one->hash));
    ts_arena_free(b->arena);
}

Test(sigma_rule, only_events_of_its_log_source)
{
    static const struct {
        const char *logsource;
        const char *source; /* NULL: refused */
        const char *app;
        int kind; /* -1: any */
    } sources[] = {
        { "product: google_workspace\n  service: login", "google_workspace", "login", -1 },
        { "product: gcp\n  service: google_workspace.admin", "google_workspace", "admin", -1 },
        { "product: google_workspace", "google_workspace", "", -1 },
        { "product: okta\n  service: okta", "okta", "", -1 },
        { "product: okta", "okta", "", -1 },
        { "category: sign_in", "", "", RISK_KIND_SIGN_IN },
        { "product: google_workspace\n  category: file_take", "google_workspace", "",
          RISK_KIND_FILE_TAKE },
        { "product: windows\n  service: security", NULL, "", 0 },
        { "product: gcp\n  service: gcp.audit", NULL, "", 0 },
        { "category: process_creation", NULL, "", 0 },
        { "category: sign_in\n  service: login", NULL, "", 0 },
    };
    bench *b = bench_new();

    for (size_t i = 0; i < TS_COUNT(sources); i++) {
        const char *yaml = ts_arena_printf(
            b->arena,
            "title: T\nid: 5f0c\nlogsource:\n  %s\ndetection: {s: {a: b}, condition: s}\n",
            sources[i].logsource);
        ytree **documents = NULL;
        size_t count = 0;
        sigma_rule *rule = NULL;
        ts_error err = { "", "" };

        cr_assert_eq(ytree_parse(ts_str_of(yaml), b->arena, &documents, &count, &err), TS_OK);
        if (sources[i].source == NULL) {
            cr_expect_eq(sigma_rule_compile(documents[0], "f", &b->names, b->arena, &rule, &err),
                         TS_INVALID);
            cr_expect_str_eq(err.param, "logsource");
            continue;
        }
        cr_assert_eq(sigma_rule_compile(documents[0], "f", &b->names, b->arena, &rule, &err),
                     TS_OK);
        cr_expect_str_eq(rule->source, sources[i].source);
        cr_expect_str_eq(rule->app, sources[i].app);
        cr_expect_eq(rule->has_kind ? (int)rule->kind : -1, sources[i].kind);
    }
    ts_arena_free(b->arena);
}
