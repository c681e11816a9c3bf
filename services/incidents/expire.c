#include "expire.h"

#include "ts/log.h"
#include "ts/retention.h"
#include "ts/time.h"
#include "work.h"

#define ID_SIZE   16
#define ARENA_MAX (UINT64_C(32) << 20)
#define LISTED                                                                                     \
    256 /* incidents looked at before the walk begins anew: iterators keep old rows alive */
#define PENDING_SIZE (TS_KEY_TENANT_SIZE + ID_SIZE + 8 + ID_SIZE)

typedef struct expiry {
    incidents *app;
    int64_t now_ms;
    const atomic_bool *stopping;
    ts_arena *arena;
} expiry;

/* ---- closed incidents ---- */

/* A detection, where it is, and that its rule and dedup key are known here. */
static void drop_detection(incidents_work *w, ts_str key, const Ts__Detection *d)
{
    incidents_key owner = incidents_id_key(w->tenant, d->id.data);
    incidents_key list = incidents_list_key(
        w->tenant, incidents_rule_scope(ts_str_of(d->rule_id), ts_str_of(d->dedup_key)),
        w->row->incident->created_ms, w->id);

    ts_batch_delete(w->batch, w->app->store, INCIDENTS_DETECTIONS, key);
    ts_batch_delete(w->batch, w->app->store, INCIDENTS_OWNERS, incidents_key_view(&owner));
    ts_batch_delete(w->batch, w->app->store, INCIDENTS_LISTS, incidents_key_view(&list));
}

/* *ret_all: none is left. */
static ts_status drop_detections(incidents_work *w, bool *ret_all)
{
    incidents_key prefix = incidents_id_key(w->tenant, w->id);
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it =
        ts_iter_prefix(w->app->store, INCIDENTS_DETECTIONS, incidents_key_view(&prefix), false);

    if (it == NULL)
        return TS_NOMEM;
    for (unsigned i = 0; ts_iter_valid(it); ts_iter_next(it), i++) {
        ProtobufCMessage *m = NULL;
        ts_status st;

        if (i == EXPIRE_SLICE) {
            *ret_all = false;
            return TS_OK;
        }
        st = ts_arena_unpack(w->arena, &ts__detection__descriptor, ts_iter_value(it), &m);
        if (st != TS_OK)
            return st;
        if (((const Ts__Detection *)m)->id.len != ID_SIZE)
            return TS_CORRUPT;
        drop_detection(w, ts_iter_key(it), (const Ts__Detection *)m);
    }
    *ret_all = true;
    return ts_iter_status(it);
}

/* The next slice of an incident, under the lock. *ret_gone: nothing of it is left, or it is not to go after all. */
static ts_status expire_slice(expiry *e, ts_tenant tenant, const uint8_t id[16], bool *ret_gone,
                              uint64_t *count)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *batch = ts_batch_new();
    Ts__Incidents__Row *row = NULL;
    incidents_work w;
    ts_status st;

    ts_arena_reset(e->arena);
    if (batch == NULL)
        return TS_NOMEM;
    work_begin(&w, e->app, tenant, e->now_ms, e->arena, batch);
    st = work_load_row(&w, id, &row);
    if (st == TS_OK)
        st = work_take_row(&w, id, row);
    if (st != TS_OK)
        return st;
    *ret_gone = !incident_is_over(row->incident->closed_ms, e->now_ms, e->app->keep_closed_ms);
    if (*ret_gone)
        return TS_OK;
    st = drop_detections(&w, ret_gone);
    if (st == TS_OK && *ret_gone)
        st = work_forget(&w);
    if (st != TS_OK)
        return st;
    *count += *ret_gone;
    /* Unsynced: what comes back after a crash is found again next time. */
    return ts_store_write(e->app->store, batch, NULL);
}

static ts_status expire_incident(expiry *e, ts_tenant tenant, const uint8_t id[16], uint64_t *count)
{
    bool gone = false;
    ts_status st = TS_OK;

    while (st == TS_OK && !gone && !atomic_load(e->stopping)) {
        incidents_lock_tenant(e->app, tenant);
        st = expire_slice(e, tenant, id, &gone, count);
        incidents_unlock_tenant(e->app, tenant);
    }
    return st;
}

/* Closed incidents that were opened before the time, the newest of them first: only these can be over. Up to LISTED of them
 * from *from on, which moves behind them; empty at the end. */
static ts_status expire_some(expiry *e, ts_tenant tenant, incidents_key *from, uint64_t *count)
{
    ts_hash128 scope = incidents_list_scope(GROUP_CLOSED, ANY_SEVERITY, TS_STR_NULL);
    incidents_key until = incidents_list_from(tenant, scope, 1);
    uint8_t ids[LISTED][ID_SIZE];
    size_t n = 0;
    ts_status st;

    {
        TS_CLEANUP(ts_iter_free_p)
        ts_iter *it = ts_iter_new(e->app->store, INCIDENTS_LISTS, incidents_key_view(from),
                                  incidents_key_view(&until), false);

        if (it == NULL)
            return TS_NOMEM;
        from->n = 0;
        for (; ts_iter_valid(it); ts_iter_next(it)) {
            ts_str key = ts_iter_key(it);

            if (incidents_key_last_id(key) == NULL || key.n > sizeof(from->bytes))
                return TS_CORRUPT;
            if (n == LISTED) {
                memcpy(from->bytes, key.p, key.n);
                from->n = key.n;
                break;
            }
            memcpy(ids[n++], incidents_key_last_id(key), ID_SIZE);
        }
        st = ts_iter_status(it);
    }
    for (size_t i = 0; i < n && st == TS_OK; i++) {
        st = expire_incident(e, tenant, ids[i], count);
        if (st == TS_NOT_FOUND)
            st = TS_OK; /* gone meanwhile */
    }
    return st;
}

static ts_status expire_tenant(expiry *e, ts_tenant tenant, uint64_t *count)
{
    int64_t before_ms = e->now_ms - e->app->keep_closed_ms;
    incidents_key from;
    ts_status st;

    if (before_ms <= 1)
        return TS_OK;
    from = incidents_list_from(
        tenant, incidents_list_scope(GROUP_CLOSED, ANY_SEVERITY, TS_STR_NULL), before_ms);
    do {
        st = expire_some(e, tenant, &from, count);
    } while (st == TS_OK && from.n > 0 && !atomic_load(e->stopping));
    return st;
}

/* Every tenant that ever had an incident has a row of totals. */
ts_status expire_closed(incidents *app, int64_t now_ms, const atomic_bool *stopping,
                        uint64_t *ret_count)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(ARENA_MAX);
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = NULL;
    expiry e = { .app = app, .now_ms = now_ms, .stopping = stopping, .arena = arena };
    ts_status st = TS_OK;

    *ret_count = 0;
    it = ts_iter_new(app->store, INCIDENTS_TOTALS, TS_STR_NULL, TS_STR_NULL, false);
    if (arena == NULL || it == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it) && st == TS_OK && !atomic_load(stopping); ts_iter_next(it)) {
        if (ts_iter_key(it).n != TS_KEY_TENANT_SIZE)
            return TS_CORRUPT;
        st = expire_tenant(&e, incidents_key_tenant(ts_iter_key(it)), ret_count);
    }
    ts_metric_add(app->expired, *ret_count);
    return st == TS_OK ? ts_iter_status(it) : st;
}

/* ---- detections that wait ---- */

typedef struct waiting_row {
    char key[PENDING_SIZE];
} waiting_row;

static int64_t waits_since(const char *key)
{
    return (int64_t)incidents_read_u64(key + TS_KEY_TENANT_SIZE + ID_SIZE);
}

/* It may have been placed since it was read. */
static ts_status drop_waiting(expiry *e, const waiting_row *row)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *batch = ts_batch_new();
    ts_str key = ts_str_n(row->key, sizeof(row->key));
    const uint8_t *id = incidents_key_last_id(key);
    ts_tenant tenant = incidents_key_tenant(key);
    incidents_key owner = incidents_id_key(tenant, id);
    ts_status st = TS_OK;

    if (batch == NULL)
        return TS_NOMEM;
    incidents_lock_tenant(e->app, tenant);
    if (ts_store_has(e->app->store, INCIDENTS_PENDING, key)) {
        ts_batch_delete(batch, e->app->store, INCIDENTS_PENDING, key);
        ts_batch_delete(batch, e->app->store, INCIDENTS_OWNERS, incidents_key_view(&owner));
        st = ts_store_write(e->app->store, batch, NULL);
    }
    incidents_unlock_tenant(e->app, tenant);
    return st;
}

/* Rows of one slice of the family that are over; *from moves behind it; empty at the end. */
static ts_status find_waiting(expiry *e, int64_t before_ms, ts_buf *from, waiting_row *rows,
                              size_t *ret_count)
{
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it =
        ts_iter_new(e->app->store, INCIDENTS_PENDING, ts_buf_view(from), TS_STR_NULL, false);

    *ret_count = 0;
    if (it == NULL)
        return TS_NOMEM;
    ts_buf_clear(from);
    for (size_t n = 0; ts_iter_valid(it); ts_iter_next(it)) {
        ts_str key = ts_iter_key(it);

        if (key.n != PENDING_SIZE)
            return TS_CORRUPT;
        if (n++ == EXPIRE_SLICE) {
            ts_buf_str(from, key);
            break;
        }
        if (waits_since(key.p) < before_ms)
            memcpy(rows[(*ret_count)++].key, key.p, key.n);
    }
    return ts_iter_status(it) == TS_OK ? ts_buf_status(from) : TS_UNAVAILABLE;
}

ts_status expire_waiting(incidents *app, int64_t now_ms, const atomic_bool *stopping,
                         uint64_t *ret_count)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(ARENA_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf from = TS_BUF_INIT(INCIDENTS_KEY_MAX);
    expiry e = { .app = app, .now_ms = now_ms, .stopping = stopping, .arena = arena };
    waiting_row *rows;
    ts_status st;

    *ret_count = 0;
    if (arena == NULL)
        return TS_NOMEM;
    rows = ts_arena_array(arena, EXPIRE_SLICE, sizeof(*rows));
    if (rows == NULL)
        return TS_NOMEM;
    do {
        size_t count = 0;

        st =
            find_waiting(&e, now_ms - app->limits.span_ms - EXPIRE_WAITING_MS, &from, rows, &count);
        for (size_t i = 0; i < count && st == TS_OK; i++, (*ret_count)++)
            st = drop_waiting(&e, &rows[i]);
    } while (st == TS_OK && from.size > 0 && !atomic_load(stopping));
    return st;
}

void expire_job(void *context, const atomic_bool *stopping)
{
    incidents *app = context;
    uint64_t closed = 0, waiting = 0;
    int64_t now_ms = 0;
    ts_status st = ts_retention_now(app->store, app->catch_up_days, &now_ms);

    if (st == TS_OK)
        st = expire_closed(app, now_ms, stopping, &closed);
    if (st == TS_OK)
        st = expire_waiting(app, now_ms, stopping, &waiting);
    if (st != TS_OK)
        ts_warn(TS_MSG("expiry failed, tried again later"), TS_F_STATUS(st));
    else if (closed + waiting > 0)
        ts_info(TS_MSG("expired"), TS_F_U64("incidents", closed), TS_F_U64("waiting", waiting));
}
