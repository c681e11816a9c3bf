#include <criterion/criterion.h>

#include "agent/excerpt.h"

static excerpt e;

static void expect(const char *json, const char *root, const char *wanted)
{
    TS_CLEANUP(ts_buf_done) ts_buf out = TS_BUF_INIT(4096);

    cr_assert_eq(excerpt_make(&e, ts_str_of(json), ts_str_of(root), &out), TS_OK, "%s", json);
    cr_assert_str_eq(out.data, wanted);
}

static void leave_out(const char *path)
{
    excerpt_add(&e.left_out, ts_str_of(path));
}

Test(excerpt, without_orders_everything_stays)
{
    static const char *const same[] = { "{}",
                                        "[]",
                                        "7",
                                        "\"a\"",
                                        "null",
                                        "{\"a\":[],\"b\":{},\"c\":[[1,2],[3]]}",
                                        "{\"a\":\"q\\\"}\",\"b\":-1.5e3,\"c\":[true,false,null]}" };

    for (size_t i = 0; i < TS_COUNT(same); i++)
        expect(same[i], "", same[i]);
}

Test(excerpt, members_are_left_out_wherever_they_stand)
{
    leave_out("data.a");
    expect("{\"a\":1,\"b\":2}", "data", "{\"b\":2}");
    expect("{\"b\":2,\"a\":1}", "data", "{\"b\":2}");
    expect("{\"a\":{\"x\":[1]}}", "data", "{}");
    expect("{\"b\":{\"a\":1}}", "data", "{\"b\":{\"a\":1}}");
    leave_out("data.list[].x");
    expect("{\"list\":[{\"x\":1,\"y\":2},{\"y\":3},{\"x\":[4]}]}", "data",
           "{\"list\":[{\"y\":2},{\"y\":3},{}]}");
}

Test(excerpt, lists_are_cut_between_items_and_told)
{
    e.items_max = 2;
    leave_out("data.none");
    expect("{\"a\":[1,2,3],\"b\":[1,2],\"c\":[{\"d\":[1,2,3,4]},{\"d\":[5]}],\"none\":[1,2,3]}",
           "data", "{\"a\":[1,2],\"b\":[1,2],\"c\":[{\"d\":[1,2]},{\"d\":[5]}]}");
    cr_assert_eq(e.cut_count, 2);
    cr_assert_str_eq(e.cuts[0].path, "data.a");
    cr_assert_eq(e.cuts[0].shown, 2);
    cr_assert_eq(e.cuts[0].total, 3);
    cr_assert_str_eq(e.cuts[1].path, "data.c[].d");
    cr_assert_eq(e.cuts[1].total, 4);
}

Test(excerpt, named_strings_are_made_harmless)
{
    excerpt_add(&e.defanged, TS_STR_LIT("a[].name"));
    excerpt_add(&e.defanged, TS_STR_LIT("texts[]"));
    expect("{\"a\":[{\"name\":\"x.example\",\"id\":\"x.example\"}],\"texts\":[\"http://y\"]}", "",
           "{\"a\":[{\"name\":\"x[.]example\",\"id\":\"x.example\"}],\"texts\":[\"hxxp://y\"]}");
}

Test(excerpt, the_first_value_that_is_not_null_is_found)
{
    e.wanted[0] = TS_STR_LIT("data.u[].id");
    e.wanted[1] = TS_STR_LIT("data.n");
    e.wanted_count = 2;
    leave_out("data.n"); /* found all the same */
    expect("{\"u\":[{\"id\":null},{\"id\":\"b\"},{\"id\":\"c\"}],\"n\":0}", "data",
           "{\"u\":[{\"id\":null},{\"id\":\"b\"},{\"id\":\"c\"}]}");
    cr_assert(ts_str_is(e.found[0], "\"b\""));
    cr_assert(ts_str_is(e.found[1], "0"));
    cr_assert_eq(e.rows, 3);
    cr_assert_str_eq(e.rows_path, "data.u");
}

Test(excerpt, what_is_no_json_is_refused)
{
    static const char *const broken[] = { "",    "{",        "{\"a\"}", "{\"a\":}", "[1,]",
                                          "\"a", "{\"a\":1", "[1]x",    "{1:2}",    "," };
    char deep[64];

    for (size_t i = 0; i < TS_COUNT(broken); i++) {
        TS_CLEANUP(ts_buf_done) ts_buf out = TS_BUF_INIT(64);

        cr_assert_eq(excerpt_make(&e, ts_str_of(broken[i]), TS_STR_NULL, &out), TS_CORRUPT, "%s",
                     broken[i]);
    }
    for (size_t n = EXCERPT_DEPTH_MAX; n <= EXCERPT_DEPTH_MAX + 1; n++) {
        TS_CLEANUP(ts_buf_done) ts_buf out = TS_BUF_INIT(128);

        memset(deep, '[', n);
        memset(deep + n, ']', n);
        cr_assert_eq(excerpt_make(&e, ts_str_n(deep, 2 * n), TS_STR_NULL, &out),
                     n <= EXCERPT_DEPTH_MAX ? TS_OK : TS_CORRUPT);
    }
}
