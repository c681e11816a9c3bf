#include "sweep.h"

#include <pthread.h>
#include <time.h>

#include "backfill.h"
#include "expire.h"
#include "rescore.h"
#include "ts/log.h"
#include "ts/metrics.h"
#include "ts/retention.h"
#include "ts/time.h"

#define SWEEP_ARENA_MAX (UINT64_C(64) << 20)
#define DUE_KEY_SIZE    25

struct risk_sweep {
    risk_sweep_options o;
    pthread_t thread;
    pthread_mutex_t lock; /* for wake */
    pthread_cond_t wake;
    atomic_bool stopping;
};

typedef struct due_user {
    ts_tenant tenant;
    uint64_t number;
    char key[DUE_KEY_SIZE];
} due_user;

static ts_status read_due(ts_store *store, int64_t now_ms, due_user *list, size_t *ret_count)
{
    risk_key until;
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = NULL;
    size_t n = 0;

    until.n = 0;
    until.overflow = false;
    risk_key_u64(&until, (uint64_t)now_ms + 1);
    it = ts_iter_new(store, RISK_DUE, TS_STR_NULL, risk_key_view(&until), false);
    if (it == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it) && n < SWEEP_BATCH; ts_iter_next(it)) {
        ts_str key = ts_iter_key(it);

        if (key.n != DUE_KEY_SIZE)
            return TS_CORRUPT;
        memcpy(list[n].key, key.p, DUE_KEY_SIZE);
        list[n].tenant.org = risk_read_u64(key, 8);
        list[n].tenant.mode = key.p[16] == 0 ? TS_MODE_LIVE : TS_MODE_TEST;
        list[n++].number = risk_read_u64(key, 17);
    }
    *ret_count = n;
    return ts_iter_status(it);
}

static ts_status drop_run(ts_store *store, const due_user *list, size_t count)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *batch = ts_batch_new();

    if (batch == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i < count; i++)
        ts_batch_delete(batch, store, RISK_DUE, ts_str_n(list[i].key, DUE_KEY_SIZE));
    return ts_store_write(store, batch, NULL);
}

/* A run of due users of one tenant, as one unit of work. */
static ts_status rescore_run(ts_store *store, int64_t now_ms, const due_user *list, size_t count,
                             ts_arena *arena)
{
    risk_work w;
    ts_status st = work_begin(&w, store, list[0].tenant, now_ms, arena);

    if (st != TS_OK)
        return st;
    for (size_t i = 0; i < count && st == TS_OK; i++) {
        work_user *u = NULL;

        /* A dangling entry must go, or it would be due for ever. */
        ts_batch_delete(w.batch, store, RISK_DUE, ts_str_n(list[i].key, DUE_KEY_SIZE));
        st = work_user_by_number(&w, list[i].number, &u);
        if (st == TS_OK)
            work_user_rescore(u, "time");
        else if (st == TS_NOT_FOUND)
            st = TS_OK;
    }
    if (st == TS_OK)
        st = work_write(&w, NULL);
    work_end(&w);
    /* The organization is no more: its entries lead nowhere and go without any other change. */
    return st == TS_NOT_FOUND ? drop_run(store, list, count) : st;
}

ts_status risk_sweep_once(ts_store *store, int64_t now_ms, ts_arena *arena, size_t *ret_count)
{
    due_user *list = ts_arena_array(arena, SWEEP_BATCH, sizeof(*list));
    size_t count = 0;
    ts_status st;

    if (list == NULL)
        return TS_NOMEM;
    st = read_due(store, now_ms, list, &count);
    for (size_t i = 0; i < count && st == TS_OK;) {
        size_t run = 1;

        while (i + run < count && list[i + run].tenant.org == list[i].tenant.org &&
               list[i + run].tenant.mode == list[i].tenant.mode)
            run++;
        st = rescore_run(store, now_ms, &list[i], run, arena);
        i += run;
    }
    *ret_count = count;
    return st;
}

/* False when it is time to stop. */
static bool pause_until(risk_sweep *s, int64_t ms)
{
    struct timespec until = ts_monotonic_in(ms);
    bool go_on;

    pthread_mutex_lock(&s->lock);
    while (!atomic_load(&s->stopping)) {
        if (pthread_cond_timedwait(&s->wake, &s->lock, &until) != 0)
            break;
    }
    go_on = !atomic_load(&s->stopping);
    pthread_mutex_unlock(&s->lock);
    return go_on;
}

void risk_sweep_expire(const risk_sweep_options *o, const atomic_bool *stopping)
{
    const risk_expiry e = { o->store, o->retention_ms, o->baseline_days, stopping };
    uint64_t hits = 0, events = 0, orphans = 0, baselines = 0;
    int64_t now_ms = 0;
    ts_status st = ts_retention_now(o->store, o->catch_up_days, &now_ms);

    if (st == TS_OK)
        st = risk_expire_hits(&e, now_ms, &hits);
    if (st == TS_OK)
        st = risk_expire_events(&e, now_ms, &events);
    if (st == TS_OK)
        st = risk_expire_orphans(&e, now_ms, &orphans);
    if (st == TS_OK)
        st = risk_expire_baselines(&e, now_ms, &baselines);
    if (st != TS_OK)
        ts_warn(TS_MSG("expiry failed, tried again later"), TS_F_STATUS(st));
    else if (hits + events + orphans + baselines > 0)
        ts_info(TS_MSG("expired"), TS_F_U64("hits", hits), TS_F_U64("event_rows", events),
                TS_F_U64("firings_of_nobody", orphans), TS_F_U64("baseline_days", baselines));
}

static void backfill(risk_sweep *s)
{
    uint64_t count = 0;
    ts_status st = risk_backfill(s->o.store, ts_wall_ms(), &s->stopping, &count);

    if (st != TS_OK)
        ts_warn(TS_MSG("users are missing in the search until the next start"), TS_F_STATUS(st));
    else if (count > 0)
        ts_info(TS_MSG("users brought into the search"), TS_F_U64("users", count));
    st = risk_backfill_apps(s->o.store, s->o.catalogue, ts_wall_ms(), &s->stopping, &count);
    if (st != TS_OK)
        ts_warn(TS_MSG("apps keep the score of an older catalogue until the next start"),
                TS_F_STATUS(st));
    else if (count > 0)
        ts_info(TS_MSG("apps follow another catalogue"), TS_F_U64("apps", count));
}

static void *sweep_main(void *argument)
{
    risk_sweep *s = argument;
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(SWEEP_ARENA_MAX);
    ts_metric *swept =
        ts_counter("ts_risk_swept_users_total", "", "scores refreshed by time alone");

    int64_t expiry_boot_ms = ts_boot_ms();

    backfill(s);
    while (arena != NULL && pause_until(s, SWEEP_PERIOD_MS)) {
        size_t count = SWEEP_BATCH;

        if (ts_boot_ms() >= expiry_boot_ms) {
            risk_sweep_expire(&s->o, &s->stopping);
            expiry_boot_ms = ts_boot_ms() + SWEEP_EXPIRY_MS;
        }

        while (count == SWEEP_BATCH) {
            ts_status st;

            ts_arena_reset(arena);
            st = risk_sweep_once(s->o.store, ts_wall_ms(), arena, &count);
            if (st != TS_OK) {
                ts_warn(TS_MSG("sweep failed, tried again later"), TS_F_STATUS(st));
                break;
            }
            ts_metric_add(swept, count);
        }
    }
    return NULL;
}

ts_status risk_sweep_start(const risk_sweep_options *options, risk_sweep **ret, ts_error *err)
{
    risk_sweep *s = calloc(1, sizeof(*s));

    if (s == NULL)
        return ts_fail(err, TS_NOMEM, "", "out of memory");
    s->o = *options;
    pthread_mutex_init(&s->lock, NULL);
    ts_monotonic_cond(&s->wake);
    if (pthread_create(&s->thread, NULL, sweep_main, s) != 0) {
        free(s);
        return ts_fail(err, TS_NOMEM, "", "cannot start the sweep thread");
    }
    *ret = s;
    return TS_OK;
}

void risk_sweep_stop(risk_sweep *s)
{
    if (s == NULL)
        return;
    pthread_mutex_lock(&s->lock);
    atomic_store(&s->stopping, true);
    pthread_cond_broadcast(&s->wake);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->thread, NULL);
    pthread_cond_destroy(&s->wake);
    pthread_mutex_destroy(&s->lock);
    free(s);
}
