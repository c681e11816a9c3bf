/* Streams: key = stream number (1), sequence number (8, big-endian), in a family of their own. The
 * last number given out stands in a meta row of the same batch, so that an emptied stream goes on
 * where it was.
 *
 * Each opening of the store draws an epoch of its own, at random. Within one life no number is given out twice, so that epoch
 * and number together mean one row for ever, whatever was done to the directory in between: a backup or a snapshot put back,
 * once or again, opened before its peers are there or not. Rows that wait keep the epoch in which they got their number: only
 * so the peer knows those for repeats that it has taken before. */
#include <time.h>

#include "internal.h"
#include "ts/id.h"
#include "ts/time.h"

#define NAME_SIZE       6 /* "last/", "turn/" or "past/", and the stream's digit */
#define TURN_SHIFT      32
#define PAST_SIZE       16 /* last, epoch */
#define STREAM_KEY_SIZE 9

static void meta_name(const char *what, unsigned stream, char ret[NAME_SIZE])
{
    memcpy(ret, what, NAME_SIZE - 1);
    ret[NAME_SIZE - 1] = (char)('0' + stream);
}

static void key_of(unsigned stream, uint64_t seq, char ret[STREAM_KEY_SIZE])
{
    ret[0] = (char)stream;
    ts_be64_write(seq, ret + 1);
}

ts_status ts_stream_number_rows(ts_store *s, ts_batch *b, uint64_t next[TS_STORE_STREAMS])
{
    bool touched[TS_STORE_STREAMS] = { false };
    const char *p = b->appended.data;
    const char *end = p + b->appended.size;
    char key[STREAM_KEY_SIZE];
    char name[NAME_SIZE];
    char number[8];

    while (p < end) {
        unsigned stream = (uint8_t)*p;
        uint32_t n;

        memcpy(&n, p + 1, sizeof(n));
        p += 1 + sizeof(n);
        key_of(stream, ++next[stream], key);
        rocksdb_writebatch_put_cf(b->rows, s->families[FAMILY_STREAM], key, sizeof(key), p, n);
        touched[stream] = true;
        p += n;
    }
    for (unsigned i = 0; i < TS_STORE_STREAMS; i++) {
        if (!touched[i])
            continue;
        meta_name("last/", i, name);
        ts_be64_write(next[i], number);
        rocksdb_writebatch_put_cf(b->rows, s->families[FAMILY_META], name, sizeof(name), number,
                                  sizeof(number));
    }
    return TS_OK;
}

/* 0 if it is not there. */
static ts_status load_number(ts_store *s, const char *what, unsigned stream, uint64_t *ret)
{
    TS_CLEANUP(ts_rocksdb_free_p) char *error = NULL;
    char name[NAME_SIZE];
    char *value;
    size_t n = 0;

    meta_name(what, stream, name);
    value = rocksdb_get_cf(s->db, s->read_options, s->families[FAMILY_META], name, sizeof(name), &n,
                           &error);
    if (error != NULL)
        return TS_UNAVAILABLE;
    *ret = value != NULL && n == 8 ? ts_be64_read(value) : 0;
    rocksdb_free(value);
    return TS_OK;
}

static ts_status load_past(ts_store *s, unsigned stream)
{
    TS_CLEANUP(ts_rocksdb_free_p) char *error = NULL;
    store_past *past;
    char name[NAME_SIZE];
    char *value;
    size_t n = 0;

    meta_name("past/", stream, name);
    value = rocksdb_get_cf(s->db, s->read_options, s->families[FAMILY_META], name, sizeof(name), &n,
                           &error);
    if (error != NULL)
        return TS_UNAVAILABLE;
    past = calloc(n / PAST_SIZE + 1, sizeof(*past)); /* one more: for what this start adds */
    for (size_t at = 0; past != NULL && at + PAST_SIZE <= n; at += PAST_SIZE)
        past[s->past_count[stream]++] =
            (store_past){ ts_be64_read(value + at), ts_be64_read(value + at + 8) };
    rocksdb_free(value);
    s->past[stream] = past;
    return past == NULL ? TS_NOMEM : TS_OK;
}

static ts_status load_one(ts_store *s, unsigned stream)
{
    TS_CLEANUP(ts_rocksdb_free_p) char *error = NULL;
    char key[STREAM_KEY_SIZE];
    rocksdb_iterator_t *it;
    size_t n = 0;
    ts_status st = load_number(s, "last/", stream, &s->last_written[stream]);

    if (st == TS_OK)
        st = load_past(s, stream);
    if (st != TS_OK)
        return st;
    s->last_durable[stream] = s->last_written[stream];
    s->first[stream] = s->last_written[stream] + 1;

    key_of(stream, 0, key);
    it = rocksdb_create_iterator_cf(s->db, s->read_options, s->families[FAMILY_STREAM]);
    rocksdb_iter_seek(it, key, sizeof(key));
    if (rocksdb_iter_valid(it)) {
        const char *found = rocksdb_iter_key(it, &n);

        if (n == STREAM_KEY_SIZE && (uint8_t)found[0] == stream)
            s->first[stream] = ts_be64_read(found + 1);
    }
    rocksdb_iter_get_error(it, &error);
    rocksdb_iter_destroy(it);
    return error == NULL ? TS_OK : TS_UNAVAILABLE;
}

ts_status ts_stream_load(ts_store *s)
{
    for (unsigned i = 0; i < TS_STORE_STREAMS; i++) {
        ts_status st = load_one(s, i);

        if (st != TS_OK)
            return st;
    }
    return TS_OK;
}

/* A store of a version that drew no epochs has in "turn/<n>" how often the stream had begun another one by itself. */
static ts_status end_turns(ts_store *s, rocksdb_writebatch_t *rows, unsigned stream,
                           uint64_t *epoch)
{
    char name[NAME_SIZE];
    uint64_t turns;
    ts_status st = load_number(s, "turn/", stream, &turns);

    if (st != TS_OK || turns == 0)
        return st;
    *epoch |= turns << TURN_SHIFT;
    meta_name("turn/", stream, name);
    rocksdb_writebatch_delete_cf(rows, s->families[FAMILY_META], name, sizeof(name));
    return TS_OK;
}

/* What waits bears numbers of `epoch` and of those before it. An entry stands for a row at least: there are no more than rows. */
static ts_status end_epoch(ts_store *s, rocksdb_writebatch_t *rows, unsigned stream, uint64_t epoch)
{
    TS_CLEANUP(ts_buf_done) ts_buf bytes = TS_BUF_INIT(SIZE_MAX);
    store_past *past = s->past[stream];
    uint64_t last = s->last_written[stream];
    char name[NAME_SIZE];
    size_t count = 0;
    ts_status st = end_turns(s, rows, stream, &epoch);

    if (st != TS_OK)
        return st;
    for (size_t i = 0; i < s->past_count[stream]; i++) {
        if (past[i].last >= s->first[stream])
            past[count++] = past[i];
    }
    if (last >= s->first[stream] && (count == 0 || past[count - 1].last < last))
        past[count++] = (store_past){ last, epoch };
    s->past_count[stream] = count;
    meta_name("past/", stream, name);
    if (count == 0)
        rocksdb_writebatch_delete_cf(rows, s->families[FAMILY_META], name, sizeof(name));
    if (count == 0)
        return TS_OK;
    for (size_t i = 0; i < count; i++) {
        ts_buf_be64(&bytes, past[i].last);
        ts_buf_be64(&bytes, past[i].epoch);
    }
    rocksdb_writebatch_put_cf(rows, s->families[FAMILY_META], name, sizeof(name), bytes.data,
                              bytes.size);
    return ts_buf_status(&bytes);
}

ts_status ts_stream_begin_epoch(ts_store *s, uint64_t before)
{
    TS_CLEANUP(ts_rocksdb_free_p) char *error = NULL;
    rocksdb_writebatch_t *rows = rocksdb_writebatch_create();
    char number[8];
    ts_status st = ts_random(&s->epoch, sizeof(s->epoch));

    for (unsigned i = 0; i < TS_STORE_STREAMS && st == TS_OK; i++)
        st = end_epoch(s, rows, i, before);
    ts_be64_write(s->epoch, number);
    rocksdb_writebatch_put_cf(rows, s->families[FAMILY_META], "epoch", strlen("epoch"), number,
                              sizeof(number));
    /* Not synced: it stands in the log in front of the rows that it is for, and only synced ones are sent. */
    if (st == TS_OK)
        rocksdb_write(s->db, s->write_options, rows, &error);
    rocksdb_writebatch_destroy(rows);
    return error == NULL ? st : TS_UNAVAILABLE;
}

void ts_stream_bounds(ts_store *s, unsigned stream, uint64_t *ret_first, uint64_t *ret_last_durable)
{
    pthread_mutex_lock(&s->sync_lock);
    *ret_first = s->first[stream];
    *ret_last_durable = s->last_durable[stream];
    pthread_mutex_unlock(&s->sync_lock);
}

bool ts_stream_wait(ts_store *s, unsigned stream, uint64_t seq, int64_t timeout_ms,
                    const atomic_bool *cancelled)
{
    struct timespec until = ts_monotonic_in(timeout_ms);
    bool there;

    pthread_mutex_lock(&s->sync_lock);
    while (s->last_durable[stream] < seq && !atomic_load(cancelled)) {
        if (pthread_cond_timedwait(&s->sync_done, &s->sync_lock, &until) != 0)
            break;
    }
    there = s->last_durable[stream] >= seq;
    pthread_mutex_unlock(&s->sync_lock);
    return there;
}

void ts_stream_wake(ts_store *s)
{
    pthread_mutex_lock(&s->sync_lock);
    pthread_cond_broadcast(&s->sync_done);
    pthread_mutex_unlock(&s->sync_lock);
}

ts_status ts_stream_read(ts_store *s, unsigned stream, uint64_t seq, ts_arena *arena,
                         ts_str *ret_row)
{
    char key[STREAM_KEY_SIZE];

    key_of(stream, seq, key);
    return ts_store_get_from(s, s->families[FAMILY_STREAM], ts_str_n(key, sizeof(key)), arena,
                             ret_row);
}

static void delete_rows(const ts_store *s, rocksdb_writebatch_t *rows, unsigned stream,
                        uint64_t first, uint64_t last)
{
    char key[STREAM_KEY_SIZE];

    for (uint64_t i = first; i <= last; i++) {
        key_of(stream, i, key);
        rocksdb_writebatch_delete_cf(rows, s->families[FAMILY_STREAM], key, sizeof(key));
    }
}

ts_status ts_stream_trim(ts_store *s, unsigned stream, uint64_t seq)
{
    TS_CLEANUP(ts_rocksdb_free_p) char *error = NULL;
    rocksdb_writebatch_t *rows;
    uint64_t first;
    uint64_t last;

    ts_stream_bounds(s, stream, &first, &last);
    if (seq > last)
        seq = last;
    if (first > seq)
        return TS_OK;
    if (atomic_load(&s->failed))
        return TS_UNAVAILABLE;
    rows = rocksdb_writebatch_create();
    delete_rows(s, rows, stream, first, seq);
    /* Against ts_stream_replace(): a row must not come back between its deletion and the moved bound. */
    pthread_mutex_lock(&s->write_lock);
    rocksdb_write(s->db, s->write_options, rows, &error);
    if (error == NULL) {
        pthread_mutex_lock(&s->sync_lock);
        s->first[stream] = seq + 1;
        pthread_mutex_unlock(&s->sync_lock);
    }
    pthread_mutex_unlock(&s->write_lock);
    rocksdb_writebatch_destroy(rows);
    return error == NULL ? TS_OK : ts_store_fail(s);
}

uint64_t ts_stream_epoch_of(const ts_store *s, unsigned stream, uint64_t seq, uint64_t *ret_last)
{
    for (size_t i = 0; i < s->past_count[stream]; i++) {
        if (seq <= s->past[stream][i].last) {
            *ret_last = s->past[stream][i].last;
            return s->past[stream][i].epoch;
        }
    }
    *ret_last = UINT64_MAX;
    return s->epoch;
}

ts_status ts_stream_replace(ts_store *s, unsigned stream, uint64_t seq, ts_str row)
{
    TS_CLEANUP(ts_rocksdb_free_p) char *error = NULL;
    char key[STREAM_KEY_SIZE];
    uint64_t first;
    uint64_t last;

    if (atomic_load(&s->failed))
        return TS_UNAVAILABLE;
    key_of(stream, seq, key);
    pthread_mutex_lock(&s->write_lock);
    ts_stream_bounds(s, stream, &first, &last);
    if (seq >= first && seq <= s->last_written[stream]) {
        rocksdb_put_cf(s->db, s->write_options, s->families[FAMILY_STREAM], key, sizeof(key), row.p,
                       row.n, &error);
        s->written++;
    }
    pthread_mutex_unlock(&s->write_lock);
    return error == NULL ? TS_OK : ts_store_fail(s);
}

/* ---- the pause ---- */

/* Under sync_lock. */
static bool is_paused(const ts_store *s)
{
    return ts_boot_ms() < s->paused_until_boot_ms;
}

bool ts_stream_enter(ts_store *s, unsigned stream)
{
    bool may;

    pthread_mutex_lock(&s->sync_lock);
    may = s->unsure[stream] || !is_paused(s);
    s->entered[stream] = may;
    pthread_mutex_unlock(&s->sync_lock);
    return may;
}

void ts_stream_leave(ts_store *s, unsigned stream, bool is_sure)
{
    pthread_mutex_lock(&s->sync_lock);
    s->entered[stream] = false;
    s->unsure[stream] = !is_sure;
    pthread_mutex_unlock(&s->sync_lock);
}

ts_status ts_store_pause(ts_store *s, uint64_t id, int64_t lease_ms, ts_error *err)
{
    ts_status st = TS_OK;

    pthread_mutex_lock(&s->sync_lock);
    if (is_paused(s) && id != s->pause_id)
        st = ts_fail(err, TS_CONFLICT, "id", "another backup is under way");
    else if (!is_paused(s) && id == s->pause_id)
        st = ts_fail(err, TS_CONFLICT, "id", "the pause of this backup is over");
    if (st == TS_OK) {
        s->paused_until_boot_ms = ts_boot_ms() + lease_ms;
        s->pause_id = id;
    }
    pthread_mutex_unlock(&s->sync_lock);
    return st;
}

bool ts_store_is_quiet(ts_store *s)
{
    bool quiet;

    pthread_mutex_lock(&s->sync_lock);
    quiet = is_paused(s);
    for (unsigned i = 0; i < TS_STORE_STREAMS; i++)
        quiet = quiet && !s->entered[i] && !s->unsure[i];
    pthread_mutex_unlock(&s->sync_lock);
    return quiet;
}

bool ts_store_resume(ts_store *s, uint64_t id)
{
    bool held;

    pthread_mutex_lock(&s->sync_lock);
    held = is_paused(s) && id == s->pause_id;
    if (held)
        s->paused_until_boot_ms = 0;
    pthread_mutex_unlock(&s->sync_lock);
    return held;
}
