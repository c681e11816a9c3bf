/* The serving side of the bus.
 *
 * Each lane listens at an address of its own and has a fixed number of items, each an arena and what belongs to one call: that
 * many calls are in work at once, the rest waits unread in the connections. Lanes fast and park handle a call on nng's own
 * thread, since their handlers never block; slow and bulk put it into a queue for the lane's worker threads, unless its answer is
 * kept (answers.h) and needs no handler.
 *
 * Each call is answered by itself, in whatever order handlers end; the connection sends together what is there together.
 * A connection whose frame found no item stands in the lane's list `full` and is resumed when an item is free again.
 */
#include <nng/nng.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "answers.h"
#include "lane.h"
#include "ts/log.h"
#include "ts/metrics.h"
#include "ts/time.h"
#include "ts/trace.h"

#define ARENA_DEFAULT   (UINT64_C(64) << 20)
#define TIMEOUT_MAX_MS  (10 * TS_MINUTE_MS)
#define METHODS_MAX     64
#define ANSWERS_READ_MS 30

static const unsigned default_contexts[TS_LANES] = { 256, 16, 8, 64 };

/* A call in work. */
typedef struct item {
    ts_call call; /* first: a handler's ts_call is its item */
    client *from;
    uint64_t generation; /* of the connection that it came over */
    uint64_t number;
    ts_arena *arena;
    const Ts__Call *in;
    const ts_rpc_row *row;
    ts_str kept;      /* the answer, if it was given before and still holds */
    uint64_t version; /* of the tenant's rows, from before the handler reads them */
    ts_error error;
    Ts__Reply reply;
    int64_t started_us;
    struct item *next; /* free, or in the lane's queue */
} item;

typedef struct method_metrics {
    ts_metric *calls;
    ts_metric *failures;
    ts_metric *seconds;
} method_metrics;

struct ts_rpc_server {
    ts_rpc_options options;
    lane lanes[TS_LANES];
    method_metrics metrics[METHODS_MAX];
    bus_answers *answers; /* NULL: none are kept */
    ts_metric *kept_metric;
    atomic_bool draining;
    atomic_size_t in_work; /* messages between receive and send, parked ones left out */
};

/* NULL: there is none, and the connection waits for one; or none is given any more. */
static item *item_take(client *from, bool *ret_is_closed)
{
    lane *l = from->lane;
    item *it;

    pthread_mutex_lock(&l->lock);
    *ret_is_closed = l->closed;
    it = l->closed ? NULL : l->idle;
    if (it != NULL) {
        l->idle = it->next;
        l->lent++;
    } else if (!l->closed && !from->is_full) {
        from->is_full = true;
        from->next_full = l->full;
        l->full = from;
    }
    pthread_mutex_unlock(&l->lock);
    if (it == NULL)
        return NULL;
    it->from = from;
    it->generation = bus_conn_generation(from->conn);
    it->row = NULL;
    it->kept = TS_STR_NULL;
    it->version = 0;
    it->error = (ts_error){ .text = "" };
    ts__reply__init(&it->reply);
    it->call =
        (ts_call){ .arena = it->arena, .error = &it->error, .service = l->server->options.service };
    return it;
}

/* Under the lane's lock. */
static void count_back(lane *l)
{
    l->lent--;
    if (l->closed && l->lent == 0)
        pthread_cond_broadcast(&l->has_ended);
}

/* The last use of the lane by whoever had the item: a server that stops waits for it. */
static void item_give(item *it)
{
    lane *l = it->from->lane;
    client *full;

    ts_arena_reset(it->arena);
    pthread_mutex_lock(&l->lock);
    it->next = l->idle;
    l->idle = it;
    full = l->full;
    if (full == NULL)
        count_back(l);
    else
        clients_forget_full(full);
    pthread_mutex_unlock(&l->lock);
    if (full == NULL)
        return;
    bus_conn_resume(full->conn);
    pthread_mutex_lock(&l->lock);
    count_back(l);
    pthread_mutex_unlock(&l->lock);
}

static uint64_t version_of(const item *p)
{
    const ts_rpc_options *o = &p->from->lane->server->options;

    return o->version(o->version_context, p->in->org);
}

static bus_question question_of(const item *p)
{
    return (bus_question){ .method = p->row->method,
                           .tenant = { p->in->org, (ts_mode)p->in->mode },
                           .request = ts_str_n(p->in->payload.data, p->in->payload.len) };
}

static void find_kept(item *p)
{
    ts_rpc_server *server = p->from->lane->server;
    bus_question question;
    uint64_t version;

    if (server->answers == NULL || p->row == NULL ||
        (p->row->method->flags & TS_RPC_IDEMPOTENT) == 0)
        return;
    version = version_of(p);
    if (version == 0)
        return;
    question = question_of(p);
    p->kept = bus_answers_find(server->answers, &question, version, p->arena);
}

static void keep_answer(const item *p)
{
    ts_rpc_server *server = p->from->lane->server;
    bus_question question;

    if (server->answers == NULL || !p->call.lasts || p->version == 0)
        return;
    question = question_of(p);
    bus_answers_keep(server->answers, &question, p->version,
                     ts_str_n(p->reply.payload.data, p->reply.payload.len));
}

/* Words and payload of a finished call go into its reply. */
static void fill_reply(item *p, ProtobufCMessage *out, ts_status st)
{
    ts_arena *arena = p->arena;
    ts_rpc_server *server = p->from->lane->server;
    size_t n;

    if (st == TS_OK && p->kept.p != NULL) {
        p->reply.payload.data = (uint8_t *)(uintptr_t)p->kept.p;
        p->reply.payload.len = p->kept.n;
        ts_metric_add(server->kept_metric, 1);
    } else if (st == TS_OK && out != NULL) {
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
                keep_answer(p);
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

static void count_call(item *p, ts_status st)
{
    ts_rpc_server *server = p->from->lane->server;
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
    if (st == TS_UNAVAILABLE) /* a disk that is full, say: once for each call */
        ts_warn_rationed(p->row->method->name, TS_MSG("call failed"),
                         TS_F_Z("method", p->row->method->name), TS_F_STATUS(st),
                         TS_F_Z("reason", p->error.text));
    else if (st == TS_INTERNAL || st == TS_CORRUPT || st == TS_NOMEM)
        ts_warn(TS_MSG("call failed"), TS_F_Z("method", p->row->method->name), TS_F_STATUS(st),
                TS_F_Z("reason", p->error.text));
}

static void answer(item *p)
{
    ts_status st = bus_conn_send(p->from->conn, p->generation, p->number, &p->reply.base);

    /* Gone: nobody waits. Else there is no memory for it, or the peer lets its answers lie: better no connection than a call
     * that is never answered. */
    if (st != TS_OK && p->generation == bus_conn_generation(p->from->conn))
        bus_conn_close(p->from->conn);
}

void ts_rpc_finish(ts_call *call, ProtobufCMessage *out, ts_status status)
{
    item *p = (item *)call;

    fill_reply(p, out, status);
    count_call(p, status);
    answer(p);
    item_give(p);
}

static const ts_rpc_row *find_row(const ts_rpc_server *server, const char *method, ts_lane in_lane)
{
    for (const ts_rpc_row *row = server->options.rows; row->method != NULL; row++) {
        if (row->method->lane == in_lane && strcmp(row->method->name, method) == 0)
            return row;
    }
    return NULL;
}

static ts_status check_served(item *p)
{
    const ts_rpc_options *o = &p->from->lane->server->options;

    if (p->call.tenant.org == 0 || o->serves == NULL ||
        o->serves(o->serves_context, p->call.tenant))
        return TS_OK;
    return ts_fail(&p->error, TS_NOT_FOUND, "", "The organization has been deleted.");
}

static ts_status say_stopping(const ts_rpc_server *server, ts_error *err)
{
    return ts_fail(err, TS_UNAVAILABLE, "", "%s is stopping", server->options.service_name);
}

/* Everything a handler may rely on is checked here, for all methods alike. */
static ts_status prepare(item *p, const Ts__Call *in, ProtobufCMessage **ret_request)
{
    ts_rpc_server *server = p->from->lane->server;
    ts_call *call = &p->call;
    int64_t now_boot_ms = ts_boot_ms();
    int64_t timeout_ms = in->timeout_ms > TIMEOUT_MAX_MS ? TIMEOUT_MAX_MS : (int64_t)in->timeout_ms;
    ts_status st;

    if (p->row == NULL)
        return ts_fail(&p->error, TS_INTERNAL, "method", "no method %.60s in this lane",
                       in->method);
    if (atomic_load(&server->draining)) {
        p->reply.not_run = true;
        return say_stopping(server, &p->error);
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
    if (p->kept.p != NULL)
        return TS_OK;
    st = ts_arena_unpack(call->arena, p->row->method->request,
                         ts_str_n(in->payload.data, in->payload.len), ret_request);
    if (st != TS_OK)
        return ts_fail(&p->error, TS_CORRUPT, "", "the request of %s does not decode", in->method);
    return TS_OK;
}

/* Answers, or parks. On nng's thread or a worker. */
static void run_call(item *p)
{
    ts_rpc_server *server = p->from->lane->server;
    ProtobufCMessage *request = NULL;
    ProtobufCMessage *out = NULL;
    ts_status st;

    p->started_us = ts_boot_us();
    st = prepare(p, p->in, &request);
    if (st == TS_OK && p->kept.p == NULL) {
        if (server->answers != NULL)
            p->version = version_of(p);
        out = ts_arena_alloc(p->arena, p->row->method->reply->sizeof_message);
        if (out == NULL) {
            st = TS_NOMEM;
        } else {
            const char *name = p->row->method->name;
            int64_t started_us = p->started_us;

            protobuf_c_message_init(p->row->method->reply, out);
            ts_trace_begin(p->call.caller.request_id, p->call.caller.traceparent);
            st = p->row->handler(&p->call, request, out);
            if (st != TS_PARKED)
                ts_debug(TS_MSG("call"), TS_F_Z("method", name), TS_F_STATUS(st),
                         TS_F_I64("took_us", ts_boot_us() - started_us));
            ts_trace_end();
            /* Deleted while the call was under way: the store has refused its change, or half of what it read was gone. */
            if (st != TS_OK && st != TS_PARKED && check_served(p) != TS_OK)
                st = TS_NOT_FOUND;
        }
    }
    /* A parked one is the handler's side's now: touch nothing. */
    if (st != TS_PARKED)
        ts_rpc_finish(&p->call, out, st);
    atomic_fetch_sub(&server->in_work, 1); /* after the answer: a drain waits for it */
}

static void enqueue(lane *l, item *it)
{
    it->next = NULL;
    pthread_mutex_lock(&l->lock);
    if (l->last == NULL)
        l->first = it;
    else
        l->last->next = it;
    l->last = it;
    pthread_cond_signal(&l->has_work);
    if (l->closed) /* no worker is left: who stops the lane runs it */
        pthread_cond_broadcast(&l->has_ended);
    pthread_mutex_unlock(&l->lock);
}

/* A call that came when no item is given any more. Its caller would not know whether it was run if its connection just ended. */
static bus_taken refuse(client *from, uint64_t number)
{
    Ts__Reply reply = TS__REPLY__INIT;
    ts_error error = { .text = "" };
    uint64_t generation = bus_conn_generation(from->conn);

    reply.status = (uint32_t)say_stopping(from->lane->server, &error);
    reply.error_param = error.param;
    reply.error_text = error.text;
    reply.not_run = true;
    return bus_conn_send(from->conn, generation, number, &reply.base) == TS_OK ? BUS_TAKEN
                                                                               : BUS_WRONG;
}

bus_taken lane_on_call(void *context, uint64_t number, ts_str body)
{
    client *from = context;
    lane *l = from->lane;
    bool is_closed;
    item *it = item_take(from, &is_closed);
    ProtobufCMessage *m = NULL;
    ts_status st;

    if (it == NULL)
        return is_closed ? refuse(from, number) : BUS_LATER;
    it->number = number;
    st = ts_arena_unpack(it->arena, &ts__call__descriptor, body, &m);
    if (st != TS_OK) {
        ts_warn(TS_MSG("message dropped"), TS_F_Z("lane", ts_lane_name(l->number)),
                TS_F_STATUS(st));
        item_give(it);
        return BUS_WRONG;
    }
    it->in = (const Ts__Call *)m;
    atomic_fetch_add(&l->server->in_work, 1);
    it->row = find_row(l->server, it->in->method, l->number);
    find_kept(it);
    if (l->worker_count == 0 || it->kept.p != NULL)
        run_call(it);
    else
        enqueue(l, it);
    return BUS_TAKEN;
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
        run_call(it);
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

bool ts_rpc_caller_is_there(const ts_call *call)
{
    const item *p = (const item *)call;

    return p->generation == bus_conn_generation(p->from->conn);
}

static ts_status lane_listen(lane *l, ts_error *err)
{
    char address[TS_BUS_ADDRESS_SIZE];
    ts_status st = ts_bus_lane_address(l->server->options.address, l->number, address, err);

    for (unsigned i = 0; st == TS_OK && i < l->item_count; i++) {
        item *it = &l->items[i];

        it->arena = ts_arena_new(l->server->options.arena_bytes);
        if (it->arena == NULL)
            return ts_fail(err, TS_NOMEM, "", "out of memory");
        it->next = l->idle;
        l->idle = it;
    }
    return st == TS_OK ? clients_listen(l, address, err) : st;
}

static ts_status lane_start(lane *l, unsigned workers, ts_error *err)
{
    const ts_rpc_options *o = &l->server->options;

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
    return lane_listen(l, err);
}

static void register_metrics(ts_rpc_server *s)
{
    char labels[96];

    s->kept_metric = ts_counter("ts_rpc_server_kept_total", "",
                                "calls answered as before, since nothing has changed");
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
    if (options->version != NULL && options->answers_bytes > 0) {
        s->answers = bus_answers_new(options->answers_bytes);
        if (s->answers == NULL) {
            free(s);
            return ts_fail(err, TS_NOMEM, "", "out of memory");
        }
    }
    for (unsigned i = 0; i < TS_LANES; i++) {
        s->lanes[i].server = s;
        s->lanes[i].number = (ts_lane)i;
        s->lanes[i].frame_max = s->options.max_message_bytes + 4096;
        pthread_mutex_init(&s->lanes[i].lock, NULL);
        pthread_cond_init(&s->lanes[i].has_work, NULL);
        pthread_cond_init(&s->lanes[i].has_ended, NULL);
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
    /* A caller that writes to a connection that has ended drops what it has not read yet. */
    if (drain_ms > 0)
        nanosleep(&(struct timespec){ 0, ANSWERS_READ_MS * 1000000L }, NULL);
}

/* Runs what is in the lane's queue. Under the lane's lock, which it lets go meanwhile; false if there was nothing. */
static bool run_late(lane *l)
{
    item *late = l->first;

    l->first = NULL;
    l->last = NULL;
    if (late == NULL)
        return false;
    pthread_mutex_unlock(&l->lock);
    while (late != NULL) {
        item *it = late;

        late = it->next; /* it is another's once it is answered */
        run_call(it);
    }
    pthread_mutex_lock(&l->lock);
    return true;
}

/* No call is taken from now on. Those that came when no worker was left, or no item, are answered, and those that others have are
 * waited for: who answers uses its connection. One that is being taken just now comes into the queue later still. */
static void take_back(lane *l)
{
    pthread_mutex_lock(&l->lock);
    l->closed = true;
    while (run_late(l) || l->lent > 0) {
        if (l->first == NULL && l->lent > 0)
            pthread_cond_wait(&l->has_ended, &l->lock);
    }
    while (l->full != NULL) {
        client *full = l->full;

        clients_forget_full(full);
        pthread_mutex_unlock(&l->lock);
        bus_conn_resume(full->conn);
        pthread_mutex_lock(&l->lock);
    }
    pthread_mutex_unlock(&l->lock);
}

static void lane_stop(lane *l)
{
    pthread_mutex_lock(&l->lock);
    l->stopping = true;
    pthread_cond_broadcast(&l->has_work);
    pthread_mutex_unlock(&l->lock);
    clients_refuse(l);
    for (unsigned i = 0; i < l->worker_count; i++)
        pthread_join(l->workers[i], NULL);
    take_back(l);
    clients_flush(l);
    clients_close(l);
    if (l->listener != NULL)
        nng_stream_listener_free(l->listener);
    for (unsigned i = 0; l->items != NULL && i < l->item_count; i++)
        ts_arena_free(l->items[i].arena);
    free(l->items);
    free(l->workers);
    pthread_cond_destroy(&l->has_ended);
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
    bus_answers_free(s->answers);
    free(s);
}
