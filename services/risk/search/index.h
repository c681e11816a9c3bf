/* The search index on the store: terms of users (terms.h) with the numbers of those they are about (postings.h), changed in
 * the batch of the user's change. */
#ifndef RISK_SEARCH_INDEX_H
#define RISK_SEARCH_INDEX_H

#include "keys.h"
#include "map.h"
#include "search/places.h"
#include "search/terms.h"

#define SEARCH_ROWS_MAX                                                                            \
    10000 /* rows of the index that one question reads; beyond it the answer is cut, and says so */
#define SEARCH_LOOKED_MAX                                                                          \
    10000 /* addresses that each part looks at because their fronts fit; beyond it the answer is cut */

/* Changes of one unit of work, gathered: a row that a thousand new users meet is written once. */
typedef struct search_edits {
    ts_arena *arena;
    risk_map by_key;
    struct search_edit *list;
} search_edits;

/* A user's terms come in (is_in) or go. In the order of the calls. TS_NOMEM. */
TS_CHECK ts_status search_edit_user(search_edits *e, ts_tenant t, uint64_t user, ts_str name,
                                    ts_str department, ts_str email, bool is_in);
/* Reads the rows concerned and puts them, changed, into the batch. */
TS_CHECK ts_status search_edits_write(search_edits *e, ts_store *store, ts_batch *batch);

/* A set of users by number. */
typedef struct search_set {
    uint64_t *bits;
    uint64_t last_user; /* the greatest number that may be in it */
    uint64_t count;
} search_set;

static inline bool search_set_has(const search_set *s, uint64_t user)
{
    return user <= s->last_user && (s->bits[user >> 6] >> (user & 63) & 1) != 0;
}

/* The first `max` numbers in a set, ascending. Returns how many there are. */
size_t search_list(const uint64_t *bits, size_t words, size_t max, uint64_t *ret);

/* Where a question looks. */
typedef struct search_source {
    ts_store *store;
    places *places; /* NULL: from the store */
    ts_tenant tenant;
    uint64_t last_user;
    int64_t now_ms; /* for places_get() */
} search_source;

/* Who meets all parts of a query. *ret_cut: SEARCH_ROWS_MAX or SEARCH_LOOKED_MAX was reached, there may be more. */
TS_CHECK ts_status search_find(const search_source *from, const search_part *parts, size_t count,
                               ts_arena *arena, search_set *ret, bool *ret_cut);

#endif
