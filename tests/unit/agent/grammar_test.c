/* The data files: what is refused and how it is said, and that a phrase that a person adds is understood. */
#include <ftw.h>
#include <unistd.h>

#include "../../run_program.h"
#include "asking.h"

static char directory[64];

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

static void make_directory(void)
{
    snprintf(directory, sizeof(directory), "/tmp/agent-grammar-XXXXXX");
    cr_assert_not_null(mkdtemp(directory));
}

static void remove_directory(void)
{
    nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void write_file(const char *name, const char *text)
{
    char path[256];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    file = fopen(path, "we");
    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
}

#define MINIMAL                                                                                    \
    "slots: {status: {kind: text}}\nintents: [{intent: list_incidents, when: 'status | "           \
    "!status'}]\n"

static ts_status load(agent_grammar **ret, ts_error *err)
{
    return agent_grammar_load(directory, ret, err);
}

Test(agent_grammar, mistakes_are_refused_by_file_and_line, .init = make_directory,
     .fini = remove_directory)
{
    static const struct {
        const char *text;
        const char *said;
    } cases[] = {
        { "\nphrases: {a: b}\n", "x.yaml line 2: phrases is no section" },
        { "\nwords: {common: /nonexistent}\n", "x.yaml line 2: cannot read /nonexistent" },
        { "words: {common: [a]}", "x.yaml line 1: must be the path of a file" },
        { "lexicon: {status: {open: [open]}, act: {close: [open]}}",
          "x.yaml line 1: \"open\" already means status:open" },
        { "lexicon: {status: {open: ['(a|b']}}", "x.yaml line 1: parentheses do not fit" },
        { "lexicon: {status: {open: ['a)']}}", "x.yaml line 1: a ')' without '('" },
        { "lexicon: {status: [open]}", "must be a map of values to phrases" },
        { "lexicon: {status: {open: ['a b c d e f g h i j k l m']}}", "1 to 12 words" },
        { "stages: [{stage: s, rules: [{if: '{a}'}]}]",
          "a rule has if: a pattern and make: a list" },
        { "stages: [{stage: s, rules: [{if: '{a}', make: [$2]}]}]", "$n must name an element" },
        { "stages: [{stage: s, rules: [{if: '/ {a}', make: [$1]}]}]", "must take something" },
        { "stages: [{stage: s, rules: [{if: '{a|}', make: [novalue]}]}]", "class:value or $n" },
        { "intents: [{intent: a, when: '(b'}]", "a ')' is missing" },
        { "intents: [{intent: a, when: 'b c'}]", "does not end where it should" },
        { "intents: [{intent: a, when: 'b &'}]", "a class is missing" },
        { "intents: [{intent: a, when: b, weight: 200}]", "weight must be between 0 and 100" },
        { "slots: {a: {kind: colour}}", "kind must be text, number or boolean" },
        { "fold: {abcd: x}", "one to three Latin letters" },
        { "lexicon: {a: [", "x.yaml: line " },
        { "[]", "must be a map of sections" },
    };

    write_file("a.yaml", MINIMAL);
    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        agent_grammar *g = NULL;
        ts_error err = { "", "" };

        write_file("x.yaml", cases[i].text);
        cr_expect_eq(load(&g, &err), TS_INVALID, "%s", cases[i].text);
        cr_expect_not_null(strstr(err.text, cases[i].said), "%s: %s", cases[i].text, err.text);
        agent_grammar_free(g);
    }
}

Test(agent_grammar, a_directory_must_hold_something, .init = make_directory,
     .fini = remove_directory)
{
    agent_grammar *g = NULL;
    ts_error err;

    cr_expect_eq(load(&g, &err), TS_NOT_FOUND);
    cr_expect_eq(agent_grammar_load("/nonexistent", &g, &err), TS_NOT_FOUND);
    write_file("a.yaml", "lexicon: {status: {open: [open]}}");
    cr_expect_eq(load(&g, &err), TS_INVALID);
    write_file("a.yaml", MINIMAL);
    cr_expect_eq(load(&g, &err), TS_OK);
    agent_grammar_free(g);
}

static void copy_data(void)
{
    cr_assert_eq(RUN_PROGRAM("cp", "-r", "--no-target-directory", ASKING_DATA, directory), 0);
}

static const char *ask_of(const agent_grammar *g, const char *text)
{
    static ts_arena *arena;
    agent_question q = { .text = ts_str_of(text), .now_ms = ASKING_NOW_MS };
    agent_interpretation *in = NULL;
    ts_error err;

    if (arena == NULL)
        arena = ts_arena_new(AGENT_ARENA_BYTES);
    ts_arena_reset(arena);
    cr_assert_eq(agent_parse(g, &q, arena, &in, &err), TS_OK, "%s", err.text);
    return said(in);
}

/* The example of lexicon/README.md, to the letter. */
Test(agent_grammar, a_person_adds_words_without_touching_code, .init = make_directory,
     .fini = remove_directory)
{
    static const char question[] = "show brouhahas in the tiger crew from the last sprint";
    agent_grammar *g = NULL;
    ts_error err;

    cr_expect_str_neq(said(ask(question)), "list_incidents department=support time=last_2w");
    copy_data();
    write_file("90-ours.yaml", "lexicon:\n"
                               "  entity:\n"
                               "    incident: [brouhaha]\n"
                               "    incident+: [brouhahas]\n"
                               "  department:\n"
                               "    support: [\"(the |)tiger crew\"]\n"
                               "  sprint:\n"
                               "    sprint: [sprint]\n"
                               "stages:\n"
                               "  - stage: spans\n"
                               "    rules:\n"
                               "      - { if: \"{last} {sprint}\", make: [\"time:last_2w\"] }\n");
    cr_assert_eq(load(&g, &err), TS_OK, "%s", err.text);
    cr_expect_str_eq(ask_of(g, question), "list_incidents department=support time=last_2w");
    agent_grammar_free(g);
}
