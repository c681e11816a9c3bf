#include "agent/steps.h"

#include "api/words.h"

/* An argument is an e-mail address or the id of an incident, of the strict grammar: nothing that others wrote gets in. */
typedef enum taken {
    TAKES_NOTHING,
    TAKES_EMAIL,
    TAKES_INCIDENT,
} taken;

typedef struct rule {
    const char *after; /* name of the tool */
    const char *when;  /* path of a value */
    const char *is;    /* what it must be, as JSON; NULL: something, and not 0 or "" */
    const char *tool;
    taken takes;
    const char *argument; /* that is taken */
    const char *from;     /* path of it */
    const char *more;     /* further members of the arguments, as JSON */
    const char *action;
    const char *why;
} rule;

#define READ_USER                                                                                  \
    "Read the risk profile of the first user.", "Its rules and points say why the score is high."
#define READ_INCIDENT                                                                              \
    "Read the newest incident.", "Its evidence and recommended actions say what to do."
#define TAKE_UP "Take the incident up.", "Nobody investigates it yet; ask the user before."
#define RESOLVE                                                                                    \
    "Resolve the incident, with the reason in notes, once it is dealt with.",                      \
        "It stays open until somebody closes it; ask the user before."
#define SUM_UP "Read what matters now.", "The incident is closed; the summary says what comes next."

static const rule rules[] = {
    { "get_security_overview", "data.high_risk_users", NULL, "list_high_risk_users", TAKES_NOTHING,
      NULL, NULL, "", "List the users with high risk.", "They are who to look at first." },
    { "get_security_overview", "data.open_incidents", NULL, "list_incidents", TAKES_NOTHING, NULL,
      NULL, "\"status\":\"open\"", "List the open incidents.", "They wait for a decision." },
    { "get_security_overview", "data.organization.id", NULL, "get_agent_summary", TAKES_NOTHING,
      NULL, NULL, "", "Read what matters now.", "It says what has changed and why it matters." },
    { "list_high_risk_users", "data.users[].email", NULL, "get_user_risk_profile", TAKES_EMAIL,
      "user_email", "data.users[].email", "", READ_USER },
    { "search_users", "data.users[].email", NULL, "get_user_risk_profile", TAKES_EMAIL,
      "user_email", "data.users[].email", "", READ_USER },
    { "get_user_risk_profile", "data.user.open_incident_count", NULL, "get_incident_details",
      TAKES_INCIDENT, "incident_id", "data.active_rules[].incident_id", "",
      "Read the incident of the rule that weighs most.", "Its evidence says what happened." },
    { "get_user_risk_profile", "data.user.open_incident_count", NULL, "list_incidents", TAKES_EMAIL,
      "user", "data.user.email", "\"status\":\"open\"", "List the user's open incidents.",
      "They wait for a decision." },
    { "list_incidents", "data.incidents[].id", NULL, "get_incident_details", TAKES_INCIDENT,
      "incident_id", "data.incidents[].id", "", READ_INCIDENT },
    { "get_incident_details", "data.incident.status", "\"open\"", "update_incident_status",
      TAKES_INCIDENT, "incident_id", "data.incident.id", "\"status\":\"investigating\"", TAKE_UP },
    { "get_incident_details", "data.incident.status", "\"investigating\"", "update_incident_status",
      TAKES_INCIDENT, "incident_id", "data.incident.id", "\"status\":\"resolved\"", RESOLVE },
    { "get_incident_details", "data.incident.affected_users[]", NULL, "get_user_risk_profile",
      TAKES_EMAIL, "user_email", "data.incident.affected_users[]", "",
      "Read the risk profile of the first affected user.",
      "It says what else the user's account did." },
    { "update_incident_status", "data.incident.status", "\"investigating\"",
      "update_incident_status", TAKES_INCIDENT, "incident_id", "data.incident.id",
      "\"status\":\"resolved\"", RESOLVE },
    { "update_incident_status", "data.incident.status", "\"resolved\"", "get_agent_summary",
      TAKES_NOTHING, NULL, NULL, "", SUM_UP },
    { "update_incident_status", "data.incident.status", "\"false_positive\"", "get_agent_summary",
      TAKES_NOTHING, NULL, NULL, "", SUM_UP },
    { "get_ai_usage_report", "data.groups[].tool", NULL, "get_ai_usage_report", TAKES_NOTHING, NULL,
      NULL, "\"group_by\":\"user\"", "See who uses the AI tools.",
      "A tool is used by people: who they are says whether it matters." },
    { "get_ai_usage_report", "data.groups[].email", NULL, "get_user_risk_profile", TAKES_EMAIL,
      "user_email", "data.groups[].email", "", "Read the risk profile of the first user.",
      "Nobody used AI tools more." },
    /* Nothing there: what would show more. */
    { "list_incidents", "data.pagination.total", "0", "list_incidents", TAKES_NOTHING, NULL, NULL,
      "\"status\":\"all\"", "List all incidents, closed ones too.", "None fits what was asked." },
    { "list_high_risk_users", "data.pagination.total", "0", "list_high_risk_users", TAKES_NOTHING,
      NULL, NULL, "\"min_risk_score\":40", "List the users from medium risk on.",
      "None is at the asked score." },
    { "search_users", "data.pagination.total", "0", "list_high_risk_users", TAKES_NOTHING, NULL,
      NULL, "\"min_risk_score\":0", "List users by risk, whoever they are.",
      "None fits the query." },
    { "list_trusted_apps", "data.pagination.total", "0", "list_trusted_apps", TAKES_NOTHING, NULL,
      NULL, "\"status\":\"all\"", "List all apps.", "None has the asked status." },
    { "get_ai_usage_report", "data.totals.events", "0", "get_ai_usage_report", TAKES_NOTHING, NULL,
      NULL, "\"days\":90", "Look back 90 days.", "Nothing was used in that time." },
    { "security_query", "data.results.users[].email", NULL, "get_user_risk_profile", TAKES_EMAIL,
      "user_email", "data.results.users[].email", "", READ_USER },
    { "security_query", "data.results.incidents[].id", NULL, "get_incident_details", TAKES_INCIDENT,
      "incident_id", "data.results.incidents[].id", "", READ_INCIDENT },
};

static bool is_after(const rule *r, const agent_tool *t)
{
    return strcmp(r->after, t->name) == 0;
}

static void want(excerpt *e, const char *path)
{
    if (path == NULL)
        return;
    for (size_t i = 0; i < e->wanted_count; i++) {
        if (ts_str_is(e->wanted[i], path))
            return;
    }
    if (e->wanted_count < EXCERPT_WANTED_MAX)
        e->wanted[e->wanted_count++] = ts_str_of(path);
}

void steps_want(const agent_tool *t, excerpt *e)
{
    for (size_t i = 0; i < TS_COUNT(rules); i++) {
        if (!is_after(&rules[i], t))
            continue;
        want(e, rules[i].when);
        want(e, rules[i].from);
    }
}

static ts_str found(const excerpt *e, const char *path)
{
    for (size_t i = 0; i < e->wanted_count; i++) {
        if (ts_str_is(e->wanted[i], path))
            return e->found[i];
    }
    return TS_STR_NULL;
}

static bool holds(const rule *r, const excerpt *e)
{
    ts_str value = found(e, r->when);

    if (r->is != NULL)
        return ts_str_is(value, r->is);
    return value.n > 0 && !ts_str_is(value, "0") && !ts_str_is(value, "\"\"");
}

/* Without its quotes. Escapes do not pass the grammars. */
static bool take(const rule *r, const excerpt *e, ts_str *ret)
{
    ts_str token = r->takes == TAKES_NOTHING ? TS_STR_NULL : found(e, r->from);

    if (r->takes == TAKES_NOTHING)
        return true;
    if (token.n < 2)
        return false;
    *ret = ts_str_n(token.p + 1, token.n - 2);
    return r->takes == TAKES_EMAIL ? words_is_email(*ret) : words_is_id(*ret, "inc_");
}

static void put_arguments(ts_buf *out, const rule *r, ts_str argument)
{
    ts_jsonw w = ts_jsonw_on(out);

    ts_jsonw_object(&w);
    if (r->takes != TAKES_NOTHING)
        ts_jsonw_kstr(&w, r->argument, argument);
    ts_jsonw_members(&w, ts_str_of(r->more));
    ts_jsonw_object_end(&w);
}

static void put_step(ts_jsonw *w, const rule *r, size_t priority, const agent_tool *next,
                     ts_str arguments)
{
    ts_jsonw_object(w);
    ts_jsonw_ki64(w, "priority", (int64_t)priority);
    ts_jsonw_kz(w, "action", r->action);
    ts_jsonw_kz(w, "why", r->why);
    ts_jsonw_kz(w, "tool", r->tool);
    ts_jsonw_key(w, "arguments");
    ts_jsonw_raw(w, arguments);
    ts_jsonw_kbool(w, "requires_confirmation", !next->is_read_only);
    ts_jsonw_object_end(w);
}

size_t steps_put(ts_jsonw *w, const agent_tool *t, ts_str arguments, const excerpt *e,
                 uint64_t permissions)
{
    TS_CLEANUP(ts_buf_done) ts_buf of_step = TS_BUF_INIT(1024);
    size_t count = 0;

    for (size_t i = 0; i < TS_COUNT(rules) && count < STEPS_OF_TOOL_MAX; i++) {
        const rule *r = &rules[i];
        ts_str argument = TS_STR_NULL;
        const agent_tool *next;

        if (!is_after(r, t) || !holds(r, e) || !take(r, e, &argument))
            continue;
        next = agent_tool_find(ts_str_of(r->tool));
        if (next == NULL || (permissions & agent_tool_permission(next)) == 0)
            continue;
        ts_buf_clear(&of_step);
        put_arguments(&of_step, r, argument);
        if (next != t || !ts_str_eq(ts_buf_view(&of_step), arguments))
            put_step(w, r, ++count, next, ts_buf_view(&of_step));
    }
    return count;
}
