/* Longest match wins, from left to right: an address before words, a phrase of the lexicon before the directory's names, a name
 * of two and more words before a phrase. What is corrected is said; what could be a name is never corrected. */
#include "items.h"

#include "spell.h"

agent_classes agent_classes_of(const agent_grammar *g)
{
    agent_classes c;
    const struct {
        uint32_t *cls;
        const char *name;
    } all[] = {
        { &c.name, "name" },
        { &c.user, "user" },
        { &c.email, "email" },
        { &c.stop, "stop" },
        { &c.common, "common" },
        { &c.given, "given" },
        { &c.number, "number" },
        { &c.nth, "nth" },
        { &c.year, "year" },
        { &c.incident_id, "incident_id" },
        { &c.id, "id" },
        { &c.ip, "ip" },
        { &c.url, "url" },
        { &c.domain, "domain" },
        { &c.date_unsure, "date_unsure" },
        { &c.time, "time" },
        { &c.quoted, "quoted" },
        { &c.poss, "poss" },
        { &c.comma, "comma" },
        { &c.end, "end" },
        { &c.neg, "neg" },
        { &c.join, "join" },
        { &c.hostile, "hostile" },
        { &c.act, "act" },
        { &c.held, "held" },
        { &c.app, "app" },
        { &c.department, "department" },
        { &c.ranking, "ranking" },
        { &c.top, "top" },
        { &c.versus, "versus" },
        { &c.polite, "polite" },
        { &c.elliptic, "elliptic" },
        { &c.pronoun, "pronoun" },
        { &c.naming, "naming" },
        { &c.prep, "prep" },
    };

    for (size_t i = 0; i < TS_COUNT(all); i++)
        *all[i].cls = agent_names_find(&g->symbols, ts_str_of(all[i].name));
    return c;
}

ts_status agent_texts_add(ts_arena *arena, agent_texts *list, ts_str text)
{
    if (text.p == NULL ||
        !ts_arena_grow(arena, &list->list, list->count, &list->capacity, sizeof(*list->list)))
        return TS_NOMEM;
    list->list[list->count++] = text;
    return TS_OK;
}

ts_status agent_note(agent_work *w, const char *format, ...)
{
    char words[256];
    va_list args;

    va_start(args, format);
    vsnprintf(words, sizeof(words), format, args);
    va_end(args);
    for (size_t i = 0; i < w->out->assumptions.count; i++) {
        if (ts_str_is(w->out->assumptions.list[i], words))
            return TS_OK;
    }
    return agent_texts_add(w->arena, &w->out->assumptions,
                           ts_arena_str(w->arena, ts_str_of(words)));
}

/* ---- words ---- */

static uint32_t known_word(const agent_work *w, const agent_token *t)
{
    const agent_names *words = &w->g->words;
    uint32_t word = 0;

    if (t->is_upper && !w->text.is_shouted) {
        char marked[34];

        if (t->raw.n + 2 < sizeof(marked)) {
            snprintf(marked, sizeof(marked), "=%.*s", (int)t->raw.n, t->raw.p);
            word = agent_names_find(words, ts_str_of(marked));
        }
    }
    if (word == 0)
        word = agent_names_find(words, t->norm);
    if (word == 0)
        word = agent_names_find(words, t->skeleton);
    /* "d'utilisateurs", "l'incident" */
    if (word == 0 && t->norm.n > 4 && t->raw.n > t->norm.n && t->raw.p[1] != t->norm.p[1] &&
        strchr("dlnsj", t->norm.p[0]) != NULL)
        word = agent_names_find(words, ts_str_n(t->norm.p + 1, t->norm.n - 1));
    return word;
}

static bool person(const agent_work *w, ts_str name, size_t *ret_count, ts_str *ret_email)
{
    if (w->gazetteer == NULL || w->gazetteer->person == NULL)
        return false;
    *ret_count = w->gazetteer->person(w->gazetteer->data, name, ret_email);
    return *ret_count > 0;
}

static bool is_known_name(const agent_work *w, ts_str name)
{
    ts_str found = TS_STR_NULL;
    size_t count = 0;

    if (person(w, name, &count, &found))
        return true;
    if (w->gazetteer == NULL)
        return false;
    return (w->gazetteer->app != NULL && w->gazetteer->app(w->gazetteer->data, name, &found)) ||
           (w->gazetteer->department != NULL &&
            w->gazetteer->department(w->gazetteer->data, name, &found));
}

/* The meaning of a single word, if the lexicon has it as such. */
static uint32_t class_of(const agent_work *w, uint32_t word)
{
    uint32_t node = agent_grammar_step(w->g, 0, word);

    return node == 0 ? 0 : w->g->nodes[node].meaning.cls;
}

/* QuickSign, FormBuddy: a capital within the word makes it the name of a product. McDonald, DeShawn and O'Neill are people. */
static bool is_brand(const agent_token *t)
{
    static const char *const people[] = {
        "Mc", "Mac", "De", "Di", "Du", "La", "Le", "Van", "Fitz"
    };
    bool is_mixed = false;

    if (t->kind != AGENT_WORD || t->raw.n < 5)
        return false;
    for (size_t i = 1; i < t->raw.n; i++) {
        unsigned char c = (unsigned char)t->raw.p[i];

        if (c >= 0x80 || c == '\'' || c == '-')
            return false;
        is_mixed = is_mixed || (c >= 'A' && c <= 'Z' && t->raw.p[i - 1] >= 'a');
    }
    for (size_t i = 0; i < TS_COUNT(people) && is_mixed; i++) {
        size_t n = strlen(people[i]);

        if (ts_str_starts(t->raw, ts_str_of(people[i])) && t->raw.p[n] >= 'A' && t->raw.p[n] <= 'Z')
            return false;
    }
    return is_mixed;
}

static bool may_be_slip(const agent_work *w, size_t at)
{
    const agent_token *t = &w->text.tokens[at];
    bool is_mid = at > 0 && w->text.tokens[at - 1].kind != AGENT_END;

    if (t->kind != AGENT_WORD || t->word != 0 || t->norm.n < AGENT_SPELL_MIN || t->is_possessive)
        return false;
    /* A capital within the sentence says: a name. Long words are corrected all the same. */
    if (is_brand(t))
        return false;
    if (t->is_capital && is_mid && !w->text.is_shouted && t->norm.n < 7)
        return false;
    if (at > 0 && class_of(w, w->text.tokens[at - 1].word) == w->c.naming)
        return false;
    return !is_known_name(w, t->norm);
}

static ts_status correct(agent_work *w, size_t at)
{
    agent_token *t = &w->text.tokens[at];
    uint32_t word = agent_spell(w->g, t->norm);
    agent_pairs *list = &w->out->corrections;

    /* "tehm" and the like; the words of a foreign language are none of our business. */
    if (word == 0)
        return TS_OK;
    t->word = word;
    t->is_corrected = true;
    if (!ts_arena_grow(w->arena, &list->list, list->count, &list->capacity, sizeof(*list->list)))
        return TS_NOMEM;
    list->list[list->count++] = (agent_pair){ t->raw, agent_names_text(&w->g->words, word) };
    return TS_OK;
}

/* 1gnore, cr1tical: digits that stand for letters. */
static uint32_t leet_word(const agent_work *w, const agent_token *t)
{
    static const char from[] = "0134578@$";
    static const char to[] = "oieastbas";
    char word[32];
    bool is_leet = false;

    if (t->norm.n < 4 || t->norm.n >= sizeof(word))
        return 0;
    for (size_t i = 0; i < t->norm.n; i++) {
        const char *digit = strchr(from, t->norm.p[i]);

        word[i] = digit == NULL || *digit == 0 ? t->norm.p[i] : to[digit - from];
        is_leet = is_leet || word[i] != t->norm.p[i];
    }
    return is_leet ? agent_names_find(&w->g->words, ts_str_n(word, t->norm.n)) : 0;
}

static size_t phrase_at(const agent_work *w, size_t at, const agent_meaning **ret);

/* A word that only occurs within phrases of another language, and stands in none here, is as good as unknown. */
static void forget_strays(agent_work *w)
{
    const agent_meaning *meaning;

    for (size_t i = 0; i < w->text.count;) {
        agent_token *t = &w->text.tokens[i];
        size_t n = phrase_at(w, i, &meaning);

        if (n == 0 && t->kind == AGENT_WORD && t->word != 0 && !w->g->is_spelling[t->word])
            t->word = 0;
        i += n == 0 ? 1 : n;
    }
}

static ts_status look_up_words(agent_work *w)
{
    unsigned corrected = 0;

    for (size_t i = 0; i < w->text.count; i++) {
        agent_token *t = &w->text.tokens[i];

        if (t->kind == AGENT_WORD || t->kind == AGENT_NUMBER || t->kind == AGENT_DOTTED ||
            t->kind == AGENT_YEAR)
            t->word = known_word(w, t);
        if (t->kind == AGENT_WORD && t->word == 0)
            t->word = leet_word(w, t);
    }
    forget_strays(w);
    for (size_t i = 0; i < w->text.count && corrected < AGENT_SPELL_WORDS; i++) {
        ts_status st;

        if (w->text.tokens[i].kind == AGENT_OPEN)
            i = w->text.tokens[i].partner; /* what is quoted stays as it is */
        if (i >= w->text.count || !may_be_slip(w, i))
            continue;
        corrected++;
        st = correct(w, i);
        if (st != TS_OK)
            return st;
    }
    return TS_OK;
}

/* ---- items ---- */

static ts_str raw_of(const agent_work *w, size_t first, size_t last)
{
    const char *from = w->text.tokens[first].raw.p;
    const agent_token *end = &w->text.tokens[last];

    return ts_str_n(from, (size_t)(end->raw.p + end->raw.n - from));
}

static agent_item *add_item(agent_work *w, uint32_t cls, size_t first, size_t last)
{
    agent_item *item;

    if (!ts_arena_grow(w->arena, &w->items.list, w->items.count, &w->items.capacity,
                       sizeof(*w->items.list)))
        return NULL;
    item = &w->items.list[w->items.count++];
    *item = (agent_item){ .cls = cls, .first = (uint32_t)first, .last = (uint32_t)last };
    item->raw = raw_of(w, first, last);
    item->text = item->raw;
    item->is_capital = w->text.tokens[first].is_capital;
    if (first == last)
        item->word = w->text.tokens[first].word;
    return item;
}

/* Tokens of the longest phrase of the lexicon at `at`; 0 if there is none. */
static size_t phrase_at(const agent_work *w, size_t at, const agent_meaning **ret)
{
    uint32_t node = 0;
    size_t found = 0;

    for (size_t i = at; i < w->text.count && i < at + AGENT_PHRASE_WORDS; i++) {
        node = agent_grammar_step(w->g, node, w->text.tokens[i].word);
        if (node == 0)
            break;
        if (w->g->nodes[node].meaning.cls != 0) {
            *ret = &w->g->nodes[node].meaning;
            found = i + 1 - at;
        }
    }
    return found;
}

/* As phrase_at, but a phrase gives way to a longer one that begins within it: "a risk | score" is no "a | risk score". */
static size_t settled_phrase_at(const agent_work *w, size_t at, const agent_meaning **ret)
{
    size_t n = phrase_at(w, at, ret);

    for (size_t i = 1; i < n; i++) {
        const agent_meaning *other = NULL;
        size_t m = phrase_at(w, at + i, &other);
        uint32_t node = 0;

        if (m < 2 || i + m <= n || m < n)
            continue;
        /* What is before it must mean something by itself. */
        for (size_t j = 0; j < i; j++)
            node = agent_grammar_step(w->g, j == 0 ? 0 : node, w->text.tokens[at + j].word);
        if (node == 0 || w->g->nodes[node].meaning.cls == 0)
            continue;
        *ret = &w->g->nodes[node].meaning;
        return i;
    }
    return n;
}

static bool is_name_token(const agent_token *t)
{
    return t->kind == AGENT_WORD || t->kind == AGENT_DOTTED;
}

/* Words from `at` on, as the gazetteer has them. */
static ts_str joined(agent_work *w, size_t at, size_t count)
{
    size_t size = count;
    char *to;
    size_t n = 0;

    for (size_t i = 0; i < count; i++)
        size += w->text.tokens[at + i].norm.n;
    to = ts_arena_alloc(w->arena, size);
    if (to == NULL)
        return TS_STR_NULL;
    for (size_t i = 0; i < count; i++) {
        ts_str norm = w->text.tokens[at + i].norm;

        if (i > 0)
            to[n++] = ' ';
        memcpy(to + n, norm.p, norm.n);
        n += norm.n;
    }
    return ts_str_n(to, n);
}

/* Whether a run of known words may be taken for a name: "mark sales" is no person unless someone is called so and it is
 * written like a name. */
static bool looks_like_name(const agent_work *w, size_t at, size_t count)
{
    bool has_unknown = false;
    bool all_capital = true;

    for (size_t i = 0; i < count; i++) {
        const agent_token *t = &w->text.tokens[at + i];
        uint32_t cls = class_of(w, t->word);

        /* What only another language knows may well be a name here. */
        has_unknown = has_unknown || t->word == 0 || cls == w->c.given || cls == 0 ||
                      !w->g->is_spelling[t->word];
        all_capital = all_capital && t->is_capital;
    }
    return has_unknown || (count > 1 && all_capital && !w->text.is_shouted);
}

static ts_status add_person(agent_work *w, size_t at, size_t count, size_t people, ts_str email)
{
    agent_item *item = add_item(w, w->c.user, at, at + count - 1);
    agent_pairs *list = &w->out->people;

    if (item == NULL)
        return TS_NOMEM;
    if (people > 1)
        return agent_note(w, "%zu people of the directory are called %.*s", people,
                          (int)(item->raw.n > 60 ? 60 : item->raw.n), item->raw.p);
    if (!ts_arena_grow(w->arena, &list->list, list->count, &list->capacity, sizeof(*list->list)))
        return TS_NOMEM;
    list->list[list->count++] = (agent_pair){ item->raw, ts_arena_str(w->arena, email) };
    return TS_OK;
}

static bool is_name_run(const agent_work *w, size_t at, size_t count)
{
    if (at + count > w->text.count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!is_name_token(&w->text.tokens[at + i]))
            return false;
    }
    return looks_like_name(w, at, count);
}

/* The name of a department or an app made an item; false if the gazetteer has none such. */
static bool add_thing(agent_work *w, size_t at, size_t count, ts_str name, ts_status *ret)
{
    const agent_gazetteer *z = w->gazetteer;
    ts_str found = TS_STR_NULL;
    agent_item *item;

    if (z->department != NULL && z->department(z->data, name, &found)) {
        item = add_item(w, w->c.department, at, at + count - 1);
        if (item != NULL)
            item->text = ts_arena_str(w->arena, found);
    } else if (z->app != NULL && z->app(z->data, name, &found)) {
        item = add_item(w, w->c.app, at, at + count - 1);
    } else {
        return false;
    }
    if (item == NULL)
        *ret = TS_NOMEM;
    return true;
}

/* Tokens of the longest name of the gazetteer at `at`, made an item; 0 if there is none that is longer than `phrase`. A person
 * may be as long. */
static size_t name_at(agent_work *w, size_t at, size_t phrase, ts_status *ret)
{
    if (w->gazetteer == NULL)
        return 0;
    for (size_t n = AGENT_NAME_WORDS; n >= phrase && n > 0; n--) {
        ts_str found = TS_STR_NULL;
        size_t people = 0;
        ts_str name;

        if (!is_name_run(w, at, n))
            continue;
        name = joined(w, at, n);
        if (person(w, name, &people, &found)) {
            *ret = add_person(w, at, n, people, found);
            return n;
        }
        if (n > phrase && add_thing(w, at, n, name, ret))
            return n;
    }
    return 0;
}

static uint32_t literal_class(const agent_work *w, const agent_token *t)
{
    switch (t->kind) {
    case AGENT_NUMBER: return w->c.number;
    case AGENT_NTH: return w->c.nth;
    case AGENT_YEAR: return w->c.year;
    case AGENT_EMAIL: return w->c.email;
    case AGENT_INCIDENT: return w->c.incident_id;
    case AGENT_ID: return w->c.id;
    case AGENT_IP: return w->c.ip;
    case AGENT_URL: return w->c.url;
    case AGENT_DATE: return w->c.time;
    case AGENT_DATE_UNSURE: return w->c.date_unsure;
    case AGENT_COMMA: return w->c.comma;
    case AGENT_END: return w->c.end;
    case AGENT_WORD:
    case AGENT_DOTTED:
    case AGENT_OPEN: break;
    }
    return 0;
}

/* partner.example is a domain; p.ortiz and anna.lee are names: they begin with one letter or a first name. */
static bool is_domain(const agent_work *w, const agent_token *t)
{
    size_t dot = ts_str_find(t->norm, '.');
    uint32_t word = agent_names_find(&w->g->words, ts_str_n(t->norm.p, dot));

    return dot > 1 && (word == 0 || class_of(w, word) != w->c.given);
}

static bool all_known(const agent_work *w, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        const agent_token *t = &w->text.tokens[i];

        if (t->kind == AGENT_WORD && (t->word == 0 || class_of(w, t->word) == w->c.given))
            return false;
    }
    return true;
}

/* What stands in quotes is a name, unless it is made of words that mean something here. */
static size_t quoted_at(agent_work *w, size_t at, ts_status *ret)
{
    size_t end = w->text.tokens[at].partner;
    agent_item *item;

    if (end <= at + 1)
        return 1;
    if (w->text.tokens[at + 1].kind == AGENT_EMAIL || w->text.tokens[at + 1].kind == AGENT_INCIDENT)
        return 1;
    if (all_known(w, at + 1, end) && end - at <= 4)
        return 1;
    item = add_item(w, w->c.quoted, at + 1, end - 1);
    if (item == NULL)
        *ret = TS_NOMEM;
    return end - at;
}

static bool is_tool_or_app(const agent_work *w, uint32_t cls)
{
    return cls == w->c.app || ts_str_is(agent_names_text(&w->g->symbols, cls), "tool");
}

static agent_item *add_phrase(agent_work *w, const agent_meaning *meaning, size_t at, size_t count)
{
    agent_item *item = add_item(w, meaning->cls, at, at + count - 1);

    if (item == NULL)
        return NULL;
    item->value = meaning->value;
    item->text = agent_names_text(&w->g->symbols, meaning->value);
    item->is_plural = meaning->is_plural;
    for (size_t i = at; i < at + count; i++) {
        if (w->text.tokens[i].is_corrected)
            item->raw = item->text; /* what was meant, not the slip */
    }
    return item;
}

/* What an identifier is of, by its prefix: org_, usr_. */
static uint32_t id_value(const agent_work *w, const agent_token *t)
{
    char prefix[8];
    size_t n = ts_str_find(t->raw, '_') + 1;

    if (n >= sizeof(prefix))
        return agent_names_find(&w->g->symbols, TS_STR_NULL);
    for (size_t i = 0; i < n; i++)
        prefix[i] = (char)(t->raw.p[i] == '_' ? '_' : t->raw.p[i] | 0x20);
    return agent_names_find(&w->g->symbols, ts_str_n(prefix, n));
}

/* A token that is in no phrase; if it is no literal either (`cls` 0), how it is written tells what it may be. */
static agent_item *add_word(agent_work *w, uint32_t cls, size_t at)
{
    const agent_token *t = &w->text.tokens[at];
    agent_item *item;

    if (cls == 0)
        cls = t->kind == AGENT_DOTTED && is_domain(w, t) ? w->c.domain
              : is_brand(t)                              ? w->c.app
                                                         : w->c.name;
    item = add_item(w, cls, at, at);
    if (item == NULL)
        return NULL;
    if (cls == w->c.id)
        item->value = id_value(w, t);
    if (cls == w->c.number || cls == w->c.nth || cls == w->c.time || cls == w->c.date_unsure)
        item->text = t->norm;
    return item;
}

/* Makes an item of what stands at `at`; how many tokens it takes. */
static size_t item_at(agent_work *w, size_t at, ts_status *ret)
{
    const agent_token *t = &w->text.tokens[at];
    const agent_meaning *meaning = NULL;
    uint32_t cls = literal_class(w, t);
    agent_item *item;
    size_t phrase;

    if (t->kind == AGENT_OPEN)
        return quoted_at(w, at, ret);
    phrase = settled_phrase_at(w, at, &meaning);
    if (phrase == 0 && cls == 0 && t->raw.n == 2 && ts_str_is(t->norm, "'s"))
        cls = w->c.poss;
    if (cls == 0) {
        size_t name = name_at(w, at, phrase, ret);

        if (name > 0)
            return name;
    }
    /* "Ola's": a word that only another language knows, with an English possessive, is a name. */
    if (phrase == 1 && t->is_possessive && cls == 0 && !w->g->is_spelling[t->word] &&
        meaning->cls != w->c.given && !is_tool_or_app(w, meaning->cls))
        phrase = 0;
    item = phrase > 0 ? add_phrase(w, meaning, at, phrase) : add_word(w, cls, at);
    if (item == NULL)
        *ret = TS_NOMEM;
    return phrase > 0 ? phrase : 1;
}

/* "Grammar Pal": ordinary words that stand together with capitals are a name. */
static void find_titles(agent_work *w)
{
    for (size_t i = 0; i + 1 < w->items.count && !w->text.is_shouted; i++) {
        agent_item *a = &w->items.list[i];
        agent_item *b = &w->items.list[i + 1];

        if (!a->is_capital || !b->is_capital || a->last + 1 != b->first ||
            (b->cls != w->c.common && b->cls != w->c.name) ||
            (a->cls != w->c.common && a->cls != w->c.name && a->cls != w->c.given))
            continue;
        if (a->cls == w->c.common)
            a->cls = w->c.name;
        b->cls = w->c.name;
    }
}

/* Neighbouring words that are in no list are one name: "Dana Whitfield". A first name begins a new one only before none. */
static void join_names(agent_work *w)
{
    size_t to = 0;

    for (size_t i = 0; i < w->items.count; i++) {
        agent_item *item = &w->items.list[i];
        agent_item *last = to == 0 ? NULL : &w->items.list[to - 1];

        if (last != NULL &&
            (item->cls == w->c.name || (item->cls == w->c.given && last->cls == w->c.given &&
                                        item->is_capital && !w->text.is_shouted)) &&
            (last->cls == w->c.name || last->cls == w->c.given) && last->last + 1 == item->first &&
            item->last - last->first < AGENT_NAME_WORDS && last->is_capital == item->is_capital &&
            !w->text.tokens[last->last].is_possessive) {
            last->last = item->last;
            last->raw = raw_of(w, last->first, last->last);
            last->text = last->raw;
            last->word = 0;
            continue;
        }
        w->items.list[to] = *item;
        if (item->cls == w->c.given || item->cls == w->c.name)
            w->items.list[to].text = item->raw;
        to++;
    }
    w->items.count = to;
}

static void drop_polite(agent_work *w)
{
    size_t to = 0;

    for (size_t i = 0; i < w->items.count; i++) {
        if (w->items.list[i].cls != w->c.polite)
            w->items.list[to++] = w->items.list[i];
    }
    w->items.count = to;
}

ts_status agent_items_read(agent_work *w)
{
    ts_status st = look_up_words(w);
    size_t at = 0;

    while (at < w->text.count && st == TS_OK)
        at += item_at(w, at, &st);
    drop_polite(w);
    find_titles(w);
    join_names(w);
    return st;
}
