/* The rules by which detections become incidents: which span a detection fits, how severe the whole is, what it is called,
 * how the attack went on. Pure; what is made lives in the caller's arena.
 *
 * Severity: that of the severest detection; one step more, critical at most, when the detections show three tactics or
 * more: the same things are worse as parts of one attack that goes on.
 */
#ifndef INCIDENTS_CHAIN_H
#define INCIDENTS_CHAIN_H

#include "proto/event.pb-c.h"
#include "proto/incidents.pb-c.h"
#include "ts/arena.h"
#include "ts/base.h"
#include "ts/id.h"

#define CHAIN_SEVERITIES     5
#define CHAIN_TACTICS_RAISE  3
#define CHAIN_STEPS_MAX      32
#define CHAIN_RULES_MAX      64    /* rule ids named by an incident */
#define CHAIN_USERS_MAX      64    /* affected users named by an incident */
#define CHAIN_DETECTIONS_MAX 20000 /* of one incident; the next one opens another */
#define CHAIN_TITLE_SIZE     256

typedef struct chain_limits {
    int64_t gap_ms;
    int64_t span_ms;
    uint32_t open_severity;
} chain_limits;

/* Whose chain a detection belongs to: its user's, without one that of its dedup key, else of its rule. */
ts_hash128 chain_of(const Ts__Detection *d);

/* The detection lies within the gap of [first, last], and the whole then within the span. Both may be earlier. */
bool chain_fits(const chain_limits *limits, int64_t first_ms, int64_t last_ms,
                const Ts__Detection *d);

uint32_t chain_severity(uint32_t severest, size_t tactic_count);

/* What a detection that is new to the incident, or has changed, does to everything but its count. TS_NOMEM. */
TS_CHECK ts_status chain_absorb(Ts__Incidents__Row *row, const Ts__Detection *d, ts_arena *arena);

#endif
