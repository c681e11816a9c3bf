/* An exact rate window: at most `limit` requests in each aligned minute of the wall clock. Pure: both clocks are arguments.
 *
 * A window ends when the minute it was opened in ends, measured on the clock that never steps: a wall clock that jumps
 * neither opens a fresh window early nor holds an old one open. Where the wall clock was set by a part of a minute, the
 * window that follows is longer, never shorter than a minute. Counts are reserved ahead in chunks, so that a restart can go on
 * from what is on disk: it may refuse up to a chunk too early in that minute, and never admits too much. What is on disk
 * says when the window ends on the boot clock, so that a restart and a step of the wall clock together open none early
 * either; only after a new start of the machine the wall clock has to be believed.
 *
 * Not thread-safe.
 */
#ifndef AUTH_WINDOW_H
#define AUTH_WINDOW_H

#include "ts/base.h"

#define AUTH_WINDOW_MS    INT64_C(60000)
#define AUTH_WINDOW_CHUNK 64

/* Both clocks at one moment. */
typedef struct auth_moment {
    int64_t wall_ms;
    int64_t boot_ms;  /* CLOCK_BOOTTIME */
    uint64_t boot_id; /* readings of the boot clock under another id mean nothing */
} auth_moment;

typedef struct auth_window {
    int64_t minute;       /* the last one of the wall clock that it covers; 0: never opened */
    int64_t ends_boot_ms; /* on CLOCK_BOOTTIME */
    uint32_t used;
    uint32_t reserved; /* known to be on disk; used <= reserved */
} auth_window;

/* What is on disk of it. */
typedef struct auth_window_saved {
    int64_t minute;
    uint32_t reserved;
    uint64_t boot_id;
    int64_t ends_boot_ms;
} auth_window_saved;

typedef struct auth_verdict {
    bool admitted;
    bool reserve; /* window->reserved has grown: write it before answering */
    uint32_t remaining;
    int64_t reset_s; /* epoch seconds of the window's end */
    uint32_t
        retry_after_s; /* if not admitted: a retry after so many seconds finds a new window; at least 1 */
} auth_verdict;

/* Counts `cost` if it fits, else counts nothing. A cost of 0 only looks. */
auth_verdict auth_window_take(auth_window *w, uint32_t limit, uint32_t cost,
                              const auth_moment *now);

auth_window_saved auth_window_save(const auth_window *w, uint64_t boot_id);
/* A window as a restart finds it on disk: everything reserved in a minute that is not over counts as used. */
auth_window auth_window_restore(const auth_window_saved *saved, const auth_moment *now);

#endif
