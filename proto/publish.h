/* Events for an organization's endpoints, on their way to webhooks. */
#ifndef PROTO_PUBLISH_H
#define PROTO_PUBLISH_H

#include "proto/methods.h"
#include "ts/buf.h"
#include "ts/id.h"
#include "ts/store.h"

#define TS_KIND_WEBHOOK "webhook" /* rows with a WebhookPublish */

/* The kinds of events, by number. The ledger keeps numbers on disk: new kinds go to the end. */
#define TS_WEBHOOK_KINDS 12
extern const char *const ts_webhook_kinds[TS_WEBHOOK_KINDS];

/* Adds to the batch a row of the outbox's stream to webhooks. `data` is the event's JSON object; one that did not fit its buffer
 * fails the batch. Events of the same cause are one, however often they are published: it is a hash of what happened, where and
 * to what. */
void ts_webhook_publish(ts_batch *b, unsigned stream, ts_tenant tenant, const char *event,
                        ts_hash128 cause, int64_t at_ms, const ts_buf *data);

#endif
