/* Names of permissions and limits of tiers. */
#include <criterion/criterion.h>

#include "auth.h"

static const struct {
    uint64_t bit;
    const char *name;
} permissions[] = {
    { 1 << 0, "read:users" },     { 1 << 1, "read:incidents" }, { 1 << 2, "write:incidents" },
    { 1 << 3, "read:ai_usage" },  { 1 << 4, "read:apps" },      { 1 << 5, "write:apps" },
    { 1 << 6, "write:contacts" }, { 1 << 7, "agent" },          { 1 << 8, "ingest" },
    { 1 << 9, "admin" },
};

/* The bits are on disk: neither they nor the names may move. */
Test(permissions, each_has_its_bit_and_its_name)
{
    uint64_t all = 0;

    for (size_t i = 0; i < TS_COUNT(permissions); i++) {
        cr_assert_str_eq(ts_permission_name(permissions[i].bit), permissions[i].name);
        cr_assert_eq(ts_permission_bit(ts_str_of(permissions[i].name)), permissions[i].bit, "%s",
                     permissions[i].name);
        all |= permissions[i].bit;
    }
    cr_assert_eq(all, TS_PERM_ALL);
}

Test(permissions, other_words_and_bits_are_none)
{
    const char *const words[] = { "",          "read",   "READ:USERS", "read:users ",
                                  "read:user", "admin ", "read:*",     "ingest,admin" };

    for (size_t i = 0; i < TS_COUNT(words); i++)
        cr_assert_eq(ts_permission_bit(ts_str_of(words[i])), 0, "'%s'", words[i]);
    cr_assert_null(ts_permission_name(0));
    cr_assert_null(ts_permission_name(3), "two bits");
    cr_assert_null(ts_permission_name(UINT64_C(1) << 10));
}

Test(permissions, a_tier_has_its_limit_and_an_unknown_one_none)
{
    auth_config config = { .standard_limit = 1000, .enterprise_limit = 10000 };

    cr_assert_eq(auth_tier_limit(&config, "standard"), 1000);
    cr_assert_eq(auth_tier_limit(&config, "enterprise"), 10000);
    cr_assert_eq(auth_tier_limit(&config, ""), 0);
    cr_assert_eq(auth_tier_limit(&config, "Standard"), 0);
}
