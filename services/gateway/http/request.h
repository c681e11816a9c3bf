/* An HTTP request as plain data, and the checks beyond its head's form. Pure. */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include "ts/base.h"

/* Fields of a request. */
#define HTTP_HEADERS_MAX 63

typedef struct http_header {
    ts_str name, value;
} http_header;

/* Borrowed from the connection for the length of the request. */
typedef struct http_request {
    ts_str method;
    ts_str target;  /* path as it came, not decoded, without the query */
    ts_str query;   /* as it came, without '?' */
    ts_str version; /* "1.1" */
    ts_str peer;    /* address of the other end of the socket */
    http_header headers[HTTP_HEADERS_MAX + 1];
    size_t header_count;
} http_request;

/* Value of the first field of that name; false if there is none. */
bool http_header_get(const http_request *r, const char *name, ts_str *ret);
size_t http_header_count(const http_request *r, const char *name);

/* How the body is framed. Only after http_request_check(). */
bool http_request_is_chunked(const http_request *r);
/* 0 if there is no Content-Length. */
uint64_t http_request_length(const http_request *r);
/* The client sent, or wants, `Connection: close`, or speaks 1.0 without keep-alive. */
bool http_request_wants_close(const http_request *r);
bool http_request_expects_continue(const http_request *r);

/* TS_INVALID with words for what must not be interpreted: framing that two parsers may read differently (RFC 9112
 * section 6.3), repeated fields that must stand alone, fields whose names are no tokens, a missing Host, too many
 * fields. The connection must be closed after it. */
TS_CHECK ts_status http_request_check(const http_request *r, ts_error *err);

/* Media type without parameters equals `type`, ASCII case ignored. */
bool http_media_type_is(ts_str content_type, const char *type);

/* What the tag of the gzip form of an answer ends in, before the quote: the two forms are different bytes, so their strong
 * tags differ (RFC 9110 section 8.8.3.3). */
#define HTTP_ETAG_GZIP "-gzip"

/* A comma-separated list (If-None-Match, If-Match) holds the strong `etag` (with its quotes) or that of its gzip form, or is
 * "*". A weak tag counts only if `weak` (RFC 9110 section 13.1.2). */
bool http_etag_listed(ts_str list, ts_str etag, bool weak);

/* ^req_[0-9A-Za-z]{6,64}$ */
bool http_request_id_valid(ts_str text);
/* An Accept-Encoding that prefers gzip, or takes it and nothing that it likes better (RFC 9110 section 12.5.3). */
bool http_accepts_gzip(ts_str accept_encoding);
/* The query holds what looks like an API key: it would end up in logs of proxies and browsers. */
bool http_query_holds_key(ts_str query);

#endif
