/* An interpretation that a language model proposes: what it is told of our vocabulary, and what of its answer is taken. Pure.
 *
 * The model is no source of facts. Names, addresses and ids are taken only if they stand in the question; all other values come
 * from closed vocabularies; what is left is planned like any question and must be made of GETs alone.
 */
#ifndef AGENT_PROPOSE_H
#define AGENT_PROPOSE_H

#include "plan.h"

#define AGENT_VOCABULARY_MAX 16384u

/* Intents and slots with their values, a line each, as the model is to use them. */
void agent_vocabulary_write(const agent_grammar *g, ts_buf *to);

/* The interpretation that `proposed` stands for, a JSON object {"intent", "slots"}: everything but intent, slots and time is as in
 * `own`, the parser's. TS_INVALID with words: anything in it is unknown, out of range or not of the question, or its plan holds
 * more than GETs; TS_NOMEM. */
TS_CHECK ts_status agent_propose(const agent_grammar *g, const agent_question *question,
                                 const agent_interpretation *own, ts_json proposed, ts_arena *arena,
                                 agent_interpretation **ret, agent_plan *ret_plan, ts_error *err);

#endif
