#include "api/csv.h"

#include "ts/time.h"

static bool starts_formula(ts_str text)
{
    static const char starts[] = "=+-@\t\r";

    return text.n > 0 && memchr(starts, text.p[0], sizeof(starts) - 1) != NULL;
}

static bool needs_quotes(ts_str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == ',' || text.p[i] == '"' || text.p[i] == '\r' || text.p[i] == '\n')
            return true;
    }
    return false;
}

/* Inside of quotes a quote stands twice. */
static void put_doubled(ts_buf *out, ts_str text)
{
    while (text.n > 0) {
        size_t n = ts_str_find(text, '"');

        ts_buf_str(out, ts_str_n(text.p, n));
        if (n == text.n)
            return;
        ts_buf_z(out, "\"\"");
        text = ts_str_n(text.p + n + 1, text.n - n - 1);
    }
}

void csv_text(ts_buf *out, ts_str text)
{
    bool is_quoted = needs_quotes(text);

    if (is_quoted)
        ts_buf_char(out, '"');
    if (starts_formula(text))
        ts_buf_char(out, '\'');
    put_doubled(out, text);
    if (is_quoted)
        ts_buf_char(out, '"');
    ts_buf_char(out, ',');
}

void csv_texts(ts_buf *out, char *const *items, size_t count)
{
    bool is_quoted = false;

    for (size_t i = 0; i < count; i++)
        is_quoted = is_quoted || needs_quotes(ts_str_of(items[i]));
    if (is_quoted)
        ts_buf_char(out, '"');
    if (count > 0 && starts_formula(ts_str_of(items[0])))
        ts_buf_char(out, '\'');
    for (size_t i = 0; i < count; i++) {
        ts_buf_z(out, i == 0 ? "" : "; ");
        put_doubled(out, ts_str_of(items[i]));
    }
    if (is_quoted)
        ts_buf_char(out, '"');
    ts_buf_char(out, ',');
}

void csv_u64(ts_buf *out, uint64_t n)
{
    ts_buf_u64(out, n);
    ts_buf_char(out, ',');
}

void csv_bool(ts_buf *out, bool b)
{
    ts_buf_z(out, b ? "true," : "false,");
}

void csv_time(ts_buf *out, int64_t ms)
{
    char text[TS_RFC3339_SIZE];

    if (ms != 0) {
        ts_time_format(ms, false, text);
        ts_buf_z(out, text);
    }
    ts_buf_char(out, ',');
}

void csv_end(ts_buf *out)
{
    if (out->size > 0 && out->data[out->size - 1] == ',')
        out->size--;
    ts_buf_z(out, "\r\n");
}
