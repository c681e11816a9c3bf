/* What the files of common/store share; nobody else includes it. */
#ifndef TS_STORE_INTERNAL_H
#define TS_STORE_INTERNAL_H

#include <pthread.h>
#include <rocksdb/c.h>
#include <stdatomic.h>

#include "ts/metrics.h"
#include "ts/store.h"

#define STORE_FAMILIES_MAX 32
#define STORE_STRIPES      64
#define STORE_VERSIONS     256 /* counters that all organizations share */

/* Families of the store itself come first: RocksDB's default one holds meta rows, the second one
 * the streams. */
enum { FAMILY_META, FAMILY_STREAM, FAMILY_OWN };

typedef struct store_purge {
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t wake;
    uint64_t *orgs; /* whose ranges wait */
    size_t count, capacity;
    pthread_t thread;
    bool has_thread;
    bool stopping;
} store_purge;

/* Rows up to `last`, above those of the entry before, have their numbers from an earlier epoch. */
typedef struct store_past {
    uint64_t last;
    uint64_t epoch;
} store_past;

/* Locks are taken in this order: write_lock, then sync_lock or erased_lock. */
struct ts_store {
    rocksdb_t *db;
    rocksdb_options_t *options;
    rocksdb_block_based_table_options_t *table_options;
    rocksdb_cache_t *cache;
    rocksdb_readoptions_t *read_options;
    rocksdb_writeoptions_t *write_options;
    rocksdb_column_family_handle_t *families[STORE_FAMILIES_MAX];
    unsigned family_count;
    const ts_family *table; /* the caller's families, in order */
    char directory[512];
    uint8_t uuid[16];
    uint64_t epoch;
    uint64_t min_free_bytes;

    pthread_mutex_t write_lock; /* orders commits; guards the three below */
    uint64_t rows;              /* put and deleted so far */
    uint64_t written;           /* commits so far = ticket of the last one */
    uint64_t last_written[TS_STORE_STREAMS];

    /* Tombstones, ascending. Changed under write_lock and erased_lock: either is enough to read them. */
    pthread_mutex_t erased_lock;
    uint64_t *erased;
    size_t erased_capacity;
    atomic_size_t erased_count;
    store_purge purge;

    pthread_mutex_t sync_lock; /* guards all below */
    pthread_cond_t sync_done;
    bool syncing;
    uint64_t synced;
    uint64_t last_durable[TS_STORE_STREAMS];
    uint64_t first[TS_STORE_STREAMS];
    store_past *past[TS_STORE_STREAMS]; /* constant, ascending; as the next */
    size_t past_count[TS_STORE_STREAMS];
    bool entered[TS_STORE_STREAMS]; /* rows are being handed over */
    bool unsure[TS_STORE_STREAMS];  /* nobody knows whether the last ones were taken */
    int64_t paused_until_boot_ms;   /* 0: not */
    uint64_t pause_id;              /* of the last pause */
    double sync_seconds;
    uint64_t sync_count;
    ts_metric *sync_metric;

    ts_store_follower *follower; /* NULL: none */
    void *follower_context;
    unsigned followed;

    atomic_bool failed;
    void (*on_failure)(void *context);
    void *on_failure_context;

    _Atomic int64_t room_asked_ms;
    atomic_bool has_room;

    pthread_mutex_t stripes[STORE_STRIPES];

    _Atomic uint64_t
        versions[STORE_VERSIONS]; /* moved under write_lock; odd: a write is under way */
};

struct ts_batch {
    rocksdb_writebatch_t *rows;
    ts_buf appended; /* stream (1), size (4, host order), bytes; repeated */
    ts_buf seen;     /* struct seen_row, key, value's beginning; repeated */
    ts_buf followed; /* struct followed_row, key, until, value; repeated */
    uint64_t *orgs;  /* claimed; mostly one */
    size_t org_count;
    size_t org_capacity;
    uint64_t touched[STORE_VERSIONS / 64]; /* a bit for each counter that its rows move */
    bool out_of_memory;
    bool without_tenant; /* a key of a tenant family that has no room for a tenant */
};

/* Shows the store among the metrics; no more when this has returned. */
void ts_store_watch(ts_store *s);
void ts_store_unwatch(void);
void ts_rocksdb_free_p(char **error);
/* RocksDB counts each comparison of keys, for the thread alone; nobody asks it, and it is a tenth of what a write costs. */
void ts_store_hush(void);
/* Marks the store as failed and tells the owner once. */
ts_status ts_store_fail(ts_store *s);
rocksdb_column_family_handle_t *ts_store_family(ts_store *s, unsigned family);
ts_status ts_store_get_from(ts_store *s, rocksdb_column_family_handle_t *family, ts_str key,
                            ts_arena *arena, ts_str *ret_value);

/* Reads the tombstones; at the opening. */
ts_status ts_erased_load(ts_store *s);
/* Does the batch claim an organization that is erased? Under write_lock. */
bool ts_erased_claims(const ts_store *s, const ts_batch *b);
void ts_purge_init(store_purge *p);
/* Ends the thread; before the database closes. */
void ts_purge_done(ts_store *s);
uint64_t ts_be64_read(const void *bytes);
void ts_be64_write(uint64_t n, void *ret);

#define STREAM_KEY_SIZE 9
void ts_stream_key(unsigned stream, uint64_t seq, char ret[STREAM_KEY_SIZE]);
/* Adds the batch's stream rows to its writebatch with numbers that follow `next`; moves next. Under
 * write_lock. */
ts_status ts_stream_number_rows(ts_store *s, ts_batch *b, uint64_t next[TS_STORE_STREAMS]);
ts_status ts_stream_load(ts_store *s);
/* After ts_stream_load(): what waits is of `before` or earlier, what comes is of an epoch of its own. Not synced. */
ts_status ts_stream_begin_epoch(ts_store *s, uint64_t before);

#endif
