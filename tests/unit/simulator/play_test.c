/* The play as a whole: same seed same bytes, believable days, whole attacks. */
#include <criterion/criterion.h>

#include "day.h"
#include "play.h"
#include "record.h"
#include "ts/id.h"
#include "ts/time.h"

#define END INT64_C(1767787200000) /* 2026-01-07T12:00:00Z, a Wednesday */
#define MAX (256u << 20)

static sim_setup setup(uint64_t seed)
{
    return (sim_setup){ .company = { .seed = seed, .people = 60, .domain = "a.example" },
                        .days = 7,
                        .end_ms = END,
                        .attacks = SIM_ATTACKS_ALL };
}

static sim_play *play(const sim_setup *s)
{
    ts_error err = { .text = "" };
    sim_play *p = NULL;

    cr_assert_eq(sim_play_new(s, &p, &err), TS_OK, "%s", err.text);
    return p;
}

static ts_buf bytes_of(const sim_setup *s)
{
    TS_CLEANUP(sim_play_free_p) sim_play *p = play(s);
    ts_buf b = TS_BUF_INIT(MAX);
    ts_status st;

    do
        st = sim_play_next(p, &b);
    while (st == TS_OK);
    cr_assert_eq(st, TS_NOT_FOUND);
    return b;
}

static sim_events events_of(const sim_setup *s)
{
    TS_CLEANUP(sim_play_free_p) sim_play *p = play(s);
    sim_events list = { 0 };
    const sim_event *e;

    while ((e = sim_play_next_event(p)) != NULL)
        sim_events_add(&list, e);
    cr_assert_eq(sim_play_status(p), TS_OK);
    cr_assert_eq(list.status, TS_OK);
    return list;
}

Test(play, the_same_seed_gives_the_same_bytes)
{
    const sim_setup s = setup(1);
    TS_CLEANUP(ts_buf_done) ts_buf a = bytes_of(&s);
    TS_CLEANUP(ts_buf_done) ts_buf b = bytes_of(&s);

    cr_assert_gt(a.size, 1000000);
    cr_assert(ts_str_eq(ts_buf_view(&a), ts_buf_view(&b)));
}

/* Pins the bytes over machines, compilers and time. A change of what the simulator writes changes this on purpose. */
Test(play, the_bytes_of_seed_1_are_those_of_every_other_machine)
{
    const sim_setup s = setup(1);
    TS_CLEANUP(ts_buf_done) ts_buf b = bytes_of(&s);
    uint8_t digest[32];
    char hex[65];

    ts_sha256(ts_buf_view(&b), digest);
    ts_hex(digest, sizeof(digest), hex);
    cr_assert_str_eq(hex, "ab9f7a878dadeecb77affc6297d04e8e9bea8af75a77b166fc84706c03ec188f");
}

Test(play, another_seed_gives_another_company)
{
    const sim_setup s = setup(1), other = setup(2);
    TS_CLEANUP(ts_buf_done) ts_buf a = bytes_of(&s);
    TS_CLEANUP(ts_buf_done) ts_buf b = bytes_of(&other);

    cr_assert_not(ts_str_eq(ts_buf_view(&a), ts_buf_view(&b)));
}

Test(play, records_come_in_order_of_time_and_within_the_days)
{
    const sim_setup s = setup(3);
    TS_CLEANUP(sim_events_done) sim_events list = events_of(&s);

    cr_assert_gt(list.count, 3000);
    for (size_t i = 0; i < list.count; i++) {
        cr_assert_geq(list.items[i].time_ms, END - 7 * TS_DAY_MS);
        cr_assert_lt(list.items[i].time_ms, END);
        cr_assert(i == 0 || list.items[i - 1].time_ms <= list.items[i].time_ms);
    }
}

static int by_number(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

Test(play, every_record_has_a_key_of_its_own)
{
    sim_setup s = setup(4);
    TS_CLEANUP(sim_events_done) sim_events list = { 0 };
    uint64_t *keys;

    s.max_events = 30000; /* several rounds */
    list = events_of(&s);
    keys = calloc(list.count, sizeof(*keys));
    cr_assert_not_null(keys);
    for (size_t i = 0; i < list.count; i++)
        keys[i] = list.items[i].key;
    qsort(keys, list.count, sizeof(*keys), by_number);
    for (size_t i = 1; i < list.count; i++)
        cr_assert_neq(keys[i - 1], keys[i]);
    free(keys);
}

Test(play, people_work_on_weekdays_in_the_hours_of_their_own_clock)
{
    sim_setup s = setup(5);
    TS_CLEANUP(sim_events_done) sim_events list = { 0 };
    size_t at_work = 0, weekend = 0, night = 0;

    s.attacks = 0;
    list = events_of(&s);
    for (size_t i = 0; i < list.count; i++) {
        sim_person p;
        int64_t local_ms, minute;

        sim_person_get(&s.company, list.items[i].person, &p);
        local_ms = list.items[i].time_ms + sim_city_at(p.city)->utc_minutes * TS_MINUTE_MS;
        minute = local_ms % TS_DAY_MS / TS_MINUTE_MS;
        if (sim_is_weekend(ts_time_day(local_ms)))
            weekend++;
        else if (minute >= 7 * 60 && minute < 20 * 60)
            at_work++;
        if (minute < 5 * 60)
            night++;
    }
    cr_assert_gt(at_work * 100, list.count * 92, "%zu of %zu", at_work, list.count);
    cr_assert_gt(weekend, 0);
    cr_assert_lt(weekend * 100, list.count * 4);
    cr_assert_eq(night, 0);
}

Test(play, a_week_has_all_sorts_of_work_in_it)
{
    static const struct {
        sim_kind kind;
        size_t at_least;
    } cases[] = { { SIM_LOGIN_SUCCESS, 200 },       { SIM_LOGIN_FAILURE, 3 },
                  { SIM_DRIVE_VIEW, 1000 },         { SIM_DRIVE_DOWNLOAD, 50 },
                  { SIM_DRIVE_SHARE_INSIDE, 50 },   { SIM_DRIVE_SHARE_OUTSIDE, 3 },
                  { SIM_TOKEN_AUTHORIZE, 5 },       { SIM_TOKEN_ACTIVITY, 300 },
                  { SIM_GEMINI_USE, 50 },           { SIM_DEVICE_SYNC, 200 },
                  { SIM_ADMIN_ADD_GROUP_MEMBER, 3 } };
    sim_setup s = setup(6);
    TS_CLEANUP(sim_events_done) sim_events list = { 0 };
    size_t counts[SIM_KINDS] = { 0 };

    s.attacks = 0;
    list = events_of(&s);
    for (size_t i = 0; i < list.count; i++)
        counts[list.items[i].kind]++;
    for (size_t i = 0; i < TS_COUNT(cases); i++)
        cr_assert_geq(counts[cases[i].kind], cases[i].at_least, "kind %d: %zu", (int)cases[i].kind,
                      counts[cases[i].kind]);
    cr_assert_eq(counts[SIM_TOKEN_BAD_AUTHORIZE], 0);
    cr_assert_eq(counts[SIM_ADMIN_GRANT_PRIVILEGE], 0);
    cr_assert_eq(counts[SIM_DRIVE_PUBLIC_LINK], 0);
}

Test(play, only_admins_do_admin_work)
{
    const sim_setup s = setup(7);
    TS_CLEANUP(sim_events_done) sim_events list = events_of(&s);

    for (size_t i = 0; i < list.count; i++) {
        sim_person p;

        if (strcmp(sim_kind_application((sim_kind)list.items[i].kind), "admin") != 0)
            continue;
        sim_person_get(&s.company, list.items[i].person, &p);
        cr_assert(p.is_admin);
    }
}

Test(play, gives_exactly_the_number_of_records_asked_for_with_whole_attacks)
{
    static const uint64_t counts[] = { 300, 1000, 50000 };

    for (size_t n = 0; n < TS_COUNT(counts); n++) {
        sim_setup s = setup(8);
        TS_CLEANUP(sim_play_free_p) sim_play *p = NULL;
        TS_CLEANUP(sim_events_done) sim_events list = { 0 };
        size_t attack_events = 0;

        s.max_events = counts[n];
        p = play(&s);
        list = events_of(&s);
        cr_assert_eq(list.count, counts[n]);
        for (size_t i = 0; i < list.count; i++)
            attack_events += list.items[i].attack != 0 ? 1 : 0;
        cr_assert_eq(attack_events, sim_play_attack_events(p)->count);
    }
}

Test(play, refuses_fewer_records_than_its_attacks_have)
{
    sim_setup s = setup(9);
    sim_play *p = NULL;
    ts_error err = { .text = "" };

    s.max_events = 5;
    cr_assert_eq(sim_play_new(&s, &p, &err), TS_INVALID);
    cr_assert_str_eq(err.param, "events");
    cr_assert_null(p);
}

Test(play, an_overlap_of_two_plays_is_the_same_records)
{
    sim_setup s = setup(10);
    TS_CLEANUP(ts_buf_done) ts_buf early = { 0 }, late = { 0 };
    ts_str first_line;

    s.attacks = 0;
    early = bytes_of(&s);
    s.end_ms += TS_DAY_MS;
    late = bytes_of(&s);
    first_line = (ts_str){ late.data, ts_str_find(ts_buf_view(&late), '\n') };
    cr_assert_not_null(memmem(early.data, early.size, first_line.p, first_line.n));
}

Test(play, a_company_of_one_works_and_can_be_attacked)
{
    sim_setup s = setup(11);
    TS_CLEANUP(sim_events_done) sim_events list = { 0 };

    s.company.people = 1;
    list = events_of(&s);
    cr_assert_gt(list.count, 50);
}

Test(attacks, each_kind_is_labelled_with_its_events_in_the_second_half)
{
    const sim_setup s = setup(12);
    TS_CLEANUP(sim_play_free_p) sim_play *p = play(&s);
    const sim_labels *labels = sim_play_labels(p);
    const sim_events *events = sim_play_attack_events(p);
    size_t kinds[SIM_ATTACKS] = { 0 };
    size_t covered = 0;

    for (size_t i = 0; i < labels->count; i++) {
        const sim_label *l = &labels->items[i];

        kinds[l->attack]++;
        cr_assert_geq(l->start_ms, END - 7 * TS_DAY_MS / 2);
        cr_assert_lt(l->end_ms, END);
        cr_assert_leq(l->start_ms, l->end_ms);
        for (size_t n = l->first; n < l->first + l->count; n++) {
            cr_assert_eq(events->items[n].attack, 1 + (int)l->attack);
            cr_assert_eq(events->items[n].person, l->person);
        }
        covered += l->count;
    }
    cr_assert_eq(covered, events->count);
    cr_assert_eq(kinds[SIM_ATTACK_TAKEOVER], 1);
    cr_assert_eq(kinds[SIM_ATTACK_INSIDER], 1);
    cr_assert_geq(kinds[SIM_ATTACK_CONSENT], 3);
    cr_assert_eq(kinds[SIM_ATTACK_ADMIN], 1);
}

Test(attacks, a_takeover_is_failures_then_success_abroad_then_the_second_factor_off)
{
    for (uint64_t seed = 1; seed <= 50; seed++) {
        sim_setup s = setup(seed);
        TS_CLEANUP(sim_play_free_p) sim_play *p = NULL;
        const sim_events *e;
        size_t n = 0;

        s.attacks = 1u << SIM_ATTACK_TAKEOVER;
        p = play(&s);
        e = sim_play_attack_events(p);
        while (n < e->count && e->items[n].kind == SIM_LOGIN_FAILURE)
            n++;
        cr_assert_geq(n, 12);
        cr_assert_eq(e->items[n].kind, SIM_LOGIN_SUCCESS);
        cr_assert_eq(e->items[n].where, SIM_AWAY);
        cr_assert_eq(e->items[n + 1].kind, SIM_2SV_DISABLE);
        cr_assert_eq(e->items[n + 2].kind, SIM_FORWARD_OUTSIDE);
        /* Ten failures within ten minutes of the success: what a brute-force rule looks for. */
        cr_assert_leq(e->items[n].time_ms - e->items[n - 10].time_ms, 10 * TS_MINUTE_MS);
    }
}

Test(attacks, a_list_of_names_chooses_them)
{
    uint32_t mask = 99;
    ts_error err = { .text = "" };

    cr_assert_eq(sim_attacks_parse(TS_STR_LIT("none"), &mask, &err), TS_OK);
    cr_assert_eq(mask, 0);
    cr_assert_eq(sim_attacks_parse(TS_STR_LIT("all"), &mask, &err), TS_OK);
    cr_assert_eq(mask, 15);
    cr_assert_eq(sim_attacks_parse(TS_STR_LIT("oauth_consent_abuse,rogue_admin"), &mask, &err),
                 TS_OK);
    cr_assert_eq(mask, 12);
    cr_assert_eq(sim_attacks_parse(TS_STR_LIT("phishing"), &mask, &err), TS_INVALID);
}

Test(day, weekdays_are_those_of_the_calendar)
{
    cr_assert_eq(sim_weekday(0), 4);      /* 1970-01-01, Thursday */
    cr_assert_eq(sim_weekday(20460), 3);  /* 2026-01-07, Wednesday */
    cr_assert(sim_is_weekend(20463));     /* Saturday */
    cr_assert_not(sim_is_weekend(20465)); /* Monday */
    cr_assert_eq(sim_weekday(-1), 3);
}
