/* Numbered strings: each text gets a number from 1 once, and is found again by it. Built while data is loaded, only read
 * afterwards, then from any thread. */
#ifndef AGENT_NAMES_H
#define AGENT_NAMES_H

#include "ts/arena.h"
#include "ts/base.h"

typedef struct agent_names {
    ts_arena *arena;
    ts_str *list; /* [0] is empty */
    size_t count;
    size_t capacity;
    uint32_t *slots; /* open addressing, a power of two */
    size_t slot_count;
} agent_names;

/* The text's number, made if it is new; 0 if out of memory. */
uint32_t agent_names_add(agent_names *n, ts_str text);
/* 0 if it is not there. */
uint32_t agent_names_find(const agent_names *n, ts_str text);

static inline ts_str agent_names_text(const agent_names *n, uint32_t number)
{
    return number < n->count ? n->list[number] : TS_STR_NULL;
}

#endif
