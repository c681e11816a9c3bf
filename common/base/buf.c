/* Growing bytes. Between calls: size <= max, size < capacity if data is not NULL, and data[size] is
 * NUL. */
#include "ts/buf.h"

#define FIRST_CAPACITY 64

static void fail(ts_buf *b, ts_status status)
{
    if (b->status == TS_OK)
        b->status = status;
}

bool ts_buf_grow(ts_buf *b, size_t n)
{
    size_t need;
    size_t capacity;
    char *data;

    if (b->status != TS_OK)
        return false;
    /* One byte below SIZE_MAX, because the NUL is not counted. */
    if (n > b->max - b->size || n >= SIZE_MAX - b->size) {
        fail(b, TS_TOO_LARGE);
        return false;
    }
    need = b->size + n + 1;
    if (need <= b->capacity)
        return true;
    capacity = b->capacity < FIRST_CAPACITY ? FIRST_CAPACITY : b->capacity;
    while (capacity < need)
        capacity = capacity > SIZE_MAX / 2 ? need : capacity * 2;
    if (b->max < SIZE_MAX && capacity > b->max + 1)
        capacity = b->max + 1;
    data = realloc(b->data, capacity);
    if (data == NULL) {
        fail(b, TS_NOMEM);
        return false;
    }
    if (b->data == NULL)
        data[0] = '\0';
    b->data = data;
    b->capacity = capacity;
    return true;
}

void ts_buf_done(ts_buf *b)
{
    if (b == NULL)
        return;
    free(b->data);
    *b = TS_BUF_INIT(b->max);
}

void ts_buf_clear(ts_buf *b)
{
    b->size = 0;
    b->status = TS_OK;
    if (b->data != NULL)
        b->data[0] = '\0';
}

ts_status ts_buf_status(const ts_buf *b)
{
    return b->status;
}

void ts_buf_printf(ts_buf *b, const char *format, ...)
{
    char text[256];
    va_list args;
    int wanted;

    va_start(args, format);
    wanted = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (wanted < 0) {
        fail(b, TS_INTERNAL);
        return;
    }
    if ((size_t)wanted < sizeof(text)) {
        ts_buf_add(b, text, (size_t)wanted);
        return;
    }
    /* Too long for the stack: a second pass writes in place. */
    if (!ts_buf_grow(b, (size_t)wanted))
        return;
    va_start(args, format);
    (void)vsnprintf(b->data + b->size, (size_t)wanted + 1, format, args);
    va_end(args);
    b->size += (size_t)wanted;
}

void ts_buf_u64(ts_buf *b, uint64_t n)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    ts_buf_add(b, digits + at, sizeof(digits) - at);
}

void ts_buf_i64(ts_buf *b, int64_t n)
{
    char digits[20];
    size_t at = sizeof(digits);
    uint64_t size = n < 0 ? (uint64_t)0 - (uint64_t)n : (uint64_t)n;

    do {
        digits[--at] = (char)('0' + size % 10);
        size /= 10;
    } while (size > 0);
    if (n < 0)
        digits[--at] = '-';
    ts_buf_add(b, digits + at, sizeof(digits) - at);
}

void ts_buf_be8(ts_buf *b, uint8_t n)
{
    ts_buf_add(b, &n, 1);
}

void ts_buf_be32(ts_buf *b, uint32_t n)
{
    uint8_t bytes[4] = { (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };

    ts_buf_add(b, bytes, sizeof(bytes));
}

void ts_buf_be64(ts_buf *b, uint64_t n)
{
    uint8_t bytes[8];

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(n >> (56 - 8 * i));
    ts_buf_add(b, bytes, sizeof(bytes));
}

char *ts_buf_reserve(ts_buf *b, size_t n)
{
    if (!ts_buf_grow(b, n))
        return NULL;
    /* Zeroed, so that a NUL follows however many of the bytes the caller comes to use. */
    memset(b->data + b->size, 0, n + 1);
    return b->data + b->size;
}
