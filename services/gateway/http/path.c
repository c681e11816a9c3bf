#include "http/path.h"

int http_hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

ts_status http_decode(ts_arena *arena, ts_str text, bool plus, ts_str *ret, ts_error *err)
{
    char *out = ts_arena_alloc(arena, text.n + 1);
    size_t n = 0;

    if (out == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (c == '%') {
            bool whole = text.n - i > 2;
            int high = whole ? http_hex_value(text.p[i + 1]) : -1;
            int low = whole ? http_hex_value(text.p[i + 2]) : -1;

            if (high < 0 || low < 0)
                return ts_fail(err, TS_INVALID, "",
                               "The address holds a '%%' that two hexadecimal digits do not "
                               "follow.");
            c = (char)(high * 16 + low);
            i += 2;
        } else if (plus && c == '+') {
            c = ' ';
        }
        if ((unsigned char)c < 0x20 || (unsigned char)c == 0x7f)
            return ts_fail(err, TS_INVALID, "", "The address holds a control character.");
        out[n++] = c;
    }
    if (!ts_utf8_valid(ts_str_n(out, n)))
        return ts_fail(err, TS_INVALID, "", "The address is not valid UTF-8.");
    *ret = ts_str_n(out, n);
    return TS_OK;
}

ts_status http_path_split(ts_arena *arena, ts_str path, ts_str ret[HTTP_SEGMENTS_MAX],
                          size_t *ret_count, ts_error *err)
{
    size_t count = 0;

    if (path.n == 0 || path.p[0] != '/')
        return ts_fail(err, TS_INVALID, "", "The path must begin with '/'.");
    while (path.n > 0) {
        ts_str rest = ts_str_n(path.p + 1, path.n - 1);
        size_t end = ts_str_find(rest, '/');
        ts_str segment;
        ts_status st;

        st = http_decode(arena, ts_str_n(rest.p, end), false, &segment, err);
        if (st != TS_OK)
            return st;
        if (count < HTTP_SEGMENTS_MAX)
            ret[count] = segment;
        if (count <= HTTP_SEGMENTS_MAX)
            count++;
        path = ts_str_n(rest.p + end, rest.n - end);
    }
    *ret_count = count;
    return TS_OK;
}
