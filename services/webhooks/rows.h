/* Rows of the ledger, loaded and put. Everything loaded lives in the arena. TS_NOT_FOUND if there is none. */
#ifndef WEBHOOKS_ROWS_H
#define WEBHOOKS_ROWS_H

#include "keys.h"
#include "proto/methods.h"

TS_CHECK ts_status row_endpoint(ts_store *s, ts_tenant t, ts_str id, ts_arena *arena,
                                Ts__Webhooks__Endpoint **ret);
TS_CHECK ts_status row_event(ts_store *s, ts_tenant t, ts_hash128 id, ts_arena *arena,
                             Ts__Webhooks__StoredEvent **ret);
/* Also one whose row would say only what the event's does. */
TS_CHECK ts_status row_delivery(ts_store *s, ts_tenant t, ts_hash128 event, ts_str endpoint,
                                ts_arena *arena, Ts__Webhooks__StoredDelivery **ret);
/* All of an event, in the order of their keys. `event` (may be NULL): its row, if it has been read. */
typedef struct row_deliveries {
    Ts__Webhooks__StoredDelivery **items;
    size_t count;
} row_deliveries;
TS_CHECK ts_status row_deliveries_of(ts_store *s, ts_tenant t, ts_hash128 id,
                                     const Ts__Webhooks__StoredEvent *event, ts_arena *arena,
                                     row_deliveries *ret);
/* A bare delivery gets its places in both indexes: before anything happens to it but its arrival. The caller puts its row. */
void row_unbare(ts_batch *b, ts_store *s, ts_tenant t, ts_hash128 event,
                Ts__Webhooks__StoredDelivery *d);
/* *ret_is_sole: it has no row, and must get none; its delivery's says it all. *ret_is_bare: nor has that. */
TS_CHECK ts_status row_state(ts_store *s, ts_tenant t, ts_hash128 id,
                             const Ts__Webhooks__StoredEvent *event, ts_arena *arena,
                             Ts__Webhooks__StoredState **ret, bool *ret_is_sole, bool *ret_is_bare);
/* Of a tenant's events, or with an endpoint of its deliveries; an empty row if there is none yet. */
TS_CHECK ts_status row_totals(ts_store *s, ts_tenant t, ts_str endpoint, ts_arena *arena,
                              Ts__Webhooks__Totals **ret);
TS_CHECK ts_status row_replay(ts_store *s, ts_tenant t, ts_str endpoint, ts_arena *arena,
                              Ts__Webhooks__ReplayJob **ret);

void row_put_endpoint(ts_batch *b, ts_store *s, ts_tenant t, const Ts__Webhooks__Endpoint *row);
void row_put_event(ts_batch *b, ts_store *s, ts_tenant t, ts_hash128 id,
                   const Ts__Webhooks__StoredEvent *row);
void row_put_delivery(ts_batch *b, ts_store *s, ts_tenant t, ts_hash128 event,
                      const Ts__Webhooks__StoredDelivery *row);
void row_put_state(ts_batch *b, ts_store *s, ts_tenant t, ts_hash128 event,
                   const Ts__Webhooks__StoredState *row);
void row_put_totals(ts_batch *b, ts_store *s, ts_tenant t, ts_str endpoint,
                    const Ts__Webhooks__Totals *row);
void row_put_replay(ts_batch *b, ts_store *s, ts_tenant t, ts_str endpoint,
                    const Ts__Webhooks__ReplayJob *row);

/* Deleted by its owner; the row stays until what it was owed has been settled. */
#define ENDPOINT_ENDING  "deleted"
#define ENDPOINT_FAILING "failing"
bool delivery_is_pending(const Ts__Webhooks__StoredDelivery *row);
bool endpoint_is_ending(const Ts__Webhooks__Endpoint *row);

/* What an event's deliveries make of it: pending while one is, failed if one has, else delivered. */
delivery_state event_state(const Ts__Webhooks__StoredState *row);
uint32_t *state_count(Ts__Webhooks__StoredState *row, delivery_state state);

#endif
