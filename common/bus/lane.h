/* What a lane of the server and its connections share: server.c has the calls, clients.c the connections that they come over.
 * See the first comment of each.
 */
#ifndef TS_BUS_LANE_H
#define TS_BUS_LANE_H

#include <pthread.h>

#include "conn.h"

typedef struct lane lane;

/* A connection of a lane; kept and used again until the server stops. */
typedef struct client {
    lane *lane;
    bus_conn *conn;
    struct client *next;      /* of all */
    struct client *next_idle; /* guarded by the lane's lock, as the two below */
    struct client *next_full;
    bool is_full;
} client;

struct lane {
    ts_rpc_server *server;
    ts_lane number;
    size_t frame_max; /* longest body that is taken */
    int silence_ms;
    nng_stream_listener *listener;
    nng_aio *accepting;
    bool is_pausing; /* only touched where the aio is at rest */
    struct item *items;
    unsigned item_count;
    pthread_t *workers;
    unsigned worker_count;

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t has_work;
    pthread_cond_t has_ended; /* a connection has, or the last item is back; or a call came late */
    struct item *idle;
    unsigned lent; /* items that are not idle */
    struct item *first, *last;
    client *clients; /* all */
    client *idle_clients;
    client *full;
    unsigned open; /* connections */
    bool stopping;
    bool closed; /* no call is taken any more */
};

/* clients.c */
/* Connections are taken from now on. */
TS_CHECK ts_status clients_listen(lane *l, const char *address, ts_error *err);
/* None is taken any more. Once; what was begun or not. */
void clients_refuse(lane *l);
/* The answers that are there leave, if their readers take them. After clients_refuse(). */
void clients_flush(lane *l);
/* Waits until each has ended, and frees them. After clients_refuse(). */
void clients_close(lane *l);
/* Under the lane's lock. */
void clients_forget_full(client *c);

/* server.c: a frame has come over the connection `context`. */
bus_taken lane_on_call(void *context, uint64_t number, ts_str body);

#endif
