/* Keys in use, in memory: what Authorize needs of a key, its window, and answers to repeated calls.
 *
 * Bounded: when it is full, a key that was not used for the longest time gives way; what had been reserved for it on disk
 * counts as used if it comes back within the minute. Not thread-safe: the owner's lock guards it.
 */
#ifndef AUTH_CACHE_H
#define AUTH_CACHE_H

#include "proto/methods.h"
#include "window.h"

#define AUTH_KEY_ID_SIZE 40
#define AUTH_NAME_SIZE   404  /* 100 characters */
#define AUTH_REPEATS     4096 /* answers kept for callers that repeat a call */

/* What all keys of an organization share: here while one of them is. */
typedef struct auth_org {
    uint64_t number;
    char id[AUTH_KEY_ID_SIZE];
    char name[AUTH_NAME_SIZE];
    uint32_t limit; /* of each key */
    bool is_suspended;
    size_t keys; /* that are here; the last to go takes it along */
    struct auth_org *next;
} auth_org;

typedef struct auth_entry {
    uint8_t sha256[32];
    auth_org *of;
    ts_mode mode;
    char key_id[AUTH_KEY_ID_SIZE];
    uint64_t permissions;
    int64_t expires_ms;
    auth_window window;
    bool has_noted_use;
    int64_t used_noted_boot_ms; /* when a use was written last */
    struct auth_entry *next;    /* in its bucket */
    struct auth_entry *newer, *older;
} auth_entry;

typedef struct auth_cache auth_cache;

/* NULL if out of memory. */
auth_cache *auth_cache_new(size_t max_keys);
void auth_cache_free(auth_cache *c);
/* NULL if it is not there; else the most recently used now. */
auth_entry *auth_cache_get(auth_cache *c, const uint8_t sha256[32]);
/* A zeroed entry of that organization, to fill in; NULL if out of memory. */
auth_entry *auth_cache_add(auth_cache *c, const uint8_t sha256[32], auth_org *of);
void auth_cache_drop(auth_cache *c, const uint8_t sha256[32]);
size_t auth_cache_count(const auth_cache *c);
/* NULL if none of its keys is here. Lends until the next change of the cache. */
auth_org *auth_cache_org(auth_cache *c, uint64_t number);
/* A zeroed one but for its number, to fill in and add a key to; NULL if out of memory. */
auth_org *auth_cache_add_org(auth_cache *c, uint64_t number);
/* Forgets all its keys. */
void auth_cache_drop_org(auth_cache *c, uint64_t org);

/* The verdict given to a call before; false if there is none. */
bool auth_cache_repeat(const auth_cache *c, const uint8_t call_id[16], auth_verdict *ret);
void auth_cache_remember(auth_cache *c, const uint8_t call_id[16], const auth_verdict *verdict);

#endif
