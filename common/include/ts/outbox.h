/* Durable hand-over between services: state change and row in one batch; sent in order; applied
 * exactly once.
 *
 * Producer: ts_outbox_add() puts a row into the batch that carries the change. A relay thread per
 * destination sends durable rows in order, many at a time, and trims them once they are
 * acknowledged. Consumer: ts_inbox_accept() takes only the next sequence number of a producer's
 * epoch, lets the handler add its effect to the batch that also moves the last-seen number, and
 * acknowledges after a sync. A row that can never be applied is parked and counted, and does not
 * block the ones behind it.
 */
#ifndef TS_OUTBOX_H
#define TS_OUTBOX_H

#include "proto/envelope.pb-c.h"
#include "ts/rpc.h"
#include "ts/store.h"

/* `kind` names the payload's meaning for the consumer, e.g. "detection". The stream number is the
 * destination. The row goes with the request id and traceparent of the calling thread: see ts/trace.h. */
void ts_outbox_add(ts_batch *b, unsigned stream, ts_tenant tenant, const char *kind, int64_t at_ms,
                   const ProtobufCMessage *payload);

typedef struct ts_relay ts_relay;
typedef struct ts_relay_options {
    ts_store *store;
    unsigned stream;
    ts_peer *peer;            /* borrowed; nobody else's: its calls end with the relay */
    const ts_method *method;  /* takes HandOverRequest, gives HandOverReply */
    const char *service_name; /* ours, for metrics */
    const char *peer_name;
} ts_relay_options;
TS_CHECK ts_status ts_relay_start(const ts_relay_options *options, ts_relay **ret, ts_error *err);
/* Ends all of them at the same time. The batches under way have a second for their answers; a peer that hangs is not waited
 * for: its rows go again after the next start. NULL is fine, also among them. */
void ts_relays_stop(ts_relay *const *relays, size_t count);
void ts_relay_stop(ts_relay *r);

/* Adds the effect of a row to `batch`. TS_OK; TS_INVALID or TS_CORRUPT park the row; anything else
 * stops here, and the producer sends it again. Must be deterministic in (row, store). Runs under
 * the inbox lock: one row at a time. */
typedef ts_status ts_inbox_handler(void *service, const Ts__HandOverRow *row, ts_arena *arena,
                                   ts_batch *batch, ts_error *err);

typedef struct ts_inbox ts_inbox;
/* `family` holds last-seen numbers and parked rows (tenant-less keys). */
TS_CHECK ts_status ts_inbox_new(ts_store *store, unsigned family, const char *service_name,
                                ts_inbox_handler *handler, void *service, ts_inbox **ret);
void ts_inbox_free(ts_inbox *in);
/* What the handler reads must not change until its batch is written: `lock` is called before the handler and `unlock` after
 * the write, with the row's tenant. Services whose other methods change the same entities lock the same thing. */
void ts_inbox_guard(ts_inbox *in, void (*lock)(void *service, ts_tenant tenant),
                    void (*unlock)(void *service, ts_tenant tenant));

/* Rows that a hand-over brings together share a batch, and its cost; the guard surrounds them all. The handler itself knows
 * what it has put into the batch since the guard was locked; `close` adds what it has kept back, if all went well. If it
 * did not, the batch is thrown away, and its rows come again one by one. */
typedef ts_status ts_inbox_close(void *service, ts_batch *batch);
void ts_inbox_groups(ts_inbox *in, ts_inbox_close *close);

/* Gets a service's memory rid of a tenant, and whatever else is not a row of a tenant family. The rows can still be read; no
 * change to them is under way, and none will come. The organization's tombstone is there, also for its other mode, whose turn
 * comes next: a service that puts rows of several organizations into one batch forgets both at the first. */
typedef void ts_inbox_forget(void *service, ts_tenant tenant, ts_arena *arena);

#define TS_KIND_ERASE  "organization_erase"  /* from auth */
#define TS_KIND_ERASED "organization_erased" /* to auth */

/* Makes the inbox obey rows of kind TS_KIND_ERASE, from auth: see ts/tenancy.h. `to_auth` is the stream that the answer goes
 * into; `forget` may be NULL. */
void ts_inbox_erases(ts_inbox *in, const char *service_name, unsigned to_auth,
                     ts_inbox_forget *forget);
/* The whole of the service's hand-over method. */
TS_CHECK ts_status ts_inbox_accept(ts_inbox *in, ts_call *call, const Ts__HandOverRequest *req,
                                   Ts__HandOverReply *rep);

#endif
