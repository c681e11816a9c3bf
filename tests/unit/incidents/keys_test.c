#include <criterion/criterion.h>

#include "keys.h"

static const ts_tenant tenant = { 258, TS_MODE_TEST };
static const uint8_t one[16] = "1111111111111111";
static const uint8_t two[16] = "2222222222222222";

static int order(const incidents_key *a, const incidents_key *b)
{
    return ts_str_cmp(incidents_key_view(a), incidents_key_view(b));
}

Test(keys, a_detections_key_has_this_layout)
{
    static const char expected[] = "\0\0\0\0\0\0\1\2\1"
                                   "1111111111111111"
                                   "\0\0\0\0\0\0\2\3"
                                   "2222222222222222";
    incidents_key k = incidents_timed_key(tenant, one, 515, two);

    cr_assert_eq(k.n, sizeof(expected) - 1);
    cr_assert_eq(memcmp(k.bytes, expected, k.n), 0);
    cr_assert_eq(memcmp(incidents_key_last_id(incidents_key_view(&k)), two, 16), 0);
    cr_assert_null(incidents_key_last_id(TS_STR_LIT("short")));
}

Test(keys, newer_incidents_come_first_in_a_list)
{
    ts_hash128 scope = incidents_list_scope(GROUP_ALL, ANY_SEVERITY, TS_STR_NULL);
    incidents_key newer = incidents_list_key(tenant, scope, 2000, one);
    incidents_key older = incidents_list_key(tenant, scope, 1000, two);

    cr_assert_lt(order(&newer, &older), 0);
}

Test(keys, a_list_bound_excludes_its_own_millisecond)
{
    ts_hash128 scope = incidents_list_scope(GROUP_ALL, ANY_SEVERITY, TS_STR_NULL);
    incidents_key at = incidents_list_key(tenant, scope, 1000, one);
    incidents_key until_at = incidents_list_from(tenant, scope, 1000);
    incidents_key until_after = incidents_list_from(tenant, scope, 1001);

    cr_assert_lt(order(&at, &until_at), 0);    /* not in [from "until 1000", ...) */
    cr_assert_gt(order(&at, &until_after), 0); /* in [from "until 1001", ...) */
}

static bool is_same(ts_hash128 a, ts_hash128 b)
{
    return memcmp(&a, &b, sizeof(a)) == 0;
}

Test(keys, scopes_differ_by_group_severity_and_user_but_not_by_case)
{
    ts_str ann = TS_STR_LIT("ann@example.com");
    ts_hash128 all = incidents_list_scope(GROUP_ALL, ANY_SEVERITY, ann);

    cr_assert(
        is_same(all, incidents_list_scope(GROUP_ALL, ANY_SEVERITY, TS_STR_LIT("Ann@Example.COM"))));
    cr_assert_not(is_same(all, incidents_list_scope(GROUP_OPEN, ANY_SEVERITY, ann)));
    cr_assert_not(is_same(all, incidents_list_scope(GROUP_ALL, 0, ann)));
    cr_assert_not(is_same(all, incidents_list_scope(GROUP_ALL, ANY_SEVERITY, TS_STR_NULL)));
    cr_assert_not(is_same(incidents_rule_scope(TS_STR_LIT("ab"), TS_STR_LIT("c")),
                          incidents_rule_scope(TS_STR_LIT("a"), TS_STR_LIT("bc"))));
}

Test(keys, a_place_is_read_back_and_nonsense_is_none)
{
    static const uint8_t id[16] = "sixteen bytes ..";
    char text[INCIDENTS_PLACE_SIZE];
    int64_t created_ms = 0;
    uint8_t read[16];

    incidents_place_format(INT64_C(1736937000000), id, text);
    cr_assert_eq(strlen(text), 48);
    cr_assert_eq(incidents_place_parse(ts_str_of(text), &created_ms, read), TS_OK);
    cr_assert_eq(created_ms, INT64_C(1736937000000));
    cr_assert_arr_eq(read, id, 16);
    cr_assert_eq(incidents_place_parse(ts_str_n(text, 47), &created_ms, read), TS_INVALID);
    text[3] = 'g';
    cr_assert_eq(incidents_place_parse(ts_str_of(text), &created_ms, read), TS_INVALID);
    memset(text, 'f', 16);
    text[3] = 'f';
    cr_assert_eq(incidents_place_parse(ts_str_of(text), &created_ms, read), TS_INVALID);
    cr_assert_eq(incidents_place_parse(TS_STR_NULL, &created_ms, read), TS_INVALID);
}

static bool has(const ts_hash128 *scopes, size_t count, incidents_group group, int severity,
                const char *user)
{
    return incidents_has_scope(
        scopes, count,
        incidents_list_scope(group, severity, user == NULL ? TS_STR_NULL : ts_str_of(user)));
}

Test(keys, an_incident_stands_in_each_of_its_lists_once)
{
    static char ann[] = "ann@example.com", shouted[] = "ANN@example.com", bob[] = "bob@example.com";
    char *users[] = { ann, shouted, bob };
    ts_hash128 scopes[INCIDENTS_SCOPES(3)];
    size_t count = incidents_list_scopes(GROUP_CLOSED, 3, users, 3, scopes);

    cr_assert_eq(count, 12); /* 2 groups, 2 severities, and any, Ann or Bob */
    for (int i = 0; i < 3; i++) {
        const char *user = i == 0 ? NULL : users[i];

        cr_assert(has(scopes, count, GROUP_ALL, ANY_SEVERITY, user));
        cr_assert(has(scopes, count, GROUP_ALL, 3, user));
        cr_assert(has(scopes, count, GROUP_CLOSED, ANY_SEVERITY, user));
        cr_assert(has(scopes, count, GROUP_CLOSED, 3, user));
        cr_assert_not(has(scopes, count, GROUP_OPEN, ANY_SEVERITY, user));
        cr_assert_not(has(scopes, count, GROUP_ALL, 2, user));
    }
    cr_assert_eq(incidents_list_scopes(GROUP_OPEN, 0, NULL, 0, scopes), 4);
    cr_assert_not(incidents_has_scope(scopes, 0, scopes[0]));
}
