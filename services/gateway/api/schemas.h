/* Shapes of the API's objects as data, from which the documents are made: OpenAPI's schemas and examples, and the page. Pure. */
#ifndef API_SCHEMAS_H
#define API_SCHEMAS_H

#include "ts/json.h"

/* components.schemas: an object of all shapes, the envelope's and the error's. */
void schemas_write(ts_jsonw *w);
/* A shape of that name exists. */
bool schemas_has(const char *name);

/* The schema of a whole answer whose data has that shape. */
void schemas_put_envelope(ts_jsonw *w, const char *name, bool is_mirrored);
/* The schema of a value of that shape, whole in itself and small: types and what is required, no limits. Members that it does
 * not name may come with later versions. `may_lack`: what stands below its own members may be left out. */
void schemas_put_compact(ts_jsonw *w, const char *name, bool may_lack);
/* The members of an example of the shape, inside an open object. */
void schemas_put_example(ts_jsonw *w, const char *name);
/* The member `enum` of choices like "open|closed|all". */
void schemas_put_choices(ts_jsonw *w, const char *choices);

/* For the page: a shape's members in order. `index` is below schemas_members(). */
typedef struct schemas_member {
    const char *name;
    const char *
        type; /* string, integer, number, boolean, time, or a shape's or enumeration's name; "[]" and "?" before it */
    const char *words;
    bool is_optional;
} schemas_member;
/* Name of the shape at that place; NULL behind the last. */
const char *schemas_name_at(size_t index);
size_t schemas_members(const char *name);
schemas_member schemas_member_at(const char *name, size_t index);
/* "critical|high|..." of an enumeration; NULL if there is none of that name. */
const char *schemas_choices(const char *name);

#endif
