#include <criterion/criterion.h>

#include "detect/sigma/correlation.h"

#define SECOND INT64_C(1000)

static sigma_correlation compile(const char *yaml, sigma_names *names, ts_arena *arena)
{
    sigma_correlation c;
    ytree **documents = NULL;
    size_t count = 0;
    ts_error err = { "", "" };

    cr_assert_eq(ytree_parse(ts_str_of(yaml), arena, &documents, &count, &err), TS_OK, "%s",
                 err.text);
    cr_assert_eq(sigma_correlation_compile(documents[0], names, arena, &c, &err), TS_OK, "%s: %s",
                 err.param, err.text);
    return c;
}

static const char count_yaml[] = "type: event_count\nrules: [r]\ngroup-by: [user]\ntimespan: 10s\n"
                                 "condition:\n  gte: 3\n";

static bool holds(const sigma_correlation *c, const risk_hit *hits, size_t count, size_t at)
{
    size_t last = 0;

    return sigma_correlation_holds(c, hits, count, at, &last);
}

Test(sigma_correlation, counts_in_a_sliding_window)
{
    ts_arena *arena = ts_arena_new(1u << 20);
    sigma_names names = { .arena = arena };
    sigma_correlation c = compile(count_yaml, &names, arena);
    const risk_hit hits[] = { { .at_ms = 0 },
                              { .at_ms = 6 * SECOND },
                              { .at_ms = 10 * SECOND },
                              { .at_ms = 17 * SECOND },
                              { .at_ms = 40 * SECOND } };

    cr_expect_not(holds(&c, hits, 2, 1));
    cr_expect(holds(&c, hits, 3, 2), "the span's ends belong to it");
    cr_expect_not(holds(&c, hits, 4, 3), "6, 10 and 17 lie 11 seconds apart");
    cr_expect_not(holds(&c, hits, 5, 4));
}

/* The third one in order of arrival may be the first one in time. */
Test(sigma_correlation, a_late_event_finds_its_window)
{
    ts_arena *arena = ts_arena_new(1u << 20);
    sigma_names names = { .arena = arena };
    sigma_correlation c = compile(count_yaml, &names, arena);
    const risk_hit hits[] = { { .at_ms = 0 }, { .at_ms = 4 * SECOND }, { .at_ms = 9 * SECOND } };
    size_t last = 0;

    for (size_t at = 0; at < 3; at++) {
        cr_expect(sigma_correlation_holds(&c, hits, 3, at, &last));
        cr_expect_eq(last, 2, "fulfilled when the last one of the window happened");
    }
}

Test(sigma_correlation, counts_different_values)
{
    ts_arena *arena = ts_arena_new(1u << 20);
    sigma_names names = { .arena = arena };
    sigma_correlation c = compile("type: value_count\nrules: r\ngroup-by: [ip]\ntimespan: 1m\n"
                                  "condition: {field: user, gt: 2}\n",
                                  &names, arena);
    const risk_hit same[] = { { .at_ms = 1, .value = 7 },
                              { .at_ms = 2, .value = 8 },
                              { .at_ms = 3, .value = 7 },
                              { .at_ms = 4, .value = 8 } };
    const risk_hit other[] = { { .at_ms = 1, .value = 7 },
                               { .at_ms = 2, .value = 8 },
                               { .at_ms = 3, .value = 9 } };

    cr_expect_eq(c.at_least, 3);
    cr_expect_not(holds(&c, same, 4, 3));
    cr_expect(holds(&c, other, 3, 2));
}

Test(sigma_correlation, temporal_needs_each_rule)
{
    ts_arena *arena = ts_arena_new(1u << 20);
    sigma_names names = { .arena = arena };
    sigma_correlation c = compile("type: temporal\nrules: [a, b]\ntimespan: 10s\n", &names, arena);
    const risk_hit both[] = { { .at_ms = 1, .rule = 1 }, { .at_ms = 2, .rule = 0 } };
    const risk_hit one[] = { { .at_ms = 1, .rule = 1 }, { .at_ms = 2, .rule = 1 } };
    const risk_hit far[] = { { .at_ms = 1, .rule = 1 }, { .at_ms = 12 * SECOND, .rule = 0 } };

    cr_expect(holds(&c, both, 2, 1));
    cr_expect_not(holds(&c, one, 2, 1));
    cr_expect_not(holds(&c, far, 2, 1));
}

Test(sigma_correlation, temporal_ordered_needs_the_order)
{
    ts_arena *arena = ts_arena_new(1u << 20);
    sigma_names names = { .arena = arena };
    sigma_correlation c =
        compile("type: temporal_ordered\nrules: [a, b, c]\ntimespan: 10s\n", &names, arena);
    const risk_hit right[] = { { .at_ms = 1, .rule = 0 },
                               { .at_ms = 2, .rule = 1 },
                               { .at_ms = 3, .rule = 2 } };
    const risk_hit wrong[] = { { .at_ms = 1, .rule = 1 },
                               { .at_ms = 2, .rule = 0 },
                               { .at_ms = 3, .rule = 2 } };
    const risk_hit at_once[] = { { .at_ms = 5, .rule = 2 },
                                 { .at_ms = 5, .rule = 0 },
                                 { .at_ms = 5, .rule = 1 } };
    /* The first a is too far away, the second is near enough. */
    const risk_hit nearest[] = { { .at_ms = 0, .rule = 0 },
                                 { .at_ms = 9 * SECOND, .rule = 0 },
                                 { .at_ms = 10 * SECOND, .rule = 1 },
                                 { .at_ms = 15 * SECOND, .rule = 2 } };
    /* a and c are there, but this b comes too late for both to be within the span. */
    const risk_hit late[] = { { .at_ms = 0, .rule = 0 },
                              { .at_ms = 8 * SECOND, .rule = 1 },
                              { .at_ms = 12 * SECOND, .rule = 2 } };

    for (size_t at = 0; at < 3; at++) {
        cr_expect(holds(&c, right, 3, at), "%zu", at);
        cr_expect_not(holds(&c, wrong, 3, at), "%zu", at);
        cr_expect(holds(&c, at_once, 3, at), "equal times count as in order: %zu", at);
        cr_expect_not(holds(&c, late, 3, at), "%zu", at);
    }
    cr_expect(holds(&c, nearest, 4, 3));
    cr_expect_not(holds(&c, nearest, 4, 0), "not with this a as a part");
}

Test(sigma_correlation, refuses_what_it_does_not_decide)
{
    static const char *const wrong[][2] = {
        { "type: value_sum\nrules: r\ntimespan: 1m\ncondition: {gte: 2}\n", "type" },
        { "type: event_count\ntimespan: 1m\ncondition: {gte: 2}\n", "rules" },
        { "type: event_count\nrules: [a, a]\ntimespan: 1m\ncondition: {gte: 2}\n", "rules" },
        { "type: event_count\nrules: r\ntimespan: 8d\ncondition: {gte: 2}\n", "timespan" },
        { "type: event_count\nrules: r\ntimespan: 0m\ncondition: {gte: 2}\n", "timespan" },
        { "type: event_count\nrules: r\ntimespan: soon\ncondition: {gte: 2}\n", "timespan" },
        { "type: event_count\nrules: r\ntimespan: 1m\n", "condition" },
        { "type: event_count\nrules: r\ntimespan: 1m\ncondition: {lt: 2}\n", "condition" },
        { "type: event_count\nrules: r\ntimespan: 1m\ncondition: {gte: 1001}\n", "condition" },
        { "type: value_count\nrules: r\ntimespan: 1m\ncondition: {gte: 2}\n", "condition" },
        { "type: temporal\nrules: [a, b]\ntimespan: 1m\ncondition: {gte: 2}\n", "condition" },
        { "type: event_count\nrules: r\ntimespan: 1m\ncondition: {gte: 2}\naliases: {}\n",
          "aliases" },
    };
    ts_arena *arena = ts_arena_new(1u << 20);
    sigma_names names = { .arena = arena };

    for (size_t i = 0; i < TS_COUNT(wrong); i++) {
        ytree **documents = NULL;
        size_t count = 0;
        sigma_correlation c;
        ts_error err = { "", "" };

        cr_assert_eq(ytree_parse(ts_str_of(wrong[i][0]), arena, &documents, &count, &err), TS_OK);
        cr_expect_eq(sigma_correlation_compile(documents[0], &names, arena, &c, &err), TS_INVALID,
                     "%s", wrong[i][0]);
        cr_expect_str_eq(err.param, wrong[i][1], "%s", wrong[i][0]);
    }
    ts_arena_free(arena);
}
