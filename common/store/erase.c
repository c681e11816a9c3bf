/* Organizations that are no more: their tombstones, the check against them, the removal of their rows.
 *
 * All tombstones stand in memory, in order; there is one for each organization that was ever deleted. A batch knows the
 * organizations whose rows it puts, and is checked under write_lock, which gives all commits their order: a write is in front
 * of the tombstone, and what it put goes with the range deletes, or behind it, and is refused.
 */
#include "internal.h"

#define ERASED_PREFIX   "erased/"
#define ERASED_KEY_SIZE (sizeof(ERASED_PREFIX) - 1 + 8)

uint64_t ts_be64_read(const void *bytes)
{
    const uint8_t *b = bytes;
    uint64_t n = 0;

    for (int i = 0; i < 8; i++)
        n = n << 8 | b[i];
    return n;
}

void ts_be64_write(uint64_t n, void *ret)
{
    uint8_t *b = ret;

    for (int i = 7; i >= 0; i--, n >>= 8)
        b[i] = (uint8_t)(n & 0xff);
}

/* Where the number is, or would stand. */
static size_t place_of(const ts_store *s, uint64_t org)
{
    size_t low = 0;
    size_t high = atomic_load(&s->erased_count);

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (s->erased[middle] < org)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_listed(const ts_store *s, uint64_t org)
{
    size_t at = place_of(s, org);

    return at < atomic_load(&s->erased_count) && s->erased[at] == org;
}

static ts_status list_reserve(ts_store *s)
{
    size_t capacity = s->erased_capacity == 0 ? 16 : 2 * s->erased_capacity;
    uint64_t *list;

    if (atomic_load(&s->erased_count) < s->erased_capacity)
        return TS_OK;
    list = realloc(s->erased, capacity * sizeof(*list));
    if (list == NULL)
        return TS_NOMEM;
    s->erased = list;
    s->erased_capacity = capacity;
    return TS_OK;
}

/* Room was reserved. */
static void list_add(ts_store *s, uint64_t org)
{
    size_t count = atomic_load(&s->erased_count);
    size_t at = place_of(s, org);

    memmove(s->erased + at + 1, s->erased + at, (count - at) * sizeof(*s->erased));
    s->erased[at] = org;
    atomic_store(&s->erased_count, count + 1);
}

ts_status ts_erased_load(ts_store *s)
{
    TS_CLEANUP(ts_rocksdb_free_p) char *error = NULL;
    rocksdb_iterator_t *it =
        rocksdb_create_iterator_cf(s->db, s->read_options, s->families[FAMILY_META]);
    ts_status st = TS_OK;

    rocksdb_iter_seek(it, ERASED_PREFIX, sizeof(ERASED_PREFIX) - 1);
    for (; st == TS_OK && rocksdb_iter_valid(it); rocksdb_iter_next(it)) {
        size_t n = 0;
        const char *key = rocksdb_iter_key(it, &n);

        if (n != ERASED_KEY_SIZE || memcmp(key, ERASED_PREFIX, sizeof(ERASED_PREFIX) - 1) != 0)
            break;
        st = list_reserve(s);
        if (st == TS_OK)
            list_add(s, ts_be64_read(key + sizeof(ERASED_PREFIX) - 1));
    }
    rocksdb_iter_get_error(it, &error);
    rocksdb_iter_destroy(it);
    return st == TS_OK && error != NULL ? TS_UNAVAILABLE : st;
}

bool ts_erased_claims(const ts_store *s, const ts_batch *b)
{
    if (atomic_load(&s->erased_count) == 0)
        return false;
    for (size_t i = 0; i < b->org_count; i++) {
        if (is_listed(s, b->orgs[i]))
            return true;
    }
    return false;
}

bool ts_store_is_erased(const ts_store *s, uint64_t org)
{
    pthread_mutex_t *lock = (pthread_mutex_t *)(uintptr_t)&s->erased_lock;
    bool erased;

    if (atomic_load(&s->erased_count) == 0)
        return false;
    pthread_mutex_lock(lock);
    erased = is_listed(s, org);
    pthread_mutex_unlock(lock);
    return erased;
}

/* Under write_lock. */
static ts_status put_tombstone(ts_store *s, uint64_t org, int64_t now_ms)
{
    TS_CLEANUP(ts_rocksdb_free_p) char *error = NULL;
    char key[ERASED_KEY_SIZE];
    char at[8];
    ts_status st;

    pthread_mutex_lock(&s->erased_lock);
    st = list_reserve(s);
    pthread_mutex_unlock(&s->erased_lock);
    if (st != TS_OK)
        return st;
    memcpy(key, ERASED_PREFIX, sizeof(ERASED_PREFIX) - 1);
    ts_be64_write(org, key + sizeof(ERASED_PREFIX) - 1);
    ts_be64_write((uint64_t)now_ms, at);
    rocksdb_put_cf(s->db, s->write_options, s->families[FAMILY_META], key, sizeof(key), at,
                   sizeof(at), &error);
    if (error != NULL)
        return ts_store_fail(s);
    s->written++;
    pthread_mutex_lock(&s->erased_lock);
    list_add(s, org);
    pthread_mutex_unlock(&s->erased_lock);
    return TS_OK;
}

ts_status ts_store_fence(ts_store *s, uint64_t org, int64_t now_ms, uint64_t *ret_ticket)
{
    ts_status st = TS_OK;

    if (atomic_load(&s->failed))
        return TS_UNAVAILABLE;
    pthread_mutex_lock(&s->write_lock);
    if (!is_listed(s, org))
        st = put_tombstone(s, org, now_ms);
    if (ret_ticket != NULL)
        *ret_ticket = s->written;
    pthread_mutex_unlock(&s->write_lock);
    return st;
}

ts_status ts_store_wipe(ts_store *s, ts_tenant tenant, uint64_t *ret_ticket)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();
    char from[TS_KEY_TENANT_SIZE];
    char until[TS_KEY_TENANT_SIZE];

    if (b == NULL)
        return TS_NOMEM;
    ts_be64_write(tenant.org, from);
    from[8] = (char)tenant.mode;
    memcpy(until, from, sizeof(until));
    until[8]++; /* a mode is a small number */
    for (unsigned i = 0; s->table[i].name != NULL; i++) {
        if (!s->table[i].is_global)
            ts_batch_delete_range(b, s, i, ts_str_n(from, sizeof(from)),
                                  ts_str_n(until, sizeof(until)));
    }
    return ts_store_write(s, b, ret_ticket);
}
