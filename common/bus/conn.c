/* Between calls: at most one send and one read are under way. `is_sending` and `is_reading` say so and are given up by whoever
 * finds nothing more to do; while one of them, `is_watched` or `beginning` is set the stream is not freed. `in` belongs to whoever
 * holds is_reading. The last one out of a closed connection frees the stream and tells of the end (settle()).
 *
 * What fibers send in one turn of their loop leaves together at its end: `corked` is the task that sees to it, queued with the loop
 * whose fiber came first.
 *
 * Operations of nng's start after the lock is left: a write wakes the peer, and callers that come meanwhile must only append.
 */
#include "conn.h"

#include <pthread.h>
#include <stdatomic.h>

#include "frames.h"
#include "ts/buf.h"
#include "ts/loop.h"

/* Of the frame that asks for a sign of life, and of the one that is it. */
#define LIFE_NUMBER UINT64_C(0)
/* Silences in a row that end a connection. The side that is asked hears a question in each, if the other lives. */
#define ASKING_SILENCES_MAX 3
#define ASKED_SILENCES_MAX  6
/* A buffer above this is given back when it has left. */
#define OUT_KEEP ((size_t)256 * 1024)
/* Nothing is read from a peer that lets so many bytes of answers lie. */
#define OUT_HOLD (UINT64_C(16) << 20)
/* What may lie for a peer that reads nothing: calls that nobody waits for any more lie there too. */
#define OUT_MAX (UINT64_C(64) << 20)

struct bus_conn {
    bus_events events;
    void *context;
    bool asks;
    int silence_ms;
    unsigned silences_max;
    nng_aio *now_aio; /* for what is written at once; has no callback */
    nng_aio *send_aio;
    nng_aio *read_aio;
    nng_aio *watch_aio;
    bus_frames in;
    atomic_bool is_greeted;
    atomic_bool is_heard; /* since somebody looked */
    atomic_uint_fast64_t generation;
    atomic_bool is_open; /* written under the lock */

    pthread_mutex_t lock; /* guards all below */
    nng_stream *stream;   /* NULL: ended */
    bool is_plain;        /* not TLS; written before the first send */
    bool is_sending;
    bool is_reading;
    bool is_watched;
    unsigned beginning; /* who is inside nng to begin something */
    unsigned silences;  /* in a row */
    bool is_delivering; /* what is sent meanwhile leaves afterwards */
    bool must_read_on;  /* resumed while reading */
    bool is_held;       /* not read from until all that waits has left */
    bool is_corked;
    ts_task corked;
    ts_buf out;          /* waits */
    ts_buf leaving;      /* is being sent */
    size_t left_already; /* of `leaving` */
};

static void on_sent(void *argument);
static void on_read(void *argument);
static void on_watch(void *argument);
static void on_turn_end(ts_task *task);

ts_status bus_conn_new(const bus_events *events, void *context, size_t frame_max, bool asks,
                       int silence_ms, bus_conn **ret)
{
    bus_conn *c = calloc(1, sizeof(*c));

    if (c == NULL)
        return TS_NOMEM;
    c->events = *events;
    c->context = context;
    c->asks = asks;
    c->silence_ms = silence_ms;
    c->silences_max = asks ? ASKING_SILENCES_MAX : ASKED_SILENCES_MAX;
    c->out = TS_BUF_INIT(OUT_MAX);
    c->leaving = TS_BUF_INIT(OUT_MAX);
    c->corked.run = on_turn_end;
    atomic_init(&c->generation, 1);
    pthread_mutex_init(&c->lock, NULL);
    if (bus_frames_init(&c->in, frame_max) != TS_OK ||
        nng_aio_alloc(&c->now_aio, NULL, NULL) != 0 ||
        nng_aio_alloc(&c->send_aio, on_sent, c) != 0 ||
        nng_aio_alloc(&c->read_aio, on_read, c) != 0 ||
        nng_aio_alloc(&c->watch_aio, on_watch, c) != 0) {
        bus_conn_free(c);
        return TS_NOMEM;
    }
    nng_aio_set_timeout(c->send_aio, silence_ms * (int)c->silences_max);
    *ret = c;
    return TS_OK;
}

static void aio_free(nng_aio *aio)
{
    if (aio == NULL)
        return;
    nng_aio_stop(aio);
    nng_aio_free(aio);
}

void bus_conn_free(bus_conn *c)
{
    if (c == NULL)
        return;
    aio_free(c->now_aio);
    aio_free(c->send_aio);
    aio_free(c->read_aio);
    aio_free(c->watch_aio);
    ts_buf_done(&c->out);
    ts_buf_done(&c->leaving);
    pthread_mutex_destroy(&c->lock);
    bus_frames_done(&c->in);
    free(c);
}

uint64_t bus_conn_generation(const bus_conn *c)
{
    return atomic_load(&c->generation);
}

/* Leaves the lock. The last use of a closed connection. */
static void settle(bus_conn *c)
{
    nng_stream *stream = NULL;

    if (!c->is_open && !c->is_sending && !c->is_reading && !c->is_watched && c->beginning == 0 &&
        c->stream != NULL) {
        stream = c->stream;
        c->stream = NULL;
        atomic_fetch_add(&c->generation, 1);
        ts_buf_done(&c->out);
        ts_buf_done(&c->leaving);
    }
    pthread_mutex_unlock(&c->lock);
    if (stream == NULL)
        return;
    nng_stream_free(stream);
    c->events.ended(c->context);
}

/* Under the lock. */
static void break_off(bus_conn *c)
{
    if (!c->is_open)
        return;
    c->is_open = false; /* before the stream is closed: see begun() */
    nng_stream_close(c->stream);
    nng_aio_cancel(c->watch_aio);
}

/* Under the lock: takes what waits. True: the caller leaves the lock and calls start_send(). */
static bool may_send(bus_conn *c)
{
    ts_buf empty = c->leaving;

    if (c->is_sending || c->is_delivering || !c->is_open || c->out.size == 0)
        return false;
    c->leaving = c->out;
    c->out = empty;
    c->left_already = 0;
    c->is_sending = true;
    return true;
}

/* Around each operation of nng's that ends in a callback. The callback may have come, and all may have ended, while whoever began
 * is still inside nng, which then unlocks the stream: so the stream stays until he is out. */
static void begin(bus_conn *c)
{
    pthread_mutex_lock(&c->lock);
    c->beginning++;
    pthread_mutex_unlock(&c->lock);
}

/* nng's streams (1.5.2) keep for ever what is begun after they were closed: so whoever began looks again, and takes it back
 * himself. Plain ones let go of what is cancelled, those of TLS only of what is there when they are closed: once more. */
static void begun(bus_conn *c, nng_aio *aio)
{
    pthread_mutex_lock(&c->lock);
    c->beginning--;
    if (!c->is_open) {
        nng_aio_cancel(aio);
        nng_stream_close(c->stream);
    }
    settle(c);
}

/* Writes what the peer takes at once. False if that is nothing: the connection is full, or closed. A callback of nng's is a task
 * for a thread of its pool, whose wake-up costs more than the write; this needs none. What nng's streams do not write at once
 * they keep; plain ones give it back whole. */
static bool send_now(bus_conn *c, const nng_iov *iov)
{
    if (!c->is_plain)
        return false;
    (void)nng_aio_set_iov(c->now_aio, 1, iov);
    nng_stream_send(c->stream, c->now_aio);
    nng_aio_cancel(c->now_aio);
    nng_aio_wait(c->now_aio);
    return nng_aio_result(c->now_aio) != NNG_ECANCELED;
}

static bool goes_on_after(bus_conn *c, nng_aio *sent);

/* Whoever set is_sending, without the lock. The last use of the connection if it has been closed. */
static void start_send(bus_conn *c)
{
    nng_iov iov;

    do {
        iov = (nng_iov){ .iov_buf = c->leaving.data + c->left_already,
                         .iov_len = c->leaving.size - c->left_already };
        if (!send_now(c, &iov)) {
            (void)nng_aio_set_iov(c->send_aio, 1, &iov); /* fails with more than 4 parts only */
            begin(c);
            nng_stream_send(c->stream, c->send_aio);
            begun(c, c->send_aio);
            return;
        }
    } while (goes_on_after(c, c->now_aio));
}

/* Whoever set is_reading, without the lock. */
static void start_read(bus_conn *c)
{
    nng_iov iov;

    iov.iov_buf = bus_frames_room(&c->in, &iov.iov_len);
    (void)nng_aio_set_iov(c->read_aio, 1, &iov);
    begin(c);
    nng_stream_recv(c->stream, c->read_aio);
    begun(c, c->read_aio);
}

/* Under the lock: a frame of n bytes, which the caller fills. NULL: no memory. */
static char *add_frame(bus_conn *c, uint64_t number, size_t n)
{
    char *p = ts_buf_take(&c->out, BUS_HEADER_SIZE + n);

    if (p == NULL)
        return NULL;
    bus_frame_head(p, n, number);
    return p + BUS_HEADER_SIZE;
}

/* By whoever delivers: what is added leaves when he is done. */
static void answer_life(bus_conn *c)
{
    if (c->asks)
        return; /* this was the answer */
    pthread_mutex_lock(&c->lock);
    (void)add_frame(c, LIFE_NUMBER, 0); /* no memory: the peer asks again */
    pthread_mutex_unlock(&c->lock);
}

/* Delivers the whole frames that are there. */
static bus_taken deliver(bus_conn *c)
{
    for (;;) {
        bus_taken taken = BUS_TAKEN;
        bus_frame frame;

        switch (bus_frames_look(&c->in, &frame)) {
        case BUS_CAME_PART: return BUS_TAKEN;
        case BUS_CAME_WRONG: return BUS_WRONG;
        case BUS_CAME_GREETING:
            c->is_greeted = true;
            c->events.ready(c->context);
            continue;
        case BUS_CAME_FRAME: break;
        }
        if (frame.body.n == 0 && frame.number == LIFE_NUMBER)
            answer_life(c);
        else
            taken = c->events.frame(c->context, frame.number, frame.body);
        if (taken != BUS_TAKEN)
            return taken;
        bus_frames_pass(&c->in, &frame);
    }
}

/* By whoever set is_reading, without the lock: delivers what is there, then reads more or gives is_reading up. */
static void read_on(bus_conn *c)
{
    for (;;) {
        bus_taken taken;
        bool sends;

        pthread_mutex_lock(&c->lock);
        c->is_delivering = true;
        c->must_read_on = false;
        pthread_mutex_unlock(&c->lock);
        taken = deliver(c);
        pthread_mutex_lock(&c->lock);
        c->is_delivering = false;
        if (taken == BUS_WRONG)
            break_off(c);
        sends = may_send(c);
        pthread_mutex_unlock(&c->lock);
        if (sends)
            start_send(c);
        pthread_mutex_lock(&c->lock);
        c->is_held = taken == BUS_TAKEN && c->out.size + c->leaving.size > OUT_HOLD;
        if (!c->is_open || c->is_held || (taken == BUS_LATER && !c->must_read_on)) {
            c->is_reading = false;
            settle(c);
            return;
        }
        pthread_mutex_unlock(&c->lock);
        if (taken == BUS_TAKEN) {
            start_read(c);
            return;
        }
    }
}

static void on_read(void *argument)
{
    bus_conn *c = argument;

    if (nng_aio_result(c->read_aio) == 0) {
        bus_frames_add(&c->in, nng_aio_count(c->read_aio));
        c->is_heard = true;
        read_on(c);
        return;
    }
    pthread_mutex_lock(&c->lock);
    break_off(c);
    c->is_reading = false;
    settle(c);
}

/* What comes after a write. True: more is to be sent, by the caller. */
static bool goes_on_after(bus_conn *c, nng_aio *sent)
{
    pthread_mutex_lock(&c->lock);
    c->left_already += nng_aio_count(sent);
    if (nng_aio_result(sent) != 0)
        break_off(c);
    if (c->is_open && c->left_already < c->leaving.size) {
        pthread_mutex_unlock(&c->lock);
        return true;
    }
    c->is_sending = false;
    ts_buf_clear(&c->leaving);
    if (c->leaving.capacity > OUT_KEEP)
        ts_buf_done(&c->leaving);
    if (may_send(c)) {
        pthread_mutex_unlock(&c->lock);
        return true;
    }
    if (!c->is_held || !c->is_open || c->is_reading) {
        settle(c);
        return false;
    }
    /* All whole frames had been delivered: no handler runs here, under whatever locks of whoever sends. */
    c->is_held = false;
    c->is_reading = true;
    pthread_mutex_unlock(&c->lock);
    start_read(c);
    return false;
}

static void on_sent(void *argument)
{
    bus_conn *c = argument;

    if (goes_on_after(c, c->send_aio))
        start_send(c);
}

/* Under the lock. nng's TLS tells of a broken connection whoever sends or reads at that moment. Between two reads that is
 * nobody, and what is begun later waits for ever: so the socket is asked whether it still has a peer. */
static bool is_gone(bus_conn *c)
{
    nng_sockaddr peer;

    if (nng_stream_get_addr(c->stream, NNG_OPT_REMADDR, &peer) != 0)
        return true;
    if (atomic_exchange(&c->is_heard, false) || !c->is_reading || c->is_delivering) {
        c->silences = 0;
        return false;
    }
    c->silences++;
    return !c->is_greeted || c->silences >= c->silences_max;
}

/* A timer of its own rather than one of each read: a read over TLS that takes too long ends the connection. */
static void on_watch(void *argument)
{
    bus_conn *c = argument;
    bool sends = false;

    pthread_mutex_lock(&c->lock);
    if (c->is_open && is_gone(c))
        break_off(c);
    if (!c->is_open) {
        c->is_watched = false;
        settle(c);
        return;
    }
    if (c->asks && c->silences > 0 && c->out.size < OUT_HOLD &&
        add_frame(c, LIFE_NUMBER, 0) != NULL)
        sends = may_send(c);
    nng_sleep_aio(c->silence_ms, c->watch_aio);
    pthread_mutex_unlock(&c->lock);
    if (sends)
        start_send(c);
}

static void on_turn_end(ts_task *task)
{
    bus_conn *c = (bus_conn *)(void *)((char *)task - offsetof(bus_conn, corked));
    bool sends;

    pthread_mutex_lock(&c->lock);
    c->is_corked = false;
    sends = may_send(c);
    pthread_mutex_unlock(&c->lock);
    if (sends)
        start_send(c);
}

void bus_conn_begin(bus_conn *c, nng_stream *take_stream)
{
    bool is_verified;
    bool sends;

    bus_frames_begin(&c->in);
    c->is_greeted = false;
    c->is_heard = false;
    c->is_plain = nng_stream_get_bool(take_stream, NNG_OPT_TLS_VERIFIED, &is_verified) != 0;
    pthread_mutex_lock(&c->lock);
    c->stream = take_stream;
    c->is_open = true;
    c->is_reading = true;
    c->is_held = false;
    c->is_watched = true;
    c->silences = 0;
    nng_sleep_aio(c->silence_ms, c->watch_aio);
    ts_buf_add(&c->out, BUS_GREETING, BUS_GREETING_SIZE);
    sends = may_send(c);
    pthread_mutex_unlock(&c->lock);
    if (sends)
        start_send(c);
    start_read(c);
}

void bus_conn_close(bus_conn *c)
{
    pthread_mutex_lock(&c->lock);
    break_off(c);
    settle(c);
}

void bus_conn_resume(bus_conn *c)
{
    pthread_mutex_lock(&c->lock);
    c->must_read_on = true;
    if (c->is_reading || !c->is_open || c->is_held) {
        pthread_mutex_unlock(&c->lock);
        return;
    }
    c->is_reading = true;
    pthread_mutex_unlock(&c->lock);
    read_on(c);
}

ts_status bus_conn_send(bus_conn *c, uint64_t generation, uint64_t number,
                        const ProtobufCMessage *body)
{
    size_t n = protobuf_c_message_get_packed_size(body);
    bool sends = false;
    char *p = NULL;

    if (n > UINT32_MAX)
        return TS_TOO_LARGE;
    pthread_mutex_lock(&c->lock);
    /* Full: a peer that takes nothing is as good as away. */
    if (!c->is_open || (c->out.size > 0 && n + BUS_HEADER_SIZE > OUT_MAX - c->out.size) ||
        (generation != BUS_ANY_GENERATION && generation != bus_conn_generation(c))) {
        pthread_mutex_unlock(&c->lock);
        return TS_UNAVAILABLE;
    }
    p = add_frame(c, number, n);
    if (p != NULL) {
        protobuf_c_message_pack(body, (uint8_t *)p);
        if (!c->is_corked && !c->is_sending)
            c->is_corked = ts_loop_later(&c->corked);
        sends = !c->is_corked && may_send(c);
    }
    pthread_mutex_unlock(&c->lock);
    if (sends)
        start_send(c);
    return p == NULL ? TS_NOMEM : TS_OK;
}

bool bus_conn_is_idle(bus_conn *c)
{
    bool is_idle;

    pthread_mutex_lock(&c->lock);
    is_idle = !c->is_open || (!c->is_sending && !c->is_delivering && c->out.size == 0);
    pthread_mutex_unlock(&c->lock);
    return is_idle;
}
