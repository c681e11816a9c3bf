#include <criterion/criterion.h>

#include "http/guard.h"

static const ts_str hosts[] = { { "ts.example", 10 } };
static const ts_str origins[] = { { "https://ui.example", 18 } };

Test(guard, only_the_loopback_and_listed_names_are_hosts)
{
    static const struct {
        const char *host;
        bool fits;
    } cases[] = {
        { "localhost", true },      { "LocalHost:8080", true },
        { "127.0.0.1:1", true },    { "[::1]", true },
        { "[::1]:8080", true },     { "ts.example", true },
        { "TS.example:443", true }, { "", false },
        { "evil.example", false },  { "localhost.evil.example", 0 },
        { "evil.example:8080", 0 }, { "127.0.0.1.evil.example", 0 },
        { "xlocalhost", false },    { "localhost:", false },
        { "ts.example.", false },   { "127.0.0.2", false },
        { ":80", false },
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++)
        cr_assert_eq(http_guard_host(ts_str_of(cases[i].host), hosts, 1), cases[i].fits, "%s",
                     cases[i].host);
}

Test(guard, only_pages_of_the_loopback_and_listed_origins_may_ask)
{
    static const struct {
        const char *origin;
        bool fits;
    } cases[] = {
        { "http://localhost:6274", true },
        { "https://127.0.0.1", true },
        { "http://[::1]:3000", true },
        { "https://ui.example", true },
        { "http://ui.example", false },
        { "https://ui.example:8443", false },
        { "null", false },
        { "", false },
        { "http://evil.example", false },
        { "http://localhost.evil.example", false },
        { "http://localhost@evil.example", 0 },
        { "ftp://localhost", false },
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++)
        cr_assert_eq(http_guard_origin(ts_str_of(cases[i].origin), origins, 1), cases[i].fits, "%s",
                     cases[i].origin);
}
