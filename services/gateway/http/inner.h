/* The answer of another route within a request: the same checks and the same handler as if a client had asked for it with this
 * key, without a second trip through a socket and without being counted against limits again. Preconditions and Idempotency-Key
 * of the outer request do not reach it, and nothing in its answer is mirrored.
 */
#ifndef HTTP_INNER_H
#define HTTP_INNER_H

#include "http/serve.h"

/* Runs the GET, so that nothing is changed, of `target` (path and query, encoded) for whoever asks in `outer`, in its arena. TS_NOT_FOUND: there is no such
 * route with an answer in JSON, or its handler says so; TS_DENIED with words; what parameters and handler answer; TS_NOMEM.
 * *ret is set unless memory is short: in it stand `error`, and on success data, summary, untrusted and degraded. Release it with
 * http_inner_done(). May block as the handler does. */
TS_CHECK ts_status http_inner_get(const http_exchange *outer, ts_str target, http_exchange **ret);
/* NULL is fine. */
void http_inner_done(http_exchange *inner);

/* The same in steps, for any method: an exchange whose params and fields hold their defaults, for the caller to set
 * (http_value_set); then permission, what is required, and the handler. `segment` stands for {...}. *ret is set on TS_OK; else
 * TS_NOMEM. Release it with http_inner_done(). */
TS_CHECK ts_status http_inner_begin(const http_exchange *outer, const http_route *route,
                                    ts_str segment, http_exchange **ret);
TS_CHECK ts_status http_inner_run(http_exchange *x);

/* Whether `target` is a path that GET serves in JSON. */
bool http_inner_has(const http_exchange *outer, ts_str target);

#endif
