/* What the ledger does by itself, in steps that hold its lock for some milliseconds at most: settles what deleted endpoints
 * were owed, brings failed deliveries back that somebody asked for, forgets old events, and keeps the gauges. */
#ifndef WEBHOOKS_TEND_H
#define WEBHOOKS_TEND_H

#include <stdatomic.h>

#include "ledger.h"

#define TEND_STEP 100 /* deliveries or events under one hold of the lock */

typedef struct tend_options {
    int64_t keep_delivered_ms; /* events that arrived are forgotten at this age */
    int64_t keep_failed_ms;
    int64_t catch_up_days; /* of the retention clock */
} tend_options;

typedef struct tend tend;

TS_CHECK ts_status tend_start(ledger *l, const tend_options *options, tend **ret, ts_error *err);
/* Ends after the step under way. NULL is fine. */
void tend_stop(tend *t);

/* One step of each, for whoever drives them; locked. *ret_more: there is more to do at once. */
TS_CHECK ts_status tend_settle(ledger *l, ready_endpoint *e, ts_arena *arena, bool *ret_more);
/* Of one kind and state of a tenant's events: those created before `before_ms`. */
TS_CHECK ts_status tend_forget(ledger *l, ts_tenant t, uint32_t type, delivery_state state,
                               int64_t before_ms, ts_arena *arena, bool *ret_more);
/* One round over all that is old by the retention clock (ts/retention.h), in such steps; not locked. Failures are logged. */
void tend_forget_old(ledger *l, const tend_options *o, ts_arena *arena,
                     const atomic_bool *stopping);

#endif
