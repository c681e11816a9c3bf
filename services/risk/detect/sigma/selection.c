#include "detect/sigma/selection.h"

#include <arpa/inet.h>

#define NUMBER_TEXT_MAX 64

/* What stands behind a field's name. */
typedef struct modifiers {
    sigma_anchor anchor;
    sigma_test test;
    bool all;
    bool cased;
    bool negated;
} modifiers;

typedef struct compiler {
    sigma_names *names;
    ts_arena *arena;
    ts_error *err;
} compiler;

static ts_status add_modifier(const compiler *c, modifiers *m, ts_str word)
{
    static const struct {
        const char *word;
        sigma_test test;
    } tests[] = { { "exists", SIGMA_EXISTS },    { "gt", SIGMA_GT },
                  { "gte", SIGMA_GTE },          { "lt", SIGMA_LT },
                  { "lte", SIGMA_LTE },          { "cidr", SIGMA_CIDR },
                  { "fieldref", SIGMA_FIELDREF } };
    static const struct {
        const char *word;
        sigma_anchor anchor;
    } anchors[] = { { "contains", SIGMA_CONTAINS },
                    { "startswith", SIGMA_STARTS },
                    { "endswith", SIGMA_ENDS } };

    for (size_t i = 0; i < TS_COUNT(tests); i++) {
        if (ts_str_is(word, tests[i].word)) {
            m->test = tests[i].test;
            return TS_OK;
        }
    }
    for (size_t i = 0; i < TS_COUNT(anchors); i++) {
        if (ts_str_is(word, anchors[i].word)) {
            m->anchor = anchors[i].anchor;
            return TS_OK;
        }
    }
    if (ts_str_is(word, "all"))
        m->all = true;
    else if (ts_str_is(word, "cased"))
        m->cased = true;
    else if (ts_str_is(word, "neq"))
        m->negated = true;
    else
        return ts_fail(c->err, TS_INVALID, "detection", "the modifier %.*s is not supported",
                       (int)(word.n > 40 ? 40 : word.n), word.p);
    return TS_OK;
}

static ts_status parse_key(const compiler *c, ts_str key, ts_str *ret_field, modifiers *ret)
{
    size_t bar = ts_str_find(key, '|');

    *ret = (modifiers){ .anchor = SIGMA_WHOLE, .test = SIGMA_TEXT };
    *ret_field = ts_str_n(key.p, bar);
    while (bar < key.n) {
        ts_str rest = ts_str_n(key.p + bar + 1, key.n - bar - 1);
        size_t end = ts_str_find(rest, '|');
        ts_status st = add_modifier(c, ret, ts_str_n(rest.p, end));

        if (st != TS_OK)
            return st;
        bar += 1 + end;
    }
    if (ret->anchor != SIGMA_WHOLE && ret->test != SIGMA_TEXT)
        return ts_fail(c->err, TS_INVALID, "detection", "%.*s: these modifiers do not go together",
                       (int)(key.n > 80 ? 80 : key.n), key.p);
    return TS_OK;
}

static bool parse_number(ts_str text, double *ret)
{
    char copy[NUMBER_TEXT_MAX];
    char *end;

    if (text.n == 0 || text.n >= sizeof(copy))
        return false;
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    *ret = strtod(copy, &end);
    return *end == '\0' && end == copy + text.n;
}

static bool parse_address(ts_str text, unsigned *ret_family, uint8_t ret[16])
{
    char copy[INET6_ADDRSTRLEN];

    if (text.n == 0 || text.n >= sizeof(copy))
        return false;
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    *ret_family = memchr(copy, ':', text.n) == NULL ? AF_INET : AF_INET6;
    return inet_pton((int)*ret_family, copy, ret) == 1;
}

static ts_status parse_cidr(const compiler *c, ts_str text, sigma_value *ret)
{
    size_t slash = ts_str_find(text, '/');
    int64_t bits = 0;
    unsigned width;

    if (slash == text.n || !parse_address(ts_str_n(text.p, slash), &ret->family, ret->network) ||
        ts_parse_i64(ts_str_n(text.p + slash + 1, text.n - slash - 1), &bits) != TS_OK)
        return ts_fail(c->err, TS_INVALID, "detection", "%.*s is not a network like 192.0.2.0/24",
                       (int)(text.n > 60 ? 60 : text.n), text.p);
    width = ret->family == AF_INET ? 32 : 128;
    if (bits < 0 || bits > (int64_t)width)
        return ts_fail(c->err, TS_INVALID, "detection", "%.*s: a prefix is 0 to %u bits",
                       (int)(text.n > 60 ? 60 : text.n), text.p, width);
    ret->prefix = (unsigned)bits;
    return TS_OK;
}

static ts_status parse_bool(const compiler *c, ts_str text, bool *ret)
{
    *ret = ts_str_ieq(text, TS_STR_LIT("true")) || ts_str_ieq(text, TS_STR_LIT("yes"));
    if (*ret || ts_str_ieq(text, TS_STR_LIT("false")) || ts_str_ieq(text, TS_STR_LIT("no")))
        return TS_OK;
    return ts_fail(c->err, TS_INVALID, "detection", "exists takes true or false");
}

static ts_status compile_value(const compiler *c, const modifiers *m, const ytree *node,
                               bool is_keyword, sigma_value *ret)
{
    sigma_anchor anchor = is_keyword ? SIGMA_CONTAINS : m->anchor;

    if (node->kind != YTREE_SCALAR)
        return ts_fail(c->err, TS_INVALID, "detection", "line %u: a value must be text or a number",
                       node->line);
    ret->test = m->test;
    if (m->test == SIGMA_TEXT && ytree_is_null(node)) {
        ret->test = SIGMA_NULL;
        return TS_OK;
    }
    switch (m->test) {
    case SIGMA_TEXT:
    case SIGMA_NULL:
        return sigma_pattern_compile(node->text, anchor, m->cased, c->arena, &ret->pattern, c->err);
    case SIGMA_EXISTS: return parse_bool(c, node->text, &ret->expected);
    case SIGMA_GT:
    case SIGMA_GTE:
    case SIGMA_LT:
    case SIGMA_LTE:
        if (!parse_number(node->text, &ret->number))
            return ts_fail(c->err, TS_INVALID, "detection", "line %u: a number is needed",
                           node->line);
        return TS_OK;
    case SIGMA_CIDR: return parse_cidr(c, node->text, ret);
    case SIGMA_FIELDREF: return sigma_names_add(c->names, node->text, &ret->field, c->err);
    }
    return TS_INTERNAL;
}

static ts_status compile_item(const compiler *c, ts_str key, const ytree *node, sigma_item *ret)
{
    bool is_list = node->kind == YTREE_LIST;
    modifiers m;
    ts_str field;
    ts_status st = parse_key(c, key, &field, &m);

    if (st != TS_OK)
        return st;
    ret->all = m.all;
    ret->negated = m.negated;
    ret->any_field = field.n == 0;
    if (!ret->any_field)
        st = sigma_names_add(c->names, field, &ret->field, c->err);
    ret->count = is_list ? node->count : 1;
    ret->values = ts_arena_array(c->arena, ret->count, sizeof(*ret->values));
    if (st == TS_OK && ret->values == NULL)
        st = TS_NOMEM;
    if (st == TS_OK && ret->count == 0)
        st = ts_fail(c->err, TS_INVALID, "detection", "line %u: an empty list", node->line);
    for (size_t i = 0; i < ret->count && st == TS_OK; i++)
        st = compile_value(c, &m, is_list ? node->items[i] : node, ret->any_field, &ret->values[i]);
    return st;
}

static ts_status compile_map(const compiler *c, const ytree *map, sigma_items *ret)
{
    ts_status st = TS_OK;

    ret->list = ts_arena_array(c->arena, map->count, sizeof(*ret->list));
    if (ret->list == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i < map->count && st == TS_OK; i++)
        st = compile_item(c, map->names[i], map->items[i], &ret->list[ret->count++]);
    return st;
}

/* A list of maps is alternatives; a list of plain values is keywords. */
static ts_status compile_list(const compiler *c, const ytree *list, sigma_selection *ret)
{
    bool has_map = list->count > 0 && list->items[0]->kind == YTREE_MAP;
    ts_status st = TS_OK;

    ret->alternatives = ts_arena_array(c->arena, list->count, sizeof(*ret->alternatives));
    if (ret->alternatives == NULL)
        return TS_NOMEM;
    if (!has_map) {
        ret->alternatives[0].list = ts_arena_alloc(c->arena, sizeof(sigma_item));
        if (ret->alternatives[0].list == NULL)
            return TS_NOMEM;
        ret->alternatives[0].count = 1;
        ret->count = 1;
        return compile_item(c, TS_STR_LIT(""), list, ret->alternatives[0].list);
    }
    for (size_t i = 0; i < list->count && st == TS_OK; i++) {
        if (list->items[i]->kind != YTREE_MAP)
            return ts_fail(c->err, TS_INVALID, "detection", "line %u: maps and values are mixed",
                           list->items[i]->line);
        st = compile_map(c, list->items[i], &ret->alternatives[ret->count++]);
    }
    return st;
}

ts_status sigma_selection_compile(const ytree *tree, sigma_names *names, ts_arena *arena,
                                  sigma_selection *ret, ts_error *err)
{
    compiler c = { .names = names, .arena = arena, .err = err };

    *ret = (sigma_selection){ 0 };
    if (tree->kind == YTREE_LIST && tree->count > 0)
        return compile_list(&c, tree, ret);
    if (tree->kind != YTREE_MAP || tree->count == 0)
        return ts_fail(err, TS_INVALID, "detection",
                       "line %u: a selection must be a map or a list, not empty", tree->line);
    ret->alternatives = ts_arena_alloc(arena, sizeof(*ret->alternatives));
    if (ret->alternatives == NULL)
        return TS_NOMEM;
    ret->count = 1;
    return compile_map(&c, tree, ret->alternatives);
}

/* ---- matching ---- */

static bool in_network(const sigma_value *v, ts_str text)
{
    uint8_t address[16];
    unsigned family;
    unsigned whole = v->prefix / 8;
    unsigned rest = v->prefix % 8;

    if (!parse_address(text, &family, address) || family != v->family ||
        memcmp(address, v->network, whole) != 0)
        return false;
    return rest == 0 || ((address[whole] ^ v->network[whole]) >> (8 - rest)) == 0;
}

static bool number_matches(const sigma_value *v, ts_str text)
{
    double n;

    if (!parse_number(text, &n))
        return false;
    switch (v->test) {
    case SIGMA_GT: return n > v->number;
    case SIGMA_GTE: return n >= v->number;
    case SIGMA_LT: return n < v->number;
    case SIGMA_LTE: return n <= v->number;
    case SIGMA_TEXT:
    case SIGMA_NULL:
    case SIGMA_EXISTS:
    case SIGMA_CIDR:
    case SIGMA_FIELDREF: break;
    }
    return false;
}

static bool ref_matches(const sigma_value *v, const sigma_view *view, ts_str text)
{
    for (uint16_t i = view->first[v->field]; i != 0; i = view->next[i - 1]) {
        if (ts_str_ieq(view->fields[i - 1].value, text))
            return true;
    }
    return false;
}

static bool value_matches(const sigma_value *v, const sigma_view *view, ts_str text)
{
    switch (v->test) {
    case SIGMA_TEXT: return sigma_pattern_matches(&v->pattern, text);
    case SIGMA_GT:
    case SIGMA_GTE:
    case SIGMA_LT:
    case SIGMA_LTE: return number_matches(v, text);
    case SIGMA_CIDR: return in_network(v, text);
    case SIGMA_FIELDREF: return ref_matches(v, view, text);
    case SIGMA_NULL:
    case SIGMA_EXISTS: break; /* not about a value */
    }
    return false;
}

/* Does any value of the item's field match this one? */
static bool holds(const sigma_item *item, const sigma_value *v, const sigma_view *view)
{
    if (item->any_field) {
        for (size_t i = 0; i < view->count; i++) {
            if (value_matches(v, view, view->fields[i].value))
                return true;
        }
        return false;
    }
    if (v->test == SIGMA_NULL)
        return view->first[item->field] == 0;
    if (v->test == SIGMA_EXISTS)
        return (view->first[item->field] != 0) == v->expected;
    for (uint16_t i = view->first[item->field]; i != 0; i = view->next[i - 1]) {
        if (value_matches(v, view, view->fields[i - 1].value))
            return true;
    }
    return false;
}

static bool item_matches(const sigma_item *item, const sigma_view *view)
{
    bool yes = item->all;

    for (size_t i = 0; i < item->count && yes == item->all; i++)
        yes = holds(item, &item->values[i], view);
    return yes != item->negated;
}

bool sigma_selection_matches(const sigma_selection *s, const sigma_view *view)
{
    for (size_t i = 0; i < s->count; i++) {
        const sigma_items *items = &s->alternatives[i];
        size_t n = 0;

        while (n < items->count && item_matches(&items->list[n], view))
            n++;
        if (n == items->count)
            return true;
    }
    return false;
}
