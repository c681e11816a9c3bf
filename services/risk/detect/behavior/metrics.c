#include "detect/behavior/metrics.h"

#include <arpa/inet.h>

/* The floors are those of rules that look for the same within minutes, where there is one (rules/any/), else what an
 * ordinary day of an office may hold. */
const behavior_metric behavior_metrics[BEHAVIOR_METRICS] = {
    { .name = "sign_ins_per_day",
      .one = "sign-in",
      .many = "sign-ins",
      .floor = 10,
      .counted = { RISK_KIND_SIGN_IN, RISK_KIND_SSO },
      .outcome = "success" },
    { .name = "failed_sign_ins_per_day",
      .one = "failed sign-in",
      .many = "failed sign-ins",
      .floor = 8,
      .counted = { RISK_KIND_SIGN_IN, RISK_KIND_SSO },
      .outcome = "failure" },
    { .name = "sign_in_networks_per_day",
      .one = "network signed in from",
      .many = "networks signed in from",
      .kind = BEHAVIOR_NETWORKS,
      .floor = 4,
      .counted = { RISK_KIND_SIGN_IN, RISK_KIND_SSO },
      .outcome = "success" },
    { .name = "files_viewed_per_day",
      .one = "file viewed",
      .many = "files viewed",
      .floor = 50,
      .counted = { RISK_KIND_FILE_VIEW } },
    { .name = "files_downloaded_per_day",
      .one = "file downloaded, copied or printed",
      .many = "files downloaded, copied or printed",
      .floor = 20,
      .counted = { RISK_KIND_FILE_TAKE } },
    { .name = "files_shared_outside_per_day",
      .one = "file opened to the outside",
      .many = "files opened to the outside",
      .floor = 5,
      .counted = { RISK_KIND_FILE_SHARE } },
    { .name = "files_deleted_per_day",
      .one = "file deleted",
      .many = "files deleted",
      .floor = 20,
      .counted = { RISK_KIND_FILE_DELETE } },
    { .name = "app_grants_per_day",
      .one = "app given access",
      .many = "apps given access",
      .floor = 4,
      .counted = { RISK_KIND_APP_GRANT } },
    { .name = "app_calls_per_day",
      .one = "call of an app in the user's name",
      .many = "calls of apps in the user's name",
      .floor = 100,
      .counted = { RISK_KIND_APP_USE } },
    { .name = "admin_acts_per_day",
      .one = "administrative act",
      .many = "administrative acts",
      .floor = 10,
      .counted = { RISK_KIND_ADMIN } },
    { .name = "unusual_hours_per_day",
      .one = "hour of activity at an unusual time",
      .many = "hours of activity at unusual times",
      .kind = BEHAVIOR_HOURS,
      .floor = 3 },
};

static bool counts(const behavior_metric *m, const risk_record *r)
{
    if (m->outcome != NULL && strcmp(r->event->outcome, m->outcome) != 0)
        return false;
    for (size_t i = 0; i < BEHAVIOR_KINDS_MAX && m->counted[i] != RISK_KIND_OTHER; i++) {
        if (m->counted[i] == r->kind)
            return true;
    }
    return false;
}

/* What an app does is nobody's working hour. */
static bool is_by_hand(risk_kind kind)
{
    return kind != RISK_KIND_OTHER && kind != RISK_KIND_APP_GRANT && kind != RISK_KIND_APP_USE &&
           kind != RISK_KIND_APP_REVOKE;
}

behavior_act behavior_act_of(const risk_record *record)
{
    const Ts__Risk__Event *e = record->event;
    behavior_act act = { 0 };

    /* An event about somebody says nothing of what they do; a warning's victim was not there. */
    if (strcmp(e->actor_email, e->user_email) != 0 || record->kind == RISK_KIND_WARNING)
        return act;
    act.is_own = strcmp(e->outcome, "failure") != 0;
    act.is_at_work = act.is_own && is_by_hand(record->kind);
    for (unsigned i = 0; i < BEHAVIOR_METRICS; i++) {
        if (!counts(&behavior_metrics[i], record))
            continue;
        act.metrics |= 1u << i;
        if (behavior_metrics[i].kind == BEHAVIOR_NETWORKS)
            act.network = behavior_network(e->ip);
    }
    return act;
}

#define IPV4_MARK UINT32_C(0x01000000)
#define IPV6_MARK UINT32_C(0x80000000)

uint32_t behavior_network(const char *ip)
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
    uint8_t a[16];
    uint32_t n = 2166136261u; /* FNV-1a */

    if (inet_pton(AF_INET6, ip, a) == 1) {
        if (memcmp(a, mapped, sizeof(mapped)) == 0)
            memmove(a, a + sizeof(mapped), 4);
        else {
            for (int i = 0; i < 6; i++)
                n = (n ^ a[i]) * 16777619u;
            return n | IPV6_MARK;
        }
    } else if (inet_pton(AF_INET, ip, a) != 1) {
        return 0;
    }
    return IPV4_MARK | (uint32_t)a[0] << 16 | (uint32_t)a[1] << 8 | a[2];
}
