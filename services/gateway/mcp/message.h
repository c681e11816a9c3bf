/* JSON-RPC as MCP speaks it: what a message is, which of the two eras it belongs to, and what is wrong with it. Pure.
 *
 * Two eras share one address. Modern (2026-07-28): no session, each request says in headers and in `_meta` what it is; errors of
 * form travel with their HTTP status. Legacy (2025-03-26 to 2025-11-25): initialize first; errors travel as HTTP 200, because
 * its clients throw away the bodies of others.
 */
#ifndef MCP_MESSAGE_H
#define MCP_MESSAGE_H

#include "ts/arena.h"
#include "ts/json.h"

#define MCP_MODERN        "2026-07-28"
#define MCP_LEGACY_LATEST "2025-11-25"
#define MCP_LEGACY_FIRST                                                                           \
    "2025-03-26" /* meant where no version is named, and the only one with batches */
#define MCP_BATCH_MAX 10

enum {
    MCP_PARSE_ERROR = -32700,
    MCP_INVALID_REQUEST = -32600,
    MCP_METHOD_NOT_FOUND = -32601,
    MCP_INVALID_PARAMS = -32602,
    MCP_INTERNAL_ERROR = -32603,
    MCP_HEADER_MISMATCH = -32020,
    MCP_UNSUPPORTED_VERSION = -32022,
};

typedef enum mcp_kind {
    MCP_REQUEST,
    MCP_NOTIFICATION, /* no id: never answered */
    MCP_RESPONSE,     /* of a client to a request that we never make */
    MCP_BROKEN,
} mcp_kind;

typedef struct mcp_message {
    mcp_kind kind;
    bool has_id; /* one that can be repeated in an answer; also of a broken message */
    ts_json id;
    ts_str method;
    bool has_params;
    ts_json params;
} mcp_message;

/* Header fields, trimmed; `p` is NULL for one that is not there. */
typedef struct mcp_headers {
    ts_str version; /* MCP-Protocol-Version */
    ts_str method;  /* Mcp-Method */
    ts_str name;    /* Mcp-Name */
} mcp_headers;

/* An error to answer with. code 0: none. */
typedef struct mcp_refusal {
    int status; /* HTTP */
    int code;
    const char *words;
    bool tells_versions; /* data: what is supported, and `requested` */
    ts_str requested;
} mcp_refusal;

void mcp_message_read(ts_json v, mcp_message *ret);
/* The client's name for itself, as initialize or `_meta` gives it; empty if they do not. For show only: anybody may write it. */
ts_str mcp_client(const mcp_message *m);
/* As a log shows it: clean, at most MCP_CLIENT_MAX bytes; empty if it holds a key. */
#define MCP_CLIENT_MAX 64
const char *mcp_client_shown(ts_arena *arena, ts_str client);
bool mcp_is_legacy_version(ts_str version);
bool mcp_is_modern(const mcp_headers *h, const mcp_message *m);
/* A body that is an array may be taken. */
bool mcp_takes_batches(const mcp_headers *h);
/* What headers and `_meta` of a modern request must be. TS_NOMEM; else *ret says. */
TS_CHECK ts_status mcp_check_modern(const mcp_headers *h, const mcp_message *m, ts_arena *arena,
                                    mcp_refusal *ret);

#endif
