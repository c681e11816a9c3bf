/* One act in the directory of Microsoft Entra ID at a time, or one risk: its forms, who did what to whom, its kind, what it says of
 * apps, and what rules find. */
#include "parse.h"
#include "ts/buf.h"

#define ADMIN                                                                                      \
    "\"initiatedBy\":{\"user\":{\"id\":\"u-9\",\"userPrincipalName\":\"Boss@Lumen.example\","      \
    "\"ipAddress\":\"192.0.2.7\"},\"app\":null}"
#define APP "\"initiatedBy\":{\"user\":null,\"app\":{\"displayName\":\"Sync\",\"appId\":null}}"
#define ACT(name, category, rest)                                                                  \
    "\"id\":\"d-1\",\"activityDateTime\":\"" NOW_Z "\",\"activityDisplayName\":\"" name            \
    "\",\"category\":\"" category "\",\"result\":\"success\"," rest
#define NEW(name, value) "{\"displayName\":\"" name "\",\"oldValue\":null,\"newValue\":" value "}"

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

TestSuite(entra_audit, .init = setup, .fini = teardown);

/* An act of `who` with one target that has these changed properties. */
static const risk_record *act(const char *who, const char *name, const char *category,
                              const char *target, const char *properties, const char *rest)
{
    const char *text = ts_arena_printf(
        p.arena,
        "{\"activityDateTime\":\"" NOW_Z "\",\"activityDisplayName\":\"%s\",\"category\":\"%s\","
        "\"result\":\"success\",%s,\"targetResources\":[{%s\"modifiedProperties\":[%s]}]%s}",
        name, category, who, target, properties, rest);

    return parse_one(&p, text);
}

#define ON_ANA  "\"id\":\"u-1\",\"type\":\"User\",\"userPrincipalName\":\"Ana@Lumen.example\","
#define ON_BOSS "\"id\":\"u-9\",\"type\":\"User\",\"userPrincipalName\":\"boss@lumen.example\","
#define ON_APP  "\"id\":\"sp-1\",\"type\":\"ServicePrincipal\",\"displayName\":\"Mail Helper\","

/* ---- forms ---- */

static void expect_role(const risk_record *r)
{
    cr_expect_str_eq(r->event->app, "audit");
    cr_expect_str_eq(r->event->action, "Add member to role");
    cr_expect_str_eq(r->event->type, "RoleManagement");
    cr_expect_str_eq(r->event->actor_email, "boss@lumen.example");
    cr_expect_str_eq(r->event->user_email, "boss@lumen.example");
    cr_expect_str_eq(r->event->target_email, "ana@lumen.example");
    cr_expect_str_eq(r->event->actor_id, "u-9");
    cr_expect_str_eq(r->event->ip, "192.0.2.7");
    cr_expect_str_eq(r->event->outcome, "success");
    cr_expect_eq(r->event->event_ms, NOW);
    cr_expect_eq(r->kind, RISK_KIND_ADMIN);
    cr_expect(field_is(r, "new.Role.DisplayName", "Global Administrator"));
    cr_expect(field_is(r, "operationName", "Add member to role"));
    cr_expect(field_is(r, "activityDisplayName", "Add member to role"));
    cr_expect(field_is(r, "properties.message", "Add member to role"));
    cr_expect(field_is(r, "Status", "Success"));
}

#define ROLE                                                                                       \
    ACT("Add member to role", "RoleManagement",                                                    \
        ADMIN ",\"targetResources\":[{" ON_ANA "\"modifiedProperties\":[" NEW(                     \
            "Role.DisplayName", "\"\\\"Global Administrator\\\"\"") "]},{\"type\":\"Role\"}]")

Test(entra_audit, graph_and_diagnostic_forms_say_the_same_and_have_one_id)
{
    const char *wrapped =
        "{\"time\":\"2025-01-15T10:31:00Z\",\"category\":\"AuditLogs\",\"tenantId\":"
        "\"t-1\",\"operationName\":\"Add member to role\",\"properties\":{" ROLE "}}";
    const risk_record *r = parse_one(&p, "{" ROLE "}");
    ProtobufCBinaryData id = r->event->id;

    expect_role(r);
    r = parse_one(&p, wrapped);
    expect_role(r);
    cr_assert(same_id(r->event->id, id));
    /* Both categories are there for rules: that of the log and that of the act. */
    cr_assert(field_is(r, "category", "RoleManagement"));
    cr_assert(ts_str_is(field_nth(r, "category", 1), "AuditLogs"));
    r = parse_one(&p, ts_arena_printf(p.arena, "{\"records\":[%s]}", wrapped));
    expect_role(r);
    cr_assert(same_id(r->event->id, id));
    r = parse_one(&p, "{\"@odata.context\":\"x\",\"value\":[{" ROLE "}]}");
    expect_role(r);
    cr_assert(same_id(r->event->id, id));
    /* Lines, where what was parsed is gone with the next one. */
    p.options.ndjson = true;
    r = parse_one(&p, "{" ROLE "}");
    expect_role(r);
    cr_assert(same_id(r->event->id, id));
}

Test(entra_audit, some_categories_are_those_of_the_act)
{
    const risk_record *r = parse_one(
        &p,
        "{\"time\":\"" NOW_Z
        "\",\"category\":\"Policy\",\"operationName\":\"Authentication Methods "
        "Policy "
        "Update\",\"callerIpAddress\":\"192.0.2.9\",\"properties\":{\"activityDateTime\":\"" NOW_Z
        "\",\"activityDisplayName\":\"Update authentication methods policy\"," APP "}}");

    cr_assert_str_eq(r->event->app, "audit");
    cr_assert_str_eq(r->event->action, "Authentication Methods Policy Update");
    cr_assert_str_eq(r->event->type, "Policy");
    cr_assert_str_eq(r->event->ip, "192.0.2.9");
}

Test(entra_audit, results_are_outcomes_in_any_spelling)
{
    static const char *const results[][2] = { { "\"success\"", "success" },
                                              { "\"SUCCESS\"", "success" },
                                              { "\"failure\"", "failure" },
                                              { "\"timeout\"", "" },
                                              { "null", "" },
                                              { "7", "" } };

    for (size_t i = 0; i < TS_COUNT(results); i++) {
        const risk_record *r =
            parse_one(&p, ts_arena_printf(p.arena,
                                          "{\"activityDateTime\":\"" NOW_Z
                                          "\",\"activityDisplayName\":\"Update user\","
                                          "\"result\":%s," ADMIN "}",
                                          results[i][0]));

        cr_expect_str_eq(r->event->outcome, results[i][1], "%s", results[i][0]);
    }
}

Test(entra_audit, what_is_missing_is_named)
{
    cr_assert(strstr(parse_rejected(&p, "{\"activityDateTime\":\"" NOW_Z "\"," ADMIN "}"),
                     "activityDisplayName is missing") != NULL);
    cr_assert(strstr(parse_rejected(&p, "{\"activityDisplayName\":\"Update user\"," ADMIN "}"),
                     "activityDateTime is missing") != NULL);
}

Test(entra_audit, hostile_types_hurt_nobody)
{
    static const char *const texts[] = {
        "{\"activityDateTime\":\"" NOW_Z "\",\"activityDisplayName\":7,\"initiatedBy\":[]}",
        "{\"activityDateTime\":\"" NOW_Z "\",\"activityDisplayName\":\"A\",\"initiatedBy\":\"x\","
        "\"targetResources\":{\"a\":1},\"additionalDetails\":\"y\"}",
        "{\"activityDateTime\":\"" NOW_Z "\",\"activityDisplayName\":\"Consent to application\","
        "\"initiatedBy\":{\"user\":{\"userPrincipalName\":{}}},\"targetResources\":[null,3,{"
        "\"modifiedProperties\":\"z\"},{\"modifiedProperties\":[4,null,{\"displayName\":{}},"
        "{\"displayName\":\"A\",\"newValue\":\"[{\\\"broken\\\"\"},{\"displayName\":\"B\","
        "\"newValue\":"
        "[1,{\"c\":2}]}]}],\"additionalDetails\":[5,{\"key\":[],\"value\":{}}]}",
    };

    for (size_t i = 0; i < TS_COUNT(texts); i++)
        cr_expect_str_eq(parse_one(&p, texts[i])->event->app, "audit");
    cr_assert(field_is(&p.body.records[0], "new.A", "[{\"broken\""));
    cr_assert(field_is(&p.body.records[0], "new.B", "1"));
    cr_assert(field_is(&p.body.records[0], "new.B.c", "2"));
}

/* ---- kinds and people ---- */

Test(entra_audit, an_act_has_its_kind)
{
    cr_expect_eq(act(ADMIN, "Reset user password", "UserManagement", ON_ANA, "", "")->kind,
                 RISK_KIND_ADMIN);
    cr_expect_eq(act(ADMIN, "Update policy", "Policy", "", "", "")->kind, RISK_KIND_ADMIN);
    cr_expect_eq(
        act(ADMIN, "User registered security info", "UserManagement", ON_BOSS, "", "")->kind,
        RISK_KIND_ACCOUNT);
    cr_expect_eq(act(ADMIN, "Change user password", "UserManagement", ON_BOSS, "", "")->kind,
                 RISK_KIND_ACCOUNT);
    /* What comes of everybody's daily work is no administrator's act. */
    cr_expect_eq(act(ADMIN, "Add service principal", "ApplicationManagement", ON_APP, "", "")->kind,
                 RISK_KIND_OTHER);
    cr_expect_eq(act(ADMIN, "Add registered owner to device", "Device", "", "", "")->kind,
                 RISK_KIND_OTHER);
    /* Nor is what a program does, or one of another organization. */
    cr_expect_eq(act(APP, "Update user", "UserManagement", ON_ANA, "", "")->kind, RISK_KIND_OTHER);
    cr_expect_eq(
        act("\"tenantId\":\"t-1\",\"initiatedBy\":{\"user\":{\"id\":\"u\",\"homeTenantId\":\"t-2\","
            "\"userPrincipalName\":\"x@partner.example\"}}",
            "Update user", "UserManagement", ON_ANA, "", "")
            ->kind,
        RISK_KIND_OTHER);
    cr_expect_eq(act("\"initiatedBy\":{\"user\":{\"id\":\"u\",\"userPrincipalName\":"
                     "\"fim_password_service@support.onmicrosoft.com\"}}",
                     "Reset user password", "UserManagement", ON_ANA, "", "")
                     ->kind,
                 RISK_KIND_OTHER);
}

Test(entra_audit, what_a_program_does_to_somebody_is_about_them)
{
    const risk_record *r = act(APP, "Disable account", "UserManagement", ON_ANA, "", "");

    cr_assert_str_eq(r->event->actor_email, "");
    cr_assert_str_eq(r->event->user_email, "ana@lumen.example");
    cr_assert_str_eq(r->event->target_email, "ana@lumen.example");
    cr_assert(field_is(r, "initiatedBy.app.displayName", "Sync"));
}

/* ---- changes ---- */

Test(entra_audit, changes_are_fields)
{
    const risk_record *r =
        act(ADMIN, "Update conditional access policy", "Policy", "\"displayName\":\"MFA\",",
            "{\"displayName\":\"ConditionalAccessPolicy\",\"oldValue\":\"{\\\"state\\\":"
            "\\\"enabled\\\","
            "\\\"grantControls\\\":{\\\"builtInControls\\\":[\\\"mfa\\\"]}}\",\"newValue\":"
            "\"{\\\"state\\\":\\\"disabled\\\"}\"},"
            "{\"displayName\":\"AccountEnabled\",\"oldValue\":\"[true]\",\"newValue\":\"[false]\"},"
            "{\"displayName\":\"UserType\",\"oldValue\":\"[\\\"Guest\\\"]\",\"newValue\":\"["
            "\\\"Member\\\"]\"},"
            "{\"displayName\":\"Plain\",\"oldValue\":null,\"newValue\":\"a b\"}",
            ",\"additionalDetails\":[{\"key\":\"User-Agent\",\"value\":\"curl/8\"}]");

    cr_assert(field_is(r, "old.ConditionalAccessPolicy.state", "enabled"));
    cr_assert(field_is(r, "old.ConditionalAccessPolicy.grantControls.builtInControls", "mfa"));
    cr_assert(field_is(r, "new.ConditionalAccessPolicy.state", "disabled"));
    cr_assert(field_is(r, "new.AccountEnabled", "false"));
    cr_assert(field_is(r, "old.UserType", "Guest"));
    cr_assert(field_is(r, "new.UserType", "Member"));
    cr_assert(field_is(r, "new.Plain", "a b"));
    cr_assert_eq(field_nth(r, "old.Plain", 0).n, 0);
    cr_assert(field_is(r, "additionalDetails.User-Agent", "curl/8"));
    cr_assert_str_eq(r->event->user_agent, "curl/8");
    cr_assert(field_is(r, "targetResources.displayName", "MFA"));
    cr_assert(strstr(ts_arena_z(p.arena, field_nth(r, "targetResources", 0)), "AccountEnabled") !=
              NULL);
    cr_assert(strstr(ts_arena_z(p.arena, field_nth(r, "targetResources.modifiedProperties", 0)),
                     "AccountEnabled") != NULL);
}

Test(entra_audit, a_hundred_changes_do_not_crowd_out_who_did_it)
{
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(1u << 20);
    const risk_record *r;

    for (int i = 0; i < 300; i++)
        ts_buf_printf(&text, "%s{\"displayName\":\"P%d\",\"newValue\":\"[\\\"v\\\"]\"}",
                      i == 0 ? "" : ",", i);
    cr_assert_eq(ts_buf_status(&text), TS_OK);
    r = act(ADMIN, "Update user", "UserManagement", ON_ANA, ts_arena_z(p.arena, ts_buf_view(&text)),
            "");
    cr_assert(field_is(r, "actor.email", "boss@lumen.example"));
    cr_assert(field_is(r, "outcome", "success"));
    cr_assert(field_is(r, "new.P0", "v"));
}

/* ---- apps ---- */

#define PERMISSIONS                                                                                \
    "\"\\\"[[Id: x, Scope: User.Read, CreatedDateTime: ]] => [[Id: x, ConsentType: Principal, "    \
    "Scope:  User.Read Mail.ReadWrite, CreatedDateTime: , LastModifiedDateTime ], [Id: y, Scope: " \
    "offline_access]]; \\\"\""

Test(entra_audit, a_consent_names_the_app_and_all_that_it_may_do)
{
    const risk_record *r = act(ADMIN, "Consent to application", "ApplicationManagement", ON_APP,
                               NEW("ConsentContext.IsAdminConsent", "\"\\\"True\\\"\"") "," NEW(
                                   "ConsentAction.Permissions", PERMISSIONS),
                               ",\"additionalDetails\":[{\"key\":\"AppId\",\"value\":\"a-7\"}]");

    cr_assert_eq(r->kind, RISK_KIND_APP_GRANT);
    cr_assert_str_eq(r->event->user_email, "boss@lumen.example");
    cr_assert(field_is(r, "client_id", "a-7"));
    cr_assert(field_is(r, "app_name", "Mail Helper"));
    cr_assert(ts_str_is(field_nth(r, "scope", 0), "User.Read"));
    cr_assert(ts_str_is(field_nth(r, "scope", 1), "Mail.ReadWrite"));
    cr_assert(ts_str_is(field_nth(r, "scope", 2), "offline_access"));
    cr_assert_eq(field_nth(r, "scope", 3).n, 0);
    cr_assert(field_is(r, "ConsentContext.IsAdminConsent", "True"));
    cr_assert(ts_str_is(field_nth(r, "targetResources.type", 0), "Service Principal"));
}

Test(entra_audit, an_apps_id_also_stands_among_its_names)
{
    const risk_record *r =
        act(ADMIN, "Consent to application", "ApplicationManagement", ON_APP,
            NEW("TargetId.ServicePrincipalNames",
                "\"\\\"https://mail-helper.example;5f91ce94-4cc5-4ebe-aeb6-f074e57201bb\\\"\""),
            "");

    cr_assert(field_is(r, "client_id", "5f91ce94-4cc5-4ebe-aeb6-f074e57201bb"));
    cr_assert_eq(field_nth(r, "scope", 0).n, 0);
}

Test(entra_audit, what_was_refused_is_no_grant)
{
    const risk_record *r = parse_one(
        &p,
        "{\"activityDateTime\":\"" NOW_Z "\",\"activityDisplayName\":\"Consent to application\","
        "\"result\":\"failure\"," ADMIN ",\"targetResources\":[{" ON_APP
        "\"modifiedProperties\":[" NEW("ConsentAction.Permissions", PERMISSIONS) "]}]}");

    cr_assert_eq(r->kind, RISK_KIND_OTHER);
    cr_assert(field_is(r, "scope", "User.Read"));
}

#define ROLE_GRANT                                                                                 \
    NEW("AppRole.Value", "\"\\\"full_access_as_app\\\"\"")                                         \
    "," NEW("ServicePrincipal.AppId", "\"\\\"a-7\\\"\"") "," NEW("ServicePrincipal.DisplayName",   \
                                                                 "\"\\\"Tom \\\\u0026 Co\\\"\"")

Test(entra_audit, an_application_permission_is_a_grant_to_the_client_and_not_to_the_resource)
{
    const risk_record *r =
        act(ADMIN, "Add app role assignment to service principal", "ApplicationManagement", ON_APP,
            ROLE_GRANT, ",\"additionalDetails\":[{\"key\":\"AppId\",\"value\":\"resource\"}]");

    cr_assert_eq(r->kind, RISK_KIND_APP_GRANT);
    cr_assert(field_is(r, "client_id", "a-7"));
    cr_assert(field_is(r, "app_name", "Tom & Co"));
    cr_assert(field_is(r, "scope", "full_access_as_app"));
    r = act(ADMIN, "Remove app role assignment from service principal", "ApplicationManagement",
            ON_APP, ROLE_GRANT, "");
    cr_assert_eq(r->kind, RISK_KIND_APP_REVOKE);
    cr_assert(field_is(r, "client_id", "a-7"));
}

static const risk_record *delegated(const char *name, const char *had, const char *now,
                                    const char *type, const char *more)
{
    return act(
        ADMIN, name, "ApplicationManagement", ON_APP,
        ts_arena_printf(
            p.arena,
            "{\"displayName\":\"DelegatedPermissionGrant.Scope\",\"oldValue\":%s,"
            "\"newValue\":%s}," NEW("DelegatedPermissionGrant.ConsentType", "\"\\\"%s\\\"\"") "%s",
            had, now, type, more),
        "");
}

Test(entra_audit, a_delegated_grant_says_what_is_new_and_counts_once)
{
    static const char added[] = "Add delegated permission grant";
    static const char named[] = "," NEW("ServicePrincipal.AppId", "\"\\\"a-7\\\"\"");
    static const char read[] = "\"\\\" User.Read\\\"\"",
                      both[] = "\"\\\" User.Read Mail.Send\\\"\"";
    const risk_record *r = delegated(added, read, both, "Principal", "");

    /* The other half of a consent, which tells of the app: no grant of its own. */
    cr_assert_eq(r->kind, RISK_KIND_OTHER);
    cr_assert(field_is(r, "scope", "Mail.Send"));
    cr_assert_eq(field_nth(r, "scope", 1).n, 0);
    cr_assert_eq(field_nth(r, "client_id", 0).n, 0);
    r = delegated(added, "null", both, "AllPrincipals", "");
    cr_assert_eq(r->kind, RISK_KIND_ADMIN);
    cr_assert(field_is(r, "scope", "User.Read"));
    r = delegated(added, "null", both, "Principal", named);
    cr_assert_eq(r->kind, RISK_KIND_APP_GRANT);
    cr_assert(field_is(r, "client_id", "a-7"));
}

/* Each new scope is looked for among the old ones: only so many of either. */
Test(entra_audit, two_hundred_and_fifty_six_scopes_are_looked_at)
{
    static const char name[] = "Add delegated permission grant";

    for (int count = 255; count <= 256; count++) {
        const char *had = "\"", *now;
        const risk_record *r;

        for (int i = 0; i < count; i++)
            had = ts_arena_printf(p.arena, "%s s%d", had, i);
        now = ts_arena_printf(p.arena, "%s new\"", had);
        had = ts_arena_printf(p.arena, "%s\"", had);
        r = delegated(name, had, now, "AllPrincipals", "");
        cr_expect(ts_str_is(field_nth(r, "scope", 0), count == 255 ? "new" : ""), "%d", count);
    }
}

Test(entra_audit, a_removed_grant_is_a_revocation_unless_it_is_half_of_an_amendment)
{
    static const char removed[] = "Remove delegated permission grant";

    cr_assert_eq(delegated(removed, "\"\\\"Mail.Send\\\"\"", "null", "Principal", "")->kind,
                 RISK_KIND_APP_REVOKE);
    cr_assert_eq(delegated(removed, "\"\\\"Mail.Send\\\"\"", "\"\\\"\\\"\"", "Principal", "")->kind,
                 RISK_KIND_APP_REVOKE);
    cr_assert_eq(delegated(removed, "\"\\\"Mail.Send\\\"\"", "\"\\\"Mail.Send Mail.Read\\\"\"",
                           "Principal", "")
                     ->kind,
                 RISK_KIND_OTHER);
}

/* ---- risks ---- */

#define RISKY                                                                                      \
    "\"id\":\"r-1\",\"riskEventType\":\"anonymizedIPAddress\",\"riskState\":\"atRisk\","           \
    "\"riskLevel\":"                                                                               \
    "\"medium\",\"detectedDateTime\":\"" NOW_Z "\",\"userPrincipalName\":\"Ana@Lumen.example\","   \
    "\"ipAddress\":\"192.0.2.7\",\"userId\":\"u-1\""

Test(entra_audit, a_risk_is_the_sources_word_about_somebody)
{
    const risk_record *r = parse_one(&p, "{" RISKY "}");
    ProtobufCBinaryData id = r->event->id;

    cr_assert_str_eq(r->event->app, "risk");
    cr_assert_str_eq(r->event->action, "anonymizedIPAddress");
    cr_assert_str_eq(r->event->type, "UserRiskEvents");
    cr_assert_str_eq(r->event->user_email, "ana@lumen.example");
    cr_assert_str_eq(r->event->actor_email, "");
    cr_assert_str_eq(r->event->ip, "192.0.2.7");
    cr_assert_str_eq(r->event->outcome, "");
    cr_assert_eq(r->event->event_ms, NOW);
    cr_assert_eq(r->kind, RISK_KIND_WARNING);
    cr_assert(field_is(r, "riskLevel", "medium"));
    /* The diagnostic form writes its own time as Americans do. */
    r = parse_one(
        &p,
        "{\"time\":\"1/15/2025 10:31:00 AM\",\"category\":\"UserRiskEvents\",\"properties\":{" RISKY
        "}}");
    cr_assert(same_id(r->event->id, id));
    /* A risk that was dismissed is another word. */
    r = parse_one(
        &p, "{\"id\":\"r-1\",\"riskEventType\":\"anonymizedIPAddress\",\"riskState\":\"dismissed\","
            "\"detectedDateTime\":\"" NOW_Z "\",\"userPrincipalName\":\"ana@lumen.example\"}");
    cr_assert_not(same_id(r->event->id, id));
    cr_assert_not(r->may_be_foreign);
    r = parse_one(&p, "{" RISKY ",\"userType\":\"guest\"}");
    cr_assert_eq(r->kind, RISK_KIND_WARNING);
    cr_assert(r->may_be_foreign, "whom the organization has invited is none of its own");
}

Test(entra_audit, a_user_at_risk)
{
    const risk_record *r =
        parse_one(&p, "{\"category\":\"RiskyUsers\",\"properties\":{\"id\":\"u-1\",\"riskLevel\":"
                      "\"high\",\"riskState\":"
                      "\"confirmedCompromised\",\"riskLastUpdatedDateTime\":\"" NOW_Z
                      "\",\"userPrincipalName\":\"ana@lumen.example\"}}");

    cr_assert_str_eq(r->event->action, "confirmedCompromised");
    cr_assert_str_eq(r->event->type, "RiskyUsers");
    cr_assert_eq(r->kind, RISK_KIND_WARNING);
    cr_assert_eq(r->event->event_ms, NOW);
    r = parse_one(&p,
                  "{\"id\":\"u-1\",\"riskState\":\"atRisk\",\"riskLastUpdatedDateTime\":\"" NOW_Z
                  "\",\"userPrincipalName\":\"ana@lumen.example\"}");
    cr_assert_str_eq(r->event->type, "RiskyUsers");
}

Test(entra_audit, what_a_risk_lacks_is_named)
{
    cr_assert(
        strstr(parse_rejected(&p, "{\"riskEventType\":\"x\",\"detectedDateTime\":\"" NOW_Z "\"}"),
               "userPrincipalName is missing") != NULL);
    cr_assert(strstr(parse_rejected(
                         &p, "{\"riskEventType\":\"x\",\"userPrincipalName\":\"a@b.example\"}"),
                     "detectedDateTime is missing") != NULL);
    cr_assert(
        strstr(parse_rejected(
                   &p, "{\"category\":\"UserRiskEvents\",\"properties\":{\"detectedDateTime\":"
                       "\"" NOW_Z "\",\"userPrincipalName\":\"a@b.example\"}}"),
               "riskEventType is missing") != NULL);
}
