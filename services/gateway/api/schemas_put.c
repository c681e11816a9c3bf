/* The documents that are made of the shapes: OpenAPI's schemas, whole answers, small schemas of the tools, examples. */
#include "api/schemas_table.h"

/* Shapes hold no cycle; this only bounds a mistake. */
#define DEPTH_MAX 8

/* The JSON type that a member's type stands for. */
static const char *json_type(const char *type)
{
    if (schemas_is_list(type))
        return "array";
    return strcmp(type, "time") == 0 || !schemas_is_plain(type) ? "string" : type;
}

static void put_reference(ts_jsonw *w, const char *name)
{
    char reference[96];

    (void)snprintf(reference, sizeof(reference), "#/components/schemas/%s", name);
    ts_jsonw_kz(w, "$ref", reference);
}

static const char *default_limits(const char *type)
{
    if (strcmp(type, "string") == 0)
        return "\"pattern\":\"^[^\\\\u0000]*$\",\"maxLength\":4096";
    if (strcmp(type, "integer") == 0)
        return "\"minimum\":0,\"maximum\":9007199254740991";
    if (strcmp(type, "time") == 0)
        return "\"format\":\"date-time\",\"maxLength\":30";
    if (schemas_is_list(type))
        return "\"maxItems\":10000";
    return "";
}

static void put_plain(ts_jsonw *w, const char *type, bool may_be_null, const char *limits)
{
    ts_jsonw_key(w, "type");
    if (may_be_null) {
        ts_jsonw_array(w);
        ts_jsonw_z(w, json_type(type));
        ts_jsonw_z(w, "null");
        ts_jsonw_array_end(w);
    } else {
        ts_jsonw_z(w, json_type(type));
    }
    if (strcmp(type, "integer") == 0)
        ts_jsonw_kz(w, "format", "int64");
    if (strcmp(type, "number") == 0)
        ts_jsonw_kz(w, "format", "double");
    ts_jsonw_members(w, ts_str_of(limits[0] != '\0' ? limits : default_limits(type)));
}

/* Inside an open object. Never deeper than "[]X" or "?x". */
static void put_type(ts_jsonw *w, const char *type, const char *limits)
{
    bool may_be_null = type[0] == '?';
    const char *name = may_be_null ? type + 1 : type;

    if (!schemas_is_list(name) && !schemas_is_plain(name)) {
        if (!may_be_null) {
            put_reference(w, name);
            return;
        }
        ts_jsonw_key(w, "anyOf");
        ts_jsonw_array(w);
        ts_jsonw_object(w);
        put_reference(w, name);
        ts_jsonw_object_end(w);
        ts_jsonw_raw(w, TS_STR_LIT("{\"type\":\"null\"}"));
        ts_jsonw_array_end(w);
        return;
    }
    put_plain(w, name, may_be_null, limits);
    if (!schemas_is_list(name))
        return;
    ts_jsonw_key(w, "items");
    ts_jsonw_object(w);
    put_type(w, name + 2, "");
    ts_jsonw_object_end(w);
}

static void put_members(ts_jsonw *w, const shape *s)
{
    for (size_t i = 0; i < s->count; i++) {
        const member *m = &s->members[i];
        const fact *f = schemas_fact(s->name, m);

        ts_jsonw_key(w, m->name);
        ts_jsonw_object(w);
        put_type(w, m->type, f == NULL ? "" : f->limits);
        if (f != NULL && f->words[0] != '\0')
            ts_jsonw_kz(w, "description", f->words);
        ts_jsonw_object_end(w);
    }
}

static void put_required(ts_jsonw *w, const shape *s)
{
    for (size_t i = 0; i < s->count; i++) {
        if (!s->members[i].optional)
            ts_jsonw_z(w, s->members[i].name);
    }
}

static void put_shape(ts_jsonw *w, const shape *s)
{
    ts_jsonw_key(w, s->name);
    ts_jsonw_object(w);
    ts_jsonw_kz(w, "type", "object");
    ts_jsonw_kbool(w, "additionalProperties", false);
    ts_jsonw_key(w, "properties");
    ts_jsonw_object(w);
    put_members(w, s);
    ts_jsonw_object_end(w);
    ts_jsonw_key(w, "required");
    ts_jsonw_array(w);
    put_required(w, s);
    ts_jsonw_array_end(w);
    ts_jsonw_object_end(w);
}

void schemas_put_choices(ts_jsonw *w, const char *choices)
{
    ts_str rest = ts_str_of(choices);

    ts_jsonw_key(w, "enum");
    ts_jsonw_array(w);
    for (;;) {
        size_t end = ts_str_find(rest, '|');

        ts_jsonw_str(w, ts_str_n(rest.p, end));
        if (end == rest.n)
            break;
        rest = ts_str_n(rest.p + end + 1, rest.n - end - 1);
    }
    ts_jsonw_array_end(w);
}

static void put_enum(ts_jsonw *w, const char *name, const char *values)
{
    ts_jsonw_key(w, name);
    ts_jsonw_object(w);
    ts_jsonw_kz(w, "type", "string");
    schemas_put_choices(w, values);
    ts_jsonw_object_end(w);
}

void schemas_write(ts_jsonw *w)
{
    ts_jsonw_object(w);
    for (size_t i = 0; i < schemas_enum_count; i++)
        put_enum(w, schemas_enums[i][0], schemas_enums[i][1]);
    for (size_t i = 0; i < schemas_shape_count; i++)
        put_shape(w, &schemas_shapes[i]);
    ts_jsonw_object_end(w);
}

void schemas_put_envelope(ts_jsonw *w, const char *name, bool is_mirrored)
{
    const shape *data = schemas_shape(name);

    ts_jsonw_object(w);
    ts_jsonw_kz(w, "type", "object");
    ts_jsonw_kbool(w, "additionalProperties", false);
    ts_jsonw_key(w, "properties");
    ts_jsonw_object(w);
    ts_jsonw_key(w, "summary");
    ts_jsonw_raw(w, TS_STR_LIT("{\"type\":\"string\",\"pattern\":\"^[ -~]*$\",\"maxLength\":4096,"
                               "\"description\":\"what the data says, in words\"}"));
    ts_jsonw_key(w, "data");
    ts_jsonw_object(w);
    put_reference(w, name);
    ts_jsonw_object_end(w);
    ts_jsonw_key(w, "meta");
    ts_jsonw_object(w);
    put_reference(w, "Meta");
    ts_jsonw_object_end(w);
    if (is_mirrored && data != NULL)
        put_members(w, data);
    ts_jsonw_object_end(w);
    ts_jsonw_key(w, "required");
    ts_jsonw_array(w);
    ts_jsonw_z(w, "summary");
    ts_jsonw_z(w, "data");
    ts_jsonw_z(w, "meta");
    if (is_mirrored && data != NULL)
        put_required(w, data);
    ts_jsonw_array_end(w);
    if (is_mirrored)
        ts_jsonw_kz(w, "description", "The members of data stand at the top level as well.");
    ts_jsonw_object_end(w);
}

static void put_compact_type(ts_jsonw *w, const char *type, unsigned depth, bool may_lack);

static void put_compact_shape(ts_jsonw *w, const shape *s, unsigned depth, bool may_lack)
{
    ts_jsonw_kz(w, "type", "object");
    ts_jsonw_key(w, "properties");
    ts_jsonw_object(w);
    for (size_t i = 0; i < s->count && depth < DEPTH_MAX; i++) {
        ts_jsonw_key(w, s->members[i].name);
        ts_jsonw_object(w);
        put_compact_type(w, s->members[i].type, depth + 1, may_lack);
        ts_jsonw_object_end(w);
    }
    ts_jsonw_object_end(w);
    if (may_lack && depth > 0)
        return;
    ts_jsonw_key(w, "required");
    ts_jsonw_array(w);
    put_required(w, s);
    ts_jsonw_array_end(w);
}

/* Inside an open object. A shape that may be null is written as one that may be anything else as well: no shape of ours is. */
static void put_compact_type(ts_jsonw *w, const char *type, unsigned depth, bool may_lack)
{
    bool may_be_null = type[0] == '?';
    const char *name = may_be_null ? type + 1 : type;
    const shape *s = schemas_shape(name);
    const char *values = schemas_choices(name);

    if (schemas_is_list(name)) {
        ts_jsonw_kz(w, "type", "array");
        ts_jsonw_key(w, "items");
        ts_jsonw_object(w);
        put_compact_type(w, name + 2, depth, may_lack);
        ts_jsonw_object_end(w);
    } else if (s != NULL) {
        if (!may_be_null)
            put_compact_shape(w, s, depth, may_lack);
    } else if (values != NULL && !may_be_null) {
        schemas_put_choices(w, values);
    } else if (may_be_null) {
        ts_jsonw_key(w, "type");
        ts_jsonw_array(w);
        ts_jsonw_z(w, json_type(name));
        ts_jsonw_z(w, "null");
        ts_jsonw_array_end(w);
    } else {
        ts_jsonw_kz(w, "type", json_type(name));
    }
}

void schemas_put_compact(ts_jsonw *w, const char *name, bool may_lack)
{
    ts_jsonw_object(w);
    put_compact_type(w, name, 0, may_lack);
    ts_jsonw_object_end(w);
}

static void put_example_members(ts_jsonw *w, const shape *s, unsigned depth);

static void put_example_of_type(ts_jsonw *w, const char *type, unsigned depth)
{
    const char *values = schemas_choices(type);

    if (schemas_is_list(type)) {
        ts_jsonw_array(w);
        put_example_of_type(w, type + 2, depth);
        ts_jsonw_array_end(w);
    } else if (values != NULL) {
        ts_str all = ts_str_of(values);

        ts_jsonw_str(w, ts_str_n(all.p, ts_str_find(all, '|')));
    } else if (!schemas_is_plain(type)) {
        const shape *inner = schemas_shape(type);

        ts_jsonw_object(w);
        if (inner != NULL)
            put_example_members(w, inner, depth + 1);
        ts_jsonw_object_end(w);
    } else if (strcmp(type, "time") == 0) {
        ts_jsonw_z(w, "2025-01-15T10:30:00Z");
    } else if (strcmp(type, "object") == 0) {
        ts_jsonw_raw(w, TS_STR_LIT("{}"));
    } else if (strcmp(type, "boolean") == 0) {
        ts_jsonw_bool(w, false);
    } else if (strcmp(type, "string") == 0) {
        ts_jsonw_z(w, "text");
    } else {
        ts_jsonw_i64(w, 1);
    }
}

/* Optional members only where the table has a row for this very shape. */
static void put_example_members(ts_jsonw *w, const shape *s, unsigned depth)
{
    for (size_t i = 0; i < s->count && depth < DEPTH_MAX; i++) {
        const member *m = &s->members[i];
        const fact *f = schemas_fact(s->name, m);

        if (m->optional && fact_of_own(s->name, m->name) == NULL)
            continue;
        ts_jsonw_key(w, m->name);
        if (f != NULL && f->example != NULL)
            ts_jsonw_raw(w, ts_str_of(f->example));
        else
            put_example_of_type(w, m->type[0] == '?' ? m->type + 1 : m->type, depth);
    }
}

void schemas_put_example(ts_jsonw *w, const char *name)
{
    const shape *s = schemas_shape(name);

    if (s != NULL)
        put_example_members(w, s, 0);
}
