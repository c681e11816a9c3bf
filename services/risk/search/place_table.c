#include "search/place_table.h"

#include <stdlib.h>

/* Places stand in bytes[0, at[PLACE_TABLE_CHUNK]), in the order of their users, without gaps. */
typedef struct place_chunk {
    uint16_t at[PLACE_TABLE_CHUNK + 1]; /* where each one's begins, and the last one's ends */
    uint16_t capacity;
    char bytes[];
} place_chunk;

_Static_assert(PLACE_TABLE_CHUNK *PLACE_MAX * 5 / 4 <= UINT16_MAX,
               "a full chunk, and room to grow");

void place_table_done(place_table *t)
{
    for (size_t i = 0; i < t->chunk_count; i++)
        free(t->chunks[i]);
    free(t->chunks);
    *t = (place_table){ .chunks = NULL };
}

static bool reach(place_table *t, size_t chunk)
{
    size_t count = t->chunk_count < 16 ? 16 : t->chunk_count;
    place_chunk **chunks;

    if (chunk < t->chunk_count)
        return true;
    while (count <= chunk)
        count += count / 2;
    chunks = realloc(t->chunks, count * sizeof(*chunks));
    if (chunks == NULL)
        return false;
    memset(chunks + t->chunk_count, 0, (count - t->chunk_count) * sizeof(*chunks));
    t->bytes += (count - t->chunk_count) * sizeof(*chunks);
    t->chunks = chunks;
    t->chunk_count = count;
    return true;
}

/* Room for `size` bytes of places. */
static place_chunk *grow(place_table *t, size_t index, size_t size)
{
    place_chunk *old = t->chunks[index];
    size_t capacity = size + size / 4;
    place_chunk *c;

    if (old != NULL && size <= old->capacity)
        return old;
    c = realloc(old, sizeof(*c) + capacity);
    if (c == NULL)
        return NULL;
    if (old == NULL)
        memset(c, 0, sizeof(*c));
    t->bytes += old == NULL ? sizeof(*c) + capacity : capacity - c->capacity;
    c->capacity = (uint16_t)capacity;
    t->chunks[index] = c;
    return c;
}

bool place_table_put(place_table *t, uint64_t user, ts_str place)
{
    size_t index = (size_t)(user / PLACE_TABLE_CHUNK);
    size_t i = (size_t)(user % PLACE_TABLE_CHUNK);
    place_chunk *c;
    size_t size, old_n;

    if (user >= PLACE_TABLE_NUMBERS || place.n > PLACE_MAX)
        return false;
    if (place.n == 0 && (index >= t->chunk_count || t->chunks[index] == NULL))
        return true;
    if (!reach(t, index))
        return false;
    c = t->chunks[index];
    size = c == NULL ? 0 : c->at[PLACE_TABLE_CHUNK];
    old_n = c == NULL ? 0 : (size_t)(c->at[i + 1] - c->at[i]);
    c = grow(t, index, size - old_n + place.n);
    if (c == NULL)
        return false;
    if (place.n != old_n) {
        memmove(c->bytes + c->at[i] + place.n, c->bytes + c->at[i + 1], size - c->at[i + 1]);
        for (size_t j = i + 1; j <= PLACE_TABLE_CHUNK; j++)
            c->at[j] = (uint16_t)(c->at[j] - old_n + place.n);
    }
    if (place.n > 0)
        memcpy(c->bytes + c->at[i], place.p, place.n);
    return true;
}

ts_str place_table_get(const place_table *t, uint64_t user)
{
    const place_chunk *c;
    size_t i = (size_t)(user % PLACE_TABLE_CHUNK);

    if (user / PLACE_TABLE_CHUNK >= t->chunk_count)
        return TS_STR_NULL;
    c = t->chunks[user / PLACE_TABLE_CHUNK];
    if (c == NULL || c->at[i] == c->at[i + 1])
        return TS_STR_NULL;
    return ts_str_n(c->bytes + c->at[i], (size_t)(c->at[i + 1] - c->at[i]));
}
