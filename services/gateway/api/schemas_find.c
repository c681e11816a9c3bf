#include "api/schemas_table.h"

const shape *schemas_shape(const char *name)
{
    for (size_t i = 0; i < schemas_shape_count; i++) {
        if (strcmp(schemas_shapes[i].name, name) == 0)
            return &schemas_shapes[i];
    }
    return NULL;
}

bool schemas_has(const char *name)
{
    return schemas_shape(name) != NULL;
}

const char *schemas_choices(const char *name)
{
    for (size_t i = 0; i < schemas_enum_count; i++) {
        if (strcmp(schemas_enums[i][0], name) == 0)
            return schemas_enums[i][1];
    }
    return NULL;
}

bool schemas_is_list(const char *type)
{
    return strncmp(type, "[]", 2) == 0;
}

bool schemas_is_plain(const char *type)
{
    return strcmp(type, "string") == 0 || strcmp(type, "integer") == 0 ||
           strcmp(type, "number") == 0 || strcmp(type, "boolean") == 0 ||
           strcmp(type, "object") == 0 || strcmp(type, "time") == 0;
}

/* Is an example that begins so a value of this type? */
static bool begins(char first, const char *type)
{
    if (schemas_is_list(type))
        return first == '[';
    if (strcmp(type, "boolean") == 0)
        return first == 't' || first == 'f';
    if (strcmp(type, "integer") == 0 || strcmp(type, "number") == 0)
        return (first >= '0' && first <= '9') || first == '-';
    if (strcmp(type, "object") == 0)
        return first == '{';
    return (schemas_is_plain(type) || schemas_choices(type) != NULL) && first == '"';
}

const fact *schemas_fact(const char *owner, const member *m)
{
    bool may_be_null = m->type[0] == '?';
    const char *type = may_be_null ? m->type + 1 : m->type;
    const fact *f = fact_of(owner, m->name);
    bool fits;

    if (f == NULL ||
        (f->example == NULL && (schemas_is_list(type) || schemas_choices(type) != NULL)))
        return f;
    if (f->example == NULL)
        return NULL;
    fits = f->example[0] == 'n' ? may_be_null : begins(f->example[0], type);
    return fits ? f : NULL;
}

const char *schemas_name_at(size_t index)
{
    return index < schemas_shape_count ? schemas_shapes[index].name : NULL;
}

size_t schemas_members(const char *name)
{
    const shape *s = schemas_shape(name);

    return s == NULL ? 0 : s->count;
}

schemas_member schemas_member_at(const char *name, size_t index)
{
    const shape *s = schemas_shape(name);
    const member *m;
    const fact *f;

    if (s == NULL || index >= s->count)
        return (schemas_member){ .name = "", .type = "string", .words = "" };
    m = &s->members[index];
    f = schemas_fact(s->name, m);
    return (schemas_member){ .name = m->name,
                             .type = m->type,
                             .words = f == NULL ? "" : f->words,
                             .is_optional = m->optional };
}
