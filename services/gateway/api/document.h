/* What the route table means to a reader: the parts that the OpenAPI document and the page at /docs share. Pure. */
#ifndef API_DOCUMENT_H
#define API_DOCUMENT_H

#include "http/problem.h"
#include "http/route.h"

/* A group of endpoints, by the first part of the path after /v1/. */
typedef struct document_tag_row {
    const char *segment;
    const char *name;
    const char *words;
} document_tag_row;

extern const char document_about[];

/* What webhooks tell: each kind of event, when it is sent, and the members of its data. */
typedef struct document_event {
    const char *kind;
    const char *when;
    const char *members; /* joined by ", " */
} document_event;

extern const document_event document_events[];
extern const size_t document_event_count;

/* Never NULL: what no row names goes under "Other". */
const document_tag_row *document_tag(const char *pattern);
/* No row before `row` has its tag. */
bool document_is_first_of_tag(const http_route *table, size_t row);

/* The name inside {...} of a pattern; TS_STR_NULL if there is none. */
ts_str document_captured(const char *pattern);
/* A GET with a body that is made whole before it is sent. */
bool document_has_etag(const http_route *route);
/* The route's answers can be of this kind. */
bool document_may_answer(const http_route *route, http_problem problem);

/* The members of a JSON schema of the row's value, inside an open object. */
void document_put_schema(ts_jsonw *w, const http_param *row, bool is_field);
/* A JSON value that the row takes: `wanted` if it is not NULL, else made from kind and range. */
void document_put_value(ts_jsonw *w, const http_param *row, const char *wanted);
/* An example of the route's body, and of its answer with the envelope; it must have one. */
void document_put_body(ts_jsonw *w, const http_route *route);
void document_put_answer(ts_jsonw *w, const http_route *route);
/* Bodies that POST /v1/events takes, one of each source that has one here: the member `examples` of a media type, as an object. */
void document_put_event_examples(ts_jsonw *w);
/* The first row whose answer has the envelope and does not repeat its members at the top; there must be one. */
const http_route *document_first_enveloped(const http_route *table, size_t count);

#endif
