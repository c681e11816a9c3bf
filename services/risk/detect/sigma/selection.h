/* One named selection of a Sigma rule: fields with modifiers and values, compiled, and its answer about a record.
 *
 * Understood: plain values with wildcards, null, lists; contains, startswith, endswith, all, cased, exists, neq, gt, gte, lt,
 * lte, cidr, fieldref; keywords. A modifier that is not understood refuses the rule by its name: a rule that means
 * something else than it says would be worse than none. */
#ifndef RISK_SIGMA_SELECTION_H
#define RISK_SIGMA_SELECTION_H

#include "detect/sigma/fields.h"
#include "detect/sigma/pattern.h"
#include "ts/ytree.h"

typedef enum sigma_test {
    SIGMA_TEXT,
    SIGMA_NULL, /* no such field */
    SIGMA_EXISTS,
    SIGMA_GT,
    SIGMA_GTE,
    SIGMA_LT,
    SIGMA_LTE,
    SIGMA_CIDR,
    SIGMA_FIELDREF,
} sigma_test;

typedef struct sigma_value {
    sigma_test test;
    sigma_pattern pattern;
    double number;
    bool expected;  /* exists */
    uint32_t field; /* fieldref */
    uint8_t network[16];
    unsigned family; /* AF_INET, AF_INET6 */
    unsigned prefix; /* bits */
} sigma_value;

typedef struct sigma_item {
    uint32_t field;
    bool any_field; /* keywords */
    bool all;
    bool negated;
    sigma_value *values;
    size_t count;
} sigma_item;

typedef struct sigma_items {
    sigma_item *list; /* all must hold */
    size_t count;
} sigma_items;

typedef struct sigma_selection {
    sigma_items *alternatives; /* one must hold */
    size_t count;
} sigma_selection;

TS_CHECK ts_status sigma_selection_compile(const ytree *tree, sigma_names *names, ts_arena *arena,
                                           sigma_selection *ret, ts_error *err);
bool sigma_selection_matches(const sigma_selection *s, const sigma_view *view);

#endif
