#include "expire.h"

#include "detect/sigma/correlation.h"
#include "hits.h"
#include "keys.h"
#include "ts/time.h"

#define HIT_TIME_AT   41 /* behind tenant, correlation and group */
#define EVENT_DAY_AT  9
#define USER_EVENT_AT 17 /* behind tenant and user */

/* Should this row go? */
typedef bool is_over(ts_str key, int64_t before_ms);

static bool hit_is_over(ts_str key, int64_t before_ms)
{
    return key.n > HIT_TIME_AT + 8 && (int64_t)risk_read_u64(key, HIT_TIME_AT) < before_ms;
}

static uint32_t read_u32(ts_str key, size_t at)
{
    uint32_t n = 0;

    for (size_t i = 0; i < 4; i++)
        n = n << 8 | (uint8_t)key.p[at + i];
    return n;
}

static bool event_is_over(ts_str key, int64_t before_ms)
{
    return key.n >= EVENT_DAY_AT + 4 &&
           (int64_t)read_u32(key, EVENT_DAY_AT) < before_ms / TS_DAY_MS;
}

static bool user_event_is_over(ts_str key, int64_t before_ms)
{
    return key.n >= USER_EVENT_AT + 8 &&
           (int64_t)~risk_read_u64(key, USER_EVENT_AT) < before_ms / TS_DAY_MS * TS_DAY_MS;
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
