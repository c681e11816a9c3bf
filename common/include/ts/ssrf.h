/* Which addresses a webhook may be sent to: the public internet, and what the operator allows. Pure.
 *
 * Default deny: IPv4 without the special-purpose blocks of the IANA registries (and one address of a cloud's host agent
 * that looks public), IPv6 only 2000::/3 without its special blocks. That leaves out by construction every form that
 * carries an IPv4 address inside (mapped, compatible, SIIT, NAT64, Teredo, 6to4), whatever address that is.
 */
#ifndef TS_SSRF_H
#define TS_SSRF_H

#include <sys/socket.h>

#include "ts/base.h"

#define TS_SSRF_ALLOWED_MAX 32

typedef struct ts_network {
    int family;        /* AF_INET or AF_INET6 */
    unsigned prefix;   /* bits */
    uint8_t bytes[16]; /* network order */
} ts_network;

typedef struct ts_ssrf_policy {
    ts_network allowed[TS_SSRF_ALLOWED_MAX]; /* beside the public addresses */
    size_t count;
} ts_ssrf_policy;

/* "10.1.0.0/16,fd00::/8"; empty allows nothing more. TS_INVALID with words. A network opens what lies in it, except that
 * loopback, link-local, unspecified and multicast addresses open only to a network that lies within their block:
 * 0.0.0.0/0 does not open 127.0.0.1. */
TS_CHECK ts_status ts_ssrf_policy_parse(ts_str text, ts_ssrf_policy *ret, ts_error *err);
/* False for any family but AF_INET and AF_INET6. */
bool ts_ssrf_allows(const ts_ssrf_policy *policy, const struct sockaddr *address);
/* The same for an address in text; false if it is none. */
bool ts_ssrf_allows_text(const ts_ssrf_policy *policy, ts_str address);

#endif
