#include "detect/sigma/condition.h"

typedef struct parser {
    ts_str text;
    size_t at;
    const ts_str *names;
    unsigned name_count;
    ts_arena *arena;
    ts_error *err;
    unsigned depth;
} parser;

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The next word or parenthesis without taking it; empty at the end. */
static ts_str peek(parser *p)
{
    size_t end;

    while (p->at < p->text.n && is_space(p->text.p[p->at]))
        p->at++;
    end = p->at;
    if (end < p->text.n &&
        (p->text.p[end] == '(' || p->text.p[end] == ')' || p->text.p[end] == '|'))
        return ts_str_n(p->text.p + end, 1);
    while (end < p->text.n && !is_space(p->text.p[end]) && p->text.p[end] != '(' &&
           p->text.p[end] != ')' && p->text.p[end] != '|')
        end++;
    return ts_str_n(p->text.p + p->at, end - p->at);
}

static ts_str take(parser *p)
{
    ts_str word = peek(p);

    p->at += word.n;
    return word;
}

static bool take_word(parser *p, const char *word)
{
    if (!ts_str_ieq(peek(p), ts_str_of(word)))
        return false;
    (void)take(p);
    return true;
}

static ts_status node_new(parser *p, sigma_node_kind kind, unsigned children, sigma_node **ret)
{
    sigma_node *n = ts_arena_alloc(p->arena, sizeof(*n));

    if (n == NULL)
        return TS_NOMEM;
    n->kind = kind;
    n->children = ts_arena_array(p->arena, children, sizeof(sigma_node *));
    *ret = n;
    return n->children == NULL ? TS_NOMEM : TS_OK;
}

static ts_status selection_node(parser *p, unsigned selection, sigma_node **ret)
{
    ts_status st = node_new(p, SIGMA_SELECTION, 0, ret);

    if (st == TS_OK)
        (*ret)->selection = selection;
    return st;
}

static bool is_meant(ts_str pattern, ts_str name)
{
    if (ts_str_is(pattern, "them"))
        return name.n > 0 && name.p[0] != '_';
    if (pattern.n > 0 && pattern.p[pattern.n - 1] == '*')
        return ts_str_starts(name, ts_str_n(pattern.p, pattern.n - 1));
    return ts_str_eq(pattern, name);
}

/* "1 of filter_*" behind "1 of". `least` 0 is all. */
static ts_status parse_of(parser *p, unsigned least, sigma_node **ret)
{
    ts_str pattern = take(p);
    ts_status st = node_new(p, SIGMA_AT_LEAST, p->name_count, ret);

    for (unsigned i = 0; i < p->name_count && st == TS_OK; i++) {
        if (!is_meant(pattern, p->names[i]))
            continue;
        st = selection_node(p, i, &(*ret)->children[(*ret)->count]);
        (*ret)->count++;
    }
    if (st != TS_OK)
        return st;
    if ((*ret)->count == 0)
        return ts_fail(p->err, TS_INVALID, "condition", "no selection is called %.*s",
                       (int)(pattern.n > 60 ? 60 : pattern.n), pattern.p);
    (*ret)->least = least == 0 ? (*ret)->count : least;
    return TS_OK;
}

static ts_status parse_or(parser *p, sigma_node **ret);

static ts_status parse_name(parser *p, sigma_node **ret)
{
    size_t start = p->at;
    ts_str word = take(p);
    int64_t least = 0;

    if (word.n == 0)
        return ts_fail(p->err, TS_INVALID, "condition", "the condition ends too early");
    if (ts_str_ieq(word, TS_STR_LIT("all")) || ts_str_ieq(word, TS_STR_LIT("any")) ||
        ts_parse_i64(word, &least) == TS_OK) {
        if (ts_str_ieq(word, TS_STR_LIT("any")))
            least = 1;
        if (take_word(p, "of")) {
            if (least < 0 || least > SIGMA_SELECTIONS_MAX ||
                (least == 0 && !ts_str_ieq(word, TS_STR_LIT("all"))))
                return ts_fail(p->err, TS_INVALID, "condition",
                               "a number before 'of' must be 1..%d", SIGMA_SELECTIONS_MAX);
            return parse_of(p, (unsigned)least, ret);
        }
        p->at = start;
        word = take(p);
    }
    for (unsigned i = 0; i < p->name_count; i++) {
        if (ts_str_eq(word, p->names[i]))
            return selection_node(p, i, ret);
    }
    if (ts_str_is(word, "|"))
        return ts_fail(p->err, TS_INVALID, "condition",
                       "aggregations behind '|' are not taken: write a correlation rule");
    return ts_fail(p->err, TS_INVALID, "condition", "no selection is called %.*s",
                   (int)(word.n > 60 ? 60 : word.n), word.p);
}

static ts_status parse_unary(parser *p, sigma_node **ret)
{
    ts_status st;

    if (p->depth >= SIGMA_CONDITION_DEPTH)
        return ts_fail(p->err, TS_INVALID, "condition", "nested more than %d deep",
                       SIGMA_CONDITION_DEPTH);
    p->depth++;
    if (take_word(p, "not")) {
        st = node_new(p, SIGMA_NOT, 1, ret);
        if (st == TS_OK)
            st = parse_unary(p, &(*ret)->children[0]);
        if (st == TS_OK)
            (*ret)->count = 1;
    } else if (take_word(p, "(")) {
        st = parse_or(p, ret);
        if (st == TS_OK && !take_word(p, ")"))
            st = ts_fail(p->err, TS_INVALID, "condition", "a ')' is missing");
    } else {
        st = parse_name(p, ret);
    }
    p->depth--;
    return st;
}

/* Operands joined by one word: a list, so that depth counts nesting and not length. */
static ts_status parse_joined(parser *p, const char *word,
                              ts_status (*operand)(parser *p, sigma_node **ret), bool all,
                              sigma_node **ret)
{
    sigma_node *first = NULL;
    sigma_node *join;
    ts_status st = operand(p, &first);

    if (st != TS_OK)
        return st;
    *ret = first;
    if (!ts_str_ieq(peek(p), ts_str_of(word)))
        return TS_OK;
    st = node_new(p, SIGMA_AT_LEAST, SIGMA_SELECTIONS_MAX, &join);
    if (st != TS_OK)
        return st;
    join->children[join->count++] = first;
    while (take_word(p, word)) {
        if (join->count == SIGMA_SELECTIONS_MAX)
            return ts_fail(p->err, TS_INVALID, "condition", "more than %d parts",
                           SIGMA_SELECTIONS_MAX);
        st = operand(p, &join->children[join->count]);
        if (st != TS_OK)
            return st;
        join->count++;
    }
    join->least = all ? join->count : 1;
    *ret = join;
    return TS_OK;
}

static ts_status parse_and(parser *p, sigma_node **ret)
{
    return parse_joined(p, "and", parse_unary, true, ret);
}

static ts_status parse_or(parser *p, sigma_node **ret)
{
    return parse_joined(p, "or", parse_and, false, ret);
}

ts_status sigma_condition_parse(ts_str text, const ts_str *names, unsigned name_count,
                                ts_arena *arena, sigma_node **ret, ts_error *err)
{
    parser p = {
        .text = text, .names = names, .name_count = name_count, .arena = arena, .err = err
    };
    ts_status st;
    ts_str rest;

    if (text.n == 0)
        return ts_fail(err, TS_INVALID, "condition", "a condition must be text, not empty");
    if (text.n > SIGMA_CONDITION_MAX)
        return ts_fail(err, TS_TOO_LARGE, "condition", "longer than %d bytes", SIGMA_CONDITION_MAX);
    st = parse_or(&p, ret);
    if (st != TS_OK)
        return st;
    rest = peek(&p);
    if (ts_str_is(rest, "|"))
        return ts_fail(err, TS_INVALID, "condition",
                       "aggregations behind '|' are not taken: write a correlation rule");
    if (rest.n > 0)
        return ts_fail(err, TS_INVALID, "condition", "'%.*s' is not expected there",
                       (int)(rest.n > 60 ? 60 : rest.n), rest.p);
    return TS_OK;
}

bool sigma_condition_eval(const sigma_node *node,
                          bool (*matches)(void *context, unsigned selection), void *context)
{
    unsigned yes = 0;

    switch (node->kind) {
    case SIGMA_SELECTION: return matches(context, node->selection);
    case SIGMA_NOT: return !sigma_condition_eval(node->children[0], matches, context);
    case SIGMA_AT_LEAST:
        for (unsigned i = 0; i < node->count; i++) {
            if (yes + (node->count - i) < node->least)
                return false;
            if (sigma_condition_eval(node->children[i], matches, context) && ++yes >= node->least)
                return true;
        }
        return node->least == 0;
    }
    return false;
}
