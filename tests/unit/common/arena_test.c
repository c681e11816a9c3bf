#include <criterion/criterion.h>

#include "envelope.pb-c.h"
#include "ts/arena.h"

Test(arena, gives_its_ceiling_and_not_a_byte_more)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *a = ts_arena_new(1000);

    cr_assert_not_null(ts_arena_alloc(a, 900));
    cr_assert_null(ts_arena_alloc(a, 101));
    cr_assert_not_null(ts_arena_alloc(a, 100));
    cr_assert_eq(ts_arena_used(a), 1000);
    cr_assert_null(ts_arena_alloc(a, 1));
    cr_assert_not_null(ts_arena_alloc(a, 0));
}

Test(arena, gives_everything_again_after_a_reset)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *a = ts_arena_new(100000);

    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 100; i++)
            cr_assert_not_null(ts_arena_alloc(a, 1000));
        cr_assert_null(ts_arena_alloc(a, 1));
        ts_arena_reset(a);
        cr_assert_eq(ts_arena_used(a), 0);
    }
}

Test(arena, memory_is_zeroed_even_when_it_is_used_again)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *a = ts_arena_new(10000);
    static const char zeros[500];

    for (int round = 0; round < 2; round++) {
        char *p = ts_arena_alloc(a, 500);

        cr_assert_arr_eq(p, zeros, 500);
        memset(p, 0xFF, 500);
        ts_arena_reset(a);
    }
}

Test(arena, memory_is_aligned_for_any_type_also_behind_text)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *a = ts_arena_new(100000);

    for (size_t n = 0; n < 40; n++) {
        cr_assert_not_null(ts_arena_z(a, ts_str_n("0123456789012345678901234567890123456789", n)));
        cr_assert_eq((uintptr_t)ts_arena_alloc(a, 8) % 16, 0);
    }
}

Test(arena, a_piece_larger_than_any_block_does_not_disturb_the_small_ones)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *a = ts_arena_new((size_t)10 << 20);
    char *small = ts_arena_z(a, TS_STR_LIT("small"));
    char *large = ts_arena_alloc(a, (size_t)5 << 20);
    char *after = ts_arena_z(a, TS_STR_LIT("after"));

    memset(large, 'x', (size_t)5 << 20);
    cr_assert_str_eq(small, "small");
    cr_assert_str_eq(after, "after");
}

Test(arena, array_checks_the_multiplication)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *a = ts_arena_new(SIZE_MAX);

    cr_assert_null(ts_arena_array(a, SIZE_MAX / 2, 3));
    cr_assert_not_null(ts_arena_array(a, 3, 8));
}

Test(arena, copies_end_in_nul_and_failures_are_null)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *a = ts_arena_new(8);
    ts_str copy = ts_arena_str(a, TS_STR_LIT("abc"));

    cr_assert(ts_str_is(copy, "abc"));
    cr_assert_eq(copy.p[3], '\0');
    cr_assert_null(ts_arena_str(a, TS_STR_LIT("4567")).p);
    cr_assert_str_eq(ts_arena_z(a, TS_STR_LIT("456")), "456");
    cr_assert_null(ts_arena_z(a, TS_STR_NULL));
}

Test(arena, prints_short_and_long_text_up_to_the_ceiling)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *a = ts_arena_new(404);
    char word[401];

    memset(word, 'w', 400);
    word[400] = '\0';
    cr_assert_str_eq(ts_arena_printf(a, "%d", 12), "12");
    cr_assert_eq(ts_arena_used(a), 3);
    cr_assert_str_eq(ts_arena_printf(a, "%s", word), word);
    cr_assert_null(ts_arena_printf(a, "%s", ""));
}

Test(arena, unpacks_a_message)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *a = ts_arena_new(10000);
    /* field 1 (uint32) = 4, field 2 (string) = "id" */
    ts_str bytes = TS_STR_LIT("\x08\x04\x12\x02id");
    ProtobufCMessage *message = NULL;
    const Ts__Reply *reply;

    cr_assert_eq(ts_arena_unpack(a, &ts__reply__descriptor, bytes, &message), TS_OK);
    reply = (const Ts__Reply *)message;
    cr_assert_eq(reply->status, 4);
    cr_assert_str_eq(reply->error_param, "id");
    cr_assert_str_eq(reply->error_text, "");
    cr_assert_eq(ts_arena_unpack(a, &ts__empty__descriptor, TS_STR_NULL, &message), TS_OK);
}

Test(arena, tells_bad_bytes_from_a_full_arena)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *a = ts_arena_new(10000);
    TS_CLEANUP(ts_arena_free_p) ts_arena *full = ts_arena_new(8);
    ProtobufCMessage *message = NULL;

    cr_assert_eq(ts_arena_unpack(a, &ts__reply__descriptor, TS_STR_LIT("\x12\x05id"), &message),
                 TS_CORRUPT);
    cr_assert_eq(ts_arena_unpack(full, &ts__reply__descriptor, TS_STR_LIT("\x12\x02id"), &message),
                 TS_NOMEM);
    cr_assert_null(message);
}

Test(arena, a_list_grows_and_keeps_what_it_holds)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *a = ts_arena_new(100000);
    uint32_t *list = NULL;
    size_t capacity = 0;

    for (uint32_t i = 0; i < 1000; i++) {
        cr_assert(ts_arena_grow(a, &list, i, &capacity, sizeof(*list)));
        list[i] = i * 3;
    }
    for (uint32_t i = 0; i < 1000; i++)
        cr_assert_eq(list[i], i * 3);
    cr_assert_geq(capacity, 1000);
}

Test(arena, a_large_list_leaves_no_earlier_copies)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *a = ts_arena_new((size_t)64 << 20);
    uint64_t *list = NULL;
    size_t capacity = 0;
    const size_t count = (size_t)1 << 20;

    for (size_t i = 0; i < count; i++) {
        cr_assert(ts_arena_grow(a, &list, i, &capacity, sizeof(*list)));
        list[i] = i;
    }
    for (size_t i = 0; i < count; i++)
        cr_assert_eq(list[i], i);
    cr_expect_lt(ts_arena_used(a), capacity * sizeof(*list) + ((size_t)256 << 10));
}

Test(arena, a_list_that_cannot_grow_stays_as_it_is)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *a = ts_arena_new(100);
    uint64_t *list = NULL;
    size_t capacity = 0;

    cr_assert(ts_arena_grow(a, &list, 0, &capacity, sizeof(*list)));
    cr_assert_eq(capacity, 8);
    list[7] = 7;
    cr_assert_not(ts_arena_grow(a, &list, 8, &capacity, sizeof(*list)));
    cr_assert_eq(capacity, 8);
    cr_assert_eq(list[7], 7);
}
