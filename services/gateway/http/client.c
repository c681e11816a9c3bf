#include "http/client.h"

#include <arpa/inet.h>

static bool parse_address(ts_str text, uint8_t ret[16], bool *ret_is_v4)
{
    static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
    char z[HTTP_ADDRESS_SIZE];

    if (text.n == 0 || text.n >= sizeof(z))
        return false;
    memcpy(z, text.p, text.n);
    z[text.n] = '\0';
    *ret_is_v4 = inet_pton(AF_INET, z, ret + 12) == 1;
    if (*ret_is_v4) {
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

static bool is_trusted(const http_proxies *trusted, ts_str text)
{
    uint8_t address[16];
    bool is_v4;

    if (!parse_address(text, address, &is_v4))
        return false;
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
    bool is_v4 = false;

    if (!parse_address(ts_str_n(text.p, slash), ret->address, &is_v4))
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

void http_client_address(const http_proxies *trusted, ts_str peer, ts_str forwarded,
                         char ret[HTTP_ADDRESS_SIZE])
{
    ts_str chosen = peer;

    while (forwarded.n > 0 && is_trusted(trusted, chosen)) {
        size_t start = forwarded.n;
        uint8_t address[16];
        ts_str last;
        bool is_v4;

        while (start > 0 && forwarded.p[start - 1] != ',')
            start--;
        last = ts_str_trim(ts_str_n(forwarded.p + start, forwarded.n - start));
        if (!parse_address(last, address, &is_v4))
            break;
        chosen = last;
        forwarded = start == 0 ? TS_STR_NULL : ts_str_n(forwarded.p, start - 1);
    }
    if (chosen.n >= HTTP_ADDRESS_SIZE)
        chosen.n = HTTP_ADDRESS_SIZE - 1;
    memcpy(ret, chosen.p, chosen.n);
    ret[chosen.n] = '\0';
}
