/* The listening side: HTTP/1.1 over TCP, in a few loops with the connections shared out among them. No TLS: it ends in a proxy.
 *
 * Thread-safe.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "http/conn.h"

typedef struct http_options {
    const char *listen; /* "127.0.0.1:8080" or "8080": on all addresses; port 0: any free one */
    int64_t loops;      /* threads */
    int64_t turn_us;    /* ts_loop_options */
    int64_t turn_clients;
    http_limits limits;
} http_options;

typedef struct http_server http_server;

/* Borrows `service`. TS_UNAVAILABLE with words if the address cannot be listened on; TS_INVALID; TS_NOMEM. */
TS_CHECK ts_status http_server_start(const http_options *options, const http_service *service,
                                     http_server **ret, ts_error *err);
/* Whether such an address could be listened on here if its port is free. TS_INVALID, TS_UNAVAILABLE with words. */
TS_CHECK ts_status http_server_check(const char *listen, ts_error *err);
int http_server_port(const http_server *s);
/* From now on answers close their connections. New ones are taken for `linger_ms` more, in which whoever sends requests here may
 * hear that this ends, or until nobody is connected; then none, and requests in work have until `drain_ms` from now. False: some still
 * are in work. */
bool http_server_drain(http_server *s, int64_t linger_ms, int64_t drain_ms);
/* NULL is fine. Blocks until every thread has ended. */
void http_server_stop(http_server *s);

#endif
