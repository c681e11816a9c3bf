#include "normalize/entra.h"

#include "normalize/clean.h"
#include "normalize/entra_form.h"

/* ---- reading in either case ---- */

static bool get_member(ts_json object, ts_str name, ts_json *ret)
{
    for (ts_json_iter it = ts_json_iter_of(object); ts_json_next(&it);) {
        if (ts_str_ieq(it.name, name)) {
            *ret = it.value;
            return true;
        }
    }
    return false;
}

bool entra_get(ts_json object, const char *path, ts_json *ret)
{
    ts_str rest = ts_str_of(path);

    *ret = object;
    while (rest.n > 0) {
        size_t end = ts_str_find(rest, '.');

        if (ts_json_type_of(*ret) != TS_JSON_OBJECT ||
            !get_member(*ret, ts_str_n(rest.p, end), ret))
            return false;
        rest = end < rest.n ? ts_str_n(rest.p + end + 1, rest.n - end - 1) : TS_STR_NULL;
    }
    return true;
}

ts_str entra_text_in(const risk_intake *in, ts_json object, const char *path)
{
    ts_json v;
    ts_str text = entra_get(object, path, &v) ? ts_json_text(v, in->arena) : TS_STR_NULL;

    text = ts_str_trim(text);
    return ts_str_ieq(text, TS_STR_LIT("null")) || ts_str_is(text, "<null>") ? TS_STR_NULL : text;
}

ts_str entra_text(const entra_form *f, const char *path)
{
    ts_str text = entra_text_in(f->in, f->body, path);

    return text.n == 0 && f->is_diagnostic ? entra_text_in(f->in, f->top, path) : text;
}

/* ---- making the event ---- */

ts_status entra_begin(const entra_form *f, const char *field, const char *otherwise,
                      risk_record **ret, ts_error *err)
{
    ts_str text = entra_text(f, field);
    int64_t ms = 0;
    ts_status st;

    if (text.n == 0 && entra_text(f, otherwise).n > 0) {
        text = entra_text(f, otherwise);
        field = otherwise;
    }
    st = risk_intake_time(f->in, text, field, &ms, err);
    return st == TS_OK ? risk_intake_event(f->in, ms, ret) : st;
}

ts_status entra_describe(const entra_form *f, risk_record *rec, ts_str action, ts_str type,
                         ts_str ip, ts_str user_agent)
{
    Ts__Risk__Event *e = rec->event;

    e->action = risk_clean_z(f->in->arena, action, 128);
    e->type = risk_clean_z(f->in->arena, type, 128);
    e->ip = risk_clean_ip(f->in->arena, ip);
    e->user_agent = risk_clean_z(f->in->arena, user_agent, 512);
    return e->action == NULL || e->type == NULL || e->ip == NULL || e->user_agent == NULL ? TS_NOMEM
                                                                                          : TS_OK;
}

ts_status entra_field(const entra_form *f, risk_record *rec, const char *name, ts_str value)
{
    return value.n == 0 ? TS_OK : risk_intake_field(f->in, rec, ts_str_of(name), value);
}

ts_status entra_common(const entra_form *f, risk_record *rec, const char *own_id)
{
    ts_status st = risk_intake_common(f->in, rec);

    if (st != TS_OK)
        return st;
    /* A tenant's id stands in one form only, and one record has one id in both. */
    return risk_intake_id(f->in, rec, ts_str_of(rec->event->app), TS_STR_NULL, ts_str_of(own_id),
                          0);
}

/* A sign-in tells of each policy that there is, and most do not apply to it. */
static ts_status add_policies(const entra_form *f, risk_record *rec, ts_str name, ts_json list)
{
    ts_status st = TS_OK;

    for (ts_json_iter it = ts_json_iter_of(list); st == TS_OK && ts_json_next(&it);) {
        ts_str result = entra_text_in(f->in, it.value, "result");

        if (!ts_str_ieq(result, TS_STR_LIT("notApplied")) &&
            !ts_str_ieq(result, TS_STR_LIT("notEnabled")))
            st = risk_intake_fields(f->in, rec, name, it.value);
    }
    return st;
}

static ts_status add_member(const entra_form *f, risk_record *rec, ts_str name, ts_json v)
{
    bool is_list = ts_json_type_of(v) == TS_JSON_ARRAY;

    if (f->is_diagnostic && ts_str_ieq(name, TS_STR_LIT("properties")))
        return TS_OK;
    if (is_list && ts_str_ieq(name, TS_STR_LIT("appliedConditionalAccessPolicies")))
        return add_policies(f, rec, name, v);
    /* Azure Monitor's table, for which SigmaHQ's rules are written, has an empty list as text. */
    if (is_list && ts_json_count(v) == 0)
        return risk_intake_field(f->in, rec, name, TS_STR_LIT("[]"));
    return risk_intake_fields(f->in, rec, name, v);
}

static ts_status add_members(const entra_form *f, risk_record *rec, ts_json object)
{
    ts_status st = TS_OK;

    for (ts_json_iter it = ts_json_iter_of(object); st == TS_OK && ts_json_next(&it);)
        st = add_member(f, rec, it.name, it.value);
    return st;
}

ts_status entra_members(const entra_form *f, risk_record *rec)
{
    ts_status st = add_members(f, rec, f->body);

    return st == TS_OK && f->is_diagnostic ? add_members(f, rec, f->top) : st;
}

/* ---- what a record is ---- */

typedef enum entra_what { ENTRA_SIGN_IN, ENTRA_AUDIT, ENTRA_RISK } entra_what;

/* Categories of a diagnostic setting. */
static const struct {
    const char *name;
    entra_what what;
} categories[] = {
    { "SignInLogs", ENTRA_SIGN_IN },
    { "NonInteractiveUserSignInLogs", ENTRA_SIGN_IN },
    { "ServicePrincipalSignInLogs", ENTRA_SIGN_IN },
    { "ManagedIdentitySignInLogs", ENTRA_SIGN_IN },
    { "MicrosoftServicePrincipalSignInLogs", ENTRA_SIGN_IN },
    { "ADFSSignInLogs", ENTRA_SIGN_IN },
    { "AuditLogs", ENTRA_AUDIT },
    { "RiskyUsers", ENTRA_RISK },
    { "UserRiskEvents", ENTRA_RISK },
};

static bool has(const entra_form *f, const char *name)
{
    ts_json v;

    return entra_get(f->body, name, &v);
}

/* Graph's objects do not say what they are; neither do some audits, whose category is that of the act. */
static ts_status take_by_members(const entra_form *f, ts_str category, ts_error *err)
{
    if (has(f, "riskEventType"))
        return entra_risk(f, "UserRiskEvents", err);
    if (has(f, "riskLastUpdatedDateTime"))
        return entra_risk(f, "RiskyUsers", err);
    if (has(f, "initiatedBy") || has(f, "activityDisplayName"))
        return entra_audit(f, err);
    if (has(f, "createdDateTime") &&
        (has(f, "userPrincipalName") || has(f, "appId") || has(f, "servicePrincipalId")))
        return entra_signin(f, NULL, err);
    if (category.n > 0)
        return ts_fail(err, TS_INVALID, "category",
                       "category %.*s does not come in: SignInLogs and its kin, AuditLogs, "
                       "RiskyUsers and UserRiskEvents do",
                       (int)(category.n > 40 ? 40 : category.n), category.p);
    return ts_fail(
        err, TS_INVALID, "category",
        "neither category nor what a sign-in (createdDateTime and userPrincipalName), an "
        "audit (activityDisplayName) or a risk (riskEventType) has is there");
}

ts_status risk_entra(const risk_intake *in, ts_error *err)
{
    entra_form f = { .in = in, .top = in->record, .body = in->record };
    ts_str category = entra_text_in(in, in->record, "category");
    ts_json properties;

    if (entra_get(in->record, "properties", &properties)) {
        if (ts_json_type_of(properties) != TS_JSON_OBJECT)
            return ts_fail(err, TS_INVALID, "properties", "properties must be an object");
        f.body = properties;
        f.is_diagnostic = true;
    }
    for (size_t i = 0; i < TS_COUNT(categories); i++) {
        if (!ts_str_ieq(category, ts_str_of(categories[i].name)))
            continue;
        switch (categories[i].what) {
        case ENTRA_SIGN_IN: return entra_signin(&f, categories[i].name, err);
        case ENTRA_AUDIT: return entra_audit(&f, err);
        case ENTRA_RISK: return entra_risk(&f, categories[i].name, err);
        }
    }
    return take_by_members(&f, category, err);
}
