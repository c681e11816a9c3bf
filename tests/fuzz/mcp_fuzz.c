/* What an agent's client, or who speaks for it, posts to /mcp: three lines with the values of MCP-Protocol-Version, Mcp-Method and
 * Mcp-Name ("-": no such header), then the body. The whole way is walked, with stand-ins for the services: whatever comes, the
 * answer is JSON of one of the forms that there are, with a status that goes with it, and no fault of ours. And any JSON is
 * read as an answer of ours: cut down, it is JSON still. */
#include "agent/excerpt.h"
#include "http/serve.h"
#include "standin.h"
#include "ts/log.h"

static http_work *work;
static ts_json_parser *parser;
static ts_str body;

static http_body_reader read_body;

static ts_status read_body(void *connection, size_t max, ts_buf *out)
{
    (void)connection;
    if (body.n > max)
        return TS_TOO_LARGE;
    ts_buf_str(out, body);
    return ts_buf_status(out);
}

static void start(void)
{
    ts_log_set_level(TS_LOG_ERROR);
    (void)standin_start(WITH_ALL, 4);
    work = http_work_new();
    parser = ts_json_parser_new(HTTP_ANSWER_MAX);
    CHECK(work != NULL && parser != NULL);
}

static ts_str take_line(ts_str *rest)
{
    size_t end = ts_str_find(*rest, '\n');
    ts_str line = ts_str_n(rest->p, end);

    *rest = end == rest->n ? TS_STR_NULL : ts_str_n(rest->p + end + 1, rest->n - end - 1);
    return line;
}

static void add(const char *name, ts_str value)
{
    http_request *r = &work->request;

    if (!ts_str_is(value, "-"))
        r->headers[r->header_count++] = (http_header){ .name = ts_str_of(name), .value = value };
}

static bool has(ts_json v, const char *name)
{
    ts_json member;

    return ts_json_get(v, name, &member);
}

/* One answer: of JSON-RPC, or an error of the API. */
static void check_answer(ts_json v)
{
    CHECK(ts_json_type_of(v) == TS_JSON_OBJECT);
    if (!has(v, "jsonrpc"))
        CHECK(has(v, "error") && has(v, "request_id") && work->status >= 400);
    else
        CHECK(has(v, "error") != has(v, "result"));
}

static void check_body(ts_str text)
{
    ts_error err;
    ts_json v;

    CHECK(ts_json_parse(parser, text, &v, &err) == TS_OK);
    if (ts_json_type_of(v) != TS_JSON_ARRAY) {
        check_answer(v);
        return;
    }
    CHECK(work->status == 200 && ts_json_count(v) > 0);
    for (ts_json_iter it = ts_json_iter_of(v); ts_json_next(&it);)
        check_answer(it.value);
}

static void post(ts_str rest)
{
    static const int statuses[] = { 200, 202, 400, 404, 406, 413 };
    bool is_known = false;

    work->request.method = TS_STR_LIT("POST");
    work->request.target = TS_STR_LIT("/mcp");
    work->request.version = TS_STR_LIT("1.1");
    work->request.peer = TS_STR_LIT("127.0.0.1");
    add("Host", TS_STR_LIT("localhost"));
    add("Authorization", TS_STR_LIT("Bearer " KEY_ALL));
    add("Content-Type", TS_STR_LIT("application/json"));
    add("MCP-Protocol-Version", take_line(&rest));
    add("Mcp-Method", take_line(&rest));
    add("Mcp-Name", take_line(&rest));
    body = rest;
    http_serve(standin_service(), work, read_body, NULL);
    for (size_t i = 0; i < TS_COUNT(statuses); i++)
        is_known = is_known || work->status == statuses[i];
    CHECK(is_known);
    if (work->status == 202)
        CHECK(work->answer.size == 0);
    else
        check_body(ts_buf_view(&work->answer));
    http_work_reset(work);
}

static void cut_down(ts_str text)
{
    TS_CLEANUP(ts_buf_done) ts_buf whole = TS_BUF_INIT(HTTP_ANSWER_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf cut = TS_BUF_INIT(HTTP_ANSWER_MAX);
    excerpt e = { .items_max = 2 };
    ts_error err;
    ts_json v;

    if (ts_json_parse(parser, text, &v, &err) != TS_OK)
        return;
    ts_json_print(v, &whole);
    excerpt_add(&e.left_out, TS_STR_LIT("params.name"));
    excerpt_add(&e.left_out, TS_STR_LIT("id"));
    excerpt_add(&e.defanged, TS_STR_LIT("method"));
    excerpt_add(&e.defanged, TS_STR_LIT("params.arguments.query"));
    /* Deeper than our own answers ever are is refused. */
    if (excerpt_make(&e, ts_buf_view(&whole), TS_STR_NULL, &cut) == TS_OK)
        CHECK(ts_json_parse(parser, ts_buf_view(&cut), &v, &err) == TS_OK);
}

/* Reading the lexicon is no part of the first answer, whose time is measured. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    start();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    post(ts_str_n(data, size));
    cut_down(body);
    return 0;
}
