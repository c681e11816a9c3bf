#include "ts/clean.h"

#include "utf8.h"

static uint32_t decode(const uint8_t *p, size_t n)
{
    uint32_t c = n == 1 ? p[0] : p[0] & (0xffu >> (n + 1));

    for (size_t i = 1; i < n; i++)
        c = c << 6 | (p[i] & 0x3f);
    return c;
}

/* Characters that are not seen, or that change how others are seen. */
static bool is_hidden(uint32_t c)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        { 0x00, 0x1f },       { 0x7f, 0x9f },     { 0xad, 0xad },       { 0x34f, 0x34f },
        { 0x61c, 0x61c },     { 0x115f, 0x1160 }, { 0x17b4, 0x17b5 },   { 0x180b, 0x180f },
        { 0x200b, 0x200f },   { 0x2028, 0x202e }, { 0x2060, 0x206f },   { 0x3164, 0x3164 },
        { 0xfe00, 0xfe0f },   { 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 },   { 0xfff0, 0xfffb },
        { 0x1d173, 0x1d17a }, { 0xe000, 0xf8ff }, { 0xe0000, 0xe0fff }, { 0xf0000, 0x10ffff },
    };

    for (size_t i = 0; i < TS_COUNT(ranges); i++) {
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    }
    return false;
}

static bool is_break(char c)
{
    return c == '\n' || c == '\r' || c == '\t';
}

/* `out` has room for min(text.n, max) bytes and may be where the text stands: nothing is written ahead of what was read.
 * Gives the number of bytes. */
static size_t clean_into(char *out, ts_str text, size_t max)
{
    size_t used = 0;

    for (size_t i = 0; i < text.n && used < max;) {
        const uint8_t *p = (const uint8_t *)text.p + i;
        size_t n;

        if (*p >= 0x20 && *p < 0x7f) {
            out[used++] = text.p[i++];
            continue;
        }
        n = utf8_sequence(p, text.n - i);
        if (n == 1 && is_break(text.p[i])) {
            out[used++] = ' ';
        } else if (n > 0 && !is_hidden(decode(p, n))) {
            if (n > max - used)
                break;
            memmove(out + used, p, n);
            used += n;
        }
        i += n == 0 ? 1 : n;
    }
    return used;
}

char *ts_clean(ts_arena *arena, ts_str text, size_t max)
{
    char *out = ts_arena_alloc(arena, (text.n < max ? text.n : max) + 1);

    if (out != NULL)
        out[clean_into(out, text, max)] = '\0';
    return out;
}

const char *ts_clean_z(char *text, size_t max)
{
    if (text == NULL)
        return "";
    /* protobuf-c's default of a text field is a constant: what is empty stays untouched. */
    if (text[0] != '\0')
        text[clean_into(text, ts_str_of(text), max)] = '\0';
    return text;
}
