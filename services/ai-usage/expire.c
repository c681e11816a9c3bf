#include "expire.h"

#include "ts/log.h"
#include "ts/retention.h"
#include "ts/time.h"

#define ARENA_MAX (UINT64_C(4) << 20)

typedef struct expiry {
    ai_usage *app;
    const atomic_bool *stopping;
    ts_arena *arena;
    int64_t before_day; /* the first day that stays */
    uint64_t count;
} expiry;

/* Should this row go? TS_CORRUPT. */
typedef ts_status row_check(const expiry *e, const ts_iter *it, bool *ret);

typedef struct walk {
    unsigned family;
    row_check *is_over;
    bool by_day; /* a tenant's rows stand in the order of their days */
} walk;

static ts_status day_is_over(const expiry *e, const ts_iter *it, bool *ret)
{
    if (ts_iter_key(it).n < TS_KEY_TENANT_SIZE + AI_USAGE_DAY_SIZE)
        return TS_CORRUPT;
    *ret = ai_usage_key_day(ts_iter_key(it)) < e->before_day;
    return TS_OK;
}

static ts_status last_day_is_over(const expiry *e, const ts_iter *it, bool *ret)
{
    if (ts_iter_key(it).n < TS_KEY_TENANT_SIZE + AI_USAGE_DAY_SIZE)
        return TS_CORRUPT;
    *ret = ai_usage_key_last_day(ts_iter_key(it)) < e->before_day;
    return TS_OK;
}

static ts_status last_use_is_over(const expiry *e, const ts_iter *it, bool *ret)
{
    ProtobufCMessage *m = NULL;
    ts_status st =
        ts_arena_unpack(e->arena, &ts__aiusage__last_use__descriptor, ts_iter_value(it), &m);

    if (st == TS_OK)
        *ret = ts_time_day(((const Ts__Aiusage__LastUse *)m)->at_ms) < e->before_day;
    return st;
}

/* Where the rows of later tenants begin: behind all days of this one. */
static void skip_tenant(ts_str key, ts_buf *ret)
{
    ts_buf_str(ret, ts_str_n(key.p, TS_KEY_TENANT_SIZE));
    ts_buf_be32(ret, UINT32_MAX);
}

/* Looks at rows from *from on, which moves behind them; empty at the end. Under the lock. */
static ts_status expire_slice(expiry *e, const walk *how, ts_buf *from)
{
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_new(e->app->store, how->family, ts_buf_view(from), TS_STR_NULL, false);
    TS_CLEANUP(ts_batch_free_p) ts_batch *batch = ts_batch_new();
    ts_status st;

    if (it == NULL || batch == NULL)
        return TS_NOMEM;
    ts_arena_reset(e->arena);
    ts_buf_clear(from);
    for (size_t n = 0; ts_iter_valid(it); ts_iter_next(it)) {
        bool over = false;

        if (n++ == EXPIRE_SLICE) {
            ts_buf_str(from, ts_iter_key(it));
            break;
        }
        st = how->is_over(e, it, &over);
        if (st != TS_OK)
            return st;
        if (over) {
            ts_batch_delete(batch, e->app->store, how->family, ts_iter_key(it));
            e->count++;
        } else if (how->by_day) {
            skip_tenant(ts_iter_key(it), from);
            break;
        }
    }
    st = ts_iter_status(it);
    if (st == TS_OK)
        st = ts_buf_status(from);
    /* Unsynced: what comes back after a crash is found again next time. */
    return st != TS_OK || ts_batch_is_empty(batch) ? st
                                                   : ts_store_write(e->app->store, batch, NULL);
}

ts_status expire_rows(ai_usage *app, int64_t now_ms, const atomic_bool *stopping,
                      uint64_t *ret_count)
{
    /* A user's last use goes before the day it is counted on: never the other way round, or a use in between would count
     * the user off a day that is no more. */
    static const walk walks[] = {
        { AI_USAGE_LAST_USE, last_use_is_over, false },
        { AI_USAGE_LAST_DAYS, last_day_is_over, false },
        { AI_USAGE_DAY_USERS, day_is_over, true },
        { AI_USAGE_DAY_TOOLS, day_is_over, true },
        { AI_USAGE_DAYS, day_is_over, true },
    };
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(ARENA_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf from = TS_BUF_INIT(AI_USAGE_KEY_MAX);
    expiry e = { .app = app,
                 .stopping = stopping,
                 .arena = arena,
                 .before_day = ts_time_day(now_ms) - app->keep_days };
    ts_status st = TS_OK;

    if (arena == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i < TS_COUNT(walks) && st == TS_OK; i++) {
        ts_buf_clear(&from);
        do {
            ai_usage_lock(app, (ts_tenant){ 0, TS_MODE_LIVE });
            st = expire_slice(&e, &walks[i], &from);
            ai_usage_unlock(app, (ts_tenant){ 0, TS_MODE_LIVE });
        } while (st == TS_OK && from.size > 0 && !atomic_load(stopping));
    }
    ts_metric_add(app->expired, e.count);
    *ret_count = e.count;
    return st;
}

void expire_job(void *context, const atomic_bool *stopping)
{
    uint64_t count = 0;
    ai_usage *app = context;
    int64_t now_ms = 0;
    ts_status st = ts_retention_now(app->store, app->catch_up_days, &now_ms);

    if (st == TS_OK)
        st = expire_rows(app, now_ms, stopping, &count);
    if (st != TS_OK)
        ts_warn(TS_MSG("expiry failed, tried again later"), TS_F_STATUS(st));
    else if (count > 0)
        ts_info(TS_MSG("expired"), TS_F_U64("rows", count));
}
