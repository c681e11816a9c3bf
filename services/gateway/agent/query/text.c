/* Two passes. The first copies the question without what cannot be seen and with one form for what looks the same at once
 * (wide and mathematical letters, kinds of spaces, quotes and dashes). The second cuts it into tokens, literals first, so that
 * no later step can take an address or an id for words. */
#include "text.h"

#include "dates.h"

typedef struct reader {
    ts_str text; /* clean */
    size_t at;
    const agent_folds *folds;
    ts_arena *arena;
    agent_text *out;
} reader;

uint32_t agent_code_at(ts_str text, size_t *at)
{
    const unsigned char *p = (const unsigned char *)text.p + *at;
    size_t left = text.n - *at;
    uint32_t code;
    size_t n;

    if (left == 0)
        return 0;
    if (p[0] < 0x80) {
        *at += 1;
        return p[0];
    }
    n = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
    if (n > left) { /* not in valid text */
        *at = text.n;
        return 0xFFFD;
    }
    code = p[0] & (0xFFu >> (n + 1));
    for (size_t i = 1; i < n; i++)
        code = (code << 6) | (p[i] & 0x3Fu);
    *at += n;
    return code;
}

static size_t put_code(char *to, uint32_t code)
{
    if (code < 0x80) {
        to[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        to[0] = (char)(0xC0 | (code >> 6));
        to[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        to[0] = (char)(0xE0 | (code >> 12));
        to[1] = (char)(0x80 | ((code >> 6) & 0x3F));
        to[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    to[0] = (char)(0xF0 | (code >> 18));
    to[1] = (char)(0x80 | ((code >> 12) & 0x3F));
    to[2] = (char)(0x80 | ((code >> 6) & 0x3F));
    to[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}

/* ---- first pass ---- */

typedef struct range {
    uint32_t first;
    uint32_t last;
    uint32_t to; /* what each becomes; 0: nothing */
} range;

#define DROPPED 0u

/* Sorted. Default-ignorable characters (Unicode, DerivedCoreProperties) are dropped. */
static const range singles[] = {
    { 0x00A0, 0x00A0, ' ' },       { 0x00A1, 0x00A1, '!' },     { 0x00AB, 0x00AB, '"' },
    { 0x00AD, 0x00AD, DROPPED },   { 0x00B4, 0x00B4, '\'' },    { 0x00B7, 0x00B7, ' ' },
    { 0x00BB, 0x00BB, '"' },       { 0x00BF, 0x00BF, '?' },     { 0x02B9, 0x02BC, '\'' },
    { 0x034F, 0x034F, DROPPED },   { 0x061C, 0x061C, DROPPED }, { 0x115F, 0x1160, DROPPED },
    { 0x1680, 0x1680, ' ' },       { 0x17B4, 0x17B5, DROPPED }, { 0x180B, 0x180F, DROPPED },
    { 0x2000, 0x200A, ' ' },       { 0x200B, 0x200F, DROPPED }, { 0x2010, 0x2015, '-' },
    { 0x2018, 0x201B, '\'' },      { 0x201C, 0x201F, '"' },     { 0x2022, 0x2022, ' ' },
    { 0x2026, 0x2026, '.' },       { 0x2028, 0x2029, '\n' },    { 0x202A, 0x202E, DROPPED },
    { 0x202F, 0x202F, ' ' },       { 0x2032, 0x2032, '\'' },    { 0x2033, 0x2033, '"' },
    { 0x205F, 0x205F, ' ' },       { 0x2060, 0x206F, DROPPED }, { 0x2190, 0x2211, ' ' },
    { 0x2212, 0x2212, '-' },       { 0x2213, 0x2263, ' ' },     { 0x2266, 0x245F, ' ' },
    { 0x2500, 0x2BFF, ' ' },       { 0x3000, 0x3000, ' ' },     { 0x3001, 0x3001, ',' },
    { 0x3002, 0x3002, '.' },       { 0x300C, 0x300F, '"' },     { 0x3164, 0x3164, DROPPED },
    { 0xFE00, 0xFE0F, DROPPED },   { 0xFEFF, 0xFEFF, DROPPED }, { 0xFFA0, 0xFFA0, DROPPED },
    { 0xFFF0, 0xFFFB, DROPPED },   { 0xFFFC, 0xFFFD, ' ' },     { 0x1F000, 0x1FAFF, ' ' },
    { 0xE0000, 0xE0FFF, DROPPED },
};

/* Letters and digits that exist again in other dress. */
static uint32_t undress(uint32_t c)
{
    if (c >= 0xFF01 && c <= 0xFF5E)
        return c - 0xFEE0;
    if (c >= 0x1D400 && c <= 0x1D6A3)
        return (c - 0x1D400) % 52 < 26 ? 'A' + (c - 0x1D400) % 52 : 'a' + (c - 0x1D400) % 52 - 26;
    if (c >= 0x1D7CE && c <= 0x1D7FF)
        return '0' + (c - 0x1D7CE) % 10;
    if (c >= 0x24B6 && c <= 0x24CF)
        return 'A' + (c - 0x24B6);
    if (c >= 0x24D0 && c <= 0x24E9)
        return 'a' + (c - 0x24D0);
    if (c >= 0x1F130 && c <= 0x1F149)
        return 'A' + (c - 0x1F130);
    if (c >= 0x1F150 && c <= 0x1F169)
        return 'A' + (c - 0x1F150);
    if (c >= 0x1F170 && c <= 0x1F189)
        return 'A' + (c - 0x1F170);
    return c;
}

static uint32_t tidy(uint32_t c)
{
    size_t low = 0;
    size_t high = TS_COUNT(singles);

    c = undress(c);
    if (c == '\t')
        return ' ';
    if (c == '\r')
        return '\n';
    if (c == '`')
        return '\'';
    if (c < 0x20 && c != '\n')
        return ' ';
    if (c < 0x7F)
        return c;
    if (c < 0xA0)
        return ' ';
    while (low < high) {
        size_t middle = (low + high) / 2;

        if (c > singles[middle].last)
            low = middle + 1;
        else if (c < singles[middle].first)
            high = middle;
        else
            return singles[middle].to;
    }
    return c;
}

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
        code = tidy(code);
        if (code == ' ' && n > 0 && to[n - 1] == ' ')
            continue;
        if (code == DROPPED)
            r->out->hidden++;
        else
            n += put_code(to + n, code);
    }
    if (chars > AGENT_CHARS_MAX)
        return ts_fail(err, TS_TOO_LARGE, "query", "query may have %u characters", AGENT_CHARS_MAX);
    r->text = ts_str_n(to, n);
    r->out->clean = r->text;
    return TS_OK;
}

/* ---- letters ---- */

static bool is_digit(uint32_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_ascii_letter(uint32_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_letter(uint32_t c)
{
    if (c < 0x80)
        return is_ascii_letter(c);
    return (c >= 0xC0 && c < 0x2000 && c != 0xD7 && c != 0xF7) || c == 0xAA || c == 0xBA ||
           (c >= 0x2C00 && c < 0x3000) || c >= 0x3005;
}

/* Scripts written without spaces: each character is a token. */
static bool stands_alone(uint32_t c)
{
    return (c >= 0x3040 && c <= 0x30FF) || (c >= 0x3400 && c <= 0x9FFF) ||
           (c >= 0xAC00 && c <= 0xD7AF) || (c >= 0xF900 && c <= 0xFAFF) || c >= 0x20000;
}

static bool is_mark(uint32_t c)
{
    return c >= 0x300 && c <= 0x36F;
}

static uint32_t lower(uint32_t c)
{
    if ((c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0xDE && c != 0xD7) ||
        (c >= 0x391 && c <= 0x3A9) || (c >= 0x410 && c <= 0x42F))
        return c + 0x20;
    if (c >= 0x400 && c <= 0x40F)
        return c + 0x50;
    if ((c >= 0x100 && c <= 0x137) || (c >= 0x14A && c <= 0x177) || (c >= 0x1E00 && c <= 0x1EFF) ||
        (c >= 0x460 && c <= 0x4FF))
        return c | 1;
    return c;
}

static bool is_upper(uint32_t c)
{
    return lower(c) != c;
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
        uint32_t c = lower(agent_code_at(raw, &at));
        const agent_fold *fold = c < 0x80 ? NULL : fold_of(r->folds, c);

        if (is_mark(c) || c == '\'')
            continue;
        if (fold != NULL && (likeness || !fold->is_lookalike)) {
            size_t length = strlen(fold->to);

            memcpy(to + n, fold->to, length);
            n += length;
        } else {
            n += put_code(to + n, c);
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

static bool is_address(ts_str s)
{
    size_t at = ts_str_find(s, '@');
    size_t dot = 0;

    if (at == 0 || at >= s.n)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (c < 0x80 && !is_ascii_letter(c) && !is_digit(c) && strchr("._%+-@", c) == NULL)
            return false;
        if (c == '@' && i != at)
            return false;
        if (c == '.' && i > at + 1)
            dot = i;
    }
    return dot > 0 && dot + 2 < s.n;
}

static bool starts_i(ts_str s, const char *prefix)
{
    size_t n = strlen(prefix);

    return s.n >= n && ts_str_ieq(ts_str_n(s.p, n), ts_str_of(prefix));
}

static bool is_url(ts_str s)
{
    return starts_i(s, "http:") || starts_i(s, "https:") || starts_i(s, "ftp:") ||
           starts_i(s, "file:") || starts_i(s, "hxxp") || starts_i(s, "javascript:") ||
           (starts_i(s, "www.") && s.n > 6);
}

static bool is_ip(ts_str s)
{
    unsigned parts = 1;
    unsigned value = 0;
    unsigned digits = 0;
    unsigned colons = 0;

    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == ':')
            colons++;
        else if (!is_digit((unsigned char)s.p[i]) && s.p[i] != '.' &&
                 !(is_ascii_letter((unsigned char)s.p[i]) && (s.p[i] | 0x20) <= 'f'))
            return false;
    }
    if (colons > 0)
        return colons >= 2 && colons <= 7;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '.') {
            if (digits == 0)
                return false;
            parts++;
            digits = 0;
            value = 0;
        } else if (!is_digit((unsigned char)s.p[i])) {
            return false;
        } else {
            value = value * 10 + (unsigned)(s.p[i] - '0');
            if (++digits > 3 || value > 255)
                return false;
        }
    }
    return parts == 4 && digits > 0;
}

/* inc_x, INC-12; *ret_incident tells it from other prefixes. */
static size_t id_length(ts_str s, bool *ret_incident)
{
    static const char *const prefixes[] = { "incident_", "inc_", "inc-", "usr_", "app_", "org_",
                                            "key_",      "whe_", "evt_", "req_", "rec_", "tsk_" };

    for (size_t i = 0; i < TS_COUNT(prefixes); i++) {
        size_t n = strlen(prefixes[i]);
        size_t end = n;

        if (!starts_i(s, prefixes[i]))
            continue;
        while (end < s.n && (is_ascii_letter((unsigned char)s.p[end]) ||
                             is_digit((unsigned char)s.p[end]) || (s.p[end] == '_' && i >= 3)))
            end++;
        if (end == n)
            return 0;
        *ret_incident = i < 3;
        return end;
    }
    return 0;
}

static bool read_date(reader *r, ts_str run)
{
    agent_date_text date;
    agent_token *t;

    if (run.n < 6 || !is_digit((unsigned char)run.p[0]) || !agent_date_read(run, &date))
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
        is_letter(peek(r, r->at + 2)))
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
    if (is_url(run)) {
        add(r, AGENT_URL, r->at, r->at + run.n);
        return true;
    }
    if (is_address(run)) {
        if (add(r, AGENT_EMAIL, r->at, r->at + run.n) != NULL)
            read_possessive(r);
        return true;
    }
    if (is_ip(run)) {
        add(r, AGENT_IP, r->at, r->at + run.n);
        return true;
    }
    if (read_date(r, run) || read_short_date(r, run))
        return true;
    n = id_length(run, &is_incident);
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

    while (end < r->text.n && is_digit((unsigned char)r->text.p[end]))
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
           (is_digit((unsigned char)r->text.p[end]) ||
            ((r->text.p[end] == ',' || r->text.p[end] == '.') && is_digit(peek(r, end + 1)))))
        end++;
    t = add(r, AGENT_NUMBER, start, end);
    if (t == NULL)
        return;
    to = ts_arena_alloc(r->arena, end - start + 1);
    if (to == NULL)
        return;
    for (size_t i = start; i < end; i++) {
        has_mark = has_mark || !is_digit((unsigned char)r->text.p[i]);
        if (r->text.p[i] != ',')
            to[n++] = r->text.p[i];
    }
    t->norm = ts_str_n(to, n);
    if (n == 4 && !has_mark && ts_str_cmp(t->norm, TS_STR_LIT("1990")) >= 0 &&
        ts_str_cmp(t->norm, TS_STR_LIT("2099")) <= 0)
        t->kind = AGENT_YEAR;
    if (end + 1 < r->text.n && !is_letter(peek(r, end + 2))) {
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

        if (is_letter(c) || is_digit(c) || is_mark(c)) {
            if (end > r->at && stands_alone(c))
                break;
            end = next;
            if (stands_alone(c))
                break;
            continue;
        }
        if (end == r->at || !(is_letter(after) || is_digit(after)) || stands_alone(after))
            break;
        if (c == '.' && (!is_upper(after) || is_upper((unsigned char)r->text.p[end - 1])))
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

        if (!is_letter(c))
            continue;
        if (letters == 0)
            t->is_capital = is_upper(c);
        letters++;
        upper += is_upper(c);
        has_ascii = has_ascii || c < 0x80;
        has_other = has_other || (c >= 0x370 && !stands_alone(c));
        if (!is_upper(c))
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
            is_host = is_ascii_letter((unsigned char)run.p[i]) ||
                      is_digit((unsigned char)run.p[i]) || run.p[i] == '-' || run.p[i] == '.';
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

    while (at < r->text.n && is_digit((unsigned char)r->text.p[at]))
        at++;
    while (at < r->text.n && is_ascii_letter((unsigned char)r->text.p[at])) {
        at++;
        letters++;
    }
    return letters > 0 && at + 1 < r->text.n && is_digit((unsigned char)r->text.p[at]) &&
           is_ascii_letter((unsigned char)r->text.p[at + 1]);
}

static bool read_quote(reader *r)
{
    char mark = r->text.p[r->at];
    size_t end = r->at + 1;
    agent_token *t;

    while (end < r->text.n && r->text.p[end] != '\n') {
        /* A single quotation mark closes only at the end of a word. */
        if (r->text.p[end] == mark && (mark == '"' || !is_letter(peek(r, end + 1))))
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
    if (is_boundary_before(r) && (c < 0x80 || is_letter(c)) && read_literal(r))
        return;
    if (c == '#')
        read_hash(r);
    else if (is_digit(c) && is_leet(r))
        read_word(r);
    else if (is_digit(c))
        read_number(r);
    else if (is_letter(c))
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
