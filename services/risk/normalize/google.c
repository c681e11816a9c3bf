#include "normalize/google.h"

#include "normalize/clean.h"

#define WARNING    "account_warning" /* the type of the source's words about an account */
#define EVENTS_MAX 64                /* events of one source record */
#define NEST_MAX   4                 /* levels of messageValue */

/* What all events of a source record share. Views live as long as the parsed document. */
typedef struct activity {
    risk_intake in;
    ts_str app;
    int64_t event_ms;
    ts_str own_id; /* the source's id, or empty */
    ts_str customer;
    ts_str actor_email, actor_id, caller_type;
    ts_str ip;
    ts_str owner_domain;
    ts_json events; /* array, or one object */
} activity;

/* ---- reading the shapes ---- */

static ts_str service_app(ts_str service)
{
    ts_str app = ts_str_n(service.p, ts_str_find(service, '.'));

    return ts_str_is(app, "oauth2") ? TS_STR_LIT("token") : app;
}

/* Shape 5 does not name the application: its event types do. */
static ts_str app_of_type(ts_str type)
{
    static const char *const apps[][2] = {
        { "access", "drive" },          { "acl_change", "drive" },
        { "login", "login" },           { "auth", "token" },
        { "account_warning", "login" }, { "2sv_change", "login" },
        { "password_change", "login" }, { "ai_usage_event", "gemini_in_workspace_apps" },
    };

    for (size_t i = 0; i < TS_COUNT(apps); i++) {
        if (ts_str_is(type, apps[i][0]))
            return ts_str_of(apps[i][1]);
    }
    return TS_STR_NULL;
}

static ts_status read_cloud_audit(activity *a, ts_json r, ts_json payload, ts_error *err)
{
    ts_json metadata;

    a->app = service_app(risk_text_at(&a->in, payload, "serviceName"));
    a->own_id = risk_text_at(&a->in, r, "insertId");
    a->customer = risk_text_at(&a->in, r, "logName");
    a->actor_email = risk_text_at(&a->in, payload, "authenticationInfo.principalEmail");
    a->ip = risk_text_at(&a->in, payload, "requestMetadata.callerIp");
    if (!ts_json_get(payload, "metadata", &metadata) || !ts_json_get(metadata, "event", &a->events))
        return ts_fail(err, TS_INVALID, "protoPayload.metadata.event",
                       "protoPayload.metadata.event is missing: an array of events is needed");
    return risk_intake_time(&a->in, risk_text_at(&a->in, r, "timestamp"), "timestamp", &a->event_ms,
                            err);
}

static ts_status read_addon(activity *a, ts_json r, ts_error *err)
{
    a->app = app_of_type(risk_text_at(&a->in, r, "type"));
    a->own_id = risk_text_at(&a->in, r, "unique_id");
    a->actor_email = risk_or_nothing(risk_text_at(&a->in, r, "email"));
    a->ip = risk_or_nothing(risk_text_at(&a->in, r, "ip_address"));
    a->events = r;
    return risk_intake_time(&a->in, risk_text_at(&a->in, r, "timestamp"), "timestamp", &a->event_ms,
                            err);
}

static ts_status read_activity(activity *a, ts_json r, ts_error *err)
{
    ts_json actor;

    a->app = risk_text_at(&a->in, r, "id.applicationName");
    a->own_id = risk_text_at(&a->in, r, "id.uniqueQualifier");
    a->customer = risk_text_at(&a->in, r, "id.customerId");
    if (ts_json_get(r, "actor", &actor)) {
        a->actor_email = risk_or_nothing(risk_text_at(&a->in, actor, "email"));
        a->actor_id = risk_or_nothing(risk_text_at(&a->in, actor, "profileId"));
        a->caller_type = risk_text_at(&a->in, actor, "callerType");
        if (a->actor_id.n == 0)
            a->actor_id = risk_text_at(&a->in, actor, "key");
    }
    a->ip = risk_or_nothing(risk_text_at(&a->in, r, "ipAddress"));
    a->owner_domain = risk_text_at(&a->in, r, "ownerDomain");
    if (!ts_json_get(r, "events", &a->events) && !ts_json_get(r, "event", &a->events)) {
        if (risk_text_at(&a->in, r, "name").n == 0)
            return ts_fail(err, TS_INVALID, "events",
                           "events is missing: an array of {type, name, parameters} is needed");
        a->events = r; /* shape 4: the event's members stand on top */
    }
    return risk_intake_time(&a->in, risk_text_at(&a->in, r, "id.time"), "id.time", &a->event_ms,
                            err);
}

static ts_status read_shape(activity *a, ts_json r, ts_error *err)
{
    ts_json v;
    ts_status st;

    if (ts_json_get(r, "protoPayload", &v))
        st = read_cloud_audit(a, r, v, err);
    else if (ts_json_get(r, "timestamp", &v) && ts_json_get(r, "parameters", &v) &&
             !ts_json_get(r, "id", &v))
        st = read_addon(a, r, err);
    else
        st = read_activity(a, r, err);
    if (st == TS_OK && a->app.n == 0)
        return ts_fail(err, TS_INVALID, "id.applicationName",
                       "id.applicationName is missing: which application's log is this?");
    return st;
}

/* ---- fields ---- */

/* {"parameter": [{name, value...}, ...]}: members are named after their parent. */
static ts_status add_message(const activity *a, risk_record *rec, ts_str prefix, ts_json message,
                             unsigned depth);

static ts_status add_parameter(const activity *a, risk_record *rec, ts_str prefix, ts_json p,
                               unsigned depth)
{
    static const char *const kinds[] = { "value",         "intValue",      "boolValue",
                                         "multiValue",    "multiIntValue", "multiStrValue",
                                         "multiBoolValue" };
    ts_str name = risk_text_at(&a->in, p, "name");
    ts_json v;

    if (name.n == 0 || name.n > RISK_PATH_MAX)
        return TS_OK;
    if (prefix.n > 0) {
        const char *joined =
            ts_arena_printf(a->in.arena, "%.*s.%.*s", (int)prefix.n, prefix.p, (int)name.n, name.p);
        if (joined == NULL)
            return TS_NOMEM;
        name = ts_str_of(joined);
    }
    for (size_t i = 0; i < TS_COUNT(kinds); i++) {
        if (ts_json_get(p, kinds[i], &v))
            return risk_intake_fields(&a->in, rec, name, v);
    }
    if (ts_json_get(p, "messageValue", &v))
        return add_message(a, rec, name, v, depth + 1);
    if (ts_json_get(p, "multiMessageValue", &v)) {
        for (ts_json_iter it = ts_json_iter_of(v); ts_json_next(&it);) {
            ts_status st = add_message(a, rec, name, it.value, depth + 1);

            if (st != TS_OK)
                return st;
        }
    }
    return TS_OK;
}

static ts_status add_message(const activity *a, risk_record *rec, ts_str prefix, ts_json message,
                             unsigned depth)
{
    ts_json list;

    if (depth > NEST_MAX || !ts_json_get(message, "parameter", &list))
        return TS_OK;
    for (ts_json_iter it = ts_json_iter_of(list); ts_json_next(&it);) {
        ts_status st = add_parameter(a, rec, prefix, it.value, depth);

        if (st != TS_OK)
            return st;
    }
    return TS_OK;
}

static ts_status add_parameters(const activity *a, risk_record *rec, ts_json event)
{
    ts_json list;
    ts_status st = TS_OK;

    if (!ts_json_get(event, "parameters", &list) && !ts_json_get(event, "parameter", &list))
        return TS_OK;
    if (ts_json_type_of(list) == TS_JSON_ARRAY) {
        for (ts_json_iter it = ts_json_iter_of(list); st == TS_OK && ts_json_next(&it);)
            st = add_parameter(a, rec, TS_STR_NULL, it.value, 0);
        return st;
    }
    for (ts_json_iter it = ts_json_iter_of(list); st == TS_OK && ts_json_next(&it);)
        st = risk_intake_fields(&a->in, rec, it.name, it.value);
    return st;
}

/* ---- meaning ---- */

static const char *outcome_of(const Ts__Risk__Event *e, const risk_record *rec)
{
    ts_str status;

    if (strcmp(e->action, "login_failure") == 0 || strcmp(e->action, "ACCESS_DENY_EVENT") == 0)
        return "failure";
    if (strcmp(e->type, WARNING) == 0)
        return ""; /* the source's word about an account, nobody's act */
    status = risk_record_field(rec, "login_challenge_status");
    if (strcmp(e->action, "login_challenge") == 0 && status.n > 0)
        return ts_str_ieq(status, TS_STR_LIT("Challenge Passed")) ||
                       ts_str_ieq(status, TS_STR_LIT("Challenge Passed.")) ||
                       ts_str_ieq(status, TS_STR_LIT("passed"))
                   ? "success"
                   : "failure";
    return "success";
}

/* Whom the event acts upon, besides the actor. */
static ts_str target_of(const risk_record *rec)
{
    static const char *const names[] = { "USER_EMAIL",
                                         "target_user",
                                         "user_email",
                                         "affected_email_address",
                                         "DESTINATION_USER_EMAIL",
                                         "grantee_email" };

    for (size_t i = 0; i < TS_COUNT(names); i++) {
        ts_str value = risk_record_field(rec, names[i]);

        if (value.n > 0)
            return value;
    }
    return TS_STR_NULL;
}

static ts_status set_people(const activity *a, risk_record *rec, ts_error *err)
{
    Ts__Risk__Event *e = rec->event;
    ts_str victim = risk_record_field(rec, "affected_email_address");
    bool is_warning = strcmp(e->type, WARNING) == 0;

    e->actor_email = risk_clean_email(a->in.arena, a->actor_email);
    e->actor_id = risk_clean_z(a->in.arena, a->actor_id, 128);
    e->target_email = risk_clean_email(a->in.arena, target_of(rec));
    if (e->actor_email == NULL || e->actor_id == NULL || e->target_email == NULL)
        return TS_NOMEM;
    e->user_email = e->actor_email;
    if (is_warning && victim.n > 0) {
        e->user_email = risk_clean_email(a->in.arena, victim);
        if (e->user_email == NULL)
            return TS_NOMEM;
    }
    if (e->user_email[0] == '\0' && e->actor_id[0] == '\0' && !ts_str_is(a->caller_type, "KEY"))
        return ts_fail(err, TS_INVALID, "actor.email",
                       "actor is missing: actor.email or actor.profileId is needed");
    return TS_OK;
}

/* A file's or a user's own act has its kind; what follows from an act, as further events of its record, has none of its own. */
static risk_kind kind_of(const Ts__Risk__Event *e, const risk_record *rec)
{
    static const struct {
        const char *app;
        const char *action; /* NULL: any other */
        risk_kind kind;
    } kinds[] = {
        { "login", "login_success", RISK_KIND_SIGN_IN },
        { "login", "login_failure", RISK_KIND_SIGN_IN },
        { "login", NULL, RISK_KIND_ACCOUNT },
        { "user_accounts", NULL, RISK_KIND_ACCOUNT },
        { "saml", NULL, RISK_KIND_SSO },
        { "admin", NULL, RISK_KIND_ADMIN },
        { "token", "authorize", RISK_KIND_APP_GRANT },
        { "token", "activity", RISK_KIND_APP_USE },
        { "token", "revoke", RISK_KIND_APP_REVOKE },
        { "drive", "view", RISK_KIND_FILE_VIEW },
        { "drive", "preview", RISK_KIND_FILE_VIEW },
        { "drive", "download", RISK_KIND_FILE_TAKE },
        { "drive", "copy", RISK_KIND_FILE_TAKE },
        { "drive", "print", RISK_KIND_FILE_TAKE },
        { "drive", "change_document_visibility", RISK_KIND_FILE_SHARE },
        { "drive", "change_document_access_scope", RISK_KIND_FILE_SHARE },
        { "drive", "change_user_access", RISK_KIND_FILE_SHARE },
        { "drive", "change_acl_editors", RISK_KIND_FILE_SHARE },
        { "drive", "trash", RISK_KIND_FILE_DELETE },
        { "drive", "delete", RISK_KIND_FILE_DELETE },
        { "drive", NULL, RISK_KIND_FILE },
        { "gemini_in_workspace_apps", NULL, RISK_KIND_AI },
    };
    risk_kind kind = RISK_KIND_OTHER;

    if (strcmp(e->type, WARNING) == 0)
        return RISK_KIND_WARNING;
    for (size_t i = 0; i < TS_COUNT(kinds) && kind == RISK_KIND_OTHER; i++) {
        if (strcmp(e->app, kinds[i].app) == 0 &&
            (kinds[i].action == NULL || strcmp(e->action, kinds[i].action) == 0))
            kind = kinds[i].kind;
    }
    if (kind > RISK_KIND_FILE && kind <= RISK_KIND_FILE_DELETE &&
        ts_str_is(risk_record_field(rec, "primary_event"), "false"))
        return RISK_KIND_FILE;
    if (kind == RISK_KIND_FILE_SHARE &&
        !ts_str_is(risk_record_field(rec, "visibility_change"), "external"))
        return RISK_KIND_FILE;
    return kind;
}

/* Names that SigmaHQ's rules use, beside those that all sources have. */
static ts_status add_names(const activity *a, risk_record *rec)
{
    const Ts__Risk__Event *e = rec->event;
    const char *service = strcmp(e->app, "token") == 0
                              ? "oauth2.googleapis.com"
                              : ts_arena_printf(a->in.arena, "%s.googleapis.com", e->app);
    struct {
        const char *name;
        ts_str value;
    } fields[] = {
        { "eventService", ts_str_of(service) },
        { "actor.callerType", a->caller_type },
        { "ownerDomain", ts_str_of(e->owner_domain) },
        { "application_name", rec->kind == RISK_KIND_AI ? TS_STR_LIT("Gemini") : TS_STR_NULL },
        { "protoPayload.serviceName", ts_str_of(service) },
        { "protoPayload.metadata.event.eventName", ts_str_of(e->action) },
    };

    if (service == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i < TS_COUNT(fields); i++) {
        ts_status st =
            fields[i].value.n == 0
                ? TS_OK
                : risk_intake_field(&a->in, rec, ts_str_of(fields[i].name), fields[i].value);
        if (st != TS_OK)
            return st;
    }
    return TS_OK;
}

static ts_status fill_event(const activity *a, risk_record *rec, ts_json event, uint32_t number,
                            ts_error *err)
{
    Ts__Risk__Event *e = rec->event;
    ts_str name = risk_text_at(&a->in, event, "name");
    ts_str type = risk_text_at(&a->in, event, "type");
    ts_status st;

    if (name.n == 0)
        name = risk_text_at(&a->in, event, "eventName");
    if (type.n == 0)
        type = risk_text_at(&a->in, event, "eventType");
    if (name.n == 0)
        return ts_fail(err, TS_INVALID, "events.name", "events[%u].name is missing", number);
    e->app = risk_clean_z(a->in.arena, a->app, 64);
    e->action = risk_clean_z(a->in.arena, name, 128);
    e->type = risk_clean_z(a->in.arena, type, 128);
    e->ip = risk_clean_ip(a->in.arena, a->ip);
    e->owner_domain = risk_clean_z(a->in.arena, a->owner_domain, 253);
    if (e->app == NULL || e->action == NULL || e->type == NULL || e->ip == NULL ||
        e->owner_domain == NULL)
        return TS_NOMEM;
    st = add_parameters(a, rec, event);
    if (st == TS_OK)
        st = set_people(a, rec, err);
    if (st != TS_OK)
        return st;
    e->outcome = (char *)(uintptr_t)outcome_of(e, rec);
    e->user_agent = risk_clean_z(a->in.arena, risk_record_field(rec, "user_agent"), 512);
    if (e->user_agent == NULL)
        return TS_NOMEM;
    rec->kind = kind_of(e, rec);
    st = risk_intake_common(&a->in, rec);
    if (st == TS_OK)
        st = add_names(a, rec);
    return st == TS_OK ? risk_intake_id(&a->in, rec, a->app, a->customer, a->own_id, number) : st;
}

static ts_status add_event(const activity *a, ts_json event, uint32_t number, ts_error *err)
{
    risk_record *rec = NULL;
    ts_status st;

    if (ts_json_type_of(event) != TS_JSON_OBJECT)
        return ts_fail(err, TS_INVALID, "events", "events[%u] is not an object", number);
    st = risk_intake_event(&a->in, a->event_ms, &rec);
    return st == TS_OK ? fill_event(a, rec, event, number, err) : st;
}

ts_status risk_google(const risk_intake *in, ts_error *err)
{
    activity a = { .in = *in };
    uint32_t number = 0;
    ts_status st = read_shape(&a, in->record, err);

    if (st != TS_OK)
        return st;
    if (ts_json_type_of(a.events) != TS_JSON_ARRAY)
        return add_event(&a, a.events, 0, err);
    for (ts_json_iter it = ts_json_iter_of(a.events); st == TS_OK && ts_json_next(&it);) {
        if (number == EVENTS_MAX)
            return ts_fail(err, TS_INVALID, "events", "events may have at most %d items",
                           EVENTS_MAX);
        st = add_event(&a, it.value, number++, err);
    }
    if (st == TS_OK && number == 0)
        return ts_fail(err, TS_INVALID, "events", "events is empty: at least one event is needed");
    return st;
}
