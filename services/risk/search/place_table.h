/* Places of an organization's users (family user_places) in memory, by number. Pure.
 *
 * Numbers begin at 1 and have few gaps. Users stand in chunks, the bytes of one behind those of the other: what is kept of a
 * user is the place itself and two bytes.
 *
 * Not thread-safe.
 */
#ifndef RISK_SEARCH_PLACE_TABLE_H
#define RISK_SEARCH_PLACE_TABLE_H

#include "ts/base.h"

#define PLACE_MAX           512                 /* bytes of a place */
#define PLACE_TABLE_CHUNK   64                  /* users */
#define PLACE_TABLE_NUMBERS (UINT64_C(1) << 32) /* no user's number is as great */

typedef struct place_table {
    struct place_chunk **chunks; /* NULL: none of its users has a place */
    size_t chunk_count;
    size_t bytes; /* of memory */
} place_table;

void place_table_done(place_table *t);
/* The place is copied; an empty one takes away what is there. False: out of memory, or a number or a place that is too large;
 * nothing has changed. */
bool place_table_put(place_table *t, uint64_t user, ts_str place);
/* Lent until the next change; TS_STR_NULL: none. */
ts_str place_table_get(const place_table *t, uint64_t user);

#endif
