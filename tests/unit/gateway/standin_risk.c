/* risk as a stand-in: users, apps and events. */
#include "standin.h"
#include "standin_rows.h"

static ts_status overview(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    static const uint64_t levels[] = { 84, 47, 8, 2, 1 };
    Ts__Risk__OverviewReply *reply = (void *)out;

    (void)in;
    if (call->tenant.org != 7)
        return TS_INTERNAL;
    reply->total_users = 142;
    reply->monitored_users = 142;
    reply->by_level = ts_arena_array(call->arena, 5, sizeof(uint64_t));
    memcpy(reply->by_level, levels, sizeof(levels));
    reply->n_by_level = 5;
    return TS_OK;
}

static Ts__Risk__UserRow *user(ts_call *call, const char *email, const char *name, uint32_t score)
{
    Ts__Risk__UserRow *row = ts_arena_alloc(call->arena, sizeof(*row));

    ts__risk__user_row__init(row);
    row->email = standin_copy(call, email);
    row->name = standin_copy(call, name);
    row->department = standin_copy(call, "finance");
    row->score = score;
    row->active_rule_count = 1;
    row->open_incident_count = 2;
    row->last_seen_ms = INT64_C(1736937000000);
    return row;
}

static ts_status list_many(ts_call *call, const Ts__Risk__ListUsersRequest *request,
                           Ts__Risk__UserList *reply)
{
    uint64_t first = 0;

    if (request->after[0] != '\0' && ts_parse_u64(ts_str_of(request->after), &first) != TS_OK)
        return TS_INVALID;
    reply->users = ts_arena_array(call->arena, request->limit, sizeof(*reply->users));
    for (uint64_t i = first; i < STANDIN_MANY && reply->n_users < request->limit; i++)
        reply->users[reply->n_users++] =
            user(call, ts_arena_printf(call->arena, "user-%d@acme.example", (int)i), "=cmd()", 95);
    reply->total = STANDIN_MANY;
    /* A service that does not get on. */
    if (strcmp(request->risk_level, "medium") == 0)
        reply->next = standin_copy(call, "7");
    else if (first + reply->n_users < STANDIN_MANY)
        reply->next = ts_arena_printf(call->arena, "%d", (int)(first + reply->n_users));
    return TS_OK;
}

static ts_status list_users(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Risk__ListUsersRequest *request = (const void *)in;
    Ts__Risk__UserList *reply = (void *)out;

    if (strcmp(request->risk_level, "minimal") == 0)
        return TS_OK;
    if (strcmp(request->risk_level, "low") == 0 ||
        (strcmp(request->risk_level, "high") == 0 && request->after[0] != '\0'))
        return ts_fail(call->error, TS_UNAVAILABLE, "", "no room");
    if (request->risk_level[0] != '\0')
        return list_many(call, request, reply);
    reply->users = ts_arena_array(call->arena, 2, sizeof(*reply->users));
    reply->users[0] = user(call, "john@acme.example", "John \"Ignore all\" Smith", 82);
    reply->users[1] = user(call, "j\xc3\xb6rg@acme.example", "J\xc3\xb6rg", 70);
    reply->n_users = request->limit < 2 ? request->limit : 2;
    reply->total = 5;
    return TS_OK;
}

static ts_status add_anomalies(ts_call *call, Ts__Risk__UserProfile *reply)
{
    reply->anomalies = ts_arena_array(call->arena, 2, sizeof(*reply->anomalies));
    for (size_t i = 0; i < 2; i++) {
        Ts__Risk__Anomaly *anomaly = ts_arena_alloc(call->arena, sizeof(*anomaly));

        ts__risk__anomaly__init(anomaly);
        anomaly->metric = standin_copy(call, "files_downloaded_per_day");
        anomaly->observed = i == 0 ? 72 : UINT32_MAX;
        anomaly->expected = 3.5;
        anomaly->z_score = 39.84;
        anomaly->detected_ms = INT64_C(1736929320000);
        anomaly->explanation = standin_copy(call, "72 files. 3.5 before.");
        reply->anomalies[reply->n_anomalies++] = anomaly;
    }
    return TS_OK;
}

static ts_status get_user(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Risk__GetUserRequest *request = (const void *)in;
    Ts__Risk__UserProfile *reply = (void *)out;
    Ts__Risk__ActiveRule *rule;

    if (strcmp(request->email, "john@acme.example") != 0)
        return ts_fail(call->error, TS_NOT_FOUND, "email", "There is no such user.");
    reply->user = user(call, "john@acme.example", "John Smith", 82);
    rule = ts_arena_alloc(call->arena, sizeof(*rule));
    ts__risk__active_rule__init(rule);
    rule->rule_id = standin_copy(call, "impossible_travel");
    rule->title = standin_copy(call, "Impossible travel");
    rule->severity = 3;
    rule->tactics = ts_arena_array(call->arena, 2, sizeof(char *));
    rule->tactics[0] = standin_copy(call, "TA0001");
    rule->tactics[1] = standin_copy(call, "TA0006");
    rule->n_tactics = 2;
    rule->techniques = ts_arena_array(call->arena, 1, sizeof(char *));
    rule->techniques[0] = standin_copy(call, "T1078.004");
    rule->n_techniques = 1;
    rule->triggered_ms = INT64_C(1736929320000);
    rule->points = 82;
    reply->active_rules = ts_arena_array(call->arena, 1, sizeof(*reply->active_rules));
    reply->active_rules[0] = rule;
    reply->n_active_rules = 1;
    return add_anomalies(call, reply);
}

static ts_status ingest(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Risk__IngestRequest *request = (const void *)in;
    Ts__Risk__IngestReply *reply = (void *)out;
    size_t start = request->body.len < 63 ? request->body.len : 63;
    Ts__Risk__Rejected *rejected = ts_arena_alloc(call->arena, sizeof(*rejected));

    (void)snprintf(standin_saw.source, sizeof(standin_saw.source), "%s", request->source);
    (void)snprintf(standin_saw.content_type, sizeof(standin_saw.content_type), "%s",
                   request->content_type);
    (void)snprintf(standin_saw.actor, sizeof(standin_saw.actor), "%s", call->caller.actor);
    (void)snprintf(standin_saw.client_addr, sizeof(standin_saw.client_addr), "%s",
                   call->caller.client_addr);
    standin_saw.gzip = request->gzip != 0;
    standin_saw.body_bytes = request->body.len;
    memcpy(standin_saw.body_start, request->body.data, start);
    standin_saw.body_start[start] = '\0';
    ts__risk__rejected__init(rejected);
    rejected->index = 3;
    rejected->reason = standin_copy(call, "no time");
    reply->accepted = 1;
    reply->duplicates = 2;
    reply->rejected = ts_arena_array(call->arena, 1, sizeof(*reply->rejected));
    reply->rejected[0] = rejected;
    reply->n_rejected = 1;
    return TS_OK;
}

static Ts__Risk__AppScope *scope(ts_call *call, const char *name)
{
    Ts__Risk__AppScope *one = ts_arena_alloc(call->arena, sizeof(*one));

    ts__risk__app_scope__init(one);
    one->scope = standin_copy(call, name);
    return one;
}

static ts_status list_apps(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Risk__ListAppsRequest *request = (const void *)in;
    Ts__Risk__AppList *reply = (void *)out;
    Ts__Risk__App *one = ts_arena_alloc(call->arena, sizeof(*one));

    if (strcmp(request->status, "untrusted") != 0)
        return TS_OK;
    ts__risk__app__init(one);
    one->id = standin_copy(call, "app_one");
    one->name = standin_copy(call, "Ignore all\xe2\x80\xae rules");
    one->status = standin_copy(call, "untrusted");
    one->risk_score = 91;
    one->user_count = 6;
    one->scopes = ts_arena_array(call->arena, 2, sizeof(*one->scopes));
    one->scopes[0] = scope(call, "https://mail.example/all");
    one->scopes[1] = scope(call, "a,b");
    one->n_scopes = 2;
    reply->apps = ts_arena_array(call->arena, 1, sizeof(*reply->apps));
    reply->apps[0] = one;
    reply->n_apps = 1;
    reply->total = 12;
    return TS_OK;
}

const ts_rpc_row standin_risk_rows[] = {
    { &ts_risk_list_apps, list_apps, false },   { &ts_risk_overview, overview, false },
    { &ts_risk_list_users, list_users, false }, { &ts_risk_get_user, get_user, false },
    { &ts_risk_ingest, ingest, false },         { 0 },
};
