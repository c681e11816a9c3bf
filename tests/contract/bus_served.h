/* A service of one method for each lane, and calls of them. */
#ifndef CONTRACT_BUS_SERVED_H
#define CONTRACT_BUS_SERVED_H

#include <stdatomic.h>

#include "peers.h"

static char directory[64];
static char address[128];

typedef struct service {
    atomic_int calls;
    atomic_int overviews;
    _Atomic uint64_t version; /* of all tenants' rows */
    atomic_int running;
    atomic_int most_running;
    atomic_bool hold; /* slow handlers wait while set */
    _Atomic(ts_call *) parked;
} service;

/* Authorize echoes the cost as the limit, so that a mixed-up answer shows. */
static inline ts_status on_authorize(ts_call *call, const ProtobufCMessage *in,
                                     ProtobufCMessage *out)
{
    const Ts__Auth__AuthorizeRequest *req = (const Ts__Auth__AuthorizeRequest *)in;
    service *s = call->service;

    atomic_fetch_add(&s->calls, 1);
    if (req->cost == 7777)
        return ts_fail(call->error, TS_CONFLICT, "cost", "cost %u is not liked", req->cost);
    ((Ts__Auth__AuthorizeReply *)out)->limit = req->cost;
    ((Ts__Auth__AuthorizeReply *)out)->org = call->tenant.org;
    return TS_OK;
}

static inline ts_status on_overview(ts_call *call, const ProtobufCMessage *in,
                                    ProtobufCMessage *out)
{
    service *s = call->service;

    (void)in;
    atomic_fetch_add(&s->overviews, 1);
    call->lasts = true;
    ((Ts__Risk__OverviewReply *)out)->total_users = call->tenant.org;
    return TS_OK;
}

static inline ts_status on_list_keys(ts_call *call, const ProtobufCMessage *in,
                                     ProtobufCMessage *out)
{
    struct timespec pause = { 0, 1000000 };
    service *s = call->service;
    int n = atomic_fetch_add(&s->running, 1) + 1;
    int most = atomic_load(&s->most_running);

    (void)in;
    (void)out;
    while (n > most && !atomic_compare_exchange_weak(&s->most_running, &most, n))
        ;
    while (atomic_load(&s->hold))
        nanosleep(&pause, NULL);
    atomic_fetch_sub(&s->running, 1);
    atomic_fetch_add(&s->calls, 1);
    return TS_OK;
}

static inline ts_status on_ingest(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Risk__IngestRequest *req = (const Ts__Risk__IngestRequest *)in;
    service *s = call->service;

    atomic_fetch_add(&s->calls, 1);
    ((Ts__Risk__IngestReply *)out)->accepted = (uint32_t)req->body.len;
    return TS_OK;
}

static inline ts_status on_lease(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    service *s = call->service;

    (void)in;
    (void)out;
    atomic_store(&s->parked, call);
    return TS_PARKED;
}

static const ts_rpc_row rows[] = {
    { &ts_auth_authorize, on_authorize, true }, { &ts_risk_overview, on_overview, false },
    { &ts_auth_list_keys, on_list_keys, true }, { &ts_risk_ingest, on_ingest, false },
    { &ts_webhooks_lease, on_lease, true },     { 0 },
};

static inline ts_rpc_server *start(service *s)
{
    ts_rpc_options o = { .address = address, .service_name = "test", .rows = rows, .service = s };
    ts_rpc_server *server = NULL;
    ts_error err = { "", "" };

    CHECK_EQ(ts_rpc_server_start(&o, &server, &err), TS_OK);
    return server;
}

static inline ts_peer *dial_nobody(void)
{
    ts_peer *peer = NULL;

    CHECK_EQ(ts_peer_new("test", address, &peer, NULL), TS_OK);
    return peer;
}

/* To a server that is there. */
static inline ts_peer *dial(void)
{
    ts_peer *peer = dial_nobody();

    connect_lanes(peer, rows);
    return peer;
}

static inline ts_caller caller_with(int64_t timeout_ms)
{
    return (ts_caller){ .request_id = "req_test00",
                        .actor = "ctl",
                        .client_addr = "",
                        .traceparent = "",
                        .idempotency_key = "",
                        .tenant = { 5, TS_MODE_TEST },
                        .deadline_boot_ms = ts_boot_ms() + timeout_ms };
}

static inline ts_status authorize(ts_peer *peer, uint32_t cost, int64_t timeout_ms, uint32_t *ret,
                                  ts_error *err)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(1 << 20);
    Ts__Auth__AuthorizeRequest req = TS__AUTH__AUTHORIZE_REQUEST__INIT;
    ts_caller caller = caller_with(timeout_ms);
    ProtobufCMessage *out = NULL;
    ts_status st;

    req.cost = cost;
    st = ts_rpc_call(peer, &ts_auth_authorize, &caller, &req.base, arena, &out, err);
    if (st == TS_OK)
        *ret = ((Ts__Auth__AuthorizeReply *)out)->limit;
    return st;
}

static inline ts_status list_keys(ts_peer *peer, int64_t timeout_ms)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(1 << 20);
    Ts__Auth__ListKeysRequest req = TS__AUTH__LIST_KEYS_REQUEST__INIT;
    ts_caller caller = caller_with(timeout_ms);
    ProtobufCMessage *out = NULL;

    return ts_rpc_call(peer, &ts_auth_list_keys, &caller, &req.base, arena, &out, NULL);
}

static inline ts_status ingest(ts_peer *peer, size_t body_bytes, uint32_t *ret)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(UINT64_C(64) << 20);
    Ts__Risk__IngestRequest req = TS__RISK__INGEST_REQUEST__INIT;
    ts_caller caller = caller_with(10000);
    ProtobufCMessage *out = NULL;
    uint8_t *body = calloc(1, body_bytes + 1);
    ts_status st;

    CHECK(body != NULL);
    req.body.data = body;
    req.body.len = body_bytes;
    st = ts_rpc_call(peer, &ts_risk_ingest, &caller, &req.base, arena, &out, NULL);
    if (st == TS_OK)
        *ret = ((Ts__Risk__IngestReply *)out)->accepted;
    free(body);
    return st;
}

static inline ts_status overview(ts_peer *peer, int64_t timeout_ms, ts_error *err)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(1 << 20);
    Ts__Risk__OverviewRequest req = TS__RISK__OVERVIEW_REQUEST__INIT;
    ts_caller caller = caller_with(timeout_ms);
    ProtobufCMessage *out = NULL;

    return ts_rpc_call(peer, &ts_risk_overview, &caller, &req.base, arena, &out, err);
}

#endif
