#include "normalize/clean.h"

#include <arpa/inet.h>

#define EMAIL_MAX 254

/* Decodes the character at p; its length, or 0 if the bytes are no UTF-8. */
static size_t decode(const uint8_t *p, size_t left, uint32_t *ret)
{
    size_t n = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    uint32_t c;

    if (n > left || !ts_utf8_valid(ts_str_n(p, n)))
        return 0;
    c = n == 1 ? p[0] : p[0] & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++)
        c = c << 6 | (p[i] & 0x3f);
    *ret = c;
    return n;
}

/* Characters that are not seen, or that change how others are seen. */
static bool is_hidden(uint32_t c)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        { 0x00, 0x1f },       { 0x7f, 0x9f },     { 0xad, 0xad },       { 0x34f, 0x34f },
        { 0x61c, 0x61c },     { 0x115f, 0x1160 }, { 0x17b4, 0x17b5 },   { 0x180b, 0x180f },
        { 0x200b, 0x200f },   { 0x2028, 0x202e }, { 0x2060, 0x206f },   { 0x3164, 0x3164 },
        { 0xfe00, 0xfe0f },   { 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 },   { 0xfff0, 0xfffb },
        { 0x1d173, 0x1d17a }, { 0xe000, 0xf8ff }, { 0xe0000, 0xe0fff }, { 0xf0000, 0x10ffff },
    };

    for (size_t i = 0; i < TS_COUNT(ranges); i++) {
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    }
    return false;
}

char *risk_clean_z(ts_arena *arena, ts_str text, size_t max)
{
    size_t room = text.n < max ? text.n : max;
    char *out = ts_arena_alloc(arena, room + 1);
    size_t used = 0;

    for (size_t i = 0; out != NULL && i < text.n;) {
        uint32_t c = 0;
        size_t n = decode((const uint8_t *)text.p + i, text.n - i, &c);

        if (n > 0 && !is_hidden(c)) {
            if (n > room - used)
                break;
            memcpy(out + used, text.p + i, n);
            used += n;
        }
        i += n == 0 ? 1 : n;
    }
    return out;
}

char *risk_clean_email(ts_arena *arena, ts_str text)
{
    ts_str email = ts_str_trim(text);
    size_t at = ts_str_find(email, '@');
    char *out = ts_arena_alloc(arena, email.n + 1);

    if (out == NULL)
        return NULL;
    if (email.n > EMAIL_MAX || at == 0 || at + 1 >= email.n)
        return out;
    for (size_t i = 0; i < email.n; i++) {
        char c = email.p[i];

        if ((uint8_t)c <= ' ' || (uint8_t)c >= 0x7f || strchr("\"'<>()[],;:\\", c) != NULL ||
            (c == '@' && i != at)) {
            out[0] = '\0';
            return out;
        }
        out[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    return out;
}

char *risk_clean_ip(ts_arena *arena, ts_str text)
{
    ts_str ip = ts_str_trim(text);
    uint8_t address[16];
    char *copy;

    /* A NUL inside would end the check before the text does. */
    if (ip.n > INET6_ADDRSTRLEN || ts_str_find(ip, '\0') < ip.n)
        return ts_arena_z(arena, TS_STR_NULL);
    copy = ts_arena_z(arena, ip);
    if (copy != NULL && inet_pton(AF_INET, copy, address) != 1 &&
        inet_pton(AF_INET6, copy, address) != 1)
        copy[0] = '\0';
    return copy;
}
