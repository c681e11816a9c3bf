/* GET /v1/users, /v1/users/high-risk, /v1/users/search, /v1/users/{email}. */
#include "api/api.h"
#include "api/shape.h"
#include "api/words.h"
#include "ts/near.h"

#define TACTICS_MAX  16
#define NO_SUCH_USER "There is no such user. A search (/v1/users/search) finds addresses by name."

static void put_users(http_exchange *x, ts_jsonw *w, const Ts__Risk__UserList *list)
{
    ts_jsonw_key(w, "users");
    ts_jsonw_array(w);
    for (size_t i = 0; i < list->n_users; i++) {
        ts_jsonw_object(w);
        shape_user(x, w, list->users[i]);
        ts_jsonw_object_end(w);
    }
    ts_jsonw_array_end(w);
    if (list->n_users > 0) {
        http_name_add(&x->untrusted, "data.users[].name");
        http_name_add(&x->untrusted, "data.users[].department");
    }
}

/* " Highest: a@b.example with HIGH risk (82)." - of the first page only, where the highest stands. */
static void say_highest(ts_buf *out, const Ts__Risk__UserList *list, uint64_t offset)
{
    const Ts__Risk__UserRow *user;

    if (list->n_users == 0 || offset > 0)
        return;
    user = list->users[0];
    ts_buf_z(out, " Highest: ");
    words_email(out, ts_str_of(user->email), "a user");
    ts_buf_z(out, " with ");
    words_upper(out, ts_risk_level_name(user->score));
    ts_buf_printf(out, " risk (%u).", user->score);
}

/* Of an empty list: how many there are without its filter. */
static void find_wider(http_exchange *x, const char *filter, shape_wider *ret)
{
    Ts__Risk__ListUsersRequest all = TS__RISK__LIST_USERS_REQUEST__INIT;
    const Ts__Risk__UserList *list;

    all.limit = 1;
    if (api_ask(x, &ts_risk_list_users, &all.base, &list) == TS_OK)
        shape_wider_add(ret, filter, list->total);
}

ts_status api_users(http_exchange *x)
{
    Ts__Risk__ListUsersRequest request = TS__RISK__LIST_USERS_REQUEST__INIT;
    const http_value *level = http_param_of(x, "risk_level");
    ts_jsonw w = ts_jsonw_on(&x->data);
    const Ts__Risk__UserList *list;
    shape_wider wider = { .count = 0 };
    ts_status st = shape_take_raw(x);

    if (st != TS_OK)
        return st;
    request.limit = (uint32_t)api_number(x, "limit");
    request.offset = (uint64_t)api_number(x, "offset");
    request.risk_level = api_text(x, level);
    request.after = api_text(x, http_param_of(x, "cursor"));
    if (request.risk_level == NULL || request.after == NULL)
        return TS_NOMEM;
    st = api_ask(x, &ts_risk_list_users, &request.base, &list);
    if (st != TS_OK)
        return st;
    if (list->total == 0 && level->given)
        find_wider(x, "risk_level", &wider);
    ts_jsonw_object(&w);
    put_users(x, &w, list);
    shape_pagination_at(&w, request.limit, request.offset, list->total, list->n_users, list->next);
    shape_wider_put(&w, &wider);
    ts_jsonw_object_end(&w);
    words_count(&x->summary, list->total, "user");
    if (level->given)
        ts_buf_printf(&x->summary, " with risk level %s", request.risk_level);
    words_order(&x->summary, list->total, "highest risk first");
    say_highest(&x->summary, list, request.offset);
    words_past_end(&x->summary, list->total, list->n_users);
    if (list->total == 0 && !level->given)
        ts_buf_z(&x->summary, " Users come with POST /v1/events and PUT /v1/directory/users.");
    shape_wider_say(&x->summary, &wider);
    return TS_OK;
}

ts_status api_users_high_risk(http_exchange *x)
{
    Ts__Risk__ListUsersRequest request = TS__RISK__LIST_USERS_REQUEST__INIT;
    ts_jsonw w = ts_jsonw_on(&x->data);
    const Ts__Risk__UserList *list;
    shape_wider wider = { .count = 0 };
    ts_status st = shape_take_raw(x);

    if (st != TS_OK)
        return st;
    request.limit = (uint32_t)api_number(x, "limit");
    request.min_score = (uint32_t)api_number(x, "min_risk_score");
    st = api_ask(x, &ts_risk_list_users, &request.base, &list);
    if (st != TS_OK)
        return st;
    if (list->total == 0 && request.min_score > 0)
        find_wider(x, "min_risk_score", &wider);
    ts_jsonw_object(&w);
    shape_u64(&w, "min_risk_score", request.min_score);
    put_users(x, &w, list);
    shape_first_page(&w, request.limit, list->total, list->n_users);
    shape_wider_put(&w, &wider);
    ts_jsonw_object_end(&w);
    words_count(&x->summary, list->total, "user");
    ts_buf_printf(&x->summary, " with a risk score of %u or more", request.min_score);
    words_order(&x->summary, list->total, "highest first");
    say_highest(&x->summary, list, 0);
    shape_wider_say(&x->summary, &wider);
    return TS_OK;
}

/* Of a search that finds nobody: how many there are without the filter of the risk level. */
static void search_wider(http_exchange *x, const Ts__Risk__SearchUsersRequest *request,
                         shape_wider *ret)
{
    static char none[] = "";
    Ts__Risk__SearchUsersRequest all = *request;
    const Ts__Risk__UserList *list;

    all.limit = 1;
    all.risk_level = none;
    if (api_ask(x, &ts_risk_search_users, &all.base, &list) == TS_OK)
        shape_wider_add(ret, "risk_level", list->total);
}

ts_status api_users_search(http_exchange *x)
{
    Ts__Risk__SearchUsersRequest request = TS__RISK__SEARCH_USERS_REQUEST__INIT;
    const http_value *level = http_param_of(x, "risk_level");
    ts_jsonw w = ts_jsonw_on(&x->data);
    const Ts__Risk__UserList *list;
    shape_wider wider = { .count = 0 };
    ts_status st = shape_take_raw(x);

    if (st != TS_OK)
        return st;
    request.limit = (uint32_t)api_number(x, "limit");
    request.query = api_text(x, http_param_of(x, "query"));
    request.risk_level = api_text(x, level);
    if (request.query == NULL || request.risk_level == NULL)
        return TS_NOMEM;
    st = api_ask(x, &ts_risk_search_users, &request.base, &list);
    if (st != TS_OK)
        return st;
    if (list->total == 0 && level->given)
        search_wider(x, &request, &wider);
    ts_jsonw_object(&w);
    put_users(x, &w, list);
    ts_jsonw_kbool(&w, "truncated", list->truncated != 0);
    shape_first_page(&w, request.limit, list->total, list->n_users);
    shape_wider_put(&w, &wider);
    ts_jsonw_object_end(&w);
    if (list->truncated)
        ts_buf_z(&x->summary, "At least ");
    words_count(&x->summary, list->total, "user");
    if (level->given)
        ts_buf_printf(&x->summary, " with risk level %s", request.risk_level);
    ts_buf_z(&x->summary, list->total == 1 ? " matches." : " match.");
    if (list->truncated)
        ts_buf_z(&x->summary, " Not all could be looked at: a longer query finds less.");
    say_highest(&x->summary, list, 0);
    if (list->total == 0)
        ts_buf_z(&x->summary, " Searched are beginnings of words of name or department, and parts "
                              "of the address.");
    shape_wider_say(&x->summary, &wider);
    return TS_OK;
}

static void put_user(const http_exchange *x, ts_jsonw *w, const Ts__Risk__UserRow *user)
{
    ts_jsonw_key(w, "user");
    ts_jsonw_object(w);
    shape_user(x, w, user);
    shape_untrusted(x, w, "title", user->title);
    ts_jsonw_kz(w, "manager", user->manager[0] == '\0' ? NULL : user->manager);
    ts_jsonw_ktime(w, "first_seen_at", user->first_seen_ms);
    ts_jsonw_ktime(w, "scored_at", user->scored_ms);
    ts_jsonw_object_end(w);
}

static void put_rule(const http_exchange *x, ts_jsonw *w, const Ts__Risk__ActiveRule *rule)
{
    const char *tactic = rule->n_tactics > 0 ? rule->tactics[0] : NULL;

    ts_jsonw_object(w);
    ts_jsonw_kz(w, "rule_id", rule->rule_id);
    ts_jsonw_kz(w, "title", rule->title);
    ts_jsonw_kz(w, "severity", ts_severity_name(rule->severity));
    ts_jsonw_kz(w, "mitre_tactic", tactic);
    ts_jsonw_kz(w, "mitre_tactic_name", tactic == NULL ? NULL : ts_tactic_name(ts_str_of(tactic)));
    ts_jsonw_kz(w, "mitre_technique", rule->n_techniques > 0 ? rule->techniques[0] : NULL);
    ts_jsonw_ktime(w, "triggered_at", rule->triggered_ms);
    ts_jsonw_ktime(w, "last_triggered_at", rule->last_triggered_ms);
    shape_u64(w, "count", rule->count);
    ts_jsonw_key(w, "points");
    ts_jsonw_f64(w, rule->points);
    ts_jsonw_key(w, "evidence");
    ts_jsonw_array(w);
    for (size_t i = 0; i < rule->n_evidence; i++)
        shape_evidence(x, w, rule->evidence[i], NULL);
    ts_jsonw_array_end(w);
    ts_jsonw_kz(w, "incident_id", rule->incident_id[0] == '\0' ? NULL : rule->incident_id);
    ts_jsonw_object_end(w);
}

static bool names(char *const *texts, size_t count, const char *wanted)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(texts[i], wanted) == 0)
            return true;
    }
    return false;
}

/* Techniques of all active rules that name the tactic, each once. */
static void put_tactic(ts_jsonw *w, const Ts__Risk__UserProfile *profile, const char *tactic)
{
    ts_jsonw_object(w);
    ts_jsonw_kz(w, "tactic", tactic);
    ts_jsonw_kz(w, "name", ts_tactic_name(ts_str_of(tactic)));
    ts_jsonw_key(w, "techniques");
    ts_jsonw_array(w);
    for (size_t i = 0; i < profile->n_active_rules; i++) {
        const Ts__Risk__ActiveRule *rule = profile->active_rules[i];

        if (!names(rule->tactics, rule->n_tactics, tactic))
            continue;
        for (size_t j = 0; j < rule->n_techniques; j++) {
            bool is_shown = names(rule->techniques, j, rule->techniques[j]);

            for (size_t k = 0; k < i && !is_shown; k++) {
                const Ts__Risk__ActiveRule *other = profile->active_rules[k];

                is_shown = names(other->tactics, other->n_tactics, tactic) &&
                           names(other->techniques, other->n_techniques, rule->techniques[j]);
            }
            if (!is_shown)
                ts_jsonw_z(w, rule->techniques[j]);
        }
    }
    ts_jsonw_array_end(w);
    ts_jsonw_object_end(w);
}

static void put_mitre(ts_jsonw *w, const Ts__Risk__UserProfile *profile)
{
    char *shown[TACTICS_MAX];
    size_t count = 0;

    ts_jsonw_key(w, "mitre_attack");
    ts_jsonw_array(w);
    for (size_t i = 0; i < profile->n_active_rules; i++) {
        const Ts__Risk__ActiveRule *rule = profile->active_rules[i];

        for (size_t j = 0; j < rule->n_tactics; j++) {
            if (count == TACTICS_MAX || names(shown, count, rule->tactics[j]))
                continue;
            shown[count++] = rule->tactics[j];
            put_tactic(w, profile, rule->tactics[j]);
        }
    }
    ts_jsonw_array_end(w);
}

static void put_activity(const http_exchange *x, ts_jsonw *w, const Ts__Risk__Activity *activity)
{
    ts_jsonw_object(w);
    ts_jsonw_kz(w, "event_id", activity->event_id);
    ts_jsonw_ktime(w, "at", activity->event_ms);
    ts_jsonw_kz(w, "source", activity->source);
    ts_jsonw_kz(w, "category", activity->category);
    shape_untrusted(x, w, "app", activity->app);
    shape_untrusted(x, w, "action", activity->action);
    ts_jsonw_kz(w, "outcome", activity->outcome);
    ts_jsonw_kz(w, "ip", activity->ip);
    shape_untrusted(x, w, "target", activity->target);
    ts_jsonw_object_end(w);
}

static void put_timeline(ts_jsonw *w, const Ts__Risk__UserProfile *profile)
{
    ts_jsonw_key(w, "timeline");
    ts_jsonw_array(w);
    for (size_t i = 0; i < profile->n_timeline; i++) {
        const Ts__Risk__TimelinePoint *point = profile->timeline[i];

        ts_jsonw_object(w);
        ts_jsonw_ktime(w, "at", point->at_ms);
        shape_u64(w, "risk_score", point->score);
        ts_jsonw_kz(w, "risk_level", ts_risk_level_name(point->score));
        ts_jsonw_kz(w, "cause", point->cause);
        ts_jsonw_object_end(w);
    }
    ts_jsonw_array_end(w);
}

static void put_anomaly(ts_jsonw *w, const Ts__Risk__Anomaly *anomaly)
{
    ts_jsonw_object(w);
    ts_jsonw_kz(w, "metric", anomaly->metric);
    shape_u64(w, "observed", anomaly->observed);
    ts_jsonw_key(w, "expected");
    ts_jsonw_f64(w, anomaly->expected);
    ts_jsonw_key(w, "z_score");
    ts_jsonw_f64(w, anomaly->z_score);
    ts_jsonw_ktime(w, "detected_at", anomaly->detected_ms);
    ts_jsonw_kz(w, "explanation", anomaly->explanation);
    ts_jsonw_object_end(w);
}

static void put_profile(const http_exchange *x, ts_jsonw *w, const Ts__Risk__UserProfile *profile)
{
    ts_jsonw_object(w);
    put_user(x, w, profile->user);
    ts_jsonw_key(w, "active_rules");
    ts_jsonw_array(w);
    for (size_t i = 0; i < profile->n_active_rules; i++)
        put_rule(x, w, profile->active_rules[i]);
    ts_jsonw_array_end(w);
    ts_jsonw_key(w, "anomalies");
    ts_jsonw_array(w);
    for (size_t i = 0; i < profile->n_anomalies; i++)
        put_anomaly(w, profile->anomalies[i]);
    ts_jsonw_array_end(w);
    put_mitre(w, profile);
    ts_jsonw_key(w, "recent_activity");
    ts_jsonw_array(w);
    for (size_t i = 0; i < profile->n_recent_activity; i++)
        put_activity(x, w, profile->recent_activity[i]);
    ts_jsonw_array_end(w);
    if (api_flag(x, "include_timeline"))
        put_timeline(w, profile);
    ts_jsonw_object_end(w);
}

/* ---- who may have been meant ---- */

typedef struct near_user {
    const char *email;
    unsigned distance;
    bool is_tied;
} near_user;

#define SLIPS_MAX 2u

static unsigned slips_in(ts_str a, ts_str b)
{
    return ts_str_eq(a, b) ? 0 : ts_distance(a, b, SLIPS_MAX);
}

/* Slips in what stands before and behind the '@' together; SLIPS_MAX + 1 if there are more. */
static unsigned slips_between(ts_str a, ts_str b)
{
    size_t at = ts_str_find(a, '@'), other = ts_str_find(b, '@');
    unsigned slips;

    if (at == a.n || other == b.n)
        return SLIPS_MAX + 1;
    slips = slips_in(ts_str_n(a.p, at), ts_str_n(b.p, other)) +
            slips_in(ts_str_n(a.p + at, a.n - at), ts_str_n(b.p + other, b.n - other));
    return slips > SLIPS_MAX ? SLIPS_MAX + 1 : slips;
}

/* Users found by a part of the address that may be free of slips. */
static void look_for(http_exchange *x, ts_str email, ts_str part, near_user *near)
{
    static char none[] = "";
    Ts__Risk__SearchUsersRequest request = TS__RISK__SEARCH_USERS_REQUEST__INIT;
    const Ts__Risk__UserList *list;

    request.limit = 50;
    request.risk_level = none;
    request.query = ts_arena_z(x->arena, part);
    if (part.n == 0 || request.query == NULL ||
        api_ask(x, &ts_risk_search_users, &request.base, &list) != TS_OK)
        return;
    for (size_t i = 0; i < list->n_users; i++) {
        const char *found = list->users[i]->email;
        unsigned distance = slips_between(email, ts_str_of(found));

        if (distance > SLIPS_MAX ||
            (near->email != NULL && (distance > near->distance || strcmp(found, near->email) == 0)))
            continue;
        near->is_tied = near->email != NULL && distance == near->distance;
        near->email = found;
        near->distance = distance;
    }
}

/* "There is no such user", and whom of this organization a slip may have missed. */
#define PART_BYTES 3
static ts_status no_such_user(http_exchange *x, ts_str email)
{
    size_t at = ts_str_find(email, '@');
    size_t n = at < PART_BYTES ? at : PART_BYTES;
    near_user near = { .email = NULL };

    if (words_is_email(email)) {
        look_for(x, email, ts_str_n(email.p, n), &near);
        look_for(x, email, ts_str_n(email.p + at - n, n + 2), &near); /* with '@' and a letter */
    }
    if (near.email == NULL || near.is_tied || !words_is_email(ts_str_of(near.email)))
        return ts_fail(&x->error, TS_NOT_FOUND, "email", NO_SUCH_USER);
    return ts_fail(&x->error, TS_NOT_FOUND, "email", "There is no such user. Did you mean %s?",
                   near.email);
}

ts_status api_user(http_exchange *x)
{
    Ts__Risk__GetUserRequest request = TS__RISK__GET_USER_REQUEST__INIT;
    ts_jsonw w = ts_jsonw_on(&x->data);
    const Ts__Risk__UserProfile *profile;
    ts_str email;
    ts_status st = shape_take_raw(x);

    if (st == TS_OK)
        st = http_email_parse(x->arena, x->segment, &email);
    if (st == TS_INVALID)
        return ts_fail(&x->error, TS_NOT_FOUND, "email", NO_SUCH_USER);
    if (st != TS_OK)
        return st;
    request.email = ts_arena_z(x->arena, email);
    request.include_timeline = api_flag(x, "include_timeline");
    if (request.email == NULL)
        return TS_NOMEM;
    st = api_ask(x, &ts_risk_get_user, &request.base, &profile);
    if (st == TS_NOT_FOUND)
        return no_such_user(x, email);
    if (st != TS_OK)
        return st;
    if (profile->user == NULL)
        return TS_CORRUPT;
    put_profile(x, &w, profile);
    http_name_add(&x->untrusted, "data.user.name");
    http_name_add(&x->untrusted, "data.user.department");
    http_name_add(&x->untrusted, "data.user.title");
    if (profile->n_active_rules > 0) {
        http_name_add(&x->untrusted, "data.active_rules[].evidence[].summary");
        http_name_add(&x->untrusted, "data.active_rules[].evidence[].fields[].name");
        http_name_add(&x->untrusted, "data.active_rules[].evidence[].fields[].value");
    }
    if (profile->n_recent_activity > 0) {
        http_name_add(&x->untrusted, "data.recent_activity[].app");
        http_name_add(&x->untrusted, "data.recent_activity[].action");
        http_name_add(&x->untrusted, "data.recent_activity[].target");
    }
    words_email(&x->summary, ts_str_of(profile->user->email), "This user");
    ts_buf_z(&x->summary, " has ");
    words_upper(&x->summary, ts_risk_level_name(profile->user->score));
    ts_buf_printf(&x->summary, " risk (%u). ", profile->user->score);
    words_count(&x->summary, profile->user->active_rule_count, "active rule");
    if (profile->n_anomalies > 0) {
        ts_buf_z(&x->summary, " and ");
        words_count_as(&x->summary, profile->n_anomalies, "behavioral anomaly",
                       "behavioral anomalies");
    }
    ts_buf_char(&x->summary, '.');
    return TS_OK;
}
