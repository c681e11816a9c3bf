/* aiusage.Report: sums over the rows of the days asked for, never a row outside them. */
#include "ai_usage.h"
#include "period.h"
#include "tally.h"
#include "ts/time.h"

#define GROUPS_MAX 5000 /* users shown: those with the most events; totals count all */
#define ROW_ARENA  4096 /* more than any row of numbers takes */

#define WALK_MAX 1000 /* users that one answer of a walk looks at */

typedef enum group_by { BY_USER, BY_TOOL, BY_DAY } group_by;

typedef struct report_work {
    ai_usage *app;
    ts_call *call;
    period period;
    Ts__Aiusage__Report *rep;
    ts_arena *row; /* of the row that is looked at: there may be millions */
} report_work;

static ts_status parse_group_by(const char *text, group_by *ret, ts_error *err)
{
    static const char *const names[] = { "user", "tool", "day" };

    for (size_t i = 0; i < TS_COUNT(names); i++) {
        if (strcmp(text, names[i]) == 0) {
            *ret = (group_by)i;
            return TS_OK;
        }
    }
    return ts_fail(err, TS_INVALID, "group_by", "group_by must be user, tool or day");
}

/* Rows of the days [first, last] in one of the families whose keys begin with the day. */
static ts_iter *walk_days(const report_work *w, unsigned family, int64_t first, int64_t last)
{
    TS_CLEANUP(ts_buf_done) ts_buf from = TS_BUF_INIT(AI_USAGE_KEY_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf until = TS_BUF_INIT(AI_USAGE_KEY_MAX);

    ai_usage_day_key(&from, w->call->tenant, first);
    ai_usage_day_key(&until, w->call->tenant, last + 1);
    if (ts_buf_status(&from) != TS_OK || ts_buf_status(&until) != TS_OK)
        return NULL;
    return ts_iter_new(w->app->store, family, ts_buf_view(&from), ts_buf_view(&until), false);
}

/* Until the next one. */
static ts_status unpack(const report_work *w, const ts_iter *it,
                        const ProtobufCMessageDescriptor *type, void *ret)
{
    ProtobufCMessage *m = NULL;
    ts_status st;

    ts_arena_reset(w->row);
    st = ts_arena_unpack(w->row, type, ts_iter_value(it), &m);
    if (st == TS_OK)
        memcpy(ret, &m, sizeof(m));
    return st;
}

/* Users whose last use of the tool ("" = any) lies in the period. Without an end: an event dated ahead of our clock still
 * is a use by now. */
static ts_status count_users(const report_work *w, ts_str tool, uint64_t *ret)
{
    TS_CLEANUP(ts_buf_done) ts_buf from = TS_BUF_INIT(AI_USAGE_KEY_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf until = TS_BUF_INIT(AI_USAGE_KEY_MAX);
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = NULL;
    uint64_t users = 0;

    ai_usage_last_day_key(&from, w->call->tenant, tool, w->period.first_day);
    ai_usage_last_day_key(&until, w->call->tenant, tool, UINT32_MAX);
    if (ts_buf_status(&from) != TS_OK || ts_buf_status(&until) != TS_OK)
        return TS_NOMEM;
    it = ts_iter_new(w->app->store, AI_USAGE_LAST_DAYS, ts_buf_view(&from), ts_buf_view(&until),
                     false);
    if (it == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it); ts_iter_next(it)) {
        const Ts__Aiusage__Counter *row = NULL;
        ts_status st = unpack(w, it, &ts__aiusage__counter__descriptor, &row);

        if (st != TS_OK)
            return st;
        users += row->users;
    }
    *ret = users;
    return ts_iter_status(it);
}

/* Every day of the period gets a group, also those without an event: a chart made of them has no holes. */
static ts_status add_days(report_work *w, Ts__Aiusage__Group **groups)
{
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = walk_days(w, AI_USAGE_DAYS, w->period.previous_first_day, w->period.last_day);

    if (it == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it); ts_iter_next(it)) {
        int64_t day = ai_usage_key_day(ts_iter_key(it));
        const Ts__Aiusage__Counter *row = NULL;
        ts_status st = unpack(w, it, &ts__aiusage__counter__descriptor, &row);

        if (st != TS_OK)
            return st;
        if (day < w->period.first_day) {
            w->rep->previous_events += row->events;
            continue;
        }
        w->rep->events += row->events;
        if (groups != NULL) {
            groups[day - w->period.first_day]->events = row->events;
            groups[day - w->period.first_day]->users = row->users;
        }
    }
    return ts_iter_status(it);
}

static ts_status make_days(report_work *w)
{
    size_t days = (size_t)(w->period.last_day - w->period.first_day + 1);
    Ts__Aiusage__Report *rep = w->rep;

    rep->groups = ts_arena_array(w->call->arena, days, sizeof(*rep->groups));
    if (rep->groups == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i < days; i++) {
        Ts__Aiusage__Group *group = ts_arena_alloc(w->call->arena, sizeof(*group));
        char date[16];

        if (group == NULL)
            return TS_NOMEM;
        ts__aiusage__group__init(group);
        period_day_text(w->period.first_day + (int64_t)i, date);
        group->key = ts_arena_z(w->call->arena, ts_str_of(date));
        if (group->key == NULL)
            return TS_NOMEM;
        rep->groups[i] = group;
    }
    rep->n_groups = days;
    rep->groups_total = days;
    return TS_OK;
}

static ts_status describe_tool(report_work *w, Ts__Aiusage__Group *group, bool with_users)
{
    TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(AI_USAGE_KEY_MAX);
    Ts__Aiusage__Tool *row = NULL;
    bool found;
    ts_status st;

    ai_usage_tool_key(&key, w->call->tenant, ts_str_of(group->key));
    st = ai_usage_load(w->app->store, AI_USAGE_TOOLS, &key, w->call->arena,
                       &ts__aiusage__tool__descriptor, &found, &row);
    if (st != TS_OK)
        return st;
    group->vendor = row->vendor;
    group->sanctioned = row->sanctioned;
    group->first_seen_ms = row->first_seen_ms;
    if (!row->sanctioned)
        w->rep->unsanctioned_events += group->events;
    return with_users ? count_users(w, ts_str_of(group->key), &group->users) : TS_OK;
}

/* The number of tools and the unsanctioned part are needed whatever the groups are. */
static ts_status add_tools(report_work *w, bool as_groups)
{
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = walk_days(w, AI_USAGE_DAY_TOOLS, w->period.first_day, w->period.last_day);
    tally t = tally_in(w->call->arena);

    if (it == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it); ts_iter_next(it)) {
        Ts__Aiusage__Group *group = tally_group(&t, ai_usage_key_text(ts_iter_key(it), 0));
        const Ts__Aiusage__Counter *row = NULL;
        ts_status st = unpack(w, it, &ts__aiusage__counter__descriptor, &row);

        if (st != TS_OK || group == NULL)
            return st != TS_OK ? st : TS_NOMEM;
        group->events += row->events;
    }
    tally_sort(&t);
    for (size_t i = 0; i < t.count; i++) {
        ts_status st = describe_tool(w, t.groups[i], as_groups);

        if (st != TS_OK)
            return st;
    }
    w->rep->tools = t.count;
    if (as_groups) {
        w->rep->groups = t.groups;
        w->rep->n_groups = t.count;
        w->rep->groups_total = t.count;
    }
    return ts_iter_status(it);
}

/* What the rows of day_users say, into groups of users. */
static ts_status tally_users(const report_work *w, ts_iter *it, tally *t)
{
    for (; ts_iter_valid(it); ts_iter_next(it)) {
        ts_str key = ts_iter_key(it);
        Ts__Aiusage__Group *group = tally_group(t, ai_usage_key_text(key, 0));
        const Ts__Aiusage__Use *row = NULL;
        ts_status st = unpack(w, it, &ts__aiusage__use__descriptor, &row);

        if (st == TS_OK)
            st = group == NULL ? TS_NOMEM : tally_name_tool(t, group, ai_usage_key_text(key, 1));
        if (st != TS_OK)
            return st;
        group->events += row->events;
        if (group->last_used_ms < row->last_ms)
            group->last_used_ms = row->last_ms;
    }
    return ts_iter_status(it);
}

static ts_status add_users(report_work *w)
{
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = walk_days(w, AI_USAGE_DAY_USERS, w->period.first_day, w->period.last_day);
    tally t = tally_in(w->call->arena);
    ts_status st = it == NULL ? TS_NOMEM : tally_users(w, it, &t);

    if (st != TS_OK)
        return st;
    tally_sort(&t);
    w->rep->groups = t.groups;
    w->rep->groups_total = t.count;
    w->rep->n_groups = t.count < GROUPS_MAX ? t.count : GROUPS_MAX;
    return TS_OK;
}

/* ---- a walk over users ---- */

/* The last of the next `limit` users behind `after` who ever used a tool, and whether more follow; NULL: there is none. */
static ts_status find_last(const report_work *w, ts_str after, uint32_t limit, const char **ret,
                           bool *ret_more)
{
    TS_CLEANUP(ts_buf_done) ts_buf from = TS_BUF_INIT(AI_USAGE_KEY_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf until = TS_BUF_INIT(AI_USAGE_KEY_MAX);
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = NULL;

    ai_usage_last_use_key(&from, w->call->tenant, TS_STR_NULL, after);
    ts_buf_char(&from, '\0'); /* the first key after it */
    ai_usage_last_use_key(&until, w->call->tenant, TS_STR_LIT("\1"), TS_STR_NULL);
    if (ts_buf_status(&from) != TS_OK || ts_buf_status(&until) != TS_OK)
        return TS_NOMEM;
    it = ts_iter_new(w->app->store, AI_USAGE_LAST_USE, ts_buf_view(&from), ts_buf_view(&until),
                     false);
    if (it == NULL)
        return TS_NOMEM;
    *ret = NULL;
    for (uint32_t i = 0; ts_iter_valid(it) && i < limit; i++, ts_iter_next(it)) {
        ts_str user = ai_usage_key_last_user(ts_iter_key(it));

        if (user.n == 0)
            return TS_CORRUPT;
        if (i + 1 == limit)
            *ret = ts_arena_z(w->call->arena, user);
    }
    *ret_more = ts_iter_valid(it);
    return ts_iter_status(it);
}

/* Rows of one day of the users behind `after` up to `last` (NULL: to the end). */
static ts_iter *walk_users(const report_work *w, int64_t day, ts_str after, const char *last)
{
    TS_CLEANUP(ts_buf_done) ts_buf from = TS_BUF_INIT(AI_USAGE_KEY_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf until = TS_BUF_INIT(AI_USAGE_KEY_MAX);

    if (after.n > 0)
        ai_usage_day_user_end(&from, w->call->tenant, day, after);
    else
        ai_usage_day_key(&from, w->call->tenant, day);
    if (last != NULL)
        ai_usage_day_user_end(&until, w->call->tenant, day, ts_str_of(last));
    else
        ai_usage_day_key(&until, w->call->tenant, day + 1);
    if (ts_buf_status(&from) != TS_OK || ts_buf_status(&until) != TS_OK)
        return NULL;
    return ts_iter_new(w->app->store, AI_USAGE_DAY_USERS, ts_buf_view(&from), ts_buf_view(&until),
                       false);
}

static int by_key(const void *a, const void *b)
{
    return strcmp((*(Ts__Aiusage__Group *const *)a)->key, (*(Ts__Aiusage__Group *const *)b)->key);
}

static ts_status add_users_behind(report_work *w, ts_str after, uint32_t limit)
{
    tally t = tally_in(w->call->arena);
    const char *last = NULL;
    bool has_more = false;
    ts_status st = find_last(w, after, limit, &last, &has_more);

    if (has_more && last == NULL)
        return TS_NOMEM;
    for (int64_t day = w->period.first_day; day <= w->period.last_day && st == TS_OK; day++) {
        TS_CLEANUP(ts_iter_free_p)
        ts_iter *it = walk_users(w, day, after, has_more ? last : NULL);

        st = it == NULL ? TS_NOMEM : tally_users(w, it, &t);
    }
    if (st != TS_OK)
        return st;
    if (t.count > 1)
        qsort(t.groups, t.count, sizeof(*t.groups), by_key);
    w->rep->groups = t.groups;
    w->rep->n_groups = t.count;
    if (has_more)
        w->rep->next = (char *)(uintptr_t)last; /* of the arena, as the reply is */
    return TS_OK;
}

static ts_status check_walk(const Ts__Aiusage__ReportRequest *req, group_by by, ts_error *err)
{
    if (req->limit > WALK_MAX)
        return ts_fail(err, TS_INVALID, "limit", "limit must be between 1 and %d", WALK_MAX);
    if (by != BY_USER)
        return ts_fail(err, TS_INVALID, "group_by", "only users are walked");
    if (strlen(req->after) > AI_USAGE_USER_MAX)
        return ts_fail(err, TS_INVALID, "after", "after must be the next of an earlier answer");
    return TS_OK;
}

ts_status ai_usage_rpc_report(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Aiusage__ReportRequest *req = (const Ts__Aiusage__ReportRequest *)in;
    TS_CLEANUP(ts_arena_free_p) ts_arena *row = ts_arena_new(ROW_ARENA);
    report_work w = {
        .app = call->service, .call = call, .rep = (Ts__Aiusage__Report *)out, .row = row
    };
    group_by by;
    ts_status st;

    if (req->days < 1 || req->days > PERIOD_DAYS_MAX)
        return ts_fail(call->error, TS_INVALID, "days", "days must be between 1 and %d",
                       PERIOD_DAYS_MAX);
    st = parse_group_by(req->group_by, &by, call->error);
    if (st == TS_OK && row == NULL)
        st = TS_NOMEM;
    if (st != TS_OK)
        return st;
    w.period = period_of(call->now_ms, req->days);
    if (req->limit > 0) {
        st = check_walk(req, by, call->error);
        return st == TS_OK ? add_users_behind(&w, ts_str_of(req->after), req->limit) : st;
    }
    w.rep->from_ms = w.period.from_ms;
    w.rep->to_ms = w.period.to_ms;
    if (by == BY_DAY)
        st = make_days(&w);
    if (st == TS_OK)
        st = add_days(&w, by == BY_DAY ? w.rep->groups : NULL);
    if (st == TS_OK)
        st = add_tools(&w, by == BY_TOOL);
    if (st == TS_OK && by == BY_USER)
        st = add_users(&w);
    if (st == TS_OK)
        st = count_users(&w, TS_STR_NULL, &w.rep->active_users);
    return st;
}
