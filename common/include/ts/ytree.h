/* A YAML file as a tree in an arena. For rules and catalogues: our own configuration, not what comes over the wire; still
 * every size is bounded. libyaml does the parsing. */
#ifndef TS_YTREE_H
#define TS_YTREE_H

#include "ts/arena.h"

#define YTREE_FILE_MAX  (1u << 20) /* bytes of a file */
#define YTREE_NODES_MAX 65536u     /* of a file, aliases followed */
#define YTREE_DEPTH_MAX 32u
#define YTREE_DOCUMENTS 64u /* of a file */

typedef enum ytree_kind { YTREE_SCALAR, YTREE_LIST, YTREE_MAP } ytree_kind;

typedef struct ytree {
    ytree_kind kind;
    bool quoted;          /* a scalar in quotes: text, whatever it looks like */
    ts_str text;          /* of a scalar */
    ts_str *names;        /* of a map's members */
    struct ytree **items; /* of a list or a map, in the file's order */
    size_t count;
    unsigned line; /* from 1 */
} ytree;

/* All documents of a file; empty ones are left out. TS_NOT_FOUND, TS_INVALID with the line, TS_TOO_LARGE, TS_NOMEM. */
TS_CHECK ts_status ytree_load(const char *path, ts_arena *arena, ytree ***ret, size_t *ret_count,
                              ts_error *err);
/* The same from memory. */
TS_CHECK ts_status ytree_parse(ts_str text, ts_arena *arena, ytree ***ret, size_t *ret_count,
                               ts_error *err);

/* A member of a map; NULL if absent, `map` is NULL or no map. */
const ytree *ytree_get(const ytree *map, const char *name);
/* Text of a scalar member; TS_STR_NULL if absent or no scalar. */
ts_str ytree_text(const ytree *map, const char *name);
/* An unquoted null, ~ or nothing. */
bool ytree_is_null(const ytree *node);

#endif
