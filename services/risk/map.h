/* A hash table from byte strings to pointers, in an arena. Grows; never shrinks; keys and values
 * are borrowed. Not thread-safe. */
#ifndef RISK_MAP_H
#define RISK_MAP_H

#include "ts/arena.h"

typedef struct risk_map_slot {
    uint64_t hash; /* 0: free */
    ts_str key;
    void *value;
} risk_map_slot;

typedef struct risk_map {
    ts_arena *arena;
    risk_map_slot *slots;
    size_t capacity; /* a power of two, or 0 */
    size_t count;
} risk_map;

/* NULL if absent. */
void *risk_map_get(const risk_map *m, ts_str key);
/* Replaces. False if out of memory. The key must live as long as the map. */
bool risk_map_put(risk_map *m, ts_str key, void *value);

#endif
