/* What the resource has no parameter for is done to the rows of its answer, where they tell enough. */
#include "planner.h"
#include "ts/time.h"

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

static const field contact_fields[] = {
    { "contact", "value", NULL, BY_TEXT },
};

static const struct {
    const char *list;
    const field *fields;
    size_t count;
} kinds[] = {
    [PLAN_USERS] = { "users", user_fields, TS_COUNT(user_fields) },
    [PLAN_INCIDENTS] = { "incidents", incident_fields, TS_COUNT(incident_fields) },
    [PLAN_APPS] = { "apps", app_fields, TS_COUNT(app_fields) },
    [PLAN_TOOLS] = { "groups", tool_fields, TS_COUNT(tool_fields) },
    [PLAN_TOOL_USERS] = { "groups", usage_fields, TS_COUNT(usage_fields) },
    [PLAN_CONTACTS] = { "contacts", contact_fields, TS_COUNT(contact_fields) },
};

/* What rows are ordered by, for each value of the slot `sort`. */
static const char *const orders[][3] = {
    { "users", "risk_score", "risk_score" },     { "users", "incidents", "open_incident_count" },
    { "incidents", "created_at", "created_at" }, { "incidents", "severity", "severity" },
    { "apps", "risk_score", "risk_score" },      { "apps", "user_count", "user_count" },
    { "apps", "created_at", "first_seen_at" },   { "groups", "usage", "events" },
    { "groups", "user_count", "users" },
};

void planner_rows(planner *p, plan_rows kind)
{
    if (p->is_one_of_two)
        return;
    p->plan->narrowing.list = kinds[kind].list;
    p->fields = kinds[kind].fields;
    p->field_count = kinds[kind].count;
}

int64_t planner_lowest_of(ts_str level)
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
        ret->number = planner_lowest_of(slot->values[0]);
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
            list[i] = planner_address(p, slot->values[i]);
            if (!planner_is_email(list[i]))
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

void planner_filter(planner *p, const char *name)
{
    const agent_slot *slot = agent_slot_find(&p->in->slots, ts_str_of(name));

    if (slot == NULL)
        return;
    if (narrow_by(p, slot, false)) {
        planner_note(p, "%s is no parameter of this request: its answer was filtered by it", name);
        return;
    }
    planner_note(p, "%s is no parameter of this request: filter its answer by it", name);
    p->plan->is_wider = true;
}

void planner_filter_each(planner *p, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        planner_filter(p, names[i]);
}

void planner_filter_all(planner *p, const char *const *names, size_t count)
{
    planner_filter_each(p, names, count);
    for (size_t i = 0; i < p->in->exclude.count; i++) {
        const agent_slot *slot = &p->in->exclude.list[i];

        if (narrow_by(p, slot, true)) {
            planner_note(p, "what has this %.*s was left out of the answer", (int)slot->name.n,
                         slot->name.p);
            continue;
        }
        p->plan->is_wider = true;
        planner_note(p, "leave out of the answer what has this %.*s", (int)slot->name.n,
                     slot->name.p);
    }
}

void planner_sort(planner *p, const char *given)
{
    agent_narrowing *narrowing = &p->plan->narrowing;
    ts_str sort = planner_slot(p, "sort");
    ts_str order = planner_slot(p, "order");

    if (sort.n == 0 || (ts_str_is(sort, given) && ts_str_is(order, "desc")))
        return;
    for (size_t i = 0; i < TS_COUNT(orders) && narrowing->list != NULL; i++) {
        if (strcmp(orders[i][0], narrowing->list) != 0 || !ts_str_is(sort, orders[i][1]))
            continue;
        narrowing->sort = orders[i][2];
        narrowing->is_ascending = ts_str_is(order, "asc");
        planner_note(p, "the plain answer is ordered by %s: this one by %.*s %.*s", given,
                     (int)sort.n, sort.p, (int)order.n, order.p);
        return;
    }
    p->plan->is_wider = true;
    planner_note(p, "the answer is ordered by %s: sort it by %.*s %.*s", given, (int)sort.n, sort.p,
                 (int)order.n, order.p);
}

void planner_say_unheld(planner *p, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (planner_count(p, names[i]) > 0)
            planner_note(p, "the answer is not limited to the %s that was asked for", names[i]);
    }
}

void planner_page(planner *p, int64_t size, bool has_offset)
{
    int64_t limit = planner_number_of(p, "limit", 0);
    int64_t page = planner_number_of(p, "page", 1);

    if (limit > AGENT_NARROW_ROWS) {
        planner_note(p, "a request returns %u at most", AGENT_NARROW_ROWS);
        limit = AGENT_NARROW_ROWS;
    }
    if (agent_narrows(&p->plan->narrowing)) {
        p->plan->narrowing.limit = limit > 0 ? limit : size;
        p->plan->narrowing.offset = (page > 1 ? page - 1 : 0) * p->plan->narrowing.limit;
        p->plan->has_pages = has_offset;
        planner_number(p, "limit", AGENT_NARROW_ROWS);
        return;
    }
    if (limit > 0)
        planner_number(p, "limit", limit);
    if (page > 1)
        planner_number(p, "offset", (page - 1) * (limit > 0 ? limit : size));
}
