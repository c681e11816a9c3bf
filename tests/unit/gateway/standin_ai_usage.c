/* ai-usage as a stand-in: its report. */
#include "standin_rows.h"

static ts_status report(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Aiusage__ReportRequest *request = (const void *)in;
    Ts__Aiusage__Report *reply = (void *)out;
    Ts__Aiusage__Group *group = ts_arena_alloc(call->arena, sizeof(*group));

    ts__aiusage__group__init(group);
    group->key =
        standin_copy(call, strcmp(request->group_by, "day") == 0 ? "2025-01-15" : "ChatGPT");
    group->vendor = standin_copy(call, "OpenAI");
    group->events = 30;
    group->users = 5;
    reply->from_ms = INT64_C(1736332200000);
    reply->to_ms = INT64_C(1736937000000);
    reply->events = 30;
    reply->active_users = 5;
    reply->tools = 1;
    reply->unsanctioned_events = 30;
    reply->previous_events = 40;
    reply->groups = ts_arena_array(call->arena, 1, sizeof(*reply->groups));
    reply->groups[0] = group;
    reply->n_groups = 1;
    reply->groups_total = 1;
    return TS_OK;
}

const ts_rpc_row standin_ai_usage_rows[] = { { &ts_aiusage_report, report, false }, { 0 } };
