/* The route table: one row says all there is to know about an endpoint. From it come routing, validation, permissions
 * and the OpenAPI document. Pure.
 */
#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include "http/path.h"
#include "ts/json.h"

struct http_exchange;

typedef enum http_kind {
    HTTP_KIND_BOOL, /* true, false */
    HTTP_KIND_INT,  /* min..max */
    HTTP_KIND_ENUM, /* one of `choices` */
    HTTP_KIND_TEXT, /* min..max characters */
    HTTP_KIND_TIME, /* RFC 3339, or a date alone: its start in UTC; in bodies also null: none (0) */
    HTTP_KIND_EMAIL,  /* lowered */
    HTTP_KIND_CURSOR, /* `next_cursor` of an earlier answer; sets the row before it, the offset */
    HTTP_KIND_LIST, /* bodies only: array of texts of min..max characters, at most HTTP_LIST_MAX */
    HTTP_KIND_MAP, /* bodies only: object whose members are such texts; their names are the handler's to check */
} http_kind;

#define HTTP_PARAMS_MAX 12
#define HTTP_LIST_MAX   50
#define HTTP_EMAIL_MAX  254

/* A query parameter, or a member of a JSON body. A NULL name ends a list. */
typedef struct http_param {
    const char *name;
    http_kind kind;
    int64_t min, max;
    const char *choices;  /* "open|closed|all" */
    const char *fallback; /* text of the default; NULL: none */
    bool required;
    const char *help;
} http_param;

/* A validated value. Text and items live in the request's arena. */
typedef struct http_value {
    bool given;     /* by the client; a default is a value that is not given */
    int64_t number; /* INT, BOOL, CURSOR; TIME in ms since the epoch */
    ts_str text;    /* ENUM, TEXT, EMAIL; of a default too; CURSOR: the service's part */
    ts_str *items;  /* LIST, MAP */
    ts_str *names;  /* MAP */
    size_t item_count;
} http_value;

typedef enum http_body {
    HTTP_BODY_NONE,
    HTTP_BODY_JSON, /* an object with the members of `fields`; at most HTTP_JSON_MAX; none is {} where nothing is required */
    HTTP_BODY_LIST, /* an array of at most HTTP_ROWS_MAX objects with the members of `fields`; at most HTTP_EVENTS_MAX. The
                       handler checks each, so that a bad one loses no good one */
    HTTP_BODY_EVENTS, /* taken as it came: JSON or NDJSON, gzip or not; at most HTTP_EVENTS_MAX */
    HTTP_BODY_RPC, /* taken as it came: JSON that the handler reads itself, as what is wrong with it is told in its own
                         form; at most HTTP_JSON_MAX */
} http_body;

#define HTTP_JSON_MAX   ((size_t)64 * 1024)
#define HTTP_EVENTS_MAX ((size_t)8 * 1024 * 1024)
#define HTTP_ROWS_MAX   10000

enum {
    HTTP_PUBLIC = 1u,  /* no key */
    HTTP_PLAIN = 2u,   /* the handler's data is the whole body, no envelope */
    HTTP_MIRROR = 4u,  /* the fields of data stand at the top level as well */
    HTTP_SECRET = 8u,  /* key material: Cache-Control: no-store */
    HTTP_PAGE = 256u,  /* with PLAIN: HTML */
    HTTP_TEXT = 2048u, /* with PLAIN: plain text */
    HTTP_ASIDE =
        8192u, /* the handler computes for long, and waits for nobody: others are served meanwhile */
    HTTP_STREAM = 512u, /* CSV, which the handler writes piece by piece through http/stream.h */
    HTTP_REPEATABLE = 4096u, /* a POST that needs no Idempotency-Key */
    HTTP_GUARDED =
        1024u, /* only for hosts and origins that are ours (http/guard.h): before any key is looked at */
};

typedef ts_status http_handler(struct http_exchange *x);

typedef struct http_route {
    const char *method;
    const char *pattern; /* "/v1/users/{email}"; rows of literals stand before rows that capture */
    uint64_t permission; /* TS_PERM_*; 0: any valid key */
    unsigned flags;
    http_body body;
    int status;               /* of success */
    const http_param *params; /* NULL: none */
    const http_param *fields; /* NULL: none */
    http_handler *handler;
    const char *operation; /* OpenAPI's operationId */
    const char *summary;   /* one line for the documentation */
    const char *schema;    /* of data, a name of api/schemas.c; NULL: an object */
} http_route;

/* First row whose pattern fits the path, whatever its method; NULL if none does. *ret_captured is the segment that stood
 * for {...}, or TS_STR_NULL. */
const http_route *http_route_find(const http_route *table, size_t count, const ts_str *segments,
                                  size_t segment_count, ts_str *ret_captured);
/* The row of `found`'s pattern that serves `method` (HEAD is served by GET); NULL if none does. */
const http_route *http_route_method(const http_route *table, size_t count, const http_route *found,
                                    ts_str method);
/* "GET, HEAD, POST, OPTIONS": value of Allow for a pattern. */
void http_route_allow(const http_route *table, size_t count, const http_route *found, ts_buf *out);

/* False if the fields allow a request without a body. */
bool http_fields_required(const http_param *fields);

/* Number of rows; 0 for NULL. */
size_t http_param_count(const http_param *params);
/* Index of a name; -1 if there is no such row. */
int http_param_index(const http_param *params, ts_str name);

/* Validates a query against the rows: unknown, repeated, ill-typed, out-of-range, missing ones are TS_INVALID, with the
 * parameter's name and what would be right. `values` has a place per row. TS_NOMEM. */
TS_CHECK ts_status http_params_parse(const http_param *params, ts_str query, ts_arena *arena,
                                     http_value *values, ts_error *err);
/* The same for the members of a JSON body. */
TS_CHECK ts_status http_fields_parse(const http_param *fields, ts_json body, ts_arena *arena,
                                     http_value *values, ts_error *err);

/* The same step by step, for members that come from more than one place: defaults into all, each member into its row (which
 * must exist), then what is required and what must not stand together. */
TS_CHECK ts_status http_values_begin(const http_param *rows, ts_arena *arena, http_value *values);
TS_CHECK ts_status http_value_set(const http_param *rows, size_t row, ts_json member,
                                  ts_arena *arena, http_value *values, ts_error *err);
TS_CHECK ts_status http_values_end(const http_param *rows, http_value *values, ts_error *err);

/* An address as a directory may hold it: one '@' with something on both sides, no space or control character, at most
 * HTTP_EMAIL_MAX bytes. *ret is lowered (ASCII). TS_INVALID without words; TS_NOMEM. */
TS_CHECK ts_status http_email_parse(ts_arena *arena, ts_str text, ts_str *ret);

/* An offset as clients should not read it, and back. Behind it may stand where a service goes on, in up to
 * HTTP_POSITION_MAX letters and digits of its own: then nothing is skipped to get there. */
#define HTTP_CURSOR_SIZE  16
#define HTTP_POSITION_MAX 64
void http_cursor_format(uint64_t offset, char ret[HTTP_CURSOR_SIZE]);
TS_CHECK ts_status http_cursor_parse(ts_str text, uint64_t *ret);
/* The service's part of a cursor that was parsed; empty if it has none. */
ts_str http_cursor_position(ts_str cursor);

#endif
