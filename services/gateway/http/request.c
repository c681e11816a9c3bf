#include "http/request.h"

static bool is_token(ts_str s)
{
    static const char others[] = "!#$%&'*+-.^_`|~";

    if (s.n == 0)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
            continue;
        if (memchr(others, c, sizeof(others) - 1) == NULL)
            return false;
    }
    return true;
}

static bool is_field_value(ts_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

bool http_header_get(const http_request *r, const char *name, ts_str *ret)
{
    ts_str wanted = ts_str_of(name);

    for (size_t i = 0; i < r->header_count; i++) {
        if (ts_str_ieq(r->headers[i].name, wanted)) {
            *ret = ts_str_trim(r->headers[i].value);
            return true;
        }
    }
    return false;
}

size_t http_header_count(const http_request *r, const char *name)
{
    ts_str wanted = ts_str_of(name);
    size_t count = 0;

    for (size_t i = 0; i < r->header_count; i++)
        count += ts_str_ieq(r->headers[i].name, wanted) ? 1 : 0;
    return count;
}

bool http_request_is_chunked(const http_request *r)
{
    return http_header_count(r, "Transfer-Encoding") > 0;
}

uint64_t http_request_length(const http_request *r)
{
    uint64_t length = 0;
    ts_str text;

    if (!http_header_get(r, "Content-Length", &text) || ts_parse_u64(text, &length) != TS_OK)
        return 0;
    return length;
}

/* A comma-separated list holds the word, ASCII case ignored. */
static bool list_holds(ts_str list, const char *word)
{
    while (list.n > 0) {
        size_t comma = ts_str_find(list, ',');
        ts_str item = ts_str_trim(ts_str_n(list.p, comma));

        if (ts_str_ieq(item, ts_str_of(word)))
            return true;
        if (comma == list.n)
            return false;
        list = ts_str_n(list.p + comma + 1, list.n - comma - 1);
    }
    return false;
}

bool http_request_wants_close(const http_request *r)
{
    bool is_kept = ts_str_is(r->version, "1.1");

    /* Several lines of it are one list (RFC 9110 section 5.3). */
    for (size_t i = 0; i < r->header_count; i++) {
        if (!ts_str_ieq(r->headers[i].name, TS_STR_LIT("Connection")))
            continue;
        if (list_holds(r->headers[i].value, "close"))
            return true;
        is_kept = is_kept || list_holds(r->headers[i].value, "keep-alive");
    }
    return !is_kept;
}

bool http_request_expects_continue(const http_request *r)
{
    ts_str value;

    return ts_str_is(r->version, "1.1") && http_header_get(r, "Expect", &value) &&
           ts_str_ieq(value, TS_STR_LIT("100-continue"));
}

static ts_status check_fields(const http_request *r, ts_error *err)
{
    if (r->header_count > HTTP_HEADERS_MAX)
        return ts_fail(err, TS_INVALID, "", "A request may have at most %d header fields.",
                       HTTP_HEADERS_MAX);
    for (size_t i = 0; i < r->header_count; i++) {
        if (!is_token(r->headers[i].name))
            return ts_fail(err, TS_INVALID, "", "A header field has an invalid name.");
        if (!is_field_value(r->headers[i].value))
            return ts_fail(err, TS_INVALID, "", "A header field holds a control character.");
    }
    return TS_OK;
}

static ts_status check_lengths(const http_request *r, ts_error *err)
{
    bool seen = false;

    for (size_t i = 0; i < r->header_count; i++) {
        uint64_t length;
        ts_str value;

        if (!ts_str_ieq(r->headers[i].name, TS_STR_LIT("Content-Length")))
            continue;
        value = ts_str_trim(r->headers[i].value);
        /* No sign, no list: ts_parse_u64 alone may grow more generous than the RFC's 1*DIGIT. */
        if (value.n == 0 || value.p[0] < '0' || value.p[0] > '9' ||
            ts_parse_u64(value, &length) != TS_OK)
            return ts_fail(err, TS_INVALID, "Content-Length",
                           "Content-Length must be a whole number.");
        if (seen)
            return ts_fail(err, TS_INVALID, "Content-Length", "Content-Length stands twice.");
        seen = true;
    }
    return TS_OK;
}

static ts_status check_transfer_encoding(const http_request *r, ts_error *err)
{
    size_t count = http_header_count(r, "Transfer-Encoding");
    ts_str value = TS_STR_NULL;

    if (count == 0)
        return TS_OK;
    if (http_header_count(r, "Content-Length") > 0)
        return ts_fail(err, TS_INVALID, "Transfer-Encoding",
                       "Content-Length and Transfer-Encoding must not stand together.");
    if (!ts_str_is(r->version, "1.1"))
        return ts_fail(err, TS_INVALID, "Transfer-Encoding", "Transfer-Encoding needs HTTP/1.1.");
    if (count > 1 || !http_header_get(r, "Transfer-Encoding", &value) ||
        !ts_str_ieq(value, TS_STR_LIT("chunked")))
        return ts_fail(err, TS_INVALID, "Transfer-Encoding",
                       "The only Transfer-Encoding taken is chunked.");
    return TS_OK;
}

static ts_status check_single(const http_request *r, ts_error *err)
{
    static const char *const single[] = { "Host",   "Authorization",   "Content-Type",
                                          "Expect", "Idempotency-Key", "Content-Encoding",
                                          "Origin", "X-Request-Id" };

    for (size_t i = 0; i < TS_COUNT(single); i++) {
        if (http_header_count(r, single[i]) > 1)
            return ts_fail(err, TS_INVALID, single[i], "The header %s must not be repeated.",
                           single[i]);
    }
    return TS_OK;
}

ts_status http_request_check(const http_request *r, ts_error *err)
{
    ts_str value;
    ts_status st;

    if (!ts_str_is(r->version, "1.1") && !ts_str_is(r->version, "1.0"))
        return ts_fail(err, TS_INVALID, "", "The HTTP version must be 1.1 or 1.0.");
    st = check_fields(r, err);
    if (st != TS_OK)
        return st;
    st = check_single(r, err);
    if (st != TS_OK)
        return st;
    if (ts_str_is(r->version, "1.1") && http_header_count(r, "Host") == 0)
        return ts_fail(err, TS_INVALID, "Host", "HTTP/1.1 needs the header Host.");
    st = check_lengths(r, err);
    if (st != TS_OK)
        return st;
    st = check_transfer_encoding(r, err);
    if (st != TS_OK)
        return st;
    if (http_header_get(r, "Expect", &value) && !ts_str_ieq(value, TS_STR_LIT("100-continue")))
        return ts_fail(err, TS_INVALID, "Expect", "The only expectation met is 100-continue.");
    return TS_OK;
}

bool http_media_type_is(ts_str content_type, const char *type)
{
    size_t end = ts_str_find(content_type, ';');

    return ts_str_ieq(ts_str_trim(ts_str_n(content_type.p, end)), ts_str_of(type));
}

/* "abc-gzip" with quotes is the gzip form of "abc". */
static bool is_gzip_form(ts_str item, ts_str etag)
{
    static const char suffix[] = HTTP_ETAG_GZIP "\"";
    size_t n = sizeof(suffix) - 1;

    return etag.n > 1 && item.n == etag.n - 1 + n &&
           ts_str_eq(ts_str_n(item.p, etag.n - 1), ts_str_n(etag.p, etag.n - 1)) &&
           memcmp(item.p + etag.n - 1, suffix, n) == 0;
}

bool http_etag_listed(ts_str list, ts_str etag, bool weak)
{
    if (ts_str_is(list, "*"))
        return true;
    while (list.n > 0) {
        size_t comma = ts_str_find(list, ',');
        ts_str item = ts_str_trim(ts_str_n(list.p, comma));

        if (weak && ts_str_starts(item, TS_STR_LIT("W/")))
            item = ts_str_n(item.p + 2, item.n - 2);
        if (ts_str_eq(item, etag) || is_gzip_form(item, etag))
            return true;
        if (comma == list.n)
            return false;
        list = ts_str_n(list.p + comma + 1, list.n - comma - 1);
    }
    return false;
}

/* "0.5" -> 500; 1000 if there is no weight, -1 if it is none. */
static int weight_of(ts_str parameters)
{
    ts_str text = ts_str_trim(parameters);
    int weight, step = 100;

    if (text.n == 0)
        return 1000;
    if (text.n < 3 || (text.p[0] != 'q' && text.p[0] != 'Q') || text.p[1] != '=' ||
        (text.p[2] != '0' && text.p[2] != '1') || text.n > 7)
        return -1;
    weight = text.p[2] == '1' ? 1000 : 0;
    for (size_t i = 3; i < text.n; i++) {
        if (i == 3 && text.p[i] == '.')
            continue;
        if (i == 3 || text.p[i] < '0' || text.p[i] > '9')
            return -1;
        weight += (text.p[i] - '0') * step;
        step /= 10;
    }
    return weight > 1000 ? -1 : weight;
}

bool http_accepts_gzip(ts_str list)
{
    int gzip = -1, any = -1, identity = -1;

    while (list.n > 0) {
        size_t comma = ts_str_find(list, ',');
        ts_str item = ts_str_trim(ts_str_n(list.p, comma));
        size_t end = ts_str_find(item, ';');
        ts_str name = ts_str_trim(ts_str_n(item.p, end));
        int weight =
            weight_of(end == item.n ? TS_STR_NULL : ts_str_n(item.p + end + 1, item.n - end - 1));

        if (ts_str_ieq(name, TS_STR_LIT("gzip")) || ts_str_ieq(name, TS_STR_LIT("x-gzip")))
            gzip = weight;
        else if (ts_str_ieq(name, TS_STR_LIT("identity")))
            identity = weight;
        else if (ts_str_is(name, "*"))
            any = weight;
        list = comma == list.n ? TS_STR_NULL : ts_str_n(list.p + comma + 1, list.n - comma - 1);
    }
    if (gzip < 0)
        gzip = any;
    return gzip > 0 && gzip >= identity;
}

bool http_query_holds_key(ts_str query)
{
    static const char *const starts[] = { "tsk_live_", "tsk_test_" };

    for (size_t i = 0; i < query.n; i++) {
        ts_str rest = ts_str_n(query.p + i, query.n - i);

        for (size_t j = 0; j < TS_COUNT(starts); j++) {
            if (ts_str_starts(rest, ts_str_of(starts[j])))
                return true;
        }
    }
    return false;
}

bool http_request_id_valid(ts_str text)
{
    if (!ts_str_starts(text, TS_STR_LIT("req_")) || text.n < 4 + 6 || text.n > 4 + 64)
        return false;
    for (size_t i = 4; i < text.n; i++) {
        char c = text.p[i];

        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')))
            return false;
    }
    return true;
}
