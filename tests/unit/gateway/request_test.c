#include <criterion/criterion.h>

#include "http/request.h"

/* "Name: value" lines on top of a sound GET. */
static http_request make(const char *version, const char *const *lines, size_t count)
{
    http_request r = { .method = TS_STR_LIT("GET"),
                       .target = TS_STR_LIT("/"),
                       .version = ts_str_of(version) };

    for (size_t i = 0; i < count; i++) {
        ts_str line = ts_str_of(lines[i]);
        size_t colon = ts_str_find(line, ':');

        r.headers[i].name = ts_str_n(line.p, colon);
        r.headers[i].value = ts_str_n(line.p + colon + 1, line.n - colon - 1);
        r.header_count++;
    }
    return r;
}

#define LINES(...) (const char *const[]){ __VA_ARGS__ }, TS_COUNT(((const char *[]){ __VA_ARGS__ }))

static void expect(ts_status wanted, const char *param, const char *version,
                   const char *const *lines, size_t count)
{
    http_request r = make(version, lines, count);
    ts_error err = { .text = "" };

    cr_assert_eq(http_request_check(&r, &err), wanted, "%s: %s", lines[count - 1], err.text);
    if (wanted != TS_OK)
        cr_assert_str_eq(err.param, param, "%s", err.text);
}

Test(request, an_ordinary_request_passes)
{
    expect(TS_OK, "", "1.1", LINES("Host: a", "Content-Length: 5"));
    expect(TS_OK, "", "1.1", LINES("Host: a", "Transfer-Encoding: chunked"));
    expect(TS_OK, "", "1.0", LINES("Accept: */*"));
    expect(TS_OK, "", "1.1", LINES("Host: a", "Expect: 100-continue"));
}

Test(request, two_ways_of_framing_a_body_are_refused)
{
    expect(TS_INVALID, "Transfer-Encoding", "1.1",
           LINES("Host: a", "Content-Length: 5", "Transfer-Encoding: chunked"));
    expect(TS_INVALID, "Transfer-Encoding", "1.1",
           LINES("Host: a", "Transfer-Encoding: gzip, chunked"));
    expect(TS_INVALID, "Transfer-Encoding", "1.1",
           LINES("Host: a", "Transfer-Encoding: chunked", "Transfer-Encoding: identity"));
    expect(TS_INVALID, "Transfer-Encoding", "1.0", LINES("Transfer-Encoding: chunked"));
}

Test(request, lengths_that_differ_or_are_no_numbers_are_refused)
{
    expect(TS_INVALID, "Content-Length", "1.1",
           LINES("Host: a", "Content-Length: 5", "Content-Length: 6"));
    expect(TS_INVALID, "Content-Length", "1.1",
           LINES("Host: a", "Content-Length: 5", "content-length: 5"));
    expect(TS_INVALID, "Content-Length", "1.1", LINES("Host: a", "Content-Length: -1"));
    expect(TS_INVALID, "Content-Length", "1.1", LINES("Host: a", "Content-Length: +1"));
    expect(TS_INVALID, "Content-Length", "1.1", LINES("Host: a", "Content-Length: 5, 5"));
    expect(TS_INVALID, "Content-Length", "1.1", LINES("Host: a", "Content-Length: 0x5"));
    expect(TS_INVALID, "Content-Length", "1.1", LINES("Host: a", "Content-Length: 5 5"));
    expect(TS_INVALID, "Content-Length", "1.1", LINES("Host: a", "Content-Length:"));
    expect(TS_INVALID, "Content-Length", "1.1",
           LINES("Host: a", "Content-Length: 99999999999999999999999"));
}

Test(request, fields_that_must_stand_alone_are_refused_twice)
{
    expect(TS_INVALID, "Authorization", "1.1",
           LINES("Host: a", "Authorization: Bearer x", "authorization: Bearer y"));
    expect(TS_INVALID, "Host", "1.1", LINES("Host: a", "Host: b"));
    expect(TS_INVALID, "Idempotency-Key", "1.1",
           LINES("Host: a", "Idempotency-Key: 1", "Idempotency-Key: 1"));
}

Test(request, a_missing_host_is_refused_in_1_1_only)
{
    expect(TS_INVALID, "Host", "1.1", LINES("Accept: */*"));
    expect(TS_OK, "", "1.0", LINES("Accept: */*"));
}

Test(request, names_that_are_no_tokens_and_control_characters_are_refused)
{
    expect(TS_INVALID, "", "1.1", LINES("Host: a", "Content-Length : 5"));
    expect(TS_INVALID, "", "1.1", LINES("Host: a", " folded: 5"));
    expect(TS_INVALID, "", "1.1", LINES("Host: a", ": 5"));
    expect(TS_INVALID, "", "1.1", LINES("Host: a", "X: a\rContent-Length: 5"));
}

Test(request, unknown_versions_and_expectations_are_refused)
{
    expect(TS_INVALID, "", "2.0", LINES("Host: a"));
    expect(TS_INVALID, "Expect", "1.1", LINES("Host: a", "Expect: a-miracle"));
}

Test(request, sixty_four_header_fields_may_be_more_and_are_refused)
{
    http_request r = make("1.1", LINES("Host: a"));
    ts_error err = { .text = "" };

    while (r.header_count < 63)
        r.headers[r.header_count++] = (http_header){ TS_STR_LIT("X-A"), TS_STR_LIT("b") };
    cr_assert_eq(http_request_check(&r, &err), TS_OK);
    r.headers[r.header_count++] = (http_header){ TS_STR_LIT("X-A"), TS_STR_LIT("b") };
    cr_assert_eq(http_request_check(&r, &err), TS_INVALID);
    cr_assert_str_eq(err.text, "A request may have at most 63 header fields.");
}

static bool closes(const char *version, const char *const *lines, size_t count)
{
    http_request r = make(version, lines, count);

    return http_request_wants_close(&r);
}

Test(request, closing_follows_version_and_connection)
{
    cr_assert_not(closes("1.1", LINES("Host: a")));
    cr_assert(closes("1.0", LINES("Host: a")));
    cr_assert(closes("1.1", LINES("Connection: close")));
    cr_assert(closes("1.1", LINES("Connection: keep-alive, Close")));
    cr_assert_not(closes("1.0", LINES("Connection: Keep-Alive")));
}

Test(request, media_types_ignore_parameters_and_case)
{
    cr_assert(http_media_type_is(TS_STR_LIT("application/json"), "application/json"));
    cr_assert(
        http_media_type_is(TS_STR_LIT("Application/JSON ; charset=utf-8"), "application/json"));
    cr_assert_not(http_media_type_is(TS_STR_LIT("application/jsonx"), "application/json"));
    cr_assert_not(http_media_type_is(TS_STR_LIT(""), "application/json"));
}

Test(request, etags_match_in_lists)
{
    ts_str etag = TS_STR_LIT("\"abc\"");

    cr_assert(http_etag_listed(TS_STR_LIT("*"), etag, false));
    cr_assert(http_etag_listed(TS_STR_LIT("\"x\", \"abc\""), etag, false));
    cr_assert(http_etag_listed(TS_STR_LIT("W/\"abc\""), etag, true));
    cr_assert_not(http_etag_listed(TS_STR_LIT("W/\"abc\""), etag, false));
    cr_assert_not(http_etag_listed(TS_STR_LIT("abc"), etag, true));
    cr_assert_not(http_etag_listed(TS_STR_LIT(""), etag, true));
}

Test(request, the_gzip_form_of_a_tag_stands_for_the_tag)
{
    ts_str etag = TS_STR_LIT("\"abc\"");

    cr_assert(http_etag_listed(TS_STR_LIT("\"abc-gzip\""), etag, false));
    cr_assert(http_etag_listed(TS_STR_LIT("\"x\",W/\"abc-gzip\""), etag, true));
    cr_assert_not(http_etag_listed(TS_STR_LIT("W/\"abc-gzip\""), etag, false));
    cr_assert_not(http_etag_listed(TS_STR_LIT("\"abc-gzi\""), etag, false));
    cr_assert_not(http_etag_listed(TS_STR_LIT("\"abd-gzip\""), etag, false));
    cr_assert_not(http_etag_listed(TS_STR_LIT("\"abc-gzipp\""), etag, false));
}

Test(request, gzip_is_taken_where_it_is_liked_best)
{
    static const struct {
        const char *accept;
        bool gzip;
    } cases[] = {
        { "gzip", true },
        { "x-gzip", true },
        { "GZip", true },
        { "gzip, deflate, br", true },
        { "br;q=1.0, gzip;q=0.8, *;q=0.1", true },
        { "*", true },
        { "*;q=0.5", true },
        { "gzip;q=0.001", true },
        { "gzip ; q=1", true },
        { "gzip;q=0.5, identity;q=0.5", true },
        { "", false },
        { "identity", false },
        { "br", false },
        { "gzip;q=0", false },
        { "gzip;q=0.000", false },
        { "*;q=0", false },
        { "gzip;q=0, *", false },
        { "gzip;q=0.4, identity;q=0.5", false },
        { "gzip;q=1.1", false },
        { "gzip;q=2", false },
        { "gzip;q=x", false },
        { "gzip;q=0.123", true },
        { "gzip;q=0.1234", false },
        { "gzippy", false },
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++)
        cr_assert_eq(http_accepts_gzip(ts_str_of(cases[i].accept)), cases[i].gzip, "%s",
                     cases[i].accept);
}

Test(request, a_key_in_a_query_is_seen)
{
    cr_assert(http_query_holds_key(TS_STR_LIT("api_key=tsk_live_abc")));
    cr_assert(http_query_holds_key(TS_STR_LIT("limit=1&x=tsk_test_")));
    cr_assert_not(http_query_holds_key(TS_STR_LIT("query=tsk")));
    cr_assert_not(http_query_holds_key(TS_STR_LIT("")));
}

Test(request, request_ids_of_clients_are_kept_only_in_our_form)
{
    cr_assert(http_request_id_valid(TS_STR_LIT("req_abc123")));
    cr_assert_not(http_request_id_valid(TS_STR_LIT("req_abc12")));
    cr_assert_not(http_request_id_valid(TS_STR_LIT("abc_abc123")));
    cr_assert_not(http_request_id_valid(TS_STR_LIT("req_abc-123")));
    cr_assert(http_request_id_valid(
        TS_STR_LIT("req_0123456789012345678901234567890123456789012345678901234567890123")));
    cr_assert_not(http_request_id_valid(
        TS_STR_LIT("req_01234567890123456789012345678901234567890123456789012345678901234")));
}
