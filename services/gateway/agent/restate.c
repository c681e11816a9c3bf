#include "restate.h"

/* Figures that need no digit. Ours are always digits, so that one of these is new, unless our summary has the very word. */
static const char *const number_words[] = {
    "zero",    "one",       "two",      "three",    "four",    "five",     "six",      "seven",
    "eight",   "nine",      "ten",      "eleven",   "twelve",  "thirteen", "fourteen", "fifteen",
    "sixteen", "seventeen", "eighteen", "nineteen", "twenty",  "thirty",   "forty",    "fifty",
    "sixty",   "seventy",   "eighty",   "ninety",   "hundred", "hundreds", "thousand", "thousands",
    "million", "millions",  "billion",  "billions", "dozen",   "dozens",   "half",     "twice",
    "thrice",  "double",    "doubled",  "triple",   "tripled", "percent",  "couple",   "both",
};

/* The next token: what stands between blanks, without punctuation at its ends. Empty at the end. */
static ts_str next_token(ts_str *rest)
{
    static const char edge[] = ".,;:!?()\"'";
    size_t start = 0;
    size_t end;
    ts_str token = TS_STR_NULL;

    while (token.n == 0 && start < rest->n) {
        while (start < rest->n && rest->p[start] == ' ')
            start++;
        end = start;
        while (end < rest->n && rest->p[end] != ' ')
            end++;
        token = ts_str_n(rest->p + start, end - start);
        while (token.n > 0 && strchr(edge, token.p[0]) != NULL)
            token = ts_str_n(token.p + 1, token.n - 1);
        while (token.n > 0 && strchr(edge, token.p[token.n - 1]) != NULL)
            token.n--;
        start = end;
    }
    *rest = ts_str_n(rest->p + start, rest->n - start);
    return token;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Letters, inner hyphens and apostrophes: everything else (numbers, dates, ids, addresses) is a fact. */
static bool is_word(ts_str token)
{
    for (size_t i = 0; i < token.n; i++) {
        if (!is_letter(token.p[i]) &&
            !((token.p[i] == '-' || token.p[i] == '\'') && i > 0 && i + 1 < token.n))
            return false;
    }
    return true;
}

static ts_str next_fact(ts_str *rest)
{
    ts_str token = next_token(rest);

    while (token.n > 0 && is_word(token))
        token = next_token(rest);
    return token;
}

static bool holds_word(ts_str text, ts_str word)
{
    ts_str token;

    while ((token = next_token(&text)).n > 0) {
        if (ts_str_ieq(token, word))
            return true;
    }
    return false;
}

/* A figure in words, alone or as a part ("twenty-five") of a word. */
static bool is_figure(ts_str word)
{
    while (word.n > 0) {
        size_t hyphen = ts_str_find(word, '-');

        for (size_t i = 0; i < TS_COUNT(number_words); i++) {
            if (ts_str_ieq(ts_str_n(word.p, hyphen), ts_str_of(number_words[i])))
                return true;
        }
        word = hyphen == word.n ? TS_STR_NULL : ts_str_n(word.p + hyphen + 1, word.n - hyphen - 1);
    }
    return false;
}

static ts_status check_form(ts_str text, ts_error *err)
{
    size_t sentences = 0;

    if (text.n == 0 || text.n > RESTATE_MAX)
        return ts_fail(err, TS_INVALID, "", "must have between 1 and %u bytes", RESTATE_MAX);
    for (size_t i = 0; i < text.n; i++) {
        bool is_end = i + 1 == text.n || text.p[i + 1] == ' ';

        if (text.p[i] < ' ' || text.p[i] > '~')
            return ts_fail(err, TS_INVALID, "", "not plain ASCII");
        sentences += is_end && (strchr(".!?", text.p[i]) != NULL || i + 1 == text.n);
    }
    return sentences > RESTATE_SENTENCES
               ? ts_fail(err, TS_INVALID, "", "more than %u sentences", RESTATE_SENTENCES)
               : TS_OK;
}

static ts_status check_facts(ts_str own, ts_str text, ts_error *err)
{
    ts_str said, wanted;

    do {
        said = next_fact(&text);
        wanted = next_fact(&own);
        if (!ts_str_eq(said, wanted))
            return ts_fail(err, TS_INVALID, "",
                           "not the numbers, dates, ids and addresses of the summary");
    } while (wanted.n > 0);
    return TS_OK;
}

static ts_status check_words(ts_str own, ts_str text, ts_error *err)
{
    ts_str token;

    while ((token = next_token(&text)).n > 0) {
        if (!is_word(token))
            continue;
        if (token.n > RESTATE_WORD_MAX)
            return ts_fail(err, TS_INVALID, "", "a word of more than %u letters", RESTATE_WORD_MAX);
        if (is_figure(token) && !holds_word(own, token))
            return ts_fail(err, TS_INVALID, "", "a figure that is not in the summary");
    }
    return TS_OK;
}

/* Our own parser knows how instructions to a model and changes are asked for. */
static ts_status check_intent(const agent_grammar *g, ts_str text, ts_arena *arena, ts_error *err)
{
    agent_question question = { .text = text };
    agent_interpretation *in;
    ts_status st = agent_parse(g, &question, arena, &in, err);

    if (st == TS_TOO_LARGE)
        return TS_INVALID;
    if (st != TS_OK)
        return st;
    if (ts_str_is(in->intent, "refuse") || in->flags.count > 0 ||
        ts_str_starts(in->intent, TS_STR_LIT("update_")))
        return ts_fail(err, TS_INVALID, "", "instructions in place of a summary");
    return TS_OK;
}

ts_status restate_check(const agent_grammar *g, ts_str own, ts_str text, ts_arena *arena,
                        ts_error *err)
{
    ts_status st = check_form(text, err);

    if (st == TS_OK)
        st = check_facts(own, text, err);
    if (st == TS_OK)
        st = check_words(own, text, err);
    return st == TS_OK ? check_intent(g, text, arena, err) : st;
}

ts_status restate_read(ts_json_parser *parser, ts_str answer, ts_str *ret, ts_error *err)
{
    ts_json whole, text;
    ts_status st = ts_json_parse(parser, answer, &whole, err);

    if (st != TS_OK)
        return st;
    if (ts_json_count(whole) != 1 || !ts_json_get(whole, "summary", &text) ||
        ts_json_type_of(text) != TS_JSON_STRING)
        return ts_fail(err, TS_INVALID, "", "not an object with a summary alone");
    *ret = ts_json_str(text);
    return TS_OK;
}
