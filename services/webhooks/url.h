/* Is this a URL that webhooks may go to? Parsed by the same parser as the sender's, so that both see one host. */
#ifndef WEBHOOKS_URL_H
#define WEBHOOKS_URL_H

#include "ts/ssrf.h"

#define URL_MAX 2048

typedef struct url_rules {
    bool allow_http;
    ts_ssrf_policy networks;
} url_rules;

/* TS_INVALID with param "url" and words. What a name resolves to is checked when it is connected to. */
TS_CHECK ts_status url_check(const url_rules *rules, const char *url, ts_error *err);

#endif
