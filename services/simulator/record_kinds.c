/* The inside of `events` for each kind: names, types and parameters as the Reports API spells them.
 */
#include "apps.h"
#include "prng.h"
#include "record.h"
#include "ts/time.h"

#define DOC_ID_CHARS 44u
#define TEXT_SIZE    128

typedef struct kind_row {
    const char *application;
    const char *type;
    const char *name;
    void (*parameters)(sim_record *r);
} kind_row;

/* ---- parameters ---- */

static void begin(sim_record *r, const char *name)
{
    ts_jsonw_object(r->w);
    ts_jsonw_kz(r->w, "name", name);
}

static void text(sim_record *r, const char *name, const char *value)
{
    begin(r, name);
    ts_jsonw_kz(r->w, "value", value);
    ts_jsonw_object_end(r->w);
}

static void flag(sim_record *r, const char *name, bool value)
{
    begin(r, name);
    ts_jsonw_kbool(r->w, "boolValue", value);
    ts_jsonw_object_end(r->w);
}

/* int64 values are strings in Google's JSON. */
static void number(sim_record *r, const char *name, uint64_t value)
{
    char digits[SIM_NUMBER_SIZE];

    snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);
    begin(r, name);
    ts_jsonw_kz(r->w, "intValue", digits);
    ts_jsonw_object_end(r->w);
}

static void many(sim_record *r, const char *name, const char *const *values, size_t count)
{
    begin(r, name);
    ts_jsonw_key(r->w, "multiValue");
    ts_jsonw_array(r->w);
    for (size_t i = 0; i < count && values[i] != NULL; i++)
        ts_jsonw_z(r->w, values[i]);
    ts_jsonw_array_end(r->w);
    ts_jsonw_object_end(r->w);
}

static sim_rng rng_of(const sim_record *r, const char *what)
{
    return sim_rng_of(sim_mix_text(r->seed, what));
}

/* ---- login, user_accounts ---- */

static void login_common(sim_record *r)
{
    static const char *const factors[] = { "google_prompt", "google_authenticator",
                                           "security_key" };
    const char *methods[] = { "password", NULL };

    /* Attackers came before the second factor, or with a stolen session: the record shows the
     * password alone. */
    if (r->person->mfa_enrolled && r->event->where != SIM_AWAY)
        methods[1] = factors[r->person->seed % TS_COUNT(factors)];
    many(r, "login_challenge_method", methods, TS_COUNT(methods));
}

static void login_success(sim_record *r)
{
    text(r, "login_type", "google_password");
    login_common(r);
    flag(r, "is_suspicious", false);
}

static void login_saml(sim_record *r)
{
    text(r, "login_type", "saml");
    flag(r, "is_suspicious", false);
}

static void login_reauth(sim_record *r)
{
    text(r, "login_type", "reauth");
    login_common(r);
    flag(r, "is_suspicious", false);
}

static void login_failure(sim_record *r)
{
    static const char *const password[] = { "password" };

    text(r, "login_type", "google_password");
    text(r, "login_failure_type", "login_failure_invalid_password");
    many(r, "login_challenge_method", password, 1);
}

static void logout(sim_record *r)
{
    text(r, "login_type", "google_password");
}

static void forward_outside(sim_record *r)
{
    char address[TEXT_SIZE];

    snprintf(address, sizeof(address), "archive.%u@inbox-drop.example",
             (unsigned)(r->person->seed % 9000) + 1000);
    text(r, "email_forwarding_destination_address", address);
}

/* ---- drive ---- */

typedef struct doc_type {
    const char *name;
    const char *application; /* originating_app_id */
} doc_type;

static void document(sim_record *r, const char *visibility, bool primary)
{
    static const doc_type types[] = { { "document", "691301496089" },
                                      { "spreadsheet", "1082361812033" },
                                      { "presentation", "211604355607" },
                                      { "pdf", "691301496089" } };
    static const char *const what[] = { "Roadmap",       "Budget",          "Forecast",
                                        "Customer list", "Onboarding plan", "Contract",
                                        "Meeting notes", "Design review",   "Hiring plan",
                                        "Price list",    "Incident report", "Quarterly review",
                                        "Board deck",    "Salary bands",    "Source inventory",
                                        "Campaign brief" };
    static const char *const when[] = { "Q1",    "Q2", "Q3",   "Q4",      "draft",
                                        "final", "v2", "EMEA", "internal" };
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    sim_rng rng = sim_rng_of(sim_mix3(r->company->seed, 0x646f63, r->event->arg));
    const doc_type *type = &types[sim_rng_below(&rng, (uint32_t)TS_COUNT(types))];
    const char *topic;
    char title[TEXT_SIZE];
    char id[DOC_ID_CHARS + 1];
    sim_person owner;

    /* All of it hangs on the document alone: it looks the same whoever opens it. */
    topic = what[sim_rng_below(&rng, (uint32_t)TS_COUNT(what))];
    snprintf(title, sizeof(title), "%s %s", topic,
             when[sim_rng_below(&rng, (uint32_t)TS_COUNT(when))]);
    for (size_t i = 0; i < DOC_ID_CHARS; i++)
        id[i] = letters[sim_rng_below(&rng, sizeof(letters) - 1)];
    id[0] = '1';
    id[DOC_ID_CHARS] = '\0';
    if (visibility == NULL)
        visibility =
            sim_rng_chance(&rng, 400) ? "people_within_domain_with_link" : "shared_internally";
    sim_person_get(r->company, SIM_DOC_OWNER(r->event->arg) % r->company->people, &owner);

    flag(r, "primary_event", primary);
    flag(r, "billable", true);
    flag(r, "owner_is_shared_drive", false);
    flag(r, "owner_is_team_drive", false);
    text(r, "owner", owner.email);
    text(r, "doc_id", id);
    text(r, "doc_type", type->name);
    text(r, "doc_title", title);
    text(r, "visibility", visibility);
    text(r, "originating_app_id", type->application);
    flag(r, "is_encrypted", false);
    flag(r, "actor_is_collaborator_account", false);
}

static void drive_plain(sim_record *r)
{
    document(r, NULL, true);
}

static void drive_create(sim_record *r)
{
    document(r, "private", true);
}

static void access_change(sim_record *r, const char *target, bool outside)
{
    static const char *const none[] = { "none" };
    static const char *const levels[] = { "can_view", "can_comment", "can_edit" };
    sim_rng rng = rng_of(r, "level");

    document(r, outside ? "shared_externally" : "shared_internally", true);
    text(r, "old_visibility", outside ? "shared_internally" : "private");
    text(r, "visibility_change", outside ? "external" : "none");
    text(r, "target_user", target);
    many(r, "old_value", none, 1);
    many(r, "new_value", &levels[sim_rng_below(&rng, (uint32_t)TS_COUNT(levels))], 1);
}

static void share_inside(sim_record *r)
{
    sim_rng rng = rng_of(r, "colleague");
    sim_person colleague;

    sim_person_get(r->company, sim_rng_below(&rng, r->company->people), &colleague);
    access_change(r, colleague.email, false);
}

static void share_outside(sim_record *r)
{
    static const char *const partners[] = { "anna@studio-partner.example",
                                            "contracts@north-legal.example",
                                            "pm@agency-one.example", "audit@ledger-check.example" };
    sim_rng rng = rng_of(r, "partner");

    access_change(r, partners[sim_rng_below(&rng, (uint32_t)TS_COUNT(partners))], true);
}

static void public_link(sim_record *r)
{
    static const char *const old_value[] = { "private" };
    static const char *const new_value[] = { "people_with_link" };

    document(r, "people_with_link", true);
    text(r, "old_visibility", "shared_internally");
    text(r, "visibility_change", "external");
    text(r, "target_domain", "all");
    many(r, "old_value", old_value, 1);
    many(r, "new_value", new_value, 1);
}

static void link_scope(sim_record *r)
{
    static const char *const old_value[] = { "none" };
    static const char *const new_value[] = { "can_view" };

    document(r, "people_with_link", false);
    text(r, "old_visibility", "shared_internally");
    text(r, "visibility_change", "external");
    text(r, "target_domain", "all");
    many(r, "old_value", old_value, 1);
    many(r, "new_value", new_value, 1);
}

/* ---- token, gemini ---- */

static void scope_data(sim_record *r, const sim_app *app)
{
    begin(r, "scope_data");
    ts_jsonw_key(r->w, "multiMessageValue");
    ts_jsonw_array(r->w);
    for (size_t i = 0; i < SIM_APP_SCOPES && app->scopes[i] != NULL; i++) {
        const char *bucket[] = { sim_scope_bucket(app->scopes[i]) };

        ts_jsonw_object(r->w);
        ts_jsonw_key(r->w, "parameter");
        ts_jsonw_array(r->w);
        text(r, "scope_name", app->scopes[i]);
        many(r, "product_bucket", bucket, 1);
        ts_jsonw_array_end(r->w);
        ts_jsonw_object_end(r->w);
    }
    ts_jsonw_array_end(r->w);
    ts_jsonw_object_end(r->w);
}

static void app_identity(sim_record *r, const sim_app *app)
{
    char client_id[SIM_CLIENT_ID_SIZE];

    sim_app_client_id(app, client_id);
    text(r, "client_id", client_id);
    text(r, "app_name", app->name);
    text(r, "client_type", app->client_type);
}

static void grant(sim_record *r, const sim_app *app)
{
    app_identity(r, app);
    many(r, "scope", app->scopes, SIM_APP_SCOPES);
    scope_data(r, app);
}

static void call(sim_record *r, const sim_app *app, uint32_t low_bytes, uint32_t high_bytes)
{
    sim_rng rng = rng_of(r, "bytes");

    app_identity(r, app);
    text(r, "api_name", app->api_name);
    text(r, "method_name", app->method_name);
    number(r, "num_response_bytes", (uint64_t)sim_rng_between(&rng, low_bytes, high_bytes));
    text(r, "product_bucket", app->product_bucket);
}

static void token_authorize(sim_record *r)
{
    grant(r, sim_app_at(r->event->arg));
}

static void token_activity(sim_record *r)
{
    call(r, sim_app_at(r->event->arg), 600, 90000);
}

static void bad_authorize(sim_record *r)
{
    grant(r, sim_app_malicious());
}

static void bad_activity(sim_record *r)
{
    call(r, sim_app_malicious(), 2000000, 60000000);
}

static void gemini(sim_record *r)
{
    const sim_gemini_use *use = sim_gemini_at(r->event->arg);

    text(r, "app_name", use->app_name);
    text(r, "action", use->action);
    text(r, "event_category", use->event_category);
    text(r, "feature_source", use->feature_source);
}

/* ---- mobile ---- */

static void device_sync(sim_record *r)
{
    static const char *const models[][2] = { { "MacBook Pro", "macOS 14.5" },
                                             { "ThinkPad X1", "Windows 11" },
                                             { "Latitude 7440", "Windows 11" },
                                             { "Pixelbook", "ChromeOS 126" } };
    const size_t model = r->person->seed % TS_COUNT(models);
    char id[TEXT_SIZE];

    snprintf(id, sizeof(id), "%016llx",
             (unsigned long long)sim_mix2(r->person->seed, 0x646576696365));
    text(r, "USER_EMAIL", r->person->email);
    text(r, "DEVICE_ID", id);
    text(r, "DEVICE_MODEL", models[model][0]);
    text(r, "DEVICE_TYPE", "DESKTOP");
    text(r, "OS_VERSION", models[model][1]);
}

/* ---- admin ---- */

static void target_person(sim_record *r)
{
    sim_person target;

    sim_record_target(r, &target);
    text(r, "USER_EMAIL", target.email);
}

static void group_email(sim_record *r)
{
    char email[SIM_EMAIL_SIZE];

    snprintf(email, sizeof(email), "%s@%s", sim_record_group(r), r->company->domain);
    text(r, "GROUP_EMAIL", email);
}

static void add_member(sim_record *r)
{
    group_email(r);
    target_person(r);
}

static void assign_license(sim_record *r)
{
    target_person(r);
    text(r, "PRODUCT_NAME", "Google Workspace");
    text(r, "OLD_VALUE", "none");
    text(r, "NEW_VALUE", "Google Workspace Business Plus");
}

static void change_name(sim_record *r)
{
    target_person(r);
    text(r, "OLD_VALUE", "Previous");
    text(r, "NEW_VALUE", "Current");
}

static void rogue_target(sim_record *r)
{
    char email[SIM_EMAIL_SIZE];

    sim_rogue_email(r->company, r->event->arg, email);
    text(r, "USER_EMAIL", email);
}

static void assign_role(sim_record *r)
{
    rogue_target(r);
    text(r, "ROLE_NAME", "_SEED_ADMIN_ROLE");
    text(r, "ROLE_ID", "13801188331880449");
    text(r, "ORG_UNIT_NAME", "/");
}

static void strong_auth_off(sim_record *r)
{
    text(r, "DOMAIN_NAME", r->company->domain);
    text(r, "ORG_UNIT_NAME", "/");
    text(r, "OLD_VALUE", "true");
    text(r, "NEW_VALUE", "false");
}

static void authorize_client(sim_record *r)
{
    static const char *const scopes[] = { "https://mail.google.com/",
                                          "https://www.googleapis.com/auth/drive",
                                          "https://www.googleapis.com/auth/admin.directory.user" };

    text(r, "DOMAIN_NAME", r->company->domain);
    text(r, "API_CLIENT_NAME", "104729385610284756391");
    many(r, "API_SCOPES", scopes, TS_COUNT(scopes));
}

/* ---- the table ---- */

static const kind_row rows[SIM_KINDS] = {
    [SIM_LOGIN_SUCCESS] = { "login", "login", "login_success", login_success },
    [SIM_LOGIN_SAML] = { "login", "login", "login_success", login_saml },
    [SIM_LOGIN_REAUTH] = { "login", "login", "login_success", login_reauth },
    [SIM_LOGIN_FAILURE] = { "login", "login", "login_failure", login_failure },
    [SIM_LOGOUT] = { "login", "login", "logout", logout },
    [SIM_DRIVE_VIEW] = { "drive", "access", "view", drive_plain },
    [SIM_DRIVE_EDIT] = { "drive", "access", "edit", drive_plain },
    [SIM_DRIVE_CREATE] = { "drive", "access", "create", drive_create },
    [SIM_DRIVE_UPLOAD] = { "drive", "access", "upload", drive_create },
    [SIM_DRIVE_DOWNLOAD] = { "drive", "access", "download", drive_plain },
    [SIM_DRIVE_RENAME] = { "drive", "access", "rename", drive_plain },
    [SIM_DRIVE_TRASH] = { "drive", "access", "trash", drive_plain },
    [SIM_DRIVE_SHARE_INSIDE] = { "drive", "acl_change", "change_user_access", share_inside },
    [SIM_DRIVE_SHARE_OUTSIDE] = { "drive", "acl_change", "change_user_access", share_outside },
    [SIM_DRIVE_PUBLIC_LINK] = { "drive", "acl_change", "change_document_visibility", public_link },
    [SIM_TOKEN_AUTHORIZE] = { "token", "auth", "authorize", token_authorize },
    [SIM_TOKEN_ACTIVITY] = { "token", "auth", "activity", token_activity },
    [SIM_TOKEN_BAD_AUTHORIZE] = { "token", "auth", "authorize", bad_authorize },
    [SIM_TOKEN_BAD_ACTIVITY] = { "token", "auth", "activity", bad_activity },
    [SIM_GEMINI_USE] = { "gemini_in_workspace_apps", "ai_usage_event", "feature_utilization",
                         gemini },
    [SIM_DEVICE_SYNC] = { "mobile", "device_updates", "DEVICE_SYNC_EVENT", device_sync },
    [SIM_PASSWORD_EDIT] = { "user_accounts", "password_change", "password_edit", NULL },
    [SIM_2SV_DISABLE] = { "user_accounts", "2sv_change", "2sv_disable", NULL },
    [SIM_FORWARD_OUTSIDE] = { "user_accounts", "email_forwarding_change",
                              "email_forwarding_out_of_domain", forward_outside },
    [SIM_ADMIN_ADD_GROUP_MEMBER] = { "admin", "GROUP_SETTINGS", "ADD_GROUP_MEMBER", add_member },
    [SIM_ADMIN_ASSIGN_LICENSE] = { "admin", "LICENSES_SETTINGS", "USER_LICENSE_ASSIGNMENT",
                                   assign_license },
    [SIM_ADMIN_CHANGE_NAME] = { "admin", "USER_SETTINGS", "CHANGE_LAST_NAME", change_name },
    [SIM_ADMIN_CREATE_GROUP] = { "admin", "GROUP_SETTINGS", "CREATE_GROUP", group_email },
    [SIM_ADMIN_CREATE_ROGUE_USER] = { "admin", "USER_SETTINGS", "CREATE_USER", rogue_target },
    [SIM_ADMIN_GRANT_PRIVILEGE] = { "admin", "USER_SETTINGS", "GRANT_ADMIN_PRIVILEGE",
                                    rogue_target },
    [SIM_ADMIN_ASSIGN_ROLE] = { "admin", "DELEGATED_ADMIN_SETTINGS", "ASSIGN_ROLE", assign_role },
    [SIM_ADMIN_STRONG_AUTH_OFF] = { "admin", "SECURITY_SETTINGS", "ENFORCE_STRONG_AUTHENTICATION",
                                    strong_auth_off },
    [SIM_ADMIN_AUTHORIZE_CLIENT] = { "admin", "DOMAIN_SETTINGS", "AUTHORIZE_API_CLIENT_ACCESS",
                                     authorize_client },
};

const char *sim_kind_application(sim_kind kind)
{
    return rows[kind].application;
}

static void write_event(sim_record *r, const char *type, const char *name,
                        void (*parameters)(sim_record *r))
{
    ts_jsonw_object(r->w);
    ts_jsonw_kz(r->w, "type", type);
    ts_jsonw_kz(r->w, "name", name);
    if (parameters != NULL) {
        ts_jsonw_key(r->w, "parameters");
        ts_jsonw_array(r->w);
        parameters(r);
        ts_jsonw_array_end(r->w);
    }
    ts_jsonw_object_end(r->w);
}

void sim_kind_write(sim_record *r)
{
    const kind_row *row = &rows[r->event->kind];

    write_event(r, row->type, row->name, row->parameters);
    /* Google tells a new public link in two events of one activity; only the first is the primary
     * one. */
    if (r->event->kind == SIM_DRIVE_PUBLIC_LINK)
        write_event(r, "acl_change", "change_document_access_scope", link_scope);
}
