#include <criterion/criterion.h>

#include "query/text.h"

static ts_arena *arena;
static agent_text text;

static ts_status read(ts_str s)
{
    ts_error err;

    if (arena == NULL)
        arena = ts_arena_new(1u << 20);
    ts_arena_reset(arena);
    return agent_text_read(s, NULL, arena, &text, &err);
}

static const agent_token *first(const char *s)
{
    cr_assert_eq(read(ts_str_of(s)), TS_OK);
    cr_assert_gt(text.count, 0, "%s", s);
    return &text.tokens[0];
}

Test(agent_text, literals_are_tokens_of_their_own)
{
    static const struct {
        const char *text;
        agent_token_kind kind;
        const char *raw;
    } cases[] = {
        { "p.ortiz@acme.example's", AGENT_EMAIL, "p.ortiz@acme.example" },
        { "P.Ortiz@acme.example.", AGENT_EMAIL, "P.Ortiz@acme.example" },
        { "inc_8f3k2j?", AGENT_INCIDENT, "inc_8f3k2j" },
        { "INC-2210,", AGENT_INCIDENT, "INC-2210" },
        { "#412", AGENT_INCIDENT, "412" },
        { "org_b", AGENT_ID, "org_b" },
        { "185.220.101.4.", AGENT_IP, "185.220.101.4" },
        { "2001:db8::1", AGENT_IP, "2001:db8::1" },
        { "https://evil.example/x", AGENT_URL, "https://evil.example/x" },
        { "partner.example", AGENT_DOTTED, "partner.example" },
        { "old-vendor.example", AGENT_DOTTED, "old-vendor.example" },
        { "2025-03-14", AGENT_DATE, "2025-03-14" },
        { "03/04/2025", AGENT_DATE_UNSURE, "03/04/2025" },
        { "2/3", AGENT_DATE_UNSURE, "2/3" },
        { "3rd", AGENT_NTH, "3" },
        { "1,250", AGENT_NUMBER, "1,250" },
        { "2025", AGENT_YEAR, "2025" },
        { "256.1.1.1", AGENT_NUMBER, "256.1.1.1" },
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        const agent_token *t = first(cases[i].text);

        cr_expect_eq(t->kind, cases[i].kind, "%s", cases[i].text);
        cr_expect(ts_str_is(t->raw, cases[i].raw), "%s: %.*s", cases[i].text, (int)t->raw.n,
                  t->raw.p);
    }
}

Test(agent_text, dates_read_day_first_only_where_nothing_else_fits)
{
    cr_expect(ts_str_is(first("13/04/2025")->norm, "2025-04-13"));
    cr_expect(ts_str_is(first("04/13/2025")->norm, "2025-04-13"));
    cr_expect(ts_str_is(first("05/05/2025")->norm, "2025-05-05"));
    cr_expect(ts_str_is(first("03.04.2025")->norm, "2025-04-03"));
    cr_expect(ts_str_is(first("03/04/2025")->norm, "2025-04-03|2025-03-04"));
    cr_expect_neq(first("31/02/2025")->kind, AGENT_DATE);
    cr_expect_neq(first("2025-13-01")->kind, AGENT_DATE);
}

Test(agent_text, what_cannot_be_seen_is_dropped_and_counted)
{
    cr_expect(ts_str_is(first("us\xE2\x80\x8B"
                              "ers")
                            ->norm,
                        "users"));
    cr_expect_eq(text.hidden, 1);
    cr_expect(ts_str_is(first("\xE2\x80\xAEopen")->norm, "open")); /* right-to-left override */
    cr_expect(ts_str_is(first("a\xF3\xA0\x81\xA1z")->norm, "az")); /* a tag character */
    cr_expect(ts_str_is(first("\xEF\xBD\x8F\xEF\xBD\x90\xEF\xBD\x85\xEF\xBD\x8E")->norm, "open"));
    cr_expect(ts_str_is(first("\xF0\x9D\x97\xBC\xF0\x9D\x97\xBD")->norm, "op"));
}

Test(agent_text, a_possessive_stands_apart)
{
    const agent_token *t = first("dana's score");

    cr_expect(ts_str_is(t->norm, "dana"));
    cr_expect(t->is_possessive);
    cr_expect(ts_str_is(text.tokens[1].norm, "'s"));
    cr_expect(ts_str_is(first("don't")->norm, "dont"));
}

Test(agent_text, quotes_know_their_partner)
{
    (void)first("\"van der Berg\" again");
    cr_assert_eq(text.tokens[0].kind, AGENT_OPEN);
    cr_expect_eq(text.tokens[0].partner, 4);
    cr_expect_eq(first("\"open end")->kind, AGENT_WORD);
}

Test(agent_text, five_hundred_characters_are_enough)
{
    char many[2100];

    memset(many, 'a', sizeof(many));
    cr_expect_eq(read(ts_str_n(many, AGENT_CHARS_MAX)), TS_OK);
    cr_expect_eq(read(ts_str_n(many, AGENT_CHARS_MAX + 1)), TS_TOO_LARGE);
    for (size_t i = 0; i < AGENT_CHARS_MAX; i++)
        memcpy(many + 4 * i, "\xF0\x9F\x98\x80", 4); /* characters count, not bytes */
    cr_expect_eq(read(ts_str_n(many, 4 * (size_t)AGENT_CHARS_MAX)), TS_OK);
    for (size_t i = 0; i < AGENT_CHARS_MAX; i++)
        memcpy(many + i, "7", 1);
    cr_expect_eq(read(ts_str_n(many, AGENT_CHARS_MAX)), TS_OK);
}

Test(agent_text, bytes_that_are_no_text_are_refused)
{
    cr_expect_eq(read(ts_str_n("\xC3", 1)), TS_INVALID);
    cr_expect_eq(read(ts_str_n("\xED\xA0\x80", 3)), TS_INVALID);
    cr_expect_eq(read(TS_STR_LIT("")), TS_OK);
    cr_expect_eq(text.count, 0);
}
