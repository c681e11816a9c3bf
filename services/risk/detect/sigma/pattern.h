/* A Sigma value with wildcards: '*' any text, '?' any one character, '\' before one of the three makes it plain. Letters
 * match in either case (ASCII) unless `cased`. Compiled once; matching takes time in proportion to the text (times the
 * number of '*' at worst) and no memory. */
#ifndef RISK_SIGMA_PATTERN_H
#define RISK_SIGMA_PATTERN_H

#include "ts/arena.h"

#define SIGMA_PATTERN_MAX 4096 /* bytes of a value */

typedef enum sigma_anchor {
    SIGMA_WHOLE,    /* the value as it stands */
    SIGMA_CONTAINS, /* |contains */
    SIGMA_STARTS,   /* |startswith */
    SIGMA_ENDS,     /* |endswith */
} sigma_anchor;

typedef struct sigma_pattern {
    const uint16_t *units; /* a byte, or one of the wildcards below */
    size_t count;
    bool cased;
} sigma_pattern;

/* TS_TOO_LARGE, TS_NOMEM. */
TS_CHECK ts_status sigma_pattern_compile(ts_str value, sigma_anchor anchor, bool cased,
                                         ts_arena *arena, sigma_pattern *ret, ts_error *err);
bool sigma_pattern_matches(const sigma_pattern *p, ts_str text);

#endif
