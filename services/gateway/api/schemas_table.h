/* The table of shapes as the files of schemas.h share it: schemas.c holds it, schemas_find.c finds in it, schemas_put.c
 * writes what is made of it. Pure. */
#ifndef API_SCHEMAS_TABLE_H
#define API_SCHEMAS_TABLE_H

#include "api/facts.h"
#include "api/schemas.h"

/* A member's type: string, integer, number, boolean, object (of any members), time, or the name of another shape; "[]" before
 * it makes an array, "?" null possible. `optional`: may be absent. */
typedef struct member {
    const char *name;
    const char *type;
    bool optional;
} member;

typedef struct shape {
    const char *name;
    const member *members;
    size_t count;
} shape;

/* schemas.c: all of them. */
extern const shape schemas_shapes[];
extern const size_t schemas_shape_count;
/* Enumerations: a name and its values, separated by '|'. */
extern const char *const schemas_enums[][2];
extern const size_t schemas_enum_count;

/* schemas_find.c */
/* NULL if there is none of that name. */
const shape *schemas_shape(const char *name);
/* "[]..." */
bool schemas_is_list(const char *type);
/* Neither list nor shape nor enumeration. */
bool schemas_is_plain(const char *type);
/* What the table of facts says of the member, if it is about a value of this type: `events` is a number here and a list there. */
const fact *schemas_fact(const char *owner, const member *m);

#endif
