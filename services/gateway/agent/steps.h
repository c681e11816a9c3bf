/* What a model may do after a tool has answered, as calls that can be made as they stand. Pure: rules over the answer's JSON. */
#ifndef AGENT_STEPS_H
#define AGENT_STEPS_H

#include "agent/excerpt.h"
#include "agent/tools.h"

#define STEPS_OF_TOOL_MAX 3

/* Adds the paths whose values the rules after this tool look at to e->wanted. */
void steps_want(const agent_tool *t, excerpt *e);
/* The members of an array, from what excerpt_make() found: at most STEPS_OF_TOOL_MAX, only tools that the key may call; those
 * that change something say so; never the call that was just answered, whose `arguments` are given as JSON. Returns how many. */
size_t steps_put(ts_jsonw *w, const agent_tool *t, ts_str arguments, const excerpt *e,
                 uint64_t permissions);

#endif
