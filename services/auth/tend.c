#include "tend.h"

#include <time.h>

#include "audit.h"
#include "bursts.h"
#include "change.h"
#include "erase.h"
#include "ts/id.h"
#include "ts/log.h"
#include "ts/retention.h"
#include "ts/time.h"

#define DUE_A_PASS     1000
#define ENTRIES_A_PASS 10000
#define ARENA_BYTES    ((size_t)32 << 20)
#define PERIOD_S       1
#define AUDIT_PERIODS  60

typedef struct pass {
    auth *app;
    ts_arena *list; /* what is due */
    ts_arena *work; /* emptied for each item */
    int64_t now_ms;
    bool has_written;
} pass;

/* ---- keys ---- */

/* The replaced one is told of as revoked when its time is over; an end that was known from the start is not. */
static ts_status end_rotated(pass *p, ts_batch *b, Ts__Auth__ApiKey *key)
{
    ts_store *s = p->app->store;
    Ts__AuditEntry entry = TS__AUDIT_ENTRY__INIT;

    key->revoked_ms = key->expires_ms;
    auth_put_key(b, s, key);
    auth_publish_key(b, "api_key.revoked", key, key->revoked_ms);
    entry.action = ts_arena_z(p->work, TS_STR_LIT("key.revoked"));
    entry.actor = ts_arena_z(p->work, TS_STR_LIT("service:auth"));
    entry.details = ts_arena_z(p->work, TS_STR_LIT("{\"cause\":\"rotation\"}"));
    entry.object = key->id;
    entry.at_ms = key->revoked_ms;
    if (entry.action == NULL || entry.actor == NULL || entry.details == NULL)
        return TS_NOMEM;
    return auth_audit_append(b, s, p->work, auth_key_tenant(key), &entry, p->now_ms);
}

static ts_status end_key(pass *p, ts_batch *b, ts_str due, Ts__Auth__ApiKey **ret)
{
    ts_store *s = p->app->store;
    auth_totals totals;
    ts_tenant tenant;
    ts_status st;

    if (!ts_store_has(s, AUTH_DUE, due))
        return TS_OK; /* changed since the list of due keys was read */
    ts_batch_delete(b, s, AUTH_DUE, due);
    st = auth_load_key_at(s, auth_due_row_key(due), p->work, ret);
    if (st != TS_OK)
        return st == TS_NOT_FOUND ? TS_OK : st;
    tenant = auth_key_tenant(*ret);
    st = auth_load_totals(s, tenant, p->work, &totals);
    if (st != TS_OK)
        return st;
    totals.active -= totals.active > 0 ? 1 : 0;
    auth_put_totals(b, s, tenant, totals);
    return (*ret)->rotated_to[0] != '\0' ? end_rotated(p, b, *ret) : TS_OK;
}

static ts_status end_due_key(pass *p, ts_str due)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();
    Ts__Auth__ApiKey *key = NULL;
    ts_status st;

    if (b == NULL)
        return TS_NOMEM;
    ts_arena_reset(p->work);
    pthread_mutex_lock(&p->app->admin);
    st = end_key(p, b, due, &key);
    if (st == TS_OK && !ts_batch_is_empty(b))
        st = auth_change_write(p->app, b, key, NULL, NULL);
    pthread_mutex_unlock(&p->app->admin);
    return st;
}

/* ---- organizations ---- */

static ts_status erase_org(pass *p, ts_str due)
{
    ts_status st = TS_OK;
    bool more = true;

    while (st == TS_OK && more) {
        ts_arena_reset(p->work);
        st = auth_erase_own(p->app, p->work, auth_read_u64(due, 1), p->now_ms, &more);
    }
    return st;
}

/* ---- what is due ---- */

static bool is_spoilt(const auth *app, ts_str due)
{
    uint64_t hash = app->spoilt_count == 0 ? 0 : ts_hash_mem(due.p, due.n);

    for (size_t i = 0; i < app->spoilt_count; i++) {
        if (app->spoilt[i] == hash)
            return true;
    }
    return false;
}

/* It stays, and is left alone until the next start: one that cannot be read must neither hold up the others nor be told of
 * each second. Those beyond the setting are tried and told of in each pass, and hold up others when they fill it. */
static void leave_alone(auth *app, ts_str due, ts_status st)
{
    char hex[2 * AUTH_ROW_KEY_MAX + 1];

    ts_hex((const uint8_t *)due.p, due.n < AUTH_ROW_KEY_MAX ? due.n : AUTH_ROW_KEY_MAX, hex);
    ts_log_error(TS_MSG("something due cannot be worked off and is left alone"), TS_F_Z("due", hex),
                 TS_F_STATUS(st));
    ts_metric_add(app->due_spoilt, 1);
    if (app->spoilt_count < (size_t)app->config->spoilt_max)
        app->spoilt[app->spoilt_count++] = ts_hash_mem(due.p, due.n);
}

/* Rows of AUTH_DUE, copied, so that no iterator stays open over changes. */
static ts_status list_due(pass *p, ts_str from, ts_str until, ts_str **ret, size_t *ret_count)
{
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_new(p->app->store, AUTH_DUE, from, until, false);

    if (it == NULL)
        return TS_NOMEM;
    if (!ts_iter_valid(it))
        return ts_iter_status(it);
    *ret = ts_arena_array(p->list, DUE_A_PASS, sizeof(**ret));
    if (*ret == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it) && *ret_count < DUE_A_PASS; ts_iter_next(it)) {
        ts_str copy;

        if (is_spoilt(p->app, ts_iter_key(it)))
            continue;
        copy = ts_arena_str(p->list, ts_iter_key(it));
        if (copy.p == NULL)
            return TS_NOMEM;
        (*ret)[(*ret_count)++] = copy;
    }
    return ts_iter_status(it);
}

/* Rows of one kind whose first number is below `below`. */
static ts_status each_due(pass *p, char kind, uint64_t below,
                          ts_status (*work)(pass *p, ts_str due))
{
    TS_CLEANUP(ts_buf_done) ts_buf from = TS_BUF_INIT(AUTH_ROW_KEY_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf until = TS_BUF_INIT(AUTH_ROW_KEY_MAX);
    ts_str *due = NULL;
    size_t count = 0;
    ts_status st;

    ts_buf_char(&from, kind);
    ts_buf_char(&until, kind);
    ts_buf_be64(&until, below);
    st = list_due(p, ts_buf_view(&from), ts_buf_view(&until), &due, &count);
    for (size_t i = 0; i < count && st == TS_OK; i++) {
        st = work(p, due[i]);
        if (st == TS_OK || st == TS_UNAVAILABLE || st == TS_NOMEM)
            continue; /* not the row's fault */
        leave_alone(p->app, due[i], st);
        st = TS_OK;
    }
    p->has_written = p->has_written || count > 0;
    return st;
}

/* ---- audit entries ---- */

static ts_status drop_entry(pass *p, uint64_t org, int64_t before_ms, bool *ret_dropped)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();
    auth *app = p->app;
    ts_status st;

    if (b == NULL)
        return TS_NOMEM;
    ts_arena_reset(p->work);
    pthread_mutex_lock(&app->admin);
    st = auth_audit_drop(b, app->store, p->work, org, before_ms, ret_dropped);
    if (st == TS_OK && *ret_dropped)
        st = ts_store_write(app->store, b, NULL);
    pthread_mutex_unlock(&app->admin);
    return st;
}

static ts_status drop_entries(pass *p)
{
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_new(p->app->store, AUTH_AUDIT_HEADS, TS_STR_NULL, TS_STR_NULL, false);
    int64_t before_ms = p->now_ms - p->app->config->audit_keep_days * TS_DAY_MS;
    unsigned left = ENTRIES_A_PASS;
    ts_status st = TS_OK;

    if (it == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it) && st == TS_OK; ts_iter_next(it)) {
        ts_str key = ts_iter_key(it);
        bool dropped = key.n == 9 && key.p[8] == AUTH_AUDIT_HEAD;

        while (st == TS_OK && dropped && left > 0) {
            st = drop_entry(p, auth_read_u64(key, 0), before_ms, &dropped);
            left -= dropped ? 1 : 0;
        }
        if (st == TS_CORRUPT) {
            ts_log_error(TS_MSG("an audit log is broken and is kept as it is"),
                         TS_F_U64("organization", auth_read_u64(key, 0)));
            st = TS_OK;
        }
    }
    return st == TS_OK ? ts_iter_status(it) : st;
}

/* ---- bursts ---- */

static ts_status log_bursts(pass *p)
{
    ts_status st = TS_OK;
    bool found = true;

    while (st == TS_OK && found) {
        ts_arena_reset(p->work);
        st = auth_burst_log(p->app, p->work, p->now_ms, &found);
        p->has_written = p->has_written || found;
    }
    return st;
}

/* ---- passes ---- */

static ts_status run(auth *app, int64_t now_ms, ts_status (*work)(pass *p))
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *list = ts_arena_new(ARENA_BYTES);
    TS_CLEANUP(ts_arena_free_p) ts_arena *own = ts_arena_new(ARENA_BYTES);
    pass p = { .app = app, .list = list, .work = own, .now_ms = now_ms };
    ts_status st;

    if (list == NULL || own == NULL)
        return TS_NOMEM;
    st = work(&p);
    /* Relays send only what is on disk. */
    return st == TS_OK && p.has_written ? ts_store_sync_all(app->store) : st;
}

static ts_status work_due(pass *p)
{
    ts_status st = log_bursts(p);

    if (st == TS_OK)
        st = each_due(p, AUTH_DUE_KEY, (uint64_t)p->now_ms + 1, end_due_key);
    return st == TS_OK ? each_due(p, AUTH_DUE_ORG, UINT64_MAX, erase_org) : st;
}

ts_status auth_tend(auth *app, int64_t now_ms)
{
    return run(app, now_ms, work_due);
}

ts_status auth_tend_audit(auth *app, int64_t now_ms)
{
    return app->config->audit_keep_days == 0 ? TS_OK : run(app, now_ms, drop_entries);
}

/* ---- the thread ---- */

struct auth_tender {
    auth *app;
    pthread_t thread;
    pthread_mutex_t lock; /* guards is_stopping */
    pthread_cond_t wake;
    bool is_stopping;
};

static bool wait_for_next(auth_tender *t)
{
    struct timespec until = ts_monotonic_in(PERIOD_S * TS_SECOND_MS);
    bool is_stopping;

    pthread_mutex_lock(&t->lock);
    while (!t->is_stopping && pthread_cond_timedwait(&t->wake, &t->lock, &until) == 0)
        ;
    is_stopping = t->is_stopping;
    pthread_mutex_unlock(&t->lock);
    return !is_stopping;
}

/* Also if entries are kept for ever: who changes that finds a clock that has followed. */
static ts_status tend_audit(auth *app)
{
    int64_t now_ms = 0;
    ts_status st = ts_retention_now(app->store, app->config->catch_up_days, &now_ms);

    return st == TS_OK ? auth_tend_audit(app, now_ms) : st;
}

static void *tender_main(void *argument)
{
    auth_tender *t = argument;
    unsigned passes = 0;

    do {
        ts_status st = auth_tend(t->app, ts_wall_ms());

        if (st == TS_OK && passes++ % AUDIT_PERIODS == 0)
            st = tend_audit(t->app);
        /* A store that failed ends the process by itself; anything else is tried again. */
        if (st != TS_OK && st != TS_UNAVAILABLE)
            ts_warn(TS_MSG("could not tend keys and logs"), TS_F_STATUS(st));
    } while (wait_for_next(t));
    /* Nobody is authorized any more: what was noted last. If the store takes nothing, it is lost. */
    ts_ignore(run(t->app, ts_wall_ms(), log_bursts));
    return NULL;
}

ts_status auth_tender_start(auth *app, auth_tender **ret, ts_error *err)
{
    auth_tender *t = calloc(1, sizeof(*t));

    if (t == NULL)
        return ts_fail(err, TS_NOMEM, "", "out of memory");
    t->app = app;
    pthread_mutex_init(&t->lock, NULL);
    ts_monotonic_cond(&t->wake);
    if (pthread_create(&t->thread, NULL, tender_main, t) != 0) {
        pthread_cond_destroy(&t->wake);
        pthread_mutex_destroy(&t->lock);
        free(t);
        return ts_fail(err, TS_NOMEM, "", "cannot start a thread");
    }
    *ret = t;
    return TS_OK;
}

void auth_tender_stop(auth_tender *t)
{
    if (t == NULL)
        return;
    pthread_mutex_lock(&t->lock);
    t->is_stopping = true;
    pthread_cond_signal(&t->wake);
    pthread_mutex_unlock(&t->lock);
    pthread_join(t->thread, NULL);
    pthread_cond_destroy(&t->wake);
    pthread_mutex_destroy(&t->lock);
    free(t);
}
