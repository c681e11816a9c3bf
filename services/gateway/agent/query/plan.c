/* One function for each family of intents. */
#include "planner.h"
#include "ts/time.h"

#define PATH_MAX_BYTES 4096u
#define PAGE_USERS     50
#define PAGE_INCIDENTS 20
#define DAYS_MAX       90 /* of /v1/ai-usage */

/* ---- users ---- */

static void plan_profile(planner *p, ts_str user, bool with_timeline)
{
    ts_str address = planner_address(p, user);

    if (!planner_is_email(address)) {
        planner_path(p, "/v1/users/search");
        planner_parameter(p, "query", address);
        planner_note(p,
                     "the name is no address and no single person of the directory: search first");
    } else {
        planner_path(p, "/v1/users");
        planner_segment(p, address);
        if (with_timeline)
            planner_parameter(p, "include_timeline", TS_STR_LIT("true"));
    }
    planner_finish(p, "GET", TS_STR_NULL);
}

/* The lowest score that the question admits; -1: it says nothing of scores. */
static int64_t lowest_score(planner *p)
{
    ts_str level = planner_slot(p, "risk_level_min");
    int64_t score = planner_number_of(p, "min_score", -1);

    if (score < 0 && planner_number_of(p, "min_score_exclusive", -1) >= 0)
        score = planner_number_of(p, "min_score_exclusive", -1) + 1;
    if (score < 0 && level.n > 0)
        score = planner_lowest_of(level);
    return score > 100 ? 100 : score;
}

static void plan_users(planner *p)
{
    static const char *const after[] = { "max_score",
                                         "max_score_exclusive",
                                         "mfa",
                                         "role",
                                         "employment_type",
                                         "country",
                                         "time",
                                         "type",
                                         "user",
                                         "inactive_days_min",
                                         "suspended",
                                         "group_by" };
    static const char *const after_search[] = { "min_score", "min_score_exclusive",
                                                "risk_level_min" };
    bool is_search = planner_count(p, "department") == 1;
    int64_t lowest = lowest_score(p);

    p->plan->permission = "read:users";
    p->plan->wants_reasons =
        ts_str_is(p->in->intent, "list_users") && planner_count(p, "with_reasons") > 0;
    planner_rows(p, PLAN_USERS);
    if (is_search) {
        planner_path(p, "/v1/users/search");
        planner_parameter(p, "query", planner_slot(p, "department"));
        planner_filter_all(p, after_search, TS_COUNT(after_search));
    } else if (lowest >= 0) {
        planner_path(p, "/v1/users/high-risk");
        planner_number(p, "min_risk_score", lowest);
    } else {
        planner_path(p, "/v1/users");
    }
    if (planner_count(p, "department") > 1)
        planner_filter(p, "department");
    if (planner_count(p, "risk_level") == 1 && (is_search || lowest < 0))
        planner_parameter(p, "risk_level", planner_slot(p, "risk_level"));
    else if (planner_count(p, "risk_level") > 0)
        planner_filter(p, "risk_level");
    planner_sort(p, "risk_score");
    if (is_search)
        planner_filter_each(p, after, TS_COUNT(after));
    else
        planner_filter_all(p, after, TS_COUNT(after));
    planner_page(p, PAGE_USERS, !is_search && lowest < 0);
    planner_finish(p, "GET", TS_STR_NULL);
}

static void plan_search(planner *p)
{
    static const char *const after[] = { "department", "risk_level_min", "min_score", "mfa",
                                         "role" };

    p->plan->permission = "read:users";
    planner_rows(p, PLAN_USERS);
    planner_path(p, "/v1/users/search");
    planner_parameter(p, "query", planner_slot(p, "query"));
    if (planner_count(p, "risk_level") == 1)
        planner_parameter(p, "risk_level", planner_slot(p, "risk_level"));
    planner_filter_all(p, after, TS_COUNT(after));
    planner_page(p, PAGE_INCIDENTS, false);
    planner_finish(p, "GET", TS_STR_NULL);
}

static void plan_user(planner *p)
{
    static const char *const spans[] = { "time", "interval", "type", "status", "severity" };
    ts_str aspect = planner_slot(p, "aspect");

    p->plan->permission = "read:users";
    plan_profile(p, planner_slot(p, "user"),
                 planner_slot(p, "time").n > 0 || ts_str_is(aspect, "timeline") ||
                     ts_str_is(aspect, "history") || ts_str_is(p->in->intent, "trend"));
    if (planner_count(p, "user") > 1)
        planner_note(p, "one request for each person");
    planner_say_unheld(p, spans, TS_COUNT(spans));
}

/* ---- incidents ---- */

static void add_status(planner *p)
{
    const agent_slot *slot = agent_slot_find(&p->in->slots, TS_STR_LIT("status"));
    bool is_open = false;
    bool is_closed = false;

    for (size_t i = 0; slot != NULL && i < slot->count; i++) {
        bool still =
            ts_str_is(slot->values[i], "open") || ts_str_is(slot->values[i], "investigating");

        is_open = is_open || still;
        is_closed = is_closed || !still;
    }
    if (slot == NULL || (is_open && is_closed)) {
        planner_parameter(p, "status", TS_STR_LIT("all"));
        if (slot != NULL)
            planner_filter(p, "status");
        return;
    }
    planner_parameter(p, "status", is_open ? TS_STR_LIT("open") : TS_STR_LIT("closed"));
    if (slot->count > 1)
        return;
    /* "Open incidents" are also those under investigation, in this API and to most who say so. */
    if (ts_str_is(slot->values[0], "open"))
        planner_note(p, "status=open stands for two states: also those under investigation");
    else
        planner_filter(p, "status");
}

static void add_severity(planner *p)
{
    if (planner_count(p, "severity") == 1)
        planner_parameter(p, "severity", planner_slot(p, "severity"));
    if (planner_count(p, "severity") < 2 && planner_count(p, "severity_min") == 0)
        return;
    planner_filter(p, "severity");
    planner_filter(p, "severity_min");
}

static void add_span(planner *p, bool has_span, agent_span span)
{
    char text[TS_RFC3339_SIZE];

    if (!has_span)
        return;
    if (span.from_ms != INT64_MIN) {
        ts_time_format(span.from_ms, false, text);
        planner_parameter(p, "since", ts_str_of(text));
    }
    /* What reaches to now has no end: parameters are whole seconds, and the present one would be cut off. */
    if (span.to_ms < p->now_ms) {
        ts_time_format(span.to_ms, false, text);
        planner_parameter(p, "until", ts_str_of(text));
    }
}

static void incidents_path(planner *p, bool has_span, agent_span span)
{
    static const char *const after[] = {
        "type", "department", "assignee", "role",     "country",
        "ip",   "app",        "group_by", "interval", "employment_type"
    };
    ts_str user = planner_address(p, planner_slot(p, "user"));

    p->plan->permission = "read:incidents";
    planner_rows(p, PLAN_INCIDENTS);
    planner_path(p, "/v1/incidents");
    add_status(p);
    add_severity(p);
    add_span(p, has_span, span);
    if (planner_count(p, "user") > 1) {
        planner_filter(p, "user");
    } else if (planner_is_email(user)) {
        planner_parameter(p, "user", user);
    } else if (user.n > 0) {
        planner_note(p, "the user's address is not known: search for the name first");
        p->plan->is_wider = true;
    }
    planner_sort(p, "created_at");
    planner_filter_all(p, after, TS_COUNT(after));
    planner_page(p, PAGE_INCIDENTS, true);
}

static void plan_incidents(planner *p)
{
    incidents_path(p, p->in->has_span, p->in->span);
    planner_finish(p, "GET", TS_STR_NULL);
}

static void plan_incident(planner *p)
{
    p->plan->permission = "read:incidents";
    planner_path(p, "/v1/incidents");
    planner_segment(p, planner_slot(p, "incident_id"));
    if (planner_count(p, "incident_id") > 1)
        planner_note(p, "one request for each incident");
    planner_finish(p, "GET", TS_STR_NULL);
}

static void plan_update(planner *p)
{
    ts_str status = planner_slot(p, "new_status");

    p->plan->permission = "write:incidents";
    if (planner_count(p, "incident_id") == 0) {
        plan_incidents(p);
        p->plan->permission = "write:incidents";
        planner_note(
            p, "nothing was changed: each incident of this list would need a PATCH of its own");
        if (status.n > 0)
            planner_note(p, "the status to set would be %.*s", (int)status.n, status.p);
        return;
    }
    if (planner_count(p, "assignee") > 0)
        planner_note(p, "incidents have no owner in this API: %.*s cannot be made one",
                     (int)(planner_slot(p, "assignee").n > 60 ? 60 : planner_slot(p, "assignee").n),
                     planner_slot(p, "assignee").p);
    if (status.n == 0) {
        plan_incident(p);
        p->plan->permission = "write:incidents";
        planner_note(p, "incidents have no owner in this API: nothing to change");
        return;
    }
    p->plan->is_write = true;
    planner_path(p, "/v1/incidents");
    planner_segment(p, planner_slot(p, "incident_id"));
    planner_note(p, "nothing was changed: make the shown request to do it");
    if (ts_str_is(status, "open")) {
        ts_buf_z(&p->path, "/reopen");
        planner_note(p, "a reopened incident is under investigation");
        planner_finish(p, "POST", TS_STR_LIT("{}"));
        return;
    }
    planner_finish(
        p, "PATCH",
        ts_str_of(ts_arena_printf(p->arena, "{\"status\":\"%.*s\"}", (int)status.n, status.p)));
}

/* ---- AI use, apps, contacts ---- */

/* How many days the report reaches back. */
static int64_t usage_days(planner *p)
{
    int64_t days = 7;

    if (p->in->has_span && p->in->span.from_ms != INT64_MIN)
        days = (p->now_ms - p->in->span.from_ms + TS_DAY_MS - 1) / TS_DAY_MS;
    if (p->in->has_span && p->in->span.to_ms < p->now_ms)
        planner_note(p, "the report reaches to now: leave out what is later than asked for");
    if (days > DAYS_MAX)
        planner_note(p, "the report reaches back %d days at most", DAYS_MAX);
    return days < 1 ? 1 : days > DAYS_MAX ? DAYS_MAX : days;
}

static void plan_usage(planner *p)
{
    static const char *const after[] = { "app", "user", "department", "approved", "role" };
    ts_str group = planner_slot(p, "group_by");
    bool is_by_day = ts_str_is(group, "day") || ts_str_is(planner_slot(p, "interval"), "day");
    bool is_by_user = !is_by_day && (ts_str_is(group, "user") || ts_str_is(group, "department") ||
                                     planner_slot(p, "user").n > 0);
    agent_narrowing *narrowing = &p->plan->narrowing;

    p->plan->permission = "read:ai_usage";
    p->plan->wants_reasons = is_by_user && planner_count(p, "with_reasons") > 0;
    planner_path(p, "/v1/ai-usage");
    planner_number(p, "days", usage_days(p));
    if (ts_str_is(group, "department"))
        planner_note(p, "the report has no departments: group the users' figures by them");
    planner_parameter(p, "group_by",
                      is_by_day    ? TS_STR_LIT("day")
                      : is_by_user ? TS_STR_LIT("user")
                                   : TS_STR_LIT("tool"));
    if (is_by_user)
        planner_rows(p, PLAN_TOOL_USERS);
    else if (!is_by_day)
        planner_rows(p, PLAN_TOOLS);
    planner_filter_all(p, after, TS_COUNT(after));
    if (is_by_user && planner_count(p, "app") > 0)
        planner_note(p, "the figures are of all tools of those users");
    if (ts_str_is(planner_slot(p, "aspect"), "sensitive_data") || planner_slot(p, "sort").n > 0)
        planner_sort(p, "events");
    if (planner_count(p, "limit") > 0 && narrowing->list == NULL) {
        planner_filter(p, "limit");
    } else if (planner_count(p, "limit") > 0) {
        narrowing->limit = planner_number_of(p, "limit", 0);
        narrowing->sort = narrowing->sort == NULL ? "events" : narrowing->sort;
    }
    planner_finish(p, "GET", TS_STR_NULL);
}

static void plan_apps(planner *p)
{
    static const char *const after[] = {
        "app",        "permission",          "user",      "department",
        "risk_level", "risk_level_min",      "time",      "group_by",
        "min_score",  "min_score_exclusive", "max_score", "max_score_exclusive"
    };
    ts_str trust = planner_slot(p, "trust");

    p->plan->permission = "read:apps";
    planner_rows(p, PLAN_APPS);
    planner_path(p, "/v1/apps");
    planner_parameter(p, "status", trust.n > 0 ? trust : TS_STR_LIT("all"));
    planner_sort(p, "risk_score");
    planner_filter_all(p, after, TS_COUNT(after));
    planner_page(p, PAGE_USERS, true);
    planner_finish(p, "GET", TS_STR_NULL);
}

static void plan_contacts(planner *p)
{
    p->plan->permission = "read:users";
    planner_path(p, "/v1/trusted-contacts");
    planner_rows(p, PLAN_CONTACTS);
    planner_filter(p, "contact");
    planner_page(p, PAGE_USERS, true);
    planner_finish(p, "GET", TS_STR_NULL);
}

static void plan_contact_change(planner *p)
{
    TS_CLEANUP(ts_buf_done) ts_buf body = TS_BUF_INIT(PATH_MAX_BYTES);
    ts_jsonw w = ts_jsonw_on(&body);

    p->plan->permission = "write:contacts";
    p->plan->is_write = true;
    planner_note(p, "nothing was changed: make the shown request to do it");
    planner_path(p, "/v1/trusted-contacts");
    if (ts_str_is(planner_slot(p, "action"), "remove")) {
        planner_segment(p, planner_slot(p, "contact"));
        planner_finish(p, "DELETE", TS_STR_NULL);
        return;
    }
    ts_jsonw_object(&w);
    ts_jsonw_kstr(&w, "value", planner_slot(p, "contact"));
    ts_jsonw_object_end(&w);
    planner_finish(p, "POST", ts_arena_str(p->arena, ts_buf_view(&body)));
}

/* ---- the rest ---- */

static void plan_overview(planner *p)
{
    p->plan->permission = "read:users";
    planner_path(p, "/v1/overview");
    planner_parameter(p, "include_incidents", TS_STR_LIT("true"));
    planner_parameter(p, "include_ai_usage", TS_STR_LIT("true"));
    if (planner_slot(p, "time").n > 0)
        planner_note(p, "the overview shows the present state, not a span of time");
    planner_finish(p, "GET", TS_STR_NULL);
}

static void plan_side(planner *p, const agent_slots *side)
{
    ts_str department = agent_slot_text(side, "department");
    ts_str user = agent_slot_text(side, "user");
    ts_str time = agent_slot_text(side, "time");
    agent_span span = { INT64_MIN, INT64_MAX };

    if (user.n > 0) {
        p->plan->permission = "read:users";
        plan_profile(p, user, p->in->has_span);
    } else if (agent_slot_text(side, "app").n > 0) {
        if (p->plan->count == 0)
            plan_usage(p);
        planner_note(p, "both are in the same report");
    } else if (department.n > 0) {
        p->plan->permission = "read:users";
        planner_path(p, "/v1/users/search");
        planner_parameter(p, "query", department);
        planner_finish(p, "GET", TS_STR_NULL);
        if (planner_count(p, "type") > 0 || planner_count(p, "severity") > 0 || p->in->has_span)
            planner_note(p, "incidents have no department: count those of these users");
    } else {
        bool has_span = time.n > 0 && agent_time_span(time, p->now_ms, &span);

        incidents_path(p, has_span || p->in->has_span, has_span ? span : p->in->span);
        if (time.n == 0)
            planner_note(p, "filter the answer by each side in turn");
        planner_finish(p, "GET", TS_STR_NULL);
    }
}

static void plan_compare(planner *p)
{
    static const char *const common[] = { "time", "type", "status", "severity", "interval" };

    if (p->in->left.count == 0) {
        plan_users(p);
        planner_note(p, "group the answer as asked");
        return;
    }
    p->is_one_of_two = true;
    planner_say_unheld(p, common, TS_COUNT(common));
    plan_side(p, &p->in->left);
    plan_side(p, &p->in->right);
    if (p->plan->count > 1 && p->status == TS_OK)
        planner_note(p, "the other side of the comparison: GET %.*s",
                     (int)p->plan->requests[1].path.n, p->plan->requests[1].path.p);
}

static void plan_about(planner *p)
{
    static const char *const spans[] = { "time", "type", "severity", "status" };
    static const char *const intervals[] = { "interval" };

    planner_say_unheld(p, intervals, TS_COUNT(intervals));
    if (planner_slot(p, "incident_id").n > 0)
        plan_incident(p);
    else if (planner_slot(p, "user").n > 0)
        plan_user(p);
    else if (planner_slot(p, "app").n > 0 && ts_str_is(p->in->intent, "trend"))
        plan_usage(p);
    else if (planner_slot(p, "app").n > 0)
        plan_apps(p);
    else if (planner_slot(p, "department").n > 0 && planner_slot(p, "type").n == 0)
        plan_users(p);
    else if (ts_str_is(p->in->intent, "recommend")) {
        planner_path(p, "/v1/agent/summary");
        planner_finish(p, "GET", TS_STR_NULL);
        planner_say_unheld(p, spans, TS_COUNT(spans));
    } else {
        plan_incidents(p);
        if (planner_slot(p, "interval").n > 0)
            planner_note(p, "count the answer per %.*s", (int)planner_slot(p, "interval").n,
                         planner_slot(p, "interval").p);
    }
}

static void plan_help(planner *p)
{
    planner_path(p, "/v1/agent/tools");
    planner_finish(p, "GET", TS_STR_NULL);
}

static void plan_count(planner *p)
{
    planner_note(p, "the number is data.pagination.total where no filter is left over");
}

static void plan_nothing(planner *p)
{
    (void)p;
}

static void count_users(planner *p)
{
    plan_users(p);
    plan_count(p);
}

static void count_incidents(planner *p)
{
    plan_incidents(p);
    plan_count(p);
}

static void count_apps(planner *p)
{
    plan_apps(p);
    plan_count(p);
}

static const struct {
    const char *intent;
    void (*make)(planner *);
} planners[] = {
    { "overview", plan_overview },
    { "user_profile", plan_user },
    { "list_users", plan_users },
    { "search_users", plan_search },
    { "count_users", count_users },
    { "list_incidents", plan_incidents },
    { "count_incidents", count_incidents },
    { "incident_details", plan_incident },
    { "update_incident", plan_update },
    { "ai_usage", plan_usage },
    { "list_apps", plan_apps },
    { "app_details", plan_apps },
    { "count_apps", count_apps },
    { "list_trusted_contacts", plan_contacts },
    { "update_trusted_contacts", plan_contact_change },
    { "compare", plan_compare },
    { "trend", plan_about },
    { "explain", plan_about },
    { "recommend", plan_about },
    { "help", plan_help },
    { "clarify", plan_nothing },
    { "out_of_scope", plan_nothing },
    { "refuse", plan_nothing },
};

ts_status agent_plan_make(const agent_interpretation *in, int64_t now_ms, ts_arena *arena,
                          agent_plan *ret)
{
    planner p = {
        .in = in, .now_ms = now_ms, .arena = arena, .plan = ret, .path = TS_BUF_INIT(PATH_MAX_BYTES)
    };

    *ret = (agent_plan){ .permission = "" };
    for (size_t i = 0; i < TS_COUNT(planners); i++) {
        if (ts_str_is(in->intent, planners[i].intent))
            planners[i].make(&p);
    }
    if (planner_count(&p, "with_reasons") > 0 && ret->count > 0 && !ret->wants_reasons)
        planner_note(&p, "the reasons are not in this answer: the details of its rows tell more");
    ts_buf_done(&p.path);
    return p.status;
}

ts_status agent_plan_add_reasons(agent_plan *plan, const ts_str *emails, size_t count,
                                 ts_arena *arena)
{
    planner p = { .arena = arena, .plan = plan, .path = TS_BUF_INIT(PATH_MAX_BYTES) };
    bool is_use = strcmp(plan->permission, "read:ai_usage") == 0;

    for (size_t i = 0; i < count && i < AGENT_REASONS_MAX; i++) {
        planner_path(&p, "/v1/users");
        planner_segment(&p, emails[i]);
        planner_finish(&p, "GET", TS_STR_NULL);
    }
    planner_note(&p, is_use ? "why somebody uses a tool is not known: recent_activity of the first "
                              "users' profiles, in further_results, shows what they did"
                            : "the reasons are the active_rules of the first users' profiles, in "
                              "further_results; the other users' profiles tell theirs");
    ts_buf_done(&p.path);
    return p.status;
}

void agent_plan_write(ts_jsonw *w, const agent_plan *plan)
{
    if (plan->count == 0) {
        ts_jsonw_null(w);
        return;
    }
    ts_jsonw_object(w);
    ts_jsonw_kz(w, "method", plan->requests[0].method);
    ts_jsonw_kstr(w, "path", plan->requests[0].path);
    if (plan->requests[0].body.n > 0) {
        ts_jsonw_key(w, "body");
        ts_jsonw_raw(w, plan->requests[0].body);
    }
    ts_jsonw_object_end(w);
}
