/* One request on its way through the gateway: what came, what was found out about it, what will be answered.
 *
 * Belongs to one thread. Everything in it dies with the request.
 */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include "http/client.h"
#include "http/problem.h"
#include "http/request.h"
#include "http/route.h"
#include "ts/arena.h"
#include "ts/buf.h"
#include "ts/json.h"
#include "ts/rpc.h"
#include "ts/trace.h"

#define HTTP_NAMES_MAX 48 /* of two answers within one, and more */
#define HTTP_ETAG_SIZE 40 /* quotes, 32 digits, NUL */

/* Who the key belongs to. Strings live in the arena. */
typedef struct http_identity {
    ts_tenant tenant;
    ts_str org_id;
    ts_str org_name;
    ts_str key_id;
    uint64_t permissions;
} http_identity;

/* The minute that a request counts in. */
typedef struct http_window {
    uint32_t limit;
    uint32_t remaining;
    int64_t reset_s; /* epoch seconds: end of the aligned minute */
} http_window;

/* Names that are literals of ours, or live in the arena. */
typedef struct http_names {
    const char *items[HTTP_NAMES_MAX];
    size_t count;
} http_names;

typedef struct http_exchange {
    const http_request *request;
    const http_route *route;
    void *app; /* the context of http_service */
    ts_arena *arena;
    ts_error error;

    char request_id[TS_REQUEST_ID_SIZE];
    char traceparent[TS_TRACEPARENT_SIZE]; /* the client's, or our own */
    char client[HTTP_ADDRESS_SIZE];
    bool is_https; /* between the client and a trusted proxy */
    int64_t now_ms;
    http_identity who;
    http_window window;     /* for X-RateLimit-* */
    uint32_t retry_after_s; /* for 429 and 503; 0: 1 s */

    ts_str segment; /* what stood for {...} in the path, decoded */
    http_value params[HTTP_PARAMS_MAX];
    http_value fields[HTTP_PARAMS_MAX];
    ts_str body;            /* HTTP_BODY_EVENTS and HTTP_BODY_RPC: as it came */
    ts_json_parser *parser; /* for HTTP_BODY_RPC */
    ts_json rows;           /* HTTP_BODY_LIST: the array */
    void *work;             /* of http/stream.h, as is service */
    const struct http_service *service;

    int status;    /* of success, in place of the route's; 0: the route's */
    bool is_raw;   /* text of others is asked for as it is kept */
    bool replayed; /* a service gave the answer of an earlier, equal request */
    /* The answer. `data` is a JSON object (or the whole body of a PLAIN route), `summary` plain text. */
    ts_buf data;
    ts_buf summary;
    http_names
        untrusted; /* paths in the answer that hold text from monitored events or from clients */
    http_names degraded; /* services whose optional part is missing */
} http_exchange;

/* Values by name. The name must stand in the route's table. */
const http_value *http_param_of(const http_exchange *x, const char *name);
const http_value *http_field_of(const http_exchange *x, const char *name);
/* TS_DENIED with words if the key lacks one of these permissions. */
TS_CHECK ts_status http_permit(http_exchange *x, uint64_t needed);
/* Adds a name once; more than HTTP_NAMES_MAX are dropped (an assertion in debug builds). */
void http_name_add(http_names *names, const char *name);

/* The body up to where `meta.request_id` would stand: what the ETag is made of. */
void http_envelope_begin(const http_exchange *x, ts_buf *out);
void http_envelope_end(const http_exchange *x, ts_buf *out);
void http_envelope_error(const http_exchange *x, http_problem problem, ts_buf *out);

/* Strong tag of these bytes, quotes included. */
void http_etag_make(ts_str bytes, char ret[HTTP_ETAG_SIZE]);
/* The tag that a GET would carry whose answer stands in x now. `scratch` is cleared first. */
TS_CHECK ts_status http_etag_of(const http_exchange *x, ts_buf *scratch, char ret[HTTP_ETAG_SIZE]);

#endif
