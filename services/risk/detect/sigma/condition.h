/* A Sigma condition: "selection and not 1 of filter_*" as a tree over the rule's selections. Pure. */
#ifndef RISK_SIGMA_CONDITION_H
#define RISK_SIGMA_CONDITION_H

#include "ts/arena.h"

#define SIGMA_CONDITION_MAX   4096 /* bytes */
#define SIGMA_CONDITION_DEPTH 32
#define SIGMA_SELECTIONS_MAX  256 /* of a rule */

typedef enum sigma_node_kind {
    SIGMA_SELECTION, /* `selection` matched */
    SIGMA_NOT,       /* of the one child */
    SIGMA_AT_LEAST,  /* `least` of the children are true: all of them is AND, one is OR */
} sigma_node_kind;

typedef struct sigma_node {
    sigma_node_kind kind;
    unsigned selection;
    unsigned least;
    struct sigma_node **children;
    unsigned count;
} sigma_node;

/* Understands and, or, not, parentheses, names, and `1 of`, `any of`, `N of`, `all of` with `them`, a name or a prefix and
 * '*'; `them` leaves out names that begin with '_'. TS_INVALID with words, also for aggregations behind '|', which Sigma
 * has given up for correlation rules. */
TS_CHECK ts_status sigma_condition_parse(ts_str text, const ts_str *names, unsigned name_count,
                                         ts_arena *arena, sigma_node **ret, ts_error *err);

/* Asks `matches` for a selection at most once per mention. */
bool sigma_condition_eval(const sigma_node *node,
                          bool (*matches)(void *context, unsigned selection), void *context);

#endif
