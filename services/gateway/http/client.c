#include "http/client.h"

#include <arpa/inet.h>

/* What stands before an IPv4 address that is written as IPv6. */
static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

static bool parse_address(ts_str text, uint8_t ret[16])
{
    char z[HTTP_ADDRESS_SIZE];

    if (text.n == 0 || text.n >= sizeof(z))
        return false;
    memcpy(z, text.p, text.n);
    z[text.n] = '\0';
    if (inet_pton(AF_INET, z, ret + sizeof(mapped)) == 1) {
        memcpy(ret, mapped, sizeof(mapped));
        return true;
    }
    return inet_pton(AF_INET6, z, ret) == 1;
}

static bool contains(const http_network *network, const uint8_t address[16])
{
    unsigned whole = network->bits / 8;
    unsigned rest = network->bits % 8;

    if (memcmp(network->address, address, whole) != 0)
        return false;
    return rest == 0 || (network->address[whole] ^ address[whole]) >> (8 - rest) == 0;
}

static bool is_trusted(const http_proxies *trusted, const uint8_t address[16])
{
    for (size_t i = 0; i < trusted->count; i++) {
        if (contains(&trusted->networks[i], address))
            return true;
    }
    return false;
}

static ts_status parse_network(ts_str text, http_network *ret, ts_error *err)
{
    size_t slash = ts_str_find(text, '/');
    uint64_t bits = 0;
    bool is_v4 = memchr(text.p, ':', text.n) == NULL;

    if (!parse_address(ts_str_n(text.p, slash), ret->address))
        return ts_fail(err, TS_INVALID, "", "a proxy must be an address or network, as 10.0.0.0/8");
    ret->bits = 128;
    if (slash == text.n)
        return TS_OK;
    if (ts_parse_u64(ts_str_n(text.p + slash + 1, text.n - slash - 1), &bits) != TS_OK ||
        bits > (is_v4 ? 32U : 128U))
        return ts_fail(err, TS_INVALID, "", "the length of a proxy's network is wrong");
    ret->bits = (unsigned)bits + (is_v4 ? 96U : 0U);
    return TS_OK;
}

ts_status http_proxies_parse(ts_str list, http_proxies *ret, ts_error *err)
{
    http_proxies parsed = { .count = 0 };

    while (list.n > 0) {
        size_t comma = ts_str_find(list, ',');
        ts_str item = ts_str_trim(ts_str_n(list.p, comma));
        ts_status st;

        if (item.n > 0) {
            if (parsed.count == HTTP_PROXIES_MAX)
                return ts_fail(err, TS_INVALID, "", "at most %d proxies", HTTP_PROXIES_MAX);
            st = parse_network(item, &parsed.networks[parsed.count], err);
            if (st != TS_OK)
                return st;
            parsed.count++;
        }
        list = comma == list.n ? TS_STR_NULL : ts_str_n(list.p + comma + 1, list.n - comma - 1);
    }
    *ret = parsed;
    return TS_OK;
}

/* One spelling for each address; IPv4 that travelled as IPv6 is IPv4 again. */
static void spell(const uint8_t address[16], char ret[HTTP_ADDRESS_SIZE])
{
    if (memcmp(address, mapped, sizeof(mapped)) == 0)
        (void)inet_ntop(AF_INET, address + sizeof(mapped), ret, HTTP_ADDRESS_SIZE);
    else
        (void)inet_ntop(AF_INET6, address, ret, HTTP_ADDRESS_SIZE);
}

/* The last item of a comma-separated list, taken off it; false if the list is used up. */
static bool take_last(ts_str *list, ts_str *ret)
{
    size_t start = list->n;

    if (list->n == 0)
        return false;
    while (start > 0 && list->p[start - 1] != ',')
        start--;
    *ret = ts_str_trim(ts_str_n(list->p + start, list->n - start));
    *list = start == 0 ? TS_STR_NULL : ts_str_n(list->p, start - 1);
    return true;
}

bool http_client_is_trusted(const http_proxies *trusted, ts_str peer)
{
    uint8_t address[16];

    return parse_address(peer, address) && is_trusted(trusted, address);
}

void http_client_address(const http_proxies *trusted, ts_str peer, const ts_str *forwarded,
                         size_t count, char ret[HTTP_ADDRESS_SIZE])
{
    uint8_t chosen[16];

    if (!parse_address(peer, chosen)) {
        ret[0] = '\0'; /* not a socket of ours */
        return;
    }
    while (count > 0 && is_trusted(trusted, chosen)) {
        ts_str line = forwarded[count - 1];
        ts_str item;

        if (line.n == 0)
            break; /* no address either */
        while (is_trusted(trusted, chosen) && take_last(&line, &item)) {
            uint8_t before[16];

            if (!parse_address(item, before)) {
                spell(chosen, ret);
                return;
            }
            memcpy(chosen, before, sizeof(chosen));
        }
        count--;
    }
    spell(chosen, ret);
}

bool http_client_is_https(const ts_str *protocols, size_t count)
{
    ts_str line, last;

    if (count == 0)
        return false;
    line = protocols[count - 1];
    return take_last(&line, &last) && ts_str_ieq(last, TS_STR_LIT("https"));
}
