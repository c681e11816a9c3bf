#include "normalize/clean.h"

#include <arpa/inet.h>

#include "ts/clean.h"

#define EMAIL_MAX 254

char *risk_clean_z(ts_arena *arena, ts_str text, size_t max)
{
    return ts_clean(arena, text, max);
}

char *risk_keep_z(ts_arena *arena, ts_str text, size_t max)
{
    return ts_keep(arena, text, max);
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
