#include "ts/ranks.h"

#include "internal.h"

#define KEY_MAX      1024
#define TIME_BYTES   8
#define ENTRIES      (TS_RANKS_SIZES - 1) /* the size that has no counts: the index itself */
#define PUTS_A_BATCH 10000

static void bucket_key(ts_buf *key, ts_str view, unsigned size, uint64_t bucket)
{
    ts_buf_str(key, view);
    ts_buf_be8(key, (uint8_t)size);
    ts_buf_be64(key, bucket);
}

static uint64_t read_count(ts_str value)
{
    return value.n == 8 ? ts_be64_read(value.p) : 0;
}

static void put_bucket(const ts_ranks *r, ts_store *s, ts_batch *b, ts_str key, uint64_t count)
{
    uint8_t value[8];

    ts_be64_write(count, value);
    if (count == 0)
        ts_batch_delete(b, s, r->counts, key);
    else
        ts_batch_put(b, s, r->counts, key, ts_str_n(value, sizeof(value)));
}

/* The counts of all sizes in which the moment lies, and their keys. */
static ts_status load_buckets(const ts_ranks *r, ts_store *s, ts_arena *arena, ts_str view,
                              int64_t at_ms, ts_str keys[ENTRIES], ts_str counts[ENTRIES])
{
    const size_t key_bytes = view.n + 1 + TIME_BYTES;
    char *bytes = view.n > KEY_MAX ? NULL : ts_arena_alloc(arena, ENTRIES * key_bytes);

    if (bytes == NULL)
        return TS_NOMEM;
    for (unsigned size = 0; size < ENTRIES; size++, bytes += key_bytes) {
        memcpy(bytes, view.p, view.n);
        bytes[view.n] = (char)size;
        ts_be64_write(ts_ranks_bucket(size, at_ms), bytes + view.n + 1);
        keys[size] = ts_str_n(bytes, key_bytes);
    }
    return ts_store_get_many(s, r->counts, keys, ENTRIES, true, arena, counts);
}

ts_status ts_ranks_move(const ts_ranks *r, ts_store *s, ts_batch *b, ts_arena *arena, ts_str view,
                        int64_t at_ms, bool is_there)
{
    ts_str keys[ENTRIES];
    ts_str counts[ENTRIES];
    ts_status st = load_buckets(r, s, arena, view, at_ms, keys, counts);

    for (unsigned size = 0; size < ENTRIES && st == TS_OK; size++) {
        uint64_t count = read_count(counts[size]);

        if (is_there || count > 0)
            put_bucket(r, s, b, keys[size], is_there ? count + 1 : count - 1);
    }
    return st;
}

/* Buckets [from, until) of one size, or entries of those times, in the index's order. */
static ts_iter *walk(const ts_ranks *r, ts_store *s, ts_str view, unsigned size, uint64_t from,
                     uint64_t until)
{
    TS_CLEANUP(ts_buf_done) ts_buf lower = TS_BUF_INIT(KEY_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf upper = TS_BUF_INIT(KEY_MAX);

    if (size == ENTRIES) {
        ts_buf_str(&lower, view);
        ts_buf_be64(&lower, r->newest_first ? ~(until - 1) : from);
        ts_buf_str(&upper, view);
        ts_buf_be64(&upper, r->newest_first ? ~(from - 1) : until);
        if (r->newest_first && from == 0) { /* no number stands behind the complement of 0 */
            ts_buf_clear(&upper);
            ts_buf_str(&upper, view);
            ts_buf_be64(&upper, UINT64_MAX);
            for (size_t i = 0; i < r->rest_bytes + 1; i++)
                ts_buf_be8(&upper, UINT8_MAX);
        }
    } else {
        bucket_key(&lower, view, size, from);
        bucket_key(&upper, view, size, until);
    }
    if (ts_buf_status(&lower) != TS_OK || ts_buf_status(&upper) != TS_OK)
        return NULL;
    return ts_iter_new(s, size == ENTRIES ? r->index : r->counts, ts_buf_view(&lower),
                       ts_buf_view(&upper), size != ENTRIES && r->newest_first);
}

ts_status ts_ranks_count(const ts_ranks *r, ts_store *s, ts_str view, int64_t from_ms,
                         int64_t until_ms, uint64_t *ret)
{
    ts_ranks_piece pieces[TS_RANKS_PIECES];
    size_t piece_count = ts_ranks_split(from_ms, until_ms, pieces);
    uint64_t count = 0;

    for (size_t i = 0; i < piece_count; i++) {
        TS_CLEANUP(ts_iter_free_p)
        ts_iter *it = walk(r, s, view, pieces[i].size, pieces[i].from, pieces[i].until);

        if (it == NULL)
            return TS_NOMEM;
        for (; ts_iter_valid(it); ts_iter_next(it))
            count += pieces[i].size == ENTRIES ? 1 : read_count(ts_iter_value(it));
        if (ts_iter_status(it) != TS_OK)
            return ts_iter_status(it);
    }
    *ret = count;
    return TS_OK;
}

/* The bucket of [from, until) that holds the entry; *rank is then the one within it. */
static ts_status find_bucket(const ts_ranks *r, ts_store *s, ts_str view, unsigned size,
                             uint64_t from, uint64_t until, uint64_t *rank, uint64_t *ret)
{
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = walk(r, s, view, size, from, until);

    if (it == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it); ts_iter_next(it)) {
        uint64_t count = read_count(ts_iter_value(it));
        ts_str key = ts_iter_key(it);

        if (*rank < count) {
            *ret = ts_be64_read(key.p + key.n - 8);
            return TS_OK;
        }
        *rank -= count;
    }
    return ts_iter_status(it) == TS_OK ? TS_NOT_FOUND : ts_iter_status(it);
}

ts_status ts_ranks_find(const ts_ranks *r, ts_store *s, ts_str view, uint64_t rank, ts_buf *ret)
{
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = NULL;
    ts_ranks_piece in = { 0, 0, ts_ranks_bucket(0, TS_RANKS_END) + 1 };

    for (; in.size < ENTRIES; in.size++) {
        uint64_t bucket = 0;
        ts_status st = find_bucket(r, s, view, in.size, in.from, in.until, &rank, &bucket);

        if (st != TS_OK)
            return st;
        in.from = bucket * ts_ranks_children(in.size);
        in.until = in.from + ts_ranks_children(in.size);
    }
    it = walk(r, s, view, ENTRIES, in.from, in.until);
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

/* The view that is being counted, and its bucket of each size: the index is in order of view and time. */
typedef struct recount {
    const ts_ranks *r;
    ts_store *s;
    ts_batch *b;
    ts_buf view;
    bool is_wanted;
    uint64_t bucket[ENTRIES];
    uint64_t count[ENTRIES]; /* 0: none is being counted */
    uint64_t puts;
} recount;

static ts_status finish(recount *c, unsigned size)
{
    TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(KEY_MAX);

    if (c->count[size] == 0)
        return TS_OK;
    bucket_key(&key, ts_buf_view(&c->view), size, c->bucket[size]);
    if (ts_buf_status(&key) != TS_OK)
        return ts_buf_status(&key);
    put_bucket(c->r, c->s, c->b, ts_buf_view(&key), c->count[size]);
    c->count[size] = 0;
    c->puts++;
    return TS_OK;
}

static ts_status finish_all(recount *c)
{
    ts_status st = TS_OK;

    for (unsigned size = 0; size < ENTRIES && st == TS_OK; size++)
        st = finish(c, size);
    return st;
}

static ts_status write_some(recount *c)
{
    ts_status st = ts_store_write(c->s, c->b, NULL);

    ts_batch_free(c->b);
    c->b = ts_batch_new();
    c->puts = 0;
    return st == TS_OK && c->b == NULL ? TS_NOMEM : st;
}

static ts_status begin_view(recount *c, ts_str key, ts_str view, ts_ranks_wants *wants,
                            void *context)
{
    ts_status st = finish_all(c);

    if (st != TS_OK)
        return st;
    ts_buf_clear(&c->view);
    ts_buf_str(&c->view, view);
    c->is_wanted = true;
    st = ts_buf_status(&c->view);
    return st == TS_OK && wants != NULL ? wants(context, key, &c->is_wanted) : st;
}

static ts_status count_in(recount *c, uint64_t time)
{
    int64_t at_ms = (int64_t)(c->r->newest_first ? ~time : time);

    for (unsigned size = 0; size < ENTRIES; size++) {
        uint64_t bucket = ts_ranks_bucket(size, at_ms);
        ts_status st = bucket == c->bucket[size] ? TS_OK : finish(c, size);

        if (st != TS_OK)
            return st;
        c->bucket[size] = bucket;
        c->count[size]++;
    }
    return TS_OK;
}

static ts_status count_all(recount *c, ts_str prefix, ts_ranks_wants *wants, void *context)
{
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = ts_iter_prefix(c->s, c->r->index, prefix, false);
    const size_t end_bytes = TIME_BYTES + c->r->rest_bytes;
    ts_status st = TS_OK;

    if (it == NULL || c->b == NULL)
        return TS_NOMEM;
    for (bool is_first = true; ts_iter_valid(it) && st == TS_OK; ts_iter_next(it)) {
        ts_str key = ts_iter_key(it);
        ts_str view;

        if (key.n <= end_bytes)
            return TS_CORRUPT;
        view = ts_str_n(key.p, key.n - end_bytes);
        if (is_first || !ts_str_eq(view, ts_buf_view(&c->view)))
            st = begin_view(c, key, view, wants, context);
        is_first = false;
        if (st == TS_OK && c->is_wanted)
            st = count_in(c, ts_be64_read(key.p + view.n));
        if (st == TS_OK && c->puts >= PUTS_A_BATCH)
            st = write_some(c);
    }
    if (st == TS_OK)
        st = ts_iter_status(it);
    if (st == TS_OK)
        st = finish_all(c);
    return st == TS_OK ? ts_store_write(c->s, c->b, NULL) : st;
}

ts_status ts_ranks_rebuild(const ts_ranks *r, ts_store *s, ts_str prefix, ts_ranks_wants *wants,
                           void *context)
{
    recount c = { .r = r, .s = s, .b = ts_batch_new(), .view = TS_BUF_INIT(KEY_MAX) };
    ts_status st = count_all(&c, prefix, wants, context);

    ts_batch_free(c.b);
    ts_buf_done(&c.view);
    return st;
}
