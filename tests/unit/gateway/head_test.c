#include <criterion/criterion.h>

#include "http/head.h"
#include "ts/buf.h"

/* Comes byte by byte, as a slow client sends it; the outcome, and after how many bytes. */
static http_head_state find(const char *text, size_t n, size_t *ret_at, size_t *ret_size)
{
    http_head_state state = HTTP_HEAD_MORE;
    size_t seen = 0;

    *ret_size = 0;
    for (*ret_at = 0; *ret_at < n && state == HTTP_HEAD_MORE;)
        state = http_head_find(ts_str_n(text, ++*ret_at), &seen, ret_size);
    return state;
}

static http_head_state find_z(const char *text)
{
    size_t at, size, seen = 0, whole = 0;
    http_head_state state = find(text, strlen(text), &at, &size);

    /* In one piece it is the same. */
    cr_assert_eq(http_head_find(ts_str_of(text), &seen, &whole), state, "%s", text);
    cr_assert_eq(whole, size);
    return state;
}

Test(head, ends_at_the_empty_line_however_it_comes)
{
    static const char two[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET";
    size_t at, size;

    cr_assert_eq(find(two, sizeof(two) - 1, &at, &size), HTTP_HEAD_WHOLE);
    cr_assert_eq(size, sizeof(two) - 1 - 3);
    cr_assert_eq(at, size);
    cr_assert_eq(find_z("GET / HTTP/1.1\r\n\r\n"), HTTP_HEAD_WHOLE);
    cr_assert_eq(find_z("GET / HTTP/1.1\r\n\r"), HTTP_HEAD_MORE);
    cr_assert_eq(find_z(""), HTTP_HEAD_MORE);
}

Test(head, a_line_without_cr_is_wrong_at_once)
{
    cr_assert_eq(find_z("GET / HTTP/1.1\n"), HTTP_HEAD_WRONG);
    cr_assert_eq(find_z("GET / HTTP/1.1\r\nHost: a\n"), HTTP_HEAD_WRONG);
    cr_assert_eq(find_z("GET / HTTP/1.1\r\nHost: a\r\n\n"), HTTP_HEAD_WRONG);
    cr_assert_eq(find_z("\n"), HTTP_HEAD_WRONG);
}

Test(head, has_a_longest)
{
    static char text[HTTP_HEAD_MAX + 64];
    size_t at, size;

    memset(text, 'a', sizeof(text));
    memcpy(text + HTTP_HEAD_MAX - 4, "\r\n\r\n", 4);
    cr_assert_eq(find(text, sizeof(text), &at, &size), HTTP_HEAD_WHOLE);
    cr_assert_eq(size, HTTP_HEAD_MAX);
    memset(text, 'a', sizeof(text));
    memcpy(text + HTTP_HEAD_MAX - 3, "\r\n\r\n", 4);
    cr_assert_eq(find(text, sizeof(text), &at, &size), HTTP_HEAD_LONG);
    cr_assert_eq(at, HTTP_HEAD_MAX);
    size = 0;
    at = 0;
    cr_assert_eq(http_head_find(ts_str_n(text, sizeof(text)), &at, &size), HTTP_HEAD_LONG);
}

Test(head, blank_lines_before_a_request_are_counted)
{
    cr_assert_eq(http_head_blank(TS_STR_LIT("\r\n\r\nGET")), 4);
    cr_assert_eq(http_head_blank(TS_STR_LIT("\r")), 0);
    cr_assert_eq(http_head_blank(TS_STR_LIT("\n\r\n")), 0);
}

static ts_status parse(const char *text, http_request *r)
{
    ts_error err = { .text = "" };
    ts_status st = http_head_parse(ts_str_of(text), r, &err);

    cr_assert_eq(st == TS_OK, err.text[0] == '\0', "%s", text);
    return st;
}

Test(head, is_taken_apart)
{
    http_request r = { .method = TS_STR_NULL };

    cr_assert_eq(parse("PATCH /v1/users/a%40b?x=1&y=?2 HTTP/1.1\r\nHost: a\r\nX-Empty:\r\nX-B: \t "
                       "b c \r\n\r\n",
                       &r),
                 TS_OK);
    cr_assert(ts_str_is(r.method, "PATCH"));
    cr_assert(ts_str_is(r.target, "/v1/users/a%40b"));
    cr_assert(ts_str_is(r.query, "x=1&y=?2"));
    cr_assert(ts_str_is(r.version, "1.1"));
    cr_assert_eq(r.header_count, 3);
    cr_assert(ts_str_is(r.headers[0].name, "Host") && ts_str_is(r.headers[0].value, "a"));
    cr_assert(ts_str_is(r.headers[1].name, "X-Empty") && r.headers[1].value.n == 0);
    cr_assert(ts_str_is(r.headers[2].name, "X-B") && ts_str_is(r.headers[2].value, "b c"));
    cr_assert_eq(parse("OPTIONS * HTTP/1.1\r\n\r\n", &r), TS_OK);
    cr_assert_eq(parse("GET http://a/b HTTP/1.0\r\n\r\n", &r), TS_OK);
}

Test(head, what_is_no_request_is_refused)
{
    static const char *const wrong[] = {
        "\r\n\r\n",
        "GET\r\n\r\n",
        "GET /\r\n\r\n",
        "GET / \r\n\r\n",
        "GET  / HTTP/1.1\r\n\r\n",
        "GET /  HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1 \r\n\r\n",
        " GET / HTTP/1.1\r\n\r\n",
        "get / HTTP/1.1\r\n\r\n",
        "FOO / HTTP/1.1\r\n\r\n",
        "CONNECT a:80 HTTP/1.1\r\n\r\n",
        "GET / http/1.1\r\n\r\n",
        "GET a HTTP/1.1\r\n\r\n",
        "GET * HTTP/1.1\r\n\r\n",
        "GET /a\tb HTTP/1.1\r\n\r\n",
        "GET /a\rb HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost\t: a\r\n\r\n",
        "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\tb: c\r\n\r\n",
    };
    http_request r;

    for (size_t i = 0; i < TS_COUNT(wrong); i++)
        cr_assert_eq(parse(wrong[i], &r), TS_INVALID, "%s", wrong[i]);
}

/* A CR that ends no line is no blank: who drops it reads another value than who keeps it (RFC 9112 section 2.2). */
Test(head, a_bare_cr_is_never_taken_for_a_blank)
{
    static const char *const wrong[] = {
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length:\r4\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\rchunked\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked \r \r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX-A: \r\r\n\r\n",
    };
    ts_error err;
    http_request r;

    for (size_t i = 0; i < TS_COUNT(wrong); i++) {
        cr_assert_eq(parse(wrong[i], &r), TS_OK, "%s", wrong[i]);
        cr_assert_eq(http_request_check(&r, &err), TS_INVALID, "%s", wrong[i]);
    }
}

Test(head, more_fields_than_are_taken_are_counted_one_beyond)
{
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(65536);
    http_request r;

    ts_buf_z(&text, "GET / HTTP/1.1\r\n");
    for (int i = 0; i < 200; i++)
        ts_buf_z(&text, "X: y\r\n");
    ts_buf_z(&text, "\r\n");
    cr_assert_eq(parse(text.data, &r), TS_OK);
    cr_assert_eq(r.header_count, HTTP_HEADERS_MAX + 1);
}
