/* An endpoint's settings: which secrets hold, which headers a customer may add, how it is shown. Pure. */
#ifndef WEBHOOKS_ENDPOINT_H
#define WEBHOOKS_ENDPOINT_H

#include "proto/methods.h"
#include "ts/json.h"

#define ENDPOINT_DESCRIPTION_MAX 500 /* bytes */
#define ENDPOINT_HEADERS_MAX     20
#define ENDPOINT_HEADER_NAME_MAX 64   /* bytes */
#define ENDPOINT_HEADER_MAX      1024 /* bytes of a value */
#define ENDPOINT_RATE_MAX        1000 /* deliveries a second */
#define ENDPOINT_OVERLAP_MAX_S   (7 * 86400)

/* Secrets at a moment (wall clock): the one that signs, and while it is being rotated the next one, else NULL. */
void endpoint_secrets(const Ts__Webhooks__Endpoint *row, int64_t now_ms, const char **ret,
                      const char **ret_next);
/* A rotation whose time is over has happened: the row says so from now on. True if it did. */
bool endpoint_promote(Ts__Webhooks__Endpoint *row, int64_t now_ms, bool early);

/* TS_INVALID with param "headers" and words: names are tokens, once each, and none that the sender or the connection owns;
 * values are printable ASCII. */
TS_CHECK ts_status endpoint_check_headers(Ts__Webhooks__Header *const *headers, size_t count,
                                          ts_error *err);
TS_CHECK ts_status endpoint_check_description(const char *text, ts_error *err);
TS_CHECK ts_status endpoint_check_events(char *const *events, size_t count, ts_error *err);
TS_CHECK ts_status endpoint_check_rate(uint32_t rate_limit, ts_error *err);

/* Its members as the API shows them, inside an open object; no secret, no header's value. */
void endpoint_show(ts_jsonw *w, const Ts__Webhooks__Endpoint *row);
/* What is not shown goes: secrets and headers' values. What the row shares with others stays as it is. TS_NOMEM. */
TS_CHECK ts_status endpoint_hide(Ts__Webhooks__Endpoint *row, ts_arena *arena);

#endif
