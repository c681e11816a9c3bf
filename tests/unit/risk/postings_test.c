#include <criterion/criterion.h>

#include "search/postings.h"

Test(postings, rows_hold_places_in_order_and_read_back)
{
    static const uint32_t places[] = { 4095, 0, 63, 64, 1000 };
    static const uint8_t wanted[] = { 0, 0, 0, 63, 0, 64, 0x03, 0xe8, 0x0f, 0xff };
    postings p = { .bits = { 0 } }, back = { .bits = { 0 } };
    uint8_t row[POSTINGS_BYTES_MAX];
    size_t n;

    for (size_t i = 0; i < TS_COUNT(places); i++)
        postings_set(&p, places[i], true);
    postings_set(&p, 5, true);
    postings_set(&p, 5, false);
    n = postings_write(&p, row);
    cr_assert_eq(n, sizeof(wanted));
    cr_assert_arr_eq(row, wanted, sizeof(wanted));
    cr_assert_eq(postings_read(ts_str_n(row, n), back.bits), TS_OK);
    cr_assert_arr_eq(p.bits, back.bits, sizeof(p.bits));
}

Test(postings, a_full_block_fits_its_row)
{
    postings p;
    uint8_t row[POSTINGS_BYTES_MAX];

    memset(&p, 0xff, sizeof(p));
    cr_assert_eq(postings_write(&p, row), POSTINGS_BYTES_MAX);
}

Test(postings, foreign_bytes_are_refused)
{
    uint64_t bits[POSTINGS_WORDS] = { 0 };
    static const uint8_t odd[] = { 0, 1, 2 };
    static const uint8_t outside[] = { 0x10, 0x00 };

    cr_assert_eq(postings_read(ts_str_n(odd, sizeof(odd)), bits), TS_CORRUPT);
    cr_assert_eq(postings_read(ts_str_n(outside, sizeof(outside)), bits), TS_CORRUPT);
}

Test(postings, users_have_a_block_and_a_place_in_it)
{
    cr_assert_eq(postings_block(4095), 0);
    cr_assert_eq(postings_block(4096), 1);
    cr_assert_eq(postings_place(4096), 0);
    cr_assert_eq(postings_place(100001), 100001 % 4096);
}
