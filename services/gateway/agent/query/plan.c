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
    bool is_one_of_two;         /* a side of a comparison: its answer stays as it is */
    const struct field *fields; /* of a row of the answer */
    size_t field_count;
    ts_status status;
} planner;

/* What a row tells about a slot. */
typedef struct field {
    const char *slot;
    const char *member;
    const char *inner;
    enum {
        BY_TEXT,
        BY_WORDS,
        BY_LEAST,
        BY_MORE,
        BY_MOST,
        BY_LESS,
        BY_SCORE, /* a level's lowest score */
        BY_RANK,  /* a level's rank */
        BY_BOOL,
        BY_ROLE,
        BY_AGE, /* in days */
        BY_PERSON,
    } by;
} field;

static const field user_fields[] = {
    { "department", "department", NULL, BY_WORDS },
    { "risk_level", "risk_level", NULL, BY_TEXT },
    { "risk_level_min", "risk_score", NULL, BY_SCORE },
    { "min_score", "risk_score", NULL, BY_LEAST },
    { "min_score_exclusive", "risk_score", NULL, BY_MORE },
    { "max_score", "risk_score", NULL, BY_MOST },
    { "max_score_exclusive", "risk_score", NULL, BY_LESS },
    { "mfa", "mfa_enrolled", NULL, BY_BOOL },
    { "suspended", "suspended", NULL, BY_BOOL },
    { "role", "is_admin", NULL, BY_ROLE },
    { "inactive_days_min", "last_seen_at", NULL, BY_AGE },
    { "user", "email", NULL, BY_PERSON },
};

static const field incident_fields[] = {
    { "severity", "severity", NULL, BY_TEXT },
    { "severity_min", "severity", NULL, BY_RANK },
    { "status", "status", NULL, BY_TEXT },
    { "user", "affected_users", NULL, BY_PERSON },
};

static const field app_fields[] = {
    { "app", "name", NULL, BY_WORDS },
    { "risk_level", "risk_level", NULL, BY_TEXT },
    { "risk_level_min", "risk_level", NULL, BY_RANK },
    { "min_score", "risk_score", NULL, BY_LEAST },
    { "min_score_exclusive", "risk_score", NULL, BY_MORE },
    { "max_score", "risk_score", NULL, BY_MOST },
    { "max_score_exclusive", "risk_score", NULL, BY_LESS },
};

static const field tool_fields[] = {
    { "app", "tool", NULL, BY_WORDS },
    { "approved", "sanctioned", NULL, BY_BOOL },
};

static const field usage_fields[] = {
    { "user", "email", NULL, BY_PERSON },
    { "app", "tools", NULL, BY_WORDS },
};

/* What rows are ordered by, for each value of the slot `sort`. */
static const char *const orders[][3] = {
    { "users", "risk_score", "risk_score" },     { "users", "incidents", "open_incident_count" },
    { "incidents", "created_at", "created_at" }, { "incidents", "severity", "severity" },
    { "apps", "risk_score", "risk_score" },      { "apps", "user_count", "user_count" },
    { "apps", "created_at", "first_seen_at" },   { "groups", "usage", "events" },
    { "groups", "user_count", "users" },
};

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

/* ---- what the resource has no parameter for ---- */

/* What the answer's rows are, so that they can be filtered and ordered. */
static void rows(planner *p, const char *list, const field *fields, size_t count)
{
    if (p->is_one_of_two)
        return;
    p->plan->narrowing.list = list;
    p->fields = fields;
    p->field_count = count;
}

static bool is_email(ts_str text);
static ts_str address_of(const planner *p, ts_str user);

static int64_t lowest_of(ts_str level)
{
    return ts_str_is(level, "critical") ? 90
           : ts_str_is(level, "high")   ? 70
           : ts_str_is(level, "medium") ? 40
           : ts_str_is(level, "low")    ? 20
                                        : 0;
}

/* False if a row cannot tell. */
static bool test_of(planner *p, const field *f, const agent_slot *slot, agent_filter *ret)
{
    int64_t n = 0;
    bool is_number = ts_parse_i64(slot->values[0], &n) == TS_OK;

    *ret = (agent_filter){
        .member = f->member, .inner = f->inner, .values = slot->values, .count = slot->count
    };
    switch (f->by) {
    case BY_TEXT: ret->test = AGENT_EQUALS; return true;
    case BY_WORDS: ret->test = AGENT_HAS_WORDS; return true;
    case BY_LEAST:
    case BY_MORE:
        ret->test = AGENT_AT_LEAST;
        ret->number = f->by == BY_MORE ? n + 1 : n;
        return is_number;
    case BY_MOST:
    case BY_LESS:
        ret->test = AGENT_AT_MOST;
        ret->number = f->by == BY_LESS ? n - 1 : n;
        return is_number;
    case BY_SCORE:
        ret->test = AGENT_AT_LEAST;
        ret->number = lowest_of(slot->values[0]);
        return true;
    case BY_RANK:
        ret->test = AGENT_AT_LEAST;
        ret->number = agent_level_rank(slot->values[0]);
        return true;
    case BY_BOOL:
        ret->test = ts_str_is(slot->values[0], "true") ? AGENT_IS_TRUE : AGENT_IS_FALSE;
        return true;
    case BY_ROLE:
        ret->test = AGENT_IS_TRUE;
        return slot->count == 1 && ts_str_is(slot->values[0], "admin");
    case BY_AGE:
        ret->test = AGENT_BEFORE;
        ret->number = p->now_ms - n * TS_DAY_MS;
        return is_number;
    case BY_PERSON: {
        ts_str *list = ts_arena_array(p->arena, slot->count, sizeof(*list));

        ret->test = AGENT_EQUALS;
        ret->values = list;
        for (size_t i = 0; list != NULL && i < slot->count; i++) {
            list[i] = address_of(p, slot->values[i]);
            if (!is_email(list[i]))
                return false;
        }
        return list != NULL;
    }
    }
    return false;
}

/* Whether the answer's rows are now filtered by the slot. */
static bool narrow_by(planner *p, const agent_slot *slot, bool is_negated)
{
    agent_narrowing *narrowing = &p->plan->narrowing;

    for (size_t i = 0; i < p->field_count && narrowing->count < AGENT_FILTERS_MAX; i++) {
        agent_filter *filter = &narrowing->filters[narrowing->count];

        if (!ts_str_is(slot->name, p->fields[i].slot) || !test_of(p, &p->fields[i], slot, filter))
            continue;
        filter->is_negated = is_negated;
        narrowing->count++;
        return true;
    }
    return false;
}

static void filter_slot(planner *p, const char *name)
{
    const agent_slot *slot = agent_slot_find(&p->in->slots, ts_str_of(name));

    if (slot == NULL)
        return;
    if (narrow_by(p, slot, false)) {
        note(p, "%s is no parameter of this request: its answer was filtered by it", name);
        return;
    }
    note(p, "%s is no parameter of this request: filter its answer by it", name);
    p->plan->is_wider = true;
}

static void filter_rest(planner *p, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        filter_slot(p, names[i]);
}

static void filter_after(planner *p, const char *const *names, size_t count)
{
    filter_rest(p, names, count);
    for (size_t i = 0; i < p->in->exclude.count; i++) {
        const agent_slot *slot = &p->in->exclude.list[i];

        if (narrow_by(p, slot, true)) {
            note(p, "what has this %.*s was left out of the answer", (int)slot->name.n,
                 slot->name.p);
            continue;
        }
        p->plan->is_wider = true;
        note(p, "leave out of the answer what has this %.*s", (int)slot->name.n, slot->name.p);
    }
}

static void sort_after(planner *p, const char *given)
{
    agent_narrowing *narrowing = &p->plan->narrowing;
    ts_str sort = get(p, "sort");
    ts_str order = get(p, "order");

    if (sort.n == 0 || (ts_str_is(sort, given) && ts_str_is(order, "desc")))
        return;
    for (size_t i = 0; i < TS_COUNT(orders) && narrowing->list != NULL; i++) {
        if (strcmp(orders[i][0], narrowing->list) != 0 || !ts_str_is(sort, orders[i][1]))
            continue;
        narrowing->sort = orders[i][2];
        narrowing->is_ascending = ts_str_is(order, "asc");
        note(p, "the plain answer is ordered by %s: this one by %.*s %.*s", given, (int)sort.n,
             sort.p, (int)order.n, order.p);
        return;
    }
    p->plan->is_wider = true;
    note(p, "the answer is ordered by %s: sort it by %.*s %.*s", given, (int)sort.n, sort.p,
         (int)order.n, order.p);
}

/* Slots that do not shape the answer of such a request at all. */
static void say_unheld(planner *p, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (count_of(p, names[i]) > 0)
            note(p, "the answer is not limited to the %s that was asked for", names[i]);
    }
}

/* Behind the filters: an answer that is narrowed is asked for whole, and cut when it is. */
static void add_page(planner *p, int64_t size, bool has_offset)
{
    int64_t limit = number_of(p, "limit", 0);
    int64_t page = number_of(p, "page", 1);

    if (limit > AGENT_NARROW_ROWS) {
        note(p, "a request returns %u at most", AGENT_NARROW_ROWS);
        limit = AGENT_NARROW_ROWS;
    }
    if (agent_narrows(&p->plan->narrowing)) {
        p->plan->narrowing.limit = limit > 0 ? limit : size;
        p->plan->narrowing.offset = (page > 1 ? page - 1 : 0) * p->plan->narrowing.limit;
        p->plan->has_pages = has_offset;
        number(p, "limit", AGENT_NARROW_ROWS);
        return;
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
        score = lowest_of(level);
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
    bool is_search = count_of(p, "department") == 1;
    int64_t lowest = lowest_score(p);

    p->plan->permission = "read:users";
    rows(p, "users", user_fields, TS_COUNT(user_fields));
    if (is_search) {
        path(p, "/v1/users/search");
        parameter(p, "query", get(p, "department"));
        filter_after(p, after_search, TS_COUNT(after_search));
    } else if (lowest >= 0) {
        path(p, "/v1/users/high-risk");
        number(p, "min_risk_score", lowest);
    } else {
        path(p, "/v1/users");
    }
    if (count_of(p, "department") > 1)
        filter_slot(p, "department");
    if (count_of(p, "risk_level") == 1 && (is_search || lowest < 0))
        parameter(p, "risk_level", get(p, "risk_level"));
    else if (count_of(p, "risk_level") > 0)
        filter_slot(p, "risk_level");
    sort_after(p, "risk_score");
    if (is_search)
        filter_rest(p, after, TS_COUNT(after));
    else
        filter_after(p, after, TS_COUNT(after));
    add_page(p, PAGE_USERS, !is_search && lowest < 0);
    finish(p, "GET", TS_STR_NULL);
}

static void plan_search(planner *p)
{
    static const char *const after[] = { "department", "risk_level_min", "min_score", "mfa",
                                         "role" };

    p->plan->permission = "read:users";
    rows(p, "users", user_fields, TS_COUNT(user_fields));
    path(p, "/v1/users/search");
    parameter(p, "query", get(p, "query"));
    if (count_of(p, "risk_level") == 1)
        parameter(p, "risk_level", get(p, "risk_level"));
    filter_after(p, after, TS_COUNT(after));
    add_page(p, PAGE_INCIDENTS, false);
    finish(p, "GET", TS_STR_NULL);
}

static void plan_user(planner *p)
{
    static const char *const spans[] = { "time", "interval", "type", "status", "severity" };
    ts_str aspect = get(p, "aspect");

    p->plan->permission = "read:users";
    plan_profile(p, get(p, "user"),
                 get(p, "time").n > 0 || ts_str_is(aspect, "timeline") ||
                     ts_str_is(aspect, "history") || ts_str_is(p->in->intent, "trend"));
    if (count_of(p, "user") > 1)
        note(p, "one request for each person");
    say_unheld(p, spans, TS_COUNT(spans));
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
        if (slot != NULL)
            filter_slot(p, "status");
        return;
    }
    parameter(p, "status", is_open ? TS_STR_LIT("open") : TS_STR_LIT("closed"));
    if (slot->count > 1)
        return;
    /* "Open incidents" are also those under investigation, in this API and to most who say so. */
    if (ts_str_is(slot->values[0], "open"))
        note(p, "status=open stands for two states: also those under investigation");
    else
        filter_slot(p, "status");
}

static void add_severity(planner *p)
{
    if (count_of(p, "severity") == 1)
        parameter(p, "severity", get(p, "severity"));
    if (count_of(p, "severity") < 2 && count_of(p, "severity_min") == 0)
        return;
    filter_slot(p, "severity");
    filter_slot(p, "severity_min");
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
    rows(p, "incidents", incident_fields, TS_COUNT(incident_fields));
    path(p, "/v1/incidents");
    add_status(p);
    add_severity(p);
    add_span(p, has_span, span);
    if (count_of(p, "user") > 1) {
        filter_slot(p, "user");
    } else if (is_email(user)) {
        parameter(p, "user", user);
    } else if (user.n > 0) {
        note(p, "the user's address is not known: search for the name first");
        p->plan->is_wider = true;
    }
    sort_after(p, "created_at");
    filter_after(p, after, TS_COUNT(after));
    add_page(p, PAGE_INCIDENTS, true);
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
        if (status.n > 0)
            note(p, "the status to set would be %.*s", (int)status.n, status.p);
        return;
    }
    if (count_of(p, "assignee") > 0)
        note(p, "incidents have no owner in this API: %.*s cannot be made one",
             (int)(get(p, "assignee").n > 60 ? 60 : get(p, "assignee").n), get(p, "assignee").p);
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
    static const char *const after[] = { "app", "user", "department", "approved", "role" };
    ts_str group = get(p, "group_by");
    bool is_by_day = ts_str_is(group, "day") || ts_str_is(get(p, "interval"), "day");
    bool is_by_user = !is_by_day && (ts_str_is(group, "user") || ts_str_is(group, "department") ||
                                     get(p, "user").n > 0);
    agent_narrowing *narrowing = &p->plan->narrowing;
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
              is_by_day    ? TS_STR_LIT("day")
              : is_by_user ? TS_STR_LIT("user")
                           : TS_STR_LIT("tool"));
    if (is_by_user)
        rows(p, "groups", usage_fields, TS_COUNT(usage_fields));
    else if (!is_by_day)
        rows(p, "groups", tool_fields, TS_COUNT(tool_fields));
    filter_after(p, after, TS_COUNT(after));
    if (is_by_user && count_of(p, "app") > 0)
        note(p, "the figures are of all tools of those users");
    if (ts_str_is(get(p, "aspect"), "sensitive_data") || get(p, "sort").n > 0)
        sort_after(p, "events");
    if (count_of(p, "limit") > 0 && narrowing->list == NULL) {
        filter_slot(p, "limit");
    } else if (count_of(p, "limit") > 0) {
        narrowing->limit = number_of(p, "limit", 0);
        narrowing->sort = narrowing->sort == NULL ? "events" : narrowing->sort;
    }
    finish(p, "GET", TS_STR_NULL);
}

static void plan_apps(planner *p)
{
    static const char *const after[] = {
        "app",        "permission",          "user",      "department",
        "risk_level", "risk_level_min",      "time",      "group_by",
        "min_score",  "min_score_exclusive", "max_score", "max_score_exclusive"
    };
    ts_str trust = get(p, "trust");

    p->plan->permission = "read:apps";
    rows(p, "apps", app_fields, TS_COUNT(app_fields));
    path(p, "/v1/apps");
    parameter(p, "status", trust.n > 0 ? trust : TS_STR_LIT("all"));
    sort_after(p, "risk_score");
    filter_after(p, after, TS_COUNT(after));
    add_page(p, PAGE_USERS, true);
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
    static const char *const common[] = { "time", "type", "status", "severity", "interval" };

    if (p->in->left.count == 0) {
        plan_users(p);
        note(p, "group the answer as asked");
        return;
    }
    p->is_one_of_two = true;
    say_unheld(p, common, TS_COUNT(common));
    plan_side(p, &p->in->left);
    plan_side(p, &p->in->right);
    if (p->plan->count > 1 && p->status == TS_OK)
        note(p, "the other side of the comparison: GET %.*s", (int)p->plan->requests[1].path.n,
             p->plan->requests[1].path.p);
}

static void plan_about(planner *p)
{
    static const char *const spans[] = { "time", "type", "severity", "status" };
    static const char *const intervals[] = { "interval" };

    say_unheld(p, intervals, TS_COUNT(intervals));
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
        say_unheld(p, spans, TS_COUNT(spans));
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
