/* Everything that can go wrong with a request, as HTTP shows it. The one place where a ts_status becomes HTTP. */
#ifndef HTTP_PROBLEM_H
#define HTTP_PROBLEM_H

#include "ts/base.h"

typedef enum http_problem {
    HTTP_FINE = 0,
    HTTP_BAD_REQUEST,
    HTTP_INVALID_KEY,
    HTTP_FORBIDDEN,
    HTTP_NOT_FOUND,
    HTTP_METHOD_NOT_ALLOWED,
    HTTP_CONFLICT,
    HTTP_PRECONDITION_FAILED,
    HTTP_TOO_LARGE,
    HTTP_MEDIA_TYPE,
    HTTP_RATE_LIMITED,
    HTTP_HEADERS_TOO_LARGE,
    HTTP_INTERNAL,
    HTTP_UNAVAILABLE,
} http_problem;

typedef struct http_problem_facts {
    int status;
    const char *code;    /* the envelope's `code` */
    const char *message; /* said when nobody knew better */
} http_problem_facts;

const http_problem_facts *http_problem_facts_of(http_problem problem);
/* TS_OK is HTTP_FINE. What a peer could not decode or we got wrong is HTTP_INTERNAL. */
http_problem http_problem_of(ts_status status);
/* "OK", "Not Found", ...; "" for a status that we never send. */
const char *http_reason(int status);

#endif
