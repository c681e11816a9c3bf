/* HTML text: escaping, and JSON laid out for reading. Pure. */
#ifndef API_HTML_H
#define API_HTML_H

#include "ts/buf.h"

/* & < > " ' are escaped. */
void html_text(ts_buf *out, ts_str text);
void html_z(ts_buf *out, const char *text);
/* `code` in backquotes becomes <code>; all else as html_text. */
void html_prose(ts_buf *out, const char *text);
/* Compact, valid JSON on several lines, with keys and values marked by <b> and <i>. */
void html_json(ts_buf *out, ts_str json);

#endif
