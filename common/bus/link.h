/* The calling side's connection of one lane: dials the peer for ever and matches answers to the calls that wait for them.
 * Opened at the first call: a lane that nobody uses would be dialled for ever where nobody listens.
 *
 * A link moves CLOSED -> DIALLING -> UP -> PAUSING -> DIALLING...; bus_link_close() ends it from each of them.
 *
 * Thread-safe, but for init and done.
 */
#ifndef TS_BUS_LINK_H
#define TS_BUS_LINK_H

#include <nng/nng.h>
#include <pthread.h>
#include <stdatomic.h>

#include "conn.h"
#include "ts/wait.h"

/* A call under way; lives on its caller's stack, from bus_link_start() to bus_link_finish(). */
typedef struct bus_waiter {
    ts_arena *arena; /* the caller's, who waits: the answer is copied into it */
    ts_wake done;    /* posted once, by whoever takes the waiter off the link's list */
    uint64_t number;
    ts_status sent; /* of sending */
    bool is_lost;   /* no answer will come: the connection has ended, or takes no calls */
    ts_str answer;  /* the packed reply; NULL without is_lost: the arena is full */
} bus_waiter;

typedef enum bus_link_state { LINK_CLOSED, LINK_DIALLING, LINK_UP, LINK_PAUSING } bus_link_state;

typedef struct bus_link {
    char address[TS_BUS_ADDRESS_SIZE];
    int silence_ms;
    atomic_bool is_open;
    atomic_bool is_ready;    /* the peer has greeted: calls may go */
    pthread_mutex_t opening; /* guards what is made by bus_link_open() until is_open is set */
    nng_stream_dialer *dialer;
    nng_aio *aio; /* of dialling and of the pause before it */
    bus_conn *conn;

    pthread_mutex_t lock; /* guards all below */
    ts_cond changed;
    bus_link_state state;
    bool is_closing;
    bool is_cancelled;
    int64_t pause_ms;
    int64_t dial_ms;       /* limit of the next dial */
    int64_t until_boot_ms; /* when the dial or the pause should be over */
    int64_t away_boot_ms;  /* without a connection since then */
    uint64_t calls; /* ever: the upper part of a number; the lower is the place in `waiting` */
    unsigned free_count;
    uint16_t free_places[TS_PEER_IN_FLIGHT_MAX];
    bus_waiter *waiting[TS_PEER_IN_FLIGHT_MAX];
} bus_link;

/* Before all else; bus_link_done() after it, also if the address is refused. */
TS_CHECK ts_status bus_link_init(bus_link *l, const char *base, ts_lane lane, ts_error *err);
/* Dials in the background, from the first time on. `l` must not move after. */
TS_CHECK ts_status bus_link_open(bus_link *l, ts_error *err);
/* No call may be under way. Ends the connection and waits until all is quiet. */
void bus_link_done(bus_link *l);

static inline bool bus_link_is_ready(bus_link *l)
{
    return atomic_load(&l->is_ready);
}

/* Waits for the connection, at most until the deadline, for CONNECT_WAIT_MS; with `restarts` until it has been away for
 * RESTART_WAIT_MS, if that is later: so long may its peer take to start again. False: it stays away. */
bool bus_link_wait(bus_link *l, int64_t deadline_boot_ms, bool restarts);

/* Sends a call. bus_link_finish() must follow, whatever came of it. */
void bus_link_start(bus_link *l, bus_waiter *w, ts_arena *arena, const ProtobufCMessage *call);
/* Calls that are under way and those to come are lost. */
void bus_link_cancel(bus_link *l);
/* Waits for the outcome. False: the deadline has passed without one. */
bool bus_link_finish(bus_link *l, bus_waiter *w, int64_t deadline_boot_ms);

#endif
