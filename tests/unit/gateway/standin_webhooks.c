/* webhooks as a stand-in: endpoints and events. */
#include "standin_rows.h"

static void fill_endpoint(ts_call *call, Ts__Webhooks__Endpoint *endpoint, const char *url)
{
    endpoint->id = standin_copy(call, "whe_one");
    endpoint->url = standin_copy(call, url);
    endpoint->enabled = 1;
    endpoint->created_ms = INT64_C(1736937000000);
}

static ts_status create_endpoint(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Webhooks__CreateEndpointRequest *request = (const void *)in;
    Ts__Webhooks__Endpoint *reply = (void *)out;

    if (strcmp(request->url, "http://10.0.0.1/") == 0)
        return ts_fail(call->error, TS_INVALID, "url", "url must not lead to a private address");
    if (request->n_events != 1 || strcmp(request->events[0], "incident.*") != 0)
        return TS_INTERNAL;
    fill_endpoint(call, reply, request->url);
    reply->secret = standin_copy(call, "whsec_c2VjcmV0");
    return TS_OK;
}

static ts_status list_endpoints(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    Ts__Webhooks__EndpointList *reply = (void *)out;
    Ts__Webhooks__Endpoint *endpoint = ts_arena_alloc(call->arena, sizeof(*endpoint));

    (void)in;
    ts__webhooks__endpoint__init(endpoint);
    fill_endpoint(call, endpoint, "https://hook.example/");
    reply->endpoints = ts_arena_array(call->arena, 1, sizeof(*reply->endpoints));
    reply->endpoints[0] = endpoint;
    reply->n_endpoints = 1;
    reply->total = 1;
    return TS_OK;
}

static ts_status get_endpoint(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Webhooks__EndpointId *request = (const void *)in;

    if (strcmp(request->id, "whe_one") != 0)
        return TS_NOT_FOUND;
    fill_endpoint(call, (void *)out, "https://hook.example/");
    return TS_OK;
}

static ts_status delete_endpoint(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Webhooks__EndpointId *request = (const void *)in;

    (void)call;
    (void)out;
    return strcmp(request->id, "whe_one") == 0 ? TS_OK : TS_NOT_FOUND;
}

static ts_status list_events(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Webhooks__ListEventsRequest *request = (const void *)in;
    Ts__Webhooks__EventList *reply = (void *)out;
    Ts__Webhooks__Event *event = ts_arena_alloc(call->arena, sizeof(*event));

    ts__webhooks__event__init(event);
    event->id = standin_copy(call, "evt_one");
    event->event = standin_copy(call, "incident.created");
    event->status = standin_copy(call, request->status);
    event->created_ms = INT64_C(1736937000000);
    reply->events = ts_arena_array(call->arena, 1, sizeof(*reply->events));
    reply->events[0] = event;
    reply->n_events = 1;
    reply->total = 12;
    return TS_OK;
}

const ts_rpc_row standin_webhooks_rows[] = {
    { &ts_webhooks_create_endpoint, create_endpoint, false },
    { &ts_webhooks_list_endpoints, list_endpoints, false },
    { &ts_webhooks_get_endpoint, get_endpoint, false },
    { &ts_webhooks_delete_endpoint, delete_endpoint, false },
    { &ts_webhooks_list_events, list_events, false },
    { 0 },
};
