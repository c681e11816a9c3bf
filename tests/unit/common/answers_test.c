#include <criterion/criterion.h>

#include "answers.h"

#define ROOM ((size_t)8192)

static const ts_method lists = { .name = "test.List" };
static const ts_method counts = { .name = "test.Count" };

static bus_question question(uint64_t org, ts_mode mode, const char *request)
{
    return (
        bus_question){ .method = &lists, .tenant = { org, mode }, .request = ts_str_of(request) };
}

static bool gives(bus_answers *a, bus_question q, uint64_t version, const char *answer)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(100000);
    ts_str found = bus_answers_find(a, &q, version, arena);

    return answer == NULL ? found.p == NULL : ts_str_is(found, answer);
}

static void keep(bus_answers *a, bus_question q, uint64_t version, const char *answer)
{
    bus_answers_keep(a, &q, version, ts_str_of(answer));
}
TS_DEFINE_CLEANUP(bus_answers, bus_answers_free);

Test(answers, gives_what_was_kept_for_the_same_question)
{
    TS_CLEANUP(bus_answers_free_p) bus_answers *a = bus_answers_new(ROOM);
    bus_question other = question(1, TS_MODE_LIVE, "q");

    keep(a, question(1, TS_MODE_LIVE, "q"), 2, "answer");
    cr_assert(gives(a, question(1, TS_MODE_LIVE, "q"), 2, "answer"));
    cr_assert(gives(a, question(1, TS_MODE_LIVE, "q"), 2, "answer"));
    cr_assert(gives(a, question(2, TS_MODE_LIVE, "q"), 2, NULL));
    cr_assert(gives(a, question(1, TS_MODE_TEST, "q"), 2, NULL));
    cr_assert(gives(a, question(1, TS_MODE_LIVE, "Q"), 2, NULL));
    cr_assert(gives(a, question(1, TS_MODE_LIVE, ""), 2, NULL));
    other.method = &counts;
    cr_assert(gives(a, other, 2, NULL));
}

Test(answers, an_empty_answer_is_one)
{
    TS_CLEANUP(bus_answers_free_p) bus_answers *a = bus_answers_new(ROOM);

    keep(a, question(1, TS_MODE_LIVE, ""), 2, "");
    cr_assert(gives(a, question(1, TS_MODE_LIVE, ""), 2, ""));
}

Test(answers, another_version_ends_an_answer_for_good)
{
    TS_CLEANUP(bus_answers_free_p) bus_answers *a = bus_answers_new(ROOM);

    keep(a, question(1, TS_MODE_LIVE, "q"), 2, "old");
    cr_assert(gives(a, question(1, TS_MODE_LIVE, "q"), 4, NULL));
    cr_assert(gives(a, question(1, TS_MODE_LIVE, "q"), 2, NULL));
    keep(a, question(1, TS_MODE_LIVE, "q"), 4, "new");
    cr_assert(gives(a, question(1, TS_MODE_LIVE, "q"), 4, "new"));
}

Test(answers, one_with_more_than_its_share_is_not_kept)
{
    TS_CLEANUP(bus_answers_free_p) bus_answers *a = bus_answers_new(ROOM);
    char large[ROOM / BUS_ANSWERS_SHARE + 1];
    char fits[ROOM / BUS_ANSWERS_SHARE - 128]; /* of an entry's own size */

    memset(large, 'x', sizeof(large));
    large[sizeof(large) - 1] = '\0';
    memset(fits, 'x', sizeof(fits));
    fits[sizeof(fits) - 1] = '\0';
    keep(a, question(1, TS_MODE_LIVE, "q"), 2, large);
    cr_assert(gives(a, question(1, TS_MODE_LIVE, "q"), 2, NULL));
    keep(a, question(1, TS_MODE_LIVE, "q"), 2, fits);
    cr_assert(gives(a, question(1, TS_MODE_LIVE, "q"), 2, fits));
}

Test(answers, a_long_question_is_not_kept)
{
    TS_CLEANUP(bus_answers_free_p) bus_answers *a = bus_answers_new(16 * ROOM);
    char text[BUS_QUESTION_MAX + 2];

    memset(text, 'q', sizeof(text));
    text[BUS_QUESTION_MAX + 1] = '\0';
    keep(a, question(1, TS_MODE_LIVE, text), 2, "answer");
    cr_assert(gives(a, question(1, TS_MODE_LIVE, text), 2, NULL));
    text[BUS_QUESTION_MAX] = '\0';
    keep(a, question(1, TS_MODE_LIVE, text), 2, "answer");
    cr_assert(gives(a, question(1, TS_MODE_LIVE, text), 2, "answer"));
}

/* Of a hundred of 300 bytes, at most 27 have room in 8192. */
Test(answers, what_is_not_asked_for_goes_first_when_room_is_short)
{
    TS_CLEANUP(bus_answers_free_p) bus_answers *a = bus_answers_new(ROOM);
    char answer[301];
    int kept = 0;

    memset(answer, 'x', sizeof(answer));
    answer[300] = '\0';
    keep(a, question(1000, TS_MODE_LIVE, "asked"), 2, answer);
    for (uint64_t org = 1; org <= 100; org++) {
        keep(a, question(org, TS_MODE_LIVE, "q"), 2, answer);
        cr_assert(gives(a, question(org, TS_MODE_LIVE, "q"), 2, answer));
        (void)gives(a, question(1000, TS_MODE_LIVE, "asked"), 2, answer);
    }
    cr_assert(gives(a, question(1000, TS_MODE_LIVE, "asked"), 2, answer));
    for (uint64_t org = 1; org <= 100; org++)
        kept += gives(a, question(org, TS_MODE_LIVE, "q"), 2, answer) ? 1 : 0;
    cr_assert(kept >= 10 && kept <= 27, "%d", kept);
}

Test(answers, a_full_arena_is_no_answer)
{
    TS_CLEANUP(bus_answers_free_p) bus_answers *a = bus_answers_new(ROOM);
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(3);
    bus_question q = question(1, TS_MODE_LIVE, "q");

    keep(a, q, 2, "answer");
    cr_assert_null(bus_answers_find(a, &q, 2, arena).p);
}
