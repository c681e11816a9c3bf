#include "names.h"

#define SLOTS_FIRST 1024u

/* FNV-1a. The strings that are stored come from our own data files, and no question adds one: nobody can choose collisions. */
static uint64_t hash_of(ts_str text)
{
    uint64_t h = 0xcbf29ce484222325ull;

    for (size_t i = 0; i < text.n; i++)
        h = (h ^ (unsigned char)text.p[i]) * 0x100000001b3ull;
    return h ^ (h >> 29);
}

static size_t slot_of(const agent_names *n, ts_str text)
{
    size_t at = hash_of(text) & (n->slot_count - 1);

    while (n->slots[at] != 0 && !ts_str_eq(n->list[n->slots[at]], text))
        at = (at + 1) & (n->slot_count - 1);
    return at;
}

static bool widen(agent_names *n)
{
    size_t slot_count = n->slot_count == 0 ? SLOTS_FIRST : n->slot_count * 2;
    uint32_t *slots = ts_arena_array(n->arena, slot_count, sizeof(*slots));

    if (slots == NULL)
        return false;
    ts_arena_give_back(n->arena, n->slots, n->slot_count * sizeof(*n->slots));
    n->slots = slots;
    n->slot_count = slot_count;
    for (size_t i = 1; i < n->count; i++)
        slots[slot_of(n, n->list[i])] = (uint32_t)i;
    return true;
}

uint32_t agent_names_add(agent_names *n, ts_str text)
{
    size_t at;

    if (n->count == 0) {
        if (!ts_arena_grow(n->arena, &n->list, 0, &n->capacity, sizeof(*n->list)))
            return 0;
        n->list[n->count++] = TS_STR_LIT("");
    }
    if (n->count * 2 >= n->slot_count && !widen(n))
        return 0;
    at = slot_of(n, text);
    if (n->slots[at] != 0)
        return n->slots[at];
    if (!ts_arena_grow(n->arena, &n->list, n->count, &n->capacity, sizeof(*n->list)))
        return 0;
    n->list[n->count] = ts_arena_str(n->arena, text);
    if (n->list[n->count].p == NULL)
        return 0;
    n->slots[at] = (uint32_t)n->count;
    return (uint32_t)n->count++;
}

uint32_t agent_names_find(const agent_names *n, ts_str text)
{
    return n->slot_count == 0 || text.n == 0 ? 0 : n->slots[slot_of(n, text)];
}
