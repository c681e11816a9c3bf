/* How far apart two words are, for "did you mean". Pure. */
#ifndef TS_NEAR_H
#define TS_NEAR_H

#include "ts/base.h"

#define TS_DISTANCE_LENGTH 23u /* bytes of the longest words that are compared */

/* Optimal string alignment distance (a swap of neighbours counts one), or max + 1 if it is over `max`. Words of more than
 * TS_DISTANCE_LENGTH bytes are over any maximum. */
unsigned ts_distance(ts_str a, ts_str b, unsigned max);

/* How many slips a word of that length may have: 1 up to 7 bytes, else 2. */
unsigned ts_slips(size_t length);

/* The word of ours that a mistyped one may have meant: the nearest of those that were added. Two that are as near are none. */
typedef struct ts_near {
    ts_str word;
    unsigned distance;
    bool is_tied;
} ts_near;
/* `known` is in small letters; `typed` in any. The caller keeps `known`. */
void ts_near_add(ts_near *near, ts_str typed, ts_str known);
#define TS_NEAR_WORDS 48
/* " (did you mean closed?)", or "". */
void ts_near_say(const ts_near *near, char ret[TS_NEAR_WORDS]);

#endif
