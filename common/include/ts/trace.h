/* What the work of this thread is done for: the request that caused it, across threads and processes.
 *
 * Set by the RPC server for each call and by the inbox for each row; taken over into the rows of an outbox, so that what
 * a request sets off elsewhere, later, still says which request it was. For people only: nothing is decided by it.
 */
#ifndef TS_TRACE_H
#define TS_TRACE_H

#include "ts/base.h"

#define TS_TRACEPARENT_SIZE 56 /* "00-<32 hex>-<16 hex>-01" + NUL */

/* The header `traceparent` of W3C Trace Context, in the form that its version 00 has: lower-case digits, ids not 0. */
bool ts_traceparent_valid(ts_str text);
/* One for a trace that begins here, sampled. Of 24 random bytes. */
void ts_traceparent_make(const uint8_t random[24], char ret[TS_TRACEPARENT_SIZE]);

/* Copied. Lines that this thread logs carry the request id as well. NULL and "" are none, and so is a traceparent that
 * is not valid: it came from a peer and may leave as a header. */
void ts_trace_begin(const char *request_id, const char *traceparent);
void ts_trace_end(void);
/* Of the calling thread; "" if none. Good until its next begin or end. */
const char *ts_trace_request_id(void);
const char *ts_trace_parent(void);

#endif
