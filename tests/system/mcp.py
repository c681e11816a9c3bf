"""MCP over plain HTTP, in both eras, and as much of JSON Schema as the tools' schemas use."""

import itertools
import json
import re

import summaries

MODERN = "2026-07-28"
LEGACY = ("2025-03-26", "2025-06-18", "2025-11-25")
META = "io.modelcontextprotocol/"


class Mcp:
    """Speaks for a client.Client. `version` None: no version header, as the first revision has it."""

    def __init__(self, api, version="2025-11-25"):
        self.api = api
        self.version = version
        self.ids = itertools.count(1)

    def headers(self, message):
        head = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        if self.version:
            head["MCP-Protocol-Version"] = self.version
        if self.version == MODERN:
            head["Mcp-Method"] = message["method"]
            if "name" in message["params"]:
                head["Mcp-Name"] = message["params"]["name"]
        return head

    def message(self, method, params=None):
        message = {"jsonrpc": "2.0", "id": next(self.ids), "method": method, "params": dict(params or {})}
        if self.version == MODERN:
            message["params"]["_meta"] = {META + "protocolVersion": MODERN, META + "clientCapabilities": {}}
        return message

    def post(self, body, headers=None):
        """The whole answer to any body."""
        head = {"Content-Type": "application/json"}
        head.update(headers or {})
        return self.api.request("POST", "/mcp", body if isinstance(body, (str, bytes)) else json.dumps(body), head)

    def ask(self, method, params=None):
        """The result of a request; raises on anything else."""
        message = self.message(method, params)
        answer = self.post(message, self.headers(message))
        if answer.status != 200 or answer.json.get("id") != message["id"] or "result" not in answer.json:
            raise AssertionError("%s: %d %s" % (method, answer.status, answer.text[:500]))
        return answer.json["result"]

    def tools(self):
        return self.ask("tools/list")["tools"]

    def call(self, name, **arguments):
        """The result; the summary of one that succeeded is looked at, as over REST (summaries.py)."""
        result = self.ask("tools/call", {"name": name, "arguments": arguments})
        if not result["isError"]:
            summaries.check("tools/call", name, result["structuredContent"])
        return result

    def data(self, name, **arguments):
        """structuredContent of a call that must succeed."""
        result = self.call(name, **arguments)
        if result["isError"]:
            raise AssertionError("%s: %s" % (name, result["content"][0]["text"]))
        return result["structuredContent"]


def kind_fits(kind, value):
    return {"object": isinstance(value, dict), "array": isinstance(value, list), "string": isinstance(value, str),
            "boolean": isinstance(value, bool), "null": value is None,
            "integer": isinstance(value, int) and not isinstance(value, bool),
            "number": isinstance(value, (int, float)) and not isinstance(value, bool)}[kind]


KNOWN = {"type", "properties", "required", "additionalProperties", "items", "enum", "anyOf", "minimum", "maximum", "minLength",
         "maxLength", "maxItems", "pattern", "format", "default", "description"}


def violations(schema, value, path="$"):
    """What of the value is not as the schema says. A keyword that is not known here is a violation itself."""
    for word in set(schema) - KNOWN:
        yield "%s: keyword %s" % (path, word)
    kinds = schema.get("type")
    if kinds is not None and not any(kind_fits(kind, value) for kind in ([kinds] if isinstance(kinds, str) else kinds)):
        yield "%s is no %s: %.60r" % (path, kinds, value)
        return
    if "enum" in schema and value not in schema["enum"]:
        yield "%s is none of %s: %.60r" % (path, schema["enum"], value)
    if "anyOf" in schema and all(list(violations(one, value, path)) for one in schema["anyOf"]):
        yield "%s fits nothing of anyOf" % path
    if isinstance(value, str):
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
            yield "%s has a wrong length" % path
        if "pattern" in schema and not re.search(schema["pattern"], value):
            yield "%s does not match %s: %.60r" % (path, schema["pattern"], value)
    if kind_fits("number", value) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield "%s is out of range: %s" % (path, value)
    if isinstance(value, list):
        if len(value) > schema.get("maxItems", len(value)):
            yield "%s has too many items" % path
        for index, item in enumerate(value):
            yield from violations(schema.get("items", {}), item, "%s[%d]" % (path, index))
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        for name in schema.get("required", ()):
            if name not in value:
                yield "%s lacks %s" % (path, name)
        for name, member in value.items():
            if name in properties:
                yield from violations(properties[name], member, "%s.%s" % (path, name))
            elif schema.get("additionalProperties", True) is False:
                yield "%s may not have %s" % (path, name)
