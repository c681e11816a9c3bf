#include <criterion/criterion.h>
#include <math.h>

#include "ts/json.h"

static ts_buf out = TS_BUF_INIT(1 << 16);

static void tear_down(void)
{
    ts_buf_done(&out);
}

TestSuite(jsonw, .fini = tear_down);

static void string_writes(ts_str s, const char *expected)
{
    ts_jsonw w = ts_jsonw_on(&out);

    ts_buf_clear(&out);
    ts_jsonw_str(&w, s);
    cr_assert_eq(ts_buf_status(&out), TS_OK);
    cr_assert_str_eq(out.data, expected);
}

/* Byte by byte, as RFC 8259 and table 3-7 of Unicode have it; whole sequences come from the caller. */
static void spell_slowly(ts_buf *to, ts_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (c == '"' || c == '\\')
            ts_buf_printf(to, "\\%c", c);
        else if (c == '\n')
            ts_buf_printf(to, "\\n");
        else if (c < 0x20)
            ts_buf_printf(to, "\\u%04x", c);
        else if (c == 0xFF)
            ts_buf_printf(to, "\xEF\xBF\xBD");
        else
            ts_buf_printf(to, "%c", c);
    }
}

static void writes_as_slowly(ts_str s)
{
    TS_CLEANUP(ts_buf_done) ts_buf expected = TS_BUF_INIT(1 << 10);

    ts_buf_char(&expected, '"');
    spell_slowly(&expected, s);
    ts_buf_char(&expected, '"');
    string_writes(s, expected.data);
}

/* All lengths around the eight bytes that are looked at together, each byte that matters at each place. */
Test(jsonw, writes_what_a_slow_writer_writes_wherever_a_byte_stands)
{
    static const unsigned char bytes[] = { '"',  '\\', 0x01, '\n', 0x1F, 0x20, 0x21,
                                           0x23, '[',  ']',  0x7E, 0x7F, 0xFF, 'a' };

    for (size_t n = 1; n <= 35; n++) {
        for (size_t at = 0; at < n; at++) {
            for (size_t i = 0; i < sizeof(bytes); i++) {
                char text[35];

                memset(text, 'x', sizeof(text));
                text[at] = (char)bytes[i];
                text[(at * 7 + i) % n] = (char)bytes[(i * 5 + n) % sizeof(bytes)];
                writes_as_slowly(ts_str_n(text, n));
            }
        }
    }
}

Test(jsonw, writes_what_a_slow_writer_writes_of_random_bytes)
{
    uint64_t state = 1;

    for (int round = 0; round < 20000; round++) {
        char text[64];
        size_t n;

        for (size_t i = 0; i < sizeof(text); i++) {
            state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
            /* Mostly letters; of what is not ASCII only a byte that never begins a sequence, nor goes on with one. */
            text[i] = (state >> 60) != 0
                          ? (char)('A' + (state >> 40) % 26)
                          : (char)((state >> 40) % 2 == 0 ? 0xFF : (state >> 41) % 128);
            if (text[i] == '\b' || text[i] == '\f' || text[i] == '\r' || text[i] == '\t' ||
                text[i] == '\0')
                text[i] = '\n';
        }
        n = (state >> 33) % (sizeof(text) + 1);
        writes_as_slowly(ts_str_n(text, n));
    }
}

Test(jsonw, puts_commas_by_itself)
{
    ts_jsonw w = ts_jsonw_on(&out);

    ts_jsonw_object(&w);
    ts_jsonw_kz(&w, "a", "x");
    ts_jsonw_key(&w, "b");
    ts_jsonw_array(&w);
    ts_jsonw_i64(&w, 1);
    ts_jsonw_array(&w);
    ts_jsonw_array_end(&w);
    ts_jsonw_object(&w);
    ts_jsonw_object_end(&w);
    ts_jsonw_u64(&w, 2);
    ts_jsonw_array_end(&w);
    ts_jsonw_kbool(&w, "c", true);
    ts_jsonw_key(&w, "d");
    ts_jsonw_object(&w);
    ts_jsonw_ki64(&w, "e", -3);
    ts_jsonw_kstr(&w, "f", TS_STR_LIT("y"));
    ts_jsonw_object_end(&w);
    ts_jsonw_key(&w, "g");
    ts_jsonw_null(&w);
    ts_jsonw_object_end(&w);
    cr_assert_eq(ts_buf_status(&out), TS_OK);
    cr_assert_str_eq(out.data, "{\"a\":\"x\",\"b\":[1,[],{},2],\"c\":true,\"d\":{\"e\":-3,\"f\":"
                               "\"y\"},\"g\":null}");
}

Test(jsonw, escapes_control_characters_quotes_and_backslashes_only)
{
    string_writes(TS_STR_LIT("\"\\/"), "\"\\\"\\\\/\"");
    string_writes(TS_STR_LIT("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\"");
    string_writes(TS_STR_LIT("\0\x01\x0B\x1F\x20\x7F"), "\"\\u0000\\u0001\\u000b\\u001f \x7F\"");
    string_writes(TS_STR_LIT("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"),
                  "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"");
    string_writes(TS_STR_LIT(""), "\"\"");
    string_writes(TS_STR_NULL, "\"\"");
}

Test(jsonw, replaces_each_byte_that_is_not_utf8)
{
    string_writes(TS_STR_LIT("a\xFF"
                             "b"),
                  "\"a\xEF\xBF\xBD"
                  "b\"");
    string_writes(TS_STR_LIT("\xC0\xAF"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
    string_writes(TS_STR_LIT("\xE2\x82"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
    string_writes(TS_STR_LIT("\xED\xA0\x80\xC3\xA9"),
                  "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xC3\xA9\"");
}

Test(jsonw, writes_numbers_as_their_shortest_text)
{
    static const struct {
        double n;
        const char *text;
    } cases[] = {
        { 0.0, "0" },
        { -0.0, "-0.0" },
        { 0.1, "0.1" },
        { 0.30000000000000004, "0.30000000000000004" },
        { 100.0, "100" },
        { -2.5, "-2.5" },
        { 1e22, "1e+22" },
        { 1.7976931348623157e308, "1.7976931348623157e+308" },
        { 5e-324, "5e-324" },
        { 123456.789, "123456.789" },
        { 9007199254740993e3, "9007199254740993024" },
        { 123456789012345678901.0, "1.2345678901234568e+20" },
        { -12345678901234567890.0, "-1.2345678901234567e+19" },
        { (double)NAN, "null" },
        { (double)INFINITY, "null" },
        { -(double)INFINITY, "null" },
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        ts_jsonw w = ts_jsonw_on(&out);

        ts_buf_clear(&out);
        ts_jsonw_f64(&w, cases[i].n);
        cr_assert_str_eq(out.data, cases[i].text);
    }
}

Test(jsonw, writes_integers_at_their_limits)
{
    ts_jsonw w = ts_jsonw_on(&out);

    ts_jsonw_array(&w);
    ts_jsonw_i64(&w, INT64_MIN);
    ts_jsonw_i64(&w, INT64_MAX);
    ts_jsonw_u64(&w, UINT64_MAX);
    ts_jsonw_array_end(&w);
    cr_assert_str_eq(out.data, "[-9223372036854775808,9223372036854775807,18446744073709551615]");
}

Test(jsonw, writes_null_for_what_is_not_there)
{
    ts_jsonw w = ts_jsonw_on(&out);

    ts_jsonw_object(&w);
    ts_jsonw_kz(&w, "a", NULL);
    ts_jsonw_ktime(&w, "b", 0);
    ts_jsonw_key(&w, "c");
    ts_jsonw_raw(&w, TS_STR_NULL);
    ts_jsonw_kstr(&w, "d", TS_STR_NULL);
    ts_jsonw_object_end(&w);
    cr_assert_str_eq(out.data, "{\"a\":null,\"b\":null,\"c\":null,\"d\":\"\"}");
}

Test(jsonw, writes_times_without_a_fraction)
{
    ts_jsonw w = ts_jsonw_on(&out);

    ts_jsonw_time(&w, 1736937000999);
    cr_assert_str_eq(out.data, "\"2025-01-15T10:30:00Z\"");
}

Test(jsonw, puts_ready_json_and_foreign_keys_in_place)
{
    ts_jsonw w = ts_jsonw_on(&out);

    ts_jsonw_object(&w);
    ts_jsonw_key_str(&w, TS_STR_LIT("k\"\n"));
    ts_jsonw_raw(&w, TS_STR_LIT("{\"x\":1}"));
    ts_jsonw_key(&w, "l");
    ts_jsonw_array(&w);
    ts_jsonw_raw(&w, TS_STR_LIT("1"));
    ts_jsonw_raw(&w, TS_STR_LIT("2"));
    ts_jsonw_array_end(&w);
    ts_jsonw_object_end(&w);
    cr_assert_str_eq(out.data, "{\"k\\\"\\n\":{\"x\":1},\"l\":[1,2]}");
}

Test(jsonw, puts_ready_members_between_others)
{
    ts_jsonw w = ts_jsonw_on(&out);

    ts_jsonw_object(&w);
    ts_jsonw_members(&w, TS_STR_NULL);
    ts_jsonw_members(&w, TS_STR_LIT("\"a\":1,\"b\":2"));
    ts_jsonw_members(&w, TS_STR_NULL);
    ts_jsonw_ki64(&w, "c", 3);
    ts_jsonw_members(&w, TS_STR_LIT("\"d\":4"));
    ts_jsonw_object_end(&w);
    cr_assert_str_eq(out.data, "{\"a\":1,\"b\":2,\"c\":3,\"d\":4}");
}

Test(jsonw, nests_64_levels_and_refuses_one_more)
{
    TS_CLEANUP(ts_buf_done) ts_buf expected = TS_BUF_INIT(1000);
    ts_jsonw w = ts_jsonw_on(&out);

    for (int i = 0; i < 64; i++) {
        ts_jsonw_array(&w);
        ts_jsonw_i64(&w, 1);
        ts_buf_z(&expected, i == 0 ? "[1" : ",[1");
    }
    for (int i = 0; i < 64; i++) {
        ts_jsonw_i64(&w, 2);
        ts_jsonw_array_end(&w);
        ts_buf_z(&expected, ",2]");
    }
    cr_assert_eq(ts_buf_status(&out), TS_OK);
    cr_assert_str_eq(out.data, expected.data);

    ts_buf_clear(&out);
    w = ts_jsonw_on(&out);
    for (int i = 0; i < 65; i++)
        ts_jsonw_array(&w);
    cr_assert_eq(ts_buf_status(&out), TS_TOO_LARGE);
}

Test(jsonw, reports_misuse_in_the_buffer)
{
    ts_jsonw w = ts_jsonw_on(&out);

    ts_jsonw_object_end(&w);
    cr_assert_eq(ts_buf_status(&out), TS_INTERNAL);

    ts_buf_clear(&out);
    w = ts_jsonw_on(&out);
    ts_jsonw_key(&w, "a");
    cr_assert_eq(ts_buf_status(&out), TS_INTERNAL);

    ts_buf_clear(&out);
    w = ts_jsonw_on(&out);
    ts_jsonw_object(&w);
    ts_jsonw_key(&w, "a");
    ts_jsonw_object_end(&w);
    cr_assert_eq(ts_buf_status(&out), TS_INTERNAL);
}

Test(jsonw, leaves_the_limit_to_the_buffer)
{
    TS_CLEANUP(ts_buf_done) ts_buf small = TS_BUF_INIT(5);
    ts_jsonw w = ts_jsonw_on(&small);

    ts_jsonw_z(&w, "abc");
    cr_assert_eq(ts_buf_status(&small), TS_OK);
    ts_buf_clear(&small);
    w = ts_jsonw_on(&small);
    ts_jsonw_z(&w, "abcd");
    cr_assert_eq(ts_buf_status(&small), TS_TOO_LARGE);
}
