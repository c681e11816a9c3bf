/* Sign-ins.
 *
 * Every sign-in to Entra is one to some application: the record counts once, as a sign-in to the workspace, and says in
 * `application_name` and `client_id` which application it was; that is also how the use of an AI tool shows. No list of
 * Microsoft's own applications is needed for it, and Copilot is found as any other tool.
 *
 * Only what people do by hand is a sign-in (kind sign_in). What runs without them (tokens renewed, service principals, managed
 * identities) is kept for rules, and so are those of guests: they prove who they are in their own organization, whose domain is
 * none of ours. */
#include "normalize/clean.h"
#include "normalize/entra_form.h"

#define NOBODY "00000000-0000-0000-0000-000000000000"

/* Errors that only say what comes next: another factor, a device's proof, a question to the user, a consent, a token to be renewed.
 * Nobody was turned away. learn.microsoft.com/entra/identity-platform/reference-error-codes */
static const int32_t interrupts[] = {
    16000,  /* choose an account */
    16001,  /* choose again */
    16002,  /* no session as asked for */
    50055,  /* the password was right but has expired */
    50058,  /* silent sign-in without a session */
    50072,  /* must register a second factor */
    50074,  /* second factor needed */
    50076,  /* second factor needed */
    50078,  /* second factor is too old */
    50079,  /* must register a second factor */
    50085,  /* token needs a new sign-in */
    50089,  /* flow token expired */
    50097,  /* device must prove itself */
    50125,  /* must set up or reset the password */
    50127,  /* needs a broker app */
    50129,  /* device must be joined */
    50132,  /* session ended with the password's change */
    50133,  /* session ended with the password's change */
    50140,  /* "keep me signed in" */
    50144,  /* the password on premises has expired */
    50158,  /* challenge of another provider */
    50168,  /* the browser can be asked for a token */
    50173,  /* token was revoked: sign in again */
    50199,  /* confirm the app */
    51006,  /* sign in again with Windows */
    52004,  /* no consent yet */
    65001,  /* no consent yet */
    65004,  /* the user declined the app */
    70008,  /* token expired */
    70016,  /* device code: not yet entered */
    70043,  /* sign-in frequency */
    70044,  /* sign-in frequency */
    81010,  /* seamless sign-on did not work: password next */
    81012,  /* seamless sign-on of somebody else */
    81014,  /* seamless sign-on did not work: password next */
    90094,  /* an administrator must consent */
    90095,  /* an administrator is asked to consent */
    700082, /* token expired */
    700084, /* token expired */
};

typedef enum result { RESULT_UNKNOWN, RESULT_SUCCESS, RESULT_INTERRUPTED, RESULT_FAILURE } result;

static ts_str code_of(const entra_form *f)
{
    ts_str code = entra_text(f, "status.errorCode");

    return code.n > 0 ? code : entra_text(f, "resultType");
}

static result result_of(ts_str code)
{
    int64_t n;

    if (ts_parse_i64(code, &n) != TS_OK) {
        if (ts_str_ieq(code, TS_STR_LIT("success")))
            return RESULT_SUCCESS;
        return ts_str_ieq(code, TS_STR_LIT("failure")) ? RESULT_FAILURE : RESULT_UNKNOWN;
    }
    for (size_t i = 0; i < TS_COUNT(interrupts); i++) {
        if (interrupts[i] == n)
            return RESULT_INTERRUPTED;
    }
    return n == 0 ? RESULT_SUCCESS : RESULT_FAILURE;
}

/* By the record itself, where no diagnostic category says it. */
static const char *category_of(const entra_form *f)
{
    static const char *const types[][2] = {
        { "interactiveUser", "SignInLogs" },
        { "nonInteractiveUser", "NonInteractiveUserSignInLogs" },
        { "servicePrincipal", "ServicePrincipalSignInLogs" },
        { "managedIdentity", "ManagedIdentitySignInLogs" },
    };
    ts_json list;

    if (entra_get(f->body, "signInEventTypes", &list) && ts_json_type_of(list) == TS_JSON_ARRAY) {
        for (ts_json_iter it = ts_json_iter_of(list); ts_json_next(&it);) {
            for (size_t i = 0; i < TS_COUNT(types); i++) {
                if (ts_str_ieq(ts_json_str(it.value), ts_str_of(types[i][0])))
                    return types[i][1];
            }
        }
    }
    if (entra_text(f, "userPrincipalName").n == 0 && entra_text(f, "servicePrincipalId").n > 0)
        return "ServicePrincipalSignInLogs";
    return ts_str_ieq(entra_text(f, "isInteractive"), TS_STR_LIT("false"))
               ? "NonInteractiveUserSignInLogs"
               : "SignInLogs";
}

static bool is_of_people(const char *category)
{
    return strstr(category, "Principal") == NULL && strstr(category, "Managed") == NULL;
}

/* Somebody of another organization. Where both tenants are told they decide: to the other one, one's own people are guests. */
static bool is_guest(const entra_form *f)
{
    ts_str home = entra_text(f, "homeTenantId");
    ts_str tenant = entra_text(f, "tenantId");

    if (home.n > 0 && tenant.n > 0)
        return !ts_str_ieq(home, tenant);
    return ts_str_ieq(entra_text(f, "userType"), TS_STR_LIT("guest"));
}

static ts_status set_actor(const entra_form *f, risk_record *rec, const char *category,
                           ts_error *err)
{
    Ts__Risk__Event *e = rec->event;
    ts_str id = entra_text(f, is_of_people(category) ? "userId" : "servicePrincipalId");
    ts_str name = is_of_people(category) ? entra_text(f, "userPrincipalName") : TS_STR_NULL;

    if (ts_str_is(id, NOBODY))
        id = TS_STR_NULL;
    e->actor_email = risk_clean_email(f->in->arena, name);
    e->actor_id = risk_clean_z(f->in->arena, id, 128);
    if (e->actor_email == NULL || e->actor_id == NULL)
        return TS_NOMEM;
    e->user_email = e->actor_email;
    if (is_of_people(category) && name.n == 0 && id.n == 0)
        return ts_fail(err, TS_INVALID, "userPrincipalName",
                       "userPrincipalName is missing: userPrincipalName or userId is needed");
    return TS_OK;
}

/* Names that SigmaHQ's rules use beside Microsoft's, and ours. */
static ts_status add_names(const entra_form *f, risk_record *rec, ts_str code, result was)
{
    static const char *const words[] = {
        [RESULT_UNKNOWN] = "",
        [RESULT_SUCCESS] = "Success",
        [RESULT_INTERRUPTED] = "Interrupted",
        [RESULT_FAILURE] = "Failure",
    };
    ts_str protocol = entra_text(f, "authenticationProtocol");
    ts_str reason = entra_text(f, "status.failureReason");
    ts_str text = entra_text(f, "resultDescription");
    struct {
        const char *name;
        ts_str value;
    } fields[] = {
        { "client_id", entra_text(f, "appId") },
        { "application_name", entra_text(f, "appDisplayName") },
        { "Status", ts_str_of(words[was]) },
        { "Status", entra_text(f, "status.additionalDetails") },
        { "ResultType", code },
        { "ResultDescription", text.n > 0 ? text : reason },
        { "operationName", f->is_diagnostic ? TS_STR_NULL : ts_str_of(rec->event->action) },
        { "properties.message", ts_str_is(protocol, "deviceCode") ? TS_STR_LIT("Device Code")
                                : ts_str_is(protocol, "ropc")     ? TS_STR_LIT("ROPC")
                                                                  : TS_STR_NULL },
    };
    ts_status st = TS_OK;

    for (size_t i = 0; i < TS_COUNT(fields) && st == TS_OK; i++)
        st = entra_field(f, rec, fields[i].name, fields[i].value);
    return st;
}

ts_status entra_signin(const entra_form *f, const char *category, ts_error *err)
{
    ts_str code = code_of(f);
    ts_str id = entra_text_in(f->in, f->body, "id");
    ts_str ip = entra_text(f, "ipAddress");
    result was = result_of(code);
    risk_record *rec = NULL;
    const char *own_id = "";
    ts_status st = entra_begin(f, "createdDateTime", "time", &rec, err);

    if (st != TS_OK)
        return st;
    if (category == NULL)
        category = category_of(f);
    rec->event->app = (char *)(uintptr_t) "signin";
    st = entra_describe(f, rec, TS_STR_LIT("Sign-in activity"), ts_str_of(category),
                        ip.n > 0 ? ip : entra_text(f, "callerIpAddress"),
                        entra_text(f, "userAgent"));
    if (st == TS_OK)
        st = set_actor(f, rec, category, err);
    if (st != TS_OK)
        return st;
    rec->event->outcome = (char *)(uintptr_t)(was == RESULT_SUCCESS   ? "success"
                                              : was == RESULT_FAILURE ? "failure"
                                                                      : "");
    if (strcmp(category, "SignInLogs") == 0 && !is_guest(f))
        rec->kind = RISK_KIND_SIGN_IN;
    /* A record is written again when its sign-in has gone on: another result is another event. */
    if (id.n > 0)
        own_id = ts_arena_printf(f->in->arena, "%.*s/%.*s", (int)id.n, id.p, (int)code.n, code.p);
    if (own_id == NULL)
        return TS_NOMEM;
    st = add_names(f, rec, code, was);
    if (st == TS_OK)
        st = entra_common(f, rec, own_id);
    return st == TS_OK ? entra_members(f, rec) : st;
}
