#include "mcp/describe.h"

#include "mcp/message.h"

#define TEXT(max) "{\"type\":\"string\",\"maxLength\":" max ",\"pattern\":\"^[^\\\\u0000]*$\"}"
#define ID                                                                                         \
    "{\"oneOf\":[{\"type\":\"string\",\"maxLength\":65536,\"pattern\":\"^[^\\\\u0000]*$\"},{"      \
    "\"type\":\"integer\",\"format\":\"int64\",\"minimum\":-9007199254740991,\"maximum\":"         \
    "9007199254740991}]}"
#define VERSION "{\"type\":\"string\",\"enum\":[\"2.0\"]}"
#define MESSAGE                                                                                    \
    "{\"type\":\"object\",\"required\":[\"jsonrpc\"],\"properties\":{\"jsonrpc\":" VERSION         \
    ",\"id\":" ID ",\"method\":" TEXT("65536") ",\"params\":{\"type\":\"object\"}}}"
#define RESULT                                                                                     \
    "{\"type\":\"object\",\"required\":[\"jsonrpc\",\"id\",\"result\"],\"properties\":{"           \
    "\"jsonrpc\":" VERSION ",\"id\":" ID ",\"result\":{\"type\":\"object\"}}}"
#define FAILURE                                                                                    \
    "{\"type\":\"object\",\"required\":[\"jsonrpc\",\"error\"],\"properties\":{"                   \
    "\"jsonrpc\":" VERSION ",\"id\":" ID                                                           \
    ",\"error\":{\"type\":\"object\",\"required\":[\"code\",\"message\"],"                         \
    "\"properties\":{\"code\":{\"type\":\"integer\",\"format\":\"int64\",\"minimum\":-32768,"      \
    "\"maximum\":-32000},\"message\":" TEXT("1024") ",\"data\":{\"type\":\"object\"}}}}}"

_Static_assert(MCP_BATCH_MAX == 10, "the schemas say so");

const char mcp_request_schema[] =
    "{\"description\":\"A JSON-RPC 2.0 message as MCP has it: request, notification or, in "
    "revision " MCP_LEGACY_FIRST ", a batch of at most 10\",\"oneOf\":[" MESSAGE
    ",{\"type\":\"array\",\"minItems\":1,\"maxItems\":10,\"items\":" MESSAGE "}]}";

const char mcp_request_example[] =
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":"
    "\"get_security_overview\",\"arguments\":{}}}";

const char mcp_answer_schema[] =
    "{\"oneOf\":[" RESULT "," FAILURE
    ",{\"type\":\"array\",\"maxItems\":10,\"items\":{\"type\":\"object\"}}]}";

const char mcp_answer_example[] =
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"142 "
    "monitored users. 3 high-risk users. 2 open incidents.\"}],\"isError\":false}}";

const char mcp_error_schema[] =
    "{\"oneOf\":[{\"$ref\":\"#/components/schemas/Error\"}," FAILURE "]}";

#define HEADER(name, words)                                                                        \
    "{\"name\":\"" name "\",\"in\":\"header\",\"required\":false,\"description\":\"" words         \
    "\",\"schema\":{\"type\":\"string\",\"maxLength\":1024,\"pattern\":\"^[ -~]*$\"},"

const char mcp_header_parameters[] = HEADER(
    "MCP-Protocol-Version",
    "The revision that the request is of; none means " MCP_LEGACY_FIRST
    ".") "\"example\":\"" MCP_LEGACY_LATEST
         "\"}," HEADER("Mcp-Method",
                       "The method of the request; needed "
                       "in revision " MCP_MODERN
                       ".") "\"example\":\"tools/call\"}," HEADER("Mcp-Name",
                                                                  "The tool of tools/call; needed "
                                                                  "in revision " MCP_MODERN
                                                                  ".") "\"example\":\"get_security_"
                                                                       "overview\"}";
