#include <criterion/criterion.h>

#include "ts/clean.h"

static ts_arena *arena;

static void begin(void)
{
    arena = ts_arena_new(1 << 20);
}

static void end(void)
{
    ts_arena_free(arena);
}

TestSuite(clean, .init = begin, .fini = end);

static void expect(const char *text, size_t max, const char *wanted)
{
    cr_assert_str_eq(ts_clean(arena, ts_str_of(text), max), wanted);
    cr_assert_str_eq(ts_clean_z(ts_arena_z(arena, ts_str_of(text)), max), wanted);
}

Test(clean, plain_text_of_any_language_stays)
{
    expect("Jörg Müller, 東京 \xf0\x9f\x98\x80", 100, "Jörg Müller, 東京 \xf0\x9f\x98\x80");
    expect("", 100, "");
}

Test(clean, what_cannot_be_seen_goes)
{
    expect("a\xe2\x80\x8b"
           "b\xef\xbb\xbf"
           "c\xc2\xad"
           "d",
           100, "abcd");
    expect("\x1b[31mred\x07\x7f", 100, "[31mred");
    expect("a\xf3\xa0\x81\x81"
           "b",
           100, "ab"); /* a tag character */
    expect("a\xef\xb8\x8f"
           "b",
           100, "ab"); /* a variation selector */
}

Test(clean, what_turns_text_around_goes)
{
    expect("\xe2\x80\xae"
           "evil\xe2\x81\xa6"
           "x",
           100, "evilx");
}

Test(clean, breaks_become_spaces)
{
    expect("a\r\nb\tc", 100, "a  b c");
}

Test(clean, bytes_that_are_no_utf_8_go)
{
    expect("a\xff\xc0\xaf\xed\xa0\x80"
           "b",
           100, "ab");
}

Test(clean, it_is_cut_between_characters)
{
    expect("abc", 3, "abc");
    expect("abcd", 3, "abc");
    expect("ab\xc3\xb6", 3, "ab");
    expect("ab\xc3\xb6", 4, "ab\xc3\xb6");
}

Test(clean, no_text_at_all_is_empty)
{
    cr_assert_str_eq(ts_clean_z(NULL, 10), "");
    cr_assert_str_eq(ts_clean(arena, TS_STR_NULL, 10), "");
}
