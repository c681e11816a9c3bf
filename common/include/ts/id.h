/* Ids, hashes, random bytes, base62, hex, base64. Thread-safe. */
#ifndef TS_ID_H
#define TS_ID_H

#include "ts/base.h"

typedef struct ts_hash128 {
    uint8_t bytes[16];
} ts_hash128;

/* Bytes from the system's CSPRNG (getrandom). TS_INTERNAL if it fails. */
TS_CHECK ts_status ts_random(void *ret, size_t n);
/* The same for what is no secret (ids of calls, requests, traces), without a system call for each: the thread keeps some. */
TS_CHECK ts_status ts_random_public(void *ret, size_t n);

void ts_sha256(ts_str data, uint8_t ret[32]);
void ts_hmac_sha256(ts_str key, ts_str data, uint8_t ret[32]);
/* The first 16 bytes of SHA-256 over length-prefixed parts, so that ("ab","c") differs from
 * ("a","bc"). */
ts_hash128 ts_hash_parts(const ts_str *parts, size_t count);
/* A fast hash without a key, for tables in memory (not stable over versions, not for attackers' keys on
 * disk). */
uint64_t ts_hash_mem(const void *p, size_t n);

#define TS_ID_SIZE 40
/* prefix + base62 of the 128 bits (22 characters), NUL-terminated: "inc_" -> "inc_0abc...". */
void ts_id_format(const char *prefix, ts_hash128 id, char ret[TS_ID_SIZE]);
/* The reverse. TS_INVALID if the prefix or a character is wrong or the number too large. */
TS_CHECK ts_status ts_id_parse(const char *prefix, ts_str text, ts_hash128 *ret);

/* `n` random base62 characters (no modulo bias) and a NUL. */
TS_CHECK ts_status ts_random_base62(char *ret, size_t n);
/* value in exactly `n` base62 digits (0-9A-Za-z), most significant first, no NUL; upper digits are
 * cut. */
void ts_base62_u64(uint64_t value, char *ret, size_t n);

/* The reverse, of any number of digits. TS_INVALID if a character is none, or the number too large. */
TS_CHECK ts_status ts_base62_read(ts_str text, uint64_t *ret);

/* ret holds 2*n+1. */
void ts_hex(const void *bytes, size_t n, char *ret);
/* ret holds 4*((n+2)/3)+1. */
void ts_base64(const void *bytes, size_t n, char *ret);
/* Strict. *ret_n <= 3*(text.n/4). TS_INVALID otherwise. */
TS_CHECK ts_status ts_base64_decode(ts_str text, uint8_t *ret, size_t *ret_n);

#endif
