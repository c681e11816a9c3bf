#include "detection.h"

#include "detect/enrich.h"
#include "fire.h"
#include "publish.h"
#include "ts/log.h"
#include "ts/metrics.h"

#define DEDUP_KEY_MAX 256

struct detection_engine {
    sigma_ruleset *rules;
    catalogue *catalogue;
    uint32_t noisy_firings;
    ts_metric **fired; /* by a rule's number */
    /* Numbers of fields that the engine itself looks at. */
    uint32_t user_email, actor_email, ai_tool, ai_vendor, ai_via;
};

static void report_rules(const detection_engine *e)
{
    size_t rules = 0, refused = 0;
    const sigma_refusal *list = sigma_ruleset_refusals(e->rules, &refused);

    (void)sigma_ruleset_rules(e->rules, &rules);
    for (size_t i = 0; i < refused; i++)
        ts_warn(TS_MSG("rule refused"), TS_F_Z("file", list[i].file), TS_F_Z("rule", list[i].rule),
                TS_F_Z("reason", list[i].reason));
    ts_info(TS_MSG("rules loaded"), TS_F_U64("rules", rules), TS_F_U64("refused", refused),
            TS_F_U64("ai_tools", catalogue_tool_count(e->catalogue)));
    ts_metric_set(ts_gauge("ts_risk_rules", "state=\"loaded\"", "detection rules"), (double)rules);
    ts_metric_set(ts_gauge("ts_risk_rules", "state=\"refused\"", "detection rules"),
                  (double)refused);
}

/* A rule's id has no signs that a label would have to escape. */
static ts_metric *counter_of(const sigma_rule *rule)
{
    char labels[SIGMA_ID_MAX + 16];

    (void)snprintf(labels, sizeof(labels), "rule=\"%s\"",
                   rule->number < DETECTION_COUNTED_MAX ? rule->id : "other");
    return ts_counter("ts_risk_detections_total", labels, "rules that matched an event");
}

static ts_status count_rules(detection_engine *e)
{
    size_t count = 0;
    sigma_rule *const *rules = sigma_ruleset_rules(e->rules, &count);

    e->fired = calloc(count + 1, sizeof(ts_metric *));
    if (e->fired == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i < count; i++) {
        if (rules[i]->fires)
            e->fired[rules[i]->number] = counter_of(rules[i]);
    }
    return TS_OK;
}

static ts_status want_fields(detection_engine *e)
{
    const struct {
        const char *name;
        uint32_t *number;
    } wanted[] = { { "user.email", &e->user_email },
                   { "actor.email", &e->actor_email },
                   { "teamsentry.ai_tool", &e->ai_tool },
                   { "teamsentry.ai_vendor", &e->ai_vendor },
                   { "teamsentry.ai_via", &e->ai_via } };
    ts_status st = TS_OK;

    for (size_t i = 0; i < TS_COUNT(wanted) && st == TS_OK; i++)
        st = sigma_ruleset_want(e->rules, wanted[i].name, wanted[i].number);
    return st;
}

ts_status detection_engine_new(const char *directory, uint32_t noisy_firings,
                               detection_engine **ret, ts_error *err)
{
    detection_engine *e = calloc(1, sizeof(*e));
    ts_status st;

    if (e == NULL)
        return ts_fail(err, TS_NOMEM, "", "out of memory");
    e->noisy_firings = noisy_firings;
    st = sigma_ruleset_load(directory, &e->rules, err);
    if (st == TS_OK)
        st = catalogue_load(directory, &e->catalogue, err);
    if (st == TS_OK)
        st = want_fields(e);
    if (st == TS_OK)
        st = count_rules(e);
    if (st != TS_OK) {
        detection_engine_free(e);
        return st;
    }
    report_rules(e);
    *ret = e;
    return TS_OK;
}

void detection_engine_free(detection_engine *e)
{
    if (e == NULL)
        return;
    sigma_ruleset_free(e->rules);
    catalogue_free(e->catalogue);
    free(e->fired);
    free(e);
}

const sigma_ruleset *detection_engine_rules(const detection_engine *e)
{
    return e->rules;
}

const catalogue *detection_engine_catalogue(const detection_engine *e)
{
    return e->catalogue;
}

ts_status detection_match(const detection_engine *e, const risk_map *contacts, risk_record *record,
                          ts_arena *arena, sigma_matches *ret)
{
    ts_status st = enrich_record(e->catalogue, contacts, record, arena);

    return st == TS_OK ? sigma_ruleset_match(e->rules, record, arena, ret) : st;
}

/* ---- one event under the lock ---- */

typedef struct application {
    const detection_engine *engine;
    detection_state *state;
    risk_work *w;
    const risk_record *record;
    const sigma_view *view;
    work_user *user;
    risk_noise noise;
    int64_t at_ms;
} application;

/* Values of fields joined by '|'. */
static ts_status join(const application *a, const uint32_t *fields, size_t count, ts_str *ret)
{
    char key[DEDUP_KEY_MAX];
    size_t n = 0;

    for (size_t i = 0; i < count; i++) {
        ts_str value = sigma_view_first(a->view, fields[i]);

        if (i > 0 && n < sizeof(key))
            key[n++] = '|';
        if (value.n > sizeof(key) - n)
            value.n = sizeof(key) - n;
        if (value.n > 0)
            memcpy(key + n, value.p, value.n);
        n += value.n;
    }
    *ret = ts_arena_str(a->w->arena, ts_str_n(key, n));
    return ret->p == NULL ? TS_NOMEM : TS_OK;
}

/* A correlation that groups by something else than a user tells of many: nobody's score takes the blame. */
static bool is_about_user(const application *a, const sigma_rule *rule)
{
    const sigma_correlation *c = &rule->correlation;

    if (!rule->is_correlation)
        return true;
    for (unsigned i = 0; i < c->group_count; i++) {
        if (c->group_by[i] == a->engine->user_email || c->group_by[i] == a->engine->actor_email)
            return true;
    }
    return false;
}

static ts_status dedup_key(const application *a, const sigma_rule *rule, ts_str *ret)
{
    const Ts__Risk__Event *e = a->record->event;

    if (rule->dedup_count > 0)
        return join(a, rule->dedup, rule->dedup_count, ret);
    if (rule->is_correlation && rule->correlation.group_count > 0)
        return join(a, rule->correlation.group_by, rule->correlation.group_count, ret);
    *ret = ts_str_of(e->user_email[0] != '\0' ? e->user_email
                     : e->actor_id[0] != '\0' ? e->actor_id
                                              : e->ip);
    return TS_OK;
}

static ts_status fire(application *a, const sigma_rule *rule)
{
    bool about_user = is_about_user(a, rule);
    risk_match match = { .rule_id = rule->id,
                         .title = rule->title,
                         .severity = rule->severity,
                         .weight = rule->weight,
                         .tactics = rule->tactics,
                         .tactic_count = rule->tactic_count,
                         .techniques = rule->techniques,
                         .technique_count = rule->technique_count,
                         .actions = rule->actions,
                         .action_count = rule->action_count,
                         .hash = rule->hash,
                         .email = about_user ? a->record->event->user_email : "",
                         .user = about_user ? a->user : NULL };
    bool noisy = false;
    ts_status st = dedup_key(a, rule, &match.dedup_key);

    if (st == TS_OK)
        st = risk_fire(a->w, &match, a->record, &a->noise, &noisy);
    if (st == TS_OK && !noisy)
        ts_metric_add(a->engine->fired[rule->number], 1);
    return st;
}

/* The same over versions and machines: it is stored. */
static uint64_t value_hash(ts_str value)
{
    ts_hash128 h = ts_hash_parts(&value, 1);
    uint64_t n;

    memcpy(&n, h.bytes, sizeof(n));
    return n;
}

/* An event, or a correlation that has just been fulfilled at at_ms, is a hit for the correlations above. */
static ts_status tell_parents(application *a, const sigma_rule *rule, int64_t at_ms);

static ts_status tell_parent(application *a, const sigma_parent *parent, int64_t at_ms)
{
    const sigma_rule *rule = parent->rule;
    const sigma_correlation *c = &rule->correlation;
    risk_hit hit = { .at_ms = at_ms, .rule = parent->position };
    risk_hits *hits = NULL;
    ts_hash128 group;
    size_t at = 0, last = 0;
    ts_status st;

    if (!sigma_correlation_group(c, a->view, &group))
        return TS_OK;
    if (c->type == SIGMA_VALUE_COUNT) {
        ts_str value = sigma_view_first(a->view, c->value_field);

        if (value.n == 0)
            return TS_OK;
        hit.value = value_hash(value);
    }
    memcpy(hit.event_id, a->record->event->id.data, sizeof(hit.event_id));
    st = risk_hits_get(a->w, &a->state->hits, rule->hash, group, c->timespan_ms, &hits);
    if (st == TS_OK)
        st = risk_hits_add(a->w, hits, &hit, &at);
    if (st != TS_OK || !sigma_correlation_holds(c, hits->list, hits->count, at, &last))
        return st;
    at_ms = hits->list[last].at_ms;
    if (rule->fires)
        st = fire(a, rule);
    return st == TS_OK ? tell_parents(a, rule, at_ms) : st;
}

static ts_status tell_parents(application *a, const sigma_rule *rule, int64_t at_ms)
{
    ts_status st = TS_OK;

    for (unsigned i = 0; i < rule->parent_count && st == TS_OK; i++)
        st = tell_parent(a, &rule->parents[i], at_ms);
    return st;
}

static void tell_ai_use(const application *a)
{
    const detection_engine *e = a->engine;
    ts_str via = sigma_view_first(a->view, e->ai_via);

    if (via.n > 0 && a->record->event->user_email[0] != '\0')
        risk_publish_ai_use(a->w, a->record->event, a->record->event->user_email,
                            sigma_view_first(a->view, e->ai_tool),
                            sigma_view_first(a->view, e->ai_vendor), via);
}

ts_status detection_apply(const detection_engine *e, detection_state *state, risk_work *w,
                          const risk_record *record, work_user *user, const sigma_matches *matches)
{
    const Ts__Risk__Event *event = record->event;
    application a = { .engine = e,
                      .state = state,
                      .w = w,
                      .record = record,
                      .view = &matches->view,
                      .user = user,
                      .noise = { .cache = &state->hits, .limit = e->noisy_firings },
                      .at_ms = event->event_ms < w->now_ms ? event->event_ms : w->now_ms };
    ts_status st = TS_OK;

    tell_ai_use(&a);
    for (size_t i = 0; i < matches->count && st == TS_OK; i++) {
        if (matches->rules[i]->fires)
            st = fire(&a, matches->rules[i]);
        if (st == TS_OK)
            st = tell_parents(&a, matches->rules[i], a.at_ms);
    }
    return st;
}
