/* Bodies as a whole: forms, compression, both sides of every limit, and what is wrong by index. */
#include <zlib.h>

#include "parse.h"
#include "ts/json.h"

#define MIB ((size_t)1 << 20)

static parse p;

static void setup(void)
{
    p = parse_new();
}

static void teardown(void)
{
    parse_done(&p);
}

TestSuite(body, .init = setup, .fini = teardown);

static ts_str gzip(ts_str text)
{
    size_t room = text.n + text.n / 1000 + 64;
    z_stream z = { .next_in = (Bytef *)(uintptr_t)text.p, .avail_in = (uInt)text.n };
    char *out = ts_arena_alloc(p.arena, room);

    cr_assert(out != NULL);
    cr_assert_eq(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_out = (Bytef *)out;
    z.avail_out = (uInt)room;
    cr_assert_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    return ts_str_n(out, room - z.avail_out);
}

/* LOGIN as one line, then `pad` spaces inside its object, so that it has exactly `size` bytes. */
static ts_str padded(size_t size)
{
    size_t n = sizeof(LOGIN) - 1;
    char *text = ts_arena_alloc(p.arena, size);

    cr_assert(text != NULL && size >= n);
    memset(text, ' ', size);
    memcpy(text, LOGIN, n - 1);
    text[size - 1] = '}';
    return ts_str_n(text, size);
}

static ts_str lines(size_t count)
{
    size_t n = sizeof(LOGIN) - 1;
    char *text = ts_arena_alloc(p.arena, count * (n + 1));

    cr_assert(text != NULL);
    for (size_t i = 0; i < count; i++) {
        memcpy(text + i * (n + 1), LOGIN, n);
        text[i * (n + 1) + n] = '\n';
    }
    return ts_str_n(text, count * (n + 1));
}

/* ---- forms ---- */

Test(body, object_array_and_list_answer)
{
    static const char *const one[] = { LOGIN, "[" LOGIN "]",
                                       "{\"kind\":\"admin#reports#activities\",\"items\":[" LOGIN
                                       "]}",
                                       " \r\n\t[ " LOGIN " ] ", "\xef\xbb\xbf" LOGIN };

    for (size_t i = 0; i < TS_COUNT(one); i++)
        cr_assert_eq(parse_one(&p, one[i])->index, 0);
    cr_assert_eq(parse_z(&p, "[" LOGIN "," LOGIN "]"), TS_OK);
    cr_assert_eq(p.body.record_count, 2);
    cr_assert_eq(p.body.records[1].index, 1);
}

Test(body, an_empty_list_holds_nothing)
{
    cr_assert_eq(parse_z(&p, "[]"), TS_OK);
    cr_assert_eq(p.body.total, 0);
    cr_assert_eq(parse_z(&p, "{\"items\":[]}"), TS_OK);
    cr_assert_eq(p.body.total, 0);
}

Test(body, ndjson_with_blank_lines_any_line_end_and_no_last_one)
{
    p.options.ndjson = true;
    cr_assert_eq(parse_z(&p, "\n" LOGIN "\r\n\r\n   \n" LOGIN), TS_OK);
    cr_assert_eq(p.body.record_count, 2);
    cr_assert_eq(p.body.total, 2, "blank lines are no records");
    cr_assert_eq(p.body.records[1].index, 1);
}

Test(body, the_raw_record_is_kept)
{
    const risk_record *r;

    p.options.ndjson = true;
    r = parse_one(&p, "  " LOGIN " \n");
    cr_assert(ts_str_is(ts_str_n(r->event->raw.data, r->event->raw.len), LOGIN));
    p.options.ndjson = false;
    r = parse_one(&p, "[ " LOGIN "]");
    cr_assert(ts_str_is(ts_str_n(r->event->raw.data, r->event->raw.len), LOGIN));
}

/* ---- refused as a whole ---- */

Test(body, whole_bodies_that_are_refused)
{
    static const char *const bad[] = {
        "",         " \n ", "{",    "[" LOGIN,   "nonsense",   "7",
        "\"text\"", "null", "true", LOGIN LOGIN, "[\"\xff\"]", "[1,]"
    };

    for (size_t i = 0; i < TS_COUNT(bad); i++) {
        cr_assert_eq(parse_z(&p, bad[i]), TS_INVALID, "%s", bad[i]);
        cr_assert_neq(p.err.text[0], '\0', "%s: no words", bad[i]);
        cr_assert_eq(p.body.record_count, 0);
    }
}

Test(body, a_line_may_hold_an_answer_or_a_message_of_several_records)
{
    static const char text[] =
        LOGIN "\n{\"items\":[" LOGIN ",7," LOGIN "]}\n{\"items\":[]}\n[1]\n" LOGIN;

    p.options.ndjson = true;
    cr_assert_eq(parse_z(&p, text), TS_OK);
    cr_assert_eq(p.body.record_count, 4);
    cr_assert_eq(p.body.total, 6);
    cr_assert_eq(p.body.records[2].index, 3);
    cr_assert_eq(p.body.rejected_count, 2);
    cr_assert_eq(p.body.rejected[0].index, 2);
    cr_assert_eq(p.body.rejected[1].index, 4);
    cr_assert_str_eq(p.body.records[2].event->user_email, "ana@lumen.example");
    p.options.records_max = 2;
    cr_assert_eq(parse_z(&p, text), TS_TOO_LARGE);
}

Test(body, ndjson_under_another_name_is_told_its_own)
{
    cr_assert_eq(parse_z(&p, LOGIN "\n" LOGIN "\n"), TS_INVALID);
    cr_assert_not_null(strstr(p.err.text, "application/x-ndjson"), "%s", p.err.text);
    cr_assert_eq(parse_z(&p, "{\n" LOGIN "\n"), TS_INVALID);
    cr_assert_not_null(strstr(p.err.text, "line 2"), "%s", p.err.text);
}

Test(body, a_source_that_is_not_known_is_refused_by_name)
{
    p.options.source = "carrier_pigeon";
    cr_assert_eq(parse_z(&p, LOGIN), TS_INVALID);
    cr_assert_str_eq(p.err.param, "source");
}

Test(body, nesting_beyond_the_bound_is_refused)
{
    char deep[TS_JSON_DEPTH + 1];

    memset(deep, '[', sizeof(deep));
    cr_assert_eq(parse_text(&p, ts_str_n(deep, sizeof(deep))), TS_INVALID);
}

/* ---- wrong by index ---- */

Test(body, a_bad_element_is_rejected_and_no_good_one_is_lost)
{
    cr_assert_eq(parse_z(&p, "[" LOGIN ",7,null,[]," LOGIN ",{}]"), TS_OK);
    cr_assert_eq(p.body.total, 6);
    cr_assert_eq(p.body.record_count, 2);
    cr_assert_eq(p.body.records[1].index, 4);
    cr_assert_eq(p.body.rejected_count, 4);
    for (size_t i = 0; i < 3; i++)
        cr_assert_eq(p.body.rejected[i].index, i + 1);
    cr_assert_eq(p.body.rejected[3].index, 5);
    cr_assert(strstr(p.body.rejected[0].reason, "object") != NULL);
}

Test(body, a_bad_line_is_rejected_and_no_good_one_is_lost)
{
    p.options.ndjson = true;
    cr_assert_eq(parse_z(&p, LOGIN "\n{\"id\":\n" LOGIN "\n\xff\xfe\n[]\n" LOGIN "\n"), TS_OK);
    cr_assert_eq(p.body.record_count, 3);
    cr_assert_eq(p.body.rejected_count, 3);
    cr_assert_eq(p.body.rejected[0].index, 1);
    cr_assert_eq(p.body.rejected[1].index, 3);
    cr_assert_eq(p.body.rejected[2].index, 4);
    cr_assert_eq(p.body.records[2].index, 5);
}

/* ---- limits, both sides ---- */

Test(body, size_of_a_body)
{
    ts_str text = padded(RISK_RECORD_MAX);

    p.options.body_max = text.n;
    cr_assert_eq(parse_text(&p, text), TS_OK);
    p.options.body_max = text.n - 1;
    cr_assert_eq(parse_text(&p, text), TS_TOO_LARGE);
}

Test(body, the_limit_of_the_contract_is_8_mib)
{
    ts_str text = padded(8 * MIB + 1);

    p.options.ndjson = true;
    cr_assert_eq(parse_text(&p, text), TS_TOO_LARGE);
    cr_assert(strstr(p.err.text, "8 MiB") != NULL, "%s", p.err.text);
    /* Within it the body is read, and its one line is over the limit of a record. */
    cr_assert_eq(parse_text(&p, padded(8 * MIB)), TS_OK);
    cr_assert_eq(p.body.rejected_count, 1);
}

Test(body, size_of_a_record)
{
    p.options.ndjson = true;
    cr_assert_eq(parse_text(&p, padded(RISK_RECORD_MAX)), TS_OK);
    cr_assert_eq(p.body.record_count, 1);
    cr_assert_eq(parse_text(&p, padded(RISK_RECORD_MAX + 1)), TS_OK);
    cr_assert_eq(p.body.record_count, 0);
    cr_assert(strstr(p.body.rejected[0].reason, "1 MiB") != NULL);
}

Test(body, refusals_are_counted_by_the_words_that_they_begin_with)
{
    static const struct {
        const char *reason;
        const char *name;
    } rows[] = { { "not an object: each record must be a JSON object", "not_an_object" },
                 { "too large: a record may have at most 1 MiB", "too_large" },
                 { "too_old: id.time is more than 90 days ago", "too_old" },
                 { "future: id.time is more than a day ahead", "future" },
                 { "id.time is missing: an RFC 3339 time is needed", "invalid" },
                 { "", "invalid" } };

    for (size_t i = 0; i < TS_COUNT(rows); i++)
        cr_expect_str_eq(risk_refusal_name(risk_refusal_of(rows[i].reason)), rows[i].name);
    p.options.ndjson = true;
    cr_assert_eq(parse_text(&p, padded(RISK_RECORD_MAX + 1)), TS_OK);
    cr_expect_eq(risk_refusal_of(p.body.rejected[0].reason), RISK_REFUSED_TOO_LARGE);
}

Test(body, number_of_records)
{
    p.options.ndjson = true;
    cr_assert_eq(parse_text(&p, lines(RISK_RECORDS_MAX)), TS_OK);
    cr_assert_eq(p.body.record_count, RISK_RECORDS_MAX);
    cr_assert_eq(parse_text(&p, lines(RISK_RECORDS_MAX + 1)), TS_TOO_LARGE);
    cr_assert(strstr(p.err.text, "10000") != NULL, "%s", p.err.text);
}

Test(body, number_of_events_in_a_record)
{
    for (size_t count = 64; count <= 65; count++) {
        TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(MIB);

        ts_buf_z(&text, "{" ID("admin") "," ACTOR ",\"events\":[{\"name\":\"A\"}");
        for (size_t i = 1; i < count; i++)
            ts_buf_z(&text, ",{\"name\":\"A\"}");
        ts_buf_z(&text, "]}");
        cr_assert_eq(parse_text(&p, ts_buf_view(&text)), TS_OK);
        cr_assert_eq(p.body.record_count, count == 64 ? 64 : 0);
        cr_assert_eq(p.body.rejected_count, count == 64 ? 0 : 1);
    }
}

Test(body, fields_beyond_the_limit_are_left_out_and_values_are_cut_between_characters)
{
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(MIB);
    const risk_record *r;

    ts_buf_z(&text, "{" ID("drive") "," ACTOR ",\"name\":\"view\",\"parameters\":{\"long\":\"x");
    for (size_t i = 0; i < RISK_VALUE_MAX; i++)
        ts_buf_z(&text, "\xc3\xa9");
    ts_buf_z(&text, "\"");
    for (size_t i = 0; i < RISK_FIELDS_MAX + 10; i++)
        ts_buf_printf(&text, ",\"f%zu\":1", i);
    ts_buf_z(&text, "}}");
    r = parse_one(&p, text.data);
    cr_assert_eq(r->field_count, RISK_FIELDS_MAX);
    cr_assert_eq(field_nth(r, "long", 0).n, RISK_VALUE_MAX - 1,
                 "one byte and whole characters of two");
    cr_assert(ts_utf8_valid(field_nth(r, "long", 0)));
    cr_assert(field_is(r, "f0", "1"));
}

/* ---- gzip ---- */

Test(body, gzip_of_every_form)
{
    p.options.gzip = true;
    cr_assert_eq(parse_text(&p, gzip(TS_STR_LIT(LOGIN))), TS_OK);
    cr_assert_eq(p.body.record_count, 1);
    p.options.ndjson = true;
    cr_assert_eq(parse_text(&p, gzip(lines(2000))), TS_OK);
    cr_assert_eq(p.body.record_count, 2000);
}

Test(body, gzip_members_follow_one_another)
{
    TS_CLEANUP(ts_buf_done) ts_buf both = TS_BUF_INIT(MIB);

    p.options.gzip = true;
    p.options.ndjson = true;
    ts_buf_str(&both, gzip(TS_STR_LIT(LOGIN "\n")));
    ts_buf_str(&both, gzip(TS_STR_LIT(LOGIN "\n")));
    cr_assert_eq(parse_text(&p, ts_buf_view(&both)), TS_OK);
    cr_assert_eq(p.body.record_count, 2);
    ts_buf_z(&both, "trailing");
    cr_assert_eq(parse_text(&p, ts_buf_view(&both)), TS_INVALID);
}

Test(body, what_is_no_whole_gzip_is_refused)
{
    ts_str whole = gzip(lines(50));

    p.options.gzip = true;
    p.options.ndjson = true;
    for (size_t cut = 1; cut < whole.n; cut += 7) {
        cr_assert_eq(parse_text(&p, ts_str_n(whole.p, cut)), TS_INVALID, "cut at %zu", cut);
        cr_assert_eq(p.body.record_count, 0);
    }
    cr_assert_eq(parse_z(&p, ""), TS_INVALID);
    cr_assert_eq(parse_z(&p, LOGIN), TS_INVALID);
}

Test(body, a_bomb_stops_at_the_limit)
{
    size_t size = 65 * MIB;
    char *zeros = ts_arena_alloc(p.arena, size);
    ts_str bomb;

    cr_assert(zeros != NULL);
    bomb = gzip(ts_str_n(zeros, size));
    p.options.gzip = true;
    cr_assert_lt(bomb.n, MIB);
    cr_assert_eq(parse_text(&p, bomb), TS_TOO_LARGE);
    cr_assert(strstr(p.err.text, "64 MiB") != NULL, "%s", p.err.text);
}

Test(body, size_after_decompression)
{
    ts_str text = padded(1000);

    p.options.gzip = true;
    p.options.inflated_max = 1000;
    cr_assert_eq(parse_text(&p, gzip(text)), TS_OK);
    p.options.inflated_max = 999;
    cr_assert_eq(parse_text(&p, gzip(text)), TS_TOO_LARGE);
}

Test(body, a_parser_is_as_new_after_a_failure)
{
    cr_assert_eq(parse_z(&p, "{"), TS_INVALID);
    cr_assert_str_eq(parse_one(&p, LOGIN)->event->action, "login_success");
}
