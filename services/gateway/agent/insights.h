/* What matters most in an organization now, why, and what to do about it: made of what the stores know, never of text from
 * monitored events. Pure.
 *
 * Candidates, the severest first, among equals in this order; the first INSIGHTS_MAX are shown:
 *   the severest incident that is open or investigating     with its own severity
 *   the user with the highest risk, from medium on          critical, high, medium
 *   another open incident that nobody took up for a day     with its own severity, high at most
 *   the riskiest app that is not trusted, from high on      high
 *   more incidents than before                              medium: three or more in a day, twice those of the day before
 *   AI use that is not sanctioned                           medium
 *   AI tools first seen this week                           low
 */
#ifndef AGENT_INSIGHTS_H
#define AGENT_INSIGHTS_H

#include "proto/aiusage.pb-c.h"
#include "proto/incidents.pb-c.h"
#include "proto/risk.pb-c.h"
#include "ts/arena.h"
#include "ts/base.h"

#define INSIGHTS_MAX    3
#define STEPS_MAX       5
#define PROOFS_MAX      3
#define ARGUMENTS_MAX   2
#define AI_DAYS         7  /* of the report that is looked at */
#define HIGH_RISK       70 /* a high-risk user's score starts here */
#define UNTOUCHED_HOURS 24 /* after which an open incident should have been taken up */

/* What is known. NULL: the caller may not read it, or it did not answer. */
typedef struct insight_facts {
    int64_t now_ms;
    const Ts__Risk__OverviewReply *risk;
    const Ts__Risk__UserProfile *top_user;        /* with the timeline */
    const Ts__Incidents__SummaryReply *incidents; /* with the trend */
    const Ts__Aiusage__Report *ai;                /* AI_DAYS, by tool */
    const Ts__Risk__AppList *apps;                /* not trusted, the riskiest first */
} insight_facts;

/* Recorded evidence: so many `unit` of the thing with that id. */
typedef struct proof {
    const char *kind; /* incident, rule, user, app, ai_tool, organization */
    const char *id;   /* "": the whole organization */
    double value;
    const char *unit;
    int64_t at_ms; /* 0: no moment of its own */
} proof;

typedef struct insight {
    uint32_t severity;
    const char *text; /* one sentence */
    proof proofs[PROOFS_MAX];
    size_t proof_count;
} insight;

typedef struct argument {
    const char *name;
    const char *text; /* NULL: the number, or for is_flag whether it is 0 */
    int64_t number;
    bool is_flag;
} argument;

/* A call of one of the agent's tools that only reads; it may be made as it stands. */
typedef struct next_step {
    const char *action;
    const char *why;
    const char *tool;
    argument arguments[ARGUMENTS_MAX];
    size_t argument_count;
} next_step;

typedef struct insights {
    insight list[INSIGHTS_MAX];
    size_t count;
    next_step steps[STEPS_MAX];
    size_t step_count;
} insights;

/* Texts live in the arena or in the facts. TS_NOMEM. */
TS_CHECK ts_status insights_find(const insight_facts *f, ts_arena *arena, insights *ret);

/* The user's score a day before; -1 if the timeline does not reach back so far. */
int insights_score_before(const Ts__Risk__UserProfile *profile, int64_t now_ms);
/* Tools first seen within the report's days. */
uint64_t insights_new_tools(const Ts__Aiusage__Report *ai);

#endif
