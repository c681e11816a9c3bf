#include "literals.h"

#include "chars.h"

bool agent_is_address(ts_str s)
{
    size_t at = ts_str_find(s, '@');
    size_t dot = 0;

    if (at == 0 || at >= s.n)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (c < 0x80 && !agent_is_ascii_letter(c) && !agent_is_digit(c) &&
            strchr("._%+-@", c) == NULL)
            return false;
        if (c == '@' && i != at)
            return false;
        if (c == '.' && i > at + 1)
            dot = i;
    }
    return dot > 0 && dot + 2 < s.n;
}

static bool starts_i(ts_str s, const char *prefix)
{
    size_t n = strlen(prefix);

    return s.n >= n && ts_str_ieq(ts_str_n(s.p, n), ts_str_of(prefix));
}

bool agent_is_url(ts_str s)
{
    return starts_i(s, "http:") || starts_i(s, "https:") || starts_i(s, "ftp:") ||
           starts_i(s, "file:") || starts_i(s, "hxxp") || starts_i(s, "javascript:") ||
           (starts_i(s, "www.") && s.n > 6);
}

bool agent_is_ip(ts_str s)
{
    unsigned parts = 1;
    unsigned value = 0;
    unsigned digits = 0;
    unsigned colons = 0;

    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == ':')
            colons++;
        else if (!agent_is_digit((unsigned char)s.p[i]) && s.p[i] != '.' &&
                 !(agent_is_ascii_letter((unsigned char)s.p[i]) && (s.p[i] | 0x20) <= 'f'))
            return false;
    }
    if (colons > 0)
        return colons >= 2 && colons <= 7;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '.') {
            if (digits == 0)
                return false;
            parts++;
            digits = 0;
            value = 0;
        } else if (!agent_is_digit((unsigned char)s.p[i])) {
            return false;
        } else {
            value = value * 10 + (unsigned)(s.p[i] - '0');
            if (++digits > 3 || value > 255)
                return false;
        }
    }
    return parts == 4 && digits > 0;
}

size_t agent_id_length(ts_str s, bool *ret_incident)
{
    static const char *const prefixes[] = { "incident_", "inc_", "inc-", "usr_", "app_", "org_",
                                            "key_",      "whe_", "evt_", "req_", "rec_", "tsk_" };

    for (size_t i = 0; i < TS_COUNT(prefixes); i++) {
        size_t n = strlen(prefixes[i]);
        size_t end = n;

        if (!starts_i(s, prefixes[i]))
            continue;
        while (end < s.n &&
               (agent_is_ascii_letter((unsigned char)s.p[end]) ||
                agent_is_digit((unsigned char)s.p[end]) || (s.p[end] == '_' && i >= 3)))
            end++;
        if (end == n)
            return 0;
        *ret_incident = i < 3;
        return end;
    }
    return 0;
}
