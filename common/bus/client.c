/* The calling side of the bus.
 *
 * A call to a peer that is not connected waits a moment for the connection, then fails: a reader
 * must not spend its whole deadline on a service that is down. Callers who wait restarts out wait, if there was a connection
 * until just now, as long as a restart takes, and make a call again, whatever it is, that a stopping peer has not begun.
 * Patient methods (Authorize: nothing goes on without it) wait until their deadline. So a peer that starts again in time is
 * not noticed.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

#include "link.h"
#include "ts/id.h"
#include "ts/metrics.h"
#include "ts/time.h"

#define REPEAT_PAUSE_MS 20
#define REPEAT_LAST_MS  160 /* the pause doubles up to it */

/* An attempt at a call, and what came of it. */
typedef struct attempt {
    bus_waiter waiter;
    bool is_started;
    ts_status status;
    bool lost;    /* the connection ended under it: worth a repeat if idempotent */
    bool not_run; /* the peer says that it has not begun: worth a repeat */
    bool replayed;
    ts_str payload;
    ts_error error;
} attempt;

/* Counts of one method. A table of a peer's methods only grows: a row is written whole before `method` is. */
typedef struct method_counts {
    const ts_method *_Atomic method; /* NULL: free */
    ts_metric *calls;
    ts_metric *failures;
    ts_metric *seconds;
} method_counts;

#define METHODS_MAX 64

struct ts_peer {
    char name[48];
    bus_link links[TS_LANES];
    atomic_uint in_flight;
    atomic_bool is_cancelled;
    pthread_mutex_t counting; /* guards what is added to the table */
    method_counts counts[METHODS_MAX];
};

ts_status ts_peer_new(const char *name, const char *address, ts_peer **ret, ts_error *err)
{
    TS_CLEANUP(ts_peer_free_p) ts_peer *peer = calloc(1, sizeof(*peer));
    ts_status st = TS_OK;

    if (peer == NULL)
        return ts_fail(err, TS_NOMEM, "", "out of memory");
    snprintf(peer->name, sizeof(peer->name), "%s", name);
    pthread_mutex_init(&peer->counting, NULL);
    for (unsigned i = 0; i < TS_LANES; i++) {
        if (bus_link_init(&peer->links[i], address, (ts_lane)i, err) != TS_OK)
            st = TS_INVALID;
    }
    if (st != TS_OK)
        return st;
    *ret = TS_TAKE(peer);
    return TS_OK;
}

void ts_peer_free(ts_peer *peer)
{
    if (peer == NULL)
        return;
    for (unsigned i = 0; i < TS_LANES; i++)
        bus_link_done(&peer->links[i]);
    pthread_mutex_destroy(&peer->counting);
    free(peer);
}

void ts_peer_cancel(ts_peer *peer)
{
    atomic_store(&peer->is_cancelled, true); /* first: nothing is repeated */
    for (unsigned i = 0; i < TS_LANES; i++)
        bus_link_cancel(&peer->links[i]);
}

static void fill_call(Ts__Call *call, const ts_method *method, const ts_caller *caller)
{
    call->method = (char *)(uintptr_t)method->name; /* packing only reads these */
    call->request_id = (char *)(uintptr_t)caller->request_id;
    call->actor = (char *)(uintptr_t)caller->actor;
    call->client_addr = (char *)(uintptr_t)caller->client_addr;
    call->traceparent = (char *)(uintptr_t)caller->traceparent;
    call->idempotency_key = (char *)(uintptr_t)caller->idempotency_key;
    call->org = caller->tenant.org;
    call->mode = (uint32_t)caller->tenant.mode;
    call->permissions = caller->permissions;
    call->boot_id = ts_boot_id();
    call->deadline_boot_ms = caller->deadline_boot_ms;
}

static void fail(attempt *a, const ts_peer *peer, ts_status st, bool lost, const char *why)
{
    a->status = ts_fail(&a->error, st, "", "%s %s", peer->name, why);
    a->lost = lost;
}

static void start(ts_peer *peer, const ts_method *method, Ts__Call *call, const ts_caller *caller,
                  ts_arena *arena, attempt *a)
{
    bus_link *l = &peer->links[method->lane];
    int64_t left_ms = caller->deadline_boot_ms - ts_boot_ms();

    *a = (attempt){ .status = TS_OK };
    if (left_ms <= 0) {
        fail(a, peer, TS_UNAVAILABLE, false, "did not answer in time");
        return;
    }
    call->timeout_ms = (uint32_t)(left_ms > INT32_MAX ? INT32_MAX : left_ms);
    if (protobuf_c_message_get_packed_size(&call->base) > BUS_MESSAGE_MAX)
        fail(a, peer, TS_TOO_LARGE, false, "cannot take so large a request");
    else if (!bus_link_wait(l, caller->deadline_boot_ms, caller->waits_restarts_out))
        fail(a, peer, TS_UNAVAILABLE, false, "is not reachable");
    if (a->status != TS_OK)
        return;
    a->is_started = true;
    bus_link_start(l, &a->waiter, arena, &call->base);
}

static void take_reply(const ts_peer *peer, attempt *a)
{
    ProtobufCMessage *m = NULL;
    const Ts__Reply *reply;
    ts_status st = ts_arena_unpack(a->waiter.arena, &ts__reply__descriptor, a->waiter.answer, &m);

    if (st != TS_OK) {
        fail(a, peer, TS_UNAVAILABLE, false, "gave an answer that cannot be read");
        return;
    }
    reply = (const Ts__Reply *)m;
    a->status = reply->status <= TS_PRECONDITION ? (ts_status)reply->status : TS_INTERNAL;
    a->payload = ts_str_n(reply->payload.data, reply->payload.len);
    a->replayed = reply->replayed;
    a->not_run = reply->not_run && a->status != TS_OK;
    if (a->status != TS_OK)
        ts_error_set(&a->error, reply->error_param, "%s", reply->error_text);
}

static void finish(ts_peer *peer, const ts_method *method, int64_t deadline_boot_ms, attempt *a)
{
    const bus_waiter *w = &a->waiter;

    if (!a->is_started)
        return;
    if (!bus_link_finish(&peer->links[method->lane], &a->waiter, deadline_boot_ms))
        fail(a, peer, TS_UNAVAILABLE, false, "did not answer in time");
    else if (w->is_lost && w->sent == TS_NOMEM)
        fail(a, peer, TS_NOMEM, false, "call failed: out of memory");
    else if (w->is_lost)
        fail(a, peer, TS_UNAVAILABLE, true, "lost the connection");
    else if (w->answer.p == NULL)
        fail(a, peer, TS_NOMEM, false, "call failed: out of memory");
    else
        take_reply(peer, a);
}

/* Worth another try, if there is time left for one? */
static bool may_repeat(const ts_method *method, const ts_caller *caller, const attempt *a)
{
    if (a->not_run && caller->waits_restarts_out)
        return true;
    if ((method->flags & TS_RPC_IDEMPOTENT) == 0)
        return false;
    if ((method->flags & TS_RPC_PATIENT) != 0)
        return a->status == TS_UNAVAILABLE; /* lost, away, stopping */
    return a->lost; /* one that stays away has had its time in bus_link_wait() */
}

/* The outcome of an attempt that was started, and of those after it: as often as the deadline allows if that is harmless. */
static void finish_or_repeat(ts_peer *peer, const ts_method *method, Ts__Call *call,
                             const ts_caller *caller, ts_arena *arena, attempt *a)
{
    int64_t pause_ms = REPEAT_PAUSE_MS;

    for (;;) {
        finish(peer, method, caller->deadline_boot_ms, a);
        if (a->status == TS_OK || !may_repeat(method, caller, a) ||
            atomic_load(&peer->is_cancelled) || ts_boot_ms() + pause_ms >= caller->deadline_boot_ms)
            return;
        ts_pause_ms(pause_ms);
        pause_ms = 2 * pause_ms > REPEAT_LAST_MS ? REPEAT_LAST_MS : 2 * pause_ms;
        start(peer, method, call, caller, arena, a);
    }
}

/* The method's row, made at its first call; NULL if the table is full. */
static method_counts *counts_of(ts_peer *peer, const ts_method *method)
{
    method_counts *c = NULL;
    char labels[160];

    for (size_t i = 0; i < METHODS_MAX && peer->counts[i].method != NULL; i++) {
        if (peer->counts[i].method == method)
            return &peer->counts[i];
    }
    pthread_mutex_lock(&peer->counting);
    for (size_t i = 0; c == NULL && i < METHODS_MAX; i++) {
        if (peer->counts[i].method == NULL || peer->counts[i].method == method)
            c = &peer->counts[i];
    }
    if (c != NULL && c->method == NULL) {
        (void)snprintf(labels, sizeof(labels), "peer=\"%s\",method=\"%s\"", peer->name,
                       method->name);
        c->calls = ts_counter("ts_rpc_client_calls_total", labels, "calls made");
        c->failures =
            ts_counter("ts_rpc_client_failures_total", labels, "calls without an answer in time");
        c->seconds =
            ts_histogram("ts_rpc_client_seconds", labels, "time of a call until its answer");
        c->method = method;
    }
    pthread_mutex_unlock(&peer->counting);
    return c;
}

static void count_call(ts_peer *peer, const ts_method *method, int64_t started_us, ts_status st)
{
    method_counts *c = counts_of(peer, method);

    if (c == NULL)
        return;
    ts_metric_add(c->calls, 1);
    ts_metric_observe_us(c->seconds, ts_boot_us() - started_us);
    if (st == TS_UNAVAILABLE)
        ts_metric_add(c->failures, 1);
}

/* Until the answer: a part, its call on the wire and the attempt at it. */
typedef struct running {
    ts_rpc_part *part;
    Ts__Call call;
    uint8_t call_id[16];
    bool is_counted; /* among those in flight */
    bool is_begun;
    attempt attempt;
} running;

/* The call on the wire, in the part's arena. */
static ts_status compose(running *r, const ts_caller *caller)
{
    ts_rpc_part *part = r->part;
    size_t n = protobuf_c_message_get_packed_size(part->in);
    uint8_t *bytes = ts_arena_alloc(part->arena, n + 1);

    if (bytes == NULL)
        return ts_fail(&part->error, TS_NOMEM, "", "out of memory");
    protobuf_c_message_pack(part->in, bytes);
    ts__call__init(&r->call);
    fill_call(&r->call, part->method, caller);
    r->call.call_id.data = r->call_id;
    r->call.call_id.len = sizeof(r->call_id);
    r->call.payload.data = bytes;
    r->call.payload.len = n;
    return ts_random_public(r->call_id, sizeof(r->call_id));
}

static ts_status prepare(running *r, const ts_caller *caller)
{
    ts_rpc_part *part = r->part;
    ts_peer *peer = part->peer;
    ts_status st = compose(r, caller);

    if (st == TS_OK)
        st = bus_link_open(&peer->links[part->method->lane], &part->error);
    if (st != TS_OK)
        return st;
    r->is_counted = true;
    if (atomic_fetch_add(&peer->in_flight, 1) >= TS_PEER_IN_FLIGHT_MAX)
        return ts_fail(&part->error, TS_UNAVAILABLE, "", "too many calls to %s at once",
                       peer->name);
    return TS_OK;
}

/* Starts the parts whose peer is there, or those whose peer was not and must be waited for. */
static void start_all(running *all, size_t count, const ts_caller *caller, bool awaited)
{
    for (size_t i = 0; i < count; i++) {
        running *r = &all[i];
        ts_rpc_part *part = r->part;

        if (part->status != TS_OK || r->is_begun)
            continue;
        if (!awaited && !bus_link_is_ready(&part->peer->links[part->method->lane]))
            continue;
        r->is_begun = true;
        start(part->peer, part->method, &r->call, caller, part->arena, &r->attempt);
    }
}

static void end(running *r, const ts_caller *caller, int64_t started_us)
{
    ts_rpc_part *part = r->part;
    attempt *a = &r->attempt;

    if (part->status == TS_OK) {
        finish_or_repeat(part->peer, part->method, &r->call, caller, part->arena, a);
        part->status = a->status;
        part->error = a->error;
        part->replayed = a->replayed;
        count_call(part->peer, part->method, started_us, part->status);
    }
    if (r->is_counted)
        atomic_fetch_sub(&part->peer->in_flight, 1);
    if (part->status != TS_OK)
        return;
    part->status = ts_arena_unpack(part->arena, part->method->reply, a->payload, &part->out);
    if (part->status != TS_OK) {
        part->out = NULL;
        part->status = ts_fail(&part->error, TS_CORRUPT, "", "the answer of %s does not decode",
                               part->peer->name);
    }
}

void ts_rpc_call_all(const ts_caller *caller, ts_rpc_part *parts, size_t count)
{
    running all[TS_RPC_PARTS_MAX];
    int64_t started_us = ts_boot_us();

    assert(count <= TS_RPC_PARTS_MAX);
    for (size_t i = 0; i < count; i++) {
        all[i].part = &parts[i];
        all[i].is_counted = false;
        all[i].is_begun = false;
        parts[i].out = NULL;
        parts[i].replayed = false;
        parts[i].error = (ts_error){ .text = "" };
        parts[i].status = prepare(&all[i], caller);
    }
    /* Waiting for one that is away takes no time from those that are there. */
    start_all(all, count, caller, false);
    start_all(all, count, caller, true);
    for (size_t i = 0; i < count; i++)
        end(&all[i], caller, started_us);
}

ts_status ts_rpc_call(ts_peer *peer, const ts_method *method, const ts_caller *caller,
                      const ProtobufCMessage *in, ts_arena *arena, ProtobufCMessage **ret_out,
                      ts_error *err)
{
    ts_rpc_part part = { .peer = peer, .method = method, .in = in, .arena = arena };

    ts_rpc_call_all(caller, &part, 1);
    if (caller->ret_replayed != NULL)
        *caller->ret_replayed = part.replayed;
    if (part.status == TS_OK)
        *ret_out = part.out;
    else if (err != NULL)
        *err = part.error;
    return part.status;
}
