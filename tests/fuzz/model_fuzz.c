/* A language model may write anything, and so may whoever answers in its place: a body of theirs is read or refused, and what it
 * holds is taken for a proposal and for a restatement, as is the input itself, which needs no escapes. A proposal that is taken is made of GETs of this API and names nobody whom the question does
 * not; a restatement that is taken is plain and holds the figures of the summary, in order, and no other. */
#include "agent/completion.h"
#include "agent/restate.h"
#include "query/propose.h"

#define NOW_MS INT64_C(1763640000000)

static const ts_str question_text = { "what of dana in Treasury, p.ortiz@acme.example, inc_22",
                                      54 };
static const ts_str summary = { "142 monitored users. 3 high-risk users. 2 open incidents.", 57 };
static const char digits[] = "14232";

static agent_grammar *grammar;
static ts_json_parser *parser, *envelopes;
static agent_interpretation *own;

static void must(bool is_true)
{
    if (!is_true)
        abort();
}

static void start(void)
{
    static const agent_question unclear = { .text = { "finance?", 8 }, .now_ms = NOW_MS };
    ts_arena *arena = ts_arena_new(AGENT_ARENA_BYTES);
    ts_error err;

    must(agent_grammar_load(TS_SOURCE_DIR "/services/gateway/agent/lexicon", &grammar, &err) ==
         TS_OK);
    parser = ts_json_parser_new(1u << 20);
    envelopes = ts_json_parser_new(1u << 20);
    must(parser != NULL && envelopes != NULL && arena != NULL);
    must(agent_parse(grammar, &unclear, arena, &own, &err) == TS_OK);
}

static void check_request(const agent_request *request)
{
    must(strcmp(request->method, "GET") == 0);
    must(request->body.n == 0);
    must(ts_str_starts(request->path, TS_STR_LIT("/v1/")));
    for (size_t i = 0; i < request->path.n; i++)
        must(request->path.p[i] > ' ' && request->path.p[i] <= '~');
}

static void check_typed(const agent_slots *slots, const char *name)
{
    const agent_slot *slot = agent_slot_find(slots, ts_str_of(name));

    for (size_t i = 0; slot != NULL && i < slot->count; i++)
        must(memmem(question_text.p, question_text.n, slot->values[i].p, slot->values[i].n) !=
             NULL);
}

static void propose(ts_str bytes, ts_arena *arena)
{
    static const char *const typed[] = { "user", "contact", "query", "app", "ip", "incident_id" };
    agent_question question = { .text = question_text, .now_ms = NOW_MS };
    agent_interpretation *in = NULL;
    agent_plan plan;
    ts_json document;
    ts_error err = { "", "" };
    ts_status st;

    if (ts_json_parse(parser, bytes, &document, &err) != TS_OK)
        return;
    st = agent_propose(grammar, &question, own, document, arena, &in, &plan, &err);
    must(st == TS_OK || (st == TS_INVALID && in == NULL && err.text[0] != '\0'));
    if (st != TS_OK)
        return;
    must(plan.count > 0 && !plan.is_write);
    for (size_t i = 0; i < plan.count; i++)
        check_request(&plan.requests[i]);
    for (size_t i = 0; i < TS_COUNT(typed); i++) {
        check_typed(&in->slots, typed[i]);
        check_typed(&in->left, typed[i]);
        check_typed(&in->right, typed[i]);
        check_typed(&in->exclude, typed[i]);
    }
}

static void restate(ts_str text, ts_arena *arena)
{
    ts_error err = { "", "" };
    size_t at = 0;

    if (restate_check(grammar, summary, text, arena, &err) != TS_OK)
        return;
    must(text.n > 0 && text.n <= RESTATE_MAX);
    for (size_t i = 0; i < text.n; i++) {
        must(text.p[i] >= ' ' && text.p[i] <= '~' &&
             strchr("<>[]{}|\\`@/*#_%=$&", text.p[i]) == NULL);
        if (text.p[i] >= '0' && text.p[i] <= '9')
            must(text.p[i] == digits[at++]);
    }
    must(digits[at] == '\0');
}

static void take(ts_str written, ts_arena *arena)
{
    ts_error err = { "", "" };
    ts_str text;

    propose(written, arena);
    restate(written, arena);
    if (restate_read(parser, written, &text, &err) == TS_OK)
        restate(text, arena);
    else
        must(err.text[0] != '\0');
}

/* Reading the lexicon is no part of the first answer, whose time is measured. */
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
    ts_arena *arena = ts_arena_new(AGENT_ARENA_BYTES);
    ts_str body = ts_str_n(data, size);
    ts_str written;

    must(arena != NULL);
    take(body, arena);
    if (completion_read(envelopes, body, &written) == TS_OK)
        take(written, arena);
    ts_arena_free(arena);
    return 0;
}
