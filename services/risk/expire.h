/* What has served its time leaves the store: correlation hits that no window reaches any more, and events older than their
 * retention, and days of users' baselines. In slices, so that a stop waits for one of them at most and no batch is large. */
#ifndef RISK_EXPIRE_H
#define RISK_EXPIRE_H

#include <stdatomic.h>

#include "ts/store.h"

#define RISK_EXPIRE_SLICE 5000 /* rows looked at in one go */

typedef struct risk_expiry {
    ts_store *store;
    int64_t retention_ms;   /* of events */
    uint32_t baseline_days; /* of baselines (baseline_reach()) */
    const atomic_bool *cancelled;
} risk_expiry;

/* All walk their whole family once; *ret_count rows were deleted. TS_OK also if cancelled on the way. */
TS_CHECK ts_status risk_expire_hits(const risk_expiry *e, int64_t now_ms, uint64_t *ret_count);
TS_CHECK ts_status risk_expire_baselines(const risk_expiry *e, int64_t now_ms, uint64_t *ret_count);
TS_CHECK ts_status risk_expire_events(const risk_expiry *e, int64_t now_ms, uint64_t *ret_count);
/* Firings of nobody that can count in no score any more, with the rows that wait for their user. One at a time under the
 * tenant's lock: their user may just be made. */
TS_CHECK ts_status risk_expire_orphans(const risk_expiry *e, int64_t now_ms, uint64_t *ret_count);

#endif
