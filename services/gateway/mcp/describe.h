/* What the OpenAPI document says of the bodies of /mcp: JSON-RPC, which has no place in the table of shapes. */
#ifndef MCP_DESCRIBE_H
#define MCP_DESCRIBE_H

/* JSON: a schema of what is posted with an example, of what is answered, of what an error that has a status of its own may be. */
extern const char mcp_request_schema[];
extern const char mcp_request_example[];
extern const char mcp_answer_schema[];
extern const char mcp_answer_example[];
extern const char mcp_error_schema[];
/* Members of an array: the headers of the modern revision. */
extern const char mcp_header_parameters[];

#endif
