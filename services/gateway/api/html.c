#include "api/html.h"

#define INDENT 2

void html_text(ts_buf *out, ts_str text)
{
    for (size_t i = 0; i < text.n; i++) {
        switch (text.p[i]) {
        case '&': ts_buf_z(out, "&amp;"); break;
        case '<': ts_buf_z(out, "&lt;"); break;
        case '>': ts_buf_z(out, "&gt;"); break;
        case '"': ts_buf_z(out, "&quot;"); break;
        case '\'': ts_buf_z(out, "&#39;"); break;
        default: ts_buf_char(out, text.p[i]);
        }
    }
}

void html_z(ts_buf *out, const char *text)
{
    html_text(out, ts_str_of(text));
}

void html_prose(ts_buf *out, const char *text)
{
    ts_str rest = ts_str_of(text);
    bool is_code = false;

    for (;;) {
        size_t n = ts_str_find(rest, '`');

        html_text(out, ts_str_n(rest.p, n));
        if (n == rest.n)
            break;
        ts_buf_z(out, is_code ? "</code>" : "<code>");
        is_code = !is_code;
        rest = ts_str_n(rest.p + n + 1, rest.n - n - 1);
    }
    if (is_code)
        ts_buf_z(out, "</code>");
}

static void new_line(ts_buf *out, size_t depth)
{
    ts_buf_char(out, '\n');
    for (size_t i = 0; i < depth * INDENT; i++)
        ts_buf_char(out, ' ');
}

/* Length of the string that starts here, quotes included. */
static size_t string_length(ts_str json)
{
    size_t i = 1;

    while (i < json.n && json.p[i] != '"')
        i += json.p[i] == '\\' ? 2 : 1;
    return i < json.n ? i + 1 : json.n;
}

static size_t put_string(ts_buf *out, ts_str json)
{
    size_t n = string_length(json);
    bool is_key = n < json.n && json.p[n] == ':';

    ts_buf_z(out, is_key ? "<b>" : "<i>");
    html_text(out, ts_str_n(json.p, n));
    ts_buf_z(out, is_key ? "</b>" : "</i>");
    return n;
}

void html_json(ts_buf *out, ts_str json)
{
    size_t depth = 0;

    for (size_t i = 0; i < json.n;) {
        char c = json.p[i];
        bool is_empty = i + 1 < json.n && (json.p[i + 1] == '}' || json.p[i + 1] == ']');

        if (c == '"') {
            i += put_string(out, ts_str_n(json.p + i, json.n - i));
            continue;
        }
        if ((c == '{' || c == '[') && is_empty) {
            ts_buf_char(out, c);
            ts_buf_char(out, json.p[i + 1]);
            i += 2;
            continue;
        }
        if (c == '}' || c == ']') {
            depth -= depth > 0 ? 1 : 0;
            new_line(out, depth);
        }
        ts_buf_char(out, c);
        if (c == ':')
            ts_buf_char(out, ' ');
        if (c == '{' || c == '[')
            depth++;
        if (c == '{' || c == '[' || c == ',')
            new_line(out, depth);
        i++;
    }
}
