/* A user's score brought up to date within a unit of work: from the stored firings and the changed
 * ones, with its timeline point, its place in the due index and the word to whoever listens for
 * level changes. */
#ifndef RISK_RESCORE_H
#define RISK_RESCORE_H

#include "score/score.h"
#include "work.h"

#define RISK_TIMELINE_STEP  5
#define RISK_FIRING_KEEP_MS (INT64_C(8) * 86400000) /* a day past the score's window */

TS_CHECK ts_status risk_rescore(risk_work *w, work_user *u);

/* What the score looks at in a row; false if the row never counts (historical). */
bool risk_score_input(const Ts__Risk__Firing *row, score_firing *ret);
score_criticality risk_criticality(const Ts__Risk__UserRow *row);

#endif
