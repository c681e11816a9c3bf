/* The ledger: who is owed which event, and what became of each attempt. Owns the queue; dispatchers only hold leases.
 *
 *   pending, due --lease--> pending, leased --result 2xx--> delivered
 *        ^                        |---------result else--> due after the schedule's next wait, or failed
 *        |------------------------|---------expiry or return: due at once, the attempt does not count
 *        |-----------------------------------------------replay: of what has failed or arrived
 *
 * Each arrow is one write batch; what came together shares one. Leases are not synced: one that is lost with the machine only means that the delivery is due
 * again, which is what at-least-once allows. Results are synced before they are acknowledged.
 *
 * A disabled endpoint is owed what it was owed before, waiting; a deleted one's backlog fails in small steps (tend.c).
 *
 * One mutex guards the queue in memory and every read-modify-write of deliveries; functions marked "locked" want it held.
 */
#ifndef WEBHOOKS_LEDGER_H
#define WEBHOOKS_LEDGER_H

#include <pthread.h>

#include "clock.h"
#include "leases.h"
#include "ready.h"
#include "rows.h"
#include "schedule.h"
#include "ts/metrics.h"

/* Destinations of the outbox: events end here. */
typedef enum webhooks_stream { WEBHOOKS_TO_AUTH } webhooks_stream;

#define LEDGER_DATA_MAX     (256u << 10) /* bytes of an event's data */
#define LEDGER_RESPONSE_MAX 1024         /* bytes of an answer that are kept */
#define LEDGER_ATTEMPTS_MAX 64           /* attempts of a delivery that are kept, the newest ones */
#define LEDGER_CLASSES      8

typedef struct ledger_metrics {
    ts_metric *published;
    ts_metric *leased;
    ts_metric *expired;
    ts_metric *returned;
    ts_metric *late;
    ts_metric *delivered;
    ts_metric *retried;
    ts_metric *failed;
    ts_metric *replayed;
    ts_metric *forgotten;
    ts_metric *disabled;
    ts_metric *lateness;                 /* from due to leased */
    ts_metric *attempts[LEDGER_CLASSES]; /* by class of error */
} ledger_metrics;

/* What a tenant's lists count. */
typedef struct ledger_tenant {
    ts_tenant tenant;
    uint64_t counts[TYPES_COUNT * DELIVERY_STATES];
    ready_endpoint *endpoints; /* also those that are gone */
    struct ledger_tenant *next;
    struct ledger_tenant *next_dirty; /* of a change under way */
    bool is_dirty;
} ledger_tenant;

#define LEDGER_TENANT_SLOTS 1024

typedef struct ledger_options {
    const schedule *retry;
    int64_t lease_ms;
    uint32_t parallel;
    int64_t disable_after_ms;  /* nothing but failures for so long disables an endpoint; 0: never */
    uint32_t disable_failures; /* and at least so many of them */
} ledger_options;

typedef struct ledger {
    ts_store *store;
    ledger_options options;
    ledger_clock clock;
    pthread_mutex_t lock;
    pthread_cond_t wake; /* something is due, or may be due earlier; CLOCK_MONOTONIC */
    ready ready;
    ready_endpoint **table; /* by hash of the id; a power of two */
    size_t table_size;
    size_t table_count;
    ledger_tenant *tenants[LEDGER_TENANT_SLOTS];
    leases leases;
    int64_t next_lease_ms; /* no lease ends before this */
    ledger_metrics metrics;
} ledger;

/* Reads the endpoints and where each one's queue begins: memory and time follow the number of endpoints, not of deliveries. */
TS_CHECK ts_status ledger_open(ledger *l, ts_store *store, const ledger_options *options,
                               ts_error *err);
void ledger_close(ledger *l);

/* Locked. NULL if there is none. */
ready_endpoint *ledger_endpoint(const ledger *l, ts_str id);
/* Locked. Known from now on. */
TS_CHECK ts_status ledger_endpoint_add(ledger *l, ts_tenant t, ts_str id, ready_endpoint **ret);
/* Locked. The endpoint, or what is left of the figures of one that is no more. */
TS_CHECK ts_status ledger_endpoint_or_ghost(ledger *l, ts_tenant t, ts_str id,
                                            ready_endpoint **ret);
/* Locked. What it is from now on; its place follows from it. Keeps a copy. */
TS_CHECK ts_status ledger_endpoint_apply(ledger *l, ready_endpoint *e,
                                         const Ts__Webhooks__Endpoint *row);
/* Locked. Its totals as they stand in the store. */
TS_CHECK ts_status ledger_totals_load(ledger *l, ready_endpoint *e);
/* Locked. Lives as long as the ledger. */
TS_CHECK ts_status ledger_tenant_of(ledger *l, ts_tenant t, ledger_tenant **ret);

/* Locked. Nothing of the tenant's endpoints is given out any more; what is under way ends when its results come. */
void ledger_forget(ledger *l, ts_tenant t);

/* Locked. An event and its deliveries into the batch; a cause that is known changes nothing. `only` (may be NULL): owed to
 * this endpoint, whatever it wants. TS_INVALID with words. */
TS_CHECK ts_status ledger_publish(ledger *l, ts_tenant t, const Ts__WebhookPublish *p,
                                  const char *only, ts_arena *arena, ts_batch *batch,
                                  ts_error *err);

/* Locked. Leases what is due, up to `credits` deliveries with bodies of `bytes_max` or a little more, into reply->deliveries,
 * which has room. */
TS_CHECK ts_status ledger_lease(ledger *l, int64_t now_ms, uint32_t credits, size_t bytes_max,
                                ts_arena *arena, Ts__Webhooks__LeaseReply *reply);
/* At start: in-flight counts follow the lease rows. */
TS_CHECK ts_status ledger_load_leases(ledger *l);
/* Locked. Leases that have ended are due again. */
TS_CHECK ts_status ledger_expire(ledger *l, int64_t now_ms, ts_arena *arena);

/* Takes the lock. *ret_ticket is for ts_store_sync(), 0 if nothing changed. Results that nobody waits for are ignored. */
TS_CHECK ts_status ledger_results(ledger *l, Ts__Webhooks__DeliveryResult *const *results,
                                  size_t count, ts_arena *arena, uint64_t *ret_ticket);

#endif
