/* Settings as data: one struct, one table, environment variables.
 *
 * Read once at start, checked whole (all mistakes are reported, not only the first), constant
 * afterwards.
 */
#ifndef TS_CONFIG_H
#define TS_CONFIG_H

#include "ts/base.h"
#include "ts/buf.h"

typedef enum ts_config_kind {
    TS_CONFIG_TEXT,
    TS_CONFIG_NUM,
    TS_CONFIG_BOOL,
    TS_CONFIG_SECRET
} ts_config_kind;

#define TS_CONFIG_TEXT_MAX 1024

/* TEXT and SECRET fields are `char name[TS_CONFIG_TEXT_MAX]`, NUM `int64_t`, BOOL `bool`. */
typedef struct ts_config_item {
    ts_config_kind kind;
    size_t offset;
    const char *variable;
    const char *fallback; /* text form of the default */
    int64_t min, max;     /* NUM only, inclusive */
    const char *help;     /* with the unit */
} ts_config_item;

#define TS_TEXT(type, field, variable, fallback, help)                                             \
    {                                                                                              \
        TS_CONFIG_TEXT, offsetof(type, field), variable, fallback, 0, 0, help                      \
    }
#define TS_SECRET(type, field, variable, help)                                                     \
    {                                                                                              \
        TS_CONFIG_SECRET, offsetof(type, field), variable, "", 0, 0, help                          \
    }
#define TS_NUM(type, field, variable, fallback, min, max, help)                                    \
    {                                                                                              \
        TS_CONFIG_NUM, offsetof(type, field), variable, #fallback, min, max, help                  \
    }
#define TS_BOOL(type, field, variable, fallback, help)                                             \
    {                                                                                              \
        TS_CONFIG_BOOL, offsetof(type, field), variable, fallback ? "1" : "0", 0, 0, help          \
    }

typedef struct ts_config_table {
    const ts_config_item *items;
    size_t count;
    void *target; /* the struct */
} ts_config_table;

/* Fills every target from `environment` (NULL-terminated "NAME=value" list). Each mistake is a line
 * in `mistakes`; a variable that begins with `prefix` and stands in no table is one. TS_INVALID if
 * there is any. */
TS_CHECK ts_status ts_config_load(const ts_config_table *tables, size_t count, const char *prefix,
                                  char *const *environment, ts_buf *mistakes);
/* `--help`: variable, default, range, help. */
void ts_config_help(const ts_config_table *tables, size_t count, ts_buf *out);
/* Another line in `mistakes`, of what the table cannot say: the error's words behind the variable that it names, if it does and
 * they do not. */
void ts_config_mistake(ts_buf *mistakes, const ts_error *err);
/* `--check-config`: NAME=value lines; secrets print as (set) or (not set). */
void ts_config_print(const ts_config_table *tables, size_t count, ts_buf *out);

#endif
