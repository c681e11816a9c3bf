/* An exact rate window: at most `limit` requests in each aligned minute of the wall clock. Pure: both clocks are arguments.
 *
 * A window ends when the minute it was opened in ends, measured on the clock that never steps: a wall clock that jumps
 * neither opens a fresh window early nor holds an old one open. Counts are reserved ahead in chunks, so that a restart can
 * go on from what is on disk: it may refuse up to a chunk too early in that minute, and never admits too much.
 *
 * Not thread-safe.
 */
#ifndef AUTH_WINDOW_H
#define AUTH_WINDOW_H

#include "ts/base.h"

#define AUTH_WINDOW_MS    INT64_C(60000)
#define AUTH_WINDOW_CHUNK 64

typedef struct auth_window {
    int64_t minute;       /* of the wall clock when it was opened; 0: never opened */
    int64_t ends_boot_ms; /* on CLOCK_BOOTTIME */
    uint32_t used;
    uint32_t reserved; /* known to be on disk; used <= reserved */
} auth_window;

typedef struct auth_verdict {
    bool admitted;
    bool reserve; /* window->reserved has grown: write it before answering */
    uint32_t remaining;
    int64_t reset_s; /* epoch seconds of the window's end */
    uint32_t
        retry_after_s; /* if not admitted: a retry after so many seconds finds a new window; at least 1 */
} auth_verdict;

/* Counts `cost` if it fits, else counts nothing. */
auth_verdict auth_window_take(auth_window *w, uint32_t limit, uint32_t cost, int64_t wall_ms,
                              int64_t boot_ms);

/* A window as a restart finds it on disk: everything reserved in the present minute counts as used. */
auth_window auth_window_restore(int64_t minute, uint32_t reserved, int64_t wall_ms,
                                int64_t boot_ms);

#endif
