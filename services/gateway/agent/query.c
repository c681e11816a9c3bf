/* POST /v1/agent/query: a question in plain words. Understood by the parser (query/), answered by the handlers of the plain
 * requests that its plan names, with the rights of the key that asks. Only GETs are made (http/inner.h): what would change
 * something is shown, never done.
 */
#include "query.h"

#include "api/api.h"
#include "api/words.h"
#include "http/inner.h"
#include "model.h"
#include "query/plan.h"
#include "roster.h"

_Static_assert(AGENT_REASONS_MAX == API_PROFILES_MAX, "read_profiles() asks for all at once");
#define REQUESTS_MAX (1 + AGENT_REASONS_MAX) /* of one plan; a comparison has two */
#define ANSWER_BYTES                                                                               \
    (8u << 20) /* of an answer that is narrowed, or whose first rows are looked at */

typedef enum outcome {
    ANSWERED,
    NO_QUESTION, /* clarify, help, out_of_scope, refuse */
    A_CHANGE,
    NOT_THERE, /* the one it asks about does not exist */
} outcome;

typedef struct asked {
    http_exchange *x;
    bool is_concise;
    roster *names;
    agent_interpretation *in;
    agent_plan plan;
    model_use model;
    bool has_request; /* the plan's first one is one of this API */
    bool is_narrowed; /* rows were left out, or put in another order */
    bool is_cut;      /* there are more rows than were looked at */
    size_t matches;
    bool is_degraded;   /* names that might matter could not be looked up */
    bool lacks_reasons; /* risk did not tell those of all */
    outcome outcome;
    http_exchange *answers[REQUESTS_MAX];
    bool is_answered[REQUESTS_MAX];
    agent_texts follow_ups;
} asked;

/* ---- understanding ---- */

static ts_status understand(asked *q)
{
    http_exchange *x = q->x;
    const agent_grammar *grammar = api_of(x)->grammar;
    const http_value *context = http_field_of(x, "context");
    roster_view view;
    agent_gazetteer gazetteer;
    agent_question question = {
        .text = http_field_of(x, "query")->text,
        .context = context->items,
        .context_count = context->item_count,
        .now_ms = x->now_ms,
        .gazetteer = &gazetteer,
    };
    ts_status st;

    if (context->item_count > AGENT_CONTEXT_MAX)
        return ts_fail(&x->error, TS_INVALID, "context",
                       "context may have at most %u earlier questions", AGENT_CONTEXT_MAX);
    q->names = roster_new(x, grammar);
    if (q->names == NULL)
        return TS_NOMEM;
    view.roster = q->names;
    roster_gazetteer(&view, &gazetteer);
    st = agent_parse(grammar, &question, x->arena, &q->in, &x->error);
    if (st == TS_OK)
        st = agent_plan_make(q->in, x->now_ms, x->arena, &q->plan);
    if (st == TS_OK)
        st = model_interpret(&q->model, x, &question, &q->in, &q->plan);
    return st == TS_TOO_LARGE ? TS_INVALID : st;
}

static ts_status assume(asked *q, ts_str words)
{
    agent_texts *list = &q->in->assumptions;

    if (words.p == NULL ||
        !ts_arena_grow(q->x->arena, &list->list, list->count, &list->capacity, sizeof(ts_str)))
        return TS_NOMEM;
    list->list[list->count++] = words;
    return TS_OK;
}

static bool has_name(const agent_slots *slots)
{
    ts_str user = agent_slot_text(slots, "user");

    return user.n > 0 && ts_str_find(user, '@') == user.n;
}

/* A word that could be a name was not understood, or is a name without an address: the directory might have told. */
static bool wants_names(const agent_interpretation *in)
{
    return in->unparsed.count > 0 || has_name(&in->slots) || has_name(&in->left) ||
           has_name(&in->right) || has_name(&in->exclude);
}

/* What the plan leaves open, and whom nobody could look up, is said beside the parser's own assumptions. */
static ts_status add_assumptions(asked *q)
{
    ts_status st = TS_OK;

    for (size_t i = 0; i < q->plan.notes.count && st == TS_OK; i++)
        st = assume(q, q->plan.notes.list[i]);
    if (st == TS_OK && q->plan.count > REQUESTS_MAX)
        st = assume(q, TS_STR_LIT("only the first requests of the plan were made"));
    if (st == TS_OK && wants_names(q->in) && roster_is_short(q->names))
        st = assume(q, TS_STR_LIT("not every word that may be a name was looked up"));
    q->is_degraded = wants_names(q->in) && roster_is_down(q->names);
    if (st == TS_OK && q->is_degraded) {
        http_name_add(&q->x->degraded, "risk");
        st = assume(q, TS_STR_LIT("names could not be looked up in the directory"));
    }
    return st;
}

/* ---- answering ---- */

static ts_status fetch(asked *q, size_t at)
{
    http_exchange *x = q->x;
    http_exchange **inner = &q->answers[at];
    ts_status st = http_inner_get(x, q->plan.requests[at].path, inner);

    if (st == TS_OK) {
        q->is_answered[at] = true;
        for (size_t i = 0; i < (*inner)->degraded.count; i++)
            http_name_add(&x->degraded, (*inner)->degraded.items[i]);
        return TS_OK;
    }
    if (*inner == NULL)
        return st;
    if (st == TS_NOT_FOUND)
        return TS_OK;
    if (st ==
        TS_INVALID) /* such an id or address cannot exist; the words are the plain request's */
        return assume(q, ts_arena_str(x->arena, ts_str_of((*inner)->error.text)));
    x->error = (*inner)->error;
    x->retry_after_s = (*inner)->retry_after_s;
    return st;
}

/* The path of a further page; a narrowed plan's path has a query. */
static ts_str page_path(asked *q, size_t page)
{
    ts_str path = q->plan.requests[0].path;

    return ts_str_of(ts_arena_printf(q->x->arena, "%.*s&offset=%zu", (int)path.n, path.p,
                                     page * AGENT_NARROW_ROWS));
}

static bool has_more(const http_exchange *inner)
{
    TS_CLEANUP(ts_json_parser_free_p) ts_json_parser *parser = ts_json_parser_new(ANSWER_BYTES);
    ts_json data;
    ts_json more;
    ts_error err;

    return parser != NULL &&
           ts_json_parse(parser, ts_buf_view(&inner->data), &data, &err) == TS_OK &&
           ts_json_path(data, "pagination.has_more", &more) && ts_json_bool(more, false);
}

/* The answer to the first request with what the question leaves out left out. */
static ts_status narrow(asked *q)
{
    TS_CLEANUP(ts_buf_done) ts_buf narrowed = TS_BUF_INIT(ANSWER_BYTES);
    http_exchange *first = q->answers[0];
    http_exchange *further[AGENT_NARROW_PAGES] = { NULL };
    ts_str pages[AGENT_NARROW_PAGES] = { ts_buf_view(&first->data) };
    bool is_cut = has_more(first);
    size_t count = 1;
    ts_status st = TS_OK;

    while (is_cut && q->plan.has_pages && count < AGENT_NARROW_PAGES && st == TS_OK) {
        ts_str path = page_path(q, count);

        st = path.p == NULL ? TS_NOMEM : http_inner_get(q->x, path, &further[count]);
        if (st != TS_OK)
            break;
        pages[count] = ts_buf_view(&further[count]->data);
        is_cut = has_more(further[count++]);
    }
    if (st != TS_OK && further[count] != NULL)
        q->x->error = further[count]->error;
    if (st == TS_OK)
        st = agent_narrow(&q->plan.narrowing, pages, count, q->x->arena, &narrowed, &q->matches);
    if (st == TS_OK) {
        ts_buf_clear(&first->data);
        ts_buf_str(&first->data, ts_buf_view(&narrowed));
        st = ts_buf_status(&first->data);
        q->is_narrowed = true;
    }
    if (st == TS_OK && is_cut) {
        q->plan.is_wider = false;
        q->is_cut = true;
        st = assume(q,
                    ts_str_of(ts_arena_printf(q->x->arena, "only the first %zu rows were looked at",
                                              count * AGENT_NARROW_ROWS)));
    }
    for (size_t i = 1; i < AGENT_NARROW_PAGES; i++)
        http_inner_done(further[i]);
    return st;
}

/* The addresses of the first people of the answer. */
static ts_status first_people(asked *q, ts_str ret[AGENT_REASONS_MAX], size_t *ret_count)
{
    TS_CLEANUP(ts_json_parser_free_p) ts_json_parser *parser = ts_json_parser_new(ANSWER_BYTES);
    ts_error err;
    ts_json data;
    ts_json people;
    ts_json email;
    ts_json_iter each;

    *ret_count = 0;
    if (parser == NULL)
        return TS_NOMEM;
    if (ts_json_parse(parser, ts_buf_view(&q->answers[0]->data), &data, &err) != TS_OK ||
        (!ts_json_path(data, "users", &people) && !ts_json_path(data, "groups", &people)))
        return TS_INTERNAL;
    each = ts_json_iter_of(people);
    while (*ret_count < AGENT_REASONS_MAX && ts_json_next(&each)) {
        if (!ts_json_path(each.value, "email", &email))
            continue;
        ret[*ret_count] = ts_arena_str(q->x->arena, ts_json_str(email));
        if (ret[(*ret_count)++].p == NULL)
            return TS_NOMEM;
    }
    return TS_OK;
}

static size_t answered_further(const asked *q)
{
    size_t count = 0;

    for (size_t i = 1; i < REQUESTS_MAX; i++)
        count += q->is_answered[i];
    return count;
}

static ts_status read_profiles(asked *q, const ts_str *emails, size_t count)
{
    static const char path[] = "/v1/users/{email}";
    const http_service *s = q->x->service;
    size_t row = 0;
    ts_status st = TS_OK;

    while (row < s->route_count && strcmp(s->routes[row].pattern, path) != 0)
        row++;
    if (row == s->route_count)
        return TS_INTERNAL;
    for (size_t i = 0; i < count && st == TS_OK; i++)
        st = http_inner_begin(q->x, &s->routes[row], emails[i], &q->answers[1 + i]);
    if (st != TS_OK)
        return st;
    st = api_users_profiles(q->x, q->answers + 1, count, q->is_answered + 1);
    q->lacks_reasons = answered_further(q) < count && q->x->degraded.count > 0;
    return st;
}

/* Of a list of people with reasons: what is known of the first ones, if the key may know it. */
static ts_status explain_first(asked *q)
{
    ts_str emails[AGENT_REASONS_MAX];
    size_t count = 0;
    ts_error before = q->x->error;
    ts_status st;

    if (http_permit(q->x, TS_PERM_READ_USERS) != TS_OK) {
        q->x->error = before;
        return assume(q, TS_STR_LIT("the reasons need the permission read:users"));
    }
    st = first_people(q, emails, &count);
    if (st != TS_OK || count == 0)
        return st;
    st = agent_plan_add_reasons(&q->plan, emails, count, q->x->arena);
    return st == TS_OK ? read_profiles(q, emails, count) : st;
}

static ts_status answer(asked *q)
{
    ts_status st = http_permit(q->x, ts_permission_bit(ts_str_of(q->plan.permission)));

    q->has_request =
        q->plan.count > 0 && (q->plan.is_write || http_inner_has(q->x, q->plan.requests[0].path));
    if (st != TS_OK)
        return st;
    if (q->plan.is_write) {
        q->outcome = A_CHANGE;
        return TS_OK;
    }
    if (!q->has_request || ts_str_is(q->in->intent, "help")) {
        q->outcome = NO_QUESTION;
        return TS_OK;
    }
    for (size_t i = 0; i < q->plan.count && i < REQUESTS_MAX && st == TS_OK; i++)
        st = fetch(q, i);
    if (st == TS_OK && q->is_answered[0] && agent_narrows(&q->plan.narrowing))
        st = narrow(q);
    if (st == TS_OK && q->is_answered[0] && q->plan.wants_reasons)
        st = explain_first(q);
    q->outcome = q->is_answered[0] ? ANSWERED : NOT_THERE;
    return st;
}

/* ---- telling ---- */

static const char *words_of(const asked *q)
{
    switch (q->outcome) {
    case ANSWERED: return NULL;
    case NO_QUESTION: return query_excuse(q->in);
    case A_CHANGE:
        return "Nothing was changed. The request in equivalent_request does it, with a key that "
               "may.";
    case NOT_THERE: return "Nothing of that name is there.";
    }
    return NULL;
}

/* Its own summary may have as many sentences as a summary may have: what is added is a clause of the last. */
static void add_clause(ts_buf *summary, const char *words)
{
    if (summary->size > 0 && summary->data[summary->size - 1] == '.')
        summary->size--;
    ts_buf_printf(summary, "; %s.", words);
}

/* What a row of the narrowed list is; groups of AI use are what they are grouped by. */
static const char *noun_of(const asked *q)
{
    static const char *const nouns[][2] = {
        { "users", "user" },
        { "incidents", "incident" },
        { "apps", "connected app" },
        { "contacts", "trusted contact" },
    };
    const char *path = q->plan.requests[0].path.p;

    for (size_t i = 0; i < TS_COUNT(nouns); i++) {
        if (strcmp(q->plan.narrowing.list, nouns[i][0]) == 0)
            return nouns[i][1];
    }
    return strstr(path, "group_by=user") != NULL  ? "user"
           : strstr(path, "group_by=day") != NULL ? "day"
                                                  : "AI tool";
}

static void say_matches(ts_buf *to, const asked *q)
{
    words_count(to, q->matches, noun_of(q));
    ts_buf_z(to, q->matches == 1 ? " matches." : " match.");
}

static void summarize(const asked *q)
{
    ts_buf *to = &q->x->summary;
    const char *words = words_of(q);

    if (words != NULL)
        ts_buf_z(to, words);
    else if (q->is_narrowed)
        say_matches(to, q);
    else
        ts_buf_str(to, ts_buf_view(&q->answers[0]->summary));
    if (q->is_cut)
        add_clause(to, "not all could be looked at, see assumptions");
    if (q->lacks_reasons)
        add_clause(to, "not all reasons are there, as risk is not available");
    else if (q->outcome == ANSWERED && answered_further(q) > 0)
        add_clause(
            to, !q->plan.wants_reasons ? "the other side of the comparison is in further_results"
                : answered_further(q) == 1 ? "the first one's profile is in further_results"
                                           : "profiles of the first ones are in further_results");
    if (q->outcome == ANSWERED && q->plan.is_wider)
        add_clause(to, "wider than the question, see assumptions");
    if (q->is_degraded)
        add_clause(to, "names could not be looked up, as risk is not available");
}

static ts_status name_in(http_exchange *x, const char *before, const char *after, ts_str path)
{
    const char *name = ts_arena_printf(x->arena, "%s%.*s%s", before, (int)path.n, path.p, after);

    if (name == NULL)
        return TS_NOMEM;
    http_name_add(&x->untrusted, name);
    return TS_OK;
}

/* "data.users[].name" of an inner answer, where it stands in this one. */
static ts_status name_inner(http_exchange *x, const http_exchange *inner, const char *before)
{
    ts_status st = TS_OK;

    for (size_t i = 0; i < inner->untrusted.count && st == TS_OK; i++) {
        ts_str path = ts_str_of(inner->untrusted.items[i]);

        if (ts_str_starts(path, TS_STR_LIT("data.")))
            st = name_in(x, before, "", ts_str_n(path.p + 5, path.n - 5));
    }
    return st;
}

/* Slots that hold what was typed, as typed. */
static ts_status name_slots(http_exchange *x, const agent_slots *slots, const char *before)
{
    static const char *const typed[] = { "user", "contact", "query", "app", "incident_id" };
    ts_status st = TS_OK;

    for (size_t i = 0; i < TS_COUNT(typed) && st == TS_OK; i++) {
        const agent_slot *slot = agent_slot_find(slots, ts_str_of(typed[i]));

        if (slot == NULL)
            continue;
        st = name_in(x, before, slot->count > 1 ? "[]" : "", slot->name);
    }
    return st;
}

static ts_status name_untrusted(const asked *q)
{
    http_exchange *x = q->x;
    ts_status st;

    http_name_add(&x->untrusted, "data.interpretation.assumptions[]");
    http_name_add(&x->untrusted, "data.interpretation.corrections[].from");
    http_name_add(&x->untrusted, "data.interpretation.unparsed[]");
    http_name_add(&x->untrusted, "data.interpretation.restated");
    if (q->model.restated.n > 0)
        http_name_add(&x->untrusted, "data.restated_summary");
    st = name_slots(x, &q->in->slots, "data.interpretation.slots.");
    if (st == TS_OK)
        st = name_slots(x, &q->in->left, "data.interpretation.slots.left.");
    if (st == TS_OK)
        st = name_slots(x, &q->in->right, "data.interpretation.slots.right.");
    if (st == TS_OK)
        st = name_slots(x, &q->in->exclude, "data.interpretation.slots.exclude.");
    if (st == TS_OK && q->has_request)
        http_name_add(&x->untrusted, "data.equivalent_request.path");
    if (st == TS_OK && q->plan.is_write && ts_str_is(q->in->intent, "update_trusted_contacts"))
        http_name_add(&x->untrusted, "data.equivalent_request.body.value");
    if (st == TS_OK && q->is_answered[0])
        st = name_inner(x, q->answers[0], "data.results.");
    if (st == TS_OK && q->answers[1] != NULL)
        http_name_add(&x->untrusted, "data.further_results[].request.path");
    for (size_t i = 1; i < REQUESTS_MAX && st == TS_OK; i++) {
        if (q->is_answered[i])
            st = name_inner(x, q->answers[i], "data.further_results[].results.");
    }
    return st;
}

static void put_texts(ts_jsonw *w, const char *name, const agent_texts *texts)
{
    ts_jsonw_key(w, name);
    ts_jsonw_array(w);
    for (size_t i = 0; i < texts->count; i++)
        ts_jsonw_str(w, texts->list[i]);
    ts_jsonw_array_end(w);
}

static void put_results(ts_jsonw *w, const asked *q, size_t at)
{
    ts_jsonw_key(w, "results");
    if (q->is_answered[at])
        ts_jsonw_raw(w, ts_buf_view(&q->answers[at]->data));
    else
        ts_jsonw_null(w);
}

/* By which members of a row the answer was filtered, beside what the plain request asks for. */
static void put_filters(ts_jsonw *w, const agent_narrowing *narrowing)
{
    ts_jsonw_key(w, "filtered_by");
    ts_jsonw_array(w);
    for (size_t i = 0; i < narrowing->count; i++)
        ts_jsonw_z(w, narrowing->filters[i].member);
    ts_jsonw_array_end(w);
}

static void put_further(ts_jsonw *w, const asked *q)
{
    if (q->answers[1] == NULL)
        return;
    ts_jsonw_key(w, "further_results");
    ts_jsonw_array(w);
    for (size_t i = 1; i < REQUESTS_MAX && q->answers[i] != NULL; i++) {
        ts_jsonw_object(w);
        ts_jsonw_key(w, "request");
        ts_jsonw_object(w);
        ts_jsonw_kz(w, "method", q->plan.requests[i].method);
        ts_jsonw_kstr(w, "path", q->plan.requests[i].path);
        ts_jsonw_object_end(w);
        put_results(w, q, i);
        ts_jsonw_object_end(w);
    }
    ts_jsonw_array_end(w);
}

static void put_examples(ts_jsonw *w)
{
    ts_jsonw_key(w, "examples");
    ts_jsonw_array(w);
    for (size_t i = 0; i < QUERY_EXAMPLES; i++)
        ts_jsonw_z(w, query_examples[i]);
    ts_jsonw_array_end(w);
}

static ts_status tell(asked *q)
{
    ts_jsonw w = ts_jsonw_on(&q->x->data);
    ts_status st = query_follow_ups(q->in, q->x->arena, &q->follow_ups);

    if (st == TS_OK)
        st = add_assumptions(q);
    if (st != TS_OK)
        return st;
    summarize(q);
    if (q->outcome == ANSWERED)
        st = model_restate(&q->model, q->x, q->in);
    if (st == TS_OK)
        st = agent_interpretation_clean(q->in, q->x->arena);
    if (st != TS_OK)
        return st;
    if (q->model.is_missing)
        add_clause(&q->x->summary, "the language model did not answer");
    ts_jsonw_object(&w);
    ts_jsonw_kbool(&w, "answered", q->outcome == ANSWERED);
    if (words_of(q) != NULL)
        ts_jsonw_kz(&w, "text", words_of(q));
    ts_jsonw_key(&w, "interpretation");
    agent_interpretation_write(&w, q->in);
    put_results(&w, q, 0);
    if (q->is_narrowed)
        put_filters(&w, &q->plan.narrowing);
    ts_jsonw_key(&w, "equivalent_request");
    if (q->has_request)
        agent_plan_write(&w, &q->plan);
    else
        ts_jsonw_null(&w);
    put_further(&w, q);
    /* Concise leaves out what only helps to ask again, but where nothing else was answered. */
    if (!q->is_concise || q->outcome != ANSWERED)
        put_texts(&w, "follow_ups", &q->follow_ups);
    if (q->outcome == NO_QUESTION)
        put_examples(&w);
    if (q->model.restated.n > 0)
        ts_jsonw_kstr(&w, "restated_summary", q->model.restated);
    ts_jsonw_object_end(&w);
    return name_untrusted(q);
}

ts_status api_agent_query(http_exchange *x)
{
    asked q = { .x = x,
                .is_concise = ts_str_is(http_field_of(x, "response_format")->text, "concise") };
    ts_status st = understand(&q);

    if (st == TS_OK)
        st = answer(&q);
    if (st == TS_OK)
        st = tell(&q);
    roster_done(q.names);
    for (size_t i = 0; i < REQUESTS_MAX; i++)
        http_inner_done(q.answers[i]);
    return st;
}
