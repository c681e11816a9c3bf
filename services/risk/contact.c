#include "contact.h"

#define LOCAL_MAX 64

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_local(ts_str text)
{
    static const char others[] = "!#$%&'*+-/=?^_`{|}~.";

    if (text.n == 0 || text.n > LOCAL_MAX)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        if (!is_alnum(text.p[i]) && memchr(others, text.p[i], sizeof(others) - 1) == NULL)
            return false;
    }
    return true;
}

ts_status contact_parse(ts_arena *arena, ts_str text, ts_str *ret, ts_error *err)
{
    ts_str trimmed = ts_str_trim(text);
    size_t at;
    char *value;

    if (trimmed.n > 1 && trimmed.p[0] == '@' &&
        ts_str_find(ts_str_n(trimmed.p + 1, trimmed.n - 1), '@') == trimmed.n - 1)
        trimmed = ts_str_n(trimmed.p + 1, trimmed.n - 1);
    if (trimmed.n > CONTACT_VALUE_MAX)
        return ts_fail(err, TS_INVALID, "value", "value may have at most %d bytes",
                       CONTACT_VALUE_MAX);
    value = ts_arena_z(arena, trimmed);
    if (value == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i < trimmed.n; i++) {
        if ((uint8_t)value[i] >= 0x80)
            return ts_fail(err, TS_INVALID, "value",
                           "value must be ASCII: write an international domain as xn--...");
        if (value[i] >= 'A' && value[i] <= 'Z')
            value[i] = (char)(value[i] - 'A' + 'a');
    }
    *ret = ts_str_n(value, trimmed.n);
    at = ts_str_find(*ret, '@');
    if (at == ret->n ? ts_domain_valid(*ret)
                     : is_local(ts_str_n(value, at)) &&
                           ts_domain_valid(ts_str_n(value + at + 1, ret->n - at - 1)))
        return TS_OK;
    return ts_fail(err, TS_INVALID, "value",
                   "value must be a domain like acme.example or an e-mail address");
}

bool contact_is_trusted(const risk_map *contacts, ts_str value)
{
    char lowered[CONTACT_VALUE_MAX];
    ts_str trimmed = ts_str_trim(value);
    ts_str text;
    size_t at;

    if (trimmed.n == 0 || trimmed.n > sizeof(lowered))
        return false;
    for (size_t i = 0; i < trimmed.n; i++)
        lowered[i] = trimmed.p[i] >= 'A' && trimmed.p[i] <= 'Z' ? (char)(trimmed.p[i] - 'A' + 'a')
                                                                : trimmed.p[i];
    text = ts_str_n(lowered, trimmed.n);
    if (risk_map_get(contacts, text) != NULL)
        return true;
    at = ts_str_find(text, '@');
    if (at == 0 || at + 1 >= text.n)
        return false;
    text = ts_str_n(lowered + at + 1, text.n - at - 1);
    /* "a@b@c" is no address: its second '@' is in no domain. */
    return risk_map_get(contacts, text) != NULL;
}
