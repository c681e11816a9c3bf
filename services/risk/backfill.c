#include "backfill.h"

#include "apps.h"
#include "work.h"

#define ARENA_MAX     (UINT64_C(64) << 20)
#define USER_KEY_SIZE (TS_KEY_TENANT_SIZE + 8)
#define APP_KEY_SIZE  (TS_KEY_TENANT_SIZE + 16)

typedef struct missing {
    ts_tenant tenant;
    uint64_t users[RISK_BACKFILL_BATCH];
    size_t count;
} missing;

static ts_tenant tenant_of(ts_str key)
{
    return (ts_tenant){ risk_read_u64(key, 0), key.p[8] == 0 ? TS_MODE_LIVE : TS_MODE_TEST };
}

static bool is_same(ts_tenant a, ts_tenant b)
{
    return a.org == b.org && a.mode == b.mode;
}

/* The next users of one tenant that are not in the index, from `from` on, which moves behind them; empty at the end. */
static ts_status find_missing(ts_store *store, ts_buf *from, ts_arena *arena, missing *ret)
{
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_new(store, RISK_USERS, ts_buf_view(from), TS_STR_NULL, false);

    ret->count = 0;
    if (it == NULL)
        return TS_NOMEM;
    ts_buf_clear(from);
    for (; ts_iter_valid(it); ts_iter_next(it)) {
        ts_str key = ts_iter_key(it);
        ProtobufCMessage *m = NULL;
        ts_status st;

        if (key.n != USER_KEY_SIZE)
            return TS_CORRUPT;
        if (ret->count == RISK_BACKFILL_BATCH ||
            (ret->count > 0 && !is_same(ret->tenant, tenant_of(key)))) {
            ts_buf_str(from, key);
            break;
        }
        ts_arena_reset(arena);
        st = ts_arena_unpack(arena, &ts__risk__user_row__descriptor, ts_iter_value(it), &m);
        if (st != TS_OK)
            return st;
        if (((const Ts__Risk__UserRow *)m)->searchable)
            continue;
        ret->tenant = tenant_of(key);
        ret->users[ret->count++] = risk_read_u64(key, TS_KEY_TENANT_SIZE);
    }
    return ts_iter_status(it);
}

/* A touched user is brought into the index as it is written. */
static ts_status bring_in(ts_store *store, int64_t now_ms, const missing *list, ts_arena *arena)
{
    risk_work w;
    ts_status st;

    ts_arena_reset(arena);
    st = work_begin(&w, store, list->tenant, now_ms, arena);
    if (st != TS_OK)
        return st;
    for (size_t i = 0; i < list->count && st == TS_OK; i++) {
        work_user *u = NULL;

        st = work_user_by_number(&w, list->users[i], &u);
        if (st == TS_OK)
            u->touched = true;
        else if (st == TS_NOT_FOUND)
            st = TS_OK;
    }
    if (st == TS_OK)
        st = work_write(&w, NULL);
    work_end(&w);
    return st == TS_NOT_FOUND ? TS_OK : st; /* the organization has just been erased */
}

ts_status risk_backfill(ts_store *store, int64_t now_ms, const atomic_bool *cancelled,
                        uint64_t *ret_count)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(ARENA_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf from = TS_BUF_INIT(RISK_KEY_MAX);
    missing list = { .count = 0 };
    ts_status st = arena == NULL ? TS_NOMEM : TS_OK;

    *ret_count = 0;
    while (st == TS_OK && !atomic_load(cancelled)) {
        st = find_missing(store, &from, arena, &list);
        if (st == TS_OK && list.count > 0)
            st = bring_in(store, now_ms, &list, arena);
        *ret_count += list.count;
        if (from.size == 0)
            break;
    }
    return st;
}

/* ---- apps ---- */

static ts_status describe_app(ts_store *store, const catalogue *c, int64_t now_ms, ts_str key,
                              ts_arena *arena, uint64_t *count)
{
    work_app *app = NULL;
    risk_work w;
    ts_status st;

    ts_arena_reset(arena);
    st = work_begin(&w, store, tenant_of(key), now_ms, arena);
    if (st != TS_OK)
        return st;
    st = apps_get(&w, (const uint8_t *)key.p + TS_KEY_TENANT_SIZE, &app);
    if (st == TS_OK)
        st = apps_describe(&w, c, app);
    if (st == TS_OK && app->touched) {
        st = work_write(&w, NULL);
        *count += 1;
    }
    work_end(&w);
    return st == TS_NOT_FOUND ? TS_OK : st; /* the organization has just been erased */
}

ts_status risk_backfill_apps(ts_store *store, const catalogue *c, int64_t now_ms,
                             const atomic_bool *cancelled, uint64_t *ret_count)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(ARENA_MAX);
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_new(store, RISK_APPS, TS_STR_NULL, TS_STR_NULL, false);
    ts_status st = TS_OK;

    *ret_count = 0;
    if (arena == NULL || it == NULL)
        return TS_NOMEM;
    for (; st == TS_OK && ts_iter_valid(it) && !atomic_load(cancelled); ts_iter_next(it)) {
        if (ts_iter_key(it).n != APP_KEY_SIZE)
            return TS_CORRUPT;
        st = describe_app(store, c, now_ms, ts_iter_key(it), arena, ret_count);
    }
    return st == TS_OK ? ts_iter_status(it) : st;
}
