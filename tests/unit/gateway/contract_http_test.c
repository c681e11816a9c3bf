/* HTTP as the gateway understands it: routes and methods, bodies and their limits, connections, and what must not be understood. */
#include <unistd.h>

#include "contract.h"
#include "http/head.h"

/* ---- routing ---- */

Test(contract, who_has_no_key_does_not_learn_what_exists)
{
    get("/v1/nothing", NULL, 401);
    get("/v1/nothing", KEY_ALL, 404);
    expect_error("not_found", NULL,
                 "There is no such path. /v1/openapi.json lists those there are.");
    get("/nothing", NULL, 404);
    get("/v1/users/a%00b", KEY_ALL, 400);
    get("/v1/users/a%zz", KEY_ALL, 400);
}

Test(contract, a_wrong_method_is_told_the_right_ones)
{
    answer_done(&a);
    ask(port, "DELETE", "/v1/incidents/inc_one", KEY_ALL, "", NULL, &a);
    cr_assert_eq(a.status, 405);
    parse();
    expect_error("method_not_allowed", NULL,
                 "The method is not allowed here; allowed are: GET, HEAD, PATCH, OPTIONS.");
    expect_header("Allow", "GET, HEAD, PATCH, OPTIONS");
}

Test(contract, head_is_get_without_its_body)
{
    int fd = client_connect(port);
    static const char request[] =
        "HEAD /v1/overview HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " KEY_ALL "\r\n\r\n"
        "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";

    client_send(fd, request, sizeof(request) - 1);
    client_read(fd, true, &a);
    cr_assert_eq(a.status, 200);
    cr_assert_str_neq(answer_header(&a, "Content-Length"), "0");
    cr_assert_not_null(answer_header(&a, "ETag"));
    answer_done(&a);
    /* Were there a body, it would stand before this answer. */
    client_read(fd, false, &a);
    cr_assert_eq(a.status, 200);
    cr_assert_str_eq(a.body.data, "{\"status\":\"ok\"}");
    (void)close(fd);
}

Test(contract, options_and_preflights_are_answered_without_a_key)
{
    ask(port, "OPTIONS", "/v1/incidents/inc_one", NULL,
        "Origin: https://ui.example\r\nAccess-Control-Request-Method: PATCH\r\n", NULL, &a);
    cr_assert_eq(a.status, 204);
    expect_header("Allow", "GET, HEAD, PATCH, OPTIONS");
    expect_header("Access-Control-Allow-Origin", "https://ui.example");
    expect_header("Access-Control-Allow-Methods", "GET, HEAD, PATCH, OPTIONS");
    answer_done(&a);
    ask(port, "OPTIONS", "/v1/users", NULL,
        "Origin: https://evil.example\r\nAccess-Control-Request-Method: GET\r\n", NULL, &a);
    cr_assert_eq(a.status, 204);
    cr_assert_null(answer_header(&a, "Access-Control-Allow-Origin"));
}

Test(contract, an_unchanged_answer_is_304)
{
    char etag[64], line[96];

    get("/v1/users", KEY_ALL, 200);
    (void)snprintf(etag, sizeof(etag), "%s", answer_header(&a, "ETag"));
    cr_assert_eq(strlen(etag), 34);
    get("/v1/users", KEY_ALL, 200);
    expect_header("ETag", etag);
    (void)snprintf(line, sizeof(line), "If-None-Match: \"x\", %s\r\n", etag);
    answer_done(&a);
    ask(port, "GET", "/v1/users", KEY_ALL, line, NULL, &a);
    cr_assert_eq(a.status, 304);
    cr_assert_eq(a.body.size, 0);
    expect_header("ETag", etag);
    expect_header("X-RateLimit-Limit", "1000");
    get("/v1/users?limit=1", KEY_ALL, 200);
    cr_assert_str_neq(answer_header(&a, "ETag"), etag);
}

Test(contract, a_clients_request_id_is_kept_if_it_has_our_form)
{
    ask(port, "GET", "/v1/overview", KEY_ALL, "X-Request-Id: req_abc123\r\n", NULL, &a);
    parse();
    expect_header("X-Request-Id", "req_abc123");
    expect_text("meta.request_id", "req_abc123");
    answer_done(&a);
    ask(port, "GET", "/v1/overview", KEY_ALL, "X-Request-Id: mine\"\r\n", NULL, &a);
    parse();
    cr_assert(http_request_id_valid(ts_str_of(answer_header(&a, "X-Request-Id"))));
}

/* ---- bodies ---- */

static void send_big(size_t size, bool chunked)
{
    char *filler = malloc(65536);
    TS_CLEANUP(ts_buf_done) ts_buf head = TS_BUF_INIT(4096);
    int fd = client_connect(port);
    size_t sent = 0;

    memset(filler, ' ', 65536);
    ts_buf_z(&head, "POST /v1/events?source=google_workspace HTTP/1.1\r\nHost: a\r\nAuthorization: "
                    "Bearer " KEY_ALL "\r\nContent-Type: application/json\r\n");
    if (chunked)
        ts_buf_z(&head, "Transfer-Encoding: chunked\r\n\r\n");
    else
        ts_buf_printf(&head, "Content-Length: %zu\r\n\r\n", size);
    client_send(fd, head.data, head.size);
    while (sent < size) {
        size_t part = size - sent < 65536 ? size - sent : 65536;
        char line[32];
        int n = snprintf(line, sizeof(line), "%zx\r\n", part);

        if (chunked)
            client_send(fd, line, (size_t)n);
        client_send(fd, filler, part);
        if (chunked)
            client_send(fd, "\r\n", 2);
        sent += part;
    }
    if (chunked)
        client_send(fd, "0\r\n\r\n", 5);
    answer_done(&a);
    client_read(fd, false, &a);
    (void)close(fd);
    free(filler);
}

Test(contract, a_body_of_exactly_the_limit_passes_and_one_byte_more_does_not)
{
    send_big(HTTP_EVENTS_MAX, false);
    cr_assert_eq(a.status, 202, "%d", a.status);
    cr_assert_eq(standin_saw.body_bytes, HTTP_EVENTS_MAX);
    send_big(HTTP_EVENTS_MAX, true);
    cr_assert_eq(a.status, 202, "%d", a.status);
    cr_assert_eq(standin_saw.body_bytes, HTTP_EVENTS_MAX);
    standin_saw.body_bytes = 0;
    send_big(HTTP_EVENTS_MAX + 1, false);
    cr_assert_eq(a.status, 413, "%d", a.status);
    parse();
    expect_error("payload_too_large", NULL, "The body may have at most 8388608 bytes.");
    send_big(HTTP_EVENTS_MAX + 1, true);
    cr_assert_eq(a.status, 413, "%d", a.status);
    cr_assert_eq(standin_saw.body_bytes, 0);
}

Test(contract, a_client_that_waits_for_100_is_told_to_go_on)
{
    int fd = client_connect(port);
    static const char head[] =
        "POST /v1/events?source=google_workspace HTTP/1.1\r\nHost: a\r\nAuthorization: "
        "Bearer " KEY_ALL "\r\nContent-Type: application/json\r\n"
        "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n";

    client_send(fd, head, sizeof(head) - 1);
    client_read(fd, true, &a);
    cr_assert_eq(a.status, 100);
    client_send(fd, "{}", 2);
    answer_done(&a);
    client_read(fd, false, &a);
    cr_assert_eq(a.status, 202);
    (void)close(fd);
}

Test(contract, a_client_that_waits_for_100_without_a_key_is_refused_at_once)
{
    int fd = client_connect(port);
    static const char head[] =
        "POST /v1/events?source=google_workspace HTTP/1.1\r\nHost: a\r\nContent-Type: "
        "application/json\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n";

    client_send(fd, head, sizeof(head) - 1);
    client_read(fd, false, &a);
    cr_assert_eq(a.status, 401);
    cr_assert(a.is_closed);
    (void)close(fd);
}

/* ---- requests that must not be understood ---- */

/* Sends the bytes; the answer must be 400 in our envelope, or 431, and the connection must end. */
static void expect_refusal(const char *bytes)
{
    /* More than 63 header fields, or 16 KiB. */
    bool has_many = strstr(bytes, "X-63:") != NULL || strlen(bytes) > HTTP_HEAD_MAX;
    int fd = client_connect(port);
    char c;

    answer_done(&a);
    client_send(fd, bytes, strlen(bytes));
    client_read(fd, false, &a);
    cr_assert_eq(a.status, has_many ? 431 : 400, "%s: %d", bytes, a.status);
    parse();
    expect_error(has_many ? "headers_too_large" : "bad_request",
                 a.body.data != NULL && strstr(a.body.data, "\"param\"") != NULL
                     ? strstr(bytes, "Authorization: Bearer x\r\nAuth") != NULL ? "Authorization"
                       : strstr(bytes, "chunked") != NULL        ? "Transfer-Encoding"
                       : strstr(bytes, "Content-Length") != NULL ? "Content-Length"
                                                                 : "Host"
                     : NULL,
                 NULL);
    cr_assert(a.is_closed, "%s", bytes);
    cr_assert_leq(read(fd, &c, 1), 0);
    (void)close(fd);
}

#define SMUGGLED "GET /v1/users HTTP/1.1\r\nHost: a\r\n\r\n"

Test(contract, framing_that_can_be_read_in_two_ways_is_refused)
{
    expect_refusal("POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: "
                   "chunked\r\n\r\n0\r\n\r\n" SMUGGLED);
    expect_refusal("POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: "
                   "5\r\n\r\nabcde" SMUGGLED);
    expect_refusal("GET /v1/users HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\nAuthorization: "
                   "Bearer y\r\n\r\n");
    expect_refusal("GET /v1/users HTTP/1.1\r\n\r\n");
}

Test(contract, what_does_not_parse_gets_the_envelope_too)
{
    TS_CLEANUP(ts_buf_done) ts_buf big = TS_BUF_INIT(65536);

    expect_refusal("NONSENSE\r\n\r\n");
    expect_refusal("FOO / HTTP/1.1\r\nHost: a\r\n\r\n");
    ts_buf_z(&big, "GET / HTTP/1.1\r\nHost: a\r\n");
    for (int i = 0; i < 70; i++)
        ts_buf_printf(&big, "X-%d: a\r\n", i);
    ts_buf_z(&big, "\r\n");
    expect_refusal(big.data);
    ts_buf_clear(&big);
    ts_buf_z(&big, "GET / HTTP/1.1\r\nX: ");
    for (int i = 0; i < 20000; i++)
        ts_buf_char(&big, 'a');
    ts_buf_z(&big, "\r\n\r\n");
    expect_refusal(big.data);
}

Test(contract, requests_on_one_connection_are_answered_in_order)
{
    static const char request[] =
        "GET /healthz HTTP/1.1\r\nHost: a\r\nX-Request-Id: req_first1\r\n\r\n"
        "POST /v1/events?source=google_workspace HTTP/1.1\r\nHost: a\r\nContent-Length: "
        "3\r\nX-Request-Id: "
        "req_second\r\n\r\nabc"
        "GET /healthz HTTP/1.1\r\nHost: a\r\nX-Request-Id: req_third1\r\n\r\n";
    int fd = client_connect(port);

    client_send(fd, request, sizeof(request) - 1);
    client_read(fd, false, &a);
    expect_header("X-Request-Id", "req_first1");
    answer_done(&a);
    client_read(fd, false, &a);
    cr_assert_eq(a.status, 401);
    expect_header("X-Request-Id", "req_second");
    answer_done(&a);
    client_read(fd, false, &a);
    cr_assert_eq(a.status, 200);
    expect_header("X-Request-Id", "req_third1");
    (void)close(fd);
}

static void start_small(void)
{
    port = standin_start(WITH_ALL, 2);
    parser = ts_json_parser_new(1 << 20);
}

Test(small, connections_beyond_the_limit_are_told_at_once, .init = start_small, .fini = stop)
{
    static const char request[] = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";
    int held[2];

    for (int i = 0; i < 2; i++) {
        held[i] = client_connect(port);
        answer_done(&a);
        client_send(held[i], request, sizeof(request) - 1);
        client_read(held[i], false, &a);
        cr_assert_eq(a.status, 200);
    }
    get("/healthz", NULL, 503);
    expect_error("service_unavailable", NULL, "Too many connections at once.");
    cr_assert(a.is_closed);
    for (int i = 0; i < 2; i++)
        (void)close(held[i]);
}
