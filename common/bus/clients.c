/* The connections of a lane: taken as they come, kept and used again, closed when the server stops. */
#include "lane.h"

#include <nng/supplemental/tls/tls.h>
#include <time.h>

#include "ts/time.h"

/* Of accepting, after it failed: out of file descriptors, say. */
#define ACCEPT_PAUSE_MS 100
/* How long the last answers may take to leave. */
#define FLUSH_MS 500

void clients_forget_full(client *c)
{
    for (client **place = &c->lane->full; *place != NULL; place = &(*place)->next_full) {
        if (*place == c) {
            *place = c->next_full;
            break;
        }
    }
    c->is_full = false;
}

static void on_ready(void *context)
{
    (void)context;
}

static void on_ended(void *context)
{
    client *c = context;
    lane *l = c->lane;

    pthread_mutex_lock(&l->lock);
    if (c->is_full)
        clients_forget_full(c);
    c->next_idle = l->idle_clients;
    l->idle_clients = c;
    l->open--;
    pthread_cond_broadcast(&l->has_ended);
    pthread_mutex_unlock(&l->lock);
}

static const bus_events events = { .ready = on_ready, .frame = lane_on_call, .ended = on_ended };

/* NULL: no memory, or the lane stops. */
static client *client_take(lane *l)
{
    client *c;

    pthread_mutex_lock(&l->lock);
    c = l->idle_clients;
    if (l->stopping)
        c = NULL;
    else if (c != NULL)
        l->idle_clients = c->next_idle;
    else
        c = calloc(1, sizeof(*c));
    if (c != NULL && c->conn == NULL) {
        c->lane = l;
        if (bus_conn_new(&events, c, l->frame_max, false, l->silence_ms, &c->conn) != TS_OK) {
            free(c);
            c = NULL;
        } else {
            c->next = l->clients;
            l->clients = c;
        }
    }
    if (c != NULL)
        l->open++;
    pthread_mutex_unlock(&l->lock);
    return c;
}

static void on_accepted(void *argument)
{
    lane *l = argument;
    int rv = nng_aio_result(l->accepting);
    nng_stream *stream = NULL;
    client *c = NULL;

    if (rv == NNG_ECLOSED || rv == NNG_ECANCELED)
        return;
    if (rv == 0 && !l->is_pausing)
        stream = nng_aio_get_output(l->accepting, 0);
    if (stream != NULL) {
        c = client_take(l);
        if (c == NULL)
            nng_stream_free(stream);
        else
            bus_conn_begin(c->conn, stream);
    }
    l->is_pausing = rv != 0 && !l->is_pausing;
    if (l->is_pausing)
        nng_sleep_aio(ACCEPT_PAUSE_MS, l->accepting);
    else
        nng_stream_listener_accept(l->listener, l->accepting);
}

ts_status clients_listen(lane *l, const char *address, ts_error *err)
{
    nng_tls_config *tls = NULL;
    ts_status st = ts_bus_silence(&l->silence_ms, err);
    int rv;

    if (st == TS_OK && ts_bus_is_tls(address))
        st = ts_bus_tls(address, true, &tls, err);
    if (st != TS_OK)
        return st;
    rv = nng_stream_listener_alloc(&l->listener, address);
    if (rv == 0 && tls != NULL)
        rv = nng_stream_listener_set_ptr(l->listener, NNG_OPT_TLS_CONFIG, tls);
    if (tls != NULL)
        nng_tls_config_free(tls);
    if (rv == 0)
        rv = nng_aio_alloc(&l->accepting, on_accepted, l);
    if (rv == 0)
        rv = nng_stream_listener_listen(l->listener);
    if (rv != 0)
        return ts_fail(err, TS_UNAVAILABLE, "address", "cannot listen on %s: %s", address,
                       nng_strerror(rv));
    nng_stream_listener_accept(l->listener, l->accepting);
    return TS_OK;
}

void clients_refuse(lane *l)
{
    if (l->listener != NULL)
        nng_stream_listener_close(l->listener);
    if (l->accepting != NULL) {
        nng_aio_stop(l->accepting);
        nng_aio_free(l->accepting);
    }
}

void clients_flush(lane *l)
{
    struct timespec pause = { 0, 2000000 };
    int64_t until_ms = ts_boot_ms() + FLUSH_MS;

    /* No connection is added any more. */
    for (client *c = l->clients; c != NULL; c = c->next) {
        while (!bus_conn_is_idle(c->conn) && ts_boot_ms() < until_ms)
            nanosleep(&pause, NULL);
    }
}

void clients_close(lane *l)
{
    for (client *c = l->clients; c != NULL; c = c->next)
        bus_conn_close(c->conn);
    pthread_mutex_lock(&l->lock);
    while (l->open > 0)
        pthread_cond_wait(&l->has_ended, &l->lock);
    pthread_mutex_unlock(&l->lock);
    while (l->clients != NULL) {
        client *c = l->clients;

        l->clients = c->next;
        bus_conn_free(c->conn);
        free(c);
    }
}
