/* Memory of requests that rests until the next ones need it. What many at once needed for long answers is given back.
 *
 * Not thread-safe: each loop has its own.
 */
#ifndef HTTP_WORKS_H
#define HTTP_WORKS_H

#include "http/serve.h"

typedef struct http_works {
    http_work *first;
    size_t count;
    size_t bytes;
} http_works;

/* NULL: no memory. */
http_work *http_works_take(http_works *works);
void http_works_put(http_works *works, http_work *take_work);
/* Frees what rests. */
void http_works_done(http_works *works);

#endif
