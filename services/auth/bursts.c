#include "bursts.h"

#include "ts/log.h"

void auth_burst_note(auth *app, const ts_call *call, const char *scope,
                     const Ts__Auth__AuthorizeRequest *req, int64_t at_ms)
{
    auth_burst *b = &app->bursts[(app->burst_first + app->burst_count) % AUTH_BURSTS_MAX];

    if (app->burst_count == AUTH_BURSTS_MAX) {
        ts_metric_add(app->bursts_lost, 1);
        return;
    }
    *b = (auth_burst){ .count = req->failures_limit, .at_ms = at_ms };
    snprintf(b->scope, sizeof(b->scope), "%s", scope);
    snprintf(b->actor, sizeof(b->actor), "%s", call->caller.actor);
    snprintf(b->client, sizeof(b->client), "%s", call->caller.client_addr);
    snprintf(b->request_id, sizeof(b->request_id), "%s", call->caller.request_id);
    snprintf(b->prefix, sizeof(b->prefix), "%s", req->key_prefix);
    app->burst_count++;
}

static bool first_of(auth *app, auth_burst *ret)
{
    bool found;

    pthread_mutex_lock(&app->hot);
    found = app->burst_count > 0;
    if (found)
        *ret = app->bursts[app->burst_first];
    pthread_mutex_unlock(&app->hot);
    return found;
}

static void drop_first(auth *app)
{
    pthread_mutex_lock(&app->hot);
    app->burst_first = (app->burst_first + 1) % AUTH_BURSTS_MAX;
    app->burst_count--;
    pthread_mutex_unlock(&app->hot);
}

static ts_status put_entry(auth *app, ts_batch *b, auth_burst *one, ts_arena *arena, int64_t now_ms,
                           ts_error *err)
{
    TS_CLEANUP(ts_buf_done) ts_buf details = TS_BUF_INIT(512);
    Ts__AuditEntry entry = TS__AUDIT_ENTRY__INIT;
    ts_jsonw w = ts_jsonw_on(&details);
    char action[] = AUTH_FAILURES_ACTION;

    ts_jsonw_object(&w);
    ts_jsonw_kz(&w, "address", one->scope);
    ts_jsonw_ki64(&w, "count", one->count);
    ts_jsonw_kz(&w, "key_prefix", one->prefix[0] == '\0' ? NULL : one->prefix);
    ts_jsonw_object_end(&w);
    if (ts_buf_status(&details) != TS_OK)
        return ts_buf_status(&details);
    entry.action = action;
    entry.actor = one->actor;
    entry.object = one->scope;
    entry.client_addr = one->client;
    entry.request_id = one->request_id;
    entry.at_ms = one->at_ms;
    entry.details = details.data;
    return auth_audit_take(app, b, arena, (ts_tenant){ 0, TS_MODE_LIVE }, &entry, now_ms, err);
}

ts_status auth_burst_log(auth *app, ts_arena *arena, int64_t now_ms, bool *ret_found)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();
    ts_error err = { .text = "" };
    auth_burst one;
    ts_status st;

    *ret_found = first_of(app, &one);
    if (!*ret_found)
        return TS_OK;
    if (b == NULL)
        return TS_NOMEM;
    pthread_mutex_lock(&app->admin);
    st = put_entry(app, b, &one, arena, now_ms, &err);
    if (st == TS_OK)
        st = ts_store_write(app->store, b, NULL);
    pthread_mutex_unlock(&app->admin);
    if (st == TS_UNAVAILABLE || st == TS_NOMEM)
        return st; /* not the burst's fault: the next pass tries again */
    if (st != TS_OK) {
        ts_log_error(TS_MSG("burst of failed authentications not recorded"), TS_F_STATUS(st),
                     TS_F_Z("reason", err.text), TS_F_Z("address", one.scope));
        ts_metric_add(app->bursts_lost, 1);
    }
    drop_first(app);
    return TS_OK;
}
