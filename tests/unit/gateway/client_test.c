#include <criterion/criterion.h>

#include "http/client.h"

static void expect(const char *proxies, const char *peer, const char *forwarded, const char *wanted)
{
    http_proxies trusted;
    char got[HTTP_ADDRESS_SIZE];

    cr_assert_eq(http_proxies_parse(ts_str_of(proxies), &trusted, NULL), TS_OK);
    http_client_address(&trusted, ts_str_of(peer), ts_str_of(forwarded), got);
    cr_assert_str_eq(got, wanted);
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
