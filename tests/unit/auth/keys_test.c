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
