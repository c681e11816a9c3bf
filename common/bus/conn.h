/* One connection of the bus: a greeting and then frames (frames.h), from each side, over a byte stream of nng's (ipc, tcp or
 * tls+tcp).
 *
 * Combining: what fibers send in one turn of their loop leaves together, and so does all that is sent while the frames of one read
 * are delivered, or while the peer takes no more. What costs on this bus is the wake-up, not the bytes: the busier a connection, the
 * more calls share one. A write is tried at once by whoever sends; only what the peer does not take waits for nng.
 *
 * Signs of life: a machine that is gone says nothing, and its kernel acknowledges nothing for a quarter of an hour. A side that
 * asks sends an empty frame of the number 0 after each `silence_ms` in which nothing came, which the other side gives back. The
 * third silence in a row ends the connection of a side that asks, the sixth that of one that is asked; the first, if the peer
 * has not even greeted; and so does a peer that takes nothing for as long. Both sides must have the same setting. A peer that
 * takes no call meanwhile (BUS_LATER) is not read from, and so not heard: too busy for so long is as good as away.
 *
 * A connection is begun with a stream, ends once, and may then be begun again. Thread-safe, but for new and free.
 */
#ifndef TS_BUS_CONN_H
#define TS_BUS_CONN_H

#include <nng/nng.h>

#include "internal.h"

typedef enum bus_taken {
    BUS_TAKEN, /* done with the frame */
    BUS_LATER, /* no room: it is delivered again after bus_conn_resume(), and nothing is read until then */
    BUS_WRONG, /* the connection ends */
} bus_taken;

/* Called without locks on a thread of nng's, or of whoever resumes; never two at a time for one connection. */
typedef struct bus_events {
    void (*ready)(void *context); /* the peer's greeting is there */
    bus_taken (*frame)(void *context, uint64_t number, ts_str body); /* `body` is lent */
    void (*ended)(void *context); /* all is quiet; the connection may be begun again */
} bus_events;

typedef struct bus_conn bus_conn;

/* `frame_max`: longest body that is taken. `asks`: the side that calls; its calls' numbers are above 0. */
TS_CHECK ts_status bus_conn_new(const bus_events *events, void *context, size_t frame_max,
                                bool asks, int silence_ms, bus_conn **ret);
/* It has not been begun, or has ended. NULL is fine. Waits for the last callback. */
void bus_conn_free(bus_conn *c);

/* Takes the stream. ended() follows some time after, once. */
void bus_conn_begin(bus_conn *c, nng_stream *take_stream);
/* ended() follows, maybe before this returns. */
void bus_conn_close(bus_conn *c);
/* There is room again. */
void bus_conn_resume(bus_conn *c);

/* Changes with each beginning: whoever answers names the connection it was asked over. */
uint64_t bus_conn_generation(const bus_conn *c);
#define BUS_ANY_GENERATION UINT64_C(0)
/* TS_UNAVAILABLE if it has ended, or that generation of it; TS_TOO_LARGE; TS_NOMEM. Never blocks for the peer. If the connection
 * turns out to be broken, ended() may come before this returns; frame() never does. */
TS_CHECK ts_status bus_conn_send(bus_conn *c, uint64_t generation, uint64_t number,
                                 const ProtobufCMessage *body);
/* Has all that was sent left? */
bool bus_conn_is_idle(bus_conn *c);

#endif
