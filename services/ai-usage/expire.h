/* Rows of days that no report can ask for any more leave the store: in slices, each under the service's lock and in a batch
 * of its own. Tools stay: when one was first seen is known for ever. */
#ifndef AI_USAGE_EXPIRE_H
#define AI_USAGE_EXPIRE_H

#include <stdatomic.h>

#include "ai_usage.h"

#define EXPIRE_SLICE     2000 /* rows looked at in one go */
#define EXPIRE_PERIOD_MS INT64_C(21600000)

/* One round over the whole store: what is older than `keep_days` whole days before today goes; *ret_count rows. TS_OK also
 * if it was to stop on the way. */
TS_CHECK ts_status expire_rows(ai_usage *app, int64_t now_ms, const atomic_bool *stopping,
                               uint64_t *ret_count);

/* The same by the retention clock (ts/retention.h), for ts_periodic. `context` is the service. */
void expire_job(void *context, const atomic_bool *stopping);

#endif
