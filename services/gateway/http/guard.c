#include "http/guard.h"

/* "name:port" and "[::1]:port" without the port; the whole if what stands there is no port. */
static ts_str without_port(ts_str host)
{
    size_t end = host.n;

    while (end > 0 && host.p[end - 1] >= '0' && host.p[end - 1] <= '9')
        end--;
    if (end == 0 || end == host.n || host.p[end - 1] != ':')
        return host;
    return ts_str_n(host.p, end - 1);
}

static bool is_loopback(ts_str name)
{
    return ts_str_ieq(name, TS_STR_LIT("localhost")) || ts_str_is(name, "127.0.0.1") ||
           ts_str_is(name, "[::1]");
}

bool http_guard_host(ts_str host, const ts_str *hosts, size_t count)
{
    ts_str name = without_port(host);

    if (is_loopback(name))
        return true;
    for (size_t i = 0; i < count; i++) {
        if (ts_str_ieq(hosts[i], name))
            return true;
    }
    return false;
}

bool http_guard_origin(ts_str origin, const ts_str *origins, size_t count)
{
    static const char *const schemes[] = { "http://", "https://" };

    for (size_t i = 0; i < TS_COUNT(schemes); i++) {
        ts_str scheme = ts_str_of(schemes[i]);

        if (ts_str_starts(origin, scheme) &&
            is_loopback(without_port(ts_str_n(origin.p + scheme.n, origin.n - scheme.n))))
            return true;
    }
    for (size_t i = 0; i < count; i++) {
        if (ts_str_eq(origins[i], origin))
            return true;
    }
    return false;
}
