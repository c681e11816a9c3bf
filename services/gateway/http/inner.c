#include "http/inner.h"

#define SUMMARY_MAX ((size_t)4096)

static const http_route *find(const http_exchange *x, ts_str path, ts_str *ret_captured,
                              ts_error *err)
{
    const http_service *s = x->service;
    ts_str segments[HTTP_SEGMENTS_MAX];
    const http_route *row;
    size_t count = 0;

    if (http_path_split(x->arena, path, segments, &count, err) != TS_OK)
        return NULL;
    row = http_route_find(s->routes, s->route_count, segments, count, ret_captured);
    if (row != NULL)
        row = http_route_method(s->routes, s->route_count, row, TS_STR_LIT("GET"));
    if (row == NULL || (row->flags & (HTTP_PUBLIC | HTTP_PLAIN | HTTP_STREAM)) != 0)
        return NULL;
    return row;
}

bool http_inner_has(const http_exchange *outer, ts_str target)
{
    ts_str captured = TS_STR_NULL;
    ts_error err;

    return find(outer, ts_str_n(target.p, ts_str_find(target, '?')), &captured, &err) != NULL;
}

/* A request without headers, but for what ties it to the outer one: preconditions and Idempotency-Key are the outer one's. */
static http_request *request_of(const http_exchange *outer, const http_route *route)
{
    http_request *r = ts_arena_alloc(outer->arena, sizeof(*r));
    ts_str trace;

    if (r == NULL)
        return NULL;
    r->method = ts_str_of(route == NULL ? "GET" : route->method);
    r->version = outer->request->version;
    r->peer = outer->request->peer;
    if (http_header_get(outer->request, "traceparent", &trace))
        r->headers[r->header_count++] =
            (http_header){ .name = TS_STR_LIT("traceparent"), .value = trace };
    return r;
}

/* The route as it is run: inside another answer nothing stands twice. */
static ts_status set_route(http_exchange *x, const http_route *route)
{
    http_route *copy;
    ts_status st;

    if (route == NULL)
        return TS_OK;
    copy = ts_arena_alloc(x->arena, sizeof(*copy));
    if (copy == NULL)
        return TS_NOMEM;
    *copy = *route;
    copy->flags &= ~(unsigned)HTTP_MIRROR;
    x->route = copy;
    st = http_values_begin(route->params, x->arena, x->params);
    return st == TS_OK ? http_values_begin(route->fields, x->arena, x->fields) : st;
}

ts_status http_inner_begin(const http_exchange *outer, const http_route *route, ts_str segment,
                           http_exchange **ret)
{
    http_exchange *x = ts_arena_alloc(outer->arena, sizeof(*x));
    ts_status st;

    if (x == NULL)
        return TS_NOMEM;
    *x = (http_exchange){
        .request = request_of(outer, route),
        .app = outer->app,
        .arena = outer->arena,
        .is_https = outer->is_https,
        .now_ms = outer->now_ms,
        .who = outer->who,
        .window = outer->window,
        .service = outer->service,
        .segment = segment,
        .data = TS_BUF_INIT(HTTP_ANSWER_MAX),
        .summary = TS_BUF_INIT(SUMMARY_MAX),
    };
    memcpy(x->request_id, outer->request_id, sizeof(x->request_id));
    memcpy(x->client, outer->client, sizeof(x->client));
    st = x->request == NULL ? TS_NOMEM : set_route(x, route);
    if (st == TS_OK)
        *ret = x;
    return st;
}

ts_status http_inner_run(http_exchange *x)
{
    ts_status st = http_permit(x, x->route->permission);

    if (st == TS_OK)
        st = http_values_end(x->route->params, x->params, &x->error);
    if (st == TS_OK)
        st = http_values_end(x->route->fields, x->fields, &x->error);
    if (st == TS_OK)
        st = x->route->handler(x);
    if (st == TS_OK)
        st = ts_buf_status(&x->data);
    return st == TS_OK ? ts_buf_status(&x->summary) : st;
}

ts_status http_inner_get(const http_exchange *outer, ts_str target, http_exchange **ret)
{
    size_t mark = ts_str_find(target, '?');
    ts_str query =
        mark < target.n ? ts_str_n(target.p + mark + 1, target.n - mark - 1) : TS_STR_NULL;
    ts_error err = { .text = "" };
    ts_str segment = TS_STR_NULL;
    const http_route *route = find(outer, ts_str_n(target.p, mark), &segment, &err);
    http_exchange *x;
    ts_status st = http_inner_begin(outer, route, segment, &x);

    if (st != TS_OK)
        return st;
    *ret = x;
    if (route == NULL)
        return ts_fail(&x->error, TS_NOT_FOUND, "", "There is no such path.");
    st = http_permit(x, route->permission);
    if (st == TS_OK)
        st = http_params_parse(route->params, query, x->arena, x->params, &x->error);
    return st == TS_OK ? http_inner_run(x) : st;
}

void http_inner_done(http_exchange *inner)
{
    if (inner == NULL)
        return;
    ts_buf_done(&inner->data);
    ts_buf_done(&inner->summary);
}
