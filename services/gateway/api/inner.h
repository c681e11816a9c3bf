/* A route's handler run inside another request: for answers that are made of plain ones (MCP tools, questions). The same
 * parameter checks and the same permission check as over HTTP, the same handler; nothing is counted against limits again.
 *
 * Preconditions and Idempotency-Key of the outer request do not reach the inner one. Belongs to the thread of the exchange;
 * blocks as the handler does.
 */
#ifndef API_INNER_H
#define API_INNER_H

#include "api/api.h"

/* The row of the table, which must stand in it to the letter; NULL if there is none. */
const http_route *api_route_of(const char *method, const char *pattern);

/* How a route was answered. */
typedef struct api_answer {
    http_problem
        problem; /* HTTP_FINE: `x` holds data, summary, untrusted and degraded; else its error and retry_after_s */
    http_exchange
        *x; /* of the inner request; NULL before the first run. Nothing in it is mirrored */
} api_answer;

/* What is asked for: a query as it stands in an address, and a body; either may be empty (TS_STR_NULL, a zeroed ts_json).
 * `segment` stands for {...}, decoded. TS_NOMEM; whatever else goes wrong is in the answer. Release with api_answer_done(). */
TS_CHECK ts_status api_run_route(http_exchange *x, const http_route *route, ts_str segment,
                                 ts_str query, ts_json body, api_answer *ret);
void api_answer_done(api_answer *a);

/* The same in two steps, for a caller that sets parameters and fields one by one (http_value_set on ret->x->params and
 * ret->x->fields, which hold their defaults). After a failure of its own it sets ret->problem and does not run. */
TS_CHECK ts_status api_inner_begin(http_exchange *x, const http_route *route, ts_str segment,
                                   api_answer *ret);
void api_inner_run(api_answer *a);

#endif
