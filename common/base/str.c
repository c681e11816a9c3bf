/* Borrowed strings: comparison, search, numbers, UTF-8; and the two operations on secrets. */
#include "ts/base.h"

#include <openssl/crypto.h>

#include "utf8.h"

/* RFC 1035, section 2.3.4. */
#define LABEL_MAX  63
#define DOMAIN_MAX 253

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool ts_str_eq(ts_str a, ts_str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool ts_str_is(ts_str a, const char *z)
{
    return ts_str_eq(a, ts_str_of(z));
}

bool ts_str_ieq(ts_str a, ts_str b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++) {
        if (lower(a.p[i]) != lower(b.p[i]))
            return false;
    }
    return true;
}

bool ts_str_starts(ts_str a, ts_str prefix)
{
    return a.n >= prefix.n && ts_str_eq(ts_str_n(a.p, prefix.n), prefix);
}

bool ts_str_ends(ts_str a, ts_str suffix)
{
    if (suffix.n == 0)
        return true;
    return a.n >= suffix.n && memcmp(a.p + (a.n - suffix.n), suffix.p, suffix.n) == 0;
}

int ts_str_cmp(ts_str a, ts_str b)
{
    size_t shared = a.n < b.n ? a.n : b.n;
    int order = shared == 0 ? 0 : memcmp(a.p, b.p, shared);

    if (order != 0)
        return order;
    return a.n == b.n ? 0 : a.n < b.n ? -1 : 1;
}

size_t ts_str_find(ts_str a, char c)
{
    const char *hit = a.n == 0 ? NULL : memchr(a.p, c, a.n);

    return hit == NULL ? a.n : (size_t)(hit - a.p);
}

ts_str ts_str_trim(ts_str a)
{
    while (a.n > 0 && is_space(a.p[0])) {
        a.p++;
        a.n--;
    }
    while (a.n > 0 && is_space(a.p[a.n - 1]))
        a.n--;
    return a;
}

ts_status ts_parse_u64(ts_str text, uint64_t *ret)
{
    uint64_t value = 0;

    if (text.n == 0)
        return TS_INVALID;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (c < '0' || c > '9')
            return TS_INVALID;
        if (__builtin_mul_overflow(value, UINT64_C(10), &value) ||
            __builtin_add_overflow(value, (uint64_t)(c - '0'), &value))
            return TS_INVALID;
    }
    *ret = value;
    return TS_OK;
}

ts_status ts_parse_i64(ts_str text, int64_t *ret)
{
    bool is_negative = text.n > 0 && text.p[0] == '-';
    uint64_t size;
    ts_status st;

    st = ts_parse_u64(is_negative ? ts_str_n(text.p + 1, text.n - 1) : text, &size);
    if (st != TS_OK)
        return st;
    if (size > (uint64_t)INT64_MAX + (is_negative ? 1 : 0))
        return TS_INVALID;
    if (!is_negative)
        *ret = (int64_t)size;
    else
        *ret = size == 0 ? 0 : -(int64_t)(size - 1) - 1;
    return TS_OK;
}

bool ts_utf8_valid(ts_str text)
{
    const unsigned char *p = (const unsigned char *)text.p;
    size_t at = 0;

    while (at < text.n) {
        size_t length = utf8_sequence(p + at, text.n - at);

        if (length == 0)
            return false;
        at += length;
    }
    return true;
}

bool ts_equal_ct(const void *a, const void *b, size_t n)
{
    return CRYPTO_memcmp(a, b, n) == 0;
}

void ts_wipe(void *p, size_t n)
{
    if (n > 0)
        explicit_bzero(p, n);
}

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool ts_domain_valid(ts_str text)
{
    size_t labels = 0;

    if (text.n == 0 || text.n > DOMAIN_MAX)
        return false;
    for (;;) {
        size_t end = ts_str_find(text, '.');

        if (end == 0 || end > LABEL_MAX || text.p[0] == '-' || text.p[end - 1] == '-')
            return false;
        for (size_t i = 0; i < end; i++) {
            if (!is_alnum(text.p[i]) && text.p[i] != '-')
                return false;
        }
        labels++;
        if (end == text.n)
            return labels >= 2;
        text = ts_str_n(text.p + end + 1, text.n - end - 1);
    }
}
