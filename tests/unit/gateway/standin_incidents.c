/* incidents as a stand-in: incidents and what is done to them. */
#include "standin.h"
#include "standin_rows.h"

static Ts__Incidents__Incident *incident(ts_call *call, const char *id, const char *status)
{
    Ts__Incidents__Incident *one = ts_arena_alloc(call->arena, sizeof(*one));

    ts__incidents__incident__init(one);
    one->id = standin_copy(call, id);
    one->title = standin_copy(call, "Possible account takeover");
    one->severity = 3;
    one->status = standin_copy(call, status);
    one->affected_users = ts_arena_array(call->arena, 1, sizeof(char *));
    one->affected_users[0] = standin_copy(call, "john@acme.example");
    one->n_affected_users = 1;
    one->created_ms = INT64_C(1736937000000);
    one->updated_ms = INT64_C(1736937000000);
    one->detection_count = 3;
    one->revision = 5;
    return one;
}

static ts_status summary(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Incidents__SummaryRequest *request = (const void *)in;
    Ts__Incidents__SummaryReply *reply = (void *)out;
    Ts__Incidents__Incident **one;

    reply->open = 1;
    reply->investigating = 1;
    reply->by_severity = ts_arena_array(call->arena, 5, sizeof(uint64_t));
    reply->by_severity[3] = 2;
    reply->n_by_severity = 5;
    one = ts_arena_array(call->arena, 1, sizeof(*one));
    one[0] = incident(call, "inc_one", "open");
    reply->latest = one;
    reply->n_latest = request->without_latest ? 0 : 1;
    if (!request->with_trend)
        return TS_OK;
    reply->worst = one;
    reply->n_worst = 1;
    reply->day = ts_arena_alloc(call->arena, sizeof(*reply->day));
    ts__incidents__trend__init(reply->day);
    reply->day->opened = 1;
    reply->day->opened_before = 4;
    return TS_OK;
}

static ts_status list_incidents(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Incidents__ListRequest *request = (const void *)in;
    Ts__Incidents__IncidentList *reply = (void *)out;

    if (request->severity != 3 || strcmp(request->status, "open") != 0 ||
        (request->user[0] != '\0' && strcmp(request->user, "john@acme.example") != 0) ||
        request->since_ms != INT64_C(1736899200000))
        return TS_OK;
    reply->incidents = ts_arena_array(call->arena, 1, sizeof(*reply->incidents));
    reply->incidents[0] = incident(call, "inc_one", "open");
    reply->n_incidents = 1;
    reply->total = 1;
    return TS_OK;
}

static Ts__Detection *detection(ts_call *call, const char *rule_id, uint32_t severity,
                                const char *recommended, const char *source)
{
    Ts__Detection *one = ts_arena_alloc(call->arena, sizeof(*one));
    Ts__Evidence *evidence = ts_arena_alloc(call->arena, sizeof(*evidence));

    ts__detection__init(one);
    ts__evidence__init(evidence);
    one->rule_id = standin_copy(call, rule_id);
    one->title = standin_copy(call, "A rule");
    one->severity = severity;
    one->count = 1;
    one->event_ms = INT64_C(1736929320000);
    one->last_event_ms = INT64_C(1736929320000);
    one->recommended_actions = ts_arena_array(call->arena, 1, sizeof(char *));
    one->recommended_actions[0] = standin_copy(call, recommended);
    one->n_recommended_actions = 1;
    evidence->event_id = standin_copy(call, "rec_one");
    evidence->event_ms = INT64_C(1736929320000);
    evidence->source = standin_copy(call, source);
    evidence->summary = standin_copy(call, "login_success");
    evidence->fields = ts_arena_array(call->arena, 1, sizeof(*evidence->fields));
    evidence->fields[0] = ts_arena_alloc(call->arena, sizeof(*evidence->fields[0]));
    ts__name_value__init(evidence->fields[0]);
    evidence->fields[0]->name = standin_copy(call, "doc_title");
    evidence->fields[0]->value = standin_copy(call, "plan\xe2\x80\xae\nfdp.exe");
    evidence->n_fields = 1;
    one->evidence = ts_arena_array(call->arena, 1, sizeof(*one->evidence));
    one->evidence[0] = evidence;
    one->n_evidence = 1;
    return one;
}

static void details(ts_call *call, const char *status, Ts__Incidents__IncidentDetails *reply)
{
    reply->incident = incident(call, "inc_one", status);
    reply->detections = ts_arena_array(call->arena, 3, sizeof(*reply->detections));
    reply->detections[0] = detection(call, "mfa_off", 2, "Turn the second factor on again.", "");
    reply->detections[1] = detection(call, "takeover", 3, "Reset the password.", "okta");
    reply->detections[2] = detection(call, "takeover", 3, "Reset the password.", "okta");
    reply->n_detections = 3;
}

static ts_status get_incident(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Incidents__GetRequest *request = (const void *)in;

    if (strcmp(request->id, "inc_one") != 0)
        return ts_fail(call->error, TS_NOT_FOUND, "id", "There is no such incident.");
    details(call, "open", (void *)out);
    return TS_OK;
}

static ts_status update_status(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Incidents__UpdateStatusRequest *request = (const void *)in;

    standin_saw.revision = request->revision;
    atomic_fetch_add(&standin_saw.updates, 1);
    if (strcmp(request->id, "inc_closed") == 0)
        return ts_fail(call->error, TS_CONFLICT, "status", "The incident is already resolved.");
    details(call, request->status, (void *)out);
    return TS_OK;
}

static ts_status reopen(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Incidents__ReopenRequest *request = (const void *)in;

    if (strcmp(request->id, "inc_closed") != 0)
        return ts_fail(call->error, TS_CONFLICT, "status", "The incident is open and not closed.");
    details(call, "investigating", (void *)out);
    return TS_OK;
}

const ts_rpc_row standin_incidents_rows[] = {
    { &ts_incidents_summary, summary, false },
    { &ts_incidents_list, list_incidents, false },
    { &ts_incidents_get, get_incident, false },
    { &ts_incidents_update_status, update_status, false },
    { &ts_incidents_reopen, reopen, false },
    { 0 },
};
