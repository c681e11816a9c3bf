#include "command.h"
#include "ts/time.h"

static ts_status unknown_permission(ts_str word, ts_error *err)
{
    char names[160] = "";
    size_t n = 0;

    for (uint64_t bit = 1; (bit & TS_PERM_ALL) != 0; bit <<= 1)
        n += (size_t)snprintf(names + n, sizeof(names) - n, " %s", ts_permission_name(bit));
    return ts_fail(err, TS_INVALID, "--permissions", "'%.*s' is no permission; there are%s",
                   (int)(word.n > 20 ? 20 : word.n), word.p, names);
}

ts_status ctl_parse_permissions(const char *text, uint64_t *ret, ts_error *err)
{
    ts_str rest = ts_str_of(text);
    uint64_t bits = 0;

    for (;;) {
        size_t comma = ts_str_find(rest, ',');
        ts_str word = ts_str_trim(ts_str_n(rest.p, comma));
        uint64_t bit = ts_permission_bit(word);

        if (bit == 0)
            return unknown_permission(word, err);
        bits |= bit;
        if (comma == rest.n)
            break;
        rest = ts_str_n(rest.p + comma + 1, rest.n - comma - 1);
    }
    *ret = bits;
    return TS_OK;
}

ts_status ctl_parse_mode(const char *text, ts_mode *ret, ts_error *err)
{
    if (strcmp(text, "live") == 0)
        *ret = TS_MODE_LIVE;
    else if (strcmp(text, "test") == 0)
        *ret = TS_MODE_TEST;
    else
        return ts_fail(err, TS_INVALID, "--mode", "--mode must be live or test");
    return TS_OK;
}

ts_status ctl_parse_time(const char *option, const char *text, int64_t *ret_ms, ts_error *err)
{
    char whole[64];
    int n = snprintf(whole, sizeof(whole), "%sT00:00:00Z", text);

    if (ts_time_parse(ts_str_of(text), ret_ms) == TS_OK)
        return TS_OK;
    if (strlen(text) == strlen("2027-01-31") &&
        ts_time_parse(ts_str_n(whole, (size_t)n), ret_ms) == TS_OK)
        return TS_OK;
    return ts_fail(err, TS_INVALID, option,
                   "%s must be a day like 2027-01-31 (its first moment, UTC) or a time like "
                   "2027-01-31T18:00:00Z",
                   option);
}

ts_status ctl_parse_expires(const char *text, int64_t *ret_ms, ts_error *err)
{
    if (strcmp(text, "never") != 0)
        return ctl_parse_time("--expires", text, ret_ms, err);
    *ret_ms = 0;
    return TS_OK;
}

ts_status ctl_parse_number(const char *option, const char *text, uint32_t min, uint32_t max,
                           uint32_t *ret, ts_error *err)
{
    uint64_t n = 0;

    if (ts_parse_u64(ts_str_of(text), &n) != TS_OK || n < min || n > max)
        return ts_fail(err, TS_INVALID, option, "%s must be between %u and %u", option, min, max);
    *ret = (uint32_t)n;
    return TS_OK;
}

void ctl_plain(const char *text, ts_buf *out)
{
    for (; *text != '\0'; text++)
        ts_buf_char(out, (uint8_t)*text < 0x20 || *text == 0x7f ? '?' : *text);
}
