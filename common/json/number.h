/* The text of a floating-point number, shared by both directions of JSON. */
#ifndef TS_JSON_NUMBER_H
#define TS_JSON_NUMBER_H

#include <stddef.h>

#define JSON_NUMBER_SIZE 32

/* Writes the shortest text that reads back as `n`, without a NUL, and returns its length. `n` is
 * finite. */
size_t ts_json_number_text(double n, char ret[JSON_NUMBER_SIZE]);

#endif
