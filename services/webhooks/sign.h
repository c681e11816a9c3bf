/* The headers of a delivery: the reference's signature, the Standard Webhooks ones beside it. Pure.
 *
 *   X-TeamSentry-Signature: sha256=<hex HMAC-SHA256(secret, body)>            the whole secret string is the key
 *   webhook-signature: v1,<base64 HMAC-SHA256(bytes, "id.timestamp.body")>    what the secret's base64 stands for is the key
 *
 * While a secret is being rotated the first stays with the old one, X-TeamSentry-Signature-Next carries the new one, and
 * webhook-signature both.
 */
#ifndef WEBHOOKS_SIGN_H
#define WEBHOOKS_SIGN_H

#include "proto/methods.h"
#include "ts/arena.h"

#define SIGN_SECRET_BYTES 24
#define SIGN_SECRET_SIZE  40 /* "whsec_" + base64 + NUL */
#define SIGN_HEADERS      10 /* without the customer's own */

typedef struct sign_input {
    const char *secret;      /* "whsec_..." */
    const char *next_secret; /* while it is being rotated, else NULL */
    const char *event_id;
    const char *endpoint_id;
    uint32_t attempt;
    int64_t now_ms;          /* of the attempt, wall clock */
    const char *traceparent; /* of the request that caused the event, valid; NULL or "": none */
    ts_str body;
    Ts__Webhooks__Header *const *extra; /* the customer's own, checked */
    size_t extra_count;
} sign_input;

/* "whsec_" and the base64 of the bytes. */
void sign_secret(const uint8_t bytes[SIGN_SECRET_BYTES], char ret[SIGN_SECRET_SIZE]);
/* Whole header lines, in the arena. TS_NOMEM, TS_CORRUPT if the secret is none. */
TS_CHECK ts_status sign_headers(const sign_input *in, ts_arena *arena, char ***ret,
                                size_t *ret_count);

#endif
