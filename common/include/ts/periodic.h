/* A thread that does a job again and again, at once when started and then every so often, until it is stopped. */
#ifndef TS_PERIODIC_H
#define TS_PERIODIC_H

#include <stdatomic.h>

#include "ts/base.h"

/* Long jobs look at *stopping between their steps. */
typedef void ts_periodic_job(void *context, const atomic_bool *stopping);

typedef struct ts_periodic ts_periodic;
/* `period_ms` runs from the end of one job to the start of the next. TS_NOMEM with words. */
TS_CHECK ts_status ts_periodic_start(int64_t period_ms, ts_periodic_job *job, void *context,
                                     ts_periodic **ret, ts_error *err);
/* Waits for the job under way. NULL is fine. */
void ts_periodic_stop(ts_periodic *p);

#endif
