/* Baselines of users in the store: counted with the event, in its batch, so that a repeated event counts once and a crash keeps
 * both or neither. What they are and what they tell: detect/behavior/. Anomalies are listed in the profile; they add nothing to
 * the score, which rules with a severity make (a score that moves with one's own habits could not be explained by an act). */
#ifndef RISK_BASELINES_H
#define RISK_BASELINES_H

#include "config.h"
#include "detect/behavior/baseline.h"
#include "work.h"

baseline_limits baselines_limits(const risk_config *config);

/* Counts a new event for the user whom it is about. `limits` is borrowed until the work is finished. */
TS_CHECK ts_status baselines_take(risk_work *w, const baseline_limits *limits, work_user *user,
                                  const risk_record *record);
/* Judges and writes what the work has counted for the user; called by work_finish(). */
TS_CHECK ts_status baselines_finish(risk_work *w, work_user *user);

/* Anomalies to show, newest day first. */
TS_CHECK ts_status baselines_show(ts_store *store, ts_tenant t, uint64_t user,
                                  const baseline_limits *limits, int64_t now_ms, ts_arena *arena,
                                  Ts__Risk__Anomaly ***ret, size_t *ret_count);

#endif
