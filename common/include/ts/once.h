/* A changing call that comes again within 24 hours changes nothing and gets the answer of the first.
 *
 * Which calls are the same: those of one actor to one method in one organization and mode with the same Idempotency-Key;
 * without a key, those with the same call id (the bus repeated it). An Idempotency-Key that comes with another request is
 * refused. The remembered answer is in the batch of the change: both are there or neither.
 *
 *   lock what the call changes
 *   st = ts_once_find(store, MY_ONCE, call, in, out, &found);
 *   if (st != TS_OK || found) unlock, and answer after ts_store_sync_all(): the first may not be on disk yet
 *   ... change; fill `out` ...
 *   ts_once_keep(batch, store, MY_ONCE, call, in, out without secrets);
 *
 * Keys of the family: T scope(16) -> at_ms(8) request(16) answer; and, under the organization number of all ones, which is
 * never given out: at_ms(8) T scope(16) -> empty, by which old rows are found. Each answer that is kept drops a few old ones.
 */
#ifndef TS_ONCE_H
#define TS_ONCE_H

#include "ts/rpc.h"
#include "ts/store.h"

#define TS_ONCE_KEEP_MS (INT64_C(24) * 60 * 60 * 1000)

/* *ret_found: `out` (a message of the method's reply type, initialised) holds the answer given before, and call->replayed is
 * set. TS_CONFLICT with words: the Idempotency-Key came with another request. Under the caller's lock. */
TS_CHECK ts_status ts_once_find(ts_store *s, unsigned family, ts_call *call,
                                const ProtobufCMessage *in, ProtobufCMessage *out, bool *ret_found);
/* Puts the answer into the batch. Nothing secret may be in it. TS_NOMEM; TS_UNAVAILABLE if reading fails. */
TS_CHECK ts_status ts_once_keep(ts_batch *b, ts_store *s, unsigned family, const ts_call *call,
                                const ProtobufCMessage *in, const ProtobufCMessage *out);

#endif
