/* Iterators over a key range of one family. */
#include "internal.h"

#define ITER_KEY_MAX 2048

struct ts_iter {
    rocksdb_iterator_t *it;
    rocksdb_readoptions_t *options;
    char lower[ITER_KEY_MAX];
    char upper[ITER_KEY_MAX]; /* RocksDB borrows it while the iterator lives */
    size_t lower_n, upper_n;
    bool reverse;
};

ts_iter *ts_iter_new(ts_store *s, unsigned family, ts_str lower, ts_str upper, bool reverse)
{
    ts_iter *it;

    if (lower.n > ITER_KEY_MAX || upper.n > ITER_KEY_MAX)
        return NULL;
    it = malloc(sizeof(*it));
    if (it == NULL)
        return NULL;
    if (lower.n > 0)
        memcpy(it->lower, lower.p, lower.n);
    if (upper.n > 0)
        memcpy(it->upper, upper.p, upper.n);
    it->lower_n = lower.n;
    it->upper_n = upper.n;
    it->reverse = reverse;
    it->options = rocksdb_readoptions_create();
    if (lower.n > 0)
        rocksdb_readoptions_set_iterate_lower_bound(it->options, it->lower, it->lower_n);
    if (upper.n > 0)
        rocksdb_readoptions_set_iterate_upper_bound(it->options, it->upper, it->upper_n);
    it->it = rocksdb_create_iterator_cf(s->db, it->options, ts_store_family(s, family));
    if (reverse)
        rocksdb_iter_seek_to_last(it->it);
    else
        rocksdb_iter_seek_to_first(it->it);
    return it;
}

ts_iter *ts_iter_prefix(ts_store *s, unsigned family, ts_str prefix, bool reverse)
{
    char upper[ITER_KEY_MAX];
    size_t n = prefix.n;

    if (n > sizeof(upper))
        return NULL;
    if (n > 0)
        memcpy(upper, prefix.p, n);
    /* The first key after the prefix: drop trailing 0xff bytes, add one to the last that is left.
     */
    while (n > 0 && (uint8_t)upper[n - 1] == 0xff)
        n--;
    if (n > 0)
        upper[n - 1] = (char)((uint8_t)upper[n - 1] + 1);
    return ts_iter_new(s, family, prefix, ts_str_n(upper, n), reverse);
}

void ts_iter_free(ts_iter *it)
{
    if (it == NULL)
        return;
    rocksdb_iter_destroy(it->it);
    rocksdb_readoptions_destroy(it->options);
    free(it);
}

bool ts_iter_valid(const ts_iter *it)
{
    return rocksdb_iter_valid(it->it) != 0;
}

void ts_iter_next(ts_iter *it)
{
    if (it->reverse)
        rocksdb_iter_prev(it->it);
    else
        rocksdb_iter_next(it->it);
}

ts_str ts_iter_key(const ts_iter *it)
{
    size_t n = 0;
    const char *p = rocksdb_iter_key(it->it, &n);

    return ts_str_n(p, n);
}

ts_str ts_iter_value(const ts_iter *it)
{
    size_t n = 0;
    const char *p = rocksdb_iter_value(it->it, &n);

    return ts_str_n(p, n);
}

ts_status ts_iter_status(const ts_iter *it)
{
    TS_CLEANUP(ts_rocksdb_free_p) char *error = NULL;

    rocksdb_iter_get_error(it->it, &error);
    return error == NULL ? TS_OK : TS_UNAVAILABLE;
}
