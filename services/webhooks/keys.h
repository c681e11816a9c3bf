/* Keys of the ledger. Numbers are big-endian; T is the tenant: organization (8), mode (1); E an endpoint's id as text and 0;
 * V an event's id, 16 bytes; times are milliseconds of the ledger's clock (clock.h).
 *
 *   family        key                          value
 *   endpoints     T E                          Endpoint          with its secret
 *   events        T V                          StoredEvent       with the signed bytes
 *   event_order   T ~created(8) V              empty             newest first
 *   event_status  T status(1) ~created(8) V    empty             newest first in each status
 *   deliveries    T V E                        StoredDelivery
 *   due           T E due(8) V                 empty             read per endpoint
 *   leases        until(8) T V E               empty             global: read by time
 *   totals        T                            Totals
 *   inbox         see common/outbox                              global
 */
#ifndef WEBHOOKS_KEYS_H
#define WEBHOOKS_KEYS_H

#include "ts/buf.h"
#include "ts/id.h"
#include "ts/store.h"

enum webhooks_family {
    WEBHOOKS_ENDPOINTS,
    WEBHOOKS_EVENTS,
    WEBHOOKS_EVENT_ORDER,
    WEBHOOKS_EVENT_STATUS,
    WEBHOOKS_DELIVERIES,
    WEBHOOKS_DUE,
    WEBHOOKS_LEASES,
    WEBHOOKS_TOTALS,
    WEBHOOKS_INBOX,
};
extern const ts_family webhooks_families[];

/* Of an event and of a delivery. Stored in keys: never renumbered. */
typedef enum delivery_state {
    DELIVERY_PENDING = 0,
    DELIVERY_DELIVERED = 1,
    DELIVERY_FAILED = 2,
} delivery_state;
#define DELIVERY_STATES 3
const char *delivery_state_name(delivery_state state);
/* False if there is no state of that name. */
bool delivery_state_parse(ts_str name, delivery_state *ret);

#define WEBHOOKS_KEY_MAX 256

/* A key on the stack. Ids come from ts_id_format(), so that nothing can be too long. */
typedef struct webhooks_key {
    char bytes[WEBHOOKS_KEY_MAX];
    size_t n;
} webhooks_key;

static inline ts_str key_view(const webhooks_key *k)
{
    return (ts_str){ k->bytes, k->n };
}

webhooks_key key_tenant(ts_tenant t);
void key_u64(webhooks_key *k, uint64_t n);
void key_bytes(webhooks_key *k, const void *bytes, size_t n);

webhooks_key key_endpoint(ts_tenant t, ts_str endpoint);
webhooks_key key_event(ts_tenant t, ts_hash128 event);
webhooks_key key_order(ts_tenant t, int64_t created_ms, ts_hash128 event);
webhooks_key key_status(ts_tenant t, delivery_state state, int64_t created_ms, ts_hash128 event);
webhooks_key key_delivery(ts_tenant t, ts_hash128 event, ts_str endpoint);
webhooks_key key_due(ts_tenant t, ts_str endpoint, int64_t due_ms, ts_hash128 event);
webhooks_key key_lease(int64_t until_ms, ts_tenant t, ts_hash128 event, ts_str endpoint);

/* The reverse of the last two; false if the key is none. `ret_endpoint` points into the key. */
bool key_read_due(ts_str key, size_t prefix_n, int64_t *ret_due_ms, ts_hash128 *ret_event);
bool key_read_lease(ts_str key, int64_t *ret_until_ms, ts_tenant *ret_tenant, ts_hash128 *ret_event,
                    ts_str *ret_endpoint);
/* Tenant and endpoint of a key of `endpoints`. */
bool key_read_endpoint(ts_str key, ts_tenant *ret_tenant, ts_str *ret_endpoint);

#endif
