/* GET /v1/agent/summary: the whole organization within 2,000 tokens (8,000 bytes), for whoever decides what to do next.
 *
 * The key's own permissions decide what is in it. risk is needed if the key may read users; all else is optional. Parts that
 * are missing are named in `left_out`, with why, and in the summary. */
#include "agent/changes.h"
#include "api/api.h"
#include "api/shape.h"
#include "api/words.h"

#define TOP_MAX 3 /* users, incidents, tools and apps shown */

enum { PART_RISK, PART_USERS, PART_INCIDENTS, PART_AI, PART_APPS, PARTS };

/* A part of the summary that a key may be kept from. */
typedef struct section {
    const char *name;  /* of its member */
    const char *words; /* in a sentence */
    uint64_t permission;
    unsigned first_part, last_part;
} section;

static const section sections[] = {
    { "risk", "risk", TS_PERM_READ_USERS, PART_RISK, PART_USERS },
    { "incidents", "incidents", TS_PERM_READ_INCIDENTS, PART_INCIDENTS, PART_INCIDENTS },
    { "ai_usage", "AI usage", TS_PERM_READ_AI_USAGE, PART_AI, PART_AI },
    { "apps", "apps", TS_PERM_READ_APPS, PART_APPS, PART_APPS },
};

typedef struct requests {
    Ts__Risk__OverviewRequest risk;
    Ts__Risk__ListUsersRequest users;
    Ts__Incidents__SummaryRequest incidents;
    Ts__Aiusage__ReportRequest ai;
    Ts__Risk__ListAppsRequest apps;
} requests;

typedef struct view {
    http_exchange *x;
    const Ts__Risk__OverviewReply *risk;
    const Ts__Risk__UserList *users;
    const Ts__Incidents__SummaryReply *incidents;
    const Ts__Aiusage__Report *ai;
    const Ts__Risk__AppList *apps;
    const Ts__Risk__UserProfile *profiles[TOP_MAX]; /* of users->users, NULL if not known */
    insights insights;
    changes changes;
    const char *headline;
} view;

static bool may_read(const http_exchange *x, const section *s)
{
    return (x->who.permissions & s->permission) != 0;
}

/* ---- asking ---- */

static void prepare(requests *r, api_part parts[PARTS])
{
    static char by_tool[] = "tool", untrusted[] = "untrusted";

    ts__risk__overview_request__init(&r->risk);
    ts__risk__list_users_request__init(&r->users);
    ts__incidents__summary_request__init(&r->incidents);
    ts__aiusage__report_request__init(&r->ai);
    r->users.limit = TOP_MAX;
    r->incidents.with_trend = true;
    r->incidents.without_latest = true;
    r->ai.days = AI_DAYS;
    r->ai.group_by = by_tool;
    ts__risk__list_apps_request__init(&r->apps);
    r->apps.status = untrusted;
    r->apps.limit = TOP_MAX;
    parts[PART_RISK] = (api_part){ .method = &ts_risk_overview, .in = &r->risk.base };
    parts[PART_USERS] = (api_part){ .method = &ts_risk_list_users, .in = &r->users.base };
    parts[PART_INCIDENTS] = (api_part){ .method = &ts_incidents_summary,
                                        .in = &r->incidents.base,
                                        .optional = "incidents" };
    parts[PART_AI] =
        (api_part){ .method = &ts_aiusage_report, .in = &r->ai.base, .optional = "ai-usage" };
    parts[PART_APPS] =
        (api_part){ .method = &ts_risk_list_apps, .in = &r->apps.base, .optional = "risk" };
}

/* Asks for the sections that the key may read; parts[] keeps their answers at their own places. */
static ts_status gather(http_exchange *x, api_part parts[PARTS])
{
    api_part wanted[PARTS];
    unsigned places[PARTS];
    size_t count = 0;
    ts_status st = TS_OK;

    for (size_t i = 0; i < TS_COUNT(sections); i++) {
        for (unsigned p = sections[i].first_part;
             may_read(x, &sections[i]) && p <= sections[i].last_part; p++) {
            places[count] = p;
            wanted[count++] = parts[p];
        }
    }
    if (count > 0)
        st = api_gather(x, wanted, count);
    for (size_t i = 0; i < count; i++)
        parts[places[i]] = wanted[i];
    return st;
}

/* Their rules and timelines, at the same time. A user that is gone by now is no failure. */
static ts_status gather_profiles(view *v, Ts__Risk__GetUserRequest in[TOP_MAX],
                                 api_part parts[TOP_MAX])
{
    size_t count = v->users == NULL ? 0 : v->users->n_users;
    ts_status st;

    count = count > TOP_MAX ? TOP_MAX : count;
    if (count == 0)
        return TS_OK;
    for (size_t i = 0; i < count; i++) {
        ts__risk__get_user_request__init(&in[i]);
        in[i].email = v->users->users[i]->email;
        in[i].include_timeline = true;
        parts[i] = (api_part){ .method = &ts_risk_get_user, .in = &in[i].base, .optional = "risk" };
    }
    st = api_gather(v->x, parts, count);
    for (size_t i = 0; i < count; i++)
        v->profiles[i] = (const void *)parts[i].out;
    return st;
}

/* ---- data ---- */

static void put_users(ts_jsonw *w, const view *v)
{
    ts_jsonw_key(w, "top_users");
    ts_jsonw_array(w);
    for (size_t i = 0; i < v->users->n_users && i < TOP_MAX; i++) {
        const Ts__Risk__UserRow *user = v->users->users[i];
        int before =
            v->profiles[i] == NULL ? -1 : insights_score_before(v->profiles[i], v->x->now_ms);

        ts_jsonw_object(w);
        ts_jsonw_kz(w, "email", user->email);
        shape_u64(w, "risk_score", user->score);
        ts_jsonw_kz(w, "risk_level", ts_risk_level_name(user->score));
        ts_jsonw_key(w, "risk_score_a_day_before");
        if (before < 0)
            ts_jsonw_null(w); /* not known */
        else
            ts_jsonw_i64(w, before);
        shape_u64(w, "active_rule_count", user->active_rule_count);
        shape_u64(w, "open_incident_count", user->open_incident_count);
        ts_jsonw_object_end(w);
    }
    ts_jsonw_array_end(w);
}

static void put_risk(ts_jsonw *w, const view *v)
{
    ts_jsonw_key(w, "risk");
    ts_jsonw_object(w);
    shape_u64(w, "monitored_users", v->risk->monitored_users);
    shape_risk_distribution(w, v->risk);
    shape_u64(w, "high_risk_users", shape_high_risk(v->risk));
    put_users(w, v);
    ts_jsonw_object_end(w);
}

static void put_incident(ts_jsonw *w, const Ts__Incidents__Incident *incident)
{
    ts_jsonw_object(w);
    ts_jsonw_kz(w, "id", incident->id);
    ts_jsonw_kz(w, "title", incident->title);
    ts_jsonw_kz(w, "severity", ts_severity_name(incident->severity));
    ts_jsonw_kz(w, "status", incident->status);
    ts_jsonw_kz(w, "affected_user",
                incident->n_affected_users > 0 ? incident->affected_users[0] : NULL);
    shape_u64(w, "affected_user_count", incident->n_affected_users);
    shape_u64(w, "detection_count", incident->detection_count);
    ts_jsonw_ktime(w, "created_at", incident->created_ms);
    ts_jsonw_object_end(w);
}

static void put_trend(ts_jsonw *w, const char *key, const Ts__Incidents__Trend *trend)
{
    ts_jsonw_key(w, key);
    ts_jsonw_object(w);
    shape_u64(w, "opened", trend == NULL ? 0 : trend->opened);
    shape_u64(w, "opened_before", trend == NULL ? 0 : trend->opened_before);
    ts_jsonw_object_end(w);
}

static void put_incidents(ts_jsonw *w, const Ts__Incidents__SummaryReply *all)
{
    ts_jsonw_key(w, "incidents");
    ts_jsonw_object(w);
    shape_u64(w, "open_incidents", all->open + all->investigating);
    shape_u64(w, "open", all->open);
    shape_u64(w, "investigating", all->investigating);
    shape_by_severity(w, all);
    ts_jsonw_key(w, "worst");
    ts_jsonw_array(w);
    for (size_t i = 0; i < all->n_worst && i < TOP_MAX; i++)
        put_incident(w, all->worst[i]);
    ts_jsonw_array_end(w);
    put_trend(w, "last_day", all->day);
    put_trend(w, "last_week", all->week);
    ts_jsonw_object_end(w);
}

static void put_ai(ts_jsonw *w, const Ts__Aiusage__Report *ai)
{
    ts_jsonw_key(w, "ai_usage");
    ts_jsonw_object(w);
    ts_jsonw_ki64(w, "days", AI_DAYS);
    shape_u64(w, "total_events", ai->events);
    shape_u64(w, "events_before", ai->previous_events);
    shape_change(w, "change_percent", ai->events, ai->previous_events);
    shape_u64(w, "active_users", ai->active_users);
    shape_u64(w, "unsanctioned_events", ai->unsanctioned_events);
    shape_u64(w, "new_tools", insights_new_tools(ai));
    shape_top_tools(w, ai, TOP_MAX);
    ts_jsonw_object_end(w);
}

static void put_apps(ts_jsonw *w, http_exchange *x, const Ts__Risk__AppList *list)
{
    ts_jsonw_key(w, "apps");
    ts_jsonw_object(w);
    shape_u64(w, "untrusted", list->total);
    ts_jsonw_key(w, "riskiest");
    ts_jsonw_array(w);
    for (size_t i = 0; i < list->n_apps && i < TOP_MAX; i++) {
        const Ts__Risk__App *app = list->apps[i];

        ts_jsonw_object(w);
        ts_jsonw_kz(w, "id", app->id);
        shape_untrusted(x, w, "name", app->name);
        shape_u64(w, "risk_score", app->risk_score);
        ts_jsonw_kz(w, "risk_level", ts_risk_level_name(app->risk_score));
        shape_u64(w, "user_count", app->user_count);
        ts_jsonw_kbool(w, "is_ai_tool", app->is_ai_tool != 0);
        ts_jsonw_object_end(w);
    }
    ts_jsonw_array_end(w);
    ts_jsonw_object_end(w);
    if (list->n_apps > 0)
        http_name_add(&x->untrusted, "data.apps.riskiest[].name");
}

static void put_changes(ts_jsonw *w, const changes *all)
{
    ts_jsonw_key(w, "changes");
    ts_jsonw_array(w);
    for (size_t i = 0; i < all->count; i++) {
        const change *c = &all->list[i];

        ts_jsonw_object(w);
        ts_jsonw_kz(w, "since", c->since);
        ts_jsonw_kz(w, "subject", c->subject);
        ts_jsonw_kz(w, "id", c->id);
        shape_u64(w, "now", c->now);
        shape_u64(w, "before", c->before);
        ts_jsonw_kz(w, "text", c->text);
        ts_jsonw_object_end(w);
    }
    ts_jsonw_array_end(w);
}

static void put_insights(ts_jsonw *w, const insights *all)
{
    ts_jsonw_key(w, "insights");
    ts_jsonw_array(w);
    for (size_t i = 0; i < all->count; i++) {
        const insight *one = &all->list[i];

        ts_jsonw_object(w);
        ts_jsonw_kz(w, "severity", ts_severity_name(one->severity));
        ts_jsonw_kz(w, "text", one->text);
        ts_jsonw_key(w, "evidence");
        ts_jsonw_array(w);
        for (size_t k = 0; k < one->proof_count; k++) {
            const proof *p = &one->proofs[k];

            ts_jsonw_object(w);
            ts_jsonw_kz(w, "kind", p->kind);
            ts_jsonw_kz(w, "id", p->id[0] == '\0' ? NULL : p->id);
            ts_jsonw_key(w, "value");
            ts_jsonw_f64(w, p->value);
            ts_jsonw_kz(w, "unit", p->unit);
            ts_jsonw_ktime(w, "at", p->at_ms);
            ts_jsonw_object_end(w);
        }
        ts_jsonw_array_end(w);
        ts_jsonw_object_end(w);
    }
    ts_jsonw_array_end(w);
}

static void put_argument(ts_jsonw *w, const argument *a)
{
    ts_jsonw_key(w, a->name);
    if (a->text != NULL)
        ts_jsonw_z(w, a->text);
    else if (a->is_flag)
        ts_jsonw_bool(w, a->number != 0);
    else
        ts_jsonw_i64(w, a->number);
}

static void put_steps(ts_jsonw *w, const insights *all)
{
    ts_jsonw_key(w, "next_steps");
    ts_jsonw_array(w);
    for (size_t i = 0; i < all->step_count; i++) {
        const next_step *s = &all->steps[i];

        ts_jsonw_object(w);
        shape_u64(w, "priority", i + 1);
        ts_jsonw_kz(w, "action", s->action);
        ts_jsonw_kz(w, "why", s->why);
        ts_jsonw_kz(w, "tool", s->tool);
        ts_jsonw_key(w, "arguments");
        ts_jsonw_object(w);
        for (size_t k = 0; k < s->argument_count; k++)
            put_argument(w, &s->arguments[k]);
        ts_jsonw_object_end(w);
        ts_jsonw_object_end(w);
    }
    ts_jsonw_array_end(w);
}

/* ---- what is missing ---- */

static bool is_there(const view *v, const section *s)
{
    switch (s->first_part) {
    case PART_RISK: return v->risk != NULL;
    case PART_INCIDENTS: return v->incidents != NULL;
    case PART_AI: return v->ai != NULL;
    default: return v->apps != NULL;
    }
}

static void put_left_out(ts_jsonw *w, const view *v)
{
    ts_jsonw_key(w, "left_out");
    ts_jsonw_array(w);
    for (size_t i = 0; i < TS_COUNT(sections); i++) {
        bool may = may_read(v->x, &sections[i]);

        if (is_there(v, &sections[i]))
            continue;
        ts_jsonw_object(w);
        ts_jsonw_kz(w, "part", sections[i].name);
        ts_jsonw_kz(w, "reason", may ? "unavailable" : "permission");
        ts_jsonw_kz(w, "permission", ts_permission_name(sections[i].permission));
        ts_jsonw_object_end(w);
    }
    ts_jsonw_array_end(w);
}

static void say_left_out(ts_buf *out, const view *v)
{
    bool is_first = true;

    for (size_t i = 0; i < TS_COUNT(sections); i++) {
        if (is_there(v, &sections[i]))
            continue;
        ts_buf_z(out, is_first ? " Left out: " : ", ");
        ts_buf_z(out, sections[i].words);
        if (may_read(v->x, &sections[i]))
            ts_buf_z(out, " (not available at the moment)");
        else
            ts_buf_printf(out, " (the key lacks %s)", ts_permission_name(sections[i].permission));
        is_first = false;
    }
    if (!is_first)
        ts_buf_char(out, '.');
}

/* ---- words ---- */

static const char *make_headline(const view *v)
{
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(512);
    int known = (v->risk != NULL) + (v->incidents != NULL) + (v->ai != NULL);
    int said = 0;

    if (known == 0)
        return "Nothing can be said: no part of the summary is there.";
    if (v->risk != NULL) {
        words_count(&text, shape_high_risk(v->risk), "high-risk user");
        said++;
    }
    if (v->incidents != NULL) {
        ts_buf_z(&text, said == 0 ? "" : said + 1 == known ? " and " : ", ");
        words_count(&text, v->incidents->open + v->incidents->investigating, "open incident");
        said++;
    }
    if (v->ai != NULL) {
        ts_buf_z(&text, said == 0 ? "" : " and ");
        words_count(&text, v->ai->unsanctioned_events, "unsanctioned AI tool event");
        ts_buf_char(&text, ' ');
        words_days(&text, AI_DAYS);
    }
    ts_buf_char(&text, '.');
    return ts_buf_status(&text) == TS_OK ? ts_arena_z(v->x->arena, ts_buf_view(&text)) : NULL;
}

static ts_status compose(view *v)
{
    http_exchange *x = v->x;
    const insight_facts facts = { .now_ms = x->now_ms,
                                  .risk = v->risk,
                                  .top_user = v->profiles[0],
                                  .incidents = v->incidents,
                                  .ai = v->ai,
                                  .apps = v->apps };
    ts_jsonw w = ts_jsonw_on(&x->data);
    ts_status st = insights_find(&facts, x->arena, &v->insights);

    if (st == TS_OK)
        st = changes_find(&facts, v->profiles, TOP_MAX, x->arena, &v->changes);
    if (st != TS_OK)
        return st;
    v->headline = make_headline(v);
    if (v->headline == NULL)
        return TS_NOMEM;
    ts_jsonw_object(&w);
    ts_jsonw_kz(&w, "headline", v->headline);
    if (v->risk != NULL)
        put_risk(&w, v);
    if (v->incidents != NULL)
        put_incidents(&w, v->incidents);
    if (v->ai != NULL)
        put_ai(&w, v->ai);
    if (v->apps != NULL)
        put_apps(&w, x, v->apps);
    put_changes(&w, &v->changes);
    put_insights(&w, &v->insights);
    put_steps(&w, &v->insights);
    put_left_out(&w, v);
    ts_jsonw_object_end(&w);
    ts_buf_z(&x->summary, v->headline);
    if (v->insights.count > 0)
        ts_buf_printf(&x->summary, " %s", v->insights.list[0].text);
    say_left_out(&x->summary, v);
    return TS_OK;
}

ts_status api_agent_summary(http_exchange *x)
{
    requests in;
    api_part parts[PARTS] = { { .method = NULL } };
    Ts__Risk__GetUserRequest profiles_in[TOP_MAX];
    api_part profiles[TOP_MAX] = { { .method = NULL } };
    view v = { .x = x };
    ts_status st;

    prepare(&in, parts);
    st = gather(x, parts);
    if (st == TS_OK) {
        v.risk = (const void *)parts[PART_RISK].out;
        v.users = (const void *)parts[PART_USERS].out;
        v.incidents = (const void *)parts[PART_INCIDENTS].out;
        v.ai = (const void *)parts[PART_AI].out;
        v.apps = (const void *)parts[PART_APPS].out;
        st = gather_profiles(&v, profiles_in, profiles);
    }
    if (st == TS_OK)
        st = compose(&v);
    api_parts_done(profiles, TOP_MAX);
    api_parts_done(parts, PARTS);
    return st;
}
