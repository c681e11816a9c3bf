#include <criterion/criterion.h>

#include "ts/buf.h"

Test(buf, takes_exactly_its_maximum)
{
    TS_CLEANUP(ts_buf_done) ts_buf b = TS_BUF_INIT(10);

    ts_buf_z(&b, "12345");
    ts_buf_z(&b, "67890");
    cr_assert_eq(ts_buf_status(&b), TS_OK);
    cr_assert(ts_str_is(ts_buf_view(&b), "1234567890"));
    cr_assert_eq(b.data[10], '\0');
}

Test(buf, refuses_one_byte_more_and_stays_refused)
{
    TS_CLEANUP(ts_buf_done) ts_buf b = TS_BUF_INIT(10);

    ts_buf_z(&b, "123456789");
    ts_buf_z(&b, "ab");
    cr_assert_eq(ts_buf_status(&b), TS_TOO_LARGE);
    ts_buf_z(&b, "c"); /* would fit, but the error sticks */
    cr_assert(ts_str_is(ts_buf_view(&b), "123456789"));
    cr_assert_null(ts_buf_reserve(&b, 1));
}

Test(buf, forgets_content_and_error_when_cleared)
{
    TS_CLEANUP(ts_buf_done) ts_buf b = TS_BUF_INIT(4);

    ts_buf_z(&b, "12345");
    cr_assert_eq(ts_buf_status(&b), TS_TOO_LARGE);
    ts_buf_clear(&b);
    ts_buf_z(&b, "1234");
    cr_assert_eq(ts_buf_status(&b), TS_OK);
    cr_assert_str_eq(b.data, "1234");
    ts_buf_clear(&b);
    cr_assert_str_eq(b.data, "");
}

Test(buf, with_a_maximum_of_zero_takes_nothing)
{
    TS_CLEANUP(ts_buf_done) ts_buf b = TS_BUF_INIT(0);

    ts_buf_z(&b, "");
    ts_buf_add(&b, NULL, 0);
    cr_assert_eq(ts_buf_status(&b), TS_OK);
    ts_buf_char(&b, 'x');
    cr_assert_eq(ts_buf_status(&b), TS_TOO_LARGE);
}

Test(buf, without_a_maximum_never_overflows_its_arithmetic)
{
    TS_CLEANUP(ts_buf_done) ts_buf b = TS_BUF_INIT(SIZE_MAX);

    ts_buf_char(&b, 'x');
    cr_assert_null(ts_buf_reserve(&b, SIZE_MAX));
    cr_assert_eq(ts_buf_status(&b), TS_TOO_LARGE);
    cr_assert_str_eq(b.data, "x");
}

Test(buf, numbers_at_their_limits)
{
    TS_CLEANUP(ts_buf_done) ts_buf b = TS_BUF_INIT(200);

    ts_buf_i64(&b, INT64_MIN);
    ts_buf_char(&b, ' ');
    ts_buf_i64(&b, INT64_MAX);
    ts_buf_char(&b, ' ');
    ts_buf_i64(&b, -7);
    ts_buf_char(&b, ' ');
    ts_buf_u64(&b, UINT64_MAX);
    ts_buf_char(&b, ' ');
    ts_buf_u64(&b, 0);
    cr_assert_str_eq(b.data, "-9223372036854775808 9223372036854775807 -7 18446744073709551615 0");
}

Test(buf, big_endian_numbers)
{
    TS_CLEANUP(ts_buf_done) ts_buf b = TS_BUF_INIT(64);

    ts_buf_be8(&b, 0xAB);
    ts_buf_be32(&b, 0x01020304);
    ts_buf_be64(&b, UINT64_C(0x1112131415161718));
    cr_assert_eq(b.size, 13);
    cr_assert_arr_eq(b.data, "\xAB\x01\x02\x03\x04\x11\x12\x13\x14\x15\x16\x17\x18", 13);
}

Test(buf, printf_writes_short_and_long_text)
{
    TS_CLEANUP(ts_buf_done) ts_buf b = TS_BUF_INIT(1000);
    char word[301];

    memset(word, 'w', 300);
    word[300] = '\0';
    ts_buf_printf(&b, "%d-%s", 5, "x");
    cr_assert_str_eq(b.data, "5-x");
    ts_buf_printf(&b, "<%s>", word);
    cr_assert_eq(b.size, 305);
    cr_assert_eq(b.data[3], '<');
    cr_assert_eq(b.data[304], '>');
    cr_assert_eq(b.data[305], '\0');
}

Test(buf, printf_at_and_over_the_maximum)
{
    TS_CLEANUP(ts_buf_done) ts_buf b = TS_BUF_INIT(300);
    char word[302];

    memset(word, 'w', 301);
    word[301] = '\0';
    ts_buf_printf(&b, "%s", word);
    cr_assert_eq(ts_buf_status(&b), TS_TOO_LARGE);
    cr_assert_eq(b.size, 0);
    ts_buf_clear(&b);
    word[300] = '\0';
    ts_buf_printf(&b, "%s", word);
    cr_assert_eq(ts_buf_status(&b), TS_OK);
    cr_assert_eq(b.size, 300);
}

Test(buf, reserved_room_is_followed_by_nul_however_much_is_used)
{
    TS_CLEANUP(ts_buf_done) ts_buf b = TS_BUF_INIT(100);
    char *room;

    ts_buf_z(&b, "ab");
    room = ts_buf_reserve(&b, 50);
    cr_assert_not_null(room);
    memcpy(room, "cd", 2);
    b.size += 2;
    cr_assert_str_eq(b.data, "abcd");
    cr_assert_not_null(ts_buf_reserve(&b, 96));
    cr_assert_null(ts_buf_reserve(&b, 97));
}

Test(buf, may_be_done_twice_and_used_again)
{
    ts_buf b = TS_BUF_INIT(8);

    ts_buf_z(&b, "x");
    ts_buf_done(&b);
    ts_buf_done(&b);
    ts_buf_done(NULL);
    ts_buf_z(&b, "12345678");
    cr_assert_eq(ts_buf_status(&b), TS_OK);
    ts_buf_done(&b);
}
