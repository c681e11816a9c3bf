/* Deleted rows leave the disk: the key ranges of deleted organizations are compacted, one after the other, by a thread that is
 * started for the first of them. What is waiting when the store closes goes with RocksDB's own compactions, some time later:
 * no reader sees it either way. */
#include "internal.h"

#define FORCE_BOTTOMMOST                                                                           \
    2 /* BottommostLevelCompaction::kForce: also files that lie at the bottom already */

/* Where an organization's rows do not stand together: parked ones, those of the outbox. These families are small. */
static void compact_all(ts_store *s, rocksdb_column_family_handle_t *family,
                        rocksdb_compactoptions_t *options)
{
    rocksdb_compact_range_cf_opt(s->db, family, options, NULL, 0, NULL, 0);
}

static void purge_org(ts_store *s, uint64_t org)
{
    rocksdb_compactoptions_t *options = rocksdb_compactoptions_create();
    char from[8];
    char until[8];

    rocksdb_compactoptions_set_exclusive_manual_compaction(options, 0);
    rocksdb_compactoptions_set_bottommost_level_compaction(options, FORCE_BOTTOMMOST);
    ts_be64_write(org, from);
    ts_be64_write(org + 1, until);
    for (unsigned i = 0; s->table[i].name != NULL; i++) {
        if (s->table[i].is_global)
            compact_all(s, ts_store_family(s, i), options);
        else
            rocksdb_compact_range_cf_opt(s->db, ts_store_family(s, i), options, from, sizeof(from),
                                         until, sizeof(until));
    }
    compact_all(s, s->families[FAMILY_STREAM], options);
    rocksdb_compactoptions_destroy(options);
}

static void *purge_main(void *argument)
{
    ts_store *s = argument;
    store_purge *p = &s->purge;

    pthread_mutex_lock(&p->lock);
    while (!p->stopping) {
        uint64_t org;

        if (p->count == 0) {
            pthread_cond_wait(&p->wake, &p->lock);
            continue;
        }
        org = p->orgs[--p->count];
        pthread_mutex_unlock(&p->lock);
        purge_org(s, org);
        pthread_mutex_lock(&p->lock);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* Under p->lock. */
static ts_status enqueue(store_purge *p, uint64_t org)
{
    if (p->count == p->capacity) {
        size_t capacity = p->capacity == 0 ? 16 : 2 * p->capacity;
        uint64_t *orgs = realloc(p->orgs, capacity * sizeof(*orgs));

        if (orgs == NULL)
            return TS_NOMEM;
        p->orgs = orgs;
        p->capacity = capacity;
    }
    p->orgs[p->count++] = org;
    return TS_OK;
}

ts_status ts_store_purge(ts_store *s, uint64_t org)
{
    store_purge *p = &s->purge;
    ts_status st;

    pthread_mutex_lock(&p->lock);
    st = enqueue(p, org);
    if (st == TS_OK && !p->has_thread)
        p->has_thread = pthread_create(&p->thread, NULL, purge_main, s) == 0;
    if (!p->has_thread)
        st = TS_NOMEM;
    pthread_cond_signal(&p->wake);
    pthread_mutex_unlock(&p->lock);
    return st;
}

void ts_purge_init(store_purge *p)
{
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
}

void ts_purge_done(ts_store *s)
{
    store_purge *p = &s->purge;

    pthread_mutex_lock(&p->lock);
    p->stopping = true;
    pthread_cond_signal(&p->wake);
    pthread_mutex_unlock(&p->lock);
    if (p->has_thread) {
        rocksdb_disable_manual_compaction(s->db); /* ends the one under way */
        pthread_join(p->thread, NULL);
    }
    free(p->orgs);
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->lock);
}
