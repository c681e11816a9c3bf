/* Two passes. The first copies the question without what cannot be seen and with one form for what looks the same at once
 * (wide and mathematical letters, kinds of spaces, quotes and dashes). The second cuts it into tokens, literals first, so that
 * no later step can take an address or an id for words. */
#include "text.h"

#include "chars.h"
#include "dates.h"
#include "literals.h"

typedef struct reader {
    ts_str text; /* clean */
    size_t at;
    const agent_folds *folds;
    ts_arena *arena;
    agent_text *out;
} reader;

/* ---- first pass ---- */

static ts_status clean(reader *r, ts_str text, ts_error *err)
{
    /* "at least" and "at most" signs become two characters of three bytes: never more bytes than before. */
    char *to = ts_arena_alloc(r->arena, text.n + 1);
    size_t chars = 0;
    size_t n = 0;

    if (to == NULL)
        return ts_fail(err, TS_NOMEM, "query", "out of memory");
    for (size_t at = 0; at < text.n; chars++) {
        uint32_t code = agent_code_at(text, &at);

        if (code == 0x2264 || code == 0x2265) {
            to[n++] = code == 0x2264 ? '<' : '>';
            to[n++] = '=';
            continue;
        }
        code = agent_tidy(code);
        if (code == ' ' && n > 0 && to[n - 1] == ' ')
            continue;
        if (code == AGENT_DROPPED)
            r->out->hidden++;
        else
            n += agent_put_code(to + n, code);
    }
    if (chars > AGENT_CHARS_MAX)
        return ts_fail(err, TS_TOO_LARGE, "query", "query may have %u characters", AGENT_CHARS_MAX);
    r->text = ts_str_n(to, n);
    r->out->clean = r->text;
    return TS_OK;
}

static const agent_fold *fold_of(const agent_folds *folds, uint32_t c)
{
    size_t low = 0;
    size_t high = folds == NULL ? 0 : folds->count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (folds->list[middle].code == c)
            return &folds->list[middle];
        if (folds->list[middle].code < c)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* `raw` in small letters; accents go, and with `likeness` other alphabets' letters that look Latin are read so. Without
 * apostrophes. */
static ts_str normal(reader *r, ts_str raw, bool likeness)
{
    char *to = ts_arena_alloc(r->arena, raw.n * 2 + 4);
    size_t n = 0;

    if (to == NULL)
        return TS_STR_NULL;
    for (size_t at = 0; at < raw.n;) {
        uint32_t c = agent_lower(agent_code_at(raw, &at));
        const agent_fold *fold = c < 0x80 ? NULL : fold_of(r->folds, c);

        if (agent_is_mark(c) || c == '\'')
            continue;
        if (fold != NULL && (likeness || !fold->is_lookalike)) {
            size_t length = strlen(fold->to);

            memcpy(to + n, fold->to, length);
            n += length;
        } else {
            n += agent_put_code(to + n, c);
        }
    }
    return ts_str_n(to, n);
}

/* ---- second pass ---- */

static uint32_t peek(const reader *r, size_t at)
{
    return at < r->text.n ? agent_code_at(r->text, &at) : 0;
}

static agent_token *add(reader *r, agent_token_kind kind, size_t from, size_t to)
{
    agent_token *t;

    if (r->out->count == AGENT_TOKENS_MAX)
        return NULL;
    t = &r->out->tokens[r->out->count++];
    t->kind = kind;
    t->raw = ts_str_n(r->text.p + from, to - from);
    t->norm = t->raw;
    t->skeleton = t->raw;
    r->at = to;
    return t;
}

/* The run of characters that are no spaces, without the punctuation that a sentence puts behind it. */
static ts_str run_at(const reader *r)
{
    size_t end = r->at;

    while (end < r->text.n && strchr(" \n\"(),;<>", r->text.p[end]) == NULL)
        end++;
    while (end > r->at && strchr(".!?:'", r->text.p[end - 1]) != NULL)
        end--;
    if (end > r->at + 2 && r->text.p[end - 2] == '\'' && (r->text.p[end - 1] | 0x20) == 's')
        end -= 2;
    return ts_str_n(r->text.p + r->at, end - r->at);
}

static bool read_date(reader *r, ts_str run)
{
    agent_date_text date;
    agent_token *t;

    if (run.n < 6 || !agent_is_digit((unsigned char)run.p[0]) || !agent_date_read(run, &date))
        return false;
    t = add(r, date.is_unsure ? AGENT_DATE_UNSURE : AGENT_DATE, r->at, r->at + run.n);
    if (t != NULL)
        t->norm = ts_arena_str(r->arena, ts_str_of(date.text));
    return true;
}

/* 02/03: day and month without a year, in an order that nobody can know. */
static bool read_short_date(reader *r, ts_str run)
{
    size_t stroke = ts_str_find(run, '/');
    int64_t a;
    int64_t b;

    if (run.n > 5 || stroke == run.n || ts_parse_i64(ts_str_n(run.p, stroke), &a) != TS_OK ||
        ts_parse_i64(ts_str_n(run.p + stroke + 1, run.n - stroke - 1), &b) != TS_OK || a < 1 ||
        b < 1 || a > 12 || b > 12 || a == b)
        return false;
    add(r, AGENT_DATE_UNSURE, r->at, r->at + run.n);
    return true;
}

/* "dana@acme.example's": the possessive stands apart, as behind words. */
static void read_possessive(reader *r)
{
    agent_token *t;

    if (r->at + 2 > r->text.n || r->text.p[r->at] != '\'' || (r->text.p[r->at + 1] | 0x20) != 's' ||
        agent_is_letter(peek(r, r->at + 2)))
        return;
    r->out->tokens[r->out->count - 1].is_possessive = true;
    t = add(r, AGENT_WORD, r->at, r->at + 2);
    if (t != NULL)
        t->norm = t->skeleton = TS_STR_LIT("'s");
}

static bool read_literal(reader *r)
{
    ts_str run = run_at(r);
    bool is_incident = false;
    size_t n;

    if (run.n < 3)
        return false;
    if (agent_is_url(run)) {
        add(r, AGENT_URL, r->at, r->at + run.n);
        return true;
    }
    if (agent_is_address(run)) {
        if (add(r, AGENT_EMAIL, r->at, r->at + run.n) != NULL)
            read_possessive(r);
        return true;
    }
    if (agent_is_ip(run)) {
        add(r, AGENT_IP, r->at, r->at + run.n);
        return true;
    }
    if (read_date(r, run) || read_short_date(r, run))
        return true;
    n = agent_id_length(run, &is_incident);
    if (n > 0) {
        if (add(r, is_incident ? AGENT_INCIDENT : AGENT_ID, r->at, r->at + n) != NULL)
            read_possessive(r);
        return true;
    }
    return false;
}

static void read_hash(reader *r)
{
    size_t end = r->at + 1;

    while (end < r->text.n && agent_is_digit((unsigned char)r->text.p[end]))
        end++;
    if (end == r->at + 1) {
        r->at++;
        return;
    }
    r->at++;
    add(r, AGENT_INCIDENT, r->at, end);
}

/* 1,000 and 7.5 and 24h and 3rd. */
static void read_number(reader *r)
{
    size_t start = r->at;
    size_t end = start;
    bool has_mark = false;
    agent_token *t;
    size_t n = 0;
    char *to;

    while (end < r->text.n &&
           (agent_is_digit((unsigned char)r->text.p[end]) ||
            ((r->text.p[end] == ',' || r->text.p[end] == '.') && agent_is_digit(peek(r, end + 1)))))
        end++;
    t = add(r, AGENT_NUMBER, start, end);
    if (t == NULL)
        return;
    to = ts_arena_alloc(r->arena, end - start + 1);
    if (to == NULL)
        return;
    for (size_t i = start; i < end; i++) {
        has_mark = has_mark || !agent_is_digit((unsigned char)r->text.p[i]);
        if (r->text.p[i] != ',')
            to[n++] = r->text.p[i];
    }
    t->norm = ts_str_n(to, n);
    if (n == 4 && !has_mark && ts_str_cmp(t->norm, TS_STR_LIT("1990")) >= 0 &&
        ts_str_cmp(t->norm, TS_STR_LIT("2099")) <= 0)
        t->kind = AGENT_YEAR;
    if (end + 1 < r->text.n && !agent_is_letter(peek(r, end + 2))) {
        static const char *const nth[] = { "st", "nd", "rd", "th" };
        ts_str two = ts_str_n(r->text.p + end, 2);

        for (size_t i = 0; i < TS_COUNT(nth); i++) {
            if (ts_str_ieq(two, ts_str_of(nth[i]))) {
                t->kind = AGENT_NTH;
                r->at = end + 2;
            }
        }
    }
    t->skeleton = t->norm;
    if (r->at < r->text.n && r->text.p[r->at] == '%')
        r->at++;
}

/* End of the word at `at`: letters, digits, and between them & . ' */
static size_t word_end(const reader *r, bool *ret_dotted)
{
    size_t end = r->at;

    *ret_dotted = false;
    while (end < r->text.n) {
        size_t next = end;
        uint32_t c = agent_code_at(r->text, &next);
        uint32_t after = peek(r, next);

        if (agent_is_letter(c) || agent_is_digit(c) || agent_is_mark(c)) {
            if (end > r->at && agent_stands_alone(c))
                break;
            end = next;
            if (agent_stands_alone(c))
                break;
            continue;
        }
        if (end == r->at || !(agent_is_letter(after) || agent_is_digit(after)) ||
            agent_stands_alone(after))
            break;
        if (c == '.' &&
            (!agent_is_upper(after) || agent_is_upper((unsigned char)r->text.p[end - 1])))
            *ret_dotted = true;
        else if (c != '\'' && c != '&')
            break;
        end = next;
    }
    return end;
}

static void describe(reader *r, agent_token *t)
{
    unsigned upper = 0;
    unsigned letters = 0;
    bool has_ascii = false;
    bool has_other = false;

    for (size_t at = 0; at < t->raw.n;) {
        uint32_t c = agent_code_at(t->raw, &at);

        if (!agent_is_letter(c))
            continue;
        if (letters == 0)
            t->is_capital = agent_is_upper(c);
        letters++;
        upper += agent_is_upper(c);
        has_ascii = has_ascii || c < 0x80;
        has_other = has_other || (c >= 0x370 && !agent_stands_alone(c));
        if (!agent_is_upper(c))
            r->out->is_shouted = false;
    }
    t->is_upper = letters >= 2 && upper == letters;
    t->is_mixed = has_ascii && has_other;
    t->norm = normal(r, t->raw, t->is_mixed);
    t->skeleton = t->is_mixed || !has_other ? t->norm : normal(r, t->raw, true);
}

/* A dotted word keeps together as domain, permission or dotted name; "p.s." and the like were cut before. */
static void read_word(reader *r)
{
    bool is_dotted = false;
    size_t end = word_end(r, &is_dotted);
    size_t stem = end;
    agent_token *t;

    /* A domain may have hyphens: take them in if a dot follows in the same run. */
    if (!is_dotted || (end < r->text.n && r->text.p[end] == '-')) {
        ts_str run = run_at(r);
        size_t dot = ts_str_find(run, '.');
        bool is_host = dot > 0 && dot < run.n && ts_str_find(run, '-') < dot;

        for (size_t i = 0; i < run.n && is_host; i++)
            is_host = agent_is_ascii_letter((unsigned char)run.p[i]) ||
                      agent_is_digit((unsigned char)run.p[i]) || run.p[i] == '-' || run.p[i] == '.';
        if (is_host) {
            end = r->at + run.n;
            stem = end;
            is_dotted = true;
        }
    }
    if (!is_dotted && end - r->at > 2 && r->text.p[end - 2] == '\'' &&
        (r->text.p[end - 1] | 0x20) == 's')
        stem = end - 2;
    t = add(r, is_dotted ? AGENT_DOTTED : AGENT_WORD, r->at, stem);
    if (t == NULL)
        return;
    describe(r, t);
    if (stem != end) {
        t->is_possessive = true;
        t = add(r, AGENT_WORD, stem, end);
        if (t != NULL)
            t->norm = t->skeleton = TS_STR_LIT("'s");
    } else if (end < r->text.n && r->text.p[end] == '\'' && end > 0 &&
               (r->text.p[end - 1] | 0x20) == 's') {
        t->is_possessive = true;
        r->at = end + 1;
    }
}

/* 1gn0re: digits that stand for letters, told from 24h by a digit behind letters. */
static bool is_leet(const reader *r)
{
    size_t at = r->at;
    size_t letters = 0;

    while (at < r->text.n && agent_is_digit((unsigned char)r->text.p[at]))
        at++;
    while (at < r->text.n && agent_is_ascii_letter((unsigned char)r->text.p[at])) {
        at++;
        letters++;
    }
    return letters > 0 && at + 1 < r->text.n && agent_is_digit((unsigned char)r->text.p[at]) &&
           agent_is_ascii_letter((unsigned char)r->text.p[at + 1]);
}

static bool read_quote(reader *r)
{
    char mark = r->text.p[r->at];
    size_t end = r->at + 1;
    agent_token *t;

    while (end < r->text.n && r->text.p[end] != '\n') {
        /* A single quotation mark closes only at the end of a word. */
        if (r->text.p[end] == mark && (mark == '"' || !agent_is_letter(peek(r, end + 1))))
            break;
        end++;
    }
    if (end >= r->text.n || r->text.p[end] != mark || end == r->at + 1) {
        r->at++;
        return false;
    }
    t = add(r, AGENT_OPEN, r->at, r->at + 1);
    if (t != NULL)
        t->raw = ts_str_n(r->text.p + r->at,
                          end - r->at); /* up to the partner; `at` is behind the mark */
    return true;
}

static bool is_boundary_before(const reader *r)
{
    return r->at == 0 || strchr(" \n\"(,;:-/", r->text.p[r->at - 1]) != NULL;
}

static void read_sign(reader *r, uint32_t c)
{
    static const char *const ends = ".;?!\n():|{}[]";

    if (c == '-' && peek(r, r->at + 1) == '-') {
        add(r, AGENT_END, r->at, r->at + 2);
    } else if (c == ',') {
        add(r, AGENT_COMMA, r->at, r->at + 1);
    } else if (c < 0x80 && strchr(ends, (int)c) != NULL) {
        add(r, AGENT_END, r->at, r->at + 1);
    } else if (c == '>' || c == '<') {
        add(r, AGENT_WORD, r->at, r->at + (peek(r, r->at + 1) == '=' ? 2 : 1));
    } else if (c == '+' || c == '=' || c == '/' || c == '&') {
        add(r, AGENT_WORD, r->at, r->at + 1);
    } else {
        size_t next = r->at;

        (void)agent_code_at(r->text, &next);
        r->at = next;
    }
}

/* Where the marks of AGENT_OPEN tokens end. */
static void pair_quotes(agent_text *text)
{
    for (size_t i = 0; i < text->count; i++) {
        agent_token *open = &text->tokens[i];
        const char *end = open->raw.p + open->raw.n;
        size_t j = i + 1;

        if (open->kind != AGENT_OPEN)
            continue;
        while (j < text->count && text->tokens[j].raw.p < end)
            j++;
        open->partner = (uint32_t)j;
    }
}

static void read_token(reader *r)
{
    uint32_t c = peek(r, r->at);

    if (c == ' ') {
        r->at++;
        return;
    }
    if (c == '"' || (c == '\'' && is_boundary_before(r))) {
        (void)read_quote(r);
        return;
    }
    if (is_boundary_before(r) && (c < 0x80 || agent_is_letter(c)) && read_literal(r))
        return;
    if (c == '#')
        read_hash(r);
    else if (agent_is_digit(c) && is_leet(r))
        read_word(r);
    else if (agent_is_digit(c))
        read_number(r);
    else if (agent_is_letter(c))
        read_word(r);
    else
        read_sign(r, c);
}

ts_status agent_text_read(ts_str text, const agent_folds *folds, ts_arena *arena, agent_text *ret,
                          ts_error *err)
{
    reader r = { .folds = folds, .arena = arena, .out = ret };
    ts_status st;

    if (!ts_utf8_valid(text))
        return ts_fail(err, TS_INVALID, "query", "query must be valid UTF-8");
    if (text.n > AGENT_BYTES_MAX)
        return ts_fail(err, TS_TOO_LARGE, "query", "query may have %u characters", AGENT_CHARS_MAX);
    *ret = (agent_text){ .is_shouted = true };
    st = clean(&r, text, err);
    if (st != TS_OK)
        return st;
    ret->tokens =
        ts_arena_array(arena, r.text.n + 1 < AGENT_TOKENS_MAX ? r.text.n + 1 : AGENT_TOKENS_MAX,
                       sizeof(*ret->tokens));
    if (ret->tokens == NULL)
        return ts_fail(err, TS_NOMEM, "query", "out of memory");
    while (r.at < r.text.n && ret->count < AGENT_TOKENS_MAX)
        read_token(&r);
    pair_quotes(ret);
    for (size_t i = 0; i < ret->count; i++) {
        if (ret->tokens[i].norm.p == NULL || ret->tokens[i].skeleton.p == NULL)
            return ts_fail(err, TS_NOMEM, "query", "out of memory");
    }
    return TS_OK;
}
