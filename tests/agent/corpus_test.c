/* The corpora of questions against the parser: how many intents and slots are right, and whether harmless changes of a question
 * (case, punctuation, politeness, one slip of the keyboard) keep its interpretation. Prints the figures; fails below the bars.
 *
 *     corpus_test [-v]      -v prints each question of the development corpus that is read wrongly
 *     corpus_test FILE      measures the questions of another file, and prints each that is read wrongly
 */
#include <ctype.h>

#include "query/parse.h"
#include "query/people.h"
#include "query/plan.h"
#include "query/spell.h"

#define LINE_MAX_BYTES 8192
#define NOW_MS         INT64_C(1763640000000) /* Thursday, 2025-11-20 12:00 UTC */
#define INTENT_BAR     0.99
#define SLOT_BAR       0.985
#define HELD_INTENT    0.98
#define HELD_SLOT      0.975
#define SAME_BAR       0.98 /* of harmless changes */
#define SLIP_BAR       0.95 /* of one slip of the keyboard, of another order */

static const char *const compared[] = {
    "time",
    "user",
    "contact",
    "query",
    "app",
    "ip",
    "incident_id",
    "department",
    "risk_level",
    "risk_level_min",
    "min_score",
    "max_score",
    "min_score_exclusive",
    "max_score_exclusive",
    "limit",
    "page",
    "inactive_days_min",
    "sort",
    "order",
    "status",
    "new_status",
    "severity",
    "severity_min",
    "type",
    "group_by",
    "interval",
    "left",
    "right",
    "exclude",
    "trust",
    "permission",
    "mfa",
    "approved",
    "assignee",
    "role",
    "employment_type",
    "country",
    "confirm_required",
    "with_reasons",
};

static const char *const people[][2] = {
    { "dana@acme.example", "Dana Whitfield" },    { "marcus@acme.example", "Marcus Webb" },
    { "priya@acme.example", "Priya Raman" },      { "elena@acme.example", "Elena Petrova" },
    { "t.brandt@acme.example", "Tomas Brandt" },  { "kate@acme.example", "Kate O'Neill" },
    { "nina@acme.example", "Nina van der Berg" }, { "p.ortiz@acme.example", "Pablo Ortíz" },
};

typedef struct tally {
    unsigned cases;
    unsigned intents;
    unsigned right; /* slots */
    unsigned extra;
    unsigned missing;
} tally;

static agent_grammar *grammar;
static agent_gazetteer gazetteer;
static ts_json_parser *wanted_parser;
static ts_json_parser *found_parser;
static ts_json_parser *other_parser;
static bool is_verbose;

static void fail(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(1);
}

/* ---- asking ---- */

/* The interpretation as JSON text. */
static void ask(ts_str text, const ts_str *context, size_t count, const agent_gazetteer *names,
                ts_buf *out)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(AGENT_ARENA_BYTES);
    agent_question q = { text, context, count, NOW_MS, names };
    agent_interpretation *in = NULL;
    agent_plan plan;
    ts_error err;
    ts_jsonw w = ts_jsonw_on(out);

    ts_buf_clear(out);
    if (agent_parse(grammar, &q, arena, &in, &err) != TS_OK)
        fail(err.text);
    if (agent_plan_make(in, NOW_MS, arena, &plan) != TS_OK)
        fail("no plan");
    /* Whoever may be asked about, a plan changes nothing unless the interpretation says that it would. */
    if (plan.is_write != (agent_slot_text(&in->slots, "confirm_required").n > 0 && plan.count > 0 &&
                          strcmp(plan.requests[0].method, "GET") != 0))
        fail("a plan that changes something without confirm_required");
    agent_interpretation_write(&w, in);
}

static ts_json parse(ts_json_parser *parser, ts_str text)
{
    ts_json value;
    ts_error err;

    if (ts_json_parse(parser, text, &value, &err) != TS_OK)
        fail(err.text);
    return value;
}

/* ---- comparing ---- */

static bool same_value(ts_json a, ts_json b)
{
    if (ts_json_type_of(a) != ts_json_type_of(b))
        return false;
    switch (ts_json_type_of(a)) {
    case TS_JSON_OBJECT:
    case TS_JSON_ARRAY: break;
    case TS_JSON_STRING: return ts_str_ieq(ts_json_str(a), ts_json_str(b));
    case TS_JSON_BOOL: return ts_json_bool(a, false) == ts_json_bool(b, false);
    case TS_JSON_NULL:
    case TS_JSON_INT:
    case TS_JSON_UINT:
    case TS_JSON_DOUBLE: return ts_json_i64(a, -1) == ts_json_i64(b, -2);
    }
    if (ts_json_count(a) != ts_json_count(b))
        return false;
    for (ts_json_iter i = ts_json_iter_of(a); ts_json_next(&i);) {
        bool found = false;

        for (ts_json_iter j = ts_json_iter_of(b); ts_json_next(&j);)
            found = found || (ts_str_eq(i.name, j.name) && same_value(i.value, j.value));
        if (!found)
            return false;
    }
    return true;
}

static ts_json member(ts_json object, const char *name)
{
    ts_json value = { NULL, 0 };

    (void)ts_json_get(object, name, &value);
    return value;
}

/* Counts slots; true if none differs. */
static bool compare_slots(ts_json wanted, ts_json found, tally *t)
{
    bool same = true;

    for (size_t i = 0; i < TS_COUNT(compared); i++) {
        ts_json a;
        ts_json b;
        bool has_a = ts_json_get(wanted, compared[i], &a);
        bool has_b = ts_json_get(found, compared[i], &b);
        bool is_right = has_a && has_b && same_value(a, b);

        if (t != NULL) {
            t->right += is_right;
            t->missing += has_a && !is_right;
            t->extra += has_b && !is_right;
        }
        same = same && (has_a == has_b) && (!has_a || is_right);
    }
    return same;
}

/* ---- one corpus ---- */

static bool same_texts(ts_json wanted, ts_json found)
{
    return ts_json_count(wanted) == 0 || same_value(wanted, found);
}

static void print_wrong(ts_json row, const ts_buf *out)
{
    ts_buf wanted = TS_BUF_INIT(1u << 16);

    ts_json_print(row, &wanted);
    printf("  wanted %.*s\n  found  %.*s\n", (int)wanted.size, wanted.data, (int)out->size,
           out->data);
    ts_buf_done(&wanted);
}

static void check_case(ts_json row, const agent_gazetteer *names, ts_buf *out, tally *t)
{
    ts_str question = ts_json_str(member(row, "q"));
    ts_str context[AGENT_CONTEXT_MAX];
    size_t count = 0;
    ts_json found;
    bool is_right;
    ts_json reason;

    for (ts_json_iter i = ts_json_iter_of(member(row, "context")); ts_json_next(&i);)
        context[count++] = ts_json_str(i.value);
    ask(question, context, count, names, out);
    found = parse(found_parser, ts_buf_view(out));
    is_right = ts_str_eq(ts_json_str(member(row, "intent")), ts_json_str(member(found, "intent")));
    t->cases++;
    t->intents += is_right;
    if (!compare_slots(member(row, "slots"), member(found, "slots"), t))
        is_right = false;
    reason = member(member(row, "slots"), "reason");
    if (ts_json_type_of(reason) == TS_JSON_STRING &&
        !same_value(reason, member(member(found, "slots"), "reason")))
        is_right = false;
    if (!same_texts(member(row, "flags"), member(found, "flags")))
        is_right = false;
    if (!is_right && is_verbose)
        print_wrong(row, out);
}

static void check_bars(const char *name, const tally *t, double intent_bar, double slot_bar)
{
    double intents = (double)t->intents / t->cases;
    double precision = (double)t->right / (t->right + t->extra);
    double recall = (double)t->right / (t->right + t->missing);
    double f1 = 2 * precision * recall / (precision + recall);

    printf("%-44s %4u questions: intent %.3f, slots P %.3f R %.3f F1 %.3f\n", name, t->cases,
           intents, precision, recall, f1);
    if (intents < intent_bar || f1 < slot_bar)
        fail("below the bar");
}

typedef void (*on_row)(ts_json row, ts_buf *out, void *data);

static void each_row(const char *file, on_row call, void *data)
{
    static char line[LINE_MAX_BYTES];
    char path[1024];
    ts_buf out = TS_BUF_INIT(1u << 20);
    FILE *in;

    if (strchr(file, '/') != NULL)
        snprintf(path, sizeof(path), "%s", file);
    else
        snprintf(path, sizeof(path), "%s/tests/agent/%s", TS_SOURCE_DIR, file);
    in = fopen(path, "re");
    if (in == NULL)
        fail(path);
    while (fgets(line, sizeof(line), in) != NULL)
        call(parse(wanted_parser, ts_str_trim(ts_str_of(line))), &out, data);
    fclose(in);
    ts_buf_done(&out);
}

static void row_with_names(ts_json row, ts_buf *out, void *data)
{
    check_case(row, &gazetteer, out, data);
}

static void row_without_names(ts_json row, ts_buf *out, void *data)
{
    check_case(row, NULL, out, data);
}

static void check_corpus(const char *file, double intent_bar, double slot_bar)
{
    tally with = { 0 };
    tally without = { 0 };
    char name[128];
    bool verbose = is_verbose;

    /* What the held-out part holds is not looked at: only its figures. */
    is_verbose = verbose && strcmp(file, "corpus_heldout.jsonl") != 0;
    snprintf(name, sizeof(name), "%s, names known", file);
    each_row(file, row_with_names, &with);
    check_bars(name, &with, intent_bar, slot_bar);
    is_verbose = false;
    snprintf(name, sizeof(name), "%s, names unknown", file);
    each_row(file, row_without_names, &without);
    check_bars(name, &without, intent_bar, slot_bar);
    is_verbose = verbose;
}

/* ---- plans ---- */

/* Everything about a plan that its reader sees, as text. */
static void write_plan(const agent_plan *plan, ts_buf *out)
{
    const agent_narrowing *n = &plan->narrowing;

    ts_buf_clear(out);
    for (size_t i = 0; i < plan->count; i++)
        ts_buf_printf(out, "%s %.*s %.*s\n", plan->requests[i].method,
                      (int)plan->requests[i].path.n, plan->requests[i].path.p,
                      (int)plan->requests[i].body.n, plan->requests[i].body.p);
    if (plan->wants_reasons)
        ts_buf_z(out, "GET the first ones' profiles\n");
    for (size_t i = 0; i < plan->notes.count; i++)
        ts_buf_printf(out, "%.*s\n", (int)plan->notes.list[i].n, plan->notes.list[i].p);
    for (size_t i = 0; i < n->count; i++)
        ts_buf_printf(out, "%s %d %d %lld\n", n->filters[i].member, (int)n->filters[i].test,
                      n->filters[i].is_negated, (long long)n->filters[i].number);
    ts_buf_printf(out, "%s %d %lld %lld\n", n->sort == NULL ? "" : n->sort, n->is_ascending,
                  (long long)n->limit, (long long)n->offset);
}

/* Slots that say how something is told, and what the plain request does of itself. */
static bool is_default(ts_str intent, const agent_slot *slot)
{
    static const char *const told[] = { "aspect",           "metric", "subject",
                                        "confirm_required", "reason", "action" };
    static const char *const defaults[][3] = {
        { "users", "sort", "risk_score" },     { "users", "order", "desc" },
        { "apps", "sort", "risk_score" },      { "apps", "order", "desc" },
        { "incidents", "sort", "created_at" }, { "incidents", "order", "desc" },
        { "compare", "sort", "risk_score" },   { "compare", "order", "desc" },
        { "ai_usage", "time", "last_7d" },     { "trend", "time", "last_7d" },
        { "ai_usage", "group_by", "app" },     { "ai_usage", "order", "desc" },
    };

    for (size_t i = 0; i < TS_COUNT(told); i++) {
        if (ts_str_is(slot->name, told[i]))
            return true;
    }
    for (size_t i = 0; i < TS_COUNT(defaults); i++) {
        if (ts_str_ends(intent, ts_str_of(defaults[i][0])) &&
            ts_str_is(slot->name, defaults[i][1]) && ts_str_is(slot->values[0], defaults[i][2]))
            return true;
    }
    return false;
}

/* Without the slot the plan must be another one: it carries the slot, or names it. */
static void check_slot(ts_str question, const agent_interpretation *in, size_t slot, ts_buf *with,
                       unsigned *lost)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(AGENT_ARENA_BYTES);
    ts_buf without = TS_BUF_INIT(1u << 16);
    agent_interpretation less = *in;
    agent_plan plan;

    less.slots.list = ts_arena_array(arena, in->slots.count, sizeof(*less.slots.list));
    if (less.slots.list == NULL)
        fail("out of memory");
    less.slots.count = 0;
    for (size_t i = 0; i < in->slots.count; i++) {
        if (i != slot)
            less.slots.list[less.slots.count++] = in->slots.list[i];
    }
    if (ts_str_is(in->slots.list[slot].name, "time"))
        less.has_span = false;
    if (agent_plan_make(&less, NOW_MS, arena, &plan) != TS_OK)
        fail("no plan");
    write_plan(&plan, &without);
    if (ts_str_eq(ts_buf_view(with), ts_buf_view(&without))) {
        printf("  %.*s of %.*s is lost: %.*s\n", (int)in->slots.list[slot].name.n,
               in->slots.list[slot].name.p, (int)in->intent.n, in->intent.p, (int)question.n,
               question.p);
        ++*lost;
    }
    ts_buf_done(&without);
}

/* Each combination of intent and slots that the corpus makes the parser produce. */
static void row_planned(ts_json row, ts_buf *out, void *data)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(AGENT_ARENA_BYTES);
    ts_str text = ts_json_str(member(row, "q"));
    agent_question q = { text, NULL, 0, NOW_MS, &gazetteer };
    agent_interpretation *in = NULL;
    agent_plan plan;
    ts_error err;

    if (agent_parse(grammar, &q, arena, &in, &err) != TS_OK ||
        agent_plan_make(in, NOW_MS, arena, &plan) != TS_OK)
        fail("no plan");
    write_plan(&plan, out);
    for (size_t i = 0; i < in->slots.count && plan.count > 0; i++) {
        if (!is_default(in->intent, &in->slots.list[i]))
            check_slot(text, in, i, out, data);
    }
}

static void check_plans(void)
{
    unsigned lost = 0;

    each_row("corpus.jsonl", row_planned, &lost);
    each_row("corpus_heldout.jsonl", row_planned, &lost);
    printf("slots that a plan neither carries nor names: %u\n", lost);
    if (lost > 0)
        fail("a filter went missing");
}

/* ---- harmless changes ---- */

typedef struct change {
    const char *name;
    bool (*make)(ts_str question, char *to, size_t size); /* false: cannot be made here */
    unsigned tried;
    unsigned kept;
} change;

static bool is_ascii(ts_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] >= 0x80)
            return false;
    }
    return true;
}

static bool copy(ts_str question, const char *before, const char *after, char *to, size_t size)
{
    return (size_t)snprintf(to, size, "%s%.*s%s", before, (int)question.n, question.p, after) <
           size;
}

static bool without_end(ts_str question, char *to, size_t size)
{
    while (question.n > 1 && strchr("?!. ", question.p[question.n - 1]) != NULL)
        question.n--;
    return copy(question, "", "", to, size);
}

static bool with_question_mark(ts_str question, char *to, size_t size)
{
    char plain[1024];

    return without_end(question, plain, sizeof(plain)) && copy(ts_str_of(plain), "", "?", to, size);
}

static bool with_marks(ts_str question, char *to, size_t size)
{
    char plain[1024];

    return without_end(question, plain, sizeof(plain)) &&
           copy(ts_str_of(plain), "", "!!!", to, size);
}

static bool with_spaces(ts_str question, char *to, size_t size)
{
    size_t n = 0;

    for (size_t i = 0; i < question.n && n + 3 < size; i++) {
        to[n++] = question.p[i];
        if (question.p[i] == ' ')
            to[n++] = ' ';
    }
    to[n] = 0;
    return true;
}

static bool please_before(ts_str question, char *to, size_t size)
{
    return copy(question, "please ", "", to, size);
}

static bool please_behind(ts_str question, char *to, size_t size)
{
    char plain[1024];

    return without_end(question, plain, sizeof(plain)) &&
           copy(ts_str_of(plain), "", " please", to, size);
}

static bool thanks_behind(ts_str question, char *to, size_t size)
{
    char plain[1024];

    return without_end(question, plain, sizeof(plain)) &&
           copy(ts_str_of(plain), "", ", thanks!", to, size);
}

/* "IT" and ids depend on case by design. */
static bool is_cased(ts_str question)
{
    for (size_t i = 0; i + 1 < question.n; i++) {
        if (isupper((unsigned char)question.p[i]) && isupper((unsigned char)question.p[i + 1]))
            return true;
    }
    return !is_ascii(question) || ts_str_find(question, '"') < question.n;
}

static bool in_small_letters(ts_str question, char *to, size_t size)
{
    if (is_cased(question) || question.n >= size)
        return false;
    for (size_t i = 0; i < question.n; i++)
        to[i] = (char)tolower((unsigned char)question.p[i]);
    to[question.n] = 0;
    return true;
}

static bool in_capitals(ts_str question, char *to, size_t size)
{
    if (is_cased(question) || question.n >= size)
        return false;
    for (size_t i = 0; i < question.n; i++)
        to[i] = (char)toupper((unsigned char)question.p[i]);
    to[question.n] = 0;
    return true;
}

/* Swaps two inner letters of the longest word that the lexicon has and that is no name. */
static bool with_slip(ts_str question, char *to, size_t size)
{
    size_t best = 0;
    size_t length = 0;

    if (!is_ascii(question) || question.n >= size)
        return false;
    memcpy(to, question.p, question.n);
    to[question.n] = 0;
    for (size_t i = 0; i < question.n;) {
        char word[64];
        size_t n = 0;
        uint32_t number;

        while (i + n < question.n && islower((unsigned char)to[i + n]) && n < sizeof(word))
            n++;
        number = agent_names_find(&grammar->words, ts_str_n(to + i, n));
        if (n >= 6 && n > length && number != 0 && grammar->is_spelling[number] &&
            (i == 0 || to[i - 1] == ' ') &&
            (to[i + n] == ' ' || to[i + n] == 0 || to[i + n] == '?') &&
            to[i + n / 2] != to[i + n / 2 - 1]) {
            best = i;
            length = n;
        }
        i += n + 1;
    }
    if (length == 0)
        return false;
    {
        char c = to[best + length / 2];

        to[best + length / 2] = to[best + length / 2 - 1];
        to[best + length / 2 - 1] = c;
    }
    return true;
}

/* "incidents last week" and "last week, incidents" are one question. */
static bool with_time_first(ts_str question, char *to, size_t size)
{
    static const char *const times[] = { " last week", " this week", " last month",  " this month",
                                         " yesterday", " this year", " last quarter" };

    while (question.n > 1 && strchr("?!. ", question.p[question.n - 1]) != NULL)
        question.n--;
    for (size_t i = 0; i < TS_COUNT(times); i++) {
        size_t n = strlen(times[i]);

        /* Behind a word that needs it ("from last week", "than last week", "vs last week") it cannot move. */
        if (question.n > n + 6 && ts_str_ends(question, ts_str_of(times[i])) &&
            strchr("stdgh", question.p[question.n - n - 1]) != NULL &&
            !ts_str_ends(ts_str_n(question.p, question.n - n), TS_STR_LIT("vs")))
            return (size_t)snprintf(to, size, "%s, %.*s", times[i] + 1, (int)(question.n - n),
                                    question.p) < size;
    }
    return false;
}

static change changes[] = {
    { "no mark at the end", without_end, 0, 0 }, { "a question mark", with_question_mark, 0, 0 },
    { "exclamation marks", with_marks, 0, 0 },   { "double spaces", with_spaces, 0, 0 },
    { "please before", please_before, 0, 0 },    { "please behind", please_behind, 0, 0 },
    { "thanks behind", thanks_behind, 0, 0 },    { "small letters", in_small_letters, 0, 0 },
    { "capitals", in_capitals, 0, 0 },           { "one slip", with_slip, 0, 0 },
    { "time first", with_time_first, 0, 0 },
};

static void row_changed(ts_json row, ts_buf *out, void *data)
{
    ts_str question = ts_json_str(member(row, "q"));
    ts_buf again = TS_BUF_INIT(1u << 20);
    ts_json found;

    (void)data;
    if (ts_json_count(member(row, "context")) > 0 || question.n == 0)
        return;
    ask(question, NULL, 0, &gazetteer, out);
    found = parse(found_parser, ts_buf_view(out));
    for (size_t i = 0; i < TS_COUNT(changes); i++) {
        char text[1024];
        ts_json other;

        if (!changes[i].make(question, text, sizeof(text)) || strlen(text) > 500)
            continue;
        ask(ts_str_of(text), NULL, 0, &gazetteer, &again);
        other = parse(other_parser, ts_buf_view(&again));
        changes[i].tried++;
        if (same_value(member(found, "intent"), member(other, "intent")) &&
            compare_slots(member(found, "slots"), member(other, "slots"), NULL))
            changes[i].kept++;
        else if (is_verbose)
            printf("  %s: %s\n    %.*s\n    %.*s\n", changes[i].name, text, (int)out->size,
                   out->data, (int)again.size, again.data);
    }
    ts_buf_done(&again);
}

static void check_changes(void)
{
    each_row("corpus.jsonl", row_changed, NULL);
    for (size_t i = 0; i < TS_COUNT(changes); i++) {
        double share = (double)changes[i].kept / changes[i].tried;

        printf("%-44s %4u questions: %.3f keep their interpretation\n", changes[i].name,
               changes[i].tried, share);
        if (changes[i].tried < 20 ||
            share < (changes[i].make == with_slip || changes[i].make == with_time_first ? SLIP_BAR
                                                                                        : SAME_BAR))
            fail("below the bar");
    }
}

int main(int argc, char **argv)
{
    agent_people *list = NULL;
    ts_error err = { "", "" };

    is_verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
    if (agent_grammar_load(TS_SOURCE_DIR "/services/gateway/agent/lexicon", &grammar, &err) !=
        TS_OK)
        fail(err.text);
    if (agent_people_new(&grammar->folds, &list) != TS_OK)
        fail("out of memory");
    for (size_t i = 0; i < TS_COUNT(people); i++) {
        if (agent_people_add(list, ts_str_of(people[i][0]), ts_str_of(people[i][1])) != TS_OK)
            fail("out of memory");
    }
    gazetteer = (agent_gazetteer){ .data = list, .person = agent_people_find };
    wanted_parser = ts_json_parser_new(1u << 20);
    found_parser = ts_json_parser_new(1u << 20);
    other_parser = ts_json_parser_new(1u << 20);
    if (argc > 1 && !is_verbose) {
        is_verbose = true;
        check_corpus(argv[1], 0, 0);
    } else {
        check_corpus("corpus.jsonl", INTENT_BAR, SLOT_BAR);
        check_corpus("corpus_heldout.jsonl", HELD_INTENT, HELD_SLOT);
        check_plans();
        check_changes();
    }
    ts_json_parser_free(wanted_parser);
    ts_json_parser_free(found_parser);
    ts_json_parser_free(other_parser);
    agent_people_free(list);
    agent_grammar_free(grammar);
    return 0;
}
