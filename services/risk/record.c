#include "record.h"

static const struct {
    const char *name;
    const char *words;
} kinds[RISK_KINDS] = {
    [RISK_KIND_OTHER] = { "other", "Event" },
    [RISK_KIND_SIGN_IN] = { "sign_in", "Sign-in" },
    [RISK_KIND_SSO] = { "sso", "Sign-in to another application" },
    [RISK_KIND_WARNING] = { "warning", "Warning about an account" },
    [RISK_KIND_ACCOUNT] = { "account", "Act on the own account" },
    [RISK_KIND_ADMIN] = { "admin", "Administrative act" },
    [RISK_KIND_APP_GRANT] = { "app_grant", "App given access" },
    [RISK_KIND_APP_USE] = { "app_use", "App used its access" },
    [RISK_KIND_APP_REVOKE] = { "app_revoke", "Access of an app taken away" },
    [RISK_KIND_FILE] = { "file", "Act on a file" },
    [RISK_KIND_FILE_VIEW] = { "file_view", "File viewed" },
    [RISK_KIND_FILE_TAKE] = { "file_take", "File downloaded, copied or printed" },
    [RISK_KIND_FILE_SHARE] = { "file_share", "File opened to the outside" },
    [RISK_KIND_FILE_DELETE] = { "file_delete", "File deleted" },
    [RISK_KIND_AI] = { "ai", "AI tool used" },
};

const char *risk_kind_name(risk_kind kind)
{
    return kinds[kind].name;
}

const char *risk_kind_words(risk_kind kind)
{
    return kinds[kind].words;
}

bool risk_kind_of(ts_str name, risk_kind *ret)
{
    for (size_t i = 0; i < RISK_KINDS; i++) {
        if (!ts_str_is(name, kinds[i].name))
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
