/* Items become slots. Which slot a class means depends on the intent: "high" is a severity of incidents and a level of users. */
#include "meaning.h"

#define PAIRS_MAX  16u /* sides of a comparison that are looked at */
#define PAIR_REACH 40u /* items between two sides */

const agent_slot *agent_slot_find(const agent_slots *slots, ts_str name)
{
    for (size_t i = 0; i < slots->count; i++) {
        if (ts_str_eq(slots->list[i].name, name))
            return &slots->list[i];
    }
    return NULL;
}

ts_str agent_slot_text(const agent_slots *slots, const char *name)
{
    const agent_slot *slot = agent_slot_find(slots, ts_str_of(name));

    return slot == NULL || slot->count == 0 ? TS_STR_NULL : slot->values[0];
}

void agent_slot_remove(agent_slots *slots, ts_str name)
{
    size_t to = 0;

    for (size_t i = 0; i < slots->count; i++) {
        if (!ts_str_eq(slots->list[i].name, name))
            slots->list[to++] = slots->list[i];
    }
    slots->count = to;
}

/* Values joined by ',' are several. A second value joins a slot of many and leaves another as it is. */
ts_status agent_slot_set(ts_arena *arena, agent_slots *slots, ts_str name, char kind, ts_str value,
                         bool is_many)
{
    agent_slot *slot = NULL;

    for (size_t i = 0; i < slots->count; i++) {
        if (ts_str_eq(slots->list[i].name, name))
            slot = &slots->list[i];
    }
    if (slot != NULL && !is_many)
        return TS_OK;
    if (slot == NULL) {
        if (!ts_arena_grow(arena, &slots->list, slots->count, &slots->capacity, sizeof(*slot)))
            return TS_NOMEM;
        slot = &slots->list[slots->count++];
        *slot = (agent_slot){ .name = name, .kind = kind };
    }
    while (value.n > 0) {
        size_t comma = is_many ? ts_str_find(value, ',') : value.n;
        ts_str one = ts_str_n(value.p, comma);
        bool is_new = true;

        for (size_t i = 0; i < slot->count; i++)
            is_new = is_new && !ts_str_ieq(slot->values[i], one);
        if (is_new) {
            if (!ts_arena_grow(arena, &slot->values, slot->count, &slot->capacity, sizeof(ts_str)))
                return TS_NOMEM;
            slot->values[slot->count++] = one;
        }
        value = comma == value.n ? TS_STR_NULL : ts_str_n(value.p + comma + 1, value.n - comma - 1);
    }
    return TS_OK;
}

static bool is_dropped(const agent_intent *intent, ts_str cls)
{
    for (size_t i = 0; i < intent->drop_count; i++) {
        if (ts_str_eq(intent->drop[i], cls))
            return true;
    }
    return false;
}

static const agent_slot_rule *slot_of(const agent_work *w, const agent_intent *intent,
                                      const agent_item *item)
{
    ts_str cls = agent_names_text(&w->g->symbols, item->cls);
    ts_str mapped;

    if (is_dropped(intent, cls))
        return NULL;
    mapped = agent_pairs_get(&intent->map, cls);
    if (mapped.n == 0 && item->cls == w->c.email)
        mapped = TS_STR_LIT("user");
    if (mapped.n == 0 && ts_str_is(cls, "tool"))
        mapped = TS_STR_LIT("app");
    return is_dropped(intent, mapped) ? NULL
                                      : agent_grammar_slot(w->g, mapped.n > 0 ? mapped : cls);
}

/* ---- comparison ---- */

static uint32_t comparable(const agent_work *w, const agent_item *item)
{
    const agent_slot_rule *rule;
    ts_str cls = agent_names_text(&w->g->symbols, item->cls);

    if (item->is_negated)
        return 0;
    if (ts_str_is(cls, "tool"))
        return w->c.app;
    if (ts_str_is(cls, "email") || ts_str_is(cls, "given"))
        return w->c.user;
    if (ts_str_is(cls, "level"))
        return item->cls;
    rule = agent_grammar_slot(w->g, cls);
    return rule != NULL && rule->is_compared ? item->cls : 0;
}

static size_t first_versus(const agent_work *w)
{
    for (size_t i = 0; i < w->items.count; i++) {
        if (w->items.list[i].cls == w->c.versus)
            return i;
    }
    return SIZE_MAX;
}

/* Left and right: the two nearest of one kind on both sides of the word that compares ("vs", "than"); else the first two. */
static bool find_pair(const agent_work *w, size_t *ret_left, size_t *ret_right)
{
    size_t versus = first_versus(w);
    size_t kinds = 0; /* items that could be a side at all */
    bool found = false;

    for (size_t i = 0; i < w->items.count && kinds < PAIRS_MAX; i++) {
        uint32_t kind = comparable(w, &w->items.list[i]);

        kinds += kind != 0;
        for (size_t j = i + 1; j < w->items.count && j <= i + PAIR_REACH && kind != 0; j++) {
            bool straddles = i < versus && j > versus && versus != SIZE_MAX;

            if (ts_str_ieq(w->items.list[i].text, w->items.list[j].text) ||
                comparable(w, &w->items.list[j]) != kind)
                continue;
            if (found && !straddles)
                break;
            *ret_left = i;
            *ret_right = j;
            found = true;
            break;
        }
    }
    return found;
}

/* "compared to last week" leaves the other side unsaid: the present one of the same length. */
static ts_str present_of(ts_str time, ts_arena *arena)
{
    if (ts_str_is(time, "yesterday"))
        return TS_STR_LIT("today");
    if (ts_str_is(time, "last_week") || ts_str_is(time, "last_month") ||
        ts_str_is(time, "last_quarter") || ts_str_is(time, "last_year"))
        return ts_str_of(ts_arena_printf(arena, "this_%.*s", (int)time.n - 5, time.p + 5));
    return TS_STR_NULL;
}

ts_status agent_find_pairs(agent_work *w)
{
    size_t left;
    size_t right;
    size_t versus = first_versus(w);

    if (find_pair(w, &left, &right))
        return agent_add_fact(w, "pair", TS_STR_LIT("pair"));
    for (size_t i = 0; i < w->items.count; i++) {
        if (w->items.list[i].cls == w->c.time && i > versus &&
            present_of(w->items.list[i].text, w->arena).n > 0)
            return agent_add_fact(w, "pair", TS_STR_LIT("implied"));
    }
    return TS_OK;
}

static ts_status fill_side(agent_work *w, const agent_intent *intent, size_t at, agent_slots *side)
{
    agent_item *item = &w->items.list[at];
    const agent_slot_rule *rule = slot_of(w, intent, item);

    item->is_used = true;
    if (rule == NULL)
        return TS_OK;
    return agent_slot_set(w->arena, side, rule->name, rule->kind, item->text, true);
}

static ts_status fill_pair(agent_work *w, const agent_intent *intent)
{
    size_t left;
    size_t right;
    ts_status st;

    if (find_pair(w, &left, &right)) {
        st = fill_side(w, intent, left, &w->out->left);
        return st == TS_OK ? fill_side(w, intent, right, &w->out->right) : st;
    }
    for (size_t i = 0; i < w->items.count; i++) {
        ts_str present = w->items.list[i].cls == w->c.time
                             ? present_of(w->items.list[i].text, w->arena)
                             : TS_STR_NULL;

        if (present.n == 0)
            continue;
        st = agent_slot_set(w->arena, &w->out->left, TS_STR_LIT("time"), 't', present, false);
        if (st == TS_OK)
            st = fill_side(w, intent, i, &w->out->right);
        return st == TS_OK ? agent_note(w, "compared with %.*s, since only one time was named",
                                        (int)present.n, present.p)
                           : st;
    }
    return TS_OK;
}

/* ---- filling ---- */

/* "top" stands for what the intent ranks by. */
static ts_status fill_ranking(agent_work *w, const agent_intent *intent, ts_str ranking)
{
    size_t dot;
    ts_status st;

    if (ts_str_is(ranking, "top"))
        ranking = intent->top.n > 0 ? intent->top : TS_STR_LIT("risk_score.desc");
    dot = ts_str_find(ranking, '.');
    st = agent_slot_set(w->arena, &w->out->slots, TS_STR_LIT("sort"), 't', ts_str_n(ranking.p, dot),
                        false);

    if (st != TS_OK || dot == ranking.n)
        return st;
    return agent_slot_set(w->arena, &w->out->slots, TS_STR_LIT("order"), 't',
                          ts_str_n(ranking.p + dot + 1, ranking.n - dot - 1), false);
}

static ts_status fill_negated(agent_work *w, const agent_slot_rule *rule, const agent_item *item)
{
    ts_str text = item->text;
    ts_str flipped = agent_pairs_get(&rule->flip, text);

    if (flipped.n > 0 && !(item->is_excluded && rule->is_many))
        return agent_slot_set(w->arena, &w->out->slots, rule->name, rule->kind, flipped, true);
    return agent_slot_set(w->arena, &w->out->exclude, rule->name, rule->kind, text, true);
}

static ts_status fill_item(agent_work *w, const agent_intent *intent, agent_item *item)
{
    const agent_slot_rule *rule;

    if (item->is_used)
        return TS_OK;
    if (item->cls == w->c.ranking && !is_dropped(intent, TS_STR_LIT("ranking"))) {
        item->is_used = true;
        return fill_ranking(w, intent, item->text);
    }
    rule = slot_of(w, intent, item);
    if (rule == NULL || item->text.n == 0)
        return TS_OK;
    item->is_used = true;
    return item->is_negated ? fill_negated(w, rule, item)
                            : agent_slot_set(w->arena, &w->out->slots, rule->name, rule->kind,
                                             item->text, rule->is_many);
}

static ts_status fill_defaults(agent_work *w, const agent_intent *intent)
{
    bool is_top = false;
    ts_status st = TS_OK;

    for (size_t i = 0; i < w->items.count; i++)
        is_top = is_top || w->items.list[i].cls == w->c.top;
    if (is_top && intent->top.n > 0)
        st = fill_ranking(w, intent, intent->top);
    for (size_t i = 0; i < intent->set.count && st == TS_OK; i++) {
        const agent_slot_rule *rule = agent_grammar_slot(w->g, intent->set.list[i].from);

        st = agent_slot_set(w->arena, &w->out->slots, intent->set.list[i].from,
                            rule == NULL ? 't' : rule->kind, intent->set.list[i].to, false);
    }
    return st;
}

ts_status agent_fill_slots(agent_work *w, const agent_intent *intent)
{
    ts_status st = TS_OK;

    w->out->intent = intent->name;
    if (ts_str_is(intent->name, "compare"))
        st = fill_pair(w, intent);
    return st == TS_OK ? agent_fill_part(w, intent) : st;
}

ts_status agent_fill_part(agent_work *w, const agent_intent *intent)
{
    ts_status st = TS_OK;

    for (size_t i = 0; i < w->items.count && st == TS_OK; i++)
        st = fill_item(w, intent, &w->items.list[i]);
    return st == TS_OK ? fill_defaults(w, intent) : st;
}
