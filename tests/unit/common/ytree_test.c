#include <criterion/criterion.h>

#include "ts/ytree.h"

static ts_status parse(const char *text, ts_arena *arena, ytree ***ret, size_t *ret_count,
                       ts_error *err)
{
    return ytree_parse(ts_str_of(text), arena, ret, ret_count, err);
}

Test(ytree, reads_documents_maps_lists_and_scalars)
{
    ts_arena *arena = ts_arena_new(8u << 20);
    ytree **list = NULL;
    size_t count = 0;
    ts_error err = { "", "" };

    cr_assert_eq(
        parse("a: 1\nb: [x, 'null', ~]\n---\nc: {d: e}\n---\n", arena, &list, &count, &err), TS_OK);
    cr_assert_eq(count, 2);
    cr_expect(ts_str_is(ytree_text(list[0], "a"), "1"));
    cr_expect_eq(ytree_get(list[0], "b")->count, 3);
    cr_expect_not(ytree_is_null(ytree_get(list[0], "b")->items[1]), "in quotes it is text");
    cr_expect(ytree_is_null(ytree_get(list[0], "b")->items[2]));
    cr_expect(ts_str_is(ytree_text(ytree_get(list[1], "c"), "d"), "e"));
    cr_expect_null(ytree_get(list[1], "a"));
    cr_expect_eq(ytree_get(list[1], "c")->line, 4);
    ts_arena_free(arena);
}

Test(ytree, refuses_with_the_line)
{
    static const char *const wrong[] = { "a: [1\n", "a: 1\na: 2\n", "{[1]: 2}\n", "a: *nobody\n",
                                         "\ta: 1\n" };
    ts_arena *arena = ts_arena_new(8u << 20);

    for (size_t i = 0; i < TS_COUNT(wrong); i++) {
        ytree **list = NULL;
        size_t count = 0;
        ts_error err = { "", "" };

        cr_expect_eq(parse(wrong[i], arena, &list, &count, &err), TS_INVALID, "%s", wrong[i]);
        cr_expect_not_null(strstr(err.text, "line "), "%s: %s", wrong[i], err.text);
    }
    ts_arena_free(arena);
}

/* A few hundred bytes that would be a billion nodes. */
Test(ytree, aliases_cannot_blow_up)
{
    static const char bomb[] =
        "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
        "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
        "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
        "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e]\n";
    ts_arena *arena = ts_arena_new(64u << 20);
    ytree **list = NULL;
    size_t count = 0;
    ts_error err = { "", "" };

    cr_expect_eq(parse(bomb, arena, &list, &count, &err), TS_TOO_LARGE);
    ts_arena_free(arena);
}
