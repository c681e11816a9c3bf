/* The calling side of the bus.
 *
 * A call to a peer that is not connected waits a moment for the connection, then fails: a reader
 * must not spend its whole deadline on a service that is down. Callers who wait restarts out wait, if there was a connection
 * until just now, as long as a restart takes, and make a call again, whatever it is, that a stopping peer has not begun.
 * Patient methods (Authorize: nothing goes on without it) wait until their deadline. So a peer that starts again in time is
 * not noticed.
 *
 * Combining (fast lane): a thread puts its call into the lane's queue. If fewer than LEADERS_MAX
 * messages are under way it becomes a leader: takes everything that waits, sends it as one message,
 * and hands each caller its reply. Otherwise it sleeps until a leader has brought its reply or
 * makes it the next leader. What costs on this bus is the wake-up, not the bytes; under load one
 * wake-up of the peer thus serves many callers.
 */
#include <nng/nng.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "link.h"
#include "ts/id.h"
#include "ts/metrics.h"
#include "ts/time.h"

#define LEADERS_MAX     2
#define COMBINE_MAX     64
#define COMBINE_BYTES   (UINT64_C(1) << 20)
#define REPEAT_PAUSE_MS 20
#define REPEAT_LAST_MS  160 /* the pause doubles up to it */

/* A call under way; lives on its caller's stack. Guarded by the lane's lock until `done`. */
typedef struct waiter {
    const Ts__Call *call;
    ts_arena *arena; /* the caller's: a leader may use it while the caller sleeps */
    int64_t deadline_boot_ms;
    bool restarts; /* waits one out */
    pthread_cond_t wake;
    bool taken; /* a leader works on it */
    bool done;
    ts_status status;
    bool lost;    /* the connection ended under it: worth a repeat if idempotent */
    bool not_run; /* the peer says that it has not begun: worth a repeat */
    bool replayed;
    ts_str payload;
    ts_error error;
    struct waiter *next;
} waiter;

typedef struct slot {
    nng_ctx ctx;
    nng_aio *aio;
    struct slot *next;
} slot;

typedef struct client_lane {
    ts_peer *peer;
    bus_link link;
    pthread_mutex_t lock; /* guards all below */
    slot *idle;
    waiter *first, *last;
    unsigned leaders;
} client_lane;

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
    client_lane lanes[TS_LANES];
    atomic_uint in_flight;
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
        client_lane *l = &peer->lanes[i];

        l->peer = peer;
        pthread_mutex_init(&l->lock, NULL);
        if (bus_link_init(&l->link, address, (ts_lane)i, err) != TS_OK)
            st = TS_INVALID;
    }
    if (st != TS_OK)
        return st;
    *ret = TS_TAKE(peer);
    return TS_OK;
}

static void slot_free(slot *s)
{
    if (s->aio != NULL) {
        nng_aio_stop(s->aio);
        nng_aio_free(s->aio);
    }
    free(s);
}

void ts_peer_free(ts_peer *peer)
{
    if (peer == NULL)
        return;
    for (unsigned i = 0; i < TS_LANES; i++) {
        client_lane *l = &peer->lanes[i];

        bus_link_close(&l->link);
        while (l->idle != NULL) {
            slot *s = l->idle;

            l->idle = s->next;
            slot_free(s);
        }
        bus_link_done(&l->link);
        pthread_mutex_destroy(&l->lock);
    }
    pthread_mutex_destroy(&peer->counting);
    free(peer);
}

static slot *slot_take(client_lane *l)
{
    slot *s;

    pthread_mutex_lock(&l->lock);
    s = l->idle;
    if (s != NULL)
        l->idle = s->next;
    pthread_mutex_unlock(&l->lock);
    if (s != NULL)
        return s;
    s = calloc(1, sizeof(*s));
    if (s == NULL)
        return NULL;
    if (nng_aio_alloc(&s->aio, NULL, NULL) != 0 || nng_ctx_open(&s->ctx, l->link.socket) != 0) {
        slot_free(s);
        return NULL;
    }
    return s;
}

static void slot_give(client_lane *l, slot *s)
{
    pthread_mutex_lock(&l->lock);
    s->next = l->idle;
    l->idle = s;
    pthread_mutex_unlock(&l->lock);
}

/* One message there and back. Takes `msg`. */
static int round_trip(slot *s, nng_msg *take_msg, int64_t deadline_boot_ms, nng_msg **ret)
{
    int64_t left_ms = deadline_boot_ms - ts_boot_ms();
    int rv;

    nng_aio_set_timeout(s->aio, (nng_duration)(left_ms < 1 ? 1 : left_ms));
    nng_aio_set_msg(s->aio, take_msg);
    nng_ctx_send(s->ctx, s->aio);
    nng_aio_wait(s->aio);
    rv = nng_aio_result(s->aio);
    if (rv != 0) {
        nng_msg_free(take_msg);
        return rv;
    }
    left_ms = deadline_boot_ms - ts_boot_ms();
    nng_aio_set_timeout(s->aio, (nng_duration)(left_ms < 1 ? 1 : left_ms));
    nng_ctx_recv(s->ctx, s->aio);
    nng_aio_wait(s->aio);
    rv = nng_aio_result(s->aio);
    if (rv == 0)
        *ret = nng_aio_get_msg(s->aio);
    return rv;
}

static void fail_all(client_lane *l, waiter *list, ts_status st, bool lost, const char *why)
{
    for (waiter *w = list; w != NULL; w = w->next) {
        w->status = ts_fail(&w->error, st, "", "%s %s", l->peer->name, why);
        w->lost = lost;
    }
}

static void take_reply(waiter *w, const Ts__Reply *reply)
{
    w->status = reply->status <= TS_PRECONDITION ? (ts_status)reply->status : TS_INTERNAL;
    w->payload = ts_arena_str(w->arena, ts_str_n(reply->payload.data, reply->payload.len));
    if (reply->payload.len > 0 && w->payload.p == NULL)
        w->status = TS_NOMEM;
    w->replayed = reply->replayed;
    w->not_run = reply->not_run && w->status != TS_OK;
    if (w->status != TS_OK)
        ts_error_set(&w->error, reply->error_param, "%s", reply->error_text);
}

/* Sends the calls of a list as one message and fills in every waiter's outcome. Called without
 * locks. */
static void exchange(client_lane *l, waiter *list)
{
    Ts__CallBatch batch = TS__CALL_BATCH__INIT;
    Ts__Call *calls[COMBINE_MAX];
    int64_t deadline_boot_ms = 0;
    bool restarts = false;
    ProtobufCMessage *m = NULL;
    const Ts__ReplyBatch *replies;
    nng_msg *msg = NULL;
    nng_msg *answer = NULL;
    slot *s;
    ts_status st;
    size_t i = 0;
    int rv;

    for (waiter *w = list; w != NULL; w = w->next) {
        calls[batch.n_calls++] = (Ts__Call *)(uintptr_t)w->call; /* packing only reads it */
        if (w->deadline_boot_ms > deadline_boot_ms)
            deadline_boot_ms = w->deadline_boot_ms;
        restarts = restarts || w->restarts;
    }
    batch.calls = calls;
    if (!bus_link_wait(&l->link, deadline_boot_ms, restarts)) {
        fail_all(l, list, TS_UNAVAILABLE, false, "is not reachable");
        return;
    }
    st = ts_bus_pack(&batch.base, BUS_MESSAGE_MAX, &msg);
    if (st != TS_OK) {
        fail_all(l, list, st, false,
                 st == TS_TOO_LARGE ? "cannot take so large a request" : "call failed");
        return;
    }
    s = slot_take(l);
    if (s == NULL) {
        nng_msg_free(msg);
        fail_all(l, list, TS_NOMEM, false, "call failed: out of memory");
        return;
    }
    rv = round_trip(s, msg, deadline_boot_ms, &answer);
    slot_give(l, s);
    if (rv != 0) {
        fail_all(l, list, TS_UNAVAILABLE, rv != NNG_ETIMEDOUT,
                 rv == NNG_ETIMEDOUT ? "did not answer in time" : "lost the connection");
        return;
    }
    st = ts_bus_unpack(answer, &ts__reply_batch__descriptor, list->arena, &m);
    nng_msg_free(answer);
    replies = (const Ts__ReplyBatch *)m;
    if (st != TS_OK || replies->n_replies != batch.n_calls) {
        fail_all(l, list, TS_UNAVAILABLE, false, "gave an answer that cannot be read");
        return;
    }
    for (waiter *w = list; w != NULL; w = w->next)
        take_reply(w, replies->replies[i++]);
}

/* Takes up to COMBINE_MAX waiting calls off the queue, as a list of their own. Under the lock. */
static waiter *take_waiting(client_lane *l)
{
    waiter *list = l->first;
    waiter *end = list;
    size_t bytes = 0;
    size_t n = 0;

    for (waiter *w = list; w != NULL && n < COMBINE_MAX; w = w->next) {
        bytes += w->call->payload.len;
        if (n > 0 && bytes > COMBINE_BYTES)
            break;
        w->taken = true;
        end = w;
        n++;
    }
    if (end != NULL) {
        l->first = end->next;
        if (l->first == NULL)
            l->last = NULL;
        end->next = NULL;
    }
    return list;
}

/* Under the lock, left and taken again around the exchange. */
static void lead(client_lane *l)
{
    waiter *list = take_waiting(l);
    waiter *next;

    l->leaders++;
    pthread_mutex_unlock(&l->lock);
    exchange(l, list);
    pthread_mutex_lock(&l->lock);
    l->leaders--;
    for (waiter *w = list; w != NULL; w = next) {
        next = w->next; /* a waiter is gone as soon as it sees `done` */
        w->done = true;
        pthread_cond_signal(&w->wake);
    }
    if (l->first != NULL)
        pthread_cond_signal(&l->first->wake);
}

static void combine(client_lane *l, waiter *w)
{
    bus_cond_init(&w->wake);
    pthread_mutex_lock(&l->lock);
    if (l->last == NULL)
        l->first = w;
    else
        l->last->next = w;
    l->last = w;
    while (!w->done) {
        if (!w->taken && l->leaders < LEADERS_MAX)
            lead(l);
        else
            pthread_cond_wait(&w->wake, &l->lock);
    }
    pthread_mutex_unlock(&l->lock);
    pthread_cond_destroy(&w->wake);
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

/* Worth another try, if there is time left for one? */
static bool may_repeat(const ts_method *method, const waiter *w)
{
    if (w->not_run && w->restarts)
        return true;
    if ((method->flags & TS_RPC_IDEMPOTENT) == 0)
        return false;
    if ((method->flags & TS_RPC_PATIENT) != 0)
        return w->status == TS_UNAVAILABLE; /* lost, away, stopping */
    return w->lost; /* one that stays away has had its time in bus_link_wait() */
}

/* Once, or as often as the deadline allows if that is harmless. */
static ts_status call_until_deadline(client_lane *l, const ts_method *method, Ts__Call *call,
                                     const ts_caller *caller, ts_arena *arena, ts_str *ret_payload,
                                     ts_error *err)
{
    int64_t pause_ms = REPEAT_PAUSE_MS;

    for (;;) {
        struct timespec pause = { 0, (long)pause_ms * 1000000L };
        waiter w = { .call = call,
                     .arena = arena,
                     .deadline_boot_ms = caller->deadline_boot_ms,
                     .restarts = caller->waits_restarts_out };
        int64_t left_ms = caller->deadline_boot_ms - ts_boot_ms();

        if (left_ms <= 0)
            return ts_fail(err, TS_UNAVAILABLE, "", "%s did not answer in time", l->peer->name);
        call->timeout_ms = (uint32_t)(left_ms > INT32_MAX ? INT32_MAX : left_ms);
        if (method->lane == TS_LANE_FAST)
            combine(l, &w);
        else
            exchange(l, &w);
        *ret_payload = w.payload;
        if (w.status != TS_OK && err != NULL)
            *err = w.error;
        if (caller->ret_replayed != NULL)
            *caller->ret_replayed = w.replayed;
        if (!may_repeat(method, &w) || ts_boot_ms() + pause_ms >= caller->deadline_boot_ms)
            return w.status;
        nanosleep(&pause, NULL);
        pause_ms = 2 * pause_ms > REPEAT_LAST_MS ? REPEAT_LAST_MS : 2 * pause_ms;
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

ts_status ts_rpc_call(ts_peer *peer, const ts_method *method, const ts_caller *caller,
                      const ProtobufCMessage *in, ts_arena *arena, ProtobufCMessage **ret_out,
                      ts_error *err)
{
    Ts__Call call = TS__CALL__INIT;
    uint8_t call_id[16];
    int64_t started_us = ts_boot_us();
    ts_str payload = TS_STR_NULL;
    size_t n = protobuf_c_message_get_packed_size(in);
    uint8_t *bytes = ts_arena_alloc(arena, n + 1);
    ts_status st;

    if (bytes == NULL)
        return ts_fail(err, TS_NOMEM, "", "out of memory");
    st = ts_random(call_id, sizeof(call_id));
    if (st == TS_OK)
        st = bus_link_open(&peer->lanes[method->lane].link, err);
    if (st != TS_OK)
        return st;
    if (atomic_fetch_add(&peer->in_flight, 1) >= TS_PEER_IN_FLIGHT_MAX) {
        atomic_fetch_sub(&peer->in_flight, 1);
        return ts_fail(err, TS_UNAVAILABLE, "", "too many calls to %s at once", peer->name);
    }
    protobuf_c_message_pack(in, bytes);
    fill_call(&call, method, caller);
    call.call_id.data = call_id;
    call.call_id.len = sizeof(call_id);
    call.payload.data = bytes;
    call.payload.len = n;
    st = call_until_deadline(&peer->lanes[method->lane], method, &call, caller, arena, &payload,
                             err);
    atomic_fetch_sub(&peer->in_flight, 1);
    count_call(peer, method, started_us, st);
    if (st != TS_OK)
        return st;
    st = ts_arena_unpack(arena, method->reply, payload, ret_out);
    if (st != TS_OK)
        return ts_fail(err, TS_CORRUPT, "", "the answer of %s does not decode", peer->name);
    return TS_OK;
}
