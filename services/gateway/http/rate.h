/* Failures per client address in aligned minutes, in a table of fixed size.
 *
 * Thread-safe. Never reads a clock. When more addresses fail in one minute than the table holds, those with the fewest
 * failures are forgotten first: an attacker with many addresses costs no memory and frees nobody who is near the limit.
 */
#ifndef HTTP_RATE_H
#define HTTP_RATE_H

#include "ts/base.h"

typedef struct http_rate http_rate;

typedef struct http_window {
    uint32_t limit;
    uint32_t remaining;
    int64_t reset_s; /* epoch seconds: end of the aligned minute */
} http_window;

/* NULL if out of memory. `slots` is rounded up to whole buckets. */
http_rate *http_rate_new(uint32_t limit, size_t slots);
void http_rate_free(http_rate *r);
TS_DEFINE_CLEANUP(http_rate, http_rate_free);

/* The window of an address as it stands; counts nothing. */
http_window http_rate_look(http_rate *r, ts_str address, int64_t now_ms);
/* Counts a failure. False: the window was full before it. With `remaining` 0 it is full from this one on, which is so once a
 * minute for an address that is not forgotten in between. */
bool http_rate_fail(http_rate *r, ts_str address, int64_t now_ms, http_window *ret);

/* Whole seconds until the window ends, at least 1. */
uint32_t http_window_wait_s(const http_window *w, int64_t now_ms);

#endif
