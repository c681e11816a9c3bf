/* The gateway's metrics of HTTP. Thread-safe but for init and done. */
#ifndef HTTP_COUNTS_H
#define HTTP_COUNTS_H

#include "http/serve.h"
#include "ts/metrics.h"

#define HTTP_CLASSES 6

typedef struct http_counts {
    const http_service *service;
    ts_metric **seconds;  /* one per route, then one for requests that met none */
    ts_metric **requests; /* in the same order: HTTP_CLASSES for each */
    ts_metric *answers[HTTP_CLASSES];
    ts_metric *refused;      /* requests on connections beyond the limit */
    ts_metric *open;         /* connections */
    ts_metric *not_accepted; /* times that accepting failed */
} http_counts;

TS_CHECK ts_status http_counts_init(http_counts *c, const http_service *service);
/* Fine if it was not, or not wholly, initialized. */
void http_counts_done(http_counts *c);
/* An answer was sent; `route` NULL: the request met none. */
void http_counts_answer(http_counts *c, const http_route *route, int status, int64_t took_us);

#endif
