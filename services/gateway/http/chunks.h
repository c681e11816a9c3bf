/* A chunked body (RFC 9112 section 7.1), in whatever pieces it comes. Strict in its line ends; extensions and trailers are read
 * over. Pure. */
#ifndef HTTP_CHUNKS_H
#define HTTP_CHUNKS_H

#include "ts/buf.h"

/* Bytes of a line of framing, and of all trailers. */
#define HTTP_CHUNK_LINE_MAX    256
#define HTTP_CHUNK_TRAILER_MAX 8192

typedef enum http_chunks_state {
    HTTP_CHUNKS_MORE,
    HTTP_CHUNKS_DONE,
    HTTP_CHUNKS_WRONG,
    HTTP_CHUNKS_LONG, /* `max` is passed */
} http_chunks_state;

typedef struct http_chunks {
    enum { CHUNK_SIZE, CHUNK_EXTENSION, CHUNK_DATA, CHUNK_END, CHUNK_TRAILER } part;
    uint64_t left;  /* of the chunk's data */
    size_t digits;  /* of its size */
    size_t line;    /* bytes of this line of framing */
    size_t trailer; /* bytes of trailers */
    char last;      /* byte before */
} http_chunks;

/* Reads on from `bytes`, *ret_used of them; data goes to `out`, of which there may be `max` bytes in all. Starts from { 0 }. A buffer
 * that takes no more (ts_buf_status) is the caller's to see. */
TS_CHECK http_chunks_state http_chunks_read(http_chunks *c, ts_str bytes, size_t max, ts_buf *out,
                                            size_t *ret_used);

#endif
