/* A question as a row of typed phrases ("items"), and the rules that join them into larger ones. */
#ifndef AGENT_ITEMS_H
#define AGENT_ITEMS_H

#include "parse.h"

/* Classes that the code itself makes or asks for; everything else is named by the data files alone. */
typedef struct agent_classes {
    uint32_t name; /* words that could be a name */
    uint32_t user; /* a person */
    uint32_t email;
    uint32_t stop;   /* may be skipped by rules */
    uint32_t common; /* plain words that carry no meaning here */
    uint32_t given;  /* first names */
    uint32_t number;
    uint32_t nth;
    uint32_t year;
    uint32_t incident_id;
    uint32_t id;
    uint32_t ip;
    uint32_t url;
    uint32_t domain;
    uint32_t date_unsure;
    uint32_t time;
    uint32_t quoted;
    uint32_t poss;
    uint32_t comma;
    uint32_t end;
    uint32_t neg;
    uint32_t join; /* and, or */
    uint32_t hostile;
    uint32_t act;
    uint32_t held; /* an act that was negated */
    uint32_t app;
    uint32_t department;
    uint32_t ranking;
    uint32_t top;
    uint32_t versus;
    uint32_t polite;
    uint32_t elliptic; /* what makes a question a follow-up */
    uint32_t pronoun;
    uint32_t naming; /* what stands before a name that must not be corrected */
    uint32_t prep;
} agent_classes;

typedef struct agent_item {
    uint32_t cls;
    uint32_t value; /* symbol, 0 if it is no known one */
    ts_str text;    /* the value */
    ts_str raw;     /* as typed */
    uint32_t word;  /* of a single token, for rules that name words */
    uint32_t first; /* tokens */
    uint32_t last;
    bool is_plural;
    bool is_negated;
    bool is_excluded; /* negated by "except" and the like: what is left is not its opposite */
    bool is_capital;
    bool is_used; /* became a slot or decided the intent */
} agent_item;

typedef struct agent_items {
    agent_item *list;
    size_t count;
    size_t capacity;
} agent_items;

typedef struct agent_work {
    const agent_grammar *g;
    const agent_gazetteer *gazetteer;
    ts_arena *arena;
    int64_t now_ms;
    agent_classes c;
    agent_text text;
    agent_items items;
    agent_interpretation *out;
    bool no_memory; /* sticks: a rule could not make what it should */
} agent_work;

agent_classes agent_classes_of(const agent_grammar *g);

/* From w->text to w->items: looks words up, corrects slips of the keyboard, finds phrases and names. */
TS_CHECK ts_status agent_items_read(agent_work *w);

/* Runs all stages of rules over w->items. */
TS_CHECK ts_status agent_rules_run(agent_work *w);

TS_CHECK ts_status agent_note(agent_work *w, const char *format, ...) TS_PRINTF(2, 3);
TS_CHECK ts_status agent_texts_add(ts_arena *arena, agent_texts *list, ts_str text);

#endif
