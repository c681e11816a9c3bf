/* A request to any endpoint, the whole way: the operation's name, what stands in the path for {...}, the query, header lines up to
 * an empty line, then the body. In the place of the services stands whatever their messages can hold, which hangs on the word behind
 * the operation's name: a peer is not believed either. Whatever comes, the answer is a head that a strict reader takes, with a status
 * that goes with it, and a body of the form that it says it has. */
#include <zlib.h>

#include "api/api.h"
#include "http/head.h"
#include "http/serve.h"
#include "made_up.h"
#include "standin.h" /* CHECK, KEY_ALL */
#include "ts/id.h"
#include "ts/log.h"

#define REQUEST_MAX ((size_t)256 * 1024)
#define REPLY_MAX   ((size_t)4 * 1024 * 1024)

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static gateway_config config;
static api app;
static http_service service;
static http_work *work;
static ts_json_parser *parser;
static ts_str body;
static ts_buf sent;   /* of a stream */
static uint64_t whim; /* of the services */

static http_body_reader read_body;
static http_sender take_sent;

static ts_status read_body(void *connection, size_t max, ts_buf *out)
{
    (void)connection;
    if (body.n > max)
        return TS_TOO_LARGE;
    ts_buf_str(out, body);
    return ts_buf_status(out);
}

static bool take_sent(void *connection, ts_str bytes)
{
    (void)connection;
    ts_buf_str(&sent, bytes);
    return true;
}

/* ---- the services ---- */

ts_status __wrap_ts_rpc_call(ts_peer *peer, const ts_method *method, const ts_caller *caller,
                             const ProtobufCMessage *in, ts_arena *arena,
                             ProtobufCMessage **ret_out, ts_error *err);
void __wrap_ts_rpc_call_all(const ts_caller *caller, ts_rpc_part *parts, size_t count);

static ProtobufCMessage *through_the_wire(const ProtobufCMessage *m, ts_arena *arena)
{
    size_t n = protobuf_c_message_get_packed_size(m);
    TS_CLEANUP(ts_buf_done) ts_buf bytes = TS_BUF_INIT(REPLY_MAX);
    ProtobufCMessage *there = NULL;
    char *place = n == 0 ? NULL : ts_buf_take(&bytes, n);

    if (place != NULL)
        CHECK(protobuf_c_message_pack(m, (uint8_t *)place) == n);
    CHECK(ts_buf_status(&bytes) == TS_OK);
    CHECK(ts_arena_unpack(arena, m->descriptor, ts_buf_view(&bytes), &there) == TS_OK);
    return there;
}

static void let_in(Ts__Auth__AuthorizeReply *reply)
{
    static char id[] = "org_acme", name[] = "Acme", key[] = "key_one";

    *reply = (Ts__Auth__AuthorizeReply)TS__AUTH__AUTHORIZE_REPLY__INIT;
    reply->known = true;
    reply->admitted = true;
    reply->org = 7;
    reply->org_id = id;
    reply->org_name = name;
    reply->key_id = key;
    reply->permissions = TS_PERM_ALL;
    reply->limit = 1000;
    reply->remaining = 997;
}

ts_status __wrap_ts_rpc_call(ts_peer *peer, const ts_method *method, const ts_caller *caller,
                             const ProtobufCMessage *in, ts_arena *arena,
                             ProtobufCMessage **ret_out, ts_error *err)
{
    static const ts_status failures[] = { TS_INVALID,  TS_NOT_FOUND, TS_CONFLICT,    TS_UNAVAILABLE,
                                          TS_INTERNAL, TS_DENIED,    TS_PRECONDITION };
    Ts__Auth__AuthorizeReply known;
    TS_CLEANUP(ts_arena_free_p) ts_arena *scratch = ts_arena_new(REPLY_MAX);

    (void)peer;
    CHECK(scratch != NULL && caller->deadline_boot_ms > 0);
    (void)through_the_wire(in, scratch);
    if (method == &ts_auth_authorize) {
        let_in(&known);
        *ret_out = through_the_wire(&known.base, arena);
        return TS_OK;
    }
    if (made_up_number(&whim) % 16 == 0) {
        ts_status st = failures[made_up_number(&whim) % TS_COUNT(failures)];

        return err == NULL ? st : ts_fail(err, st, "id", "%s", made_up_text(&whim));
    }
    *ret_out = through_the_wire(made_up(&whim, method->reply, scratch), arena);
    return TS_OK;
}

void __wrap_ts_rpc_call_all(const ts_caller *caller, ts_rpc_part *parts, size_t count)
{
    CHECK(count <= TS_RPC_PARTS_MAX);
    for (size_t i = 0; i < count; i++) {
        parts[i].out = NULL;
        parts[i].error = (ts_error){ .text = "" };
        parts[i].status = __wrap_ts_rpc_call(parts[i].peer, parts[i].method, caller, parts[i].in,
                                             parts[i].arena, &parts[i].out, &parts[i].error);
    }
}

static const char *address_of(void *context, const char *peer)
{
    (void)context;
    (void)peer;
    return "ipc:///nowhere";
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    char *environment[] = { NULL };
    ts_config_table table = { gateway_config_items, gateway_config_item_count, &config };
    TS_CLEANUP(ts_buf_done) ts_buf mistakes = TS_BUF_INIT(4096);
    ts_error err = { .text = "" };

    (void)argc;
    (void)argv;
    ts_log_set_level(TS_LOG_ERROR);
    CHECK(ts_config_load(&table, 1, "TS_GATEWAY_", environment, &mistakes) == TS_OK);
    (void)snprintf(config.lexicon_dir, sizeof(config.lexicon_dir), "%s",
                   TS_SOURCE_DIR "/services/gateway/agent/lexicon");
    CHECK(api_init(&app, &config, address_of, NULL, &err) == TS_OK);
    service = (http_service){ .routes = api_routes,
                              .route_count = api_route_count,
                              .app = &app,
                              .authorize = api_authorize };
    CHECK(gateway_config_lists(&config, &service, &err) == TS_OK);
    work = http_work_new();
    parser = ts_json_parser_new(HTTP_ANSWER_MAX);
    sent = TS_BUF_INIT(HTTP_ANSWER_MAX);
    CHECK(work != NULL && parser != NULL);
    return 0;
}

static ts_str take_line(ts_str *rest)
{
    size_t end = ts_str_find(*rest, '\n');
    ts_str line = ts_str_n(rest->p, end);

    *rest = end == rest->n ? TS_STR_NULL : ts_str_n(rest->p + end + 1, rest->n - end - 1);
    return line;
}

static const http_route *route_of(ts_str operation)
{
    for (size_t i = 0; i < api_route_count; i++) {
        if (ts_str_is(operation, api_routes[i].operation))
            return &api_routes[i];
    }
    return NULL;
}

static void write_path(const char *pattern, ts_str segment, ts_buf *to)
{
    const char *place = strchr(pattern, '{');

    if (place == NULL) {
        ts_buf_z(to, pattern);
        return;
    }
    ts_buf_add(to, pattern, (size_t)(place - pattern));
    ts_buf_str(to, segment);
    ts_buf_z(to, strchr(place, '}') + 1);
}

/* The head; what is left of `rest` is the body. */
static void write_head(const http_route *route, ts_str *rest, ts_buf *to)
{
    ts_str query, line;

    ts_buf_printf(to, "%s ", route->method);
    write_path(route->pattern, take_line(rest), to);
    query = take_line(rest);
    if (query.n > 0)
        ts_buf_char(to, '?');
    ts_buf_str(to, query);
    ts_buf_z(to, " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " KEY_ALL "\r\n");
    while ((line = take_line(rest)).n > 0) {
        ts_buf_str(to, line);
        ts_buf_z(to, "\r\n");
    }
    if (rest->n > 0)
        ts_buf_printf(to, "Content-Length: %zu\r\n", rest->n);
    ts_buf_z(to, "\r\n");
}

/* ---- the answer ---- */

typedef struct answered {
    int status;
    ts_str type;
    bool is_packed, is_chunked;
    size_t size; /* of the head */
} answered;

static void take_field(ts_str line, answered *a)
{
    size_t colon = ts_str_find(line, ':');
    ts_str name = ts_str_n(line.p, colon);
    ts_str value;

    CHECK(colon > 0 && colon + 1 < line.n && line.p[colon + 1] == ' ');
    value = ts_str_n(line.p + colon + 2, line.n - colon - 2);
    for (size_t i = 0; i < line.n; i++)
        CHECK((uint8_t)line.p[i] >= ' ' && (uint8_t)line.p[i] < 0x7f);
    if (ts_str_ieq(name, TS_STR_LIT("Content-Type")))
        a->type = value;
    a->is_packed = a->is_packed ||
                   (ts_str_ieq(name, TS_STR_LIT("Content-Encoding")) && ts_str_is(value, "gzip"));
    a->is_chunked = a->is_chunked || ts_str_ieq(name, TS_STR_LIT("Transfer-Encoding"));
}

static answered read_answer_head(ts_str bytes)
{
    answered a = { .status = 0 };
    size_t seen = 0;
    ts_str rest;

    CHECK(http_head_find(bytes, &seen, &a.size) == HTTP_HEAD_WHOLE);
    rest = ts_str_n(bytes.p, a.size);
    CHECK(ts_str_starts(rest, TS_STR_LIT("HTTP/1.1 ")) && rest.n > 12);
    a.status = (rest.p[9] - '0') * 100 + (rest.p[10] - '0') * 10 + (rest.p[11] - '0');
    (void)take_line(&rest);
    for (;;) {
        ts_str line = take_line(&rest);

        CHECK(line.n > 0 && line.p[line.n - 1] == '\r');
        line.n--;
        if (line.n == 0)
            return a;
        take_field(line, &a);
    }
}

static ts_str unpack(ts_str packed, ts_buf *to)
{
    z_stream z = { .next_in = (Bytef *)(uintptr_t)packed.p, .avail_in = (uInt)packed.n };
    int rc;

    CHECK(inflateInit2(&z, 16 + MAX_WBITS) == Z_OK);
    do {
        char *place = ts_buf_reserve(to, 65536);

        CHECK(place != NULL);
        z.next_out = (Bytef *)place;
        z.avail_out = 65536;
        rc = inflate(&z, Z_NO_FLUSH);
        CHECK(rc == Z_OK || rc == Z_STREAM_END);
        to->size += 65536 - z.avail_out;
    } while (rc != Z_STREAM_END);
    CHECK(z.avail_in == 0);
    inflateEnd(&z);
    return ts_buf_view(to);
}

static void check_json(const answered *a, ts_str text)
{
    ts_json v, member;
    ts_error err;

    CHECK(ts_json_parse(parser, text, &v, &err) == TS_OK);
    if (a->status >= 400)
        CHECK(ts_json_get(v, "error", &member) &&
              (ts_json_get(v, "request_id", &member) || ts_json_get(v, "jsonrpc", &member)));
}

static void check_body(const answered *a, ts_str text)
{
    TS_CLEANUP(ts_buf_done) ts_buf whole = TS_BUF_INIT(HTTP_ANSWER_MAX);

    if (a->status == 204 || a->status == 304 || a->status == 202) {
        CHECK(a->status == 202 || text.n == 0);
        if (text.n == 0)
            return;
    }
    if (a->is_packed)
        text = unpack(text, &whole);
    if (ts_str_starts(a->type, TS_STR_LIT("application/json")))
        check_json(a, text);
    else
        CHECK(a->status == 200 && ts_utf8_valid(text));
}

static void check_answer(bool is_stream)
{
    /* 500: a service said what makes no sense, or failed. */
    static const int statuses[] = { 200, 201, 202, 204, 304, 400, 403, 404, 406,
                                    409, 412, 413, 415, 417, 422, 428, 500, 503 };
    ts_str bytes = ts_buf_view(is_stream ? &sent : &work->out);
    answered a = read_answer_head(bytes);
    bool is_known = false;

    for (size_t i = 0; i < TS_COUNT(statuses); i++)
        is_known = is_known || a.status == statuses[i];
    if (!is_known)
        (void)fprintf(stderr, "%.*s\n", (int)bytes.n, bytes.p);
    CHECK(is_known && !(a.is_packed && a.is_chunked));
    if (!is_stream)
        check_body(&a, ts_str_n(bytes.p + a.size, bytes.n - a.size));
}

/* Operations have names that no mutation finds: they change whole, and else the rest alone. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    ts_str line = ts_str_n(data, ts_str_find(ts_str_n(data, size), '\n'));
    size_t name = ts_str_find(line, ' ');
    const char *other = api_routes[seed / 16 % api_route_count].operation;
    size_t n = strlen(other);

    if (seed % 16 == 0 && size - name + n <= max) {
        memmove(data + n, data + name, size - name);
        memcpy(data, other, n);
        return size - name + n;
    }
    return name + LLVMFuzzerMutate(data + name, size - name, max - name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TS_CLEANUP(ts_buf_done) ts_buf head = TS_BUF_INIT(REQUEST_MAX);
    ts_str rest = ts_str_n(data, size);
    ts_str first = take_line(&rest);
    size_t word = ts_str_find(first, ' ');
    const http_route *route = route_of(ts_str_n(first.p, word));
    size_t seen = 0, n = 0;
    ts_error err;

    if (route == NULL || size > REQUEST_MAX / 2)
        return -1;
    whim = ts_hash_mem(first.p + word, first.n - word) | 1;
    write_head(route, &rest, &head);
    CHECK(ts_buf_status(&head) == TS_OK);
    body = rest;
    if (http_head_find(ts_buf_view(&head), &seen, &n) != HTTP_HEAD_WHOLE || n != head.size ||
        http_head_parse(ts_buf_view(&head), &work->request, &err) != TS_OK)
        return 0;
    work->request.peer = TS_STR_LIT("127.0.0.1");
    work->send = take_sent;
    http_serve(&service, work, read_body, NULL);
    check_answer(work->is_streaming);
    ts_buf_clear(&sent);
    http_work_reset(work);
    return 0;
}
