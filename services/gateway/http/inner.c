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

static ts_status run(http_exchange *x, ts_str target)
{
    size_t mark = ts_str_find(target, '?');
    ts_str query =
        mark < target.n ? ts_str_n(target.p + mark + 1, target.n - mark - 1) : TS_STR_NULL;
    ts_status st;

    x->route = find(x, ts_str_n(target.p, mark), &x->segment, &x->error);
    if (x->route == NULL)
        return ts_fail(&x->error, TS_NOT_FOUND, "", "There is no such path.");
    st = http_permit(x, x->route->permission);
    if (st == TS_OK)
        st = http_params_parse(x->route->params, query, x->arena, x->params, &x->error);
    if (st == TS_OK)
        st = x->route->handler(x);
    if (st == TS_OK)
        st = ts_buf_status(&x->data);
    return st == TS_OK ? ts_buf_status(&x->summary) : st;
}

ts_status http_inner_get(const http_exchange *outer, ts_str target, http_exchange **ret)
{
    http_exchange *x = ts_arena_alloc(outer->arena, sizeof(*x));

    if (x == NULL)
        return TS_NOMEM;
    *x = (http_exchange){
        .request = outer->request,
        .app = outer->app,
        .arena = outer->arena,
        .is_https = outer->is_https,
        .now_ms = outer->now_ms,
        .who = outer->who,
        .window = outer->window,
        .service = outer->service,
        .data = TS_BUF_INIT(HTTP_ANSWER_MAX),
        .summary = TS_BUF_INIT(SUMMARY_MAX),
    };
    memcpy(x->request_id, outer->request_id, sizeof(x->request_id));
    memcpy(x->client, outer->client, sizeof(x->client));
    memcpy(x->scope, outer->scope, sizeof(x->scope));
    *ret = x;
    return run(x, target);
}

void http_inner_done(http_exchange *inner)
{
    if (inner == NULL)
        return;
    ts_buf_done(&inner->data);
    ts_buf_done(&inner->summary);
}
