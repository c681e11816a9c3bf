/* A Sigma rule, compiled: what it is about, what it says, what it matches. */
#ifndef RISK_SIGMA_RULE_H
#define RISK_SIGMA_RULE_H

#include "detect/sigma/condition.h"
#include "detect/sigma/correlation.h"
#include "detect/sigma/selection.h"

#define SIGMA_TITLE_MAX   200
#define SIGMA_ID_MAX      64
#define SIGMA_LIST_MAX    32 /* tags of a kind, actions, dedup fields */
#define SIGMA_ACTION_MAX  300
#define SIGMA_PARENTS_MAX 64 /* correlations that one rule takes part in */

/* A correlation that this rule is a part of. */
typedef struct sigma_parent {
    struct sigma_rule *rule;
    uint32_t position; /* among the correlation's rules */
} sigma_parent;

typedef struct sigma_rule {
    const char *id; /* the rule's name if it has one, else its UUID */
    const char *uuid;
    const char *title;
    const char *file;
    uint32_t number;   /* in its set, from 0 */
    uint32_t severity; /* 0..4 */
    uint32_t weight;   /* 0..95 */
    char **tactics;    /* "TA0001" */
    size_t tactic_count;
    char **techniques; /* "T1078.004" */
    size_t technique_count;
    char **actions; /* what to do, most urgent first */
    size_t action_count;
    uint32_t *dedup; /* fields whose values make the dedup key; none: the user */
    size_t dedup_count;
    uint8_t hash[16];   /* of everything that stands in the rule */
    const char *source; /* events of this source only; "" all */
    const char *app;    /* of this application of the source only; "" all */
    bool has_kind;      /* of this kind only */
    risk_kind kind;
    bool standalone; /* fires by itself, whatever correlations it is a part of */
    bool fires;      /* false: only a part of correlations */
    bool is_correlation;
    sigma_correlation correlation;
    sigma_selection *selections;
    unsigned selection_count;
    sigma_node *condition;
    sigma_parent *parents;
    unsigned parent_count;
} sigma_rule;

/* TS_INVALID, TS_TOO_LARGE or TS_NOMEM with the field and words: the rule is refused, others are not. */
TS_CHECK ts_status sigma_rule_compile(const ytree *tree, const char *file, sigma_names *names,
                                      ts_arena *arena, sigma_rule **ret, ts_error *err);
/* Not for correlations. */
bool sigma_rule_matches(const sigma_rule *rule, const sigma_view *view);

#endif
