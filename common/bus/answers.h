/* Answers of a server that are given again as long as nothing of the tenant has changed.
 *
 * A dashboard asks the same page again and again, and most organizations change less often than they are looked at. Kept are
 * the bytes of question and answer, at most `max_bytes` of them together; what is asked for less goes first. A version stands for the
 * tenant's rows: an answer is given only under the version that it was made under.
 *
 * Thread-safe; never blocks for longer than it takes to copy an answer.
 */
#ifndef TS_BUS_ANSWERS_H
#define TS_BUS_ANSWERS_H

#include "ts/rpc.h"

typedef struct bus_answers bus_answers;

/* What one answer may have of the room at most: a large one must not push out all others. */
#define BUS_ANSWERS_SHARE 8
/* Bytes of a question. Longer ones (a post of events) are never kept nor looked for: to hash them would cost more than it saves. */
#define BUS_QUESTION_MAX 1024

typedef struct bus_question {
    const ts_method *method;
    ts_tenant tenant;
    ts_str request; /* packed */
} bus_question;

/* NULL: out of memory. */
bus_answers *bus_answers_new(size_t max_bytes);
void bus_answers_free(bus_answers *a);
/* A copy in the arena, never NULL if there is one; TS_STR_NULL: there is none, or no memory for it. */
ts_str bus_answers_find(bus_answers *a, const bus_question *q, uint64_t version, ts_arena *arena);
/* Copies both. Kept or not: nobody can rely on it. */
void bus_answers_keep(bus_answers *a, const bus_question *q, uint64_t version, ts_str answer);

#endif
