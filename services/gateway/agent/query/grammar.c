/* Reading the data files. Every mistake is refused with file and line: a rule that silently does nothing is worse than a
 * service that does not start. */
#include "grammar.h"

#include <dirent.h>
#include <errno.h>
#include <malloc.h>

#include "ts/ytree.h"

#define FILES_MAX 64u
#define PATH_SIZE 1024u
#define WORD_SIZE 64u /* of a list of words; what is longer is none */

typedef struct bare_phrase {
    ts_str text;
    agent_meaning meaning;
} bare_phrase;

typedef struct loader {
    agent_grammar *g;
    ts_arena *scratch; /* the file's tree */
    const char *file;
    bool is_spelling;
    bare_phrase *bare; /* phrases without their apostrophes */
    size_t bare_count;
    size_t bare_capacity;
    ts_error *err;
} loader;

#define refuse(l, node, ...) refuse_at((l), (node) == NULL ? 0 : (node)->line, __VA_ARGS__)

static ts_status refuse_at(loader *l, unsigned line, const char *format, ...) TS_PRINTF(3, 4);

static ts_status refuse_at(loader *l, unsigned line, const char *format, ...)
{
    char words[160];
    va_list args;

    va_start(args, format);
    vsnprintf(words, sizeof(words), format, args);
    va_end(args);
    return ts_fail(l->err, TS_INVALID, "", "%s line %u: %s", l->file, line, words);
}

static ts_status no_memory(loader *l)
{
    return ts_fail(l->err, TS_NOMEM, "", "out of memory");
}

/* ---- words ---- */

static ts_status add_word(loader *l, ts_str text, uint32_t *ret)
{
    agent_grammar *g = l->g;
    uint32_t word = agent_names_add(&g->words, text);

    if (word == 0)
        return no_memory(l);
    while (word >= g->spelling_capacity) {
        if (!ts_arena_grow(g->arena, &g->is_spelling, g->spelling_capacity, &g->spelling_capacity,
                           sizeof(*g->is_spelling)))
            return no_memory(l);
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
        return add_word(l, t->norm, ret);
    return add_word(l, ts_str_of(ts_arena_printf(l->scratch, "=%.*s", (int)t->raw.n, t->raw.p)),
                    ret);
}

static ts_status words_of(loader *l, const ytree *node, ts_str text, uint32_t *words, size_t max,
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

static ts_status add_node(loader *l, uint32_t parent, uint32_t word, uint32_t *ret)
{
    agent_grammar *g = l->g;
    size_t at;

    if (g->node_count * 2 >= g->node_slot_count && !widen_nodes(g))
        return no_memory(l);
    at = node_slot(g, parent, word);
    if (g->node_slots[at] == 0) {
        if (!ts_arena_grow(g->arena, &g->nodes, g->node_count, &g->node_capacity,
                           sizeof(*g->nodes)))
            return no_memory(l);
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
        return no_memory(l);
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] != '\'')
            to[bare.n++] = text.p[i];
    }
    l->bare[l->bare_count++] = (bare_phrase){ bare, meaning };
    return TS_OK;
}

static ts_status add_bare(loader *l, const bare_phrase *bare)
{
    uint32_t words[AGENT_PHRASE_WORDS];
    size_t count = 0;
    uint32_t at = 0;
    uint32_t weak = agent_names_find(&l->g->symbols, TS_STR_LIT("common"));
    ts_status st = words_of(l, NULL, bare->text, words, AGENT_PHRASE_WORDS, &count);

    for (size_t i = 0; i < count && st == TS_OK; i++)
        st = add_node(l, at, words[i], &at);
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
    ts_status st = words_of(l, node, text, words, AGENT_PHRASE_WORDS, &count);

    for (size_t i = 0; i < count && st == TS_OK; i++)
        st = add_node(l, at, words[i], &at);
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
            return no_memory(l);
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

static ts_status load_lexicon(loader *l, const ytree *classes)
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
                return no_memory(l);
            st = load_phrases(l, values->items[j], m);
            if (st != TS_OK)
                return st;
        }
    }
    return TS_OK;
}

/* ---- characters ---- */

static ts_status load_folds(loader *l, const ytree *map, bool is_lookalike)
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
                return no_memory(l);
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

/* ---- rules ---- */

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
        ts_status st = words_of(l, node, text, words, 1, &count);

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
    return c->cls == 0 || (colon < text.n && c->value == 0) ? no_memory(l) : TS_OK;
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
        return no_memory(l);
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
        return no_memory(l);
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
        return no_memory(l);
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
        return no_memory(l);
    rule = &stage->rules[stage->count];
    *rule = (agent_rule){ .line = node->line };
    st = load_pattern(l, node, pattern, rule);
    for (size_t i = 0; i < makes->count && st == TS_OK; i++)
        st = load_make(l, makes->items[i], rule);
    stage->count++;
    return st;
}

static ts_status load_stage(loader *l, const ytree *node)
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
            return no_memory(l);
        stage = &g->stages[g->stage_count++];
        *stage = (agent_stage){ .name = ts_arena_str(g->arena, name) };
    }
    for (size_t i = 0; i < rules->count && st == TS_OK; i++)
        st = load_rule(l, rules->items[i], stage);
    return st;
}

/* ---- pairs ---- */

ts_str agent_pairs_get(const agent_pairs *pairs, ts_str from)
{
    for (size_t i = 0; i < pairs->count; i++) {
        if (ts_str_eq(pairs->list[i].from, from))
            return pairs->list[i].to;
    }
    return TS_STR_NULL;
}

static ts_status load_pairs(loader *l, const ytree *map, agent_pairs *pairs)
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
            return no_memory(l);
        pair = &pairs->list[pairs->count++];
        pair->from = ts_arena_str(l->g->arena, map->names[i]);
        pair->to = ts_arena_str(l->g->arena, map->items[i]->text);
        if (pair->from.p == NULL || pair->to.p == NULL)
            return no_memory(l);
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

static ts_status load_slots(loader *l, const ytree *map)
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
            return no_memory(l);
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
        return no_memory(c->l);
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
    return step.cls == 0 ? no_memory(c->l) : add_step(c, step);
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
        return no_memory(l);
    for (size_t i = 0; i < list->count; i++)
        (*ret)[(*ret_count)++] = ts_arena_str(l->g->arena, list->items[i]->text);
    return TS_OK;
}

static ts_status load_intent(loader *l, const ytree *node)
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
        return no_memory(l);
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

/* ---- what the code itself makes ---- */

/* Classes must be known before the first question, whether or not a file names them. */
static ts_status add_classes(loader *l)
{
    static const char *const names[] = {
        "name",       "user",        "email",       "stop",    "common", "given",   "number",
        "nth",        "year",        "id",          "ip",      "url",    "domain",  "time",
        "quoted",     "poss",        "comma",       "end",     "neg",    "join",    "hostile",
        "act",        "held",        "app",         "top",     "versus", "polite",  "pronoun",
        "prep",       "naming",      "pair",        "prev",    "empty",  "ranking", "elliptic",
        "department", "incident_id", "date_unsure", "unknown", "long",   "implied", "head",
        "excluded",   "lone",
    };

    for (size_t i = 0; i < TS_COUNT(names); i++) {
        if (agent_names_add(&l->g->symbols, ts_str_of(names[i])) == 0)
            return no_memory(l);
    }
    return TS_OK;
}

/* ---- files ---- */

static ts_status load_list(loader *l, const ytree *list, ts_status (*load)(loader *, const ytree *))
{
    ts_status st = TS_OK;

    if (list->kind != YTREE_LIST)
        return refuse(l, list, "must be a list");
    for (size_t i = 0; i < list->count && st == TS_OK; i++)
        st = load(l, list->items[i]);
    return st;
}

/* Lines of small letters only are words; names, abbreviations and possessives are not wanted. A word that means something here
 * already keeps its meaning. */
static ts_status load_words(loader *l, const ytree *node, const char *path, agent_meaning meaning)
{
    char line[WORD_SIZE];
    FILE *in = fopen(path, "re");
    ts_status st = TS_OK;

    if (in == NULL)
        return refuse(l, node, "cannot read %.100s: %s", path, strerror(errno));
    while (st == TS_OK && fgets(line, sizeof(line), in) != NULL) {
        size_t n = strspn(line, "abcdefghijklmnopqrstuvwxyz");
        uint32_t word = 0;
        uint32_t at = 0;

        if (n == 0 || line[n] != '\n')
            continue;
        st = add_word(l, ts_str_n(line, n), &word);
        if (st == TS_OK)
            st = add_node(l, 0, word, &at);
        if (st == TS_OK && l->g->nodes[at].meaning.cls == 0)
            l->g->nodes[at].meaning = meaning;
    }
    if (st == TS_OK && ferror(in))
        st = refuse(l, node, "cannot read %.100s", path);
    fclose(in);
    return st;
}

static ts_status load_words_files(loader *l, const ytree *classes)
{
    ts_status st = TS_OK;

    for (size_t i = 0; i < classes->count && st == TS_OK; i++) {
        const ytree *file = classes->items[i];
        agent_meaning m = { 0 };

        if (file->kind != YTREE_SCALAR)
            return refuse(l, file, "must be the path of a file with a word a line");
        m.cls = m.value = agent_names_add(&l->g->symbols, classes->names[i]);
        if (m.cls == 0)
            return no_memory(l);
        st = load_words(l, file, file->text.p, m);
    }
    return st;
}

static ts_status load_section(loader *l, ts_str name, const ytree *node)
{
    if (ts_str_is(name, "spelling")) {
        l->is_spelling = !ts_str_is(node->text, "off");
        return TS_OK;
    }
    if (ts_str_is(name, "stages"))
        return load_list(l, node, load_stage);
    if (ts_str_is(name, "intents"))
        return load_list(l, node, load_intent);
    if (node->kind != YTREE_MAP)
        return refuse(l, node, "must be a map");
    if (ts_str_is(name, "fold"))
        return load_folds(l, node, false);
    if (ts_str_is(name, "lookalike"))
        return load_folds(l, node, true);
    if (ts_str_is(name, "lexicon"))
        return load_lexicon(l, node);
    if (ts_str_is(name, "words"))
        return load_words_files(l, node);
    if (ts_str_is(name, "slots"))
        return load_slots(l, node);
    if (ts_str_is(name, "restate"))
        return load_pairs(l, node, &l->g->says);
    return refuse(l, node,
                  "%.*s is no section: spelling, fold, lookalike, lexicon, words, stages, slots, "
                  "intents, restate",
                  (int)(name.n > 40 ? 40 : name.n), name.p);
}

static ts_status load_file(loader *l, const char *path)
{
    ytree **documents = NULL;
    size_t count = 0;
    ts_status st = ytree_load(path, l->scratch, &documents, &count, l->err);

    if (st == TS_INVALID) {
        ts_error words = *l->err;

        return ts_fail(l->err, st, "", "%s: %s", l->file, words.text);
    }
    l->is_spelling = true;
    for (size_t i = 0; i < count && st == TS_OK; i++) {
        if (documents[i]->kind != YTREE_MAP)
            return refuse(l, documents[i], "must be a map of sections");
        for (size_t j = 0; j < documents[i]->count && st == TS_OK; j++)
            st = load_section(l, documents[i]->names[j], documents[i]->items[j]);
    }
    return st;
}

static int is_yaml(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);

    return entry->d_name[0] != '.' && n > 5 && strcmp(entry->d_name + n - 5, ".yaml") == 0;
}

/* Words that a misspelt one may stand for, by length, and the sets of their letters. */
static ts_status index_words(loader *l)
{
    agent_grammar *g = l->g;

    g->letters = ts_arena_array(g->arena, g->words.count + 1, sizeof(*g->letters));
    if (g->letters == NULL)
        return no_memory(l);
    for (size_t length = 0; length < TS_COUNT(g->by_length); length++) {
        size_t n = 0;

        for (size_t w = 1; w < g->words.count; w++)
            n += g->words.list[w].n == length && g->is_spelling[w];
        g->by_length[length] = ts_arena_array(g->arena, n + 1, sizeof(uint32_t));
        if (g->by_length[length] == NULL)
            return no_memory(l);
        for (uint32_t w = 1; w < g->words.count; w++) {
            if (g->words.list[w].n == length && g->is_spelling[w])
                g->by_length[length][g->by_length_count[length]++] = w;
        }
    }
    for (size_t w = 1; w < g->words.count; w++) {
        for (size_t i = 0; i < g->words.list[w].n; i++)
            g->letters[w] |= 1u << ((unsigned char)g->words.list[w].p[i] & 31);
    }
    return TS_OK;
}

static ts_status load_directory(loader *l, const char *dir)
{
    struct dirent **entries = NULL;
    int count = scandir(dir, &entries, is_yaml, alphasort);
    char path[PATH_SIZE];
    ts_status st = add_classes(l);

    if (count <= 0)
        st = ts_fail(l->err, TS_NOT_FOUND, "", "%s holds no *.yaml", dir);
    if (count > (int)FILES_MAX)
        st = ts_fail(l->err, TS_TOO_LARGE, "", "%s may hold %u files", dir, FILES_MAX);
    for (int i = 0; i < count; i++) {
        if (st == TS_OK) {
            snprintf(path, sizeof(path), "%s/%s", dir, entries[i]->d_name);
            l->file = entries[i]->d_name;
            st = load_file(l, path);
            ts_arena_reset(l->scratch);
        }
        free(entries[i]);
    }
    free(entries);
    l->is_spelling = true;
    for (size_t i = 0; i < l->bare_count && st == TS_OK; i++)
        st = add_bare(l, &l->bare[i]);
    ts_arena_reset(l->scratch);
    if (st == TS_OK && (l->g->intent_count == 0 || l->g->slot_count == 0))
        st = ts_fail(l->err, TS_INVALID, "", "%s defines no intents or no slots", dir);
    return st == TS_OK ? index_words(l) : st;
}

ts_status agent_grammar_load(const char *dir, agent_grammar **ret, ts_error *err)
{
    TS_CLEANUP(agent_grammar_free_p) agent_grammar *g = calloc(1, sizeof(*g));
    TS_CLEANUP(ts_arena_free_p) ts_arena *scratch = ts_arena_new(AGENT_GRAMMAR_MAX);
    loader l = { .g = g, .scratch = scratch, .file = "", .err = err };
    ts_status st;

    if (g == NULL || scratch == NULL || (g->arena = ts_arena_new(AGENT_GRAMMAR_MAX)) == NULL)
        return ts_fail(err, TS_NOMEM, "", "out of memory");
    g->words.arena = g->arena;
    g->symbols.arena = g->arena;
    if (!ts_arena_grow(g->arena, &g->nodes, 0, &g->node_capacity, sizeof(*g->nodes)))
        return ts_fail(err, TS_NOMEM, "", "out of memory");
    g->node_count = 1; /* the root */
    st = load_directory(&l, dir);
    if (st == TS_OK)
        *ret = TS_TAKE(g);
    ts_arena_free(TS_TAKE(scratch));
    (void)malloc_trim(0); /* the files' trees are many times what is kept of them */
    return st;
}

void agent_grammar_free(agent_grammar *g)
{
    if (g == NULL)
        return;
    ts_arena_free(g->arena);
    free(g);
}
