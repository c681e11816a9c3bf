/* The names of fields that rules ask for, as small numbers, and a record seen through them: looking a field up is one array
 * access, however many rules ask. Names match in either case (ASCII): sources and rules disagree about it. */
#ifndef RISK_SIGMA_FIELDS_H
#define RISK_SIGMA_FIELDS_H

#include "record.h"
#include "ts/arena.h"

#define SIGMA_NAMES_MAX 4096 /* of all rules together */
#define SIGMA_NAME_MAX  128  /* bytes */

typedef struct sigma_names {
    ts_str *list; /* folded to lower case */
    size_t count;
    size_t capacity;
    uint16_t *slots; /* hash table: number + 1; 0 is free */
    size_t slot_count;
    ts_arena *arena;
} sigma_names;

/* The number of a name, made if new. TS_TOO_LARGE over the limits, TS_NOMEM. */
TS_CHECK ts_status sigma_names_add(sigma_names *names, ts_str name, uint32_t *ret, ts_error *err);

/* Values of one name, in the record's order. */
typedef struct sigma_view {
    const risk_field *fields;
    size_t count;
    uint16_t *first; /* by name's number: index + 1 of the first field, 0 if absent */
    uint16_t *next;  /* by field: index + 1 of the next one of the same name */
} sigma_view;

/* Lives in the arena; borrows the record's fields. TS_NOMEM. Thread-safe once no name is added any more. */
TS_CHECK ts_status sigma_view_of(const sigma_names *names, const risk_record *record,
                                 ts_arena *arena, sigma_view *ret);
/* The first value of a name; TS_STR_NULL if absent. */
ts_str sigma_view_first(const sigma_view *view, uint32_t name);

#endif
