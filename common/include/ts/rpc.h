/* RPC: typed methods, lanes, many calls at once on one connection, a byte stream of nng's.
 *
 * A method lives in one lane, each lane has a connection of its own, so that slow work never holds fast work up:
 *   fast  point reads and Authorize; no fsync, no scan
 *   slow  lists and changes
 *   bulk  ingest, relays, export
 *   park  calls that wait long without holding a worker
 *
 * A call carries a random call_id that stays the same when the call is repeated: it alone deduplicates. A call whose deadline
 * has passed is dropped, not worked on. Nothing is sent again by itself: we repeat idempotent calls, nobody else does.
 */
#ifndef TS_RPC_H
#define TS_RPC_H

#include <protobuf-c/protobuf-c.h>

#include "ts/arena.h"
#include "ts/base.h"
#include "ts/buf.h"

typedef enum ts_lane { TS_LANE_FAST, TS_LANE_SLOW, TS_LANE_BULK, TS_LANE_PARK, TS_LANES } ts_lane;
const char *ts_lane_name(ts_lane lane);

/* May be repeated by the caller's side within its deadline after a lost connection. */
#define TS_RPC_IDEMPOTENT 1u
/* With the above: repeated until the deadline also while the peer is away or stopping. Without it a call to a peer that is not
 * connected waits a moment for it and fails. */
#define TS_RPC_PATIENT 2u

/* A method as both sides know it; all of them stand in proto/methods.h. */
typedef struct ts_method {
    const char *name; /* "auth.Authorize" */
    const ProtobufCMessageDescriptor *request;
    const ProtobufCMessageDescriptor *reply;
    ts_lane lane;
    unsigned flags;
} ts_method;

#define TS_REQUEST_ID_SIZE 72

/* Who asks and for whom; travels with each call. Strings are borrowed for the call. */
typedef struct ts_caller {
    ts_tenant tenant;            /* org 0: outside any organization (operators, Authorize) */
    const char *request_id;      /* for logs only; "" if none */
    const char *actor;           /* "key:<id>", "ctl", "service:<name>" */
    const char *client_addr;     /* "" if none */
    const char *traceparent;     /* "" if none */
    const char *idempotency_key; /* "" if none */
    uint64_t permissions;        /* bits of TS_PERM_* that were used */
    int64_t deadline_boot_ms;    /* on this machine's CLOCK_BOOTTIME */
    /* Clients: a peer that just went is waited for as long as a restart takes, and what a stopping one has not begun is asked
     * again whatever the method. For those who would rather be late than fail and have no loop of their own. */
    bool waits_restarts_out;
    bool *
        ret_replayed; /* clients: set if the answer is that of an earlier, equal call; NULL: not asked */
} ts_caller;

/* Where a service listens: TS_BUS_<SERVICE> (dashes as underscores), else
 * ipc://$TS_BUS_DIR/<service>, TS_BUS_DIR defaulting to data/run/bus. */
#define TS_BUS_ADDRESS_SIZE 256
void ts_bus_address(const char *service, char ret[TS_BUS_ADDRESS_SIZE]);
/* A line in `mistakes` for each setting of the bus that whoever serves at or calls one of these services would stumble over. */
void ts_bus_check(const char *const *services, size_t count, ts_buf *mistakes);

/* ---- server ---- */

/* A call as a handler sees it. Everything in it lives until the call is finished. */
typedef struct ts_call {
    ts_caller caller;
    ts_tenant tenant; /* = caller.tenant, for store calls */
    uint8_t call_id[16];
    const ts_method *method;
    ts_arena *arena;
    ts_error *error;
    void *service;
    int64_t now_ms; /* wall clock at arrival */
    bool replayed;  /* the handler answers what it answered before: ts/once.h */
    /* Set by a handler: its answer follows from request and rows of the tenant alone (no clock, no rows outside any tenant, no
     * audit entry), so that it may be given again as long as these stay as they are. */
    bool lasts;
} ts_call;

/* Validates, loads, decides, saves, answers. `in` and `out` are of the method's types; what `out`
 * points to must live in call->arena (or be static). A handler may initialize `out` as another message that is no larger and the
 * same on the wire. May block only in lanes slow and bulk. */
typedef ts_status ts_handler(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out);

typedef struct ts_rpc_row {
    const ts_method *method; /* NULL ends the table */
    ts_handler *handler;
    bool without_tenant; /* accepts org 0 */
} ts_rpc_row;

typedef struct ts_rpc_options {
    const char *address; /* ipc://DIR/name or tcp://host:port; each lane adds its own suffix or port
                            offset */
    const char *service_name; /* for metrics */
    const ts_rpc_row *rows;
    void *service;
    /* May this tenant be served? Asked before each call that names an organization; must not block. NULL: all may. */
    bool (*serves)(void *context, ts_tenant tenant);
    void *serves_context;
    /* A number that moves with the tenant's rows; 0: they are moving now. Must not block. With it answers that last
     * (ts_call) are kept, at most `answers_bytes` of them, and given again without a handler. NULL or 0 bytes: none are. */
    uint64_t (*version)(const void *context, uint64_t org);
    const void *version_context;
    size_t answers_bytes;
    unsigned slow_workers, bulk_workers; /* threads; 0 = default (4 and 2) */
    unsigned contexts;                   /* calls at once per lane; 0 = a default per lane */
    size_t max_message_bytes;            /* 0 = 16 MiB */
    size_t arena_bytes;                  /* ceiling per call; 0 = 64 MiB */
} ts_rpc_options;

typedef struct ts_rpc_server ts_rpc_server;
/* TS_UNAVAILABLE with words if an address cannot be listened on. Copies the options, borrows rows
 * and service. */
TS_CHECK ts_status ts_rpc_server_start(const ts_rpc_options *options, ts_rpc_server **ret,
                                       ts_error *err);
/* New calls are answered TS_UNAVAILABLE, and that they were not begun; waits up to `drain_ms` for those in work, and a moment
 * longer, so that their answers are read before the connection ends. Parked calls are their owner's. */
void ts_rpc_server_drain(ts_rpc_server *s, int64_t drain_ms);
/* Drains with 0 if not done, waits until the owners of parked calls have finished them, stops and frees. NULL is fine. */
void ts_rpc_server_stop(ts_rpc_server *s);

/* For handlers of the park lane: return this, keep `call` and `out`, and later call ts_rpc_finish()
 * exactly once from any thread. Never crosses the wire. */
#define TS_PARKED ((ts_status)-1)
void ts_rpc_finish(ts_call *call, ProtobufCMessage *out, ts_status status);
/* False once the connection that a parked call came over has ended: its answer would reach nobody. Whoever holds something of
 * value for it asks before. */
bool ts_rpc_caller_is_there(const ts_call *call);

/* ---- client ---- */

typedef struct ts_peer ts_peer;
#define TS_PEER_IN_FLIGHT_MAX 256

/* A lane is dialled in the background from its first call on: a peer that is down now is dialled again for ever. `name` is for metrics
 * and error words. */
TS_CHECK ts_status ts_peer_new(const char *name, const char *address, ts_peer **ret, ts_error *err);
/* From any thread, for ever: calls under way and those to come end at once with TS_UNAVAILABLE, not knowing what came of them. */
void ts_peer_cancel(ts_peer *peer);
/* No call may be under way. NULL is fine. */
void ts_peer_free(ts_peer *peer);
TS_DEFINE_CLEANUP(ts_peer, ts_peer_free);

/* One call; a thread sleeps until the answer or the deadline, a fiber lets others go on. *ret_out lives in `arena`.
 * Returns the handler's status and words; TS_UNAVAILABLE if the peer is down or late, or TS_PEER_IN_FLIGHT_MAX calls are under way;
 * TS_TOO_LARGE. Thread-safe. */
TS_CHECK ts_status ts_rpc_call(ts_peer *peer, const ts_method *method, const ts_caller *caller,
                               const ProtobufCMessage *in, ts_arena *arena,
                               ProtobufCMessage **ret_out, ts_error *err);

/* One of several calls that are under way at the same time. */
typedef struct ts_rpc_part {
    ts_peer *peer;
    const ts_method *method;
    const ProtobufCMessage *in;
    ts_arena *arena;       /* no two parts may share one: answers come in any order */
    ProtobufCMessage *out; /* NULL unless status is TS_OK */
    ts_status status;
    ts_error error;
    bool replayed;
} ts_rpc_part;
#define TS_RPC_PARTS_MAX 8

/* At most TS_RPC_PARTS_MAX calls at once, each as ts_rpc_call() would make it; blocks until all have their outcome. Leaves
 * caller->ret_replayed alone. */
void ts_rpc_call_all(const ts_caller *caller, ts_rpc_part *parts, size_t count);

#endif
