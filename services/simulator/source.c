#include "source.h"

static const char *const names[SIM_SOURCES] = {
    [SIM_GOOGLE] = "google_workspace",
    [SIM_OKTA] = "okta",
    [SIM_ENTRA] = "entra_id",
};

/* Who tells of a kind: where people sign in, or, with Google Workspace beside it, that. */
typedef struct teller {
    bool by_identity; /* before Google */
    bool by_okta, by_entra, by_google;
} teller;

#define IDENTITY                                                                                   \
    {                                                                                              \
        true, true, true, true                                                                     \
    }
#define GOOGLE                                                                                     \
    {                                                                                              \
        false, false, false, true                                                                  \
    }
#define GOOGLE_ENTRA                                                                               \
    {                                                                                              \
        false, false, true, true                                                                   \
    }
#define GOOGLE_OR_ANY                                                                              \
    {                                                                                              \
        false, true, true, true                                                                    \
    }

static const teller tellers[SIM_KINDS] = {
    [SIM_LOGIN_SUCCESS] = IDENTITY,
    [SIM_LOGIN_REAUTH] = IDENTITY,
    [SIM_LOGIN_FAILURE] = IDENTITY,
    [SIM_LOGOUT] = { true, true, false, true }, /* Entra keeps none */
    [SIM_LOGIN_SAML] = GOOGLE,
    [SIM_SSO] = { true, true, true, false },
    [SIM_DRIVE_VIEW] = GOOGLE,
    [SIM_DRIVE_EDIT] = GOOGLE,
    [SIM_DRIVE_CREATE] = GOOGLE,
    [SIM_DRIVE_UPLOAD] = GOOGLE,
    [SIM_DRIVE_DOWNLOAD] = GOOGLE,
    [SIM_DRIVE_RENAME] = GOOGLE,
    [SIM_DRIVE_TRASH] = GOOGLE,
    [SIM_DRIVE_SHARE_INSIDE] = GOOGLE,
    [SIM_DRIVE_SHARE_OUTSIDE] = GOOGLE,
    [SIM_DRIVE_PUBLIC_LINK] = GOOGLE,
    [SIM_TOKEN_AUTHORIZE] = GOOGLE_ENTRA,
    [SIM_TOKEN_ACTIVITY] = GOOGLE,
    [SIM_TOKEN_BAD_AUTHORIZE] = GOOGLE_ENTRA,
    [SIM_TOKEN_BAD_ACTIVITY] = GOOGLE,
    [SIM_GEMINI_USE] = GOOGLE,
    [SIM_DEVICE_SYNC] = GOOGLE,
    [SIM_PASSWORD_EDIT] = IDENTITY,
    [SIM_2SV_DISABLE] = IDENTITY,
    [SIM_FORWARD_OUTSIDE] = GOOGLE,
    [SIM_ADMIN_ADD_GROUP_MEMBER] = IDENTITY,
    [SIM_ADMIN_ASSIGN_LICENSE] = GOOGLE_OR_ANY,
    [SIM_ADMIN_CHANGE_NAME] = IDENTITY,
    [SIM_ADMIN_CREATE_GROUP] = IDENTITY,
    [SIM_ADMIN_CREATE_ROGUE_USER] = IDENTITY,
    [SIM_ADMIN_GRANT_PRIVILEGE] = IDENTITY,
    [SIM_ADMIN_ASSIGN_ROLE] = GOOGLE,
    [SIM_ADMIN_STRONG_AUTH_OFF] = IDENTITY,
    [SIM_ADMIN_AUTHORIZE_CLIENT] = GOOGLE_OR_ANY,
};

static uint32_t bit(sim_source source)
{
    return 1u << source;
}

const char *sim_source_name(sim_source source)
{
    return names[source];
}

ts_status sim_sources_parse(ts_str text, uint32_t *ret_mask, ts_error *err)
{
    const uint32_t both = bit(SIM_OKTA) | bit(SIM_ENTRA);
    uint32_t mask = 0;
    bool known = true;

    while (known) {
        const size_t comma = ts_str_find(text, ',');

        known = false;
        for (uint32_t i = 0; i < SIM_SOURCES; i++) {
            if (!ts_str_is(ts_str_n(text.p, comma), names[i]))
                continue;
            known = true;
            mask |= 1u << i;
        }
        if (comma == text.n)
            break;
        text = ts_str_n(text.p + comma + 1, text.n - comma - 1);
    }
    if (!known || (mask & both) == both)
        return ts_fail(err, TS_INVALID, "source",
                       "source must be google_workspace, okta or entra_id, or one of the latter "
                       "two and google_workspace, joined by a comma");
    *ret_mask = mask;
    return TS_OK;
}

uint32_t sim_source_count(uint32_t sources)
{
    return (sources & (sources - 1)) != 0 ? 2 : 1;
}

bool sim_source_of(uint32_t sources, sim_kind kind, sim_source *ret)
{
    const teller *t = &tellers[kind];
    const bool has_google = sources == 0 || (sources & bit(SIM_GOOGLE)) != 0;
    const sim_source identity = (sources & bit(SIM_OKTA)) != 0    ? SIM_OKTA
                                : (sources & bit(SIM_ENTRA)) != 0 ? SIM_ENTRA
                                                                  : SIM_GOOGLE;

    if (identity != SIM_GOOGLE && (t->by_identity || !has_google)) {
        *ret = identity;
        return identity == SIM_OKTA ? t->by_okta : t->by_entra;
    }
    *ret = SIM_GOOGLE;
    return has_google && t->by_google && (kind != SIM_LOGIN_SAML || identity != SIM_GOOGLE);
}
