/* How many entries of a view of the audit log lie before a time, and which one is the n-th: without walking over them, however
 * long the log is.
 *
 * Entries are counted by the time of the act in buckets of three sizes, 256 of each in one of the next: 65.5 s, 4.7 h, 50 days.
 * A question reads the buckets of each size between a bound and the next larger bucket's edge, at most 256, and walks only over
 * the entries of one smallest bucket. A view is what auth_view_key() makes of it.
 */
#ifndef AUTH_RANKS_H
#define AUTH_RANKS_H

#include "store.h"

/* Counts an entry in or out. One of each view goes into a batch. */
TS_CHECK ts_status auth_ranks_move(ts_batch *b, ts_store *s, ts_arena *arena, ts_str view,
                                   int64_t at_ms, bool is_there);

/* How many lie before the time. */
TS_CHECK ts_status auth_ranks_before(ts_store *s, ts_str view, int64_t at_ms, uint64_t *ret);

/* Appends the index key of the entry that has `rank` others before it. TS_NOT_FOUND if there are not so many. */
TS_CHECK ts_status auth_ranks_find(ts_store *s, ts_str view, uint64_t rank, ts_buf *ret);

/* Counts all entries of all views anew, from their index. Not synced. May be killed and called again. */
TS_CHECK ts_status auth_ranks_rebuild(ts_store *s);

#endif
