/* The parser asks for runs of up to four words. A run is answered from the search for one of its words: whoever is called "dana
 * whitfield" is found by "dana". That word is the first that the lexicon does not know as an ordinary one, so that "how risky is
 * dana" costs one call. Where a word finds more than one answer holds, the whole run is searched for, which finds fewer; if those
 * are still too many, one exact match may have a namesake that was not seen, and counts as none.
 */
#include "roster.h"

#include "ts/time.h"

#define WORD_MIN        2 /* bytes; a letter finds half of the directory */
#define DEPARTMENTS_MAX 64

typedef struct looked_up {
    ts_str key;
    bool is_cut; /* there are more than were seen */
} looked_up;

struct roster {
    http_exchange *x;
    const agent_grammar *grammar;
    agent_people *people;
    agent_names seen; /* addresses that were added */
    ts_str departments[DEPARTMENTS_MAX];
    size_t department_count;
    agent_names apps; /* names of the inventory, as the parser joins words */
    bool has_apps;    /* asked for, whatever came */
    looked_up calls[ROSTER_CALLS_MAX];
    size_t call_count;
    int64_t deadline_boot_ms; /* of all calls together; 0: none was made */
    bool is_down;
    bool is_short;
};

roster *roster_new(http_exchange *x, const agent_grammar *grammar)
{
    roster *r = ts_arena_alloc(x->arena, sizeof(*r));

    if (r == NULL)
        return NULL;
    *r = (roster){
        .x = x, .grammar = grammar, .seen = { .arena = x->arena }, .apps = { .arena = x->arena }
    };
    return r;
}

void roster_done(roster *r)
{
    if (r != NULL)
        agent_people_free(TS_TAKE(r->people));
}

bool roster_is_down(const roster *r)
{
    return r->is_down;
}

bool roster_is_short(const roster *r)
{
    return r->is_short;
}

/* ---- searching ---- */

static void add_department(roster *r, ts_str name)
{
    bool is_known = name.n == 0 || r->department_count == DEPARTMENTS_MAX;

    for (size_t i = 0; i < r->department_count && !is_known; i++)
        is_known = ts_str_ieq(r->departments[i], name);
    if (!is_known)
        r->departments[r->department_count++] = name;
}

static ts_status add_users(roster *r, const Ts__Risk__UserList *list)
{
    ts_status st = TS_OK;

    if (r->people == NULL)
        st = agent_people_new(&r->grammar->folds, &r->people);
    for (size_t i = 0; i < list->n_users && st == TS_OK; i++) {
        ts_str email = ts_str_of(list->users[i]->email);

        if (agent_names_find(&r->seen, email) != 0)
            continue;
        if (agent_names_add(&r->seen, email) == 0)
            return TS_NOMEM;
        add_department(r, ts_str_of(list->users[i]->department));
        st = agent_people_add(r->people, email, ts_str_of(list->users[i]->name));
    }
    return st;
}

/* What is left of the time for all calls together; none at 0. */
static int64_t time_left(roster *r)
{
    if (r->deadline_boot_ms == 0)
        r->deadline_boot_ms = ts_boot_ms() + api_of(r->x)->config->call_ms;
    return r->deadline_boot_ms - ts_boot_ms();
}

static ts_status search(roster *r, ts_str key, bool *ret_is_cut)
{
    Ts__Risk__SearchUsersRequest request = TS__RISK__SEARCH_USERS_REQUEST__INIT;
    const Ts__Risk__UserList *list;
    int64_t left_ms;
    ts_status st;

    left_ms = time_left(r);
    if (left_ms <= 0)
        return TS_UNAVAILABLE;
    request.query = ts_arena_z(r->x->arena, key);
    request.limit = ROSTER_USERS;
    if (request.query == NULL)
        return TS_NOMEM;
    st = api_call(r->x, &ts_risk_search_users, &request.base, left_ms, &list);
    if (st != TS_OK)
        return st;
    *ret_is_cut = list->truncated || list->total > list->n_users;
    return add_users(r, list);
}

/* The search for that text, made if it was not yet; NULL if it cannot be. */
static const looked_up *look_up(roster *r, ts_str key)
{
    bool is_cut = false;
    ts_status st;

    for (size_t i = 0; i < r->call_count; i++) {
        if (ts_str_eq(r->calls[i].key, key))
            return &r->calls[i];
    }
    if (r->is_down || key.n < WORD_MIN)
        return NULL;
    if (r->call_count == ROSTER_CALLS_MAX) {
        r->is_short = true;
        return NULL;
    }
    st = search(r, key, &is_cut);
    if (st != TS_OK) {
        /* What the search does not take is no name; without risk, or memory, no name can be looked up. */
        r->is_down = st != TS_INVALID;
        r->x->error = (ts_error){ .text = "" };
        r->x->retry_after_s = 0;
    }
    if (r->is_down)
        return NULL;
    key = ts_arena_str(r->x->arena, key);
    if (key.p == NULL)
        return NULL;
    r->calls[r->call_count] = (looked_up){ key, is_cut };
    return &r->calls[r->call_count++];
}

/* A word that the lexicon knows as something else than a first name. */
static bool is_ordinary(const roster *r, ts_str word)
{
    uint32_t number = agent_names_find(&r->grammar->words, word);
    uint32_t node = number == 0 ? 0 : agent_grammar_step(r->grammar, 0, number);
    uint32_t given = agent_names_find(&r->grammar->symbols, TS_STR_LIT("given"));

    return number != 0 && (node == 0 || r->grammar->nodes[node].meaning.cls != given);
}

static ts_str first_unusual(const roster *r, ts_str name)
{
    ts_str rest = name;

    while (rest.n > 0) {
        size_t end = ts_str_find(rest, ' ');
        ts_str word = ts_str_n(rest.p, end);

        if (word.n >= WORD_MIN && !is_ordinary(r, word))
            return word;
        rest = end == rest.n ? TS_STR_NULL : ts_str_n(rest.p + end + 1, rest.n - end - 1);
    }
    return name;
}

/* False if nobody can be called so. *ret_is_cut: others may be called so too. */
static bool find_all(roster *r, ts_str name, bool *ret_is_cut)
{
    ts_str key = first_unusual(r, name);
    const looked_up *found = look_up(r, key);

    if (found != NULL && found->is_cut && !ts_str_eq(key, name))
        found = look_up(r, name);
    *ret_is_cut = found == NULL || found->is_cut;
    return found != NULL && r->people != NULL;
}

/* ---- for the parser ---- */

static size_t find_person(const void *data, ts_str name, ts_str *ret_email)
{
    const roster_view *view = data;
    bool is_cut;
    size_t count;

    if (!find_all(view->roster, name, &is_cut))
        return 0;
    count = agent_people_find(view->roster->people, name, ret_email);
    return count == 1 && is_cut ? 0 : count;
}

static bool find_department(const void *data, ts_str name, ts_str *ret)
{
    const roster_view *view = data;
    roster *r = view->roster;
    bool is_cut;

    if (!find_all(r, name, &is_cut))
        return false;
    for (size_t i = 0; i < r->department_count; i++) {
        if (ts_str_ieq(r->departments[i], name)) {
            *ret = name; /* small letters, as departments are named */
            return true;
        }
    }
    return false;
}

static ts_status add_app(roster *r, ts_str name)
{
    agent_text text;
    ts_str key = TS_STR_LIT("");

    if (agent_text_read(name, &r->grammar->folds, r->x->arena, &text, NULL) != TS_OK)
        return TS_OK; /* a name that no question could hold */
    if (text.count == 0 || text.count > AGENT_NAME_WORDS)
        return TS_OK;
    for (size_t i = 0; i < text.count && key.p != NULL; i++)
        key = ts_str_of(ts_arena_printf(r->x->arena, "%.*s%s%.*s", (int)key.n, key.p,
                                        i == 0 ? "" : " ", (int)text.tokens[i].norm.n,
                                        text.tokens[i].norm.p));
    return key.p == NULL || agent_names_add(&r->apps, key) == 0 ? TS_NOMEM : TS_OK;
}

/* The inventory's first apps, the riskiest: one call for a question, made where a word could be a name. Without them an app of the
 * organization is what the lexicon and the question's own words make of it. */
static void load_apps(roster *r)
{
    Ts__Risk__ListAppsRequest request = TS__RISK__LIST_APPS_REQUEST__INIT;
    char all[] = "all";
    const Ts__Risk__AppList *list;
    int64_t left_ms = time_left(r);
    ts_status st;

    r->has_apps = true;
    if (left_ms <= 0 || r->is_down)
        return;
    request.status = all;
    request.limit = ROSTER_APPS;
    st = api_call(r->x, &ts_risk_list_apps, &request.base, left_ms, &list);
    for (size_t i = 0; st == TS_OK && i < list->n_apps; i++)
        st = add_app(r, ts_str_of(list->apps[i]->name));
    if (st != TS_OK) {
        r->x->error = (ts_error){ .text = "" };
        r->x->retry_after_s = 0;
    }
}

static bool find_app(const void *data, ts_str name, ts_str *ret)
{
    const roster_view *view = data;
    roster *r = view->roster;

    if (name.n < WORD_MIN)
        return false;
    if (!r->has_apps)
        load_apps(r);
    *ret = name;
    return agent_names_find(&r->apps, name) != 0;
}

void roster_gazetteer(const roster_view *view, agent_gazetteer *ret)
{
    bool may_read = (view->roster->x->who.permissions & TS_PERM_READ_USERS) != 0;

    bool may_read_apps = (view->roster->x->who.permissions & TS_PERM_READ_APPS) != 0;

    *ret = (agent_gazetteer){ .data = view,
                              .person = may_read ? find_person : NULL,
                              .department = may_read ? find_department : NULL,
                              .app = may_read_apps ? find_app : NULL };
}
