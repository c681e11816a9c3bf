#include "map.h"

#include "ts/id.h"

#define FIRST_CAPACITY 64

static uint64_t hash_of(ts_str key)
{
    uint64_t hash = ts_hash_mem(key.p, key.n);

    return hash == 0 ? 1 : hash;
}

static risk_map_slot *find(const risk_map *m, ts_str key, uint64_t hash)
{
    size_t at = (size_t)hash & (m->capacity - 1);

    while (m->slots[at].hash != 0 &&
           (m->slots[at].hash != hash || !ts_str_eq(m->slots[at].key, key)))
        at = (at + 1) & (m->capacity - 1);
    return &m->slots[at];
}

void *risk_map_get(const risk_map *m, ts_str key)
{
    return m->capacity == 0 ? NULL : find(m, key, hash_of(key))->value;
}

static bool grow(risk_map *m)
{
    risk_map bigger = { .arena = m->arena,
                        .capacity = m->capacity == 0 ? FIRST_CAPACITY : m->capacity * 2 };

    bigger.slots = ts_arena_array(m->arena, bigger.capacity, sizeof(*bigger.slots));
    if (bigger.slots == NULL)
        return false;
    for (size_t i = 0; i < m->capacity; i++) {
        if (m->slots[i].hash != 0)
            *find(&bigger, m->slots[i].key, m->slots[i].hash) = m->slots[i];
    }
    bigger.count = m->count;
    *m = bigger;
    return true;
}

bool risk_map_put(risk_map *m, ts_str key, void *value)
{
    uint64_t hash = hash_of(key);
    risk_map_slot *slot;

    if ((m->count + 1) * 4 > m->capacity * 3 && !grow(m))
        return false;
    slot = find(m, key, hash);
    if (slot->hash == 0)
        m->count++;
    *slot = (risk_map_slot){ .hash = hash, .key = key, .value = value };
    return true;
}
