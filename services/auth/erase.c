#include "erase.h"

#include "audit.h"
#include "change.h"

#define KEYS_A_BATCH 500
#define ERASE_KIND   "organization_erase"

static const struct {
    const char *service;
    auth_stream stream;
} services[] = { { "risk", AUTH_TO_RISK },
                 { "incidents", AUTH_TO_INCIDENTS },
                 { "ai-usage", AUTH_TO_AI_USAGE },
                 { "webhooks", AUTH_TO_WEBHOOKS } };

bool auth_erase_knows(const char *service)
{
    for (size_t i = 0; i < TS_COUNT(services); i++) {
        if (strcmp(services[i].service, service) == 0)
            return true;
    }
    return false;
}

bool auth_erase_has_answered(const Ts__Auth__Organization *org, const char *service)
{
    for (size_t i = 0; i < org->n_erased_by; i++) {
        if (strcmp(org->erased_by[i], service) == 0)
            return true;
    }
    return false;
}

/* All of them have answered: what is left is auth's own. */
static bool is_complete(const Ts__Auth__Organization *org)
{
    for (size_t i = 0; i < TS_COUNT(services); i++) {
        if (!auth_erase_has_answered(org, services[i].service))
            return false;
    }
    return true;
}

void auth_erase_ask(ts_batch *b, const Ts__Auth__Organization *org, int64_t now_ms)
{
    Ts__OrganizationErase erase = TS__ORGANIZATION_ERASE__INIT;
    ts_tenant tenant = { org->number, TS_MODE_LIVE };

    for (size_t i = 0; i < TS_COUNT(services); i++) {
        if (!auth_erase_has_answered(org, services[i].service))
            ts_outbox_add(b, services[i].stream, tenant, ERASE_KIND, now_ms, &erase.base);
    }
}

/* Keys have rows of their own in a global family: they go one by one, all else by its prefix. */
static ts_status delete_keys(auth *app, ts_batch *b, ts_arena *arena, uint64_t org,
                             unsigned *ret_count)
{
    TS_CLEANUP(ts_buf_done) ts_buf prefix = TS_BUF_INIT(AUTH_ROW_KEY_MAX);
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = NULL;

    ts_buf_be64(&prefix, org);
    it = ts_iter_prefix(app->store, AUTH_KEYS, ts_buf_view(&prefix), false);
    if (it == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it) && *ret_count < KEYS_A_BATCH; ts_iter_next(it)) {
        ProtobufCMessage *m = NULL;
        ts_status st =
            ts_arena_unpack(arena, &ts__auth__api_key__descriptor, ts_iter_value(it), &m);

        if (st != TS_OK)
            return st;
        auth_delete_key(b, app->store, (const Ts__Auth__ApiKey *)m);
        ++*ret_count;
    }
    return ts_iter_status(it);
}

static void delete_rest(auth *app, ts_batch *b, uint64_t org)
{
    static const unsigned families[] = { AUTH_KEYS,     AUTH_RATES,  AUTH_USED,
                                         AUTH_KEY_LIST, AUTH_TOTALS, AUTH_ONCE };
    TS_CLEANUP(ts_buf_done) ts_buf from = TS_BUF_INIT(AUTH_ROW_KEY_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf until = TS_BUF_INIT(AUTH_ROW_KEY_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf due = TS_BUF_INIT(AUTH_ROW_KEY_MAX);

    ts_buf_be64(&from, org);
    ts_buf_be64(&until, org + 1);
    for (size_t i = 0; i < TS_COUNT(families); i++)
        ts_batch_delete_range(b, app->store, families[i], ts_buf_view(&from), ts_buf_view(&until));
    auth_due_org(&due, org);
    ts_batch_delete(b, app->store, AUTH_DUE, ts_buf_view(&due));
}

static ts_status log_deleted(auth *app, ts_batch *b, ts_arena *arena,
                             const Ts__Auth__Organization *org, int64_t now_ms)
{
    Ts__AuditEntry entry = TS__AUDIT_ENTRY__INIT;
    ts_status st;

    entry.action = ts_arena_z(arena, TS_STR_LIT("organization.deleted"));
    entry.actor = ts_arena_z(arena, TS_STR_LIT("service:auth"));
    entry.object = org->id;
    entry.at_ms = now_ms;
    if (entry.action == NULL || entry.actor == NULL)
        return TS_NOMEM;
    st = auth_audit_append(b, app->store, arena, (ts_tenant){ 0, TS_MODE_LIVE }, &entry, now_ms);
    if (st != TS_OK)
        return st;
    return auth_audit_append(b, app->store, arena, (ts_tenant){ org->number, TS_MODE_LIVE }, &entry,
                             now_ms);
}

static ts_status finish(auth *app, ts_batch *b, ts_arena *arena, Ts__Auth__Organization *org,
                        int64_t now_ms)
{
    delete_rest(app, b, org->number);
    org->status = ts_arena_z(arena, TS_STR_LIT("deleted"));
    if (org->status == NULL)
        return TS_NOMEM;
    auth_put_org(b, app->store, org);
    return log_deleted(app, b, arena, org, now_ms);
}

static ts_status erase_some(auth *app, ts_batch *b, ts_arena *arena, uint64_t number,
                            int64_t now_ms, bool *ret_more)
{
    Ts__Auth__Organization *org = NULL;
    unsigned count = 0;
    ts_status st = auth_load_org(app->store, number, arena, &org);

    *ret_more = false;
    if (st != TS_OK || strcmp(org->status, "deleting") != 0 || !is_complete(org))
        return st;
    st = delete_keys(app, b, arena, number, &count);
    *ret_more = count == KEYS_A_BATCH;
    if (st == TS_OK && !*ret_more)
        st = finish(app, b, arena, org, now_ms);
    return st == TS_OK ? auth_change_write(app, b, NULL, org, NULL) : st;
}

ts_status auth_erase_own(auth *app, ts_arena *arena, uint64_t number, int64_t now_ms,
                         bool *ret_more)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();
    ts_status st;

    if (b == NULL)
        return TS_NOMEM;
    pthread_mutex_lock(&app->admin);
    st = erase_some(app, b, arena, number, now_ms, ret_more);
    pthread_mutex_unlock(&app->admin);
    return st;
}
