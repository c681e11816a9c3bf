/* Groups of a report while it is added up: found by key in constant time, sorted at the end. Pure; everything lives in the
 * caller's arena. Not thread-safe.
 */
#ifndef AI_USAGE_TALLY_H
#define AI_USAGE_TALLY_H

#include "proto/aiusage.pb-c.h"
#include "ts/arena.h"
#include "ts/base.h"

#define TALLY_TOOLS_MAX 64 /* tools named in a user's group */

typedef struct tally {
    ts_arena *arena;
    Ts__Aiusage__Group **groups; /* in the order of first mention until sorted */
    size_t count;
    size_t capacity;
    uint32_t *table; /* open addressing: index into groups plus 1, 0 = free */
    size_t slots;
} tally;

tally tally_in(ts_arena *arena);
/* The group of that key, made empty if there is none. NULL if out of memory. */
Ts__Aiusage__Group *tally_group(tally *t, ts_str key);
/* Names a tool of a user's group, once each and at most TALLY_TOOLS_MAX, sorted. TS_NOMEM. */
TS_CHECK ts_status tally_name_tool(tally *t, Ts__Aiusage__Group *group, ts_str tool);
/* Events descending, then key. No group may be asked for afterwards. */
void tally_sort(tally *t);

#endif
