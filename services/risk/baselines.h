/* What users do by day, in the store: counted with the event, in its batch, so that a repeated event counts once and a crash
 * keeps both or neither. What the days tell is found when a profile is read (detect/behavior/). Anomalies add nothing to the
 * score, which rules with a severity make: one that moved with the user's own habits could not be explained by an act. */
#ifndef RISK_BASELINES_H
#define RISK_BASELINES_H

#include "config.h"
#include "detect/behavior/baseline.h"
#include "work.h"

baseline_limits baselines_limits(const risk_config *config);

/* Counts a new event for the user whom it is about. */
TS_CHECK ts_status baselines_take(risk_work *w, work_user *user, const risk_record *record);
/* Writes what the work has counted for the user; called by work_finish(). */
void baselines_finish(risk_work *w, const work_user *user);

/* Anomalies to show, newest day first. */
TS_CHECK ts_status baselines_show(ts_store *store, ts_tenant t, uint64_t user,
                                  const baseline_limits *limits, int64_t now_ms, ts_arena *arena,
                                  Ts__Risk__Anomaly ***ret, size_t *ret_count);

#endif
