/* ATT&CK in a rule's tags: "attack.initial-access" is TA0001, "attack.t1078.004" is T1078.004. */
#ifndef RISK_SIGMA_TAGS_H
#define RISK_SIGMA_TAGS_H

#include "detect/sigma/rule.h"

/* Fills tactics and techniques. Tags of other name spaces are passed over; an unknown tactic is refused. */
TS_CHECK ts_status sigma_tags_parse(const ytree *list, ts_arena *arena, sigma_rule *ret,
                                    ts_error *err);

#endif
