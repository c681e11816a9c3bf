/* Places of users (family user_places) for searches: out of memory as far as it goes, else from the store.
 *
 * Who is found is spread over all users, so that each place costs a look-up in the store, 3 us; in memory it is some 50 ns. The
 * places of an organization are read in, from its first user on, by the searches that had to ask the store for many: each reads a
 * bounded number on. From then on they follow the store's writes (ts_store_follow()): what is here is what a reader of the
 * store would see. Beyond the room that all have together, users with greater numbers stay in the store alone; an
 * organization that has not searched for a while makes room for another.
 *
 * Thread-safe.
 */
#ifndef RISK_SEARCH_PLACES_H
#define RISK_SEARCH_PLACES_H

#include "keys.h"

#define PLACES_ASK_MAX  16    /* places that a search asks the store for without reading on */
#define PLACES_READ_MAX 32768 /* users that one search reads in: some 10 ms */
#define PLACES_KEEP_MS                                                                             \
    (INT64_C(10) * 60 * 1000) /* since the last search, before another may take the room */

typedef struct places places;

/* Follows the store's writes: before the first one, and until places_free(). TS_NOMEM. */
TS_CHECK ts_status places_new(ts_store *store, size_t max_bytes, places **ret);
/* After the last write. NULL is fine. */
void places_free(places *p);
TS_DEFINE_CLEANUP(places, places_free);

/* The places of many users; one that has none has a NULL pointer. `p` NULL: from the store alone. `now_ms` is of a clock that does
 * not go back. TS_NOMEM, TS_UNAVAILABLE. */
TS_CHECK ts_status places_get(places *p, ts_store *store, ts_tenant t, const uint64_t *numbers,
                              size_t count, int64_t now_ms, ts_arena *arena, ts_str *ret_values);
/* Bytes that all of them take. */
size_t places_bytes(places *p);

#endif
