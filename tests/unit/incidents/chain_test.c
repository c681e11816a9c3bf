#include <criterion/criterion.h>

#include "chain.h"

#define NOW  INT64_C(1800000000000)
#define HOUR INT64_C(3600000)
#define DAY  (24 * HOUR)

static const chain_limits limits = { .gap_ms = 24 * HOUR, .span_ms = 7 * DAY, .open_severity = 2 };

static char *text(const char *z)
{
    return (char *)(uintptr_t)z;
}

static Ts__Detection detection(const char *rule, uint32_t severity, int64_t at_ms)
{
    Ts__Detection d = TS__DETECTION__INIT;

    d.rule_id = text(rule);
    d.title = text(rule);
    d.severity = severity;
    d.user_email = text("ann@example.com");
    d.event_ms = at_ms;
    d.last_event_ms = at_ms;
    d.count = 1;
    return d;
}

/* A row under construction, in an arena of the test. */
typedef struct built {
    ts_arena *arena;
    Ts__Incidents__Incident incident;
    Ts__Incidents__Row row;
} built;

static void build(built *b)
{
    b->arena = ts_arena_new(1 << 20);
    ts__incidents__incident__init(&b->incident);
    ts__incidents__row__init(&b->row);
    b->row.incident = &b->incident;
}

static void absorb(built *b, const char *rule, uint32_t severity, int64_t at_ms,
                   const char *const *tactics, size_t count)
{
    Ts__Detection d = detection(rule, severity, at_ms);

    d.tactics = (char **)(uintptr_t)tactics;
    d.n_tactics = count;
    b->incident.detection_count++;
    cr_assert_eq(chain_absorb(&b->row, &d, b->arena), TS_OK);
}

static const char *const access_first[] = { "TA0001" };
static const char *const credentials[] = { "TA0006", "TA0001" };
static const char *const persistence[] = { "TA0003" };
static const char *const exfiltration[] = { "TA0010" };
static const char *const impact[] = { "TA0040" };

Test(chain, the_gap_counts_in_both_directions_and_is_inclusive)
{
    static const struct {
        int64_t at_ms;
        bool fits;
    } cases[] = {
        { NOW, true },
        { NOW + HOUR, true },
        { NOW - 24 * HOUR, true },
        { NOW - 24 * HOUR - 1, false },
        { NOW + 2 * HOUR + 24 * HOUR, true },
        { NOW + 2 * HOUR + 24 * HOUR + 1, false },
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        Ts__Detection d = detection("r", 2, cases[i].at_ms);

        cr_assert_eq(chain_fits(&limits, NOW, NOW + 2 * HOUR, &d), cases[i].fits, "case %zu", i);
    }
}

Test(chain, the_whole_stays_within_seven_days)
{
    Ts__Detection last = detection("r", 2, NOW + 7 * DAY);
    Ts__Detection late = detection("r", 2, NOW + 7 * DAY);
    Ts__Detection early = detection("r", 2, NOW - 1);

    cr_assert(chain_fits(&limits, NOW, NOW + 7 * DAY - HOUR, &last));
    late.last_event_ms++;
    cr_assert_not(chain_fits(&limits, NOW, NOW + 7 * DAY - HOUR, &late));
    cr_assert_not(chain_fits(&limits, NOW, NOW + 7 * DAY, &early));
}

Test(chain, a_detection_belongs_to_its_user_or_else_to_its_dedup_key)
{
    Ts__Detection a = detection("a", 2, NOW);
    Ts__Detection b = detection("b", 2, NOW);
    ts_hash128 left = chain_of(&a);
    ts_hash128 right;

    b.dedup_key = text("other");
    right = chain_of(&b);
    cr_assert_eq(memcmp(&left, &right, sizeof(left)), 0);
    a.user_email = text("");
    b.user_email = text("");
    a.dedup_key = text("other");
    left = chain_of(&a);
    right = chain_of(&b);
    cr_assert_eq(memcmp(&left, &right, sizeof(left)), 0);
    b.dedup_key = text("ann@example.com");
    right = chain_of(&b);
    a = detection("a", 2, NOW); /* a user is not a dedup key of the same letters */
    left = chain_of(&a);
    cr_assert_neq(memcmp(&left, &right, sizeof(left)), 0);
}

Test(chain, three_tactics_raise_the_severity_by_one_step)
{
    static const struct {
        uint32_t severest;
        size_t tactics;
        uint32_t expected;
    } cases[] = { { 2, 0, 2 }, { 2, 2, 2 }, { 2, 3, 3 }, { 3, 5, 4 }, { 4, 3, 4 }, { 0, 3, 1 } };

    for (size_t i = 0; i < TS_COUNT(cases); i++)
        cr_assert_eq(chain_severity(cases[i].severest, cases[i].tactics), cases[i].expected,
                     "case %zu", i);
}

Test(chain, steps_are_the_first_of_each_tactic_by_time_whatever_the_order_of_arrival)
{
    built b;

    build(&b);
    absorb(&b, "exfil", 3, NOW + 5 * HOUR, exfiltration, 1);
    absorb(&b, "brute", 3, NOW, credentials, 2);
    absorb(&b, "later", 2, NOW + HOUR, access_first, 1);
    absorb(&b, "earlier", 2, NOW - HOUR, access_first, 1);
    cr_assert_eq(b.row.n_threat_chain, 3);
    cr_assert_str_eq(b.row.threat_chain[0]->tactic, "TA0001");
    cr_assert_str_eq(b.row.threat_chain[0]->rule_id, "earlier");
    cr_assert_eq(b.row.threat_chain[0]->at_ms, NOW - HOUR);
    cr_assert_str_eq(b.row.threat_chain[1]->tactic, "TA0006");
    cr_assert_str_eq(b.row.threat_chain[2]->tactic, "TA0010");
    cr_assert_eq(b.incident.n_tactics, 3);
    cr_assert_str_eq(b.incident.tactics[0], "TA0001");
    cr_assert_str_eq(b.incident.tactics[2], "TA0010");
    cr_assert_eq(b.incident.first_event_ms, NOW - HOUR);
    cr_assert_eq(b.incident.last_event_ms, NOW + 5 * HOUR);
    cr_assert_eq(b.incident.severity, 4);
    ts_arena_free(b.arena);
}

Test(chain, rules_stand_in_the_order_of_their_arrival_once_each)
{
    built b;

    build(&b);
    absorb(&b, "b", 2, NOW, impact, 1);
    absorb(&b, "a", 2, NOW - HOUR, impact, 1);
    absorb(&b, "b", 2, NOW + HOUR, impact, 1);
    cr_assert_eq(b.incident.n_rule_ids, 2);
    cr_assert_str_eq(b.incident.rule_ids[0], "b");
    cr_assert_str_eq(b.incident.rule_ids[1], "a");
    cr_assert_eq(b.incident.n_affected_users, 1);
    ts_arena_free(b.arena);
}

Test(chain, one_rule_gives_its_own_title)
{
    built b;

    build(&b);
    absorb(&b, "Sign-in after many failures", 3, NOW, credentials, 2);
    absorb(&b, "Sign-in after many failures", 3, NOW + HOUR, credentials, 2);
    cr_assert_str_eq(b.incident.title, "Sign-in after many failures");
    ts_arena_free(b.arena);
}

Test(chain, several_rules_are_named_after_the_severest)
{
    built b;

    build(&b);
    absorb(&b, "Small thing", 2, NOW, impact, 1);
    absorb(&b, "Great thing", 3, NOW, impact, 1);
    cr_assert_str_eq(b.incident.title, "Great thing and 1 related detection");
    absorb(&b, "Great thing", 3, NOW, impact, 1);
    cr_assert_str_eq(b.incident.title, "Great thing and 2 related detections");
    ts_arena_free(b.arena);
}

Test(chain, known_stories_are_told_first)
{
    built b;

    build(&b);
    absorb(&b, "Sign-in after many failures", 4, NOW, credentials, 2);
    absorb(&b, "Mail forwarded outside", 3, NOW + HOUR, persistence, 1);
    cr_assert_str_eq(b.incident.title, "Account takeover with a lasting foothold: Sign-in after "
                                       "many failures and 1 related detection");
    ts_arena_free(b.arena);
}

Test(chain, a_long_title_is_cut_between_characters)
{
    char title[400];
    built b;

    /* 159 bytes, then characters of two bytes: the limit of 160 falls into one. */
    memset(title, 'x', 159);
    for (size_t i = 159; i + 1 < sizeof(title) - 1; i += 2)
        memcpy(title + i, "\xc3\xa9", 2);
    title[sizeof(title) - 1] = '\0';
    build(&b);
    absorb(&b, title, 3, NOW, impact, 1);
    cr_assert_eq(strlen(b.incident.title), 159);
    cr_assert(ts_utf8_valid(ts_str_of(b.incident.title)));
    ts_arena_free(b.arena);
}

Test(chain, running_out_of_memory_is_reported)
{
    Ts__Detection d = detection("r", 2, NOW);
    built b;

    build(&b);
    ts_arena_free(b.arena);
    b.arena = ts_arena_new(8);
    d.tactics = (char **)(uintptr_t)credentials;
    d.n_tactics = 2;
    cr_assert_eq(chain_absorb(&b.row, &d, b.arena), TS_NOMEM);
    ts_arena_free(b.arena);
}
