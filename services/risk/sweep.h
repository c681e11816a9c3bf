/* The sweep: keeps stored scores true while only time passes. A thread walks the due index, at most
 * SWEEP_BATCH users a batch, and sleeps in between; scores whose moment has come are at most
 * SWEEP_PERIOD_MS late. Every SWEEP_EXPIRY_MS it also removes what has served its time (expire.h). */
#ifndef RISK_SWEEP_H
#define RISK_SWEEP_H

#include "ts/store.h"

#define SWEEP_BATCH     500
#define SWEEP_PERIOD_MS 30000
#define SWEEP_EXPIRY_MS INT64_C(3600000)

typedef struct risk_sweep risk_sweep;

/* Days as in risk_expiry. */
TS_CHECK ts_status risk_sweep_start(ts_store *store, int64_t retention_ms, uint32_t baseline_days,
                                    risk_sweep **ret, ts_error *err);
/* NULL is fine. */
void risk_sweep_stop(risk_sweep *s);

/* One batch of users that were due by now_ms; *ret_count of them were rescored. For the thread, and
 * for tests that own the clock. */
TS_CHECK ts_status risk_sweep_once(ts_store *store, int64_t now_ms, ts_arena *arena,
                                   size_t *ret_count);

#endif
