#include <criterion/criterion.h>

#include "http/route.h"

static const http_param rows[] = {
    { "limit", HTTP_KIND_INT, 1, 200, NULL, "50", false, "how many" },
    { "offset", HTTP_KIND_INT, 0, 1000, NULL, "0", false, "how many to skip" },
    { "cursor", HTTP_KIND_CURSOR, 0, 0, NULL, NULL, false, "where to go on" },
    { "status", HTTP_KIND_ENUM, 0, 0, "open|closed|all", "open", false, "state" },
    { "since", HTTP_KIND_TIME, 0, 0, NULL, NULL, false, "from" },
    { "user", HTTP_KIND_EMAIL, 0, 0, NULL, NULL, false, "who" },
    { "flag", HTTP_KIND_BOOL, 0, 0, NULL, "false", false, "whether" },
    { "query", HTTP_KIND_TEXT, 1, 4, NULL, NULL, false, "what" },
    { NULL, HTTP_KIND_BOOL, 0, 0, NULL, NULL, false, NULL },
};

static const http_param required[] = {
    { "source", HTTP_KIND_ENUM, 0, 0, "a|b", NULL, true, "a or b" },
    { NULL, HTTP_KIND_BOOL, 0, 0, NULL, NULL, false, NULL },
};

typedef struct fixture {
    ts_arena *arena;
    http_value values[HTTP_PARAMS_MAX];
    ts_error err;
} fixture;

static fixture f;

static void setup(void)
{
    f = (fixture){ .arena = ts_arena_new(1 << 20) };
}

static void teardown(void)
{
    ts_arena_free(f.arena);
}

TestSuite(params, .init = setup, .fini = teardown);

static void accept(const char *query)
{
    cr_assert_eq(http_params_parse(rows, ts_str_of(query), f.arena, f.values, &f.err), TS_OK,
                 "%s: %s", query, f.err.text);
}

static void refuse(const char *query, const char *param, const char *text)
{
    f.err = (ts_error){ .text = "" };
    cr_assert_eq(http_params_parse(rows, ts_str_of(query), f.arena, f.values, &f.err), TS_INVALID,
                 "%s", query);
    cr_assert_str_eq(f.err.param, param, "%s", query);
    cr_assert_str_eq(f.err.text, text);
}

Test(params, defaults_stand_where_nothing_is_given)
{
    accept("");
    cr_assert_eq(f.values[0].number, 50);
    cr_assert_not(f.values[0].given);
    cr_assert(ts_str_is(f.values[3].text, "open"));
    cr_assert_eq(f.values[6].number, 0);
    cr_assert_not(f.values[4].given);
}

Test(params, given_values_are_taken)
{
    accept("limit=200&offset=7&status=all&since=2025-01-15T10:30:00Z&user=John%2B1@Acme.Example&"
           "flag=true&query=%C3%A9%C3%A9%C3%A9%C3%A9");
    cr_assert_eq(f.values[0].number, 200);
    cr_assert_eq(f.values[1].number, 7);
    cr_assert(ts_str_is(f.values[3].text, "all"));
    cr_assert_eq(f.values[4].number, INT64_C(1736937000000));
    cr_assert(ts_str_is(f.values[5].text, "john+1@acme.example"));
    cr_assert_eq(f.values[6].number, 1);
    cr_assert_eq(f.values[7].text.n, 8);
}

Test(params, a_date_alone_is_its_start)
{
    accept("since=2025-01-15");
    cr_assert_eq(f.values[4].number, INT64_C(1736899200000));
}

Test(params, wrong_values_are_named_with_what_would_be_right)
{
    refuse("limit=0", "limit", "limit must be between 1 and 200");
    refuse("limit=201", "limit", "limit must be between 1 and 200");
    refuse("limit=ten", "limit", "limit must be a whole number from 1 to 200");
    refuse("limit=", "limit", "limit must be a whole number from 1 to 200");
    refuse("limit=1.5", "limit", "limit must be a whole number from 1 to 200");
    refuse("limit", "limit", "limit must be a whole number from 1 to 200");
    refuse("limit=1e2", "limit", "limit must be a whole number from 1 to 200");
    refuse("status=new", "status", "status must be one of: open, closed, all");
    refuse("status=", "status", "status must be one of: open, closed, all");
    refuse("status=open%7Cclosed", "status", "status must be one of: open, closed, all");
    refuse("status=OPEN", "status",
           "status must be one of: open, closed, all (did you mean open?)");
    refuse("status=clsoed", "status",
           "status must be one of: open, closed, all (did you mean closed?)");
    refuse("status=clsoe", "status", "status must be one of: open, closed, all");
    refuse("status=closedclosedclosedclosed", "status", "status must be one of: open, closed, all");
    refuse("flag=1", "flag", "flag must be true or false");
    refuse("query=", "query", "query must have between 1 and 4 characters");
    refuse("query=abcde", "query", "query must have between 1 and 4 characters");
    refuse("since=yesterday", "since",
           "since must be a time like 2025-01-15T10:30:00Z or a date like 2025-01-15");
    refuse("user=john", "user", "user must be an e-mail address");
    refuse("user=a+b@c.example", "user",
           "user must be an e-mail address (write '+' as %2B in a query)");
}

Test(params, a_key_in_the_wrong_place_is_not_said_again)
{
    static const http_param rows[] = {
        { "limit", HTTP_KIND_INT, 1, 2, NULL, NULL, false, "" },
        { NULL, HTTP_KIND_BOOL, 0, 0, NULL, NULL, false, NULL },
    };
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(65536);
    ts_error err = { .text = "" };
    http_value values[1];

    cr_assert_eq(http_params_parse(rows, TS_STR_LIT("tsk_live_abcd=1"), arena, values, &err),
                 TS_INVALID);
    cr_assert_str_eq(err.param, "");
    cr_assert_str_eq(err.text, "Unknown parameter. Known here: limit");
    cr_assert_eq(http_params_parse(rows, TS_STR_LIT("x%74sk_live_abcd"), arena, values, &err),
                 TS_INVALID);
    cr_assert_str_eq(err.param, "");
    cr_assert_eq(http_params_parse(rows, TS_STR_LIT("task=1"), arena, values, &err), TS_INVALID);
    cr_assert_str_eq(err.param, "task");
}

Test(params, unknown_and_repeated_ones_are_refused)
{
    refuse("limt=5", "limt",
           "Unknown parameter (did you mean limit?). Known here: limit, offset, cursor, status, "
           "since, user, flag, query");
    refuse("limit=5&limit=5", "limit", "limit must not be repeated");
    refuse(
        "=5", "",
        "Unknown parameter. Known here: limit, offset, cursor, status, since, user, flag, query");
}

/* "lat" is as near to "lot" as to "let". */
Test(params, of_two_that_are_as_near_none_is_proposed)
{
    static const http_param rows[] = {
        { "of", HTTP_KIND_ENUM, 0, 0, "lot|let|other", NULL, false, "" },
        { NULL, HTTP_KIND_BOOL, 0, 0, NULL, NULL, false, NULL },
    };
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(65536);
    ts_error err = { .text = "" };
    http_value values[1];

    cr_assert_eq(http_params_parse(rows, TS_STR_LIT("of=lat"), arena, values, &err), TS_INVALID);
    cr_assert_str_eq(err.text, "of must be one of: lot, let, other");
    cr_assert_eq(http_params_parse(rows, TS_STR_LIT("of=lett"), arena, values, &err), TS_INVALID);
    cr_assert_str_eq(err.text, "of must be one of: lot, let, other (did you mean let?)");
}

Test(params, an_endpoint_without_parameters_takes_none)
{
    cr_assert_eq(http_params_parse(NULL, TS_STR_LIT(""), f.arena, f.values, &f.err), TS_OK);
    cr_assert_eq(http_params_parse(NULL, TS_STR_LIT("a=b"), f.arena, f.values, &f.err), TS_INVALID);
    cr_assert_str_eq(f.err.param, "a");
    cr_assert_str_eq(f.err.text, "This endpoint takes no parameters.");
}

Test(params, a_missing_required_one_is_named)
{
    cr_assert_eq(http_params_parse(required, TS_STR_LIT(""), f.arena, f.values, &f.err),
                 TS_INVALID);
    cr_assert_str_eq(f.err.param, "source");
    cr_assert_str_eq(f.err.text, "source is required: a or b");
}

Test(params, a_cursor_takes_the_place_of_the_offset)
{
    char cursor[HTTP_CURSOR_SIZE];
    char query[40];

    http_cursor_format(63, cursor);
    cr_assert_str_eq(cursor, "o000000011");
    (void)snprintf(query, sizeof(query), "cursor=%s", cursor);
    accept(query);
    cr_assert_eq(f.values[1].number, 63);
    refuse("cursor=abc", "cursor", "cursor must be the next_cursor of an earlier answer");
    refuse("cursor=ozzzzzzzzz", "cursor", "cursor must be the next_cursor of an earlier answer");
    refuse("cursor=o000000011&offset=3", "cursor", "cursor and offset must not stand together");
}

Test(params, a_cursor_carries_where_the_service_goes_on)
{
    char query[120] = "cursor=o000000011Az9";

    accept(query);
    cr_assert_eq(f.values[1].number, 63);
    cr_assert_eq(f.values[2].text.n, 3);
    cr_assert_arr_eq(f.values[2].text.p, "Az9", 3);
    accept("cursor=o000000011");
    cr_assert_eq(f.values[2].text.n, 0);
    refuse("cursor=o000000011a-b", "cursor", "cursor must be the next_cursor of an earlier answer");
    memset(query + 17, 'x', HTTP_POSITION_MAX);
    query[17 + HTTP_POSITION_MAX] = '\0';
    accept(query);
    memset(query + 17, 'x', HTTP_POSITION_MAX + 1);
    query[17 + HTTP_POSITION_MAX + 1] = '\0';
    refuse(query, "cursor", "cursor must be the next_cursor of an earlier answer");
}

Test(params, bad_escapes_are_refused)
{
    cr_assert_eq(http_params_parse(rows, TS_STR_LIT("query=%zz"), f.arena, f.values, &f.err),
                 TS_INVALID);
    cr_assert_eq(http_params_parse(rows, TS_STR_LIT("query=%00"), f.arena, f.values, &f.err),
                 TS_INVALID);
}

static const http_param fields[] = {
    { "status", HTTP_KIND_ENUM, 0, 0, "investigating|resolved", NULL, true, "the new status" },
    { "notes", HTTP_KIND_TEXT, 0, 5, NULL, NULL, false, "why" },
    { "events", HTTP_KIND_LIST, 1, 8, NULL, NULL, false, "types" },
    { NULL, HTTP_KIND_BOOL, 0, 0, NULL, NULL, false, NULL },
};

static ts_status parse_body(const char *body)
{
    TS_CLEANUP(ts_json_parser_free_p) ts_json_parser *parser = ts_json_parser_new(4096);
    ts_json json;

    f.err = (ts_error){ .text = "" };
    cr_assert_eq(ts_json_parse(parser, ts_str_of(body), &json, &f.err), TS_OK, "%s", body);
    return http_fields_parse(fields, json, f.arena, f.values, &f.err);
}

static void refuse_body(const char *body, const char *param, const char *text)
{
    cr_assert_eq(parse_body(body), TS_INVALID, "%s", body);
    cr_assert_str_eq(f.err.param, param, "%s", body);
    cr_assert_str_eq(f.err.text, text);
}

Test(params, a_sound_body_is_taken)
{
    cr_assert_eq(parse_body("{\"status\":\"resolved\",\"events\":[\"a\",\"b\"]}"), TS_OK);
    cr_assert(f.values[0].given);
    cr_assert_not(f.values[1].given);
    cr_assert_eq(f.values[2].item_count, 2);
}

Test(params, a_wrong_body_is_refused_by_the_field)
{
    refuse_body("{}", "status", "status is required: the new status");
    refuse_body("{\"status\":\"open\"}", "status",
                "status must be one of: investigating, resolved");
    refuse_body("{\"status\":1}", "status", "status must be one of: investigating, resolved");
    refuse_body("{\"status\":\"resolved\",\"notes\":null}", "notes", "notes must be a string");
    refuse_body("{\"status\":\"resolved\",\"notes\":\"abcdef\"}", "notes",
                "notes must have between 0 and 5 characters");
    refuse_body("{\"status\":\"resolved\",\"notes\":\"a\\u0000\"}", "notes",
                "notes must not hold a NUL");
    refuse_body("{\"status\":\"resolved\",\"note\":\"\"}", "note",
                "Unknown field (did you mean notes?). Known here: status, notes, events");
    refuse_body("{\"status\":\"resolved\",\"status\":\"resolved\"}", "status",
                "status must not be repeated");
    refuse_body("{\"status\":\"resolved\",\"events\":\"a\"}", "events",
                "events must be an array of strings");
    refuse_body("{\"status\":\"resolved\",\"events\":[1]}", "events",
                "events must be an array of strings");
    refuse_body("{\"status\":\"resolved\",\"events\":[\"\"]}", "events",
                "events must have between 1 and 8 characters");
    refuse_body("[]", "", "The body must be a JSON object.");
}
