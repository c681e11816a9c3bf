#include "command.h"
#include "ts/time.h"

#define CALL_MS 5000

ts_status ctl_peer(ctl *c, const char *service, ts_peer **ret)
{
    char address[TS_BUS_ADDRESS_SIZE];

    ts_bus_address(service, address);
    return ts_peer_new(service, address, ret, &c->error);
}

ts_status ctl_call_on(ctl *c, ts_peer *peer, const char *service, ts_tenant tenant,
                      const ts_method *method, const ProtobufCMessage *in, int64_t patience_ms,
                      ts_arena *arena, ProtobufCMessage **ret)
{
    char address[TS_BUS_ADDRESS_SIZE];
    ts_caller caller = { .tenant = tenant,
                         .request_id = "",
                         .actor = CTL_SELF,
                         .client_addr = "",
                         .traceparent = "",
                         .idempotency_key = "",
                         .permissions = TS_PERM_ALL,
                         .deadline_boot_ms = ts_boot_ms() + patience_ms };
    ts_status st = ts_rpc_call(peer, method, &caller, in, arena, ret, &c->error);

    ts_bus_address(service, address);
    if (st == TS_UNAVAILABLE)
        return ts_fail(&c->error, st, "", "%s does not answer at %s: is the suite running?",
                       service, address);
    return st;
}

ts_status ctl_call_for(ctl *c, const char *service, ts_tenant tenant, const ts_method *method,
                       const ProtobufCMessage *in, ProtobufCMessage **ret)
{
    TS_CLEANUP(ts_peer_free_p) ts_peer *peer = NULL;
    ts_status st = ctl_peer(c, service, &peer);

    return st == TS_OK ? ctl_call_on(c, peer, service, tenant, method, in, CALL_MS, c->arena, ret)
                       : st;
}

ts_status ctl_call(ctl *c, const char *service, const ts_method *method, const ProtobufCMessage *in,
                   ProtobufCMessage **ret)
{
    return ctl_call_for(c, service, (ts_tenant){ 0, TS_MODE_LIVE }, method, in, ret);
}

ts_status ctl_find_org(ctl *c, const char *text, const Ts__Auth__Organization **ret)
{
    Ts__Auth__ListOrganizationsRequest request = TS__AUTH__LIST_ORGANIZATIONS_REQUEST__INIT;
    const Ts__Auth__OrganizationList *list;
    ProtobufCMessage *reply = NULL;
    unsigned named = 0;
    ts_status st = ctl_call(c, "auth", &ts_auth_list_organizations, &request.base, &reply);

    if (st != TS_OK)
        return st;
    list = (const void *)reply;
    for (size_t i = 0; i < list->n_organizations; i++) {
        if (strcmp(list->organizations[i]->id, text) == 0) {
            *ret = list->organizations[i];
            return TS_OK;
        }
        if (strcmp(list->organizations[i]->name, text) == 0 &&
            strcmp(list->organizations[i]->status, "deleted") != 0) {
            *ret = list->organizations[i];
            named++;
        }
    }
    if (named == 1)
        return TS_OK;
    if (named > 1)
        return ts_fail(&c->error, TS_INVALID, "ORG", "%u organizations are called %s: use an id",
                       named, text);
    return ts_fail(&c->error, TS_NOT_FOUND, "ORG", "there is no organization %s", text);
}
