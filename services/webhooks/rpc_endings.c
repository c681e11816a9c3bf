/* Deleting an endpoint, and trying one out. */
#include "change.h"
#include "ts/audit.h"
#include "ts/once.h"
#include "webhooks.h"

/* The mark is what counts; tend.c settles what it was owed. */
static ts_status end(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    webhooks *app = call->service;
    TS_CLEANUP(ts_batch_free_p) ts_batch *batch = ts_batch_new();
    Ts__Webhooks__Endpoint *row = NULL;
    ready_endpoint *e;
    ts_status st = webhooks_find_endpoint(call, ((const Ts__Webhooks__EndpointId *)in)->id, &row);

    if (st != TS_OK || batch == NULL)
        return st == TS_OK ? TS_NOMEM : st;
    row->enabled = false;
    row->disabled_reason = (char *)(uintptr_t)ENDPOINT_ENDING; /* only packed */
    row_put_endpoint(batch, app->store, call->tenant, row);
    ts_audit_add(batch, WEBHOOKS_TO_AUTH, call, "endpoint.deleted", row->id, TS_STR_NULL);
    st = ts_once_keep(batch, app->store, WEBHOOKS_ONCE, call, in, out);
    if (st == TS_OK)
        st = ts_store_write(app->store, batch, NULL);
    e = ledger_endpoint(&app->ledger, ts_str_of(row->id));
    return st == TS_OK && e != NULL ? ledger_endpoint_apply(&app->ledger, e, row) : st;
}

ts_status webhooks_rpc_delete_endpoint(ts_call *call, const ProtobufCMessage *in,
                                       ProtobufCMessage *out)
{
    return webhooks_change(call, in, out, end);
}

/* ---- test event ---- */

static ts_status publish_test(webhooks *app, ts_call *call, const char *endpoint, ts_batch *batch,
                              Ts__Webhooks__EventId *reply)
{
    Ts__WebhookPublish p = TS__WEBHOOK_PUBLISH__INIT;
    char id[TS_ID_SIZE];
    ts_hash128 cause;
    ts_status st = ts_random(cause.bytes, sizeof(cause.bytes));

    if (st != TS_OK)
        return st;
    p.cause.data = cause.bytes;
    p.cause.len = sizeof(cause.bytes);
    p.event = (char *)(uintptr_t) "webhook.test"; /* only read */
    p.at_ms = ts_wall_ms();
    p.data = ts_arena_printf(call->arena, "{\"test\":true,\"endpoint_id\":\"%s\"}", endpoint);
    ts_id_format("evt_", cause, id);
    reply->id = ts_arena_z(call->arena, ts_str_of(id));
    if (p.data == NULL || reply->id == NULL)
        return TS_NOMEM;
    return ledger_publish(&app->ledger, call->tenant, &p, endpoint, call->arena, batch,
                          call->error);
}

static ts_status test(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    webhooks *app = call->service;
    TS_CLEANUP(ts_batch_free_p) ts_batch *batch = ts_batch_new();
    Ts__Webhooks__Endpoint *row = NULL;
    ts_status st = webhooks_find_endpoint(call, ((const Ts__Webhooks__EndpointId *)in)->id, &row);

    if (st != TS_OK || batch == NULL)
        return st == TS_OK ? TS_NOMEM : st;
    if (!row->enabled)
        return ts_fail(call->error, TS_CONFLICT, "id",
                       "The endpoint is disabled: enable it first.");
    st = publish_test(app, call, row->id, batch, (Ts__Webhooks__EventId *)out);
    if (st != TS_OK)
        return st;
    ts_audit_add(batch, WEBHOOKS_TO_AUTH, call, "endpoint.tested", row->id, TS_STR_NULL);
    st = ts_once_keep(batch, app->store, WEBHOOKS_ONCE, call, in, out);
    return st == TS_OK ? ts_store_write(app->store, batch, NULL) : st;
}

ts_status webhooks_rpc_test_endpoint(ts_call *call, const ProtobufCMessage *in,
                                     ProtobufCMessage *out)
{
    return webhooks_change(call, in, out, test);
}
