/* The audit log over the bus: noted by the gateway, handed over by the stores, listed, verified. */
#include "audit.h"
#include "change.h"
#include "erase.h"
#include "rules.h"
#include "ts/audit.h"
#include "ts/time.h"

#define ERASED_KIND "organization_erased"

/* ---- which log ---- */

/* 0 if there is none or more than one. */
static ts_status only_org(ts_store *s, ts_arena *arena, uint64_t *ret)
{
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_new(s, AUTH_ORGS, TS_STR_NULL, TS_STR_NULL, false);
    uint64_t found = 0;

    if (it == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it); ts_iter_next(it)) {
        ProtobufCMessage *m = NULL;
        const Ts__Auth__Organization *org;
        ts_status st =
            ts_arena_unpack(arena, &ts__auth__organization__descriptor, ts_iter_value(it), &m);

        if (st != TS_OK)
            return st;
        org = (const Ts__Auth__Organization *)m;
        if (auth_org_is_going(org))
            continue;
        if (found != 0) {
            *ret = 0;
            return TS_OK;
        }
        found = org->number;
    }
    *ret = found;
    return ts_iter_status(it);
}

/* Which log shows what `tenant` names: its organization's. A burst of failed authentications that belongs to no organization
 * goes to the only one there is, if there is exactly one; whatever else belongs to none goes to the operators' log, 0. This is
 * the one place that knows. */
static ts_status find_home(ts_store *s, ts_arena *arena, const char *action, ts_tenant *tenant)
{
    Ts__Auth__Organization *org = NULL;
    uint64_t only = 0;
    ts_status st;

    if (tenant->org != 0) {
        st = auth_load_org(s, tenant->org, arena, &org);
        return st == TS_NOT_FOUND ? TS_INVALID : st;
    }
    if (strcmp(action, AUTH_FAILURES_ACTION) != 0)
        return TS_OK;
    st = only_org(s, arena, &only);
    tenant->org = only;
    return st;
}

/* ---- what others tell ---- */

ts_status auth_audit_take(auth *app, ts_batch *b, ts_arena *arena, ts_tenant tenant,
                          const Ts__AuditEntry *entry, int64_t now_ms, ts_error *err)
{
    ts_status st = auth_audit_check(entry, app->parser, err);

    if (st == TS_OK)
        st = find_home(app->store, arena, entry->action, &tenant);
    if (st == TS_INVALID && err != NULL && err->text[0] == '\0')
        return ts_fail(err, st, "org", "no such organization");
    if (st != TS_OK)
        return st;
    return auth_audit_append(b, app->store, arena, tenant, entry, now_ms);
}

static ts_status accept_erased(auth *app, const Ts__HandOverRow *row, ts_arena *arena, ts_batch *b,
                               ts_error *err)
{
    Ts__Auth__Organization *org = NULL;
    const Ts__OrganizationErased *erased;
    ProtobufCMessage *m = NULL;
    char **services;
    ts_status st = ts_arena_unpack(arena, &ts__organization_erased__descriptor,
                                   ts_str_n(row->payload.data, row->payload.len), &m);

    if (st != TS_OK)
        return st;
    erased = (const Ts__OrganizationErased *)m;
    if (!auth_erase_knows(erased->service))
        return ts_fail(err, TS_INVALID, "service", "no service that keeps data");
    st = auth_load_org(app->store, row->org, arena, &org);
    if (st == TS_NOT_FOUND)
        return ts_fail(err, TS_INVALID, "org", "no such organization");
    /* It may tell twice, also after all is done: it was asked twice. */
    if (st != TS_OK || strcmp(org->status, "deleting") != 0 ||
        auth_erase_has_answered(org, erased->service))
        return st;
    services = ts_arena_array(arena, org->n_erased_by + 1, sizeof(*services));
    if (services == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i < org->n_erased_by; i++)
        services[i] = org->erased_by[i];
    services[org->n_erased_by++] = erased->service;
    org->erased_by = services;
    auth_put_org(b, app->store, org);
    return TS_OK;
}

ts_status auth_accept_row(void *service, const Ts__HandOverRow *row, ts_arena *arena, ts_batch *b,
                          ts_error *err)
{
    ts_tenant tenant = { row->org, row->mode == TS_MODE_TEST ? TS_MODE_TEST : TS_MODE_LIVE };
    ProtobufCMessage *m = NULL;
    auth *app = service;
    ts_status st;

    if (strcmp(row->kind, ERASED_KIND) == 0)
        return accept_erased(app, row, arena, b, err);
    if (strcmp(row->kind, TS_AUDIT_KIND) != 0)
        return ts_fail(err, TS_INVALID, "kind", "unknown kind %.40s", row->kind);
    st = ts_arena_unpack(arena, &ts__audit_entry__descriptor,
                         ts_str_n(row->payload.data, row->payload.len), &m);
    if (st != TS_OK)
        return st;
    return auth_audit_take(app, b, arena, tenant, (const Ts__AuditEntry *)m, ts_wall_ms(), err);
}

ts_status auth_rpc_accept(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const auth *app = call->service;

    return ts_inbox_accept(app->inbox, call, (const Ts__HandOverRequest *)in,
                           (Ts__HandOverReply *)out);
}

/* What the entry does not say, the call does. */
static ts_status record(auth_change *c, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Auth__RecordAuditRequest *req = (const Ts__Auth__RecordAuditRequest *)in;
    const ts_caller *caller = &c->call->caller;
    Ts__AuditEntry entry = *req->entry;

    (void)out;
    if (entry.actor[0] == '\0')
        entry.actor = (char *)(uintptr_t)caller->actor;
    if (entry.client_addr[0] == '\0')
        entry.client_addr = (char *)(uintptr_t)caller->client_addr;
    if (entry.request_id[0] == '\0')
        entry.request_id = (char *)(uintptr_t)caller->request_id;
    if (entry.at_ms == 0)
        entry.at_ms = c->call->now_ms;
    return auth_audit_take(c->app, c->batch, c->call->arena, c->call->tenant, &entry,
                           c->call->now_ms, c->call->error);
}

ts_status auth_rpc_record_audit(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Auth__RecordAuditRequest *req = (const Ts__Auth__RecordAuditRequest *)in;
    ts_call by_id = *call;
    ts_status st;

    if (req->entry == NULL)
        return ts_fail(call->error, TS_INVALID, "entry", "entry is needed");
    /* Only the bus's own repeats are repeats: a client that sends an Idempotency-Key again with another export must not make
     * that one vanish from the log. */
    by_id.caller.idempotency_key = "";
    st = auth_change_run(&by_id, in, out, record);
    call->replayed = by_id.replayed;
    return st;
}

/* ---- listing, verifying ---- */

/* The caller's own log; operators name one. */
static ts_status log_of(const ts_call *call, uint64_t asked, uint64_t *ret)
{
    if (call->tenant.org != 0 && asked != 0 && asked != call->tenant.org)
        return ts_fail(call->error, TS_DENIED, "org",
                       "A key reads the log of its own organization only.");
    *ret = call->tenant.org != 0 ? call->tenant.org : asked;
    return TS_OK;
}

static ts_status check_log(auth *app, ts_call *call, uint64_t org)
{
    Ts__Auth__Organization *row = NULL;
    ts_status st = org == 0 ? TS_OK : auth_load_org(app->store, org, call->arena, &row);

    if (st == TS_NOT_FOUND)
        return ts_fail(call->error, TS_NOT_FOUND, "org", "no such organization");
    return st;
}

ts_status auth_rpc_list_audit(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Auth__ListAuditRequest *req = (const Ts__Auth__ListAuditRequest *)in;
    auth_audit_query q = { .only_test = call->tenant.org != 0 && call->tenant.mode == TS_MODE_TEST,
                           .actor = req->actor,
                           .since_ms = req->since_ms,
                           .until_ms = req->until_ms,
                           .limit = req->limit,
                           .offset = req->offset };
    auth *app = call->service;
    ts_status st = log_of(call, req->org, &q.org);

    if (st == TS_OK && (req->limit < 1 || req->limit > AUTH_AUDIT_LIST_MAX))
        st = ts_fail(call->error, TS_INVALID, "limit", "limit must be between 1 and %d",
                     AUTH_AUDIT_LIST_MAX);
    if (st == TS_OK && req->since_ms < 0)
        st = ts_fail(call->error, TS_INVALID, "since", "since must not be before 1970");
    if (st == TS_OK && req->until_ms < 0)
        st = ts_fail(call->error, TS_INVALID, "until", "until must not be before 1970");
    if (st == TS_OK)
        st = check_log(app, call, q.org);
    return st == TS_OK ? auth_audit_list(app->store, call->arena, &q, (Ts__Auth__AuditList *)out)
                       : st;
}

ts_status auth_rpc_verify_audit(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Auth__VerifyAuditRequest *req = (const Ts__Auth__VerifyAuditRequest *)in;
    auth *app = call->service;
    uint64_t org;
    ts_status st = log_of(call, req->org, &org);

    if (st == TS_OK && call->tenant.org != 0 && call->tenant.mode == TS_MODE_TEST)
        st = ts_fail(call->error, TS_DENIED, "",
                     "A test key sees a part of the log only: it cannot verify the whole.");
    if (st == TS_OK && req->limit > AUTH_AUDIT_VERIFY_MAX)
        st = ts_fail(call->error, TS_INVALID, "limit", "limit must be between 1 and %d",
                     AUTH_AUDIT_VERIFY_MAX);
    if (st == TS_OK)
        st = check_log(app, call, org);
    if (st != TS_OK)
        return st;
    /* Nothing may be chained between the reading of the head and of the rows. */
    pthread_mutex_lock(&app->admin);
    st = auth_audit_verify(app->store, call->arena, org, req->after,
                           req->limit == 0 ? AUTH_AUDIT_VERIFY_MAX : req->limit,
                           (Ts__Auth__VerifyAuditReply *)out);
    pthread_mutex_unlock(&app->admin);
    return st;
}
