#include "propose.h"

#include "meaning.h"

#define TYPED_MAX  200u /* bytes of a text from the question */
#define VALUES_MAX 8u   /* of one slot */

typedef enum rule_kind {
    RULE_TYPED,   /* stands in the question */
    RULE_LISTED,  /* one of `values`, separated by blanks */
    RULE_LEXICON, /* a value of that class in the data files */
    RULE_OWN,     /* the same, or a text of the question: what an organization calls its own */
    RULE_NUMBER,
    RULE_BOOLEAN,
    RULE_TIME
} rule_kind;

typedef struct slot_rule {
    const char *name;
    rule_kind kind;
    const char *values;
    int64_t min, max;
} slot_rule;

#define LEVELS     "minimal low medium high critical"
#define SEVERITIES "low medium high critical"

/* Slots that may be proposed. The others only help to tell questions apart, or stand for a change. */
static const slot_rule slot_rules[] = {
    { "time", RULE_TIME, NULL, 0, 0 },
    { "user", RULE_TYPED, NULL, 0, 0 },
    { "contact", RULE_TYPED, NULL, 0, 0 },
    { "query", RULE_TYPED, NULL, 0, 0 },
    { "app", RULE_TYPED, NULL, 0, 0 },
    { "ip", RULE_TYPED, NULL, 0, 0 },
    { "incident_id", RULE_TYPED, NULL, 0, 0 },
    { "department", RULE_OWN, NULL, 0, 0 },
    { "risk_level", RULE_LISTED, LEVELS, 0, 0 },
    { "risk_level_min", RULE_LISTED, LEVELS, 0, 0 },
    { "min_score", RULE_NUMBER, NULL, 0, 100 },
    { "max_score", RULE_NUMBER, NULL, 0, 100 },
    { "min_score_exclusive", RULE_NUMBER, NULL, 0, 99 },
    { "max_score_exclusive", RULE_NUMBER, NULL, 1, 100 },
    { "limit", RULE_NUMBER, NULL, 1, 200 },
    { "page", RULE_NUMBER, NULL, 1, 1000 },
    { "inactive_days_min", RULE_NUMBER, NULL, 1, 3650 },
    { "sort", RULE_LISTED, "risk_score created_at severity usage incidents risk_delta user_count",
      0, 0 },
    { "order", RULE_LISTED, "asc desc", 0, 0 },
    { "status", RULE_LISTED, "open investigating resolved false_positive", 0, 0 },
    { "severity", RULE_LISTED, SEVERITIES, 0, 0 },
    { "severity_min", RULE_LISTED, SEVERITIES, 0, 0 },
    { "type", RULE_LEXICON, NULL, 0, 0 },
    { "group_by", RULE_LISTED, "department user app severity status type day", 0, 0 },
    { "interval", RULE_LISTED, "day week month", 0, 0 },
    { "trust", RULE_LISTED, "trusted untrusted", 0, 0 },
    { "permission", RULE_LEXICON, NULL, 0, 0 },
    { "mfa", RULE_BOOLEAN, NULL, 0, 0 },
    { "approved", RULE_BOOLEAN, NULL, 0, 0 },
    { "suspended", RULE_BOOLEAN, NULL, 0, 0 },
    { "assignee", RULE_LISTED, "me none any", 0, 0 },
    { "role", RULE_LEXICON, NULL, 0, 0 },
    { "employment_type", RULE_LEXICON, NULL, 0, 0 },
    { "country", RULE_LEXICON, NULL, 0, 0 },
};

/* Intents that may be proposed: those that ask for something and change nothing. `needs`: makes no sense without that slot. */
static const struct {
    const char *name;
    const char *needs;
} intent_rules[] = {
    { "overview", NULL },
    { "user_profile", "user" },
    { "list_users", NULL },
    { "search_users", "query" },
    { "count_users", NULL },
    { "list_incidents", NULL },
    { "count_incidents", NULL },
    { "incident_details", "incident_id" },
    { "ai_usage", NULL },
    { "list_apps", NULL },
    { "app_details", "app" },
    { "count_apps", NULL },
    { "list_trusted_contacts", NULL },
    { "compare", NULL },
    { "trend", NULL },
    { "explain", NULL },
    { "recommend", NULL },
};

typedef struct proposal {
    const agent_grammar *g;
    ts_str question;
    int64_t now_ms;
    ts_arena *arena;
    agent_interpretation *out;
    ts_error *err;
} proposal;

/* ---- vocabulary ---- */

static bool is_in_lexicon(const agent_grammar *g, const char *cls, ts_str value)
{
    uint32_t wanted_cls = agent_names_find(&g->symbols, ts_str_of(cls));
    uint32_t wanted = agent_names_find(&g->symbols, value);

    for (size_t i = 0; wanted_cls != 0 && wanted != 0 && i < g->node_count; i++) {
        if (g->nodes[i].meaning.cls == wanted_cls && g->nodes[i].meaning.value == wanted)
            return true;
    }
    return false;
}

static void write_lexicon(const agent_grammar *g, const char *cls, ts_buf *to)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(g->symbols.count + 4096);
    uint32_t wanted = agent_names_find(&g->symbols, ts_str_of(cls));
    bool *seen = arena == NULL ? NULL : ts_arena_alloc(arena, g->symbols.count);

    if (seen == NULL) {
        to->status = TS_NOMEM;
        return;
    }
    for (size_t i = 0; wanted != 0 && i < g->node_count; i++) {
        const agent_meaning *meaning = &g->nodes[i].meaning;

        if (meaning->cls != wanted || seen[meaning->value])
            continue;
        seen[meaning->value] = true;
        ts_buf_char(to, ' ');
        ts_buf_str(to, agent_names_text(&g->symbols, meaning->value));
    }
}

static void write_slot(const agent_grammar *g, const slot_rule *rule, ts_buf *to)
{
    ts_buf_printf(to, "%s:", rule->name);
    switch (rule->kind) {
    case RULE_TYPED: ts_buf_z(to, " text copied from the question"); break;
    case RULE_LISTED: ts_buf_printf(to, " %s", rule->values); break;
    case RULE_LEXICON: write_lexicon(g, rule->name, to); break;
    case RULE_OWN:
        write_lexicon(g, rule->name, to);
        ts_buf_z(to, ", or text copied from the question");
        break;
    case RULE_NUMBER:
        ts_buf_printf(to, " a whole number from %lld to %lld", (long long)rule->min,
                      (long long)rule->max);
        break;
    case RULE_BOOLEAN: ts_buf_z(to, " true or false"); break;
    case RULE_TIME:
        ts_buf_z(to, " today yesterday last_24h last_7d last_4w last_3mo this_week last_week "
                     "this_month last_month this_quarter last_quarter this_year last_year "
                     "2025-03-14 2025-03-01..2025-03-14 since:2025-03-01 before:2025-03-01");
        break;
    }
    ts_buf_char(to, '\n');
}

void agent_vocabulary_write(const agent_grammar *g, ts_buf *to)
{
    ts_buf_z(to, "Intents:\n");
    for (size_t i = 0; i < TS_COUNT(intent_rules); i++) {
        ts_str says = agent_pairs_get(&g->says, ts_str_of(intent_rules[i].name));

        ts_buf_printf(to, "%s: %.*s", intent_rules[i].name, (int)says.n, says.p);
        if (intent_rules[i].needs != NULL)
            ts_buf_printf(to, " (needs %s)", intent_rules[i].needs);
        ts_buf_char(to, '\n');
    }
    ts_buf_z(to, "Slots:\n");
    for (size_t i = 0; i < TS_COUNT(slot_rules); i++)
        write_slot(g, &slot_rules[i], to);
    ts_buf_z(to, "left, right: for compare, an object of one slot each\n"
                 "exclude: an object of slots that are negated\n");
}

/* ---- values ---- */

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (unsigned char)c >= 0x80;
}

/* Where `text` stands in the question as whole words, in the question's own spelling; TS_STR_NULL if it does not. */
static ts_str find_typed(ts_str question, ts_str text)
{
    if (text.n < 2 || text.n > TYPED_MAX || !is_word_byte(text.p[0]) ||
        !is_word_byte(text.p[text.n - 1]))
        return TS_STR_NULL;
    for (size_t i = 0; i + text.n <= question.n; i++) {
        ts_str here = ts_str_n(question.p + i, text.n);

        if ((i == 0 || !is_word_byte(question.p[i - 1])) &&
            (i + text.n == question.n || !is_word_byte(question.p[i + text.n])) &&
            ts_str_ieq(here, text))
            return here;
    }
    return TS_STR_NULL;
}

static bool is_listed(const char *values, ts_str value)
{
    ts_str rest = ts_str_of(values);

    while (rest.n > 0) {
        size_t end = ts_str_find(rest, ' ');

        if (ts_str_eq(ts_str_n(rest.p, end), value))
            return true;
        rest = end == rest.n ? TS_STR_NULL : ts_str_n(rest.p + end + 1, rest.n - end - 1);
    }
    return false;
}

static ts_str number_value(const proposal *p, const slot_rule *rule, ts_json value)
{
    int64_t n = ts_json_i64(value, rule->min - 1);

    return n < rule->min || n > rule->max ? TS_STR_NULL : ts_json_text(value, p->arena);
}

/* The value as the slot takes it; TS_STR_NULL if it may not stand there. */
static ts_str value_of(const proposal *p, const slot_rule *rule, ts_json value)
{
    ts_str text = ts_json_str(value);
    agent_span span;
    ts_str found = TS_STR_NULL;

    switch (rule->kind) {
    case RULE_TYPED: return find_typed(p->question, text);
    case RULE_LISTED: return is_listed(rule->values, text) ? text : TS_STR_NULL;
    case RULE_LEXICON: return is_in_lexicon(p->g, rule->name, text) ? text : TS_STR_NULL;
    case RULE_OWN:
        if (!is_in_lexicon(p->g, rule->name, text))
            found = find_typed(p->question, text);
        return is_in_lexicon(p->g, rule->name, text) ? text : found;
    case RULE_NUMBER: return number_value(p, rule, value);
    case RULE_BOOLEAN:
        return ts_json_type_of(value) == TS_JSON_BOOL ? ts_json_text(value, p->arena) : TS_STR_NULL;
    case RULE_TIME:
        return text.n > 0 && text.n < 64 && agent_time_span(text, p->now_ms, &span) ? text
                                                                                    : TS_STR_NULL;
    }
    return TS_STR_NULL;
}

static ts_status refuse(const proposal *p, const char *what, ts_str name)
{
    return ts_fail(p->err, TS_INVALID, "slots", "%s: %.*s", what, (int)(name.n < 40 ? name.n : 40),
                   name.p);
}

/* What is kept must not point into the parser's document. */
static ts_status add_value(const proposal *p, const slot_rule *rule, ts_json value,
                           agent_slots *slots)
{
    const agent_slot_rule *slot = agent_grammar_slot(p->g, ts_str_of(rule->name));
    ts_str kept = value_of(p, rule, value);

    if (kept.n == 0 || slot == NULL)
        return refuse(p, "not a value of the slot", ts_str_of(rule->name));
    kept = ts_arena_str(p->arena, kept);
    return kept.p == NULL
               ? TS_NOMEM
               : agent_slot_set(p->arena, slots, slot->name, slot->kind, kept, slot->is_many);
}

static ts_status add_slot(const proposal *p, ts_str name, ts_json value, agent_slots *slots)
{
    const slot_rule *rule = NULL;
    const agent_slot_rule *slot;
    ts_status st = TS_OK;

    for (size_t i = 0; i < TS_COUNT(slot_rules) && rule == NULL; i++) {
        if (ts_str_is(name, slot_rules[i].name))
            rule = &slot_rules[i];
    }
    if (rule == NULL)
        return refuse(p, "no such slot", name);
    if (agent_slot_find(slots, name) != NULL)
        return refuse(p, "given twice", name);
    if (ts_json_type_of(value) != TS_JSON_ARRAY)
        return add_value(p, rule, value, slots);
    slot = agent_grammar_slot(p->g, name);
    if (slot == NULL || !slot->is_many || ts_json_count(value) == 0 ||
        ts_json_count(value) > VALUES_MAX)
        return refuse(p, "takes no such list", name);
    for (ts_json_iter it = ts_json_iter_of(value); st == TS_OK && ts_json_next(&it);)
        st = add_value(p, rule, it.value, slots);
    return st;
}

static ts_status add_part(const proposal *p, ts_str name, ts_json part, agent_slots *slots)
{
    ts_status st = TS_OK;

    if (ts_json_type_of(part) != TS_JSON_OBJECT || slots->count > 0)
        return refuse(p, "must be one object", name);
    for (ts_json_iter it = ts_json_iter_of(part); st == TS_OK && ts_json_next(&it);)
        st = add_slot(p, it.name, it.value, slots);
    return st;
}

static ts_status add_slots(const proposal *p, ts_json given)
{
    agent_interpretation *out = p->out;
    ts_status st = TS_OK;

    if (ts_json_type_of(given) != TS_JSON_OBJECT)
        return refuse(p, "must be an object", TS_STR_LIT("slots"));
    for (ts_json_iter it = ts_json_iter_of(given); st == TS_OK && ts_json_next(&it);) {
        if (ts_str_is(it.name, "left"))
            st = add_part(p, it.name, it.value, &out->left);
        else if (ts_str_is(it.name, "right"))
            st = add_part(p, it.name, it.value, &out->right);
        else if (ts_str_is(it.name, "exclude"))
            st = add_part(p, it.name, it.value, &out->exclude);
        else
            st = add_slot(p, it.name, it.value, &out->slots);
    }
    return st;
}

/* ---- the whole ---- */

static ts_status set_intent(const proposal *p, ts_str name)
{
    agent_interpretation *out = p->out;

    for (size_t i = 0; i < TS_COUNT(intent_rules); i++) {
        if (!ts_str_is(name, intent_rules[i].name))
            continue;
        out->intent = ts_str_of(intent_rules[i].name);
        if (intent_rules[i].needs != NULL &&
            agent_slot_text(&out->slots, intent_rules[i].needs).n == 0)
            return ts_fail(p->err, TS_INVALID, "intent", "the intent %s lacks its %s",
                           intent_rules[i].name, intent_rules[i].needs);
        /* Two sides of one slot, or a grouping: else there is nothing to compare. */
        if (ts_str_is(out->intent, "compare")
                ? (agent_slot_text(&out->slots, "group_by").n == 0 || out->left.count > 0) &&
                      (out->left.count != 1 || out->right.count != 1 ||
                       !ts_str_eq(out->left.list[0].name, out->right.list[0].name))
                : out->left.count + out->right.count > 0)
            return ts_fail(p->err, TS_INVALID, "slots", "left and right do not fit the intent");
        return TS_OK;
    }
    return ts_fail(p->err, TS_INVALID, "intent", "no intent that may be proposed: %.*s",
                   (int)(name.n < 40 ? name.n : 40), name.p);
}

static ts_status read_members(const proposal *p, ts_json proposed)
{
    ts_json intent = { NULL, 0 };
    ts_json slots;
    ts_status st = TS_OK;

    if (ts_json_type_of(proposed) != TS_JSON_OBJECT || !ts_json_get(proposed, "intent", &intent) ||
        ts_json_count(proposed) > 2)
        return ts_fail(p->err, TS_INVALID, "", "not an object of intent and slots");
    if (ts_json_get(proposed, "slots", &slots))
        st = add_slots(p, slots);
    else if (ts_json_count(proposed) > 1)
        st = ts_fail(p->err, TS_INVALID, "", "not an object of intent and slots");
    return st == TS_OK ? set_intent(p, ts_json_str(intent)) : st;
}

static ts_status make_plan(const proposal *p, agent_plan *ret)
{
    ts_status st = agent_plan_make(p->out, p->now_ms, p->arena, ret);

    if (st != TS_OK)
        return st;
    if (ret->count == 0 || ret->is_write)
        return ts_fail(p->err, TS_INVALID, "intent", "nothing that could be asked for");
    for (size_t i = 0; i < ret->count; i++) {
        if (strcmp(ret->requests[i].method, "GET") != 0)
            return ts_fail(p->err, TS_INVALID, "intent", "only GETs may be proposed");
    }
    return TS_OK;
}

ts_status agent_propose(const agent_grammar *g, const agent_question *question,
                        const agent_interpretation *own, ts_json proposed, ts_arena *arena,
                        agent_interpretation **ret, agent_plan *ret_plan, ts_error *err)
{
    agent_interpretation *out = ts_arena_alloc(arena, sizeof(*out));
    proposal p = { .g = g,
                   .question = question->text,
                   .now_ms = question->now_ms,
                   .arena = arena,
                   .out = out,
                   .err = err };
    ts_status st;

    if (out == NULL)
        return TS_NOMEM;
    /* The parser's own assumptions spoke of what it took the question for. */
    *out = (agent_interpretation){ .corrections = own->corrections,
                                   .unparsed = own->unparsed,
                                   .people = own->people,
                                   .confidence = own->confidence,
                                   .source = "model" };
    st = read_members(&p, proposed);
    if (st == TS_OK)
        st = agent_texts_add(arena, &out->assumptions,
                             TS_STR_LIT("a language model proposed this interpretation: look at "
                                        "equivalent_request before relying on it"));
    if (st == TS_OK)
        st = agent_round_off(g, question->now_ms, arena, out);
    if (st == TS_OK)
        st = make_plan(&p, ret_plan);
    if (st == TS_OK)
        *ret = out;
    return st;
}
