/* Lease, Result, and what other services hand over. */
#include "proto/publish.h"
#include "ts/backup.h"
#include "ts/tenancy.h"
#include "webhooks.h"

#define RESULTS_MAX 1024

ts_status webhooks_rpc_lease(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Webhooks__LeaseRequest *request = (const Ts__Webhooks__LeaseRequest *)in;
    webhooks *app = call->service;

    if (request->leaving) {
        dispatch_leave(app->dispatch, ts_str_of(request->dispatcher));
        return TS_OK;
    }
    if (request->credits == 0)
        return ts_fail(call->error, TS_INVALID, "credits", "credits must be at least 1");
    dispatch_park(app->dispatch, call, request, (Ts__Webhooks__LeaseReply *)out);
    return TS_PARKED;
}

ts_status webhooks_rpc_result(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Webhooks__ResultRequest *request = (const Ts__Webhooks__ResultRequest *)in;
    webhooks *app = call->service;
    uint64_t ticket = 0;
    ts_status st;

    (void)out;
    if (request->n_results > RESULTS_MAX)
        return ts_fail(call->error, TS_INVALID, "results", "at most %d results", RESULTS_MAX);
    st = ledger_results(&app->ledger, request->results, request->n_results, call->arena, &ticket);
    if (st != TS_OK)
        return st;
    /* If nothing changed, they were told before: whoever did so may still be waiting for the disk. */
    return ticket == 0 ? ts_store_sync_all(app->store) : ts_store_sync(app->store, ticket);
}

void webhooks_lock(void *service, ts_tenant tenant)
{
    (void)tenant;
    pthread_mutex_lock(&((webhooks *)service)->ledger.lock);
}

void webhooks_unlock(void *service, ts_tenant tenant)
{
    webhooks *app = service;

    (void)tenant;
    change_done(&app->taking);
    app->taking = (change){ 0 };
    pthread_mutex_unlock(&app->ledger.lock);
}

ts_status webhooks_close_rows(void *service, ts_batch *batch)
{
    webhooks *app = service;

    (void)batch;
    return change_flush(&app->taking);
}

void webhooks_forget(void *service, ts_tenant tenant, ts_arena *arena)
{
    (void)arena;
    /* Results and leases of many share a batch: nothing more of either mode may come into one. */
    for (int mode = TS_MODE_LIVE; mode <= TS_MODE_TEST; mode++)
        ledger_forget(&((webhooks *)service)->ledger, (ts_tenant){ tenant.org, (ts_mode)mode });
}

ts_status webhooks_apply_row(void *service, const Ts__HandOverRow *row, ts_arena *arena,
                             ts_batch *batch, ts_error *err)
{
    webhooks *app = service;
    ts_tenant tenant = { row->org, row->mode == TS_MODE_TEST ? TS_MODE_TEST : TS_MODE_LIVE };
    ProtobufCMessage *m = NULL;
    ts_status st = TS_OK;

    if (app->taking.batch != batch)
        st = change_init(&app->taking, &app->ledger, batch, arena);
    if (st != TS_OK)
        return st;
    if (strcmp(row->kind, TS_KIND_WEBHOOK) != 0)
        return ts_fail(err, TS_INVALID, "kind", "webhooks takes rows of kind webhook");
    st = ts_arena_unpack(arena, &ts__webhook_publish__descriptor,
                         ts_str_n(row->payload.data, row->payload.len), &m);
    if (st != TS_OK)
        return st;
    return change_publish(&app->taking, tenant, (const Ts__WebhookPublish *)m, NULL, err);
}

ts_status webhooks_rpc_accept(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    webhooks *app = call->service;

    return ts_inbox_accept(app->inbox, call, (const Ts__HandOverRequest *)in,
                           (Ts__HandOverReply *)out);
}

ts_status webhooks_rpc_export(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    return ts_tenancy_export(((webhooks *)call->service)->store, "webhooks", call, in, out);
}

ts_status webhooks_rpc_backup(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    return ts_backup_step(((webhooks *)call->service)->store, call, in, out);
}
