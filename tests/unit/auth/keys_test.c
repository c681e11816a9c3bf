/* The layout of the store's keys: what is on disk must be read the same way for ever. */
#include <criterion/criterion.h>

#include "keys.h"

Test(keys, a_row_key_is_organization_mode_and_id)
{
    static const char wanted[] = "\0\0\0\0\0\0\x01\x02\x01key_a";
    TS_CLEANUP(ts_buf_done) ts_buf b = TS_BUF_INIT(AUTH_ROW_KEY_MAX);

    auth_row_key(&b, (ts_tenant){ 0x102, TS_MODE_TEST }, "key_a");
    cr_assert_eq(ts_buf_status(&b), TS_OK);
    cr_assert_eq(b.size, sizeof(wanted));
    cr_assert_arr_eq(b.data, wanted, sizeof(wanted)); /* with the NUL that ends the id */
}

Test(keys, an_id_of_full_length_fits)
{
    TS_CLEANUP(ts_buf_done) ts_buf b = TS_BUF_INIT(AUTH_ROW_KEY_MAX);

    auth_row_key(&b, (ts_tenant){ UINT64_MAX, TS_MODE_LIVE }, "key_0123456789abcdefghijkl");
    cr_assert_eq(ts_buf_status(&b), TS_OK);
    cr_assert_eq(b.size, 8 + 1 + 26 + 1);
}

Test(keys, an_id_that_is_too_long_fails_rather_than_being_cut)
{
    TS_CLEANUP(ts_buf_done) ts_buf b = TS_BUF_INIT(AUTH_ROW_KEY_MAX);
    char id[AUTH_ROW_KEY_MAX + 1];

    memset(id, 'x', sizeof(id) - 1);
    id[sizeof(id) - 1] = '\0';
    auth_row_key(&b, (ts_tenant){ 1, TS_MODE_LIVE }, id);
    cr_assert_eq(ts_buf_status(&b), TS_TOO_LARGE);
}

Test(keys, tenants_sort_apart)
{
    TS_CLEANUP(ts_buf_done) ts_buf live = TS_BUF_INIT(AUTH_ROW_KEY_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf test = TS_BUF_INIT(AUTH_ROW_KEY_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf next = TS_BUF_INIT(AUTH_ROW_KEY_MAX);

    auth_row_key(&live, (ts_tenant){ 255, TS_MODE_LIVE }, "key_zzz");
    auth_row_key(&test, (ts_tenant){ 255, TS_MODE_TEST }, "key_aaa");
    auth_row_key(&next, (ts_tenant){ 256, TS_MODE_LIVE }, "key_aaa");
    cr_assert_lt(ts_str_cmp(ts_buf_view(&live), ts_buf_view(&test)), 0);
    cr_assert_lt(ts_str_cmp(ts_buf_view(&test), ts_buf_view(&next)), 0);
}

Test(keys, numbers_are_read_where_they_stand)
{
    ts_str value = TS_STR_LIT("\0\0\0\0\0\0\0\x05\0\0\0\0\0\0\x01\0");

    cr_assert_eq(auth_read_u64(value, 0), 5);
    cr_assert_eq(auth_read_u64(value, 8), 256);
}

Test(keys, a_short_value_is_not_read_past_its_end)
{
    cr_assert_eq(auth_read_u64(TS_STR_NULL, 0), 0);
    cr_assert_eq(auth_read_u64(TS_STR_LIT("\x07"), 0), 7);
    cr_assert_eq(auth_read_u64(TS_STR_LIT("\x07"), 8), 0);
}

Test(keys, a_list_has_the_newest_first)
{
    TS_CLEANUP(ts_buf_done) ts_buf older = TS_BUF_INIT(AUTH_ROW_KEY_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf newer = TS_BUF_INIT(AUTH_ROW_KEY_MAX);
    ts_tenant tenant = { 5, TS_MODE_LIVE };

    auth_list_key(&older, tenant, 1000, "key_a");
    auth_list_key(&newer, tenant, 1001, "key_b");
    cr_assert_lt(ts_str_cmp(ts_buf_view(&newer), ts_buf_view(&older)), 0);
    cr_assert_eq(older.size, 8 + 1 + 8 + 6);
}

Test(keys, what_is_due_sorts_by_time_and_leads_to_the_row)
{
    TS_CLEANUP(ts_buf_done) ts_buf sooner = TS_BUF_INIT(AUTH_ROW_KEY_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf later = TS_BUF_INIT(AUTH_ROW_KEY_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf row = TS_BUF_INIT(AUTH_ROW_KEY_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf org = TS_BUF_INIT(AUTH_ROW_KEY_MAX);

    auth_due_key(&sooner, 255, (ts_tenant){ 9, TS_MODE_TEST }, "key_z");
    auth_due_key(&later, 256, (ts_tenant){ 1, TS_MODE_LIVE }, "key_a");
    cr_assert_lt(ts_str_cmp(ts_buf_view(&sooner), ts_buf_view(&later)), 0);
    auth_row_key(&row, (ts_tenant){ 9, TS_MODE_TEST }, "key_z");
    cr_assert(ts_str_eq(auth_due_row_key(ts_buf_view(&sooner)), ts_buf_view(&row)));
    auth_due_org(&org, 9);
    cr_assert_null(auth_due_row_key(ts_buf_view(&org)).p, "no key");
    cr_assert_null(auth_due_row_key(TS_STR_NULL).p);
}

Test(keys, an_audit_log_sorts_by_number_and_its_views_keep_apart)
{
    TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(AUTH_ROW_KEY_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf all = TS_BUF_INIT(AUTH_INDEX_KEY_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf one = TS_BUF_INIT(AUTH_INDEX_KEY_MAX);
    static const char wanted[] = "\0\0\0\0\0\0\0\x07\0\0\0\0\0\0\x01\x02";

    auth_audit_key(&key, 7, 0x102);
    cr_assert_eq(key.size, sizeof(wanted) - 1);
    cr_assert_arr_eq(key.data, wanted, sizeof(wanted) - 1);
    auth_view_key(&all, 7, false, "");
    auth_view_key(&one, 7, false, "ctl");
    cr_assert_not(ts_str_starts(ts_buf_view(&one), ts_buf_view(&all)));
    cr_assert_eq(all.size, 8 + 1 + 1);
}

Test(keys, the_longest_actor_fits_into_a_view)
{
    TS_CLEANUP(ts_buf_done) ts_buf view = TS_BUF_INIT(AUTH_INDEX_KEY_MAX);
    char actor[AUTH_ACTOR_MAX + 1];

    memset(actor, 'x', AUTH_ACTOR_MAX);
    actor[AUTH_ACTOR_MAX] = '\0';
    auth_view_key(&view, UINT64_MAX, true, actor);
    ts_buf_be64(&view, UINT64_MAX);
    ts_buf_be64(&view, UINT64_MAX);
    cr_assert_eq(ts_buf_status(&view), TS_OK);
}
