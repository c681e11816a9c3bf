/* The logger: one line is built on the stack and leaves with one write(2).
 *
 * A line is at most PIPE_BUF bytes, which is what the kernel writes to a pipe in one piece: lines
 * of several threads and processes never mix. What does not fit is left out in whole fields, and
 * the line says so.
 */
#include "ts/log.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <unistd.h>

#include "../base/utf8.h"
#include "ts/time.h"

#define REQUEST_ID_SIZE 72
#define VALUE_MAX       1024 /* bytes of one escaped value */

static const char cut_mark[] = " cut=1";

typedef struct line {
    size_t n;
    bool is_cut;
    char text[PIPE_BUF];
} line;

static const char *_Atomic process_name = "";
static _Atomic int lowest_level = TS_LOG_INFO;
static _Thread_local char request_id[REQUEST_ID_SIZE];

static const char *const level_names[] = { "debug", "info", "warn", "error" };

void ts_log_init(const char *process, ts_log_level level)
{
    process_name = process;
    lowest_level = (int)level;
}

void ts_log_set_level(ts_log_level level)
{
    lowest_level = (int)level;
}

ts_status ts_log_level_parse(ts_str text, ts_log_level *ret)
{
    for (size_t i = 0; i < TS_COUNT(level_names); i++) {
        if (ts_str_is(text, level_names[i])) {
            *ret = (ts_log_level)i;
            return TS_OK;
        }
    }
    return TS_INVALID;
}

void ts_log_request(const char *id)
{
    size_t n = id == NULL ? 0 : strlen(id);

    if (n >= sizeof(request_id))
        n = sizeof(request_id) - 1;
    if (n > 0)
        memcpy(request_id, id, n);
    request_id[n] = '\0';
}

const char *ts_log_request_id(void)
{
    return request_id;
}

/* Room for the mark and the line feed is always kept. */
static bool put(line *l, const char *p, size_t n)
{
    if (n > sizeof(l->text) - sizeof(cut_mark) - l->n)
        return false;
    memcpy(l->text + l->n, p, n);
    l->n += n;
    return true;
}

static bool put_z(line *l, const char *z)
{
    return put(l, z, strlen(z));
}

/* Values that need no quotes: letters, digits and the signs that ids, paths, addresses and times
 * are made of. */
static bool is_plain(ts_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool is_alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

        if (!is_alnum && (c == '\0' || strchr("-_.:/@+,%*#~", c) == NULL))
            return false;
    }
    return s.n > 0;
}

/* Escapes the character at `p`, of `length` bytes (0: a byte that is not UTF-8), and returns the
 * size of the escape. */
static size_t escape(const unsigned char *p, size_t length, char ret[8])
{
    static const char digits[] = "0123456789abcdef";

    if (length == 0) {
        memcpy(ret, "\\x", 2);
        ret[2] = digits[p[0] >> 4];
        ret[3] = digits[p[0] & 15];
        return 4;
    }
    if (p[0] == '"' || p[0] == '\\') {
        ret[0] = '\\';
        ret[1] = (char)p[0];
        return 2;
    }
    if (p[0] == '\n' || p[0] == '\r' || p[0] == '\t') {
        ret[0] = '\\';
        ret[1] = p[0] == '\n' ? 'n' : p[0] == '\r' ? 'r' : 't';
        return 2;
    }
    /* C0, DEL and C1 (two bytes, the second one is the code): a terminal would obey them. */
    if (p[0] < 0x20 || p[0] == 0x7F || (p[0] == 0xC2 && p[1] < 0xA0)) {
        unsigned char code = length == 2 ? p[1] : p[0];

        memcpy(ret, "\\u00", 4);
        ret[4] = digits[code >> 4];
        ret[5] = digits[code & 15];
        return 6;
    }
    memcpy(ret, p, length);
    return length;
}

static bool put_value(line *l, ts_str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    size_t limit;
    bool is_whole = true;

    if (is_plain(s) && s.n <= VALUE_MAX)
        return put(l, s.p, s.n);
    if (!put(l, "\"", 1))
        return false;
    limit = l->n + VALUE_MAX;
    for (size_t at = 0; at < s.n;) {
        char text[8];
        size_t length = utf8_sequence(p + at, s.n - at);
        size_t n = escape(p + at, length, text);

        if (n > limit - l->n) {
            is_whole = false;
            break;
        }
        if (!put(l, text, n))
            return false;
        at += length == 0 ? 1 : length;
    }
    return (is_whole || put_z(l, "...")) && put(l, "\"", 1);
}

/* Once a field was left out, no later one is written: what is missing is always the end. */
static void put_field(line *l, const char *key, ts_str value)
{
    size_t before = l->n;

    if (l->is_cut)
        return;
    if (put_z(l, " ") && put_z(l, key) && put_z(l, "=") && put_value(l, value))
        return;
    l->n = before;
    l->is_cut = true;
}

static void put_log_field(line *l, const ts_log_field *field)
{
    char digits[24];
    int n;

    switch (field->kind) {
    case 1: n = snprintf(digits, sizeof(digits), "%lld", (long long)field->i64); break;
    case 2: n = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)field->u64); break;
    default: put_field(l, field->key, field->text); return;
    }
    put_field(l, field->key, ts_str_n(digits, (size_t)n));
}

static void write_all(const char *p, size_t n)
{
    while (n > 0) {
        ssize_t done = write(STDERR_FILENO, p, n);

        /* There is nowhere to report a broken stderr to. */
        if (done < 0 && errno != EINTR)
            return;
        if (done > 0) {
            p += done;
            n -= (size_t)done;
        }
    }
}

static bool is_wanted(ts_log_level level)
{
    return (int)level >= lowest_level && (size_t)level < TS_COUNT(level_names);
}

static void write_line(ts_log_level level, const char *message, uint64_t left_out,
                       const ts_log_field *fields)
{
    char now[TS_RFC3339_SIZE];
    int saved_errno = errno;
    line l;

    l.n = 0;
    l.is_cut = false;
    ts_time_format(ts_wall_ms(), true, now);
    (void)(put_z(&l, "time=") && put_z(&l, now));
    put_field(&l, "level", ts_str_of(level_names[level]));
    put_field(&l, "process", ts_str_of(process_name));
    put_field(&l, "msg", ts_str_of(message));
    if (request_id[0] != '\0')
        put_field(&l, "request_id", ts_str_of(request_id));
    for (const ts_log_field *field = fields; field != NULL && field->key != NULL; field++)
        put_log_field(&l, field);
    if (left_out > 0)
        put_log_field(&l, &TS_F_U64("left_out", left_out));
    if (l.is_cut) {
        memcpy(l.text + l.n, cut_mark, sizeof(cut_mark) - 1);
        l.n += sizeof(cut_mark) - 1;
    }
    l.text[l.n++] = '\n';
    write_all(l.text, l.n);
    errno = saved_errno;
}

void ts_log_write(ts_log_level level, const char *message, const ts_log_field *fields)
{
    if (is_wanted(level))
        write_line(level, message, 0, fields);
}

bool ts_log_ration_take(ts_log_ration *r, int64_t now_boot_ms, uint64_t *ret_left_out)
{
    long long next_ms = atomic_load(&r->next_boot_ms);

    if (now_boot_ms < next_ms || !atomic_compare_exchange_strong(&r->next_boot_ms, &next_ms,
                                                                 now_boot_ms + TS_LOG_RATION_MS)) {
        atomic_fetch_add(&r->left_out, 1);
        return false;
    }
    *ret_left_out = atomic_exchange(&r->left_out, 0);
    return true;
}

/* FNV-1a: a few words, told apart well enough. */
static size_t slot_of(const char *key)
{
    uint32_t hash = 2166136261U;

    for (; *key != '\0'; key++)
        hash = (hash ^ (unsigned char)*key) * 16777619U;
    return hash % TS_LOG_RATIONS;
}

void ts_log_write_rationed(ts_log_ration rations[TS_LOG_RATIONS], ts_log_level level,
                           const char *key, const char *message, const ts_log_field *fields)
{
    uint64_t left_out = 0;

    if (is_wanted(level) && ts_log_ration_take(&rations[slot_of(key)], ts_boot_ms(), &left_out))
        write_line(level, message, left_out, fields);
}
