/* From an interpretation to the plain requests that answer it. Pure. What the plain API has no parameter for is done
 * to its answer where a row tells enough (narrow.h), or else left to whoever reads it; both are said in the notes: nothing is
 * left out in silence.
 */
#ifndef AGENT_PLAN_H
#define AGENT_PLAN_H

#include "narrow.h"
#include "parse.h"

typedef struct agent_request {
    const char *method;
    ts_str path; /* with its query, encoded */
    ts_str body; /* JSON; empty: none */
} agent_request;

typedef struct agent_plan {
    agent_request
        *requests; /* the first is the equivalent request; a comparison has one for each side */
    size_t count;  /* 0: nothing to ask (clarify, out_of_scope, refuse) */
    size_t capacity;
    bool is_write; /* the first one changes something: it is shown and never made */
    bool
        is_wider; /* it answers more than was asked: filters or an order are left to whoever reads it, as the notes say */
    bool wants_reasons;        /* of a list of people: agent_plan_add_reasons() */
    bool has_pages;            /* a narrowed answer has further pages, by `offset` */
    agent_narrowing narrowing; /* what is done to the answer of the first request */
    const char *permission;    /* of the data, "" if any key will do */
    agent_texts notes;         /* for `assumptions` */
} agent_plan;

/* TS_NOMEM. */
TS_CHECK ts_status agent_plan_make(const agent_interpretation *in, int64_t now_ms, ts_arena *arena,
                                   agent_plan *ret);

/* To a plan that wants them, the profiles of the first people of its answer, which say what makes a score and who did what. TS_NOMEM. */
#define AGENT_REASONS_MAX 3
TS_CHECK ts_status agent_plan_add_reasons(agent_plan *plan, const ts_str *emails, size_t count,
                                          ts_arena *arena);

/* The object `equivalent_request` of the API: null if there is none. */
void agent_plan_write(ts_jsonw *w, const agent_plan *plan);

#endif
