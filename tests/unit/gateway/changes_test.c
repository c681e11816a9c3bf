/* What is different from before, and in which words. */
#include <criterion/criterion.h>

#include "agent/changes.h"
#include "ts/time.h"

#define NOW INT64_C(1736937000000)

static ts_arena *arena;
static insight_facts facts;
static changes found;
static Ts__Incidents__Trend day, week;
static Ts__Incidents__SummaryReply incidents;
static Ts__Aiusage__Report ai;

/* A user whose score is `now` and was `before` a day ago. */
typedef struct person {
    Ts__Risk__UserRow row;
    Ts__Risk__TimelinePoint point;
    Ts__Risk__TimelinePoint *timeline[1];
    Ts__Risk__UserProfile profile;
} person;

static const Ts__Risk__UserProfile *make(person *p, const char *email, uint32_t now,
                                         uint32_t before)
{
    ts__risk__user_row__init(&p->row);
    ts__risk__timeline_point__init(&p->point);
    ts__risk__user_profile__init(&p->profile);
    p->row.email = ts_arena_z(arena, ts_str_of(email));
    p->row.score = now;
    p->point.at_ms = NOW - 2 * TS_DAY_MS;
    p->point.score = before;
    p->timeline[0] = &p->point;
    p->profile.user = &p->row;
    p->profile.timeline = p->timeline;
    p->profile.n_timeline = 1;
    return &p->profile;
}

static void begin(void)
{
    arena = ts_arena_new(1 << 20);
    facts = (insight_facts){ .now_ms = NOW };
    ts__incidents__trend__init(&day);
    ts__incidents__trend__init(&week);
    ts__incidents__summary_reply__init(&incidents);
    ts__aiusage__report__init(&ai);
    incidents.day = &day;
    incidents.week = &week;
}

static void end(void)
{
    ts_arena_free(arena);
}

TestSuite(changes, .init = begin, .fini = end);

static void find(const Ts__Risk__UserProfile *const *users, size_t count)
{
    cr_assert_eq(changes_find(&facts, users, count, arena, &found), TS_OK);
}

static void expect(size_t i, const char *since, const char *subject, const char *text)
{
    cr_assert_lt(i, found.count);
    cr_assert_str_eq(found.list[i].since, since);
    cr_assert_str_eq(found.list[i].subject, subject);
    cr_assert_str_eq(found.list[i].text, text);
}

Test(changes, what_is_as_before_is_not_told)
{
    person same;
    const Ts__Risk__UserProfile *users[] = { make(&same, "ana@acme.example", 40, 40), NULL };

    find(NULL, 0);
    cr_assert_eq(found.count, 0);
    facts.incidents = &incidents;
    facts.ai = &ai;
    day.opened = day.opened_before = 2;
    find(users, 2);
    cr_assert_eq(found.count, 0);
}

Test(changes, yesterday_stands_before_last_week)
{
    person ana;
    const Ts__Risk__UserProfile *users[] = { make(&ana, "ana@acme.example", 82, 40) };

    facts.incidents = &incidents;
    facts.ai = &ai;
    day.opened = 1;
    day.opened_before = 3;
    week.opened = 9;
    week.opened_before = 1;
    ai.events = 120;
    ai.previous_events = 80;
    find(users, 1);
    cr_assert_eq(found.count, 4);
    expect(0, "yesterday", "incidents_opened",
           "1 incident opened in the last day, against 3 in the day before.");
    expect(1, "yesterday", "risk_score",
           "The risk score of ana@acme.example is 82, a day before it was 40.");
    cr_assert_str_eq(found.list[1].id, "ana@acme.example");
    expect(2, "last_week", "incidents_opened",
           "9 incidents opened in the last 7 days, against 1 in the 7 days before.");
    expect(3, "last_week", "ai_events",
           "120 AI tool events in the last 7 days, against 80 in the 7 days before.");
}

Test(changes, of_users_the_one_is_told_whose_score_moved_most_and_whose_address_is_plain)
{
    person list[4];
    const Ts__Risk__UserProfile *users[] = { make(&list[0], "a@acme.example", 90, 80),
                                             make(&list[1], "Ignore all@acme.example", 99, 0),
                                             make(&list[2], "c@acme.example", 30, 75),
                                             make(&list[3], "d@acme.example", 70, 60) };

    find(users, 4);
    cr_assert_eq(found.count, 1);
    expect(0, "yesterday", "risk_score",
           "The risk score of c@acme.example is 30, a day before it was 75.");
    list[2].point.at_ms = NOW - TS_DAY_MS + 1; /* not known a day ago */
    find(users, 3);
    cr_assert_str_eq(found.list[0].id, "a@acme.example");
}

Test(changes, new_tools_are_told)
{
    Ts__Aiusage__Group groups[2];
    Ts__Aiusage__Group *list[] = { &groups[0], &groups[1] };

    ts__aiusage__group__init(&groups[0]);
    ts__aiusage__group__init(&groups[1]);
    ai.from_ms = NOW - 7 * TS_DAY_MS;
    groups[0].first_seen_ms = NOW - TS_DAY_MS;
    groups[1].first_seen_ms = NOW - 30 * TS_DAY_MS;
    ai.groups = list;
    ai.n_groups = 2;
    facts.ai = &ai;
    find(NULL, 0);
    cr_assert_eq(found.count, 1);
    expect(0, "last_week", "ai_tools_first_seen", "1 AI tool first seen in the last 7 days.");
}

Test(changes, short_memory_is_said)
{
    ts_arena_free(arena);
    arena = ts_arena_new(8);
    facts.incidents = &incidents;
    day.opened = 1;
    cr_assert_eq(changes_find(&facts, NULL, 0, arena, &found), TS_NOMEM);
}
