#include <criterion/criterion.h>

#include "ts/id.h"

static const ts_hash128 counting = { { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 } };
static const ts_hash128 zero;
static const ts_hash128 ones = { { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
                                   255, 255, 255 } };

static void hex_is(const uint8_t *bytes, size_t n, const char *expected)
{
    char text[65];

    ts_hex(bytes, n, text);
    cr_assert_str_eq(text, expected);
}

Test(id, has_a_fixed_text_form)
{
    char text[TS_ID_SIZE];

    ts_id_format("inc_", zero, text);
    cr_assert_str_eq(text, "inc_0000000000000000000000");
    ts_id_format("inc_", counting, text);
    cr_assert_str_eq(text, "inc_000SYW7RiJxkEgOGusQGwp");
    ts_id_format("", ones, text);
    cr_assert_str_eq(text, "7n42DGM5Tflk9n8mt7Fhc7");
}

Test(id, reads_back)
{
    const ts_hash128 *ids[] = { &zero, &counting, &ones };

    for (size_t i = 0; i < TS_COUNT(ids); i++) {
        char text[TS_ID_SIZE];
        ts_hash128 back;

        ts_id_format("det_", *ids[i], text);
        cr_assert_eq(ts_id_parse("det_", ts_str_of(text), &back), TS_OK);
        cr_assert_arr_eq(back.bytes, ids[i]->bytes, 16);
    }
}

Test(id, refuses_what_it_did_not_write)
{
    static const char *const cases[] = {
        "",
        "inc_",
        "inc_000000000000000000000",   /* too short */
        "inc_00000000000000000000000", /* too long */
        "det_0000000000000000000000",
        "INC_0000000000000000000000",
        "inc-0000000000000000000000",
        "inc_00000000000000000000-0",
        "inc_00000000000000000000 0",
        "inc_7n42DGM5Tflk9n8mt7Fhc8", /* 2^128 */
        "inc_zzzzzzzzzzzzzzzzzzzzzz",
        "0000000000000000000000inc_",
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        ts_hash128 id = counting;

        cr_assert_eq(ts_id_parse("inc_", ts_str_of(cases[i]), &id), TS_INVALID, "%s", cases[i]);
        cr_assert_arr_eq(id.bytes, counting.bytes, 16);
    }
}

Test(id, fits_its_size_with_the_longest_prefix_and_cuts_a_longer_one)
{
    char text[TS_ID_SIZE];

    ts_id_format("12345678901234567", zero, text);
    cr_assert_str_eq(text, "123456789012345670000000000000000000000");
    ts_id_format("123456789012345678", zero, text);
    cr_assert_str_eq(text, "123456789012345670000000000000000000000");
}

/* FIPS 180-2, appendix B.1; RFC 4231, cases 1, 2 and 6. */
Test(hash, agrees_with_the_published_vectors)
{
    char aa[131];
    uint8_t digest[32];

    ts_sha256(TS_STR_LIT("abc"), digest);
    hex_is(digest, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    ts_sha256(TS_STR_NULL, digest);
    hex_is(digest, 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    memset(aa, 0x0b, 20);
    ts_hmac_sha256(ts_str_n(aa, 20), TS_STR_LIT("Hi There"), digest);
    hex_is(digest, 32, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    ts_hmac_sha256(TS_STR_LIT("Jefe"), TS_STR_LIT("what do ya want for nothing?"), digest);
    hex_is(digest, 32, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(aa, 0xaa, sizeof(aa));
    ts_hmac_sha256(ts_str_n(aa, sizeof(aa)),
                   TS_STR_LIT("Test Using Larger Than Block-Size Key - Hash Key First"), digest);
    hex_is(digest, 32, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

Test(hash, of_parts_knows_where_a_part_ends)
{
    ts_str ab_c[] = { TS_STR_LIT("ab"), TS_STR_LIT("c") };
    ts_str a_bc[] = { TS_STR_LIT("a"), TS_STR_LIT("bc") };

    hex_is(ts_hash_parts(ab_c, 2).bytes, 16, "601d5476e2ccfe2c87a2bba7a3226597");
    hex_is(ts_hash_parts(a_bc, 2).bytes, 16, "3fafa1cf2f19a7c1129beb20cf0983f7");
}

Test(hash, of_memory_depends_on_each_byte_and_the_length)
{
    char text[24] = { 0 };

    for (size_t n = 0; n <= sizeof(text); n++) {
        uint64_t before = ts_hash_mem(text, n);

        cr_assert_eq(ts_hash_mem(text, n), before);
        if (n < sizeof(text))
            cr_assert_neq(ts_hash_mem(text, n + 1), before);
        for (size_t i = 0; i < n; i++) {
            text[i] = 1;
            cr_assert_neq(ts_hash_mem(text, n), before);
            text[i] = 0;
        }
    }
}

Test(random, bytes_differ_and_base62_stays_in_its_alphabet)
{
    uint8_t a[1000] = { 0 };
    uint8_t b[1000] = { 0 };
    char text[1001];

    cr_assert_eq(ts_random(a, sizeof(a)), TS_OK);
    cr_assert_eq(ts_random(b, sizeof(b)), TS_OK);
    cr_assert_neq(memcmp(a, b, sizeof(a)), 0);
    cr_assert_eq(ts_random_base62(text, 1000), TS_OK);
    cr_assert_eq(strspn(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
                 1000);
    cr_assert_eq(text[1000], '\0');
    /* Each digit is there: one of 62 is missing from 1000 with a probability of 5e-6. */
    cr_assert_not_null(strchr(text, '0'));
    cr_assert_not_null(strchr(text, 'z'));
    cr_assert_eq(ts_random_base62(text, 0), TS_OK);
    cr_assert_str_eq(text, "");
}

Test(base62, of_a_number_is_padded_or_cut_on_the_left)
{
    char text[12];

    memset(text, '!', sizeof(text));
    ts_base62_u64(61, text, 3);
    cr_assert_arr_eq(text, "00z!", 4);
    ts_base62_u64(62, text, 3);
    cr_assert_arr_eq(text, "010!", 4);
    ts_base62_u64(62, text, 1);
    cr_assert_arr_eq(text, "010!", 4);
    ts_base62_u64(UINT64_MAX, text, 11);
    cr_assert_arr_eq(text, "LygHa16AHYF!", 12);
}

Test(base62, is_read_back_or_refused)
{
    uint64_t n = 7;

    cr_assert_eq(ts_base62_read(TS_STR_LIT("010"), &n), TS_OK);
    cr_assert_eq(n, 62);
    cr_assert_eq(ts_base62_read(TS_STR_LIT("LygHa16AHYF"), &n), TS_OK);
    cr_assert_eq(n, UINT64_MAX);
    cr_assert_eq(ts_base62_read(TS_STR_LIT("LygHa16AHYG"), &n), TS_INVALID);
    cr_assert_eq(ts_base62_read(TS_STR_LIT("1-2"), &n), TS_INVALID);
    cr_assert_eq(ts_base62_read(ts_str_n("1\0002", 3), &n), TS_INVALID);
    cr_assert_eq(n, UINT64_MAX, "untouched on failure");
}

Test(hex, is_lower_case)
{
    char text[9];

    ts_hex("\x00\x9F\xAB\xFF", 4, text);
    cr_assert_str_eq(text, "009fabff");
    ts_hex("", 0, text);
    cr_assert_str_eq(text, "");
}

/* RFC 4648, section 10, and the two signs beyond letters and digits. */
Test(base64, encodes_and_decodes_the_published_vectors)
{
    static const struct {
        ts_str bytes;
        const char *text;
    } cases[] = {
        { { "", 0 }, "" },
        { { "f", 1 }, "Zg==" },
        { { "fo", 2 }, "Zm8=" },
        { { "foo", 3 }, "Zm9v" },
        { { "foob", 4 }, "Zm9vYg==" },
        { { "fooba", 5 }, "Zm9vYmE=" },
        { { "foobar", 6 }, "Zm9vYmFy" },
        { { "\xFB\xFF\xFE", 3 }, "+//+" },
        { { "\0\0", 2 }, "AAA=" },
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        char text[16];
        uint8_t bytes[16];
        size_t n = 99;

        ts_base64(cases[i].bytes.p, cases[i].bytes.n, text);
        cr_assert_str_eq(text, cases[i].text);
        cr_assert_eq(ts_base64_decode(ts_str_of(text), bytes, &n), TS_OK);
        cr_assert_eq(n, cases[i].bytes.n);
        cr_assert_eq(memcmp(bytes, cases[i].bytes.p, n), 0);
    }
}

Test(base64, decodes_strictly)
{
    static const char *const cases[] = {
        "Z",    "Zg",       "Zg=",  "Zg===", "=",    "====", "Zh==",     "Zm9=",     "Zm9v\n",
        "Zm 9", "Zg==Zg==", "Zm=v", "Z===",  "Zm9-", "Zm9_", "Zm9v====", "Zm9vYg=a",
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        uint8_t bytes[16];
        size_t n = 99;

        cr_assert_eq(ts_base64_decode(ts_str_of(cases[i]), bytes, &n), TS_INVALID, "%s", cases[i]);
        cr_assert_eq(n, 99);
    }
}
