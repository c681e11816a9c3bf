/* Deliveries that go out again by hand: same id, same bytes, a new count of attempts. Under the ledger's lock. */
#ifndef WEBHOOKS_REPLAY_H
#define WEBHOOKS_REPLAY_H

#include "change.h"

#define REPLAY_STEP  100 /* rows looked at under one hold of the lock */
#define REPLAY_AHEAD 200 /* an endpoint's backlog from which its replay waits */

/* What failed of an event; if nothing did, all of it. *ret_count deliveries are due now. TS_NOT_FOUND, TS_CONFLICT with
 * words. Part of the change. */
TS_CHECK ts_status replay_event(change *c, ts_tenant t, ts_hash128 id, uint64_t *ret_count,
                                ts_error *err);
/* All that has failed up to now of an endpoint's events created at or after `since_ms`: noted in the batch, done in steps. */
void replay_ask(ledger *l, ts_batch *batch, ready_endpoint *e, int64_t since_ms);
/* The next few. *ret_more: there is more to do at once. */
TS_CHECK ts_status replay_step(ledger *l, ready_endpoint *e, ts_arena *arena, bool *ret_more);
/* At start: endpoints with a replay that is not done. */
TS_CHECK ts_status replay_begin(ledger *l);

#endif
