/* JSON in (simdjson behind a C face) and JSON out (our own escaping writer).
 *
 * In: strict RFC 8259 and UTF-8, depth at most TS_JSON_DEPTH. A parser is reused for many documents
 * and is not thread-safe. Values are handles into the parser's tape and the parsed bytes: they die
 * with the next parse.
 */
#ifndef TS_JSON_H
#define TS_JSON_H

#include <protobuf-c/protobuf-c.h>

#include "ts/arena.h"
#include "ts/base.h"
#include "ts/buf.h"

#define TS_JSON_DEPTH 64

typedef struct ts_json_parser ts_json_parser;

typedef enum ts_json_type {
    TS_JSON_NULL,
    TS_JSON_BOOL,
    TS_JSON_INT,  /* fits int64 */
    TS_JSON_UINT, /* above INT64_MAX, fits uint64 */
    TS_JSON_DOUBLE,
    TS_JSON_STRING,
    TS_JSON_ARRAY,
    TS_JSON_OBJECT,
} ts_json_type;

/* An element. Plain data: copy freely. A zeroed one is TS_JSON_NULL. */
typedef struct ts_json {
    const void *doc;
    size_t index;
} ts_json;

/* NULL if out of memory. `max_bytes` bounds one document. */
ts_json_parser *ts_json_parser_new(size_t max_bytes);
void ts_json_parser_free(ts_json_parser *p);
/* Bytes of memory that it holds, about. */
size_t ts_json_parser_size(const ts_json_parser *p);
TS_DEFINE_CLEANUP(ts_json_parser, ts_json_parser_free);

/* Parses one whole document (copied inside). TS_INVALID with words and byte offset where known;
 * TS_TOO_LARGE; TS_NOMEM. */
TS_CHECK ts_status ts_json_parse(ts_json_parser *p, ts_str text, ts_json *ret, ts_error *err);

ts_json_type ts_json_type_of(ts_json v);
/* Text of a string, else TS_STR_NULL. */
ts_str ts_json_str(ts_json v);
/* The value if of that type, else `otherwise`. */
int64_t ts_json_i64(ts_json v, int64_t otherwise);
double ts_json_f64(ts_json v, double otherwise);
bool ts_json_bool(ts_json v, bool otherwise);
/* Number, boolean or string as text (numbers as their shortest text), in the arena if it must be
 * made. null: TS_STR_NULL. */
ts_str ts_json_text(ts_json v, ts_arena *arena);
/* Member by exact name (the last of duplicates is not promised), false if absent or not an object.
 */
bool ts_json_get(ts_json object, const char *name, ts_json *ret);
/* Path of names joined by '.', objects only. */
bool ts_json_path(ts_json object, const char *path, ts_json *ret);

/* `for (ts_json_iter it = ts_json_iter_of(v); ts_json_next(&it);) use it.name, it.value` - objects
 * and arrays. */
typedef struct ts_json_iter {
    ts_str name; /* objects only */
    ts_json value;
    ts_json parent;
    size_t next;
    size_t end;
} ts_json_iter;
ts_json_iter ts_json_iter_of(ts_json container);
bool ts_json_next(ts_json_iter *it);
size_t ts_json_count(ts_json container);

/* Compact text of a value appended to `out` (numbers of double type with 17 digits at most). */
void ts_json_print(ts_json v, ts_buf *out);

/* ---- out ---- */

/* A writer that puts commas by itself. Keys are our own literals; strings are escaped, and bytes
 * that are not valid UTF-8 are replaced by U+FFFD. Errors stick in the buffer. Depth at most 64. */
typedef struct ts_jsonw {
    ts_buf *out;
    uint64_t has_item; /* one bit per level */
    unsigned depth;
    bool after_key;
} ts_jsonw;

ts_jsonw ts_jsonw_on(ts_buf *out);
void ts_jsonw_object(ts_jsonw *w);
void ts_jsonw_object_end(ts_jsonw *w);
void ts_jsonw_array(ts_jsonw *w);
void ts_jsonw_array_end(ts_jsonw *w);
/* A name of our own: printable ASCII without quotes and backslashes, which nobody looks for. */
void ts_jsonw_key(ts_jsonw *w, const char *key);
/* Any text. */
void ts_jsonw_key_str(ts_jsonw *w, ts_str key);
void ts_jsonw_str(ts_jsonw *w, ts_str s);
void ts_jsonw_z(ts_jsonw *w, const char *z); /* NULL writes null */
void ts_jsonw_i64(ts_jsonw *w, int64_t n);
void ts_jsonw_u64(ts_jsonw *w, uint64_t n);
void ts_jsonw_f64(ts_jsonw *w,
                  double n); /* shortest text that reads back; NaN and infinities write null */
void ts_jsonw_bool(ts_jsonw *w, bool b);
void ts_jsonw_null(ts_jsonw *w);
/* RFC 3339 UTC with Z and seconds; 0 writes null. */
void ts_jsonw_time(ts_jsonw *w, int64_t ms);
/* Bytes that are JSON already. */
void ts_jsonw_raw(ts_jsonw *w, ts_str json);
/* Members that are JSON already, as `"a":1,"b":2`, inside an open object; nothing if empty. */
void ts_jsonw_members(ts_jsonw *w, ts_str json);

/* A string: the bytes in base64. */
void ts_jsonw_base64(ts_jsonw *w, ts_str bytes);
/* A protobuf message as an object: every field of every depth under its name in the .proto (a field that may be absent and is,
 * is left out; a message that is not there is null), but those whose names `hidden` (NULL-terminated; NULL: none) lists.
 * 64-bit numbers are numbers, enums their names (an unknown one its number), bytes base64 - or, with a `parser` (NULL: never),
 * the document itself if they are a whole JSON object or array, on one line. */
void ts_jsonw_message(ts_jsonw *w, const ProtobufCMessage *m, const char *const *hidden,
                      ts_json_parser *parser);

/* key and value in one. */
void ts_jsonw_kstr(ts_jsonw *w, const char *key, ts_str s);
void ts_jsonw_kz(ts_jsonw *w, const char *key, const char *z);
void ts_jsonw_ki64(ts_jsonw *w, const char *key, int64_t n);
void ts_jsonw_kbool(ts_jsonw *w, const char *key, bool b);
void ts_jsonw_ktime(ts_jsonw *w, const char *key, int64_t ms);

#endif
