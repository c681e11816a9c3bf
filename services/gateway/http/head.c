#include "http/head.h"

size_t http_head_blank(ts_str bytes)
{
    size_t n = 0;

    while (bytes.n - n >= 2 && bytes.p[n] == '\r' && bytes.p[n + 1] == '\n')
        n += 2;
    return n;
}

http_head_state http_head_find(ts_str bytes, size_t *seen, size_t *ret_size)
{
    while (*seen < bytes.n) {
        const char *lf = memchr(bytes.p + *seen, '\n', bytes.n - *seen);
        size_t at;

        if (lf == NULL) {
            *seen = bytes.n;
            break;
        }
        at = (size_t)(lf - bytes.p);
        if (at >= HTTP_HEAD_MAX)
            return HTTP_HEAD_LONG;
        if (at == 0 || bytes.p[at - 1] != '\r')
            return HTTP_HEAD_WRONG;
        *seen = at + 1;
        if (at >= 3 && bytes.p[at - 2] == '\n') {
            *ret_size = at + 1;
            return HTTP_HEAD_WHOLE;
        }
    }
    return bytes.n >= HTTP_HEAD_MAX ? HTTP_HEAD_LONG : HTTP_HEAD_MORE;
}

/* Takes the next line off, without its CR LF. */
static ts_str take_line(ts_str *rest)
{
    size_t end = ts_str_find(*rest, '\n');
    ts_str line = ts_str_n(rest->p, end - 1);

    *rest = ts_str_n(rest->p + end + 1, rest->n - end - 1);
    return line;
}

static bool is_known_method(ts_str method)
{
    static const char *const known[] = { "GET",   "HEAD",   "POST",    "PUT",
                                         "PATCH", "DELETE", "OPTIONS", "TRACE" };

    for (size_t i = 0; i < TS_COUNT(known); i++) {
        if (ts_str_is(method, known[i]))
            return true;
    }
    return false;
}

static bool is_visible(ts_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (c <= 0x20 || c == 0x7f)
            return false;
    }
    return true;
}

static ts_status parse_target(ts_str target, http_request *r, ts_error *err)
{
    size_t mark;

    if (target.n == 0 || !is_visible(target))
        return ts_fail(err, TS_INVALID, "", "The request line must be: method, target, version.");
    if (target.p[0] != '/' && !ts_str_starts(target, TS_STR_LIT("http://")) &&
        !ts_str_starts(target, TS_STR_LIT("https://")) &&
        !(ts_str_is(target, "*") && ts_str_is(r->method, "OPTIONS")))
        return ts_fail(err, TS_INVALID, "", "The request target must begin with a slash.");
    mark = ts_str_find(target, '?');
    r->target = ts_str_n(target.p, mark);
    r->query = mark == target.n ? TS_STR_NULL : ts_str_n(target.p + mark + 1, target.n - mark - 1);
    return TS_OK;
}

static ts_status parse_request_line(ts_str line, http_request *r, ts_error *err)
{
    size_t first = ts_str_find(line, ' ');
    ts_str rest = first == line.n ? TS_STR_NULL : ts_str_n(line.p + first + 1, line.n - first - 1);
    size_t second = ts_str_find(rest, ' ');
    ts_str version =
        second == rest.n ? TS_STR_NULL : ts_str_n(rest.p + second + 1, rest.n - second - 1);

    r->method = ts_str_n(line.p, first);
    if (!is_known_method(r->method))
        return ts_fail(err, TS_INVALID, "", "There is no such method.");
    if (!ts_str_starts(version, TS_STR_LIT("HTTP/")) || !is_visible(version))
        return ts_fail(err, TS_INVALID, "", "The request line must be: method, target, version.");
    r->version = ts_str_n(version.p + 5, version.n - 5);
    return parse_target(ts_str_n(rest.p, second), r, err);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Without the blanks around it (RFC 9110 section 5.6.3). A CR is none: it stays, to be refused. */
static ts_str trim(ts_str value)
{
    while (value.n > 0 && is_blank(value.p[0]))
        value = ts_str_n(value.p + 1, value.n - 1);
    while (value.n > 0 && is_blank(value.p[value.n - 1]))
        value.n--;
    return value;
}

static ts_status parse_field(ts_str line, http_header *ret, ts_error *err)
{
    size_t colon = ts_str_find(line, ':');

    if (is_blank(line.p[0]))
        return ts_fail(err, TS_INVALID, "", "A header field must stand on one line.");
    if (colon == line.n)
        return ts_fail(err, TS_INVALID, "", "A header line has no colon.");
    if (colon > 0 && is_blank(line.p[colon - 1]))
        return ts_fail(err, TS_INVALID, "", "A header field has a space before its colon.");
    ret->name = ts_str_n(line.p, colon);
    ret->value = trim(ts_str_n(line.p + colon + 1, line.n - colon - 1));
    return TS_OK;
}

ts_status http_head_parse(ts_str head, http_request *r, ts_error *err)
{
    ts_status st = parse_request_line(take_line(&head), r, err);

    r->header_count = 0;
    while (st == TS_OK && head.n > 2 && r->header_count <= HTTP_HEADERS_MAX) {
        st = parse_field(take_line(&head), &r->headers[r->header_count], err);
        r->header_count += st == TS_OK;
    }
    return st;
}
