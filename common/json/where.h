/* Where a text stops being JSON: simdjson tells that it does, not where. Pure. */
#ifndef TS_JSON_WHERE_H
#define TS_JSON_WHERE_H

#include "ts/base.h"

/* The first byte at which no JSON text could go on as this one does; text.n if it ends too early. False if its form is right: then
 * what is wrong with it is a value (a number too large, half a surrogate pair) or its depth. */
bool ts_json_where(ts_str text, size_t *ret);

#endif
