/* The calling side's socket of one lane: dials the peer for ever and knows whether it is there. Opened at the first call: a
 * lane that nobody uses would be dialled for ever where nobody listens.
 *
 * Thread-safe, but for init, close and done.
 */
#ifndef TS_BUS_LINK_H
#define TS_BUS_LINK_H

#include <nng/nng.h>
#include <pthread.h>
#include <stdatomic.h>

#include "internal.h"

typedef struct bus_link {
    char address[TS_BUS_ADDRESS_SIZE];
    pthread_mutex_t opening; /* guards the socket until is_open is set */
    nng_socket socket;
    atomic_bool is_open;
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t changed;
    int pipe;             /* id of the connection; 0: none */
    int64_t away_boot_ms; /* without one since then */
} bus_link;

/* Before all else; bus_link_done() after it, also if the address is refused. */
TS_CHECK ts_status bus_link_init(bus_link *l, const char *base, ts_lane lane, ts_error *err);
/* Opens the socket and dials in the background, once. `l` must not move after. */
TS_CHECK ts_status bus_link_open(bus_link *l, ts_error *err);
/* Nobody may wait. Everything on the socket ends. */
void bus_link_close(bus_link *l);
void bus_link_done(bus_link *l);

/* Waits for the connection, at most until the deadline, for CONNECT_WAIT_MS; with `restarts` until it has been away for
 * RESTART_WAIT_MS, if that is later: so long may its peer take to start again. False: it stays away. */
bool bus_link_wait(bus_link *l, int64_t deadline_boot_ms, bool restarts);

/* A condition that is waited for on CLOCK_MONOTONIC. */
void bus_cond_init(pthread_cond_t *cond);

#endif
