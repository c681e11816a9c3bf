/* Questions come from anyone. Whatever is asked, the parser answers or refuses with words, what it says is JSON, no plan changes
 * anything that the interpretation does not mark, and the same question gives the same answer. Lines are earlier questions. */
#include "query/parse.h"
#include "query/people.h"
#include "query/plan.h"

static agent_grammar *grammar;
static agent_people *people;
static ts_json_parser *parser;

static void must(bool is_true)
{
    if (!is_true)
        abort();
}

static void start(void)
{
    ts_error err;

    must(agent_grammar_load(TS_SOURCE_DIR "/services/gateway/agent/lexicon", &grammar, &err) ==
         TS_OK);
    must(agent_people_new(&grammar->folds, &people) == TS_OK);
    must(agent_people_add(people, TS_STR_LIT("dana@acme.example"), TS_STR_LIT("Dana Whitfield")) ==
         TS_OK);
    parser = ts_json_parser_new(1u << 20);
    must(parser != NULL);
}

static ts_status answer(const agent_question *q, ts_buf *out)
{
    ts_arena *arena = ts_arena_new(AGENT_ARENA_BYTES);
    agent_interpretation *in = NULL;
    agent_plan plan;
    ts_error err = { "", "" };
    ts_status st = agent_parse(grammar, q, arena, &in, &err);
    ts_jsonw w = ts_jsonw_on(out);

    if (st == TS_OK) {
        must(agent_plan_make(in, q->now_ms, arena, &plan) == TS_OK);
        must(!plan.is_write || agent_slot_text(&in->slots, "confirm_required").n > 0);
        ts_jsonw_array(&w);
        agent_interpretation_write(&w, in);
        agent_plan_write(&w, &plan);
        ts_jsonw_array_end(&w);
    } else {
        must(st == TS_INVALID || st == TS_TOO_LARGE);
        must(err.text[0] != 0);
    }
    ts_arena_free(arena);
    return st;
}

/* Reading the lexicon is no part of the first question, whose time is measured. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    start();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    agent_gazetteer z = { .person = agent_people_find };
    ts_str lines[AGENT_CONTEXT_MAX + 2];
    agent_question q = { .context = lines, .now_ms = INT64_C(1763640000000), .gazetteer = &z };
    ts_buf once = TS_BUF_INIT(1u << 20);
    ts_buf again = TS_BUF_INIT(1u << 20);
    ts_str rest = ts_str_n(data, size);
    ts_json value;
    ts_error err;
    size_t count = 0;

    z.data = people;
    while (count < TS_COUNT(lines)) {
        size_t end = ts_str_find(rest, '\n');

        lines[count++] = ts_str_n(rest.p, end);
        if (end == rest.n)
            break;
        rest = ts_str_n(rest.p + end + 1, rest.n - end - 1);
    }
    q.text = lines[count - 1];
    q.context_count = count - 1;
    if (answer(&q, &once) == TS_OK) {
        must(ts_json_parse(parser, ts_buf_view(&once), &value, &err) == TS_OK);
        must(answer(&q, &again) == TS_OK);
        must(ts_str_eq(ts_buf_view(&once), ts_buf_view(&again)));
    }
    ts_buf_done(&once);
    ts_buf_done(&again);
    return 0;
}
