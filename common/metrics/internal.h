/* What metrics.c and the metrics of the process itself share. */
#ifndef TS_METRICS_INTERNAL_H
#define TS_METRICS_INTERNAL_H

#include "ts/buf.h"

/* A number as Prometheus wants it: "0.5", "NaN", "+Inf". */
void metrics_put_number(ts_buf *out, double value);

/* process_*: from /proc. What cannot be read is left out. */
void metrics_print_process(ts_buf *out);

#endif
