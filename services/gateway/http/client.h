/* Whose address a request is counted under. X-Forwarded-For is believed only from proxies that the operator names. Pure. */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include "ts/base.h"

#define HTTP_ADDRESS_SIZE 48 /* text of an IPv6 address and a NUL */
#define HTTP_PROXIES_MAX  32

typedef struct http_network {
    uint8_t address[16]; /* IPv4 as ::ffff:a.b.c.d */
    unsigned bits;       /* 0..128 */
} http_network;

typedef struct http_proxies {
    http_network networks[HTTP_PROXIES_MAX];
    size_t count;
} http_proxies;

/* "10.0.0.0/8, 192.168.1.2, fd00::/8"; "" is none. TS_INVALID with words. */
TS_CHECK ts_status http_proxies_parse(ts_str list, http_proxies *ret, ts_error *err);

/* The peer's address, or, if the peer is a trusted proxy, the last address of `forwarded` that is not itself a trusted
 * proxy. An entry that is no address ends the walk: what stands before it cannot be trusted. */
void http_client_address(const http_proxies *trusted, ts_str peer, ts_str forwarded,
                         char ret[HTTP_ADDRESS_SIZE]);

#endif
