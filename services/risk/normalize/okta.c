#include "normalize/okta.h"

#include "normalize/clean.h"

#define APP            "system_log"
#define EVENT_HOOK     "com.okta.event_hook"
#define CLIENT_APP     "PublicClientApp" /* as an actor or a target: an app that gets tokens */
#define CONSENT        "ConsentGrant"
#define ID_MAX         128
#define USER_AGENT_MAX 512

/* Somebody that a record names. Views live as long as the parsed document. */
typedef struct principal {
    ts_str type; /* "User", "PublicClientApp", "SystemPrincipal", ... */
    ts_str id;   /* empty if Okta does not know them */
    ts_str login;
    ts_str name;
    bool is_user; /* an account of the organization, or a name that somebody tried as one */
} principal;

/* A record's members on their way. */
typedef struct log_event {
    risk_intake in; /* its record is the event without an envelope */
    ts_str type;
    ts_str result;
    int64_t event_ms;
    ts_json targets; /* an array, or null */
    ts_json debug;   /* debugContext.debugData */
    principal actor;
    principal target; /* the first that is a user */
} log_event;

/* ---- reading ---- */

static bool find(ts_json object, const char *name, ts_json *ret)
{
    if (ts_json_type_of(object) != TS_JSON_OBJECT)
        return false;
    if (ts_json_get(object, name, ret))
        return true;
    for (ts_json_iter it = ts_json_iter_of(object); ts_json_next(&it);) {
        if (ts_str_ieq(it.name, ts_str_of(name))) {
            *ret = it.value;
            return true;
        }
    }
    return false;
}

/* A member of a member; null if there is none. */
static ts_json part(ts_json object, const char *name, const char *inner)
{
    ts_json v = { 0 };
    ts_json w = { 0 };

    return find(object, name, &v) && find(v, inner, &w) ? w : (ts_json){ 0 };
}

/* "null" and "unknown" stand for nothing. */
static ts_str as_text(ts_json v)
{
    ts_str s = risk_or_nothing(ts_json_str(v));

    return ts_str_is(s, "unknown") ? TS_STR_NULL : s;
}

static ts_str text(ts_json object, const char *name)
{
    ts_json v;

    return find(object, name, &v) ? as_text(v) : TS_STR_NULL;
}

static principal read_principal(ts_json v)
{
    principal p = { .type = text(v, "type"),
                    .id = text(v, "id"),
                    .login = text(v, "alternateId"),
                    .name = text(v, "displayName") };

    /* Okta's own hand is no account of the organization, even where it is called a user. */
    p.is_user = (p.type.n == 0 || ts_str_ieq(p.type, TS_STR_LIT("User"))) &&
                (p.id.n > 0 || p.login.n > 0) &&
                !ts_str_ieq(p.login, TS_STR_LIT("system@okta.com"));
    return p;
}

static bool is_same(const principal *a, const principal *b)
{
    return a->id.n > 0 && b->id.n > 0 ? ts_str_eq(a->id, b->id) : ts_str_ieq(a->login, b->login);
}

/* The first target of a type; null if there is none. */
static ts_json target_of(const log_event *e, const char *type)
{
    for (ts_json_iter it = ts_json_iter_of(e->targets); ts_json_next(&it);) {
        if (ts_str_ieq(text(it.value, "type"), ts_str_of(type)))
            return it.value;
    }
    return (ts_json){ 0 };
}

/* Streams wrap the event in an object of their own. */
static ts_json without_envelope(ts_json record)
{
    static const char *const members[] = { "detail", "event" };
    ts_json v;

    for (size_t i = 0; i < TS_COUNT(members) && !find(record, "eventType", &v); i++) {
        if (find(record, members[i], &v) && ts_json_type_of(v) == TS_JSON_OBJECT)
            return v;
    }
    return record;
}

static ts_status check_shape(const log_event *e, ts_json actor, ts_error *err)
{
    ts_json_type a = ts_json_type_of(actor);
    ts_json_type t = ts_json_type_of(e->targets);

    if (e->type.n == 0)
        return ts_fail(err, TS_INVALID, "eventType",
                       "eventType is missing: a text like user.session.start is needed");
    if (ts_str_is(e->type, EVENT_HOOK))
        return ts_fail(err, TS_INVALID, "data.events",
                       "data.events: an event hook's body is sent by itself, as application/json");
    if (a != TS_JSON_OBJECT && a != TS_JSON_NULL)
        return ts_fail(err, TS_INVALID, "actor", "actor must be an object");
    if (t != TS_JSON_ARRAY && t != TS_JSON_NULL)
        return ts_fail(err, TS_INVALID, "target", "target must be an array of objects");
    return TS_OK;
}

static ts_status read_event(log_event *e, ts_error *err)
{
    ts_json record = without_envelope(e->in.record);
    ts_json v = { 0 };
    ts_json actor = { 0 };
    ts_status st;

    e->in.record = record;
    e->type = text(record, "eventType");
    (void)find(record, "actor", &actor);
    (void)find(record, "target", &e->targets);
    st = check_shape(e, actor, err);
    if (st != TS_OK)
        return st;
    if (find(record, "outcome", &v))
        e->result = text(v, "result");
    e->debug = part(record, "debugContext", "debugData");
    e->actor = read_principal(actor);
    e->target = read_principal(target_of(e, "User"));
    return risk_intake_time(&e->in, text(record, "published"), "published", &e->event_ms, err);
}

/* ---- meaning ---- */

#define OWN    1u /* one's own; an administrator's act if it is done to somebody else */
#define VICTIM 2u /* about whom it is done to, who was not there */

typedef struct meaning {
    const char *type; /* of events; with '*' at its end, of all that begin so */
    risk_kind kind;
    unsigned how;
} meaning;

/* Okta's catalogue of event types, as far as they mean something here; the first row that fits counts. A sign-in is told in many
 * steps: user.session.start is the one that each has once, whether it came to it or not. */
static const meaning meanings[] = {
    { "user.session.start", RISK_KIND_SIGN_IN, 0 },
    { "user.session.access_admin_app", RISK_KIND_ADMIN, 0 },
    { "user.session.clear", RISK_KIND_ACCOUNT, OWN | VICTIM },
    { "user.session.context.change", RISK_KIND_WARNING, VICTIM },
    { "user.session.impersonation.grant", RISK_KIND_ADMIN, 0 },
    { "user.session.impersonation.extend", RISK_KIND_ADMIN, 0 },
    { "user.session.impersonation.revoke", RISK_KIND_ADMIN, 0 },
    { "user.session.impersonation.*", RISK_KIND_OTHER, VICTIM },
    { "user.authentication.sso", RISK_KIND_SSO, 0 },
    { "user.authentication.slo", RISK_KIND_OTHER, 0 },
    { "user.authentication.universal_logout*", RISK_KIND_OTHER, VICTIM },
    { "user.authentication.*", RISK_KIND_ACCOUNT, 0 },
    { "user.account.lock*", RISK_KIND_WARNING, VICTIM },
    { "user.account.report_suspicious_activity_by_enduser", RISK_KIND_WARNING, 0 },
    { "user.account.privilege.*", RISK_KIND_ADMIN, 0 },
    { "user.account.*", RISK_KIND_ACCOUNT, OWN | VICTIM },
    { "user.mfa.*", RISK_KIND_ACCOUNT, OWN | VICTIM },
    { "user.risk.*", RISK_KIND_WARNING, VICTIM },
    { "user.lifecycle.*", RISK_KIND_ACCOUNT, OWN },
    { "user.behavior.*", RISK_KIND_ADMIN, 0 },
    { "user.credential.*", RISK_KIND_ACCOUNT, OWN },
    { "device.enrollment.create", RISK_KIND_ACCOUNT, OWN },
    { "device.user.*", RISK_KIND_ACCOUNT, OWN },
    { "security.threat.detected", RISK_KIND_WARNING, VICTIM },
    { "security.attack.*", RISK_KIND_WARNING, VICTIM },
    { "security.breached_credential.detected", RISK_KIND_WARNING, VICTIM },
    { "security.request.blocked", RISK_KIND_WARNING, VICTIM },
    { "security.session.detect_client_roaming", RISK_KIND_WARNING, VICTIM },
    { "security.events.provider.receive_event", RISK_KIND_WARNING, VICTIM },
    { "policy.auth_reevaluate.fail", RISK_KIND_WARNING, VICTIM },
    { "app.oauth2.token.detect_reuse", RISK_KIND_WARNING, VICTIM },
    { "app.oauth2.as.token.detect_reuse", RISK_KIND_WARNING, VICTIM },
    /* Consents say what an app may do; that tokens are handed out, that it does. */
    { "app.oauth2.consent.grant", RISK_KIND_APP_GRANT, 0 },
    { "app.oauth2.as.consent.grant", RISK_KIND_APP_GRANT, 0 },
    { "app.oauth2.admin.consent.grant", RISK_KIND_APP_GRANT, 0 },
    { "app.oauth2.consent.revoke*", RISK_KIND_APP_REVOKE, 0 },
    { "app.oauth2.as.consent.revoke*", RISK_KIND_APP_REVOKE, 0 },
    { "app.oauth2.admin.consent.revoke", RISK_KIND_APP_REVOKE, 0 },
    { "app.oauth2.token.revoke*", RISK_KIND_APP_REVOKE, 0 },
    { "app.oauth2.as.token.revoke*", RISK_KIND_APP_REVOKE, 0 },
    /* Of the tokens of one sign-on the access token alone: it is always among them. */
    { "app.oauth2.token.grant.access_token", RISK_KIND_APP_USE, 0 },
    { "app.oauth2.as.token.grant.access_token", RISK_KIND_APP_USE, 0 },
    { "app.oauth2.authorize.implicit.access_token", RISK_KIND_APP_USE, 0 },
    { "app.oauth2.as.authorize.implicit.access_token", RISK_KIND_APP_USE, 0 },
    { "app.generic.unauth_app_access_attempt", RISK_KIND_SSO, 0 },
    { "application.policy.sign_on.deny_access", RISK_KIND_OTHER, 0 },
    { "application.policy.*", RISK_KIND_ADMIN, 0 },
    { "application.lifecycle.*", RISK_KIND_ADMIN, 0 },
    { "application.user_membership.*", RISK_KIND_ACCOUNT, OWN },
    { "group.user_membership.*", RISK_KIND_ACCOUNT, OWN },
    { "group.*", RISK_KIND_ADMIN, 0 },
    { "iam.*", RISK_KIND_ADMIN, 0 },
    { "policy.lifecycle.*", RISK_KIND_ADMIN, 0 },
    { "policy.mapping.*", RISK_KIND_ADMIN, 0 },
    { "policy.rule.*", RISK_KIND_ADMIN, 0 },
    { "zone.*", RISK_KIND_ADMIN, 0 },
    { "network_zone.*", RISK_KIND_ADMIN, 0 },
    { "security.*", RISK_KIND_ADMIN, 0 },
    { "app.oauth2.client.*", RISK_KIND_ADMIN, 0 },
    { "app.oauth2.credentials.*", RISK_KIND_ADMIN, 0 },
    { "app.oauth2.trusted_server.*", RISK_KIND_ADMIN, 0 },
    { "app.keys.*", RISK_KIND_ADMIN, 0 },
    { "oauth2.*", RISK_KIND_ADMIN, 0 },
    { "event_hook.delivery", RISK_KIND_OTHER, 0 },
    { "event_hook.*", RISK_KIND_ADMIN, 0 },
    { "inline_hook.*", RISK_KIND_ADMIN, 0 },
    { "analytics.reports.*", RISK_KIND_ADMIN, 0 },
    { "device.assurance.*", RISK_KIND_ADMIN, 0 },
    { "device.integration.*", RISK_KIND_ADMIN, 0 },
    { "device.lifecycle.*", RISK_KIND_ADMIN, 0 },
    { "device.platform.*", RISK_KIND_ADMIN, 0 },
    { "system.api_token.request_outside_allowed_range", RISK_KIND_OTHER, 0 },
    { "system.api_token.*", RISK_KIND_ADMIN, 0 },
    { "system.brand.*", RISK_KIND_ADMIN, 0 },
    { "system.captcha.*", RISK_KIND_ADMIN, 0 },
    { "system.custom_*", RISK_KIND_ADMIN, 0 },
    { "system.directory.debugger.*", RISK_KIND_ADMIN, 0 },
    { "system.email.template.*", RISK_KIND_ADMIN, 0 },
    { "system.email_domain.*", RISK_KIND_ADMIN, 0 },
    { "system.feature.*", RISK_KIND_ADMIN, 0 },
    { "system.hook.*", RISK_KIND_ADMIN, 0 },
    { "system.idp.*", RISK_KIND_ADMIN, 0 },
    { "system.log_stream.*", RISK_KIND_ADMIN, 0 },
    { "system.mfa.factor.*", RISK_KIND_ADMIN, 0 },
    { "system.org.captcha.*", RISK_KIND_ADMIN, 0 },
    { "system.rate_limit.configuration.*", RISK_KIND_ADMIN, 0 },
    { "system.self_service.*", RISK_KIND_ADMIN, 0 },
};

static meaning meaning_of(ts_str type)
{
    for (size_t i = 0; i < TS_COUNT(meanings); i++) {
        ts_str row = ts_str_of(meanings[i].type);
        bool fits = row.p[row.n - 1] == '*' ? ts_str_starts(type, ts_str_n(row.p, row.n - 1))
                                            : ts_str_eq(type, row);
        if (fits)
            return meanings[i];
    }
    return (meaning){ "", RISK_KIND_OTHER, 0 };
}

static bool has_failed(const log_event *e)
{
    return ts_str_ieq(e->result, TS_STR_LIT("FAILURE")) ||
           ts_str_ieq(e->result, TS_STR_LIT("DENY"));
}

static const char *outcome_of(const log_event *e, risk_kind kind)
{
    if (kind == RISK_KIND_WARNING)
        return ""; /* the source's word about an account, nobody's act */
    if (has_failed(e))
        return "failure";
    if (ts_str_ieq(e->result, TS_STR_LIT("SUCCESS")) || ts_str_ieq(e->result, TS_STR_LIT("ALLOW")))
        return "success";
    /* A step on the way (CHALLENGE, SKIPPED, ...). Nobody got on who is no account. */
    return e->actor.is_user && e->actor.id.n == 0 ? "failure" : "";
}

/* Somebody else than who acts. */
static bool has_other(const log_event *e)
{
    return e->target.is_user && !is_same(&e->actor, &e->target);
}

static bool is_about_target(const log_event *e, const meaning *m)
{
    return has_other(e) && ((m->how & VICTIM) != 0 || !e->actor.is_user);
}

static bool is_client(const principal *p)
{
    return ts_str_ieq(p->type, TS_STR_LIT(CLIENT_APP));
}

static bool is_of_app(risk_kind kind)
{
    return kind == RISK_KIND_APP_GRANT || kind == RISK_KIND_APP_USE || kind == RISK_KIND_APP_REVOKE;
}

static risk_kind kind_of(const log_event *e, const meaning *m)
{
    const principal *whom = is_about_target(e, m) ? &e->target : &e->actor;
    risk_kind kind = (m->how & OWN) != 0 && has_other(e) ? RISK_KIND_ADMIN : m->kind;

    if (kind == RISK_KIND_ACCOUNT && !e->actor.is_user)
        return RISK_KIND_OTHER;
    /* What the service does by itself is nobody's act. */
    if (kind == RISK_KIND_ADMIN && !e->actor.is_user && !is_client(&e->actor))
        return RISK_KIND_OTHER;
    /* It names an account that exists, or none. */
    if (kind == RISK_KIND_WARNING && whom->is_user && whom->id.n == 0)
        return RISK_KIND_OTHER;
    return is_of_app(kind) && has_failed(e) ? RISK_KIND_OTHER : kind;
}

static ts_status set_people(const log_event *e, const meaning *m, Ts__Risk__Event *event)
{
    ts_arena *arena = e->in.arena;
    const principal *actor = &e->actor;

    event->actor_email = risk_clean_email(arena, actor->is_user ? actor->login : TS_STR_NULL);
    event->actor_id = risk_clean_z(arena, actor->is_user ? actor->id : TS_STR_NULL, ID_MAX);
    event->target_email = risk_clean_email(arena, has_other(e) ? e->target.login : TS_STR_NULL);
    event->user_email = is_about_target(e, m) ? event->target_email : event->actor_email;
    return event->actor_email == NULL || event->actor_id == NULL || event->target_email == NULL
               ? TS_NOMEM
               : TS_OK;
}

/* ---- apps ---- */

static ts_str first_of(const ts_str *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i].n > 0)
            return list[i];
    }
    return TS_STR_NULL;
}

static ts_status add(const log_event *e, risk_record *rec, const char *name, ts_str value)
{
    return value.n == 0 ? TS_OK : risk_intake_field(&e->in, rec, ts_str_of(name), value);
}

/* "openid, profile" or "openid profile". */
static ts_status add_scopes(const log_event *e, risk_record *rec, ts_str list)
{
    ts_status st = TS_OK;

    while (list.n > 0 && st == TS_OK) {
        size_t n = 0;

        while (n < list.n && list.p[n] != ' ' && list.p[n] != ',')
            n++;
        st = add(e, rec, "scope", ts_str_n(list.p, n));
        n += n < list.n;
        list = ts_str_n(list.p + n, list.n - n);
    }
    return st;
}

/* Which app, and what it may do. A consent names a scope in each of its targets, and the app in their details. */
static ts_status add_app(const log_event *e, risk_record *rec)
{
    bool acts = is_client(&e->actor);
    ts_json client = target_of(e, CLIENT_APP);
    ts_json instance = target_of(e, "AppInstance");
    const ts_str ids[] = { acts ? e->actor.id : TS_STR_NULL,
                           acts ? e->actor.login : TS_STR_NULL,
                           text(client, "id"),
                           as_text(part(target_of(e, CONSENT), "detailEntry", CLIENT_APP)),
                           text(instance, "id"),
                           text(e->debug, "clientId") };
    const ts_str names[] = { acts ? e->actor.name : TS_STR_NULL, text(client, "displayName"),
                             text(instance, "displayName") };
    ts_status st = add(e, rec, "client_id", first_of(ids, TS_COUNT(ids)));

    if (st == TS_OK)
        st = add(e, rec, "app_name", first_of(names, TS_COUNT(names)));
    if (st == TS_OK)
        st = add_scopes(e, rec, text(e->debug, "grantedScopes"));
    for (ts_json_iter it = ts_json_iter_of(e->targets); st == TS_OK && ts_json_next(&it);) {
        if (ts_str_ieq(text(it.value, "type"), TS_STR_LIT(CONSENT)))
            st = add(e, rec, "scope", text(it.value, "displayName"));
    }
    return st;
}

static ts_status add_names(const log_event *e, risk_record *rec)
{
    if (rec->kind == RISK_KIND_SSO)
        return add(e, rec, "application_name", text(target_of(e, "AppInstance"), "displayName"));
    return is_of_app(rec->kind) ? add_app(e, rec) : TS_OK;
}

/* ---- fields ---- */

/* The members that say most come first: evidence shows the first fields. */
static const char *const telling[] = { "displayMessage", "outcome",         "target",
                                       "debugContext",   "securityContext", "client" };

static ts_status add_record(const log_event *e, risk_record *rec)
{
    ts_json v;
    ts_status st = TS_OK;

    for (size_t i = 0; i < TS_COUNT(telling) && st == TS_OK; i++) {
        if (find(e->in.record, telling[i], &v))
            st = risk_intake_fields(&e->in, rec, ts_str_of(telling[i]), v);
    }
    for (ts_json_iter it = ts_json_iter_of(e->in.record); st == TS_OK && ts_json_next(&it);) {
        size_t i = 0;

        while (i < TS_COUNT(telling) && !ts_str_ieq(it.name, ts_str_of(telling[i])))
            i++;
        if (i == TS_COUNT(telling))
            st = risk_intake_fields(&e->in, rec, it.name, it.value);
    }
    return st;
}

/* Okta tells it as a text that holds JSON, and rules look into that text; some shippers have read it already. */
static ts_status add_security_data(const log_event *e, risk_record *rec)
{
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(RISK_VALUE_MAX);
    ts_json v;
    ts_str kept;

    if (!find(e->debug, "logOnlySecurityData", &v) || ts_json_type_of(v) != TS_JSON_OBJECT)
        return TS_OK;
    ts_json_print(v, &text);
    if (ts_buf_status(&text) == TS_TOO_LARGE)
        return TS_OK; /* its members are fields of their own */
    kept = ts_arena_str(e->in.arena, ts_buf_view(&text));
    return ts_buf_status(&text) != TS_OK || kept.p == NULL
               ? TS_NOMEM
               : add(e, rec, "debugContext.debugData.logOnlySecurityData", kept);
}

static ts_str address(const log_event *e)
{
    ts_json client = { 0 };
    ts_str ip = find(e->in.record, "client", &client) ? text(client, "ipAddress") : TS_STR_NULL;

    for (ts_json_iter it = ts_json_iter_of(part(e->in.record, "request", "ipChain"));
         ip.n == 0 && ts_json_next(&it);)
        ip = text(it.value, "ip");
    return ip;
}

static ts_status fill(const log_event *e, risk_record *rec)
{
    const meaning m = meaning_of(e->type);
    Ts__Risk__Event *event = rec->event;
    ts_arena *arena = e->in.arena;
    ts_status st = set_people(e, &m, event);

    event->app = (char *)(uintptr_t)APP;
    event->action = risk_clean_z(arena, e->type, ID_MAX);
    event->ip = risk_clean_ip(arena, address(e));
    event->user_agent = risk_clean_z(
        arena, text(part(e->in.record, "client", "userAgent"), "rawUserAgent"), USER_AGENT_MAX);
    if (event->action == NULL || event->ip == NULL || event->user_agent == NULL)
        return TS_NOMEM;
    rec->kind = kind_of(e, &m);
    event->outcome = (char *)(uintptr_t)outcome_of(e, rec->kind);
    if (st == TS_OK)
        st = risk_intake_common(&e->in, rec);
    if (st == TS_OK)
        st = add_names(e, rec);
    if (st == TS_OK)
        st = add_security_data(e, rec);
    return st == TS_OK ? add_record(e, rec) : st;
}

ts_status risk_okta(const risk_intake *in, ts_error *err)
{
    log_event e = { .in = *in };
    risk_record *rec = NULL;
    ts_status st = read_event(&e, err);

    if (st == TS_OK)
        st = risk_intake_event(in, e.event_ms, &rec);
    if (st == TS_OK)
        st = fill(&e, rec);
    return st == TS_OK ? risk_intake_id(&e.in, rec, TS_STR_LIT(APP), TS_STR_NULL,
                                        text(e.in.record, "uuid"), 0)
                       : st;
}
