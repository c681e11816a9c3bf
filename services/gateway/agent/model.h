/* What a language model may add to an answer of POST /v1/agent/query, where the operator has named an endpoint: off by default.
 *
 * It may propose how a question is meant that our parser is unsure of, and restate the summary. Both are suggestions: a proposal is
 * taken only if it is one of our own plans of GETs that the key may make (query/propose.h), a restatement only if it says what the
 * summary says (restate.h), and stands beside it. Whatever else comes, or does not, the answer is what it would be without.
 * What leaves the gateway: the question as typed, for the first; the summary and the intent, for the second.
 */
#ifndef AGENT_MODEL_H
#define AGENT_MODEL_H

#include "config.h"
#include "query/plan.h"

typedef struct model model;

/* *ret is NULL if no endpoint is set. TS_INVALID, TS_UNAVAILABLE with words; TS_NOMEM. Borrows the grammar. */
TS_CHECK ts_status model_new(const gateway_config *config, const agent_grammar *grammar,
                             model **ret, ts_error *err);
/* NULL is fine. No request may be under way. */
void model_free(model *m);

/* For one request; starts zeroed. */
typedef struct model_use {
    int64_t deadline_boot_ms; /* of all that is asked for the request; 0: nothing was yet */
    bool is_missing;          /* asked, or meant to be, in vain */
    ts_str restated;          /* empty: none */
} model_use;

/* A better understanding of the question than *in and *plan, if the parser is unsure and the model proposes one that holds. May
 * block for TS_GATEWAY_LLM_MS, together with model_restate(). TS_NOMEM. */
TS_CHECK ts_status model_interpret(model_use *u, http_exchange *x, const agent_question *question,
                                   agent_interpretation **in, agent_plan *plan);
/* Sets u->restated to x->summary in other words, if those hold. */
TS_CHECK ts_status model_restate(model_use *u, http_exchange *x, const agent_interpretation *in);

#endif
