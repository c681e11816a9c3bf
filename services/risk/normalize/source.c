#include "normalize/source.h"

#include "normalize/entra.h"
#include "normalize/google.h"
#include "normalize/ocsf.h"
#include "normalize/okta.h"
#include "normalize/own.h"

static const risk_source sources[] = {
    { "google_workspace", { "items" }, risk_google },
    { "okta", { "data.events" }, risk_okta }, /* the API answers an array, event hooks send this */
    { "entra_id", { "value", "records" }, risk_entra },
    { "ocsf", { NULL }, risk_ocsf },
    { "teamsentry", { NULL }, risk_own },
};

const risk_source *risk_source_find(const char *name)
{
    for (size_t i = 0; i < TS_COUNT(sources); i++) {
        if (strcmp(name, sources[i].name) == 0)
            return &sources[i];
    }
    return NULL;
}

const risk_source *risk_source_at(size_t index)
{
    return index < TS_COUNT(sources) ? &sources[index] : NULL;
}

ts_status risk_source_names(ts_arena *arena, const char **ret)
{
    const char *text = sources[0].name;

    for (size_t i = 1; i < TS_COUNT(sources) && text != NULL; i++)
        text = ts_arena_printf(arena, "%s%s%s", text, i + 1 < TS_COUNT(sources) ? ", " : " or ",
                               sources[i].name);
    *ret = text;
    return text == NULL ? TS_NOMEM : TS_OK;
}

/* That a sign-in or an administrator's act failed says something; what was not taken, shared or let in is only something tried. */
static risk_kind kind_if_failed(risk_kind kind)
{
    switch (kind) {
    case RISK_KIND_APP_GRANT:
    case RISK_KIND_APP_USE:
    case RISK_KIND_APP_REVOKE:
    case RISK_KIND_AI: return RISK_KIND_OTHER;
    case RISK_KIND_FILE_VIEW:
    case RISK_KIND_FILE_TAKE:
    case RISK_KIND_FILE_SHARE:
    case RISK_KIND_FILE_DELETE: return RISK_KIND_FILE;
    case RISK_KIND_OTHER:
    case RISK_KIND_SIGN_IN:
    case RISK_KIND_SSO:
    case RISK_KIND_WARNING:
    case RISK_KIND_ACCOUNT:
    case RISK_KIND_ADMIN:
    case RISK_KIND_FILE: break;
    }
    return kind;
}

ts_status risk_source_normalize(const risk_source *source, const risk_intake *in, ts_error *err)
{
    size_t before = in->body->record_count;
    ts_status st = source->normalize(in, err);

    if (st != TS_OK)
        in->body->record_count = before;
    for (size_t i = before; i < in->body->record_count; i++) {
        risk_record *rec = &in->body->records[i];

        if (strcmp(rec->event->outcome, "failure") == 0)
            rec->kind = kind_if_failed(rec->kind);
        rec->event->category = (char *)(uintptr_t)risk_kind_name(rec->kind);
    }
    return st;
}
