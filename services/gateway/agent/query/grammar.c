/* Reading the data files. Every mistake is refused with file and line: a rule that silently does nothing is worse than a
 * service that does not start. */
#include "load.h"

#include <dirent.h>
#include <errno.h>
#include <malloc.h>

#define FILES_MAX 64u
#define PATH_SIZE 1024u
#define WORD_SIZE 64u /* of a list of words; what is longer is none */

ts_status load_refuse(loader *l, unsigned line, const char *format, ...)
{
    char words[160];
    va_list args;

    va_start(args, format);
    vsnprintf(words, sizeof(words), format, args);
    va_end(args);
    return ts_fail(l->err, TS_INVALID, "", "%s line %u: %s", l->file, line, words);
}

ts_status load_no_memory(loader *l)
{
    return ts_fail(l->err, TS_NOMEM, "", "out of memory");
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
            return load_no_memory(l);
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
        st = load_word(l, ts_str_n(line, n), &word);
        if (st == TS_OK)
            st = load_node(l, 0, word, &at);
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
            return load_no_memory(l);
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
        return load_no_memory(l);
    for (size_t length = 0; length < TS_COUNT(g->by_length); length++) {
        size_t n = 0;

        for (size_t w = 1; w < g->words.count; w++)
            n += g->words.list[w].n == length && g->is_spelling[w];
        g->by_length[length] = ts_arena_array(g->arena, n + 1, sizeof(uint32_t));
        if (g->by_length[length] == NULL)
            return load_no_memory(l);
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
        st = load_bare(l, &l->bare[i]);
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
