/* A cascade: each stage walks over the items once, from left to right; at each place the rule that takes most wins, the first
 * of equals. What it takes is replaced by what it makes, and later stages see only that. So phrases grow from the inside out
 * (a number and a unit, then a span of time, then "since" that span) without any recursion.
 *
 * Between two elements of a pattern up to SKIP_MAX items of the class `stop` may stand.
 */
#include "items.h"

#define SKIP_MAX  2u
#define GAP_MAX   4u
#define ITEMS_MAX 4096u

typedef struct match {
    const agent_rule *rule;
    size_t at
        [AGENT_ELEMENTS_MAX]; /* the item of each element, of a gap its first; SIZE_MAX: left out */
    size_t gap[AGENT_ELEMENTS_MAX]; /* items in a gap: they stay */
    size_t taken;                   /* item behind the last that is consumed */
    size_t end;                     /* behind the look-ahead */
    unsigned steps;                 /* tried so far: a bound on going back */
} match;

#define STEPS_MAX 400u

static bool has_form(const agent_item *item, char form)
{
    if (form == 0)
        return true;
    return form == '^' ? item->is_capital : (form == '+') == item->is_plural;
}

static bool fits(const agent_element *e, const agent_item *item)
{
    for (uint32_t i = 0; i < e->choice_count; i++) {
        const agent_choice *c = &e->choices[i];

        if (e->kind == AGENT_EL_WORDS) {
            if (item->word == c->cls && item->word != 0)
                return true;
        } else if (item->cls == c->cls && (c->value == 0 || item->value == c->value) &&
                   has_form(item, c->number)) {
            return true;
        }
    }
    return false;
}

/* From element `e` with item `i`. Depth is bounded by the number of elements, work by STEPS_MAX. */
static bool match_from(const agent_work *w, match *m, unsigned e, size_t i);

static bool match_gap(const agent_work *w, match *m, unsigned e, size_t i)
{
    const agent_item *items = w->items.list;

    for (size_t n = 0; n <= GAP_MAX && i + n <= w->items.count; n++) {
        if (n > 0 && (items[i + n - 1].cls == w->c.end || items[i + n - 1].cls == w->c.neg))
            return false;
        m->at[e] = i;
        m->gap[e] = n;
        if (match_from(w, m, e + 1, i + n))
            return true;
    }
    return false;
}

/* The item may stand behind some that say nothing, but not before the rule has begun. */
static bool match_item(const agent_work *w, match *m, unsigned e, size_t i)
{
    const agent_element *el = &m->rule->elements[e];
    const agent_item *items = w->items.list;

    for (size_t skip = 0; i + skip < w->items.count && skip <= SKIP_MAX; skip++) {
        if (fits(el, &items[i + skip])) {
            m->at[e] = i + skip;
            if (match_from(w, m, e + 1, i + skip + 1))
                return true;
            m->at[e] = SIZE_MAX;
        }
        if (e == 0 || items[i + skip].cls != w->c.stop)
            break;
    }
    return el->is_optional && match_from(w, m, e + 1, i);
}

static bool match_from(const agent_work *w, match *m, unsigned e, size_t i)
{
    const agent_rule *rule = m->rule;
    const agent_item *items = w->items.list;

    if (e == rule->consumed)
        m->taken = i;
    if (e == rule->element_count) {
        m->end = i;
        return true;
    }
    if (++m->steps > STEPS_MAX)
        return false;
    m->at[e] = SIZE_MAX;
    switch (rule->elements[e].kind) {
    case AGENT_EL_START:
        return (i == 0 || items[i - 1].cls == w->c.end) && match_from(w, m, e + 1, i);
    case AGENT_EL_FINISH:
        return (i == w->items.count || items[i].cls == w->c.end) && match_from(w, m, e + 1, i);
    case AGENT_EL_GAP: return match_gap(w, m, e, i);
    case AGENT_EL_WORDS:
    case AGENT_EL_CLASSES: return match_item(w, m, e, i);
    }
    return false;
}

/* ---- making ---- */

static ts_str substitute(agent_work *w, const match *m, ts_str form)
{
    char text[512];
    size_t n = 0;
    ts_str made;

    for (size_t i = 0; i < form.n && n + 1 < sizeof(text); i++) {
        size_t element;
        ts_str part = TS_STR_LIT("-");

        if ((form.p[i] != '$' && form.p[i] != '%') || i + 1 == form.n || form.p[i + 1] < '1' ||
            form.p[i + 1] > '9') {
            text[n++] = form.p[i];
            continue;
        }
        element = (size_t)(form.p[i + 1] - '1');
        if (element < m->rule->element_count && m->at[element] != SIZE_MAX)
            part = form.p[i] == '$' ? w->items.list[m->at[element]].text
                                    : w->items.list[m->at[element]].raw;
        if (part.n > sizeof(text) - n)
            part.n = sizeof(text) - n;
        memcpy(text + n, part.p, part.n);
        n += part.n;
        i++;
    }
    made = ts_arena_str(w->arena, ts_str_n(text, n));
    w->no_memory = w->no_memory || made.p == NULL;
    return made;
}

static int64_t number_of(ts_str text)
{
    int64_t n;

    return ts_parse_i64(text, &n) == TS_OK && n >= 0 && n <= 1000000 ? n : 0;
}

static ts_str days_of(agent_work *w, int64_t count, ts_str unit)
{
    int64_t days = ts_str_is(unit, "w")    ? 7
                   : ts_str_is(unit, "mo") ? 30
                   : ts_str_is(unit, "q")  ? 90
                   : ts_str_is(unit, "y")  ? 365
                   : ts_str_is(unit, "d")  ? 1
                                           : 0;

    return days == 0 ? TS_STR_NULL
                     : ts_str_of(ts_arena_printf(w->arena, "%lld", (long long)(count * days)));
}

/* Since or before a span: its beginning. */
static ts_str bound_of(agent_work *w, ts_str name, ts_str time)
{
    size_t dots = 0;

    while (dots + 1 < time.n && (time.p[dots] != '.' || time.p[dots + 1] != '.'))
        dots++;
    if (dots + 1 >= time.n)
        dots = time.n;
    return ts_str_of(
        ts_arena_printf(w->arena, "%.*s:%.*s", (int)name.n - 1, name.p + 1, (int)dots, time.p));
}

/* "@day 2025 3 14": functions of the calendar. Arguments that the question left out are "-". */
static ts_str compute(agent_work *w, ts_str call)
{
    ts_str part[4] = { TS_STR_NULL, TS_STR_NULL, TS_STR_NULL, TS_STR_NULL };
    int64_t n[4];
    size_t count = 0;

    while (count < TS_COUNT(part) && call.n > 0) {
        size_t space = ts_str_find(call, ' ');

        part[count++] = ts_str_n(call.p, space);
        call = space == call.n ? TS_STR_NULL : ts_str_n(call.p + space + 1, call.n - space - 1);
    }
    for (size_t i = 0; i < TS_COUNT(part); i++)
        n[i] = number_of(part[i]);
    if (ts_str_is(part[0], "@day"))
        return agent_date_day(n[1], n[2], n[3], w->now_ms, w->arena);
    if (ts_str_is(part[0], "@month"))
        return agent_date_month(n[1], n[2], w->arena);
    if (ts_str_is(part[0], "@quarter"))
        return agent_date_quarter(n[1], n[2], w->arena);
    if (ts_str_is(part[0], "@year"))
        return agent_date_year(n[1], w->arena);
    if (ts_str_is(part[0], "@nth"))
        return agent_date_nth(n[1], w->now_ms, w->arena);
    if (ts_str_is(part[0], "@ago"))
        return agent_date_ago(n[1], part[2], w->now_ms, w->arena);
    if (ts_str_is(part[0], "@range"))
        return agent_date_range(part[1], part[2], w->now_ms, w->arena);
    if (ts_str_is(part[0], "@since") || ts_str_is(part[0], "@before"))
        return bound_of(w, part[0], part[1]);
    if (ts_str_is(part[0], "@days"))
        return days_of(w, n[1], part[2]);
    return TS_STR_NULL;
}

static bool make_items(agent_work *w, size_t from, const match *m, agent_item *made)
{
    const agent_item *list = w->items.list;
    agent_item whole = list[from];

    whole.last = list[m->taken - 1].last;
    whole.raw =
        ts_str_n(w->text.tokens[whole.first].raw.p,
                 (size_t)(w->text.tokens[whole.last].raw.p + w->text.tokens[whole.last].raw.n -
                          w->text.tokens[whole.first].raw.p));
    for (unsigned i = 0; i < m->rule->make_count; i++) {
        const agent_make *make = &m->rule->makes[i];

        if (make->keep > 0) {
            if (m->at[make->keep - 1] == SIZE_MAX)
                made[i] = (agent_item){ .cls = 0 };
            else
                made[i] = list[m->at[make->keep - 1]];
            continue;
        }
        made[i] = whole;
        made[i].cls = make->cls;
        made[i].word = 0;
        made[i].is_plural = false;
        made[i].text = substitute(w, m, make->value);
        if (make->value.n == 2 && make->value.p[0] == '%')
            made[i].raw = made[i].text; /* a name without the noun beside it */
        if (made[i].text.n > 0 && made[i].text.p[0] == '@')
            made[i].text = compute(w, made[i].text);
        if (made[i].text.n == 0)
            return false; /* no such day: the rule does not hold */
        made[i].value = agent_names_find(&w->g->symbols, made[i].text);
    }
    return true;
}

/* The items in the gaps that the rule takes follow what it makes. */
static size_t keep_gaps(const agent_work *w, const match *m, agent_item *to)
{
    size_t count = 0;

    for (unsigned e = 0; e < m->rule->consumed; e++) {
        if (m->rule->elements[e].kind != AGENT_EL_GAP)
            continue;
        for (size_t i = 0; i < m->gap[e]; i++)
            to[count++] = w->items.list[m->at[e] + i];
    }
    return count;
}

static bool replace(agent_work *w, size_t from, const match *m, size_t *ret_next)
{
    agent_item made[AGENT_MAKES_MAX];
    agent_item kept[2 * GAP_MAX];
    size_t count = 0;
    size_t kept_count;
    agent_items *items = &w->items;
    size_t behind = items->count - m->taken;

    if (!make_items(w, from, m, made))
        return false;
    kept_count = keep_gaps(w, m, kept);
    for (unsigned i = 0; i < m->rule->make_count; i++) {
        if (made[i].cls != 0)
            made[count++] = made[i];
    }
    if (items->count + count + kept_count > ITEMS_MAX)
        return false;
    while (items->capacity < items->count + count + kept_count) {
        if (!ts_arena_grow(w->arena, &items->list, items->capacity, &items->capacity,
                           sizeof(*items->list))) {
            w->no_memory = true;
            return false;
        }
    }
    memmove(&items->list[from + count + kept_count], &items->list[m->taken],
            behind * sizeof(*items->list));
    memcpy(&items->list[from], made, count * sizeof(*made));
    memcpy(&items->list[from + count], kept, kept_count * sizeof(*kept));
    items->count = from + count + kept_count + behind;
    *ret_next = from + count;
    return true;
}

static bool best_at(const agent_work *w, const agent_stage *stage, size_t at, match *best)
{
    const agent_item *item = &w->items.list[at];
    uint64_t here = agent_bit(item->cls) | agent_bit(item->word);
    match m;

    best->rule = NULL;
    best->end = 0;
    best->taken = 0;
    for (size_t i = 0; i < stage->count; i++) {
        const agent_rule *rule = &stage->rules[i];

        /* Most rules fail here. A pattern may begin behind words that are skipped: those rules are few. */
        if ((rule->first & here) == 0)
            continue;
        m = (match){ .rule = rule };
        if (match_from(w, &m, 0, at) && m.taken > at && m.end > best->end)
            *best = m;
    }
    return best->rule != NULL;
}

ts_status agent_rules_run(agent_work *w)
{
    match *best = ts_arena_alloc(w->arena, sizeof(*best));

    if (best == NULL)
        return TS_NOMEM;
    for (size_t s = 0; s < w->g->stage_count; s++) {
        for (size_t at = 0; at < w->items.count;) {
            size_t next = at + 1;

            /* A rule that makes nothing leaves the next item in its place. */
            if (best_at(w, &w->g->stages[s], at, best) && replace(w, at, best, &next))
                at = next;
            else
                at++;
        }
    }
    return w->no_memory ? TS_NOMEM : TS_OK;
}
