/* For the tests of the parser: the shipped data files, loaded once, and a question asked of them. */
#ifndef AGENT_ASKING_H
#define AGENT_ASKING_H

#include <criterion/criterion.h>

#include "query/parse.h"
#include "query/plan.h"

#define ASKING_NOW_MS INT64_C(1763640000000) /* Thursday, 2025-11-20 12:00 UTC */
#define ASKING_DATA   TS_SOURCE_DIR "/services/gateway/agent/lexicon"

const agent_grammar *asking_grammar(void);
/* The answer lives until the next question of the same test. `after`: an earlier question, or NULL. */
const agent_interpretation *ask_after(const char *after, const char *text);
const agent_interpretation *ask(const char *text);
/* "intent slot=value slot=[a,b] left.slot=value", slots in alphabetical order. */
const char *said(const agent_interpretation *in);
/* "GET /v1/..." of the first request, with its body behind a blank; "" if there is none. */
const char *planned(const agent_interpretation *in);

#endif
