/* Percent-decoding of paths and queries (RFC 3986), segment by segment, so that %2F never becomes a separator. Pure. */
#ifndef HTTP_PATH_H
#define HTTP_PATH_H

#include "ts/arena.h"
#include "ts/base.h"

#define HTTP_SEGMENTS_MAX 8

/* TS_INVALID with words: a bad escape, %00 or another control character, bytes that are not UTF-8. `plus` reads '+' as a
 * space (queries). TS_NOMEM. *ret lives in the arena. */
TS_CHECK ts_status http_decode(ts_arena *arena, ts_str text, bool plus, ts_str *ret, ts_error *err);

/* "/v1/users/a%40b" -> "v1", "users", "a@b". A path of more than HTTP_SEGMENTS_MAX segments gives count
 * HTTP_SEGMENTS_MAX + 1 and matches nothing. TS_INVALID also if the path does not begin with '/'. */
TS_CHECK ts_status http_path_split(ts_arena *arena, ts_str path, ts_str ret[HTTP_SEGMENTS_MAX],
                                   size_t *ret_count, ts_error *err);

/* 0..15, or -1 if it is no hexadecimal digit. */
int http_hex_value(char c);

#endif
