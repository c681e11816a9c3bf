#include "link.h"

#include <nng/supplemental/tls/tls.h>

#include "ts/time.h"

#define CONNECT_WAIT_MS 500
#define RESTART_WAIT_MS 4000
/* How long a dial may take: the address may be one of a machine that is gone, while the name has a new one by now. Twice as long
 * after each dial that took too long, up to more than a resolver waits for its first server (5 s). */
#define DIAL_MIN_MS  1000
#define DIAL_MAX_MS  6000
#define PAUSE_MIN_MS 20
#define PAUSE_MAX_MS 250
/* A dial or a pause that is not over so long after its time has been forgotten: nng's timers (1.5.2) go by the wall clock, which
 * may be set back. */
#define FORGOTTEN_MS 1000
/* Bits of a call's number that are its place. */
#define PLACE_BITS 8
_Static_assert(TS_PEER_IN_FLIGHT_MAX <= 1 << PLACE_BITS, "a place fits into its bits");

static void on_dialled(void *argument);
static void on_ready(void *context);
static bus_taken on_answer(void *context, uint64_t number, ts_str body);
static void on_ended(void *context);

static const bus_events events = { .ready = on_ready, .frame = on_answer, .ended = on_ended };

ts_status bus_link_init(bus_link *l, const char *base, ts_lane lane, ts_error *err)
{
    ts_status st;

    pthread_mutex_init(&l->opening, NULL);
    pthread_mutex_init(&l->lock, NULL);
    l->changed = TS_COND_INIT;
    for (unsigned i = 0; i < TS_PEER_IN_FLIGHT_MAX; i++)
        l->free_places[i] = (uint16_t)(TS_PEER_IN_FLIGHT_MAX - 1 - i);
    l->free_count = TS_PEER_IN_FLIGHT_MAX;
    l->pause_ms = PAUSE_MIN_MS;
    l->dial_ms = DIAL_MIN_MS;
    st = ts_bus_silence(&l->silence_ms, err);
    return st == TS_OK ? ts_bus_lane_address(base, lane, l->address, err) : st;
}

static ts_status make_dialer(bus_link *l, ts_error *err)
{
    nng_tls_config *tls = NULL;
    ts_status st = TS_OK;
    int rv;

    if (ts_bus_is_tls(l->address))
        st = ts_bus_tls(l->address, false, &tls, err);
    if (st != TS_OK)
        return st;
    rv = nng_stream_dialer_alloc(&l->dialer, l->address);
    if (rv == 0 && tls != NULL)
        rv = nng_stream_dialer_set_ptr(l->dialer, NNG_OPT_TLS_CONFIG, tls);
    if (tls != NULL)
        nng_tls_config_free(tls);
    if (rv == 0)
        rv = nng_aio_alloc(&l->aio, on_dialled, l);
    if (rv != 0)
        return ts_fail(err, TS_UNAVAILABLE, "address", "cannot dial %s: %s", l->address,
                       nng_strerror(rv));
    return bus_conn_new(&events, l, BUS_MESSAGE_MAX + 4096, true, l->silence_ms, &l->conn);
}

static void unmake(bus_link *l)
{
    if (l->aio != NULL) {
        nng_aio_stop(l->aio);
        nng_aio_free(l->aio);
    }
    if (l->dialer != NULL)
        nng_stream_dialer_free(l->dialer);
    bus_conn_free(l->conn);
    l->aio = NULL;
    l->dialer = NULL;
    l->conn = NULL;
}

/* Under the lock. */
static void dial(bus_link *l)
{
    l->until_boot_ms = ts_boot_ms() + l->dial_ms;
    nng_aio_set_timeout(l->aio, (nng_duration)l->dial_ms);
    nng_stream_dialer_dial(l->dialer, l->aio);
}

ts_status bus_link_open(bus_link *l, ts_error *err)
{
    ts_status st = TS_OK;

    if (atomic_load(&l->is_open))
        return TS_OK;
    pthread_mutex_lock(&l->opening);
    if (!atomic_load(&l->is_open)) {
        st = make_dialer(l, err);
        if (st == TS_OK) {
            l->state = LINK_DIALLING;
            l->away_boot_ms = ts_boot_ms();
            atomic_store(&l->is_open, true);
            pthread_mutex_lock(&l->lock);
            dial(l);
            pthread_mutex_unlock(&l->lock);
        } else {
            unmake(l);
        }
    }
    pthread_mutex_unlock(&l->opening);
    return st;
}

/* Under the lock: the aio is at rest. */
static void pause_or_end(bus_link *l)
{
    if (l->is_closing) {
        l->state = LINK_CLOSED;
        ts_cond_broadcast(&l->changed);
        return;
    }
    l->state = LINK_PAUSING;
    l->until_boot_ms = ts_boot_ms() + l->pause_ms;
    nng_sleep_aio((nng_duration)l->pause_ms, l->aio);
    l->pause_ms = l->pause_ms * 2 > PAUSE_MAX_MS ? PAUSE_MAX_MS : l->pause_ms * 2;
}

/* The pause is over, or a dial has ended. */
static void on_dialled(void *argument)
{
    bus_link *l = argument;
    nng_stream *stream = NULL;
    int rv = nng_aio_result(l->aio);
    bool closes;

    pthread_mutex_lock(&l->lock);
    if (l->state == LINK_DIALLING && rv == 0)
        stream = nng_aio_get_output(l->aio, 0);
    if (l->is_closing) {
        if (stream != NULL)
            nng_stream_free(stream);
        pause_or_end(l);
    } else if (l->state == LINK_PAUSING) {
        l->state = LINK_DIALLING;
        dial(l);
    } else if (stream == NULL) {
        if (rv == NNG_ETIMEDOUT)
            l->dial_ms = l->dial_ms * 2 > DIAL_MAX_MS ? DIAL_MAX_MS : l->dial_ms * 2;
        pause_or_end(l);
    } else {
        l->state = LINK_UP;
        pthread_mutex_unlock(&l->lock);
        bus_conn_begin(l->conn, stream);
        pthread_mutex_lock(&l->lock);
        closes =
            l->is_closing; /* whoever closed may have come before there was something to close */
        pthread_mutex_unlock(&l->lock);
        if (closes)
            bus_conn_close(l->conn);
        return;
    }
    pthread_mutex_unlock(&l->lock);
}

static void on_ready(void *context)
{
    bus_link *l = context;

    pthread_mutex_lock(&l->lock);
    l->pause_ms = PAUSE_MIN_MS;
    l->dial_ms = DIAL_MIN_MS;
    atomic_store(&l->is_ready, true);
    ts_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->lock);
}

/* Under the lock. */
static void give_place(bus_link *l, unsigned place)
{
    l->waiting[place] = NULL;
    l->free_places[l->free_count++] = (uint16_t)place;
}

/* Under the lock: takes all off the list, to be posted. */
static unsigned lose_all(bus_link *l, bus_waiter *ret[TS_PEER_IN_FLIGHT_MAX])
{
    unsigned count = 0;

    for (unsigned i = 0; i < TS_PEER_IN_FLIGHT_MAX; i++) {
        if (l->waiting[i] == NULL)
            continue;
        l->waiting[i]->is_lost = true;
        ret[count++] = l->waiting[i];
        give_place(l, i);
    }
    return count;
}

void bus_link_cancel(bus_link *l)
{
    bus_waiter *lost[TS_PEER_IN_FLIGHT_MAX];
    unsigned count;

    pthread_mutex_lock(&l->lock);
    l->is_cancelled = true;
    count = lose_all(l, lost);
    ts_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->lock);
    for (unsigned i = 0; i < count; i++)
        ts_wake_post(&lost[i]->done);
}

static void on_ended(void *context)
{
    bus_link *l = context;
    bus_waiter *lost[TS_PEER_IN_FLIGHT_MAX];
    unsigned count;

    pthread_mutex_lock(&l->lock);
    if (atomic_exchange(&l->is_ready, false))
        l->away_boot_ms = ts_boot_ms();
    count = lose_all(l, lost);
    pause_or_end(l);
    pthread_mutex_unlock(&l->lock);
    for (unsigned i = 0; i < count; i++)
        ts_wake_post(&lost[i]->done);
}

static bus_taken on_answer(void *context, uint64_t number, ts_str body)
{
    bus_link *l = context;
    unsigned place = (unsigned)(number & ((1U << PLACE_BITS) - 1));
    bus_waiter *w;

    pthread_mutex_lock(&l->lock);
    w = place < TS_PEER_IN_FLIGHT_MAX ? l->waiting[place] : NULL;
    if (w != NULL && w->number == number) {
        w->answer = ts_arena_str(w->arena, body);
        give_place(l, place);
    } else {
        w = NULL; /* nobody waits for it any more */
    }
    pthread_mutex_unlock(&l->lock);
    if (w != NULL)
        ts_wake_post(&w->done);
    return BUS_TAKEN;
}

void bus_link_done(bus_link *l)
{
    if (atomic_load(&l->is_open)) {
        pthread_mutex_lock(&l->lock);
        l->is_closing = true;
        pthread_mutex_unlock(&l->lock);
        nng_stream_dialer_close(l->dialer);
        nng_aio_cancel(l->aio);
        bus_conn_close(l->conn);
        pthread_mutex_lock(&l->lock);
        while (l->state != LINK_CLOSED)
            ts_cond_wait(&l->changed, &l->lock, TS_FOREVER);
        pthread_mutex_unlock(&l->lock);
        unmake(l);
    }
    pthread_mutex_destroy(&l->lock);
    pthread_mutex_destroy(&l->opening);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Under the lock. */
static void remind(bus_link *l)
{
    if ((l->state == LINK_DIALLING || l->state == LINK_PAUSING) &&
        ts_boot_ms() > l->until_boot_ms + FORGOTTEN_MS)
        nng_aio_cancel(l->aio);
}

bool bus_link_wait(bus_link *l, int64_t deadline_boot_ms, bool restarts)
{
    int64_t until_ms;

    if (bus_link_is_ready(l))
        return true;
    until_ms = ts_boot_ms() + CONNECT_WAIT_MS;
    pthread_mutex_lock(&l->lock);
    remind(l);
    if (restarts && l->away_boot_ms + RESTART_WAIT_MS > until_ms)
        until_ms = l->away_boot_ms + RESTART_WAIT_MS;
    until_ms = earlier(until_ms, deadline_boot_ms);
    while (!atomic_load(&l->is_ready) && !l->is_cancelled) {
        if (!ts_cond_wait(&l->changed, &l->lock, until_ms))
            break;
    }
    pthread_mutex_unlock(&l->lock);
    return atomic_load(&l->is_ready);
}

/* Is the call still without an outcome? Then it gets none any more. */
static bool withdraw(bus_link *l, bus_waiter *w)
{
    unsigned place = (unsigned)(w->number & ((1U << PLACE_BITS) - 1));
    bool is_mine;

    pthread_mutex_lock(&l->lock);
    is_mine = l->waiting[place] == w;
    if (is_mine)
        give_place(l, place);
    pthread_mutex_unlock(&l->lock);
    return is_mine;
}

void bus_link_start(bus_link *l, bus_waiter *w, ts_arena *arena, const ProtobufCMessage *call)
{
    unsigned place;
    bool is_cancelled;

    *w = (bus_waiter){ .arena = arena };
    ts_wake_init(&w->done);
    pthread_mutex_lock(&l->lock);
    /* There is one for each: a peer takes at most so many calls at once. */
    place = l->free_places[--l->free_count];
    w->number = ++l->calls << PLACE_BITS | place;
    l->waiting[place] = w;
    is_cancelled = l->is_cancelled;
    pthread_mutex_unlock(&l->lock);
    w->sent =
        is_cancelled ? TS_UNAVAILABLE : bus_conn_send(l->conn, BUS_ANY_GENERATION, w->number, call);
    if (w->sent != TS_OK && withdraw(l, w)) {
        w->is_lost = true;
        ts_wake_post(&w->done);
    }
}

bool bus_link_finish(bus_link *l, bus_waiter *w, int64_t deadline_boot_ms)
{
    bool is_there = ts_wake_wait(&w->done, deadline_boot_ms);

    if (!is_there && !withdraw(l, w))
        is_there = ts_wake_wait(&w->done, TS_FOREVER); /* is being posted now */
    ts_wake_done(&w->done);
    return is_there;
}
