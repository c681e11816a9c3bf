#include "okta.h"

#include "apps.h"
#include "prng.h"
#include "ts/time.h"

#define OKTA_ID_SIZE 21 /* "00u" and 17 letters or digits */
#define TEXT_SIZE    128

/* How the System Log spells an event. */
typedef struct okta_row {
    const char *type;
    const char *legacy;
    const char *message;
    void (*targets)(sim_record *r); /* NULL: null */
    void (*debug)(sim_record *r); /* members of debugData beside those of every event; NULL: none */
} okta_row;

/* ---- ids ---- */

static void okta_id(uint64_t seed, const char *prefix, char ret[OKTA_ID_SIZE])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    sim_rng rng = sim_rng_of(sim_mix_text(seed, prefix));
    const size_t n = strlen(prefix);

    memcpy(ret, prefix, n);
    for (size_t i = n; i < OKTA_ID_SIZE - 1; i++)
        ret[i] = letters[sim_rng_below(&rng, sizeof(letters) - 1)];
    ret[OKTA_ID_SIZE - 1] = '\0';
}

/* ---- targets ---- */

static void target(sim_record *r, const char *id, const char *type, const char *alternate,
                   const char *name)
{
    ts_jsonw_object(r->w);
    ts_jsonw_kz(r->w, "id", id);
    ts_jsonw_kz(r->w, "type", type);
    ts_jsonw_kz(r->w, "alternateId", alternate);
    ts_jsonw_kz(r->w, "displayName", name);
    ts_jsonw_kz(r->w, "detailEntry", NULL);
    ts_jsonw_object_end(r->w);
}

static void target_person(sim_record *r, const sim_person *person)
{
    char id[OKTA_ID_SIZE];

    okta_id(person->seed, "00u", id);
    target(r, id, "User", person->email, person->name);
}

static void target_self(sim_record *r)
{
    target_person(r, r->person);
}

static void target_colleague(sim_record *r)
{
    sim_person colleague;

    sim_record_target(r, &colleague);
    target_person(r, &colleague);
}

static void target_group(sim_record *r)
{
    const char *group = sim_record_group(r);
    char id[OKTA_ID_SIZE];

    okta_id(sim_mix_text(r->company->seed, group), "00g", id);
    target(r, id, "UserGroup", "unknown", group);
}

static void targets_membership(sim_record *r)
{
    target_colleague(r);
    target_group(r);
}

static void target_app(sim_record *r, const char *name)
{
    char id[OKTA_ID_SIZE];

    okta_id(sim_mix_text(r->company->seed, name), "0oa", id);
    target(r, id, "AppInstance", name, name);
}

static void targets_sso(sim_record *r)
{
    char id[OKTA_ID_SIZE];

    target_app(r, sim_sso_app_at(r->event->arg));
    okta_id(sim_mix2(r->person->seed, r->event->arg), "0ua", id);
    target(r, id, "AppUser", r->person->email, r->person->name);
}

static void targets_licence(sim_record *r)
{
    target_colleague(r);
    target_app(r, sim_sso_app_at(1));
}

static void target_rogue(sim_record *r)
{
    char email[SIM_EMAIL_SIZE];
    char id[OKTA_ID_SIZE];

    sim_rogue_email(r->company, r->event->arg, email);
    okta_id(sim_mix_text(r->company->seed, email), "00u", id);
    target(r, id, "User", email, "Backup Service");
}

static void target_policy(sim_record *r)
{
    char id[OKTA_ID_SIZE];

    okta_id(r->company->seed, "0pr", id);
    target(r, id, "PolicyRule", "unknown", "Second factor for everybody");
}

static void target_token(sim_record *r)
{
    char id[OKTA_ID_SIZE];

    okta_id(r->seed, "00T", id);
    target(r, id, "Token", "unknown", "backup");
}

/* ---- debugData ---- */

static void debug_sign_in(sim_record *r)
{
    const bool away = r->event->where == SIM_AWAY;

    ts_jsonw_kz(r->w, "behaviors",
                away ? "{New Geo-Location=POSITIVE, New Device=POSITIVE, New IP=POSITIVE, "
                       "New State=POSITIVE, New Country=POSITIVE, Velocity=POSITIVE}"
                     : "{New Geo-Location=NEGATIVE, New Device=NEGATIVE, New IP=NEGATIVE, "
                       "New State=NEGATIVE, New Country=NEGATIVE, Velocity=NEGATIVE}");
    ts_jsonw_kz(r->w, "risk", away ? "{reasons=Anomalous Location, level=HIGH}" : "{level=LOW}");
    ts_jsonw_kz(r->w, "threatSuspected", "false");
}

static void debug_factor(sim_record *r)
{
    ts_jsonw_kz(r->w, "factor", "OKTA_VERIFY_PUSH");
}

static void debug_privilege(sim_record *r)
{
    ts_jsonw_kz(r->w, "privilegeGranted", "Super administrator");
}

/* ---- the table ---- */

static const okta_row rows[SIM_KINDS] = {
    [SIM_LOGIN_SUCCESS] = { "user.session.start", "core.user_auth.login_success",
                            "User login to Okta", NULL, debug_sign_in },
    [SIM_LOGIN_FAILURE] = { "user.session.start", "core.user_auth.login_failed",
                            "User login to Okta", NULL, debug_sign_in },
    [SIM_LOGIN_REAUTH] = { "user.authentication.verify", NULL, "Verify user identity", target_self,
                           NULL },
    [SIM_LOGOUT] = { "user.session.end", "core.user_auth.logout_success", "User logout from Okta",
                     NULL, NULL },
    [SIM_SSO] = { "user.authentication.sso", "app.auth.sso", "User single sign on to app",
                  targets_sso, NULL },
    [SIM_PASSWORD_EDIT] = { "user.account.update_password",
                            "core.user.config.password_update.success",
                            "User update password for Okta", target_self, NULL },
    [SIM_2SV_DISABLE] = { "user.mfa.factor.deactivate", NULL, "Reset factor for user", target_self,
                          debug_factor },
    [SIM_ADMIN_ADD_GROUP_MEMBER] = { "group.user_membership.add", "core.user_group_member.user_add",
                                     "Add user to group membership", targets_membership, NULL },
    [SIM_ADMIN_ASSIGN_LICENSE] = { "application.user_membership.add",
                                   "app.generic.provision.assign_user_to_app",
                                   "Add user to application membership", targets_licence, NULL },
    [SIM_ADMIN_CHANGE_NAME] = { "user.account.update_profile", NULL, "Update user profile for Okta",
                                target_colleague, NULL },
    [SIM_ADMIN_CREATE_GROUP] = { "group.lifecycle.create", NULL, "Create Okta group", target_group,
                                 NULL },
    [SIM_ADMIN_CREATE_ROGUE_USER] = { "user.lifecycle.create",
                                      "core.user.config.user_creation.success", "Create okta user",
                                      target_rogue, NULL },
    [SIM_ADMIN_GRANT_PRIVILEGE] = { "user.account.privilege.grant",
                                    "core.user.admin_privilege.granted", "Grant user privilege",
                                    target_rogue, debug_privilege },
    [SIM_ADMIN_STRONG_AUTH_OFF] = { "policy.rule.deactivate", NULL, "Deactivate policy rule",
                                    target_policy, NULL },
    [SIM_ADMIN_AUTHORIZE_CLIENT] = { "system.api_token.create", "api.token.create",
                                     "Create API token", target_token, NULL },
};

/* ---- the envelope ---- */

static void write_actor(sim_record *r)
{
    char id[OKTA_ID_SIZE];

    okta_id(r->person->seed, "00u", id);
    ts_jsonw_key(r->w, "actor");
    target(r, id, "User", r->person->email, r->person->name);
}

static void write_place(sim_record *r, const sim_network *net)
{
    ts_jsonw_key(r->w, "geographicalContext");
    ts_jsonw_object(r->w);
    ts_jsonw_kz(r->w, "city", net->city->name);
    ts_jsonw_kz(r->w, "state", NULL);
    ts_jsonw_kz(r->w, "country", sim_country_name(net->city->country));
    ts_jsonw_kz(r->w, "postalCode", NULL);
    ts_jsonw_key(r->w, "geolocation");
    ts_jsonw_object(r->w);
    sim_write_milli(r->w, "lat", net->city->latitude_milli);
    sim_write_milli(r->w, "lon", net->city->longitude_milli);
    ts_jsonw_object_end(r->w);
    ts_jsonw_object_end(r->w);
}

static void write_client(sim_record *r, const sim_network *net)
{
    const char *agent = sim_record_user_agent(r);
    const char *os = strstr(agent, "Windows") != NULL ? "Windows 10"
                     : strstr(agent, "Linux") != NULL ? "Linux"
                                                      : "Mac OS X";

    ts_jsonw_key(r->w, "client");
    ts_jsonw_object(r->w);
    ts_jsonw_key(r->w, "userAgent");
    ts_jsonw_object(r->w);
    ts_jsonw_kz(r->w, "rawUserAgent", agent);
    ts_jsonw_kz(r->w, "os", os);
    ts_jsonw_kz(r->w, "browser", strstr(agent, "Firefox") != NULL ? "FIREFOX" : "CHROME");
    ts_jsonw_object_end(r->w);
    ts_jsonw_kz(r->w, "zone", "null");
    ts_jsonw_kz(r->w, "device", "Computer");
    ts_jsonw_kz(r->w, "id", NULL);
    ts_jsonw_kz(r->w, "ipAddress", net->address);
    write_place(r, net);
    ts_jsonw_object_end(r->w);
}

static void write_outcome(sim_record *r)
{
    const bool failed = r->event->kind == SIM_LOGIN_FAILURE;

    ts_jsonw_key(r->w, "outcome");
    ts_jsonw_object(r->w);
    ts_jsonw_kz(r->w, "result", failed ? "FAILURE" : "SUCCESS");
    ts_jsonw_kz(r->w, "reason", failed ? "INVALID_CREDENTIALS" : NULL);
    ts_jsonw_object_end(r->w);
}

static void write_security(sim_record *r, const sim_network *net)
{
    ts_jsonw_key(r->w, "securityContext");
    ts_jsonw_object(r->w);
    ts_jsonw_ki64(r->w, "asNumber", net->asn);
    ts_jsonw_kz(r->w, "asOrg", "documentation network");
    ts_jsonw_kz(r->w, "isp", "documentation network");
    ts_jsonw_kz(r->w, "domain", ".");
    ts_jsonw_kbool(r->w, "isProxy", false);
    ts_jsonw_object_end(r->w);
}

/* Each place has a session a day; who signs out ends it. */
static void write_authentication(sim_record *r)
{
    const uint64_t session =
        sim_mix3(r->person->seed, (uint64_t)ts_time_day(r->event->time_ms), r->event->where);
    char id[SIM_ID_SIZE];

    snprintf(id, sizeof(id), "102%016llx", (unsigned long long)session);
    ts_jsonw_key(r->w, "authenticationContext");
    ts_jsonw_object(r->w);
    ts_jsonw_kz(r->w, "authenticationProvider", NULL);
    ts_jsonw_kz(r->w, "credentialProvider", NULL);
    ts_jsonw_kz(r->w, "credentialType", NULL);
    ts_jsonw_kz(r->w, "issuer", NULL);
    ts_jsonw_kz(r->w, "interface", NULL);
    ts_jsonw_ki64(r->w, "authenticationStep", 0);
    ts_jsonw_kz(r->w, "externalSessionId", id);
    ts_jsonw_object_end(r->w);
}

static void write_debug(sim_record *r, const okta_row *row)
{
    char id[TEXT_SIZE];

    ts_jsonw_key(r->w, "debugContext");
    ts_jsonw_object(r->w);
    ts_jsonw_key(r->w, "debugData");
    ts_jsonw_object(r->w);
    sim_uuid(sim_mix_text(r->seed, "request"), id);
    ts_jsonw_kz(r->w, "requestId", id);
    snprintf(id, sizeof(id), "%016llx%016llx",
             (unsigned long long)sim_mix3(r->person->seed, r->event->where, 1),
             (unsigned long long)sim_mix3(r->person->seed, r->event->where, 2));
    ts_jsonw_kz(r->w, "dtHash", id);
    if (row->debug != NULL)
        row->debug(r);
    ts_jsonw_object_end(r->w);
    ts_jsonw_object_end(r->w);
}

static void write_request(sim_record *r, const sim_network *net)
{
    ts_jsonw_key(r->w, "request");
    ts_jsonw_object(r->w);
    ts_jsonw_key(r->w, "ipChain");
    ts_jsonw_array(r->w);
    ts_jsonw_object(r->w);
    ts_jsonw_kz(r->w, "ip", net->address);
    write_place(r, net);
    ts_jsonw_kz(r->w, "version", strchr(net->address, ':') != NULL ? "V6" : "V4");
    ts_jsonw_kz(r->w, "source", NULL);
    ts_jsonw_object_end(r->w);
    ts_jsonw_array_end(r->w);
    ts_jsonw_object_end(r->w);
}

static void write_transaction(sim_record *r)
{
    char id[SIM_ID_SIZE];

    sim_uuid(sim_mix_text(r->seed, "transaction"), id);
    ts_jsonw_key(r->w, "transaction");
    ts_jsonw_object(r->w);
    ts_jsonw_kz(r->w, "type", "WEB");
    ts_jsonw_kz(r->w, "id", id);
    ts_jsonw_key(r->w, "detail");
    ts_jsonw_object(r->w);
    ts_jsonw_object_end(r->w);
    ts_jsonw_object_end(r->w);
}

static void write_targets(sim_record *r, const okta_row *row)
{
    ts_jsonw_key(r->w, "target");
    if (row->targets == NULL) {
        ts_jsonw_null(r->w);
        return;
    }
    ts_jsonw_array(r->w);
    row->targets(r);
    ts_jsonw_array_end(r->w);
}

void sim_okta_write(sim_record *r)
{
    const okta_row *row = &rows[r->event->kind];
    char time[TS_RFC3339_SIZE];
    char id[SIM_ID_SIZE];
    sim_network net;

    sim_record_network(r, &net);
    ts_time_format(r->event->time_ms, true, time);
    sim_record_id(r->company, r->event, id);
    ts_jsonw_object(r->w);
    write_actor(r);
    write_client(r, &net);
    ts_jsonw_kz(r->w, "device", NULL);
    write_authentication(r);
    ts_jsonw_kz(r->w, "displayMessage", row->message);
    ts_jsonw_kz(r->w, "eventType", row->type);
    write_outcome(r);
    ts_jsonw_kz(r->w, "published", time);
    write_security(r, &net);
    ts_jsonw_kz(r->w, "severity", r->event->kind == SIM_LOGIN_FAILURE ? "WARN" : "INFO");
    write_debug(r, row);
    ts_jsonw_kz(r->w, "legacyEventType", row->legacy);
    write_transaction(r);
    ts_jsonw_kz(r->w, "uuid", id);
    ts_jsonw_kz(r->w, "version", "0");
    write_request(r, &net);
    write_targets(r, row);
    ts_jsonw_object_end(r->w);
}
