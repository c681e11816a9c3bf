/* The sending side of the hand-over: one thread per destination reads durable rows in order, sends
 * many at a time and trims what the consumer has made durable. A destination that is down is asked
 * again with growing pauses; rows wait on disk. */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <time.h>

#include "internal.h"
#include "ts/log.h"
#include "ts/metrics.h"
#include "ts/time.h"

#define RELAY_ROWS_MAX   256
#define RELAY_BYTES_MAX  (UINT64_C(1) << 20)
#define RELAY_ARENA_MAX  (UINT64_C(32) << 20)
#define RELAY_CALL_MS    10000
#define RELAY_STOP_S     1 /* for the answer under way; the supervisor gives the process 15 in all */
#define RELAY_PAUSE_MIN  50
#define RELAY_PAUSE_MAX  5000
#define RELAY_IDLE_MS    60000
#define RELAY_QUIET_MS   2000 /* a restart is over by then: longer is worth a line */
#define RELAY_PAUSED_MS  50   /* between looks at a pause */
#define RELAY_LABELS_MAX 96

struct ts_relay {
    ts_relay_options options;
    pthread_t thread;
    atomic_bool stopping;
    sem_t ended;          /* posted by the thread, at its end */
    pthread_mutex_t lock; /* a scrape against the stop: guards stopped */
    bool stopped;         /* the store must not be asked any more */
    char actor[64];
    int64_t
        alone_since_ms; /* monotonic; of the relay's thread, as is the next; 0: the peer is there */
    bool has_said_so;
    _Atomic int64_t oldest_ms; /* wall time of the first row waiting; 0: none */
    ts_metric *sent;
    ts_metric *failures;
    ts_metric *lost;
};

static double oldest_age(void *context)
{
    ts_relay *r = context;
    int64_t oldest_ms = atomic_load(&r->oldest_ms);
    int64_t age_ms = oldest_ms == 0 ? 0 : ts_wall_ms() - oldest_ms;

    return age_ms < 0 ? 0.0 : (double)age_ms / 1e3;
}

static double waiting_rows(void *context)
{
    ts_relay *r = context;
    uint64_t first = 1;
    uint64_t last = 0;

    pthread_mutex_lock(&r->lock);
    if (!r->stopped)
        ts_stream_bounds(r->options.store, r->options.stream, &first, &last);
    pthread_mutex_unlock(&r->lock);
    return last + 1 > first ? (double)(last + 1 - first) : 0.0;
}

/* Reads rows first..last into a request, within the limits. */
static ts_status collect(ts_relay *r, uint64_t first, uint64_t last, ts_arena *arena,
                         Ts__HandOverRequest *req)
{
    uint64_t bytes = 0;
    ts_status st;

    req->rows = ts_arena_array(arena, RELAY_ROWS_MAX, sizeof(Ts__HandOverRow *));
    if (req->rows == NULL)
        return TS_NOMEM;
    for (uint64_t seq = first; seq <= last && req->n_rows < RELAY_ROWS_MAX; seq++) {
        ProtobufCMessage *m = NULL;
        ts_str row;

        st = ts_stream_read(r->options.store, r->options.stream, seq, arena, &row);
        if (st != TS_OK)
            return st;
        if (bytes > 0 && bytes + row.n > RELAY_BYTES_MAX)
            break;
        bytes += row.n;
        st = ts_arena_unpack(arena, &ts__hand_over_row__descriptor, row, &m);
        if (st != TS_OK)
            return st;
        req->rows[req->n_rows] = (Ts__HandOverRow *)m;
        req->rows[req->n_rows++]->seq = seq;
    }
    if (req->n_rows > 0)
        atomic_store(&r->oldest_ms, req->rows[0]->at_ms);
    return TS_OK;
}

static ts_status send_rows(ts_relay *r, uint64_t first, uint64_t last, ts_arena *arena)
{
    Ts__HandOverRequest req = TS__HAND_OVER_REQUEST__INIT;
    const Ts__HandOverReply *rep;
    ProtobufCMessage *out = NULL;
    uint8_t producer[16];
    uint64_t acknowledged;
    uint64_t epoch_last;
    ts_caller caller = { .request_id = "",
                         .actor = r->actor,
                         .client_addr = "",
                         .traceparent = "",
                         .idempotency_key = "" };
    ts_status st;

    req.trimmed = first - 1;
    req.epoch = ts_stream_epoch_of(r->options.store, r->options.stream, first, &epoch_last);
    if (last > epoch_last)
        last = epoch_last;
    st = collect(r, first, last, arena, &req);
    if (st != TS_OK)
        return st;
    memcpy(producer, ts_store_uuid(r->options.store), sizeof(producer));
    req.producer.data = producer;
    req.producer.len = sizeof(producer);
    caller.deadline_boot_ms = ts_boot_ms() + RELAY_CALL_MS;
    st = ts_rpc_call(r->options.peer, r->options.method, &caller, &req.base, arena, &out, NULL);
    if (st != TS_OK)
        return st;
    rep = (const Ts__HandOverReply *)out;
    acknowledged = rep->last_seq;
    if (rep->lost > 0) {
        ts_metric_add(r->lost, rep->lost);
        ts_warn(TS_MSG("the peer was restored: rows it had acknowledged are lost there"),
                TS_F_Z("peer", r->options.peer_name), TS_F_U64("rows", rep->lost));
    }
    if (acknowledged > epoch_last)
        acknowledged = epoch_last; /* what came after the copy that we are is not here any more */
    if (acknowledged < first)
        return TS_UNAVAILABLE; /* it took nothing: ask again later */
    ts_metric_add(r->sent, acknowledged - first + 1);
    return ts_stream_trim(r->options.store, r->options.stream, acknowledged);
}

/* Says once that the peer stays away, and once that it is there. */
static void report(ts_relay *r, ts_status st)
{
    int64_t now_ms = ts_boot_ms();

    if (st == TS_UNAVAILABLE && r->alone_since_ms == 0)
        r->alone_since_ms = now_ms;
    if (st == TS_UNAVAILABLE && !r->has_said_so && now_ms - r->alone_since_ms >= RELAY_QUIET_MS) {
        ts_info(TS_MSG("waiting for peer"), TS_F_Z("peer", r->options.peer_name));
        r->has_said_so = true;
    }
    if (st != TS_OK)
        return;
    if (r->has_said_so)
        ts_info(TS_MSG("peer is there"), TS_F_Z("peer", r->options.peer_name),
                TS_F_I64("waited_ms", now_ms - r->alone_since_ms));
    r->alone_since_ms = 0;
    r->has_said_so = false;
}

static void *relay_main(void *argument)
{
    ts_relay *r = argument;
    ts_store *store = r->options.store;
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(RELAY_ARENA_MAX);
    int64_t pause_ms = RELAY_PAUSE_MIN;
    uint64_t first;
    uint64_t last;
    ts_status st;

    while (arena != NULL && !atomic_load(&r->stopping)) {
        ts_stream_bounds(store, r->options.stream, &first, &last);
        if (first > last) {
            atomic_store(&r->oldest_ms, 0);
            ts_stream_wait(store, r->options.stream, first, RELAY_IDLE_MS, &r->stopping);
            continue;
        }
        if (!ts_stream_enter(store, r->options.stream)) {
            ts_stream_wait(store, r->options.stream, UINT64_MAX, RELAY_PAUSED_MS, &r->stopping);
            continue;
        }
        ts_arena_reset(arena);
        st = send_rows(r, first, last, arena);
        /* No answer: the rows may have been taken in or not. */
        ts_stream_leave(store, r->options.stream, st != TS_UNAVAILABLE);
        report(r, st);
        if (st == TS_OK) {
            pause_ms = RELAY_PAUSE_MIN;
            continue;
        }
        ts_metric_add(r->failures, 1);
        /* A row that never comes: only a stop wakes this up early. */
        ts_stream_wait(store, r->options.stream, UINT64_MAX, pause_ms, &r->stopping);
        pause_ms = pause_ms * 2 > RELAY_PAUSE_MAX ? RELAY_PAUSE_MAX : pause_ms * 2;
    }
    sem_post(&r->ended);
    return NULL;
}

ts_status ts_relay_start(const ts_relay_options *options, ts_relay **ret, ts_error *err)
{
    ts_relay *r = calloc(1, sizeof(*r));
    char labels[RELAY_LABELS_MAX];

    if (r == NULL)
        return ts_fail(err, TS_NOMEM, "", "out of memory");
    r->options = *options;
    pthread_mutex_init(&r->lock, NULL);
    (void)sem_init(&r->ended, 0, 0);
    snprintf(r->actor, sizeof(r->actor), "service:%s", options->service_name);
    snprintf(labels, sizeof(labels), "peer=\"%s\"", options->peer_name);
    r->sent = ts_counter("ts_outbox_sent_total", labels, "rows handed over and acknowledged");
    r->failures = ts_counter("ts_outbox_failures_total", labels, "hand-over calls that failed");
    r->lost = ts_counter("ts_outbox_lost_total", labels,
                         "acknowledged rows that the peer lost by being restored");
    ts_gauge_func("ts_outbox_rows", labels, "durable rows that wait for the peer", waiting_rows, r);
    ts_gauge_func("ts_outbox_oldest_seconds", labels, "age of the oldest waiting row", oldest_age,
                  r);
    if (pthread_create(&r->thread, NULL, relay_main, r) != 0) {
        free(r);
        return ts_fail(err, TS_NOMEM, "", "cannot start a relay thread");
    }
    *ret = r;
    return TS_OK;
}

static void join(ts_relay *r, const struct timespec *until)
{
    int rc;

    do
        rc = sem_clockwait(&r->ended, CLOCK_MONOTONIC, until);
    while (rc != 0 && errno == EINTR);
    if (rc != 0)
        ts_peer_cancel(r->options.peer);
    pthread_join(r->thread, NULL);
    pthread_mutex_lock(&r->lock);
    r->stopped = true;
    pthread_mutex_unlock(&r->lock);
}

/* The registry keeps pointing at a relay: its memory lives as long as the process. */
void ts_relays_stop(ts_relay *const *relays, size_t count)
{
    struct timespec until;

    for (size_t i = 0; i < count; i++) {
        if (relays[i] == NULL)
            continue;
        atomic_store(&relays[i]->stopping, true);
        ts_stream_wake(relays[i]->options.store);
    }
    until = ts_monotonic_in(RELAY_STOP_S * TS_SECOND_MS);
    for (size_t i = 0; i < count; i++) {
        if (relays[i] != NULL)
            join(relays[i], &until);
    }
}

void ts_relay_stop(ts_relay *r)
{
    ts_relays_stop(&r, 1);
}
