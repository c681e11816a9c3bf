/* The end of a delivery, and the classes of attempts, for metrics and for what an endpoint's owner reads. */
#ifndef WEBHOOKS_RESULT_H
#define WEBHOOKS_RESULT_H

#include "change.h"

/* "delivered", "http_status", "timeout", ... "other"; LEDGER_CLASSES of them. */
extern const char *const result_classes[];

/* A pending delivery has ended; its own row is the caller's to put, unless it was bare and has arrived. */
void result_settle(change *c, change_event *event, ready_endpoint *e,
                   Ts__Webhooks__StoredDelivery *d, delivery_state to);

#endif
