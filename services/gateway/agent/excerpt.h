/* An answer as a model gets it: our own JSON, without the members that are left out, with lists cut at a number of items, with
 * addresses in named fields made harmless (agent/defang.h). One pass over the bytes, no tree. Pure.
 *
 * Paths are those of meta.untrusted_fields: "data.users[].name". The JSON is what ts_jsonw wrote: valid, without spaces.
 */
#ifndef AGENT_EXCERPT_H
#define AGENT_EXCERPT_H

#include "ts/buf.h"

#define EXCERPT_PATHS_MAX  64
#define EXCERPT_WANTED_MAX 8
#define EXCERPT_CUTS_MAX   8
#define EXCERPT_PATH_SIZE  192
#define EXCERPT_DEPTH_MAX  24

typedef struct excerpt_paths {
    ts_str items[EXCERPT_PATHS_MAX];
    size_t count;
} excerpt_paths;

/* A list that was cut. */
typedef struct excerpt_cut {
    char path[EXCERPT_PATH_SIZE];
    size_t shown, total;
} excerpt_cut;

typedef struct excerpt {
    /* Set by the caller; zeroed: everything as it is. */
    excerpt_paths left_out;
    excerpt_paths defanged; /* of strings */
    size_t items_max;       /* of any list; 0: all */
    ts_str wanted[EXCERPT_WANTED_MAX];
    size_t wanted_count;

    /* Set by excerpt_make(). */
    ts_str found
        [EXCERPT_WANTED_MAX]; /* the first value there that is not null, as JSON, in the input; empty: none */
    excerpt_cut cuts[EXCERPT_CUTS_MAX];
    size_t cut_count;
    size_t rows; /* items of the longest list that stands at "data.<name>" */
    char rows_path[EXCERPT_PATH_SIZE];
} excerpt;

/* More than EXCERPT_PATHS_MAX are dropped (an assertion in debug builds). */
void excerpt_add(excerpt_paths *paths, ts_str path);

/* `root` is the path of the whole value, e.g. "data", or "". TS_CORRUPT: not the JSON it must be. */
TS_CHECK ts_status excerpt_make(excerpt *e, ts_str json, ts_str root, ts_buf *out);

#endif
