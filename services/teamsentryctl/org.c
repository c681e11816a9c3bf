#include "command.h"
#include "ts/time.h"

static void show_json(ctl *c, const Ts__Auth__Organization *o)
{
    ts_jsonw_object(&c->json);
    ts_jsonw_kz(&c->json, "id", o->id);
    ts_jsonw_kz(&c->json, "name", o->name);
    ts_jsonw_kz(&c->json, "tier", o->tier);
    ts_jsonw_kz(&c->json, "status", o->status);
    ts_jsonw_ktime(&c->json, "created_at", o->created_ms);
    ts_jsonw_ktime(&c->json, "deleted_at", o->deleted_ms);
    ts_jsonw_key(&c->json, "erased_by");
    ts_jsonw_array(&c->json);
    for (size_t i = 0; i < o->n_erased_by; i++)
        ts_jsonw_z(&c->json, o->erased_by[i]);
    ts_jsonw_array_end(&c->json);
    ts_jsonw_object_end(&c->json);
}

static void show_line(ctl *c, const Ts__Auth__Organization *o)
{
    char at[TS_RFC3339_SIZE];

    ts_time_format(o->created_ms, false, at);
    ts_buf_printf(c->out, "%-27s %-10s %-9s %s  %s", o->id, o->tier, o->status, at, o->name);
    if (strcmp(o->status, "deleting") == 0) {
        ts_buf_z(c->out, "  (erased by:");
        for (size_t i = 0; i < o->n_erased_by; i++)
            ts_buf_printf(c->out, " %s", o->erased_by[i]);
        ts_buf_z(c->out, o->n_erased_by == 0 ? " none yet)" : ")");
    }
    ts_buf_char(c->out, '\n');
}

static ts_status show(ctl *c, const Ts__Auth__Organization *o)
{
    if (!ctl_wants_json(c)) {
        show_line(c, o);
        return TS_OK;
    }
    ts_jsonw_object(&c->json);
    ts_jsonw_key(&c->json, "organization");
    show_json(c, o);
    ts_jsonw_object_end(&c->json);
    return TS_OK;
}

ts_status ctl_org_create(ctl *c)
{
    Ts__Auth__CreateOrganizationRequest request = TS__AUTH__CREATE_ORGANIZATION_REQUEST__INIT;
    ProtobufCMessage *reply = NULL;
    ts_status st;

    request.name = (char *)(uintptr_t)c->args[0]; /* only packed */
    if (c->options[CTL_TIER] != NULL)
        request.tier = (char *)(uintptr_t)c->options[CTL_TIER];
    st = ctl_call(c, "auth", &ts_auth_create_organization, &request.base, &reply);
    return st == TS_OK ? show(c, (const void *)reply) : st;
}

ts_status ctl_org_list(ctl *c)
{
    Ts__Auth__ListOrganizationsRequest request = TS__AUTH__LIST_ORGANIZATIONS_REQUEST__INIT;
    const Ts__Auth__OrganizationList *list;
    ProtobufCMessage *reply = NULL;
    ts_status st = ctl_call(c, "auth", &ts_auth_list_organizations, &request.base, &reply);

    if (st != TS_OK)
        return st;
    list = (const void *)reply;
    if (!ctl_wants_json(c)) {
        for (size_t i = 0; i < list->n_organizations; i++)
            show_line(c, list->organizations[i]);
        return TS_OK;
    }
    ts_jsonw_object(&c->json);
    ts_jsonw_key(&c->json, "organizations");
    ts_jsonw_array(&c->json);
    for (size_t i = 0; i < list->n_organizations; i++)
        show_json(c, list->organizations[i]);
    ts_jsonw_array_end(&c->json);
    ts_jsonw_object_end(&c->json);
    return TS_OK;
}

ts_status ctl_org_show(ctl *c)
{
    const Ts__Auth__Organization *o = NULL;
    ts_status st = ctl_find_org(c, c->args[0], &o);

    return st == TS_OK ? show(c, o) : st;
}

/* A call about one organization whose answer is that organization. */
static ts_status change(ctl *c, const ts_method *method, const ProtobufCMessage *request)
{
    ProtobufCMessage *reply = NULL;
    ts_status st = ctl_call(c, "auth", method, request, &reply);

    return st == TS_OK ? show(c, (const void *)reply) : st;
}

ts_status ctl_org_rename(ctl *c)
{
    Ts__Auth__RenameOrganizationRequest request = TS__AUTH__RENAME_ORGANIZATION_REQUEST__INIT;
    const Ts__Auth__Organization *o = NULL;
    ts_status st = ctl_find_org(c, c->args[0], &o);

    if (st != TS_OK)
        return st;
    request.org = o->number;
    request.name = (char *)(uintptr_t)c->args[1];
    return change(c, &ts_auth_rename_organization, &request.base);
}

ts_status ctl_org_tier(ctl *c)
{
    Ts__Auth__SetTierRequest request = TS__AUTH__SET_TIER_REQUEST__INIT;
    const Ts__Auth__Organization *o = NULL;
    ts_status st = ctl_find_org(c, c->args[0], &o);

    if (st != TS_OK)
        return st;
    request.org = o->number;
    request.tier = (char *)(uintptr_t)c->args[1];
    return change(c, &ts_auth_set_tier, &request.base);
}

static ts_status suspend(ctl *c, bool suspended)
{
    Ts__Auth__SuspendOrganizationRequest request = TS__AUTH__SUSPEND_ORGANIZATION_REQUEST__INIT;
    const Ts__Auth__Organization *o = NULL;
    ts_status st = ctl_find_org(c, c->args[0], &o);

    if (st != TS_OK)
        return st;
    request.org = o->number;
    request.suspended = suspended;
    return change(c, &ts_auth_suspend_organization, &request.base);
}

ts_status ctl_org_suspend(ctl *c)
{
    return suspend(c, true);
}

ts_status ctl_org_resume(ctl *c)
{
    return suspend(c, false);
}

ts_status ctl_org_delete(ctl *c)
{
    Ts__Auth__OrganizationNumber request = TS__AUTH__ORGANIZATION_NUMBER__INIT;
    const Ts__Auth__Organization *o = NULL;
    ts_status st;

    if (c->options[CTL_YES] == NULL)
        return ts_fail(&c->error, TS_INVALID, "--yes",
                       "this erases everything of %s for ever: say --yes", c->args[0]);
    st = ctl_find_org(c, c->args[0], &o);
    if (st != TS_OK)
        return st;
    request.org = o->number;
    return change(c, &ts_auth_delete_organization, &request.base);
}
