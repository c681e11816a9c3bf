#include "search/postings.h"

ts_status postings_read(ts_str row, uint64_t bits[POSTINGS_WORDS])
{
    if (row.n % 2 != 0 || row.n > POSTINGS_BYTES_MAX)
        return TS_CORRUPT;
    for (size_t i = 0; i < row.n; i += 2) {
        uint32_t place = (uint32_t)(uint8_t)row.p[i] << 8 | (uint8_t)row.p[i + 1];

        if (place >= POSTINGS_BLOCK)
            return TS_CORRUPT;
        bits[place >> 6] |= UINT64_C(1) << (place & 63);
    }
    return TS_OK;
}

size_t postings_write(const postings *p, uint8_t *ret)
{
    size_t n = 0;

    for (uint32_t word = 0; word < POSTINGS_WORDS; word++) {
        for (uint64_t left = p->bits[word]; left != 0; left &= left - 1) {
            uint32_t place = word * 64 + (uint32_t)__builtin_ctzll(left);

            ret[n++] = (uint8_t)(place >> 8);
            ret[n++] = (uint8_t)place;
        }
    }
    return n;
}
