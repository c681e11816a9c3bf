#include "ts/apikey.h"

#include <zlib.h>

#include "ts/id.h"

#define PREFIX_SIZE  9
#define CHECK_DIGITS 6
#define RANDOM_SIZE  (TS_API_KEY_LENGTH - PREFIX_SIZE - CHECK_DIGITS)

static void checksum(const char *key, char ret[CHECK_DIGITS])
{
    uLong crc = crc32(0, (const Bytef *)key, TS_API_KEY_LENGTH - CHECK_DIGITS);

    ts_base62_u64(crc, ret, CHECK_DIGITS);
}

ts_status ts_api_key_make(ts_mode mode, char ret[TS_API_KEY_LENGTH + 1])
{
    char random[RANDOM_SIZE + 1];
    ts_status st = ts_random_base62(random, RANDOM_SIZE);

    if (st != TS_OK)
        return st;
    memcpy(ret, mode == TS_MODE_TEST ? "tsk_test_" : "tsk_live_", PREFIX_SIZE);
    memcpy(ret + PREFIX_SIZE, random, RANDOM_SIZE);
    checksum(ret, ret + PREFIX_SIZE + RANDOM_SIZE);
    ret[TS_API_KEY_LENGTH] = '\0';
    ts_wipe(random, sizeof(random));
    return TS_OK;
}

bool ts_api_key_form_valid(ts_str key)
{
    char digits[CHECK_DIGITS];

    if (key.n != TS_API_KEY_LENGTH || (!ts_str_starts(key, TS_STR_LIT("tsk_live_")) &&
                                       !ts_str_starts(key, TS_STR_LIT("tsk_test_"))))
        return false;
    for (size_t i = PREFIX_SIZE; i < key.n; i++) {
        char c = key.p[i];

        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')))
            return false;
    }
    checksum(key.p, digits);
    return ts_equal_ct(digits, key.p + TS_API_KEY_LENGTH - CHECK_DIGITS, CHECK_DIGITS);
}
