/* An OpenAI-compatible endpoint (POST .../chat/completions) of the operator's choice, asked by threads of its own: handlers have
 * small stacks, and wait no longer than they said they would, whatever the endpoint does. Nothing it answers is believed here.
 *
 * Its address is the operator's, so private ones are fine. TLS is verified, redirects are not followed, the environment's proxies
 * are not used. libcurl is loaded when the first endpoint is made and not before: a gateway without one does without its memory.
 * All functions may be called from any thread.
 */
#ifndef AGENT_ENDPOINT_H
#define AGENT_ENDPOINT_H

#include "ts/arena.h"
#include "ts/base.h"

typedef struct endpoint endpoint;

typedef struct endpoint_options {
    const char *url; /* of the API, as the SDKs take it: https://host/v1 */
    const char *model;
    const char *key_file; /* "": no key */
    const char *ca_file;  /* "": the system's */
    bool allow_http;      /* also to other machines */
    int64_t parallel;     /* asked at once; beyond it ENDPOINT_BUSY */
    size_t answer_max;    /* bytes of a body */
    int64_t failures;     /* in a row, until it is not asked for pause_ms */
    int64_t pause_ms;
} endpoint_options;

typedef enum endpoint_outcome {
    ENDPOINT_ANSWERED,
    ENDPOINT_TIMEOUT,
    ENDPOINT_UNREACHABLE, /* no address, no connection, no valid certificate, cut off */
    ENDPOINT_REFUSED,     /* 401, 403 */
    ENDPOINT_LIMITED,     /* 429 */
    ENDPOINT_REDIRECT,
    ENDPOINT_ERROR, /* any other status than 200 */
    ENDPOINT_TOO_LARGE,
    ENDPOINT_GARBAGE, /* not what the protocol says, or cut by the model's own limit */
    ENDPOINT_BUSY,    /* not asked: as many are under way as may be */
    ENDPOINT_PAUSED,  /* not asked: it failed too often of late */
} endpoint_outcome;

/* "answered", "timeout", ... */
const char *endpoint_outcome_name(endpoint_outcome outcome);

/* https://, or http:// on the loopback or where `allow_http`; a host, a port, a path of plain characters; no user, query or
 * fragment. TS_INVALID with words. Pure. */
TS_CHECK ts_status endpoint_url_check(ts_str url, bool allow_http, ts_error *err);

/* Reads the key and makes the threads; asks nobody. TS_INVALID, TS_UNAVAILABLE (no libcurl) with words; TS_NOMEM. */
TS_CHECK ts_status endpoint_new(const endpoint_options *options, endpoint **ret, ts_error *err);
/* NULL is fine. No call may be under way; cuts off what is still being waited for. */
void endpoint_free(endpoint *e);
TS_DEFINE_CLEANUP(endpoint, endpoint_free);

/* Asks for one JSON object, with these words of system and user. Blocks until `deadline_boot_ms` (CLOCK_BOOTTIME) at most.
 * ENDPOINT_ANSWERED sets *ret, in the arena, to the text that the model wrote (not parsed; NULL if out of memory). */
endpoint_outcome endpoint_ask(endpoint *e, ts_str system, ts_str user, int64_t deadline_boot_ms,
                              ts_arena *arena, ts_str *ret);

#endif
