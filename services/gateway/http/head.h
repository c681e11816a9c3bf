/* The head of a request, from its first byte to the empty line, strictly as RFC 9112 has it. Pure.
 *
 * What the RFC lets a server be generous about (bare LF, folded lines, spaces before colons) is refused: each is a way to let two
 * parsers, ours and a proxy's, read two things.
 */
#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

#include "http/request.h"

/* Bytes of a head. */
#define HTTP_HEAD_MAX ((size_t)16 * 1024)

typedef enum http_head_state {
    HTTP_HEAD_MORE,  /* its end has not come */
    HTTP_HEAD_WHOLE, /* *ret_size bytes, with the empty line */
    HTTP_HEAD_WRONG, /* a line does not end in CR LF */
    HTTP_HEAD_LONG,  /* over HTTP_HEAD_MAX */
} http_head_state;

/* `bytes` begins with the head. *seen is how many of them earlier calls have looked at: 0 at first, kept up here. */
TS_CHECK http_head_state http_head_find(ts_str bytes, size_t *seen, size_t *ret_size);

/* Empty lines that may stand before a request (RFC 9112 section 2.2). */
size_t http_head_blank(ts_str bytes);

/* Fills all of *r but `peer`; it borrows from `head`, which is whole. With more than HTTP_HEADERS_MAX fields the count says so and
 * the rest is left out. TS_INVALID with words. */
TS_CHECK ts_status http_head_parse(ts_str head, http_request *r, ts_error *err);

#endif
