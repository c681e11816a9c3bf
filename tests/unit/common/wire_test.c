#include <criterion/criterion.h>

#include "ts/wire.h"

Test(wire, fields_come_one_after_the_other_with_what_they_hold)
{
    /* 1: 300, 2: "ab", 3: fixed32 0x04030201, 16: fixed64 2, 5: "" */
    ts_str rest = TS_STR_LIT("\x08\xac\x02\x12\x02"
                             "ab\x1d\x01\x02\x03\x04\x81\x01\x02\0\0\0\0\0\0\0\x2a\0");
    ts_wire_field f;

    cr_assert_eq(ts_wire_next(&rest, &f), TS_OK);
    cr_assert_eq(f.number, 1);
    cr_assert_eq(f.value, 300);
    cr_assert_eq(ts_wire_next(&rest, &f), TS_OK);
    cr_assert_eq(f.number, 2);
    cr_assert(ts_str_is(f.bytes, "ab"));
    cr_assert_eq(ts_wire_next(&rest, &f), TS_OK);
    cr_assert_eq(f.number, 3);
    cr_assert_eq(f.value, 0x04030201);
    cr_assert_eq(ts_wire_next(&rest, &f), TS_OK);
    cr_assert_eq(f.number, 16);
    cr_assert_eq(f.value, 2);
    cr_assert_eq(ts_wire_next(&rest, &f), TS_OK);
    cr_assert_eq(f.number, 5);
    cr_assert_eq(f.bytes.n, 0);
    cr_assert_eq(rest.n, 0);
    cr_assert_eq(ts_wire_next(&rest, &f), TS_NOT_FOUND);
}

Test(wire, numbers_have_all_their_bits)
{
    ts_str rest = TS_STR_LIT("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
    ts_wire_field f;

    cr_assert_eq(ts_wire_next(&rest, &f), TS_OK);
    cr_assert_eq(f.value, UINT64_MAX);
}

Test(wire, what_does_not_decode_is_corrupt_and_stays_where_it_is)
{
    static const ts_str wrong[] = {
        TS_STR_LIT("\x08"),                                             /* no number */
        TS_STR_LIT("\x08\x80"),                                         /* half a number */
        TS_STR_LIT("\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"), /* more than 64 bits */
        TS_STR_LIT("\x12\x03"
                   "ab"),                                            /* bytes that are not there */
        TS_STR_LIT("\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01x"), /* far more than there are */
        TS_STR_LIT("\x1d\x01\x02\x03"),                              /* three of four */
        TS_STR_LIT("\x19\x01\x02\x03\x04\x05\x06\x07"),              /* seven of eight */
        TS_STR_LIT("\x0b\x0c"),                                      /* a group */
        TS_STR_LIT("\x0f"),                                          /* no type */
        TS_STR_LIT("\x02\x01x"),                                     /* field 0 */
        TS_STR_LIT("\x80\x80\x80\x80\x10\x01"),                      /* a field beyond all */
    };

    for (size_t i = 0; i < TS_COUNT(wrong); i++) {
        ts_str rest = wrong[i];
        ts_wire_field f;

        cr_expect_eq(ts_wire_next(&rest, &f), TS_CORRUPT, "%zu", i);
        cr_expect_eq(rest.n, wrong[i].n, "%zu", i);
    }
}
