#include "normalize/ocsf.h"

#include "normalize/clean.h"

/* Epoch times in other units than milliseconds, which mappings get wrong: as milliseconds these would be before 1973 or after 5000. */
#define SECONDS_BELOW      INT64_C(100000000000)
#define MICROSECONDS_ABOVE INT64_C(100000000000000)
#define NANOSECONDS_ABOVE  INT64_C(100000000000000000)
#define ID_MAX             256 /* bytes */

/* What stands where, by class. */
typedef enum ocsf_people {
    OCSF_ACTOR,  /* actor.user acts */
    OCSF_TARGET, /* actor.user acts upon user, users or entity.user */
    OCSF_USER,   /* user acts; actor is what let it */
    OCSF_ABOUT,  /* nobody acts: a finding is about somebody, in several places */
} ocsf_people;

typedef struct ocsf_class {
    uint32_t uid;
    const char *name; /* as the schema spells it */
    ocsf_people people;
} ocsf_class;

static const ocsf_class classes[] = {
    { 2001, "security_finding", OCSF_ABOUT },
    { 2004, "detection_finding", OCSF_ABOUT },
    { 2006, "data_security_finding", OCSF_ABOUT },
    { 3001, "account_change", OCSF_TARGET },
    { 3002, "authentication", OCSF_USER },
    { 3003, "authorize_session", OCSF_USER },
    { 3004, "entity_management", OCSF_TARGET },
    { 3005, "user_access", OCSF_TARGET },
    { 3006, "group_management", OCSF_TARGET },
    { 3007, "user_management", OCSF_TARGET }, /* since 1.9 in place of 3001 and 3005 */
    { 3008, "role_management", OCSF_TARGET },
    { 6001, "web_resources_activity", OCSF_ACTOR },
    { 6002, "application_lifecycle", OCSF_ACTOR },
    { 6003, "api_activity", OCSF_ACTOR },
    { 6005, "datastore_activity", OCSF_ACTOR },
    { 6006, "file_hosting", OCSF_ACTOR },
};

/* Activities by number; 0 stands for any other of the class. What is in neither table, or depends on more, is in kind_of(). */
static const struct {
    uint32_t class_uid;
    uint32_t activity;
    risk_kind kind;
} kinds[] = {
    { 3001, 0, RISK_KIND_ADMIN },       { 3002, 1, RISK_KIND_SIGN_IN }, /* Logon */
    { 3004, 2, RISK_KIND_OTHER },                                       /* Read */
    { 3004, 0, RISK_KIND_ADMIN },       { 3005, 0, RISK_KIND_ADMIN },
    { 3006, 0, RISK_KIND_ADMIN },       { 3007, 0, RISK_KIND_ADMIN },
    { 3008, 0, RISK_KIND_ADMIN },       { 6001, 2, RISK_KIND_FILE_VIEW }, /* Read */
    { 6001, 4, RISK_KIND_FILE_DELETE },                                   /* Delete */
    { 6001, 7, RISK_KIND_FILE_TAKE },                                     /* Export */
    { 6001, 8, RISK_KIND_FILE_SHARE },                                    /* Share */
    { 6001, 0, RISK_KIND_FILE },        { 6002, 1, RISK_KIND_APP_GRANT }, /* Install */
    { 6002, 2, RISK_KIND_APP_REVOKE },                                    /* Remove */
    { 6006, 2, RISK_KIND_FILE_TAKE },                                     /* Download */
    { 6006, 4, RISK_KIND_FILE_DELETE },                                   /* Delete */
    { 6006, 6, RISK_KIND_FILE_TAKE },                                     /* Copy */
    { 6006, 9, RISK_KIND_FILE_VIEW },                                     /* Preview */
    { 6006, 12, RISK_KIND_FILE_SHARE },                                   /* Share */
    { 6006, 14, RISK_KIND_FILE_VIEW },                                    /* Open */
    { 6006, 15, RISK_KIND_FILE_TAKE },                                    /* Sync */
    { 6006, 0, RISK_KIND_FILE },
};

typedef struct ocsf {
    const risk_intake *in;
    const ocsf_class *class;
    uint32_t activity;
    ts_str product; /* whose users' ids they are, and whose events' */
} ocsf;

static ts_str text_at(const ocsf *o, ts_json object, const char *path)
{
    return risk_or_nothing(risk_text_at(o->in, object, path));
}

/* The first that is not empty of several places in the record. */
static ts_str first_text(const ocsf *o, const char *const *paths, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ts_str text = text_at(o, o->in->record, paths[i]);

        if (text.n > 0)
            return text;
    }
    return TS_STR_NULL;
}

/* ---- numbers ---- */

/* A number, also one that came as text or with a fraction of zero. */
static bool number_of(ts_json v, int64_t *ret)
{
    double d;

    switch (ts_json_type_of(v)) {
    case TS_JSON_INT: *ret = ts_json_i64(v, 0); return true;
    case TS_JSON_DOUBLE:
        d = ts_json_f64(v, -1);
        if (!(d >= 0 && d < 9e18))
            return false;
        *ret = (int64_t)d;
        return true;
    case TS_JSON_STRING: return ts_parse_i64(ts_json_str(v), ret) == TS_OK;
    default: return false;
    }
}

static bool number_at(ts_json object, const char *path, int64_t *ret)
{
    ts_json v;

    return ts_json_path(object, path, &v) && number_of(v, ret);
}

static int64_t milliseconds(int64_t time)
{
    if (time < SECONDS_BELOW)
        return time * 1000;
    if (time >= NANOSECONDS_ABOVE)
        return time / 1000000;
    return time >= MICROSECONDS_ABOVE ? time / 1000 : time;
}

static ts_status read_time(const ocsf *o, int64_t *ret_ms, ts_error *err)
{
    const char *field = "time";
    int64_t time;
    ts_json v;

    if (!ts_json_get(o->in->record, field, &v) || ts_json_type_of(v) == TS_JSON_NULL) {
        field = "time_dt";
        if (!ts_json_get(o->in->record, field, &v))
            return ts_fail(err, TS_INVALID, "time",
                           "time is missing: milliseconds since 1970, or time_dt, are needed");
    }
    if (!number_of(v, &time))
        return risk_intake_time(o->in, ts_json_text(v, o->in->arena), field, ret_ms, err);
    if (time < 0)
        return ts_fail(err, TS_INVALID, field, "%s must be milliseconds since 1970", field);
    *ret_ms = milliseconds(time);
    return risk_intake_time_ms(o->in, *ret_ms, field, err);
}

/* ---- what it is ---- */

static ts_status refuse_class(const ocsf *o, int64_t uid, ts_error *err)
{
    const char *taken = "";

    for (size_t i = 0; i < TS_COUNT(classes) && taken != NULL; i++)
        taken = ts_arena_printf(o->in->arena, "%s%s%u", taken,
                                i == 0                      ? ""
                                : i + 1 < TS_COUNT(classes) ? ", "
                                                            : " and ",
                                classes[i].uid);
    if (taken == NULL)
        return TS_NOMEM;
    return ts_fail(err, TS_INVALID, "class_uid", "class_uid %lld is not taken: %s are",
                   (long long)uid, taken);
}

static ts_status read_class(ocsf *o, ts_error *err)
{
    ts_json r = o->in->record;
    int64_t uid, activity;

    if (!number_at(r, "class_uid", &uid))
        return ts_fail(err, TS_INVALID, "class_uid",
                       "class_uid is missing: the number of the event's OCSF class is needed");
    for (size_t i = 0; i < TS_COUNT(classes); i++) {
        if (classes[i].uid == uid)
            o->class = &classes[i];
    }
    if (o->class == NULL)
        return refuse_class(o, uid, err);
    if (!number_at(r, "activity_id", &activity)) {
        if (!number_at(r, "type_uid", &activity))
            return ts_fail(err, TS_INVALID, "activity_id",
                           "activity_id is missing: the number of the activity within class %u "
                           "is needed",
                           o->class->uid);
        activity %= 100;
    }
    if (activity < 0 || activity > 99)
        return ts_fail(err, TS_INVALID, "activity_id", "activity_id must be between 0 and 99");
    o->activity = (uint32_t)activity;
    return TS_OK;
}

/* Calls keep the name of what was called; all else has that of the activity. */
static ts_str action_of(const ocsf *o)
{
    ts_str type = text_at(o, o->in->record, "type_name");
    ts_str action = TS_STR_NULL;
    const char *number;
    size_t colon;

    if (o->class->uid == 6003)
        action = text_at(o, o->in->record, "api.operation");
    if (action.n == 0)
        action = text_at(o, o->in->record, "activity_name");
    colon = ts_str_find(type, ':');
    if (action.n == 0 && colon < type.n)
        action = ts_str_trim(ts_str_n(type.p + colon + 1, type.n - colon - 1));
    if (action.n > 0)
        return action;
    number = ts_arena_printf(o->in->arena, "activity %u", o->activity);
    return number == NULL ? TS_STR_NULL : ts_str_of(number);
}

static const char *outcome_of(const ocsf *o)
{
    ts_json r = o->in->record;
    ts_str status = text_at(o, r, "status");
    int64_t id;

    if (o->class->people == OCSF_ABOUT)
        return "";
    if (number_at(r, "status_id", &id) && (id == 1 || id == 2))
        return id == 1 ? "success" : "failure";
    if (ts_str_ieq(status, TS_STR_LIT("success")))
        return "success";
    if (ts_str_ieq(status, TS_STR_LIT("failure")))
        return "failure";
    /* A control that denied it (profile security_control); a call's error. */
    if ((number_at(r, "action_id", &id) && id == 2) || text_at(o, r, "api.response.error").n > 0)
        return "failure";
    return "";
}

/* ---- people ---- */

typedef struct person {
    const char *email; /* "" if none */
    ts_str id;
    ts_str name;
} person;

static bool is_anybody(const person *p)
{
    return p->email[0] != '\0' || p->id.n > 0 || p->name.n > 0;
}

static bool is_same(const person *a, const person *b)
{
    if (a->id.n > 0 && b->id.n > 0)
        return ts_str_eq(a->id, b->id);
    if (a->email[0] != '\0' && b->email[0] != '\0')
        return strcmp(a->email, b->email) == 0;
    return a->name.n > 0 && ts_str_eq(a->name, b->name);
}

/* An OCSF user: many mappings have the address as its name or its id. */
static ts_status read_person(const ocsf *o, ts_json user, person *ret)
{
    static const char *const places[] = { "email_addr", "name", "uid", "uid_alt" };

    *ret = (person){ .email = "" };
    for (size_t i = 0; i < TS_COUNT(places) && ret->email[0] == '\0'; i++) {
        ret->email = risk_clean_email(o->in->arena, text_at(o, user, places[i]));
        if (ret->email == NULL)
            return TS_NOMEM;
    }
    ret->id = text_at(o, user, "uid");
    if (ret->id.n == 0)
        ret->id = text_at(o, user, "uid_alt");
    ret->name = text_at(o, user, "name");
    return TS_OK;
}

/* The first element of a list; a value that is none is its own. */
static ts_json first_of(ts_json v)
{
    ts_json_iter it = ts_json_iter_of(v);

    if (ts_json_type_of(v) != TS_JSON_ARRAY)
        return v;
    return ts_json_next(&it) ? it.value : (ts_json){ 0 };
}

static ts_status person_at(const ocsf *o, ts_json object, const char *path, person *ret)
{
    ts_json v;

    if (!ts_json_path(object, path, &v))
        v = (ts_json){ 0 };
    return read_person(o, first_of(v), ret);
}

/* The first element of a list that holds somebody with an address. */
static ts_status person_in(const ocsf *o, ts_json list, const char *path, person *ret)
{
    ts_status st = TS_OK;

    for (ts_json_iter it = ts_json_iter_of(list);
         st == TS_OK && ret->email[0] == '\0' && ts_json_next(&it);)
        st = path == NULL ? read_person(o, it.value, ret) : person_at(o, it.value, path, ret);
    return st;
}

/* A finding is about who was harmed or who did it, by what the record or its evidence says; else about the account that was found
 * fault with, or the owner of what was. */
static ts_status find_subject(const ocsf *o, person *ret)
{
    static const struct {
        const char *list; /* NULL: the record itself */
        const char *path; /* NULL: the element itself */
    } places[] = {
        { NULL, "user" },        { NULL, "actor.user" },
        { "evidences", "user" }, { "evidences", "actor.user" },
        { "resources", NULL },   { "resources", "owner" },
    };
    ts_status st = TS_OK;

    *ret = (person){ .email = "" };
    for (size_t i = 0; i < TS_COUNT(places) && st == TS_OK && ret->email[0] == '\0'; i++) {
        ts_json within = o->in->record;

        if (places[i].list == NULL)
            st = person_at(o, within, places[i].path, ret);
        else if (ts_json_get(o->in->record, places[i].list, &within))
            st = person_in(o, within, places[i].path, ret);
    }
    return st;
}

static ts_status read_target(const ocsf *o, person *ret)
{
    static const char *const places[] = { "user", "users", "entity.user" };
    ts_status st = TS_OK;

    *ret = (person){ .email = "" };
    for (size_t i = 0; i < TS_COUNT(places) && st == TS_OK && !is_anybody(ret); i++)
        st = person_at(o, o->in->record, places[i], ret);
    return st;
}

/* An account id is unique within a product only. One that does not fit is no id. */
static char *scoped_id(const ocsf *o, ts_str id)
{
    char *text;

    if (id.n == 0 || id.n + o->product.n + 1 > ID_MAX)
        return ts_arena_z(o->in->arena, TS_STR_NULL);
    text = ts_arena_printf(o->in->arena, "%.*s:%.*s", (int)o->product.n, o->product.p, (int)id.n,
                           id.p);
    return text == NULL ? NULL : risk_clean_z(o->in->arena, ts_str_of(text), ID_MAX);
}

/* Some products give the address with the actor and leave it out with the user, who is the same. */
static person who_acts(const ocsf *o, const person *actor, const person *user)
{
    if (o->class->people != OCSF_USER || !is_anybody(user))
        return *actor;
    return user->email[0] == '\0' && is_same(actor, user) ? *actor : *user;
}

static ts_status set_people(const ocsf *o, risk_record *rec, bool *ret_is_own, ts_error *err)
{
    Ts__Risk__Event *e = rec->event;
    person actor = { .email = "" }, user = { .email = "" }, acts = { .email = "" };
    ts_json v;
    ts_status st = TS_OK;

    if (o->class->people == OCSF_ABOUT) {
        st = find_subject(o, &user);
        e->user_email = (char *)(uintptr_t)user.email;
        return st;
    }
    st = person_at(o, o->in->record, "actor.user", &actor);
    if (st == TS_OK && o->class->people != OCSF_ACTOR)
        st = read_target(o, &user);
    if (st != TS_OK)
        return st;
    acts = who_acts(o, &actor, &user);
    if (!is_anybody(&acts) && !is_anybody(&user) &&
        !(ts_json_get(o->in->record, "actor", &v) && ts_json_type_of(v) == TS_JSON_OBJECT))
        return ts_fail(err, TS_INVALID, "actor",
                       "actor is missing: actor.user%s with email_addr, uid or name is needed",
                       o->class->people == OCSF_ACTOR ? "" : " or user");
    *ret_is_own = is_anybody(&acts) && is_same(&acts, &user);
    e->actor_email = (char *)(uintptr_t)acts.email;
    e->actor_id = scoped_id(o, acts.id);
    if (o->class->people == OCSF_TARGET && !*ret_is_own)
        e->target_email = (char *)(uintptr_t)user.email;
    e->user_email = e->actor_email[0] != '\0' ? e->actor_email : e->target_email;
    return e->actor_id == NULL ? TS_NOMEM : TS_OK;
}

/* ---- kind ---- */

/* Signed in to something else with an account of the workspace. */
static bool is_federated(const ocsf *o)
{
    int64_t protocol;

    if (text_at(o, o->in->record, "service.name").n > 0)
        return true;
    return number_at(o->in->record, "auth_protocol_id", &protocol) && protocol >= 4 &&
           protocol <= 6; /* OpenID, SAML, OAuth 2.0 */
}

static ts_str ai_provider(const ocsf *o)
{
    static const char *const places[] = { "ai_model.ai_provider", "ai_agent.ai_model.ai_provider" };

    return first_text(o, places, TS_COUNT(places));
}

static bool names_app(const ocsf *o)
{
    static const char *const places[] = { "actor.app_uid", "actor.app_name" };

    return first_text(o, places, TS_COUNT(places)).n > 0;
}

/* The record says that the file is open to everybody, or that it is not. */
static bool is_public(const ocsf *o, bool wanted)
{
    ts_json v;

    return ts_json_path(o->in->record, "file.is_public", &v) && ts_json_bool(v, !wanted) == wanted;
}

static risk_kind kind_of(const ocsf *o, const Ts__Risk__Event *e, bool is_own)
{
    risk_kind kind = RISK_KIND_OTHER;
    ts_json v;

    if (o->class->people == OCSF_ABOUT)
        return RISK_KIND_WARNING;
    if (o->class->people == OCSF_ACTOR && ai_provider(o).n > 0)
        return RISK_KIND_AI;
    if (o->class->uid == 6003)
        return e->actor_email[0] != '\0' && names_app(o) ? RISK_KIND_APP_USE : RISK_KIND_OTHER;
    for (size_t i = 0; i < TS_COUNT(kinds); i++) {
        if (kinds[i].class_uid == o->class->uid &&
            (kinds[i].activity == o->activity || kinds[i].activity == 0)) {
            kind = kinds[i].kind;
            break;
        }
    }
    /* Who fails is kept out of the workspace, whatever they wanted in it. */
    if (kind == RISK_KIND_SIGN_IN && strcmp(e->outcome, "failure") != 0 && is_federated(o))
        return RISK_KIND_SSO;
    if (kind == RISK_KIND_ADMIN && is_own && (o->class->uid == 3001 || o->class->uid == 3007))
        return RISK_KIND_ACCOUNT;
    /* Software put on a computer is given no access to the workspace. */
    if (o->class->uid == 6002 &&
        (e->actor_email[0] == '\0' || ts_json_get(o->in->record, "device", &v)))
        return RISK_KIND_OTHER;
    return kind == RISK_KIND_FILE_SHARE && is_public(o, false) ? RISK_KIND_FILE : kind;
}

/* ---- fields ---- */

/* What apps and AI tools are found by, and rules know a file that is open to everybody by. */
static ts_status add_names(const ocsf *o, risk_record *rec)
{
    static const char *const services[] = { "service.name", "metadata.product.vendor_name",
                                            "metadata.product.name" };
    bool is_app = rec->kind == RISK_KIND_APP_USE;
    const char *id_at = is_app ? "actor.app_uid" : "app.uid";
    const char *name_at = is_app ? "actor.app_name" : "app.name";
    ts_json r = o->in->record;
    ts_status st;

    if (rec->kind == RISK_KIND_FILE_SHARE && is_public(o, true))
        return risk_intake_field(o->in, rec, TS_STR_LIT("visibility"),
                                 TS_STR_LIT("public_on_the_web"));
    if (rec->kind == RISK_KIND_AI)
        return risk_intake_field(o->in, rec, TS_STR_LIT("application_name"), ai_provider(o));
    if (rec->kind == RISK_KIND_SSO)
        return risk_intake_field(o->in, rec, TS_STR_LIT("application_name"),
                                 first_text(o, services, TS_COUNT(services)));
    if (!is_app && rec->kind != RISK_KIND_APP_GRANT && rec->kind != RISK_KIND_APP_REVOKE)
        return TS_OK;
    st = risk_intake_field(o->in, rec, TS_STR_LIT("client_id"), text_at(o, r, id_at));
    return st == TS_OK
               ? risk_intake_field(o->in, rec, TS_STR_LIT("app_name"), text_at(o, r, name_at))
               : st;
}

/* When a member is laid out. Evidence shows the first fields of an event, and what comes last may find no room: what tells a person
 * most is first, what nobody has mapped last. Observables repeat what stands elsewhere, raw_data is what the event was made of. */
typedef enum ocsf_turn { OCSF_FIRST, OCSF_THEN, OCSF_LAST, OCSF_NEVER } ocsf_turn;

static ocsf_turn turn_of(ts_str name)
{
    static const struct {
        const char *name;
        ocsf_turn turn;
    } turns[] = {
        { "message", OCSF_FIRST },       { "finding_info", OCSF_FIRST },
        { "finding", OCSF_FIRST },       { "status_detail", OCSF_FIRST },
        { "api", OCSF_FIRST },           { "app", OCSF_FIRST },
        { "service", OCSF_FIRST },       { "file", OCSF_FIRST },
        { "web_resources", OCSF_FIRST }, { "group", OCSF_FIRST },
        { "privileges", OCSF_FIRST },    { "entity", OCSF_FIRST },
        { "unmapped", OCSF_LAST },       { "enrichments", OCSF_LAST },
        { "observables", OCSF_NEVER },   { "raw_data", OCSF_NEVER },
    };

    for (size_t i = 0; i < TS_COUNT(turns); i++) {
        if (ts_str_is(name, turns[i].name))
            return turns[i].turn;
    }
    return OCSF_THEN;
}

static ts_status lay_out(const ocsf *o, risk_record *rec)
{
    ts_status st = TS_OK;

    for (int turn = OCSF_FIRST; turn <= OCSF_LAST; turn++) {
        for (ts_json_iter it = ts_json_iter_of(o->in->record); st == TS_OK && ts_json_next(&it);) {
            if ((int)turn_of(it.name) == turn && it.name.n <= RISK_PATH_MAX)
                st = risk_intake_fields(o->in, rec, it.name, it.value);
        }
    }
    return st;
}

/* ---- the event ---- */

static ts_str ip_of(const ocsf *o)
{
    static const char *const places[] = { "src_endpoint.ip", "device.ip" };
    ts_str ip = first_text(o, places, TS_COUNT(places));
    ts_json list;

    if (o->class->people != OCSF_ABOUT || ip.n > 0 ||
        !ts_json_get(o->in->record, "evidences", &list))
        return ip;
    return text_at(o, first_of(list), "src_endpoint.ip");
}

static ts_status fill_event(const ocsf *o, risk_record *rec, ts_error *err)
{
    Ts__Risk__Event *e = rec->event;
    ts_json r = o->in->record;
    bool is_own = false;
    ts_status st = set_people(o, rec, &is_own, err);

    if (st != TS_OK)
        return st;
    e->app = (char *)(uintptr_t)o->class->name;
    e->action = risk_clean_z(o->in->arena, action_of(o), 128);
    e->type = risk_clean_z(o->in->arena, text_at(o, r, "metadata.event_code"), 128);
    e->ip = risk_clean_ip(o->in->arena, ip_of(o));
    e->outcome = (char *)(uintptr_t)outcome_of(o);
    e->user_agent = risk_clean_z(o->in->arena, text_at(o, r, "http_request.user_agent"), 512);
    if (e->action == NULL || e->type == NULL || e->ip == NULL || e->user_agent == NULL)
        return TS_NOMEM;
    rec->kind = kind_of(o, e, is_own);
    rec->may_be_foreign = true;
    /* The names that all sources have, before an event of many members leaves no room for them. */
    st = risk_intake_common(o->in, rec);
    if (st == TS_OK)
        st = add_names(o, rec);
    if (st == TS_OK)
        st = lay_out(o, rec);
    return st;
}

ts_status risk_ocsf(const risk_intake *in, ts_error *err)
{
    static const char *const products[] = { "metadata.product.vendor_name",
                                            "metadata.product.name" };
    ocsf o = { .in = in };
    risk_record *rec = NULL;
    int64_t event_ms = 0;
    ts_status st = read_class(&o, err);

    if (st == TS_OK)
        st = read_time(&o, &event_ms, err);
    if (st == TS_OK)
        st = risk_intake_event(in, event_ms, &rec);
    if (st != TS_OK)
        return st;
    o.product = first_text(&o, products, TS_COUNT(products));
    st = fill_event(&o, rec, err);
    if (st != TS_OK)
        return st;
    return risk_intake_id(in, rec, ts_str_of(o.class->name), o.product,
                          text_at(&o, in->record, "metadata.uid"), o.activity);
}
