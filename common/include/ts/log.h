/* Structured log lines on stderr: one event, one line, key=value, escaped here.
 *
 *   ts_info(TS_MSG("incident moved"), TS_F_Z("incident_id", id), TS_F_I64("took_ms", took));
 *
 * Thread-safe; a line is one write(2). Pure files never log; of common/ only the process, the bus's server, relays and inboxes.
 */
#ifndef TS_LOG_H
#define TS_LOG_H

#include <stdatomic.h>

#include "ts/base.h"

typedef enum ts_log_level { TS_LOG_DEBUG, TS_LOG_INFO, TS_LOG_WARN, TS_LOG_ERROR } ts_log_level;

typedef struct ts_log_field {
    const char *key; /* NULL ends the list */
    int kind;        /* 0 text, 1 signed, 2 unsigned */
    ts_str text;
    int64_t i64;
    uint64_t u64;
} ts_log_field;

#define TS_MSG(message) (message)
#define TS_F_Z(k, z)    ((ts_log_field){ .key = (k), .text = ts_str_of(z) })
#define TS_F_STR(k, s)  ((ts_log_field){ .key = (k), .text = (s) })
#define TS_F_I64(k, n)  ((ts_log_field){ .key = (k), .kind = 1, .i64 = (n) })
#define TS_F_U64(k, n)  ((ts_log_field){ .key = (k), .kind = 2, .u64 = (n) })
#define TS_F_STATUS(st) ((ts_log_field){ .key = "status", .text = ts_str_of(ts_status_name(st)) })

/* Called once by the process skeleton. `process` must live as long as the program. */
void ts_log_init(const char *process, ts_log_level level);
void ts_log_set_level(ts_log_level level);
/* "debug", "info", "warn", "error". */
TS_CHECK ts_status ts_log_level_parse(ts_str text, ts_log_level *ret);
/* The request id that lines of this thread carry; "" for none. Copied (at most 71 bytes). */
void ts_log_request(const char *request_id);
/* What it is at present. Good until the next change. */
const char *ts_log_request_id(void);

void ts_log_write(ts_log_level level, const char *message, const ts_log_field *fields);

/* ---- lines that others cause, as often as they like ---- */

#define TS_LOG_RATION_MS 10000
#define TS_LOG_RATIONS   32 /* keys that one place in the code tells apart; of more, some share */

/* At most one line in TS_LOG_RATION_MS; starts zeroed. */
typedef struct ts_log_ration {
    atomic_llong next_boot_ms;
    atomic_ullong left_out;
} ts_log_ration;

/* May a line be written? If so, *ret_left_out is how many were not since the one before. */
bool ts_log_ration_take(ts_log_ration *r, int64_t now_boot_ms, uint64_t *ret_left_out);
void ts_log_write_rationed(ts_log_ration rations[TS_LOG_RATIONS], ts_log_level level,
                           const char *key, const char *message, const ts_log_field *fields);

/* Of all lines of this place with one key (a reason, a method) the first is written at once and then one in TS_LOG_RATION_MS, which
 * says how many were `left_out`. What must be found by its request id is no case for it. */
#define ts_info_rationed(which, ...) TS_LOG_RATIONED_(TS_LOG_INFO, which, __VA_ARGS__)
#define ts_warn_rationed(which, ...) TS_LOG_RATIONED_(TS_LOG_WARN, which, __VA_ARGS__)
#define TS_LOG_RATIONED_(level, which, ...)                                                        \
    TS_LOG_RATIONED_FIELDS_(level, which, __VA_ARGS__, (ts_log_field){ .key = NULL })
#define TS_LOG_RATIONED_FIELDS_(level, which, m, ...)                                              \
    do {                                                                                           \
        static ts_log_ration rations_[TS_LOG_RATIONS];                                             \
        ts_log_write_rationed(rations_, (level), (which), (m),                                     \
                              (const ts_log_field[]){ __VA_ARGS__ });                              \
    } while (0)

#define TS_LOG_(level, ...) TS_LOG_FIELDS_(level, __VA_ARGS__, (ts_log_field){ .key = NULL })
#define TS_LOG_FIELDS_(level, m, ...)                                                              \
    ts_log_write((level), (m), (const ts_log_field[]){ __VA_ARGS__ })
#define ts_debug(...)     TS_LOG_(TS_LOG_DEBUG, __VA_ARGS__)
#define ts_info(...)      TS_LOG_(TS_LOG_INFO, __VA_ARGS__)
#define ts_warn(...)      TS_LOG_(TS_LOG_WARN, __VA_ARGS__)
#define ts_log_error(...) TS_LOG_(TS_LOG_ERROR, __VA_ARGS__)

#endif
