/* What a tool answers over MCP: the text that a model reads and the same as JSON, or, if it failed, words to act on. */
#ifndef MCP_RESULT_H
#define MCP_RESULT_H

#include "agent/tools.h"

typedef struct mcp_result {
    bool is_error;
    ts_buf text;
    ts_buf structured; /* {summary, data, meta}; empty if it failed */
} mcp_result;

#define MCP_RESULT_INIT                                                                            \
    (mcp_result)                                                                                   \
    {                                                                                              \
        .text = TS_BUF_INIT(HTTP_ANSWER_MAX), .structured = TS_BUF_INIT(HTTP_ANSWER_MAX)           \
    }

/* Makes the call (again with a lower limit, where the answer would have more bytes than TS_GATEWAY_TOOL_BYTES) and logs it.
 * `client` is the client's name for itself. TS_NOMEM; TS_INTERNAL. */
TS_CHECK ts_status mcp_result_call(http_exchange *x, const agent_tool *t, ts_json arguments,
                                   ts_str client, mcp_result *ret);
/* A call that was not made. */
TS_CHECK ts_status mcp_result_refuse(const http_exchange *x, const agent_tool *t,
                                     http_problem problem, mcp_result *ret);
void mcp_result_done(mcp_result *r);

#endif
