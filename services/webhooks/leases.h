/* Which deliveries a dispatcher has. In memory a small struct for each; on disk one row for all that was given out in one
 * answer, written when they are given and deleted when the last of them has ended.
 *
 * A delivery that is leased keeps its row in the due index, so that giving it out changes nothing else on disk: after a start a
 * lease counts if its due row still stands. All of it under the ledger's lock.
 */
#ifndef WEBHOOKS_LEASES_H
#define WEBHOOKS_LEASES_H

#include "ready.h"
#include "ts/store.h"

#define LEASE_TOKEN_SIZE 16
#define LEASES_OF_ROW    256 /* leases of a group, at most */

typedef struct lease_group lease_group;

typedef struct lease_held {
    ready_endpoint *endpoint;
    ts_hash128 event;
    int64_t due_ms; /* key of its row in the due index */
    uint8_t token[LEASE_TOKEN_SIZE];
    /* what its rows say, known without reading them */
    bool is_first; /* no attempt was made, ever */
    bool is_sole;  /* the only delivery of its event, whose state follows from it */
    bool is_bare;  /* see keys.h */
    uint32_t type; /* of the event, like created_ms; only if it is sole */
    int64_t created_ms;
    lease_group *group;
    struct lease_held *next_of_slot;
    struct lease_held *next, *previous; /* of its group */
} lease_held;

/* What ends at the same time. */
struct lease_group {
    int64_t until_ms;
    uint64_t number; /* tells groups of one moment apart */
    lease_held *first;
    size_t count;
    lease_group *next, *previous;
};

typedef struct leases {
    lease_held **slots; /* by event; a power of two */
    size_t size;
    size_t count;
    lease_group *first, *last; /* who ends first comes first */
    uint64_t number;           /* of the last group */
} leases;

void leases_done(leases *l);
/* A group without leases yet; its end is not before that of others. NULL: out of memory. */
lease_group *leases_open(leases *l, int64_t until_ms);
/* Gives up a group that has no leases. */
void leases_drop(leases *l, lease_group *group);
TS_CHECK ts_status leases_add(leases *l, lease_group *group, ready_endpoint *e, ts_hash128 event,
                              int64_t due_ms, const uint8_t token[LEASE_TOKEN_SIZE],
                              lease_held **ret);
/* NULL: nobody has it. */
lease_held *leases_find(const leases *l, const ready_endpoint *e, ts_hash128 event);
/* The lease is over; so is the row of its group, if it was the last. */
void leases_end(leases *l, ts_store *s, ts_batch *batch, lease_held *ended);
/* The row of a group. */
void leases_put(ts_store *s, ts_batch *batch, const lease_group *group);

#endif
