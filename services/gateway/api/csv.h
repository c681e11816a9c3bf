/* Rows of CSV (RFC 4180, UTF-8) that a spreadsheet shows as text and never runs. Pure. */
#ifndef API_CSV_H
#define API_CSV_H

#include "ts/buf.h"

/* A cell. Text that a spreadsheet would take for a formula (it begins with = + - @, a tab or a carriage return) gets an
 * apostrophe in front; what holds a comma, a quote or a line break is quoted. */
void csv_text(ts_buf *out, ts_str text);
/* The items in one cell, with "; " between them. */
void csv_texts(ts_buf *out, char *const *items, size_t count);
void csv_u64(ts_buf *out, uint64_t n);
void csv_bool(ts_buf *out, bool b);
/* RFC 3339 UTC; 0 leaves the cell empty. */
void csv_time(ts_buf *out, int64_t ms);
/* Between two cells nothing is to be called: each cell ends in a comma, which this turns into the end of the row. */
void csv_end(ts_buf *out);

#endif
