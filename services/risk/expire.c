#include "expire.h"

#include "detect/sigma/correlation.h"
#include "hits.h"
#include "keys.h"
#include "orphans.h"
#include "rescore.h"
#include "ts/time.h"

#define HIT_TIME_AT   41 /* behind tenant, correlation and group */
#define EVENT_DAY_AT  9
#define USER_EVENT_AT 17 /* behind tenant and user */
#define USER_DAY_AT   17

/* Should this row go? */
typedef bool is_over(ts_str key, int64_t before_ms);

static bool hit_is_over(ts_str key, int64_t before_ms)
{
    return key.n > HIT_TIME_AT + 8 && (int64_t)risk_read_u64(key, HIT_TIME_AT) < before_ms;
}

static bool event_is_over(ts_str key, int64_t before_ms)
{
    return key.n >= EVENT_DAY_AT + 4 &&
           (int64_t)risk_read_u32(key, EVENT_DAY_AT) < before_ms / TS_DAY_MS;
}

static bool user_event_is_over(ts_str key, int64_t before_ms)
{
    return key.n >= USER_EVENT_AT + 8 &&
           (int64_t)~risk_read_u64(key, USER_EVENT_AT) < before_ms / TS_DAY_MS * TS_DAY_MS;
}

static bool user_day_is_over(ts_str key, int64_t before_ms)
{
    return key.n >= USER_DAY_AT + 4 &&
           (int64_t)risk_read_u32(key, USER_DAY_AT) < before_ms / TS_DAY_MS;
}

/* Looks at up to RISK_EXPIRE_SLICE rows from `from` on, which moves behind them; empty at the end. */
static ts_status expire_slice(const risk_expiry *e, unsigned family, is_over *over,
                              int64_t before_ms, ts_buf *from, uint64_t *count)
{
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_new(e->store, family, ts_buf_view(from), TS_STR_NULL, false);
    TS_CLEANUP(ts_batch_free_p) ts_batch *batch = ts_batch_new();
    ts_status st;

    if (it == NULL || batch == NULL)
        return TS_NOMEM;
    ts_buf_clear(from);
    for (size_t n = 0; ts_iter_valid(it); ts_iter_next(it)) {
        if (n++ == RISK_EXPIRE_SLICE) {
            ts_buf_str(from, ts_iter_key(it));
            break;
        }
        if (!over(ts_iter_key(it), before_ms))
            continue;
        ts_batch_delete(batch, e->store, family, ts_iter_key(it));
        (*count)++;
    }
    st = ts_iter_status(it);
    if (st == TS_OK)
        st = ts_buf_status(from);
    /* Unsynced: what comes back after a crash is found again next time. */
    return st != TS_OK || ts_batch_is_empty(batch) ? st : ts_store_write(e->store, batch, NULL);
}

static ts_status expire(const risk_expiry *e, unsigned family, is_over *over, int64_t before_ms,
                        uint64_t *count)
{
    TS_CLEANUP(ts_buf_done) ts_buf from = TS_BUF_INIT(RISK_KEY_MAX);
    ts_status st;

    do {
        st = expire_slice(e, family, over, before_ms, &from, count);
    } while (st == TS_OK && from.size > 0 && !atomic_load(e->cancelled));
    return st;
}

ts_status risk_expire_hits(const risk_expiry *e, int64_t now_ms, uint64_t *ret_count)
{
    *ret_count = 0;
    return expire(e, RISK_HITS, hit_is_over, now_ms - SIGMA_TIMESPAN_MAX_MS - RISK_HITS_LATENESS_MS,
                  ret_count);
}

/* Whole days, one more than is taken in: what is refused as too old is what has no dedup row any more. */
ts_status risk_expire_events(const risk_expiry *e, int64_t now_ms, uint64_t *ret_count)
{
    int64_t before_ms = now_ms - e->retention_ms - TS_DAY_MS;
    ts_status st;

    *ret_count = 0;
    st = expire(e, RISK_USER_EVENTS, user_event_is_over, before_ms, ret_count);
    if (st == TS_OK)
        st = expire(e, RISK_EVENTS, event_is_over, before_ms, ret_count);
    return st;
}

/* Days that no shown one is held against any more. */
ts_status risk_expire_baselines(const risk_expiry *e, int64_t now_ms, uint64_t *ret_count)
{
    *ret_count = 0;
    return expire(e, RISK_BASELINES, user_day_is_over,
                  now_ms - (int64_t)e->baseline_days * TS_DAY_MS, ret_count);
}

/* ---- firings of nobody ---- */

#define ORPHAN_ARENA_MAX (UINT64_C(4) << 20)
#define ORPHAN_ID_SIZE   16

/* The firing's id in a row of kind ORPHAN_FIRING; NULL for other rows. */
static const uint8_t *orphan_firing(ts_str key)
{
    size_t at = TS_KEY_TENANT_SIZE;

    while (at < key.n && key.p[at] != '\0')
        at++;
    if (key.n != at + 2 + ORPHAN_ID_SIZE || key.p[at + 1] != ORPHAN_FIRING)
        return NULL;
    return (const uint8_t *)key.p + at + 2;
}

/* False if the firing may still count; true with a batch that forgets it. */
static ts_status forget_firing(const risk_expiry *e, int64_t now_ms, ts_tenant t, ts_str key,
                               ts_arena *arena, ts_batch *batch, bool *ret)
{
    const uint8_t *id = orphan_firing(key);
    risk_key firing = risk_firing_key(t, 0, id);
    risk_key owner = risk_key_tenant(t);
    ProtobufCMessage *m = NULL;
    ts_str value;
    ts_status st = ts_store_get(e->store, RISK_FIRINGS, risk_key_view(&firing), arena, &value);

    *ret = false;
    if (st == TS_OK)
        st = ts_arena_unpack(arena, &ts__risk__firing__descriptor, value, &m);
    if (st != TS_OK && st != TS_NOT_FOUND)
        return st;
    if (m != NULL && now_ms - ((const Ts__Risk__Firing *)m)->last_event_ms <= RISK_FIRING_KEEP_MS)
        return TS_OK;
    *ret = true;
    ts_batch_delete(batch, e->store, RISK_ORPHANS, key);
    if (m == NULL)
        return TS_OK;
    risk_key_bytes(&owner, id, ORPHAN_ID_SIZE);
    ts_batch_delete(batch, e->store, RISK_FIRINGS, risk_key_view(&firing));
    ts_batch_delete(batch, e->store, RISK_FIRING_USERS, risk_key_view(&owner));
    return TS_OK;
}

static ts_status expire_orphan(const risk_expiry *e, int64_t now_ms, ts_str key, ts_arena *arena,
                               uint64_t *count)
{
    ts_tenant t = { risk_read_u64(key, 0), key.p[8] == 0 ? TS_MODE_LIVE : TS_MODE_TEST };
    TS_CLEANUP(ts_batch_free_p) ts_batch *batch = ts_batch_new();
    bool over = false;
    ts_status st = TS_OK;

    if (batch == NULL)
        return TS_NOMEM;
    work_lock(e->store, t);
    if (ts_store_has(e->store, RISK_ORPHANS, key))
        st = forget_firing(e, now_ms, t, key, arena, batch, &over);
    if (st == TS_OK && over)
        st = ts_store_write(e->store, batch, NULL);
    work_unlock(e->store, t);
    *count += over;
    return st == TS_NOT_FOUND ? TS_OK : st; /* the organization has just been erased */
}

ts_status risk_expire_orphans(const risk_expiry *e, int64_t now_ms, uint64_t *ret_count)
{
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_new(e->store, RISK_ORPHANS, TS_STR_NULL, TS_STR_NULL, false);
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(ORPHAN_ARENA_MAX);
    ts_status st = TS_OK;

    *ret_count = 0;
    if (it == NULL || arena == NULL)
        return TS_NOMEM;
    for (; st == TS_OK && ts_iter_valid(it) && !atomic_load(e->cancelled); ts_iter_next(it)) {
        if (orphan_firing(ts_iter_key(it)) == NULL)
            continue;
        ts_arena_reset(arena);
        st = expire_orphan(e, now_ms, ts_iter_key(it), arena, ret_count);
    }
    return st == TS_OK ? ts_iter_status(it) : st;
}
