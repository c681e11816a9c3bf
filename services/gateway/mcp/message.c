#include "mcp/message.h"

#include "http/request.h"
#include "ts/clean.h"
#include "ts/id.h"

#define META_VERSION      "io.modelcontextprotocol/protocolVersion"
#define META_CAPABILITIES "io.modelcontextprotocol/clientCapabilities"
#define META_CLIENT       "io.modelcontextprotocol/clientInfo"

/* Longer names of tools there are not. */
#define NAME_MAX_BYTES 1024

static const char *const legacy_versions[] = { "2025-03-26", "2025-06-18", "2025-11-25" };

bool mcp_is_legacy_version(ts_str version)
{
    for (size_t i = 0; i < TS_COUNT(legacy_versions); i++) {
        if (ts_str_is(version, legacy_versions[i]))
            return true;
    }
    return false;
}

static bool is_id(ts_json v)
{
    ts_json_type type = ts_json_type_of(v);

    return type == TS_JSON_STRING || type == TS_JSON_INT || type == TS_JSON_UINT;
}

void mcp_message_read(ts_json v, mcp_message *ret)
{
    ts_json version = { 0 }, id = { 0 }, method = { 0 }, other = { 0 };
    bool has_id, has_method;

    *ret = (mcp_message){ .kind = MCP_BROKEN };
    if (ts_json_type_of(v) != TS_JSON_OBJECT)
        return;
    has_id = ts_json_get(v, "id", &id);
    if (has_id && is_id(id)) {
        ret->has_id = true;
        ret->id = id;
    }
    if (!ts_json_get(v, "jsonrpc", &version) || !ts_str_is(ts_json_str(version), "2.0") ||
        (has_id && !ret->has_id))
        return;
    has_method = ts_json_get(v, "method", &method);
    if (!has_method && has_id &&
        (ts_json_get(v, "result", &other) || ts_json_get(v, "error", &other))) {
        ret->kind = MCP_RESPONSE;
        return;
    }
    if (!has_method || ts_json_type_of(method) != TS_JSON_STRING)
        return;
    ret->method = ts_json_str(method);
    ret->has_params = ts_json_get(v, "params", &ret->params);
    ret->kind = has_id ? MCP_REQUEST : MCP_NOTIFICATION;
}

/* A member of params._meta; false if it is not there. */
static bool meta_of(const mcp_message *m, const char *name, ts_json *ret)
{
    ts_json meta;

    return m->has_params && ts_json_get(m->params, "_meta", &meta) && ts_json_get(meta, name, ret);
}

ts_str mcp_client(const mcp_message *m)
{
    ts_json info = { 0 }, name = { 0 };

    if (meta_of(m, META_CLIENT, &info) ||
        (m->has_params && ts_json_get(m->params, "clientInfo", &info)))
        (void)ts_json_get(info, "name", &name);
    return ts_json_type_of(name) == TS_JSON_STRING ? ts_json_str(name) : TS_STR_NULL;
}

const char *mcp_client_shown(ts_arena *arena, ts_str client)
{
    const char *shown = client.n == 0 ? NULL : ts_clean(arena, client, MCP_CLIENT_MAX);

    return shown == NULL || http_query_holds_key(ts_str_of(shown)) ? "" : shown;
}

bool mcp_is_modern(const mcp_headers *h, const mcp_message *m)
{
    ts_json version;

    return meta_of(m, META_VERSION, &version) || ts_str_is(m->method, "server/discover") ||
           (h->version.p != NULL && !mcp_is_legacy_version(h->version));
}

bool mcp_takes_batches(const mcp_headers *h)
{
    return h->version.p == NULL || ts_str_is(h->version, MCP_LEGACY_FIRST);
}

static mcp_refusal refuse(int code, const char *words)
{
    return (mcp_refusal){ .status = 400, .code = code, .words = words };
}

static mcp_refusal refuse_version(ts_str requested)
{
    mcp_refusal r = refuse(MCP_UNSUPPORTED_VERSION, "Unsupported protocol version");

    r.tells_versions = true;
    r.requested = requested;
    return r;
}

/* "=?base64?...?=" stands for bytes that a header cannot hold; other text for itself. */
static ts_status decode_name(ts_str text, ts_arena *arena, ts_str *ret)
{
    const ts_str before = TS_STR_LIT("=?base64?"), after = TS_STR_LIT("?=");
    uint8_t *bytes;
    size_t n = 0;

    *ret = text;
    if (text.n < before.n + after.n || text.n > NAME_MAX_BYTES || !ts_str_starts(text, before) ||
        !ts_str_ends(text, after))
        return TS_OK;
    bytes = ts_arena_alloc(arena, text.n);
    if (bytes == NULL)
        return TS_NOMEM;
    if (ts_base64_decode(ts_str_n(text.p + before.n, text.n - before.n - after.n), bytes, &n) ==
        TS_OK)
        *ret = ts_str_n(bytes, n);
    return TS_OK;
}

/* The member of params that Mcp-Name repeats; NULL: none for this method. */
static const char *named_member(ts_str method)
{
    if (ts_str_is(method, "tools/call") || ts_str_is(method, "prompts/get"))
        return "name";
    return ts_str_is(method, "resources/read") ? "uri" : NULL;
}

static ts_status check_name(const mcp_headers *h, const mcp_message *m, ts_arena *arena,
                            mcp_refusal *ret)
{
    const char *member = named_member(m->method);
    ts_json value = { 0 };
    ts_str name;
    ts_status st;

    if (member == NULL)
        return TS_OK;
    if (h->name.p == NULL) {
        *ret = refuse(MCP_HEADER_MISMATCH, "The header Mcp-Name is missing");
        return TS_OK;
    }
    st = decode_name(h->name, arena, &name);
    if (st != TS_OK)
        return st;
    if (!ts_json_get(m->params, member, &value) || !ts_str_eq(ts_json_str(value), name))
        *ret = refuse(MCP_HEADER_MISMATCH, "The header Mcp-Name is not what params say");
    return TS_OK;
}

ts_status mcp_check_modern(const mcp_headers *h, const mcp_message *m, ts_arena *arena,
                           mcp_refusal *ret)
{
    ts_json version = { 0 }, capabilities = { 0 };
    bool has_version =
        meta_of(m, META_VERSION, &version) && ts_json_type_of(version) == TS_JSON_STRING;

    *ret = (mcp_refusal){ .code = 0 };
    if (h->version.p == NULL)
        *ret = refuse(MCP_HEADER_MISMATCH, "The header MCP-Protocol-Version is missing");
    else if (!has_version && !ts_str_is(h->version, MCP_MODERN) &&
             !mcp_is_legacy_version(h->version))
        *ret = refuse_version(h->version);
    else if (!has_version)
        *ret = refuse(MCP_INVALID_PARAMS, "params._meta must name " META_VERSION);
    else if (!meta_of(m, META_CAPABILITIES, &capabilities) ||
             ts_json_type_of(capabilities) != TS_JSON_OBJECT)
        *ret = refuse(MCP_INVALID_PARAMS, "params._meta must hold " META_CAPABILITIES);
    else if (!ts_str_eq(h->version, ts_json_str(version)))
        *ret = refuse(MCP_HEADER_MISMATCH,
                      "The header MCP-Protocol-Version is not what params._meta says");
    else if (!ts_str_is(h->version, MCP_MODERN))
        *ret = refuse_version(h->version);
    else if (h->method.p == NULL)
        *ret = refuse(MCP_HEADER_MISMATCH, "The header Mcp-Method is missing");
    else if (!ts_str_eq(h->method, m->method))
        *ret = refuse(MCP_HEADER_MISMATCH, "The header Mcp-Method is not the method");
    return ret->code == 0 ? check_name(h, m, arena, ret) : TS_OK;
}
