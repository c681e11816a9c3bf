#include "normalize/own.h"

#include "normalize/clean.h"

#define SHOWN_MAX 40  /* bytes of a name of the sender's in our words */
#define SCOPE_MAX 256 /* characters */
#define EMAIL_MAX 254
#define RESERVED  "teamsentry." /* names of fields that are computed */

typedef struct own {
    const risk_intake *in;
    risk_kind kind;
    ts_str id, time, kind_name, action, outcome, app, ip, user_agent;
    ts_str client_id, app_name, application_name;
    ts_str actor_email, actor_id, user_email, target_email;
    ts_json scopes, fields; /* null if left out */
} own;

typedef struct own_member {
    const char *name;
    size_t max; /* characters of a text */
    size_t at;  /* of a ts_str in `own`; of a ts_json for what is no text */
} own_member;

static const own_member members[] = {
    { "id", 256, offsetof(own, id) },
    { "time", 64, offsetof(own, time) },
    { "kind", 16, offsetof(own, kind_name) },
    { "action", 128, offsetof(own, action) },
    { "outcome", 16, offsetof(own, outcome) },
    { "app", 64, offsetof(own, app) },
    { "actor.email", EMAIL_MAX, offsetof(own, actor_email) },
    { "actor.id", 128, offsetof(own, actor_id) },
    { "user.email", EMAIL_MAX, offsetof(own, user_email) },
    { "target.email", EMAIL_MAX, offsetof(own, target_email) },
    { "ip", 45, offsetof(own, ip) },
    { "user_agent", 512, offsetof(own, user_agent) },
    { "client_id", 128, offsetof(own, client_id) },
    { "app_name", 128, offsetof(own, app_name) },
    { "application_name", 128, offsetof(own, application_name) },
};

/* Members that are objects of the above. */
static const char *const people[] = { "actor", "user", "target" };

#define ALL_MEMBERS                                                                                \
    "id, time, kind, action, outcome, app, actor, user, target, ip, user_agent, client_id, "       \
    "app_name, scopes, application_name and fields"

/* ---- reading ---- */

static size_t characters(ts_str text)
{
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++)
        n += ((uint8_t)text.p[i] & 0xc0) != 0x80;
    return n;
}

static ts_status refuse_name(const own *o, ts_str name, const char *why, ts_error *err)
{
    char *shown = risk_clean_z(o->in->arena, name, SHOWN_MAX);

    return shown == NULL ? TS_NOMEM : ts_fail(err, TS_INVALID, shown, "%s %s", shown, why);
}

static ts_status read_text(own *o, const own_member *m, ts_json v, ts_error *err)
{
    ts_str text = ts_json_str(v);

    if (ts_json_type_of(v) != TS_JSON_STRING || text.n == 0 || characters(text) > m->max)
        return ts_fail(err, TS_INVALID, m->name,
                       "%s must be text of 1 to %zu characters; leave it out if there is none",
                       m->name, m->max);
    *(ts_str *)(void *)((char *)o + m->at) = text;
    return TS_OK;
}

static const own_member *find_member(const char *name)
{
    for (size_t i = 0; i < TS_COUNT(members); i++) {
        if (strcmp(name, members[i].name) == 0)
            return &members[i];
    }
    return NULL;
}

static ts_status read_person(own *o, const char *who, ts_json object, ts_error *err)
{
    bool is_actor = strcmp(who, people[0]) == 0;
    ts_status st = TS_OK;

    if (ts_json_type_of(object) != TS_JSON_OBJECT || ts_json_count(object) == 0)
        return ts_fail(err, TS_INVALID, who, "%s must be an object with email%s", who,
                       is_actor ? " or id" : "");
    for (ts_json_iter it = ts_json_iter_of(object); st == TS_OK && ts_json_next(&it);) {
        char *name = risk_clean_z(o->in->arena, it.name, SHOWN_MAX);
        const char *full = name == NULL ? NULL : ts_arena_printf(o->in->arena, "%s.%s", who, name);
        const own_member *m = full == NULL ? NULL : find_member(full);

        if (full == NULL)
            return TS_NOMEM;
        if (m == NULL)
            return ts_fail(err, TS_INVALID, full, "%s is not a member: %s takes %s", full, who,
                           is_actor ? "email and id" : "email");
        st = read_text(o, m, it.value, err);
    }
    return st;
}

static ts_status read_member(own *o, ts_str name, ts_json v, ts_error *err)
{
    const own_member *m;

    if (ts_str_is(name, "scopes")) {
        o->scopes = v;
        return ts_json_type_of(v) == TS_JSON_ARRAY
                   ? TS_OK
                   : ts_fail(err, TS_INVALID, "scopes", "scopes must be a list of text");
    }
    if (ts_str_is(name, "fields")) {
        o->fields = v;
        return ts_json_type_of(v) == TS_JSON_OBJECT
                   ? TS_OK
                   : ts_fail(err, TS_INVALID, "fields",
                             "fields must be an object of names and values");
    }
    for (size_t i = 0; i < TS_COUNT(people); i++) {
        if (ts_str_is(name, people[i]))
            return read_person(o, people[i], v, err);
    }
    for (size_t i = 0; i < TS_COUNT(members); i++) {
        m = &members[i];
        if (ts_str_is(name, m->name) && strchr(m->name, '.') == NULL)
            return read_text(o, m, v, err);
    }
    return refuse_name(o, name, "is not a member: " ALL_MEMBERS " are", err);
}

/* ---- checking ---- */

static ts_status check_kind(own *o, ts_error *err)
{
    const char *names = risk_kind_name(0);

    if (o->kind_name.n > 0 && risk_kind_of(o->kind_name, &o->kind))
        return TS_OK;
    for (int i = 1; i < RISK_KINDS && names != NULL; i++)
        names = ts_arena_printf(o->in->arena, "%s%s%s", names, i + 1 < RISK_KINDS ? ", " : " or ",
                                risk_kind_name((risk_kind)i));
    return names == NULL ? TS_NOMEM : ts_fail(err, TS_INVALID, "kind", "kind must be %s", names);
}

static ts_status check_email(const own *o, ts_str email, const char *name, ts_error *err)
{
    const char *clean = risk_clean_email(o->in->arena, email);

    if (clean == NULL)
        return TS_NOMEM;
    if (email.n > 0 && clean[0] == '\0')
        return ts_fail(err, TS_INVALID, name, "%s must be an e-mail address", name);
    return TS_OK;
}

static bool is_printable(ts_str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] <= ' ' || text.p[i] > '~')
            return false;
    }
    return true;
}

static bool is_app(ts_str app)
{
    for (size_t i = 0; i < app.n; i++) {
        if (!(app.p[i] >= 'a' && app.p[i] <= 'z') && !(app.p[i] >= '0' && app.p[i] <= '9') &&
            strchr("_-.", app.p[i]) == NULL)
            return false;
    }
    return ts_str_find(app, '\0') == app.n;
}

static ts_status check_values(const own *o, ts_error *err)
{
    const char *ip = risk_clean_ip(o->in->arena, o->ip);
    ts_status st = check_email(o, o->actor_email, "actor.email", err);

    if (ip == NULL)
        return TS_NOMEM;
    if (st == TS_OK)
        st = check_email(o, o->user_email, "user.email", err);
    if (st == TS_OK)
        st = check_email(o, o->target_email, "target.email", err);
    if (st != TS_OK)
        return st;
    if (o->ip.n > 0 && ip[0] == '\0')
        return ts_fail(err, TS_INVALID, "ip", "ip must be an IPv4 or IPv6 address");
    if (o->outcome.n > 0 && !ts_str_is(o->outcome, "success") && !ts_str_is(o->outcome, "failure"))
        return ts_fail(err, TS_INVALID, "outcome", "outcome must be success or failure");
    if (!is_printable(o->actor_id))
        return ts_fail(err, TS_INVALID, "actor.id",
                       "actor.id must be of printable ASCII without spaces");
    if (!is_app(o->app))
        return ts_fail(err, TS_INVALID, "app", "app must be of a to z, 0 to 9, '_', '-' and '.'");
    return TS_OK;
}

static bool is_about_app(risk_kind kind)
{
    return kind == RISK_KIND_APP_GRANT || kind == RISK_KIND_APP_USE || kind == RISK_KIND_APP_REVOKE;
}

/* What a kind cannot do without. */
static ts_status check_needs(const own *o, ts_error *err)
{
    const char *kind = risk_kind_name(o->kind);
    bool is_sign_in = o->kind == RISK_KIND_SIGN_IN || o->kind == RISK_KIND_SSO;

    if (o->action.n == 0)
        return ts_fail(err, TS_INVALID, "action",
                       "action is missing: what was done, as the product calls it");
    if (o->kind == RISK_KIND_WARNING && o->user_email.n == 0)
        return ts_fail(err, TS_INVALID, "user",
                       "user is missing: kind warning needs user.email, whom it is about");
    if (o->kind != RISK_KIND_WARNING && o->actor_email.n == 0 && o->actor_id.n == 0)
        return ts_fail(err, TS_INVALID, "actor",
                       "actor is missing: kind %s needs actor.email or actor.id, who did it", kind);
    if (is_sign_in && o->outcome.n == 0)
        return ts_fail(err, TS_INVALID, "outcome",
                       "outcome is missing: kind %s needs success or failure", kind);
    if ((o->kind == RISK_KIND_SSO || o->kind == RISK_KIND_AI) && o->application_name.n == 0)
        return ts_fail(err, TS_INVALID, "application_name",
                       "application_name is missing: kind %s needs it", kind);
    if (is_about_app(o->kind) && o->client_id.n == 0 && o->app_name.n == 0)
        return ts_fail(err, TS_INVALID, "client_id",
                       "client_id is missing: kind %s needs client_id or app_name", kind);
    return TS_OK;
}

/* What would say nothing with this kind. */
static ts_status check_use(const own *o, ts_error *err)
{
    bool takes_app = is_about_app(o->kind) || o->kind == RISK_KIND_ADMIN;
    const char *unused = NULL;

    if (o->application_name.n > 0 && o->kind != RISK_KIND_SSO && o->kind != RISK_KIND_AI)
        return ts_fail(err, TS_INVALID, "application_name",
                       "application_name is of kinds sso and ai only; kind is %s",
                       risk_kind_name(o->kind));
    if (takes_app)
        return TS_OK;
    if (o->client_id.n > 0)
        unused = "client_id";
    else if (o->app_name.n > 0)
        unused = "app_name";
    else if (ts_json_type_of(o->scopes) != TS_JSON_NULL)
        unused = "scopes";
    if (unused == NULL)
        return TS_OK;
    return ts_fail(err, TS_INVALID, unused,
                   "%s is of kinds app_grant, app_use, app_revoke and admin only; kind is %s",
                   unused, risk_kind_name(o->kind));
}

/* ---- fields ---- */

static ts_status add_scopes(const own *o, risk_record *rec, ts_error *err)
{
    size_t count = 0;
    ts_status st = TS_OK;

    for (ts_json_iter it = ts_json_iter_of(o->scopes); st == TS_OK && ts_json_next(&it);) {
        ts_str scope = ts_json_str(it.value);

        if (ts_json_type_of(it.value) != TS_JSON_STRING || scope.n == 0 ||
            characters(scope) > SCOPE_MAX || ++count > OWN_SCOPES_MAX)
            return ts_fail(err, TS_INVALID, "scopes",
                           "scopes must be at most %d texts of 1 to %d characters", OWN_SCOPES_MAX,
                           SCOPE_MAX);
        st = risk_intake_field(o->in, rec, TS_STR_LIT("scope"), scope);
    }
    return st;
}

static ts_status add_value(const own *o, risk_record *rec, ts_str name, ts_json v, bool in_list,
                           size_t *count, ts_error *err)
{
    ts_json_type type = ts_json_type_of(v);
    ts_status st = TS_OK;
    ts_str text;

    if (type == TS_JSON_ARRAY && !in_list) {
        for (ts_json_iter it = ts_json_iter_of(v); st == TS_OK && ts_json_next(&it);)
            st = add_value(o, rec, name, it.value, true, count, err);
        return st;
    }
    if (type == TS_JSON_NULL || type == TS_JSON_ARRAY || type == TS_JSON_OBJECT)
        return ts_fail(err, TS_INVALID, "fields",
                       "fields must be text, numbers, true, false, or lists of them");
    text = ts_json_text(v, o->in->arena);
    if (text.p == NULL)
        return TS_NOMEM;
    if (text.n > RISK_VALUE_MAX)
        return ts_fail(err, TS_INVALID, "fields", "fields must be of at most %d bytes each",
                       RISK_VALUE_MAX);
    if (++*count > OWN_FIELDS_MAX)
        return ts_fail(err, TS_INVALID, "fields", "fields must be at most %d values",
                       OWN_FIELDS_MAX);
    return risk_intake_field(o->in, rec, name, text);
}

static ts_status add_fields(const own *o, risk_record *rec, ts_error *err)
{
    size_t count = 0;
    ts_status st = TS_OK;

    for (ts_json_iter it = ts_json_iter_of(o->fields); st == TS_OK && ts_json_next(&it);) {
        if (it.name.n == 0 || it.name.n > RISK_PATH_MAX ||
            ts_str_starts(it.name, TS_STR_LIT(RESERVED)))
            return ts_fail(err, TS_INVALID, "fields",
                           "names of fields must be of 1 to %d bytes, and begin otherwise than "
                           "with " RESERVED,
                           RISK_PATH_MAX);
        st = add_value(o, rec, it.name, it.value, false, &count, err);
    }
    return st;
}

static ts_status add_names(const own *o, risk_record *rec)
{
    const struct {
        const char *name;
        ts_str value;
    } names[] = {
        { "client_id", o->client_id },
        { "app_name", o->app_name },
        { "application_name", o->application_name },
    };
    ts_status st = TS_OK;

    for (size_t i = 0; i < TS_COUNT(names) && st == TS_OK; i++)
        st = risk_intake_field(o->in, rec, ts_str_of(names[i].name), names[i].value);
    return st;
}

/* ---- the event ---- */

static bool are_all(char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (texts[i] == NULL)
            return false;
    }
    return true;
}

/* An id of an account is unique within its product only. */
static char *scoped_id(const own *o)
{
    const char *text = o->actor_id.n == 0
                           ? ""
                           : ts_arena_printf(o->in->arena, "%.*s:%.*s", (int)o->app.n, o->app.p,
                                             (int)o->actor_id.n, o->actor_id.p);

    return text == NULL ? NULL : risk_clean_z(o->in->arena, ts_str_of(text), 256);
}

static ts_status fill_event(const own *o, risk_record *rec)
{
    ts_arena *arena = o->in->arena;
    Ts__Risk__Event *e = rec->event;
    char *const texts[] = {
        risk_clean_z(arena, o->app, 64),
        risk_clean_z(arena, o->action, 512),
        risk_clean_z(arena, o->outcome, 16),
        risk_clean_ip(arena, o->ip),
        risk_clean_z(arena, o->user_agent, 2048),
        scoped_id(o),
        risk_clean_email(arena, o->actor_email),
        risk_clean_email(arena, o->user_email.n > 0 ? o->user_email : o->actor_email),
        risk_clean_email(arena, o->target_email),
    };

    if (!are_all(texts, TS_COUNT(texts)))
        return TS_NOMEM;
    e->app = texts[0];
    e->action = texts[1];
    e->outcome = texts[2];
    e->ip = texts[3];
    e->user_agent = texts[4];
    e->actor_id = texts[5];
    e->actor_email = texts[6];
    e->user_email = texts[7];
    e->target_email = texts[8];
    e->type = (char *)(uintptr_t)risk_kind_name(o->kind);
    rec->kind = o->kind;
    return TS_OK;
}

static ts_status read_all(own *o, ts_error *err)
{
    ts_status st = TS_OK;

    for (ts_json_iter it = ts_json_iter_of(o->in->record); st == TS_OK && ts_json_next(&it);)
        st = read_member(o, it.name, it.value, err);
    if (st == TS_OK)
        st = check_kind(o, err);
    if (o->app.n == 0)
        o->app = TS_STR_LIT("other");
    if (st == TS_OK)
        st = check_needs(o, err);
    if (st == TS_OK)
        st = check_use(o, err);
    return st == TS_OK ? check_values(o, err) : st;
}

ts_status risk_own(const risk_intake *in, ts_error *err)
{
    own o = { .in = in };
    risk_record *rec = NULL;
    int64_t event_ms = 0;
    ts_status st = read_all(&o, err);

    if (st == TS_OK)
        st = risk_intake_time(in, o.time, "time", &event_ms, err);
    if (st == TS_OK)
        st = risk_intake_event(in, event_ms, &rec);
    if (st == TS_OK)
        st = fill_event(&o, rec);
    if (st == TS_OK)
        st = risk_intake_common(in, rec);
    if (st == TS_OK)
        st = add_names(&o, rec);
    if (st == TS_OK)
        st = add_scopes(&o, rec, err);
    if (st == TS_OK)
        st = add_fields(&o, rec, err);
    return st == TS_OK ? risk_intake_id(in, rec, o.app, TS_STR_NULL, o.id, 0) : st;
}
