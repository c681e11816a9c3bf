/* The ledger: who is owed which event, and what became of each attempt. Owns the queue; dispatchers only hold leases.
 *
 *   pending, due --lease--> pending, leased --result 2xx--> delivered
 *        ^                        |---------result else--> due after the schedule's next wait, or failed
 *        |------------------------|---------expiry or return: due at once, the attempt does not count
 *
 * Each arrow is one write batch. Leases are not synced: one that is lost with the machine only means that the delivery is due
 * again, which is what at-least-once allows. Results are synced before they are acknowledged.
 *
 * One mutex guards the queue in memory and every read-modify-write of deliveries; functions marked "locked" want it held.
 */
#ifndef WEBHOOKS_LEDGER_H
#define WEBHOOKS_LEDGER_H

#include <pthread.h>

#include "clock.h"
#include "ready.h"
#include "rows.h"
#include "schedule.h"
#include "ts/metrics.h"

/* Destinations of the outbox: events end here. */
typedef enum webhooks_stream { WEBHOOKS_TO_AUTH } webhooks_stream;

#define LEDGER_DATA_MAX     (256u << 10) /* bytes of an event's data */
#define LEDGER_RESPONSE_MAX 1024         /* bytes of an answer that are kept */
#define LEDGER_ATTEMPTS_MAX 64           /* attempts of a delivery that are kept, the newest ones */

typedef struct ledger_metrics {
    ts_metric *published;
    ts_metric *leased;
    ts_metric *expired;
    ts_metric *returned;
    ts_metric *late;
    ts_metric *delivered;
    ts_metric *retried;
    ts_metric *failed;
} ledger_metrics;

typedef struct ledger {
    ts_store *store;
    const schedule *retry;
    int64_t lease_ms;
    ledger_clock clock;
    pthread_mutex_t lock;
    pthread_cond_t wake; /* something is due, or may be due earlier; CLOCK_MONOTONIC */
    ready ready;
    ready_endpoint **table; /* by hash of the id; a power of two */
    size_t table_size;
    size_t table_count;
    int64_t next_lease_ms; /* no lease ends before this */
    int64_t low_lease_ms;  /* no lease row lies before this */
    ledger_metrics metrics;
} ledger;

/* Reads the endpoints and where each one's queue begins: memory and time follow the number of endpoints, not of deliveries. */
TS_CHECK ts_status ledger_open(ledger *l, ts_store *store, const schedule *retry, int64_t lease_ms,
                               uint32_t parallel, ts_error *err);
void ledger_close(ledger *l);

/* Locked. NULL if there is none. */
ready_endpoint *ledger_endpoint(const ledger *l, ts_str id);
/* Locked. Known from now on. */
TS_CHECK ts_status ledger_endpoint_add(ledger *l, ts_tenant t, ts_str id, ready_endpoint **ret);
/* Locked. Something of this endpoint is due at `due_ms`. */
void ledger_due(ledger *l, ready_endpoint *e, int64_t due_ms);
/* Locked. Ends an endpoint: what it is still owed has failed. */
TS_CHECK ts_status ledger_endpoint_end(ledger *l, ready_endpoint *e);

/* Locked. Nothing of the tenant's endpoints is given out any more; what is under way ends when its results come. */
void ledger_forget(ledger *l, ts_tenant t);

/* Locked. An event and its deliveries into the batch; a cause that is known changes nothing. TS_INVALID with words. */
TS_CHECK ts_status ledger_publish(ledger *l, ts_tenant t, const Ts__WebhookPublish *p,
                                  ts_arena *arena, ts_batch *batch, ts_error *err);

/* Locked. The delivery whose turn it is, leased; TS_NOT_FOUND if none is due. */
TS_CHECK ts_status ledger_lease(ledger *l, int64_t now_ms, ts_arena *arena,
                                Ts__Webhooks__LeasedDelivery **ret);
/* Locked. Leases that have ended are due again. */
TS_CHECK ts_status ledger_expire(ledger *l, int64_t now_ms, ts_arena *arena);

/* One result; takes the lock. *ret_ticket is for ts_store_sync(). A result that nobody waits for is ignored. */
TS_CHECK ts_status ledger_result(ledger *l, const Ts__Webhooks__DeliveryResult *r, ts_arena *arena,
                                 uint64_t *ret_ticket);
/* Locked. Moves a delivery and what is counted of it from pending to an end; part of a batch. */
TS_CHECK ts_status ledger_settle(ledger *l, ts_batch *batch, ts_tenant t, ts_hash128 event,
                                 Ts__Webhooks__StoredDelivery *d, delivery_state to,
                                 ts_arena *arena);

#endif
