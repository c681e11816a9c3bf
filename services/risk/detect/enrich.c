#include "detect/enrich.h"

#include "normalize/normalize.h"

#define CLASSES_MAX   5
#define OUTSIDERS_MAX 16 /* of one event; with more of them none is taken for trusted */
/* What is laid over finds room however many fields the source sent: nobody hides an app's scopes behind them. */
#define FIELDS_MAX (RISK_FIELDS_MAX + 3 + CLASSES_MAX + 1 + OUTSIDERS_MAX)

static ts_status add(risk_record *r, ts_arena *arena, const char *name, ts_str value)
{
    if (r->field_count >= FIELDS_MAX)
        return TS_OK;
    if (!ts_arena_grow(arena, &r->fields, r->field_count, &r->field_capacity, sizeof(*r->fields)))
        return TS_NOMEM;
    r->fields[r->field_count++] = (risk_field){ ts_str_of(name), value };
    return TS_OK;
}

/* Which tool, and through which door; NULL for the door if the event is about the tool without being a use of it. */
static const catalogue_tool *tool_of(const catalogue *c, const risk_record *r, const char **ret_via)
{
    bool is_by_name =
        r->kind == RISK_KIND_AI || r->kind == RISK_KIND_SSO || r->kind == RISK_KIND_SIGN_IN;

    *ret_via = NULL;
    switch (r->kind) {
    case RISK_KIND_APP_GRANT:
    case RISK_KIND_APP_USE: *ret_via = "oauth"; break;
    case RISK_KIND_APP_REVOKE: break;
    case RISK_KIND_AI: *ret_via = "native"; break;
    case RISK_KIND_SIGN_IN: /* where one signs in to the workspace by an application */
    case RISK_KIND_SSO:
        if (strcmp(r->event->outcome, "success") == 0)
            *ret_via = "sso";
        break;
    default: return NULL;
    }
    return catalogue_find_app(c, risk_record_field(r, "client_id"),
                              risk_record_field(r, is_by_name ? "application_name" : "app_name"));
}

static ts_status add_tool(const catalogue *c, risk_record *r, ts_arena *arena)
{
    const char *via;
    const catalogue_tool *tool = tool_of(c, r, &via);
    ts_status st;

    if (tool == NULL)
        return TS_OK;
    st = add(r, arena, "teamsentry.ai_tool", tool->name);
    if (st == TS_OK)
        st = add(r, arena, "teamsentry.ai_vendor", tool->vendor);
    if (st == TS_OK && via != NULL)
        st = add(r, arena, "teamsentry.ai_via", ts_str_of(via));
    return st;
}

static ts_status add_scopes(const catalogue *c, risk_record *r, ts_arena *arena)
{
    ts_str classes[CLASSES_MAX];
    size_t class_count = 0;
    uint32_t weight = 0;
    ts_status st = TS_OK;
    const char *text;

    for (size_t i = 0; i < r->field_count; i++) {
        catalogue_scope scope;
        size_t known = 0;

        if (!ts_str_is(r->fields[i].name, "scope") && !ts_str_is(r->fields[i].name, "API_SCOPES"))
            continue;
        scope = catalogue_find_scope(c, r->fields[i].value);
        weight = scope.weight > weight ? scope.weight : weight;
        while (known < class_count && !ts_str_eq(classes[known], scope.class_name))
            known++;
        if (known == class_count && class_count < CLASSES_MAX)
            classes[class_count++] = scope.class_name;
    }
    if (class_count == 0)
        return TS_OK;
    for (size_t i = 0; i < class_count && st == TS_OK; i++)
        st = add(r, arena, "teamsentry.scope_class", classes[i]);
    text = ts_arena_printf(arena, "%u", weight);
    if (text == NULL)
        return TS_NOMEM;
    return st == TS_OK ? add(r, arena, "teamsentry.scope_weight", ts_str_of(text)) : st;
}

/* Parameters that say whom something is shared with, forwarded to or handed over to. */
static bool names_outsider(ts_str name)
{
    static const char *const names[] = { "email_forwarding_destination_address",
                                         "target_user",
                                         "target",
                                         "target_domain",
                                         "new_owner",
                                         "grantee_email",
                                         "DESTINATION_USER_EMAIL",
                                         "DOMAIN_NAME",
                                         "DOMAIN_ALIAS" };

    for (size_t i = 0; i < TS_COUNT(names); i++) {
        if (ts_str_is(name, names[i]))
            return true;
    }
    return false;
}

static ts_status add_contacts(const risk_map *contacts, risk_record *r, ts_arena *arena)
{
    ts_str outsiders[OUTSIDERS_MAX];
    size_t count = 0;
    ts_status st = TS_OK;

    if (contacts->count == 0)
        return TS_OK;
    for (size_t i = 0; i < r->field_count; i++) {
        if (!names_outsider(r->fields[i].name) || r->fields[i].value.n == 0)
            continue;
        if (count == OUTSIDERS_MAX || !contact_is_trusted(contacts, r->fields[i].value))
            return TS_OK;
        outsiders[count++] = r->fields[i].value;
    }
    for (size_t i = 0; i < count && st == TS_OK; i++)
        st = add(r, arena, "teamsentry.trusted_contact", outsiders[i]);
    return st;
}

ts_status enrich_record(const catalogue *c, const risk_map *contacts, risk_record *record,
                        ts_arena *arena)
{
    ts_status st = add_tool(c, record, arena);

    if (st == TS_OK)
        st = add_contacts(contacts, record, arena);
    if (st != TS_OK)
        return st;
    if (record->kind != RISK_KIND_APP_GRANT && record->kind != RISK_KIND_APP_USE &&
        record->kind != RISK_KIND_APP_REVOKE && record->kind != RISK_KIND_ADMIN &&
        record->kind != RISK_KIND_OTHER)
        return TS_OK;
    return add_scopes(c, record, arena);
}
