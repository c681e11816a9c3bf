/* GET /v1/openapi.json: OpenAPI 3.1, made from the route table, so that the two cannot differ. */
#include "api/api.h"
#include "api/document.h"
#include "api/facts.h"
#include "api/schemas.h"
#include "api/shape.h"
#include "mcp/describe.h"
#include "ts/process.h"

#define TIME_WORDS "RFC 3339 time, or a date: its start in UTC"

static void put_schema(ts_jsonw *w, const http_param *row, bool is_field)
{
    char words[256];

    ts_jsonw_object(w);
    document_put_schema(w, row, is_field);
    /* A parameter has its own words beside the schema. */
    (void)snprintf(words, sizeof(words), "%s%s%s", is_field ? row->help : "",
                   is_field && row->kind == HTTP_KIND_TIME ? "; " : "",
                   row->kind == HTTP_KIND_TIME ? TIME_WORDS : "");
    if (words[0] != '\0')
        ts_jsonw_kz(w, "description", words);
    ts_jsonw_object_end(w);
}

/* A value that the row takes: the table's if there is one, else made from the row. */
static void put_example(ts_jsonw *w, const char *owner, const http_param *row)
{
    const fact *f = fact_of_own(owner, row->name);

    ts_jsonw_key(w, "example");
    document_put_value(w, row, f == NULL ? NULL : f->example);
}

static void put_path_parameter(ts_jsonw *w, const http_route *route, ts_arena *arena)
{
    const fact *f = fact_of_path(route->pattern);
    ts_str name = document_captured(route->pattern);

    if (name.n == 0)
        return;
    ts_jsonw_object(w);
    ts_jsonw_kz(w, "name", ts_arena_z(arena, name));
    ts_jsonw_kz(w, "in", "path");
    ts_jsonw_kbool(w, "required", true);
    ts_jsonw_kz(w, "description", f->words);
    ts_jsonw_key(w, "schema");
    ts_jsonw_object(w);
    ts_jsonw_kz(w, "type", "string");
    ts_jsonw_members(w, ts_str_of(f->limits));
    ts_jsonw_object_end(w);
    ts_jsonw_key(w, "example");
    ts_jsonw_raw(w, ts_str_of(f->example));
    ts_jsonw_object_end(w);
}

static bool is_rpc(const http_route *route)
{
    return route->body == HTTP_BODY_RPC;
}

static void put_shared_parameters(ts_jsonw *w, const http_route *route)
{
    if (document_has_etag(route))
        ts_jsonw_raw(w, TS_STR_LIT("{\"$ref\":\"#/components/parameters/IfNoneMatch\"}"));
    if (strcmp(route->method, "PATCH") == 0)
        ts_jsonw_raw(w, TS_STR_LIT("{\"$ref\":\"#/components/parameters/IfMatch\"}"));
    if (is_rpc(route))
        ts_jsonw_members(w, ts_str_of(mcp_header_parameters));
    else if (strcmp(route->method, "POST") == 0 && (route->flags & HTTP_REPEATABLE) == 0)
        ts_jsonw_raw(w, TS_STR_LIT("{\"$ref\":\"#/components/parameters/IdempotencyKey\"}"));
    ts_jsonw_raw(w, TS_STR_LIT("{\"$ref\":\"#/components/parameters/RequestId\"}"));
}

static void put_parameters(ts_jsonw *w, const http_route *route, ts_arena *arena)
{
    size_t count = http_param_count(route->params);

    ts_jsonw_key(w, "parameters");
    ts_jsonw_array(w);
    put_path_parameter(w, route, arena);
    for (size_t i = 0; i < count; i++) {
        const http_param *row = &route->params[i];

        ts_jsonw_object(w);
        ts_jsonw_kz(w, "name", row->name);
        ts_jsonw_kz(w, "in", "query");
        ts_jsonw_kbool(w, "required", row->required);
        ts_jsonw_kz(w, "description", row->help);
        ts_jsonw_key(w, "schema");
        put_schema(w, row, false);
        put_example(w, "Query", row);
        ts_jsonw_object_end(w);
    }
    put_shared_parameters(w, route);
    ts_jsonw_array_end(w);
}

static void put_fields(ts_jsonw *w, const http_route *route)
{
    size_t count = http_param_count(route->fields);

    ts_jsonw_object(w);
    ts_jsonw_kz(w, "type", "object");
    ts_jsonw_kbool(w, "additionalProperties", false);
    ts_jsonw_key(w, "properties");
    ts_jsonw_object(w);
    for (size_t i = 0; i < count; i++) {
        ts_jsonw_key(w, route->fields[i].name);
        put_schema(w, &route->fields[i], true);
    }
    ts_jsonw_object_end(w);
    ts_jsonw_key(w, "required");
    ts_jsonw_array(w);
    for (size_t i = 0; i < count; i++) {
        if (route->fields[i].required)
            ts_jsonw_z(w, route->fields[i].name);
    }
    ts_jsonw_array_end(w);
    ts_jsonw_object_end(w);
}

/* A record that comes in: of our own form, or as its source writes it. */
#define RECORD                                                                                     \
    "{\"anyOf\":[{\"$ref\":\"#/components/schemas/SubmittedEvent\"},{\"type\":\"object\","         \
    "\"description\":\"a record as its source writes it\"}]}"

static void put_body(ts_jsonw *w, const http_route *route)
{
    if (route->body == HTTP_BODY_NONE)
        return;
    ts_jsonw_key(w, "requestBody");
    ts_jsonw_object(w);
    ts_jsonw_kbool(w, "required",
                   route->body != HTTP_BODY_JSON || http_fields_required(route->fields));
    ts_jsonw_key(w, "content");
    ts_jsonw_object(w);
    ts_jsonw_key(w, "application/json");
    ts_jsonw_object(w);
    ts_jsonw_key(w, "schema");
    if (route->body == HTTP_BODY_JSON) {
        put_fields(w, route);
    } else if (route->body == HTTP_BODY_LIST) {
        ts_jsonw_object(w);
        ts_jsonw_kz(w, "type", "array");
        ts_jsonw_ki64(w, "maxItems", HTTP_ROWS_MAX);
        ts_jsonw_key(w, "items");
        put_fields(w, route);
        ts_jsonw_object_end(w);
    } else if (is_rpc(route)) {
        ts_jsonw_raw(w, ts_str_of(mcp_request_schema));
    } else {
        ts_jsonw_raw(w, TS_STR_LIT("{\"oneOf\":[" RECORD ",{\"type\":\"array\",\"maxItems\":10000,"
                                   "\"items\":" RECORD "}]}"));
    }
    if (route->body == HTTP_BODY_EVENTS) {
        ts_jsonw_key(w, "examples");
        document_put_event_examples(w);
    } else {
        ts_jsonw_key(w, "example");
        document_put_body(w, route);
    }
    ts_jsonw_object_end(w);
    if (route->body == HTTP_BODY_EVENTS) {
        ts_jsonw_key(w, "application/x-ndjson");
        ts_jsonw_raw(w, TS_STR_LIT("{\"schema\":{\"type\":\"string\",\"maxLength\":8388608,"
                                   "\"pattern\":\"^[^\\\\u0000]*$\"}}"));
    }
    ts_jsonw_object_end(w);
    ts_jsonw_object_end(w);
}

/* What every answer carries. */
#define COMMON_HEADERS                                                                             \
    "\"X-Request-Id\":{\"$ref\":\"#/components/headers/X-Request-Id\"},"                           \
    "\"X-RateLimit-Limit\":{\"$ref\":\"#/components/headers/X-RateLimit-Limit\"},"                 \
    "\"X-RateLimit-Remaining\":{\"$ref\":\"#/components/headers/X-RateLimit-Remaining\"},"         \
    "\"X-RateLimit-Reset\":{\"$ref\":\"#/components/headers/X-RateLimit-Reset\"},"                 \
    "\"Cache-Control\":{\"$ref\":\"#/components/headers/Cache-Control\"},"                         \
    "\"Vary\":{\"$ref\":\"#/components/headers/Vary\"},"                                           \
    "\"Access-Control-Allow-Origin\":{\"$ref\":"                                                   \
    "\"#/components/headers/Access-Control-Allow-Origin\"}"
#define HEADER(name) "\"" name "\":{\"$ref\":\"#/components/headers/" name "\"}"

static void put_headers(ts_jsonw *w, const char *more)
{
    ts_jsonw_key(w, "headers");
    ts_jsonw_object(w);
    ts_jsonw_members(w, TS_STR_LIT(COMMON_HEADERS));
    ts_jsonw_members(w, ts_str_of(more));
    ts_jsonw_object_end(w);
}

static void put_json(ts_jsonw *w, const char *schema, const char *example)
{
    ts_jsonw_key(w, "application/json");
    ts_jsonw_object(w);
    ts_jsonw_key(w, "schema");
    ts_jsonw_raw(w, ts_str_of(schema));
    if (example != NULL) {
        ts_jsonw_key(w, "example");
        ts_jsonw_raw(w, ts_str_of(example));
    }
    ts_jsonw_object_end(w);
}

/* What a PLAIN route answers. */
static void put_plain_content(ts_jsonw *w, const http_route *route)
{
    if ((route->flags & HTTP_PAGE) != 0) {
        ts_jsonw_key(w, "text/html");
        ts_jsonw_raw(w, TS_STR_LIT("{\"schema\":{\"type\":\"string\",\"maxLength\":16777216,"
                                   "\"pattern\":\"^<!DOCTYPE html>\"}}"));
        return;
    }
    if ((route->flags & HTTP_TEXT) != 0) {
        ts_jsonw_key(w, "text/plain");
        ts_jsonw_raw(w, TS_STR_LIT("{\"schema\":{\"type\":\"string\",\"maxLength\":16777216,"
                                   "\"pattern\":\"^# TeamSentry\"}}"));
        return;
    }
    if (is_rpc(route)) {
        put_json(w, mcp_answer_schema, mcp_answer_example);
        return;
    }
    ts_jsonw_key(w, "application/json");
    ts_jsonw_object(w);
    ts_jsonw_key(w, "schema");
    ts_jsonw_object(w);
    if (route->schema != NULL) {
        char reference[96];

        (void)snprintf(reference, sizeof(reference), "#/components/schemas/%s", route->schema);
        ts_jsonw_kz(w, "$ref", reference);
        ts_jsonw_object_end(w);
        ts_jsonw_key(w, "example");
        ts_jsonw_object(w);
        schemas_put_example(w, route->schema);
        ts_jsonw_object_end(w);
    } else {
        ts_jsonw_kz(w, "type", "object");
        ts_jsonw_object_end(w);
    }
    ts_jsonw_object_end(w);
}

static void put_success_content(ts_jsonw *w, const http_route *route)
{
    ts_jsonw_key(w, "content");
    ts_jsonw_object(w);
    if ((route->flags & HTTP_STREAM) != 0) {
        ts_jsonw_key(w, "text/csv");
        ts_jsonw_raw(w, TS_STR_LIT("{\"schema\":{\"type\":\"string\",\"maxLength\":"
                                   "1099511627776,\"pattern\":\"^[^\\\\u0000]*$\",\"description\":"
                                   "\"RFC 4180, UTF-8; the first line names the columns\"}}"));
    } else if ((route->flags & HTTP_PLAIN) != 0) {
        put_plain_content(w, route);
    } else {
        ts_jsonw_key(w, "application/json");
        ts_jsonw_object(w);
        ts_jsonw_key(w, "schema");
        schemas_put_envelope(w, route->schema, (route->flags & HTTP_MIRROR) != 0);
        ts_jsonw_key(w, "example");
        document_put_answer(w, route);
        ts_jsonw_object_end(w);
    }
    ts_jsonw_object_end(w);
}

static void put_success(ts_jsonw *w, const http_route *route)
{
    char status[16];

    (void)snprintf(status, sizeof(status), "%d", route->status);
    ts_jsonw_key(w, status);
    ts_jsonw_object(w);
    ts_jsonw_kz(w, "description", http_reason(route->status));
    if ((route->flags & HTTP_STREAM) != 0)
        put_headers(w, HEADER("Content-Disposition"));
    else if (document_has_etag(route))
        put_headers(w, HEADER("ETag"));
    else if (strcmp(route->method, "POST") == 0 && !is_rpc(route))
        put_headers(w, HEADER("Idempotent-Replayed"));
    else
        put_headers(w, "");
    put_success_content(w, route);
    ts_jsonw_object_end(w);
}

static void put_rpc_error(ts_jsonw *w, const char *status, const char *words)
{
    ts_jsonw_key(w, status);
    ts_jsonw_object(w);
    ts_jsonw_kz(w, "description", words);
    put_headers(w, "");
    ts_jsonw_key(w, "content");
    ts_jsonw_object(w);
    put_json(w, mcp_error_schema, NULL);
    ts_jsonw_object_end(w);
    ts_jsonw_object_end(w);
}

/* Answers of JSON-RPC that have a status of their own. */
static void put_rpc_responses(ts_jsonw *w)
{
    ts_jsonw_key(w, "202");
    ts_jsonw_object(w);
    ts_jsonw_kz(w, "description", "A notification was taken; there is no body.");
    put_headers(w, "");
    ts_jsonw_object_end(w);
    put_rpc_error(w, "400", "The message is not well formed.");
    put_rpc_error(w, "default",
                  "404: no such method; 406: the client does not take application/json.");
}

static void put_responses(ts_jsonw *w, const http_route *route)
{
    ts_jsonw_key(w, "responses");
    ts_jsonw_object(w);
    put_success(w, route);
    if (document_has_etag(route))
        ts_jsonw_members(w,
                         TS_STR_LIT("\"304\":{\"$ref\":\"#/components/responses/NotModified\"}"));
    if (is_rpc(route))
        put_rpc_responses(w);
    for (http_problem p = HTTP_BAD_REQUEST; p <= HTTP_UNAVAILABLE; p++) {
        const http_problem_facts *facts = http_problem_facts_of(p);
        char member[96];

        if (!document_may_answer(route, p) || (is_rpc(route) && p == HTTP_BAD_REQUEST))
            continue;
        (void)snprintf(member, sizeof(member), "\"%d\":{\"$ref\":\"#/components/responses/%s\"}",
                       facts->status, facts->code);
        ts_jsonw_members(w, ts_str_of(member));
    }
    ts_jsonw_object_end(w);
}

static void put_operation(ts_jsonw *w, const http_route *route, ts_arena *arena)
{
    const char *permission = ts_permission_name(route->permission);
    char method[16] = "";

    for (size_t i = 0; route->method[i] != '\0' && i + 1 < sizeof(method); i++)
        method[i] = (char)(route->method[i] - 'A' + 'a');
    ts_jsonw_key(w, method);
    ts_jsonw_object(w);
    ts_jsonw_kz(w, "operationId", route->operation);
    ts_jsonw_kz(w, "summary", route->summary);
    ts_jsonw_key(w, "tags");
    ts_jsonw_array(w);
    ts_jsonw_z(w, document_tag(route->pattern)->name);
    ts_jsonw_array_end(w);
    if ((route->flags & HTTP_PUBLIC) != 0) {
        ts_jsonw_kz(w, "description", "Needs no key.");
        ts_jsonw_key(w, "security");
        ts_jsonw_raw(w, TS_STR_LIT("[]"));
    } else if (permission == NULL) {
        ts_jsonw_kz(w, "description", "Any valid key may ask.");
    } else {
        ts_jsonw_kz(w, "description",
                    ts_arena_printf(arena, "Needs the permission `%s`.", permission));
        ts_jsonw_kz(w, "x-permission", permission);
    }
    put_parameters(w, route, arena);
    put_body(w, route);
    put_responses(w, route);
    ts_jsonw_object_end(w);
}

static bool is_first_of_pattern(size_t row)
{
    for (size_t i = 0; i < row; i++) {
        if (strcmp(api_routes[i].pattern, api_routes[row].pattern) == 0)
            return false;
    }
    return true;
}

static void put_paths(ts_jsonw *w, ts_arena *arena)
{
    ts_jsonw_key(w, "paths");
    ts_jsonw_object(w);
    for (size_t i = 0; i < api_route_count; i++) {
        if (!is_first_of_pattern(i))
            continue;
        ts_jsonw_key(w, api_routes[i].pattern);
        ts_jsonw_object(w);
        for (size_t j = i; j < api_route_count; j++) {
            if (strcmp(api_routes[i].pattern, api_routes[j].pattern) == 0)
                put_operation(w, &api_routes[j], arena);
        }
        ts_jsonw_object_end(w);
    }
    ts_jsonw_object_end(w);
}

/* The group of webhooks names the kinds of events: nothing else of the document does. */
static void put_tag_words(ts_jsonw *w, const document_tag_row *tag)
{
    TS_CLEANUP(ts_buf_done) ts_buf words = TS_BUF_INIT(1024);

    ts_buf_z(&words, tag->words);
    if (strcmp(tag->segment, "webhooks") == 0) {
        for (size_t i = 0; i < document_event_count; i++)
            ts_buf_printf(&words, "%s`%s`", i == 0 ? " Kinds of events: " : ", ",
                          document_events[i].kind);
        ts_buf_char(&words, '.');
    }
    ts_jsonw_kz(w, "description", words.data);
}

static void put_tags(ts_jsonw *w)
{
    ts_jsonw_key(w, "tags");
    ts_jsonw_array(w);
    for (size_t i = 0; i < api_route_count; i++) {
        const document_tag_row *tag = document_tag(api_routes[i].pattern);

        if (!document_is_first_of_tag(api_routes, i))
            continue;
        ts_jsonw_object(w);
        ts_jsonw_kz(w, "name", tag->name);
        put_tag_words(w, tag);
        ts_jsonw_object_end(w);
    }
    ts_jsonw_array_end(w);
}

/* One response for each problem; operations refer to them. */
static void put_shared_responses(ts_jsonw *w)
{
    ts_jsonw_key(w, "responses");
    ts_jsonw_object(w);
    for (http_problem p = HTTP_BAD_REQUEST; p <= HTTP_UNAVAILABLE; p++) {
        const http_problem_facts *facts = http_problem_facts_of(p);
        bool has_wait = p == HTTP_RATE_LIMITED || p == HTTP_UNAVAILABLE;

        if (p == HTTP_METHOD_NOT_ALLOWED) /* of a path; OpenAPI lists what operations answer */
            continue;
        ts_jsonw_key(w, facts->code);
        ts_jsonw_object(w);
        ts_jsonw_kz(w, "description", facts->message);
        put_headers(w, has_wait                ? HEADER("Retry-After")
                       : p == HTTP_INVALID_KEY ? HEADER("WWW-Authenticate")
                                               : "");
        ts_jsonw_key(w, "content");
        ts_jsonw_object(w);
        ts_jsonw_key(w, "application/json");
        ts_jsonw_object(w);
        ts_jsonw_key(w, "schema");
        ts_jsonw_raw(w, TS_STR_LIT("{\"$ref\":\"#/components/schemas/Error\"}"));
        ts_jsonw_key(w, "example");
        ts_jsonw_object(w);
        ts_jsonw_key(w, "error");
        ts_jsonw_object(w);
        ts_jsonw_kz(w, "code", facts->code);
        ts_jsonw_kz(w, "message", facts->message);
        ts_jsonw_ki64(w, "status", facts->status);
        ts_jsonw_object_end(w);
        ts_jsonw_kz(w, "request_id", "req_5kiImQvUIEzwKtcE6tuKjT");
        ts_jsonw_object_end(w);
        ts_jsonw_object_end(w);
        ts_jsonw_object_end(w);
        ts_jsonw_object_end(w);
    }
    ts_jsonw_key(w, "NotModified");
    ts_jsonw_object(w);
    ts_jsonw_kz(w, "description", "The answer is still the one of the ETag in If-None-Match.");
    put_headers(w, HEADER("ETag"));
    ts_jsonw_object_end(w);
    ts_jsonw_object_end(w);
}

static const char shared_parameters[] =
    "{\"IfNoneMatch\":{\"name\":\"If-None-Match\",\"in\":\"header\",\"required\":false,"
    "\"description\":\"ETags of answers that are known; 304 if one still holds.\",\"schema\":"
    "{\"type\":\"string\",\"maxLength\":4096,\"pattern\":\"^[ -~]*$\"},\"example\":"
    "\"\\\"6f1ed002ab5595859014ebf0951522d9\\\"\"},"
    "\"IfMatch\":{\"name\":\"If-Match\",\"in\":\"header\",\"required\":false,"
    "\"description\":\"ETag of the state that the change is meant for; 412 if it has changed "
    "since.\",\"schema\":{\"type\":\"string\",\"maxLength\":4096,\"pattern\":\"^[ -~]*$\"},"
    "\"example\":\"\\\"6f1ed002ab5595859014ebf0951522d9\\\"\"},"
    "\"IdempotencyKey\":{\"name\":\"Idempotency-Key\",\"in\":\"header\",\"required\":false,"
    "\"description\":\"Names the change: a repeat within 24 hours changes nothing and gets the "
    "same answer, without secrets.\",\"schema\":{\"type\":\"string\",\"minLength\":1,"
    "\"maxLength\":255,\"pattern\":\"^[ -~]*$\"},\"example\":\"order-7f3a\"},"
    "\"RequestId\":{\"name\":\"X-Request-Id\",\"in\":\"header\",\"required\":false,"
    "\"description\":\"Id for this request, taken over if it has this form; else one is made.\","
    "\"schema\":{\"type\":\"string\",\"maxLength\":68,\"pattern\":\"^[!-~]*$\"},\"example\":"
    "\"req_5kiImQvUIEzwKtcE6tuKjT\"}}";

#define INTEGER_HEADER(name, words, example)                                                       \
    "\"" name "\":{\"description\":\"" words "\",\"schema\":{\"type\":\"integer\",\"format\":"     \
    "\"int64\",\"minimum\":0,\"maximum\":9007199254740991},\"example\":" example "}"
#define TEXT_HEADER(name, words, pattern, example)                                                 \
    "\"" name "\":{\"description\":\"" words "\",\"schema\":{\"type\":\"string\",\"maxLength\":"   \
    "4096,\"pattern\":\"" pattern "\"},\"example\":\"" example "\"}"
static const char
    shared_headers[] =
        "{" TEXT_HEADER("X-Request-Id", "Names the request in logs; stands in the body too.", "^req_[0-9A-Za-z]{6,64}$", "req_5kiImQvUIEzwKtcE6tuKjT") "," INTEGER_HEADER(
            "X-RateLimit-Limit", "Requests per minute that the key may make.",
            "1000") "," INTEGER_HEADER("X-RateLimit-Remaining", "Requests left in this minute.", "997") "," INTEGER_HEADER("X-RateLimit-Reset", "End of this minute, epoch seconds.", "1705312800") "," INTEGER_HEADER("Retry-After",
                                                                                                                                                                                                                       "Seconds to wait before the next try, at least 1.", "17") "," TEXT_HEADER("ETag", "Changes when the answer changes.", "^\\\"[0-9a-z-]+\\\"$", "\\\"6f1ed002ab5595859014ebf0951522d9\\\"") "," TEXT_HEADER("Cache-Control",
                                                                                                                                                                                                                                                                                                                                                                                                                                 "Answers are the caller's own.",
                                                                                                                                                                                                                                                                                                                                                                                                                                 "^[ -~]*$", "private, no-cache") "," TEXT_HEADER("Vary",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                  "Headers of the request that the answer depends on.",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                  "^[ -~]*$",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                  "Authorization, Origin, Accept-Encoding") "," TEXT_HEADER("WWW-Authenticate",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                            "How to show a key.",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                            "^[ -~]*$",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                            "Bearer realm=\\\"teamsentry\\\"") "," TEXT_HEADER("Content-Disposition",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                               "Name of the file.",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                               "^[ -~]*$",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                               "attachment; filename=\\\"users.csv\\\"") "," TEXT_HEADER("Idempotent-Replayed", "true: the change was made before; nothing changed now.", "^true$", "true") "," TEXT_HEADER("Access-Control-Allow-Origin",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                            "Only if the request's Origin is one that the operator lists.",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                            "^[ -~]*$",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                            "https://console.lumen-works.example") "}";

static void put_info(ts_jsonw *w)
{
    ts_jsonw_key(w, "info");
    ts_jsonw_object(w);
    ts_jsonw_kz(w, "title", "TeamSentry API");
    ts_jsonw_kz(w, "version", TS_VERSION);
    ts_jsonw_kz(w, "description", document_about);
    ts_jsonw_key(w, "contact");
    ts_jsonw_raw(w, TS_STR_LIT("{\"name\":\"The operator of this TeamSentry\"}"));
    ts_jsonw_object_end(w);
}

ts_status api_openapi(http_exchange *x)
{
    ts_jsonw w = ts_jsonw_on(&x->data);

    ts_jsonw_object(&w);
    ts_jsonw_kz(&w, "openapi", "3.1.0");
    put_info(&w);
    ts_jsonw_key(&w, "servers");
    ts_jsonw_raw(&w, TS_STR_LIT("[{\"url\":\"/\",\"description\":\"Production: the gateway that "
                                "serves this document. Keys that begin with tsk_test_ see its "
                                "test data.\",\"x-internal\":false}]"));
    ts_jsonw_key(&w, "security");
    ts_jsonw_raw(&w, TS_STR_LIT("[{\"apiKey\":[]}]"));
    put_tags(&w);
    put_paths(&w, x->arena);
    ts_jsonw_key(&w, "components");
    ts_jsonw_object(&w);
    ts_jsonw_key(&w, "securitySchemes");
    ts_jsonw_raw(&w, TS_STR_LIT("{\"apiKey\":{\"type\":\"http\",\"scheme\":\"bearer\","
                                "\"description\":\"An API key, tsk_live_ or tsk_test_\"}}"));
    ts_jsonw_key(&w, "parameters");
    ts_jsonw_raw(&w, ts_str_of(shared_parameters));
    ts_jsonw_key(&w, "headers");
    ts_jsonw_raw(&w, ts_str_of(shared_headers));
    put_shared_responses(&w);
    ts_jsonw_key(&w, "schemas");
    schemas_write(&w);
    ts_jsonw_object_end(&w);
    ts_jsonw_object_end(&w);
    return TS_OK;
}
