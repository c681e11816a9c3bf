#include "http/serve.h"

#include "http/answer.h"
#include "http/guard.h"
#include "http/stream.h"
#include "proto/methods.h"
#include "ts/id.h"
#include "ts/log.h"
#include "ts/time.h"
#include "ts/wait.h"

/* Buffers above this are given back after a request, so that one 8 MiB body does not stay with each of many requests. */
#define KEEP_MAX ((size_t)256 * 1024)
/* A body that nobody read and that is at most so long is read over, and the connection goes on. */
#define DISCARD_MAX   ((uint64_t)64 * 1024)
#define SUMMARY_MAX   ((size_t)4096)
#define ETAG_LIST_MAX 4096

http_work *http_work_new(void)
{
    TS_CLEANUP(http_work_free_p) http_work *w = calloc(1, sizeof(*w));

    if (w == NULL)
        return NULL;
    w->arena = ts_arena_new(HTTP_ARENA_MAX);
    w->parser = ts_json_parser_new(HTTP_JSON_MAX);
    w->body = TS_BUF_INIT(HTTP_EVENTS_MAX);
    w->answer = TS_BUF_INIT(HTTP_ANSWER_MAX);
    w->packed = TS_BUF_INIT(HTTP_ANSWER_MAX + 4096);
    w->out = TS_BUF_INIT(HTTP_ANSWER_MAX + 8192);
    w->exchange.data = TS_BUF_INIT(HTTP_ANSWER_MAX);
    w->exchange.summary = TS_BUF_INIT(SUMMARY_MAX);
    if (w->arena == NULL || w->parser == NULL)
        return NULL;
    return TS_TAKE(w);
}

void http_work_free(http_work *w)
{
    if (w == NULL)
        return;
    ts_arena_free(w->arena);
    ts_json_parser_free(w->parser);
    ts_json_parser_free(w->list_parser);
    ts_buf_done(&w->body);
    ts_buf_done(&w->answer);
    ts_buf_done(&w->packed);
    ts_buf_done(&w->out);
    ts_buf_done(&w->exchange.data);
    ts_buf_done(&w->exchange.summary);
    free(w);
}

static void reset_buf(ts_buf *b)
{
    size_t max = b->max;

    ts_buf_clear(b);
    if (b->capacity <= KEEP_MAX)
        return;
    ts_buf_done(b);
    *b = TS_BUF_INIT(max);
}

void http_work_reset(http_work *w)
{
    ts_buf data, summary;

    reset_buf(&w->body);
    reset_buf(&w->answer);
    reset_buf(&w->packed);
    reset_buf(&w->out);
    reset_buf(&w->exchange.data);
    reset_buf(&w->exchange.summary);
    data = w->exchange.data;
    summary = w->exchange.summary;
    memset(&w->exchange, 0, sizeof(w->exchange));
    w->exchange.data = data;
    w->exchange.summary = summary;
    memset(&w->request, 0, sizeof(w->request));
    w->must_close = false;
    w->is_draining = NULL;
    w->is_streaming = false;
    w->send = NULL;
    w->connection = NULL;
    w->status = 0;
    ts_json_parser_free(TS_TAKE(w->list_parser));
    ts_arena_reset(w->arena);
}

size_t http_work_size(const http_work *w)
{
    return sizeof(*w) + w->body.capacity + w->answer.capacity + w->packed.capacity +
           w->out.capacity + w->exchange.data.capacity + w->exchange.summary.capacity +
           ts_json_parser_size(w->parser);
}

/* Where the authority begins in "http://host/path"; 0: it is another form of target. */
static size_t authority_at(ts_str target)
{
    if (ts_str_starts(target, TS_STR_LIT("http://")))
        return 7;
    return ts_str_starts(target, TS_STR_LIT("https://")) ? 8 : 0;
}

static bool find_authority(ts_str target, ts_str *ret)
{
    size_t start = authority_at(target);
    ts_str rest = ts_str_n(target.p + start, target.n - start);

    if (start == 0)
        return false;
    *ret = ts_str_n(rest.p, ts_str_find(rest, '/'));
    return true;
}

/* The path of "http://host/path" (a form that RFC 9112 section 3.2.2 obliges us to take), else the target itself. */
static ts_str path_of(ts_str target)
{
    size_t start = authority_at(target);
    ts_str rest;

    if (start == 0)
        return target;
    rest = ts_str_n(target.p + start, target.n - start);
    start = ts_str_find(rest, '/');
    return start == rest.n ? TS_STR_LIT("/") : ts_str_n(rest.p + start, rest.n - start);
}

/* The lines of a header, in order. */
static size_t lines_of(const http_request *r, const char *name, ts_str ret[HTTP_HEADERS_MAX + 1])
{
    size_t count = 0;

    for (size_t i = 0; i < r->header_count; i++) {
        if (ts_str_ieq(r->headers[i].name, ts_str_of(name)))
            ret[count++] = r->headers[i].value;
    }
    return count;
}

static void find_client(const http_service *s, http_exchange *x)
{
    ts_str lines[HTTP_HEADERS_MAX + 1];
    size_t count = lines_of(x->request, "X-Forwarded-For", lines);

    http_client_address(&s->proxies, x->request->peer, lines, count, x->client);
    if (http_client_is_trusted(&s->proxies, x->request->peer)) {
        count = lines_of(x->request, "X-Forwarded-Proto", lines);
        x->is_https = http_client_is_https(lines, count);
    }
}

/* The client's if it sent one, so that its trace goes on through us and out with the webhooks. */
static void find_trace(http_exchange *x)
{
    uint8_t random[24] = { 1 }; /* without random bytes: valid, like the id of zeros */
    ts_str trace;

    if (http_header_get(x->request, "traceparent", &trace) && ts_traceparent_valid(trace)) {
        memcpy(x->traceparent, trace.p, trace.n);
        return;
    }
    random[23] = 1;
    ts_ignore(ts_random_public(random, sizeof(random)));
    ts_traceparent_make(random, x->traceparent);
}

/* Id, client address and the window of who has not been asked for a key: an answer needs them whatever comes next. */
static void begin(const http_service *s, http_work *w)
{
    http_exchange *x = &w->exchange;
    ts_hash128 random = { .bytes = { 0 } };
    ts_str id;

    x->request = &w->request;
    x->app = s->app;
    x->arena = w->arena;
    x->work = w;
    x->parser = w->parser;
    x->now_ms = ts_wall_ms();
    if (http_header_get(&w->request, "X-Request-Id", &id) && http_request_id_valid(id)) {
        memcpy(x->request_id, id.p, id.n);
    } else {
        /* An id of zeros, if the system has no random bytes, is better than no answer. */
        ts_ignore(ts_random_public(&random, sizeof(random)));
        ts_id_format("req_", random, x->request_id);
    }
    ts_log_request(x->request_id);
    find_trace(x);
    find_client(s, x);
    x->window = (http_window){ .limit = s->failures_limit,
                               .remaining = s->failures_limit,
                               .reset_s = (x->now_ms / TS_MINUTE_MS + 1) * 60 };
}

static http_problem authenticate(const http_service *s, http_exchange *x)
{
    ts_str value = TS_STR_NULL, key = TS_STR_NULL;

    if (http_header_get(x->request, "Authorization", &value) && value.n > 7 &&
        ts_str_ieq(ts_str_n(value.p, 7), TS_STR_LIT("Bearer ")))
        key = ts_str_trim(ts_str_n(value.p + 7, value.n - 7));
    return s->authorize(x, key);
}

static http_problem check_encoding(http_exchange *x)
{
    ts_str encoding;

    if (!http_header_get(x->request, "Content-Encoding", &encoding) ||
        ts_str_ieq(encoding, TS_STR_LIT("identity")))
        return HTTP_FINE;
    if (x->route->body == HTTP_BODY_EVENTS && ts_str_ieq(encoding, TS_STR_LIT("gzip")))
        return HTTP_FINE;
    ts_error_set(&x->error, "Content-Encoding",
                 x->route->body == HTTP_BODY_EVENTS ? "The body may be plain or gzip."
                                                    : "The body must not be encoded.");
    return HTTP_MEDIA_TYPE;
}

static http_problem check_type(http_exchange *x)
{
    bool takes_events = x->route->body == HTTP_BODY_EVENTS;
    ts_str type = TS_STR_NULL;

    if (http_header_get(x->request, "Content-Type", &type) &&
        (http_media_type_is(type, "application/json") ||
         (takes_events && http_media_type_is(type, "application/x-ndjson"))))
        return check_encoding(x);
    ts_error_set(&x->error, "Content-Type",
                 takes_events ? "Content-Type must be application/json or application/x-ndjson."
                              : "Content-Type must be application/json.");
    return HTTP_MEDIA_TYPE;
}

static http_problem too_large(http_exchange *x, size_t max)
{
    ts_error_set(&x->error, "", "The body may have at most %zu bytes.", max);
    return HTTP_TOO_LARGE;
}

/* Nothing was sent where nothing must be. */
static bool may_lack_body(const http_exchange *x)
{
    return x->route->body == HTTP_BODY_JSON && !http_fields_required(x->route->fields) &&
           !http_request_is_chunked(x->request) && http_request_length(x->request) == 0;
}

static http_problem parse_fields(http_work *w, ts_str body)
{
    http_exchange *x = &w->exchange;
    ts_json json;
    ts_status st = ts_json_parse(w->parser, body, &json, &x->error);

    if (st == TS_OK)
        st = http_fields_parse(x->route->fields, json, x->arena, x->fields, &x->error);
    return http_problem_of(st);
}

static void parse_list(void *context)
{
    http_work *w = context;
    http_exchange *x = &w->exchange;

    w->list_status = ts_json_parse(w->list_parser, x->body, &x->rows, &x->error);
}

static http_problem parse_rows(http_work *w)
{
    http_exchange *x = &w->exchange;

    w->list_parser = ts_json_parser_new(HTTP_EVENTS_MAX);
    if (w->list_parser == NULL)
        return HTTP_INTERNAL;
    ts_aside(parse_list, w);
    if (w->list_status != TS_OK)
        return http_problem_of(w->list_status);
    if (ts_json_type_of(x->rows) != TS_JSON_ARRAY) {
        ts_error_set(&x->error, "", "The body must be a JSON array of objects.");
        return HTTP_BAD_REQUEST;
    }
    if (ts_json_count(x->rows) <= HTTP_ROWS_MAX)
        return HTTP_FINE;
    ts_error_set(&x->error, "", "The array may have at most %d rows.", HTTP_ROWS_MAX);
    return HTTP_TOO_LARGE;
}

/* What still comes of it is not known: the connection ends. */
static http_problem half_read(http_work *w, ts_status st)
{
    ts_error *err = &w->exchange.error;

    w->must_close = true;
    if (st == TS_UNAVAILABLE)
        ts_error_set(err, "", "Too many bytes of bodies at once; try again.");
    else
        ts_error_set(err, "",
                     st == TS_LIMITED ? "The body came too slowly."
                                      : "The body ended before its announced end.");
    return st == TS_LIMITED ? HTTP_BAD_REQUEST : http_problem_of(st);
}

static http_problem take_body(http_work *w, http_body_reader *read_body, void *connection,
                              bool *ret_read)
{
    http_exchange *x = &w->exchange;
    size_t max = x->route->body == HTTP_BODY_JSON || x->route->body == HTTP_BODY_RPC
                     ? HTTP_JSON_MAX
                     : HTTP_EVENTS_MAX;
    http_problem problem;
    ts_status st;

    if (x->route->body == HTTP_BODY_NONE)
        return HTTP_FINE;
    if (may_lack_body(x))
        return parse_fields(w, TS_STR_LIT("{}"));
    problem = check_type(x);
    if (problem != HTTP_FINE)
        return problem;
    if (http_request_length(x->request) > max)
        return too_large(x, max);
    st = read_body(connection, max, &w->body);
    if (st == TS_TOO_LARGE)
        return too_large(x, max);
    if (st != TS_OK)
        return half_read(w, st);
    *ret_read = true;
    x->body = ts_buf_view(&w->body);
    if (x->route->body == HTTP_BODY_RPC)
        return HTTP_FINE;
    if (x->body.n == 0) {
        ts_error_set(&x->error, "", "The body is empty.");
        return HTTP_BAD_REQUEST;
    }
    if (x->route->body == HTTP_BODY_EVENTS)
        return HTTP_FINE;
    return x->route->body == HTTP_BODY_LIST ? parse_rows(w) : parse_fields(w, x->body);
}

static bool is_under_v1(const ts_str *segments, size_t count)
{
    return count > 0 && ts_str_is(segments[0], "v1");
}

/* A page of another site that made a browser resolve its own name to this address must not get through. */
static http_problem check_guard(const http_service *s, http_exchange *x)
{
    ts_str host = TS_STR_NULL, origin;

    /* An absolute target's authority is what counts (RFC 9112 section 3.2.2). None is as good as a foreign one. */
    if (!find_authority(x->request->target, &host))
        (void)http_header_get(x->request, "Host", &host);
    if (!http_guard_host(host, s->hosts, s->host_count)) {
        ts_error_set(&x->error, "Host",
                     "This address is not served under that name: the operator lists names in "
                     "TS_GATEWAY_MCP_HOSTS.");
        return HTTP_FORBIDDEN;
    }
    if (!http_header_get(x->request, "Origin", &origin) ||
        http_guard_origin(origin, s->origins, s->origin_count))
        return HTTP_FINE;
    ts_error_set(&x->error, "Origin",
                 "Pages of this origin may not ask: the operator lists origins in "
                 "TS_GATEWAY_CORS_ORIGINS.");
    return HTTP_FORBIDDEN;
}

typedef struct long_call {
    http_exchange *exchange;
    ts_status status;
} long_call;

static void call_handler(void *context)
{
    long_call *c = context;

    c->status = c->exchange->route->handler(c->exchange);
}

static ts_status run_handler(http_exchange *x)
{
    long_call c = { .exchange = x };

    if ((x->route->flags & HTTP_ASIDE) != 0)
        ts_aside(call_handler, &c);
    else
        call_handler(&c);
    return c.status;
}

/* Everything between a well-formed request and the handler's success. */
static http_problem run(const http_service *s, http_work *w, http_body_reader *read_body,
                        void *connection, bool *ret_read, ts_buf *allow)
{
    http_exchange *x = &w->exchange;
    ts_str segments[HTTP_SEGMENTS_MAX];
    const http_route *found;
    http_problem problem = HTTP_FINE;
    size_t count = 0;
    ts_status st;

    st = http_path_split(w->arena, path_of(w->request.target), segments, &count, &x->error);
    if (st != TS_OK)
        return http_problem_of(st);
    found = http_route_find(s->routes, s->route_count, segments, count, &x->segment);
    if (found == NULL || (found->flags & HTTP_PUBLIC) == 0) {
        if (found != NULL && (found->flags & HTTP_GUARDED) != 0)
            problem = check_guard(s, x);
        /* 401 before any 404: who has no key learns nothing of what exists. */
        if (problem == HTTP_FINE && (found != NULL || is_under_v1(segments, count)))
            problem = authenticate(s, x);
        if (problem != HTTP_FINE)
            return problem;
    }
    if (found == NULL) {
        ts_error_set(&x->error, "",
                     "There is no such path. /v1/openapi.json lists those there are.");
        return HTTP_NOT_FOUND;
    }
    x->route = http_route_method(s->routes, s->route_count, found, w->request.method);
    if (x->route == NULL) {
        http_route_allow(s->routes, s->route_count, found, allow);
        ts_error_set(&x->error, "", "The method is not allowed here; allowed are: %s.",
                     allow->data);
        return HTTP_METHOD_NOT_ALLOWED;
    }
    st = http_permit(x, x->route->permission);
    if (st != TS_OK)
        return http_problem_of(st);
    st = http_params_parse(x->route->params, w->request.query, w->arena, x->params, &x->error);
    if (st != TS_OK)
        return http_problem_of(st);
    problem = take_body(w, read_body, connection, ret_read);
    if (problem != HTTP_FINE)
        return problem;
    return http_problem_of(run_handler(x));
}

/* What went wrong here is told each time; what there was no room for, or no service, as often as clients come. */
static void tell_failure(const http_work *w, int status)
{
    const http_exchange *x = &w->exchange;
    const char *route = x->route == NULL ? "" : x->route->pattern;

    if (status == 503)
        ts_warn_rationed(x->error.text, TS_MSG("request failed"), TS_F_I64("http_status", status),
                         TS_F_STR("method", w->request.method), TS_F_Z("route", route),
                         TS_F_Z("reason", x->error.text));
    else if (status >= 500)
        ts_warn(TS_MSG("request failed"), TS_F_I64("http_status", status),
                TS_F_STR("method", w->request.method), TS_F_Z("route", route),
                TS_F_Z("reason", x->error.text));
}

static void answer_problem(const http_service *s, http_work *w, http_problem problem,
                           const char *allow)
{
    http_exchange *x = &w->exchange;
    int status = http_problem_facts_of(problem)->status;

    tell_failure(w, status);
    ts_buf_clear(&w->answer);
    http_envelope_error(x, problem, &w->answer);
    http_answer_write(
        s, w,
        &(http_answer){
            .status = status,
            .body = ts_buf_view(&w->answer),
            .allow = allow,
            .challenge = problem == HTTP_INVALID_KEY,
            .retry_after = problem == HTTP_RATE_LIMITED || problem == HTTP_UNAVAILABLE,
            .is_head = ts_str_is(w->request.method, "HEAD"),
            .is_error = true,
        });
}

/* No script, no foreign host, nothing but its own styles. */
#define PAGE_POLICY                                                                                \
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "         \
    "frame-ancestors 'none'"

static http_problem answer_success(const http_service *s, http_work *w)
{
    http_exchange *x = &w->exchange;
    bool is_get = strcmp(x->route->method, "GET") == 0;
    bool is_plain = (x->route->flags & HTTP_PLAIN) != 0;
    bool is_page = (x->route->flags & HTTP_PAGE) != 0;
    bool is_text = (x->route->flags & HTTP_TEXT) != 0;
    char etag[HTTP_ETAG_SIZE] = "";
    http_answer answer = {
        .status = x->status != 0 ? x->status : x->route->status,
        .no_store = (x->route->flags & HTTP_SECRET) != 0 || !is_get,
        .is_head = ts_str_is(w->request.method, "HEAD"),
        /* Never key material: the length of a compressed secret beside chosen text tells of it. */
        .may_compress = (x->route->flags & HTTP_SECRET) == 0,
        .media_type = is_page   ? "text/html; charset=utf-8"
                      : is_text ? "text/plain; charset=utf-8"
                                : NULL,
        .policy = is_page ? PAGE_POLICY : NULL,
    };
    ts_str known;

    ts_buf_clear(&w->answer);
    if (is_plain)
        ts_buf_str(&w->answer, ts_buf_view(&x->data));
    else
        http_envelope_begin(x, &w->answer);
    if (is_get) {
        http_etag_make(ts_buf_view(&w->answer), etag);
        answer.etag = etag;
    }
    if (!is_plain)
        http_envelope_end(x, &w->answer);
    if (ts_buf_status(&x->data) != TS_OK || ts_buf_status(&x->summary) != TS_OK ||
        ts_buf_status(&w->answer) != TS_OK) {
        ts_error_set(&x->error, "", "the answer is too large or memory is short");
        return HTTP_INTERNAL;
    }
    answer.body = ts_buf_view(&w->answer);
    if (is_get && http_header_get(&w->request, "If-None-Match", &known) &&
        known.n <= ETAG_LIST_MAX && http_etag_listed(known, ts_str_of(etag), true)) {
        answer.status = 304;
        answer.body = TS_STR_NULL;
    }
    http_answer_write(s, w, &answer);
    return HTTP_FINE;
}

/* OPTIONS needs no key: a browser's preflight carries none. False: the path is unknown, go the ordinary way. */
static bool answer_options(const http_service *s, http_work *w)
{
    http_exchange *x = &w->exchange;
    TS_CLEANUP(ts_buf_done) ts_buf allow = TS_BUF_INIT(128);
    ts_str segments[HTTP_SEGMENTS_MAX];
    ts_str captured = TS_STR_NULL;
    const http_route *found;
    size_t count = 0;

    if (ts_str_is(w->request.target, "*")) {
        ts_buf_z(&allow, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    } else {
        if (http_path_split(w->arena, path_of(w->request.target), segments, &count, &x->error) !=
            TS_OK)
            return false;
        found = http_route_find(s->routes, s->route_count, segments, count, &captured);
        if (found == NULL)
            return false;
        http_route_allow(s->routes, s->route_count, found, &allow);
    }
    if (ts_buf_status(&allow) != TS_OK)
        return false;
    http_answer_write(s, w,
                      &(http_answer){ .status = 204, .allow = allow.data, .is_preflight = true });
    return true;
}

/* What is left of a body that nobody read would be taken for the next request, or waited for. */
static void settle_unread(http_work *w, bool was_read)
{
    bool has_body = http_request_is_chunked(&w->request) || http_request_length(&w->request) > 0;

    if (was_read || !has_body)
        return;
    if (http_request_is_chunked(&w->request) || http_request_expects_continue(&w->request) ||
        http_request_length(&w->request) > DISCARD_MAX)
        w->must_close = true;
}

static ts_status left(http_exchange *x)
{
    return ts_fail(&x->error, TS_UNAVAILABLE, "", "the client is gone, or takes too little");
}

ts_status http_stream_begin(http_exchange *x, const char *media_type, const char *file_name,
                            bool *ret_wanted)
{
    http_work *w = x->work;
    bool is_head = ts_str_is(w->request.method, "HEAD");

    /* What came of a body nobody asked for must be known before the headers say whether the connection goes on. */
    settle_unread(w, false);
    if (!ts_str_is(w->request.version, "1.1"))
        w->must_close = true;
    http_answer_write(x->service, w,
                      &(http_answer){ .status = x->route->status,
                                      .no_store = true,
                                      .media_type = media_type,
                                      .attachment = file_name,
                                      .is_stream = true });
    if (w->out.size == 0)
        return TS_NOMEM;
    w->is_streaming = true;
    *ret_wanted = !is_head;
    if (w->send(w->connection, ts_buf_view(&w->out)))
        return TS_OK;
    w->must_close = true;
    return left(x);
}

ts_status http_stream_flush(http_exchange *x)
{
    http_work *w = x->work;
    bool is_chunked = ts_str_is(w->request.version, "1.1");
    ts_status st = ts_buf_status(&x->data);

    if (st != TS_OK || x->data.size == 0)
        return st;
    ts_buf_clear(&w->out);
    if (is_chunked)
        ts_buf_printf(&w->out, "%zx\r\n", x->data.size);
    ts_buf_str(&w->out, ts_buf_view(&x->data));
    if (is_chunked)
        ts_buf_z(&w->out, "\r\n");
    ts_buf_clear(&x->data);
    st = ts_buf_status(&w->out);
    if (st != TS_OK)
        return st;
    if (w->send(w->connection, ts_buf_view(&w->out)))
        return TS_OK;
    return left(x);
}

/* The last chunk, or, after a failure, none: the client must see that this is not all. */
static void end_stream(http_work *w, http_problem problem)
{
    bool is_chunked = ts_str_is(w->request.version, "1.1");

    ts_buf_clear(&w->out);
    if (problem != HTTP_FINE) {
        w->must_close = true;
        w->status = 500;
        ts_warn(TS_MSG("stream cut short"), TS_F_Z("route", w->exchange.route->pattern),
                TS_F_Z("reason", w->exchange.error.text));
        return;
    }
    if (is_chunked && !ts_str_is(w->request.method, "HEAD"))
        ts_buf_z(&w->out, "0\r\n\r\n");
}

static void finish(const http_work *w)
{
    const http_exchange *x = &w->exchange;

    ts_debug(TS_MSG("request"), TS_F_STR("method", w->request.method),
             TS_F_Z("route", x->route == NULL ? "" : x->route->pattern),
             TS_F_I64("status", w->status), TS_F_I64("took_ms", ts_wall_ms() - x->now_ms),
             TS_F_Z("traceparent", x->traceparent));
    ts_log_request("");
}

void http_serve(const http_service *s, http_work *w, http_body_reader *read_body, void *connection)
{
    http_exchange *x = &w->exchange;
    TS_CLEANUP(ts_buf_done) ts_buf allow = TS_BUF_INIT(128);
    http_problem problem;
    bool was_read = false;

    begin(s, w);
    x->service = s;
    if (http_request_check(&w->request, &x->error) != TS_OK) {
        w->must_close = true;
        answer_problem(s, w,
                       w->request.header_count > HTTP_HEADERS_MAX ? HTTP_HEADERS_TOO_LARGE
                                                                  : HTTP_BAD_REQUEST,
                       NULL);
        finish(w);
        return;
    }
    if (ts_str_is(w->request.method, "OPTIONS")) {
        settle_unread(w, false);
        if (answer_options(s, w)) {
            finish(w);
            return;
        }
    }
    w->connection = connection;
    if (http_query_holds_key(w->request.query)) {
        ts_error_set(&x->error, "",
                     "An API key must not stand in the address, where logs keep it: send it as "
                     "Authorization: Bearer, and rotate this one.");
        problem = HTTP_BAD_REQUEST;
    } else {
        problem = run(s, w, read_body, connection, &was_read, &allow);
    }
    settle_unread(w, was_read);
    if (w->is_streaming) {
        end_stream(w, problem);
        finish(w);
        return;
    }
    if (problem == HTTP_FINE)
        problem = answer_success(s, w);
    if (problem != HTTP_FINE)
        answer_problem(s, w, problem, problem == HTTP_METHOD_NOT_ALLOWED ? allow.data : NULL);
    finish(w);
}

void http_refuse(const http_service *s, http_work *w, http_problem problem)
{
    begin(s, w);
    w->must_close = true;
    answer_problem(s, w, problem, NULL);
    finish(w);
}
