/* Stages and their rules. */
#include "load.h"

static bool next_part(ts_str *rest, char separator, ts_str *ret)
{
    size_t n;

    if (separator == ' ')
        *rest = ts_str_trim(*rest);
    if (rest->n == 0)
        return false;
    n = ts_str_find(*rest, separator);
    *ret = ts_str_n(rest->p, n);
    *rest = n == rest->n ? TS_STR_NULL : ts_str_n(rest->p + n + 1, rest->n - n - 1);
    return true;
}

static ts_status add_choice(loader *l, const ytree *node, agent_element *e, ts_str text)
{
    agent_choice *c = &e->choices[e->choice_count];
    size_t colon = ts_str_find(text, ':');

    if (e->choice_count == AGENT_CHOICES_MAX)
        return refuse(l, node, "an element may have %u choices", AGENT_CHOICES_MAX);
    if (e->kind == AGENT_EL_WORDS) {
        uint32_t words[1];
        size_t count;
        ts_status st = load_phrase(l, node, text, words, 1, &count);

        c->cls = words[0];
        e->choice_count++;
        return st;
    }
    if (text.n > 1 && strchr("+-^", text.p[text.n - 1]) != NULL) {
        c->number = text.p[text.n - 1];
        text.n--;
        if (colon > text.n)
            colon = text.n;
    }
    c->cls = agent_names_add(&l->g->symbols, ts_str_n(text.p, colon));
    if (colon < text.n)
        c->value =
            agent_names_add(&l->g->symbols, ts_str_n(text.p + colon + 1, text.n - colon - 1));
    e->choice_count++;
    return c->cls == 0 || (colon < text.n && c->value == 0) ? load_no_memory(l) : TS_OK;
}

static ts_status load_element(loader *l, const ytree *node, ts_str text, agent_element *e)
{
    ts_str choice;
    ts_status st = TS_OK;

    e->is_optional = text.n > 1 && text.p[text.n - 1] == '?';
    if (e->is_optional)
        text.n--;
    if (ts_str_is(text, "..")) {
        e->kind = AGENT_EL_GAP;
        return TS_OK;
    }
    if (ts_str_is(text, "^") || ts_str_is(text, "$")) {
        e->kind = text.p[0] == '^' ? AGENT_EL_START : AGENT_EL_FINISH;
        return TS_OK;
    }
    e->choices = ts_arena_array(l->g->arena, AGENT_CHOICES_MAX, sizeof(*e->choices));
    if (e->choices == NULL)
        return load_no_memory(l);
    e->kind = AGENT_EL_WORDS;
    if (text.n > 2 && text.p[0] == '{' && text.p[text.n - 1] == '}')
        e->kind = AGENT_EL_CLASSES;
    if (e->kind == AGENT_EL_CLASSES ||
        (text.n > 2 && text.p[0] == '(' && text.p[text.n - 1] == ')'))
        text = ts_str_n(text.p + 1, text.n - 2);
    while (st == TS_OK && next_part(&text, '|', &choice)) {
        if (choice.n == 0)
            return refuse(l, node, "an empty choice; an element is optional by '?' behind it");
        st = add_choice(l, node, e, choice);
    }
    return st;
}

static uint64_t firsts_of(const agent_rule *rule)
{
    uint64_t set = 0;

    for (unsigned e = 0; e < rule->element_count; e++) {
        const agent_element *el = &rule->elements[e];

        if (el->kind == AGENT_EL_GAP || el->kind == AGENT_EL_FINISH)
            return UINT64_MAX;
        for (uint32_t i = 0; i < el->choice_count; i++)
            set |= agent_bit(el->choices[i].cls);
        if (el->kind != AGENT_EL_START && !el->is_optional)
            return set;
    }
    return UINT64_MAX;
}

/* Parentheses of words hold no spaces: (show|list). */
static ts_status load_pattern(loader *l, const ytree *node, ts_str text, agent_rule *rule)
{
    ts_str part;
    bool is_ahead = false;

    rule->elements = ts_arena_array(l->g->arena, AGENT_ELEMENTS_MAX, sizeof(*rule->elements));
    if (rule->elements == NULL)
        return load_no_memory(l);
    while (next_part(&text, ' ', &part)) {
        ts_status st;

        if (ts_str_is(part, "/")) {
            is_ahead = true;
            continue;
        }
        if (rule->element_count == AGENT_ELEMENTS_MAX)
            return refuse(l, node, "a pattern may have %u elements", AGENT_ELEMENTS_MAX);
        st = load_element(l, node, part, &rule->elements[rule->element_count]);
        if (st != TS_OK)
            return st;
        rule->element_count++;
        if (!is_ahead)
            rule->consumed = rule->element_count;
    }
    if (rule->consumed == 0)
        return refuse(l, node, "a pattern must take something");
    rule->first = firsts_of(rule);
    return TS_OK;
}

static ts_status load_make(loader *l, const ytree *node, agent_rule *rule)
{
    agent_make *make = &rule->makes[rule->make_count];
    size_t colon;

    if (node->kind != YTREE_SCALAR || node->text.n == 0)
        return refuse(l, node, "make must be a list of class:value or $n");
    if (rule->make_count == AGENT_MAKES_MAX)
        return refuse(l, node, "a rule may make %u things", AGENT_MAKES_MAX);
    rule->make_count++;
    if (node->text.p[0] == '$') {
        int64_t n;

        if (ts_parse_i64(ts_str_n(node->text.p + 1, node->text.n - 1), &n) != TS_OK || n < 1 ||
            n > (int64_t)rule->element_count)
            return refuse(l, node, "$n must name an element of the pattern");
        make->keep = (unsigned)n;
        return TS_OK;
    }
    colon = ts_str_find(node->text, ':');
    if (colon == 0 || colon == node->text.n)
        return refuse(l, node, "make must be class:value or $n");
    make->cls = agent_names_add(&l->g->symbols, ts_str_n(node->text.p, colon));
    make->value =
        ts_arena_str(l->g->arena, ts_str_n(node->text.p + colon + 1, node->text.n - colon - 1));
    /* Known to the symbols, so that conditions can ask for it. */
    if (make->cls == 0 || make->value.p == NULL ||
        (make->value.n > 0 && agent_names_add(&l->g->symbols, make->value) == 0))
        return load_no_memory(l);
    return TS_OK;
}

static ts_status load_rule(loader *l, const ytree *node, agent_stage *stage)
{
    const ytree *makes = ytree_get(node, "make");
    ts_str pattern = ytree_text(node, "if");
    agent_rule *rule;
    ts_status st;

    if (pattern.n == 0 || makes == NULL || makes->kind != YTREE_LIST)
        return refuse(l, node, "a rule has if: a pattern and make: a list");
    if (!ts_arena_grow(l->g->arena, &stage->rules, stage->count, &stage->capacity,
                       sizeof(*stage->rules)))
        return load_no_memory(l);
    rule = &stage->rules[stage->count];
    *rule = (agent_rule){ .line = node->line };
    st = load_pattern(l, node, pattern, rule);
    for (size_t i = 0; i < makes->count && st == TS_OK; i++)
        st = load_make(l, makes->items[i], rule);
    stage->count++;
    return st;
}

ts_status load_stage(loader *l, const ytree *node)
{
    ts_str name = ytree_text(node, "stage");
    const ytree *rules = ytree_get(node, "rules");
    agent_grammar *g = l->g;
    agent_stage *stage = NULL;
    ts_status st = TS_OK;

    if (name.n == 0 || rules == NULL || rules->kind != YTREE_LIST)
        return refuse(l, node, "a stage has stage: a name and rules: a list");
    for (size_t i = 0; i < g->stage_count; i++) {
        if (ts_str_eq(g->stages[i].name, name))
            stage = &g->stages[i];
    }
    if (stage == NULL) {
        if (!ts_arena_grow(g->arena, &g->stages, g->stage_count, &g->stage_capacity,
                           sizeof(*g->stages)))
            return load_no_memory(l);
        stage = &g->stages[g->stage_count++];
        *stage = (agent_stage){ .name = ts_arena_str(g->arena, name) };
    }
    for (size_t i = 0; i < rules->count && st == TS_OK; i++)
        st = load_rule(l, rules->items[i], stage);
    return st;
}
