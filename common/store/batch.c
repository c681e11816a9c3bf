/* Writing: a batch is applied without waiting for the disk, then one fsync serves all who wait at
 * that moment.
 *
 * Whoever finds no sync under way becomes its leader, notes how far the writes have come, syncs the
 * log and wakes all whose ticket is covered; the others sleep and, if not covered, elect the next
 * leader. A store thus never has more than one fsync under way, and under load each fsync serves
 * everything that was written during the one before.
 */
#include <time.h>

#include "internal.h"
#include "ts/id.h"
#include "ts/time.h"

#define BATCH_APPEND_MAX   (UINT64_C(512) << 20)
#define BATCH_SEEN_MAX     ((size_t)1 << 20)
#define BATCH_FOLLOWED_MAX (UINT64_C(512) << 20)

typedef struct seen_row {
    unsigned family;
    uint32_t key_size, seen_size;
} seen_row;

typedef struct followed_row {
    uint32_t key_size, until_size, value_size;
    bool is_range, is_put;
} followed_row;

ts_batch *ts_batch_new(void)
{
    ts_batch *b = calloc(1, sizeof(*b));

    if (b == NULL)
        return NULL;
    b->rows = rocksdb_writebatch_create();
    b->appended = TS_BUF_INIT(BATCH_APPEND_MAX);
    b->seen = TS_BUF_INIT(BATCH_SEEN_MAX);
    b->followed = TS_BUF_INIT(BATCH_FOLLOWED_MAX);
    return b;
}

void ts_batch_free(ts_batch *b)
{
    if (b == NULL)
        return;
    rocksdb_writebatch_destroy(b->rows);
    ts_buf_done(&b->appended);
    ts_buf_done(&b->seen);
    ts_buf_done(&b->followed);
    free(b->orgs);
    free(b);
}

void ts_batch_claim(ts_batch *b, uint64_t org)
{
    for (size_t i = b->org_count; i > 0; i--) {
        if (b->orgs[i - 1] == org)
            return;
    }
    if (b->org_count == b->org_capacity) {
        size_t capacity = b->org_capacity == 0 ? 4 : 2 * b->org_capacity;
        uint64_t *orgs = realloc(b->orgs, capacity * sizeof(*orgs));

        if (orgs == NULL) {
            b->out_of_memory = true;
            return;
        }
        b->orgs = orgs;
        b->org_capacity = capacity;
    }
    b->orgs[b->org_count++] = org;
}

static unsigned counter_of(uint64_t org)
{
    return (unsigned)(ts_hash_mem(&org, sizeof(org)) % STORE_VERSIONS);
}

/* Rows with such keys change. */
static void touch(ts_batch *b, const ts_store *s, unsigned family, ts_str key)
{
    unsigned counter;

    if (s->table[family].is_global || key.n < TS_KEY_TENANT_SIZE)
        return;
    counter = counter_of(ts_be64_read(key.p));
    b->touched[counter / 64] |= UINT64_C(1) << counter % 64;
}

/* ---- who follows a family ---- */

void ts_store_follow(ts_store *s, unsigned family, ts_store_follower *follower, void *context)
{
    s->follower = follower;
    s->follower_context = context;
    s->followed = family;
}

static void note(ts_batch *b, const ts_store *s, unsigned family, ts_str key, ts_str until,
                 ts_str value)
{
    followed_row row;

    if (s->follower == NULL || family != s->followed)
        return;
    row = (followed_row){ (uint32_t)key.n, (uint32_t)until.n, (uint32_t)value.n, until.p != NULL,
                          value.p != NULL };
    ts_buf_add(&b->followed, &row, sizeof(row));
    ts_buf_str(&b->followed, key);
    ts_buf_str(&b->followed, until);
    ts_buf_str(&b->followed, value);
}

struct ts_store_changes {
    const char *next, *end;
};

bool ts_store_changes_next(ts_store_changes *c, ts_store_change *ret)
{
    followed_row row;
    const char *until, *value;

    if (c->next == c->end)
        return false;
    memcpy(&row, c->next, sizeof(row));
    ret->key = ts_str_n(c->next + sizeof(row), row.key_size);
    until = ret->key.p + row.key_size;
    value = until + row.until_size;
    ret->until = row.is_range ? ts_str_n(until, row.until_size) : TS_STR_NULL;
    ret->value = row.is_put ? ts_str_n(value, row.value_size) : TS_STR_NULL;
    c->next = value + row.value_size;
    return true;
}

/* Under write_lock. */
static void tell_follower(const ts_store *s, const ts_batch *b)
{
    ts_store_changes changes = { b->followed.data, b->followed.data + b->followed.size };

    if (b->followed.size > 0)
        s->follower(s->follower_context, &changes);
}

/* ---- rows ---- */

void ts_batch_put(ts_batch *b, ts_store *s, unsigned family, ts_str key, ts_str value)
{
    if (!s->table[family].is_global) {
        if (key.n < TS_KEY_TENANT_SIZE) {
            b->without_tenant = true;
            return;
        }
        ts_batch_claim(b, ts_be64_read(key.p));
        touch(b, s, family, key);
    }
    note(b, s, family, key, TS_STR_NULL, value.p == NULL ? TS_STR_LIT("") : value);
    rocksdb_writebatch_put_cf(b->rows, ts_store_family(s, family), key.p, key.n, value.p, value.n);
}

void ts_batch_put_message(ts_batch *b, ts_store *s, unsigned family, ts_str key,
                          const ProtobufCMessage *m)
{
    size_t n = protobuf_c_message_get_packed_size(m);
    uint8_t small[1024];
    uint8_t *bytes = n <= sizeof(small) ? small : malloc(n);

    if (bytes == NULL) {
        b->out_of_memory = true;
        return;
    }
    protobuf_c_message_pack(m, bytes);
    ts_batch_put(b, s, family, key, ts_str_n(bytes, n));
    if (bytes != small)
        free(bytes);
}

void ts_batch_delete(ts_batch *b, ts_store *s, unsigned family, ts_str key)
{
    touch(b, s, family, key);
    note(b, s, family, key, TS_STR_NULL, TS_STR_NULL);
    rocksdb_writebatch_delete_cf(b->rows, ts_store_family(s, family), key.p, key.n);
}

void ts_batch_delete_seen(ts_batch *b, unsigned family, ts_str key, ts_str seen)
{
    seen_row row = { family, (uint32_t)key.n, (uint32_t)seen.n };

    if (key.n > BATCH_SEEN_MAX || seen.n > BATCH_SEEN_MAX) {
        b->out_of_memory = true;
        return;
    }
    ts_buf_add(&b->seen, &row, sizeof(row));
    ts_buf_str(&b->seen, key);
    ts_buf_str(&b->seen, seen);
}

void ts_batch_delete_range(ts_batch *b, ts_store *s, unsigned family, ts_str from, ts_str until)
{
    /* One that is not within an organization is in all. */
    if (from.n < TS_KEY_TENANT_SIZE || until.n < TS_KEY_TENANT_SIZE ||
        memcmp(from.p, until.p, sizeof(uint64_t)) != 0)
        memset(b->touched, 0xff, sizeof(b->touched));
    else
        touch(b, s, family, from);
    note(b, s, family, from, until, TS_STR_NULL);
    rocksdb_writebatch_delete_range_cf(b->rows, ts_store_family(s, family), from.p, from.n, until.p,
                                       until.n);
}

void ts_batch_append(ts_batch *b, unsigned stream, ts_str row)
{
    uint32_t n = (uint32_t)row.n;

    if (stream >= TS_STORE_STREAMS || row.n > UINT32_MAX) {
        b->out_of_memory = true;
        return;
    }
    ts_buf_be8(&b->appended, (uint8_t)stream);
    ts_buf_add(&b->appended, &n, sizeof(n));
    ts_buf_str(&b->appended, row);
}

bool ts_batch_is_empty(const ts_batch *b)
{
    return rocksdb_writebatch_count(b->rows) == 0 && b->appended.size == 0 && b->seen.size == 0;
}

static ts_status begins_with(ts_store *s, unsigned family, ts_str key, ts_str seen, bool *ret)
{
    TS_CLEANUP(ts_rocksdb_free_p) char *error = NULL;
    rocksdb_pinnableslice_t *slice = rocksdb_get_pinned_cf(
        s->db, s->read_options, ts_store_family(s, family), key.p, key.n, &error);
    const char *value;
    size_t n = 0;

    *ret = false;
    if (error != NULL)
        return TS_UNAVAILABLE;
    if (slice == NULL)
        return TS_OK;
    value = rocksdb_pinnableslice_value(slice, &n);
    *ret = n >= seen.n && memcmp(value, seen.p, seen.n) == 0;
    rocksdb_pinnableslice_destroy(slice);
    return TS_OK;
}

/* Under write_lock: nobody else writes between the look and the deletion. */
static ts_status delete_seen_rows(ts_store *s, ts_batch *b)
{
    const char *p = b->seen.data;
    const char *end = p + b->seen.size;

    while (p < end) {
        seen_row row;
        ts_str key;
        ts_str seen;
        bool is_same;
        ts_status st;

        memcpy(&row, p, sizeof(row));
        key = ts_str_n(p + sizeof(row), row.key_size);
        seen = ts_str_n(key.p + key.n, row.seen_size);
        p = seen.p + seen.n;
        st = begins_with(s, row.family, key, seen, &is_same);
        if (st != TS_OK)
            return st;
        if (is_same)
            ts_batch_delete(b, s, row.family, key);
    }
    return TS_OK;
}

uint64_t ts_store_version(const ts_store *s, uint64_t org)
{
    uint64_t version = atomic_load(&s->versions[counter_of(org)]);

    /* The first one is 0 as well. */
    return version % 2 == 0 ? version + 2 : 0;
}

/* Before the batch is applied, and after. Under write_lock, so that an odd counter is that of one writer. */
static void move_versions(ts_store *s, const ts_batch *b)
{
    for (unsigned i = 0; i < TS_COUNT(b->touched); i++) {
        for (uint64_t rest = b->touched[i]; rest != 0; rest &= rest - 1)
            atomic_fetch_add(&s->versions[64 * i + (unsigned)__builtin_ctzll(rest)], 1);
    }
}

ts_status ts_store_write(ts_store *s, ts_batch *b, uint64_t *ret_ticket)
{
    TS_CLEANUP(ts_rocksdb_free_p) char *error = NULL;
    uint64_t last[TS_STORE_STREAMS];
    ts_status st;

    if (b->out_of_memory || ts_buf_status(&b->appended) != TS_OK ||
        ts_buf_status(&b->seen) != TS_OK)
        return TS_NOMEM;
    if (b->without_tenant)
        return TS_INTERNAL;
    if (atomic_load(&s->failed))
        return TS_UNAVAILABLE;

    ts_store_hush();
    pthread_mutex_lock(&s->write_lock);
    memcpy(last, s->last_written, sizeof(last));
    st = ts_erased_claims(s, b) ? TS_NOT_FOUND : delete_seen_rows(s, b);
    if (st == TS_OK)
        st = ts_buf_status(&b->followed);
    if (st == TS_OK)
        st = ts_stream_number_rows(s, b, last);
    if (st == TS_OK) {
        move_versions(s, b);
        rocksdb_write(s->db, s->write_options, b->rows, &error);
        if (error == NULL)
            tell_follower(s, b);
        move_versions(s, b);
        if (error == NULL) {
            memcpy(s->last_written, last, sizeof(last));
            s->written++;
            s->rows += (uint64_t)rocksdb_writebatch_count(b->rows);
            if (ret_ticket != NULL)
                *ret_ticket = s->written;
        }
    }
    pthread_mutex_unlock(&s->write_lock);
    if (st != TS_OK)
        return st;
    return error == NULL ? TS_OK : ts_store_fail(s);
}

/* Called with sync_lock held and `syncing` set; returns with it held. */
static void sync_as_leader(ts_store *s)
{
    TS_CLEANUP(ts_rocksdb_free_p) char *error = NULL;
    uint64_t last[TS_STORE_STREAMS];
    uint64_t covered;
    int64_t started_us;

    pthread_mutex_unlock(&s->sync_lock);
    pthread_mutex_lock(&s->write_lock);
    covered = s->written;
    memcpy(last, s->last_written, sizeof(last));
    pthread_mutex_unlock(&s->write_lock);

    started_us = ts_boot_us();
    rocksdb_flush_wal(s->db, 1, &error);

    pthread_mutex_lock(&s->sync_lock);
    s->syncing = false;
    if (error != NULL) {
        ts_ignore(ts_store_fail(s)); /* every waiter sees `failed` and returns */
    } else {
        s->synced = covered;
        memcpy(s->last_durable, last, sizeof(last));
        s->sync_seconds += (double)(ts_boot_us() - started_us) / 1e6;
        s->sync_count++;
        ts_metric_observe_us(s->sync_metric, ts_boot_us() - started_us);
    }
    pthread_cond_broadcast(&s->sync_done);
}

ts_status ts_store_sync(ts_store *s, uint64_t ticket)
{
    ts_status st = TS_OK;

    pthread_mutex_lock(&s->sync_lock);
    while (s->synced < ticket) {
        if (atomic_load(&s->failed)) {
            st = TS_UNAVAILABLE;
            break;
        }
        if (s->syncing) {
            pthread_cond_wait(&s->sync_done, &s->sync_lock);
            continue;
        }
        s->syncing = true;
        sync_as_leader(s);
    }
    pthread_mutex_unlock(&s->sync_lock);
    return st;
}

ts_status ts_store_sync_all(ts_store *s)
{
    uint64_t ticket;

    pthread_mutex_lock(&s->write_lock);
    ticket = s->written;
    pthread_mutex_unlock(&s->write_lock);
    return ts_store_sync(s, ticket);
}

ts_status ts_store_commit(ts_store *s, ts_batch *b)
{
    uint64_t ticket = 0;
    ts_status st = ts_store_write(s, b, &ticket);

    return st == TS_OK ? ts_store_sync(s, ticket) : st;
}

void ts_store_write_stats(ts_store *s, uint64_t *ret_batches, uint64_t *ret_rows)
{
    pthread_mutex_lock(&s->write_lock);
    *ret_batches = s->written;
    *ret_rows = s->rows;
    pthread_mutex_unlock(&s->write_lock);
}

void ts_store_sync_stats(const ts_store *s, double *ret_seconds, uint64_t *ret_count)
{
    pthread_mutex_t *lock = (pthread_mutex_t *)(uintptr_t)&s->sync_lock;

    pthread_mutex_lock(lock);
    *ret_seconds = s->sync_seconds;
    *ret_count = s->sync_count;
    pthread_mutex_unlock(lock);
}
