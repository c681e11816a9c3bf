/* ts_buf: bytes that grow up to a named maximum.
 *
 * Errors stick: append freely, ask ts_buf_status() once at the end. After an error the content
 * stops growing and stays valid. Not thread-safe. `data` is NULL or always followed by a NUL that
 * `size` does not count.
 */
#ifndef TS_BUF_H
#define TS_BUF_H

#include "ts/base.h"

typedef struct ts_buf {
    char *data;
    size_t size;
    size_t capacity;
    size_t max;
    ts_status status;
} ts_buf;

#define TS_BUF_INIT(maximum) ((ts_buf){ .max = (maximum) })

void ts_buf_done(ts_buf *b);
/* Forgets content and error, keeps the memory. */
void ts_buf_clear(ts_buf *b);
/* TS_OK, TS_TOO_LARGE (the maximum was reached) or TS_NOMEM. */
TS_CHECK ts_status ts_buf_status(const ts_buf *b);

/* Makes room for `n` more bytes and a NUL; false: the error sticks. */
bool ts_buf_grow(ts_buf *b, size_t n);

/* Where exactly `n` bytes (not 0) are to be written at once, which count already; NULL on failure. Answers are made of thousands of
 * small pieces: what has room costs no call. */
static inline char *ts_buf_take(ts_buf *b, size_t n)
{
    char *place;

    if ((b->status != TS_OK || n >= b->capacity - b->size) && !ts_buf_grow(b, n))
        return NULL;
    place = b->data + b->size;
    b->size += n;
    place[n] = '\0';
    return place;
}

static inline void ts_buf_add(ts_buf *b, const void *bytes, size_t n)
{
    char *place = n == 0 ? NULL : ts_buf_take(b, n);

    if (place != NULL)
        memcpy(place, bytes, n);
}

static inline void ts_buf_str(ts_buf *b, ts_str s)
{
    ts_buf_add(b, s.p, s.n);
}

/* NULL is nothing. */
static inline void ts_buf_z(ts_buf *b, const char *z)
{
    if (z != NULL)
        ts_buf_add(b, z, strlen(z));
}

static inline void ts_buf_char(ts_buf *b, char c)
{
    ts_buf_add(b, &c, 1);
}

void ts_buf_printf(ts_buf *b, const char *format, ...) TS_PRINTF(2, 3);
void ts_buf_i64(ts_buf *b, int64_t n);
void ts_buf_u64(ts_buf *b, uint64_t n);
/* Big-endian, so that encoded numbers sort as bytes. */
void ts_buf_be8(ts_buf *b, uint8_t n);
void ts_buf_be32(ts_buf *b, uint32_t n);
void ts_buf_be64(ts_buf *b, uint64_t n);
/* Room for `n` more bytes to be written by the caller, who then adds to `size`. NULL on failure. */
char *ts_buf_reserve(ts_buf *b, size_t n);

static inline ts_str ts_buf_view(const ts_buf *b)
{
    return (ts_str){ b->data, b->size };
}

#endif
