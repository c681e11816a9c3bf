#include <criterion/criterion.h>

#include "url.h"

static ts_status check(const url_rules *rules, const char *url)
{
    ts_error err = { "", "" };
    ts_status st = url_check(rules, url, &err);

    if (st != TS_OK)
        cr_expect_str_eq(err.param, "url", "%s", url);
    return st;
}

Test(url, takes_https_of_the_public_internet)
{
    static const char *const good[] = {
        "https://hooks.example.com/teamsentry", "https://example.com",
        "https://example.com:8443/a?b=c&d=%20", "https://8.8.8.8/x",
        "https://[2606:4700::1111]/x",          "HTTPS://EXAMPLE.com/"
    };
    url_rules rules = { .allow_http = false };

    for (size_t i = 0; i < TS_COUNT(good); i++)
        cr_expect_eq(check(&rules, good[i]), TS_OK, "%s", good[i]);
}

/* Spellings of 127.0.0.1 and others, as libcurl understands them. */
Test(url, refuses_what_points_inside_or_is_no_webhook_address)
{
    static const char *const bad[] = {
        "",
        "example.com",
        "http://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "javascript:alert(1)",
        "https://",
        "https:///path",
        "https://user@example.com/",
        "https://user:secret@example.com/",
        "https://example.com/#part",
        "https://example.com/a b",
        "https://example.com/\xc3\xa9",
        "https://ex\xc3\xa4mple.com/",
        "https://example.com\\@127.0.0.1/",
        "https://example.com/\r\nX: y",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://017700000001/",
        "https://0177.0.0.01/",
        "https://0/",
        "https://0.0.0.0/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://192.168.1.1/",
        "https://100.64.0.1/",
        "https://[::1]/",
        "https://[::]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[64:ff9b::a9fe:a9fe]/",
        "https://[fd00:ec2::254]/",
        "https://[fe80::1%25lo]/",
        "https://%31%32%37.0.0.1/",
        "https://localhost/",
        "https://foo.localhost/",
        "https://metadata.google.internal/",
        "https://printer.local/",
        "https://intranet/",
        "https://intranet./",
        "https://db.lan/",
        "https://example.com:99999/",
    };
    url_rules rules = { .allow_http = false };

    for (size_t i = 0; i < TS_COUNT(bad); i++)
        cr_expect_eq(check(&rules, bad[i]), TS_INVALID, "%s", bad[i]);
}

Test(url, an_operator_may_allow_http_and_networks)
{
    url_rules rules = { .allow_http = true };

    cr_assert_eq(ts_ssrf_policy_parse(TS_STR_LIT("127.0.0.0/8"), &rules.networks, NULL), TS_OK);
    cr_expect_eq(check(&rules, "http://127.0.0.1:8080/hook"), TS_OK);
    cr_expect_eq(check(&rules, "http://127.1:8080/hook"), TS_OK);
    cr_expect_eq(check(&rules, "http://receiver/hook"), TS_OK, "names of the operator's network");
    cr_expect_eq(check(&rules, "http://10.0.0.1/hook"), TS_INVALID);
    cr_expect_eq(check(&rules, "http://[::1]/hook"), TS_INVALID);
}

Test(url, has_a_length_limit)
{
    static char url[URL_MAX + 2];
    url_rules rules = { .allow_http = false };

    memset(url, 'a', sizeof(url));
    memcpy(url, "https://example.com/", 20);
    url[URL_MAX] = '\0';
    cr_expect_eq(check(&rules, url), TS_OK);
    url[URL_MAX] = 'a';
    url[URL_MAX + 1] = '\0';
    cr_expect_eq(check(&rules, url), TS_INVALID);
}
