#include "http/route.h"

/* Fits `pattern` to the segments; *ret_captured is set only if it does. */
static bool pattern_fits(const char *pattern, const ts_str *segments, size_t count,
                         ts_str *ret_captured)
{
    ts_str rest = ts_str_of(pattern);
    ts_str captured = TS_STR_NULL;
    size_t i = 0;

    while (rest.n > 0) {
        ts_str part = ts_str_n(rest.p + 1, rest.n - 1);
        size_t end = ts_str_find(part, '/');

        if (i == count || count > HTTP_SEGMENTS_MAX)
            return false;
        if (end > 0 && part.p[0] == '{') {
            if (segments[i].n == 0)
                return false;
            captured = segments[i];
        } else if (!ts_str_eq(ts_str_n(part.p, end), segments[i])) {
            return false;
        }
        i++;
        rest = ts_str_n(part.p + end, part.n - end);
    }
    if (i != count)
        return false;
    *ret_captured = captured;
    return true;
}

const http_route *http_route_find(const http_route *table, size_t count, const ts_str *segments,
                                  size_t segment_count, ts_str *ret_captured)
{
    for (size_t i = 0; i < count; i++) {
        if (pattern_fits(table[i].pattern, segments, segment_count, ret_captured))
            return &table[i];
    }
    return NULL;
}

const http_route *http_route_method(const http_route *table, size_t count, const http_route *found,
                                    ts_str method)
{
    ts_str wanted = ts_str_is(method, "HEAD") ? TS_STR_LIT("GET") : method;

    for (size_t i = 0; i < count; i++) {
        if (strcmp(table[i].pattern, found->pattern) == 0 && ts_str_is(wanted, table[i].method))
            return &table[i];
    }
    return NULL;
}

void http_route_allow(const http_route *table, size_t count, const http_route *found, ts_buf *out)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(table[i].pattern, found->pattern) != 0)
            continue;
        ts_buf_z(out, table[i].method);
        ts_buf_z(out, strcmp(table[i].method, "GET") == 0 ? ", HEAD, " : ", ");
    }
    ts_buf_z(out, "OPTIONS");
}
