#include <criterion/criterion.h>

#include "http/path.h"

static void expect(const char *path, size_t count, const char *const *wanted)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(65536);
    ts_str segments[HTTP_SEGMENTS_MAX];
    ts_error err = { .text = "" };
    size_t got = 0;

    cr_assert_eq(http_path_split(arena, ts_str_of(path), segments, &got, &err), TS_OK, "%s: %s",
                 path, err.text);
    cr_assert_eq(got, count, "%s", path);
    for (size_t i = 0; i < count; i++)
        cr_assert(ts_str_is(segments[i], wanted[i]), "%s: segment %zu", path, i);
}

static void expect_refused(const char *path)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(65536);
    ts_str segments[HTTP_SEGMENTS_MAX];
    ts_error err = { .text = "" };
    size_t got = 0;

    cr_assert_eq(http_path_split(arena, ts_str_of(path), segments, &got, &err), TS_INVALID, "%s",
                 path);
    cr_assert_neq(err.text[0], '\0', "%s has no words", path);
}

Test(path, segments_are_decoded_one_by_one)
{
    expect("/v1/users/a%40b.example", 3, (const char *[]){ "v1", "users", "a@b.example" });
    expect("/v1/users/%C3%A9%40b", 3, (const char *[]){ "v1", "users", "\xc3\xa9@b" });
    expect("/", 1, (const char *[]){ "" });
    expect("/v1/", 2, (const char *[]){ "v1", "" });
    expect("//v1", 2, (const char *[]){ "", "v1" });
}

Test(path, an_encoded_slash_stays_inside_its_segment)
{
    expect("/v1/users/a%2Fb", 3, (const char *[]){ "v1", "users", "a/b" });
    expect("/v1/users/..%2f..", 3, (const char *[]){ "v1", "users", "../.." });
}

Test(path, a_plus_is_a_plus)
{
    expect("/a+b", 1, (const char *[]){ "a+b" });
}

Test(path, broken_escapes_and_control_characters_are_refused)
{
    expect_refused("/a%00b");
    expect_refused("/a%0Ab");
    expect_refused("/a%7f");
    expect_refused("/a%");
    expect_refused("/a%4");
    expect_refused("/a%4g");
    expect_refused("/a%g4");
    expect_refused("/%ff");
    expect_refused("/%C0%AF");
    expect_refused("v1/users");
    expect_refused("");
}

Test(path, more_segments_than_any_route_has_are_counted_but_not_kept)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(65536);
    ts_str segments[HTTP_SEGMENTS_MAX];
    size_t got = 0;

    cr_assert_eq(http_path_split(arena, TS_STR_LIT("/1/2/3/4/5/6/7/8/9/10"), segments, &got, NULL),
                 TS_OK);
    cr_assert_eq(got, (size_t)HTTP_SEGMENTS_MAX + 1);
}

Test(path, a_plus_in_a_query_is_a_space)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(4096);
    ts_str text;

    cr_assert_eq(http_decode(arena, TS_STR_LIT("a+b%2Bc"), true, &text, NULL), TS_OK);
    cr_assert(ts_str_is(text, "a b+c"));
}
