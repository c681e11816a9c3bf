/* A walk over the grammar of RFC 8259, done once a text is known to be wrong. What may come next is one of a few things;
 * which containers are open is a bit for each level. */
#include "where.h"

#include "ts/json.h"

typedef enum next {
    NEXT_VALUE,
    NEXT_VALUE_OR_END, /* just behind '[' */
    NEXT_NAME,
    NEXT_NAME_OR_END, /* just behind '{' */
    NEXT_COLON,
    NEXT_COMMA_OR_END,
    NEXT_NOTHING,
} next;

typedef struct walk {
    const char *p;
    size_t n;
    size_t at;
    uint64_t objects; /* bit i: the container at depth i + 1 is an object */
    size_t depth;
} walk;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* The byte at hand; NUL, which is right nowhere, behind the end. */
static char here(const walk *w)
{
    return w->at < w->n ? w->p[w->at] : '\0';
}

static bool skip_text(walk *w, const char *text)
{
    for (; *text != '\0'; text++, w->at++) {
        if (here(w) != *text)
            return false;
    }
    return true;
}

static bool skip_digits(walk *w)
{
    if (!is_digit(here(w)))
        return false;
    while (is_digit(here(w)))
        w->at++;
    return true;
}

static bool skip_number(walk *w)
{
    if (here(w) == '-')
        w->at++;
    if (here(w) == '0')
        w->at++;
    else if (!skip_digits(w))
        return false;
    if (here(w) == '.') {
        w->at++;
        if (!skip_digits(w))
            return false;
    }
    if (here(w) != 'e' && here(w) != 'E')
        return true;
    w->at++;
    if (here(w) == '+' || here(w) == '-')
        w->at++;
    return skip_digits(w);
}

static bool skip_escape(walk *w)
{
    if (here(w) != 'u') {
        if (here(w) == '\0' || strchr("\"\\/bfnrt", here(w)) == NULL)
            return false;
        w->at++;
        return true;
    }
    w->at++;
    for (int i = 0; i < 4; i++, w->at++) {
        if (!is_hex(here(w)))
            return false;
    }
    return true;
}

static bool skip_string(walk *w)
{
    if (here(w) != '"')
        return false;
    w->at++;
    while (here(w) != '"') {
        if ((unsigned char)here(w) < 0x20)
            return false;
        if (w->p[w->at++] == '\\' && !skip_escape(w))
            return false;
    }
    w->at++;
    return true;
}

static next after_value(const walk *w)
{
    return w->depth == 0 ? NEXT_NOTHING : NEXT_COMMA_OR_END;
}

static bool open(walk *w, bool is_object, next *ret)
{
    if (w->depth == TS_JSON_DEPTH)
        return false;
    if (is_object)
        w->objects |= UINT64_C(1) << w->depth;
    else
        w->objects &= ~(UINT64_C(1) << w->depth);
    w->depth++;
    w->at++;
    *ret = is_object ? NEXT_NAME_OR_END : NEXT_VALUE_OR_END;
    return true;
}

static bool skip_value(walk *w, next *ret)
{
    bool is_right;

    switch (here(w)) {
    case '{': return open(w, true, ret);
    case '[': return open(w, false, ret);
    case '"': is_right = skip_string(w); break;
    case 't': is_right = skip_text(w, "true"); break;
    case 'f': is_right = skip_text(w, "false"); break;
    case 'n': is_right = skip_text(w, "null"); break;
    default: is_right = skip_number(w);
    }
    *ret = after_value(w);
    return is_right;
}

static bool in_object(const walk *w)
{
    return w->depth > 0 && (w->objects >> (w->depth - 1) & 1) != 0;
}

/* Closes the container at hand, if that is what stands here. */
static bool close(walk *w, next *ret)
{
    if (w->depth == 0 || here(w) != (in_object(w) ? '}' : ']'))
        return false;
    w->at++;
    w->depth--;
    *ret = after_value(w);
    return true;
}

static bool step(walk *w, next *expected)
{
    switch (*expected) {
    case NEXT_VALUE_OR_END: return close(w, expected) || skip_value(w, expected);
    case NEXT_VALUE: return skip_value(w, expected);
    case NEXT_NAME_OR_END:
        if (close(w, expected))
            return true;
        *expected = NEXT_COLON;
        return skip_string(w);
    case NEXT_NAME: *expected = NEXT_COLON; return skip_string(w);
    case NEXT_COLON: *expected = NEXT_VALUE; return skip_text(w, ":");
    case NEXT_COMMA_OR_END:
        if (close(w, expected))
            return true;
        *expected = in_object(w) ? NEXT_NAME : NEXT_VALUE;
        return skip_text(w, ",");
    case NEXT_NOTHING: break;
    }
    return false;
}

bool ts_json_where(ts_str text, size_t *ret)
{
    walk w = { .p = text.p, .n = text.n };
    next expected = NEXT_VALUE;

    for (;;) {
        while (here(&w) != '\0' && strchr(" \t\r\n", here(&w)) != NULL)
            w.at++;
        if (expected == NEXT_NOTHING && w.at == w.n)
            return false;
        if (!step(&w, &expected)) {
            *ret = w.at;
            return true;
        }
    }
}
