/* How many entries of an index lie in a stretch of time, and which one is the n-th: without walking over them, however many there
 * are.
 *
 * An index holds views, each a list by time. Their entries are counted in buckets of three sizes, 256 of each in one of the next:
 * 65.5 s, 4.7 h, 50 days. A question reads the buckets of each size between a bound and the next larger bucket's edge, and walks
 * only over the entries of the smallest ones at the bounds. Counts move in the batch of the index's change: both are in the store
 * or neither is. Beside changes, an answer counts each of these as made or not.
 *
 * Whoever moves entries of a view holds a lock on it until the batch is written. Times are not negative.
 */
#ifndef TS_RANKS_H
#define TS_RANKS_H

#include "ts/store.h"

typedef struct ts_ranks {
    unsigned index;    /* family: view time(8) rest -> anything */
    unsigned counts;   /* family: view size(1) bucket(8) -> entries(8); nothing else may be in it */
    size_t rest_bytes; /* the same in all keys of the index */
    bool newest_first; /* the index holds the complement of the time */
} ts_ranks;

#define TS_RANKS_END INT64_MAX /* as `until_ms`: no bound */

/* Counts an entry in or out. The batch has one move of a view at most: reads do not see the batch. */
TS_CHECK ts_status ts_ranks_move(const ts_ranks *r, ts_store *s, ts_batch *b, ts_arena *arena,
                                 ts_str view, int64_t at_ms, bool is_there);

/* Entries of the times [from, until). */
TS_CHECK ts_status ts_ranks_count(const ts_ranks *r, ts_store *s, ts_str view, int64_t from_ms,
                                  int64_t until_ms, uint64_t *ret);

/* Appends the index's key of the entry that has `rank` others before it in the index's order. TS_NOT_FOUND if there are not so
 * many, or fewer since they were counted. */
TS_CHECK ts_status ts_ranks_find(const ts_ranks *r, ts_store *s, ts_str view, uint64_t rank,
                                 ts_buf *ret);

/* Is the view counted? `key` is its first in the index. */
typedef ts_status ts_ranks_wants(void *context, ts_str key, bool *ret);

/* Counts all entries of all views that begin with the prefix anew, from their index. `wants` NULL: all views. Not synced. May be
 * killed and called again, unless counts have been moved meanwhile. */
TS_CHECK ts_status ts_ranks_rebuild(const ts_ranks *r, ts_store *s, ts_str prefix,
                                    ts_ranks_wants *wants, void *context);

/* ---- what a stretch of time consists of: pure ---- */

#define TS_RANKS_SIZES  4 /* of buckets, the largest first; the last is an entry's own time */
#define TS_RANKS_PIECES (2 * TS_RANKS_SIZES - 1)

/* Buckets [from, until) of one size. */
typedef struct ts_ranks_piece {
    unsigned size;
    uint64_t from;
    uint64_t until;
} ts_ranks_piece;

/* The largest buckets that lie in [from, until) and smaller ones towards its bounds: every moment is in one of the pieces and only
 * in one. Gives how many there are. */
size_t ts_ranks_split(int64_t from_ms, int64_t until_ms, ts_ranks_piece ret[TS_RANKS_PIECES]);
/* The bucket of that size in which the moment lies. */
uint64_t ts_ranks_bucket(unsigned size, int64_t at_ms);
/* How many of the next size a bucket has. */
uint64_t ts_ranks_children(unsigned size);

#endif
