/* What an agent can call: one table, from which come GET /v1/agent/tools, MCP's tools/list and tools/call. A tool names rows of
 * the route table and adds only words; its arguments are the row's parameters and fields, its answer the row's answer. A tool
 * whose row is not there is left out.
 *
 * The table holds nothing of any organization: what models are told is compiled in.
 */
#ifndef AGENT_TOOLS_H
#define AGENT_TOOLS_H

#include "api/api.h"
#include "http/inner.h"

#define AGENT_TOOL_CALLS_MAX    3
#define AGENT_TOOL_EXAMPLES_MAX 2

typedef struct agent_tool {
    const char *name;
    const char *title;
    const char *description;
    bool is_read_only, is_destructive, is_idempotent, is_open_world;
    const char *segment; /* the argument that stands for {...}; NULL: none */
    struct {
        const char *action; /* with more than one call: the value of the argument `action` */
        const char *method;
        const char *pattern;
    } calls[AGENT_TOOL_CALLS_MAX]; /* the last one's permission is the tool's */
    struct {
        const char *words;
        const char *arguments; /* JSON */
    } examples[AGENT_TOOL_EXAMPLES_MAX];
    const char *const *
        concise; /* paths that response_format=concise leaves out, the last NULL; NULL: one form only */
} agent_tool;

extern const agent_tool agent_tools[];
extern const size_t agent_tool_count;

/* How a call was answered. */
typedef struct agent_tool_answer {
    http_problem
        problem; /* HTTP_FINE: `x` holds data, summary, untrusted and degraded; else its error and retry_after_s */
    bool is_concise;  /* asked for in that form */
    http_exchange *x; /* of the inner request */
} agent_tool_answer;

/* The row of the route table, to the letter; NULL if there is none. */
const http_route *agent_tool_route(const char *method, const char *pattern);
/* NULL if there is none of that name, or a route of it is not in the route table. */
const agent_tool *agent_tool_find(ts_str name);
bool agent_tool_is_there(const agent_tool *t);
/* TS_PERM_*; each call is checked against its own route's permission all the same. */
uint64_t agent_tool_permission(const agent_tool *t);

/* The arguments of its last example, as JSON. */
const char *agent_tool_example(const agent_tool *t);
/* What models read of the tool, the value of `description`: the table's words, an example, and that values are data. */
void agent_tool_put_description(ts_jsonw *w, const agent_tool *t);
/* JSON schemas of the arguments and of the whole answer {summary, data, meta}. */
void agent_tool_put_input(ts_jsonw *w, const agent_tool *t);
void agent_tool_put_output(ts_jsonw *w, const agent_tool *t);
/* The object of the four hints. */
void agent_tool_put_annotations(ts_jsonw *w, const agent_tool *t);

/* Runs the route that the arguments (an object, or a zeroed ts_json: none) ask for, but for no more than `limit` rows, where it
 * takes a limit (0: as many as are asked for). Whatever is wrong with them is in the answer, with the argument's name in its
 * error's `param`. TS_NOMEM. Release ret->x with http_inner_done(). */
TS_CHECK ts_status agent_tool_call(http_exchange *x, const agent_tool *t, ts_json arguments,
                                   uint64_t limit, agent_tool_answer *ret);

#endif
