/* One use of an AI tool: every counter it moves, in one batch. And whether a tool is sanctioned, which stands with the tool:
 * reports join it, so that it holds for all days. The inbox takes each row once, so nothing here looks for repeats. */
#include "ai_usage.h"
#include "ts/backup.h"
#include "ts/tenancy.h"
#include "ts/time.h"

#define VENDOR_MAX   128
#define EVENT_MS_MAX INT64_C(253402300799999) /* the end of year 9999 */

typedef struct use_work {
    ai_usage *app;
    ts_store *store;
    ts_tenant tenant;
    ts_arena *arena;
    ts_batch *batch;
    const Ts__AiUse *use;
    ts_str tool;
    ts_str user; /* empty: not known whose */
    int64_t day;
} use_work;

void ai_usage_register_metrics(ai_usage *app)
{
    app->events = ts_counter("ts_ai_usage_events_total", "", "uses of AI tools counted");
    app->tools_first_seen = ts_counter("ts_ai_usage_tools_first_seen_total", "",
                                       "tools seen for the first time in an organization");
    app->expired = ts_counter("ts_ai_usage_expired_rows_total", "", "rows deleted by age");
}

static ts_status check_tool(const char *tool, ts_error *err)
{
    if (tool[0] == '\0' || strlen(tool) > AI_USAGE_TOOL_MAX)
        return ts_fail(err, TS_INVALID, "tool", "tool must have 1 to %d bytes", AI_USAGE_TOOL_MAX);
    return TS_OK;
}

static ts_status check(const Ts__AiUse *use, ts_error *err)
{
    ts_status st = check_tool(use->tool, err);

    if (st != TS_OK)
        return st;
    if (strlen(use->vendor) > VENDOR_MAX)
        return ts_fail(err, TS_INVALID, "vendor", "vendor must have at most %d bytes", VENDOR_MAX);
    if (strlen(use->user_email) > AI_USAGE_USER_MAX)
        return ts_fail(err, TS_INVALID, "user_email", "user_email must have at most %d bytes",
                       AI_USAGE_USER_MAX);
    if (use->event_ms <= 0 || use->event_ms > EVENT_MS_MAX)
        return ts_fail(err, TS_INVALID, "event_ms", "event_ms must lie in the years 1970 to 9999");
    return TS_OK;
}

/* Late events may be older than what opened the row; the webhook has gone out by then and stays as it was. */
static ts_status see_tool(use_work *w, int64_t now_ms)
{
    TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(AI_USAGE_KEY_MAX);
    Ts__Aiusage__Tool *row = NULL;
    bool found;
    ts_status st;

    ai_usage_tool_key(&key, w->tenant, w->tool);
    st = ai_usage_load(w->store, AI_USAGE_TOOLS, &key, w->arena, &ts__aiusage__tool__descriptor,
                       &found, &row);
    if (st != TS_OK)
        return st;
    /* A row of 0 was made by a word about trust: the tool itself is new. */
    if (row->first_seen_ms != 0 && row->first_seen_ms <= w->use->event_ms)
        return TS_OK;
    if (row->first_seen_ms == 0) {
        row->vendor = w->use->vendor;
        ai_usage_publish_first_seen(w->batch, w->tenant, w->use, row->sanctioned != 0, now_ms);
        ts_metric_add(w->app->tools_first_seen, 1);
    }
    row->first_seen_ms = w->use->event_ms;
    ts_batch_put_message(w->batch, w->store, AI_USAGE_TOOLS, ts_buf_view(&key), &row->base);
    return TS_OK;
}

/* Any tool of the user on that day. */
static ts_status is_known_on_day(const use_work *w, bool *ret)
{
    TS_CLEANUP(ts_buf_done) ts_buf prefix = TS_BUF_INIT(AI_USAGE_KEY_MAX);
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = NULL;

    ai_usage_day_user_prefix(&prefix, w->tenant, w->day, w->user);
    if (ts_buf_status(&prefix) != TS_OK)
        return TS_NOMEM;
    it = ts_iter_prefix(w->store, AI_USAGE_DAY_USERS, ts_buf_view(&prefix), false);
    if (it == NULL)
        return TS_NOMEM;
    *ret = ts_iter_valid(it);
    return ts_iter_status(it);
}

static ts_status count_user_on_day(use_work *w)
{
    TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(AI_USAGE_KEY_MAX);
    Ts__Aiusage__Use *row = NULL;
    bool found;
    ts_status st;

    ai_usage_day_user_key(&key, w->tenant, w->day, w->user, w->tool);
    st = ai_usage_load(w->store, AI_USAGE_DAY_USERS, &key, w->arena, &ts__aiusage__use__descriptor,
                       &found, &row);
    if (st != TS_OK)
        return st;
    row->events++;
    if (row->last_ms < w->use->event_ms)
        row->last_ms = w->use->event_ms;
    ts_batch_put_message(w->batch, w->store, AI_USAGE_DAY_USERS, ts_buf_view(&key), &row->base);
    return TS_OK;
}

/* Moves the user from the day of the last use to this one, if this one is later. */
static ts_status move_last_use(use_work *w, ts_str tool)
{
    TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(AI_USAGE_KEY_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf from = TS_BUF_INIT(AI_USAGE_KEY_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf to = TS_BUF_INIT(AI_USAGE_KEY_MAX);
    Ts__Aiusage__LastUse *row = NULL;
    int64_t old_day;
    bool found;
    ts_status st;

    ai_usage_last_use_key(&key, w->tenant, tool, w->user);
    st = ai_usage_load(w->store, AI_USAGE_LAST_USE, &key, w->arena,
                       &ts__aiusage__last_use__descriptor, &found, &row);
    if (st != TS_OK || (found && row->at_ms >= w->use->event_ms))
        return st;
    old_day = ts_time_day(row->at_ms);
    row->at_ms = w->use->event_ms;
    ts_batch_put_message(w->batch, w->store, AI_USAGE_LAST_USE, ts_buf_view(&key), &row->base);
    if (found && old_day == w->day)
        return TS_OK;
    if (found) {
        ai_usage_last_day_key(&from, w->tenant, tool, old_day);
        st = ai_usage_count(w->store, w->batch, AI_USAGE_LAST_DAYS, &from, w->arena, 0, -1);
    }
    if (st != TS_OK)
        return st;
    ai_usage_last_day_key(&to, w->tenant, tool, w->day);
    return ai_usage_count(w->store, w->batch, AI_USAGE_LAST_DAYS, &to, w->arena, 0, 1);
}

static ts_status count_use(use_work *w)
{
    TS_CLEANUP(ts_buf_done) ts_buf day = TS_BUF_INIT(AI_USAGE_KEY_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf day_tool = TS_BUF_INIT(AI_USAGE_KEY_MAX);
    bool known = true;
    ts_status st = TS_OK;

    if (w->user.n > 0)
        st = is_known_on_day(w, &known);
    if (st != TS_OK)
        return st;
    ai_usage_day_key(&day, w->tenant, w->day);
    st = ai_usage_count(w->store, w->batch, AI_USAGE_DAYS, &day, w->arena, 1, known ? 0 : 1);
    if (st != TS_OK)
        return st;
    ai_usage_day_tool_key(&day_tool, w->tenant, w->day, w->tool);
    st = ai_usage_count(w->store, w->batch, AI_USAGE_DAY_TOOLS, &day_tool, w->arena, 1, 0);
    if (st != TS_OK || w->user.n == 0)
        return st;
    st = count_user_on_day(w);
    if (st == TS_OK)
        st = move_last_use(w, w->tool);
    if (st == TS_OK)
        st = move_last_use(w, TS_STR_NULL);
    return st;
}

static ts_status apply_use(ai_usage *app, const Ts__HandOverRow *row, const Ts__AiUse *use,
                           ts_arena *arena, ts_batch *batch, ts_error *err)
{
    use_work w = { .app = app,
                   .store = app->store,
                   .tenant = { row->org, row->mode == TS_MODE_TEST ? TS_MODE_TEST : TS_MODE_LIVE },
                   .arena = arena,
                   .batch = batch,
                   .use = use };
    ts_status st = check(use, err);

    if (st != TS_OK)
        return st;
    w.tool = ts_str_of(use->tool);
    w.user = ts_str_of(use->user_email);
    w.day = ts_time_day(use->event_ms);
    st = see_tool(&w, row->at_ms);
    if (st == TS_OK)
        st = count_use(&w);
    if (st == TS_OK)
        ts_metric_add(app->events, 1);
    return st;
}

/* Perhaps of a tool that nobody has used yet. */
static ts_status apply_sanction(const ai_usage *app, const Ts__HandOverRow *row,
                                const Ts__AiToolTrust *news, ts_arena *arena, ts_batch *batch,
                                ts_error *err)
{
    ts_tenant tenant = { row->org, row->mode == TS_MODE_TEST ? TS_MODE_TEST : TS_MODE_LIVE };
    TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(AI_USAGE_KEY_MAX);
    Ts__Aiusage__Tool *tool = NULL;
    bool found;
    ts_status st = check_tool(news->tool, err);

    if (st != TS_OK)
        return st;
    ai_usage_tool_key(&key, tenant, ts_str_of(news->tool));
    st = ai_usage_load(app->store, AI_USAGE_TOOLS, &key, arena, &ts__aiusage__tool__descriptor,
                       &found, &tool);
    if (st != TS_OK)
        return st;
    tool->sanctioned = news->trusted;
    ts_batch_put_message(batch, app->store, AI_USAGE_TOOLS, ts_buf_view(&key), &tool->base);
    return TS_OK;
}

ts_status ai_usage_apply_row(void *service, const Ts__HandOverRow *row, ts_arena *arena,
                             ts_batch *batch, ts_error *err)
{
    bool is_use = strcmp(row->kind, "ai_use") == 0;
    ProtobufCMessage *m = NULL;
    ts_status st;

    if (!is_use && strcmp(row->kind, "ai_tool_trust") != 0)
        return ts_fail(err, TS_INVALID, "kind",
                       "ai-usage takes rows of kind ai_use and ai_tool_trust");
    st = ts_arena_unpack(arena, is_use ? &ts__ai_use__descriptor : &ts__ai_tool_trust__descriptor,
                         ts_str_n(row->payload.data, row->payload.len), &m);
    if (st != TS_OK)
        return st;
    if (is_use)
        return apply_use(service, row, (const Ts__AiUse *)m, arena, batch, err);
    return apply_sanction(service, row, (const Ts__AiToolTrust *)m, arena, batch, err);
}

void ai_usage_lock(void *service, ts_tenant tenant)
{
    (void)tenant;
    ts_store_lock(((ai_usage *)service)->store, TS_STR_LIT("rows"));
}

void ai_usage_unlock(void *service, ts_tenant tenant)
{
    (void)tenant;
    ts_store_unlock(((ai_usage *)service)->store, TS_STR_LIT("rows"));
}

ts_status ai_usage_rpc_accept(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    ai_usage *app = call->service;

    return ts_inbox_accept(app->inbox, call, (const Ts__HandOverRequest *)in,
                           (Ts__HandOverReply *)out);
}

ts_status ai_usage_rpc_export(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    return ts_tenancy_export(((ai_usage *)call->service)->store, "ai-usage", call, in, out);
}

ts_status ai_usage_rpc_backup(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    return ts_backup_step(((ai_usage *)call->service)->store, call, in, out);
}
