/* A rule that fires for everybody says nothing about anybody: over a limit of new firings per rule, tenant and minute of
 * event time it only counts. Rows in the hits family remember the minute's firings, so that a restart or a repeat decides
 * the same way. */
#ifndef RISK_NOISE_H
#define RISK_NOISE_H

#include "hits.h"

typedef struct risk_noise {
    risk_map *cache; /* of this unit of work, as for risk_hits_get() */
    uint32_t limit;  /* new firings a minute */
} risk_noise;

/* May this new firing be made? Remembers it if so. `rule` is the hash of the rule. */
TS_CHECK ts_status risk_noise_admit(risk_work *w, const risk_noise *noise, const uint8_t rule[16],
                                    int64_t at_ms, const uint8_t firing[16], bool *ret);

#endif
