/* From a rule's match to a firing: what the score is made of and incidents are told of. */
#ifndef RISK_FIRE_H
#define RISK_FIRE_H

#include "noise.h"
#include "record.h"
#include "work.h"

#define RISK_FIRING_WINDOW_MS                                                                      \
    INT64_C(600000) /* one firing per rule, dedup key and window; then only its count moves */
#define RISK_HISTORICAL_MS                                                                         \
    INT64_C(604800000) /* older than this on arrival: listed, but no score, incident or webhook */
#define RISK_EVIDENCE_FIELDS 16
#define RISK_EVIDENCE_VALUE  256 /* bytes of a field's value shown as evidence */

/* Strings are borrowed until the work is written. */
typedef struct risk_match {
    const char *rule_id;
    const char *title;
    uint32_t severity;
    uint32_t weight; /* 0..95 */
    char **tactics;
    size_t tactic_count;
    char **techniques;
    size_t technique_count;
    char **actions;
    size_t action_count;
    const uint8_t *hash; /* 16 bytes: of the rule's text */
    ts_str dedup_key;    /* at most 256 bytes count */
    const char *email;   /* whom it names; "" if nobody */
    work_user *user;     /* the same, if one of ours; else NULL */
} risk_match;

/* Makes the firing or moves its count. The rescoring happens when the work is finished. *ret_noisy: none was made, the rule
 * has made too many in this minute. */
TS_CHECK ts_status risk_fire(risk_work *w, const risk_match *match, const risk_record *record,
                             const risk_noise *noise, bool *ret_noisy);

#endif
