/* The sweep: keeps stored scores true while only time passes. A thread walks the due index, at most
 * SWEEP_BATCH users a batch, and sleeps in between; scores whose moment has come are at most
 * SWEEP_PERIOD_MS late. Every SWEEP_EXPIRY_MS it also removes what has served its time (expire.h). */
#ifndef RISK_SWEEP_H
#define RISK_SWEEP_H

#include <stdatomic.h>

#include "ts/store.h"

#define SWEEP_BATCH     500
#define SWEEP_PERIOD_MS 30000
#define SWEEP_EXPIRY_MS INT64_C(3600000)

typedef struct risk_sweep risk_sweep;

typedef struct risk_sweep_options {
    ts_store *store;
    const struct catalogue *catalogue;
    int64_t retention_ms;   /* as in risk_expiry */
    uint32_t baseline_days; /* as well */
    int64_t catch_up_days;  /* of the retention clock */
} risk_sweep_options;

/* Options are copied. */
TS_CHECK ts_status risk_sweep_start(const risk_sweep_options *options, risk_sweep **ret,
                                    ts_error *err);
/* NULL is fine. */
void risk_sweep_stop(risk_sweep *s);

/* One batch of users that were due by now_ms; *ret_count of them were rescored. For the thread, and
 * for tests that own the clock. */
TS_CHECK ts_status risk_sweep_once(ts_store *store, int64_t now_ms, ts_arena *arena,
                                   size_t *ret_count);
/* One round of what is old by the retention clock (ts/retention.h); failures are logged. For both as well. */
void risk_sweep_expire(const risk_sweep_options *o, const atomic_bool *stopping);

#endif
