/* What Microsoft Entra ID Protection says about an account: a risk that it detected, or that a user is now at risk. Nobody's act,
 * and about the user. */
#include "normalize/clean.h"
#include "normalize/entra_form.h"

ts_status entra_risk(const entra_form *f, const char *category, ts_error *err)
{
    bool is_user = strcmp(category, "RiskyUsers") == 0;
    ts_str id = entra_text_in(f->in, f->body, "id");
    ts_str state = entra_text(f, "riskState");
    ts_str action = is_user ? entra_text(f, "riskState") : entra_text(f, "riskEventType");
    ts_str ip = entra_text(f, "ipAddress");
    risk_record *rec = NULL;
    const char *own_id = "";
    /* `time` of the diagnostic form is when it was written, and in American spelling. */
    ts_status st = is_user ? entra_begin(f, "riskLastUpdatedDateTime", "time", &rec, err)
                           : entra_begin(f, "detectedDateTime", "activityDateTime", &rec, err);

    if (st != TS_OK)
        return st;
    if (action.n == 0)
        return ts_fail(err, TS_INVALID, is_user ? "riskState" : "riskEventType", "%s is missing",
                       is_user ? "riskState" : "riskEventType");
    rec->event->app = (char *)(uintptr_t) "risk";
    st = entra_describe(f, rec, action, ts_str_of(category),
                        ip.n > 0 ? ip : entra_text(f, "callerIpAddress"), TS_STR_NULL);
    if (st != TS_OK)
        return st;
    rec->event->user_email = risk_clean_email(f->in->arena, entra_text(f, "userPrincipalName"));
    if (rec->event->user_email == NULL)
        return TS_NOMEM;
    if (rec->event->user_email[0] == '\0')
        return ts_fail(err, TS_INVALID, "userPrincipalName",
                       "userPrincipalName is missing: whom is the risk about?");
    rec->kind = ts_str_ieq(entra_text(f, "userType"), TS_STR_LIT("guest")) ? RISK_KIND_OTHER
                                                                           : RISK_KIND_WARNING;
    /* A risk is told again when its state changes. */
    if (id.n > 0)
        own_id = ts_arena_printf(f->in->arena, "%.*s/%.*s", (int)id.n, id.p, (int)state.n, state.p);
    if (own_id == NULL)
        return TS_NOMEM;
    st = entra_common(f, rec, own_id);
    return st == TS_OK ? entra_members(f, rec) : st;
}
