/* Rows are parsed, tested, ordered by a stable insertion (a thousand at most, and most are in order) and printed again. */
#include "narrow.h"

#include "ts/json.h"
#include "ts/time.h"

#define PAGE_BYTES (4u << 20)

typedef struct row {
    ts_json json;
    int64_t key; /* what it is ordered by */
} row;

typedef struct rows {
    row *list;
    size_t count;
    size_t capacity;
} rows;

bool agent_narrows(const agent_narrowing *n)
{
    return n->list != NULL && (n->count > 0 || n->sort != NULL);
}

int64_t agent_level_rank(ts_str name)
{
    static const char *const levels[] = { "informational", "low", "medium", "high", "critical" };

    for (size_t i = 0; i < TS_COUNT(levels); i++) {
        if (ts_str_ieq(name, ts_str_of(levels[i])))
            return (int64_t)i;
    }
    return ts_str_ieq(name, TS_STR_LIT("minimal")) ? 0 : -1;
}

/* ---- tests ---- */

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (unsigned char)c >= 0x80;
}

static bool has_words(ts_str text, ts_str words)
{
    for (size_t i = 0; words.n > 0 && i + words.n <= text.n; i++) {
        if (!ts_str_ieq(ts_str_n(text.p + i, words.n), words))
            continue;
        if ((i == 0 || !is_word_char(text.p[i - 1])) &&
            (i + words.n == text.n || !is_word_char(text.p[i + words.n])))
            return true;
    }
    return false;
}

static bool is_one_of(const agent_filter *f, ts_str text)
{
    for (size_t i = 0; i < f->count; i++) {
        if (f->test == AGENT_HAS_WORDS ? has_words(text, f->values[i])
                                       : ts_str_ieq(text, f->values[i]))
            return true;
    }
    return false;
}

static bool has_value(const agent_filter *f, ts_json value)
{
    ts_json inner;

    if (ts_json_type_of(value) == TS_JSON_STRING)
        return is_one_of(f, ts_json_str(value));
    if (ts_json_type_of(value) != TS_JSON_ARRAY)
        return false;
    for (ts_json_iter i = ts_json_iter_of(value); ts_json_next(&i);) {
        if (f->inner == NULL
                ? is_one_of(f, ts_json_str(i.value))
                : ts_json_get(i.value, f->inner, &inner) && is_one_of(f, ts_json_str(inner)))
            return true;
    }
    return false;
}

static int64_t amount_of(ts_json value)
{
    int64_t ms;

    if (ts_json_type_of(value) != TS_JSON_STRING)
        return ts_json_i64(value, -1);
    if (ts_time_parse(ts_json_str(value), &ms) == TS_OK)
        return ms;
    return agent_level_rank(ts_json_str(value));
}

static bool passes(const agent_filter *f, ts_json json)
{
    ts_json value = { NULL, 0 };
    bool has = ts_json_get(json, f->member, &value) && ts_json_type_of(value) != TS_JSON_NULL;
    bool is_so = false;

    switch (f->test) {
    case AGENT_EQUALS:
    case AGENT_HAS_WORDS: is_so = has && has_value(f, value); break;
    case AGENT_AT_LEAST:
    case AGENT_NOT_BEFORE: is_so = has && amount_of(value) >= f->number; break;
    case AGENT_AT_MOST: is_so = has && amount_of(value) <= f->number; break;
    case AGENT_IS_TRUE: is_so = has && ts_json_bool(value, false); break;
    case AGENT_IS_FALSE: is_so = has && !ts_json_bool(value, true); break;
    case AGENT_BEFORE: is_so = !has || amount_of(value) < f->number; break;
    }
    return is_so != f->is_negated;
}

/* ---- rows ---- */

static int64_t key_of(const agent_narrowing *n, ts_json json)
{
    ts_json value;
    int64_t key = n->sort != NULL && ts_json_get(json, n->sort, &value) ? amount_of(value) : -1;

    return n->is_ascending ? key : -key;
}

static ts_status add_row(const agent_narrowing *n, ts_arena *arena, rows *to, ts_json json)
{
    int64_t key = key_of(n, json);
    size_t at;

    for (size_t i = 0; i < n->count; i++) {
        if (!passes(&n->filters[i], json))
            return TS_OK;
    }
    if (!ts_arena_grow(arena, &to->list, to->count, &to->capacity, sizeof(*to->list)))
        return TS_NOMEM;
    for (at = to->count; n->sort != NULL && at > 0 && key < to->list[at - 1].key; at--)
        to->list[at] = to->list[at - 1];
    to->list[at] = (row){ json, key };
    to->count++;
    return TS_OK;
}

static ts_status add_page(const agent_narrowing *n, ts_arena *arena, rows *to, ts_json page)
{
    ts_json list;
    ts_status st = TS_OK;

    if (!ts_json_get(page, n->list, &list) || ts_json_type_of(list) != TS_JSON_ARRAY)
        return TS_INVALID;
    for (ts_json_iter i = ts_json_iter_of(list); st == TS_OK && ts_json_next(&i);)
        st = add_row(n, arena, to, i.value);
    return st;
}

/* ---- writing ---- */

static void put_pagination(ts_jsonw *w, size_t limit, size_t offset, size_t total, bool has_more)
{
    ts_jsonw_object(w);
    ts_jsonw_ki64(w, "limit", (int64_t)limit);
    ts_jsonw_ki64(w, "offset", (int64_t)offset);
    ts_jsonw_ki64(w, "total", (int64_t)total);
    ts_jsonw_kbool(w, "has_more", has_more);
    ts_jsonw_kz(w, "next_cursor", NULL);
    ts_jsonw_object_end(w);
}

static ts_status write_page(const agent_narrowing *n, ts_json page, const rows *found, ts_buf *out)
{
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(PAGE_BYTES);
    ts_jsonw w = ts_jsonw_on(out);
    size_t limit = n->limit > 0 ? (size_t)n->limit : AGENT_NARROW_ROWS;
    size_t first = (size_t)n->offset < found->count ? (size_t)n->offset : found->count;
    size_t end = first + limit < found->count ? first + limit : found->count;

    ts_jsonw_object(&w);
    for (ts_json_iter i = ts_json_iter_of(page); ts_json_next(&i);) {
        ts_jsonw_key_str(&w, i.name);
        if (ts_str_is(i.name, n->list)) {
            ts_jsonw_array(&w);
            for (size_t j = first; j < end; j++) {
                ts_buf_clear(&text);
                ts_json_print(found->list[j].json, &text);
                ts_jsonw_raw(&w, ts_buf_view(&text));
            }
            ts_jsonw_array_end(&w);
        } else if (ts_str_is(i.name, "pagination")) {
            put_pagination(&w, limit, (size_t)n->offset, found->count, end < found->count);
        } else {
            ts_buf_clear(&text);
            ts_json_print(i.value, &text);
            ts_jsonw_raw(&w, ts_buf_view(&text));
        }
    }
    ts_jsonw_object_end(&w);
    return ts_buf_status(&text) == TS_OK ? ts_buf_status(out) : ts_buf_status(&text);
}

ts_status agent_narrow(const agent_narrowing *n, const ts_str *pages, size_t page_count,
                       ts_arena *arena, ts_buf *out, size_t *ret_total)
{
    ts_json_parser *parsers[AGENT_NARROW_PAGES] = { NULL };
    ts_json first = { NULL, 0 };
    rows found = { .list = NULL };
    ts_status st = page_count == 0 || page_count > AGENT_NARROW_PAGES ? TS_INVALID : TS_OK;

    for (size_t i = 0; i < page_count && st == TS_OK; i++) {
        ts_json page;
        ts_error err;

        parsers[i] = ts_json_parser_new(PAGE_BYTES);
        if (parsers[i] == NULL) {
            st = TS_NOMEM;
            break;
        }
        st = ts_json_parse(parsers[i], pages[i], &page, &err);
        if (st == TS_OK)
            st = add_page(n, arena, &found, page);
        if (i == 0)
            first = page;
    }
    if (st == TS_OK)
        st = write_page(n, first, &found, out);
    *ret_total = found.count;
    for (size_t i = 0; i < TS_COUNT(parsers); i++)
        ts_json_parser_free(parsers[i]);
    return st;
}
