/* Whose names and pages a guarded route answers to: the defence against DNS rebinding. Pure. */
#ifndef HTTP_GUARD_H
#define HTTP_GUARD_H

#include "ts/base.h"

/* A Host field, with or without a port: localhost, 127.0.0.1, [::1], or one of `hosts` (names without a port; ASCII case is
 * ignored). */
bool http_guard_host(ts_str host, const ts_str *hosts, size_t count);
/* An Origin field: http or https on the names of the loopback, any port, or one of `origins` to the letter. */
bool http_guard_origin(ts_str origin, const ts_str *origins, size_t count);

#endif
