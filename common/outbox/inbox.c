/* The receiving side of the hand-over.
 *
 * Keys in the inbox family: 's' producer (16) epoch (8) -> last applied sequence number (8);
 *                           'p' producer (16) epoch (8) seq (8) -> a parked HandOverRow.
 * Each row is one batch: its effect and the moved number. Rows are applied one by one, each visible
 * to the next; one sync at the end makes all of them durable before they are acknowledged. A service
 * that knows itself what it has put into an unwritten batch takes many rows in one: ts_inbox_groups().
 */
#include <pthread.h>

#include "internal.h"
#include "ts/id.h"
#include "ts/log.h"
#include "ts/metrics.h"
#include "ts/trace.h"

#define INBOX_ROWS_MAX  1024
#define INBOX_ROW_ARENA (UINT64_C(16) << 20)
#define PRODUCER_SIZE   16
#define GROUP_ROWS_MAX  128
#define GROUP_BYTES_MAX ((size_t)1 << 20)

struct ts_inbox {
    ts_store *store;
    unsigned family;
    ts_inbox_handler *handler;
    void *service;
    void (*guard)(void *service, ts_tenant tenant);
    void (*unguard)(void *service, ts_tenant tenant);
    ts_inbox_close *close; /* NULL: a batch for each row */
    const char *erased_by; /* our name for auth; NULL: does not erase */
    unsigned to_auth;
    ts_inbox_forget *forget;
    pthread_mutex_t lock; /* one row at a time; guards the two below */
    uint64_t ticket;      /* of the last row applied: a repeat must wait for its sync too */
    ts_arena *arena;
    ts_metric *applied;
    ts_metric *repeated;
    ts_metric *parked;
    ts_metric *gaps;
    ts_metric *dropped;
    ts_metric *lost;
};

ts_status ts_inbox_new(ts_store *store, unsigned family, const char *service_name,
                       ts_inbox_handler *handler, void *service, ts_inbox **ret)
{
    ts_inbox *in = calloc(1, sizeof(*in));

    (void)service_name;
    if (in == NULL)
        return TS_NOMEM;
    in->arena = ts_arena_new(INBOX_ROW_ARENA);
    if (in->arena == NULL) {
        free(in);
        return TS_NOMEM;
    }
    in->store = store;
    in->family = family;
    in->handler = handler;
    in->service = service;
    pthread_mutex_init(&in->lock, NULL);
    in->applied = ts_counter("ts_inbox_applied_total", "", "rows applied");
    in->repeated = ts_counter("ts_inbox_repeated_total", "", "rows that had been applied before");
    in->parked = ts_counter("ts_inbox_parked_total", "", "rows put aside as impossible to apply");
    in->gaps = ts_counter("ts_inbox_gaps_total", "", "hand-overs refused for a missing row");
    in->dropped =
        ts_counter("ts_inbox_dropped_total", "", "rows of deleted organizations, without effect");
    in->lost = ts_counter("ts_inbox_lost_total", "",
                          "rows that a restore took back and no producer has any more");
    *ret = in;
    return TS_OK;
}

void ts_inbox_free(ts_inbox *in)
{
    if (in == NULL)
        return;
    ts_arena_free(in->arena);
    pthread_mutex_destroy(&in->lock);
    free(in);
}

void ts_inbox_guard(ts_inbox *in, void (*lock)(void *service, ts_tenant tenant),
                    void (*unlock)(void *service, ts_tenant tenant))
{
    in->guard = lock;
    in->unguard = unlock;
}

void ts_inbox_groups(ts_inbox *in, ts_inbox_close *close)
{
    in->close = close;
}

void ts_inbox_erases(ts_inbox *in, const char *service_name, unsigned to_auth,
                     ts_inbox_forget *forget)
{
    in->erased_by = service_name;
    in->to_auth = to_auth;
    in->forget = forget;
}

static void guard(ts_inbox *in, ts_tenant tenant)
{
    if (in->guard != NULL)
        in->guard(in->service, tenant);
}

static void unguard(ts_inbox *in, ts_tenant tenant)
{
    if (in->unguard != NULL)
        in->unguard(in->service, tenant);
}

static void row_key(ts_buf *key, char what, const Ts__HandOverRequest *req)
{
    ts_buf_char(key, what);
    ts_buf_add(key, req->producer.data, req->producer.len);
    ts_buf_be64(key, req->epoch);
}

static ts_status read_last(ts_str value, uint64_t *ret)
{
    uint64_t last = 0;

    if (value.n != 8)
        return TS_CORRUPT;
    for (size_t i = 0; i < 8; i++)
        last = last << 8 | (uint8_t)value.p[i];
    *ret = last;
    return TS_OK;
}

static ts_status load_last(ts_inbox *in, ts_str key, ts_arena *arena, bool *ret_known,
                           uint64_t *ret_last)
{
    ts_str value;
    ts_status st = ts_store_get(in->store, in->family, key, arena, &value);

    *ret_known = st == TS_OK;
    *ret_last = 0;
    if (st == TS_NOT_FOUND)
        return TS_OK;
    return st == TS_OK ? read_last(value, ret_last) : st;
}

/* The highest number taken in of any epoch of the producer. `*ret` stays as it is if there is none. */
static ts_status load_newest(ts_inbox *in, const Ts__HandOverRequest *req, uint64_t *ret)
{
    TS_CLEANUP(ts_buf_done) ts_buf prefix = TS_BUF_INIT(1 + PRODUCER_SIZE);
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = NULL;
    uint64_t newest = 0;
    uint64_t last;

    ts_buf_char(&prefix, 's');
    ts_buf_add(&prefix, req->producer.data, req->producer.len);
    it = ts_iter_prefix(in->store, in->family, ts_buf_view(&prefix), false);
    if (it == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it); ts_iter_next(it)) {
        ts_status st = read_last(ts_iter_value(it), &last);

        if (st != TS_OK)
            return st;
        newest = last > newest ? last : newest;
        *ret = newest;
    }
    return ts_iter_status(it);
}

/* What is the last row taken in of the request's epoch, and the last known of its producer. An epoch never heard of begins
 * where its first row is: the producer was started again. Of one never heard of at all nothing is missed either: its earlier
 * rows went to a store that is no more. */
static ts_status load_state(ts_inbox *in, const Ts__HandOverRequest *req, ts_str seen_key,
                            ts_arena *arena, uint64_t *ret_last, uint64_t *ret_known)
{
    bool known;
    ts_status st = load_last(in, seen_key, arena, &known, ret_last);

    *ret_known = known ? *ret_last : req->trimmed;
    if (st != TS_OK || known)
        return st;
    *ret_last = req->rows[0]->seq - 1;
    return load_newest(in, req, ret_known);
}

static ts_status finish(ts_inbox *in, ts_batch *batch, uint64_t seq, ts_str seen_key)
{
    TS_CLEANUP(ts_buf_done) ts_buf number = TS_BUF_INIT(8);

    ts_buf_be64(&number, seq);
    ts_batch_put(batch, in->store, in->family, seen_key, ts_buf_view(&number));
    return ts_store_write(in->store, batch, &in->ticket);
}

static ts_status park(ts_inbox *in, const Ts__HandOverRequest *req, const Ts__HandOverRow *row,
                      ts_str seen_key)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *batch = ts_batch_new();
    TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(64);

    if (batch == NULL)
        return TS_NOMEM;
    row_key(&key, 'p', req);
    ts_buf_be64(&key, row->seq);
    ts_batch_put_message(batch, in->store, in->family, ts_buf_view(&key), &row->base);
    ts_metric_add(in->parked, 1);
    return finish(in, batch, row->seq, seen_key);
}

/* As if the request that caused the row had come here itself. */
static ts_status call_handler(ts_inbox *in, const Ts__HandOverRow *row, ts_batch *batch)
{
    ts_error err = { "", "" };
    ts_status st;

    ts_trace_begin(row->request_id, row->traceparent);
    st = in->handler(in->service, row, in->arena, batch, &err);
    ts_debug(TS_MSG("row taken in"), TS_F_Z("kind", row->kind), TS_F_U64("org", row->org),
             TS_F_U64("seq", row->seq), TS_F_STATUS(st));
    ts_trace_end();
    return st;
}

/* Effects of rows that follow each other, with the moved number; a single one is put aside if it is impossible. */
static ts_status apply(ts_inbox *in, const Ts__HandOverRequest *req, size_t first, size_t count,
                       ts_str seen_key)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *batch = ts_batch_new();
    ts_status st = batch == NULL ? TS_NOMEM : TS_OK;

    ts_arena_reset(in->arena);
    for (size_t i = first; i < first + count && st == TS_OK; i++)
        st = call_handler(in, req->rows[i], batch);
    if (count == 1 && (st == TS_INVALID || st == TS_CORRUPT))
        return park(in, req, req->rows[first], seen_key);
    if (st == TS_OK && in->close != NULL)
        st = in->close(in->service, batch);
    return st == TS_OK ? finish(in, batch, req->rows[first + count - 1]->seq, seen_key) : st;
}

static ts_status apply_guarded(ts_inbox *in, const Ts__HandOverRequest *req, size_t first,
                               size_t count, ts_str seen_key)
{
    const Ts__HandOverRow *row = req->rows[first];
    ts_tenant tenant = { row->org, row->mode == TS_MODE_TEST ? TS_MODE_TEST : TS_MODE_LIVE };
    ts_status st;

    guard(in, tenant);
    st = apply(in, req, first, count, seen_key);
    unguard(in, tenant);
    return st;
}

/* ---- deleted organizations ---- */

static ts_status drop(ts_inbox *in, const Ts__HandOverRow *row, ts_str seen_key)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *batch = ts_batch_new();

    if (batch == NULL)
        return TS_NOMEM;
    ts_metric_add(in->dropped, 1);
    return finish(in, batch, row->seq, seen_key);
}

/* Rows that were put aside are kept whole, with their organization's data. */
static ts_status forget_parked(ts_inbox *in, uint64_t org)
{
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_prefix(in->store, in->family, TS_STR_LIT("p"), false);
    TS_CLEANUP(ts_batch_free_p) ts_batch *batch = ts_batch_new();
    ts_status st;

    if (it == NULL || batch == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it); ts_iter_next(it)) {
        ProtobufCMessage *m = NULL;

        ts_arena_reset(in->arena);
        st = ts_arena_unpack(in->arena, &ts__hand_over_row__descriptor, ts_iter_value(it), &m);
        if (st != TS_OK)
            return st;
        if (((const Ts__HandOverRow *)m)->org == org)
            ts_batch_delete(batch, in->store, in->family, ts_iter_key(it));
    }
    st = ts_iter_status(it);
    return st != TS_OK || ts_batch_is_empty(batch) ? st : ts_store_write(in->store, batch, NULL);
}

/* Tombstone, memory and rows under one guard: whoever holds it sees all of the tenant or nothing, and cannot load again what was
 * forgotten; nor is a batch refused that somebody who holds it has begun, with the rows of others in it. */
static ts_status forget_tenant(ts_inbox *in, ts_tenant tenant, int64_t at_ms)
{
    ts_status st;

    ts_arena_reset(in->arena);
    guard(in, tenant);
    st = ts_store_fence(in->store, tenant.org, at_ms, NULL);
    if (st == TS_OK && in->forget != NULL)
        in->forget(in->service, tenant, in->arena);
    if (st == TS_OK)
        st = ts_store_wipe(in->store, tenant, NULL);
    unguard(in, tenant);
    return st;
}

/* The outbox may be long while a peer is away. It is walked without the lock, so that hand-overs go on: the fence stands. */
static ts_status forget_sent(ts_inbox *in, uint64_t org)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(INBOX_ROW_ARENA);
    ts_status st;

    if (arena == NULL)
        return TS_NOMEM;
    pthread_mutex_unlock(&in->lock);
    st = ts_outbox_forget(in->store, org, in->to_auth, arena);
    pthread_mutex_lock(&in->lock);
    return st;
}

/* The fence comes first: nothing can be put any more, so that what is removed then stays away. The answer is the last: a
 * crash before it brings the row again, and each step may be done twice. */
static ts_status erase(ts_inbox *in, const Ts__HandOverRow *row, ts_str seen_key)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *batch = ts_batch_new();
    Ts__OrganizationErased erased = TS__ORGANIZATION_ERASED__INIT;
    uint64_t last;
    bool known;
    ts_status st = TS_OK;

    if (batch == NULL)
        return TS_NOMEM;
    for (int mode = TS_MODE_LIVE; mode <= TS_MODE_TEST && st == TS_OK; mode++)
        st = forget_tenant(in, (ts_tenant){ row->org, (ts_mode)mode }, row->at_ms);
    if (st == TS_OK)
        st = forget_sent(in, row->org);
    ts_arena_reset(in->arena);
    if (st == TS_OK)
        st = load_last(in, seen_key, in->arena, &known, &last);
    if (st == TS_OK && known && last >= row->seq)
        return TS_OK; /* the same row came once more meanwhile, and that call has ended it */
    if (st == TS_OK)
        st = forget_parked(in, row->org);
    if (st != TS_OK)
        return st;
    erased.service = (char *)(uintptr_t)in->erased_by; /* packing only reads it */
    ts_outbox_add_unclaimed(batch, in->to_auth, (ts_tenant){ row->org, TS_MODE_LIVE },
                            TS_KIND_ERASED, row->at_ms, &erased.base);
    /* Failing at it loses nothing: the bytes go later. */
    ts_ignore(ts_store_purge(in->store, row->org));
    st = finish(in, batch, row->seq, seen_key);
    if (st == TS_OK)
        ts_info(TS_MSG("organization erased"), TS_F_U64("org", row->org));
    return st;
}

static bool is_erase(const ts_inbox *in, const Ts__HandOverRow *row)
{
    return in->erased_by != NULL && row->org != 0 && strcmp(row->kind, TS_KIND_ERASE) == 0;
}

static bool is_dropped(const ts_inbox *in, const Ts__HandOverRow *row)
{
    return strcmp(row->kind, OUTBOX_KIND_NOTHING) == 0 || ts_store_is_erased(in->store, row->org);
}

/* How many rows from `first` on go into one batch. An organization can only be erased by a row, so that none of theirs is
 * while they are taken in. */
static size_t group_of(const ts_inbox *in, const Ts__HandOverRequest *req, size_t first, size_t max)
{
    size_t bytes = req->rows[first]->payload.len;
    size_t n = 1;

    if (in->close == NULL || is_erase(in, req->rows[first]) || is_dropped(in, req->rows[first]))
        return 1;
    for (; n < max && first + n < req->n_rows; n++) {
        const Ts__HandOverRow *row = req->rows[first + n];

        if (row->seq != req->rows[first]->seq + n || is_erase(in, row) || is_dropped(in, row) ||
            row->payload.len > GROUP_BYTES_MAX - bytes)
            break;
        bytes += row->payload.len;
    }
    return n;
}

static ts_status take(ts_inbox *in, const Ts__HandOverRequest *req, size_t first, size_t count,
                      ts_str seen_key)
{
    const Ts__HandOverRow *row = req->rows[first];
    ts_status st;

    if (is_erase(in, row)) {
        ts_trace_begin(row->request_id, row->traceparent);
        st = erase(in, row, seen_key);
        ts_trace_end();
        return st;
    }
    if (is_dropped(in, row))
        return drop(in, row, seen_key);
    return apply_guarded(in, req, first, count, seen_key);
}

/* After an erasure, which opens the lock: a repeat of this call may have gone further. */
static ts_status load_moved(ts_inbox *in, ts_str seen_key, uint64_t *last)
{
    bool known;

    ts_arena_reset(in->arena);
    return load_last(in, seen_key, in->arena, &known, last);
}

/* From the row behind `*last` on. A group that one of its rows spoils is taken row by row. */
static ts_status take_rows(ts_inbox *in, const Ts__HandOverRequest *req, uint64_t *last,
                           ts_str seen_key)
{
    size_t max = GROUP_ROWS_MAX;

    for (size_t i = 0; i < req->n_rows;) {
        size_t n;
        ts_status st;

        if (req->rows[i]->seq <= *last) {
            ts_metric_add(in->repeated, 1);
            i++;
            continue;
        }
        if (req->rows[i]->seq != *last + 1) {
            ts_metric_add(in->gaps, 1);
            return TS_OK;
        }
        n = group_of(in, req, i, max);
        st = take(in, req, i, n, seen_key);
        if (st != TS_OK && n > 1) {
            max = 1;
            continue;
        }
        if (st == TS_OK && is_erase(in, req->rows[i]))
            st = load_moved(in, seen_key, last);
        else if (st == TS_OK)
            *last += n;
        if (st != TS_OK)
            return st;
        i += n;
        ts_metric_add(in->applied, n);
    }
    return TS_OK;
}

/* What was acknowledged is on disk, so that only a restored copy of this store can be behind what the producer has trimmed.
 * Waiting for those rows would be for ever. The moved number is written at once: the next row may be refused for long, and
 * each time it comes the same rows would be lost again. */
static ts_status go_over_lost(ts_inbox *in, const Ts__HandOverRequest *req, uint64_t known,
                              ts_str seen_key, uint64_t *last, uint64_t *ret_lost)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *batch = NULL;
    char producer[2 * PRODUCER_SIZE + 1];
    ts_status st;

    if (req->trimmed <= known)
        return TS_OK;
    batch = ts_batch_new();
    st = batch == NULL ? TS_NOMEM : finish(in, batch, req->trimmed, seen_key);
    if (st != TS_OK)
        return st;
    *ret_lost = req->trimmed - known;
    *last = req->trimmed;
    ts_hex(req->producer.data, PRODUCER_SIZE, producer);
    ts_warn(TS_MSG("this store was restored: rows it had taken in are lost"),
            TS_F_Z("producer", producer), TS_F_U64("rows", *ret_lost));
    ts_metric_add(in->lost, *ret_lost);
    return TS_OK;
}

ts_status ts_inbox_accept(ts_inbox *in, ts_call *call, const Ts__HandOverRequest *req,
                          Ts__HandOverReply *rep)
{
    TS_CLEANUP(ts_buf_done) ts_buf seen_key = TS_BUF_INIT(64);
    uint64_t ticket;
    uint64_t before;
    uint64_t known;
    uint64_t last;
    ts_status stopped = TS_OK;
    ts_status st;

    if (req->producer.len != PRODUCER_SIZE)
        return ts_fail(call->error, TS_INVALID, "producer", "producer must have 16 bytes");
    if (req->n_rows == 0 || req->n_rows > INBOX_ROWS_MAX)
        return ts_fail(call->error, TS_INVALID, "rows", "rows must have 1 to %d items",
                       INBOX_ROWS_MAX);
    row_key(&seen_key, 's', req);

    pthread_mutex_lock(&in->lock);
    st = load_state(in, req, ts_buf_view(&seen_key), call->arena, &last, &known);
    before = last;
    if (st == TS_OK)
        st = go_over_lost(in, req, known, ts_buf_view(&seen_key), &last, &rep->lost);
    if (st == TS_OK)
        stopped = take_rows(in, req, &last, ts_buf_view(&seen_key));
    ticket = in->ticket;
    pthread_mutex_unlock(&in->lock);

    if (st == TS_OK)
        st = ts_store_sync(in->store, ticket);
    if (st == TS_OK && stopped != TS_OK && last == before)
        st = stopped;
    if (st != TS_OK)
        return st;
    rep->last_seq = last;
    return TS_OK;
}
