#include <criterion/criterion.h>

#include "detect/sigma/condition.h"

/* Selections a, b, filter_1, filter_2, _hidden are bits 0 to 4 of `truth`. */
static const ts_str names[] = {
    { "a", 1 }, { "b", 1 }, { "filter_1", 8 }, { "filter_2", 8 }, { "_hidden", 7 }
};

static bool is_true(void *context, unsigned selection)
{
    return (*(const unsigned *)context >> selection & 1u) != 0;
}

typedef struct condition_case {
    const char *text;
    unsigned truth;
    bool expected;
} condition_case;

static const condition_case cases[] = {
    { "a", 1, true },
    { "a", 2, false },
    { "not a", 2, true },
    { "a and b", 3, true },
    { "a and b", 1, false },
    { "a or b", 2, true },
    { "a and not 1 of filter_*", 1, true },
    { "a and not 1 of filter_*", 1 | 8, false },
    { "a and not all of filter_*", 1 | 8, true },
    { "a and not all of filter_*", 1 | 4 | 8, false },
    { "a or b and filter_1", 1, true }, /* and binds more tightly */
    { "(a or b) and filter_1", 1, false },
    { "(a or b) and filter_1", 2 | 4, true },
    { "not a and b", 2, true }, /* not binds most tightly */
    { "not (a and b)", 1, true },
    { "1 of them", 16, false }, /* names with '_' in front do not count */
    { "1 of them", 8, true },
    { "all of them", 15, true },
    { "all of them", 7, false },
    { "any of them", 1, true },
    { "2 of them", 1, false },
    { "2 of them", 5, true },
    { "1 of _hidden", 16, true },
    { "A", 0, false },
    { "NOT a AND b", 2, true },
    { "  a\n and\tb ", 3, true },
    { "not not a", 1, true },
};

Test(sigma_condition, decides_as_sigma_says)
{
    ts_arena *arena = ts_arena_new(1u << 20);

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        unsigned truth = cases[i].truth;
        sigma_node *node = NULL;
        ts_error err = { "", "" };
        ts_status st = sigma_condition_parse(ts_str_of(cases[i].text), names, TS_COUNT(names),
                                             arena, &node, &err);

        if (strcmp(cases[i].text, "A") == 0) {
            cr_expect_eq(st, TS_INVALID, "names are not folded");
            continue;
        }
        cr_assert_eq(st, TS_OK, "%s: %s", cases[i].text, err.text);
        cr_expect_eq(sigma_condition_eval(node, is_true, &truth), cases[i].expected, "%s with %u",
                     cases[i].text, truth);
    }
    ts_arena_free(arena);
}

Test(sigma_condition, refuses_what_it_does_not_understand)
{
    static const char *const wrong[] = {
        "",           "a and",      "and a",           "(a",
        "a)",         "a b",        "nobody",          "1 of nobody*",
        "0 of them",  "-1 of them", "a | count() > 5", "a and (b or",
        "300 of them"
    };
    ts_arena *arena = ts_arena_new(1u << 20);

    for (size_t i = 0; i < TS_COUNT(wrong); i++) {
        sigma_node *node = NULL;
        ts_error err = { "", "" };

        cr_expect_eq(
            sigma_condition_parse(ts_str_of(wrong[i]), names, TS_COUNT(names), arena, &node, &err),
            TS_INVALID, "%s", wrong[i]);
        cr_expect_str_eq(err.param, "condition", "%s", wrong[i]);
        cr_expect(err.text[0] != '\0');
    }
    ts_arena_free(arena);
}

Test(sigma_condition, nesting_is_bounded)
{
    char text[2 * SIGMA_CONDITION_DEPTH + 16];
    ts_arena *arena = ts_arena_new(1u << 20);
    sigma_node *node = NULL;
    ts_error err;

    for (unsigned depth = SIGMA_CONDITION_DEPTH - 1; depth <= SIGMA_CONDITION_DEPTH; depth++) {
        snprintf(text, sizeof(text), "%.*sa%.*s", (int)depth,
                 "((((((((((((((((((((((((((((((((((((((((", (int)depth,
                 "))))))))))))))))))))))))))))))))))))))))");
        cr_expect_eq(
            sigma_condition_parse(ts_str_of(text), names, TS_COUNT(names), arena, &node, &err),
            depth < SIGMA_CONDITION_DEPTH ? TS_OK : TS_INVALID, "%u", depth);
    }
    ts_arena_free(arena);
}
