#include "link.h"

#include <nng/protocol/reqrep0/req.h>
#include <nng/supplemental/tls/tls.h>
#include <nng/transport/tls/tls.h>
#include <time.h>

#include "ts/time.h"

#define CONNECT_WAIT_MS 500
#define RESTART_WAIT_MS 4000
#define RECONNECT_MIN   20
#define RECONNECT_MAX   250

void bus_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attributes);
    pthread_condattr_destroy(&attributes);
}

static struct timespec monotonic_in(int64_t ms)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    if (ms < 0)
        ms = 0;
    t.tv_sec += ms / TS_SECOND_MS;
    t.tv_nsec += ms % TS_SECOND_MS * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

/* ADD_PRE, not ADD_POST: a connection that breaks at once may tell of its end before ADD_POST, and would count for ever. */
static void pipe_event(nng_pipe pipe, nng_pipe_ev event, void *argument)
{
    bus_link *l = argument;

    pthread_mutex_lock(&l->lock);
    if (event == NNG_PIPE_EV_ADD_PRE) {
        l->pipe = nng_pipe_id(pipe);
    } else if (l->pipe == nng_pipe_id(pipe)) {
        l->pipe = 0;
        l->away_boot_ms = ts_boot_ms();
    }
    pthread_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->lock);
}

ts_status bus_link_init(bus_link *l, const char *base, ts_lane lane, ts_error *err)
{
    pthread_mutex_init(&l->opening, NULL);
    pthread_mutex_init(&l->lock, NULL);
    bus_cond_init(&l->changed);
    return ts_bus_lane_address(base, lane, l->address, err);
}

static int set_options(bus_link *l)
{
    /* Never resend by itself: only we know what may be repeated. */
    int rv = nng_socket_set_ms(l->socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);

    if (rv == 0)
        rv = nng_socket_set_ms(l->socket, NNG_OPT_RECONNMINT, RECONNECT_MIN);
    if (rv == 0)
        rv = nng_socket_set_ms(l->socket, NNG_OPT_RECONNMAXT, RECONNECT_MAX);
    if (rv == 0)
        rv = nng_socket_set_size(l->socket, NNG_OPT_RECVMAXSZ, BUS_MESSAGE_MAX + 4096);
    if (rv == 0)
        rv = nng_pipe_notify(l->socket, NNG_PIPE_EV_ADD_PRE, pipe_event, l);
    if (rv == 0)
        rv = nng_pipe_notify(l->socket, NNG_PIPE_EV_REM_POST, pipe_event, l);
    return rv;
}

/* A dialer that works in the background from now on. */
static ts_status start_dialer(bus_link *l, ts_error *err)
{
    nng_dialer dialer = NNG_DIALER_INITIALIZER;
    nng_tls_config *tls = NULL;
    ts_status st = TS_OK;
    int rv;

    if (ts_bus_is_tls(l->address))
        st = ts_bus_tls(l->address, false, &tls, err);
    if (st != TS_OK)
        return st;
    rv = nng_dialer_create(&dialer, l->socket, l->address);
    if (rv == 0 && tls != NULL)
        rv = nng_dialer_set_ptr(dialer, NNG_OPT_TLS_CONFIG, tls);
    if (rv == 0)
        rv = nng_dialer_start(dialer, NNG_FLAG_NONBLOCK);
    if (tls != NULL)
        nng_tls_config_free(tls);
    if (rv == 0)
        return TS_OK;
    return ts_fail(err, TS_UNAVAILABLE, "address", "cannot dial %s: %s", l->address,
                   nng_strerror(rv));
}

static ts_status dial(bus_link *l, ts_error *err)
{
    int rv = nng_req0_open(&l->socket);
    ts_status st;

    ts_bus_resets();
    if (rv != 0)
        return ts_fail(err, TS_UNAVAILABLE, "address", "cannot open a socket: %s",
                       nng_strerror(rv));
    rv = set_options(l);
    l->away_boot_ms = ts_boot_ms();
    if (rv == 0)
        st = start_dialer(l, err);
    else
        st =
            ts_fail(err, TS_UNAVAILABLE, "address", "cannot set up a socket: %s", nng_strerror(rv));
    if (st != TS_OK)
        nng_close(l->socket);
    return st;
}

ts_status bus_link_open(bus_link *l, ts_error *err)
{
    ts_status st = TS_OK;

    if (atomic_load(&l->is_open))
        return TS_OK;
    pthread_mutex_lock(&l->opening);
    if (!atomic_load(&l->is_open)) {
        st = dial(l, err);
        atomic_store(&l->is_open, st == TS_OK);
    }
    pthread_mutex_unlock(&l->opening);
    return st;
}

void bus_link_close(bus_link *l)
{
    if (atomic_load(&l->is_open))
        nng_close(l->socket);
    atomic_store(&l->is_open, false);
}

void bus_link_done(bus_link *l)
{
    pthread_cond_destroy(&l->changed);
    pthread_mutex_destroy(&l->lock);
    pthread_mutex_destroy(&l->opening);
}

bool bus_link_wait(bus_link *l, int64_t deadline_boot_ms, bool restarts)
{
    int64_t now_boot_ms = ts_boot_ms();
    int64_t until_boot_ms = now_boot_ms + CONNECT_WAIT_MS;
    struct timespec until;
    bool is_connected;

    pthread_mutex_lock(&l->lock);
    if (restarts && l->away_boot_ms + RESTART_WAIT_MS > until_boot_ms)
        until_boot_ms = l->away_boot_ms + RESTART_WAIT_MS;
    if (until_boot_ms > deadline_boot_ms)
        until_boot_ms = deadline_boot_ms;
    until = monotonic_in(until_boot_ms - now_boot_ms);
    while (l->pipe == 0) {
        if (pthread_cond_timedwait(&l->changed, &l->lock, &until) != 0)
            break;
    }
    is_connected = l->pipe != 0;
    pthread_mutex_unlock(&l->lock);
    return is_connected;
}
