/* The company: who is in it and where they are. */
#include <criterion/criterion.h>

#include "company.h"
#include "prng.h"

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static sim_company company(uint32_t people)
{
    return (sim_company){ .seed = 7, .people = people, .domain = "a.example" };
}

Test(company, no_two_of_ten_thousand_people_share_an_address)
{
    enum { PEOPLE = 10000 };
    const sim_company c = company(PEOPLE);
    char(*emails)[SIM_EMAIL_SIZE] = calloc(PEOPLE, sizeof(*emails));

    cr_assert_not_null(emails);
    for (uint32_t i = 0; i < PEOPLE; i++) {
        sim_person p;

        sim_person_get(&c, i, &p);
        memcpy(emails[i], p.email, sizeof(p.email));
    }
    qsort(emails, PEOPLE, sizeof(*emails), by_text);
    for (uint32_t i = 1; i < PEOPLE; i++)
        cr_assert_str_neq(emails[i - 1], emails[i]);
    free(emails);
}

Test(company, a_person_is_the_same_each_time)
{
    const sim_company c = company(142);
    sim_person a, b;

    sim_person_get(&c, 17, &a);
    sim_person_get(&c, 17, &b);
    cr_assert_str_eq(a.email, b.email);
    cr_assert_str_eq(a.profile_id, b.profile_id);
    cr_assert_eq(a.city, b.city);
    cr_assert_eq(strlen(a.profile_id), 21);
}

Test(company, has_one_to_three_admins_by_its_size)
{
    static const struct {
        uint32_t people, admins;
    } cases[] = { { 1, 1 }, { 9, 1 }, { 10, 2 }, { 59, 2 }, { 60, 3 }, { 142, 3 }, { 100000, 3 } };

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        const sim_company c = company(cases[i].people);
        uint32_t admins = 0;

        for (uint32_t n = 0; n < (c.people < 100 ? c.people : 100); n++) {
            sim_person p;

            sim_person_get(&c, n, &p);
            admins += p.is_admin ? 1 : 0;
        }
        cr_assert_eq(admins, cases[i].admins, "%u people", cases[i].people);
    }
}

Test(company, managers_exist_and_the_head_has_none_above)
{
    const sim_company c = company(142);

    for (uint32_t n = 0; n < c.people; n++) {
        sim_person p;

        sim_person_get(&c, n, &p);
        cr_assert_lt(p.manager, c.people);
        cr_assert((p.manager == n) == (n == 0), "person %u", n);
        cr_assert_not_null(p.department);
        cr_assert_not_null(p.title);
    }
}

Test(places, blocks_of_cities_are_the_documented_test_ranges)
{
    char text[SIM_ADDRESS_SIZE];

    sim_city_block(0, 0, text);
    cr_assert_str_eq(text, "198.18.0.0/19");
    sim_city_block(15, 0, text);
    cr_assert_str_eq(text, "198.19.224.0/19");
    sim_city_block(1, 1, text);
    cr_assert_str_eq(text, "203.0.113.16/28");
    sim_city_block(9, 2, text);
    cr_assert_str_eq(text, "2001:db8:a::/48");
    sim_foreign_block(1, text);
    cr_assert_str_eq(text, "192.0.2.128/25");
    sim_foreign_block(2, text);
    cr_assert_str_eq(text, "198.51.100.0/25");
}

Test(places, addresses_lie_in_the_block_of_their_city)
{
    char text[SIM_ADDRESS_SIZE];

    sim_address(SIM_HOME, 0, 0, text);
    cr_assert_str_eq(text, "198.18.0.1");
    sim_address(SIM_HOME, 15, 8127, text); /* the last of 32 x 254 */
    cr_assert_str_eq(text, "198.19.255.254");
    sim_address(SIM_OFFICE, 2, 0, text);
    cr_assert_str_eq(text, "203.0.113.33");
    sim_address(SIM_AWAY, 3, 125, text);
    cr_assert_str_eq(text, "198.51.100.254");
    cr_assert_eq(sim_asn(SIM_OFFICE, 0), 64496);
    cr_assert_eq(sim_asn(SIM_HOME, 15), 64511);
}

Test(prng, numbers_are_those_of_the_published_algorithm)
{
    /* SplitMix64 from state 0: the sequence its authors publish with it. */
    sim_rng r = { .state = 0 };

    cr_assert_eq(sim_rng_next(&r), UINT64_C(0xE220A8397B1DCDAF));
    cr_assert_eq(sim_rng_next(&r), UINT64_C(0x6E789E6AA1B965F4));
    cr_assert_eq(sim_rng_next(&r), UINT64_C(0x06C45D188009454F));
}

Test(prng, ranges_hold_their_bounds_and_reach_them)
{
    sim_rng r = sim_rng_of(3);
    bool low = false, high = false;

    for (int i = 0; i < 1000; i++) {
        const int64_t n = sim_rng_between(&r, -2, 2);

        cr_assert(n >= -2 && n <= 2);
        low = low || n == -2;
        high = high || n == 2;
    }
    cr_assert(low && high);
    cr_assert_eq(sim_rng_below(&r, 0), 0);
}
