/* Opening, reading, locking. Durability: see batch.c; ordered logs: stream.c. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "internal.h"
#include "ts/id.h"
#include "ts/time.h"

#define MIN_FREE_DEFAULT (UINT64_C(2) << 30)
#define MIN_FREE_PERCENT 5
#define LOG_FILE_BYTES   (UINT64_C(1) << 20)
#define LOG_FILES        2
#define FILE_NAME_MAX    64 /* of RocksDB's, while it makes them */
#define WAL_TOTAL_BYTES  (UINT64_C(64) << 20)

void ts_rocksdb_free_p(char **error)
{
    if (*error != NULL)
        rocksdb_free(*error);
}

rocksdb_column_family_handle_t *ts_store_family(ts_store *s, unsigned family)
{
    return s->families[FAMILY_OWN + family];
}

void ts_store_hush(void)
{
    static _Thread_local bool is_hushed;

    if (is_hushed)
        return;
    rocksdb_set_perf_level(rocksdb_disable);
    is_hushed = true;
}

ts_status ts_store_fail(ts_store *s)
{
    if (!atomic_exchange(&s->failed, true) && s->on_failure != NULL)
        s->on_failure(s->on_failure_context);
    return TS_UNAVAILABLE;
}

void ts_store_on_failure(ts_store *s, void (*failed)(void *context), void *context)
{
    s->on_failure = failed;
    s->on_failure_context = context;
}

static ts_status make_directories(const char *path, ts_error *err)
{
    char partial[512];
    size_t n = strlen(path);

    if (n == 0 || n >= sizeof(partial))
        return ts_fail(err, TS_INVALID, "directory", "database directory must have 1 to 511 bytes");
    memcpy(partial, path, n + 1);
    for (size_t i = 1; i <= n; i++) {
        if (partial[i] != '/' && partial[i] != '\0')
            continue;
        partial[i] = '\0';
        if (mkdir(partial, 0700) != 0 && errno != EEXIST)
            return ts_fail(err, TS_UNAVAILABLE, "directory", "cannot make %s: %s", partial,
                           strerrordesc_np(errno));
        partial[i] = path[i];
    }
    return TS_OK;
}

static void make_options(ts_store *s, const ts_store_options *o)
{
    s->options = rocksdb_options_create();
    s->table_options = rocksdb_block_based_options_create();
    s->cache = rocksdb_cache_create_lru(o->cache_bytes != 0 ? o->cache_bytes : 8u << 20);
    rocksdb_block_based_options_set_block_cache(s->table_options, s->cache);
    rocksdb_block_based_options_set_filter_policy(s->table_options,
                                                  rocksdb_filterpolicy_create_bloom(10));
    rocksdb_block_based_options_set_format_version(s->table_options, 5);
    rocksdb_options_set_block_based_table_factory(s->options, s->table_options);
    rocksdb_options_set_create_if_missing(s->options, 1);
    rocksdb_options_set_create_missing_column_families(s->options, 1);
    rocksdb_options_set_compression(s->options, rocksdb_lz4_compression);
    rocksdb_options_set_db_write_buffer_size(
        s->options, o->write_buffer_bytes != 0 ? o->write_buffer_bytes : 16u << 20);
    rocksdb_options_set_max_total_wal_size(s->options, WAL_TOTAL_BYTES);
    /* One writes at a time (write_lock): nothing is gained by a memtable that many may write to, or by spinning for a turn. */
    rocksdb_options_set_allow_concurrent_memtable_write(s->options, 0);
    rocksdb_options_set_enable_write_thread_adaptive_yield(s->options, 0);
    rocksdb_options_set_max_log_file_size(s->options, LOG_FILE_BYTES);
    rocksdb_options_set_keep_log_file_num(s->options, LOG_FILES);
    /* A crash leaves a torn end behind: what is in front of it counts. If that end had been synced, and the disk has lost
     * it, the store is older than its peers know: they do not mix it up (stream.c). */
    rocksdb_options_set_wal_recovery_mode(s->options, 2);
    s->read_options = rocksdb_readoptions_create();
    s->write_options = rocksdb_writeoptions_create();
}

static ts_status open_families(ts_store *s, const ts_store_options *o, ts_error *err)
{
    const char *names[STORE_FAMILIES_MAX] = { "default", "stream" };
    const rocksdb_options_t *options[STORE_FAMILIES_MAX];
    TS_CLEANUP(ts_rocksdb_free_p) char *error = NULL;

    s->family_count = FAMILY_OWN;
    s->table = o->families;
    for (size_t i = 0; o->families[i].name != NULL; i++) {
        if (s->family_count == STORE_FAMILIES_MAX)
            return ts_fail(err, TS_INVALID, "families", "too many column families");
        names[s->family_count++] = o->families[i].name;
    }
    for (unsigned i = 0; i < s->family_count; i++)
        options[i] = s->options;
    s->db = rocksdb_open_column_families(s->options, o->directory, (int)s->family_count, names,
                                         options, s->families, &error);
    if (error != NULL) {
        s->db = NULL;
        s->family_count = 0;
        return ts_fail(err, TS_UNAVAILABLE, "directory", "cannot open the store: %s", error);
    }
    return TS_OK;
}

/* Meta rows, big-endian numbers: "uuid" (16), "epoch" (8), "schema" (4), "last/<n>" (8), "past/<n>" (n * 16), "erased/" org (8) -> at_ms (8),
 * "retention" (retention.c). */
static ts_status meta_get(ts_store *s, const char *name, void *ret, size_t size)
{
    TS_CLEANUP(ts_rocksdb_free_p) char *error = NULL;
    size_t n = 0;
    char *value = rocksdb_get_cf(s->db, s->read_options, s->families[FAMILY_META], name,
                                 strlen(name), &n, &error);
    ts_status st = TS_OK;

    if (error != NULL)
        return TS_UNAVAILABLE;
    if (value == NULL)
        return TS_NOT_FOUND;
    if (n == size)
        memcpy(ret, value, size);
    else
        st = TS_CORRUPT;
    rocksdb_free(value);
    return st;
}

static ts_status meta_put(ts_store *s, const char *name, const void *value, size_t size)
{
    TS_CLEANUP(ts_rocksdb_free_p) char *error = NULL;

    rocksdb_put_cf(s->db, s->write_options, s->families[FAMILY_META], name, strlen(name), value,
                   size, &error);
    return error == NULL ? TS_OK : TS_UNAVAILABLE;
}

static ts_status load_meta(ts_store *s, uint32_t schema, ts_error *err)
{
    uint8_t version[4] = { (uint8_t)(schema >> 24), (uint8_t)(schema >> 16), (uint8_t)(schema >> 8),
                           (uint8_t)schema };
    uint8_t number[8] = { 0 };
    uint8_t found[4];
    ts_status st;

    st = meta_get(s, "schema", found, sizeof(found));
    if (st == TS_OK && memcmp(found, version, sizeof(found)) > 0)
        return ts_fail(err, TS_UNAVAILABLE, "schema",
                       "the store was written by a newer version of this program");
    /* In front of whatever the service does to bring its rows up to it. */
    if (st == TS_NOT_FOUND || (st == TS_OK && memcmp(found, version, sizeof(found)) < 0))
        st = meta_put(s, "schema", version, sizeof(version));
    if (st != TS_OK)
        return ts_fail(err, st, "schema", "the store's schema row cannot be read or written");

    st = meta_get(s, "uuid", s->uuid, sizeof(s->uuid));
    if (st == TS_NOT_FOUND) {
        st = ts_random(s->uuid, sizeof(s->uuid));
        if (st == TS_OK)
            st = meta_put(s, "uuid", s->uuid, sizeof(s->uuid));
    }
    if (st != TS_OK)
        return ts_fail(err, st, "uuid", "the store's identity cannot be read or written");

    st = meta_get(s, "epoch", number, sizeof(number));
    if (st == TS_OK || st == TS_NOT_FOUND)
        st = ts_stream_load(s);
    if (st == TS_OK)
        st = ts_stream_begin_epoch(s, ts_be64_read(number));
    if (st != TS_OK)
        return ts_fail(err, st, "epoch",
                       "the store's streams and their epoch cannot be read or written");
    return TS_OK;
}

ts_status ts_store_open(const ts_store_options *o, ts_store **ret, ts_error *err)
{
    TS_CLEANUP(ts_store_close_p) ts_store *s = calloc(1, sizeof(*s));
    ts_status st;

    if (s == NULL)
        return ts_fail(err, TS_NOMEM, "", "out of memory");
    pthread_mutex_init(&s->write_lock, NULL);
    pthread_mutex_init(&s->sync_lock, NULL);
    pthread_mutex_init(&s->erased_lock, NULL);
    ts_purge_init(&s->purge);
    ts_monotonic_cond(&s->sync_done);
    for (size_t i = 0; i < STORE_STRIPES; i++)
        pthread_mutex_init(&s->stripes[i], NULL);
    atomic_store(&s->has_room, true);
    s->min_free_bytes = o->min_free_bytes;
    s->sync_metric = ts_histogram("ts_store_sync_seconds", "", "fsyncs of the store's log");

    st = make_directories(o->directory, err);
    if (st != TS_OK)
        return st;
    memcpy(s->directory, o->directory, strlen(o->directory) + 1);
    make_options(s, o);
    st = open_families(s, o, err);
    if (st != TS_OK)
        return st;
    st = load_meta(s, o->schema, err);
    if (st != TS_OK)
        return st;
    st = ts_erased_load(s);
    if (st != TS_OK)
        return ts_fail(err, st, "erased", "the store's tombstones cannot be read");
    ts_store_watch(s);
    *ret = TS_TAKE(s);
    return TS_OK;
}

void ts_store_close(ts_store *s)
{
    if (s == NULL)
        return;
    ts_purge_done(s);
    if (s->db != NULL) {
        TS_CLEANUP(ts_rocksdb_free_p) char *error = NULL;

        ts_store_unwatch();
        /* Nothing that waits for durability is left at this point: a failure here loses nothing
         * acknowledged. */
        rocksdb_flush_wal(s->db, 1, &error);
        for (unsigned i = 0; i < s->family_count; i++)
            rocksdb_column_family_handle_destroy(s->families[i]);
        rocksdb_close(s->db);
    }
    if (s->options != NULL) {
        rocksdb_readoptions_destroy(s->read_options);
        rocksdb_writeoptions_destroy(s->write_options);
        rocksdb_options_destroy(s->options);
        rocksdb_block_based_options_destroy(s->table_options);
        rocksdb_cache_destroy(s->cache);
    }
    for (size_t i = 0; i < STORE_STRIPES; i++)
        pthread_mutex_destroy(&s->stripes[i]);
    for (size_t i = 0; i < TS_STORE_STREAMS; i++)
        free(s->past[i]);
    pthread_cond_destroy(&s->sync_done);
    free(s->erased);
    pthread_mutex_destroy(&s->erased_lock);
    pthread_mutex_destroy(&s->sync_lock);
    pthread_mutex_destroy(&s->write_lock);
    free(s);
}

const uint8_t *ts_store_uuid(const ts_store *s)
{
    return s->uuid;
}

const ts_family *ts_store_families(const ts_store *s)
{
    return s->table;
}

uint64_t ts_store_epoch(const ts_store *s)
{
    return s->epoch;
}

bool ts_store_has_room(ts_store *s)
{
    int64_t now_ms = ts_boot_ms();
    int64_t asked_ms = atomic_load(&s->room_asked_ms);
    uint64_t floor_bytes = s->min_free_bytes;
    struct statvfs fs;

    if (asked_ms != 0 && now_ms - asked_ms < TS_SECOND_MS)
        return atomic_load(&s->has_room);
    atomic_store(&s->room_asked_ms, now_ms);
    if (statvfs(s->directory, &fs) != 0)
        return atomic_load(&s->has_room);
    if (floor_bytes == 0) {
        floor_bytes = (uint64_t)fs.f_blocks * fs.f_frsize / 100 * MIN_FREE_PERCENT;
        if (floor_bytes < MIN_FREE_DEFAULT)
            floor_bytes = MIN_FREE_DEFAULT;
    }
    atomic_store(&s->has_room, (uint64_t)fs.f_bavail * fs.f_frsize >= floor_bytes);
    return atomic_load(&s->has_room);
}

ts_status ts_store_checkpoint(ts_store *s, const char *directory, ts_error *err)
{
    TS_CLEANUP(ts_rocksdb_free_p) char *error = NULL;
    rocksdb_checkpoint_t *checkpoint;

    if (strlen(directory) > PATH_MAX - FILE_NAME_MAX)
        return ts_fail(err, TS_INVALID, "directory", "directory must have at most %d bytes",
                       PATH_MAX - FILE_NAME_MAX);
    checkpoint = rocksdb_checkpoint_object_create(s->db, &error);
    if (error == NULL) {
        rocksdb_checkpoint_create(checkpoint, directory, 0, &error);
        rocksdb_checkpoint_object_destroy(checkpoint);
    }
    if (error != NULL)
        return ts_fail(err, TS_UNAVAILABLE, "directory", "checkpoint failed: %s", error);
    return TS_OK;
}

/* Takes the slice; NULL: there was none. */
static ts_status take_value(rocksdb_pinnableslice_t *take_slice, ts_arena *arena, ts_str *ret_value)
{
    const char *bytes;
    size_t n = 0;
    char *copy;

    if (take_slice == NULL)
        return TS_NOT_FOUND;
    bytes = rocksdb_pinnableslice_value(take_slice, &n);
    copy = ts_arena_alloc(arena, n + 1);
    if (copy != NULL && n > 0)
        memcpy(copy, bytes, n);
    rocksdb_pinnableslice_destroy(take_slice);
    if (copy == NULL)
        return TS_NOMEM;
    *ret_value = ts_str_n(copy, n);
    return TS_OK;
}

ts_status ts_store_get_from(ts_store *s, rocksdb_column_family_handle_t *family, ts_str key,
                            ts_arena *arena, ts_str *ret_value)
{
    TS_CLEANUP(ts_rocksdb_free_p) char *error = NULL;
    rocksdb_pinnableslice_t *slice;

    ts_store_hush();
    slice = rocksdb_get_pinned_cf(s->db, s->read_options, family, key.p, key.n, &error);
    return error != NULL ? TS_UNAVAILABLE : take_value(slice, arena, ret_value);
}

#define MANY_AT_ONCE 32 /* keys that RocksDB looks up together */

static ts_status get_some(ts_store *s, unsigned family, const ts_str *keys, size_t count,
                          bool ascending, ts_arena *arena, ts_str *ret_values)
{
    const char *bytes[MANY_AT_ONCE];
    size_t sizes[MANY_AT_ONCE];
    rocksdb_pinnableslice_t *slices[MANY_AT_ONCE] = { NULL };
    char *errors[MANY_AT_ONCE] = { NULL };
    ts_status st = TS_OK;

    for (size_t i = 0; i < count; i++) {
        bytes[i] = keys[i].p;
        sizes[i] = keys[i].n;
        ret_values[i] = TS_STR_NULL;
    }
    rocksdb_batched_multi_get_cf(s->db, s->read_options, ts_store_family(s, family), count, bytes,
                                 sizes, slices, errors, ascending);
    for (size_t i = 0; i < count; i++) {
        ts_status one = take_value(slices[i], arena, &ret_values[i]);

        if (errors[i] != NULL)
            one = TS_UNAVAILABLE;
        if (one != TS_OK && one != TS_NOT_FOUND)
            st = one;
        rocksdb_free(errors[i]);
    }
    return st;
}

ts_status ts_store_get_many(ts_store *s, unsigned family, const ts_str *keys, size_t count,
                            bool ascending, ts_arena *arena, ts_str *ret_values)
{
    ts_status st = TS_OK;

    for (size_t from = 0; from < count && st == TS_OK; from += MANY_AT_ONCE)
        st = get_some(s, family, keys + from,
                      count - from < MANY_AT_ONCE ? count - from : MANY_AT_ONCE, ascending, arena,
                      ret_values + from);
    return st;
}

ts_status ts_store_get(ts_store *s, unsigned family, ts_str key, ts_arena *arena, ts_str *ret_value)
{
    return ts_store_get_from(s, ts_store_family(s, family), key, arena, ret_value);
}

bool ts_store_has(ts_store *s, unsigned family, ts_str key)
{
    TS_CLEANUP(ts_rocksdb_free_p) char *error = NULL;
    rocksdb_pinnableslice_t *slice = rocksdb_get_pinned_cf(
        s->db, s->read_options, ts_store_family(s, family), key.p, key.n, &error);

    if (error != NULL || slice == NULL)
        return false;
    rocksdb_pinnableslice_destroy(slice);
    return true;
}

static pthread_mutex_t *stripe(ts_store *s, ts_str key)
{
    return &s->stripes[ts_hash_mem(key.p, key.n) % STORE_STRIPES];
}

void ts_store_lock(ts_store *s, ts_str key)
{
    pthread_mutex_lock(stripe(s, key));
}

void ts_store_unlock(ts_store *s, ts_str key)
{
    pthread_mutex_unlock(stripe(s, key));
}

void ts_key_tenant(ts_buf *b, ts_tenant t)
{
    ts_buf_be64(b, t.org);
    ts_buf_be8(b, (uint8_t)t.mode);
}

void ts_key_text(ts_buf *b, ts_str text)
{
    ts_buf_str(b, text);
    ts_buf_char(b, '\0');
}

void ts_key_desc64(ts_buf *b, uint64_t n)
{
    ts_buf_be64(b, ~n);
}
