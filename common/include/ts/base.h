/* What every file of the suite stands on: statuses, errors, borrowed strings, cleanup, banned
 * calls.
 *
 * Nothing here allocates, logs or reads a clock. Everything is safe to use from any thread.
 */
#ifndef TS_BASE_H
#define TS_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TS_CHECK              __attribute__((warn_unused_result))
#define TS_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#define TS_CLEANUP(func)      __attribute__((cleanup(func)))
#define TS_UNUSED             __attribute__((unused))
#define TS_COUNT(array)       (sizeof(array) / sizeof((array)[0]))

/* Moves a pointer out of a variable, leaving NULL behind: `*ret = TS_TAKE(w);`. */
#define TS_TAKE(p)                                                                                 \
    __extension__({                                                                                \
        __typeof__(p) ts_taken_ = (p);                                                             \
        (p) = NULL;                                                                                \
        ts_taken_;                                                                                 \
    })

/* Defines `func_p`, for TS_CLEANUP on a variable of type `type *`. */
#define TS_DEFINE_CLEANUP(type, func)                                                              \
    static inline void func##_p(type **p)                                                          \
    {                                                                                              \
        if (*p != NULL)                                                                            \
            func(*p);                                                                              \
    }                                                                                              \
    struct ts_swallow_semicolon

/* What happened. Crosses the wire: numbers are never reused. The gateway alone maps it to HTTP. */
typedef enum ts_status {
    TS_OK = 0,
    TS_INVALID = 1,         /* the caller's input is wrong */
    TS_UNAUTHENTICATED = 2, /* no valid key */
    TS_DENIED = 3,          /* a valid key without the permission */
    TS_NOT_FOUND = 4,       /* no such thing in this organization and mode */
    TS_CONFLICT = 5,        /* right in form, wrong for the present state */
    TS_LIMITED = 6,         /* over a rate limit */
    TS_UNAVAILABLE = 7,     /* a peer or the disk is down, full or late */
    TS_CORRUPT = 8,         /* bytes that do not decode */
    TS_NOMEM = 9,           /* out of memory, or over an arena's or buffer's ceiling */
    TS_INTERNAL = 10,       /* our own mistake */
    TS_TOO_LARGE = 11,      /* over a named size limit */
    TS_PRECONDITION = 12,   /* If-Match does not match */
} ts_status;

/* "ok", "invalid", ...; "unknown" for a number outside the enum. */
const char *ts_status_name(ts_status status);

/* The words for a person, written once by the line that knows them. Fixed size: filling it cannot
 * fail. */
typedef struct ts_error {
    char param[48]; /* the field at fault, or "" */
    char text[208]; /* for the caller; never holds secrets or internals */
} ts_error;

/* Accepts err == NULL. Cuts what does not fit, at a UTF-8 boundary. */
void ts_error_set(ts_error *err, const char *param, const char *format, ...) TS_PRINTF(3, 4);

/* `return ts_fail(err, TS_INVALID, "limit", "limit must be between 1 and %d", max);` */
#define ts_fail(err, code, ...) (ts_error_set((err), __VA_ARGS__), (code))

/* A status ignored on purpose; the line says why. */
static inline void ts_ignore(ts_status status)
{
    (void)status;
}

/* A borrowed view of bytes. Not NUL-terminated. `p` may be NULL only if `n` is 0. */
typedef struct ts_str {
    const char *p;
    size_t n;
} ts_str;

#define TS_STR_NULL     ((ts_str){ NULL, 0 })
#define TS_STR_LIT(lit) ((ts_str){ "" lit, sizeof(lit) - 1 })

static inline ts_str ts_str_of(const char *z)
{
    return z == NULL ? TS_STR_NULL : (ts_str){ z, strlen(z) };
}

static inline ts_str ts_str_n(const void *p, size_t n)
{
    return (ts_str){ (const char *)p, n };
}

bool ts_str_eq(ts_str a, ts_str b);
bool ts_str_is(ts_str a, const char *z);
/* ASCII case only. */
bool ts_str_ieq(ts_str a, ts_str b);
bool ts_str_starts(ts_str a, ts_str prefix);
bool ts_str_ends(ts_str a, ts_str suffix);
/* memcmp order, then the shorter first. */
int ts_str_cmp(ts_str a, ts_str b);
/* Offset of the first byte equal to `c`, or a.n. */
size_t ts_str_find(ts_str a, char c);
/* Without leading and trailing space, tab, CR, LF. */
ts_str ts_str_trim(ts_str a);

/* Whole text as a number: an optional '-', digits, nothing else. TS_INVALID otherwise or out of
 * range. */
TS_CHECK ts_status ts_parse_i64(ts_str text, int64_t *ret);
TS_CHECK ts_status ts_parse_u64(ts_str text, uint64_t *ret);

/* Strict UTF-8 (no overlong forms, no surrogates, at most U+10FFFF). */
bool ts_utf8_valid(ts_str text);

/* A host's name with at least two labels of 1..63 ASCII letters, digits and inner hyphens, at most 253 bytes. */
bool ts_domain_valid(ts_str text);

/* Comparison whose time depends on `n` alone. */
bool ts_equal_ct(const void *a, const void *b, size_t n);
/* Zeroes memory in a way that the compiler keeps. */
void ts_wipe(void *p, size_t n);

/* An organization and a mode: the scope of everything stored. Organization numbers start at 1. */
typedef enum ts_mode { TS_MODE_LIVE = 0, TS_MODE_TEST = 1 } ts_mode;
typedef struct ts_tenant {
    uint64_t org;
    ts_mode mode;
} ts_tenant;

/* Calls that this suite does not make. */
#undef strcpy
#undef strcat
#undef sprintf
#undef vsprintf
#undef strtok
#undef alloca
#define strcpy(a, b)  use_memcpy_or_ts_buf_instead_of_strcpy
#define strcat(a, b)  use_ts_buf_instead_of_strcat
#define sprintf(...)  use_snprintf_or_ts_buf_instead_of_sprintf
#define vsprintf(...) use_vsnprintf_instead_of_vsprintf
#define strtok(a, b)  use_ts_str_find_instead_of_strtok
#define atoi(a)       use_ts_parse_i64_instead_of_atoi
#define atol(a)       use_ts_parse_i64_instead_of_atol
#define alloca(a)     use_ts_arena_instead_of_alloca

#endif
