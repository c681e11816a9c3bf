/* The calling side's socket of one lane: dials the peer from the first call on, for ever, and knows
 * whether it is there. Not before: a service listens on the lanes of its methods alone, and dialling
 * one that is never there would keep an idle process busy.
 *
 * nng (1.5.2) dials again by itself, with one hole: a peer that dies between accepting and the
 * handshake breaks the pipe under the dialler's first write, and that error is taken for the order
 * to stop. So whoever waits for the peer in vain makes a new dialler, at most one in REDIAL_MS.
 *
 * Thread-safe, but for open and close.
 */
#ifndef TS_BUS_LINK_H
#define TS_BUS_LINK_H

#include <nng/nng.h>
#include <pthread.h>

#include "internal.h"

typedef struct bus_link {
    nng_socket socket;
    bool is_open;
    char address[TS_BUS_ADDRESS_SIZE];
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t changed;
    nng_dialer dialer;
    int pipe; /* id of the connection; 0: none */
    int64_t dialled_boot_ms;
    bool is_dialling; /* a caller makes a new dialler */
} bus_link;

/* Before all else; bus_link_done() after it, also if opening failed. */
void bus_link_init(bus_link *l);
/* Opens the socket. `l` must not move after. */
TS_CHECK ts_status bus_link_open(bus_link *l, const char *base, ts_lane lane, ts_error *err);
/* Nobody may wait. Everything on the socket ends. */
void bus_link_close(bus_link *l);
void bus_link_done(bus_link *l);

bool bus_link_is_connected(bus_link *l);
/* Dials if nobody has. False if the peer stays away for CONNECT_WAIT_MS or until the deadline. */
bool bus_link_wait(bus_link *l, int64_t deadline_boot_ms);

/* A condition that is waited for on CLOCK_MONOTONIC. */
void bus_cond_init(pthread_cond_t *cond);

#endif
