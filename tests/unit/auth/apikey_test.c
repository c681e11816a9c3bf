/* The form of a key. The checksums here were computed by another program. */
#include <criterion/criterion.h>

#include "ts/apikey.h"

Test(apikey, known_keys_are_well_formed)
{
    cr_assert(ts_api_key_form_valid(TS_STR_LIT("tsk_live_abcdefghijklmnopqrstuvwxyz3WGhlg")));
    cr_assert(ts_api_key_form_valid(TS_STR_LIT("tsk_test_000000000000000000000000000f9wMY")));
}

Test(apikey, one_wrong_character_anywhere_is_noticed)
{
    char key[] = "tsk_live_abcdefghijklmnopqrstuvwxyz3WGhlg";

    for (size_t i = 0; i < TS_API_KEY_LENGTH; i++) {
        char right = key[i];

        key[i] = right == 'x' ? 'y' : 'x';
        cr_assert_not(ts_api_key_form_valid(ts_str_of(key)), "%s", key);
        key[i] = right;
    }
    cr_assert(ts_api_key_form_valid(ts_str_of(key)));
}

Test(apikey, two_swapped_characters_are_noticed)
{
    cr_assert_not(ts_api_key_form_valid(TS_STR_LIT("tsk_live_bacdefghijklmnopqrstuvwxyz3WGhlg")));
}

Test(apikey, the_mode_is_part_of_the_checksum)
{
    cr_assert_not(ts_api_key_form_valid(TS_STR_LIT("tsk_test_abcdefghijklmnopqrstuvwxyz3WGhlg")));
}

Test(apikey, length_and_alphabet_are_kept)
{
    cr_assert_not(ts_api_key_form_valid(TS_STR_NULL));
    cr_assert_not(ts_api_key_form_valid(TS_STR_LIT("tsk_live_")));
    cr_assert_not(ts_api_key_form_valid(TS_STR_LIT("tsk_live_abcdefghijklmnopqrstuvwxyz3WGhl")));
    cr_assert_not(ts_api_key_form_valid(TS_STR_LIT("tsk_live_abcdefghijklmnopqrstuvwxyz3WGhlgg")));
    cr_assert_not(ts_api_key_form_valid(TS_STR_LIT("tsk_live_abcdefghijklm-opqrstuvwxyz3WGhlg")));
    cr_assert_not(ts_api_key_form_valid(TS_STR_LIT("tsk_live_abcdefghijklm\0opqrstuvwxyz3WGhlg")));
}

Test(apikey, made_keys_are_well_formed_and_differ)
{
    char first[TS_API_KEY_LENGTH + 1];
    char second[TS_API_KEY_LENGTH + 1];

    cr_assert_eq(ts_api_key_make(TS_MODE_LIVE, first), TS_OK);
    cr_assert_eq(ts_api_key_make(TS_MODE_LIVE, second), TS_OK);
    cr_assert_eq(strlen(first), TS_API_KEY_LENGTH);
    cr_assert(ts_api_key_form_valid(ts_str_of(first)));
    cr_assert(ts_str_starts(ts_str_of(first), TS_STR_LIT("tsk_live_")));
    cr_assert_str_neq(first, second);
    cr_assert_eq(ts_api_key_make(TS_MODE_TEST, first), TS_OK);
    cr_assert(ts_str_starts(ts_str_of(first), TS_STR_LIT("tsk_test_")));
    cr_assert(ts_api_key_form_valid(ts_str_of(first)));
}
