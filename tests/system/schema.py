"""What a value has against a schema of the OpenAPI document: of JSON Schema what the document uses, and no word more is passed
over in silence."""

import re

SILENT = {"description", "format", "example", "maxLength", "minLength"}
KNOWN = SILENT | {"$ref", "type", "enum", "pattern", "minimum", "maximum", "maxItems", "items", "properties", "required",
                  "additionalProperties", "anyOf"}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def resolve(document, schema):
    while "$ref" in schema:
        found = document
        for part in schema["$ref"].lstrip("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def is_of(value, kind):
    if kind in ("integer", "number"):
        return isinstance(value, int if kind == "integer" else (int, float)) and not isinstance(value, bool)
    return isinstance(value, TYPES[kind])


def mistakes(document, schema, value, at="$"):
    schema = resolve(document, schema)
    if set(schema) - KNOWN:
        raise AssertionError("%s: no word of ours: %s" % (at, set(schema) - KNOWN))
    if "anyOf" in schema:
        found = [mistakes(document, one, value, at) for one in schema["anyOf"]]
        return [] if [] in found else min(found, key=len)
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if not any(is_of(value, kind) for kind in kinds):
        return ["%s is no %s: %r" % (at, kinds, value)]
    found = []
    if "enum" in schema and value not in schema["enum"]:
        found.append("%s is none of %s: %r" % (at, schema["enum"], value))
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        found.append("%s is not like %s: %r" % (at, schema["pattern"], value))
    if isinstance(value, (int, float)) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        found.append("%s is out of range: %r" % (at, value))
    if isinstance(value, list):
        if len(value) > schema["maxItems"]:
            found.append("%s has %d items" % (at, len(value)))
        for number, item in enumerate(value):
            found += mistakes(document, schema["items"], item, "%s[%d]" % (at, number))
    if isinstance(value, dict) and "properties" in schema:
        found += ["%s lacks %s" % (at, name) for name in schema["required"] if name not in value]
        if schema["additionalProperties"] is False:
            found += ["%s has %s" % (at, name) for name in value if name not in schema["properties"]]
        for name in set(value) & set(schema["properties"]):
            found += mistakes(document, schema["properties"][name], value[name], "%s.%s" % (at, name))
    return found
