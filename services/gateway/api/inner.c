#include "api/inner.h"

const http_route *api_route_of(const char *method, const char *pattern)
{
    for (size_t i = 0; i < api_route_count; i++) {
        if (strcmp(api_routes[i].method, method) == 0 &&
            strcmp(api_routes[i].pattern, pattern) == 0)
            return &api_routes[i];
    }
    return NULL;
}

/* A request without headers, but for what ties it to the outer one. */
static http_request *request_of(const http_exchange *outer, const http_route *route)
{
    http_request *r = ts_arena_alloc(outer->arena, sizeof(*r));
    ts_str trace;

    if (r == NULL)
        return NULL;
    r->method = ts_str_of(route->method);
    r->version = outer->request->version;
    r->peer = outer->request->peer;
    if (http_header_get(outer->request, "traceparent", &trace))
        r->headers[r->header_count++] =
            (http_header){ .name = TS_STR_LIT("traceparent"), .value = trace };
    return r;
}

/* The route as it is run: inside another answer nothing stands twice. */
static http_route *route_of(ts_arena *arena, const http_route *route)
{
    http_route *copy = ts_arena_alloc(arena, sizeof(*copy));

    if (copy == NULL)
        return NULL;
    *copy = *route;
    copy->flags &= ~(unsigned)HTTP_MIRROR;
    return copy;
}

ts_status api_inner_begin(http_exchange *outer, const http_route *route, ts_str segment,
                          api_answer *ret)
{
    http_exchange *x = ts_arena_alloc(outer->arena, sizeof(*x));
    ts_status st;

    *ret = (api_answer){ .problem = HTTP_FINE, .x = x };
    if (x == NULL)
        return TS_NOMEM;
    x->request = request_of(outer, route);
    x->route = route_of(outer->arena, route);
    if (x->request == NULL || x->route == NULL)
        return TS_NOMEM;
    x->app = outer->app;
    x->arena = outer->arena;
    memcpy(x->request_id, outer->request_id, sizeof(x->request_id));
    memcpy(x->client, outer->client, sizeof(x->client));
    memcpy(x->scope, outer->scope, sizeof(x->scope));
    x->is_https = outer->is_https;
    x->now_ms = outer->now_ms;
    x->who = outer->who;
    x->window = outer->window;
    x->service = outer->service;
    x->segment = segment;
    x->data = TS_BUF_INIT(outer->data.max);
    x->summary = TS_BUF_INIT(outer->summary.max);
    st = http_values_begin(route->params, x->arena, x->params);
    return st == TS_OK ? http_values_begin(route->fields, x->arena, x->fields) : st;
}

void api_inner_run(api_answer *a)
{
    http_exchange *x = a->x;
    ts_status st;

    st = http_permit(x, x->route->permission);
    if (st == TS_OK)
        st = http_values_end(x->route->params, x->params, &x->error);
    if (st == TS_OK)
        st = http_values_end(x->route->fields, x->fields, &x->error);
    if (st == TS_OK)
        st = x->route->handler(x);
    if (st == TS_OK)
        st = ts_buf_status(&x->data);
    if (st == TS_OK)
        st = ts_buf_status(&x->summary);
    a->problem = http_problem_of(st);
}

ts_status api_run_route(http_exchange *outer, const http_route *route, ts_str segment, ts_str query,
                        ts_json body, api_answer *ret)
{
    ts_status st = api_inner_begin(outer, route, segment, ret);

    if (st != TS_OK)
        return st;
    st = http_params_parse(route->params, query, outer->arena, ret->x->params, &ret->x->error);
    if (st == TS_OK && ts_json_type_of(body) != TS_JSON_NULL)
        st = http_fields_parse(route->fields, body, outer->arena, ret->x->fields, &ret->x->error);
    if (st == TS_NOMEM)
        return st;
    if (st == TS_OK)
        api_inner_run(ret);
    else
        ret->problem = http_problem_of(st);
    return TS_OK;
}

void api_answer_done(api_answer *a)
{
    if (a->x == NULL)
        return;
    ts_buf_done(&a->x->data);
    ts_buf_done(&a->x->summary);
    a->x = NULL;
}
