#include <criterion/criterion.h>

#include "search/place_table.h"

#define MANY 1000

static void check_place(const place_table *t, uint64_t user, const char *wanted)
{
    ts_str place = place_table_get(t, user);

    if (wanted == NULL)
        cr_assert_null(place.p, "user %u has a place", (unsigned)user);
    else
        cr_assert(ts_str_is(place, wanted), "user %u: %.*s", (unsigned)user, (int)place.n, place.p);
}

Test(place_table, keeps_what_was_put_last)
{
    place_table t = { .chunks = NULL };

    check_place(&t, 1, NULL);
    cr_assert(place_table_put(&t, 1, TS_STR_LIT("d ann@acme.example")));
    cr_assert(place_table_put(&t, 3, TS_STR_LIT("d cid@acme.example")));
    cr_assert(place_table_put(&t, 2, TS_STR_LIT("d bob@acme.example")));
    check_place(&t, 1, "d ann@acme.example");
    check_place(&t, 2, "d bob@acme.example");
    check_place(&t, 3, "d cid@acme.example");
    check_place(&t, 0, NULL);
    check_place(&t, 4, NULL);
    check_place(&t, PLACE_TABLE_CHUNK, NULL);
    check_place(&t, UINT64_MAX, NULL);
    /* Another score is as long, another name is not. */
    cr_assert(place_table_put(&t, 2, TS_STR_LIT("Z bob@acme.example")));
    cr_assert(place_table_put(&t, 1, TS_STR_LIT("d a@b.example")));
    check_place(&t, 1, "d a@b.example");
    check_place(&t, 2, "Z bob@acme.example");
    check_place(&t, 3, "d cid@acme.example");
    cr_assert(place_table_put(&t, 2, TS_STR_LIT("d roberta.of.the.bobs@acme.example")));
    check_place(&t, 1, "d a@b.example");
    check_place(&t, 2, "d roberta.of.the.bobs@acme.example");
    check_place(&t, 3, "d cid@acme.example");
    place_table_done(&t);
    check_place(&t, 1, NULL);
}

Test(place_table, an_empty_place_takes_it_away)
{
    place_table t = { .chunks = NULL };

    cr_assert(place_table_put(&t, 500, TS_STR_NULL));
    cr_assert_eq(t.bytes, 0);
    cr_assert(place_table_put(&t, 1, TS_STR_LIT("one")));
    cr_assert(place_table_put(&t, 2, TS_STR_LIT("two")));
    cr_assert(place_table_put(&t, 1, TS_STR_NULL));
    check_place(&t, 1, NULL);
    check_place(&t, 2, "two");
    cr_assert(place_table_put(&t, 1, TS_STR_LIT("again")));
    check_place(&t, 1, "again");
    check_place(&t, 2, "two");
    place_table_done(&t);
}

static void text_of(uint64_t user, unsigned round, char ret[PLACE_MAX])
{
    size_t n = 1 + (size_t)(user * 31 + round * 17) % 60;

    memset(ret, 'a' + (int)((user + round) % 26), n);
    ret[n] = '\0';
}

Test(place_table, many_users_do_not_get_into_each_others_way)
{
    place_table t = { .chunks = NULL };
    char text[PLACE_MAX];
    size_t bytes = 0;

    for (unsigned round = 0; round < 3; round++) {
        for (uint64_t i = 0; i < MANY; i++) {
            uint64_t user = i * 7919 % MANY; /* shares no factor: each once */

            text_of(user, round, text);
            cr_assert(place_table_put(&t, user, ts_str_of(text)));
        }
        for (uint64_t user = 0; user < MANY; user++) {
            text_of(user, round, text);
            check_place(&t, user, text);
        }
        bytes += t.bytes;
    }
    cr_assert(t.bytes > MANY * 30 && t.bytes < MANY * 80, "%zu bytes", t.bytes);
    cr_assert(bytes > t.bytes);
    place_table_done(&t);
    cr_assert_eq(t.bytes, 0);
}

Test(place_table, refuses_what_is_too_large_and_keeps_what_is_there)
{
    place_table t = { .chunks = NULL };
    char text[PLACE_MAX + 1];

    memset(text, 'x', sizeof(text));
    cr_assert(place_table_put(&t, 7, TS_STR_LIT("seven")));
    cr_assert(!place_table_put(&t, 7, ts_str_n(text, PLACE_MAX + 1)));
    cr_assert(!place_table_put(&t, PLACE_TABLE_NUMBERS, TS_STR_LIT("far")));
    check_place(&t, 7, "seven");
    /* A chunk holds the longest of all its users. */
    for (uint64_t user = 0; user < PLACE_TABLE_CHUNK; user++) {
        text[0] = (char)('A' + user);
        cr_assert(place_table_put(&t, user, ts_str_n(text, PLACE_MAX)));
    }
    for (uint64_t user = 0; user < PLACE_TABLE_CHUNK; user++) {
        cr_assert_eq(place_table_get(&t, user).n, PLACE_MAX);
        cr_assert_eq(place_table_get(&t, user).p[0], (char)('A' + user));
    }
    place_table_done(&t);
}
