#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>

#include "ts/ssrf.h"

static bool allows(const ts_ssrf_policy *policy, const char *text)
{
    return ts_ssrf_allows_text(policy, ts_str_of(text));
}

Test(ssrf, refuses_first_and_last_of_every_range)
{
    static const char *const refused[] = {
        "0.0.0.0",
        "0.255.255.255",
        "10.0.0.0",
        "10.255.255.255",
        "100.64.0.0",
        "100.127.255.255",
        "127.0.0.0",
        "127.0.0.1",
        "127.255.255.255",
        "168.63.129.16",
        "169.254.0.0",
        "169.254.169.254",
        "169.254.255.255",
        "172.16.0.0",
        "172.31.255.255",
        "192.0.0.0",
        "192.0.0.255",
        "192.0.2.0",
        "192.0.2.255",
        "192.31.196.1",
        "192.52.193.255",
        "192.88.99.0",
        "192.88.99.255",
        "192.168.0.0",
        "192.168.255.255",
        "192.175.48.1",
        "198.18.0.0",
        "198.19.255.255",
        "198.51.100.0",
        "198.51.100.255",
        "203.0.113.0",
        "203.0.113.255",
        "224.0.0.0",
        "239.255.255.255",
        "240.0.0.0",
        "255.255.255.255",
        /* IPv6: everything outside 2000::/3, and what in it is special. */
        "::",
        "::1",
        "::127.0.0.1",
        "::8.8.8.8",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::ffff:0:8.8.8.8",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b::8.8.8.8",
        "64:ff9b:1::1",
        "64:ff9c::1",
        "100::",
        "100::1",
        "1fff:ffff::1",
        "2001::1",
        "2001:2::1",
        "2001:10::1",
        "2001:20::1",
        "2001:1ff:ffff::1",
        "2001:db8::",
        "2001:db8:ffff::1",
        "2002::",
        "2002:a9fe:a9fe::1",
        "2002:808:808::1",
        "2620:4f:8000::1",
        "3fff::",
        "3fff:fff:ffff::1",
        "4000::1",
        "5f00::1",
        "fc00::",
        "fd00:ec2::254",
        "fdff:ffff::1",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "feff::1",
        "ff00::",
        "ff02::1",
        "ffff::1",
    };
    ts_ssrf_policy none = { .count = 0 };

    for (size_t i = 0; i < TS_COUNT(refused); i++)
        cr_expect_not(allows(&none, refused[i]), "%s", refused[i]);
}

Test(ssrf, admits_what_lies_just_outside)
{
    static const char *const admitted[] = {
        "1.0.0.0",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.63.255.254",
        "100.128.0.0",
        "100.128.0.1",
        "126.255.255.255",
        "128.0.0.0",
        "168.63.129.15",
        "168.63.129.17",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "191.255.255.255",
        "192.0.1.0",
        "192.0.3.0",
        "192.31.195.255",
        "192.31.197.0",
        "192.88.98.255",
        "192.88.100.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "198.51.99.255",
        "198.51.101.0",
        "203.0.112.255",
        "203.0.114.0",
        "223.255.255.255",
        "2000::1",
        "2001:200::1",
        "2001:db7:ffff::1",
        "2001:db9::1",
        "2001:4860:4860::8888",
        "2003::1",
        "2606:4700::1111",
        "2620:4f:7fff::1",
        "2620:4f:8001::1",
        "3ffe::1",
        "3fff:1000::1",
    };
    ts_ssrf_policy none = { .count = 0 };

    for (size_t i = 0; i < TS_COUNT(admitted); i++)
        cr_expect(allows(&none, admitted[i]), "%s", admitted[i]);
}

Test(ssrf, an_allowed_network_opens_what_lies_inside_it)
{
    ts_ssrf_policy p;

    cr_assert_eq(
        ts_ssrf_policy_parse(TS_STR_LIT(" 10.1.0.0/16,127.0.0.1/32 , fd00:12::/32"), &p, NULL),
        TS_OK);
    cr_assert_eq(p.count, 3);
    cr_expect(allows(&p, "10.1.0.0"));
    cr_expect(allows(&p, "10.1.255.255"));
    cr_expect_not(allows(&p, "10.2.0.0"));
    cr_expect(allows(&p, "127.0.0.1"));
    cr_expect_not(allows(&p, "127.0.0.2"));
    cr_expect(allows(&p, "fd00:12:ffff::1"));
    cr_expect_not(allows(&p, "fd00:13::1"));
    cr_expect_not(allows(&p, "::ffff:127.0.0.1"));
    cr_expect_not(allows(&p, "::ffff:10.1.0.0"));
}

Test(ssrf, a_wide_network_does_not_open_loopback_or_link_local)
{
    ts_ssrf_policy p;

    cr_assert_eq(ts_ssrf_policy_parse(TS_STR_LIT("0.0.0.0/0,::/0"), &p, NULL), TS_OK);
    cr_expect(allows(&p, "10.0.0.1"));
    cr_expect(allows(&p, "192.168.1.1"));
    cr_expect(allows(&p, "fd00::1"));
    cr_expect_not(allows(&p, "127.0.0.1"));
    cr_expect_not(allows(&p, "0.0.0.0"));
    cr_expect_not(allows(&p, "169.254.169.254"));
    cr_expect_not(allows(&p, "168.63.129.16"));
    cr_expect_not(allows(&p, "255.255.255.255"));
    cr_expect_not(allows(&p, "::1"));
    cr_expect_not(allows(&p, "::ffff:127.0.0.1"));
    cr_expect_not(allows(&p, "64:ff9b::a9fe:a9fe"));
    cr_expect_not(allows(&p, "fe80::1"));
    cr_expect_not(allows(&p, "ff02::1"));
}

Test(ssrf, refuses_networks_that_are_none)
{
    static const char *const wrong[] = {
        "10.0.0.0",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0.1/8",
        "/8",
        "10/8",
        "a/8",
        "::1/129",
        "fd00::1/8",
        "10.0.0.0/8,",
        "10.0.0.0/8;11.0.0.0/8",
        "10.0.0.0/-1",
        "1.2.3.4 /32",
    };
    ts_ssrf_policy p;
    ts_error err = { "", "" };

    for (size_t i = 0; i < TS_COUNT(wrong); i++) {
        ts_status st = ts_ssrf_policy_parse(ts_str_of(wrong[i]), &p, &err);

        /* A comma at the end is no network left out. */
        if (ts_str_ends(ts_str_of(wrong[i]), TS_STR_LIT("8,")))
            cr_expect_eq(st, TS_OK, "%s", wrong[i]);
        else
            cr_expect_eq(st, TS_INVALID, "%s", wrong[i]);
    }
    cr_expect(err.text[0] != '\0');
    cr_expect_eq(ts_ssrf_policy_parse(TS_STR_NULL, &p, NULL), TS_OK);
    cr_expect_eq(p.count, 0);
}

Test(ssrf, text_that_is_no_address_is_refused)
{
    static const char *const wrong[] = { "",           "localhost", "127.1", "0x7f000001",
                                         "2130706433", "1.2.3",     "[::1]", "8.8.8.8/32",
                                         "8.8.8.8 ",   "fe80::1%lo" };
    ts_ssrf_policy none = { .count = 0 };

    for (size_t i = 0; i < TS_COUNT(wrong); i++)
        cr_expect_not(allows(&none, wrong[i]), "%s", wrong[i]);
}

Test(ssrf, judges_socket_addresses_and_no_other_families)
{
    ts_ssrf_policy none = { .count = 0 };
    struct sockaddr_in v4 = { .sin_family = AF_INET };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
    struct sockaddr other = { .sa_family = AF_UNIX };

    inet_pton(AF_INET, "8.8.8.8", &v4.sin_addr);
    cr_expect(ts_ssrf_allows(&none, (const struct sockaddr *)&v4));
    inet_pton(AF_INET, "127.0.0.1", &v4.sin_addr);
    cr_expect_not(ts_ssrf_allows(&none, (const struct sockaddr *)&v4));
    inet_pton(AF_INET6, "2606:4700::1111", &v6.sin6_addr);
    cr_expect(ts_ssrf_allows(&none, (const struct sockaddr *)&v6));
    inet_pton(AF_INET6, "fe80::1", &v6.sin6_addr);
    cr_expect_not(ts_ssrf_allows(&none, (const struct sockaddr *)&v6));
    cr_expect_not(ts_ssrf_allows(&none, &other));
}
