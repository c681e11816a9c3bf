#include "search/terms.h"

#include "ts/clean.h"

/* A character of at most two bytes folds to at most two, one of three to at most three. */

/* U+00C0..U+00FF: ' ' separates words, '2' stands in the list of pairs. */
static const char latin1[] = "aaaaaa2ceeeeiiiidnooooo ouuuuy22"
                             "aaaaaa2ceeeeiiiidnooooo ouuuuy2y";
/* U+0100..U+017F. */
static const char latin_a[] = "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii22jjkkk"
                              "llllllllllnnnnnnnnnoooooo22rrrrrrssssssssttttttuuuuuuuuuuuu"
                              "wwyyyzzzzzzs";

static const struct {
    uint32_t c;
    const char *plain;
} pairs[] = {
    { 0xc6, "ae" },  { 0xe6, "ae" },  { 0xde, "th" },  { 0xfe, "th" },  { 0xdf, "ss" },
    { 0x132, "ij" }, { 0x133, "ij" }, { 0x152, "oe" }, { 0x153, "oe" },
};

/* Letters with two marks, or with marks that are used in few languages. */
static const struct {
    uint32_t first, last;
    char plain;
} marked[] = {
    { 0x1a0, 0x1a1, 'o' },   { 0x1af, 0x1b0, 'u' },   { 0x218, 0x219, 's' },
    { 0x21a, 0x21b, 't' },   { 0x1ea0, 0x1eb7, 'a' }, { 0x1eb8, 0x1ec7, 'e' },
    { 0x1ec8, 0x1ecb, 'i' }, { 0x1ecc, 0x1ee3, 'o' }, { 0x1ee4, 0x1ef1, 'u' },
    { 0x1ef2, 0x1ef9, 'y' },
};

static size_t length_at(ts_str text, size_t at)
{
    uint8_t c = (uint8_t)text.p[at];
    size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

    return n < text.n - at ? n : text.n - at;
}

static uint32_t decode(const char *p, size_t n)
{
    uint32_t c = n == 1 ? (uint8_t)p[0] : (uint8_t)p[0] & (0xffu >> (n + 1));

    for (size_t i = 1; i < n; i++)
        c = c << 6 | ((uint8_t)p[i] & 0x3f);
    return c;
}

/* Letters of which lower case is a fixed step away; both are of two bytes. */
static uint32_t lower(uint32_t c)
{
    if ((c >= 0x391 && c <= 0x3a9) || (c >= 0x410 && c <= 0x42f))
        return c + 0x20;
    return c >= 0x400 && c <= 0x40f ? c + 0x50 : c;
}

static size_t put_plain(char *out, char plain, uint32_t c)
{
    if (plain != '2') {
        out[0] = plain;
        return 1;
    }
    for (size_t i = 0; i < TS_COUNT(pairs); i++) {
        if (pairs[i].c == c) {
            memcpy(out, pairs[i].plain, 2);
            return 2;
        }
    }
    return 0;
}

static bool is_mark_or_space(uint32_t c, size_t *ret, char *out)
{
    *ret = 0;
    if (c >= 0x300 && c <= 0x36f)
        return true; /* a combining mark: its letter has been written */
    if (c == 0xa0 || (c >= 0x2000 && c <= 0x206f) || c == 0x3000) {
        out[0] = ' ';
        *ret = 1;
        return true;
    }
    return false;
}

/* One character of n bytes, folded; the bytes written, at most n. */
static size_t fold(const char *p, size_t n, char *out)
{
    uint32_t c = decode(p, n);
    size_t wrote;

    if (n == 1) {
        out[0] = p[0] >= 'A' && p[0] <= 'Z' ? (char)(p[0] - 'A' + 'a') : p[0];
        return 1;
    }
    if (c >= 0xc0 && c <= 0xff)
        return put_plain(out, latin1[c - 0xc0], c);
    if (c >= 0x100 && c <= 0x17f)
        return put_plain(out, latin_a[c - 0x100], c);
    for (size_t i = 0; i < TS_COUNT(marked); i++) {
        if (c >= marked[i].first && c <= marked[i].last)
            return put_plain(out, marked[i].plain, c);
    }
    if (is_mark_or_space(c, &wrote, out))
        return wrote;
    if (lower(c) != c) {
        c = lower(c);
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    memcpy(out, p, n);
    return n;
}

ts_str search_fold(ts_arena *arena, ts_str text)
{
    char *out = ts_arena_alloc(arena, text.n + 1);
    size_t used = 0;

    if (out == NULL)
        return TS_STR_NULL;
    for (size_t i = 0; i < text.n;) {
        size_t n = length_at(text, i);

        used += fold(text.p + i, n, out + used);
        i += n;
    }
    return ts_str_n(out, used);
}

size_t search_characters(ts_str text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.n; i += length_at(text, i))
        count++;
    return count;
}

/* The first `characters` characters, at most SEARCH_TERM_MAX bytes. */
static ts_str front(ts_str text, size_t characters)
{
    size_t n = 0;

    for (size_t i = 0; i < characters && n < text.n; i++) {
        size_t step = length_at(text, n);

        if (step > SEARCH_TERM_MAX - n)
            break;
        n += step;
    }
    return ts_str_n(text.p, n);
}

static bool separates(char c)
{
    return (uint8_t)c < 0x80 && !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'));
}

/* The next word of a folded text; empty at its end. */
static ts_str next_word(ts_str *rest)
{
    size_t from = 0, until;

    while (from < rest->n && separates(rest->p[from]))
        from++;
    until = from;
    while (until < rest->n && !separates(rest->p[until]))
        until++;
    if (rest->n > 0) {
        ts_str word = ts_str_n(rest->p + from, until - from);

        *rest = ts_str_n(rest->p + until, rest->n - until);
        return front(word, SEARCH_TERM_MAX);
    }
    return TS_STR_NULL;
}

static bool add(ts_arena *arena, search_terms *t, char kind, ts_str text)
{
    if (!ts_arena_grow(arena, &t->list, t->count, &t->capacity, sizeof(*t->list)))
        return false;
    t->list[t->count++] = (search_term){ kind, text };
    return true;
}

/* A word or an end: its front, and all of it if there is more. */
static bool add_long(ts_arena *arena, search_terms *t, char front_kind, char kind, ts_str text)
{
    ts_str begin = front(text, SEARCH_FRONT);

    return add(arena, t, front_kind, begin) &&
           (begin.n == text.n || add(arena, t, kind, front(text, SEARCH_TERM_MAX)));
}

static bool add_starts(ts_arena *arena, search_terms *t, ts_str text)
{
    for (size_t n = 1; n <= SEARCH_SHORT; n++) {
        if (!add(arena, t, SEARCH_START, front(text, n)))
            return false;
    }
    return true;
}

static bool add_words(ts_arena *arena, search_terms *t, ts_str text)
{
    ts_str rest = search_fold(arena, text);

    if (rest.p == NULL)
        return false;
    for (size_t i = 0; i < SEARCH_WORDS_MAX; i++) {
        ts_str word = next_word(&rest);

        if (word.n == 0)
            break;
        if (!add_long(arena, t, SEARCH_WORD_FRONT, SEARCH_WORD, word) ||
            !add_starts(arena, t, word))
            return false;
    }
    return true;
}

ts_status search_terms_of(ts_arena *arena, ts_str name, ts_str department, ts_str email,
                          search_terms *ret)
{
    ts_str address = search_fold(arena, email);
    const char *seen_name = ts_clean(arena, name, name.n);
    const char *seen_department = ts_clean(arena, department, department.n);
    size_t at;

    *ret = (search_terms){ .count = 0 };
    if (address.p == NULL || seen_name == NULL || seen_department == NULL)
        return TS_NOMEM;
    if (!add_words(arena, ret, ts_str_of(seen_name)) ||
        !add_words(arena, ret, ts_str_of(seen_department)) ||
        (address.n > 0 && !add_starts(arena, ret, address)))
        return TS_NOMEM;
    at = ts_str_find(address, '@');
    for (size_t i = 0; i + SEARCH_SHORT < address.n; i += length_at(address, i)) {
        ts_str end = ts_str_n(address.p + i, address.n - i);

        if (i < at ? !add(arena, ret, SEARCH_END_FRONT, front(end, SEARCH_FRONT))
                   : !add_long(arena, ret, SEARCH_END_FRONT, SEARCH_END, end))
            return TS_NOMEM;
    }
    return TS_OK;
}

ts_status search_parse(ts_arena *arena, ts_str query, search_part **ret, size_t *ret_count,
                       ts_error *err)
{
    search_part *parts = ts_arena_array(arena, SEARCH_PARTS_MAX, sizeof(*parts));
    ts_str rest = search_fold(arena, query);
    size_t count = 0;

    if (parts == NULL || rest.p == NULL)
        return TS_NOMEM;
    for (rest = ts_str_trim(rest); rest.n > 0; rest = ts_str_trim(rest)) {
        size_t end = 0;
        ts_str words;

        while (end < rest.n && (uint8_t)rest.p[end] > ' ')
            end++;
        if (count == SEARCH_PARTS_MAX)
            return ts_fail(err, TS_INVALID, "query", "query may have at most %d words",
                           SEARCH_PARTS_MAX);
        if (end == 0) {
            rest = ts_str_n(rest.p + 1, rest.n - 1); /* a control character */
            continue;
        }
        words = ts_str_n(rest.p, end);
        parts[count].address = words;
        while (parts[count].word_count < SEARCH_WORDS_MAX) {
            ts_str word = next_word(&words);

            if (word.n == 0)
                break;
            parts[count].words[parts[count].word_count++] = word;
        }
        count++;
        rest = ts_str_n(rest.p + end, rest.n - end);
    }
    *ret = parts;
    *ret_count = count;
    return TS_OK;
}
