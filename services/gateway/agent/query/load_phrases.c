/* Words, the phrases of the lexicon as a trie, and how characters beyond ASCII read. */
#include "chars.h"
#include "load.h"

ts_status load_word(loader *l, ts_str text, uint32_t *ret)
{
    agent_grammar *g = l->g;
    uint32_t word = agent_names_add(&g->words, text);

    if (word == 0)
        return load_no_memory(l);
    while (word >= g->spelling_capacity) {
        if (!ts_arena_grow(g->arena, &g->is_spelling, g->spelling_capacity, &g->spelling_capacity,
                           sizeof(*g->is_spelling)))
            return load_no_memory(l);
    }
    if (l->is_spelling)
        g->is_spelling[word] = true;
    *ret = word;
    return TS_OK;
}

/* A word as a question's would be: small letters without accents. A leading '=' keeps capitals: =IT. */
static ts_status word_of(loader *l, const agent_token *t, bool keeps_capitals, uint32_t *ret)
{
    if (!keeps_capitals)
        return load_word(l, t->norm, ret);
    return load_word(l, ts_str_of(ts_arena_printf(l->scratch, "=%.*s", (int)t->raw.n, t->raw.p)),
                     ret);
}

ts_status load_phrase(loader *l, const ytree *node, ts_str text, uint32_t *words, size_t max,
                      size_t *ret_count)
{
    bool keeps = text.n > 1 && text.p[0] == '=';
    agent_text read;
    ts_status st;

    if (keeps)
        text = ts_str_n(text.p + 1, text.n - 1);
    st = agent_text_read(text, &l->g->folds, l->scratch, &read, l->err);
    if (st != TS_OK)
        return refuse(l, node, "a phrase must be UTF-8 of at most %u characters", AGENT_CHARS_MAX);
    if (read.count == 0 || read.count > max)
        return refuse(l, node, "a phrase must have 1 to %zu words", max);
    for (size_t i = 0; i < read.count && st == TS_OK; i++)
        st = word_of(l, &read.tokens[i], keeps, &words[i]);
    *ret_count = read.count;
    return st;
}

/* ---- phrases ---- */

static size_t node_slot(const agent_grammar *g, uint32_t parent, uint32_t word)
{
    uint64_t h = ((uint64_t)parent << 32 | word) * 0x9E3779B97F4A7C15ull;
    size_t at = (h >> 20) & (g->node_slot_count - 1);

    while (g->node_slots[at] != 0 && (g->nodes[g->node_slots[at]].parent != parent ||
                                      g->nodes[g->node_slots[at]].word != word))
        at = (at + 1) & (g->node_slot_count - 1);
    return at;
}

uint32_t agent_grammar_step(const agent_grammar *g, uint32_t node, uint32_t word)
{
    return g->node_slot_count == 0 || word == 0 ? 0 : g->node_slots[node_slot(g, node, word)];
}

static bool widen_nodes(agent_grammar *g)
{
    size_t count = g->node_slot_count == 0 ? 4096 : g->node_slot_count * 2;
    uint32_t *slots = ts_arena_array(g->arena, count, sizeof(*slots));

    if (slots == NULL)
        return false;
    ts_arena_give_back(g->arena, g->node_slots, g->node_slot_count * sizeof(*g->node_slots));
    g->node_slots = slots;
    g->node_slot_count = count;
    for (size_t i = 1; i < g->node_count; i++)
        g->node_slots[node_slot(g, g->nodes[i].parent, g->nodes[i].word)] = (uint32_t)i;
    return true;
}

ts_status load_node(loader *l, uint32_t parent, uint32_t word, uint32_t *ret)
{
    agent_grammar *g = l->g;
    size_t at;

    if (g->node_count * 2 >= g->node_slot_count && !widen_nodes(g))
        return load_no_memory(l);
    at = node_slot(g, parent, word);
    if (g->node_slots[at] == 0) {
        if (!ts_arena_grow(g->arena, &g->nodes, g->node_count, &g->node_capacity,
                           sizeof(*g->nodes)))
            return load_no_memory(l);
        g->nodes[g->node_count] = (agent_node){ .parent = parent, .word = word };
        g->node_slots[at] = (uint32_t)g->node_count++;
    }
    *ret = g->node_slots[at];
    return TS_OK;
}

/* "what's", "don't", "we're": what stands behind it has two letters at most; not "l'ia". */
static bool has_english_apostrophe(ts_str text)
{
    size_t at = ts_str_find(text, '\'');
    size_t n = 0;

    while (at + 1 + n < text.n && text.p[at + 1 + n] != ' ')
        n++;
    return n > 0 && n <= 2;
}

/* "dont" and "whats": many leave the apostrophe out. Such a form gives way to whatever it means otherwise ("were"), and so waits
 * until everything is read. */
static ts_status keep_bare(loader *l, ts_str text, agent_meaning meaning)
{
    char *to;
    ts_str bare;

    if (!has_english_apostrophe(text))
        return TS_OK;
    to = ts_arena_alloc(l->g->arena, text.n + 1);
    bare = ts_str_n(to, 0);
    if (to == NULL ||
        !ts_arena_grow(l->g->arena, &l->bare, l->bare_count, &l->bare_capacity, sizeof(*l->bare)))
        return load_no_memory(l);
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] != '\'')
            to[bare.n++] = text.p[i];
    }
    l->bare[l->bare_count++] = (bare_phrase){ bare, meaning };
    return TS_OK;
}

ts_status load_bare(loader *l, const bare_phrase *bare)
{
    uint32_t words[AGENT_PHRASE_WORDS];
    size_t count = 0;
    uint32_t at = 0;
    uint32_t weak = agent_names_find(&l->g->symbols, TS_STR_LIT("common"));
    ts_status st = load_phrase(l, NULL, bare->text, words, AGENT_PHRASE_WORDS, &count);

    for (size_t i = 0; i < count && st == TS_OK; i++)
        st = load_node(l, at, words[i], &at);
    if (st == TS_OK && (l->g->nodes[at].meaning.cls == 0 || l->g->nodes[at].meaning.cls == weak))
        l->g->nodes[at].meaning = bare->meaning;
    return st;
}

static ts_status add_phrase(loader *l, const ytree *node, ts_str text, agent_meaning meaning)
{
    uint32_t words[AGENT_PHRASE_WORDS];
    size_t count = 0;
    uint32_t at = 0;
    /* Ordinary words give way to any meaning. */
    uint32_t weak = agent_names_find(&l->g->symbols, TS_STR_LIT("common"));
    agent_meaning *there;
    ts_status st = load_phrase(l, node, text, words, AGENT_PHRASE_WORDS, &count);

    for (size_t i = 0; i < count && st == TS_OK; i++)
        st = load_node(l, at, words[i], &at);
    if (st != TS_OK)
        return st;
    there = &l->g->nodes[at].meaning;
    if (meaning.cls == weak && there->cls != 0)
        return TS_OK;
    if (there->cls != weak && there->cls != 0 &&
        (there->cls != meaning.cls || there->value != meaning.value)) {
        ts_str cls = agent_names_text(&l->g->symbols, there->cls);
        ts_str value = agent_names_text(&l->g->symbols, there->value);

        return refuse(l, node, "\"%.*s\" already means %.*s:%.*s", (int)text.n, text.p, (int)cls.n,
                      cls.p, (int)value.n, value.p);
    }
    *there = meaning;
    return keep_bare(l, text, meaning);
}

/* "(show|list|) open things" stands for each choice: text before the first parenthesis, one choice, and the rest, which is
 * expanded in turn. `depth` counts the parentheses. */
static ts_status expand(loader *l, const ytree *node, ts_str text, agent_meaning meaning,
                        unsigned depth, unsigned *forms)
{
    size_t open = ts_str_find(text, '(');
    size_t close = ts_str_find(text, ')');
    size_t from = open + 1;

    if (open == text.n) {
        if (close != text.n)
            return refuse(l, node, "a ')' without '('");
        if (++*forms > AGENT_PHRASE_FORMS)
            return refuse(l, node, "a phrase may stand for %u forms", AGENT_PHRASE_FORMS);
        return add_phrase(l, node, ts_str_trim(text), meaning);
    }
    if (close == text.n || close < open || depth == 8)
        return refuse(l, node, "parentheses do not fit");
    for (size_t i = open + 1; i <= close; i++) {
        const char *made;
        ts_status st;

        if (text.p[i] != '|' && i != close)
            continue;
        made = ts_arena_printf(l->scratch, "%.*s%.*s%.*s", (int)open, text.p, (int)(i - from),
                               text.p + from, (int)(text.n - close - 1), text.p + close + 1);
        if (made == NULL)
            return load_no_memory(l);
        st = expand(l, node, ts_str_of(made), meaning, depth + 1, forms);
        if (st != TS_OK)
            return st;
        from = i + 1;
    }
    return TS_OK;
}

static ts_status load_phrases(loader *l, const ytree *list, agent_meaning meaning)
{
    ts_status st = TS_OK;

    if (list->kind == YTREE_SCALAR) {
        unsigned forms = 0;

        return expand(l, list, list->text, meaning, 0, &forms);
    }
    if (list->kind != YTREE_LIST)
        return refuse(l, list, "must be a list of phrases");
    for (size_t i = 0; i < list->count && st == TS_OK; i++) {
        unsigned forms = 0;

        if (list->items[i]->kind != YTREE_SCALAR)
            return refuse(l, list->items[i], "must be a phrase");
        st = expand(l, list->items[i], list->items[i]->text, meaning, 0, &forms);
    }
    return st;
}

ts_status load_lexicon(loader *l, const ytree *classes)
{
    for (size_t i = 0; i < classes->count; i++) {
        const ytree *values = classes->items[i];

        if (values->kind != YTREE_MAP)
            return refuse(l, values, "a class must be a map of values to phrases");
        for (size_t j = 0; j < values->count; j++) {
            ts_str value = values->names[j];
            agent_meaning m = { .is_plural = value.n > 1 && value.p[value.n - 1] == '+' };
            ts_status st;

            if (m.is_plural)
                value.n--;
            m.cls = agent_names_add(&l->g->symbols, classes->names[i]);
            m.value = agent_names_add(&l->g->symbols, value);
            if (m.cls == 0 || m.value == 0)
                return load_no_memory(l);
            st = load_phrases(l, values->items[j], m);
            if (st != TS_OK)
                return st;
        }
    }
    return TS_OK;
}

/* ---- characters ---- */

ts_status load_folds(loader *l, const ytree *map, bool is_lookalike)
{
    agent_grammar *g = l->g;

    for (size_t i = 0; i < map->count; i++) {
        ts_str letters = map->items[i]->text;

        if (map->names[i].n == 0 || map->names[i].n > 3 || map->items[i]->kind != YTREE_SCALAR)
            return refuse(l, map->items[i], "must be one to three Latin letters: their likenesses");
        for (size_t at = 0; at < letters.n;) {
            uint32_t code = agent_code_at(letters, &at);
            agent_fold *fold;
            size_t place = g->folds.count;

            if (code == ' ')
                continue;
            if (!ts_arena_grow(g->arena, &g->folds.list, g->folds.count, &g->fold_capacity,
                               sizeof(*g->folds.list)))
                return load_no_memory(l);
            while (place > 0 && g->folds.list[place - 1].code > code) {
                g->folds.list[place] = g->folds.list[place - 1];
                place--;
            }
            fold = &g->folds.list[place];
            *fold = (agent_fold){ .code = code, .is_lookalike = is_lookalike };
            memcpy(fold->to, map->names[i].p, map->names[i].n);
            g->folds.count++;
        }
    }
    return TS_OK;
}
