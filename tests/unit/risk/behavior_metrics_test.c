#include "detect/behavior/metrics.h"

#include <criterion/criterion.h>

static Ts__Risk__Event event;
static risk_record record;

static char *text(const char *z)
{
    return (char *)(uintptr_t)z; /* only read */
}

static void fresh(void)
{
    ts__risk__event__init(&event);
    event.actor_email = text("ann@acme.example");
    event.user_email = text("ann@acme.example");
    event.outcome = text("success");
    event.ip = text("198.51.100.7");
    record = (risk_record){ .event = &event };
}
TestSuite(behavior_metrics, .init = fresh);

static behavior_act act_of(risk_kind kind)
{
    record.kind = kind;
    return behavior_act_of(&record);
}

/* Names of the metrics, in the table's order. */
static void expect(behavior_act act, const char *first, const char *second)
{
    for (unsigned i = 0; i < BEHAVIOR_METRICS; i++) {
        const char *name = behavior_metrics[i].name;
        bool wanted = (first != NULL && strcmp(name, first) == 0) ||
                      (second != NULL && strcmp(name, second) == 0);

        cr_assert_eq(act.metrics >> i & 1, wanted, "%s", name);
    }
}

Test(behavior_metrics, events_count_for_their_metrics)
{
    static const struct {
        risk_kind kind;
        const char *first, *second;
        bool is_at_work;
    } cases[] = {
        { RISK_KIND_SIGN_IN, "sign_ins_per_day", "sign_in_networks_per_day", true },
        { RISK_KIND_SSO, "sign_ins_per_day", "sign_in_networks_per_day", true },
        { RISK_KIND_ACCOUNT, NULL, NULL, true },
        { RISK_KIND_ADMIN, "admin_acts_per_day", NULL, true },
        { RISK_KIND_FILE, NULL, NULL, true },
        { RISK_KIND_FILE_VIEW, "files_viewed_per_day", NULL, true },
        { RISK_KIND_FILE_TAKE, "files_downloaded_per_day", NULL, true },
        { RISK_KIND_FILE_SHARE, "files_shared_outside_per_day", NULL, true },
        { RISK_KIND_FILE_DELETE, "files_deleted_per_day", NULL, true },
        { RISK_KIND_AI, NULL, NULL, true },
        { RISK_KIND_APP_GRANT, "app_grants_per_day", NULL, false },
        { RISK_KIND_APP_USE, "app_calls_per_day", NULL, false },
        { RISK_KIND_APP_REVOKE, NULL, NULL, false },
        { RISK_KIND_OTHER, NULL, NULL, false },
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        behavior_act act = act_of(cases[i].kind);

        expect(act, cases[i].first, cases[i].second);
        cr_assert(act.is_own);
        cr_assert_eq(act.is_at_work, cases[i].is_at_work, "%s", risk_kind_name(cases[i].kind));
    }
    event.outcome = text("failure");
    expect(act_of(RISK_KIND_SIGN_IN), "failed_sign_ins_per_day", NULL);
    cr_assert_not(act_of(RISK_KIND_SIGN_IN).is_own);
}

Test(behavior_metrics, what_was_done_to_the_user_is_not_the_users_behavior)
{
    behavior_act act;

    event.actor_email = text("boss@acme.example");
    act = act_of(RISK_KIND_ADMIN);
    cr_assert(!act.is_own && act.metrics == 0);
    fresh();
    act = act_of(RISK_KIND_WARNING);
    cr_assert(!act.is_own && act.metrics == 0);
}

Test(behavior_metrics, networks_are_those_of_addresses)
{
    cr_assert_eq(behavior_network("198.51.100.7"), 0x01c63364);
    cr_assert_eq(behavior_network("198.51.100.255"), behavior_network("198.51.100.0"));
    cr_assert_neq(behavior_network("198.51.101.7"), behavior_network("198.51.100.7"));
    cr_assert_eq(behavior_network("::ffff:198.51.100.7"), 0x01c63364);
    cr_assert_eq(behavior_network("0.0.0.0"), 0x01000000);
    cr_assert_eq(behavior_network("2001:db8:7::1"), behavior_network("2001:db8:7:ffff::2"));
    cr_assert_neq(behavior_network("2001:db8:8::1"), behavior_network("2001:db8:7::1"));
    cr_assert_eq(behavior_network("2001:db8:7::1"), 0x88a4d3d6);
    cr_assert_eq(behavior_network(""), 0);
    cr_assert_eq(behavior_network("nonsense"), 0);
}

Test(behavior_metrics, names_and_words_are_there)
{
    for (unsigned i = 0; i < BEHAVIOR_METRICS; i++) {
        const behavior_metric *m = &behavior_metrics[i];

        cr_assert(m->name != NULL && m->one != NULL && m->many != NULL, "%u", i);
        cr_assert_gt(m->floor, 0);
        for (unsigned j = 0; j < i; j++)
            cr_assert_str_neq(m->name, behavior_metrics[j].name);
    }
    /* Their places are numbers in the store. */
    cr_assert_str_eq(behavior_metrics[0].name, "sign_ins_per_day");
    cr_assert_str_eq(behavior_metrics[4].name, "files_downloaded_per_day");
    cr_assert_str_eq(behavior_metrics[10].name, "unusual_hours_per_day");
}
