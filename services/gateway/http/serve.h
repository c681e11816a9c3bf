/* From a request to the bytes of its answer, without a socket: request checks, authentication, routing, permission,
 * parameters, body, handler, envelope, headers. In that order, for all endpoints alike.
 */
#ifndef HTTP_SERVE_H
#define HTTP_SERVE_H

#include <stdatomic.h>

#include "http/exchange.h"

#define HTTP_ORIGINS_MAX 16
#define HTTP_ANSWER_MAX  ((size_t)16 * 1024 * 1024)
#define HTTP_ARENA_MAX   ((size_t)64 * 1024 * 1024)

struct http_service {
    const http_route *routes;
    size_t route_count;
    void *app;
    /* Finds out who asks: HTTP_FINE (sets who, window), HTTP_INVALID_KEY (sets window if the failure was counted),
     * HTTP_RATE_LIMITED (sets window, retry_after_s) or HTTP_UNAVAILABLE, HTTP_FORBIDDEN or HTTP_BAD_REQUEST (with words). `key`
     * is the text after "Bearer ", empty if there is none. May block. */
    http_problem (*authorize)(http_exchange *x, ts_str key);
    uint32_t failures_limit; /* of an address in a minute: shown where no key was asked for */
    int64_t hsts_s;          /* max-age of Strict-Transport-Security; 0: none */
    http_proxies proxies;
    ts_str origins[HTTP_ORIGINS_MAX]; /* of browsers that may read answers */
    size_t origin_count;
    ts_str hosts[HTTP_ORIGINS_MAX]; /* names beside the loopback's that GUARDED routes answer to */
    size_t host_count;
};
typedef struct http_service http_service;

/* Reads the body that is there to be read, at most `max` bytes, into `out`. TS_TOO_LARGE; TS_INVALID: it ended early;
 * TS_LIMITED: it comes too slowly; TS_UNAVAILABLE: too many bytes of bodies are in memory. */
typedef ts_status http_body_reader(void *connection, size_t max, ts_buf *out);

/* Sends bytes of a stream at once; false: the client is gone, or takes too little. */
typedef bool http_sender(void *connection, ts_str bytes);

/* The memory of one request at a time; used again for the next. */
typedef struct http_work {
    http_request request;
    http_exchange exchange;
    ts_arena *arena;
    ts_json_parser *parser;
    ts_json_parser *list_parser; /* of a long body, for one request; else NULL */
    ts_status list_status;
    ts_buf body;                    /* that came */
    ts_buf answer;                  /* body of the answer */
    ts_buf packed;                  /* its gzip form */
    ts_buf out;                     /* the whole answer */
    bool must_close;                /* after this answer */
    const atomic_bool *is_draining; /* answers close their connections; NULL: they do not */
    bool is_streaming;              /* headers went out: nothing can be answered any more */
    http_sender *send;              /* with `connection`: for streams */
    void *connection;
    int status;
    struct http_work *next;
} http_work;

/* NULL if out of memory. */
http_work *http_work_new(void);
void http_work_free(http_work *w);
TS_DEFINE_CLEANUP(http_work, http_work_free);
/* Forgets the request; gives large buffers back. */
void http_work_reset(http_work *w);
/* Bytes that it holds between requests, about. */
size_t http_work_size(const http_work *w);

/* w->request is filled; fills w->out, w->status and w->must_close. Blocks while services work. If even memory for an
 * error is missing, w->out is empty. */
void http_serve(const http_service *s, http_work *w, http_body_reader *read_body, void *connection);
/* An answer to what is not served: w->request holds at least `peer` and `version`, w->exchange.error maybe the words. */
void http_refuse(const http_service *s, http_work *w, http_problem problem);

#endif
