/* The chain of the audit log: each entry holds the hash of the one before. Pure.
 *
 * A hash covers the whole row as it is packed, without the hash itself: number, whose log, what happened, when it was chained,
 * and the hash before. Who changes, removes, swaps or inserts a row breaks the chain at that place, unless they compute all
 * later rows anew; against that helps only a head that was kept elsewhere.
 */
#ifndef AUTH_CHAIN_H
#define AUTH_CHAIN_H

#include "proto/methods.h"

#define AUTH_HASH_SIZE 32

/* Hash of a row. TS_NOMEM. Borrows the row's hash field for the time of the call. */
TS_CHECK ts_status auth_chain_hash(Ts__Auth__AuditRow *row, uint8_t ret[AUTH_HASH_SIZE]);

/* NULL if the row is entry `number` of organization `org`'s log and follows the entry with hash `previous`; else what is wrong,
 * in words. */
const char *auth_chain_fault(Ts__Auth__AuditRow *row, uint64_t org, uint64_t number,
                             const uint8_t previous[AUTH_HASH_SIZE]);

#endif
