#include "ts/ssrf.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#define TEXT_MAX 64

/* IANA special-purpose registries (RFC 6890 and its updates), and what is not unicast. */
static const char
    *const refused4[] = {
        "0.0.0.0/8",       "10.0.0.0/8",      "100.64.0.0/10",    "127.0.0.0/8",
        "169.254.0.0/16",  "172.16.0.0/12",   "192.0.0.0/24",     "192.0.2.0/24",
        "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24",   "192.168.0.0/16",
        "192.175.48.0/24", "198.18.0.0/15",   "198.51.100.0/24",  "203.0.113.0/24",
        "224.0.0.0/4",     "240.0.0.0/4",     "168.63.129.16/32", /* a cloud's host agent; looks public, is not */
    };

/* Within 2000::/3, which alone is looked at. */
static const char *const refused6[] = {
    "2001::/23",         /* Teredo, benchmarking, ORCHID */
    "2001:db8::/32",     /* documentation */
    "2002::/16",         /* 6to4 */
    "2620:4f:8000::/48", /* AS112 */
    "3fff::/20",         /* documentation */
};

static bool parse_address(ts_str text, ts_network *ret)
{
    char copy[TEXT_MAX];

    if (text.n == 0 || text.n >= sizeof(copy))
        return false;
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    *ret = (ts_network){ .family = memchr(copy, ':', text.n) == NULL ? AF_INET : AF_INET6 };
    ret->prefix = ret->family == AF_INET ? 32 : 128;
    return inet_pton(ret->family, copy, ret->bytes) == 1;
}

/* Bits behind the prefix are a sign that something else was meant. */
static bool has_host_bits(const ts_network *n)
{
    for (unsigned bit = n->prefix; bit < (n->family == AF_INET ? 32 : 128); bit++) {
        if ((n->bytes[bit / 8] >> (7 - bit % 8) & 1) != 0)
            return true;
    }
    return false;
}

static bool parse_network(ts_str text, ts_network *ret)
{
    size_t slash = ts_str_find(text, '/');
    int64_t prefix = 0;

    if (slash == text.n || !parse_address(ts_str_n(text.p, slash), ret) ||
        ts_parse_i64(ts_str_n(text.p + slash + 1, text.n - slash - 1), &prefix) != TS_OK ||
        prefix < 0 || prefix > (int64_t)ret->prefix)
        return false;
    ret->prefix = (unsigned)prefix;
    return !has_host_bits(ret);
}

static bool contains(const ts_network *n, int family, const uint8_t *address)
{
    unsigned whole = n->prefix / 8;
    unsigned rest = n->prefix % 8;

    if (n->family != family || memcmp(n->bytes, address, whole) != 0)
        return false;
    return rest == 0 || (n->bytes[whole] ^ address[whole]) >> (8 - rest) == 0;
}

ts_status ts_ssrf_policy_parse(ts_str text, ts_ssrf_policy *ret, ts_error *err)
{
    ret->count = 0;
    for (;;) {
        size_t comma = ts_str_find(text, ',');
        ts_str one = ts_str_trim(ts_str_n(text.p, comma));

        if (one.n > 0) {
            if (ret->count == TS_SSRF_ALLOWED_MAX)
                return ts_fail(err, TS_INVALID, "", "at most %d networks", TS_SSRF_ALLOWED_MAX);
            if (!parse_network(one, &ret->allowed[ret->count]))
                return ts_fail(err, TS_INVALID, "",
                               "%.*s is no network like 10.1.0.0/16 or fd00::/8",
                               (int)(one.n > 60 ? 60 : one.n), one.p);
            ret->count++;
        }
        if (comma == text.n)
            return TS_OK;
        text = ts_str_n(text.p + comma + 1, text.n - comma - 1);
    }
}

static bool in_any(const char *const *list, size_t count, int family, const uint8_t *address)
{
    for (size_t i = 0; i < count; i++) {
        ts_network n;

        /* A block that does not parse would be a hole: refuse everything. */
        if (!parse_network(ts_str_of(list[i]), &n) || contains(&n, family, address))
            return true;
    }
    return false;
}

/* Doors into the machine itself and into the cloud around it. An operator who allows "everything" does not mean them. */
static const char *const inner[] = {
    "0.0.0.0/8",     "127.0.0.0/8",  "168.63.129.16/32", "169.254.0.0/16", "224.0.0.0/3", "::/96",
    "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48",   "fe80::/10",      "ff00::/8",
};

/* An allowed network opens what lies in it, but inner addresses only if it lies within their block. */
static bool opens(const ts_network *allowed, int family, const uint8_t *address)
{
    if (!contains(allowed, family, address))
        return false;
    for (size_t i = 0; i < TS_COUNT(inner); i++) {
        ts_network n;

        if (parse_network(ts_str_of(inner[i]), &n) && contains(&n, family, address))
            return allowed->prefix >= n.prefix;
    }
    return true;
}

static bool allows(const ts_ssrf_policy *policy, int family, const uint8_t *address)
{
    for (size_t i = 0; i < policy->count; i++) {
        if (opens(&policy->allowed[i], family, address))
            return true;
    }
    if (family == AF_INET)
        return !in_any(refused4, TS_COUNT(refused4), AF_INET, address);
    return (address[0] & 0xe0) == 0x20 && !in_any(refused6, TS_COUNT(refused6), AF_INET6, address);
}

bool ts_ssrf_allows(const ts_ssrf_policy *policy, const struct sockaddr *address)
{
    /* Copied, since what a resolver hands out need not be aligned for the wider type. */
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;

        memcpy(&in, address, sizeof(in));
        return allows(policy, AF_INET, (const uint8_t *)&in.sin_addr);
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;

        memcpy(&in6, address, sizeof(in6));
        return allows(policy, AF_INET6, in6.sin6_addr.s6_addr);
    }
    return false;
}

bool ts_ssrf_allows_text(const ts_ssrf_policy *policy, ts_str address)
{
    ts_network n;

    return parse_address(address, &n) && allows(policy, n.family, n.bytes);
}
