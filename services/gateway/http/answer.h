/* The bytes of an answer: status line, headers and body in one buffer, so that one write sends them. */
#ifndef HTTP_ANSWER_H
#define HTTP_ANSWER_H

#include "http/serve.h"

typedef struct http_answer {
    int status;
    ts_str body;
    const char *etag;  /* NULL: none */
    const char *allow; /* NULL: none */
    bool challenge;    /* WWW-Authenticate: Bearer */
    bool retry_after;
    bool no_store;
    bool is_head; /* the length of the body, but no body */
    bool is_preflight;
    bool is_error;
    bool may_compress;
    const char *media_type; /* NULL: application/json */
    const char *policy;     /* Content-Security-Policy; NULL: none */
    const char *attachment; /* name of a file; NULL: none */
    bool is_stream;         /* no body here: chunks follow, or all until the connection ends */
} http_answer;

void http_answer_write(const http_service *s, http_work *w, const http_answer *a);

#endif
