#include "agent/endpoint.h"

#include <criterion/criterion.h>

Test(endpoint_url, https_anywhere_and_http_on_this_machine)
{
    static const char *const good[] = { "https://api.example/v1",      "https://api.example:8443",
                                        "https://10.0.0.7/openai/v1/", "http://127.0.0.1:11434/v1",
                                        "http://localhost/v1",         "http://[::1]:8000/v1" };
    static const char *const bad[] = { "",
                                       "api.example/v1",
                                       "ftp://api.example",
                                       "HTTPS://api.example",
                                       "https://",
                                       "https:///v1",
                                       "https://:80/v1",
                                       "https://user@api.example/v1",
                                       "https://api.example/v1?key=x",
                                       "https://api.example/v1#x",
                                       "https://api.example\\v1",
                                       "https://api.example/v 1",
                                       "https://api.example/%2e%2e",
                                       "http://127.0.0.1@evil.example/v1" };
    static const char *const other[] = { "http://10.0.0.7/v1", "http://api.example/v1",
                                         "http://127.0.0.1.evil.example/v1",
                                         "http://localhost.evil.example/v1" };
    ts_error err;

    for (size_t i = 0; i < TS_COUNT(good); i++)
        cr_expect_eq(endpoint_url_check(ts_str_of(good[i]), false, &err), TS_OK, "%s", good[i]);
    for (size_t i = 0; i < TS_COUNT(bad); i++) {
        cr_expect_eq(endpoint_url_check(ts_str_of(bad[i]), true, &err), TS_INVALID, "%s", bad[i]);
        cr_expect_str_eq(err.param, "TS_GATEWAY_LLM_URL");
    }
    for (size_t i = 0; i < TS_COUNT(other); i++) {
        cr_expect_eq(endpoint_url_check(ts_str_of(other[i]), false, &err), TS_INVALID, "%s",
                     other[i]);
        cr_expect_eq(endpoint_url_check(ts_str_of(other[i]), true, &err), TS_OK, "%s", other[i]);
    }
}
