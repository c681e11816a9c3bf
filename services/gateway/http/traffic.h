/* How much is going on: connections and requests in work, and whether the server comes to its end. Thread-safe but for init and
 * done. */
#ifndef HTTP_TRAFFIC_H
#define HTTP_TRAFFIC_H

#include <pthread.h>
#include <stdatomic.h>

#include "ts/wait.h"

typedef struct http_traffic {
    atomic_int connections;
    atomic_int in_work;
    atomic_llong body_bytes; /* in memory */
    atomic_bool is_draining; /* answers close their connections */
    pthread_mutex_t mutex;   /* guards less */
    ts_cond less;            /* while draining: one of the two has become less */
} http_traffic;

void http_traffic_init(http_traffic *t);
void http_traffic_done(http_traffic *t);

/* How many connections there are with this one. */
int http_traffic_connect(http_traffic *t);
void http_traffic_disconnect(http_traffic *t);
void http_traffic_begin(http_traffic *t);
void http_traffic_end(http_traffic *t);

/* Until nothing is in work and, with `connections`, nobody is connected; at most until then. By a thread. */
void http_traffic_await(http_traffic *t, bool connections, int64_t until_boot_ms);

#endif
