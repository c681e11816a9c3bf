#include "agent/insights.h"

#include "api/words.h"
#include "proto/methods.h"
#include "ts/time.h"

#define SURGE_MIN      3
#define CANDIDATES_MAX 7
#define RULE_ID_MAX    64

typedef struct finder {
    const insight_facts *f;
    ts_arena *arena;
    bool no_memory;
} finder;

/* An insight and the step that follows from it. */
typedef struct candidate {
    insight insight;
    next_step step;
} candidate;

/* ---- pieces ---- */

/* The text of a buffer for the arena; "" and a note of it if memory is short. */
static const char *take(finder *w, ts_buf *text)
{
    char *copy = ts_buf_status(text) == TS_OK ? ts_arena_z(w->arena, ts_buf_view(text)) : NULL;

    w->no_memory = w->no_memory || copy == NULL;
    return copy == NULL ? "" : copy;
}

static void add_proof(insight *i, const char *kind, const char *id, double value, const char *unit,
                      int64_t at_ms)
{
    if (i->proof_count < PROOFS_MAX)
        i->proofs[i->proof_count++] = (proof){ kind, id, value, unit, at_ms };
}

static void add_text(next_step *s, const char *name, const char *text)
{
    s->arguments[s->argument_count++] = (argument){ .name = name, .text = text };
}

static void add_number(next_step *s, const char *name, int64_t number)
{
    s->arguments[s->argument_count++] = (argument){ .name = name, .number = number };
}

static void add_flag(next_step *s, const char *name, bool value)
{
    s->arguments[s->argument_count++] =
        (argument){ .name = name, .number = value, .is_flag = true };
}

static const char *capital_severity(uint32_t severity)
{
    static const char *const names[] = { "INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL" };

    return severity < TS_COUNT(names) ? names[severity] : "UNKNOWN";
}

/* Ids of rules are their files' authors'; only the plain ones go into a sentence. */
static bool is_plain_rule(const char *id)
{
    size_t n = strlen(id);

    for (size_t i = 0; i < n; i++) {
        if (strchr("abcdefghijklmnopqrstuvwxyz0123456789_-", id[i]) == NULL)
            return false;
    }
    return n > 0 && n <= RULE_ID_MAX;
}

static void look_into(next_step *s, const char *incident_id, const char *why)
{
    s->action = "Read the incident with its timeline, evidence and recommended actions.";
    s->why = why;
    s->tool = "get_incident_details";
    add_text(s, "incident_id", incident_id);
}

/* ---- candidates: each is false if there is nothing to say ---- */

static bool worst_incident(finder *w, candidate *c)
{
    const Ts__Incidents__SummaryReply *all = w->f->incidents;
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(512);
    const Ts__Incidents__Incident *worst;

    if (all == NULL || all->n_worst == 0)
        return false;
    worst = all->worst[0];
    if (!words_is_id(ts_str_of(worst->id), "inc_"))
        return false;
    c->insight.severity = worst->severity;
    ts_buf_printf(&text, "Incident %s with ", worst->id);
    words_count(&text, worst->detection_count, "detection");
    ts_buf_printf(&text, " is %s and has %s severity", worst->status,
                  capital_severity(worst->severity));
    if (all->open + all->investigating > 1) {
        ts_buf_z(&text, ", the severest of ");
        words_count(&text, all->open + all->investigating, "open incident");
    }
    ts_buf_char(&text, '.');
    c->insight.text = take(w, &text);
    add_proof(&c->insight, "incident", worst->id, worst->detection_count, "detections",
              worst->created_ms);
    look_into(&c->step, worst->id,
              strcmp(worst->status, "open") == 0 ? "It is the severest and nobody has taken it up."
                                                 : "It is the severest and under investigation.");
    return true;
}

static void say_rule(ts_buf *text, insight *i, const Ts__Risk__UserProfile *user)
{
    const Ts__Risk__ActiveRule *first = NULL;

    for (size_t k = 0; k < user->n_active_rules; k++) {
        const Ts__Risk__ActiveRule *rule = user->active_rules[k];

        if (is_plain_rule(rule->rule_id) && (first == NULL || rule->points > first->points))
            first = rule;
    }
    /* A share of a score, at least what shows; NaN is none. */
    if (first == NULL || !(first->points >= 0.05 && first->points <= 100))
        return;
    ts_buf_printf(text, "; rule %s gives %.1f of it", first->rule_id, first->points);
    add_proof(i, "rule", first->rule_id, (double)(int64_t)(first->points * 10 + 0.5) / 10, "points",
              first->last_triggered_ms);
}

int insights_score_before(const Ts__Risk__UserProfile *profile, int64_t now_ms)
{
    int score = -1;

    for (size_t i = 0; i < profile->n_timeline; i++) {
        if (profile->timeline[i]->at_ms <= now_ms - TS_DAY_MS)
            score = (int)profile->timeline[i]->score;
    }
    return score;
}

static bool top_user(finder *w, candidate *c)
{
    const Ts__Risk__UserProfile *top = w->f->top_user;
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(1024);
    bool is_named;
    int before;

    if (top == NULL || top->user == NULL || ts_risk_level(top->user->score) < 2)
        return false;
    is_named = words_is_email(ts_str_of(top->user->email));
    before = insights_score_before(top, w->f->now_ms);
    c->insight.severity = ts_risk_level(top->user->score);
    words_email(&text, ts_str_of(top->user->email), "One user");
    ts_buf_z(&text, " has the highest risk: ");
    words_upper(&text, ts_risk_level_name(top->user->score));
    ts_buf_printf(&text, " (%u)", top->user->score);
    add_proof(&c->insight, "user", is_named ? top->user->email : "", top->user->score, "risk_score",
              top->user->scored_ms);
    if (before >= 0 && before != (int)top->user->score) {
        ts_buf_printf(&text, ", a day before it was %d", before);
        add_proof(&c->insight, "user", is_named ? top->user->email : "", before,
                  "risk_score_a_day_before", 0);
    }
    say_rule(&text, &c->insight, top);
    ts_buf_char(&text, '.');
    c->insight.text = take(w, &text);
    if (is_named) {
        c->step.action = "Read the user's active rules, evidence and score of the last week.";
        c->step.tool = "get_user_risk_profile";
        add_text(&c->step, "user_email", top->user->email);
        add_flag(&c->step, "include_timeline", true);
    } else {
        c->step.action = "List the users with high risk.";
        c->step.tool = "list_high_risk_users";
        add_number(&c->step, "min_risk_score", top->user->score);
    }
    c->step.why = "Nobody in the organization has a higher risk.";
    return true;
}

static bool untouched_incident(finder *w, candidate *c)
{
    const Ts__Incidents__SummaryReply *all = w->f->incidents;
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(512);
    const Ts__Incidents__Incident *oldest = all == NULL ? NULL : all->oldest;
    int64_t hours;

    if (oldest == NULL || strcmp(oldest->status, "open") != 0 ||
        (all->n_worst > 0 && strcmp(all->worst[0]->id, oldest->id) == 0) ||
        !words_is_id(ts_str_of(oldest->id), "inc_"))
        return false;
    hours = (w->f->now_ms - oldest->created_ms) / TS_HOUR_MS;
    if (hours < UNTOUCHED_HOURS)
        return false;
    c->insight.severity = oldest->severity > 3 ? 3 : oldest->severity;
    ts_buf_printf(&text, "Incident %s of %s severity has been open for ", oldest->id,
                  ts_severity_name(oldest->severity));
    words_count(&text, (uint64_t)hours, "hour");
    ts_buf_z(&text, " without being taken up.");
    c->insight.text = take(w, &text);
    add_proof(&c->insight, "incident", oldest->id, (double)hours, "hours", oldest->created_ms);
    look_into(&c->step, oldest->id, "It has waited longer than any other.");
    return true;
}

static bool risky_app(finder *w, candidate *c)
{
    const Ts__Risk__AppList *apps = w->f->apps;
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(512);
    const Ts__Risk__App *app;

    if (apps == NULL || apps->n_apps == 0)
        return false;
    app = apps->apps[0];
    if (app->risk_score < HIGH_RISK || !words_is_id(ts_str_of(app->id), "app_"))
        return false;
    c->insight.severity = 3;
    ts_buf_printf(&text, "App %s is not trusted, has ", app->id);
    words_upper(&text, ts_risk_level_name(app->risk_score));
    ts_buf_printf(&text, " risk (%u) and ", app->risk_score);
    words_count(&text, app->user_count, "user");
    ts_buf_char(&text, '.');
    c->insight.text = take(w, &text);
    add_proof(&c->insight, "app", app->id, app->risk_score, "risk_score", app->first_seen_ms);
    add_proof(&c->insight, "app", app->id, (double)app->user_count, "users", 0);
    c->step.action = "Look at the apps that nobody trusts, with their scopes and users.";
    c->step.why = "An app with wide scopes can do all that its users can.";
    c->step.tool = "list_trusted_apps";
    add_text(&c->step, "status", "untrusted");
    return true;
}

static bool surge(finder *w, candidate *c)
{
    const Ts__Incidents__SummaryReply *all = w->f->incidents;
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(512);

    if (all == NULL || all->day == NULL || all->day->opened < SURGE_MIN ||
        all->day->opened < 2 * all->day->opened_before)
        return false;
    c->insight.severity = 2;
    words_count(&text, all->day->opened, "incident");
    ts_buf_printf(&text, " opened in the last day, against %llu in the day before.",
                  (unsigned long long)all->day->opened_before);
    c->insight.text = take(w, &text);
    add_proof(&c->insight, "organization", "", (double)all->day->opened, "incidents_in_a_day", 0);
    add_proof(&c->insight, "organization", "", (double)all->day->opened_before,
              "incidents_in_the_day_before", 0);
    c->step.action = "List the newest incidents and look for what they have in common.";
    c->step.why = "They open at twice the rate of the day before or more.";
    c->step.tool = "list_incidents";
    add_text(&c->step, "status", "all");
    add_number(&c->step, "limit", 20);
    return true;
}

static bool unsanctioned_ai(finder *w, candidate *c)
{
    const Ts__Aiusage__Report *ai = w->f->ai;
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(512);

    if (ai == NULL || ai->unsanctioned_events == 0)
        return false;
    c->insight.severity = 2;
    words_count(&text, ai->events, "AI tool event");
    ts_buf_printf(&text, " in the last %d days, %llu of them with tools that are not sanctioned.",
                  AI_DAYS, (unsigned long long)ai->unsanctioned_events);
    c->insight.text = take(w, &text);
    for (size_t i = 0; i < ai->n_groups; i++) {
        if (!ai->groups[i]->sanctioned)
            add_proof(&c->insight, "ai_tool", ai->groups[i]->key, (double)ai->groups[i]->events,
                      "events", 0);
    }
    c->step.action = "See who uses which AI tools.";
    c->step.why = "Data may be going to tools that nobody has approved.";
    c->step.tool = "get_ai_usage_report";
    add_number(&c->step, "days", AI_DAYS);
    add_text(&c->step, "group_by", "user");
    return true;
}

uint64_t insights_new_tools(const Ts__Aiusage__Report *ai)
{
    uint64_t count = 0;

    for (size_t i = 0; i < ai->n_groups; i++)
        count += ai->groups[i]->first_seen_ms >= ai->from_ms;
    return count;
}

static bool new_tools(finder *w, candidate *c)
{
    const Ts__Aiusage__Report *ai = w->f->ai;
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(512);
    uint64_t count = ai == NULL ? 0 : insights_new_tools(ai);

    if (count == 0)
        return false;
    c->insight.severity = 1;
    words_count(&text, count, "AI tool");
    ts_buf_printf(&text, " first seen in the last %d days.", AI_DAYS);
    c->insight.text = take(w, &text);
    for (size_t i = 0; i < ai->n_groups; i++) {
        if (ai->groups[i]->first_seen_ms >= ai->from_ms)
            add_proof(&c->insight, "ai_tool", ai->groups[i]->key, (double)ai->groups[i]->users,
                      "users", ai->groups[i]->first_seen_ms);
    }
    c->step.action = "See the tools with their users and when each was first seen.";
    c->step.why = "New tools are when a decision to sanction them is cheapest.";
    c->step.tool = "get_ai_usage_report";
    add_number(&c->step, "days", AI_DAYS);
    add_text(&c->step, "group_by", "tool");
    return true;
}

/* ---- choosing ---- */

/* Insertion, stable: equals keep the order of the table. */
static void sort(candidate **list, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        candidate *c = list[i];
        size_t at = i;

        while (at > 0 && list[at - 1]->insight.severity < c->insight.severity) {
            list[at] = list[at - 1];
            at--;
        }
        list[at] = c;
    }
}

static void add_step(insights *all, const next_step *s)
{
    if (all->step_count < STEPS_MAX)
        all->steps[all->step_count++] = *s;
}

static uint64_t high_risk_users(const Ts__Risk__OverviewReply *risk)
{
    return risk == NULL || risk->n_by_level < 5 ? 0 : risk->by_level[3] + risk->by_level[4];
}

/* What is worth a look besides what the insights lead to. */
static void add_general_steps(const insight_facts *f, insights *all)
{
    if (high_risk_users(f->risk) > 1) {
        next_step s = { .action = "List all users with high risk.",
                        .why = "More than one user is at high risk.",
                        .tool = "list_high_risk_users" };

        add_number(&s, "min_risk_score", HIGH_RISK);
        add_step(all, &s);
    }
    if (f->incidents != NULL && f->incidents->open + f->incidents->investigating > 1) {
        next_step s = { .action = "List the open incidents.",
                        .why = "More than one incident is open.",
                        .tool = "list_incidents" };

        add_text(&s, "status", "open");
        add_step(all, &s);
    }
    if (all->step_count == 0 && f->risk != NULL) {
        next_step s = { .action = "Read the overview.",
                        .why =
                            f->risk->total_users == 0
                                ? "Nobody is known here yet: users come with POST /v1/events and "
                                  "PUT /v1/directory/users."
                                : "Nothing stands out; the overview has the distribution of risk.",
                        .tool = "get_security_overview" };

        add_flag(&s, "include_incidents", f->incidents != NULL);
        add_flag(&s, "include_ai_usage", f->ai != NULL);
        add_step(all, &s);
    }
}

ts_status insights_find(const insight_facts *f, ts_arena *arena, insights *ret)
{
    static bool (*const finders[CANDIDATES_MAX])(finder *, candidate *) = {
        worst_incident, top_user, untouched_incident, risky_app, surge, unsanctioned_ai, new_tools
    };
    candidate *made = ts_arena_array(arena, CANDIDATES_MAX, sizeof(*made));
    candidate *list[CANDIDATES_MAX];
    finder w = { .f = f, .arena = arena };
    size_t count = 0;

    if (made == NULL)
        return TS_NOMEM;
    memset(ret, 0, sizeof(*ret));
    for (size_t i = 0; i < CANDIDATES_MAX; i++) {
        if (finders[i](&w, &made[count])) {
            list[count] = &made[count];
            count++;
        }
    }
    sort(list, count);
    for (size_t i = 0; i < count && i < INSIGHTS_MAX; i++) {
        ret->list[ret->count++] = list[i]->insight;
        add_step(ret, &list[i]->step);
    }
    add_general_steps(f, ret);
    return w.no_memory ? TS_NOMEM : TS_OK;
}
