/* JSON writer: puts commas and escapes by itself.
 *
 * Between calls: bit `depth - 1` of `has_item` tells whether the innermost open container has a
 * member, so that the next one is preceded by a comma. Misuse (a container closed that was never
 * opened) ends up in the buffer's status like every other error.
 */
#include <math.h>

#include "ts/json.h"
#include "ts/time.h"

#include "../base/utf8.h"
#include "number.h"

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

static void fail(ts_jsonw *w, ts_status status)
{
    if (w->out->status == TS_OK)
        w->out->status = status;
}

/* The comma before a member of a container. */
static void separate(ts_jsonw *w)
{
    uint64_t bit;

    if (w->after_key || w->depth == 0) {
        w->after_key = false;
        return;
    }
    bit = UINT64_C(1) << (w->depth - 1);
    if ((w->has_item & bit) != 0)
        ts_buf_char(w->out, ',');
    w->has_item |= bit;
}

static void open_container(ts_jsonw *w, char brace)
{
    if (w->depth >= TS_JSON_DEPTH) {
        fail(w, TS_TOO_LARGE);
        return;
    }
    separate(w);
    ts_buf_char(w->out, brace);
    w->has_item &= ~(UINT64_C(1) << w->depth);
    w->depth++;
}

static void close_container(ts_jsonw *w, char brace)
{
    if (w->depth == 0 || w->after_key) {
        fail(w, TS_INTERNAL);
        return;
    }
    ts_buf_char(w->out, brace);
    w->depth--;
}

static void put_escape(ts_buf *out, unsigned char c)
{
    static const char digits[] = "0123456789abcdef";
    char text[6] = { '\\', 'u', '0', '0', digits[c >> 4], digits[c & 15] };

    switch (c) {
    case '"': ts_buf_add(out, "\\\"", 2); break;
    case '\\': ts_buf_add(out, "\\\\", 2); break;
    case '\b': ts_buf_add(out, "\\b", 2); break;
    case '\f': ts_buf_add(out, "\\f", 2); break;
    case '\n': ts_buf_add(out, "\\n", 2); break;
    case '\r': ts_buf_add(out, "\\r", 2); break;
    case '\t': ts_buf_add(out, "\\t", 2); break;
    default: ts_buf_add(out, text, sizeof(text));
    }
}

static void put_string(ts_buf *out, ts_str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    size_t clean = 0; /* start of the bytes that are copied as they are */
    size_t at = 0;

    ts_buf_char(out, '"');
    while (at < s.n) {
        bool is_escaped = p[at] < 0x20 || p[at] == '"' || p[at] == '\\';
        size_t length = is_escaped ? 0 : utf8_sequence(p + at, s.n - at);

        if (length > 0) {
            at += length;
            continue;
        }
        ts_buf_add(out, p + clean, at - clean);
        if (is_escaped)
            put_escape(out, p[at]);
        else
            ts_buf_z(out, REPLACEMENT);
        at++;
        clean = at;
    }
    if (at > clean)
        ts_buf_add(out, p + clean, at - clean);
    ts_buf_char(out, '"');
}

ts_jsonw ts_jsonw_on(ts_buf *out)
{
    return (ts_jsonw){ .out = out };
}

void ts_jsonw_object(ts_jsonw *w)
{
    open_container(w, '{');
}

void ts_jsonw_object_end(ts_jsonw *w)
{
    close_container(w, '}');
}

void ts_jsonw_array(ts_jsonw *w)
{
    open_container(w, '[');
}

void ts_jsonw_array_end(ts_jsonw *w)
{
    close_container(w, ']');
}

void ts_jsonw_key_str(ts_jsonw *w, ts_str key)
{
    if (w->depth == 0 || w->after_key) {
        fail(w, TS_INTERNAL);
        return;
    }
    separate(w);
    put_string(w->out, key);
    ts_buf_char(w->out, ':');
    w->after_key = true;
}

void ts_jsonw_key(ts_jsonw *w, const char *key)
{
    ts_jsonw_key_str(w, ts_str_of(key));
}

void ts_jsonw_str(ts_jsonw *w, ts_str s)
{
    separate(w);
    put_string(w->out, s);
}

void ts_jsonw_z(ts_jsonw *w, const char *z)
{
    if (z == NULL)
        ts_jsonw_null(w);
    else
        ts_jsonw_str(w, ts_str_of(z));
}

void ts_jsonw_i64(ts_jsonw *w, int64_t n)
{
    separate(w);
    ts_buf_i64(w->out, n);
}

void ts_jsonw_u64(ts_jsonw *w, uint64_t n)
{
    separate(w);
    ts_buf_u64(w->out, n);
}

void ts_jsonw_f64(ts_jsonw *w, double n)
{
    char text[JSON_NUMBER_SIZE];

    if (!isfinite(n)) {
        ts_jsonw_null(w);
        return;
    }
    separate(w);
    ts_buf_add(w->out, text, ts_json_number_text(n, text));
}

void ts_jsonw_bool(ts_jsonw *w, bool b)
{
    separate(w);
    ts_buf_z(w->out, b ? "true" : "false");
}

void ts_jsonw_null(ts_jsonw *w)
{
    separate(w);
    ts_buf_z(w->out, "null");
}

void ts_jsonw_time(ts_jsonw *w, int64_t ms)
{
    char text[TS_RFC3339_SIZE];

    if (ms == 0) {
        ts_jsonw_null(w);
        return;
    }
    ts_time_format(ms, false, text);
    ts_jsonw_z(w, text);
}

void ts_jsonw_raw(ts_jsonw *w, ts_str json)
{
    /* A key without a value would break the whole text. */
    if (json.n == 0) {
        ts_jsonw_null(w);
        return;
    }
    separate(w);
    ts_buf_str(w->out, json);
}

void ts_jsonw_members(ts_jsonw *w, ts_str json)
{
    if (json.n == 0)
        return;
    separate(w);
    ts_buf_str(w->out, json);
}

void ts_jsonw_kstr(ts_jsonw *w, const char *key, ts_str s)
{
    ts_jsonw_key(w, key);
    ts_jsonw_str(w, s);
}

void ts_jsonw_kz(ts_jsonw *w, const char *key, const char *z)
{
    ts_jsonw_key(w, key);
    ts_jsonw_z(w, z);
}

void ts_jsonw_ki64(ts_jsonw *w, const char *key, int64_t n)
{
    ts_jsonw_key(w, key);
    ts_jsonw_i64(w, n);
}

void ts_jsonw_kbool(ts_jsonw *w, const char *key, bool b)
{
    ts_jsonw_key(w, key);
    ts_jsonw_bool(w, b);
}

void ts_jsonw_ktime(ts_jsonw *w, const char *key, int64_t ms)
{
    ts_jsonw_key(w, key);
    ts_jsonw_time(w, ms);
}
