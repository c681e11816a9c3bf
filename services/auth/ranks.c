#include "ranks.h"

#define SIZES        3
#define CHILDREN     256 /* buckets in one of the next size */
#define PUTS_A_BATCH 10000
#define END_OF_KEY   16 /* bytes behind the view in a key of the index: time and number */

/* A bucket's number is a time without so many of its last bits; the largest first. */
static const unsigned shifts[SIZES] = { 32, 24, 16 };

static void bucket_key(ts_buf *key, ts_str view, unsigned size, uint64_t bucket)
{
    ts_buf_str(key, view);
    ts_buf_be8(key, (uint8_t)size);
    ts_buf_be64(key, bucket);
}

static void put_bucket(ts_batch *b, ts_store *s, ts_str key, uint64_t count)
{
    TS_CLEANUP(ts_buf_done) ts_buf value = TS_BUF_INIT(8);

    ts_buf_be64(&value, count);
    if (count == 0)
        ts_batch_delete(b, s, AUTH_AUDIT_RANKS, key);
    else
        ts_batch_put(b, s, AUTH_AUDIT_RANKS, key, ts_buf_view(&value));
}

ts_status auth_ranks_move(ts_batch *b, ts_store *s, ts_arena *arena, ts_str view, int64_t at_ms,
                          bool is_there)
{
    for (unsigned i = 0; i < SIZES; i++) {
        TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(AUTH_INDEX_KEY_MAX);
        ts_str value = TS_STR_NULL;
        uint64_t count;
        ts_status st;

        bucket_key(&key, view, i, (uint64_t)at_ms >> shifts[i]);
        st = ts_buf_status(&key);
        if (st == TS_OK)
            st = ts_store_get(s, AUTH_AUDIT_RANKS, ts_buf_view(&key), arena, &value);
        if (st != TS_OK && st != TS_NOT_FOUND)
            return st;
        count = auth_read_u64(value, 0);
        if (is_there || count > 0)
            put_bucket(b, s, ts_buf_view(&key), is_there ? count + 1 : count - 1);
    }
    return TS_OK;
}

/* Buckets [from, until) of one size. */
static ts_iter *walk_buckets(ts_store *s, ts_str view, unsigned size, uint64_t from, uint64_t until)
{
    TS_CLEANUP(ts_buf_done) ts_buf lower = TS_BUF_INIT(AUTH_INDEX_KEY_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf upper = TS_BUF_INIT(AUTH_INDEX_KEY_MAX);

    bucket_key(&lower, view, size, from);
    bucket_key(&upper, view, size, until);
    return ts_buf_status(&upper) != TS_OK
               ? NULL
               : ts_iter_new(s, AUTH_AUDIT_RANKS, ts_buf_view(&lower), ts_buf_view(&upper), false);
}

/* Entries of the times [from, until). */
static ts_iter *walk_entries(ts_store *s, ts_str view, uint64_t from, uint64_t until)
{
    TS_CLEANUP(ts_buf_done) ts_buf lower = TS_BUF_INIT(AUTH_INDEX_KEY_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf upper = TS_BUF_INIT(AUTH_INDEX_KEY_MAX);

    ts_buf_str(&lower, view);
    ts_buf_be64(&lower, from);
    ts_buf_str(&upper, view);
    ts_buf_be64(&upper, until);
    return ts_buf_status(&upper) != TS_OK
               ? NULL
               : ts_iter_new(s, AUTH_AUDIT_INDEX, ts_buf_view(&lower), ts_buf_view(&upper), false);
}

ts_status auth_ranks_before(ts_store *s, ts_str view, int64_t at_ms, uint64_t *ret)
{
    uint64_t from = 0;
    uint64_t count = 0;

    for (unsigned i = 0; i < SIZES; i++) {
        uint64_t until = (uint64_t)at_ms >> shifts[i];
        TS_CLEANUP(ts_iter_free_p) ts_iter *it = walk_buckets(s, view, i, from, until);

        if (it == NULL)
            return TS_NOMEM;
        for (; ts_iter_valid(it); ts_iter_next(it))
            count += auth_read_u64(ts_iter_value(it), 0);
        if (ts_iter_status(it) != TS_OK)
            return ts_iter_status(it);
        from = until * CHILDREN;
    }
    {
        TS_CLEANUP(ts_iter_free_p)
        ts_iter *it = walk_entries(
            s, view, (uint64_t)at_ms >> shifts[SIZES - 1] << shifts[SIZES - 1], (uint64_t)at_ms);

        if (it == NULL)
            return TS_NOMEM;
        for (; ts_iter_valid(it); ts_iter_next(it))
            count++;
        *ret = count;
        return ts_iter_status(it);
    }
}

/* The bucket that holds the entry; *rank is then the one within it. */
static ts_status find_bucket(ts_store *s, ts_str view, unsigned size, uint64_t from, uint64_t until,
                             uint64_t *rank, uint64_t *ret)
{
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = walk_buckets(s, view, size, from, until);

    if (it == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it); ts_iter_next(it)) {
        uint64_t count = auth_read_u64(ts_iter_value(it), 0);
        ts_str key = ts_iter_key(it);

        if (*rank < count) {
            *ret = auth_read_u64(key, key.n - 8);
            return TS_OK;
        }
        *rank -= count;
    }
    return ts_iter_status(it) == TS_OK ? TS_NOT_FOUND : ts_iter_status(it);
}

ts_status auth_ranks_find(ts_store *s, ts_str view, uint64_t rank, ts_buf *ret)
{
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = NULL;
    uint64_t from = 0;
    uint64_t until = UINT64_MAX;
    uint64_t bucket = 0;

    for (unsigned i = 0; i < SIZES; i++) {
        ts_status st = find_bucket(s, view, i, from, until, &rank, &bucket);

        if (st != TS_OK)
            return st;
        from = bucket * CHILDREN;
        until = from + CHILDREN;
    }
    it = walk_entries(s, view, bucket << shifts[SIZES - 1], (bucket + 1) << shifts[SIZES - 1]);
    if (it == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it) && rank > 0; ts_iter_next(it))
        rank--;
    if (!ts_iter_valid(it))
        return ts_iter_status(it) == TS_OK ? TS_NOT_FOUND : ts_iter_status(it);
    ts_buf_str(ret, ts_iter_key(it));
    return ts_buf_status(ret);
}

/* ---- from the index ---- */

/* One size's bucket that is being counted: the index is in order of view and time. */
typedef struct counted {
    ts_buf key;
    uint64_t count;
} counted;

static void finish(ts_batch *b, ts_store *s, counted *c)
{
    if (c->count > 0)
        put_bucket(b, s, ts_buf_view(&c->key), c->count);
    c->count = 0;
}

static ts_status count_in(ts_batch *b, ts_store *s, counted sizes[SIZES], ts_str index_key)
{
    if (index_key.n <= END_OF_KEY)
        return TS_CORRUPT;
    for (unsigned i = 0; i < SIZES; i++) {
        TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(AUTH_INDEX_KEY_MAX);
        uint64_t at_ms = auth_read_u64(index_key, index_key.n - END_OF_KEY);

        bucket_key(&key, ts_str_n(index_key.p, index_key.n - END_OF_KEY), i, at_ms >> shifts[i]);
        if (!ts_str_eq(ts_buf_view(&key), ts_buf_view(&sizes[i].key))) {
            finish(b, s, &sizes[i]);
            ts_buf_clear(&sizes[i].key);
            ts_buf_str(&sizes[i].key, ts_buf_view(&key));
        }
        if (ts_buf_status(&key) != TS_OK || ts_buf_status(&sizes[i].key) != TS_OK)
            return TS_NOMEM;
        sizes[i].count++;
    }
    return TS_OK;
}

static ts_status count_all(ts_store *s, counted sizes[SIZES])
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_new(s, AUTH_AUDIT_INDEX, TS_STR_NULL, TS_STR_NULL, false);
    ts_status st = TS_OK;

    if (b == NULL || it == NULL)
        return TS_NOMEM;
    for (uint64_t n = 1; ts_iter_valid(it) && st == TS_OK; ts_iter_next(it), n++) {
        st = count_in(b, s, sizes, ts_iter_key(it));
        if (st == TS_OK && n % PUTS_A_BATCH == 0 && !ts_batch_is_empty(b)) {
            st = ts_store_write(s, b, NULL);
            ts_batch_free(b);
            b = ts_batch_new();
            if (b == NULL)
                return TS_NOMEM;
        }
    }
    for (unsigned i = 0; i < SIZES; i++)
        finish(b, s, &sizes[i]);
    if (st == TS_OK)
        st = ts_iter_status(it);
    return st == TS_OK ? ts_store_write(s, b, NULL) : st;
}

ts_status auth_ranks_rebuild(ts_store *s)
{
    counted sizes[SIZES];
    ts_status st;

    for (unsigned i = 0; i < SIZES; i++)
        sizes[i] = (counted){ .key = TS_BUF_INIT(AUTH_INDEX_KEY_MAX) };
    st = count_all(s, sizes);
    for (unsigned i = 0; i < SIZES; i++)
        ts_buf_done(&sizes[i].key);
    return st;
}
