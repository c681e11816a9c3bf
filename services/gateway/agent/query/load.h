/* What the files that read a grammar share: grammar.c goes through the data files, load_phrases.c, load_rules.c and
 * load_intents.c each read sections of them. Every function but load_refuse() answers TS_INVALID, with words in `err`, or TS_NOMEM.
 */
#ifndef AGENT_LOAD_H
#define AGENT_LOAD_H

#include "grammar.h"
#include "ts/ytree.h"

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

/* Always TS_INVALID, with file and line. */
#define refuse(l, node, ...) load_refuse((l), (node) == NULL ? 0 : (node)->line, __VA_ARGS__)
ts_status load_refuse(loader *l, unsigned line, const char *format, ...) TS_PRINTF(3, 4);
/* Always TS_NOMEM. */
ts_status load_no_memory(loader *l);

/* load_phrases.c */
/* The word's number. */
TS_CHECK ts_status load_word(loader *l, ts_str text, uint32_t *ret);
/* The numbers of a phrase's words, 1 to `max` of them. */
TS_CHECK ts_status load_phrase(loader *l, const ytree *node, ts_str text, uint32_t *words,
                               size_t max, size_t *ret_count);
/* The node behind `parent` by `word`. */
TS_CHECK ts_status load_node(loader *l, uint32_t parent, uint32_t word, uint32_t *ret);
TS_CHECK ts_status load_lexicon(loader *l, const ytree *classes);
/* When all phrases are read. */
TS_CHECK ts_status load_bare(loader *l, const bare_phrase *bare);
TS_CHECK ts_status load_folds(loader *l, const ytree *map, bool is_lookalike);

/* load_rules.c */
TS_CHECK ts_status load_stage(loader *l, const ytree *node);

/* load_intents.c */
/* NULL is fine: no pairs. */
TS_CHECK ts_status load_pairs(loader *l, const ytree *map, agent_pairs *pairs);
TS_CHECK ts_status load_slots(loader *l, const ytree *map);
TS_CHECK ts_status load_intent(loader *l, const ytree *node);

#endif
