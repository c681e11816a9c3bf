/* The frame of every call that changes something: one at a time, answered once, in one write batch, told to Authorize's memory
 * in the same moment, on disk before it is answered. */
#ifndef AUTH_CHANGE_H
#define AUTH_CHANGE_H

#include "auth.h"

typedef struct auth_change {
    auth *app;
    ts_call *call;
    ts_batch *batch; /* what is put here is written at the end; left empty: nothing has changed */
    /* Set by the change: what Authorize may have in memory and must see anew. */
    const Ts__Auth__ApiKey *key;
    const Ts__Auth__Organization *org;
    /* The answer as a repeat gets it, without secrets; NULL: the answer itself. */
    const ProtobufCMessage *kept;
} auth_change;

/* Fills `out` and the batch; under the lock. */
typedef ts_status auth_change_func(auth_change *c, const ProtobufCMessage *in,
                                   ProtobufCMessage *out);

/* TS_CONFLICT: the Idempotency-Key came with another request. Else what `change` returns. */
TS_CHECK ts_status auth_change_run(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out,
                                   auth_change_func *change);

/* What the call did, into the log of its organization (mode: whose data it is about). */
TS_CHECK ts_status auth_change_log(auth_change *c, ts_tenant tenant, const char *action,
                                   const char *object, ts_str details);

/* Writes a batch and tells the cache in one moment. `admin` is held. */
TS_CHECK ts_status auth_change_write(auth *app, ts_batch *b, const Ts__Auth__ApiKey *key,
                                     const Ts__Auth__Organization *org, uint64_t *ret_ticket);

#endif
