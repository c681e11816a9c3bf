/* What a key may be: each bound from both sides, and words that name the field. */
#include <criterion/criterion.h>

#include "rules.h"

#define NOW INT64_C(1800000000000)

static const auth_config config = { .name_max = 100, .overlap_s = 86400, .overlap_max_s = 2592000 };
static ts_error err;

Test(rules, a_name_has_one_character_to_the_maximum)
{
    char name[402];

    cr_assert_eq(auth_check_name(&config, "", &err), TS_INVALID);
    cr_assert_str_eq(err.param, "name");
    cr_assert_eq(auth_check_name(&config, "a", &err), TS_OK);
    memset(name, 'x', sizeof(name));
    name[101] = '\0';
    cr_assert_eq(auth_check_name(&config, name, &err), TS_INVALID);
    cr_assert_not_null(strstr(err.text, "1 to 100"));
    name[100] = '\0';
    cr_assert_eq(auth_check_name(&config, name, &err), TS_OK);
    for (size_t i = 0; i < 100; i++)
        memcpy(name + 4 * i, "\xf0\x9f\x94\x92", 4); /* four bytes a character */
    name[400] = '\0';
    cr_assert_eq(auth_check_name(&config, name, &err), TS_OK);
}

Test(rules, a_name_is_text)
{
    const char *const wrong[] = { "a\nb", "\x1b[2J", "a\x7f", "\xff", "\xc3", "\xed\xa0\x80" };

    for (size_t i = 0; i < TS_COUNT(wrong); i++)
        cr_assert_eq(auth_check_name(&config, wrong[i], &err), TS_INVALID, "%zu", i);
}

Test(rules, tiers_and_permissions_are_those_there_are)
{
    cr_assert_eq(auth_check_tier("standard", &err), TS_OK);
    cr_assert_eq(auth_check_tier("enterprise", &err), TS_OK);
    cr_assert_eq(auth_check_tier("", &err), TS_INVALID);
    cr_assert_eq(auth_check_tier("gold", &err), TS_INVALID);
    cr_assert_str_eq(err.param, "tier");
    cr_assert_eq(auth_check_permissions(TS_PERM_ALL, &err), TS_OK);
    cr_assert_eq(auth_check_permissions(TS_PERM_ALL + 1, &err), TS_INVALID);
    cr_assert_eq(auth_check_permissions(UINT64_C(1) << 63, &err), TS_INVALID);
    cr_assert_str_eq(err.param, "permissions");
    cr_assert_eq(AUTH_DEFAULT_PERMISSIONS &
                     (TS_PERM_ADMIN | TS_PERM_INGEST | TS_PERM_WRITE_APPS | TS_PERM_WRITE_CONTACTS),
                 0);
}

Test(rules, a_key_ends_later_than_now_or_never)
{
    cr_assert_eq(auth_check_expiry(0, NOW, &err), TS_OK);
    cr_assert_eq(auth_check_expiry(NOW + 1, NOW, &err), TS_OK);
    cr_assert_eq(auth_check_expiry(NOW, NOW, &err), TS_INVALID);
    cr_assert_eq(auth_check_expiry(-1, NOW, &err), TS_INVALID);
    cr_assert_str_eq(err.param, "expires_at");
}

Test(rules, an_overlap_is_what_was_asked_for_or_the_default)
{
    Ts__Auth__RotateKeyRequest req = TS__AUTH__ROTATE_KEY_REQUEST__INIT;
    int64_t ms = 7;

    cr_assert_eq(auth_check_overlap(&config, &req, &ms, &err), TS_OK);
    cr_assert_eq(ms, 86400000);
    req.sets_overlap = true;
    cr_assert_eq(auth_check_overlap(&config, &req, &ms, &err), TS_OK);
    cr_assert_eq(ms, 0);
    req.overlap_s = 2592000;
    cr_assert_eq(auth_check_overlap(&config, &req, &ms, &err), TS_OK);
    cr_assert_eq(ms, INT64_C(2592000000));
    req.overlap_s = 2592001;
    cr_assert_eq(auth_check_overlap(&config, &req, &ms, &err), TS_INVALID);
    cr_assert_str_eq(err.param, "overlap_seconds");
    cr_assert_not_null(strstr(err.text, "between 0 and 2592000"));
    cr_assert_eq(ms, INT64_C(2592000000), "untouched");
}

Test(rules, a_key_that_has_ended_or_was_rotated_is_not_changed)
{
    Ts__Auth__ApiKey key = TS__AUTH__API_KEY__INIT;

    cr_assert_eq(auth_check_changeable(&key, NOW, &err), TS_OK);
    key.expires_ms = NOW + 1;
    cr_assert_not(auth_key_has_ended(&key, NOW));
    cr_assert_eq(auth_check_changeable(&key, NOW, &err), TS_OK);
    key.expires_ms = NOW;
    cr_assert(auth_key_has_ended(&key, NOW));
    cr_assert_eq(auth_check_changeable(&key, NOW, &err), TS_CONFLICT);
    key.expires_ms = 0;
    key.revoked_ms = 1;
    cr_assert(auth_key_has_ended(&key, NOW));
    cr_assert_eq(auth_check_changeable(&key, NOW, &err), TS_CONFLICT);
    key.revoked_ms = 0;
    key.rotated_to = (char *)(uintptr_t) "key_next";
    cr_assert_not(auth_key_has_ended(&key, NOW));
    cr_assert_eq(auth_check_changeable(&key, NOW, &err), TS_CONFLICT);
    cr_assert_not_null(strstr(err.text, "key_next"));
}

Test(rules, an_organization_is_going_from_the_word_delete_on)
{
    static const struct {
        const char *status;
        bool is_going;
    } cases[] = {
        { "active", false }, { "suspended", false }, { "deleting", true }, { "deleted", true }
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        Ts__Auth__Organization org = TS__AUTH__ORGANIZATION__INIT;

        org.status = (char *)(uintptr_t)cases[i].status;
        cr_assert_eq(auth_org_is_going(&org), cases[i].is_going, "%s", cases[i].status);
    }
}
