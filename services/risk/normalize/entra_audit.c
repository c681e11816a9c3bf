/* Acts in the directory.
 *
 * What was changed (modifiedProperties) is laid out as new.<property> and old.<property>, and what stands in its texts as JSON below
 * that (new.ConditionalAccessPolicy.state); additionalDetails as additionalDetails.<key>.
 *
 * Granting an app something leaves several records. A consent names the app and all that it may do from then on: it is the grant. The
 * "delegated permission grant" beside it knows the app only by an object id of the tenant, but is the only one to tell what an
 * amended consent adds: its scopes are laid out for rules, and it is a grant of its own only where it names an app. */
#include "normalize/clean.h"
#include "normalize/entra_form.h"

#define TARGETS_MAX    16 /* of one act, that are looked at */
#define PROPERTIES_MAX 64 /* changed of one target */
#define DETAILS_MAX    32
#define TARGET_TEXT    RISK_VALUE_MAX
#define SERVICE_DOMAIN                                                                             \
    "@support.onmicrosoft.com" /* Microsoft's own services, as if they were users */

/* An act as it is read. */
typedef struct entra_act {
    const entra_form *f;
    risk_record *rec;
    ts_json targets; /* list, or nothing */
    ts_str user, user_id;
    ts_str target, target_id; /* the first user among the targets */
    ts_str consent_type;      /* of a delegated grant */
    ts_str client_id, app_name;
    ts_str granted; /* scopes: words */
    ts_str had;     /* before */
} entra_act;

static bool is(ts_str a, const char *z)
{
    return ts_str_ieq(a, ts_str_of(z));
}

/* ---- reading ---- */

/* The new (or old) value of a changed property of any target, unwrapped; empty if there is none. */
static ts_status property_of(const entra_act *a, const char *name, const char *which, ts_str *ret)
{
    const risk_intake *in = a->f->in;

    *ret = TS_STR_NULL;
    for (ts_json_iter t = ts_json_iter_of(a->targets); ts_json_next(&t);) {
        ts_json list;

        if (!entra_get(t.value, "modifiedProperties", &list))
            continue;
        for (ts_json_iter p = ts_json_iter_of(list); ts_json_next(&p);) {
            if (is(entra_text_in(in, p.value, "displayName"), name))
                return risk_intake_inner_text(in, entra_text_in(in, p.value, which), ret);
        }
    }
    return TS_OK;
}

/* The first of several names that has a value. */
static ts_status first_property(const entra_act *a, const char *const *names, size_t count,
                                ts_str *ret)
{
    ts_status st = TS_OK;

    *ret = TS_STR_NULL;
    for (size_t i = 0; i < count && ret->n == 0 && st == TS_OK; i++)
        st = property_of(a, names[i], "newValue", ret);
    return st;
}

static ts_str detail_of(const entra_form *f, const char *key)
{
    ts_json list;

    if (!entra_get(f->body, "additionalDetails", &list))
        return TS_STR_NULL;
    for (ts_json_iter it = ts_json_iter_of(list); ts_json_next(&it);) {
        if (is(entra_text_in(f->in, it.value, "key"), key))
            return entra_text_in(f->in, it.value, "value");
    }
    return TS_STR_NULL;
}

static void read_people(entra_act *a)
{
    const entra_form *f = a->f;

    a->user = entra_text(f, "initiatedBy.user.userPrincipalName");
    a->user_id = entra_text(f, "initiatedBy.user.id");
    if (ts_str_ends(a->user, TS_STR_LIT(SERVICE_DOMAIN)))
        a->user = a->user_id = TS_STR_NULL;
    for (ts_json_iter t = ts_json_iter_of(a->targets); ts_json_next(&t) && a->target.n == 0;) {
        a->target = entra_text_in(f->in, t.value, "userPrincipalName");
        a->target_id = entra_text_in(f->in, t.value, "id");
    }
}

static const char *outcome_of(const entra_form *f)
{
    static const char *const names[] = { "result", "resultType", "resultSignature" };

    for (size_t i = 0; i < TS_COUNT(names); i++) {
        ts_str result = entra_text(f, names[i]);

        if (is(result, "success"))
            return "success";
        if (is(result, "failure"))
            return "failure";
    }
    return "";
}

/* ---- apps ---- */

/* The next word; false if there is none. */
static bool next_word(ts_str *rest, ts_str *ret)
{
    *rest = ts_str_trim(*rest);
    *ret = ts_str_n(rest->p, ts_str_find(*rest, ' '));
    *rest = ts_str_n(rest->p + ret->n, rest->n - ret->n);
    return ret->n > 0;
}

static bool holds_word(ts_str words, ts_str word)
{
    ts_str w;

    while (next_word(&words, &w)) {
        if (ts_str_ieq(w, word))
            return true;
    }
    return false;
}

static size_t find(ts_str text, ts_str what)
{
    for (size_t i = 0; i + what.n <= text.n; i++) {
        if (memcmp(text.p + i, what.p, what.n) == 0)
            return i;
    }
    return text.n;
}

/* "[..before..] => [[Id: .., ConsentType: Principal, Scope: Mail.Read User.Read, CreatedDateTime: ..], [..]]; ": the scopes of all
 * grants on the right, as words. */
static ts_status consented(const entra_act *a, ts_str text, ts_str *ret)
{
    TS_CLEANUP(ts_buf_done) ts_buf words = TS_BUF_INIT(RISK_RECORD_MAX);
    size_t arrow = find(text, TS_STR_LIT("=>"));

    if (arrow < text.n)
        text = ts_str_n(text.p + arrow + 2, text.n - arrow - 2);
    for (;;) {
        size_t at = find(text, TS_STR_LIT("Scope:"));
        size_t end;

        if (at == text.n)
            break;
        text = ts_str_n(text.p + at + 6, text.n - at - 6);
        for (end = 0; end < text.n && text.p[end] != ',' && text.p[end] != ']';)
            end++;
        ts_buf_str(&words, ts_str_n(text.p, end));
        ts_buf_char(&words, ' ');
    }
    if (ts_buf_status(&words) != TS_OK)
        return TS_NOMEM;
    *ret = ts_arena_str(a->f->in->arena, ts_buf_view(&words));
    return ret->p == NULL && words.size > 0 ? TS_NOMEM : TS_OK;
}

/* The service principal's names begin with the app's id, or with addresses. */
static ts_str id_among(ts_str names)
{
    while (names.n > 0) {
        size_t end = ts_str_find(names, ';');
        ts_str name = ts_str_n(names.p, end);

        if (name.n == 36 && ts_str_find(name, '/') == name.n && name.p[8] == '-')
            return name;
        names = end < names.n ? ts_str_n(names.p + end + 1, names.n - end - 1) : TS_STR_NULL;
    }
    return TS_STR_NULL;
}

static ts_status read_consent(entra_act *a)
{
    ts_json_iter first = ts_json_iter_of(a->targets);
    ts_str text = TS_STR_NULL;
    ts_status st;

    if (ts_json_next(&first))
        a->app_name = entra_text_in(a->f->in, first.value, "displayName");
    a->client_id = detail_of(a->f, "AppId");
    if (a->client_id.n == 0) {
        st = property_of(a, "TargetId.ServicePrincipalNames", "newValue", &text);
        if (st != TS_OK)
            return st;
        a->client_id = id_among(text);
    }
    st = property_of(a, "ConsentAction.Permissions", "newValue", &text);
    return st == TS_OK ? consented(a, text, &a->granted) : st;
}

static ts_status read_client(entra_act *a)
{
    static const char *const ids[] = { "ServicePrincipal.AppId", "ServicePrincipal.Name" };
    static const char *const names[] = { "ServicePrincipal.DisplayName" };
    ts_status st = first_property(a, ids, TS_COUNT(ids), &a->client_id);

    return st == TS_OK ? first_property(a, names, TS_COUNT(names), &a->app_name) : st;
}

static ts_status read_delegated(entra_act *a)
{
    ts_status st = read_client(a);

    if (st == TS_OK)
        st = property_of(a, "DelegatedPermissionGrant.Scope", "newValue", &a->granted);
    if (st == TS_OK)
        st = property_of(a, "DelegatedPermissionGrant.Scope", "oldValue", &a->had);
    if (st == TS_OK)
        st = property_of(a, "DelegatedPermissionGrant.ConsentType", "newValue", &a->consent_type);
    return st;
}

/* Reads what an act about an app's access says of it. */
static ts_status read_app(entra_act *a)
{
    ts_str action = ts_str_of(a->rec->event->action);
    ts_status st;

    if (is(action, "Consent to application"))
        return read_consent(a);
    if (is(action, "Add delegated permission grant") ||
        is(action, "Remove delegated permission grant"))
        return read_delegated(a);
    if (!is(action, "Add app role assignment to service principal") &&
        !is(action, "Remove app role assignment from service principal"))
        return TS_OK;
    st = read_client(a);
    return st == TS_OK ? property_of(a, "AppRole.Value", "newValue", &a->granted) : st;
}

/* ---- meaning ---- */

static bool is_named(const entra_act *a)
{
    return a->client_id.n > 0 || a->app_name.n > 0;
}

/* Whoever did it, did it to themselves. */
static bool is_own(const entra_act *a)
{
    return (a->target.n > 0 && ts_str_ieq(a->target, a->user)) ||
           (a->target_id.n > 0 && ts_str_ieq(a->target_id, a->user_id));
}

/* An administrator of another organization, or somebody invited: no proof of who belongs to this one. */
static bool is_foreign(const entra_form *f)
{
    ts_str home = entra_text(f, "initiatedBy.user.homeTenantId");
    ts_str tenant = entra_text(f, "tenantId");

    return home.n > 0 && tenant.n > 0 && !ts_str_ieq(home, tenant);
}

/* Acts that everybody's work brings with it. */
static bool is_by_the_way(const entra_act *a, ts_str action)
{
    static const char *const actions[] = {
        "Add service principal", /* of a consent */
        "Add app role assignment grant to user",
        "Redeem external user invite",
        "Redeem extern user invite",
    };

    for (size_t i = 0; i < TS_COUNT(actions); i++) {
        if (is(action, actions[i]))
            return true;
    }
    return is(ts_str_of(a->rec->event->type), "Device");
}

static risk_kind kind_of(const entra_act *a)
{
    ts_str action = ts_str_of(a->rec->event->action);
    bool failed = strcmp(a->rec->event->outcome, "failure") == 0;
    bool is_delegated = is(action, "Add delegated permission grant");

    if (is(action, "Consent to application") ||
        is(action, "Add app role assignment to service principal") || (is_delegated && is_named(a)))
        return failed ? RISK_KIND_OTHER : RISK_KIND_APP_GRANT;
    if (is(action, "Remove app role assignment from service principal"))
        return failed ? RISK_KIND_OTHER : RISK_KIND_APP_REVOKE;
    /* One half of an amendment if something is granted after it. */
    if (is(action, "Remove delegated permission grant"))
        return failed || a->granted.n > 0 ? RISK_KIND_OTHER : RISK_KIND_APP_REVOKE;
    if ((a->user.n == 0 && a->user_id.n == 0) || is_foreign(a->f) || is_by_the_way(a, action) ||
        (is_delegated && !is(a->consent_type, "AllPrincipals")))
        return RISK_KIND_OTHER;
    return is_own(a) ? RISK_KIND_ACCOUNT : RISK_KIND_ADMIN;
}

/* ---- fields ---- */

static ts_status add_scopes(const entra_act *a)
{
    ts_str rest = a->granted;
    ts_status st = TS_OK;
    ts_str word;

    while (st == TS_OK && next_word(&rest, &word)) {
        if (!holds_word(a->had, word))
            st = entra_field(a->f, a->rec, "scope", word);
    }
    return st;
}

/* Names that SigmaHQ's rules use beside Microsoft's, and ours. */
static ts_status add_names(const entra_act *a)
{
    const Ts__Risk__Event *e = a->rec->event;
    ts_str action = ts_str_of(e->action);
    ts_str status = strcmp(e->outcome, "success") == 0   ? TS_STR_LIT("Success")
                    : strcmp(e->outcome, "failure") == 0 ? TS_STR_LIT("Failure")
                                                         : TS_STR_NULL;
    struct {
        const char *name;
        ts_str value;
    } fields[] = {
        { "client_id", a->client_id },
        { "app_name", a->app_name },
        { "operationName", action },
        { "activityDisplayName", action },
        { "activityType", action },
        { "properties.message", action },
        { "Status", status },
        { "Status", entra_text(a->f, "resultReason") },
        { "properties.result", status },
        { "initiatedBy",
          a->user.n > 0 ? a->user : entra_text(a->f, "initiatedBy.app.displayName") },
    };
    ts_status st = TS_OK;

    for (size_t i = 0; i < TS_COUNT(fields) && st == TS_OK; i++)
        st = entra_field(a->f, a->rec, fields[i].name, fields[i].value);
    return st == TS_OK ? add_scopes(a) : st;
}

static ts_status add_value(const entra_act *a, const char *which, ts_str name, ts_json v)
{
    const risk_intake *in = a->f->in;
    const char *full;

    if (name.n == 0 || name.n > RISK_PATH_MAX / 2 || ts_json_type_of(v) == TS_JSON_NULL)
        return TS_OK;
    full = ts_arena_printf(in->arena, "%s.%.*s", which, (int)name.n, name.p);
    if (full == NULL)
        return TS_NOMEM;
    return ts_json_type_of(v) == TS_JSON_STRING
               ? risk_intake_inner_fields(in, a->rec, ts_str_of(full), ts_json_str(v))
               : risk_intake_fields(in, a->rec, ts_str_of(full), v);
}

static ts_status add_property(const entra_act *a, ts_json property)
{
    const risk_intake *in = a->f->in;
    ts_str name = entra_text_in(in, property, "displayName");
    ts_status st = TS_OK;
    ts_str value = TS_STR_NULL;
    ts_json v;

    if (entra_get(property, "newValue", &v))
        st = add_value(a, "new", name, v);
    if (st == TS_OK && entra_get(property, "oldValue", &v))
        st = add_value(a, "old", name, v);
    if (st != TS_OK || !ts_str_starts(name, TS_STR_LIT("ConsentContext.")))
        return st;
    st = risk_intake_inner_text(in, entra_text_in(in, property, "newValue"), &value);
    return st == TS_OK ? risk_intake_field(in, a->rec, name, value) : st;
}

/* A whole value as its JSON text, cut: rules look for a word anywhere in it. */
static ts_status add_text(const entra_act *a, const char *const *names, size_t count, ts_json v)
{
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(RISK_INFLATED_MAX);
    ts_status st = TS_OK;
    ts_str kept;

    ts_json_print(v, &text);
    if (ts_buf_status(&text) != TS_OK)
        return TS_NOMEM;
    kept = ts_arena_str(a->f->in->arena, ts_buf_view(&text));
    if (kept.p == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i < count && st == TS_OK; i++)
        st = entra_field(a->f, a->rec, names[i], kept);
    return st;
}

static ts_status add_target(const entra_act *a, ts_json target)
{
    static const char *const whole[] = { "targetResources", "properties.targetResources" };
    static const char *const changes[] = { "targetResources.modifiedProperties" };
    unsigned count = 0;
    ts_status st = add_text(a, whole, TS_COUNT(whole), target);
    ts_json list;

    if (st == TS_OK && is(entra_text_in(a->f->in, target, "type"), "ServicePrincipal"))
        st = entra_field(a->f, a->rec, "targetResources.type", TS_STR_LIT("Service Principal"));
    if (st != TS_OK || !entra_get(target, "modifiedProperties", &list))
        return st;
    for (ts_json_iter it = ts_json_iter_of(list);
         st == TS_OK && count++ < PROPERTIES_MAX && ts_json_next(&it);)
        st = add_property(a, it.value);
    return st == TS_OK ? add_text(a, changes, TS_COUNT(changes), list) : st;
}

static ts_status add_details(const entra_act *a)
{
    const risk_intake *in = a->f->in;
    unsigned count = 0;
    ts_status st = TS_OK;
    ts_json list;

    if (!entra_get(a->f->body, "additionalDetails", &list))
        return TS_OK;
    for (ts_json_iter it = ts_json_iter_of(list);
         st == TS_OK && count++ < DETAILS_MAX && ts_json_next(&it);) {
        ts_str key = entra_text_in(in, it.value, "key");
        const char *name = ts_arena_printf(in->arena, "additionalDetails.%.*s",
                                           (int)(key.n > 64 ? 64 : key.n), key.p);
        if (name == NULL)
            return TS_NOMEM;
        st = entra_field(a->f, a->rec, name, entra_text_in(in, it.value, "value"));
    }
    return st;
}

static ts_status add_changes(const entra_act *a)
{
    unsigned count = 0;
    ts_status st = TS_OK;

    for (ts_json_iter it = ts_json_iter_of(a->targets);
         st == TS_OK && count++ < TARGETS_MAX && ts_json_next(&it);)
        st = add_target(a, it.value);
    return st == TS_OK ? add_details(a) : st;
}

/* ---- the event ---- */

static ts_status describe(const entra_form *f, risk_record *rec, ts_error *err)
{
    static const char *const addresses[] = { "initiatedBy.user.ipAddress", "callerIpAddress",
                                             "initiatedBy.app.ipAddress" };
    ts_str action = entra_text(f, "operationName");
    ts_str agent = entra_text(f, "userAgent");
    ts_str ip = TS_STR_NULL;

    if (action.n == 0)
        action = entra_text(f, "activityDisplayName");
    if (action.n == 0)
        return ts_fail(err, TS_INVALID, "activityDisplayName",
                       "activityDisplayName is missing: what was done?");
    for (size_t i = 0; i < TS_COUNT(addresses) && ip.n == 0; i++)
        ip = entra_text(f, addresses[i]);
    return entra_describe(f, rec, action, entra_text(f, "category"), ip,
                          agent.n > 0 ? agent : detail_of(f, "User-Agent"));
}

/* What is done without a person is about whom it is done to. */
static ts_status set_people(const entra_act *a)
{
    Ts__Risk__Event *e = a->rec->event;
    ts_arena *arena = a->f->in->arena;

    e->actor_email = risk_clean_email(arena, a->user);
    e->actor_id = risk_clean_z(arena, a->user_id, 128);
    e->target_email = risk_clean_email(arena, a->target);
    if (e->actor_email == NULL || e->actor_id == NULL || e->target_email == NULL)
        return TS_NOMEM;
    e->user_email = a->user.n == 0 && a->user_id.n == 0 ? e->target_email : e->actor_email;
    return TS_OK;
}

ts_status entra_audit(const entra_form *f, ts_error *err)
{
    entra_act a = { .f = f };
    const char *own_id = ts_arena_z(f->in->arena, entra_text_in(f->in, f->body, "id"));
    ts_status st = entra_begin(f, "activityDateTime", "time", &a.rec, err);

    if (st != TS_OK)
        return st;
    if (own_id == NULL)
        return TS_NOMEM;
    if (!entra_get(f->body, "targetResources", &a.targets) ||
        ts_json_type_of(a.targets) != TS_JSON_ARRAY)
        a.targets = (ts_json){ 0 };
    a.rec->event->app = (char *)(uintptr_t) "audit";
    a.rec->event->outcome = (char *)(uintptr_t)outcome_of(f);
    read_people(&a);
    st = describe(f, a.rec, err);
    if (st == TS_OK)
        st = set_people(&a);
    if (st == TS_OK)
        st = read_app(&a);
    if (st != TS_OK)
        return st;
    a.rec->kind = kind_of(&a);
    st = add_names(&a);
    if (st == TS_OK)
        st = entra_common(f, a.rec, own_id);
    if (st == TS_OK)
        st = add_changes(&a);
    return st == TS_OK ? entra_members(f, a.rec) : st;
}
