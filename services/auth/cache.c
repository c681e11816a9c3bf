#include "cache.h"

typedef struct repeat {
    uint8_t call_id[16];
    bool is_set;
    auth_verdict verdict;
} repeat;

#define ORG_BUCKETS 4096

struct auth_cache {
    auth_org *orgs[ORG_BUCKETS];
    auth_entry **buckets;
    size_t bucket_count; /* a power of two */
    size_t count, max;
    auth_entry *newest, *oldest;
    repeat
        *repeats; /* place = first bytes of the id: a later call may take an earlier one's place */
};

auth_cache *auth_cache_new(size_t max_keys)
{
    auth_cache *c = calloc(1, sizeof(*c));

    if (c == NULL)
        return NULL;
    c->max = max_keys;
    c->bucket_count = 64;
    while (c->bucket_count < max_keys)
        c->bucket_count *= 2;
    c->buckets = calloc(c->bucket_count, sizeof(auth_entry *));
    c->repeats = calloc(AUTH_REPEATS, sizeof(*c->repeats));
    if (c->buckets == NULL || c->repeats == NULL) {
        auth_cache_free(c);
        return NULL;
    }
    return c;
}

void auth_cache_free(auth_cache *c)
{
    if (c == NULL)
        return;
    while (c->newest != NULL) {
        auth_entry *e = c->newest;

        c->newest = e->older;
        free(e);
    }
    for (size_t i = 0; i < ORG_BUCKETS; i++) {
        while (c->orgs[i] != NULL) {
            auth_org *o = c->orgs[i];

            c->orgs[i] = o->next;
            free(o);
        }
    }
    free(c->buckets);
    free(c->repeats);
    free(c);
}

/* A SHA-256 is as good as a hash can be: its first bytes choose the place. Which place is looked at, here and in RocksDB's
 * index, does depend on the hash of what was asked for; but who asks knows that hash anyway, and cannot steer towards a stored
 * one without inverting SHA-256. What they would have to learn byte by byte is a key, and of that every bit of its hash
 * depends on every bit. The comparison of two hashes is in constant time all the same. */
static size_t place(const uint8_t *bytes, size_t count)
{
    uint64_t n;

    memcpy(&n, bytes, sizeof(n));
    return (size_t)n & (count - 1);
}

static void unlink_use(auth_cache *c, auth_entry *e)
{
    if (e->newer != NULL)
        e->newer->older = e->older;
    else
        c->newest = e->older;
    if (e->older != NULL)
        e->older->newer = e->newer;
    else
        c->oldest = e->newer;
}

static void link_newest(auth_cache *c, auth_entry *e)
{
    e->newer = NULL;
    e->older = c->newest;
    if (c->newest != NULL)
        c->newest->newer = e;
    else
        c->oldest = e;
    c->newest = e;
}

auth_entry *auth_cache_get(auth_cache *c, const uint8_t sha256[32])
{
    auth_entry *e = c->buckets[place(sha256, c->bucket_count)];

    while (e != NULL && !ts_equal_ct(e->sha256, sha256, sizeof(e->sha256)))
        e = e->next;
    if (e != NULL && c->newest != e) {
        unlink_use(c, e);
        link_newest(c, e);
    }
    return e;
}

auth_org *auth_cache_org(auth_cache *c, uint64_t number)
{
    auth_org *o = c->orgs[number % ORG_BUCKETS];

    while (o != NULL && o->number != number)
        o = o->next;
    return o;
}

auth_org *auth_cache_add_org(auth_cache *c, uint64_t number)
{
    auth_org *o = calloc(1, sizeof(*o));

    if (o == NULL)
        return NULL;
    o->number = number;
    o->next = c->orgs[number % ORG_BUCKETS];
    c->orgs[number % ORG_BUCKETS] = o;
    return o;
}

static void release_org(auth_cache *c, auth_org *of)
{
    auth_org **at = &c->orgs[of->number % ORG_BUCKETS];

    of->keys--;
    if (of->keys > 0)
        return;
    while (*at != of)
        at = &(*at)->next;
    *at = of->next;
    free(of);
}

void auth_cache_drop(auth_cache *c, const uint8_t sha256[32])
{
    auth_entry **at = &c->buckets[place(sha256, c->bucket_count)];
    auth_entry *e;

    while (*at != NULL && !ts_equal_ct((*at)->sha256, sha256, sizeof((*at)->sha256)))
        at = &(*at)->next;
    e = *at;
    if (e == NULL)
        return;
    *at = e->next;
    unlink_use(c, e);
    release_org(c, e->of);
    c->count--;
    free(e);
}

auth_entry *auth_cache_add(auth_cache *c, const uint8_t sha256[32], auth_org *of)
{
    auth_entry **bucket;
    auth_entry *e;

    of->keys++; /* before one gives way: it may be the last of the same organization */
    if (c->count >= c->max)
        auth_cache_drop(c, c->oldest->sha256);
    e = calloc(1, sizeof(*e));
    if (e == NULL) {
        release_org(c, of);
        return NULL;
    }
    e->of = of;
    memcpy(e->sha256, sha256, sizeof(e->sha256));
    bucket = &c->buckets[place(sha256, c->bucket_count)];
    e->next = *bucket;
    *bucket = e;
    link_newest(c, e);
    c->count++;
    return e;
}

size_t auth_cache_count(const auth_cache *c)
{
    return c->count;
}

void auth_cache_drop_org(auth_cache *c, uint64_t org)
{
    auth_entry *e = c->newest;

    while (e != NULL) {
        auth_entry *older = e->older;

        if (e->of->number == org)
            auth_cache_drop(c, e->sha256);
        e = older;
    }
}

bool auth_cache_repeat(const auth_cache *c, const uint8_t call_id[16], auth_verdict *ret)
{
    const repeat *r = &c->repeats[place(call_id, AUTH_REPEATS)];

    if (!r->is_set || memcmp(r->call_id, call_id, sizeof(r->call_id)) != 0)
        return false;
    *ret = r->verdict;
    return true;
}

void auth_cache_remember(auth_cache *c, const uint8_t call_id[16], const auth_verdict *verdict)
{
    repeat *r = &c->repeats[place(call_id, AUTH_REPEATS)];

    memcpy(r->call_id, call_id, sizeof(r->call_id));
    r->is_set = true;
    r->verdict = *verdict;
}
