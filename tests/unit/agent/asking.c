#include "asking.h"

#define TEXT_BYTES 8192

static agent_grammar *grammar;
static ts_arena *arena;
static char text_out[TEXT_BYTES];

const agent_grammar *asking_grammar(void)
{
    ts_error err;

    if (grammar == NULL)
        cr_assert_eq(agent_grammar_load(ASKING_DATA, &grammar, &err), TS_OK, "%s", err.text);
    return grammar;
}

const agent_interpretation *ask_after(const char *after, const char *text)
{
    ts_str context[1] = { ts_str_of(after) };
    agent_question q = { .text = ts_str_of(text),
                         .context = context,
                         .context_count = after == NULL ? 0 : 1,
                         .now_ms = ASKING_NOW_MS };
    agent_interpretation *in = NULL;
    ts_error err;

    if (arena == NULL)
        arena = ts_arena_new(AGENT_ARENA_BYTES);
    ts_arena_reset(arena);
    cr_assert_eq(agent_parse(asking_grammar(), &q, arena, &in, &err), TS_OK, "%s", err.text);
    return in;
}

const agent_interpretation *ask(const char *text)
{
    return ask_after(NULL, text);
}

static int by_name(const void *a, const void *b)
{
    const agent_slot *const *x = a;
    const agent_slot *const *y = b;

    return ts_str_cmp((*x)->name, (*y)->name);
}

static void say_slots(ts_buf *to, const char *before, const agent_slots *slots)
{
    const agent_slot *sorted[64];

    for (size_t i = 0; i < slots->count; i++)
        sorted[i] = &slots->list[i];
    qsort(sorted, slots->count, sizeof(sorted[0]), by_name);
    for (size_t i = 0; i < slots->count; i++) {
        ts_buf_printf(to, " %s%.*s=%s", before, (int)sorted[i]->name.n, sorted[i]->name.p,
                      sorted[i]->count > 1 ? "[" : "");
        for (size_t j = 0; j < sorted[i]->count; j++)
            ts_buf_printf(to, "%s%.*s", j > 0 ? "," : "", (int)sorted[i]->values[j].n,
                          sorted[i]->values[j].p);
        ts_buf_z(to, sorted[i]->count > 1 ? "]" : "");
    }
}

const char *said(const agent_interpretation *in)
{
    TS_CLEANUP(ts_buf_done) ts_buf to = TS_BUF_INIT(TEXT_BYTES - 1);

    ts_buf_str(&to, in->intent);
    say_slots(&to, "", &in->slots);
    say_slots(&to, "left.", &in->left);
    say_slots(&to, "right.", &in->right);
    say_slots(&to, "exclude.", &in->exclude);
    snprintf(text_out, sizeof(text_out), "%s", to.data);
    return text_out;
}

const char *planned(const agent_interpretation *in)
{
    agent_plan plan;

    cr_assert_eq(agent_plan_make(in, ASKING_NOW_MS, arena, &plan), TS_OK);
    text_out[0] = 0;
    if (plan.count > 0)
        snprintf(text_out, sizeof(text_out), "%s %.*s%s%.*s", plan.requests[0].method,
                 (int)plan.requests[0].path.n, plan.requests[0].path.p,
                 plan.requests[0].body.n > 0 ? " " : "", (int)plan.requests[0].body.n,
                 plan.requests[0].body.n > 0 ? plan.requests[0].body.p : "");
    return text_out;
}
