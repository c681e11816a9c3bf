/* What the service has in memory besides its store. */
#include "audit.h"
#include "auth.h"
#include "ts/audit.h"
#include "ts/time.h"

static auth_moment both_clocks(void)
{
    return (
        auth_moment){ .wall_ms = ts_wall_ms(), .boot_ms = ts_boot_ms(), .boot_id = ts_boot_id() };
}

/* Rows of others change organizations and logs as our own calls do. */
static void lock_admin(void *service, ts_tenant tenant)
{
    auth *app = service;

    (void)tenant;
    pthread_mutex_lock(&app->admin);
}

static void unlock_admin(void *service, ts_tenant tenant)
{
    auth *app = service;

    (void)tenant;
    pthread_mutex_unlock(&app->admin);
}

static ts_metric *authorized(const char *labels)
{
    return ts_counter("ts_auth_authorize_total", labels, "keys checked");
}

ts_status auth_init(auth *app, ts_error *err)
{
    ts_status st;

    pthread_mutex_init(&app->hot, NULL);
    pthread_mutex_init(&app->admin, NULL);
    app->clock = both_clocks;
    app->authorized = authorized("result=\"admitted\"");
    app->unknown = authorized("result=\"unknown\"");
    app->limited = authorized("result=\"limited\"");
    app->suspended = authorized("result=\"suspended\"");
    app->bursts_lost =
        ts_counter("ts_auth_bursts_lost_total", "",
                   "bursts of failed authentications that the audit log does not have");
    app->due_spoilt = ts_counter("ts_auth_due_spoilt_total", "",
                                 "due rows left alone because what they are about cannot be read");
    app->spoilt = calloc((size_t)app->config->spoilt_max, sizeof(*app->spoilt));
    app->cache = auth_cache_new((size_t)app->config->cache_keys);
    app->failures = auth_failures_new((size_t)app->config->failure_addresses);
    app->parser = ts_json_parser_new(TS_AUDIT_DETAILS_MAX);
    if (app->spoilt == NULL || app->cache == NULL || app->failures == NULL || app->parser == NULL)
        return ts_fail(err, TS_NOMEM, "", "out of memory");
    st = auth_upgrade(app->store);
    if (st == TS_OK)
        st = ts_inbox_new(app->store, AUTH_INBOX, "auth", auth_accept_row, app, &app->inbox);
    if (st != TS_OK)
        return ts_fail(err, st, "", "the store cannot be brought up to date");
    ts_inbox_guard(app->inbox, lock_admin, unlock_admin);
    return TS_OK;
}

void auth_done(auth *app)
{
    ts_inbox_free(TS_TAKE(app->inbox));
    ts_json_parser_free(TS_TAKE(app->parser));
    auth_failures_free(TS_TAKE(app->failures));
    auth_cache_free(TS_TAKE(app->cache));
    free(TS_TAKE(app->spoilt));
    pthread_mutex_destroy(&app->hot);
    pthread_mutex_destroy(&app->admin);
}
