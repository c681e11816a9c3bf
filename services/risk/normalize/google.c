#include "normalize/google.h"

#include "normalize/clean.h"
#include "ts/id.h"
#include "ts/time.h"

#define EVENTS_MAX 64  /* events of one source record */
#define PATH_MAX_N 128 /* bytes of a nested parameter's name */
#define NEST_MAX   4   /* levels of messageValue */

/* What all events of a source record share. Views live as long as the parsed document. */
typedef struct activity {
    const risk_body_options *options;
    ts_arena *arena;
    ts_str app;
    int64_t event_ms;
    ts_str own_id; /* the source's id, or empty */
    ts_str customer;
    ts_str actor_email, actor_id, caller_type;
    ts_str ip;
    ts_str owner_domain;
    ts_json events; /* array, or one object */
    ts_str raw;
    ts_json record;
    uint32_t index;
} activity;

static ts_str text_at(ts_json object, const char *path, ts_arena *arena)
{
    ts_json v;

    return ts_json_path(object, path, &v) ? ts_json_text(v, arena) : TS_STR_NULL;
}

/* The literal "null" stands for nothing in several exporters. */
static ts_str or_nothing(ts_str s)
{
    return ts_str_is(s, "null") ? TS_STR_NULL : s;
}

/* ---- reading the shapes ---- */

/* A time without a zone is UTC: exporters through SQL lose the Z. */
static ts_status parse_time(ts_str text, ts_arena *arena, int64_t *ret)
{
    const char *z;

    if (ts_time_parse(text, ret) == TS_OK)
        return TS_OK;
    z = ts_arena_printf(arena, "%.*sZ", (int)(text.n > 64 ? 64 : text.n),
                        text.p == NULL ? "" : text.p);
    return z == NULL ? TS_NOMEM : ts_time_parse(ts_str_of(z), ret);
}

static ts_status take_time(activity *a, ts_str text, const char *field, ts_error *err)
{
    const risk_body_options *o = a->options;

    if (text.n == 0)
        return ts_fail(err, TS_INVALID, field, "%s is missing: an RFC 3339 time is needed", field);
    if (parse_time(text, a->arena, &a->event_ms) != TS_OK)
        return ts_fail(err, TS_INVALID, field,
                       "%s is not a time: it must be RFC 3339 like 2025-01-15T10:30:00Z", field);
    if (a->event_ms > o->now_ms + RISK_FUTURE_MS)
        return ts_fail(err, TS_INVALID, field, "future: %s is more than a day ahead", field);
    if (o->retention_ms > 0 && a->event_ms < o->now_ms - o->retention_ms)
        return ts_fail(err, TS_INVALID, field, "too_old: %s is more than %lld days ago", field,
                       (long long)(o->retention_ms / TS_DAY_MS));
    return TS_OK;
}

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

    a->app = service_app(text_at(payload, "serviceName", a->arena));
    a->own_id = text_at(r, "insertId", a->arena);
    a->customer = text_at(r, "logName", a->arena);
    a->actor_email = text_at(payload, "authenticationInfo.principalEmail", a->arena);
    a->ip = text_at(payload, "requestMetadata.callerIp", a->arena);
    if (!ts_json_get(payload, "metadata", &metadata) || !ts_json_get(metadata, "event", &a->events))
        return ts_fail(err, TS_INVALID, "protoPayload.metadata.event",
                       "protoPayload.metadata.event is missing: an array of events is needed");
    return take_time(a, text_at(r, "timestamp", a->arena), "timestamp", err);
}

static ts_status read_addon(activity *a, ts_json r, ts_error *err)
{
    a->app = app_of_type(text_at(r, "type", a->arena));
    a->own_id = text_at(r, "unique_id", a->arena);
    a->actor_email = or_nothing(text_at(r, "email", a->arena));
    a->ip = or_nothing(text_at(r, "ip_address", a->arena));
    a->events = r;
    return take_time(a, text_at(r, "timestamp", a->arena), "timestamp", err);
}

static ts_status read_activity(activity *a, ts_json r, ts_error *err)
{
    ts_json actor;

    a->app = text_at(r, "id.applicationName", a->arena);
    a->own_id = text_at(r, "id.uniqueQualifier", a->arena);
    a->customer = text_at(r, "id.customerId", a->arena);
    if (ts_json_get(r, "actor", &actor)) {
        a->actor_email = or_nothing(text_at(actor, "email", a->arena));
        a->actor_id = or_nothing(text_at(actor, "profileId", a->arena));
        a->caller_type = text_at(actor, "callerType", a->arena);
        if (a->actor_id.n == 0)
            a->actor_id = text_at(actor, "key", a->arena);
    }
    a->ip = or_nothing(text_at(r, "ipAddress", a->arena));
    a->owner_domain = text_at(r, "ownerDomain", a->arena);
    if (!ts_json_get(r, "events", &a->events) && !ts_json_get(r, "event", &a->events)) {
        if (text_at(r, "name", a->arena).n == 0)
            return ts_fail(err, TS_INVALID, "events",
                           "events is missing: an array of {type, name, parameters} is needed");
        a->events = r; /* shape 4: the event's members stand on top */
    }
    return take_time(a, text_at(r, "id.time", a->arena), "id.time", err);
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

static ts_str cut(ts_str s)
{
    if (s.n > RISK_VALUE_MAX) {
        s.n = RISK_VALUE_MAX;
        while (s.n > 0 && ((uint8_t)s.p[s.n] & 0xc0) == 0x80)
            s.n--;
    }
    return s;
}

/* Lines are parsed one after the other by one parser: what outlives the line must be copied. */
static ts_str keep(const activity *a, ts_str s)
{
    return a->options->ndjson ? ts_arena_str(a->arena, s) : s;
}

/* Fields beyond RISK_FIELDS_MAX are not seen by detections; the raw record has them. */
static ts_status add_field(const activity *a, risk_record *rec, ts_str name, ts_str value)
{
    if (rec->field_count >= RISK_FIELDS_MAX || value.p == NULL)
        return TS_OK;
    if (!ts_arena_grow(a->arena, &rec->fields, rec->field_count, &rec->field_capacity,
                       sizeof(*rec->fields)))
        return TS_NOMEM;
    rec->fields[rec->field_count].name = keep(a, name);
    rec->fields[rec->field_count].value = keep(a, cut(value));
    if (rec->fields[rec->field_count].name.p == NULL ||
        rec->fields[rec->field_count].value.p == NULL)
        return TS_NOMEM;
    rec->field_count++;
    return TS_OK;
}

static ts_status add_values(const activity *a, risk_record *rec, ts_str name, ts_json v);

/* {"parameter": [{name, value...}, ...]}: members are named after their parent. */
static ts_status add_message(const activity *a, risk_record *rec, ts_str prefix, ts_json message,
                             unsigned depth);

static ts_status add_parameter(const activity *a, risk_record *rec, ts_str prefix, ts_json p,
                               unsigned depth)
{
    static const char *const kinds[] = { "value",         "intValue",      "boolValue",
                                         "multiValue",    "multiIntValue", "multiStrValue",
                                         "multiBoolValue" };
    ts_str name = text_at(p, "name", a->arena);
    ts_json v;

    if (name.n == 0 || name.n > PATH_MAX_N)
        return TS_OK;
    if (prefix.n > 0) {
        const char *joined =
            ts_arena_printf(a->arena, "%.*s.%.*s", (int)prefix.n, prefix.p, (int)name.n, name.p);
        if (joined == NULL)
            return TS_NOMEM;
        name = ts_str_of(joined);
    }
    for (size_t i = 0; i < TS_COUNT(kinds); i++) {
        if (ts_json_get(p, kinds[i], &v))
            return add_values(a, rec, name, v);
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

/* One value, or each of a list; an object's members get names of their own. */
static ts_status add_values(const activity *a, risk_record *rec, ts_str name, ts_json v)
{
    ts_json_type type = ts_json_type_of(v);
    ts_status st = TS_OK;

    if (type == TS_JSON_ARRAY) {
        for (ts_json_iter it = ts_json_iter_of(v); st == TS_OK && ts_json_next(&it);)
            st = add_field(a, rec, name, ts_json_text(it.value, a->arena));
        return st;
    }
    if (type == TS_JSON_OBJECT) {
        for (ts_json_iter it = ts_json_iter_of(v); st == TS_OK && ts_json_next(&it);) {
            const char *joined = ts_arena_printf(a->arena, "%.*s.%.*s", (int)name.n, name.p,
                                                 (int)it.name.n, it.name.p);
            st = joined == NULL
                     ? TS_NOMEM
                     : add_field(a, rec, ts_str_of(joined), ts_json_text(it.value, a->arena));
        }
        return st;
    }
    return type == TS_JSON_NULL ? TS_OK : add_field(a, rec, name, ts_json_text(v, a->arena));
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
        st = add_values(a, rec, it.name, it.value);
    return st;
}

static ts_str field_of(const risk_record *rec, const char *name)
{
    for (size_t i = 0; i < rec->field_count; i++) {
        if (ts_str_is(rec->fields[i].name, name))
            return rec->fields[i].value;
    }
    return TS_STR_NULL;
}

/* ---- meaning ---- */

static const char *outcome_of(const Ts__Risk__Event *e, const risk_record *rec)
{
    ts_str status;

    if (strcmp(e->action, "login_failure") == 0 || strcmp(e->action, "ACCESS_DENY_EVENT") == 0)
        return "failure";
    if (strcmp(e->type, "account_warning") == 0)
        return ""; /* the source's word about an account, nobody's act */
    status = field_of(rec, "login_challenge_status");
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
        ts_str value = field_of(rec, names[i]);

        if (value.n > 0)
            return value;
    }
    return TS_STR_NULL;
}

static ts_status set_people(const activity *a, risk_record *rec, ts_error *err)
{
    Ts__Risk__Event *e = rec->event;
    ts_str victim = field_of(rec, "affected_email_address");
    bool is_warning = strcmp(e->type, "account_warning") == 0;

    e->actor_email = risk_clean_email(a->arena, a->actor_email);
    e->actor_id = risk_clean_z(a->arena, a->actor_id, 128);
    e->target_email = risk_clean_email(a->arena, target_of(rec));
    if (e->actor_email == NULL || e->actor_id == NULL || e->target_email == NULL)
        return TS_NOMEM;
    e->user_email = e->actor_email;
    if (is_warning && victim.n > 0) {
        e->user_email = risk_clean_email(a->arena, victim);
        if (e->user_email == NULL)
            return TS_NOMEM;
    }
    if (e->user_email[0] == '\0' && e->actor_id[0] == '\0' && !ts_str_is(a->caller_type, "KEY"))
        return ts_fail(err, TS_INVALID, "actor.email",
                       "actor is missing: actor.email or actor.profileId is needed");
    return TS_OK;
}

static ts_status set_id(const activity *a, Ts__Risk__Event *e, uint32_t number)
{
    uint64_t scope[4] = { a->options->tenant.org, (uint64_t)a->options->tenant.mode,
                          (uint64_t)a->event_ms, number };
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(RISK_INFLATED_MAX);
    ts_str parts[] = { ts_str_n(scope, sizeof(scope)), ts_str_of(a->options->source), a->app,
                       a->customer, a->own_id };
    ts_hash128 id;

    if (a->own_id.n == 0) {
        /* Printed again, so that one record has one id in an array, a line or a file. */
        ts_json_print(a->record, &text);
        if (ts_buf_status(&text) != TS_OK)
            return TS_NOMEM;
        parts[4] = ts_buf_view(&text);
    }
    id = ts_hash_parts(parts, TS_COUNT(parts));
    e->id.data = (uint8_t *)(uintptr_t)ts_arena_str(a->arena, ts_str_n(id.bytes, 16)).p;
    e->id.len = 16;
    return e->id.data == NULL ? TS_NOMEM : TS_OK;
}

/* The fields that every event has, under the names that rules use. */
static ts_status add_common_fields(const activity *a, risk_record *rec)
{
    const Ts__Risk__Event *e = rec->event;
    const char *service = strcmp(e->app, "token") == 0
                              ? "oauth2.googleapis.com"
                              : ts_arena_printf(a->arena, "%s.googleapis.com", e->app);
    struct {
        const char *name;
        ts_str value;
    } fields[] = {
        { "eventName", ts_str_of(e->action) },
        { "eventType", ts_str_of(e->type) },
        { "eventService", ts_str_of(service) },
        { "applicationName", ts_str_of(e->app) },
        { "actor.email", ts_str_of(e->actor_email) },
        { "actor.profileId", ts_str_of(e->actor_id) },
        { "actor.callerType", a->caller_type },
        { "ipAddress", ts_str_of(e->ip) },
        { "ownerDomain", ts_str_of(e->owner_domain) },
        { "user.email", ts_str_of(e->user_email) },
        { "target.email", ts_str_of(e->target_email) },
        { "outcome", ts_str_of(e->outcome) },
        { "protoPayload.serviceName", ts_str_of(service) },
        { "protoPayload.metadata.event.eventName", ts_str_of(e->action) },
    };

    if (service == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i < TS_COUNT(fields); i++) {
        ts_status st = fields[i].value.n == 0
                           ? TS_OK
                           : add_field(a, rec, ts_str_of(fields[i].name), fields[i].value);
        if (st != TS_OK)
            return st;
    }
    return TS_OK;
}

static ts_status fill_event(const activity *a, risk_record *rec, ts_json event, uint32_t number,
                            ts_error *err)
{
    Ts__Risk__Event *e = rec->event;
    ts_str name = text_at(event, "name", a->arena);
    ts_str type = text_at(event, "type", a->arena);
    ts_status st;

    if (name.n == 0)
        name = text_at(event, "eventName", a->arena);
    if (type.n == 0)
        type = text_at(event, "eventType", a->arena);
    if (name.n == 0)
        return ts_fail(err, TS_INVALID, "events.name", "events[%u].name is missing", number);
    e->source = (char *)(uintptr_t)a->options->source;
    e->app = risk_clean_z(a->arena, a->app, 64);
    e->action = risk_clean_z(a->arena, name, 128);
    e->type = risk_clean_z(a->arena, type, 128);
    e->event_ms = a->event_ms;
    e->ingest_ms = a->options->now_ms;
    e->ip = risk_clean_ip(a->arena, a->ip);
    e->owner_domain = risk_clean_z(a->arena, a->owner_domain, 253);
    e->raw.data = (uint8_t *)(uintptr_t)a->raw.p;
    e->raw.len = a->raw.n;
    if (e->app == NULL || e->action == NULL || e->type == NULL || e->ip == NULL ||
        e->owner_domain == NULL)
        return TS_NOMEM;
    st = add_parameters(a, rec, event);
    if (st == TS_OK)
        st = set_people(a, rec, err);
    if (st != TS_OK)
        return st;
    e->outcome = (char *)(uintptr_t)outcome_of(e, rec);
    e->user_agent = risk_clean_z(a->arena, field_of(rec, "user_agent"), 512);
    if (e->user_agent == NULL)
        return TS_NOMEM;
    st = add_common_fields(a, rec);
    return st == TS_OK ? set_id(a, e, number) : st;
}

static ts_status add_event(const activity *a, ts_json event, uint32_t number, risk_body *body,
                           ts_error *err)
{
    risk_record rec = { .index = a->index };

    if (ts_json_type_of(event) != TS_JSON_OBJECT)
        return ts_fail(err, TS_INVALID, "events", "events[%u] is not an object", number);
    rec.event = ts_arena_alloc(a->arena, sizeof(*rec.event));
    if (rec.event == NULL || !ts_arena_grow(a->arena, &body->records, body->record_count,
                                            &body->record_capacity, sizeof(*body->records)))
        return TS_NOMEM;
    ts__risk__event__init(rec.event);
    body->records[body->record_count] = rec;
    body->record_count++;
    return fill_event(a, &body->records[body->record_count - 1], event, number, err);
}

ts_status risk_google(const risk_body_options *options, ts_json record, ts_str raw, uint32_t index,
                      ts_arena *arena, risk_body *body, ts_error *err)
{
    activity a = {
        .options = options, .arena = arena, .raw = raw, .record = record, .index = index
    };
    size_t before = body->record_count;
    uint32_t number = 0;
    ts_status st = read_shape(&a, record, err);

    if (st != TS_OK)
        return st;
    if (ts_json_type_of(a.events) != TS_JSON_ARRAY) {
        st = add_event(&a, a.events, 0, body, err);
        number = 1;
    } else {
        for (ts_json_iter it = ts_json_iter_of(a.events); st == TS_OK && ts_json_next(&it);) {
            if (number == EVENTS_MAX)
                st = ts_fail(err, TS_INVALID, "events", "events may have at most %d items",
                             EVENTS_MAX);
            else
                st = add_event(&a, it.value, number++, body, err);
        }
    }
    if (st == TS_OK && number == 0)
        st = ts_fail(err, TS_INVALID, "events", "events is empty: at least one event is needed");
    if (st != TS_OK)
        body->record_count = before; /* all events of a record or none */
    return st;
}
