/* A question in plain words, as what it asks for: intent and slots in the vocabulary of the API. Deterministic and pure: time,
 * names and words come in as arguments, the same question gives the same answer. Nothing is executed here.
 */
#ifndef AGENT_PARSE_H
#define AGENT_PARSE_H

#include "dates.h"
#include "grammar.h"
#include "ts/json.h"

#define AGENT_CONTEXT_MAX 10u        /* earlier questions */
#define AGENT_ARENA_BYTES (8u << 20) /* ample for a question with its context */
#define AGENT_NAME_WORDS  4u         /* of a name in the directory */
#define AGENT_RECENT_DAYS 7          /* what "recent" means */

/* What the organization calls its own. Each finds a text of one to AGENT_NAME_WORDS words, in small letters without accents;
 * NULL where there is no such list. Called a few times for each word: must not block. */
typedef struct agent_gazetteer {
    const void *data;
    /* How many people have that name, first name, last name or address's local part; the first one's address. */
    size_t (*person)(const void *data, ts_str name, ts_str *ret_email);
    /* Whether it is an app or department of the organization; its name. */
    bool (*app)(const void *data, ts_str name, ts_str *ret);
    bool (*department)(const void *data, ts_str name, ts_str *ret);
} agent_gazetteer;

typedef struct agent_question {
    ts_str text;
    const ts_str *context; /* earlier questions, oldest first */
    size_t context_count;
    int64_t now_ms;
    const agent_gazetteer *gazetteer; /* may be NULL */
} agent_question;

typedef struct agent_slot {
    ts_str name;
    char kind;      /* 't'ext, 'n'umber, 'b'oolean */
    ts_str *values; /* more than one: any of them */
    size_t count;
    size_t capacity;
} agent_slot;

typedef struct agent_slots {
    agent_slot *list;
    size_t count;
    size_t capacity;
} agent_slots;

typedef struct agent_texts {
    ts_str *list;
    size_t count;
    size_t capacity;
} agent_texts;

typedef struct agent_interpretation {
    ts_str intent;
    agent_slots slots;
    agent_slots left; /* of a comparison */
    agent_slots right;
    agent_slots exclude;
    bool has_span;
    bool is_span_assumed; /* the question named no time, or no exact one */
    agent_span span;
    agent_texts assumptions;
    agent_pairs corrections;
    agent_texts unparsed;
    agent_texts flags;     /* hostile text that was left aside */
    agent_texts questions; /* clarify: what could have been meant, ready to ask */
    agent_pairs
        people; /* names of the question that are one person of the directory: to the address */
    double
        confidence; /* 0..1: share of the content words that were understood, times how sure the intent is */
    ts_str restated;
    const char *source; /* "model": proposed by a language model (propose.h); NULL: ours */
} agent_interpretation;

/* TS_INVALID (not UTF-8), TS_TOO_LARGE (over AGENT_CHARS_MAX characters or AGENT_CONTEXT_MAX questions), TS_NOMEM. */
TS_CHECK ts_status agent_parse(const agent_grammar *g, const agent_question *question,
                               ts_arena *arena, agent_interpretation **ret, ts_error *err);

/* First value of a slot; TS_STR_NULL if it is not there. */
ts_str agent_slot_text(const agent_slots *slots, const char *name);
const agent_slot *agent_slot_find(const agent_slots *slots, ts_str name);

/* Takes out of what was typed and is repeated what is not seen (ts/clean.h); of a word that was not understood, the front stays
 * (ts_brief). To be done once all that follows from the interpretation is known: what is looked for is looked for as typed.
 * TS_NOMEM. */
TS_CHECK ts_status agent_interpretation_clean(agent_interpretation *in, ts_arena *arena);

/* The object `interpretation` of the API. */
void agent_interpretation_write(ts_jsonw *w, const agent_interpretation *in);

#endif
