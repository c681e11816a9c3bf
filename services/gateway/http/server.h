/* The listening side: civetweb 1.15 with its traps walled off.
 *
 * One thread per connection, busy or idle, so `connections` is the number of threads; a few more exist to tell what is
 * beyond it at once that there is no room (503). Thread-safe.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "http/serve.h"

typedef struct http_options {
    const char *listen; /* "127.0.0.1:8080"; port 0: any free one */
    int64_t connections;
    int64_t keep_alive_ms; /* an idle connection is closed after it */
    int64_t header_ms;  /* for a request's header to come in, and the longest pause in its body */
    int64_t request_ms; /* for a body to come in whole */
} http_options;

typedef struct http_server http_server;

/* Borrows `service`. TS_UNAVAILABLE with words if the address cannot be listened on; TS_INVALID; TS_NOMEM. */
TS_CHECK ts_status http_server_start(const http_options *options, const http_service *service,
                                     http_server **ret, ts_error *err);
int http_server_port(const http_server *s);
/* From now on answers close their connections. New ones are taken for `linger_ms` more, in which whoever sends requests here may
 * hear that this ends, or until nobody is connected; then none, and requests in work have until `drain_ms` from now. */
void http_server_drain(http_server *s, int64_t linger_ms, int64_t drain_ms);
/* NULL is fine. Blocks until every thread has ended. */
void http_server_stop(http_server *s);

#endif
