#include "command.h"
#include "ts/time.h"

#define LIST_MAX 200

static void show_endpoint(ctl *c, const Ts__Webhooks__Endpoint *e)
{
    ts_jsonw *w = &c->json;

    if (!ctl_wants_json(c)) {
        ts_buf_printf(c->out, "%-27s %-8s %s  %s\n", e->id,
                      e->enabled                      ? "enabled"
                      : e->disabled_reason[0] != '\0' ? e->disabled_reason
                                                      : "disabled",
                      e->url, e->description);
        return;
    }
    ts_jsonw_object(w);
    ts_jsonw_kz(w, "id", e->id);
    ts_jsonw_kz(w, "url", e->url);
    ts_jsonw_kz(w, "description", e->description);
    ts_jsonw_kbool(w, "enabled", e->enabled != 0);
    ts_jsonw_kz(w, "disabled_reason", e->disabled_reason[0] == '\0' ? NULL : e->disabled_reason);
    ts_jsonw_ktime(w, "created_at", e->created_ms);
    ts_jsonw_object_end(w);
}

static void show_event(ctl *c, const Ts__Webhooks__Event *e)
{
    ts_jsonw *w = &c->json;
    char at[TS_RFC3339_SIZE];

    if (!ctl_wants_json(c)) {
        ts_time_format(e->created_ms, false, at);
        ts_buf_printf(c->out, "%s  %s  %-9s %s\n", e->id, at, e->status, e->event);
        for (size_t i = 0; i < e->n_deliveries; i++) {
            const Ts__Webhooks__Delivery *d = e->deliveries[i];
            const Ts__Webhooks__Attempt *last =
                d->n_attempts == 0 ? NULL : d->attempts[d->n_attempts - 1];

            ts_buf_printf(c->out, "    %s  %-9s %zu attempts, last: %u %s\n", d->endpoint_id,
                          d->status, d->n_attempts, last == NULL ? 0 : last->status_code,
                          last == NULL ? "" : last->error);
        }
        return;
    }
    ts_jsonw_object(w);
    ts_jsonw_kz(w, "id", e->id);
    ts_jsonw_kz(w, "event", e->event);
    ts_jsonw_ktime(w, "created_at", e->created_ms);
    ts_jsonw_kz(w, "status", e->status);
    ts_jsonw_key(w, "deliveries");
    ts_jsonw_array(w);
    for (size_t i = 0; i < e->n_deliveries; i++) {
        ts_jsonw_object(w);
        ts_jsonw_kz(w, "endpoint_id", e->deliveries[i]->endpoint_id);
        ts_jsonw_kz(w, "status", e->deliveries[i]->status);
        ts_jsonw_key(w, "attempts");
        ts_jsonw_u64(w, e->deliveries[i]->n_attempts);
        ts_jsonw_ktime(w, "next_attempt_at", e->deliveries[i]->next_attempt_ms);
        ts_jsonw_object_end(w);
    }
    ts_jsonw_array_end(w);
    ts_jsonw_object_end(w);
}

/* A call for the organization that the first argument names, in the mode of --mode. */
static ts_status call(ctl *c, const ts_method *method, const ProtobufCMessage *in,
                      ProtobufCMessage **ret)
{
    const Ts__Auth__Organization *o = NULL;
    ts_mode mode = TS_MODE_LIVE;
    ts_status st = TS_OK;

    if (c->options[CTL_MODE] != NULL)
        st = ctl_parse_mode(c->options[CTL_MODE], &mode, &c->error);
    if (st == TS_OK)
        st = ctl_find_org(c, c->args[0], &o);
    return st == TS_OK
               ? ctl_call_for(c, "webhooks", (ts_tenant){ o->number, mode }, method, in, ret)
               : st;
}

ts_status ctl_webhooks_endpoints(ctl *c)
{
    Ts__Webhooks__ListEndpointsRequest request = TS__WEBHOOKS__LIST_ENDPOINTS_REQUEST__INIT;
    const Ts__Webhooks__EndpointList *list;
    ProtobufCMessage *reply = NULL;
    ts_status st;

    request.limit = LIST_MAX;
    st = call(c, &ts_webhooks_list_endpoints, &request.base, &reply);
    if (st != TS_OK)
        return st;
    list = (const void *)reply;
    if (ctl_wants_json(c)) {
        ts_jsonw_object(&c->json);
        ts_jsonw_key(&c->json, "endpoints");
        ts_jsonw_array(&c->json);
    }
    for (size_t i = 0; i < list->n_endpoints; i++)
        show_endpoint(c, list->endpoints[i]);
    if (ctl_wants_json(c)) {
        ts_jsonw_array_end(&c->json);
        ts_jsonw_object_end(&c->json);
    }
    return TS_OK;
}

ts_status ctl_webhooks_events(ctl *c)
{
    Ts__Webhooks__ListEventsRequest request = TS__WEBHOOKS__LIST_EVENTS_REQUEST__INIT;
    const char *status = c->options[CTL_STATUS];
    const char *endpoint = c->options[CTL_ENDPOINT];
    const Ts__Webhooks__EventList *list;
    ProtobufCMessage *reply = NULL;
    ts_status st;

    request.limit = LIST_MAX;
    request.status = (char *)(uintptr_t)(status == NULL ? "all" : status); /* only packed */
    request.endpoint_id = (char *)(uintptr_t)(endpoint == NULL ? "" : endpoint);
    st = call(c, &ts_webhooks_list_events, &request.base, &reply);
    if (st != TS_OK)
        return st;
    list = (const void *)reply;
    if (ctl_wants_json(c)) {
        ts_jsonw_object(&c->json);
        ts_jsonw_key(&c->json, "events");
        ts_jsonw_array(&c->json);
    }
    for (size_t i = 0; i < list->n_events; i++)
        show_event(c, list->events[i]);
    if (ctl_wants_json(c)) {
        ts_jsonw_array_end(&c->json);
        ts_jsonw_key(&c->json, "total");
        ts_jsonw_u64(&c->json, list->total);
        ts_jsonw_object_end(&c->json);
    } else if (list->total > list->n_events) {
        ts_buf_printf(c->out, "the newest %zu of %llu\n", list->n_events,
                      (unsigned long long)list->total);
    }
    return TS_OK;
}

static void show_replay(ctl *c, const Ts__Webhooks__ReplayReply *reply, const char *words)
{
    if (!ctl_wants_json(c)) {
        ts_buf_printf(c->out, "%s: %llu %s\n", reply->id, (unsigned long long)reply->deliveries,
                      words);
        return;
    }
    ts_jsonw_object(&c->json);
    ts_jsonw_kz(&c->json, "id", reply->id);
    ts_jsonw_key(&c->json, "deliveries");
    ts_jsonw_u64(&c->json, reply->deliveries);
    ts_jsonw_object_end(&c->json);
}

ts_status ctl_webhooks_replay(ctl *c)
{
    Ts__Webhooks__EventId request = TS__WEBHOOKS__EVENT_ID__INIT;
    ProtobufCMessage *reply = NULL;
    ts_status st;

    request.id = (char *)(uintptr_t)c->args[1]; /* only packed */
    st = call(c, &ts_webhooks_replay_event, &request.base, &reply);
    if (st == TS_OK)
        show_replay(c, (const void *)reply, "deliveries are due now");
    return st;
}

ts_status ctl_webhooks_replay_failed(ctl *c)
{
    Ts__Webhooks__ReplayFailedRequest request = TS__WEBHOOKS__REPLAY_FAILED_REQUEST__INIT;
    ProtobufCMessage *reply = NULL;
    ts_status st = TS_OK;

    request.id = (char *)(uintptr_t)c->args[1]; /* only packed */
    if (c->options[CTL_SINCE] != NULL)
        st = ctl_parse_time("--since", c->options[CTL_SINCE], &request.since_ms, &c->error);
    if (st == TS_OK)
        st = call(c, &ts_webhooks_replay_failed, &request.base, &reply);
    if (st == TS_OK)
        show_replay(c, (const void *)reply,
                    ((const Ts__Webhooks__ReplayReply *)(const void *)reply)->deliveries == 0
                        ? "failed deliveries: nothing to send again"
                        : "failed deliveries at most go out again, at the endpoint's pace");
    return st;
}
