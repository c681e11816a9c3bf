/* What a start brings up to date behind the service's back, going on where it was after a restart: users that were stored
 * before there was a search index come into it, and apps get the score that the catalogue of scopes and tools gives them now. */
#ifndef RISK_BACKFILL_H
#define RISK_BACKFILL_H

#include <stdatomic.h>

#include "detect/catalogue.h"
#include "ts/store.h"

#define RISK_BACKFILL_BATCH 500 /* users of a unit of work */

/* Ends early if *cancelled is set. *ret_count users were brought in. */
TS_CHECK ts_status risk_backfill(ts_store *store, int64_t now_ms, const atomic_bool *cancelled,
                                 uint64_t *ret_count);
/* *ret_count apps were described anew. One at a time, under its tenant's lock. */
TS_CHECK ts_status risk_backfill_apps(ts_store *store, const catalogue *c, int64_t now_ms,
                                      const atomic_bool *cancelled, uint64_t *ret_count);

#endif
