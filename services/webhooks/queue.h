/* The due index: what an endpoint is owed now or later. All of it under the ledger's lock.
 *
 * A delivery that is leased keeps its row (leases.h); whoever reads the index passes over it. The key of a row is when the delivery is due, except for an ordered endpoint: there it is its position, which only grows
 * and which a delivery keeps over its retries, so that the first row is the one that all others wait for.
 */
#ifndef WEBHOOKS_QUEUE_H
#define WEBHOOKS_QUEUE_H

#include "ledger.h"

/* The delivery is due at `due_ms`; its own row is the caller's to put. Moves the endpoint to its place, which holds once the
 * batch is written: who leases sees the row or nothing due. */
void queue_put(ledger *l, ts_batch *batch, ready_endpoint *e, ts_hash128 event,
               Ts__Webhooks__StoredDelivery *d, int64_t due_ms);
/* Takes it off its row in the due index and ends its lease. True: it was leased. */
bool queue_take_off(ledger *l, ts_batch *batch, ready_endpoint *e, ts_hash128 event,
                    Ts__Webhooks__StoredDelivery *d);
/* A lease of something that is over, gone or unreadable: ends it, with the due row that led to it. */
void queue_drop(ledger *l, ts_batch *batch, lease_held *held);
/* Something is due at `due_ms`, under a key of at least `key_ms`. */
void queue_due(ledger *l, ready_endpoint *e, int64_t key_ms, int64_t due_ms);

/* Rows known in memory. A queue that is shorter is known whole and never read; of a longer one so many are read at a time, and
 * kept while nothing before the last of them changes. */
#define QUEUE_AHEAD 32

typedef struct queue_row {
    int64_t key_ms;
    ts_hash128 event;
    due_facts facts;
} queue_row;

typedef struct queue_head {
    queue_row row;
    int64_t
        next_ms; /* key of the row behind it, or of one before that; READY_NEVER: there is none */
} queue_head;
/* First row of the endpoint that nobody has. TS_NOT_FOUND. All that was written of it must be in the store, unless
 * queue_is_ahead(). */
TS_CHECK ts_status queue_first(ledger *l, ready_endpoint *e, queue_head *ret);
bool queue_is_ahead(const ready_endpoint *e);
/* The first row is leased, or its deletion is in a batch. */
void queue_pop(ready_endpoint *e);
/* What is known in memory is read again. */
void queue_forget_ahead(ready_endpoint *e);
/* At start: where the queue begins; waits that reach further than any step are cut to it, since the clock that wrote them
 * was wrong. */
TS_CHECK ts_status queue_begin(ledger *l, ready_endpoint *e);

/* After a change of is_ordered: the keys mean something else now. */
TS_CHECK ts_status queue_reorder(ledger *l, ready_endpoint *e);

#endif
