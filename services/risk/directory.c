#include "directory.h"

#include "normalize/clean.h"
#include "search/terms.h"

#define TEXT_BYTES_MAX ((size_t)4 * DIRECTORY_TEXT_MAX)

static ts_status check_text(ts_arena *arena, char **text, bool needed, const char *field,
                            const char **ret_reason)
{
    ts_str given = ts_str_trim(ts_str_of(*text));
    char *clean;

    if (!ts_utf8_valid(given) || search_characters(given) > DIRECTORY_TEXT_MAX) {
        *ret_reason = ts_arena_printf(arena, "%s must be UTF-8 of at most %d characters", field,
                                      DIRECTORY_TEXT_MAX);
        return *ret_reason == NULL ? TS_NOMEM : TS_INVALID;
    }
    clean = risk_clean_z(arena, given, TEXT_BYTES_MAX);
    if (clean == NULL)
        return TS_NOMEM;
    if (needed && ts_str_trim(ts_str_of(clean)).n == 0) {
        *ret_reason = ts_arena_printf(arena, "%s must hold a visible character", field);
        return *ret_reason == NULL ? TS_NOMEM : TS_INVALID;
    }
    *text = risk_keep_z(arena, given, TEXT_BYTES_MAX);
    return *text == NULL ? TS_NOMEM : TS_OK;
}

static ts_status check_address(ts_arena *arena, char **text, bool needed, const char *refusal,
                               const char **ret_reason)
{
    bool is_given = (*text)[0] != '\0';
    char *clean = risk_clean_email(arena, ts_str_of(*text));

    if (clean == NULL)
        return TS_NOMEM;
    if (clean[0] == '\0' && (needed || is_given)) {
        *ret_reason = refusal;
        return TS_INVALID;
    }
    *text = clean;
    return TS_OK;
}

ts_status directory_check(ts_arena *arena, Ts__Risk__DirectoryRow *row, const char **ret_reason)
{
    ts_status st =
        check_address(arena, &row->email, true, "email must be an e-mail address", ret_reason);

    if (st == TS_OK)
        st = check_text(arena, &row->name, true, "name", ret_reason);
    if (st == TS_OK)
        st = check_text(arena, &row->department, false, "department", ret_reason);
    if (st == TS_OK)
        st = check_text(arena, &row->title, false, "title", ret_reason);
    if (st == TS_OK)
        st = check_address(arena, &row->manager, false,
                           "manager must be an e-mail address, or empty", ret_reason);
    return st;
}

static bool set_text(char **text, char *to)
{
    bool differs = strcmp(*text, to) != 0;

    *text = to;
    return differs;
}

static bool set_flag(protobuf_c_boolean *flag, protobuf_c_boolean to)
{
    bool differs = (*flag != 0) != (to != 0);

    *flag = to;
    return differs;
}

bool directory_merge(Ts__Risk__UserRow *user, const Ts__Risk__DirectoryRow *row)
{
    bool differs = set_text(&user->name, row->name);

    differs = set_text(&user->department, row->department) || differs;
    if ((row->given & DIRECTORY_TITLE) != 0)
        differs = set_text(&user->title, row->title) || differs;
    if ((row->given & DIRECTORY_MANAGER) != 0)
        differs = set_text(&user->manager, row->manager) || differs;
    if ((row->given & DIRECTORY_IS_ADMIN) != 0)
        differs = set_flag(&user->is_admin, row->is_admin) || differs;
    if ((row->given & DIRECTORY_SUSPENDED) != 0)
        differs = set_flag(&user->suspended, row->suspended) || differs;
    if ((row->given & DIRECTORY_MFA) != 0) {
        differs = set_flag(&user->mfa_known, true) || differs;
        differs = set_flag(&user->mfa_enrolled, row->mfa_enrolled) || differs;
    }
    return differs;
}
