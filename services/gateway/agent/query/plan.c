/* One function for each family of intents. A path is built in a buffer: first the resource, then parameter by parameter. */
#include "plan.h"

#include "ts/time.h"

#define PATH_MAX_BYTES 4096u
#define PAGE_USERS     50
#define PAGE_INCIDENTS 20
#define DAYS_MAX       90 /* of /v1/ai-usage */

typedef struct planner {
    const agent_interpretation *in;
    int64_t now_ms;
    ts_arena *arena;
    agent_plan *plan;
    ts_buf path;
    bool has_query;
    ts_status status;
} planner;

static void note(planner *p, const char *format, ...) TS_PRINTF(2, 3);

static void note(planner *p, const char *format, ...)
{
    char words[256];
    agent_texts *list = &p->plan->notes;
    va_list args;

    va_start(args, format);
    vsnprintf(words, sizeof(words), format, args);
    va_end(args);
    for (size_t i = 0; i < list->count; i++) {
        if (ts_str_is(list->list[i], words))
            return;
    }
    if (!ts_arena_grow(p->arena, &list->list, list->count, &list->capacity, sizeof(ts_str))) {
        p->status = TS_NOMEM;
        return;
    }
    list->list[list->count++] = ts_arena_str(p->arena, ts_str_of(words));
}

/* ---- paths ---- */

static void encode(ts_buf *to, ts_str text)
{
    static const char hex[] = "0123456789ABCDEF";

    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            c == '-' || c == '.' || c == '_' || c == '~' || c == '@') {
            ts_buf_char(to, (char)c);
        } else {
            ts_buf_char(to, '%');
            ts_buf_char(to, hex[c >> 4]);
            ts_buf_char(to, hex[c & 15]);
        }
    }
}

static void path(planner *p, const char *resource)
{
    ts_buf_clear(&p->path);
    ts_buf_z(&p->path, resource);
    p->has_query = false;
}

static void segment(planner *p, ts_str text)
{
    ts_buf_char(&p->path, '/');
    encode(&p->path, text);
}

static void parameter(planner *p, const char *name, ts_str value)
{
    ts_buf_char(&p->path, p->has_query ? '&' : '?');
    p->has_query = true;
    ts_buf_z(&p->path, name);
    ts_buf_char(&p->path, '=');
    encode(&p->path, value);
}

static void number(planner *p, const char *name, int64_t value)
{
    char digits[24];

    snprintf(digits, sizeof(digits), "%lld", (long long)value);
    parameter(p, name, ts_str_of(digits));
}

static void finish(planner *p, const char *method, ts_str body)
{
    agent_plan *plan = p->plan;
    ts_str made = ts_arena_str(p->arena, ts_buf_view(&p->path));

    if (ts_buf_status(&p->path) != TS_OK || made.p == NULL ||
        !ts_arena_grow(p->arena, &plan->requests, plan->count, &plan->capacity,
                       sizeof(*plan->requests))) {
        p->status = TS_NOMEM;
        return;
    }
    plan->requests[plan->count++] = (agent_request){ method, made, body };
}

/* ---- slots ---- */

static ts_str get(const planner *p, const char *name)
{
    return agent_slot_text(&p->in->slots, name);
}

static size_t count_of(const planner *p, const char *name)
{
    const agent_slot *slot = agent_slot_find(&p->in->slots, ts_str_of(name));

    return slot == NULL ? 0 : slot->count;
}

static int64_t number_of(const planner *p, const char *name, int64_t otherwise)
{
    int64_t n;

    return ts_parse_i64(get(p, name), &n) == TS_OK ? n : otherwise;
}

/* Filters that the resource has no parameter for. */
static void filter_after(planner *p, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (count_of(p, names[i]) == 0)
            continue;
        note(p, "%s is no parameter of this request: filter its answer by it", names[i]);
        p->plan->is_wider = true;
    }
    p->plan->is_wider = p->plan->is_wider || p->in->exclude.count > 0;
    for (size_t i = 0; i < p->in->exclude.count; i++)
        note(p, "leave out of the answer what has this %.*s", (int)p->in->exclude.list[i].name.n,
             p->in->exclude.list[i].name.p);
}

static void sort_after(planner *p, const char *given)
{
    ts_str sort = get(p, "sort");
    ts_str order = get(p, "order");

    if (sort.n == 0 || (ts_str_is(sort, given) && ts_str_is(order, "desc")))
        return;
    p->plan->is_wider = true;
    note(p, "the answer is ordered by %s: sort it by %.*s %.*s", given, (int)sort.n, sort.p,
         (int)order.n, order.p);
}

static void add_page(planner *p, int64_t size)
{
    int64_t limit = number_of(p, "limit", 0);
    int64_t page = number_of(p, "page", 1);

    if (limit > 200) {
        note(p, "a request returns 200 at most");
        limit = 200;
    }
    if (limit > 0)
        number(p, "limit", limit);
    if (page > 1)
        number(p, "offset", (page - 1) * (limit > 0 ? limit : size));
}

static bool is_email(ts_str text)
{
    return ts_str_find(text, '@') < text.n;
}

/* The address of a person: as typed, or the one person of that name. */
static ts_str address_of(const planner *p, ts_str user)
{
    for (size_t i = 0; i < p->in->people.count && !is_email(user); i++) {
        if (ts_str_eq(p->in->people.list[i].from, user))
            return p->in->people.list[i].to;
    }
    return user;
}

/* ---- users ---- */

static void plan_profile(planner *p, ts_str user, bool with_timeline)
{
    ts_str address = address_of(p, user);

    if (!is_email(address)) {
        path(p, "/v1/users/search");
        parameter(p, "query", address);
        note(p, "the name is no address and no single person of the directory: search first");
    } else {
        path(p, "/v1/users");
        segment(p, address);
        if (with_timeline)
            parameter(p, "include_timeline", TS_STR_LIT("true"));
    }
    finish(p, "GET", TS_STR_NULL);
}

/* The lowest score that the question admits; -1: it says nothing of scores. */
static int64_t lowest_score(planner *p)
{
    ts_str level = get(p, "risk_level_min");
    int64_t score = number_of(p, "min_score", -1);

    if (score < 0 && number_of(p, "min_score_exclusive", -1) >= 0)
        score = number_of(p, "min_score_exclusive", -1) + 1;
    if (score < 0 && level.n > 0)
        score = ts_str_is(level, "critical") ? 90
                : ts_str_is(level, "high")   ? 70
                : ts_str_is(level, "medium") ? 40
                : ts_str_is(level, "low")    ? 20
                                             : 0;
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
                                         "inactive_days_min",
                                         "suspended",
                                         "group_by" };
    static const char *const after_search[] = { "min_score", "min_score_exclusive",
                                                "risk_level_min" };
    int64_t lowest = lowest_score(p);

    p->plan->permission = "read:users";
    if (count_of(p, "department") > 0) {
        path(p, "/v1/users/search");
        parameter(p, "query", get(p, "department"));
        if (count_of(p, "department") > 1)
            note(p, "one request for each department");
        filter_after(p, after_search, TS_COUNT(after_search));
    } else if (lowest >= 0) {
        path(p, "/v1/users/high-risk");
        number(p, "min_risk_score", lowest);
    } else {
        path(p, "/v1/users");
    }
    if (count_of(p, "risk_level") == 1 && lowest < 0) {
        parameter(p, "risk_level", get(p, "risk_level"));
    } else if (count_of(p, "risk_level") > 0) {
        note(p, "one request for each risk level");
        p->plan->is_wider = true;
    }
    add_page(p, PAGE_USERS);
    sort_after(p, "risk_score");
    filter_after(p, after, TS_COUNT(after));
    finish(p, "GET", TS_STR_NULL);
}

static void plan_search(planner *p)
{
    static const char *const after[] = { "department", "risk_level_min", "min_score", "mfa",
                                         "role" };

    p->plan->permission = "read:users";
    path(p, "/v1/users/search");
    parameter(p, "query", get(p, "query"));
    if (count_of(p, "risk_level") == 1)
        parameter(p, "risk_level", get(p, "risk_level"));
    if (count_of(p, "limit") > 0)
        number(p, "limit", number_of(p, "limit", PAGE_INCIDENTS));
    filter_after(p, after, TS_COUNT(after));
    finish(p, "GET", TS_STR_NULL);
}

static void plan_user(planner *p)
{
    ts_str aspect = get(p, "aspect");

    p->plan->permission = "read:users";
    plan_profile(p, get(p, "user"),
                 get(p, "time").n > 0 || ts_str_is(aspect, "timeline") ||
                     ts_str_is(aspect, "history") || ts_str_is(p->in->intent, "trend"));
    if (count_of(p, "user") > 1)
        note(p, "one request for each person");
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
        parameter(p, "status", TS_STR_LIT("all"));
        if (slot != NULL) {
            note(p, "filter the answer by status");
            p->plan->is_wider = true;
        }
        return;
    }
    parameter(p, "status", is_open ? TS_STR_LIT("open") : TS_STR_LIT("closed"));
    if (slot->count > 1)
        return;
    /* "Open incidents" are also those under investigation, in this API and to most who say so. */
    p->plan->is_wider = p->plan->is_wider || !ts_str_is(slot->values[0], "open");
    note(p, "status=%s stands for two states: filter the answer by status %.*s",
         is_open ? "open" : "closed", (int)slot->values[0].n, slot->values[0].p);
}

static void add_severity(planner *p)
{
    if (count_of(p, "severity") == 1)
        parameter(p, "severity", get(p, "severity"));
    if (count_of(p, "severity") < 2 && count_of(p, "severity_min") == 0)
        return;
    p->plan->is_wider = true;
    note(p, "severity takes one value: one request for each, or filter the answer");
}

static void add_span(planner *p, bool has_span, agent_span span)
{
    char text[TS_RFC3339_SIZE];

    if (!has_span)
        return;
    if (span.from_ms != INT64_MIN) {
        ts_time_format(span.from_ms, false, text);
        parameter(p, "since", ts_str_of(text));
    }
    /* What reaches to now has no end: parameters are whole seconds, and the present one would be cut off. */
    if (span.to_ms < p->now_ms) {
        ts_time_format(span.to_ms, false, text);
        parameter(p, "until", ts_str_of(text));
    }
}

static void incidents_path(planner *p, bool has_span, agent_span span)
{
    static const char *const after[] = {
        "type", "department", "assignee", "role",     "country",
        "ip",   "app",        "group_by", "interval", "employment_type"
    };
    ts_str user = address_of(p, get(p, "user"));

    p->plan->permission = "read:incidents";
    path(p, "/v1/incidents");
    add_status(p);
    add_severity(p);
    add_span(p, has_span, span);
    if (is_email(user)) {
        parameter(p, "user", user);
    } else if (user.n > 0) {
        note(p, "the user's address is not known: search for the name first");
        p->plan->is_wider = true;
    }
    add_page(p, PAGE_INCIDENTS);
    sort_after(p, "created_at");
    filter_after(p, after, TS_COUNT(after));
}

static void plan_incidents(planner *p)
{
    incidents_path(p, p->in->has_span, p->in->span);
    finish(p, "GET", TS_STR_NULL);
}

static void plan_incident(planner *p)
{
    p->plan->permission = "read:incidents";
    path(p, "/v1/incidents");
    segment(p, get(p, "incident_id"));
    if (count_of(p, "incident_id") > 1)
        note(p, "one request for each incident");
    finish(p, "GET", TS_STR_NULL);
}

static void plan_update(planner *p)
{
    ts_str status = get(p, "new_status");

    p->plan->permission = "write:incidents";
    if (count_of(p, "incident_id") == 0) {
        plan_incidents(p);
        p->plan->permission = "write:incidents";
        note(p, "nothing was changed: each incident of this list would need a PATCH of its own");
        return;
    }
    if (status.n == 0) {
        plan_incident(p);
        p->plan->permission = "write:incidents";
        note(p, "incidents have no owner in this API: nothing to change");
        return;
    }
    p->plan->is_write = true;
    path(p, "/v1/incidents");
    segment(p, get(p, "incident_id"));
    note(p, "nothing was changed: make the shown request to do it");
    if (ts_str_is(status, "open")) {
        ts_buf_z(&p->path, "/reopen");
        note(p, "a reopened incident is under investigation");
        finish(p, "POST", TS_STR_LIT("{}"));
        return;
    }
    finish(p, "PATCH",
           ts_str_of(ts_arena_printf(p->arena, "{\"status\":\"%.*s\"}", (int)status.n, status.p)));
}

/* ---- AI use, apps, contacts ---- */

static void plan_usage(planner *p)
{
    static const char *const after[] = { "app", "user", "department", "approved", "limit", "role" };
    ts_str group = get(p, "group_by");
    int64_t days = 7;

    p->plan->permission = "read:ai_usage";
    if (p->in->has_span && p->in->span.from_ms != INT64_MIN)
        days = (p->now_ms - p->in->span.from_ms + TS_DAY_MS - 1) / TS_DAY_MS;
    if (p->in->has_span && p->in->span.to_ms < p->now_ms)
        note(p, "the report reaches to now: leave out what is later than asked for");
    if (days > DAYS_MAX)
        note(p, "the report reaches back %d days at most", DAYS_MAX);
    days = days < 1 ? 1 : days > DAYS_MAX ? DAYS_MAX : days;
    path(p, "/v1/ai-usage");
    number(p, "days", days);
    if (ts_str_is(group, "department"))
        note(p, "the report has no departments: group the users' figures by them");
    parameter(p, "group_by",
              ts_str_is(group, "day") || ts_str_is(get(p, "interval"), "day") ? TS_STR_LIT("day")
              : ts_str_is(group, "user") || ts_str_is(group, "department") || get(p, "user").n > 0
                  ? TS_STR_LIT("user")
                  : TS_STR_LIT("tool"));
    filter_after(p, after, TS_COUNT(after));
    if (ts_str_is(get(p, "aspect"), "sensitive_data") || get(p, "sort").n > 0)
        sort_after(p, "events");
    finish(p, "GET", TS_STR_NULL);
}

static void plan_apps(planner *p)
{
    static const char *const after[] = { "app",        "permission",     "user", "department",
                                         "risk_level", "risk_level_min", "time", "group_by" };
    ts_str trust = get(p, "trust");

    p->plan->permission = "read:apps";
    path(p, "/v1/apps");
    parameter(p, "status", trust.n > 0 ? trust : TS_STR_LIT("all"));
    add_page(p, PAGE_USERS);
    sort_after(p, "last_used_at");
    filter_after(p, after, TS_COUNT(after));
    finish(p, "GET", TS_STR_NULL);
}

static void plan_contacts(planner *p)
{
    p->plan->permission = "read:users";
    path(p, "/v1/trusted-contacts");
    if (get(p, "contact").n > 0)
        note(p, "look for the contact in the list");
    finish(p, "GET", TS_STR_NULL);
}

static void plan_contact_change(planner *p)
{
    TS_CLEANUP(ts_buf_done) ts_buf body = TS_BUF_INIT(PATH_MAX_BYTES);
    ts_jsonw w = ts_jsonw_on(&body);

    p->plan->permission = "write:contacts";
    p->plan->is_write = true;
    note(p, "nothing was changed: make the shown request to do it");
    path(p, "/v1/trusted-contacts");
    if (ts_str_is(get(p, "action"), "remove")) {
        segment(p, get(p, "contact"));
        finish(p, "DELETE", TS_STR_NULL);
        return;
    }
    ts_jsonw_object(&w);
    ts_jsonw_kstr(&w, "value", get(p, "contact"));
    ts_jsonw_object_end(&w);
    finish(p, "POST", ts_arena_str(p->arena, ts_buf_view(&body)));
}

/* ---- the rest ---- */

static void plan_overview(planner *p)
{
    p->plan->permission = "read:users";
    path(p, "/v1/overview");
    parameter(p, "include_incidents", TS_STR_LIT("true"));
    parameter(p, "include_ai_usage", TS_STR_LIT("true"));
    if (get(p, "time").n > 0)
        note(p, "the overview shows the present state, not a span of time");
    finish(p, "GET", TS_STR_NULL);
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
        note(p, "both are in the same report");
    } else if (department.n > 0) {
        p->plan->permission = "read:users";
        path(p, "/v1/users/search");
        parameter(p, "query", department);
        finish(p, "GET", TS_STR_NULL);
        if (count_of(p, "type") > 0 || count_of(p, "severity") > 0 || p->in->has_span)
            note(p, "incidents have no department: count those of these users");
    } else {
        bool has_span = time.n > 0 && agent_time_span(time, p->now_ms, &span);

        incidents_path(p, has_span || p->in->has_span, has_span ? span : p->in->span);
        if (time.n == 0)
            note(p, "filter the answer by each side in turn");
        finish(p, "GET", TS_STR_NULL);
    }
}

static void plan_compare(planner *p)
{
    if (p->in->left.count == 0) {
        plan_users(p);
        note(p, "group the answer as asked");
        return;
    }
    plan_side(p, &p->in->left);
    plan_side(p, &p->in->right);
    if (p->plan->count > 1 && p->status == TS_OK)
        note(p, "the other side of the comparison: GET %.*s", (int)p->plan->requests[1].path.n,
             p->plan->requests[1].path.p);
}

static void plan_about(planner *p)
{
    if (get(p, "incident_id").n > 0)
        plan_incident(p);
    else if (get(p, "user").n > 0)
        plan_user(p);
    else if (get(p, "app").n > 0 && ts_str_is(p->in->intent, "trend"))
        plan_usage(p);
    else if (get(p, "app").n > 0)
        plan_apps(p);
    else if (get(p, "department").n > 0 && get(p, "type").n == 0)
        plan_users(p);
    else if (ts_str_is(p->in->intent, "recommend")) {
        path(p, "/v1/agent/summary");
        finish(p, "GET", TS_STR_NULL);
    } else {
        plan_incidents(p);
        if (get(p, "interval").n > 0)
            note(p, "count the answer per %.*s", (int)get(p, "interval").n, get(p, "interval").p);
    }
}

static void plan_help(planner *p)
{
    path(p, "/v1/agent/tools");
    finish(p, "GET", TS_STR_NULL);
}

static void plan_count(planner *p)
{
    note(p, "the number is data.pagination.total where no filter is left over");
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
