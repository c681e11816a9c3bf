/* libcurl's multi handle over epoll. A round costs what is ready, not what is under way, and a connection that rests in libcurl's
 * cache stays registered, so that the next request on it makes no call of the kernel to be waited for.
 *
 * One thread runs it; loop_wake is for any. Sockets are to be opened by loop_open and closed by loop_close_socket
 * (CURLOPT_CLOSESOCKETFUNCTION, with the loop as its data) so that it knows which numbers are new.
 *
 * Not ts_loop (ts/loop.h): that one has its thread until its end and lets fibers wait, while the sender's thread takes turns of its
 * own, and libcurl names what it waits for socket by socket and changes its mind. All that both would share is epoll_wait(). */
#ifndef DISPATCHER_LOOP_H
#define DISPATCHER_LOOP_H

#include <curl/curl.h>

#include "ts/base.h"

typedef struct loop loop;

/* TS_NOMEM. */
TS_CHECK ts_status loop_new(long idle_connections_max, loop **ret);
/* All easy handles have been removed. NULL is fine. */
void loop_free(loop *l);
CURLM *loop_multi(loop *l);
/* Waits up to `max_ms` for sockets, libcurl's timers or loop_wake, and lets libcurl work. */
void loop_run(loop *l, int64_t max_ms);
void loop_wake(loop *l);
curl_socket_t loop_open(loop *l, const struct curl_sockaddr *address);
int loop_close_socket(void *context, curl_socket_t fd);

#endif
