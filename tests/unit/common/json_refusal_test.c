#include <criterion/criterion.h>

#include "ts/json.h"

#define DOCUMENT_MAX 4096

static ts_json_parser *parser;

static void set_up(void)
{
    parser = ts_json_parser_new(DOCUMENT_MAX);
    cr_assert_not_null(parser);
}

static void tear_down(void)
{
    ts_json_parser_free(parser);
}

TestSuite(json_refusal, .init = set_up, .fini = tear_down);

static ts_status try(ts_str text, ts_error *err)
{
    ts_json v = { .doc = NULL, .index = 77 };
    ts_status st = ts_json_parse(parser, text, &v, err);

    if (st != TS_OK)
        cr_assert_eq(v.index, 77);
    return st;
}

Test(json_refusal, of_everything_that_rfc_8259_does_not_know)
{
    static const char *const cases[] = {
        "",          " ",          "\t\n",
        "nul",       "nulll",      "True",
        "NaN",       "Infinity",   "-",
        "+1",        "01",         "-01",
        ".5",        "1.",         "1e",
        "1e+",       "0x10",       "1 2",
        "{}{}",      "[1]]",       "[1,]",
        "[,1]",      "[1 2]",      "[",
        "]",         "{",          "{\"a\"}",
        "{\"a\":}",  "{\"a\":1,}", "{a:1}",
        "{'a':1}",   "{1:1}",      "{\"a\":1 \"b\":2}",
        "[1}",       "\"a",        "\"a\\\"",
        "\"\\x41\"", "\"\\u12\"",  "\"\\u12G4\"",
        "\"a\nb\"",  "\"a\tb\"",   "\"a\x01\"",
        "// c\n1",   "/* c */ 1",  "\xEF\xBB\xBF{}",
        "1\x0B",
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        ts_error err = { 0 };

        cr_assert_eq(try(ts_str_of(cases[i]), &err), TS_INVALID, "%s", cases[i]);
        cr_assert_neq(err.text[0], '\0', "%s", cases[i]);
    }
    cr_assert_eq(try(TS_STR_LIT("1\0"), NULL), TS_INVALID);
    cr_assert_eq(try(TS_STR_LIT("\"a\0b\""), NULL), TS_INVALID);
    cr_assert_eq(try(TS_STR_NULL, NULL), TS_INVALID);
}

Test(json_refusal, of_numbers_beyond_64_bits)
{
    static const char *const cases[] = {
        "18446744073709551616",
        "-9223372036854775809",
        "100000000000000000000000000",
        "1e400",
        "-1e400",
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        ts_error err = { 0 };

        cr_assert_eq(try(ts_str_of(cases[i]), &err), TS_INVALID, "%s", cases[i]);
        cr_assert_str_eq(err.text,
                         "a number in the JSON text is malformed or does not fit in 64 bits");
    }
}

Test(json_refusal, says_where_the_form_breaks)
{
    static const struct {
        const char *text;
        const char *words;
    } cases[] = {
        { "{\"a\": resolved}", "the text is not valid JSON (column 7)" },
        { "{\"a\": 1", "the text is not valid JSON (column 8)" },
        { "", "the JSON text is empty" },
        { "hello", "the text is not valid JSON (column 1)" },
        { "{\"a\":1}\n{\"a\":2}\n", "the text is not valid JSON (line 2, column 1)" },
        { "{\n  \"a\": 1,\n}", "the text is not valid JSON (line 3, column 1)" },
        { "{\n  \"a\": [1, 2,, 3]\n}", "the text is not valid JSON (line 2, column 14)" },
        { "{'a':1}", "the text is not valid JSON (column 2)" },
        { "[1}", "the text is not valid JSON (column 3)" },
        { "{\"a\":1]", "the text is not valid JSON (column 7)" },
        { "{\"a\" 1}", "the text is not valid JSON (column 6)" },
        { "{\"a\":{\"b\":[[],{}]},\"c\" }", "the text is not valid JSON (column 24)" },
        { "[\"\xC3\xA9\", x]",
          "the text is not valid JSON (column 7)" }, /* characters, not bytes */
        { "[\"\\x\"]", "a string in the JSON text has a wrong escape (column 4)" },
        { "[\"\\u12g4\"]", "a string in the JSON text has a wrong escape (column 7)" },
        { "[\"a\nb\"]",
          "a string in the JSON text has a control character that is not escaped (column 4)" },
        { "[trve]", "a word in the JSON text is neither true, false nor null (column 4)" },
        { "[01]", "a number in the JSON text is malformed or does not fit in 64 bits (column 3)" },
        { "[1e]", "a number in the JSON text is malformed or does not fit in 64 bits (column 4)" },
        { "[-1.5E+3,1.]",
          "a number in the JSON text is malformed or does not fit in 64 bits (column 12)" },
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        ts_error err = { 0 };

        cr_expect_eq(try(ts_str_of(cases[i].text), &err), TS_INVALID, "%s", cases[i].text);
        cr_expect_str_eq(err.text, cases[i].words, "%s: %s", cases[i].text, err.text);
    }
}

Test(json_refusal, of_lone_surrogates)
{
    static const char *const cases[] = {
        "\"\\ud800\"",        "\"\\udbff\"",         "\"\\udc00\"",        "\"\\udfff\"",
        "\"\\ud800x\"",       "\"\\ud800\\n\"",      "\"\\ud800\\u0041\"", "\"\\ud800\\ud800\"",
        "\"\\udc00\\ud800\"", "[\"a\",\"\\uDC00\"]", "{\"\\udc00\":1}",    "{\"a\":[\"\\uDFFFx\"]}",
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++)
        cr_assert_eq(try(ts_str_of(cases[i]), NULL), TS_INVALID, "%s", cases[i]);
}

Test(json_refusal, of_invalid_utf8_names_the_byte)
{
    static const struct {
        const char *text;
        const char *words;
    } cases[] = {
        { "\"\xC3\xA9\xFF\"", "the JSON text is not valid UTF-8 at byte 3" },
        { "\"\xED\xA0\x80\"", "the JSON text is not valid UTF-8 at byte 1" },
        { "\"\xC0\xAF\"", "the JSON text is not valid UTF-8 at byte 1" },
        { "\"ab\xF4\x90\x80\x80\"", "the JSON text is not valid UTF-8 at byte 3" },
        { "{\"a\":\"\xE2\x82\"}", "the JSON text is not valid UTF-8 at byte 6" },
        { "[1,\x80]", "the JSON text is not valid UTF-8 at byte 3" },
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        ts_error err = { 0 };

        cr_assert_eq(try(ts_str_of(cases[i].text), &err), TS_INVALID);
        cr_assert_str_eq(err.text, cases[i].words);
    }
}

/* `depth` containers in each other, with `inner` in the last one. */
static void nested(ts_buf *text, bool is_object, size_t depth, const char *inner)
{
    ts_buf_clear(text);
    for (size_t i = 0; i < depth; i++)
        ts_buf_z(text, is_object ? (i + 1 < depth || inner[0] != '\0' ? "{\"a\":" : "{") : "[");
    ts_buf_z(text, inner);
    for (size_t i = 0; i < depth; i++)
        ts_buf_char(text, is_object ? '}' : ']');
}

Test(json_refusal, begins_at_65_levels)
{
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(DOCUMENT_MAX);
    static const char *const inner[] = { "1", "" };
    ts_error err = { 0 };

    for (int kind = 0; kind < 2; kind++) {
        for (size_t i = 0; i < TS_COUNT(inner); i++) {
            nested(&text, kind == 1, 64, inner[i]);
            cr_assert_eq(try(ts_buf_view(&text), &err), TS_OK, "%s: %s", text.data, err.text);
            nested(&text, kind == 1, 65, inner[i]);
            cr_assert_eq(try(ts_buf_view(&text), &err), TS_INVALID, "%s", text.data);
            cr_assert_str_eq(err.text, "the JSON text is nested deeper than 64 levels");
            nested(&text, kind == 1, 66, inner[i]);
            cr_assert_eq(try(ts_buf_view(&text), &err), TS_INVALID);
        }
    }
}

Test(json_refusal, of_depth_counts_levels_not_containers)
{
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(DOCUMENT_MAX);

    ts_buf_char(&text, '[');
    for (int i = 0; i < 200; i++)
        ts_buf_z(&text, "[[]],{\"a\":[1]},");
    ts_buf_z(&text, "1]");
    cr_assert_eq(try(ts_buf_view(&text), NULL), TS_OK);
}

Test(json_refusal, of_a_document_one_byte_over_the_maximum)
{
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(DOCUMENT_MAX + 1);
    ts_error err = { 0 };

    ts_buf_char(&text, '1');
    while (text.size < DOCUMENT_MAX)
        ts_buf_char(&text, ' ');
    cr_assert_eq(try(ts_buf_view(&text), NULL), TS_OK);
    ts_buf_char(&text, ' ');
    cr_assert_eq(try(ts_buf_view(&text), &err), TS_TOO_LARGE);
    cr_assert_str_eq(err.text, "the JSON text is larger than 4096 bytes");
}

Test(json_refusal, does_not_spoil_the_parser)
{
    ts_json v;

    cr_assert_eq(try(TS_STR_LIT("[1,2"), NULL), TS_INVALID);
    cr_assert_eq(ts_json_parse(parser, TS_STR_LIT("[1,2]"), &v, NULL), TS_OK);
    cr_assert_eq(ts_json_count(v), 2);
}
