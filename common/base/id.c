/* Ids, hashes, random bytes, and the text forms of bytes. */
/* The low-level SHA-256 of OpenSSL, deprecated but whole: unlike EVP it neither allocates nor
 * fetches a provider under a lock, so it cannot fail, and our contracts need no status. HMAC stands
 * on it for the same reason. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "ts/id.h"

#include <errno.h>
#include <openssl/sha.h>
#include <sys/random.h>

#define HMAC_BLOCK 64
/* 62^22 > 2^128 > 62^21. */
#define ID_DIGITS 22
/* The largest multiple of 62 that a byte can count: bytes from here on would bias the digit. */
#define BASE62_FAIR 248

static const char base62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#define PUBLIC_POOL ((size_t)512)

ts_status ts_random(void *ret, size_t n)
{
    uint8_t *bytes = ret;
    size_t done = 0;

    while (done < n) {
        ssize_t got = getrandom(bytes + done, n - done, 0);

        if (got < 0 && errno != EINTR)
            return TS_INTERNAL;
        if (got > 0)
            done += (size_t)got;
    }
    return TS_OK;
}

ts_status ts_random_public(void *ret, size_t n)
{
    static _Thread_local uint8_t pool[PUBLIC_POOL];
    static _Thread_local size_t left;
    ts_status st;

    if (n > PUBLIC_POOL / 4)
        return ts_random(ret, n);
    if (n > left) {
        left = 0;
        st = ts_random(pool, sizeof(pool));
        if (st != TS_OK)
            return st;
        left = sizeof(pool);
    }
    left -= n;
    memcpy(ret, pool + left, n);
    return TS_OK;
}

void ts_sha256(ts_str data, uint8_t ret[32])
{
    SHA256_CTX ctx;

    SHA256_Init(&ctx);
    SHA256_Update(&ctx, data.p, data.n);
    SHA256_Final(ret, &ctx);
}

/* RFC 2104. */
void ts_hmac_sha256(ts_str key, ts_str data, uint8_t ret[32])
{
    uint8_t block[HMAC_BLOCK] = { 0 };
    uint8_t inner[32];
    SHA256_CTX ctx;

    if (key.n > sizeof(block))
        ts_sha256(key, block);
    else if (key.n > 0)
        memcpy(block, key.p, key.n);

    for (size_t i = 0; i < sizeof(block); i++)
        block[i] ^= 0x36;
    SHA256_Init(&ctx);
    SHA256_Update(&ctx, block, sizeof(block));
    SHA256_Update(&ctx, data.p, data.n);
    SHA256_Final(inner, &ctx);

    for (size_t i = 0; i < sizeof(block); i++)
        block[i] ^= 0x36 ^ 0x5c;
    SHA256_Init(&ctx);
    SHA256_Update(&ctx, block, sizeof(block));
    SHA256_Update(&ctx, inner, sizeof(inner));
    SHA256_Final(ret, &ctx);

    ts_wipe(block, sizeof(block));
    ts_wipe(inner, sizeof(inner));
    ts_wipe(&ctx, sizeof(ctx));
}

ts_hash128 ts_hash_parts(const ts_str *parts, size_t count)
{
    uint8_t digest[32];
    ts_hash128 hash;
    SHA256_CTX ctx;

    SHA256_Init(&ctx);
    for (size_t i = 0; i < count; i++) {
        uint8_t length[8];

        for (size_t j = 0; j < sizeof(length); j++)
            length[j] = (uint8_t)((uint64_t)parts[i].n >> (56 - 8 * j));
        SHA256_Update(&ctx, length, sizeof(length));
        SHA256_Update(&ctx, parts[i].p, parts[i].n);
    }
    SHA256_Final(digest, &ctx);
    memcpy(hash.bytes, digest, sizeof(hash.bytes));
    return hash;
}

/* Spreads every bit of `x` over the word: two rounds of xor-shift and multiplication by odd
 * constants. */
static uint64_t mix(uint64_t x)
{
    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    x ^= x >> 32;
    return x;
}

uint64_t ts_hash_mem(const void *p, size_t n)
{
    const uint8_t *bytes = p;
    uint64_t hash = mix(n + UINT64_C(0x9e3779b97f4a7c15));
    uint64_t word;

    while (n >= sizeof(word)) {
        memcpy(&word, bytes, sizeof(word));
        hash = mix(hash ^ word);
        bytes += sizeof(word);
        n -= sizeof(word);
    }
    word = 0;
    if (n > 0)
        memcpy(&word, bytes, n);
    return mix(hash ^ word);
}

void ts_id_format(const char *prefix, ts_hash128 id, char ret[TS_ID_SIZE])
{
    size_t n = strlen(prefix);
    uint32_t limbs[4];

    /* Prefixes are our own short literals; a longer one is cut rather than written past the end. */
    if (n > TS_ID_SIZE - 1 - ID_DIGITS)
        n = TS_ID_SIZE - 1 - ID_DIGITS;
    memcpy(ret, prefix, n);
    for (size_t i = 0; i < 4; i++) {
        const uint8_t *b = id.bytes + 4 * i;

        limbs[i] = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    }
    for (size_t digit = ID_DIGITS; digit > 0; digit--) {
        uint64_t rest = 0;

        for (size_t i = 0; i < 4; i++) {
            uint64_t value = rest << 32 | limbs[i];

            limbs[i] = (uint32_t)(value / 62);
            rest = value % 62;
        }
        ret[n + digit - 1] = base62[rest];
    }
    ret[n + ID_DIGITS] = '\0';
}

/* 0..61, or -1. */
static int base62_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'Z')
        return c - 'A' + 10;
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 36;
    return -1;
}

ts_status ts_id_parse(const char *prefix, ts_str text, ts_hash128 *ret)
{
    size_t n = strlen(prefix);
    uint32_t limbs[4] = { 0 };

    if (text.n != n + ID_DIGITS || memcmp(text.p, prefix, n) != 0)
        return TS_INVALID;
    for (size_t at = n; at < text.n; at++) {
        int digit = base62_digit(text.p[at]);
        uint64_t carry;

        if (digit < 0)
            return TS_INVALID;
        carry = (uint64_t)digit;
        for (size_t i = 4; i > 0; i--) {
            uint64_t value = (uint64_t)limbs[i - 1] * 62 + carry;

            limbs[i - 1] = (uint32_t)value;
            carry = value >> 32;
        }
        if (carry != 0)
            return TS_INVALID;
    }
    for (size_t i = 0; i < sizeof(ret->bytes); i++)
        ret->bytes[i] = (uint8_t)(limbs[i / 4] >> (24 - 8 * (i % 4)));
    return TS_OK;
}

ts_status ts_random_base62(char *ret, size_t n)
{
    uint8_t bytes[64];
    size_t done = 0;

    while (done < n) {
        ts_status st = ts_random(bytes, sizeof(bytes));

        if (st != TS_OK)
            return st;
        for (size_t i = 0; i < sizeof(bytes) && done < n; i++) {
            if (bytes[i] < BASE62_FAIR)
                ret[done++] = base62[bytes[i] % 62];
        }
    }
    ret[n] = '\0';
    /* Keys are made of these bytes. */
    ts_wipe(bytes, sizeof(bytes));
    return TS_OK;
}

void ts_base62_u64(uint64_t value, char *ret, size_t n)
{
    for (size_t i = n; i > 0; i--) {
        ret[i - 1] = base62[value % 62];
        value /= 62;
    }
}

ts_status ts_base62_read(ts_str text, uint64_t *ret)
{
    uint64_t value = 0;

    for (size_t i = 0; i < text.n; i++) {
        const char *digit = text.p[i] == '\0' ? NULL : strchr(base62, text.p[i]);
        uint64_t rest = digit == NULL ? 0 : (uint64_t)(digit - base62);

        if (digit == NULL || value > (UINT64_MAX - rest) / 62)
            return TS_INVALID;
        value = value * 62 + rest;
    }
    *ret = value;
    return TS_OK;
}

void ts_hex(const void *bytes, size_t n, char *ret)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *b = bytes;

    for (size_t i = 0; i < n; i++) {
        ret[2 * i] = digits[b[i] >> 4];
        ret[2 * i + 1] = digits[b[i] & 15];
    }
    ret[2 * n] = '\0';
}

void ts_base64(const void *bytes, size_t n, char *ret)
{
    const uint8_t *b = bytes;
    char *p = ret;

    for (size_t i = 0; i < n; i += 3) {
        uint32_t group = (uint32_t)b[i] << 16;

        if (i + 1 < n)
            group |= (uint32_t)b[i + 1] << 8;
        if (i + 2 < n)
            group |= b[i + 2];
        *p++ = base64[group >> 18];
        *p++ = base64[group >> 12 & 63];
        *p++ = i + 1 < n ? base64[group >> 6 & 63] : '=';
        *p++ = i + 2 < n ? base64[group & 63] : '=';
    }
    *p = '\0';
}

/* 0..63, or -1. */
static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

ts_status ts_base64_decode(ts_str text, uint8_t *ret, size_t *ret_n)
{
    size_t pad = 0;
    size_t n = 0;

    if (text.n % 4 != 0)
        return TS_INVALID;
    while (pad < 2 && pad < text.n && text.p[text.n - 1 - pad] == '=')
        pad++;
    for (size_t i = 0; i < text.n; i += 4) {
        size_t missing = i + 4 == text.n ? pad : 0;
        uint32_t group = 0;

        for (size_t j = 0; j < 4; j++) {
            int digit = j < 4 - missing ? base64_digit(text.p[i + j]) : 0;

            if (digit < 0)
                return TS_INVALID;
            group = group << 6 | (uint32_t)digit;
        }
        /* One text per value: the bits that the padding leaves over must be zero (RFC 4648, 3.5).
         */
        if ((missing == 1 && (group & 0xFF) != 0) || (missing == 2 && (group & 0xFFFF) != 0))
            return TS_INVALID;
        ret[n++] = (uint8_t)(group >> 16);
        if (missing < 2)
            ret[n++] = (uint8_t)(group >> 8);
        if (missing < 1)
            ret[n++] = (uint8_t)group;
    }
    *ret_n = n;
    return TS_OK;
}
