/* Keys in memory: bounded, the longest unused gives way; answers to repeated calls. */
#include <criterion/criterion.h>

#include "cache.h"

typedef struct name {
    uint8_t sha256[32];
} name;

/* Keys whose first bytes, which choose the bucket, are alike or not. */
static name name_of(uint8_t bucket, uint8_t rest)
{
    name n = { { 0 } };

    n.sha256[0] = bucket;
    n.sha256[31] = rest;
    return n;
}

/* A key of an organization that is made with its first key. */
static auth_entry *add(auth_cache *c, name n, uint64_t org)
{
    auth_org *of = auth_cache_org(c, org);

    if (of == NULL)
        of = auth_cache_add_org(c, org);
    cr_assert_not_null(of);
    return auth_cache_add(c, n.sha256, of);
}

static uint64_t org_of(auth_cache *c, name n)
{
    return auth_cache_get(c, n.sha256)->of->number;
}

/* Each of an organization of its own. */
static void fill(auth_cache *c, uint8_t count)
{
    for (uint8_t i = 0; i < count; i++)
        cr_assert_not_null(add(c, name_of(i, 0), i));
}

Test(cache, finds_what_was_added_and_nothing_else)
{
    auth_cache *c = auth_cache_new(16);

    fill(c, 3);
    cr_assert_eq(org_of(c, name_of(1, 0)), 1);
    cr_assert_null(auth_cache_get(c, name_of(1, 9).sha256));
    auth_cache_free(c);
}

Test(cache, keys_of_one_bucket_are_told_apart_and_dropped_one_by_one)
{
    auth_cache *c = auth_cache_new(16);

    for (uint8_t i = 0; i < 5; i++)
        cr_assert_not_null(add(c, name_of(7, i), i));
    auth_cache_drop(c, name_of(7, 2).sha256); /* in the middle */
    auth_cache_drop(c, name_of(7, 4).sha256); /* the first of the bucket */
    auth_cache_drop(c, name_of(7, 0).sha256); /* the last */
    auth_cache_drop(c, name_of(7, 0).sha256); /* not there any more: no harm */
    cr_assert_null(auth_cache_get(c, name_of(7, 2).sha256));
    cr_assert_null(auth_cache_get(c, name_of(7, 4).sha256));
    cr_assert_null(auth_cache_get(c, name_of(7, 0).sha256));
    cr_assert_eq(org_of(c, name_of(7, 1)), 1);
    cr_assert_eq(org_of(c, name_of(7, 3)), 3);
    auth_cache_free(c);
}

Test(cache, a_full_one_gives_up_the_key_that_was_not_used_for_the_longest_time)
{
    auth_cache *c = auth_cache_new(4);

    fill(c, 4);
    cr_assert_not_null(auth_cache_get(c, name_of(0, 0).sha256)); /* the oldest is used again */
    cr_assert_not_null(add(c, name_of(9, 0), 9));
    cr_assert_not_null(auth_cache_get(c, name_of(0, 0).sha256));
    cr_assert_null(auth_cache_get(c, name_of(1, 0).sha256));
    cr_assert_not_null(auth_cache_get(c, name_of(2, 0).sha256));
    auth_cache_free(c);
}

Test(cache, can_be_emptied_and_filled_again)
{
    auth_cache *c = auth_cache_new(4);

    for (int round = 0; round < 3; round++) {
        fill(c, 4);
        for (uint8_t i = 0; i < 4; i++)
            auth_cache_drop(c, name_of(i, 0).sha256);
        for (uint8_t i = 0; i < 4; i++)
            cr_assert_null(auth_cache_get(c, name_of(i, 0).sha256));
    }
    auth_cache_free(c);
}

Test(cache, an_organization_is_there_as_long_as_one_of_its_keys)
{
    auth_cache *c = auth_cache_new(16);

    cr_assert_null(auth_cache_org(c, 5));
    cr_assert_not_null(add(c, name_of(1, 0), 5));
    cr_assert_not_null(add(c, name_of(2, 0), 5));
    cr_assert_not_null(add(c, name_of(3, 0), 5 + 4096)); /* in the same bucket */
    auth_cache_org(c, 5)->limit = 7;
    cr_assert_eq(auth_cache_get(c, name_of(2, 0).sha256)->of->limit, 7, "shared by its keys");
    cr_assert_eq(auth_cache_get(c, name_of(3, 0).sha256)->of->limit, 0, "and by no others");
    auth_cache_drop(c, name_of(1, 0).sha256);
    cr_assert_not_null(auth_cache_org(c, 5));
    auth_cache_drop(c, name_of(2, 0).sha256);
    cr_assert_null(auth_cache_org(c, 5));
    cr_assert_not_null(auth_cache_org(c, 5 + 4096));
    auth_cache_free(c);
}

Test(cache, the_last_key_of_an_organization_may_give_way_to_another_of_its_own)
{
    auth_cache *c = auth_cache_new(1);

    for (uint8_t i = 0; i < 5; i++) {
        cr_assert_not_null(add(c, name_of(i, 0), 3));
        cr_assert_eq(auth_cache_count(c), 1);
        cr_assert_eq(auth_cache_org(c, 3)->keys, 1);
    }
    auth_cache_free(c);
}

Test(cache, a_dropped_organization_takes_its_keys_along_and_no_others)
{
    auth_cache *c = auth_cache_new(16);

    for (uint8_t i = 0; i < 9; i++)
        cr_assert_not_null(add(c, name_of(i, 0), i % 2));
    auth_cache_drop_org(c, 0);
    cr_assert_eq(auth_cache_count(c), 4);
    for (uint8_t i = 0; i < 9; i++)
        cr_assert_eq(auth_cache_get(c, name_of(i, 0).sha256) != NULL, i % 2 == 1);
    auth_cache_drop_org(c, 1);
    cr_assert_eq(auth_cache_count(c), 0);
    auth_cache_drop_org(c, 1);
    auth_cache_free(c);
}

Test(cache, holds_as_many_as_it_may_and_never_one_more)
{
    auth_cache *c = auth_cache_new(4);

    fill(c, 3);
    cr_assert_eq(auth_cache_count(c), 3);
    cr_assert_not_null(add(c, name_of(3, 0), 3));
    cr_assert_eq(auth_cache_count(c), 4);
    cr_assert_not_null(auth_cache_get(c, name_of(0, 0).sha256), "nobody had to give way");
    for (int i = 4; i < 200; i++) {
        cr_assert_not_null(add(c, name_of((uint8_t)i, 0), (uint64_t)i % 7));
        cr_assert_eq(auth_cache_count(c), 4);
    }
    auth_cache_free(c);
}

Test(cache, a_repeated_call_finds_its_verdict)
{
    auth_cache *c = auth_cache_new(16);
    uint8_t first[16] = { 1, 2, 3 };
    uint8_t same_place[16] = { 1, 2, 3, 0, 0, 0, 0, 0, 0, 9 };
    auth_verdict given = { .admitted = true, .remaining = 41, .reset_s = 60 };
    auth_verdict found = { 0 };

    cr_assert_not(auth_cache_repeat(c, first, &found));
    auth_cache_remember(c, first, &given);
    cr_assert(auth_cache_repeat(c, first, &found));
    cr_assert(found.admitted);
    cr_assert_eq(found.remaining, 41);
    cr_assert_not(auth_cache_repeat(c, same_place, &found));
    auth_cache_remember(c, same_place, &given);
    cr_assert_not(auth_cache_repeat(c, first, &found), "its place was taken");
    auth_cache_free(c);
}

Test(cache, an_id_of_zeros_was_not_called_before)
{
    auth_cache *c = auth_cache_new(16);
    uint8_t zeros[16] = { 0 };
    auth_verdict found;

    cr_assert_not(auth_cache_repeat(c, zeros, &found));
    auth_cache_free(c);
}
