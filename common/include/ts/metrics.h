/* The process's metrics in Prometheus text format 0.0.4.
 *
 * Registration takes a lock and returns the same object for the same name and labels; updates are
 * atomic and cheap. Objects live as long as the process. Names: ts_<service>_<thing>_<unit>; labels
 * from small fixed sets only.
 */
#ifndef TS_METRICS_H
#define TS_METRICS_H

#include "ts/base.h"
#include "ts/buf.h"

typedef struct ts_metric ts_metric;

/* `labels` is the inside of the braces, e.g. `method="auth.Authorize"`, or "" - made of our own
 * literals. Never NULL: when memory runs out, a shared sink object is returned. */
ts_metric *ts_counter(const char *name, const char *labels, const char *help);
ts_metric *ts_gauge(const char *name, const char *labels, const char *help);
/* Seconds in fixed buckets from 0.1 ms to 60 s. */
ts_metric *ts_histogram(const char *name, const char *labels, const char *help);
/* A gauge whose value is asked for at each scrape. `read` runs on the scraping thread. */
void ts_gauge_func(const char *name, const char *labels, const char *help, double (*read)(void *),
                   void *context);

void ts_metric_add(ts_metric *m, uint64_t n);        /* counter */
void ts_metric_set(ts_metric *m, double value);      /* gauge */
void ts_metric_move(ts_metric *m, double delta);     /* gauge */
void ts_metric_observe_us(ts_metric *m, int64_t us); /* histogram */

/* The whole registry as text, with process_* (resident memory, CPU, start time, open fds). */
void ts_metrics_print(ts_buf *out);

#endif
