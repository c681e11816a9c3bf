/* Clients' connections of one loop.
 *
 * A connection that says nothing costs its descriptor and a few hundred bytes; a fiber runs for it from the end of a request's head
 * until its answer has left. All calls are for the loop's thread.
 */
#ifndef HTTP_CONN_H
#define HTTP_CONN_H

#include "http/counts.h"
#include "http/traffic.h"
#include "http/works.h"
#include "ts/loop.h"

struct http_conn;

typedef struct http_limits {
    int64_t connections;   /* of all loops; beyond it a request gets 503 */
    int64_t keep_alive_ms; /* an idle connection is closed after it */
    int64_t header_ms;     /* for a request's head to come in, and the longest pause in a body */
    int64_t request_ms;    /* for a body to come in whole */
    int64_t
        body_bytes; /* of bodies of all loops, from their coming in until they are answered; beyond it 503 */
    int64_t answer_ms; /* in each so much waiting for it a client takes answer_bytes, or is left */
    int64_t answer_bytes;
} http_limits;

/* A loop, its connections, and the memory of requests that rest. */
typedef struct http_shard {
    const http_service *service;
    http_limits limits;
    http_counts *counts;
    http_traffic *traffic;
    ts_loop *loop;
    struct http_conn *first;
    http_works works;
    bool is_ending; /* nothing more is read */
} http_shard;

/* Takes the descriptor. With `is_beyond` there are too many: its first request is refused if that is still so. */
void http_conn_begin(http_shard *s, int take_fd, bool is_beyond);
/* Ends connections that wait for a request, tells those whose body is being read that no more will come, and waits no more for
 * those that do not take their answer. */
void http_conn_end_all(http_shard *s);

#endif
