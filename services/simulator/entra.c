#include "entra.h"

#include "apps.h"
#include "prng.h"
#include "ts/time.h"

#define TEXT_SIZE   256
#define SCOPES_SIZE 512

/* ---- ids ---- */

static void id_of(uint64_t seed, const char *what, char ret[SIM_ID_SIZE])
{
    sim_uuid(sim_mix_text(seed, what), ret);
}

/* The same for an app in every company. */
static void app_id(const char *name, char ret[SIM_ID_SIZE])
{
    id_of(1, name, ret);
}

static void write_id(sim_record *r, const char *key, uint64_t seed, const char *what)
{
    char id[SIM_ID_SIZE];

    id_of(seed, what, id);
    ts_jsonw_kz(r->w, key, id);
}

static void write_time(sim_record *r, const char *key)
{
    char time[TS_RFC3339_SIZE];

    ts_time_format(r->event->time_ms, true, time);
    ts_jsonw_kz(r->w, key, time);
}

/* ---- sign-ins ---- */

static bool has_two_factors(const sim_record *r)
{
    return r->person->mfa_enrolled && r->event->where != SIM_AWAY;
}

static void write_status(sim_record *r)
{
    const bool failed = r->event->kind == SIM_LOGIN_FAILURE;

    ts_jsonw_key(r->w, "status");
    ts_jsonw_object(r->w);
    ts_jsonw_ki64(r->w, "errorCode", failed ? 50126 : 0);
    ts_jsonw_kz(r->w, "failureReason",
                failed ? "Error validating credentials due to invalid username or password."
                       : "Other.");
    ts_jsonw_kz(r->w, "additionalDetails",
                failed || !has_two_factors(r) ? NULL
                                              : "MFA requirement satisfied by claim in the token");
    ts_jsonw_object_end(r->w);
}

static void write_device(sim_record *r)
{
    const char *agent = sim_record_user_agent(r);
    const bool is_known = r->event->where != SIM_AWAY;

    ts_jsonw_key(r->w, "deviceDetail");
    ts_jsonw_object(r->w);
    if (is_known)
        write_id(r, "deviceId", r->person->seed, "device");
    else
        ts_jsonw_kz(r->w, "deviceId", "");
    ts_jsonw_kz(r->w, "displayName", is_known ? "company laptop" : "");
    ts_jsonw_kz(r->w, "operatingSystem",
                strstr(agent, "Windows") != NULL ? "Windows10"
                : strstr(agent, "Linux") != NULL ? "Linux"
                                                 : "MacOs");
    ts_jsonw_kz(r->w, "browser",
                strstr(agent, "Firefox") != NULL ? "Firefox 145.0"
                : strstr(agent, "Edg/") != NULL  ? "Edge 142.0.0"
                                                 : "Chrome 142.0.0");
    ts_jsonw_kbool(r->w, "isCompliant", is_known);
    ts_jsonw_kbool(r->w, "isManaged", is_known);
    ts_jsonw_kz(r->w, "trustType", is_known ? "Azure AD joined" : "");
    ts_jsonw_object_end(r->w);
}

static void write_location(sim_record *r, const sim_network *net)
{
    ts_jsonw_key(r->w, "location");
    ts_jsonw_object(r->w);
    ts_jsonw_kz(r->w, "city", net->city->name);
    ts_jsonw_kz(r->w, "state", "");
    ts_jsonw_kz(r->w, "countryOrRegion", net->city->country);
    ts_jsonw_key(r->w, "geoCoordinates");
    ts_jsonw_object(r->w);
    sim_write_milli(r->w, "latitude", net->city->latitude_milli);
    sim_write_milli(r->w, "longitude", net->city->longitude_milli);
    ts_jsonw_object_end(r->w);
    ts_jsonw_object_end(r->w);
}

static void write_risk(sim_record *r)
{
    static const char *const none[] = { "riskDetail", "riskLevelAggregated",
                                        "riskLevelDuringSignIn", "riskState" };

    for (size_t i = 0; i < TS_COUNT(none); i++)
        ts_jsonw_kz(r->w, none[i], "none");
    ts_jsonw_key(r->w, "riskEventTypes_v2");
    ts_jsonw_array(r->w);
    ts_jsonw_array_end(r->w);
}

/* Every sign-in is one into some application; the first of a day into the portal. */
static const char *application_of(const sim_record *r)
{
    return r->event->kind == SIM_SSO ? sim_sso_app_at(r->event->arg) : "My Apps";
}

static void write_tenant(sim_record *r, const char *key)
{
    write_id(r, key, r->company->seed, "tenant");
}

static void write_sign_in(sim_record *r)
{
    const char *application = application_of(r);
    char id[SIM_ID_SIZE];
    sim_network net;

    sim_record_network(r, &net);
    ts_jsonw_object(r->w);
    sim_record_id(r->company, r->event, id);
    ts_jsonw_kz(r->w, "id", id);
    write_time(r, "createdDateTime");
    ts_jsonw_kz(r->w, "userDisplayName", r->person->name);
    ts_jsonw_kz(r->w, "userPrincipalName", r->person->email);
    write_id(r, "userId", r->person->seed, "user");
    app_id(application, id);
    ts_jsonw_kz(r->w, "appId", id);
    ts_jsonw_kz(r->w, "appDisplayName", application);
    ts_jsonw_kz(r->w, "resourceDisplayName", application);
    ts_jsonw_kz(r->w, "resourceId", id);
    ts_jsonw_kz(r->w, "ipAddress", net.address);
    ts_jsonw_kz(r->w, "clientAppUsed", "Browser");
    ts_jsonw_kz(r->w, "userAgent", sim_record_user_agent(r));
    write_id(r, "correlationId", r->seed, "correlation");
    ts_jsonw_kz(r->w, "conditionalAccessStatus",
                r->event->kind == SIM_LOGIN_FAILURE ? "notApplied" : "success");
    ts_jsonw_kbool(r->w, "isInteractive", true);
    write_risk(r);
    write_status(r);
    write_device(r);
    write_location(r, &net);
    ts_jsonw_kz(r->w, "authenticationRequirement",
                has_two_factors(r) ? "multiFactorAuthentication" : "singleFactorAuthentication");
    ts_jsonw_kz(r->w, "userType", "member");
    ts_jsonw_ki64(r->w, "autonomousSystemNumber", net.asn);
    ts_jsonw_kz(r->w, "crossTenantAccessType", "none");
    write_tenant(r, "homeTenantId");
    write_tenant(r, "resourceTenantId");
    ts_jsonw_object_end(r->w);
}

/* ---- acts in the directory ---- */

/* How the directory's audit spells an act. */
typedef struct entra_row {
    const char *activity;
    const char *category;
    const char *operation;
    const char *service;
    void (*targets)(sim_record *r);
} entra_row;

/* A changed property; values are JSON in text. */
static void property(sim_record *r, const char *name, const char *old_value, const char *new_value)
{
    ts_jsonw_object(r->w);
    ts_jsonw_kz(r->w, "displayName", name);
    ts_jsonw_kz(r->w, "oldValue", old_value);
    ts_jsonw_kz(r->w, "newValue", new_value);
    ts_jsonw_object_end(r->w);
}

static void begin_target(sim_record *r, const char *id, const char *type, const char *name)
{
    ts_jsonw_object(r->w);
    ts_jsonw_kz(r->w, "id", id);
    ts_jsonw_kz(r->w, "displayName", name);
    ts_jsonw_kz(r->w, "type", type);
}

static void begin_properties(sim_record *r)
{
    ts_jsonw_key(r->w, "modifiedProperties");
    ts_jsonw_array(r->w);
}

static void end_target(sim_record *r)
{
    ts_jsonw_array_end(r->w);
    ts_jsonw_object_end(r->w);
}

static void begin_user(sim_record *r, uint64_t seed, const char *name, const char *email)
{
    char id[SIM_ID_SIZE];

    id_of(seed, "user", id);
    begin_target(r, id, "User", name);
    ts_jsonw_kz(r->w, "userPrincipalName", email);
    begin_properties(r);
}

static void target_self(sim_record *r)
{
    begin_user(r, r->person->seed, r->person->name, r->person->email);
    end_target(r);
}

static void target_colleague(sim_record *r)
{
    sim_person colleague;

    sim_record_target(r, &colleague);
    begin_user(r, colleague.seed, colleague.name, colleague.email);
    end_target(r);
}

static void target_renamed(sim_record *r)
{
    sim_person colleague;

    sim_record_target(r, &colleague);
    begin_user(r, colleague.seed, colleague.name, colleague.email);
    property(r, "Surname", "[\"Previous\"]", "[\"Current\"]");
    property(r, "Included Updated Properties", NULL, "\"Surname\"");
    end_target(r);
}

static void target_member(sim_record *r)
{
    const char *group = sim_record_group(r);
    char text[TEXT_SIZE];
    sim_person colleague;

    sim_record_target(r, &colleague);
    begin_user(r, colleague.seed, colleague.name, colleague.email);
    snprintf(text, sizeof(text), "\"%s\"", group);
    property(r, "Group.DisplayName", NULL, text);
    end_target(r);
}

static void target_group(sim_record *r)
{
    const char *group = sim_record_group(r);
    char id[SIM_ID_SIZE];

    id_of(r->company->seed, group, id);
    begin_target(r, id, "Group", group);
    begin_properties(r);
    end_target(r);
}

static void begin_rogue(sim_record *r)
{
    char email[SIM_EMAIL_SIZE];

    sim_rogue_email(r->company, r->event->arg, email);
    begin_user(r, sim_mix_text(r->company->seed, email), "Backup Service", email);
}

static void target_rogue(sim_record *r)
{
    begin_rogue(r);
    property(r, "AccountEnabled", "[]", "[true]");
    end_target(r);
}

static void target_global_admin(sim_record *r)
{
    begin_rogue(r);
    property(r, "Role.DisplayName", NULL, "\"Global Administrator\"");
    property(r, "Role.TemplateId", NULL, "\"62e90394-69f5-4237-9190-012177145e10\"");
    property(r, "Role.WellKnownObjectName", NULL, "\"TenantAdmins\"");
    end_target(r);
}

static void target_policy(sim_record *r)
{
    char id[SIM_ID_SIZE];

    id_of(r->company->seed, "policy", id);
    begin_target(r, id, "Policy", "Second factor for everybody");
    begin_properties(r);
    property(r, "ConditionalAccessPolicy",
             "{\"displayName\":\"Second factor for everybody\",\"state\":\"enabled\"}",
             "{\"displayName\":\"Second factor for everybody\",\"state\":\"disabled\"}");
    end_target(r);
}

static void target_credentials(sim_record *r)
{
    char id[SIM_ID_SIZE];

    id_of(r->company->seed, "backup", id);
    begin_target(r, id, "ServicePrincipal", "Backup connector");
    begin_properties(r);
    property(r, "KeyDescription", "[]",
             "[\"[KeyIdentifier=6f1d,KeyType=Password,KeyUsage=Verify,DisplayName=backup]\"]");
    end_target(r);
}

/* What a Google scope is called at Microsoft. */
static const char *scope_of(const char *google)
{
    static const char *const scopes[][2] = {
        { "userinfo.email", "email" },
        { "userinfo.profile", "profile" },
        { "drive.file", "Files.ReadWrite" },
        { "auth/drive", "Files.ReadWrite.All" },
        { "gmail.send", "Mail.Send" },
        { "mail.google.com", "Mail.ReadWrite" },
        { "calendar.readonly", "Calendars.Read" },
        { "calendar", "Calendars.ReadWrite" },
        { "contacts", "Contacts.Read" },
    };

    for (size_t i = 0; i < TS_COUNT(scopes); i++) {
        if (strstr(google, scopes[i][0]) != NULL)
            return scopes[i][1];
    }
    return "openid";
}

static const sim_app *app_of(const sim_record *r)
{
    return r->event->kind == SIM_TOKEN_BAD_AUTHORIZE ? sim_app_malicious()
                                                     : sim_app_at(r->event->arg);
}

static void target_app(sim_record *r)
{
    const sim_app *app = app_of(r);
    char text[SCOPES_SIZE + TEXT_SIZE];
    char scopes[SCOPES_SIZE] = "";
    char id[SIM_ID_SIZE], person[SIM_ID_SIZE];
    size_t n = 0;

    for (size_t i = 0; i < SIM_APP_SCOPES && app->scopes[i] != NULL; i++)
        n += (size_t)snprintf(scopes + n, sizeof(scopes) - n, "%s%s", i == 0 ? "" : " ",
                              scope_of(app->scopes[i]));
    id_of(r->company->seed, app->name, id);
    id_of(r->person->seed, "user", person);
    begin_target(r, id, "ServicePrincipal", app->name);
    begin_properties(r);
    property(r, "ConsentContext.IsAdminConsent", NULL, "\"False\"");
    property(r, "ConsentContext.OnBehalfOfAll", NULL, "\"False\"");
    snprintf(text, sizeof(text),
             "\"[] => [[Id: , ClientId: %s, PrincipalId: %s, ConsentType: Principal, Scope: %s, "
             "CreatedDateTime: , LastModifiedDateTime ]]; \"",
             id, person, scopes);
    property(r, "ConsentAction.Permissions", NULL, text);
    end_target(r);
}

static const entra_row rows[SIM_KINDS] = {
    [SIM_PASSWORD_EDIT] = { "Change user password", "UserManagement", "Update", "Core Directory",
                            target_self },
    [SIM_2SV_DISABLE] = { "User deleted security info", "UserManagement", "Delete",
                          "Authentication Methods", target_self },
    [SIM_TOKEN_AUTHORIZE] = { "Consent to application", "ApplicationManagement", "Assign",
                              "Core Directory", target_app },
    [SIM_TOKEN_BAD_AUTHORIZE] = { "Consent to application", "ApplicationManagement", "Assign",
                                  "Core Directory", target_app },
    [SIM_ADMIN_ADD_GROUP_MEMBER] = { "Add member to group", "GroupManagement", "Assign",
                                     "Core Directory", target_member },
    [SIM_ADMIN_ASSIGN_LICENSE] = { "Change user license", "UserManagement", "Update",
                                   "Core Directory", target_colleague },
    [SIM_ADMIN_CHANGE_NAME] = { "Update user", "UserManagement", "Update", "Core Directory",
                                target_renamed },
    [SIM_ADMIN_CREATE_GROUP] = { "Add group", "GroupManagement", "Add", "Core Directory",
                                 target_group },
    [SIM_ADMIN_CREATE_ROGUE_USER] = { "Add user", "UserManagement", "Add", "Core Directory",
                                      target_rogue },
    [SIM_ADMIN_GRANT_PRIVILEGE] = { "Add member to role", "RoleManagement", "Assign",
                                    "Core Directory", target_global_admin },
    [SIM_ADMIN_STRONG_AUTH_OFF] = { "Update conditional access policy", "Policy", "Update",
                                    "Conditional Access", target_policy },
    [SIM_ADMIN_AUTHORIZE_CLIENT] = { "Add service principal credentials", "ApplicationManagement",
                                     "Update", "Core Directory", target_credentials },
};

static void write_initiator(sim_record *r)
{
    sim_network net;

    sim_record_network(r, &net);
    ts_jsonw_key(r->w, "initiatedBy");
    ts_jsonw_object(r->w);
    ts_jsonw_kz(r->w, "app", NULL);
    ts_jsonw_key(r->w, "user");
    ts_jsonw_object(r->w);
    write_id(r, "id", r->person->seed, "user");
    ts_jsonw_kz(r->w, "displayName", NULL);
    ts_jsonw_kz(r->w, "userPrincipalName", r->person->email);
    ts_jsonw_kz(r->w, "ipAddress", net.address);
    ts_jsonw_object_end(r->w);
    ts_jsonw_object_end(r->w);
}

static void detail(sim_record *r, const char *key, const char *value)
{
    ts_jsonw_object(r->w);
    ts_jsonw_kz(r->w, "key", key);
    ts_jsonw_kz(r->w, "value", value);
    ts_jsonw_object_end(r->w);
}

static void write_details(sim_record *r)
{
    char id[SIM_ID_SIZE];

    ts_jsonw_key(r->w, "additionalDetails");
    ts_jsonw_array(r->w);
    detail(r, "User-Agent", sim_record_user_agent(r));
    if (rows[r->event->kind].targets == target_app) {
        app_id(app_of(r)->name, id);
        detail(r, "AppId", id);
    }
    ts_jsonw_array_end(r->w);
}

static void write_audit(sim_record *r, const entra_row *row)
{
    char id[SIM_ID_SIZE];

    sim_record_id(r->company, r->event, id);
    ts_jsonw_object(r->w);
    ts_jsonw_kz(r->w, "id", id);
    ts_jsonw_kz(r->w, "category", row->category);
    write_id(r, "correlationId", r->seed, "correlation");
    ts_jsonw_kz(r->w, "result", "success");
    ts_jsonw_kz(r->w, "resultReason", "");
    ts_jsonw_kz(r->w, "activityDisplayName", row->activity);
    write_time(r, "activityDateTime");
    ts_jsonw_kz(r->w, "loggedByService", row->service);
    ts_jsonw_kz(r->w, "operationType", row->operation);
    write_initiator(r);
    ts_jsonw_key(r->w, "targetResources");
    ts_jsonw_array(r->w);
    row->targets(r);
    ts_jsonw_array_end(r->w);
    write_details(r);
    ts_jsonw_object_end(r->w);
}

void sim_entra_write(sim_record *r)
{
    const entra_row *row = &rows[r->event->kind];

    if (row->activity == NULL)
        write_sign_in(r);
    else
        write_audit(r, row);
}
