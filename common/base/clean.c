#include "ts/clean.h"

#include "utf8.h"

typedef struct range {
    uint32_t first, last;
} range;

static uint32_t decode(const uint8_t *p, size_t n)
{
    uint32_t c = n == 1 ? p[0] : p[0] & (0xffu >> (n + 1));

    for (size_t i = 1; i < n; i++)
        c = c << 6 | (p[i] & 0x3f);
    return c;
}

static bool is_in(const range *ranges, size_t count, uint32_t c)
{
    for (size_t i = 0; i < count; i++) {
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    }
    return false;
}

/* Characters that are not seen, or that change how others are seen. */
static bool is_hidden(uint32_t c)
{
    static const range ranges[] = {
        { 0x00, 0x1f },     { 0x7f, 0x9f },       { 0xad, 0xad },        { 0x34f, 0x34f },
        { 0x61c, 0x61c },   { 0x115f, 0x1160 },   { 0x17b4, 0x17b5 },    { 0x180b, 0x180f },
        { 0x200b, 0x200f }, { 0x2028, 0x202e },   { 0x2060, 0x206f },    { 0x3164, 0x3164 },
        { 0xfdd0, 0xfdef }, { 0xfe00, 0xfe0f },   { 0xfeff, 0xfeff },    { 0xffa0, 0xffa0 },
        { 0xfff0, 0xfffb }, { 0xfffe, 0xffff },   { 0x1bca0, 0x1bca3 },  { 0x1d173, 0x1d17a },
        { 0xe000, 0xf8ff }, { 0xe0000, 0xe0fff }, { 0xf0000, 0x10ffff },
    };

    return is_in(ranges, TS_COUNT(ranges), c);
}

/* Tab to carriage return, next line, line and paragraph separator. */
static bool is_break(uint32_t c)
{
    return (c >= '\t' && c <= '\r') || c == 0x85 || c == 0x2028 || c == 0x2029;
}

/* Characters that show with the one before them: accents, marks in circles, tones of skin. */
static bool is_mark(uint32_t c)
{
    static const range ranges[] = {
        { 0x300, 0x36f },   { 0x483, 0x489 },   { 0x591, 0x5bd },   { 0x610, 0x61a },
        { 0x64b, 0x65f },   { 0x93c, 0x93c },   { 0x93e, 0x94d },   { 0xe31, 0xe31 },
        { 0xe34, 0xe3a },   { 0xe47, 0xe4e },   { 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff },
        { 0x20d0, 0x20ff }, { 0x3099, 0x309a }, { 0xfe20, 0xfe2f }, { 0x1f3fb, 0x1f3ff },
    };

    return is_in(ranges, TS_COUNT(ranges), c);
}

/* The next character of `text` as it is shown, from *at on: its bytes, at `text` itself or a constant; empty at the end. */
static ts_str next_shown(ts_str text, size_t *at)
{
    while (*at < text.n) {
        const uint8_t *p = (const uint8_t *)text.p + *at;
        size_t n = utf8_sequence(p, text.n - *at);
        uint32_t c = n == 0 ? 0 : decode(p, n);

        *at += n == 0 ? 1 : n;
        if (n > 0 && is_break(c))
            return TS_STR_LIT(" ");
        if (n > 0 && !is_hidden(c))
            return ts_str_n((const char *)p, n);
    }
    return TS_STR_NULL;
}

/* Marks that a letter is cut off with; of a heap of more, made to be a nuisance, the front stays. */
#define MARKS_MAX 8

/* `out` has room for min(text.n, max) bytes and may be where the text stands: nothing is written ahead of what was read.
 * Gives the number of bytes. */
static size_t clean_into(char *out, ts_str text, size_t max)
{
    size_t used = 0;
    size_t at = 0;

    for (ts_str c = next_shown(text, &at); c.n > 0 && c.n <= max - used;
         c = next_shown(text, &at)) {
        memmove(out + used, c.p, c.n);
        used += c.n;
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

const char *ts_clean_to(char *ret, size_t size, ts_str text)
{
    ret[clean_into(ret, text, size - 1)] = '\0';
    return ret;
}

ts_str ts_brief(ts_str text, char ret[TS_BRIEF_SIZE])
{
    static const char more[] = "\xE2\x80\xA6"; /* one character of three bytes */
    size_t used = 0;
    size_t front = 0; /* bytes up to where it may be cut, with room for `more` */
    size_t count = 0;
    size_t marks = 0; /* since the last letter */
    size_t at = 0;

    for (ts_str c = next_shown(text, &at); c.n > 0; c = next_shown(text, &at)) {
        marks = is_mark(decode((const uint8_t *)c.p, c.n)) ? marks + 1 : 0;
        if ((marks == 0 || marks > MARKS_MAX) && count < TS_BRIEF_MAX)
            front = used;
        if (count == TS_BRIEF_MAX) {
            memcpy(ret + front, more, sizeof(more));
            return ts_str_n(ret, front + sizeof(more) - 1);
        }
        memcpy(ret + used, c.p, c.n);
        used += c.n;
        count++;
    }
    ret[used] = '\0';
    return ts_str_n(ret, used);
}

char *ts_keep(ts_arena *arena, ts_str text, size_t max)
{
    char *out = ts_arena_alloc(arena, (text.n < max ? text.n : max) + 1);
    size_t used = 0;

    for (size_t i = 0; out != NULL && i < text.n;) {
        size_t n = utf8_sequence((const uint8_t *)text.p + i, text.n - i);

        if (n > max - used)
            break;
        if (n > 0 && text.p[i] != '\0') {
            memcpy(out + used, text.p + i, n);
            used += n;
        }
        i += n == 0 ? 1 : n;
    }
    if (out != NULL)
        out[used] = '\0';
    return out;
}
