/* A store service's part in a backup of the whole suite: one cut across all stores while writes go on.
 *
 *   pause       no relay hands rows over any more; asked again until the answer is quiet
 *   checkpoint  once all services are quiet: each copies its store
 *   resume      each must say that its pause was held: then no row was on its way while any store was copied, so that what a
 *               copy has sent, another has taken in, once
 *
 * The pause ends by itself: whoever asked for it may die. Thread-safe.
 */
#ifndef TS_BACKUP_H
#define TS_BACKUP_H

#include "proto/envelope.pb-c.h"
#include "ts/rpc.h"
#include "ts/store.h"

#define TS_BACKUP_LEASE_MIN_MS 1000
#define TS_BACKUP_LEASE_MAX_MS 600000

/* The whole of a service's backup method (BackupRequest, BackupReply of envelope.proto). TS_INVALID or TS_CONFLICT with
 * words; TS_UNAVAILABLE if the copy cannot be written. */
TS_CHECK ts_status ts_backup_step(ts_store *store, ts_call *call, const ProtobufCMessage *in,
                                  ProtobufCMessage *out);

#endif
