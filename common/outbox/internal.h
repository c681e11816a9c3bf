/* What the files of common/outbox share; nobody else includes it. */
#ifndef TS_OUTBOX_INTERNAL_H
#define TS_OUTBOX_INTERNAL_H

#include "ts/outbox.h"

/* A row that goes out although its organization is erased. */
void ts_outbox_add_unclaimed(ts_batch *b, unsigned stream, ts_tenant tenant, const char *kind,
                             int64_t at_ms, const ProtobufCMessage *payload);

/* What stands in the place of a row whose organization is erased: it keeps the numbers dense and has no effect. */
#define OUTBOX_KIND_NOTHING "nothing"

/* Empties the organization's rows that wait in any stream but `keep`. */
TS_CHECK ts_status ts_outbox_forget(ts_store *store, uint64_t org, unsigned keep, ts_arena *arena);

#endif
