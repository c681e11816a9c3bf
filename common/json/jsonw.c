/* JSON writer: puts commas and escapes by itself.
 *
 * Between calls: bit `depth - 1` of `has_item` tells whether the innermost open container has a
 * member, so that the next one is preceded by a comma. Misuse (a container closed that was never
 * opened) ends up in the buffer's status like every other error.
 */
#include <assert.h>
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

/* The comma before a member of a container, or '\0': it needs none. */
static char comma(ts_jsonw *w)
{
    uint64_t bit;
    char found;

    if (w->after_key || w->depth == 0) {
        w->after_key = false;
        return '\0';
    }
    bit = UINT64_C(1) << (w->depth - 1);
    found = (w->has_item & bit) != 0 ? ',' : '\0';
    w->has_item |= bit;
    return found;
}

static void separate(ts_jsonw *w)
{
    char found = comma(w);

    if (found != '\0')
        ts_buf_char(w->out, found);
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

/* A bit in each byte of the word that needs care, or in one above such a byte: none is there only if there is none at all.
 * Needing care are control characters, quotes, backslashes and whatever is not ASCII. */
static uint64_t careful_bytes(uint64_t word)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint64_t tops = 0x80 * ones;
    uint64_t quote = word ^ ('"' * ones);
    uint64_t slash = word ^ ('\\' * ones);

    return (word | (word - 0x20 * ones) | (quote - ones) | (slash - ones)) & tops;
}

static uint64_t word_at(const char *p)
{
    uint64_t word;

    memcpy(&word, p, sizeof(word));
    return word;
}

/* Does the text stand in JSON as it is? No for some that would, never the other way round. */
static bool is_plain(ts_str s)
{
    uint64_t careful = 0;
    size_t at = 0;

    if (s.n < sizeof(uint64_t)) {
        char padded[sizeof(uint64_t)] = "        ";

        for (; at < s.n; at++)
            padded[at] = s.p[at];
        return careful_bytes(word_at(padded)) == 0;
    }
    for (; at + sizeof(uint64_t) <= s.n; at += sizeof(uint64_t))
        careful |= careful_bytes(word_at(s.p + at));
    /* The last bytes, some of them once more. */
    return (careful | careful_bytes(word_at(s.p + s.n - sizeof(uint64_t)))) == 0;
}

static void put_careful(ts_buf *out, ts_str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    size_t clean = 0; /* start of the bytes that are copied as they are */
    size_t at = 0;

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
}

/* With its quotes, and with what stands in front of it and behind it ('\0': nothing). */
static void put_plain(ts_buf *out, char before, ts_str s, char behind)
{
    size_t others = (before == '\0' ? 2u : 3u) + (behind == '\0' ? 0u : 1u);
    char *p = s.n > SIZE_MAX - others ? NULL : ts_buf_take(out, s.n + others);

    if (p == NULL)
        return;
    if (before != '\0')
        *p++ = before;
    *p++ = '"';
    if (s.n > 0)
        memcpy(p, s.p, s.n);
    p[s.n] = '"';
    if (behind != '\0')
        p[s.n + 1] = behind;
}

/* The same of any text. */
static void put_string(ts_buf *out, char before, ts_str s, char behind)
{
    if (is_plain(s)) {
        put_plain(out, before, s, behind);
        return;
    }
    if (before != '\0')
        ts_buf_char(out, before);
    ts_buf_char(out, '"');
    put_careful(out, s);
    ts_buf_char(out, '"');
    if (behind != '\0')
        ts_buf_char(out, behind);
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

static bool may_have_key(ts_jsonw *w)
{
    if (w->depth > 0 && !w->after_key)
        return true;
    fail(w, TS_INTERNAL);
    return false;
}

void ts_jsonw_key(ts_jsonw *w, const char *key)
{
    ts_str name = ts_str_of(key);

    assert(is_plain(name));
    if (!may_have_key(w))
        return;
    put_plain(w->out, comma(w), name, ':');
    w->after_key = true;
}

void ts_jsonw_key_str(ts_jsonw *w, ts_str key)
{
    if (!may_have_key(w))
        return;
    put_string(w->out, comma(w), key, ':');
    w->after_key = true;
}

void ts_jsonw_str(ts_jsonw *w, ts_str s)
{
    put_string(w->out, comma(w), s, '\0');
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
