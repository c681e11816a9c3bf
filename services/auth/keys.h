/* Keys of auth's store. T is the tenant: organization (8), mode (1).
 *
 *   family      key                value
 *   orgs        number(8)          Organization       global
 *   org_ids     id 0               number(8)          global
 *   keys        T key id 0         ApiKey
 *   key_hashes  sha256(32)         T key id 0         global: finds the row above
 *   rates       T key id 0         minute(8) reserved(8)
 *   used        T key id 0         last use, ms (8)
 *   numbers     name               the last number given out (8)
 */
#ifndef AUTH_KEYS_H
#define AUTH_KEYS_H

#include "ts/buf.h"
#include "ts/store.h"

enum auth_family {
    AUTH_ORGS,
    AUTH_ORG_IDS,
    AUTH_KEYS,
    AUTH_KEY_HASHES,
    AUTH_RATES,
    AUTH_USED,
    AUTH_NUMBERS
};
extern const ts_family auth_families[];

#define AUTH_ROW_KEY_MAX 64

/* T and the key's id: the row key of three families. */
void auth_row_key(ts_buf *b, ts_tenant tenant, const char *key_id);
/* Numbers of 8 bytes in a value. */
uint64_t auth_read_u64(ts_str value, size_t at);

#endif
