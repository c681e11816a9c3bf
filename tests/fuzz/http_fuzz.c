/* What a client controls before its key is known: path, query, header values. Whatever comes must be refused or understood;
 * what is understood must hold the promises of the headers. */
#include "api/csv.h"
#include "api/html.h"
#include "http/client.h"
#include "http/path.h"
#include "http/request.h"
#include "http/route.h"
#include "ts/trace.h"

#define ARENA_BYTES (4u << 20)

static const http_param rows[] = {
    { "limit", HTTP_KIND_INT, 1, 200, NULL, "50", false, "how many" },
    { "cursor", HTTP_KIND_CURSOR, 0, 0, NULL, NULL, false, "where to go on" },
    { "status", HTTP_KIND_ENUM, 0, 0, "open|closed|all", "open", false, "state" },
    { "since", HTTP_KIND_TIME, 0, 0, NULL, NULL, false, "from" },
    { "user", HTTP_KIND_EMAIL, 0, 0, NULL, NULL, false, "who" },
    { "flag", HTTP_KIND_BOOL, 0, 0, NULL, "false", false, "whether" },
    { "query", HTTP_KIND_TEXT, 1, 200, NULL, NULL, false, "what" },
    { NULL, HTTP_KIND_BOOL, 0, 0, NULL, NULL, false, NULL },
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void paths(ts_arena *arena, ts_str input)
{
    ts_str segments[HTTP_SEGMENTS_MAX];
    size_t count = 0;
    ts_error err;

    if (http_path_split(arena, input, segments, &count, &err) != TS_OK)
        return;
    require(count <= HTTP_SEGMENTS_MAX + 1);
    for (size_t i = 0; i < count && i < HTTP_SEGMENTS_MAX; i++)
        require(ts_utf8_valid(segments[i]) && ts_str_find(segments[i], '\0') == segments[i].n);
}

static void queries(ts_arena *arena, ts_str input)
{
    http_value values[HTTP_PARAMS_MAX];
    ts_error err;

    ts_ignore(http_params_parse(rows, input, arena, values, &err)); /* only that it ends well */
}

static void fields(ts_str input)
{
    http_request r = { .method = TS_STR_LIT("GET"), .version = TS_STR_LIT("1.1") };
    ts_error err;

    while (input.n > 0 && r.header_count < HTTP_HEADERS_MAX + 1) {
        size_t end = ts_str_find(input, '\n');
        ts_str line = ts_str_n(input.p, end);
        size_t colon = ts_str_find(line, ':');

        r.headers[r.header_count++] =
            (http_header){ ts_str_n(line.p, colon),
                           colon < line.n
                               ? ts_str_trim(ts_str_n(line.p + colon + 1, line.n - colon - 1))
                               : TS_STR_NULL };
        input = end == input.n ? TS_STR_NULL : ts_str_n(input.p + end + 1, input.n - end - 1);
    }
    if (http_request_check(&r, &err) != TS_OK)
        return;
    /* Two framings at once never pass. */
    require(!(http_request_is_chunked(&r) && http_header_count(&r, "Content-Length") > 0));
    require(http_header_count(&r, "Host") == 1);
    (void)http_request_length(&r);
    (void)http_request_wants_close(&r);
}

/* A cell never begins what a spreadsheet would run, and its quotes are even in number, so that no row runs into the next. */
static void cells(ts_str input)
{
    TS_CLEANUP(ts_buf_done) ts_buf out = TS_BUF_INIT(ARENA_BYTES);
    size_t quotes = 0;
    size_t first;

    csv_text(&out, input);
    require(ts_buf_status(&out) == TS_OK && out.data[out.size - 1] == ',');
    for (size_t i = 0; i < out.size; i++)
        quotes += out.data[i] == '"' ? 1 : 0;
    require(quotes % 2 == 0);
    first = out.data[0] == '"' ? 1 : 0;
    require(strchr("=+-@\t\r", out.data[first]) == NULL || out.data[first] == '\0');
}

/* Text of a page never opens a tag or an entity of its own. */
static void pages(ts_str input)
{
    TS_CLEANUP(ts_buf_done) ts_buf out = TS_BUF_INIT(ARENA_BYTES);

    html_text(&out, input);
    require(out.size == 0 || memchr(out.data, '<', out.size) == NULL);
    ts_buf_clear(&out);
    html_json(&out, input); /* only that it ends well */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ts_str input = ts_str_n(data, size);
    ts_arena *arena = ts_arena_new(ARENA_BYTES);
    http_proxies proxies;
    ts_error err;

    if (arena == NULL)
        return 0;
    paths(arena, input);
    queries(arena, input);
    fields(input);
    ts_ignore(http_proxies_parse(input, &proxies, &err)); /* only that it ends well */
    (void)http_request_id_valid(input);
    (void)ts_traceparent_valid(input);
    (void)http_accepts_gzip(input);
    (void)http_query_holds_key(input);
    cells(input);
    pages(input);
    (void)http_etag_listed(input, TS_STR_LIT("\"abc\""), true);
    (void)http_media_type_is(input, "application/json");
    ts_arena_free(arena);
    return 0;
}
