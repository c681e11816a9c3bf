/* The serving side of the bus.
 *
 * Each lane is a REP socket with a fixed number of work items, each a context, an aio and an arena:
 * that many messages are in work at once, the rest waits in the peers. Lanes fast and park handle a
 * message on nng's own thread, since their handlers never block; slow and bulk put it into a queue
 * for the lane's worker threads.
 *
 * An item moves RECEIVING -> WORKING -> SENDING -> RECEIVING. While WORKING, `open_calls` counts
 * the calls that are not answered yet plus one for the loop that starts them; whoever brings it to
 * 0 sends the reply. So a parked call may be finished by another thread while its neighbours are
 * still being started.
 */
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/supplemental/tls/tls.h>
#include <nng/transport/tls/tls.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "internal.h"
#include "ts/log.h"
#include "ts/metrics.h"
#include "ts/time.h"
#include "ts/trace.h"

#define ARENA_DEFAULT     (UINT64_C(64) << 20)
#define CALLS_PER_MESSAGE 256
#define TIMEOUT_MAX_MS    (10 * TS_MINUTE_MS)
#define METHODS_MAX       64
#define ANSWERS_READ_MS   30

static const unsigned default_contexts[TS_LANES] = { 32, 16, 8, 64 };

typedef enum item_state { ITEM_RECEIVING, ITEM_WORKING, ITEM_SENDING } item_state;

typedef struct lane lane;
typedef struct item item;

typedef struct pending_call {
    ts_call call; /* first: a handler's ts_call is its pending_call */
    item *owner;
    const ts_rpc_row *row;
    ts_error error;
    Ts__Reply reply;
    int64_t started_us;
} pending_call;

struct item {
    lane *lane;
    nng_ctx ctx;
    nng_aio *aio;
    ts_arena *arena;
    item_state state;
    Ts__CallBatch *batch;
    pending_call *calls;
    atomic_size_t open_calls;
    atomic_int pipe; /* the connection that the message came over; 0: it is gone */
    item *next;      /* in the lane's queue */
};

struct lane {
    ts_rpc_server *server;
    ts_lane number;
    nng_socket socket;
    bool is_open;
    item *items;
    unsigned item_count;
    pthread_t *workers;
    unsigned worker_count;
    pthread_mutex_t lock; /* guards the queue and stopping */
    pthread_cond_t has_work;
    item *first, *last;
    bool stopping;
};

typedef struct method_metrics {
    ts_metric *calls;
    ts_metric *failures;
    ts_metric *seconds;
} method_metrics;

struct ts_rpc_server {
    ts_rpc_options options;
    lane lanes[TS_LANES];
    method_metrics metrics[METHODS_MAX];
    atomic_bool draining;
    atomic_size_t in_work; /* messages between receive and send, parked ones left out */
};

static void item_receive(item *it)
{
    it->state = ITEM_RECEIVING;
    ts_arena_reset(it->arena);
    it->batch = NULL;
    nng_ctx_recv(it->ctx, it->aio);
}

static void item_send(item *it)
{
    Ts__ReplyBatch replies = TS__REPLY_BATCH__INIT;
    nng_msg *msg = NULL;
    size_t n = it->batch == NULL ? 0 : it->batch->n_calls;

    replies.replies = ts_arena_array(it->arena, n + 1, sizeof(Ts__Reply *));
    for (size_t i = 0; replies.replies != NULL && i < n; i++)
        replies.replies[i] = &it->calls[i].reply;
    replies.n_replies = replies.replies == NULL ? 0 : n;
    if (ts_bus_pack(&replies.base, it->lane->server->options.max_message_bytes, &msg) != TS_OK) {
        /* Too large together or no memory: an empty reply tells the caller that there is none. */
        replies.n_replies = 0;
        if (ts_bus_pack(&replies.base, BUS_MESSAGE_MAX, &msg) != TS_OK) {
            item_receive(it);
            return;
        }
    }
    it->state = ITEM_SENDING;
    nng_aio_set_msg(it->aio, msg);
    nng_ctx_send(it->ctx, it->aio);
}

static void item_call_done(item *it)
{
    if (atomic_fetch_sub(&it->open_calls, 1) == 1)
        item_send(it);
}

/* Words and payload of a finished call go into its reply. */
static void fill_reply(pending_call *p, ProtobufCMessage *out, ts_status st)
{
    ts_arena *arena = p->owner->arena;
    ts_rpc_server *server = p->owner->lane->server;
    size_t n;

    if (st == TS_OK && out != NULL) {
        n = protobuf_c_message_get_packed_size(out);
        if (n > server->options.max_message_bytes) {
            st = ts_fail(&p->error, TS_TOO_LARGE, "", "the answer is larger than a message may be");
        } else {
            p->reply.payload.data = ts_arena_alloc(arena, n + 1);
            p->reply.payload.len = n;
            if (p->reply.payload.data == NULL) {
                p->reply.payload.len = 0;
                st = TS_NOMEM;
            } else {
                protobuf_c_message_pack(out, p->reply.payload.data);
            }
        }
    }
    p->reply.status = (uint32_t)st;
    p->reply.replayed = st == TS_OK && p->call.replayed;
    if (st != TS_OK) {
        p->reply.error_param = p->error.param;
        p->reply.error_text = p->error.text;
    }
}

static void count_call(pending_call *p, ts_status st)
{
    ts_rpc_server *server = p->owner->lane->server;
    size_t row;

    if (p->row == NULL)
        return;
    row = (size_t)(p->row - server->options.rows);
    if (row >= METHODS_MAX)
        return;
    ts_metric_add(server->metrics[row].calls, 1);
    ts_metric_observe_us(server->metrics[row].seconds, ts_boot_us() - p->started_us);
    if (st == TS_OK)
        return;
    ts_metric_add(server->metrics[row].failures, 1);
    if (st == TS_INTERNAL || st == TS_CORRUPT || st == TS_NOMEM || st == TS_UNAVAILABLE)
        ts_warn(TS_MSG("call failed"), TS_F_Z("method", p->row->method->name), TS_F_STATUS(st),
                TS_F_Z("reason", p->error.text));
}

void ts_rpc_finish(ts_call *call, ProtobufCMessage *out, ts_status status)
{
    pending_call *p = (pending_call *)call;

    fill_reply(p, out, status);
    count_call(p, status);
    item_call_done(p->owner);
}

static const ts_rpc_row *find_row(const ts_rpc_server *server, const char *method, ts_lane in_lane)
{
    for (const ts_rpc_row *row = server->options.rows; row->method != NULL; row++) {
        if (row->method->lane == in_lane && strcmp(row->method->name, method) == 0)
            return row;
    }
    return NULL;
}

static ts_status check_served(pending_call *p)
{
    const ts_rpc_options *o = &p->owner->lane->server->options;

    if (p->call.tenant.org == 0 || o->serves == NULL ||
        o->serves(o->serves_context, p->call.tenant))
        return TS_OK;
    return ts_fail(&p->error, TS_NOT_FOUND, "", "The organization has been deleted.");
}

/* Everything a handler may rely on is checked here, for all methods alike. */
static ts_status prepare(pending_call *p, const Ts__Call *in, ProtobufCMessage **ret_request)
{
    ts_rpc_server *server = p->owner->lane->server;
    ts_call *call = &p->call;
    int64_t now_boot_ms = ts_boot_ms();
    int64_t timeout_ms = in->timeout_ms > TIMEOUT_MAX_MS ? TIMEOUT_MAX_MS : (int64_t)in->timeout_ms;
    ts_status st;

    p->row = find_row(server, in->method, p->owner->lane->number);
    if (p->row == NULL)
        return ts_fail(&p->error, TS_INTERNAL, "method", "no method %.60s in this lane",
                       in->method);
    if (atomic_load(&server->draining)) {
        p->reply.not_run = true;
        return ts_fail(&p->error, TS_UNAVAILABLE, "", "%s is stopping",
                       server->options.service_name);
    }
    if (in->call_id.len != sizeof(call->call_id))
        return ts_fail(&p->error, TS_INVALID, "call_id", "call_id must have 16 bytes");
    if (in->mode > TS_MODE_TEST || (in->org == 0 && !p->row->without_tenant))
        return ts_fail(&p->error, TS_INVALID, "org", "the call names no organization and mode");

    memcpy(call->call_id, in->call_id.data, sizeof(call->call_id));
    call->tenant = (ts_tenant){ in->org, (ts_mode)in->mode };
    st = check_served(p);
    if (st != TS_OK)
        return st;
    call->caller = (ts_caller){
        .tenant = call->tenant,
        .request_id = in->request_id,
        .actor = in->actor,
        .client_addr = in->client_addr,
        .traceparent = in->traceparent,
        .idempotency_key = in->idempotency_key,
        .permissions = in->permissions,
        .deadline_boot_ms = now_boot_ms + timeout_ms,
    };
    if (in->boot_id == ts_boot_id() && in->deadline_boot_ms < call->caller.deadline_boot_ms)
        call->caller.deadline_boot_ms = in->deadline_boot_ms;
    if (call->caller.deadline_boot_ms <= now_boot_ms)
        return ts_fail(&p->error, TS_UNAVAILABLE, "", "the call came too late");
    call->method = p->row->method;
    call->now_ms = ts_wall_ms();
    st = ts_arena_unpack(call->arena, p->row->method->request,
                         ts_str_n(in->payload.data, in->payload.len), ret_request);
    if (st != TS_OK)
        return ts_fail(&p->error, TS_CORRUPT, "", "the request of %s does not decode", in->method);
    return TS_OK;
}

static void run_call(item *it, size_t index)
{
    pending_call *p = &it->calls[index];
    ProtobufCMessage *request = NULL;
    ProtobufCMessage *out = NULL;
    ts_status st;

    p->started_us = ts_boot_us();
    st = prepare(p, it->batch->calls[index], &request);
    if (st == TS_OK) {
        out = ts_arena_alloc(it->arena, p->row->method->reply->sizeof_message);
        if (out == NULL) {
            st = TS_NOMEM;
        } else {
            protobuf_c_message_init(p->row->method->reply, out);
            ts_trace_begin(p->call.caller.request_id, p->call.caller.traceparent);
            st = p->row->handler(&p->call, request, out);
            if (st != TS_PARKED)
                ts_debug(TS_MSG("call"), TS_F_Z("method", p->row->method->name), TS_F_STATUS(st),
                         TS_F_I64("took_us", ts_boot_us() - p->started_us));
            ts_trace_end();
            /* Deleted while the call was under way: the store has refused its change, or half of what it read was gone. */
            if (st != TS_OK && st != TS_PARKED && check_served(p) != TS_OK)
                st = TS_NOT_FOUND;
        }
    }
    if (st == TS_PARKED)
        return; /* the handler's side owns it now: touch nothing */
    ts_rpc_finish(&p->call, out, st);
}

/* Runs all calls of a received message; may run on nng's thread or a worker. */
static void item_work(item *it)
{
    ts_rpc_server *server = it->lane->server;
    size_t n = it->batch->n_calls;

    atomic_store(&it->open_calls, n + 1);
    for (size_t i = 0; i < n; i++)
        run_call(it, i);
    item_call_done(it);
    atomic_fetch_sub(&server->in_work, 1); /* after the answer: a drain waits for it */
}

/* TS_OK with batch and calls set up, else the message is not worth an answer. */
static ts_status item_decode(item *it, nng_msg *msg)
{
    ProtobufCMessage *m = NULL;
    ts_status st = ts_bus_unpack(msg, &ts__call_batch__descriptor, it->arena, &m);

    if (st != TS_OK)
        return st;
    it->batch = (Ts__CallBatch *)m;
    if (it->batch->n_calls > CALLS_PER_MESSAGE)
        return TS_TOO_LARGE;
    it->calls = ts_arena_array(it->arena, it->batch->n_calls + 1, sizeof(*it->calls));
    if (it->calls == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i < it->batch->n_calls; i++) {
        pending_call *p = &it->calls[i];

        ts__reply__init(&p->reply);
        p->owner = it;
        p->call.arena = it->arena;
        p->call.error = &p->error;
        p->call.service = it->lane->server->options.service;
    }
    return TS_OK;
}

static void item_received(item *it)
{
    lane *l = it->lane;
    nng_msg *msg = nng_aio_get_msg(it->aio);
    ts_status st;

    atomic_store(&it->pipe, nng_pipe_id(nng_msg_get_pipe(msg)));
    st = item_decode(it, msg);

    nng_msg_free(msg);
    if (st != TS_OK) {
        ts_warn(TS_MSG("message dropped"), TS_F_Z("lane", ts_lane_name(l->number)),
                TS_F_STATUS(st));
        it->batch = NULL;
        item_send(it);
        return;
    }
    it->state = ITEM_WORKING;
    atomic_fetch_add(&l->server->in_work, 1);
    if (l->worker_count == 0) {
        item_work(it);
        return;
    }
    pthread_mutex_lock(&l->lock);
    it->next = NULL;
    if (l->last == NULL)
        l->first = it;
    else
        l->last->next = it;
    l->last = it;
    pthread_cond_signal(&l->has_work);
    pthread_mutex_unlock(&l->lock);
}

static void item_callback(void *argument)
{
    item *it = argument;
    int rv = nng_aio_result(it->aio);

    switch (it->state) {
    case ITEM_RECEIVING:
        if (rv == NNG_ECLOSED || rv == NNG_ECANCELED)
            return;
        if (rv != 0)
            item_receive(it);
        else
            item_received(it);
        return;
    case ITEM_SENDING:
        if (rv != 0)
            nng_msg_free(nng_aio_get_msg(it->aio)); /* ours again: the caller is gone */
        if (rv == NNG_ECLOSED)
            return;
        item_receive(it);
        return;
    case ITEM_WORKING: return; /* no aio is under way */
    }
}

static void *worker_main(void *argument)
{
    lane *l = argument;

    for (;;) {
        item *it;

        pthread_mutex_lock(&l->lock);
        while (l->first == NULL && !l->stopping)
            pthread_cond_wait(&l->has_work, &l->lock);
        it = l->first;
        if (it != NULL) {
            l->first = it->next;
            if (l->first == NULL)
                l->last = NULL;
        }
        pthread_mutex_unlock(&l->lock);
        if (it == NULL)
            return NULL;
        item_work(it);
    }
}

static bool lane_is_used(const ts_rpc_server *s, ts_lane number)
{
    for (const ts_rpc_row *row = s->options.rows; row->method != NULL; row++) {
        if (row->method->lane == number)
            return true;
    }
    return false;
}

static ts_status start_listener(lane *l, const char *address, ts_error *err)
{
    nng_listener listener = NNG_LISTENER_INITIALIZER;
    nng_tls_config *tls = NULL;
    ts_status st = TS_OK;
    int rv;

    if (ts_bus_is_tls(address))
        st = ts_bus_tls(address, true, &tls, err);
    if (st != TS_OK)
        return st;
    rv = nng_listener_create(&listener, l->socket, address);
    if (rv == 0 && tls != NULL)
        rv = nng_listener_set_ptr(listener, NNG_OPT_TLS_CONFIG, tls);
    if (rv == 0)
        rv = nng_listener_start(listener, 0);
    if (tls != NULL)
        nng_tls_config_free(tls);
    if (rv != 0)
        return ts_fail(err, TS_UNAVAILABLE, "address", "cannot listen on %s: %s", address,
                       nng_strerror(rv));
    return TS_OK;
}

/* On a thread of nng's: a connection has ended, and with it the hope of those who asked over it. */
static void pipe_gone(nng_pipe pipe, nng_pipe_ev event, void *argument)
{
    lane *l = argument;
    int id = nng_pipe_id(pipe);

    (void)event;
    for (unsigned i = 0; i < l->item_count; i++) {
        int expected = id;

        atomic_compare_exchange_strong(&l->items[i].pipe, &expected, 0);
    }
}

bool ts_rpc_caller_is_there(const ts_call *call)
{
    const pending_call *p = (const pending_call *)call;

    return atomic_load(&p->owner->pipe) != 0;
}

static ts_status lane_listen(lane *l, ts_error *err)
{
    char address[TS_BUS_ADDRESS_SIZE];
    ts_status st = ts_bus_lane_address(l->server->options.address, l->number, address, err);
    int rv;

    if (st != TS_OK)
        return st;
    ts_bus_resets();
    rv = nng_rep0_open(&l->socket);
    if (rv != 0)
        return ts_fail(err, TS_UNAVAILABLE, "address", "cannot open a socket: %s",
                       nng_strerror(rv));
    l->is_open = true;
    rv = nng_socket_set_size(l->socket, NNG_OPT_RECVMAXSZ,
                             l->server->options.max_message_bytes + 4096);
    for (unsigned i = 0; rv == 0 && i < l->item_count; i++) {
        item *it = &l->items[i];

        it->lane = l;
        it->arena = ts_arena_new(l->server->options.arena_bytes);
        rv = it->arena == NULL ? NNG_ENOMEM : nng_ctx_open(&it->ctx, l->socket);
        if (rv == 0)
            rv = nng_aio_alloc(&it->aio, item_callback, it);
    }
    if (rv == 0)
        rv = nng_pipe_notify(l->socket, NNG_PIPE_EV_REM_POST, pipe_gone, l);
    if (rv != 0)
        return ts_fail(err, TS_UNAVAILABLE, "address", "cannot set up %s: %s", address,
                       nng_strerror(rv));
    return start_listener(l, address, err);
}

static ts_status lane_start(lane *l, unsigned workers, ts_error *err)
{
    const ts_rpc_options *o = &l->server->options;
    ts_status st;

    l->item_count = o->contexts != 0 ? o->contexts : default_contexts[l->number];
    l->items = calloc(l->item_count, sizeof(*l->items));
    l->workers = calloc(workers + 1, sizeof(*l->workers));
    if (l->items == NULL || l->workers == NULL)
        return ts_fail(err, TS_NOMEM, "", "out of memory");
    for (unsigned i = 0; i < workers; i++) {
        if (pthread_create(&l->workers[i], NULL, worker_main, l) != 0)
            return ts_fail(err, TS_NOMEM, "", "cannot start a worker thread");
        l->worker_count++;
    }
    st = lane_listen(l, err);
    if (st != TS_OK)
        return st;
    for (unsigned i = 0; i < l->item_count; i++)
        item_receive(&l->items[i]);
    return TS_OK;
}

static void register_metrics(ts_rpc_server *s)
{
    char labels[96];

    for (size_t i = 0; s->options.rows[i].method != NULL && i < METHODS_MAX; i++) {
        snprintf(labels, sizeof(labels), "method=\"%s\"", s->options.rows[i].method->name);
        s->metrics[i].calls = ts_counter("ts_rpc_server_calls_total", labels, "calls answered");
        s->metrics[i].failures =
            ts_counter("ts_rpc_server_failures_total", labels, "calls answered with an error");
        s->metrics[i].seconds =
            ts_histogram("ts_rpc_server_seconds", labels, "time from start to answer of a call");
    }
}

ts_status ts_rpc_server_start(const ts_rpc_options *options, ts_rpc_server **ret, ts_error *err)
{
    static const unsigned default_workers[TS_LANES] = { 0, 4, 2, 0 };
    ts_rpc_server *s = calloc(1, sizeof(*s));
    ts_status st = TS_OK;

    if (s == NULL)
        return ts_fail(err, TS_NOMEM, "", "out of memory");
    s->options = *options;
    if (s->options.max_message_bytes == 0)
        s->options.max_message_bytes = BUS_MESSAGE_MAX;
    if (s->options.arena_bytes == 0)
        s->options.arena_bytes = ARENA_DEFAULT;
    register_metrics(s);
    for (unsigned i = 0; i < TS_LANES; i++) {
        s->lanes[i].server = s;
        s->lanes[i].number = (ts_lane)i;
        pthread_mutex_init(&s->lanes[i].lock, NULL);
        pthread_cond_init(&s->lanes[i].has_work, NULL);
    }
    for (unsigned i = 0; i < TS_LANES && st == TS_OK; i++) {
        unsigned workers = default_workers[i];

        if (i == TS_LANE_SLOW && options->slow_workers != 0)
            workers = options->slow_workers;
        if (i == TS_LANE_BULK && options->bulk_workers != 0)
            workers = options->bulk_workers;
        if (lane_is_used(s, (ts_lane)i))
            st = lane_start(&s->lanes[i], workers, err);
    }
    if (st != TS_OK) {
        ts_rpc_server_stop(s);
        return st;
    }
    *ret = s;
    return TS_OK;
}

void ts_rpc_server_drain(ts_rpc_server *s, int64_t drain_ms)
{
    int64_t until_ms = ts_boot_ms() + drain_ms;
    struct timespec pause = { 0, 2000000 };

    atomic_store(&s->draining, true);
    while (atomic_load(&s->in_work) > 0 && ts_boot_ms() < until_ms)
        nanosleep(&pause, NULL);
    /* nng drops what it has not read yet of a connection that has ended. */
    if (drain_ms > 0)
        nanosleep(&(struct timespec){ 0, ANSWERS_READ_MS * 1000000L }, NULL);
}

static void lane_stop(lane *l)
{
    pthread_mutex_lock(&l->lock);
    l->stopping = true;
    pthread_cond_broadcast(&l->has_work);
    pthread_mutex_unlock(&l->lock);
    for (unsigned i = 0; i < l->worker_count; i++)
        pthread_join(l->workers[i], NULL);
    if (l->is_open)
        nng_close(l->socket);
    for (unsigned i = 0; l->items != NULL && i < l->item_count; i++) {
        if (l->items[i].aio != NULL)
            nng_aio_stop(l->items[i].aio);
    }
    for (unsigned i = 0; l->items != NULL && i < l->item_count; i++) {
        if (l->items[i].aio != NULL)
            nng_aio_free(l->items[i].aio);
        ts_arena_free(l->items[i].arena);
    }
    free(l->items);
    free(l->workers);
    pthread_cond_destroy(&l->has_work);
    pthread_mutex_destroy(&l->lock);
}

void ts_rpc_server_stop(ts_rpc_server *s)
{
    if (s == NULL)
        return;
    atomic_store(&s->draining, true);
    for (unsigned i = 0; i < TS_LANES; i++)
        lane_stop(&s->lanes[i]);
    free(s);
}
