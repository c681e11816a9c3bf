#include "ts/wire.h"

/* https://protobuf.dev/programming-guides/encoding: a field is a varint of number and type, then what the type says. */
enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

#define VARINT_BYTES 10

static bool take_varint(ts_str *rest, uint64_t *ret)
{
    uint64_t n = 0;

    for (size_t i = 0; i < rest->n && i < VARINT_BYTES; i++) {
        uint8_t byte = (uint8_t)rest->p[i];

        n |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            *rest = ts_str_n(rest->p + i + 1, rest->n - i - 1);
            *ret = n;
            return true;
        }
    }
    return false;
}

static bool take_bytes(ts_str *rest, uint64_t n, ts_str *ret)
{
    if (n > rest->n)
        return false;
    *ret = ts_str_n(rest->p, (size_t)n);
    *rest = ts_str_n(rest->p + n, rest->n - (size_t)n);
    return true;
}

static bool take_fixed(ts_str *rest, size_t n, uint64_t *ret)
{
    ts_str bytes;

    if (!take_bytes(rest, n, &bytes))
        return false;
    *ret = 0;
    for (size_t i = n; i > 0; i--)
        *ret = *ret << 8 | (uint8_t)bytes.p[i - 1];
    return true;
}

static bool take_value(ts_str *rest, unsigned type, ts_wire_field *f)
{
    uint64_t length;

    switch (type) {
    case WIRE_VARINT: return take_varint(rest, &f->value);
    case WIRE_FIXED64: return take_fixed(rest, 8, &f->value);
    case WIRE_FIXED32: return take_fixed(rest, 4, &f->value);
    case WIRE_BYTES: return take_varint(rest, &length) && take_bytes(rest, length, &f->bytes);
    default: return false;
    }
}

ts_status ts_wire_next(ts_str *rest, ts_wire_field *ret)
{
    ts_wire_field f = { .bytes = TS_STR_NULL };
    ts_str left = *rest;
    uint64_t tag;

    if (left.n == 0)
        return TS_NOT_FOUND;
    if (!take_varint(&left, &tag) || tag >> 3 == 0 || tag > UINT32_MAX ||
        !take_value(&left, tag & 7, &f))
        return TS_CORRUPT;
    f.number = (uint32_t)(tag >> 3);
    *rest = left;
    *ret = f;
    return TS_OK;
}
