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

/* The peer is one of them. */
bool http_client_is_trusted(const http_proxies *trusted, ts_str peer);

/* The peer's address, or, if the peer is a trusted proxy, the last address of X-Forwarded-For that is not itself a trusted
 * proxy; the lines of that field are one list (RFC 9110 section 5.3). An entry that is no address ends the walk: what stands
 * before it cannot be trusted. In one spelling for each address. */
void http_client_address(const http_proxies *trusted, ts_str peer, const ts_str *forwarded,
                         size_t count, char ret[HTTP_ADDRESS_SIZE]);

/* The last entry of X-Forwarded-Proto is https. Only for lines that a trusted proxy sent. */
bool http_client_is_https(const ts_str *protocols, size_t count);

#endif
