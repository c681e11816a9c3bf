/* Answers that are sent while they are made: for rows with HTTP_STREAM.
 *
 * A handler asks everything that may fail first: until http_stream_begin() its failure is an ordinary error answer. After it
 * a failure cuts the connection before the last chunk, so that no client takes a part for the whole.
 */
#ifndef HTTP_STREAM_H
#define HTTP_STREAM_H

#include "http/exchange.h"

/* Sends the headers. `file_name` is what a browser saves it as: a literal of ours. *ret_wanted is false for HEAD: nothing
 * more is to be written. TS_UNAVAILABLE: the client is gone, or takes too little. */
TS_CHECK ts_status http_stream_begin(http_exchange *x, const char *media_type,
                                     const char *file_name, bool *ret_wanted);
/* Sends what stands in x->data as one chunk and clears it. TS_UNAVAILABLE: the client is gone, or takes too little. */
TS_CHECK ts_status http_stream_flush(http_exchange *x);

#endif
