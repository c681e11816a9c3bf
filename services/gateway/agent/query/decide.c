/* Negation, hostile text and the choice of the intent. */
#include <assert.h>

#include "meaning.h"

/* How many items may stand between "not" and what it governs: "not | in | the | finance". */
#define REACH_MAX 5u

static bool is_slot(const agent_work *w, const agent_item *item)
{
    ts_str cls = agent_names_text(&w->g->symbols, item->cls);

    return agent_grammar_slot(w->g, cls) != NULL || ts_str_is(cls, "level") ||
           ts_str_is(cls, "level_min") || item->cls == w->c.email || ts_str_is(cls, "tool");
}

static bool is_filler(const agent_work *w, const agent_item *item)
{
    ts_str cls = agent_names_text(&w->g->symbols, item->cls);

    return item->cls == w->c.stop || item->cls == w->c.prep || item->cls == w->c.common ||
           item->cls == w->c.pronoun || ts_str_is(cls, "show") || ts_str_is(cls, "entity") ||
           ts_str_is(cls, "aspect") || ts_str_is(cls, "use") || ts_str_is(cls, "authverb");
}

/* "neither in finance nor admins", "excluding phishing and low severity": another kind, but still negated. */
static bool reaches_on(const agent_item *list, size_t neg, size_t from, size_t to)
{
    static const ts_str wide[] = { { "exclu", 5 }, { "except", 6 } };

    for (size_t i = from; i < to; i++) {
        if (ts_str_ieq(list[i].raw, TS_STR_LIT("nor")))
            return true;
    }
    for (size_t i = 0; i < TS_COUNT(wide); i++) {
        if (list[neg].raw.n >= wide[i].n &&
            ts_str_ieq(ts_str_n(list[neg].raw.p, wide[i].n), wide[i]))
            return to == from + 2; /* nothing but the "and" between */
    }
    return false;
}

static bool is_exclusion(ts_str word)
{
    static const char *const words[] = { "exc",           "minus",  "omit",    "leav",
                                         "skip",          "other",  "apart",   "aside",
                                         "besides",       "but no", "all but", "filter",
                                         "every",         "any",    "ignor",   "not counting",
                                         "not including", "rather" };

    for (size_t i = 0; i < TS_COUNT(words); i++) {
        size_t n = strlen(words[i]);

        if (word.n >= n && ts_str_ieq(ts_str_n(word.p, n), ts_str_of(words[i])))
            return true;
    }
    return false;
}

/* The items behind the negation at `at`: the first slot, and what "and", "or" or a comma joins to it in kind. */
static void negate_from(agent_work *w, size_t at)
{
    agent_item *list = w->items.list;
    size_t i = at + 1;
    size_t reach = 0;
    uint32_t cls;

    while (i < w->items.count && reach < REACH_MAX && is_filler(w, &list[i])) {
        i++;
        reach++;
    }
    if (i == w->items.count)
        return;
    if (list[i].cls == w->c.act) {
        list[i].cls = w->c.held;
        return;
    }
    if (!is_slot(w, &list[i]))
        return;
    /* "nothing in inc_63": only what is left out is no longer meant. */
    if (list[i].cls == w->c.incident_id && !is_exclusion(list[at].raw))
        return;
    cls = list[i].cls;
    list[i].is_negated = true;
    list[i].is_excluded = is_exclusion(list[at].raw);
    while (i + 2 < w->items.count) {
        size_t next = i + 1;

        while (next + 1 < w->items.count &&
               (list[next].cls == w->c.join || list[next].cls == w->c.comma ||
                list[next].cls == w->c.stop || list[next].cls == w->c.prep))
            next++;
        if (next == i + 1 ||
            (list[next].cls != cls && !(reaches_on(list, at, i, next) && is_slot(w, &list[next]))))
            return;
        cls = list[next].cls;
        list[next].is_negated = true;
        list[next].is_excluded = is_exclusion(list[at].raw);
        i = next;
    }
}

void agent_negate(agent_work *w)
{
    for (size_t i = 0; i < w->items.count; i++) {
        if (w->items.list[i].cls == w->c.neg)
            negate_from(w, i);
    }
}

/* ---- intents ---- */

static bool holds_atom(const agent_work *w, const agent_step *step, const unsigned char *seen)
{
    if (!seen[step->cls])
        return false;
    if (step->value == 0)
        return true;
    for (size_t i = 0; i < w->items.count; i++) {
        const agent_item *item = &w->items.list[i];

        if (!item->is_negated && item->cls == step->cls && item->value == step->value)
            return true;
    }
    return false;
}

#define STACK_MAX 32u

static bool holds(const agent_work *w, const agent_intent *intent, const unsigned char *seen)
{
    bool stack[STACK_MAX];
    size_t n = 0;

    for (size_t i = 0; i < intent->when_count; i++) {
        const agent_step *step = &intent->when[i];

        switch (step->op) {
        case AGENT_OP_ATOM:
            if (n == STACK_MAX)
                return false;
            stack[n++] = holds_atom(w, step, seen);
            break;
        case AGENT_OP_NOT:
            assert(n >= 1); /* as the loader orders them */
            stack[n - 1] = !stack[n - 1];
            break;
        case AGENT_OP_AND:
            assert(n >= 2);
            stack[n - 2] = stack[n - 2] && stack[n - 1];
            n--;
            break;
        case AGENT_OP_OR:
            assert(n >= 2);
            stack[n - 2] = stack[n - 2] || stack[n - 1];
            n--;
            break;
        }
    }
    return n == 1 && stack[0];
}

ts_status agent_decide(const agent_work *w, const agent_intent **ret)
{
    /* What is there at all, by class: most conditions fail here. */
    unsigned char *seen = ts_arena_alloc(w->arena, w->g->symbols.count + 1);

    if (seen == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i < w->items.count; i++) {
        if (!w->items.list[i].is_negated)
            seen[w->items.list[i].cls] = 1;
    }
    for (size_t i = 0; i < w->g->intent_count; i++) {
        if (holds(w, &w->g->intents[i], seen)) {
            *ret = &w->g->intents[i];
            return TS_OK;
        }
    }
    return TS_INTERNAL;
}

ts_status agent_add_fact(agent_work *w, const char *cls, ts_str value)
{
    agent_item *item;

    if (!ts_arena_grow(w->arena, &w->items.list, w->items.count, &w->items.capacity,
                       sizeof(*w->items.list)))
        return TS_NOMEM;
    item = &w->items.list[w->items.count++];
    *item = (agent_item){ .cls = agent_names_find(&w->g->symbols, ts_str_of(cls)),
                          .value = agent_names_find(&w->g->symbols, value),
                          .text = value,
                          .raw = value,
                          .is_used = true };
    return TS_OK;
}

/* ---- hostile text ---- */

static bool may_stand_alone(const agent_intent *intent)
{
    static const char *const not [] = { "refuse", "out_of_scope", "help", "clarify" };

    if (intent->weight < AGENT_SURE || ts_str_starts(intent->name, TS_STR_LIT("update_")))
        return false;
    for (size_t i = 0; i < TS_COUNT(not ); i++) {
        if (ts_str_is(intent->name, not [i]))
            return false;
    }
    return true;
}

/* Copies the clauses without hostile text. Of a clause in which an instruction follows a question after "and" or a comma,
 * the question stays. */
static ts_status benign_part(agent_work *w, agent_items *ret)
{
    const agent_item *list = w->items.list;
    size_t start = 0;

    *ret = (agent_items){ .capacity = 0 };
    while (start < w->items.count) {
        size_t end = start;
        size_t hostile = SIZE_MAX;

        while (end < w->items.count && list[end].cls != w->c.end) {
            if (list[end].cls == w->c.hostile && hostile == SIZE_MAX)
                hostile = end;
            end++;
        }
        if (hostile != SIZE_MAX &&
            (hostile <= start + 1 || !ts_str_is(list[hostile].text, "prompt_injection") ||
             (list[hostile - 1].cls != w->c.join && list[hostile - 1].cls != w->c.comma)))
            hostile = start;
        for (size_t i = start; i < end && i < hostile; i++) {
            if (!ts_arena_grow(w->arena, &ret->list, ret->count, &ret->capacity,
                               sizeof(*ret->list)))
                return TS_NOMEM;
            ret->list[ret->count++] = list[i];
        }
        start = end + 1;
    }
    return TS_OK;
}

ts_status agent_set_aside(agent_work *w, ts_str *ret_reason)
{
    agent_items all = w->items;
    agent_items rest;
    const agent_intent *intent = NULL;
    ts_status st;

    *ret_reason = TS_STR_NULL;
    for (size_t i = 0; i < all.count; i++) {
        ts_str reason = all.list[i].text;
        bool is_new = true;

        if (all.list[i].cls != w->c.hostile)
            continue;
        if (ret_reason->n == 0)
            *ret_reason = reason;
        for (size_t j = 0; j < w->out->flags.count; j++)
            is_new = is_new && !ts_str_eq(w->out->flags.list[j], reason);
        st = is_new ? agent_texts_add(w->arena, &w->out->flags, reason) : TS_OK;
        if (st != TS_OK)
            return st;
    }
    if (ret_reason->n == 0)
        return TS_OK;
    st = benign_part(w, &rest);
    if (st != TS_OK)
        return st;
    w->items = rest;
    st = agent_find_pairs(w);
    if (st == TS_OK)
        st = agent_decide(w, &intent);
    if (st != TS_OK)
        return st;
    if (may_stand_alone(intent))
        *ret_reason = TS_STR_NULL;
    else
        w->items = all;
    return TS_OK;
}
