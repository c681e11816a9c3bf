#include "detect/sigma/pattern.h"

#define ANY 0x100 /* '*' */
#define ONE 0x101 /* '?' */

static uint8_t fold(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static uint16_t *room(ts_str value, ts_arena *arena, ts_error *err, ts_status *ret)
{
    uint16_t *units;

    if (value.n > SIGMA_PATTERN_MAX) {
        *ret = ts_fail(err, TS_TOO_LARGE, "", "a value may have %d bytes", SIGMA_PATTERN_MAX);
        return NULL;
    }
    units = ts_arena_array(arena, value.n + 2, sizeof(*units));
    *ret = units == NULL ? TS_NOMEM : TS_OK;
    return units;
}

static bool is_special(char c)
{
    return c == '*' || c == '?' || c == '\\';
}

static void add_any(uint16_t *units, size_t *count)
{
    if (*count == 0 || units[*count - 1] != ANY)
        units[(*count)++] = ANY;
}

ts_status sigma_pattern_compile(ts_str value, sigma_anchor anchor, bool cased, ts_arena *arena,
                                sigma_pattern *ret, ts_error *err)
{
    ts_status st;
    uint16_t *units = room(value, arena, err, &st);
    size_t count = 0;

    if (units == NULL)
        return st;
    if (anchor == SIGMA_CONTAINS || anchor == SIGMA_ENDS)
        add_any(units, &count);
    for (size_t i = 0; i < value.n; i++) {
        char c = value.p[i];

        if (c == '*') {
            add_any(units, &count);
            continue;
        }
        if (c == '?') {
            units[count++] = ONE;
            continue;
        }
        /* A backslash that guards nothing is a backslash: Windows paths are written plainly. */
        if (c == '\\' && i + 1 < value.n && is_special(value.p[i + 1]))
            c = value.p[++i];
        units[count++] = cased ? (uint8_t)c : fold((uint8_t)c);
    }
    if (anchor == SIGMA_CONTAINS || anchor == SIGMA_STARTS)
        add_any(units, &count);
    *ret = (sigma_pattern){ .units = units, .count = count, .cased = cased };
    return TS_OK;
}

/* Bytes of the character at `at`: '?' stands for a character, not for a byte of one. */
static size_t character(ts_str text, size_t at)
{
    size_t n = 1;

    while (at + n < text.n && n < 4 && ((uint8_t)text.p[at + n] & 0xc0) == 0x80)
        n++;
    return n;
}

/* Greedy with one point of return: the last '*' is the only one worth going back to. */
bool sigma_pattern_matches(const sigma_pattern *p, ts_str text)
{
    size_t unit = 0, at = 0;
    size_t back_unit = SIZE_MAX, back_at = 0;

    while (at < text.n) {
        if (unit < p->count && p->units[unit] == ANY) {
            back_unit = ++unit;
            back_at = at;
            if (unit == p->count)
                return true;
            continue;
        }
        if (unit < p->count && p->units[unit] == ONE) {
            unit++;
            at += character(text, at);
            continue;
        }
        if (unit < p->count &&
            p->units[unit] == (p->cased ? (uint8_t)text.p[at] : fold((uint8_t)text.p[at]))) {
            unit++;
            at++;
            continue;
        }
        if (back_unit == SIZE_MAX)
            return false;
        unit = back_unit;
        at = ++back_at;
    }
    while (unit < p->count && p->units[unit] == ANY)
        unit++;
    return unit == p->count;
}
