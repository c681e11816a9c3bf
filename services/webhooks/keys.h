/* Keys of the ledger. Numbers are big-endian; T is the tenant: organization (8), mode (1); E an endpoint's id as text and 0;
 * V an event's id, 16 bytes; times are milliseconds of the ledger's clock (clock.h), `created` those of the event.
 *
 *   family        key                                  value
 *   endpoints     T E                                  Endpoint          with its secrets
 *   events        T V                                  StoredEvent       with the signed bytes; written once
 *   states        T V                                  StoredState       of events that were owed to none or many
 *   event_index   T type(1) state(1) ~created(8) V     empty             lists: newest first; no bare ones
 *   deliveries    T V E                                StoredDelivery    none while it is bare, nor if it arrived at once
 *   owed_index    T E type(1) state(1) ~created(8) V   empty             an endpoint's deliveries: newest first
 *                                                      StoredDelivery    of one that arrived at once
 *   due           T E due(8) V                         see due_value()   read per endpoint; due or leased
 *   leases        until(8) number(8)                   StoredLeases      global: read by time
 *   totals        T                                    Totals            of events
 *   owed_totals   T E                                  Totals            of deliveries
 *   replays       T E                                  ReplayJob
 *   inbox         see common/outbox                                      global
 *   once          see ts/once.h
 *   event_order, event_status: schema 1, leases with the key until(8) T V E: schema 2; see upgrade.c
 *
 * Most events are owed to one endpoint and arrive at the first attempt. Until then their only delivery is bare: the event, a
 * row of owed_index under INDEX_BARE and one of due are all there is of it, and it is put in no other index; then its row is
 * the value of its place in owed_index. What happens otherwise gives it a row and its places first (row_unbare()).
 *
 * A list of all kinds or states is the merge of their ranges (merge.h), so that one row an event serves every filter.
 */
#ifndef WEBHOOKS_KEYS_H
#define WEBHOOKS_KEYS_H

#include "ts/buf.h"
#include "ts/id.h"
#include "ts/store.h"
#include "types.h"

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
    WEBHOOKS_STATES,
    WEBHOOKS_EVENT_INDEX,
    WEBHOOKS_OWED_INDEX,
    WEBHOOKS_OWED_TOTALS,
    WEBHOOKS_REPLAYS,
    WEBHOOKS_ONCE,
};
extern const ts_family webhooks_families[];

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

/* Where a row of an index stands within its tenant or endpoint. */
typedef struct index_place {
    uint32_t type;
    unsigned state; /* a delivery_state, or of owed_index INDEX_BARE */
    int64_t created_ms;
    ts_hash128 event;
} index_place;
#define INDEX_BARE       3u /* pending, and in owed_index alone */
#define INDEX_STATES     4
#define INDEX_PLACE_SIZE 26
webhooks_key key_event_index(ts_tenant t, const index_place *at);
webhooks_key key_owed_index(ts_tenant t, ts_str endpoint, const index_place *at);
/* The end of a key of either index. */
bool key_read_place(ts_str key, index_place *ret);

webhooks_key key_delivery(ts_tenant t, ts_hash128 event, ts_str endpoint);
webhooks_key key_due(ts_tenant t, ts_str endpoint, int64_t due_ms, ts_hash128 event);
/* What stands in a due row, so that a lease reads no other: when the delivery may be leased (8), the number of its next
 * attempt (4), bits (1): 2 if it is the only one of its event, 4 if it is bare. */
typedef struct due_facts {
    int64_t next_attempt_ms;
    uint32_t attempt; /* 0: unknown, its row says it */
    bool is_sole;
    bool is_bare;
} due_facts;
#define DUE_FACTS_SIZE 13
void due_write_facts(const due_facts *facts, uint8_t ret[DUE_FACTS_SIZE]);
/* Nothing is known from a value that is none: schema 2 had none. */
due_facts due_read_facts(ts_str value);
webhooks_key key_leases(int64_t until_ms, uint64_t number);

/* The reverse; false if the key is none. `ret_endpoint` points into the key. */
bool key_read_due(ts_str key, size_t prefix_n, int64_t *ret_due_ms, ts_hash128 *ret_event);
bool key_read_leases(ts_str key, int64_t *ret_until_ms, uint64_t *ret_number);
/* Of schema 2. */
bool key_read_lease(ts_str key, int64_t *ret_until_ms, ts_tenant *ret_tenant, ts_hash128 *ret_event,
                    ts_str *ret_endpoint);
/* Tenant and endpoint of a key of `endpoints`. */
bool key_read_endpoint(ts_str key, ts_tenant *ret_tenant, ts_str *ret_endpoint);
/* Of a key of `totals`. */
bool key_read_tenant(ts_str key, ts_tenant *ret_tenant);

#endif
