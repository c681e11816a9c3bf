/* What the parser knows, as loaded from the data files of one directory: words, phrases, rules, intents. Loaded once, constant
 * afterwards, shared by all threads. The README of ../lexicon says how the files look.
 */
#ifndef AGENT_GRAMMAR_H
#define AGENT_GRAMMAR_H

#include "names.h"
#include "text.h"

#define AGENT_ELEMENTS_MAX 12u /* of a rule's pattern */
#define AGENT_CHOICES_MAX  64u /* of one element */
#define AGENT_MAKES_MAX    6u  /* things that one rule makes */
#define AGENT_PHRASE_WORDS 12u
#define AGENT_PHRASE_FORMS 2048u /* that one written phrase may stand for */
#define AGENT_GRAMMAR_MAX  (64u << 20)

typedef struct agent_meaning {
    uint32_t cls;   /* symbol; 0: the phrase goes on but does not end here */
    uint32_t value; /* symbol */
    bool is_plural;
} agent_meaning;

typedef enum agent_element_kind {
    AGENT_EL_WORDS,
    AGENT_EL_CLASSES,
    AGENT_EL_GAP,
    AGENT_EL_START,
    AGENT_EL_FINISH
} agent_element_kind;

typedef struct agent_choice {
    uint32_t cls; /* or the word, for AGENT_EL_WORDS */
    uint32_t value;
    char number; /* '+' plural only, '-' singular only, '^' with a capital only, 0 any */
} agent_choice;

typedef struct agent_element {
    agent_element_kind kind;
    bool is_optional;
    uint32_t choice_count;
    agent_choice *choices;
} agent_element;

/* A class or word as one bit of a set that may take it for another's. */
static inline uint64_t agent_bit(uint32_t number)
{
    return UINT64_C(1) << ((number * UINT32_C(2654435769)) >> 26);
}

typedef struct agent_make {
    uint32_t cls; /* 0: the item that element `keep` matched, as it is */
    unsigned keep;
    ts_str value; /* with $n and %n; may begin with a function's @name */
} agent_make;

typedef struct agent_rule {
    agent_element *elements;
    unsigned element_count;
    unsigned consumed; /* elements before the look-ahead */
    uint64_t first;    /* bits of the words and classes that it may begin with */
    agent_make makes[AGENT_MAKES_MAX];
    unsigned make_count;
    unsigned line;
} agent_rule;

typedef struct agent_stage {
    ts_str name;
    agent_rule *rules;
    size_t count;
    size_t capacity;
} agent_stage;

/* A condition in reverse polish order: atoms, then operators. */
typedef enum agent_op { AGENT_OP_ATOM, AGENT_OP_NOT, AGENT_OP_AND, AGENT_OP_OR } agent_op;

typedef struct agent_step {
    agent_op op;
    uint32_t cls; /* of an atom */
    uint32_t value;
} agent_step;

typedef struct agent_pair {
    ts_str from;
    ts_str to;
} agent_pair;

typedef struct agent_pairs {
    agent_pair *list;
    size_t count;
    size_t capacity;
} agent_pairs;

typedef struct agent_intent {
    ts_str name;
    agent_step *when;
    size_t when_count;
    agent_pairs map; /* class to slot */
    agent_pairs set; /* slot to value, where the question names none */
    ts_str top;      /* ranking that a bare "top" means */
    ts_str note;     /* assumption to state */
    ts_str *drop;    /* classes that say nothing here */
    size_t drop_count;
    ts_str *ask; /* clarify: questions to offer; $class stands for what the question named */
    size_t ask_count;
    bool follows;  /* always keeps what the question before said */
    double weight; /* how sure a match is, 0..1 */
} agent_intent;

typedef struct agent_slot_rule {
    ts_str name;
    char kind; /* 't'ext, 'n'umber, 'b'oolean */
    bool is_many;
    bool is_compared; /* may stand left and right */
    agent_pairs flip; /* value to what its negation is; values joined by ',' are a list */
} agent_slot_rule;

typedef struct agent_node {
    uint32_t parent;
    uint32_t word;
    agent_meaning meaning;
} agent_node;

typedef struct agent_grammar {
    ts_arena *arena;
    agent_names words;
    agent_names symbols;
    bool *is_spelling; /* by word: may be what a misspelt word means */
    size_t spelling_capacity;
    uint32_t *by_length[24]; /* words that may be meant, by length */
    size_t by_length_count[24];
    uint32_t *letters; /* by word: set of its letters */
    agent_node *nodes; /* phrases as a trie; [0] is the root */
    size_t node_count;
    size_t node_capacity;
    uint32_t *node_slots;
    size_t node_slot_count;
    agent_folds folds;
    size_t fold_capacity;
    agent_stage *stages;
    size_t stage_count;
    size_t stage_capacity;
    agent_intent *intents;
    size_t intent_count;
    size_t intent_capacity;
    agent_slot_rule *slots;
    size_t slot_count;
    size_t slot_capacity;
    agent_pairs says; /* slot to the words that restate it, with $ for the value */
} agent_grammar;

/* Reads every *.yaml of `dir`, in the order of their names. TS_INVALID names file, line and what is wrong. */
TS_CHECK ts_status agent_grammar_load(const char *dir, agent_grammar **ret, ts_error *err);
void agent_grammar_free(agent_grammar *g);
TS_DEFINE_CLEANUP(agent_grammar, agent_grammar_free);

/* The node behind `node` by `word`; 0 if no phrase goes on so. */
uint32_t agent_grammar_step(const agent_grammar *g, uint32_t node, uint32_t word);
const agent_slot_rule *agent_grammar_slot(const agent_grammar *g, ts_str name);
ts_str agent_pairs_get(const agent_pairs *pairs, ts_str from);

#endif
