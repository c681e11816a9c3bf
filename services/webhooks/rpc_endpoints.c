/* Settings of endpoints. */
#include "change.h"
#include "endpoint.h"
#include "sign.h"
#include "ts/audit.h"
#include "ts/once.h"
#include "ts/time.h"
#include "webhooks.h"

#define LIST_MAX 200

/* Deleted ones that are still being settled are not shown and not counted. */
static ts_status walk(webhooks *app, ts_call *call, uint64_t offset, uint32_t limit,
                      Ts__Webhooks__EndpointList *ret)
{
    webhooks_key prefix = key_tenant(call->tenant);
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_prefix(app->store, WEBHOOKS_ENDPOINTS, key_view(&prefix), false);

    ret->endpoints = ts_arena_array(call->arena, limit + 1, sizeof(Ts__Webhooks__Endpoint *));
    if (it == NULL || ret->endpoints == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it); ts_iter_next(it)) {
        ProtobufCMessage *m = NULL;
        Ts__Webhooks__Endpoint *row;
        ts_status st = ts_arena_unpack(call->arena, &ts__webhooks__endpoint__descriptor,
                                       ts_iter_value(it), &m);

        if (st != TS_OK)
            return st;
        row = (Ts__Webhooks__Endpoint *)m;
        if (endpoint_is_ending(row))
            continue;
        ts_ignore(endpoint_promote(row, ts_wall_ms(), false)); /* shown as it stands now */
        st = endpoint_hide(row, call->arena);
        if (st != TS_OK)
            return st;
        if (ret->total++ >= offset && ret->n_endpoints < limit)
            ret->endpoints[ret->n_endpoints++] = row;
    }
    return ts_iter_status(it);
}

static ts_status load(ts_call *call, const char *id, Ts__Webhooks__Endpoint **ret)
{
    ts_status st = webhooks_find_endpoint(call, id, ret);

    if (st == TS_OK)
        ts_ignore(endpoint_promote(*ret, ts_wall_ms(), false)); /* as it stands now */
    return st;
}

/* ---- a change of one endpoint: row, totals, audit entry and answer in one batch ---- */

typedef struct edit {
    webhooks *app;
    ts_call *call;
    const ProtobufCMessage *in;
    Ts__Webhooks__Endpoint *row;
    const char *shown_secret; /* in the answer, this once; else NULL */
    const char *action;
    ts_str details;
    change change;
} edit;

static void edit_done(edit *e)
{
    change_done(&e->change);
}

/* Locked. The answer is what the row shows; what is remembered for a repeat lacks the secret. */
static ts_status edit_save(edit *e, ready_endpoint *known, Ts__Webhooks__Endpoint *reply)
{
    ledger *l = &e->app->ledger;
    ts_batch *batch = e->change.batch;
    ts_status st;

    row_put_endpoint(batch, l->store, e->call->tenant, e->row);
    ts_audit_add(batch, WEBHOOKS_TO_AUTH, e->call, e->action, e->row->id, e->details);
    *reply = *e->row;
    st = endpoint_hide(reply, e->call->arena);
    if (st == TS_OK)
        st = ts_once_keep(batch, l->store, WEBHOOKS_ONCE, e->call, e->in, &reply->base);
    if (st == TS_OK)
        st = change_write(&e->change, NULL);
    if (st == TS_OK)
        st = ledger_endpoint_apply(l, known, e->row);
    if (e->shown_secret != NULL)
        reply->secret = (char *)(uintptr_t)e->shown_secret;
    return st;
}

static ts_status new_secret(ts_arena *arena, char **ret)
{
    uint8_t bytes[SIGN_SECRET_BYTES];
    char secret[SIGN_SECRET_SIZE];
    ts_status st = ts_random(bytes, sizeof(bytes));

    if (st != TS_OK)
        return st;
    sign_secret(bytes, secret);
    *ret = ts_arena_z(arena, ts_str_of(secret));
    ts_wipe(bytes, sizeof(bytes));
    ts_wipe(secret, sizeof(secret));
    return *ret == NULL ? TS_NOMEM : TS_OK;
}

/* ---- create ---- */

static ts_status check_new(const webhooks *app, const Ts__Webhooks__CreateEndpointRequest *request,
                           ts_error *err)
{
    ts_status st = url_check(&app->rules, request->url, err);

    if (st == TS_OK)
        st = endpoint_check_description(request->description, err);
    if (st == TS_OK)
        st = endpoint_check_events(request->events, request->n_events, err);
    if (st == TS_OK)
        st = endpoint_check_headers(request->headers, request->n_headers, err);
    return st == TS_OK ? endpoint_check_rate(request->rate_limit, err) : st;
}

static ts_status fill_row(ts_call *call, const Ts__Webhooks__CreateEndpointRequest *request,
                          Ts__Webhooks__Endpoint *ret)
{
    char id[TS_ID_SIZE];
    ts_hash128 random;
    ts_status st = ts_random(random.bytes, sizeof(random.bytes));

    if (st == TS_OK)
        st = new_secret(call->arena, &ret->secret);
    if (st != TS_OK)
        return st;
    ts_id_format("whe_", random, id);
    ret->id = ts_arena_z(call->arena, ts_str_of(id));
    ret->url = request->url;
    ret->description = request->description;
    ret->events = request->events;
    ret->n_events = request->n_events;
    ret->headers = request->headers;
    ret->n_headers = request->n_headers;
    ret->rate_limit = request->rate_limit;
    ret->ordered = request->ordered;
    ret->enabled = !request->disabled;
    ret->created_ms = ts_wall_ms();
    return ret->id == NULL ? TS_NOMEM : TS_OK;
}

static ts_status create(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    webhooks *app = call->service;
    TS_CLEANUP(edit_done)
    edit e = { .app = app, .call = call, .in = in, .action = "endpoint.created" };
    Ts__Webhooks__EndpointList all = TS__WEBHOOKS__ENDPOINT_LIST__INIT;
    Ts__Webhooks__Endpoint row = TS__WEBHOOKS__ENDPOINT__INIT;
    ready_endpoint *known = NULL;
    ts_status st = walk(app, call, 0, 0, &all);

    if (st == TS_OK && all.total >= (uint64_t)app->config->endpoints_max)
        return ts_fail(call->error, TS_CONFLICT, "",
                       "there are %lld endpoints already, which is the limit",
                       (long long)app->config->endpoints_max);
    if (st == TS_OK)
        st = fill_row(call, (const Ts__Webhooks__CreateEndpointRequest *)in, &row);
    if (st == TS_OK)
        st = change_init(&e.change, &app->ledger, NULL, call->arena);
    if (st == TS_OK)
        st = ledger_endpoint_add(&app->ledger, call->tenant, ts_str_of(row.id), &known);
    if (st != TS_OK)
        return st;
    e.row = &row;
    e.shown_secret = row.secret;
    return edit_save(&e, known, (Ts__Webhooks__Endpoint *)out);
}

ts_status webhooks_rpc_create_endpoint(ts_call *call, const ProtobufCMessage *in,
                                       ProtobufCMessage *out)
{
    ts_status st =
        check_new(call->service, (const Ts__Webhooks__CreateEndpointRequest *)in, call->error);

    return st == TS_OK ? webhooks_change(call, in, out, create) : st;
}

/* ---- read ---- */

ts_status webhooks_rpc_list_endpoints(ts_call *call, const ProtobufCMessage *in,
                                      ProtobufCMessage *out)
{
    const Ts__Webhooks__ListEndpointsRequest *request =
        (const Ts__Webhooks__ListEndpointsRequest *)in;

    if (request->limit < 1 || request->limit > LIST_MAX)
        return ts_fail(call->error, TS_INVALID, "limit", "limit must be between 1 and %d",
                       LIST_MAX);
    return walk(call->service, call, request->offset, request->limit,
                (Ts__Webhooks__EndpointList *)out);
}

ts_status webhooks_rpc_get_endpoint(ts_call *call, const ProtobufCMessage *in,
                                    ProtobufCMessage *out)
{
    Ts__Webhooks__Endpoint *row = NULL;
    ts_status st = load(call, ((const Ts__Webhooks__EndpointId *)in)->id, &row);

    if (st == TS_OK)
        st = endpoint_hide(row, call->arena);
    if (st == TS_OK)
        *(Ts__Webhooks__Endpoint *)out = *row;
    return st;
}

/* ---- change ---- */

/* Begins an edit of a known endpoint, under the lock. */
static ts_status edit_begin(edit *e, const char *id, ready_endpoint **ret_known)
{
    ts_status st = load(e->call, id, &e->row);

    if (st == TS_OK)
        st = change_init(&e->change, &e->app->ledger, NULL, e->call->arena);
    if (st != TS_OK)
        return st;
    *ret_known = ledger_endpoint(&e->app->ledger, ts_str_of(id));
    return *ret_known == NULL ? TS_INTERNAL : TS_OK;
}

static const struct {
    unsigned field;
    const char *name;
} field_names[] = {
    { WEBHOOKS_FIELD_URL, "url" },         { WEBHOOKS_FIELD_DESCRIPTION, "description" },
    { WEBHOOKS_FIELD_EVENTS, "events" },   { WEBHOOKS_FIELD_ENABLED, "enabled" },
    { WEBHOOKS_FIELD_HEADERS, "headers" }, { WEBHOOKS_FIELD_RATE_LIMIT, "rate_limit" },
    { WEBHOOKS_FIELD_ORDERED, "ordered" },
};

/* {"fields":["url"]}: which, not what: a URL may hold a token of its owner. */
static ts_str changed_fields(ts_arena *arena, uint32_t fields)
{
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(256);
    ts_jsonw w = ts_jsonw_on(&text);

    ts_jsonw_object(&w);
    ts_jsonw_key(&w, "fields");
    ts_jsonw_array(&w);
    for (size_t i = 0; i < TS_COUNT(field_names); i++) {
        if ((fields & field_names[i].field) != 0)
            ts_jsonw_z(&w, field_names[i].name);
    }
    ts_jsonw_array_end(&w);
    ts_jsonw_object_end(&w);
    return ts_arena_str(arena, ts_buf_view(&text));
}

static ts_status check_update(const webhooks *app,
                              const Ts__Webhooks__UpdateEndpointRequest *request, ts_error *err)
{
    ts_status st = TS_OK;

    if (request->fields == 0)
        return ts_fail(err, TS_INVALID, "",
                       "the body must hold at least one of url, description, events, enabled, "
                       "headers, rate_limit, ordered");
    if ((request->fields & WEBHOOKS_FIELD_URL) != 0)
        st = url_check(&app->rules, request->url, err);
    if (st == TS_OK && (request->fields & WEBHOOKS_FIELD_DESCRIPTION) != 0)
        st = endpoint_check_description(request->description, err);
    if (st == TS_OK && (request->fields & WEBHOOKS_FIELD_EVENTS) != 0)
        st = endpoint_check_events(request->events, request->n_events, err);
    if (st == TS_OK && (request->fields & WEBHOOKS_FIELD_HEADERS) != 0)
        st = endpoint_check_headers(request->headers, request->n_headers, err);
    if (st == TS_OK && (request->fields & WEBHOOKS_FIELD_RATE_LIMIT) != 0)
        st = endpoint_check_rate(request->rate_limit, err);
    return st;
}

static void take_fields(const Ts__Webhooks__UpdateEndpointRequest *request,
                        Ts__Webhooks__Endpoint *row)
{
    if ((request->fields & WEBHOOKS_FIELD_URL) != 0)
        row->url = request->url;
    if ((request->fields & WEBHOOKS_FIELD_DESCRIPTION) != 0)
        row->description = request->description;
    if ((request->fields & WEBHOOKS_FIELD_EVENTS) != 0) {
        row->events = request->events;
        row->n_events = request->n_events;
    }
    if ((request->fields & WEBHOOKS_FIELD_HEADERS) != 0) {
        row->headers = request->headers;
        row->n_headers = request->n_headers;
    }
    if ((request->fields & WEBHOOKS_FIELD_RATE_LIMIT) != 0)
        row->rate_limit = request->rate_limit;
    if ((request->fields & WEBHOOKS_FIELD_ORDERED) != 0)
        row->ordered = request->ordered;
    if ((request->fields & WEBHOOKS_FIELD_ENABLED) != 0) {
        row->enabled = request->enabled;
        row->disabled_reason = (char *)(uintptr_t) "";
    }
}

static ts_status update(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Webhooks__UpdateEndpointRequest *request =
        (const Ts__Webhooks__UpdateEndpointRequest *)in;
    TS_CLEANUP(edit_done)
    edit e = { .app = call->service, .call = call, .in = in, .action = "endpoint.updated" };
    ready_endpoint *known = NULL;
    ts_status st = edit_begin(&e, request->id, &known);

    if (st != TS_OK)
        return st;
    if ((request->fields & WEBHOOKS_FIELD_ENABLED) != 0 && request->enabled && !e.row->enabled) {
        known->failing_since_ms = 0; /* a new chance: five days from the next failure on */
        known->failures = 0;
        change_touch(&e.change, known);
    }
    take_fields(request, e.row);
    e.details = changed_fields(call->arena, request->fields);
    return edit_save(&e, known, (Ts__Webhooks__Endpoint *)out);
}

ts_status webhooks_rpc_update_endpoint(ts_call *call, const ProtobufCMessage *in,
                                       ProtobufCMessage *out)
{
    ts_status st =
        check_update(call->service, (const Ts__Webhooks__UpdateEndpointRequest *)in, call->error);

    return st == TS_OK ? webhooks_change(call, in, out, update) : st;
}

static ts_status rotate(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Webhooks__RotateSecretRequest *request =
        (const Ts__Webhooks__RotateSecretRequest *)in;
    TS_CLEANUP(edit_done)
    edit e = { .app = call->service, .call = call, .in = in, .action = "endpoint.secret_rotated" };
    ready_endpoint *known = NULL;
    ts_status st = edit_begin(&e, request->id, &known);

    if (st == TS_OK)
        st = new_secret(call->arena, &e.row->next_secret);
    if (st != TS_OK)
        return st;
    e.shown_secret = e.row->next_secret;
    e.row->rotation_ends_ms = ts_wall_ms() + (int64_t)request->overlap_s * TS_SECOND_MS;
    ts_ignore(endpoint_promote(e.row, ts_wall_ms(), false)); /* without an overlap: at once */
    return edit_save(&e, known, (Ts__Webhooks__Endpoint *)out);
}

ts_status webhooks_rpc_rotate_secret(ts_call *call, const ProtobufCMessage *in,
                                     ProtobufCMessage *out)
{
    if (((const Ts__Webhooks__RotateSecretRequest *)in)->overlap_s > ENDPOINT_OVERLAP_MAX_S)
        return ts_fail(call->error, TS_INVALID, "overlap_seconds",
                       "overlap_seconds must be between 0 and %d", ENDPOINT_OVERLAP_MAX_S);
    return webhooks_change(call, in, out, rotate);
}

static ts_status promote(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    TS_CLEANUP(edit_done)
    edit e = { .app = call->service, .call = call, .in = in, .action = "endpoint.secret_promoted" };
    ready_endpoint *known = NULL;
    ts_status st = edit_begin(&e, ((const Ts__Webhooks__EndpointId *)in)->id, &known);

    if (st != TS_OK)
        return st;
    if (!endpoint_promote(e.row, ts_wall_ms(), true))
        return ts_fail(call->error, TS_CONFLICT, "",
                       "The secret is not being rotated: there is no new one to promote.");
    return edit_save(&e, known, (Ts__Webhooks__Endpoint *)out);
}

ts_status webhooks_rpc_promote_secret(ts_call *call, const ProtobufCMessage *in,
                                      ProtobufCMessage *out)
{
    return webhooks_change(call, in, out, promote);
}
