/* The summary in a language model's words: whether it says what ours says. Pure.
 *
 * Letters can be checked only so far, so what is taken stays beside our summary, is named among the untrusted fields and holds:
 * one to three sentences of plain ASCII words, at most RESTATE_MAX bytes; every number, date, id and address of our summary, once,
 * as written there and in that order, and none besides; no figure in words that ours has not; nothing that our parser takes for an
 * instruction or a change.
 */
#ifndef AGENT_RESTATE_H
#define AGENT_RESTATE_H

#include "query/parse.h"
#include "ts/json.h"

#define RESTATE_MAX       500u /* what the parser reads */
#define RESTATE_WORD_MAX  30u
#define RESTATE_SENTENCES 3u

/* The text of {"summary": "..."} and nothing else, lent by the parser. TS_INVALID with the reason; TS_NOMEM. */
TS_CHECK ts_status restate_read(ts_json_parser *parser, ts_str answer, ts_str *ret, ts_error *err);

/* TS_INVALID with the reason; TS_NOMEM. */
TS_CHECK ts_status restate_check(const agent_grammar *g, ts_str own, ts_str text, ts_arena *arena,
                                 ts_error *err);

#endif
