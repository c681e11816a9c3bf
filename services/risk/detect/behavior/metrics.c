#include "detect/behavior/metrics.h"

#include <arpa/inet.h>

/* The floors are those of rules that look for the same within minutes, where there is one (rules/google/), else what an
 * ordinary day of an office may hold. */
const behavior_metric behavior_metrics[BEHAVIOR_METRICS] = {
    { .name = "sign_ins_per_day",
      .one = "sign-in",
      .many = "sign-ins",
      .floor = 10,
      .apps = BEHAVIOR_LOGIN | BEHAVIOR_SAML,
      .actions = { "login_success" } },
    { .name = "failed_sign_ins_per_day",
      .one = "failed sign-in",
      .many = "failed sign-ins",
      .floor = 8,
      .apps = BEHAVIOR_LOGIN | BEHAVIOR_SAML,
      .actions = { "login_failure" } },
    { .name = "sign_in_networks_per_day",
      .one = "network signed in from",
      .many = "networks signed in from",
      .kind = BEHAVIOR_NETWORKS,
      .floor = 4,
      .apps = BEHAVIOR_LOGIN | BEHAVIOR_SAML,
      .actions = { "login_success" } },
    { .name = "files_viewed_per_day",
      .one = "file viewed",
      .many = "files viewed",
      .floor = 50,
      .apps = BEHAVIOR_DRIVE,
      .actions = { "view", "preview" } },
    { .name = "files_downloaded_per_day",
      .one = "file downloaded, copied or printed",
      .many = "files downloaded, copied or printed",
      .floor = 20,
      .apps = BEHAVIOR_DRIVE,
      .actions = { "download", "copy", "print" } },
    { .name = "files_shared_outside_per_day",
      .one = "file opened to the outside",
      .many = "files opened to the outside",
      .floor = 5,
      .apps = BEHAVIOR_DRIVE,
      .actions = { "change_document_visibility", "change_document_access_scope",
                   "change_user_access", "change_acl_editors" },
      .field = "visibility_change",
      .value = "external" },
    { .name = "files_deleted_per_day",
      .one = "file deleted",
      .many = "files deleted",
      .floor = 20,
      .apps = BEHAVIOR_DRIVE,
      .actions = { "trash", "delete" } },
    { .name = "app_grants_per_day",
      .one = "app given access",
      .many = "apps given access",
      .floor = 4,
      .apps = BEHAVIOR_TOKEN,
      .actions = { "authorize" } },
    { .name = "app_calls_per_day",
      .one = "call of an app in the user's name",
      .many = "calls of apps in the user's name",
      .floor = 100,
      .apps = BEHAVIOR_TOKEN,
      .actions = { "activity" } },
    { .name = "admin_acts_per_day",
      .one = "act in the admin console",
      .many = "acts in the admin console",
      .floor = 10,
      .apps = BEHAVIOR_ADMIN },
    { .name = "unusual_hours_per_day",
      .one = "hour of activity at an unusual time",
      .many = "hours of activity at unusual times",
      .kind = BEHAVIOR_HOURS,
      .floor = 3 },
};

static bool is_one_of(const char *word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count && list[i] != NULL; i++) {
        if (strcmp(word, list[i]) == 0)
            return true;
    }
    return false;
}

static bool has_value(const risk_record *r, const char *name, const char *value)
{
    for (size_t i = 0; i < r->field_count; i++) {
        if (ts_str_is(r->fields[i].name, name) && ts_str_is(r->fields[i].value, value))
            return true;
    }
    return false;
}

static unsigned app_of(const char *name)
{
    static const struct {
        const char *name;
        enum behavior_app app;
    } apps[] = { { "login", BEHAVIOR_LOGIN }, { "saml", BEHAVIOR_SAML },
                 { "drive", BEHAVIOR_DRIVE }, { "token", BEHAVIOR_TOKEN },
                 { "admin", BEHAVIOR_ADMIN }, { "gemini_in_workspace_apps", BEHAVIOR_GEMINI } };

    for (size_t i = 0; i < TS_COUNT(apps); i++) {
        if (strcmp(name, apps[i].name) == 0)
            return apps[i].app;
    }
    return 0;
}

static bool counts(const behavior_metric *m, unsigned app, const risk_record *r)
{
    if ((m->apps & app) == 0)
        return false;
    if (m->actions[0] != NULL && !is_one_of(r->event->action, m->actions, TS_COUNT(m->actions)))
        return false;
    return m->field == NULL || has_value(r, m->field, m->value);
}

behavior_act behavior_act_of(const risk_record *record)
{
    const Ts__Risk__Event *e = record->event;
    behavior_act act = { 0 };
    unsigned app;

    /* An event about somebody says nothing of what they do; a warning's victim was not there. */
    if (strcmp(e->actor_email, e->user_email) != 0 || strcmp(e->type, "account_warning") == 0)
        return act;
    act.is_own = strcmp(e->outcome, "failure") != 0;
    app = app_of(e->app);
    act.is_at_work = act.is_own && app != 0 && app != BEHAVIOR_TOKEN;
    for (unsigned i = 0; i < BEHAVIOR_METRICS; i++) {
        if (!counts(&behavior_metrics[i], app, record))
            continue;
        act.metrics |= 1u << i;
        if (behavior_metrics[i].kind == BEHAVIOR_NETWORKS)
            act.network = behavior_network(e->ip);
    }
    /* A source record may hold what follows from the act as further events: one act counts once. */
    if (act.metrics != 0 && app == BEHAVIOR_DRIVE && has_value(record, "primary_event", "false"))
        act.metrics = 0;
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
