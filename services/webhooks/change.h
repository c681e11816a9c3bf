/* One change of the ledger: what happens to deliveries, with everything that is counted and listed of them, in one batch.
 *
 * Under the ledger's lock from change_init() to change_write(). Counters in memory run ahead of the batch: a change that
 * is not written is taken back by change_done(), which reads them anew.
 */
#ifndef WEBHOOKS_CHANGE_H
#define WEBHOOKS_CHANGE_H

#include "ledger.h"

/* An event whose deliveries change; loaded once, put once. */
typedef struct change_event {
    ts_tenant tenant;
    ts_hash128 id;
    Ts__Webhooks__StoredState *row;
    delivery_state before;
    bool is_new;
    bool is_forgotten;
    bool is_sole;              /* without a row of its own: its only delivery says it all */
    bool is_bare;              /* nor is there one of its delivery: see keys.h */
    const char *sole_endpoint; /* if it is new */
    int64_t sole_due_ms;
    struct change_event *next;
} change_event;

typedef struct change {
    ledger *l;
    ts_batch *batch;
    bool owns_batch;
    bool is_flushed; /* its counters stand in the batch */
    ts_arena *arena;
    change_event *events;
    ready_endpoint *dirty;
    ledger_tenant *dirty_tenants;
} change;

/* `batch` NULL: one of its own. TS_NOMEM. */
TS_CHECK ts_status change_init(change *c, ledger *l, ts_batch *batch, ts_arena *arena);
void change_done(change *c);

/* TS_NOT_FOUND if there is no such event. */
TS_CHECK ts_status change_load(change *c, ts_tenant t, ts_hash128 id, change_event **ret);
/* An event whose only delivery is pending: what its row says follows from that. */
TS_CHECK ts_status change_know_sole(change *c, ts_tenant t, ts_hash128 id, uint32_t type,
                                    int64_t created_ms, bool is_bare, change_event **ret);
/* There is such an event, in the store or new in this change. */
bool change_knows(const change *c, ts_tenant t, ts_hash128 id);
/* A new event; `row` lives as long as the change. */
TS_CHECK ts_status change_add(change *c, ts_tenant t, ts_hash128 id, Ts__Webhooks__StoredState *row,
                              change_event **ret);
/* A new event with its bytes and deliveries, as ledger_publish() does. */
TS_CHECK ts_status change_publish(change *c, ts_tenant t, const Ts__WebhookPublish *p,
                                  const char *only, ts_error *err);
/* A new delivery, pending. */
void change_owe(change *c, change_event *event, ready_endpoint *e);
/* A delivery from one state to another; its own row is the caller's to put. */
void change_move(change *c, change_event *event, ready_endpoint *e, delivery_state from,
                 delivery_state to);
/* A bare delivery has arrived at the first attempt: its row goes where its place is. */
void change_arrive(change *c, change_event *event, ready_endpoint *e,
                   Ts__Webhooks__StoredDelivery *d);
/* A bare delivery (any other is left alone) becomes one like all: before it is moved. */
void change_unbare(change *c, change_event *event, Ts__Webhooks__StoredDelivery *d);
/* The delivery is forgotten. */
void change_forget(change *c, change_event *event, ready_endpoint *e, delivery_state state);
/* Each delivery of the event, with its endpoint (or what is left of its figures) and state. */
typedef void change_visit(change *c, change_event *event, ready_endpoint *e, delivery_state state);
TS_CHECK ts_status change_each(change *c, change_event *event, change_visit *visit);
/* The event and its bytes go; its deliveries are the caller's to forget first. */
void change_forget_event(change_event *event);
/* The endpoint's totals row follows. */
void change_touch(change *c, ready_endpoint *e);
/* The rows of all that changed go into the batch. TS_NOMEM. */
TS_CHECK ts_status change_flush(change *c);
/* Flushes and writes. *ret_ticket (may be NULL) is for ts_store_sync(). */
TS_CHECK ts_status change_write(change *c, uint64_t *ret_ticket);

#endif
