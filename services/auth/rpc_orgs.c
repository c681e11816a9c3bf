/* Organizations: made, listed, changed, deleted. All of it is the operators': a call that names an organization, as the
 * gateway's do, is refused. */
#include "audit.h"
#include "change.h"
#include "erase.h"
#include "rules.h"
#include "ts/id.h"

#define DETAILS_MAX 4096

static ts_status check_operator(const ts_call *call)
{
    if (call->tenant.org != 0)
        return ts_fail(call->error, TS_DENIED, "", "Only operators manage organizations.");
    return TS_OK;
}

static ts_status load_org(auth_change *c, uint64_t number, Ts__Auth__Organization **ret)
{
    ts_status st = auth_load_org(c->app->store, number, c->call->arena, ret);

    if (st == TS_NOT_FOUND)
        return ts_fail(c->call->error, TS_NOT_FOUND, "org", "There is no such organization.");
    return st;
}

static ts_status load_staying(auth_change *c, uint64_t number, Ts__Auth__Organization **ret)
{
    ts_status st = load_org(c, number, ret);

    if (st == TS_OK && auth_org_is_going(*ret))
        return ts_fail(c->call->error, TS_CONFLICT, "org", "This organization is %s.",
                       strcmp((*ret)->status, "deleted") == 0 ? "deleted" : "being deleted");
    return st;
}

/* {"<field>": <to>, "previous": <from>}; no `from` for what is new. */
static ts_status log_org(auth_change *c, const Ts__Auth__Organization *org, const char *action,
                         const char *field, const char *to, const char *from)
{
    TS_CLEANUP(ts_buf_done) ts_buf details = TS_BUF_INIT(DETAILS_MAX);
    ts_jsonw w = ts_jsonw_on(&details);

    ts_jsonw_object(&w);
    if (field != NULL)
        ts_jsonw_kz(&w, field, to);
    if (from != NULL)
        ts_jsonw_kz(&w, "previous", from);
    ts_jsonw_object_end(&w);
    return auth_change_log(c, (ts_tenant){ org->number, TS_MODE_LIVE }, action, org->id,
                           ts_buf_view(&details));
}

static ts_status save(auth_change *c, const Ts__Auth__Organization *org,
                      Ts__Auth__Organization *rep)
{
    auth_put_org(c->batch, c->app->store, org);
    c->org = org;
    if (rep != org)
        *rep = *org;
    return TS_OK;
}

/* ---- creating, listing ---- */

static ts_status create(auth_change *c, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Auth__CreateOrganizationRequest *req =
        (const Ts__Auth__CreateOrganizationRequest *)in;
    Ts__Auth__Organization *rep = (Ts__Auth__Organization *)out;
    ts_arena *arena = c->call->arena;
    char text[TS_ID_SIZE];
    ts_hash128 id;
    ts_status st = auth_load_number(c->app->store, "org", arena, &rep->number);

    if (st == TS_OK)
        st = ts_random(id.bytes, sizeof(id.bytes));
    if (st != TS_OK)
        return st;
    ts_id_format("org_", id, text);
    rep->number++;
    rep->id = ts_arena_z(arena, ts_str_of(text));
    rep->name = req->name;
    rep->tier = req->tier[0] == '\0' ? ts_arena_z(arena, TS_STR_LIT("standard")) : req->tier;
    rep->status = ts_arena_z(arena, TS_STR_LIT("active"));
    rep->created_ms = c->call->now_ms;
    if (rep->id == NULL || rep->tier == NULL || rep->status == NULL)
        return TS_NOMEM;
    auth_put_number(c->batch, c->app->store, "org", rep->number);
    st = save(c, rep, rep);
    return st == TS_OK ? log_org(c, rep, "organization.created", "name", rep->name, NULL) : st;
}

ts_status auth_rpc_create_organization(ts_call *call, const ProtobufCMessage *in,
                                       ProtobufCMessage *out)
{
    const Ts__Auth__CreateOrganizationRequest *req =
        (const Ts__Auth__CreateOrganizationRequest *)in;
    const auth *app = call->service;
    ts_status st = check_operator(call);

    if (st == TS_OK)
        st = auth_check_name(app->config, req->name, call->error);
    if (st == TS_OK && req->tier[0] != '\0')
        st = auth_check_tier(req->tier, call->error);
    return st == TS_OK ? auth_change_run(call, in, out, create) : st;
}

ts_status auth_rpc_list_organizations(ts_call *call, const ProtobufCMessage *in,
                                      ProtobufCMessage *out)
{
    Ts__Auth__OrganizationList *rep = (Ts__Auth__OrganizationList *)out;
    auth *app = call->service;
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = NULL;
    size_t capacity = 0;
    ts_status st = check_operator(call);

    (void)in;
    if (st != TS_OK)
        return st;
    it = ts_iter_new(app->store, AUTH_ORGS, TS_STR_NULL, TS_STR_NULL, false);
    if (it == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it); ts_iter_next(it)) {
        ProtobufCMessage *m = NULL;

        st = ts_arena_unpack(call->arena, &ts__auth__organization__descriptor, ts_iter_value(it),
                             &m);
        if (st != TS_OK)
            return st;
        if (!ts_arena_grow(call->arena, &rep->organizations, rep->n_organizations, &capacity,
                           sizeof(*rep->organizations)))
            return TS_NOMEM;
        rep->organizations[rep->n_organizations++] = (Ts__Auth__Organization *)m;
    }
    return ts_iter_status(it);
}

/* ---- changing ---- */

static ts_status rename_org(auth_change *c, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Auth__RenameOrganizationRequest *req =
        (const Ts__Auth__RenameOrganizationRequest *)in;
    Ts__Auth__Organization *rep = (Ts__Auth__Organization *)out;
    Ts__Auth__Organization *org = NULL;
    const char *was;
    ts_status st = load_staying(c, req->org, &org);

    if (st != TS_OK)
        return st;
    *rep = *org;
    was = org->name;
    if (strcmp(was, req->name) == 0)
        return TS_OK;
    org->name = req->name;
    st = save(c, org, rep);
    return st == TS_OK ? log_org(c, org, "organization.renamed", "name", org->name, was) : st;
}

ts_status auth_rpc_rename_organization(ts_call *call, const ProtobufCMessage *in,
                                       ProtobufCMessage *out)
{
    const Ts__Auth__RenameOrganizationRequest *req =
        (const Ts__Auth__RenameOrganizationRequest *)in;
    const auth *app = call->service;
    ts_status st = check_operator(call);

    if (st == TS_OK)
        st = auth_check_name(app->config, req->name, call->error);
    return st == TS_OK ? auth_change_run(call, in, out, rename_org) : st;
}

static ts_status set_tier(auth_change *c, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Auth__SetTierRequest *req = (const Ts__Auth__SetTierRequest *)in;
    Ts__Auth__Organization *rep = (Ts__Auth__Organization *)out;
    Ts__Auth__Organization *org = NULL;
    const char *was;
    ts_status st = load_staying(c, req->org, &org);

    if (st != TS_OK)
        return st;
    *rep = *org;
    was = org->tier;
    if (strcmp(was, req->tier) == 0)
        return TS_OK;
    org->tier = req->tier;
    st = save(c, org, rep);
    return st == TS_OK ? log_org(c, org, "organization.tier_changed", "tier", org->tier, was) : st;
}

ts_status auth_rpc_set_tier(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Auth__SetTierRequest *req = (const Ts__Auth__SetTierRequest *)in;
    ts_status st = check_operator(call);

    if (st == TS_OK)
        st = auth_check_tier(req->tier, call->error);
    return st == TS_OK ? auth_change_run(call, in, out, set_tier) : st;
}

static ts_status suspend(auth_change *c, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Auth__SuspendOrganizationRequest *req =
        (const Ts__Auth__SuspendOrganizationRequest *)in;
    Ts__Auth__Organization *rep = (Ts__Auth__Organization *)out;
    Ts__Auth__Organization *org = NULL;
    ts_str status = req->suspended ? TS_STR_LIT("suspended") : TS_STR_LIT("active");
    ts_status st = load_staying(c, req->org, &org);

    if (st != TS_OK)
        return st;
    *rep = *org;
    if (ts_str_is(status, org->status))
        return TS_OK;
    org->status = ts_arena_z(c->call->arena, status);
    if (org->status == NULL)
        return TS_NOMEM;
    st = save(c, org, rep);
    if (st != TS_OK)
        return st;
    return log_org(c, org, req->suspended ? "organization.suspended" : "organization.resumed", NULL,
                   NULL, NULL);
}

ts_status auth_rpc_suspend_organization(ts_call *call, const ProtobufCMessage *in,
                                        ProtobufCMessage *out)
{
    ts_status st = check_operator(call);

    return st == TS_OK ? auth_change_run(call, in, out, suspend) : st;
}

/* ---- deleting ---- */

static ts_status begin_deletion(auth_change *c, Ts__Auth__Organization *org)
{
    TS_CLEANUP(ts_buf_done) ts_buf due = TS_BUF_INIT(AUTH_ROW_KEY_MAX);
    ts_status st;

    org->status = ts_arena_z(c->call->arena, TS_STR_LIT("deleting"));
    if (org->status == NULL)
        return TS_NOMEM;
    org->deleted_ms = c->call->now_ms;
    auth_due_org(&due, org->number);
    ts_batch_put(c->batch, c->app->store, AUTH_DUE, ts_buf_view(&due), TS_STR_NULL);
    auth_put_org(c->batch, c->app->store, org);
    c->org = org;
    st = log_org(c, org, "organization.deletion_started", "name", org->name, NULL);
    if (st != TS_OK)
        return st;
    return auth_change_log(c, (ts_tenant){ 0, TS_MODE_LIVE }, "organization.deletion_started",
                           org->id, TS_STR_NULL);
}

/* Asked again while it is under way, it asks those again that have not answered; afterwards it changes nothing. */
static ts_status delete_org(auth_change *c, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Auth__OrganizationNumber *req = (const Ts__Auth__OrganizationNumber *)in;
    Ts__Auth__Organization *org = NULL;
    ts_status st = load_org(c, req->org, &org);

    if (st == TS_OK && !auth_org_is_going(org))
        st = begin_deletion(c, org);
    if (st != TS_OK)
        return st;
    if (strcmp(org->status, "deleting") == 0)
        auth_erase_ask(c->batch, org, c->call->now_ms);
    *(Ts__Auth__Organization *)out = *org;
    return TS_OK;
}

ts_status auth_rpc_delete_organization(ts_call *call, const ProtobufCMessage *in,
                                       ProtobufCMessage *out)
{
    ts_status st = check_operator(call);

    return st == TS_OK ? auth_change_run(call, in, out, delete_org) : st;
}
