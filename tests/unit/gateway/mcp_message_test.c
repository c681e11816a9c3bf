#include <criterion/criterion.h>

#include "mcp/message.h"

#define META(version)                                                                              \
    "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"" version "\","                      \
    "\"io.modelcontextprotocol/clientCapabilities\":{}}"
#define CALL(method, more)                                                                         \
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" method "\",\"params\":{" more "}}"

static ts_json_parser *parser;

static mcp_message read_message(const char *text)
{
    ts_error err = { .text = "" };
    mcp_message m;
    ts_json v;

    if (parser == NULL)
        parser = ts_json_parser_new(65536);
    cr_assert_eq(ts_json_parse(parser, ts_str_of(text), &v, &err), TS_OK, "%s: %s", text, err.text);
    mcp_message_read(v, &m);
    return m;
}

Test(mcp_message, each_kind_is_known_by_its_members)
{
    static const struct {
        const char *text;
        mcp_kind kind;
        bool has_id;
    } cases[] = {
        { "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}", MCP_REQUEST, true },
        { "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"ping\"}", MCP_REQUEST, true },
        { "{\"jsonrpc\":\"2.0\",\"id\":18446744073709551615,\"method\":\"ping\"}", MCP_REQUEST,
          true },
        { "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"}", MCP_NOTIFICATION, false },
        { "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", MCP_RESPONSE, true },
        { "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{}}", MCP_RESPONSE, true },
        { "{\"jsonrpc\":\"2.0\",\"id\":1}", MCP_BROKEN, true },
        { "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}", MCP_BROKEN, true },
        { "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}", MCP_BROKEN, true },
        { "{\"jsonrpc\":2.0,\"id\":1,\"method\":\"ping\"}", MCP_BROKEN, true },
        { "{\"id\":1,\"method\":\"ping\"}", MCP_BROKEN, true },
        { "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}", MCP_BROKEN, false },
        { "{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"ping\"}", MCP_BROKEN, false },
        { "{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":\"ping\"}", MCP_BROKEN, false },
        { "{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"ping\"}", MCP_BROKEN, false },
        { "7", MCP_BROKEN, false },
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        mcp_message m = read_message(cases[i].text);

        cr_assert_eq(m.kind, cases[i].kind, "%s", cases[i].text);
        cr_assert_eq(m.has_id, cases[i].has_id, "%s", cases[i].text);
    }
}

Test(mcp_message, the_era_follows_meta_then_method_then_header)
{
    static const struct {
        const char *version; /* of the header */
        const char *text;
        bool is_modern;
    } cases[] = {
        { NULL, CALL("tools/list", ""), false },
        { "2025-03-26", CALL("tools/list", ""), false },
        { "2025-06-18", CALL("tools/list", ""), false },
        { "2025-11-25", CALL("tools/list", ""), false },
        { "2026-07-28", CALL("tools/list", ""), true },
        { "1999-01-01", CALL("tools/list", ""), true },
        { "2025-11-25", CALL("tools/list", META("2026-07-28")), true },
        { NULL, CALL("tools/list", META("2026-07-28")), true },
        { NULL, CALL("server/discover", ""), true },
        { NULL, CALL("initialize", ""), false },
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        mcp_headers h = { .version = ts_str_of(cases[i].version) };
        mcp_message m = read_message(cases[i].text);

        cr_assert_eq(mcp_is_modern(&h, &m), cases[i].is_modern, "%s %s", cases[i].version,
                     cases[i].text);
    }
}

Test(mcp_message, a_modern_request_is_checked_in_order)
{
    static const struct {
        const char *version, *method, *name; /* headers */
        const char *text;
        int code;
    } cases[] = {
        { "2026-07-28", "tools/list", NULL, CALL("tools/list", META("2026-07-28")), 0 },
        { "2026-07-28", "tools/call", "a", CALL("tools/call", META("2026-07-28") ",\"name\":\"a\""),
          0 },
        { "2026-07-28", "tools/call",
          "=?base64?YQ==?=", CALL("tools/call", META("2026-07-28") ",\"name\":\"a\""), 0 },
        { NULL, "tools/list", NULL, CALL("tools/list", META("2026-07-28")), MCP_HEADER_MISMATCH },
        { "2026-07-28", "tools/list", NULL, CALL("tools/list", ""), MCP_INVALID_PARAMS },
        { "2026-07-28", "tools/list", NULL,
          CALL("tools/list",
               "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"}"),
          MCP_INVALID_PARAMS },
        { "2025-11-25", "tools/list", NULL, CALL("tools/list", META("2026-07-28")),
          MCP_HEADER_MISMATCH },
        { "2027-01-01", "tools/list", NULL, CALL("tools/list", META("2027-01-01")),
          MCP_UNSUPPORTED_VERSION },
        { "2027-01-01", "tools/list", NULL, CALL("tools/list", ""), MCP_UNSUPPORTED_VERSION },
        { "2025-11-25", "tools/list", NULL, CALL("tools/list", META("2025-11-25")),
          MCP_UNSUPPORTED_VERSION },
        { "2026-07-28", NULL, NULL, CALL("tools/list", META("2026-07-28")), MCP_HEADER_MISMATCH },
        { "2026-07-28", "Tools/List", NULL, CALL("tools/list", META("2026-07-28")),
          MCP_HEADER_MISMATCH },
        { "2026-07-28", "tools/call", NULL,
          CALL("tools/call", META("2026-07-28") ",\"name\":\"a\""), MCP_HEADER_MISMATCH },
        { "2026-07-28", "tools/call", "b", CALL("tools/call", META("2026-07-28") ",\"name\":\"a\""),
          MCP_HEADER_MISMATCH },
        { "2026-07-28", "tools/call", "=?base64?Yg==?=",
          CALL("tools/call", META("2026-07-28") ",\"name\":\"a\""), MCP_HEADER_MISMATCH },
    };
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(65536);

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        mcp_headers h = { .version = ts_str_of(cases[i].version),
                          .method = ts_str_of(cases[i].method),
                          .name = ts_str_of(cases[i].name) };
        mcp_message m = read_message(cases[i].text);
        mcp_refusal refusal;

        cr_assert_eq(mcp_check_modern(&h, &m, arena, &refusal), TS_OK);
        cr_assert_eq(refusal.code, cases[i].code, "%zu: %d", i, refusal.code);
        cr_assert_eq(refusal.status, cases[i].code == 0 ? 0 : 400);
        cr_assert_eq(refusal.tells_versions, cases[i].code == MCP_UNSUPPORTED_VERSION);
    }
}

Test(mcp_message, a_client_is_shown_by_its_name_and_nothing_else)
{
    static const struct {
        const char *text, *shown;
    } cases[] = {
        { "{\"clientInfo\":{\"name\":\"walker\",\"version\":\"1\"}}", "walker" },
        { "{\"_meta\":{\"io.modelcontextprotocol/clientInfo\":{\"name\":\"a\\u202e\\nb\"}}}",
          "a b" },
        { "{\"clientInfo\":{\"name\":7}}", "" },
        { "{\"clientInfo\":\"x\"}", "" },
        { "{}", "" },
        { "{\"clientInfo\":{\"name\":\"tsk_live_abcdefghijklmnopqrstuvwxyz\"}}", "" },
        { "{\"clientInfo\":{\"name\":\"x tsk\\u200b_test_abcdef\"}}", "" },
    };
    ts_arena *arena = ts_arena_new(1 << 16);

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        char text[256];
        mcp_message m;

        (void)snprintf(text, sizeof(text),
                       "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":%s}",
                       cases[i].text);
        m = read_message(text);
        cr_assert_str_eq(mcp_client_shown(arena, mcp_client(&m)), cases[i].shown, "%s", text);
    }
    ts_arena_free(arena);
}
