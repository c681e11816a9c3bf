#include "agent/defang.h"

#include <arpa/inet.h>

#define QUAD     4
#define IPV6_MAX 45 /* characters, with an IPv4 address at the end */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Bytes of a dot at the head of the text; 0: there is none. Browsers take the wide ones of UTF-8 for dots too. */
static size_t dot_at(ts_str s)
{
    static const ts_str wide[] = { { "\xe3\x80\x82", 3 },
                                   { "\xef\xbc\x8e", 3 },
                                   { "\xef\xbd\xa1", 3 } };

    if (s.n > 0 && s.p[0] == '.')
        return 1;
    for (size_t i = 0; i < TS_COUNT(wide); i++) {
        if (ts_str_starts(s, wide[i]))
            return wide[i].n;
    }
    return 0;
}

static ts_str rest_of(ts_str s, size_t from)
{
    return ts_str_n(s.p + from, s.n - from);
}

/* Labels and dots from the head on. */
static size_t run_length(ts_str s)
{
    size_t i = 0;

    while (i < s.n && (is_letter(s.p[i]) || is_digit(s.p[i]) || strchr(".-_", s.p[i]) != NULL) &&
           s.p[i] != '\0')
        i++;
    return i;
}

static bool is_top_label(ts_str label)
{
    if (label.n >= 4 && ts_str_ieq(ts_str_n(label.p, 4), TS_STR_LIT("xn--")))
        return true;
    for (size_t i = 0; i < label.n; i++) {
        if (!is_letter(label.p[i]))
            return false;
    }
    return label.n >= 2;
}

static bool is_number(ts_str label)
{
    for (size_t i = 0; i < label.n; i++) {
        if (!is_digit(label.p[i]))
            return false;
    }
    return label.n > 0;
}

/* A name with a top-level label of letters, or four numbers. */
static bool is_host(ts_str run)
{
    ts_str last = TS_STR_NULL;
    size_t start = 0, labels = 0, numbers = 0;

    for (size_t i = 0; i <= run.n; i++) {
        size_t dot = i < run.n ? dot_at(rest_of(run, i)) : 1;

        if (dot == 0)
            continue;
        if (i > start) {
            last = ts_str_n(run.p + start, i - start);
            labels++;
            numbers += is_number(last);
        }
        start = i + dot;
        i += dot - 1;
    }
    return labels >= 2 && (is_top_label(last) || (labels == QUAD && numbers == QUAD));
}

static void put_host(ts_buf *out, ts_str run)
{
    for (size_t i = 0; i < run.n; i++) {
        size_t dot = dot_at(rest_of(run, i));

        /* The one that ends a sentence stays. */
        if (dot == 0 || i + dot == run.n) {
            ts_buf_char(out, run.p[i]);
        } else {
            ts_buf_z(out, "[.]");
            i += dot - 1;
        }
    }
}

/* Length of an IPv6 address at the head; 0: none. */
static size_t ipv6_length(ts_str s)
{
    char text[IPV6_MAX + 1];
    struct in6_addr address;
    size_t n = 0, colons = 0;

    while (n < s.n && n <= IPV6_MAX && s.p[n] != '\0' &&
           strchr("0123456789abcdefABCDEF:.", s.p[n]) != NULL) {
        colons += s.p[n] == ':';
        n++;
    }
    while (n > 0 && s.p[n - 1] == '.')
        n--;
    if (colons < 2 || n > IPV6_MAX)
        return 0;
    memcpy(text, s.p, n);
    text[n] = '\0';
    return inet_pton(AF_INET6, text, &address) == 1 ? n : 0;
}

static void put_ipv6(ts_buf *out, ts_str address)
{
    for (size_t i = 0; i < address.n; i++) {
        if (address.p[i] == ':' || address.p[i] == '.')
            ts_buf_printf(out, "[%c]", address.p[i]);
        else
            ts_buf_char(out, address.p[i]);
    }
}

/* Schemes that do something without "//". */
static bool is_scheme_by_itself(ts_str run)
{
    static const char *const schemes[] = { "javascript", "vbscript", "data", "mailto", "file",
                                           "blob",       "tel",      "sms",  "about" };

    for (size_t i = 0; i < TS_COUNT(schemes); i++) {
        if (ts_str_ieq(run, ts_str_of(schemes[i])))
            return true;
    }
    return false;
}

/* A run and, if it is a scheme, its colon; the bytes that were taken. */
static size_t put_run(ts_buf *out, ts_str text, size_t n)
{
    ts_str run = ts_str_n(text.p, n);
    ts_str after = rest_of(text, n);
    bool has_slashes =
        ts_str_starts(after, TS_STR_LIT("://")) || ts_str_starts(after, TS_STR_LIT(":\\/\\/"));

    if (has_slashes &&
        (ts_str_ieq(run, TS_STR_LIT("http")) || ts_str_ieq(run, TS_STR_LIT("https")))) {
        ts_buf_z(out, "hxxp");
        ts_buf_str(out, rest_of(run, 4));
        return n;
    }
    if (is_host(run))
        put_host(out, run);
    else
        ts_buf_str(out, run);
    if (!has_slashes && !(is_scheme_by_itself(run) && after.n > 0 && after.p[0] == ':'))
        return n;
    ts_buf_z(out, "[:]");
    return n + 1;
}

void defang_put(ts_buf *out, ts_str text)
{
    size_t i = 0;

    while (i < text.n) {
        ts_str rest = rest_of(text, i);
        size_t n = ipv6_length(rest);

        if (n > 0) {
            put_ipv6(out, ts_str_n(rest.p, n));
            i += n;
            continue;
        }
        n = run_length(rest);
        if (n > 0) {
            i += put_run(out, rest, n);
            continue;
        }
        /* An escape is one character: its letter is no part of a name. */
        n = rest.p[0] == '\\' && rest.n > 1 ? 2 : 1;
        ts_buf_add(out, rest.p, n);
        i += n;
    }
}
