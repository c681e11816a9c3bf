/* What the tests of the normaliser share: a parser and an arena for each test, and short ways to parse and to look. */
#ifndef RISK_TEST_PARSE_H
#define RISK_TEST_PARSE_H

#include <criterion/criterion.h>

#include "normalize/normalize.h"
#include "ts/time.h"

#define NOW   INT64_C(1736937000000) /* 2025-01-15T10:30:00Z */
#define NOW_Z "2025-01-15T10:30:00Z"
#define ACTOR "\"actor\":{\"email\":\"ana@lumen.example\",\"profileId\":\"1001\"}"
#define ID(app)                                                                                    \
    "\"id\":{\"time\":\"" NOW_Z "\",\"uniqueQualifier\":\"77\",\"applicationName\":\"" app         \
    "\",\"customerId\":\"C1\"}"
#define LOGIN                                                                                      \
    "{" ID("login") "," ACTOR ",\"ipAddress\":\"192.0.2.7\",\"events\":[{\"type\":\"login\","      \
                    "\"name\":\"login_success\"}]}"

/* One test's world. The parser and the arena live until the test ends: records point into both. */
typedef struct parse {
    risk_parser *parser;
    ts_arena *arena;
    risk_body_options options;
    risk_body body;
    ts_error err;
} parse;

parse parse_new(void);
void parse_done(parse *p);

/* Parses; the status is kept from being ignored by who calls. */
TS_CHECK ts_status parse_text(parse *p, ts_str text);
TS_CHECK ts_status parse_z(parse *p, const char *text);
/* Parses what must be one record of one event, and gives the event. */
const risk_record *parse_one(parse *p, const char *text);
/* Parses what must be rejected as a whole record; its reason. */
const char *parse_rejected(parse *p, const char *text);

/* The n-th value (from 0) of a field, or "" if there are fewer. */
ts_str field_nth(const risk_record *record, const char *name, size_t n);
bool field_is(const risk_record *record, const char *name, const char *value);

/* Whether two whole ids are the same one. */
bool same_id(ProtobufCBinaryData a, ProtobufCBinaryData b);

#endif
