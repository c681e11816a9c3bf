/* Any bytes: a document is refused with words, or it is walked whole, printed, and the print reads back as itself. */
#include "../../common/json/where.h"
#include "ts/json.h"

#define DOCUMENT_MAX ((size_t)1 << 20)
/* An escape has at most six bytes for one, and a number at most 24 for four. */
#define PRINT_MAX (DOCUMENT_MAX * 8)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static void walk(ts_json v, size_t depth)
{
    size_t count = 0;

    require(depth <= TS_JSON_DEPTH);
    require(ts_utf8_valid(ts_json_str(v)));
    for (ts_json_iter it = ts_json_iter_of(v); ts_json_next(&it); count++) {
        require(ts_utf8_valid(it.name));
        walk(it.value, depth + 1);
    }
    require(count == ts_json_count(v));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static ts_json_parser *parser;
    TS_CLEANUP(ts_buf_done) ts_buf first = TS_BUF_INIT(PRINT_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf second = TS_BUF_INIT(PRINT_MAX);
    ts_error err = { 0 };
    size_t at = 0;
    ts_json v;

    if (parser == NULL)
        parser = ts_json_parser_new(DOCUMENT_MAX);
    require(parser != NULL);
    if (ts_json_parse(parser, ts_str_n(data, n), &v, &err) != TS_OK) {
        require(err.text[0] != '\0');
        require(!ts_json_where(ts_str_n(data, n), &at) || at <= n);
        return 0;
    }
    require(!ts_json_where(ts_str_n(data, n), &at)); /* two readers of one grammar */
    walk(v, 0);
    ts_json_print(v, &first);
    require(ts_buf_status(&first) == TS_OK);
    require(ts_json_parse(parser, ts_buf_view(&first), &v, &err) == TS_OK);
    ts_json_print(v, &second);
    require(ts_buf_status(&second) == TS_OK);
    require(ts_str_eq(ts_buf_view(&first), ts_buf_view(&second)));
    return 0;
}
