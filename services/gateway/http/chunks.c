#include "http/chunks.h"

#include "http/path.h"

/* More would not fit into 64 bits. */
#define DIGITS_MAX 15

/* The line of a chunk's size has ended. */
static void begin_data(http_chunks *c)
{
    c->part = c->left == 0 ? CHUNK_TRAILER : CHUNK_DATA;
    c->line = 0;
    c->digits = 0;
}

static http_chunks_state size_byte(http_chunks *c, char byte)
{
    int digit = http_hex_value(byte);

    if (digit >= 0 && c->last != '\r') {
        if (c->digits++ == DIGITS_MAX)
            return HTTP_CHUNKS_WRONG;
        c->left = c->left << 4 | (unsigned)digit;
    } else if (c->digits == 0) {
        return HTTP_CHUNKS_WRONG;
    } else if (byte == '\n' && c->last == '\r') {
        begin_data(c);
    } else if (c->last == '\r' || (byte != '\r' && byte != ';')) {
        return HTTP_CHUNKS_WRONG;
    } else if (byte == ';') {
        c->part = CHUNK_EXTENSION;
    }
    return HTTP_CHUNKS_MORE;
}

static http_chunks_state extension_byte(http_chunks *c, char byte)
{
    if (++c->line > HTTP_CHUNK_LINE_MAX)
        return HTTP_CHUNKS_WRONG;
    if ((byte == '\n') != (c->last == '\r'))
        return HTTP_CHUNKS_WRONG;
    if (byte == '\n')
        begin_data(c);
    return HTTP_CHUNKS_MORE;
}

/* The CR LF behind a chunk's data. */
static http_chunks_state end_byte(http_chunks *c, char byte)
{
    if (byte != (c->line == 0 ? '\r' : '\n'))
        return HTTP_CHUNKS_WRONG;
    if (c->line++ == 1) {
        c->part = CHUNK_SIZE;
        c->line = 0;
        c->left = 0;
        c->digits = 0;
    }
    return HTTP_CHUNKS_MORE;
}

static http_chunks_state trailer_byte(http_chunks *c, char byte)
{
    if (++c->trailer > HTTP_CHUNK_TRAILER_MAX || (byte == '\n') != (c->last == '\r'))
        return HTTP_CHUNKS_WRONG;
    if (byte == '\n') {
        if (c->line == 1) /* nothing but CR before it */
            return HTTP_CHUNKS_DONE;
        c->line = 0;
    } else {
        c->line++;
    }
    return HTTP_CHUNKS_MORE;
}

static http_chunks_state framing_byte(http_chunks *c, char byte)
{
    http_chunks_state state = HTTP_CHUNKS_WRONG;

    switch (c->part) {
    case CHUNK_SIZE: state = size_byte(c, byte); break;
    case CHUNK_EXTENSION: state = extension_byte(c, byte); break;
    case CHUNK_END: state = end_byte(c, byte); break;
    case CHUNK_TRAILER: state = trailer_byte(c, byte); break;
    case CHUNK_DATA: break;
    }
    c->last = byte == '\n' ? '\0' : byte;
    return state;
}

static http_chunks_state data_bytes(http_chunks *c, ts_str bytes, size_t max, ts_buf *out,
                                    size_t *ret_used)
{
    size_t n = c->left < bytes.n ? (size_t)c->left : bytes.n;

    if (c->left > max - out->size)
        return HTTP_CHUNKS_LONG;
    ts_buf_add(out, bytes.p, n);
    *ret_used = n;
    c->left -= n;
    if (c->left == 0) {
        c->part = CHUNK_END;
        c->line = 0;
    }
    return HTTP_CHUNKS_MORE;
}

http_chunks_state http_chunks_read(http_chunks *c, ts_str bytes, size_t max, ts_buf *out,
                                   size_t *ret_used)
{
    http_chunks_state state = HTTP_CHUNKS_MORE;
    size_t used = 0;

    while (state == HTTP_CHUNKS_MORE && used < bytes.n) {
        size_t n = 1;

        if (c->part == CHUNK_DATA)
            state = data_bytes(c, ts_str_n(bytes.p + used, bytes.n - used), max, out, &n);
        else
            state = framing_byte(c, bytes.p[used]);
        if (state == HTTP_CHUNKS_MORE || state == HTTP_CHUNKS_DONE)
            used += n;
    }
    *ret_used = used;
    return state;
}
