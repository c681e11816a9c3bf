/* Slots, and the intents with their conditions. */
#include "load.h"

ts_str agent_pairs_get(const agent_pairs *pairs, ts_str from)
{
    for (size_t i = 0; i < pairs->count; i++) {
        if (ts_str_eq(pairs->list[i].from, from))
            return pairs->list[i].to;
    }
    return TS_STR_NULL;
}

ts_status load_pairs(loader *l, const ytree *map, agent_pairs *pairs)
{
    if (map == NULL)
        return TS_OK;
    if (map->kind != YTREE_MAP)
        return refuse(l, map, "must be a map of text to text");
    for (size_t i = 0; i < map->count; i++) {
        agent_pair *pair;

        if (map->items[i]->kind != YTREE_SCALAR)
            return refuse(l, map->items[i], "must be text");
        if (!ts_arena_grow(l->g->arena, &pairs->list, pairs->count, &pairs->capacity,
                           sizeof(*pairs->list)))
            return load_no_memory(l);
        pair = &pairs->list[pairs->count++];
        pair->from = ts_arena_str(l->g->arena, map->names[i]);
        pair->to = ts_arena_str(l->g->arena, map->items[i]->text);
        if (pair->from.p == NULL || pair->to.p == NULL)
            return load_no_memory(l);
    }
    return TS_OK;
}

/* ---- slots ---- */

const agent_slot_rule *agent_grammar_slot(const agent_grammar *g, ts_str name)
{
    for (size_t i = 0; i < g->slot_count; i++) {
        if (ts_str_eq(g->slots[i].name, name))
            return &g->slots[i];
    }
    return NULL;
}

ts_status load_slots(loader *l, const ytree *map)
{
    agent_grammar *g = l->g;

    for (size_t i = 0; i < map->count; i++) {
        const ytree *node = map->items[i];
        ts_str kind = ytree_text(node, "kind");
        agent_slot_rule *slot;
        ts_status st;

        if (!ts_str_is(kind, "text") && !ts_str_is(kind, "number") && !ts_str_is(kind, "boolean"))
            return refuse(l, node, "kind must be text, number or boolean");
        if (!ts_arena_grow(g->arena, &g->slots, g->slot_count, &g->slot_capacity,
                           sizeof(*g->slots)))
            return load_no_memory(l);
        slot = &g->slots[g->slot_count++];
        *slot = (agent_slot_rule){ .name = ts_arena_str(g->arena, map->names[i]),
                                   .kind = kind.p[0],
                                   .is_many = ts_str_is(ytree_text(node, "many"), "true"),
                                   .is_compared = ts_str_is(ytree_text(node, "compared"), "true") };
        st = load_pairs(l, ytree_get(node, "flip"), &slot->flip);
        if (st != TS_OK)
            return st;
    }
    return TS_OK;
}

/* ---- intents ---- */

typedef struct condition {
    loader *l;
    const ytree *node;
    ts_str rest;
    agent_step *steps;
    size_t count;
    size_t capacity;
} condition;

static ts_status read_or(condition *c, unsigned depth);

static char next_sign(condition *c)
{
    c->rest = ts_str_trim(c->rest);
    return c->rest.n == 0 ? 0 : c->rest.p[0];
}

static ts_status add_step(condition *c, agent_step step)
{
    if (!ts_arena_grow(c->l->g->arena, &c->steps, c->count, &c->capacity, sizeof(*c->steps)))
        return load_no_memory(c->l);
    c->steps[c->count++] = step;
    return TS_OK;
}

static ts_status read_atom(condition *c, unsigned depth)
{
    char sign = next_sign(c);
    agent_step step = { .op = AGENT_OP_ATOM };
    size_t n = 0;
    size_t colon;
    ts_status st;

    if (depth > 8)
        return refuse(c->l, c->node, "conditions are nested too deeply");
    if (sign == '!' || sign == '(') {
        c->rest = ts_str_n(c->rest.p + 1, c->rest.n - 1);
        st = sign == '!' ? read_atom(c, depth + 1) : read_or(c, depth + 1);
        if (st != TS_OK)
            return st;
        if (sign == '!')
            return add_step(c, (agent_step){ .op = AGENT_OP_NOT });
        if (next_sign(c) != ')')
            return refuse(c->l, c->node, "a ')' is missing");
        c->rest = ts_str_n(c->rest.p + 1, c->rest.n - 1);
        return TS_OK;
    }
    while (n < c->rest.n && strchr(" \n&|!()", c->rest.p[n]) == NULL)
        n++;
    if (n == 0)
        return refuse(c->l, c->node, "a class is missing in the condition");
    colon = ts_str_find(ts_str_n(c->rest.p, n), ':');
    step.cls = agent_names_add(&c->l->g->symbols, ts_str_n(c->rest.p, colon));
    if (colon < n)
        step.value =
            agent_names_add(&c->l->g->symbols, ts_str_n(c->rest.p + colon + 1, n - colon - 1));
    c->rest = ts_str_n(c->rest.p + n, c->rest.n - n);
    return step.cls == 0 ? load_no_memory(c->l) : add_step(c, step);
}

static ts_status read_and(condition *c, unsigned depth)
{
    ts_status st = read_atom(c, depth);

    while (st == TS_OK && next_sign(c) == '&') {
        c->rest = ts_str_n(c->rest.p + 1, c->rest.n - 1);
        st = read_atom(c, depth);
        if (st == TS_OK)
            st = add_step(c, (agent_step){ .op = AGENT_OP_AND });
    }
    return st;
}

static ts_status read_or(condition *c, unsigned depth)
{
    ts_status st = read_and(c, depth);

    while (st == TS_OK && next_sign(c) == '|') {
        c->rest = ts_str_n(c->rest.p + 1, c->rest.n - 1);
        st = read_and(c, depth);
        if (st == TS_OK)
            st = add_step(c, (agent_step){ .op = AGENT_OP_OR });
    }
    return st;
}

static ts_status load_condition(loader *l, const ytree *node, ts_str text, agent_intent *intent)
{
    condition c = { .l = l, .node = node, .rest = text };
    ts_status st = read_or(&c, 0);

    if (st != TS_OK)
        return st;
    if (next_sign(&c) != 0)
        return refuse(l, node, "the condition does not end where it should");
    intent->when = c.steps;
    intent->when_count = c.count;
    return TS_OK;
}

static ts_status load_texts(loader *l, const ytree *list, ts_str **ret, size_t *ret_count)
{
    if (list == NULL)
        return TS_OK;
    if (list->kind != YTREE_LIST)
        return refuse(l, list, "must be a list of texts");
    *ret = ts_arena_array(l->g->arena, list->count, sizeof(**ret));
    if (*ret == NULL)
        return load_no_memory(l);
    for (size_t i = 0; i < list->count; i++)
        (*ret)[(*ret_count)++] = ts_arena_str(l->g->arena, list->items[i]->text);
    return TS_OK;
}

ts_status load_intent(loader *l, const ytree *node)
{
    agent_grammar *g = l->g;
    ts_str name = ytree_text(node, "intent");
    ts_str when = ytree_text(node, "when");
    ts_str weight = ytree_text(node, "weight");
    int64_t percent = 90;
    agent_intent *intent;
    ts_status st;

    if (name.n == 0 || when.n == 0)
        return refuse(l, node, "an intent has intent: a name and when: a condition");
    if (weight.n > 0 && (ts_parse_i64(weight, &percent) != TS_OK || percent < 0 || percent > 100))
        return refuse(l, node, "weight must be between 0 and 100");
    if (!ts_arena_grow(g->arena, &g->intents, g->intent_count, &g->intent_capacity,
                       sizeof(*g->intents)))
        return load_no_memory(l);
    intent = &g->intents[g->intent_count++];
    *intent = (agent_intent){ .name = ts_arena_str(g->arena, name),
                              .top = ts_arena_str(g->arena, ytree_text(node, "top")),
                              .note = ts_arena_str(g->arena, ytree_text(node, "note")),
                              .follows = ts_str_is(ytree_text(node, "follows"), "true"),
                              .weight = (double)percent / 100 };
    st = load_condition(l, node, when, intent);
    if (st == TS_OK)
        st = load_pairs(l, ytree_get(node, "map"), &intent->map);
    if (st == TS_OK)
        st = load_pairs(l, ytree_get(node, "set"), &intent->set);
    if (st == TS_OK)
        st = load_texts(l, ytree_get(node, "drop"), &intent->drop, &intent->drop_count);
    return st == TS_OK ? load_texts(l, ytree_get(node, "ask"), &intent->ask, &intent->ask_count)
                       : st;
}
