/* What the API shows of users: overview, lists, one profile. */
#include "baselines.h"
#include "keys.h"
#include "read.h"
#include "rescore.h"
#include "risk.h"
#include "ts/time.h"

#define ACTIVITY_MAX 20
#define TIMELINE_MAX 2000
#define SCORES       101
#define LEVELS       5

ts_status risk_rpc_overview(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    Ts__Risk__OverviewReply *rep = (Ts__Risk__OverviewReply *)out;
    const Ts__Risk__Totals *totals = NULL;
    ts_status st = risk_read_totals(call, &totals);

    (void)in;
    if (st != TS_OK)
        return st;
    rep->by_level = ts_arena_array(call->arena, LEVELS, sizeof(uint64_t));
    if (rep->by_level == NULL)
        return TS_NOMEM;
    rep->n_by_level = LEVELS;
    for (uint32_t score = 0; score < totals->n_by_score && score < SCORES; score++)
        rep->by_level[ts_risk_level(score)] += totals->by_score[score];
    rep->total_users = risk_users_between(totals, 0, 100);
    rep->monitored_users = rep->total_users - totals->suspended;
    rep->events_total = totals->events;
    call->lasts = true;
    return TS_OK;
}

/* Behind the last item of an earlier page, wherever its user stands by now; nothing is skipped to get there. */
static ts_status go_behind(const ts_call *call, const char *after, risk_key *from)
{
    Ts__Risk__UserRow *row = NULL;
    uint64_t number = 0;
    uint32_t score = 0;
    risk_key key;
    ts_status st = risk_position_parse(ts_str_of(after), &score, &number);

    if (st == TS_OK)
        st = risk_read_user(call, number, &row);
    if (st == TS_INVALID || st == TS_NOT_FOUND)
        return risk_refuse_cursor(call->error);
    if (st != TS_OK)
        return st;
    key = risk_order_key(call->tenant, score, ts_str_of(row->email));
    risk_key_u8(&key, 0); /* the first key after it */
    if (ts_str_cmp(risk_key_view(&key), risk_key_view(from)) > 0)
        *from = key;
    return TS_OK;
}

static ts_status mark_end(const ts_call *call, Ts__Risk__UserRows *rep)
{
    const ProtobufCBinaryData *bytes;
    risk_row last = { .number = 0 };
    char position[RISK_POSITION_SIZE];
    ts_status st;

    if (rep->n_users == 0)
        return TS_OK;
    bytes = &rep->users[rep->n_users - 1];
    st = risk_row_view(ts_str_n((const char *)bytes->data, bytes->len), &last);
    if (st != TS_OK)
        return st;
    risk_position_format(last.score, last.number, position);
    rep->next = ts_arena_z(call->arena, ts_str_of(position));
    return rep->next == NULL ? TS_NOMEM : TS_OK;
}

/* The next users of the walk, as many as the page still lacks. Who moved between index and row is left out: it is listed next
 * time. */
static ts_status add_users(const ts_call *call, ts_iter *it, uint64_t *numbers, size_t wanted,
                           Ts__Risk__UserRows *rep)
{
    size_t count = 0;

    for (; ts_iter_valid(it) && count < wanted; ts_iter_next(it))
        numbers[count++] = risk_read_u64(ts_iter_value(it), 0);
    return risk_add_users(call, numbers, count, rep);
}

/* Walks the order index from the highest score asked for down; skipping costs a step per key, no
 * row is read for it. */
static ts_status collect_users(const ts_call *call, const Ts__Risk__ListUsersRequest *req,
                               uint32_t low, uint32_t high, Ts__Risk__UserRows *rep)
{
    const risk *app = call->service;
    risk_key from = risk_key_tenant(call->tenant);
    risk_key until = risk_key_tenant(call->tenant);
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = NULL;
    uint64_t skip = req->after[0] == '\0' ? req->offset : 0;
    uint64_t *numbers;
    ts_status st = TS_OK;

    risk_key_u8(&from, (uint8_t)(100 - high));
    risk_key_u8(&until, (uint8_t)(100 - low + 1));
    if (req->after[0] != '\0')
        st = go_behind(call, req->after, &from);
    if (st != TS_OK)
        return st;
    it = ts_iter_new(app->store, RISK_USER_ORDER, risk_key_view(&from), risk_key_view(&until),
                     false);
    rep->users = ts_arena_array(call->arena, req->limit, sizeof(*rep->users));
    numbers = ts_arena_array(call->arena, req->limit, sizeof(*numbers));
    if (it == NULL || rep->users == NULL || numbers == NULL)
        return TS_NOMEM;
    for (; skip > 0 && ts_iter_valid(it); skip--)
        ts_iter_next(it);
    while (st == TS_OK && ts_iter_valid(it) && rep->n_users < req->limit)
        st = add_users(call, it, numbers, req->limit - rep->n_users, rep);
    if (st != TS_OK)
        return st;
    st = ts_iter_status(it);
    return st == TS_OK ? mark_end(call, rep) : st;
}

/* Over the rows themselves, whose keys never change. */
static ts_status collect_by_number(const ts_call *call, const Ts__Risk__ListUsersRequest *req,
                                   uint32_t low, uint32_t high, Ts__Risk__UserRows *rep)
{
    const risk *app = call->service;
    risk_key prefix = risk_key_tenant(call->tenant);
    risk_key from = prefix;
    risk_key until = risk_user_key(call->tenant, UINT64_MAX);
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = NULL;
    char position[RISK_NUMBER_SIZE];
    uint64_t number = 0;
    ts_status st = TS_OK;

    if (req->after[0] != '\0')
        st = risk_number_parse(ts_str_of(req->after), &number, call->error);
    if (st != TS_OK)
        return st;
    risk_key_u64(&from, number);
    if (req->after[0] != '\0')
        risk_key_u8(&from, 0); /* the first key after it */
    risk_key_u8(&until, 0);
    it = ts_iter_new(app->store, RISK_USERS, risk_key_view(&from), risk_key_view(&until), false);
    rep->users = ts_arena_array(call->arena, req->limit, sizeof(*rep->users));
    if (it == NULL || rep->users == NULL)
        return TS_NOMEM;
    for (size_t i = 0; ts_iter_valid(it) && i < RISK_SCAN_MAX && rep->n_users < req->limit;
         i++, ts_iter_next(it)) {
        risk_row row;

        st = risk_row_view(ts_iter_value(it), &row);
        if (st != TS_OK)
            return st;
        number = risk_read_u64(ts_iter_key(it), prefix.n);
        if (row.score < low || row.score > high)
            continue;
        row.shown = ts_arena_str(call->arena, row.shown);
        if (row.shown.p == NULL)
            return TS_NOMEM;
        risk_add_row(rep, &row);
    }
    st = ts_iter_status(it);
    if (st != TS_OK || !ts_iter_valid(it))
        return st;
    risk_number_format(number, position);
    rep->next = ts_arena_z(call->arena, ts_str_of(position));
    return rep->next == NULL ? TS_NOMEM : TS_OK;
}

ts_status risk_rpc_list_users(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Risk__ListUsersRequest *req = (const Ts__Risk__ListUsersRequest *)in;
    Ts__Risk__UserRows *rep = risk_rows_for(out);
    const Ts__Risk__Totals *totals = NULL;
    uint32_t low = 0;
    uint32_t high = 100;
    ts_status st = risk_check_limit(req->limit, call->error);

    if (st == TS_OK)
        st = risk_check_level(req->risk_level, &low, &high, call->error);
    if (st != TS_OK)
        return st;
    if (req->min_score > 100)
        return ts_fail(call->error, TS_INVALID, "min_risk_score",
                       "min_risk_score must be between 0 and 100");
    if (req->min_score > low)
        low = req->min_score;
    st = risk_read_totals(call, &totals);
    if (st != TS_OK || low > high)
        return st;
    rep->total = risk_users_between(totals, low, high);
    /* A walk over all is made once. */
    call->lasts = !req->by_number;
    return req->by_number ? collect_by_number(call, req, low, high, rep)
                          : collect_users(call, req, low, high, rep);
}

/* ---- one profile ---- */

static ts_status find_user(const ts_call *call, const char *email, Ts__Risk__UserRow **ret)
{
    const risk *app = call->service;
    risk_key key = risk_identity_key(call->tenant, "email", ts_str_of(email));
    ts_str value;
    ts_status st =
        ts_store_get(app->store, RISK_IDENTITY, risk_key_view(&key), call->arena, &value);

    if (st == TS_NOT_FOUND)
        return ts_fail(call->error, TS_NOT_FOUND, "email", "no such user");
    return st == TS_OK ? risk_read_user(call, risk_read_u64(value, 0), ret) : st;
}

/* The rule's entry in the profile, made if it is not there. */
static Ts__Risk__ActiveRule *rule_entry(const ts_call *call, Ts__Risk__UserProfile *rep,
                                        size_t *capacity, const Ts__Risk__Firing *row)
{
    Ts__Risk__ActiveRule *rule;

    for (size_t i = 0; i < rep->n_active_rules; i++) {
        if (strcmp(rep->active_rules[i]->rule_id, row->rule_id) == 0)
            return rep->active_rules[i];
    }
    rule = ts_arena_alloc(call->arena, sizeof(*rule));
    if (rule == NULL || !ts_arena_grow(call->arena, &rep->active_rules, rep->n_active_rules,
                                       capacity, sizeof(*rep->active_rules)))
        return NULL;
    ts__risk__active_rule__init(rule);
    rule->rule_id = row->rule_id;
    rule->title = row->title;
    rule->severity = row->severity;
    rule->tactics = row->tactics;
    rule->n_tactics = row->n_tactics;
    rule->techniques = row->techniques;
    rule->n_techniques = row->n_techniques;
    rule->triggered_ms = row->event_ms;
    rule->last_triggered_ms = row->last_event_ms;
    rep->active_rules[rep->n_active_rules++] = rule;
    return rule;
}

/* The newest firing gives evidence and incident. */
static void add_to_rule(Ts__Risk__ActiveRule *rule, const Ts__Risk__Firing *row, double points)
{
    rule->count += row->count;
    rule->points += points;
    if (row->event_ms < rule->triggered_ms)
        rule->triggered_ms = row->event_ms;
    if (rule->n_evidence == 0 || row->last_event_ms >= rule->last_triggered_ms) {
        rule->last_triggered_ms = row->last_event_ms;
        rule->evidence = row->evidence;
        rule->n_evidence = row->n_evidence;
        if (row->incident_id[0] != '\0')
            rule->incident_id = row->incident_id;
    } else if (rule->incident_id[0] == '\0') {
        rule->incident_id = row->incident_id;
    }
}

static int most_points_first(const void *left, const void *right)
{
    const Ts__Risk__ActiveRule *a = *(Ts__Risk__ActiveRule *const *)left;
    const Ts__Risk__ActiveRule *b = *(Ts__Risk__ActiveRule *const *)right;

    if (a->points > b->points || a->points < b->points)
        return a->points > b->points ? -1 : 1;
    return strcmp(a->rule_id, b->rule_id);
}

/* Shares are those of the moment the stored score was made, so that they add up to the score that
 * is shown. */
static ts_status add_rules(const ts_call *call, Ts__Risk__UserProfile *rep)
{
    const risk *app = call->service;
    Ts__Risk__Firing **rows = NULL;
    score_firing *inputs;
    size_t row_count = 0;
    size_t count = 0;
    size_t capacity = 0;
    ts_status st = work_load_firings(app->store, call->tenant, rep->user->number, call->arena,
                                     &rows, &row_count);

    if (st != TS_OK)
        return st;
    inputs = ts_arena_array(call->arena, row_count + 1, sizeof(*inputs));
    if (inputs == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i < row_count; i++) {
        if (risk_score_input(rows[i], &inputs[count]))
            inputs[count++].row = rows[i];
    }
    (void)score_compute(inputs, count, risk_criticality(rep->user), rep->user->scored_ms);
    for (size_t i = 0; i < count; i++) {
        Ts__Risk__ActiveRule *rule;

        if (inputs[i].points <= 0.0)
            continue;
        rule = rule_entry(call, rep, &capacity, inputs[i].row);
        if (rule == NULL)
            return TS_NOMEM;
        add_to_rule(rule, inputs[i].row, inputs[i].points);
    }
    if (rep->n_active_rules > 1)
        qsort(rep->active_rules, rep->n_active_rules, sizeof(*rep->active_rules),
              most_points_first);
    return TS_OK;
}

static ts_status load_activity(const ts_call *call, int64_t event_ms, const uint8_t id[16],
                               Ts__Risk__Activity **ret)
{
    const risk *app = call->service;
    risk_key key = risk_event_key(call->tenant, event_ms, id);
    Ts__Risk__Activity *a = ts_arena_alloc(call->arena, sizeof(*a));
    ProtobufCMessage *m = NULL;
    const Ts__Risk__Event *event;
    char text[TS_ID_SIZE];
    ts_hash128 hash;
    ts_str value;
    ts_status st = ts_store_get(app->store, RISK_EVENTS, risk_key_view(&key), call->arena, &value);

    if (st == TS_OK)
        st = ts_arena_unpack(call->arena, &ts__risk__event__descriptor, value, &m);
    if (st != TS_OK)
        return st;
    event = (const Ts__Risk__Event *)m;
    memcpy(hash.bytes, id, sizeof(hash.bytes));
    ts_id_format("rec_", hash, text);
    if (a == NULL)
        return TS_NOMEM;
    ts__risk__activity__init(a);
    a->event_id = ts_arena_z(call->arena, ts_str_of(text));
    if (a->event_id == NULL)
        return TS_NOMEM;
    a->event_ms = event->event_ms;
    a->app = event->app;
    a->action = event->action;
    a->outcome = event->outcome;
    a->ip = event->ip;
    a->target = event->target_email;
    a->source = event->source;
    a->category = event->category;
    *ret = a;
    return TS_OK;
}

static ts_status add_activity(const ts_call *call, Ts__Risk__UserProfile *rep)
{
    const risk *app = call->service;
    risk_key prefix = risk_user_key(call->tenant, rep->user->number);
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = NULL;

    it = ts_iter_prefix(app->store, RISK_USER_EVENTS, risk_key_view(&prefix), false);
    rep->recent_activity = ts_arena_array(call->arena, ACTIVITY_MAX, sizeof(Ts__Risk__Activity *));
    if (it == NULL || rep->recent_activity == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it) && rep->n_recent_activity < ACTIVITY_MAX; ts_iter_next(it)) {
        ts_str key = ts_iter_key(it);
        ts_status st;

        if (key.n != prefix.n + 24)
            return TS_CORRUPT;
        st = load_activity(call, (int64_t)~risk_read_u64(key, prefix.n),
                           (const uint8_t *)key.p + prefix.n + 8,
                           &rep->recent_activity[rep->n_recent_activity]);
        if (st == TS_NOT_FOUND)
            continue;
        if (st != TS_OK)
            return st;
        rep->n_recent_activity++;
    }
    return ts_iter_status(it);
}

static ts_status add_anomalies(const ts_call *call, Ts__Risk__UserProfile *rep)
{
    const risk *app = call->service;
    baseline_limits limits = baselines_limits(app->config);

    return baselines_show(app->store, call->tenant, rep->user->number, &limits, call->now_ms,
                          call->arena, &rep->anomalies, &rep->n_anomalies);
}

static ts_status add_timeline(const ts_call *call, Ts__Risk__UserProfile *rep)
{
    const risk *app = call->service;
    risk_key from = risk_user_key(call->tenant, rep->user->number);
    risk_key until = risk_user_key(call->tenant, rep->user->number);
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = NULL;
    size_t capacity = 0;

    risk_key_u64(&from, (uint64_t)(call->now_ms - SCORE_WINDOW_MS));
    risk_key_u64(&until, UINT64_MAX);
    it = ts_iter_new(app->store, RISK_TIMELINE, risk_key_view(&from), risk_key_view(&until), false);
    if (it == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it) && rep->n_timeline < TIMELINE_MAX; ts_iter_next(it)) {
        ProtobufCMessage *m = NULL;
        ts_status st = ts_arena_unpack(call->arena, &ts__risk__timeline_point__descriptor,
                                       ts_iter_value(it), &m);

        if (st != TS_OK)
            return st;
        if (!ts_arena_grow(call->arena, &rep->timeline, rep->n_timeline, &capacity,
                           sizeof(*rep->timeline)))
            return TS_NOMEM;
        rep->timeline[rep->n_timeline++] = (Ts__Risk__TimelinePoint *)m;
    }
    return ts_iter_status(it);
}

ts_status risk_rpc_get_user(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Risk__GetUserRequest *req = (const Ts__Risk__GetUserRequest *)in;
    Ts__Risk__UserProfile *rep = (Ts__Risk__UserProfile *)out;
    ts_status st;

    st = find_user(call, req->email, &rep->user);
    if (st == TS_OK)
        st = add_rules(call, rep);
    if (st == TS_OK)
        st = add_activity(call, rep);
    if (st == TS_OK)
        st = add_anomalies(call, rep);
    if (st == TS_OK && req->include_timeline)
        st = add_timeline(call, rep);
    return st;
}
