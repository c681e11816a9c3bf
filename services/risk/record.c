#include "record.h"

static const char *const names[RISK_KINDS] = {
    [RISK_KIND_OTHER] = "other",
    [RISK_KIND_SIGN_IN] = "sign_in",
    [RISK_KIND_SSO] = "sso",
    [RISK_KIND_WARNING] = "warning",
    [RISK_KIND_ACCOUNT] = "account",
    [RISK_KIND_ADMIN] = "admin",
    [RISK_KIND_APP_GRANT] = "app_grant",
    [RISK_KIND_APP_USE] = "app_use",
    [RISK_KIND_APP_REVOKE] = "app_revoke",
    [RISK_KIND_FILE] = "file",
    [RISK_KIND_FILE_VIEW] = "file_view",
    [RISK_KIND_FILE_TAKE] = "file_take",
    [RISK_KIND_FILE_SHARE] = "file_share",
    [RISK_KIND_FILE_DELETE] = "file_delete",
    [RISK_KIND_AI] = "ai",
};

const char *risk_kind_name(risk_kind kind)
{
    return names[kind];
}

bool risk_kind_of(ts_str name, risk_kind *ret)
{
    for (size_t i = 0; i < RISK_KINDS; i++) {
        if (!ts_str_is(name, names[i]))
            continue;
        *ret = (risk_kind)i;
        return true;
    }
    return false;
}

ts_str risk_record_field(const risk_record *record, const char *name)
{
    for (size_t i = 0; i < record->field_count; i++) {
        if (ts_str_is(record->fields[i].name, name))
            return record->fields[i].value;
    }
    return TS_STR_NULL;
}
