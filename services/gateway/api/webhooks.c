/* /v1/webhooks/endpoints and /v1/webhooks/events. */
#include "api/api.h"
#include "api/shape.h"
#include "api/words.h"
#include "ts/clean.h"
#include "ts/time.h"

static void put_endpoint(ts_jsonw *w, const Ts__Webhooks__Endpoint *endpoint)
{
    ts_jsonw_object(w);
    ts_jsonw_kz(w, "id", endpoint->id);
    ts_jsonw_kz(w, "url", endpoint->url);
    ts_jsonw_kz(w, "description", ts_clean_z(endpoint->description, SHAPE_PROSE_MAX));
    shape_texts(w, "events", endpoint->events, endpoint->n_events);
    ts_jsonw_kbool(w, "enabled", endpoint->enabled != 0);
    ts_jsonw_ktime(w, "created_at", endpoint->created_ms);
    ts_jsonw_kz(w, "disabled_reason",
                endpoint->disabled_reason[0] == '\0' ? NULL : endpoint->disabled_reason);
    ts_jsonw_key(w, "header_names"); /* their values are secrets, more often than not */
    ts_jsonw_array(w);
    for (size_t i = 0; i < endpoint->n_headers; i++)
        ts_jsonw_z(w, endpoint->headers[i]->name);
    ts_jsonw_array_end(w);
    shape_u64(w, "rate_limit", endpoint->rate_limit);
    ts_jsonw_kbool(w, "ordered", endpoint->ordered != 0);
    ts_jsonw_ktime(w, "secret_rotation_ends_at", endpoint->rotation_ends_ms);
    ts_jsonw_object_end(w);
}

ts_status api_endpoints(http_exchange *x)
{
    Ts__Webhooks__ListEndpointsRequest request = TS__WEBHOOKS__LIST_ENDPOINTS_REQUEST__INIT;
    ts_jsonw w = ts_jsonw_on(&x->data);
    const Ts__Webhooks__EndpointList *list;
    ts_status st;

    request.limit = (uint32_t)api_number(x, "limit");
    request.offset = (uint64_t)api_number(x, "offset");
    st = api_ask(x, &ts_webhooks_list_endpoints, &request.base, &list);
    if (st != TS_OK)
        return st;
    ts_jsonw_object(&w);
    ts_jsonw_key(&w, "endpoints");
    ts_jsonw_array(&w);
    for (size_t i = 0; i < list->n_endpoints; i++)
        put_endpoint(&w, list->endpoints[i]);
    ts_jsonw_array_end(&w);
    shape_pagination(&w, request.limit, request.offset, list->total, list->n_endpoints);
    ts_jsonw_object_end(&w);
    words_count(&x->summary, list->total, "webhook endpoint");
    ts_buf_char(&x->summary, '.');
    words_past_end(&x->summary, list->total, list->n_endpoints);
    return TS_OK;
}

/* The list of types as message fields. */
static ts_status take_events(http_exchange *x, char ***ret, size_t *ret_count)
{
    const http_value *events = http_field_of(x, "events");

    if (events->item_count == 0)
        return TS_OK;
    *ret = ts_arena_array(x->arena, events->item_count, sizeof(char *));
    if (*ret == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i < events->item_count; i++) {
        (*ret)[i] = ts_arena_z(x->arena, events->items[i]);
        if ((*ret)[i] == NULL)
            return TS_NOMEM;
    }
    *ret_count = events->item_count;
    return TS_OK;
}

static ts_status take_headers(http_exchange *x, Ts__Webhooks__Header ***ret, size_t *ret_count)
{
    const http_value *headers = http_field_of(x, "headers");

    if (headers->item_count == 0)
        return TS_OK;
    *ret = ts_arena_array(x->arena, headers->item_count, sizeof(**ret));
    if (*ret == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i < headers->item_count; i++) {
        Ts__Webhooks__Header *header = ts_arena_alloc(x->arena, sizeof(*header));

        if (header == NULL)
            return TS_NOMEM;
        ts__webhooks__header__init(header);
        header->name = ts_arena_z(x->arena, headers->names[i]);
        header->value = ts_arena_z(x->arena, headers->items[i]);
        if (header->name == NULL || header->value == NULL)
            return TS_NOMEM;
        (*ret)[i] = header;
    }
    *ret_count = headers->item_count;
    return TS_OK;
}

/* `data` of an answer that shows one endpoint, and its secret if it is new. */
static void put_one(http_exchange *x, const Ts__Webhooks__Endpoint *endpoint)
{
    ts_jsonw w = ts_jsonw_on(&x->data);

    ts_jsonw_object(&w);
    ts_jsonw_key(&w, "endpoint");
    put_endpoint(&w, endpoint);
    if (endpoint->secret[0] != '\0')
        ts_jsonw_kz(&w, "secret", endpoint->secret);
    ts_jsonw_object_end(&w);
    ts_buf_z(&x->summary, "Webhook endpoint ");
    words_id(&x->summary, ts_str_of(endpoint->id), "whe_", "(id not shown)");
}

ts_status api_endpoint_create(http_exchange *x)
{
    Ts__Webhooks__CreateEndpointRequest request = TS__WEBHOOKS__CREATE_ENDPOINT_REQUEST__INIT;
    const Ts__Webhooks__Endpoint *endpoint;
    ts_status st;

    request.url = api_text(x, http_field_of(x, "url"));
    request.description = api_text(x, http_field_of(x, "description"));
    request.disabled = http_field_of(x, "enabled")->number == 0;
    request.rate_limit = (uint32_t)http_field_of(x, "rate_limit")->number;
    request.ordered = http_field_of(x, "ordered")->number != 0;
    if (request.url == NULL || request.description == NULL)
        return TS_NOMEM;
    st = take_events(x, &request.events, &request.n_events);
    if (st == TS_OK)
        st = take_headers(x, &request.headers, &request.n_headers);
    if (st == TS_OK)
        st = api_ask(x, &ts_webhooks_create_endpoint, &request.base, &endpoint);
    if (st != TS_OK)
        return st;
    put_one(x, endpoint);
    ts_buf_z(&x->summary, endpoint->secret[0] == '\0'
                              ? " exists already."
                              : " created. Keep its secret: it is shown only in this answer.");
    return TS_OK;
}

static ts_status take_id(http_exchange *x, char **ret)
{
    if (!words_is_id(x->segment, "whe_"))
        return ts_fail(&x->error, TS_NOT_FOUND, "id", "There is no such webhook endpoint.");
    *ret = ts_arena_z(x->arena, x->segment);
    return *ret == NULL ? TS_NOMEM : TS_OK;
}

static void show(http_exchange *x, const Ts__Webhooks__Endpoint *endpoint)
{
    put_one(x, endpoint);
    ts_buf_z(&x->summary, endpoint->enabled ? " is enabled." : " is disabled.");
}

/* What a GET answers, for If-Match too; the ledger keeps no revision of an endpoint. */
static ts_status show_current(http_exchange *x, char *id, uint64_t *ret_revision)
{
    Ts__Webhooks__EndpointId request = TS__WEBHOOKS__ENDPOINT_ID__INIT;
    const Ts__Webhooks__Endpoint *endpoint;
    ts_status st;

    *ret_revision = 0;
    request.id = id;
    st = api_ask(x, &ts_webhooks_get_endpoint, &request.base, &endpoint);
    if (st == TS_OK)
        show(x, endpoint);
    return st;
}

ts_status api_endpoint(http_exchange *x)
{
    uint64_t revision;
    char *id = NULL;
    ts_status st = take_id(x, &id);

    return st == TS_OK ? show_current(x, id, &revision) : st;
}

static const struct {
    const char *name;
    unsigned bit;
} update_fields[] = {
    { "url", WEBHOOKS_FIELD_URL },         { "description", WEBHOOKS_FIELD_DESCRIPTION },
    { "events", WEBHOOKS_FIELD_EVENTS },   { "enabled", WEBHOOKS_FIELD_ENABLED },
    { "headers", WEBHOOKS_FIELD_HEADERS }, { "rate_limit", WEBHOOKS_FIELD_RATE_LIMIT },
    { "ordered", WEBHOOKS_FIELD_ORDERED },
};

ts_status api_endpoint_update(http_exchange *x)
{
    Ts__Webhooks__UpdateEndpointRequest request = TS__WEBHOOKS__UPDATE_ENDPOINT_REQUEST__INIT;
    const Ts__Webhooks__Endpoint *endpoint;
    uint64_t revision;
    ts_status st;

    st = take_id(x, &request.id);
    for (size_t i = 0; i < TS_COUNT(update_fields); i++) {
        if (http_field_of(x, update_fields[i].name)->given)
            request.fields |= update_fields[i].bit;
    }
    request.url = api_text(x, http_field_of(x, "url"));
    request.description = api_text(x, http_field_of(x, "description"));
    request.enabled = http_field_of(x, "enabled")->number != 0;
    request.rate_limit = (uint32_t)http_field_of(x, "rate_limit")->number;
    request.ordered = http_field_of(x, "ordered")->number != 0;
    if (st == TS_OK && (request.url == NULL || request.description == NULL))
        st = TS_NOMEM;
    if (st == TS_OK)
        st = take_events(x, &request.events, &request.n_events);
    if (st == TS_OK)
        st = take_headers(x, &request.headers, &request.n_headers);
    if (st == TS_OK)
        st = api_check_match(x, show_current, request.id, "The endpoint", &revision);
    if (st == TS_OK)
        st = api_ask(x, &ts_webhooks_update_endpoint, &request.base, &endpoint);
    if (st == TS_OK)
        show(x, endpoint);
    return st;
}

ts_status api_endpoint_rotate(http_exchange *x)
{
    Ts__Webhooks__RotateSecretRequest request = TS__WEBHOOKS__ROTATE_SECRET_REQUEST__INIT;
    const Ts__Webhooks__Endpoint *endpoint;
    ts_status st = take_id(x, &request.id);

    request.overlap_s = (uint32_t)http_field_of(x, "overlap_seconds")->number;
    if (st == TS_OK)
        st = api_ask(x, &ts_webhooks_rotate_secret, &request.base, &endpoint);
    if (st != TS_OK)
        return st;
    put_one(x, endpoint);
    if (endpoint->rotation_ends_ms == 0) {
        ts_buf_z(&x->summary, " signs with a new secret from now on");
    } else {
        char ends[TS_RFC3339_SIZE];

        ts_time_format(endpoint->rotation_ends_ms, false, ends);
        ts_buf_printf(
            &x->summary,
            " signs with a new secret beside the old one until %s or until it is promoted", ends);
    }
    ts_buf_z(&x->summary,
             endpoint->secret[0] == '\0' ? "." : ". Keep it: it is shown only in this answer.");
    return TS_OK;
}

ts_status api_endpoint_promote(http_exchange *x)
{
    Ts__Webhooks__EndpointId request = TS__WEBHOOKS__ENDPOINT_ID__INIT;
    const Ts__Webhooks__Endpoint *endpoint;
    ts_status st = take_id(x, &request.id);

    if (st == TS_OK)
        st = api_ask(x, &ts_webhooks_promote_secret, &request.base, &endpoint);
    if (st != TS_OK)
        return st;
    put_one(x, endpoint);
    ts_buf_z(&x->summary, " signs with its new secret alone.");
    return TS_OK;
}

ts_status api_endpoint_test(http_exchange *x)
{
    Ts__Webhooks__EndpointId request = TS__WEBHOOKS__ENDPOINT_ID__INIT;
    ts_jsonw w = ts_jsonw_on(&x->data);
    const Ts__Webhooks__EventId *event;
    ts_status st = take_id(x, &request.id);

    if (st == TS_OK)
        st = api_ask(x, &ts_webhooks_test_endpoint, &request.base, &event);
    if (st != TS_OK)
        return st;
    ts_jsonw_object(&w);
    ts_jsonw_kz(&w, "event_id", event->id);
    ts_jsonw_kz(&w, "endpoint_id", request.id);
    shape_u64(&w, "deliveries", 1);
    ts_jsonw_object_end(&w);
    ts_buf_printf(&x->summary, "Test event %s is on its way to endpoint %s.", event->id,
                  request.id);
    return TS_OK;
}

ts_status api_endpoint_replay(http_exchange *x)
{
    Ts__Webhooks__ReplayFailedRequest request = TS__WEBHOOKS__REPLAY_FAILED_REQUEST__INIT;
    ts_jsonw w = ts_jsonw_on(&x->data);
    const Ts__Webhooks__ReplayReply *reply;
    ts_status st = take_id(x, &request.id);

    request.since_ms = http_field_of(x, "since")->number;
    if (st == TS_OK)
        st = api_ask(x, &ts_webhooks_replay_failed, &request.base, &reply);
    if (st != TS_OK)
        return st;
    ts_jsonw_object(&w);
    ts_jsonw_kz(&w, "endpoint_id", reply->id);
    shape_u64(&w, "deliveries", reply->deliveries);
    ts_jsonw_ktime(&w, "since", reply->since_ms);
    ts_jsonw_object_end(&w);
    if (reply->deliveries == 0)
        ts_buf_printf(&x->summary, "Nothing failed at endpoint %s%s.", request.id,
                      reply->since_ms == 0 ? "" : " since then");
    else
        ts_buf_printf(&x->summary, "What failed at endpoint %s%s is queued again, at most ",
                      request.id, reply->since_ms == 0 ? "" : " since then");
    if (reply->deliveries > 0) {
        words_count_as(&x->summary, reply->deliveries, "delivery", "deliveries");
        ts_buf_char(&x->summary, '.');
    }
    return TS_OK;
}

ts_status api_endpoint_delete(http_exchange *x)
{
    Ts__Webhooks__EndpointId request = TS__WEBHOOKS__ENDPOINT_ID__INIT;
    ts_jsonw w = ts_jsonw_on(&x->data);
    ProtobufCMessage *out = NULL;
    ts_status st;

    st = take_id(x, &request.id);
    if (st != TS_OK)
        return st;
    st = api_ask(x, &ts_webhooks_delete_endpoint, &request.base, &out);
    if (st != TS_OK)
        return st;
    ts_jsonw_object(&w);
    ts_jsonw_kz(&w, "id", request.id);
    ts_jsonw_kbool(&w, "deleted", true);
    ts_jsonw_object_end(&w);
    ts_buf_printf(&x->summary, "Webhook endpoint %s deleted.", request.id);
    return TS_OK;
}

static void put_attempt(const http_exchange *x, ts_jsonw *w, const Ts__Webhooks__Attempt *attempt)
{
    ts_jsonw_object(w);
    shape_u64(w, "number", attempt->number);
    ts_jsonw_ktime(w, "at", attempt->at_ms);
    ts_jsonw_key(w, "status_code");
    if (attempt->status_code == 0)
        ts_jsonw_null(w);
    else
        ts_jsonw_u64(w, attempt->status_code);
    shape_u64(w, "duration_ms", attempt->duration_ms);
    ts_jsonw_kz(w, "error", attempt->error[0] == '\0' ? NULL : attempt->error);
    /* Cleaned, but whole: it is read to find out what the endpoint did not like. */
    ts_jsonw_kz(w, "response",
                ts_clean(x->arena, ts_str_n(attempt->response.data, attempt->response.len),
                         attempt->response.len));
    ts_jsonw_object_end(w);
}

static void put_event(const http_exchange *x, ts_jsonw *w, const Ts__Webhooks__Event *event)
{
    ts_jsonw_object(w);
    ts_jsonw_kz(w, "id", event->id);
    ts_jsonw_kz(w, "event", event->event);
    ts_jsonw_ktime(w, "created_at", event->created_ms);
    ts_jsonw_kz(w, "status", event->status);
    ts_jsonw_key(w, "deliveries");
    ts_jsonw_array(w);
    for (size_t i = 0; i < event->n_deliveries; i++) {
        const Ts__Webhooks__Delivery *delivery = event->deliveries[i];

        ts_jsonw_object(w);
        ts_jsonw_kz(w, "endpoint_id", delivery->endpoint_id);
        ts_jsonw_kz(w, "status", delivery->status);
        ts_jsonw_key(w, "attempts");
        ts_jsonw_array(w);
        for (size_t j = 0; j < delivery->n_attempts; j++)
            put_attempt(x, w, delivery->attempts[j]);
        ts_jsonw_array_end(w);
        ts_jsonw_ktime(w, "next_attempt_at", delivery->next_attempt_ms);
        ts_jsonw_object_end(w);
    }
    ts_jsonw_array_end(w);
    ts_jsonw_object_end(w);
}

ts_status api_webhook_events(http_exchange *x)
{
    Ts__Webhooks__ListEventsRequest request = TS__WEBHOOKS__LIST_EVENTS_REQUEST__INIT;
    const http_value *status = http_param_of(x, "status");
    ts_jsonw w = ts_jsonw_on(&x->data);
    const Ts__Webhooks__EventList *list;
    ts_status st;

    request.status = api_text(x, status);
    request.endpoint_id = api_text(x, http_param_of(x, "endpoint_id"));
    request.event = api_text(x, http_param_of(x, "event"));
    request.limit = (uint32_t)api_number(x, "limit");
    request.offset = (uint64_t)api_number(x, "offset");
    if (request.status == NULL || request.endpoint_id == NULL || request.event == NULL)
        return TS_NOMEM;
    st = api_ask(x, &ts_webhooks_list_events, &request.base, &list);
    if (st != TS_OK)
        return st;
    ts_jsonw_object(&w);
    ts_jsonw_key(&w, "events");
    ts_jsonw_array(&w);
    for (size_t i = 0; i < list->n_events; i++)
        put_event(x, &w, list->events[i]);
    ts_jsonw_array_end(&w);
    shape_pagination(&w, request.limit, request.offset, list->total, list->n_events);
    ts_jsonw_object_end(&w);
    if (list->n_events > 0)
        http_name_add(&x->untrusted, "data.events[].deliveries[].attempts[].response");
    ts_buf_u64(&x->summary, list->total);
    if (!ts_str_is(status->text, "all")) {
        ts_buf_char(&x->summary, ' ');
        ts_buf_str(&x->summary, status->text);
    }
    ts_buf_z(&x->summary, list->total == 1 ? " webhook event" : " webhook events");
    if (request.event[0] != '\0')
        ts_buf_printf(&x->summary, " of kind %s",
                      request.event); /* one of ours: the ledger knows it */
    if (request.endpoint_id[0] != '\0')
        ts_buf_z(&x->summary, " for this endpoint");
    words_order(&x->summary, list->total, "newest first");
    words_past_end(&x->summary, list->total, list->n_events);
    return TS_OK;
}

static ts_status take_event(http_exchange *x, Ts__Webhooks__EventId *request)
{
    if (!words_is_id(x->segment, "evt_"))
        return ts_fail(&x->error, TS_NOT_FOUND, "id", "There is no such webhook event.");
    request->id = ts_arena_z(x->arena, x->segment);
    return request->id == NULL ? TS_NOMEM : TS_OK;
}

ts_status api_webhook_event(http_exchange *x)
{
    Ts__Webhooks__EventId request = TS__WEBHOOKS__EVENT_ID__INIT;
    ts_jsonw w = ts_jsonw_on(&x->data);
    const Ts__Webhooks__Event *event;
    ts_status st = take_event(x, &request);

    if (st == TS_OK)
        st = api_ask(x, &ts_webhooks_get_event, &request.base, &event);
    if (st != TS_OK)
        return st;
    ts_jsonw_object(&w);
    ts_jsonw_key(&w, "event");
    put_event(x, &w, event);
    ts_jsonw_object_end(&w);
    http_name_add(&x->untrusted, "data.event.deliveries[].attempts[].response");
    ts_buf_printf(&x->summary, "Webhook event %s ", request.id);
    if (event->n_deliveries == 0)
        ts_buf_z(&x->summary, "was owed to no endpoint: none that wanted it was there.");
    else if (strcmp(event->status, "failed") == 0)
        ts_buf_z(&x->summary, "has failed; replay sends it again.");
    else
        ts_buf_printf(&x->summary, "is %s.", event->status);
    return TS_OK;
}

ts_status api_webhook_event_replay(http_exchange *x)
{
    Ts__Webhooks__EventId request = TS__WEBHOOKS__EVENT_ID__INIT;
    ts_jsonw w = ts_jsonw_on(&x->data);
    const Ts__Webhooks__ReplayReply *reply;
    ts_status st = take_event(x, &request);

    if (st == TS_OK)
        st = api_ask(x, &ts_webhooks_replay_event, &request.base, &reply);
    if (st != TS_OK)
        return st;
    ts_jsonw_object(&w);
    ts_jsonw_kz(&w, "event_id", reply->id);
    shape_u64(&w, "deliveries", reply->deliveries);
    ts_jsonw_object_end(&w);
    ts_buf_printf(&x->summary, "Webhook event %s is on its way again to ", request.id);
    words_count(&x->summary, reply->deliveries, "endpoint");
    ts_buf_char(&x->summary, '.');
    return TS_OK;
}
