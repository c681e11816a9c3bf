/* The embedded store: RocksDB behind a face that knows tenants, durability and ordered streams.
 *
 * Writes become visible to readers of this process at once and durable with the next sync;
 * ts_store_sync() waits for it, and callers that wait at the same time share one fsync. A crash
 * keeps a prefix of the writes in their order. Acknowledge only after a sync. If a sync fails the
 * store refuses all further writes: what is on disk is unknown, so the process must end and start
 * again from it.
 *
 * A stream is an ordered log inside the store: rows appended by a batch get dense sequence numbers
 * in commit order.
 *
 * Thread-safe; a batch or iterator belongs to one thread.
 */
#ifndef TS_STORE_H
#define TS_STORE_H

#include <stdatomic.h>

#include <protobuf-c/protobuf-c.h>

#include "ts/arena.h"
#include "ts/base.h"
#include "ts/buf.h"

#define TS_STORE_STREAMS 8 /* stream numbers are 0..7 */

typedef struct ts_store ts_store;
typedef struct ts_batch ts_batch;

/* A column family. What a deleted organization loses and what an export shows follows from here, so that a service that
 * gains a family need not think of either. */
typedef struct ts_family {
    const char *name; /* NULL ends a table */
    bool is_global;   /* an index across tenants; keys of all others begin with the tenant */
    bool is_internal; /* bookkeeping that says nothing of the tenant: not exported */
    const ProtobufCMessageDescriptor *type; /* of the values; NULL: bytes, or nothing */
    const char *const *
        hidden; /* names of fields, at any depth, that are never exported; NULL-terminated; NULL: none */
} ts_family;

typedef struct ts_store_options {
    const char *directory; /* made if missing (0700) */
    const ts_family
        *families;        /* ends with a NULL name; family number = index; outlives the store */
    uint32_t schema;      /* version of the key layout; an unknown newer one is refused */
    uint64_t cache_bytes; /* block cache; 0 = 8 MiB */
    uint64_t write_buffer_bytes; /* all memtables together; 0 = 16 MiB */
    uint64_t min_free_bytes;     /* below it ts_store_has_room() is false; 0 = max(2 GiB, 5 %) */
} ts_store_options;

/* TS_UNAVAILABLE with words if it cannot be opened. */
TS_CHECK ts_status ts_store_open(const ts_store_options *options, ts_store **ret, ts_error *err);
/* Syncs and closes. NULL is fine. */
void ts_store_close(ts_store *s);
TS_DEFINE_CLEANUP(ts_store, ts_store_close);

/* 16 bytes made when the store was created, and the epoch, drawn at each opening. */
const uint8_t *ts_store_uuid(const ts_store *s);
uint64_t ts_store_epoch(const ts_store *s);
/* False below the floor of free disk space (asked of the file system at most once a second). */
bool ts_store_has_room(ts_store *s);
/* Called once, from the writing thread, when a write or sync fails: the process must end and start
 * again from the disk. */
void ts_store_on_failure(ts_store *s, void (*failed)(void *context), void *context);
/* The table that the store was opened with. */
const ts_family *ts_store_families(const ts_store *s);
/* A consistent copy in a directory that must not exist. TS_INVALID if the name is longer than a path may be; TS_UNAVAILABLE. */
TS_CHECK ts_status ts_store_checkpoint(ts_store *s, const char *directory, ts_error *err);

/* ---- reading ---- */

/* TS_NOT_FOUND; *ret_value lives in the arena. */
TS_CHECK ts_status ts_store_get(ts_store *s, unsigned family, ts_str key, ts_arena *arena,
                                ts_str *ret_value);
/* Many keys in one go, each at about half the price. ret_values[i].p is NULL where there is none. `ascending`: the keys are. */
TS_CHECK ts_status ts_store_get_many(ts_store *s, unsigned family, const ts_str *keys, size_t count,
                                     bool ascending, ts_arena *arena, ts_str *ret_values);
bool ts_store_has(ts_store *s, unsigned family, ts_str key);

typedef struct ts_iter ts_iter;
/* Keys in [lower, upper); upper TS_STR_NULL = to the end of lower's prefix family. Sees the store
 * as it is now. NULL if out of memory. Starts at the first (or, reverse, the last) key. */
ts_iter *ts_iter_new(ts_store *s, unsigned family, ts_str lower, ts_str upper, bool reverse);
/* All keys that begin with `prefix`. */
ts_iter *ts_iter_prefix(ts_store *s, unsigned family, ts_str prefix, bool reverse);
void ts_iter_free(ts_iter *it);
TS_DEFINE_CLEANUP(ts_iter, ts_iter_free);
bool ts_iter_valid(const ts_iter *it);
void ts_iter_next(ts_iter *it); /* in the iterator's direction */
/* Valid until the next move. */
ts_str ts_iter_key(const ts_iter *it);
ts_str ts_iter_value(const ts_iter *it);
/* After the loop: TS_OK or TS_UNAVAILABLE if reading failed. */
TS_CHECK ts_status ts_iter_status(const ts_iter *it);

/* ---- writing ---- */

/* NULL if out of memory. */
ts_batch *ts_batch_new(void);
void ts_batch_free(ts_batch *b);
TS_DEFINE_CLEANUP(ts_batch, ts_batch_free);
void ts_batch_put(ts_batch *b, ts_store *s, unsigned family, ts_str key, ts_str value);
void ts_batch_put_message(ts_batch *b, ts_store *s, unsigned family, ts_str key,
                          const ProtobufCMessage *m);
void ts_batch_delete(ts_batch *b, ts_store *s, unsigned family, ts_str key);
/* When the batch is written, and only if the row's value still begins with `seen` then: what another batch has put there
 * meanwhile stays. Not for a key that the same batch puts. Both are copied. */
void ts_batch_delete_seen(ts_batch *b, unsigned family, ts_str key, ts_str seen);
void ts_batch_delete_range(ts_batch *b, ts_store *s, unsigned family, ts_str from, ts_str until);
/* The batch is about this organization: the write refuses it once the organization is erased. Puts into tenant families
 * claim theirs by themselves, and outbox rows their tenant's. */
void ts_batch_claim(ts_batch *b, uint64_t org);
/* A row for stream `stream`; copied. */
void ts_batch_append(ts_batch *b, unsigned stream, ts_str row);
bool ts_batch_is_empty(const ts_batch *b);
/* Out-of-memory sticks in the batch and is reported by the write. */

/* Applies all or nothing; visible at once. *ret_ticket (may be NULL) is for ts_store_sync(). The
 * batch is spent. TS_NOT_FOUND: an organization that it claims is erased. */
TS_CHECK ts_status ts_store_write(ts_store *s, ts_batch *b, uint64_t *ret_ticket);
/* Blocks until all writes up to the ticket are on disk. */
TS_CHECK ts_status ts_store_sync(ts_store *s, uint64_t ticket);
/* Blocks until everything written so far is on disk. */
TS_CHECK ts_status ts_store_sync_all(ts_store *s);
/* Writes and syncs. */
TS_CHECK ts_status ts_store_commit(ts_store *s, ts_batch *b);
/* Moves with every batch that puts or deletes rows of the organization in tenant families, from before readers can see them;
 * 0: one is being applied at this moment. What was read under one version is what is there as long as it is the same. Several
 * organizations share a counter, so that it may move for nothing. */
uint64_t ts_store_version(const ts_store *s, uint64_t org);
/* A row that was put (`value`) or deleted (TS_STR_NULL), or all in [key, until) that were; `until` is TS_STR_NULL else. */
typedef struct ts_store_change {
    ts_str key, until, value;
} ts_store_change;
typedef struct ts_store_changes ts_store_changes; /* of one batch, in its order */
/* False: that was the last one. *ret is lent until the follower returns. */
bool ts_store_changes_next(ts_store_changes *c, ts_store_change *ret);
typedef void ts_store_follower(void *context, ts_store_changes *changes);
/* For what is kept in memory of a family: told of each batch that changes it, in the order of the writes, from within the write,
 * when readers of the store can see it and before ts_store_version() shows the next one. It may read the store but not write.
 * One family of a store is followed; set while nobody writes. NULL: no more. */
void ts_store_follow(ts_store *s, unsigned family, ts_store_follower *follower, void *context);
/* Batches applied so far, and the rows they put and deleted. */
void ts_store_write_stats(ts_store *s, uint64_t *ret_batches, uint64_t *ret_rows);
/* Seconds spent in fsync so far, and the number of fsyncs. */
void ts_store_sync_stats(const ts_store *s, double *ret_seconds, uint64_t *ret_count);

/* ---- streams ---- */

/* First sequence number not yet deleted and last durable one; last = first - 1 if empty. Sequences
 * start at 1. */
void ts_stream_bounds(ts_store *s, unsigned stream, uint64_t *ret_first,
                      uint64_t *ret_last_durable);
/* Blocks until a durable row >= seq exists (true), the timeout (ms) passes or *cancelled is seen set: whoever sets it calls
 * ts_stream_wake() afterwards. */
bool ts_stream_wait(ts_store *s, unsigned stream, uint64_t seq, int64_t timeout_ms,
                    const atomic_bool *cancelled);
void ts_stream_wake(ts_store *s);
/* Reads one row. */
TS_CHECK ts_status ts_stream_read(ts_store *s, unsigned stream, uint64_t seq, ts_arena *arena,
                                  ts_str *ret_row);
/* Drops rows <= seq; unsynced (a repeat after a crash is harmless: the consumer knows them). */
TS_CHECK ts_status ts_stream_trim(ts_store *s, unsigned stream, uint64_t seq);
/* The epoch in which row `seq` got its number, and the last row of that epoch; UINT64_MAX: it is the present one. Within an
 * epoch, a number means one row for ever. */
uint64_t ts_stream_epoch_of(const ts_store *s, unsigned stream, uint64_t seq, uint64_t *ret_last);

/* ---- a pause of all who empty streams: for one cut across stores ----
 *
 * Writes go on. A stream is quiet when nothing of it is on its way and its reader knows how its last hand-over ended: one
 * whose answer was lost goes on until it knows. The pause ends by itself.
 */

/* Before rows are handed over; false: paused, ask again later. Each true is paired with ts_stream_leave(). */
bool ts_stream_enter(ts_store *s, unsigned stream);
/* `is_sure`: the rows are known to be taken, or known not to be. */
void ts_stream_leave(ts_store *s, unsigned stream, bool is_sure);
/* From now for `lease_ms`; with the same id again, it renews the lease. TS_CONFLICT with words if another id's pause lasts, or
 * this one's is over: ids are used once. */
TS_CHECK ts_status ts_store_pause(ts_store *s, uint64_t id, int64_t lease_ms, ts_error *err);
/* Paused, and all streams are quiet. */
bool ts_store_is_quiet(ts_store *s);
/* Ends it. True if this id's pause has lasted without a break until now. */
bool ts_store_resume(ts_store *s, uint64_t id);

/* ---- organizations that are no more ----
 *
 * ts_store_fence() writes a permanent tombstone, a meta row "erased/" org(8) -> at_ms(8). From then on no batch can put a row
 * of that organization: the check stands where writes get their order, so that whatever was under way when the tombstone was
 * written is either in front of it, and goes with ts_store_wipe(), or is refused.
 */

/* TS_OK too if it was fenced before. Not synced; *ret_ticket may be NULL. */
TS_CHECK ts_status ts_store_fence(ts_store *s, uint64_t org, int64_t now_ms, uint64_t *ret_ticket);
bool ts_store_is_erased(const ts_store *s, uint64_t org);
/* Deletes the tenant's rows in all tenant families, whatever their number, in one batch. Not synced. */
TS_CHECK ts_status ts_store_wipe(ts_store *s, ts_tenant tenant, uint64_t *ret_ticket);
/* What was deleted of the organization leaves the table files, in the background: nobody waits for it. TS_NOMEM: some time
 * later, with RocksDB's own compactions. */
TS_CHECK ts_status ts_store_purge(ts_store *s, uint64_t org);
/* Puts another row in the place of a waiting one of a stream; one that has been trimmed meanwhile stays away. */
TS_CHECK ts_status ts_stream_replace(ts_store *s, unsigned stream, uint64_t seq, ts_str row);

/* ---- a striped lock over entities of the store ---- */

/* Locks the stripe of (tenant, key). Always pair with unlock; never take two. */
void ts_store_lock(ts_store *s, ts_str key);
void ts_store_unlock(ts_store *s, ts_str key);

/* ---- keys ---- */

/* org (8, big-endian) and mode (1): the prefix of every tenant key. */
void ts_key_tenant(ts_buf *b, ts_tenant t);
#define TS_KEY_TENANT_SIZE 9
/* Text followed by 0x00, so that "a" sorts before "ab" and cannot run into what follows. The text
 * must hold no NUL. */
void ts_key_text(ts_buf *b, ts_str text);
/* Descending order: the complement. */
void ts_key_desc64(ts_buf *b, uint64_t n);

#endif
