/* What the plain request has no parameter for, done to its answer: rows that the question leaves out are dropped, the rest is
 * ordered and cut as asked. Pure: JSON in, JSON out. The shape stays that of the plain answer.
 */
#ifndef AGENT_NARROW_H
#define AGENT_NARROW_H

#include "parse.h"

#define AGENT_FILTERS_MAX  16u  /* of one question */
#define AGENT_NARROW_PAGES 5u   /* of AGENT_NARROW_ROWS each: so much is looked at */
#define AGENT_NARROW_ROWS  200u /* the most that a plain request returns */

typedef enum agent_test {
    AGENT_EQUALS, /* one of `values`, in small or capital letters; of a list: one of its texts or its members' `inner` */
    AGENT_HAS_WORDS, /* holds one of `values` as whole words */
    AGENT_AT_LEAST,  /* a number, or a level by its rank */
    AGENT_AT_MOST,
    AGENT_IS_TRUE,
    AGENT_IS_FALSE,   /* null is neither */
    AGENT_NOT_BEFORE, /* a time, with `number` in ms */
    AGENT_BEFORE,     /* or never */
} agent_test;

typedef struct agent_filter {
    const char *member;
    const char *inner;
    agent_test test;
    const ts_str *values;
    size_t count;
    int64_t number;
    bool is_negated;
} agent_filter;

typedef struct agent_narrowing {
    const char *list; /* the member of the answer that holds the rows */
    agent_filter filters[AGENT_FILTERS_MAX];
    size_t count;
    const char *sort; /* member; NULL: the order of the plain answer */
    bool is_ascending;
    int64_t limit; /* rows to show; 0: all that were looked at */
    int64_t offset;
} agent_narrowing;

/* Whether anything is to be done. */
bool agent_narrows(const agent_narrowing *n);

/* The rank of a level's name, informational and minimal 0 .. critical 4; -1 if it is none. */
int64_t agent_level_rank(ts_str name);

/* Pages of the plain answer to one: rows that pass, ordered and cut, and the pagination of those. *ret_total is how many passed.
 * TS_INVALID if a page is not what it should be; TS_NOMEM. */
TS_CHECK ts_status agent_narrow(const agent_narrowing *n, const ts_str *pages, size_t page_count,
                                ts_arena *arena, ts_buf *out, size_t *ret_total);

#endif
