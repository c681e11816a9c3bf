/* The route table as a whole, and the document that is made from it. */
#include <criterion/criterion.h>

#include "api/api.h"
#include "api/document.h"
#include "api/schemas.h"
#include "proto/publish.h"

static const http_route *find(const char *path, ts_str *ret_captured)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(65536);
    static char captured[64];
    ts_str segments[HTTP_SEGMENTS_MAX];
    ts_str inner = TS_STR_NULL;
    const http_route *found;
    size_t count = 0;

    cr_assert_eq(http_path_split(arena, ts_str_of(path), segments, &count, NULL), TS_OK);
    found = http_route_find(api_routes, api_route_count, segments, count, &inner);
    memcpy(captured, inner.p == NULL ? "" : inner.p, inner.n);
    *ret_captured = ts_str_n(captured, inner.n);
    return found;
}

Test(table, literal_paths_win_over_captures)
{
    ts_str captured;

    cr_assert_str_eq(find("/v1/users/high-risk", &captured)->pattern, "/v1/users/high-risk");
    cr_assert_str_eq(find("/v1/users/a@b.example", &captured)->pattern, "/v1/users/{email}");
    cr_assert(ts_str_is(captured, "a@b.example"));
    cr_assert_str_eq(find("/v1/users/a%2Fhigh-risk", &captured)->pattern, "/v1/users/{email}");
    cr_assert(ts_str_is(captured, "a/high-risk"));
}

Test(table, other_paths_meet_no_row)
{
    ts_str captured;

    cr_assert_null(find("/v1", &captured));
    cr_assert_null(find("/v1/", &captured));
    cr_assert_null(find("/v1/users/", &captured));
    cr_assert_null(find("/v1/users/a/b", &captured));
    cr_assert_null(find("/v1%2Fusers", &captured));
    cr_assert_null(find("/v2/users", &captured));
    cr_assert_null(find("/1/2/3/4/5/6/7/8/9/10", &captured));
}

Test(table, allow_names_the_methods_of_a_path)
{
    TS_CLEANUP(ts_buf_done) ts_buf allow = TS_BUF_INIT(128);
    ts_str captured;
    const http_route *row = find("/v1/incidents/inc_1", &captured);

    http_route_allow(api_routes, api_route_count, row, &allow);
    cr_assert_str_eq(allow.data, "GET, HEAD, PATCH, OPTIONS");
    cr_assert_null(http_route_method(api_routes, api_route_count, row, TS_STR_LIT("DELETE")));
    cr_assert_str_eq(
        http_route_method(api_routes, api_route_count, row, TS_STR_LIT("HEAD"))->method, "GET");
}

Test(table, every_row_is_whole)
{
    for (size_t i = 0; i < api_route_count; i++) {
        const http_route *row = &api_routes[i];
        ts_arena *arena = ts_arena_new(65536);
        http_value values[HTTP_PARAMS_MAX];
        ts_error err = { .text = "" };
        ts_status st;

        cr_assert_not_null(row->handler, "%s", row->pattern);
        cr_assert_not_null(row->operation, "%s", row->pattern);
        cr_assert_not_null(row->summary, "%s", row->pattern);
        cr_assert_leq(http_param_count(row->params), HTTP_PARAMS_MAX);
        cr_assert_leq(http_param_count(row->fields), HTTP_PARAMS_MAX);
        if ((row->flags & HTTP_PUBLIC) == 0)
            cr_assert_not_null(ts_permission_name(row->permission), "%s", row->pattern);
        if ((row->flags & (HTTP_PLAIN | HTTP_STREAM)) == 0)
            cr_assert(schemas_has(row->schema), "%s has no schema", row->pattern);
        /* Defaults must pass their own checks. */
        st = http_params_parse(row->params, TS_STR_NULL, arena, values, &err);
        cr_assert(st == TS_OK || (st == TS_INVALID && strstr(err.text, "is required") != NULL),
                  "%s: %s", row->pattern, err.text);
        ts_arena_free(arena);
    }
}

static ts_str text_at(ts_json root, const char *const *path)
{
    ts_json v = root;

    for (; *path != NULL; path++)
        cr_assert(ts_json_get(v, *path, &v), "%s", *path);
    return ts_json_str(v);
}

static size_t pattern_count(void)
{
    size_t count = 0;

    for (size_t i = 0; i < api_route_count; i++) {
        bool is_first = true;

        for (size_t j = 0; j < i; j++)
            is_first = is_first && strcmp(api_routes[i].pattern, api_routes[j].pattern) != 0;
        count += is_first ? 1 : 0;
    }
    return count;
}

/* An export takes the filters of its list and nothing that pages. */
Test(table, exports_do_not_page)
{
    static const char *const paging[] = { "limit", "offset", "cursor" };
    size_t streams = 0;

    for (size_t i = 0; i < api_route_count; i++) {
        if ((api_routes[i].flags & HTTP_STREAM) == 0)
            continue;
        streams++;
        for (size_t j = 0; j < TS_COUNT(paging); j++)
            cr_assert_lt(http_param_index(api_routes[i].params, ts_str_of(paging[j])), 0, "%s",
                         api_routes[i].pattern);
    }
    cr_assert_gt(streams, 0);
}

/* The page shows every row, names every object, and points nowhere that is not there. */
Test(table, the_page_shows_every_row)
{
    http_exchange x = { .arena = ts_arena_new(1 << 20), .data = TS_BUF_INIT(1 << 22) };
    const char *at;
    size_t links = 0;

    cr_assert_eq(api_docs(&x), TS_OK);
    cr_assert_eq(ts_buf_status(&x.data), TS_OK);
    for (size_t i = 0; i < api_route_count; i++) {
        char id[96];

        (void)snprintf(id, sizeof(id), " id=\"%s\"", api_routes[i].operation);
        cr_assert_not_null(strstr(x.data.data, id), "%s", id);
    }
    for (at = x.data.data; (at = strstr(at, "href=\"#")) != NULL; links++) {
        char id[96];

        at += 7;
        (void)snprintf(id, sizeof(id), " id=\"%.*s\"", (int)strcspn(at, "\""), at);
        cr_assert_not_null(strstr(x.data.data, id), "%s", id);
    }
    cr_assert_gt(links, 50);
    cr_assert_null(strstr(x.data.data, "http://"));
    cr_assert_null(strstr(x.data.data, "https://hooks.lumen-works.example/sentry<"));
    cr_assert_null(strstr(x.data.data, "<script"));
    /* By keys alone: past the contents, and along what scrolls. */
    cr_assert_not_null(strstr(x.data.data, "href=\"#content\""));
    cr_assert_null(strstr(x.data.data, "<pre>"), "a <pre> that keys do not reach");
    ts_buf_done(&x.data);
    ts_arena_free(x.arena);
}

Test(table, the_openapi_document_describes_every_row)
{
    TS_CLEANUP(ts_json_parser_free_p) ts_json_parser *parser = ts_json_parser_new(1 << 20);
    http_exchange x = { .arena = ts_arena_new(1 << 20), .data = TS_BUF_INIT(1 << 20) };
    ts_error err = { .text = "" };
    ts_json root, v;

    cr_assert_eq(api_openapi(&x), TS_OK);
    cr_assert_eq(ts_json_parse(parser, ts_buf_view(&x.data), &root, &err), TS_OK, "%s", err.text);
    cr_assert(ts_str_is(text_at(root, (const char *[]){ "openapi", NULL }), "3.1.0"));
    for (size_t i = 0; i < api_route_count; i++) {
        char method[8] = "";

        for (size_t j = 0; api_routes[i].method[j] != '\0' && j < 7; j++)
            method[j] = (char)(api_routes[i].method[j] | 0x20);
        cr_assert(ts_str_is(text_at(root, (const char *[]){ "paths", api_routes[i].pattern, method,
                                                            "operationId", NULL }),
                            api_routes[i].operation));
    }
    cr_assert(ts_json_get(root, "paths", &v));
    cr_assert_eq(ts_json_count(v), pattern_count());
    cr_assert(ts_str_is(text_at(root, (const char *[]){ "paths", "/v1/incidents/{id}", "patch",
                                                        "x-permission", NULL }),
                        "write:incidents"));
    ts_buf_done(&x.data);
    ts_arena_free(x.arena);
}

/* Every "#/components/schemas/X" in the document names a schema that stands in it. */
Test(table, every_reference_of_the_openapi_document_leads_somewhere)
{
    http_exchange x = { .arena = ts_arena_new(1 << 20), .data = TS_BUF_INIT(1 << 20) };
    static const char mark[] = "#/components/schemas/";
    size_t seen = 0;
    const char *at;

    cr_assert_eq(api_openapi(&x), TS_OK);
    at = x.data.data;
    while ((at = strstr(at, mark)) != NULL) {
        char name[64];
        char key[80];
        size_t n = 0;

        at += sizeof(mark) - 1;
        while (at[n] != '"' && n + 1 < sizeof(name)) {
            name[n] = at[n];
            n++;
        }
        name[n] = '\0';
        (void)snprintf(key, sizeof(key), "\"%s\":{\"type\":", name);
        cr_assert_not_null(strstr(x.data.data, key), "%s", name);
        seen++;
    }
    cr_assert_gt(seen, 50);
    ts_buf_done(&x.data);
    ts_arena_free(x.arena);
}

Test(table, each_kind_of_event_is_described_once_with_the_shape_of_its_data)
{
    cr_assert_eq(document_event_count, TS_WEBHOOK_KINDS);
    for (size_t i = 0; i < TS_WEBHOOK_KINDS; i++) {
        size_t rows = 0;

        for (size_t j = 0; j < document_event_count; j++)
            rows += strcmp(document_events[j].kind, ts_webhook_kinds[i]) == 0;
        cr_expect_eq(rows, 1, "%s", ts_webhook_kinds[i]);
        cr_expect(schemas_has(document_events[i].schema), "%s", document_events[i].kind);
    }
}
