"""The routes of /v1/openapi.json, and a valid request to each, so that what holds for all of them is tested for the next one too."""

import http.client
import json
import os
import re
import urllib.parse

import records

METHODS = ("get", "post", "put", "patch", "delete")

# Fields whose form the document cannot tell.
PERMISSIONS = ["read:users"]


def token(word="zq"):
    """A word that is found nowhere else."""
    return word + os.urandom(5).hex()


class Owner:
    """Somebody whose mark is in everything that requests make for him."""

    def __init__(self, mark, url="http://127.0.0.1:9/hook"):
        self.mark = mark
        self.url = url
        self.email = "%s@%s.example" % (mark, mark)

    def records(self):
        return [records.login(self.email)]


class Route:
    def __init__(self, document, path, method, operation):
        self.document = document
        self.path = path
        self.method = method.upper()
        self.operation = operation
        self.name = "%s %s" % (self.method, path)
        self.permission = operation.get("x-permission")
        self.is_public = operation.get("security") == []
        self.captures = re.findall(r"\{(\w+)\}", path)
        self.query = [p for p in map(self.resolve, operation.get("parameters", [])) if p["in"] == "query"]

    def resolve(self, schema):
        while "$ref" in schema:
            found = self.document
            for part in schema["$ref"].lstrip("#/").split("/"):
                found = found[part]
            schema = found
        return schema

    @property
    def collection(self):
        """The path before the first {...}."""
        return self.path.split("/{")[0]

    def fill(self, *values):
        path = self.path
        for name, value in zip(self.captures, values):
            path = path.replace("{%s}" % name, urllib.parse.quote(value, safe=""))
        return path

    def missing(self):
        """Path values that have the right form and belong to nobody."""
        prefixes = {"incidents": "inc_", "api-keys": "key_", "endpoints": "whe_", "events": "evt_", "apps": "app_"}
        kind = self.collection.rsplit("/", 1)[1]
        return ["%s@%s.example" % (token(), token()) if name == "email" else prefixes.get(kind, "") + "0" * 12 + os.urandom(5).hex()
                for name in self.captures]

    def required_query(self, owner):
        return {p["name"]: self.text(p["name"], self.resolve(p["schema"]), owner) for p in self.query if p.get("required")}

    def text(self, name, schema, owner):
        if "enum" in schema:
            return schema["enum"][0]
        if name == "url":
            return owner.url
        if name == "email" or schema.get("format") == "email":
            return owner.email
        if name == "value":
            return owner.mark + ".example"
        return owner.mark

    def value(self, name, schema, owner):
        schema = self.resolve(schema)
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = kind[0]
        if kind == "integer":
            return schema.get("default", schema.get("minimum", 1))
        if kind == "boolean":
            return True
        if kind == "array":
            return PERMISSIONS if name == "permissions" else [self.value(name, schema["items"], owner)]
        if kind == "object":
            return {key: self.value(key, inner, owner) for key, inner in schema.get("properties", {}).items()
                    if key in schema.get("required", [])}
        return self.text(name, schema, owner)

    def body(self, owner):
        """What a request must carry, and the owner's mark wherever free text may stand; None: nothing."""
        if "requestBody" not in self.operation:
            return None
        if self.path == "/v1/events":
            return owner.records()
        if self.path == "/mcp":
            return {"jsonrpc": "2.0", "id": owner.mark, "method": "tools/call", "params": {"name": "get_security_overview"}}
        schema = self.resolve(self.resolve(self.operation["requestBody"])["content"]["application/json"]["schema"])
        if schema.get("type") == "array":
            return [self.value("", schema["items"], owner)]
        required = schema.get("required", [])
        return {name: self.value(name, inner, owner) for name, inner in schema.get("properties", {}).items()
                if name in required or name in ("name", "description", "note", "notes")}

    def send(self, api, owner, values=None, headers=None, query=None, body=None):
        """The answer to a valid request, to a path that does not exist unless values are given."""
        head = dict(headers or {})
        body = self.body(owner) if body is None else body
        if body is not None:
            head.setdefault("Content-Type", "application/json")
            body = json.dumps(body)
        asked = self.required_query(owner)
        if self.path == "/v1/events":
            asked["source"] = "google_workspace"
        asked.update(query or {})
        path = self.fill(*(values or self.missing()))
        try:
            return api.request(self.method, path, body, head, asked)
        except (OSError, http.client.HTTPException):
            if self.method != "GET":
                raise
            return api.request(self.method, path, body, head, asked)  # an idle connection was closed


def of(api):
    """All routes that need a key."""
    document = api.get("/v1/openapi.json").json
    found = [Route(document, path, method, item[method]) for path, item in document["paths"].items()
             for method in METHODS if method in item]
    return [route for route in found if not route.is_public]
