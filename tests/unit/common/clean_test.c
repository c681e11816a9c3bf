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
    cr_assert_str_eq(ts_clean_to(ts_arena_alloc(arena, max + 1), max + 1, ts_str_of(text)), wanted);
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

Test(clean, lines_end_with_a_space_whatever_ends_them)
{
    expect("a\x0b"
           "b\x0c"
           "c\xc2\x85"
           "d\xe2\x80\xa8"
           "e\xe2\x80\xa9"
           "f",
           100, "a b c d e f");
}

Test(clean, what_is_no_character_goes)
{
    expect("a\xef\xbf\xbe"
           "b\xef\xb7\x90"
           "c\xf0\x9b\xb2\xa0"
           "d",
           100, "abcd");
}

/* ---- in brief ---- */

#define MORE "\xe2\x80\xa6"

/* `front` letters x and what stands behind them, in brief: `kept` letters and `wanted`. */
static void expect_brief(size_t front, const char *behind, size_t kept, const char *wanted)
{
    char text[1024];
    char right[1024];
    char shown[TS_BRIEF_SIZE];
    ts_str brief;

    memset(text, 'x', front);
    (void)snprintf(text + front, sizeof(text) - front, "%s", behind);
    memset(right, 'x', kept);
    (void)snprintf(right + kept, sizeof(right) - kept, "%s", wanted);
    brief = ts_brief(ts_str_of(text), shown);
    cr_expect_str_eq(shown, right, "%zu and %s: %s", front, behind, shown);
    cr_expect_eq(brief.n, strlen(right));
    cr_expect(ts_utf8_valid(brief));
}

Test(clean, in_brief_it_is_at_most_120_characters)
{
    cr_assert_eq(TS_BRIEF_MAX, 120);
    expect_brief(0, "", 0, "");
    expect_brief(119, "", 119, "");
    expect_brief(120, "", 120, "");
    expect_brief(121, "", 119, MORE);
    expect_brief(1000, "", 119, MORE);
}

/* Not bytes are counted, nor what is not shown. */
Test(clean, in_brief_characters_are_counted_as_they_are_shown)
{
    expect_brief(119, "\xf0\x9f\x98\x80", 119, "\xf0\x9f\x98\x80");
    expect_brief(119, "\xf0\x9f\x98\x80!", 119, MORE);
    expect_brief(118, "\xf0\x9f\x98\x80!", 118, "\xf0\x9f\x98\x80!");
    expect_brief(118, "\xf0\x9f\x98\x80!!", 118, "\xf0\x9f\x98\x80" MORE);
    expect_brief(120, "\xe2\x80\x8b\xe2\x80\xae\xff\n", 119, MORE); /* the break is a space */
    expect_brief(120, "\xe2\x80\x8b\xe2\x80\xae\xff\x1b", 120, "");
    expect_brief(119, "\xe2\x80\x8b\n\xe2\x80\xae", 119, " ");
}

Test(clean, in_brief_a_letter_keeps_its_accents_or_goes_with_them)
{
    expect_brief(118, "e\xcc\x81", 118, "e\xcc\x81");
    expect_brief(119, "e\xcc\x81", 119, MORE);
    expect_brief(118, "e\xcc\x81!", 118, MORE);
    expect_brief(117, "e\xcc\x81!!", 117, "e\xcc\x81" MORE);
    expect_brief(118, "\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd!", 118, MORE); /* a tone of skin */
}

/* Three hundred accents on one letter: what is cut is never empty. */
Test(clean, in_brief_a_heap_of_marks_is_cut_inside)
{
    char text[601];
    char shown[TS_BRIEF_SIZE];
    ts_str brief;

    text[0] = 'e';
    for (size_t i = 0; i < 300; i++)
        memcpy(text + 1 + 2 * i, "\xcc\x81", 2);
    brief = ts_brief(ts_str_n(text, sizeof(text)), shown);
    cr_assert_eq(brief.n, 1 + 118 * 2 + 3);
    cr_assert_eq(memcmp(shown, text, 1 + 118 * 2), 0);
    cr_assert(ts_utf8_valid(brief));
}

/* ---- for keeping ---- */

static void expect_kept(ts_str text, size_t max, const char *wanted)
{
    cr_assert_str_eq(ts_keep(arena, text, max), wanted);
}

Test(clean, what_is_kept_is_as_it_was)
{
    expect_kept(TS_STR_LIT("a\xe2\x80\xae\n\x1b[31m\xef\xbf\xbe"), 100,
                "a\xe2\x80\xae\n\x1b[31m\xef\xbf\xbe");
    expect_kept(TS_STR_LIT("a\xff\xc0\xaf\0b"), 100, "ab");
    expect_kept(TS_STR_LIT("abc"), 3, "abc");
    expect_kept(TS_STR_LIT("abcd"), 3, "abc");
    expect_kept(TS_STR_LIT("ab\xc3\xb6"), 3, "ab");
    expect_kept(TS_STR_NULL, 3, "");
}

Test(clean, no_text_at_all_is_empty)
{
    cr_assert_str_eq(ts_clean_z(NULL, 10), "");
    cr_assert_str_eq(ts_clean(arena, TS_STR_NULL, 10), "");
}
