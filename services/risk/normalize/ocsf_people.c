#include "normalize/clean.h"
#include "normalize/ocsf_form.h"

#define ID_MAX 256 /* bytes */

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
        ret->email = risk_clean_email(o->in->arena, ocsf_text(o, user, places[i]));
        if (ret->email == NULL)
            return TS_NOMEM;
    }
    ret->id = ocsf_text(o, user, "uid");
    if (ret->id.n == 0)
        ret->id = ocsf_text(o, user, "uid_alt");
    ret->name = ocsf_text(o, user, "name");
    return TS_OK;
}

static ts_status person_at(const ocsf *o, ts_json object, const char *path, person *ret)
{
    ts_json v;

    if (!ts_json_path(object, path, &v))
        v = (ts_json){ 0 };
    return read_person(o, ocsf_element(v), ret);
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

ts_status ocsf_set_people(const ocsf *o, risk_record *rec, bool *ret_is_own, ts_error *err)
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
