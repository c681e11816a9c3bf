#include "api/key.h"

#include <zlib.h>

#include "ts/id.h"

#define CHECK_DIGITS 6

bool api_key_form_valid(ts_str key)
{
    size_t signed_size = API_KEY_LENGTH - CHECK_DIGITS;
    char digits[CHECK_DIGITS];
    uLong crc;

    if (key.n != API_KEY_LENGTH || (!ts_str_starts(key, TS_STR_LIT("tsk_live_")) &&
                                    !ts_str_starts(key, TS_STR_LIT("tsk_test_"))))
        return false;
    for (size_t i = 9; i < key.n; i++) {
        char c = key.p[i];

        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')))
            return false;
    }
    crc = crc32(0, (const Bytef *)key.p, (uInt)signed_size);
    ts_base62_u64(crc, digits, CHECK_DIGITS);
    return ts_equal_ct(digits, key.p + signed_size, CHECK_DIGITS);
}
