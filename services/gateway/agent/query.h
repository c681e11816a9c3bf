/* Words of POST /v1/agent/query that depend on nothing but what was understood. Pure. */
#ifndef AGENT_QUERY_H
#define AGENT_QUERY_H

#include "query/parse.h"

#define QUERY_EXAMPLES 3

/* Questions that can always be answered. */
extern const char *const query_examples[QUERY_EXAMPLES];

/* What may be asked next, up to QUERY_EXAMPLES questions with an answer; made of ids and addresses of a strict grammar, never of
 * other text that was typed. TS_NOMEM. */
TS_CHECK ts_status query_follow_ups(const agent_interpretation *in, ts_arena *arena,
                                    agent_texts *ret);

/* Why there are no results, in a sentence or two, for an intent that asks for none (clarify, help, out_of_scope, refuse). */
const char *query_excuse(const agent_interpretation *in);

#endif
