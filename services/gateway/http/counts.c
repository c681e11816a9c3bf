#include "http/counts.h"

/* Whether a route fails, and for whose sake. No handler answers with 1xx, and 0xx is none. */
static void count_by_class(http_counts *c, size_t row, const char *route)
{
    for (int i = 2; i < HTTP_CLASSES; i++) {
        char labels[160];

        (void)snprintf(labels, sizeof(labels), "%s,class=\"%dxx\"", route, i);
        c->requests[row * HTTP_CLASSES + (size_t)i] =
            ts_counter("ts_gateway_requests_total", labels, "requests answered");
    }
}

ts_status http_counts_init(http_counts *c, const http_service *service)
{
    size_t count = service->route_count;

    c->service = service;
    c->seconds = calloc(count + 1, sizeof(ts_metric *));
    c->requests = calloc((count + 1) * HTTP_CLASSES, sizeof(ts_metric *));
    if (c->seconds == NULL || c->requests == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i <= count; i++) {
        char labels[128] = "route=\"none\"";

        if (i < count)
            (void)snprintf(labels, sizeof(labels), "route=\"%s %s\"", service->routes[i].method,
                           service->routes[i].pattern);
        c->seconds[i] = ts_histogram("ts_gateway_request_seconds", labels,
                                     "time from a request's header to its last byte sent");
        count_by_class(c, i, labels);
    }
    for (int i = 0; i < HTTP_CLASSES; i++) {
        char labels[32];

        (void)snprintf(labels, sizeof(labels), "class=\"%dxx\"", i);
        c->answers[i] = ts_counter("ts_gateway_answers_total", labels, "answers by status class");
    }
    c->refused = ts_counter("ts_gateway_connections_refused_total", "",
                            "requests on connections beyond TS_GATEWAY_CONNECTIONS");
    c->open = ts_gauge("ts_gateway_connections", "", "open connections");
    c->not_accepted =
        ts_counter("ts_gateway_accept_failures_total", "",
                   "times that no connection could be accepted, for want of descriptors, say");
    return TS_OK;
}

void http_counts_done(http_counts *c)
{
    free(c->seconds);
    free(c->requests);
}

void http_counts_answer(http_counts *c, const http_route *route, int status, int64_t took_us)
{
    size_t row = route == NULL ? c->service->route_count : (size_t)(route - c->service->routes);
    size_t class = (size_t)(status / 100) % HTTP_CLASSES;

    ts_metric_observe_us(c->seconds[row], took_us);
    ts_metric_add(c->answers[class], 1);
    if (c->requests[row * HTTP_CLASSES + class] != NULL)
        ts_metric_add(c->requests[row * HTTP_CLASSES + class], 1);
}
