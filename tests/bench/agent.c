/* What parsing a question costs with a directory of 10,000 people: every question of the development corpus, many times over,
 * and the dearest ones that a hostile caller could send. Prints microseconds a question.
 *
 *     bench_agent [rounds]
 */
#include <time.h>

#include "query/parse.h"
#include "query/people.h"
#include "query/plan.h"

#define PEOPLE         10000
#define QUESTIONS_MAX  4096u
#define LINE_MAX_BYTES 8192

static agent_grammar *grammar;
static agent_gazetteer gazetteer;
static ts_str questions[QUESTIONS_MAX];
static size_t question_count;

static double now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void fail(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static void ask(ts_str text, ts_arena *arena)
{
    agent_question q = { .text = text, .now_ms = INT64_C(1763640000000), .gazetteer = &gazetteer };
    agent_interpretation *in = NULL;
    agent_plan plan;
    ts_error err = { "", "" };

    ts_arena_reset(arena);
    if (agent_parse(grammar, &q, arena, &in, &err) != TS_OK ||
        agent_plan_make(in, q.now_ms, arena, &plan) != TS_OK)
        fail(err.text);
}

static void read_questions(ts_arena *keep)
{
    static char line[LINE_MAX_BYTES];
    ts_json_parser *parser = ts_json_parser_new(LINE_MAX_BYTES);
    FILE *in = fopen(TS_SOURCE_DIR "/tests/agent/corpus.jsonl", "re");
    ts_json row;
    ts_json q;
    ts_error err;

    if (in == NULL || parser == NULL)
        fail("the corpus cannot be read");
    while (question_count < QUESTIONS_MAX && fgets(line, sizeof(line), in) != NULL) {
        if (ts_json_parse(parser, ts_str_trim(ts_str_of(line)), &row, &err) != TS_OK ||
            !ts_json_get(row, "q", &q))
            fail(err.text);
        questions[question_count++] = ts_arena_str(keep, ts_json_str(q));
    }
    fclose(in);
    ts_json_parser_free(parser);
}

static agent_people *make_people(void)
{
    static const char *const first[] = { "Dana", "Marcus", "Priya", "Elena", "Tomas",
                                         "Kate", "Nina",   "Omar",  "Ravi",  "Ingrid" };
    agent_people *people = NULL;
    char email[64];
    char name[64];

    if (agent_people_new(&grammar->folds, &people) != TS_OK)
        fail("out of memory");
    for (unsigned i = 0; i < PEOPLE; i++) {
        snprintf(email, sizeof(email), "u%u@acme.example", i);
        snprintf(name, sizeof(name), "%s Surname%u", first[i % TS_COUNT(first)], i);
        if (agent_people_add(people, ts_str_of(email), ts_str_of(name)) != TS_OK)
            fail("out of memory");
    }
    return people;
}

static double worst(const char *name, const char *word, ts_arena *arena)
{
    char text[AGENT_CHARS_MAX + 1];
    size_t n = 0;
    double start;

    while (n + strlen(word) + 1 < sizeof(text))
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s ", word);
    ask(ts_str_n(text, n), arena);
    start = now_us();
    for (unsigned i = 0; i < 200; i++)
        ask(ts_str_n(text, n), arena);
    start = (now_us() - start) / 200;
    printf("500 characters of \"%s\": %.0f us\n", name, start);
    return start;
}

int main(int argc, char **argv)
{
    int64_t rounds = 50;
    TS_CLEANUP(ts_arena_free_p) ts_arena *keep = ts_arena_new(8u << 20);
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(AGENT_ARENA_BYTES);
    ts_error err = { "", "" };
    double start = now_us();
    double dearest = 0;
    agent_people *people;

    if (argc > 1 && (ts_parse_i64(ts_str_of(argv[1]), &rounds) != TS_OK || rounds < 1))
        fail("usage: bench_agent [rounds]");
    if (agent_grammar_load(TS_SOURCE_DIR "/services/gateway/agent/lexicon", &grammar, &err) !=
        TS_OK)
        fail(err.text);
    printf("data files read in %.0f ms: %zu words, %zu phrase nodes\n", (now_us() - start) / 1e3,
           grammar->words.count, grammar->node_count);
    people = make_people();
    gazetteer = (agent_gazetteer){ .data = people, .person = agent_people_find };
    read_questions(keep);
    for (size_t i = 0; i < question_count; i++)
        ask(questions[i], arena);
    start = now_us();
    for (int64_t r = 0; r < rounds; r++) {
        for (size_t i = 0; i < question_count; i++) {
            double before = now_us();

            ask(questions[i], arena);
            before = now_us() - before;
            if (r > 0 && before > dearest)
                dearest = before;
        }
    }
    printf("%zu questions, %d people: %.1f us a question, the dearest once %.0f us\n",
           question_count, PEOPLE, (now_us() - start) / (double)rounds / (double)question_count,
           dearest);
    (void)worst("qzxvbnmk", "qzxvbnmk", arena);
    (void)worst("high", "high", arena);
    (void)worst("last", "last", arena);
    (void)worst("a 1", "a 1", arena);
    (void)worst("not finance or", "not finance or", arena);
    agent_people_free(people);
    agent_grammar_free(grammar);
    return 0;
}
