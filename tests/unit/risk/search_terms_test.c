#include <criterion/criterion.h>

#include "search/terms.h"

static ts_arena *arena;

static void setup(void)
{
    arena = ts_arena_new(1u << 20);
}

static void teardown(void)
{
    ts_arena_free(arena);
}

TestSuite(search_terms, .init = setup, .fini = teardown);

static void expect_fold(const char *text, const char *wanted)
{
    ts_str got = search_fold(arena, ts_str_of(text));

    cr_expect(ts_str_is(got, wanted), "%s folds to %.*s, not %s", text, (int)got.n, got.p, wanted);
}

Test(search_terms, folding_drops_case_and_diacritics)
{
    expect_fold("Müller-Lüdenscheidt", "muller-ludenscheidt");
    expect_fold("ÀÁÂÃÄÅ ÇÈÉÊË ÌÍÎÏ ÐÑ ÒÓÔÕÖØ ÙÚÛÜÝ", "aaaaaa ceeee iiii dn oooooo uuuuy");
    expect_fold("àáâãäå çèéêë ìíîï ðñ òóôõöø ùúûüýÿ", "aaaaaa ceeee iiii dn oooooo uuuuyy");
    expect_fold("ß Æ æ Œ œ Þ þ Ĳ ĳ", "ss ae ae oe oe th th ij ij");
    expect_fold("Łódź Žižka Őr Ștefan Țară", "lodz zizka or stefan tara");
    expect_fold("Nguyễn Thị Ơn", "nguyen thi on");
    expect_fold("Иванова ЁЖ ΑΘΗΝΑ", "иванова ёж αθηνα");
    expect_fold("Zoe\xcc\x88 2×3÷4", "zoe 2 3 4"); /* a combining mark; signs are no letters */
    expect_fold("山田 太郎", "山田 太郎");
    expect_fold("a\xc2\xa0"
                "b\xe2\x80\xaf"
                "c\xe3\x80\x80"
                "d",
                "a b c d"); /* spaces of other kinds */
    expect_fold("", "");
}

static bool has(const search_terms *t, char kind, const char *text)
{
    for (size_t i = 0; i < t->count; i++) {
        if (t->list[i].kind == kind && ts_str_is(t->list[i].text, text))
            return true;
    }
    return false;
}

Test(search_terms, a_user_is_found_by_words_starts_and_ends_of_the_address)
{
    search_terms t;

    cr_assert_eq(search_terms_of(arena, TS_STR_LIT("Ana O'Brien"), TS_STR_LIT("R&D (Kraków)"),
                                 TS_STR_LIT("ana@x.io"), &t),
                 TS_OK);
    cr_expect(has(&t, 'v', "ana") && has(&t, 'v', "o") && has(&t, 'v', "brien"));
    cr_expect(has(&t, 'v', "r") && has(&t, 'v', "d") && has(&t, 'v', "krakow"));
    cr_expect(has(&t, 'p', "a") && has(&t, 'p', "an") && has(&t, 'p', "br") && has(&t, 'p', "kr"));
    cr_expect(has(&t, 'd', "ana@x.") && has(&t, 'd', ".io"));
    cr_expect_not(has(&t, 'w', "krakow"), "the front is all of it");
    cr_expect_not(has(&t, 'e', "ana@x.io"), "begins before the '@'");
    cr_expect_not(has(&t, 'd', "io"), "shorter than what is asked for by parts");
    cr_expect_not(has(&t, 'p', "na"), "no beginning");
}

Test(search_terms, long_words_are_cut_between_characters)
{
    char name[200];
    search_terms t;

    memset(name, 'a', 63);
    memcpy(name + 63, "\xd0\xb6\xd0\xb6", 5); /* the next letter would end at byte 65 */
    cr_assert_eq(search_terms_of(arena, ts_str_of(name), TS_STR_NULL, TS_STR_NULL, &t), TS_OK);
    cr_assert_eq(t.list[1].kind, 'w');
    cr_assert_eq(t.list[1].text.n, 63);
    memset(name, 'b', 64);
    name[64] = '\0';
    cr_assert_eq(search_terms_of(arena, ts_str_of(name), TS_STR_NULL, TS_STR_NULL, &t), TS_OK);
    cr_assert_eq(t.list[1].text.n, 64);
}

Test(search_terms, words_beyond_the_limit_are_not_kept)
{
    char name[2 * (SEARCH_WORDS_MAX + 4) + 1];
    search_terms t;
    size_t words = 0;

    for (size_t i = 0; i < sizeof(name) - 1; i++)
        name[i] = i % 2 == 0 ? 'w' : ' ';
    name[sizeof(name) - 1] = '\0';
    cr_assert_eq(search_terms_of(arena, ts_str_of(name), TS_STR_NULL, TS_STR_NULL, &t), TS_OK);
    for (size_t i = 0; i < t.count; i++)
        words += t.list[i].kind == 'v';
    cr_assert_eq(words, SEARCH_WORDS_MAX);
}

/* What is kept of a name with all that is hidden in it is found by what is seen. */
Test(search_terms, what_is_not_seen_parts_no_words)
{
    search_terms t;

    cr_assert_eq(search_terms_of(arena,
                                 TS_STR_LIT("\xe2\x80\xae"
                                            "An\xe2\x80\x8b"
                                            "abel\nLee"),
                                 TS_STR_NULL, TS_STR_NULL, &t),
                 TS_OK);
    cr_assert(has(&t, SEARCH_WORD, "anabel") || has(&t, SEARCH_WORD_FRONT, "anabel"));
    cr_assert(has(&t, SEARCH_WORD_FRONT, "lee"));
}

Test(search_terms, a_query_has_parts_with_words_and_a_text_for_addresses)
{
    search_part *parts = NULL;
    ts_error err = { .text = "" };
    size_t count = 0;

    cr_assert_eq(search_parse(arena, TS_STR_LIT("  Ana\tO'BRIEN@x  "), &parts, &count, &err),
                 TS_OK);
    cr_assert_eq(count, 2);
    cr_assert_eq(parts[0].word_count, 1);
    cr_assert(ts_str_is(parts[0].words[0], "ana"));
    cr_assert_eq(parts[1].word_count, 3);
    cr_assert(ts_str_is(parts[1].words[2], "x"));
    cr_assert(ts_str_is(parts[1].address, "o'brien@x"));
    cr_assert_eq(search_parse(arena, TS_STR_LIT(" \x01 "), &parts, &count, &err), TS_OK);
    cr_assert_eq(count, 0);
    cr_assert_eq(search_parse(arena, TS_STR_LIT("1 2 3 4 5 6 7 8"), &parts, &count, &err), TS_OK);
    cr_assert_eq(count, 8);
    cr_assert_eq(search_parse(arena, TS_STR_LIT("1 2 3 4 5 6 7 8 9"), &parts, &count, &err),
                 TS_INVALID);
    cr_assert_str_eq(err.param, "query");
}

Test(search_terms, out_of_memory_is_a_status)
{
    ts_status st = TS_NOMEM;

    for (size_t size = 64; st == TS_NOMEM && size < 65536; size += 64) {
        ts_arena *small = ts_arena_new(size);
        search_terms t;

        st = search_terms_of(small, TS_STR_LIT("Ana Brien"), TS_STR_LIT("Legal"),
                             TS_STR_LIT("ana@x.example"), &t);
        ts_arena_free(small);
    }
    cr_assert_eq(st, TS_OK);
}
