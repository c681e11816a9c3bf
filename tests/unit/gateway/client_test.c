#include <criterion/criterion.h>

#include "http/client.h"

static void expect(const char *proxies, const char *peer, const char *forwarded, const char *wanted)
{
    ts_str line = ts_str_of(forwarded);
    http_proxies trusted;
    char got[HTTP_ADDRESS_SIZE];

    cr_assert_eq(http_proxies_parse(ts_str_of(proxies), &trusted, NULL), TS_OK);
    http_client_address(&trusted, ts_str_of(peer), &line, 1, got);
    cr_assert_str_eq(got, wanted, "%s of %s is %s", wanted, forwarded, got);
}

static void expect_lines(const char *first, const char *second, const char *wanted)
{
    ts_str lines[] = { ts_str_of(first), ts_str_of(second) };
    http_proxies trusted;
    char got[HTTP_ADDRESS_SIZE];

    cr_assert_eq(http_proxies_parse(TS_STR_LIT("10.0.0.0/8"), &trusted, NULL), TS_OK);
    http_client_address(&trusted, TS_STR_LIT("10.0.0.1"), lines, 2, got);
    cr_assert_str_eq(got, wanted, "%s of %s | %s is %s", wanted, first, second, got);
}

Test(client, nobody_is_believed_without_a_setting)
{
    expect("", "10.0.0.1", "1.2.3.4", "10.0.0.1");
}

Test(client, a_trusted_proxy_tells_the_address_before_it)
{
    expect("10.0.0.0/8", "10.0.0.1", "1.2.3.4", "1.2.3.4");
    expect("10.0.0.1", "10.0.0.1", "9.9.9.9, 1.2.3.4", "1.2.3.4");
    expect("10.0.0.0/8, 172.16.0.0/12", "10.0.0.1", "1.2.3.4, 172.17.0.9", "1.2.3.4");
    expect("fd00::/8", "fd00::1", "2001:db8::7", "2001:db8::7");
}

Test(client, another_peer_is_not_believed)
{
    expect("10.0.0.0/8", "11.0.0.1", "1.2.3.4", "11.0.0.1");
    expect("10.0.0.0/9", "10.128.0.1", "1.2.3.4", "10.128.0.1");
}

Test(client, an_entry_that_is_no_address_ends_the_walk)
{
    expect("10.0.0.0/8", "10.0.0.1", "1.2.3.4, unknown", "10.0.0.1");
    expect("10.0.0.0/8", "10.0.0.1", "", "10.0.0.1");
}

Test(client, a_wrong_list_of_proxies_is_refused)
{
    http_proxies trusted;

    cr_assert_eq(http_proxies_parse(TS_STR_LIT("10.0.0.0/33"), &trusted, NULL), TS_INVALID);
    cr_assert_eq(http_proxies_parse(TS_STR_LIT("proxy.example"), &trusted, NULL), TS_INVALID);
    cr_assert_eq(http_proxies_parse(TS_STR_LIT("fd00::/129"), &trusted, NULL), TS_INVALID);
}

Test(client, lines_of_the_field_are_one_list)
{
    expect_lines("9.9.9.9", "1.2.3.4", "1.2.3.4");
    expect_lines("9.9.9.9, 1.2.3.4", "10.0.0.7", "1.2.3.4");
    expect_lines("1.2.3.4", "", "10.0.0.1");
    expect_lines("1.2.3.4", "10.0.0.7, 10.0.0.8", "1.2.3.4");
    expect_lines("1.2.3.4", "garbage, 10.0.0.8", "10.0.0.8");
}

Test(client, odd_entries_change_nothing)
{
    expect("10.0.0.0/8", "10.0.0.1", ",", "10.0.0.1");
    expect("10.0.0.0/8", "10.0.0.1", "1.2.3.4,", "10.0.0.1");
    expect("10.0.0.0/8", "10.0.0.1", "1.2.3.4 5.6.7.8", "10.0.0.1");
    expect("10.0.0.0/8", "10.0.0.1", "01.2.3.4", "10.0.0.1");
    expect("10.0.0.0/8", "10.0.0.1", "1.2.3.4:80", "10.0.0.1");
    expect("10.0.0.0/8", "10.0.0.1", "\"1.2.3.4\"", "10.0.0.1");
    expect("10.0.0.0/8", "10.0.0.1", "1.2.3.4, \t 10.9.9.9 ", "1.2.3.4");
    expect("10.0.0.0/8", "10.0.0.1", "fe80::1%eth0", "10.0.0.1");
}

Test(client, an_address_has_one_spelling)
{
    expect("10.0.0.0/8", "10.0.0.1", "2001:DB8:0:0::7", "2001:db8::7");
    expect("10.0.0.0/8", "::ffff:10.0.0.1", "::ffff:1.2.3.4", "1.2.3.4");
    expect("::ffff:10.0.0.0/104", "10.0.0.1", "1.2.3.4", "1.2.3.4");
}

Test(client, https_is_what_the_last_proxy_says)
{
    ts_str lines[] = { TS_STR_LIT("http"), TS_STR_LIT("http, HTTPS") };

    cr_assert(http_client_is_https(lines, 2));
    cr_assert_not(http_client_is_https(lines, 1));
    cr_assert_not(http_client_is_https(lines, 0));
    lines[0] = TS_STR_LIT("https, http");
    cr_assert_not(http_client_is_https(lines, 1));
    lines[0] = TS_STR_LIT("");
    cr_assert_not(http_client_is_https(lines, 1));
    lines[0] = TS_STR_LIT("https://");
    cr_assert_not(http_client_is_https(lines, 1));
}

Test(client, only_named_peers_are_trusted)
{
    http_proxies trusted;

    cr_assert_eq(http_proxies_parse(TS_STR_LIT("10.0.0.0/8, fd00::/8"), &trusted, NULL), TS_OK);
    cr_assert(http_client_is_trusted(&trusted, TS_STR_LIT("10.1.2.3")));
    cr_assert(http_client_is_trusted(&trusted, TS_STR_LIT("fd00::9")));
    cr_assert_not(http_client_is_trusted(&trusted, TS_STR_LIT("11.1.2.3")));
    cr_assert_not(http_client_is_trusted(&trusted, TS_STR_LIT("fe00::9")));
    cr_assert_not(http_client_is_trusted(&trusted, TS_STR_LIT("")));
}
