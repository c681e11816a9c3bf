/* What passes between us and a language model's endpoint: a chat completion, as OpenAI's API has it. Pure. */
#ifndef AGENT_COMPLETION_H
#define AGENT_COMPLETION_H

#include "ts/base.h"
#include "ts/buf.h"
#include "ts/json.h"

/* The request, for one JSON object; its status is the buffer's. */
void completion_write(const char *model, ts_str system, ts_str user, ts_buf *to);

/* What the model wrote, lent by the parser. TS_INVALID: the endpoint's answer is no completion, or one that the model's own limit
 * cut off: half an answer is none. */
TS_CHECK ts_status completion_read(ts_json_parser *parser, ts_str answer, ts_str *ret);

#endif
