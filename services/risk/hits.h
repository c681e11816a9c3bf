/* The memory of correlations: which base rule matched for which group and when. Rows are
 * append-only and written in the batch of the events that caused them, so that a correlation's
 * state survives whatever its process does not. */
#ifndef RISK_HITS_H
#define RISK_HITS_H

#include "work.h"

#define RISK_HITS_MAX 5000 /* newest ones of a group that are looked at */
#define RISK_HITS_LATENESS_MS                                                                      \
    (INT64_C(72) * 3600000) /* how late an event may come and still find its neighbours */

typedef struct risk_hit {
    int64_t at_ms;
    uint32_t rule;  /* which of the correlation's base rules */
    uint64_t value; /* hash of the counted field's value */
    uint8_t event_id[16];
} risk_hit;

/* Hits of one correlation and group, oldest first. */
typedef struct risk_hits {
    risk_hit *list;
    size_t count;
    size_t capacity;
    risk_key prefix;
} risk_hits;

/* Loaded once a work, then kept up to date in memory; `cache` is zeroed at the work's start. */
TS_CHECK ts_status risk_hits_get(risk_work *w, risk_map *cache, const uint8_t correlation[16],
                                 ts_hash128 group, int64_t timespan_ms, risk_hits **ret);

/* Adds a hit to the list and the batch; its place in the list goes to *ret_at. */
TS_CHECK ts_status risk_hits_add(risk_work *w, risk_hits *hits, const risk_hit *hit,
                                 size_t *ret_at);

#endif
