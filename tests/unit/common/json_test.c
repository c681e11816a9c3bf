#include <criterion/criterion.h>

#include "ts/json.h"

static ts_json_parser *parser;
static ts_arena *arena;

static void set_up(void)
{
    parser = ts_json_parser_new(1 << 20);
    arena = ts_arena_new(1 << 20);
    cr_assert_not_null(parser);
    cr_assert_not_null(arena);
}

static void tear_down(void)
{
    ts_json_parser_free(parser);
    ts_arena_free(arena);
}

TestSuite(json, .init = set_up, .fini = tear_down);

static ts_json parse(const char *text)
{
    ts_json v = { 0 };
    ts_error err = { 0 };

    cr_assert_eq(ts_json_parse(parser, ts_str_of(text), &v, &err), TS_OK, "%s: %s", text, err.text);
    return v;
}

static void prints_as(const char *text, const char *expected)
{
    TS_CLEANUP(ts_buf_done) ts_buf out = TS_BUF_INIT(1 << 16);

    ts_json_print(parse(text), &out);
    cr_assert_eq(ts_buf_status(&out), TS_OK);
    cr_assert_str_eq(out.data, expected);
}

Test(json, tells_the_type_of_every_value)
{
    static const struct {
        const char *text;
        ts_json_type type;
    } cases[] = {
        { "null", TS_JSON_NULL },
        { "true", TS_JSON_BOOL },
        { "false", TS_JSON_BOOL },
        { "0", TS_JSON_INT },
        { "-0", TS_JSON_INT },
        { "9223372036854775807", TS_JSON_INT },
        { "-9223372036854775808", TS_JSON_INT },
        { "9223372036854775808", TS_JSON_UINT },
        { "18446744073709551615", TS_JSON_UINT },
        { "1.0", TS_JSON_DOUBLE },
        { "1e3", TS_JSON_DOUBLE },
        { "\"\"", TS_JSON_STRING },
        { "[]", TS_JSON_ARRAY },
        { "{}", TS_JSON_OBJECT },
        { " \t\r\n{ } \n", TS_JSON_OBJECT },
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++)
        cr_assert_eq(ts_json_type_of(parse(cases[i].text)), cases[i].type, "%s", cases[i].text);
}

Test(json, a_zeroed_handle_is_null_everywhere)
{
    ts_json v = { 0 };
    ts_json got;
    ts_json_iter it = ts_json_iter_of(v);

    cr_assert_eq(ts_json_type_of(v), TS_JSON_NULL);
    cr_assert_null(ts_json_str(v).p);
    cr_assert_null(ts_json_text(v, arena).p);
    cr_assert_eq(ts_json_count(v), 0);
    cr_assert_eq(ts_json_i64(v, 5), 5);
    cr_assert_not(ts_json_get(v, "a", &got));
    cr_assert_not(ts_json_path(v, "a.b", &got));
    cr_assert_not(ts_json_next(&it));
}

Test(json, gives_values_of_the_right_type_and_otherwise_the_default)
{
    cr_assert_eq(ts_json_i64(parse("-5"), 1), -5);
    cr_assert_eq(ts_json_i64(parse("9223372036854775807"), 1), INT64_MAX);
    cr_assert_eq(ts_json_i64(parse("9223372036854775808"), 1), 1);
    cr_assert_eq(ts_json_i64(parse("5.0"), 1), 1);
    cr_assert_eq(ts_json_i64(parse("\"5\""), 1), 1);
    cr_assert_eq(ts_json_f64(parse("2.5"), 1.0), 2.5);
    cr_assert_eq(ts_json_f64(parse("2"), 1.0), 2.0);
    cr_assert_eq(ts_json_f64(parse("18446744073709551615"), 1.0), 18446744073709551615.0);
    cr_assert_eq(ts_json_f64(parse("\"2\""), 1.0), 1.0);
    cr_assert(ts_json_bool(parse("true"), false));
    cr_assert_not(ts_json_bool(parse("false"), true));
    cr_assert(ts_json_bool(parse("0"), true));
    cr_assert(ts_str_is(ts_json_str(parse("\"a\"")), "a"));
    cr_assert_null(ts_json_str(parse("1")).p);
    cr_assert_not_null(ts_json_str(parse("\"\"")).p);
}

Test(json, unescapes_strings)
{
    ts_str s = ts_json_str(parse("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20AC\\ud83d\\ude00\""));

    cr_assert(ts_str_is(s, "\"\\/\b\f\n\r\t\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"));
    s = ts_json_str(parse("\"a\\u0000b\""));
    cr_assert(ts_str_eq(s, TS_STR_LIT("a\0b")));
}

Test(json, gives_scalars_as_text)
{
    static const struct {
        const char *text;
        const char *expected;
    } cases[] = {
        { "\"a b\"", "a b" },
        { "true", "true" },
        { "false", "false" },
        { "-12", "-12" },
        { "-9223372036854775808", "-9223372036854775808" },
        { "18446744073709551615", "18446744073709551615" },
        { "0.1", "0.1" },
        { "2.50", "2.5" },
        { "1e100", "1e+100" },
        { "1.7976931348623157e308", "1.7976931348623157e+308" },
        { "5e-324", "5e-324" },
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++)
        cr_assert(ts_str_is(ts_json_text(parse(cases[i].text), arena), cases[i].expected), "%s",
                  cases[i].text);
    cr_assert_null(ts_json_text(parse("null"), arena).p);
    cr_assert_null(ts_json_text(parse("[1]"), arena).p);
    cr_assert_null(ts_json_text(parse("{}"), arena).p);
}

Test(json, finds_members_by_name_and_path)
{
    ts_json root =
        parse("{\"a\":{\"b\":{\"c\":7},\"Key\":1},\"x.y\":2,\"\":3,\"list\":[{\"b\":1}]}");
    ts_json v;

    cr_assert(ts_json_path(root, "a.b.c", &v));
    cr_assert_eq(ts_json_i64(v, 0), 7);
    cr_assert(ts_json_path(root, "list", &v));
    cr_assert_not(ts_json_path(root, "list.b", &v));
    cr_assert_not(ts_json_path(root, "a.b.d", &v));
    cr_assert_not(ts_json_path(root, "a.b.c.d", &v));
    cr_assert_not(ts_json_path(root, "x.y", &v));
    cr_assert_not(ts_json_path(root, "a.", &v));
    cr_assert(ts_json_get(root, "x.y", &v));
    cr_assert_eq(ts_json_i64(v, 0), 2);
    cr_assert(ts_json_get(root, "", &v));
    cr_assert_eq(ts_json_i64(v, 0), 3);
    cr_assert_not(ts_json_get(root, "A", &v));
}

Test(json, a_failed_look_up_leaves_the_result_alone)
{
    ts_json root = parse("{\"a\":{\"b\":1}}");
    ts_json v = { .doc = NULL, .index = 77 };

    cr_assert_not(ts_json_get(root, "z", &v));
    cr_assert_not(ts_json_path(root, "a.z", &v));
    cr_assert_null(v.doc);
    cr_assert_eq(v.index, 77);
}

Test(json, accepts_duplicate_keys_and_shows_them_all)
{
    ts_json root = parse("{\"a\":1,\"a\":2}");
    ts_json v;

    cr_assert_eq(ts_json_count(root), 2);
    cr_assert(ts_json_get(root, "a", &v));
    cr_assert_eq(ts_json_i64(v, 0), 1);
}

Test(json, iterates_over_an_object_in_order)
{
    ts_json root = parse("{\"a\":[1,[2]],\"b\":{\"c\":{}},\"d\":1.5,\"e\":\"f\",\"g\":null}");
    TS_CLEANUP(ts_buf_done) ts_buf seen = TS_BUF_INIT(1000);

    for (ts_json_iter it = ts_json_iter_of(root); ts_json_next(&it);) {
        ts_buf_str(&seen, it.name);
        ts_buf_char(&seen, '=');
        ts_json_print(it.value, &seen);
        ts_buf_char(&seen, ' ');
    }
    cr_assert_str_eq(seen.data, "a=[1,[2]] b={\"c\":{}} d=1.5 e=\"f\" g=null ");
    cr_assert_eq(ts_json_count(root), 5);
}

Test(json, iterates_over_an_array_in_order)
{
    ts_json root = parse("[18446744073709551615,2.5,-1,\"x\",[],{},[[3]],true]");
    static const ts_json_type types[] = { TS_JSON_UINT,   TS_JSON_DOUBLE, TS_JSON_INT,
                                          TS_JSON_STRING, TS_JSON_ARRAY,  TS_JSON_OBJECT,
                                          TS_JSON_ARRAY,  TS_JSON_BOOL };
    size_t at = 0;

    for (ts_json_iter it = ts_json_iter_of(root); ts_json_next(&it); at++) {
        cr_assert_lt(at, TS_COUNT(types));
        cr_assert_eq(ts_json_type_of(it.value), types[at], "item %zu", at);
        cr_assert_eq(it.name.n, 0);
    }
    cr_assert_eq(at, TS_COUNT(types));
    cr_assert_eq(ts_json_count(root), TS_COUNT(types));
}

Test(json, iterates_over_nothing_in_empty_containers_and_scalars)
{
    static const char *const cases[] = { "[]", "{}", "1", "\"abc\"", "null", "true" };

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        ts_json v = parse(cases[i]);
        ts_json_iter it = ts_json_iter_of(v);

        cr_assert_not(ts_json_next(&it), "%s", cases[i]);
        cr_assert_not(ts_json_next(&it), "%s", cases[i]);
        cr_assert_eq(ts_json_count(v), 0);
    }
}

Test(json, prints_what_it_has_read)
{
    prints_as(" { \"a\" : [ 1 , 2.50, -0.0, 1e2 ] , \"b\" : { } , \"c\" : [ ] } ",
              "{\"a\":[1,2.5,-0.0,100],\"b\":{},\"c\":[]}");
    prints_as("[null,true,false,\"\\u0001\\\"\\u00e9\",9223372036854775808]",
              "[null,true,false,\"\\u0001\\\"\xC3\xA9\",9223372036854775808]");
    prints_as("{\"k\\n\":0.30000000000000004}", "{\"k\\n\":0.30000000000000004}");
    prints_as("[123456789012345678901.0]", "[1.2345678901234568e+20]");
    prints_as("7", "7");
}

Test(json, a_parser_is_used_again_for_larger_and_smaller_documents)
{
    TS_CLEANUP(ts_json_parser_free_p) ts_json_parser *large = ts_json_parser_new((size_t)4 << 20);
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT((size_t)4 << 20);
    ts_json v;

    ts_buf_char(&text, '[');
    for (int i = 0; i < 500000; i++)
        ts_buf_z(&text, "\"\",");
    ts_buf_z(&text, "1]");
    for (int round = 0; round < 3; round++) {
        cr_assert_eq(ts_json_parse(large, TS_STR_LIT("[1,2]"), &v, NULL), TS_OK);
        cr_assert_eq(ts_json_count(v), 2);
        cr_assert_eq(ts_json_parse(large, ts_buf_view(&text), &v, NULL), TS_OK);
        cr_assert_eq(ts_json_count(v), 500001);
    }
}

Test(json, the_document_is_copied)
{
    char text[] = "{\"a\":\"plain\"}";
    ts_json v = parse(text);
    ts_json a;

    memset(text, 'x', sizeof(text) - 1);
    cr_assert(ts_json_get(v, "a", &a));
    cr_assert(ts_str_is(ts_json_str(a), "plain"));
}
