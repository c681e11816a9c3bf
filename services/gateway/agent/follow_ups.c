#include "api/words.h"

#include "query.h"

const char *const query_examples[QUERY_EXAMPLES] = {
    "Who has the highest risk?",
    "Which incidents are open?",
    "Which AI tools were used in the last 7 days?",
};

typedef struct next_row {
    const char *intent;
    const char *questions[QUERY_EXAMPLES];
} next_row;

static const next_row rows[] = {
    { "overview",
      { "Who has the highest risk?", "Which incidents are open?",
        "What should I look at first?" } },
    { "list_users",
      { "Which incidents are open?", "How many high-risk users are there?",
        "Compare risk across departments" } },
    { "search_users", { "Who has the highest risk?", "Which incidents are open?", NULL } },
    { "count_users",
      { "Who has the highest risk?", "How many incidents are open?",
        "Compare risk across departments" } },
    { "user_profile", { "Who has the highest risk?", "Which incidents are open?", NULL } },
    { "list_incidents",
      { "What should I look at first?", "How many incidents are open?",
        "Compare incidents this week with last week" } },
    { "count_incidents",
      { "Which incidents are open?", "Compare incidents this week with last week", NULL } },
    { "incident_details", { "Which incidents are open?", "What should I look at first?", NULL } },
    { "update_incident", { "Which incidents are open?", NULL, NULL } },
    { "ai_usage",
      { "Who uses AI tools the most?", "Which AI tools are not approved?",
        "Which apps are untrusted?" } },
    { "list_apps",
      { "Which apps are untrusted?", "Which AI tools were used in the last 7 days?", NULL } },
    { "app_details", { "Which apps are untrusted?", NULL, NULL } },
    { "count_apps", { "Which apps are untrusted?", NULL, NULL } },
    { "list_trusted_contacts", { "Which apps are untrusted?", NULL, NULL } },
    { "update_trusted_contacts", { "Which contacts are trusted?", NULL, NULL } },
    { "compare", { "Who has the highest risk?", "Which incidents are open?", NULL } },
    { "trend", { "Which incidents are open?", "What should I look at first?", NULL } },
    { "explain", { "What should I look at first?", "Who has the highest risk?", NULL } },
    { "recommend", { "Which incidents are open?", "Who has the highest risk?", NULL } },
};

static ts_status add(ts_arena *arena, agent_texts *to, ts_str text)
{
    if (text.p == NULL ||
        !ts_arena_grow(arena, &to->list, to->count, &to->capacity, sizeof(ts_str)))
        return TS_NOMEM;
    to->list[to->count++] = text;
    return TS_OK;
}

/* The address that a slot stands for; TS_STR_NULL if there is none that may be repeated. */
static ts_str address_of(const agent_interpretation *in)
{
    ts_str user = agent_slot_text(&in->slots, "user");

    for (size_t i = 0; i < in->people.count; i++) {
        if (ts_str_eq(in->people.list[i].from, user))
            user = in->people.list[i].to;
    }
    return words_is_email(user) ? user : TS_STR_NULL;
}

static ts_status add_own(const agent_interpretation *in, ts_arena *arena, agent_texts *to)
{
    ts_str user = address_of(in);
    ts_str incident = agent_slot_text(&in->slots, "incident_id");
    const char *made = NULL;

    if (words_is_id(incident, "inc_") && !ts_str_is(in->intent, "recommend"))
        made = ts_arena_printf(arena, "What should I do about %.*s?", (int)incident.n, incident.p);
    else if (user.n > 0 && !ts_str_is(in->intent, "list_incidents"))
        made = ts_arena_printf(arena, "Which incidents affect %.*s?", (int)user.n, user.p);
    else if (user.n > 0)
        made = ts_arena_printf(arena, "Why is %.*s risky?", (int)user.n, user.p);
    else
        return TS_OK;
    return made == NULL ? TS_NOMEM : add(arena, to, ts_str_of(made));
}

ts_status query_follow_ups(const agent_interpretation *in, ts_arena *arena, agent_texts *ret)
{
    const char *const *list = query_examples;
    ts_status st;

    *ret = (agent_texts){ .count = 0 };
    for (size_t i = 0; i < in->questions.count && i < QUERY_EXAMPLES; i++) {
        st = add(arena, ret, in->questions.list[i]);
        if (st != TS_OK)
            return st;
    }
    if (ret->count > 0)
        return TS_OK;
    for (size_t i = 0; i < TS_COUNT(rows); i++) {
        if (ts_str_is(in->intent, rows[i].intent))
            list = rows[i].questions;
    }
    st = add_own(in, arena, ret);
    for (size_t i = 0; st == TS_OK && i < QUERY_EXAMPLES && ret->count < QUERY_EXAMPLES; i++) {
        if (list[i] != NULL)
            st = add(arena, ret, ts_str_of(list[i]));
    }
    return st;
}

const char *query_excuse(const agent_interpretation *in)
{
    ts_str reason = agent_slot_text(&in->slots, "reason");

    if (ts_str_is(in->intent, "help"))
        return "Questions about users and their risk, incidents, AI usage, apps and trusted "
               "contacts can be asked.";
    if (ts_str_is(in->intent, "clarify"))
        return "It is not clear what is asked. Questions that may have been meant stand in "
               "follow_ups.";
    if (ts_str_is(in->intent, "out_of_scope"))
        return "The question is not about what TeamSentry records. Users and their risk, "
               "incidents, AI usage, apps and trusted contacts can be asked about.";
    if (ts_str_is(reason, "cross_tenant"))
        return "The question is refused: a key sees its own organization only.";
    if (ts_str_is(reason, "secret_request"))
        return "The question is refused: secrets are never shown.";
    if (ts_str_is(reason, "external_fetch"))
        return "The question is refused: nothing is fetched from or sent to other places.";
    return "The question is refused: it holds instructions in place of a question.";
}
