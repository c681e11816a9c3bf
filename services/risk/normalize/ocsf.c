#include "normalize/clean.h"
#include "normalize/ocsf_form.h"

/* Epoch times in other units than milliseconds, which mappings get wrong: as milliseconds these would be before 1973 or after 5000. */
#define SECONDS_BELOW      INT64_C(100000000000)
#define MICROSECONDS_ABOVE INT64_C(100000000000000)
#define NANOSECONDS_ABOVE  INT64_C(100000000000000000)

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
    if (!ocsf_number(v, &time))
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

    if (!ocsf_number_at(r, "class_uid", &uid))
        return ts_fail(err, TS_INVALID, "class_uid",
                       "class_uid is missing: the number of the event's OCSF class is needed");
    for (size_t i = 0; i < TS_COUNT(classes); i++) {
        if (classes[i].uid == uid)
            o->class = &classes[i];
    }
    if (o->class == NULL)
        return refuse_class(o, uid, err);
    if (!ocsf_number_at(r, "activity_id", &activity)) {
        if (!ocsf_number_at(r, "type_uid", &activity))
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
    ts_str type = ocsf_text(o, o->in->record, "type_name");
    ts_str action = TS_STR_NULL;
    const char *number;
    size_t colon;

    if (o->class->uid == 6003)
        action = ocsf_text(o, o->in->record, "api.operation");
    if (action.n == 0)
        action = ocsf_text(o, o->in->record, "activity_name");
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
    ts_str status = ocsf_text(o, r, "status");
    int64_t id;

    if (o->class->people == OCSF_ABOUT)
        return "";
    if (ocsf_number_at(r, "status_id", &id) && (id == 1 || id == 2))
        return id == 1 ? "success" : "failure";
    if (ts_str_ieq(status, TS_STR_LIT("success")))
        return "success";
    if (ts_str_ieq(status, TS_STR_LIT("failure")))
        return "failure";
    /* A control that denied it (profile security_control); a call's error. */
    if ((ocsf_number_at(r, "action_id", &id) && id == 2) ||
        ocsf_text(o, r, "api.response.error").n > 0)
        return "failure";
    return "";
}

/* ---- kind ---- */

/* Signed in to something else with an account of the workspace. */
static bool is_federated(const ocsf *o)
{
    int64_t protocol;

    if (ocsf_text(o, o->in->record, "service.name").n > 0)
        return true;
    return ocsf_number_at(o->in->record, "auth_protocol_id", &protocol) && protocol >= 4 &&
           protocol <= 6; /* OpenID, SAML, OAuth 2.0 */
}

static ts_str ai_provider(const ocsf *o)
{
    static const char *const places[] = { "ai_model.ai_provider", "ai_agent.ai_model.ai_provider" };

    return ocsf_first(o, places, TS_COUNT(places));
}

static bool names_app(const ocsf *o)
{
    static const char *const places[] = { "actor.app_uid", "actor.app_name" };

    return ocsf_first(o, places, TS_COUNT(places)).n > 0;
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
                                 ocsf_first(o, services, TS_COUNT(services)));
    if (!is_app && rec->kind != RISK_KIND_APP_GRANT && rec->kind != RISK_KIND_APP_REVOKE)
        return TS_OK;
    st = risk_intake_field(o->in, rec, TS_STR_LIT("client_id"), ocsf_text(o, r, id_at));
    return st == TS_OK
               ? risk_intake_field(o->in, rec, TS_STR_LIT("app_name"), ocsf_text(o, r, name_at))
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
    ts_str ip = ocsf_first(o, places, TS_COUNT(places));
    ts_json list;

    if (o->class->people != OCSF_ABOUT || ip.n > 0 ||
        !ts_json_get(o->in->record, "evidences", &list))
        return ip;
    return ocsf_text(o, ocsf_element(list), "src_endpoint.ip");
}

static ts_status fill_event(const ocsf *o, risk_record *rec, ts_error *err)
{
    Ts__Risk__Event *e = rec->event;
    ts_json r = o->in->record;
    bool is_own = false;
    ts_status st = ocsf_set_people(o, rec, &is_own, err);

    if (st != TS_OK)
        return st;
    e->app = (char *)(uintptr_t)o->class->name;
    e->action = risk_clean_z(o->in->arena, action_of(o), 128);
    e->type = risk_clean_z(o->in->arena, ocsf_text(o, r, "metadata.event_code"), 128);
    e->ip = risk_clean_ip(o->in->arena, ip_of(o));
    e->outcome = (char *)(uintptr_t)outcome_of(o);
    e->user_agent = risk_clean_z(o->in->arena, ocsf_text(o, r, "http_request.user_agent"), 512);
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
    o.product = ocsf_first(&o, products, TS_COUNT(products));
    st = fill_event(&o, rec, err);
    if (st != TS_OK)
        return st;
    return risk_intake_id(in, rec, ts_str_of(o.class->name), o.product,
                          ocsf_text(&o, in->record, "metadata.uid"), o.activity);
}
