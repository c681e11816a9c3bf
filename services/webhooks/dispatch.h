/* Dispatchers wait here for work. One thread gives out what is due, takes back what nobody answered for, and sleeps until the
 * next of either; a lease call is parked until there is something for it or its time is over. */
#ifndef WEBHOOKS_DISPATCH_H
#define WEBHOOKS_DISPATCH_H

#include "ledger.h"
#include "ts/rpc.h"

#define DISPATCH_WAIT_MAX_MS 30000
#define DISPATCH_CREDITS_MAX 256
#define DISPATCH_SLOTS_MAX   4096

typedef struct dispatch dispatch;

TS_CHECK ts_status dispatch_start(ledger *l, dispatch **ret, ts_error *err);
/* Every parked call gets an empty answer, now and from now on; leases are given to nobody any more. */
void dispatch_close(dispatch *d);
/* After dispatch_close() and the end of the RPC server. NULL is fine. */
void dispatch_stop(dispatch *d);

/* For the handler: takes the call and its reply; dispatch finishes it. Does not block. */
void dispatch_park(dispatch *d, ts_call *call, const Ts__Webhooks__LeaseRequest *request,
                   Ts__Webhooks__LeaseReply *reply);

/* Answers what a dispatcher that goes away has waiting here, and forgets its slots. */
void dispatch_leave(dispatch *d, ts_str dispatcher);

#endif
