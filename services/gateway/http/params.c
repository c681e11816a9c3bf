/* Values of query parameters and of JSON bodies, checked against the rows of the route table. */
#include "http/route.h"

#include "ts/id.h"
#include "ts/near.h"
#include "ts/time.h"

/* The largest offset that a cursor can carry: 9 base62 digits. */
#define CURSOR_DIGITS  9
#define OFFSET_CEILING INT64_C(1000000000)

size_t http_param_count(const http_param *params)
{
    size_t count = 0;

    while (params != NULL && params[count].name != NULL)
        count++;
    return count;
}

int http_param_index(const http_param *params, ts_str name)
{
    size_t count = http_param_count(params);

    for (size_t i = 0; i < count; i++) {
        if (ts_str_is(name, params[i].name))
            return (int)i;
    }
    return -1;
}

/* Code points; the text is valid UTF-8. */
static int64_t characters(ts_str text)
{
    int64_t count = 0;

    for (size_t i = 0; i < text.n; i++)
        count += ((unsigned char)text.p[i] & 0xc0) != 0x80 ? 1 : 0;
    return count;
}

/* The next of "open|closed|all"; empty at the end. */
static ts_str next_choice(ts_str *rest)
{
    size_t end = ts_str_find(*rest, '|');
    ts_str choice = ts_str_n(rest->p, end);

    *rest = end == rest->n ? TS_STR_NULL : ts_str_n(rest->p + end + 1, rest->n - end - 1);
    return choice;
}

static bool is_choice(const char *choices, ts_str text)
{
    ts_str rest = ts_str_of(choices);

    while (rest.n > 0) {
        if (ts_str_eq(next_choice(&rest), text))
            return true;
    }
    return false;
}

/* "open|closed|all" -> "open, closed, all". */
static void spell_choices(const char *choices, char *ret, size_t size)
{
    size_t n = 0;

    for (const char *c = choices; *c != '\0' && n + 3 < size; c++) {
        ret[n++] = *c == '|' ? ',' : *c;
        if (*c == '|')
            ret[n++] = ' ';
    }
    ret[n] = '\0';
}

static ts_status not_a_choice(const http_param *row, ts_str text, ts_error *err)
{
    ts_near near = { .word = TS_STR_NULL };
    ts_str rest = ts_str_of(row->choices);
    char words[128], meant[TS_NEAR_WORDS];

    while (rest.n > 0)
        ts_near_add(&near, text, next_choice(&rest));
    ts_near_say(&near, meant);
    spell_choices(row->choices, words, sizeof(words));
    return ts_fail(err, TS_INVALID, row->name, "%s must be one of: %s%s", row->name, words, meant);
}

static ts_status bad_length(const http_param *row, ts_error *err)
{
    return ts_fail(err, TS_INVALID, row->name, "%s must have between %lld and %lld characters",
                   row->name, (long long)row->min, (long long)row->max);
}

static ts_status not_whole(const http_param *row, ts_error *err)
{
    return ts_fail(err, TS_INVALID, row->name, "%s must be a whole number from %lld to %lld",
                   row->name, (long long)row->min, (long long)row->max);
}

static bool has_nul(ts_str text)
{
    return text.n > 0 && memchr(text.p, '\0', text.n) != NULL;
}

ts_status http_email_parse(ts_arena *arena, ts_str text, ts_str *ret)
{
    size_t at = ts_str_find(text, '@');
    char *lowered;

    if (text.n > HTTP_EMAIL_MAX || at == 0 || at + 1 >= text.n)
        return TS_INVALID;
    lowered = ts_arena_alloc(arena, text.n + 1);
    if (lowered == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if ((unsigned char)c <= 0x20 || (unsigned char)c == 0x7f || (c == '@' && i != at))
            return TS_INVALID;
        lowered[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    *ret = ts_str_n(lowered, text.n);
    return TS_OK;
}

void http_cursor_format(uint64_t offset, char ret[HTTP_CURSOR_SIZE])
{
    ret[0] = 'o';
    ts_base62_u64(offset, ret + 1, CURSOR_DIGITS);
    ret[1 + CURSOR_DIGITS] = '\0';
}

ts_status http_cursor_parse(ts_str text, uint64_t *ret)
{
    uint64_t value = 0;
    ts_str position = http_cursor_position(text);

    if (text.n < 1 + CURSOR_DIGITS || text.p[0] != 'o' || position.n > HTTP_POSITION_MAX ||
        ts_base62_read(ts_str_n(text.p + 1, CURSOR_DIGITS), &value) != TS_OK ||
        value > (uint64_t)OFFSET_CEILING)
        return TS_INVALID;
    for (size_t i = 0; i < position.n; i++) {
        char c = position.p[i];

        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')))
            return TS_INVALID;
    }
    *ret = value;
    return TS_OK;
}

ts_str http_cursor_position(ts_str cursor)
{
    return cursor.n > 1 + CURSOR_DIGITS
               ? ts_str_n(cursor.p + 1 + CURSOR_DIGITS, cursor.n - 1 - CURSOR_DIGITS)
               : TS_STR_NULL;
}

static ts_status parse_time(ts_arena *arena, const http_param *row, ts_str text, int64_t *ret,
                            ts_error *err)
{
    /* "2025-01-15" */
    bool is_date = text.n == 10;

    if (is_date) {
        char *whole = ts_arena_printf(arena, "%.10sT00:00:00Z", text.p);

        if (whole == NULL)
            return TS_NOMEM;
        text = ts_str_of(whole);
    }
    if (ts_time_parse(text, ret) != TS_OK)
        return ts_fail(err, TS_INVALID, row->name,
                       "%s must be a time like 2025-01-15T10:30:00Z or a date like 2025-01-15",
                       row->name);
    return TS_OK;
}

static ts_status parse_text(const http_param *row, ts_str text, ts_error *err)
{
    int64_t length = characters(text);

    if (length < row->min || length > row->max)
        return bad_length(row, err);
    if (has_nul(text))
        return ts_fail(err, TS_INVALID, row->name, "%s must not hold a NUL", row->name);
    return TS_OK;
}

/* Text of a parameter as a value of the row's kind. */
static ts_status parse_value(const http_param *row, ts_str text, ts_arena *arena, http_value *value,
                             ts_error *err)
{
    uint64_t offset;
    ts_status st;

    switch (row->kind) {
    case HTTP_KIND_BOOL:
        if (!ts_str_is(text, "true") && !ts_str_is(text, "false"))
            return ts_fail(err, TS_INVALID, row->name, "%s must be true or false", row->name);
        value->number = ts_str_is(text, "true");
        return TS_OK;
    case HTTP_KIND_INT:
        if (ts_parse_i64(text, &value->number) != TS_OK)
            return not_whole(row, err);
        if (value->number < row->min || value->number > row->max)
            return ts_fail(err, TS_INVALID, row->name, "%s must be between %lld and %lld",
                           row->name, (long long)row->min, (long long)row->max);
        return TS_OK;
    case HTTP_KIND_ENUM:
        if (!is_choice(row->choices, text))
            return not_a_choice(row, text, err);
        value->text = text;
        return TS_OK;
    case HTTP_KIND_TEXT: value->text = text; return parse_text(row, text, err);
    case HTTP_KIND_TIME: return parse_time(arena, row, text, &value->number, err);
    case HTTP_KIND_EMAIL:
        st = http_email_parse(arena, text, &value->text);
        if (st == TS_INVALID)
            return ts_fail(err, TS_INVALID, row->name, "%s must be an e-mail address%s", row->name,
                           /* what a '+' in a query becomes */
                           ts_str_find(text, ' ') < text.n ? " (write '+' as %2B in a query)" : "");
        return st;
    case HTTP_KIND_CURSOR:
        if (http_cursor_parse(text, &offset) != TS_OK)
            return ts_fail(err, TS_INVALID, row->name,
                           "%s must be the next_cursor of an earlier answer", row->name);
        value->number = (int64_t)offset;
        value->text = http_cursor_position(text);
        return TS_OK;
    case HTTP_KIND_LIST:
    case HTTP_KIND_MAP: break;
    }
    return TS_INTERNAL; /* a LIST in a query: a mistake in the table */
}

ts_status http_values_begin(const http_param *rows, ts_arena *arena, http_value *values)
{
    size_t count = http_param_count(rows);

    for (size_t i = 0; i < count; i++) {
        ts_status st;

        values[i] = (http_value){ .given = false };
        if (rows[i].fallback == NULL)
            continue;
        st = parse_value(&rows[i], ts_str_of(rows[i].fallback), arena, &values[i], NULL);
        if (st != TS_OK)
            return st == TS_NOMEM ? TS_NOMEM : TS_INTERNAL;
    }
    return TS_OK;
}

static ts_status check_required(const http_param *rows, const http_value *values, ts_error *err)
{
    size_t count = http_param_count(rows);

    for (size_t i = 0; i < count; i++) {
        if (rows[i].required && !values[i].given)
            return ts_fail(err, TS_INVALID, rows[i].name, "%s is required: %s", rows[i].name,
                           rows[i].help);
    }
    return TS_OK;
}

/* A cursor takes the place of the offset before it. */
static ts_status apply_cursors(const http_param *rows, http_value *values, ts_error *err)
{
    size_t count = http_param_count(rows);

    for (size_t i = 1; i < count; i++) {
        if (rows[i].kind != HTTP_KIND_CURSOR || !values[i].given)
            continue;
        if (values[i - 1].given)
            return ts_fail(err, TS_INVALID, rows[i].name, "%s and %s must not stand together",
                           rows[i].name, rows[i - 1].name);
        values[i - 1].number = values[i].number;
    }
    return TS_OK;
}

ts_status http_values_end(const http_param *rows, http_value *values, ts_error *err)
{
    ts_status st = check_required(rows, values, err);

    return st == TS_OK ? apply_cursors(rows, values, err) : st;
}

static bool holds_key(ts_str text)
{
    for (; text.n >= 4; text = ts_str_n(text.p + 1, text.n - 1)) {
        if (ts_str_starts(text, TS_STR_LIT("tsk_")))
            return true;
    }
    return false;
}

static ts_status unknown_name(ts_str name, const char *what, const http_param *rows, ts_error *err)
{
    ts_near near = { .word = TS_STR_NULL };
    char known[120] = "", meant[TS_NEAR_WORDS];
    size_t n = 0;
    size_t count = http_param_count(rows);

    for (size_t i = 0; i < count; i++)
        ts_near_add(&near, name, ts_str_of(rows[i].name));
    ts_near_say(&near, meant);
    for (size_t i = 0; i < count; i++) {
        int wrote =
            snprintf(known + n, sizeof(known) - n, "%s%s", i == 0 ? "" : ", ", rows[i].name);

        if (wrote < 0 || (size_t)wrote >= sizeof(known) - n)
            break;
        n += (size_t)wrote;
    }
    /* The client's own text comes back only in `param`, cut, and inside an escaped JSON string; a key that stands in the wrong
     * place not even there: answers end up in logs. */
    if (count == 0)
        ts_error_set(err, "", "This endpoint takes no %ss.", what);
    else
        ts_error_set(err, "", "Unknown %s%s. Known here: %s", what, meant, known);
    if (err != NULL && name.n > 0 && !holds_key(name)) {
        size_t cut = name.n < sizeof(err->param) ? name.n : sizeof(err->param) - 1;

        while (cut > 0 && cut < name.n && ((unsigned char)name.p[cut] & 0xc0) == 0x80)
            cut--;
        memcpy(err->param, name.p, cut);
        err->param[cut] = '\0';
    }
    return TS_INVALID;
}

static ts_status parse_pair(const http_param *rows, ts_str pair, ts_arena *arena,
                            http_value *values, ts_error *err)
{
    size_t equals = ts_str_find(pair, '=');
    ts_str raw = equals < pair.n ? ts_str_n(pair.p + equals + 1, pair.n - equals - 1) : TS_STR_NULL;
    ts_str name, text;
    ts_status st;
    int row;

    st = http_decode(arena, ts_str_n(pair.p, equals), true, &name, err);
    if (st != TS_OK)
        return st;
    row = http_param_index(rows, name);
    if (row < 0)
        return unknown_name(name, "parameter", rows, err);
    if (values[row].given)
        return ts_fail(err, TS_INVALID, rows[row].name, "%s must not be repeated", rows[row].name);
    st = http_decode(arena, raw, true, &text, err);
    if (st != TS_OK)
        return st;
    values[row] = (http_value){ .given = true };
    return parse_value(&rows[row], text, arena, &values[row], err);
}

ts_status http_params_parse(const http_param *params, ts_str query, ts_arena *arena,
                            http_value *values, ts_error *err)
{
    ts_status st = http_values_begin(params, arena, values);

    if (st != TS_OK)
        return st;
    while (query.n > 0) {
        size_t end = ts_str_find(query, '&');

        if (end > 0) {
            st = parse_pair(params, ts_str_n(query.p, end), arena, values, err);
            if (st != TS_OK)
                return st;
        }
        query = end == query.n ? TS_STR_NULL : ts_str_n(query.p + end + 1, query.n - end - 1);
    }
    return http_values_end(params, values, err);
}

/* An array of texts, or an object whose members are texts. */
static ts_status parse_list(const http_param *row, ts_json list, ts_arena *arena, http_value *value,
                            ts_error *err)
{
    bool is_map = row->kind == HTTP_KIND_MAP;
    const char *right = is_map ? "an object of strings" : "an array of strings";
    size_t count = ts_json_count(list);

    if (ts_json_type_of(list) != (is_map ? TS_JSON_OBJECT : TS_JSON_ARRAY))
        return ts_fail(err, TS_INVALID, row->name, "%s must be %s", row->name, right);
    if (count > HTTP_LIST_MAX)
        return ts_fail(err, TS_INVALID, row->name, "%s may have at most %d %s", row->name,
                       HTTP_LIST_MAX, is_map ? "members" : "items");
    value->items = ts_arena_array(arena, count == 0 ? 1 : count, sizeof(ts_str));
    value->names = ts_arena_array(arena, count == 0 ? 1 : count, sizeof(ts_str));
    if (value->items == NULL || value->names == NULL)
        return TS_NOMEM;
    for (ts_json_iter it = ts_json_iter_of(list); ts_json_next(&it);) {
        ts_status st;

        if (ts_json_type_of(it.value) != TS_JSON_STRING)
            return ts_fail(err, TS_INVALID, row->name, "%s must be %s", row->name, right);
        if (is_map && has_nul(it.name))
            return ts_fail(err, TS_INVALID, row->name, "%s must not hold a NUL", row->name);
        value->names[value->item_count] = it.name;
        value->items[value->item_count] = ts_json_str(it.value);
        st = parse_text(row, value->items[value->item_count], err);
        if (st != TS_OK)
            return st;
        value->item_count++;
    }
    return TS_OK;
}

static ts_status parse_member(const http_param *row, ts_json member, ts_arena *arena,
                              http_value *value, ts_error *err)
{
    ts_json_type type = ts_json_type_of(member);

    *value = (http_value){ .given = true };
    switch (row->kind) {
    case HTTP_KIND_LIST:
    case HTTP_KIND_MAP: return parse_list(row, member, arena, value, err);
    case HTTP_KIND_BOOL:
        if (type != TS_JSON_BOOL)
            return ts_fail(err, TS_INVALID, row->name, "%s must be true or false", row->name);
        value->number = ts_json_bool(member, false);
        return TS_OK;
    case HTTP_KIND_INT:
        value->number = ts_json_i64(member, row->min - 1);
        if (type != TS_JSON_INT || value->number < row->min || value->number > row->max)
            return not_whole(row, err);
        return TS_OK;
    case HTTP_KIND_TIME:
        if (type == TS_JSON_NULL)
            return TS_OK; /* 0: none */
        break;
    case HTTP_KIND_ENUM:
    case HTTP_KIND_TEXT:
    case HTTP_KIND_EMAIL:
    case HTTP_KIND_CURSOR: break;
    }
    if (type != TS_JSON_STRING && row->kind == HTTP_KIND_ENUM)
        return not_a_choice(row, TS_STR_NULL, err);
    if (type != TS_JSON_STRING)
        return ts_fail(err, TS_INVALID, row->name, "%s must be a string", row->name);
    return parse_value(row, ts_json_str(member), arena, value, err);
}

ts_status http_value_set(const http_param *rows, size_t row, ts_json member, ts_arena *arena,
                         http_value *values, ts_error *err)
{
    if (values[row].given)
        return ts_fail(err, TS_INVALID, rows[row].name, "%s must not be repeated", rows[row].name);
    return parse_member(&rows[row], member, arena, &values[row], err);
}

bool http_fields_required(const http_param *fields)
{
    size_t count = http_param_count(fields);

    for (size_t i = 0; i < count; i++) {
        if (fields[i].required)
            return true;
    }
    return false;
}

ts_status http_fields_parse(const http_param *fields, ts_json body, ts_arena *arena,
                            http_value *values, ts_error *err)
{
    ts_status st = http_values_begin(fields, arena, values);

    if (st != TS_OK)
        return st;
    if (ts_json_type_of(body) != TS_JSON_OBJECT)
        return ts_fail(err, TS_INVALID, "", "The body must be a JSON object.");
    for (ts_json_iter it = ts_json_iter_of(body); ts_json_next(&it);) {
        int row = http_param_index(fields, it.name);

        if (row < 0)
            return unknown_name(it.name, "field", fields, err);
        st = http_value_set(fields, (size_t)row, it.value, arena, values, err);
        if (st != TS_OK)
            return st;
    }
    return http_values_end(fields, values, err);
}
