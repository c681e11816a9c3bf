#include <criterion/criterion.h>

#include "contact.h"

static ts_arena *arena;

static void setup(void)
{
    arena = ts_arena_new(1u << 20);
}

static void teardown(void)
{
    ts_arena_free(arena);
}

TestSuite(contact, .init = setup, .fini = teardown);

static void expect(const char *text, const char *wanted)
{
    ts_error err = { .text = "" };
    ts_str got = TS_STR_NULL;
    ts_status st = contact_parse(arena, ts_str_of(text), &got, &err);

    if (wanted == NULL) {
        cr_expect_eq(st, TS_INVALID, "%s is taken", text);
        cr_expect_str_eq(err.param, "value");
        return;
    }
    cr_expect_eq(st, TS_OK, "%s: %s", text, err.text);
    cr_expect(ts_str_is(got, wanted), "%s gives %.*s", text, (int)got.n, got.p);
}

Test(contact, domains_and_addresses_are_brought_to_one_form)
{
    expect("Acme.Example", "acme.example");
    expect(" @acme.example ", "acme.example");
    expect("Xn--Mnchen-3ya.example", "xn--mnchen-3ya.example");
    expect("Joe.O'Neil+x@Mail.Acme.example", "joe.o'neil+x@mail.acme.example");
    expect("a-b.c1.example", "a-b.c1.example");
}

Test(contact, what_is_neither_is_refused)
{
    static const char *const bad[] = {
        "",
        " ",
        "@",
        "acme",
        "acme.",
        ".acme",
        "a..b",
        "-a.example",
        "a-.example",
        "a b.example",
        "a@b",
        "@a@b.example",
        "a@b@c.example",
        "a@.example",
        "m\xc3\xbcnchen.example",
        "a\"b@c.example",
        "*.acme.example",
        "https://acme.example",
        "acme.example/x",
        "a_b.example",
    };

    for (size_t i = 0; i < TS_COUNT(bad); i++)
        expect(bad[i], NULL);
}

Test(contact, lengths_have_limits)
{
    char text[400];

    memset(text, 'a', sizeof(text));
    memcpy(text + 63, ".example", 9);
    expect(text, text);
    memset(text, 'a', sizeof(text));
    memcpy(text + 64, ".example", 9);
    expect(text, NULL);
    memset(text, 'a', sizeof(text));
    memcpy(text + 64, "@b.example", 11);
    expect(text, text);
    memset(text, 'a', sizeof(text));
    memcpy(text + 65, "@b.example", 11);
    expect(text, NULL);
    memset(text, 'a', 300);
    text[300] = '\0';
    expect(text, NULL);
}

static void trust(risk_map *m, const char *value)
{
    cr_assert(risk_map_put(m, ts_str_of(value), m));
}

Test(contact, trust_is_for_the_domain_itself_or_the_one_address)
{
    risk_map m = { .arena = arena };

    trust(&m, "acme.example");
    trust(&m, "lawyer@firm.example");
    cr_expect(contact_is_trusted(&m, TS_STR_LIT("Joe@ACME.example")));
    cr_expect(contact_is_trusted(&m, TS_STR_LIT("acme.example")));
    cr_expect(contact_is_trusted(&m, TS_STR_LIT(" lawyer@firm.example ")));
    cr_expect_not(contact_is_trusted(&m, TS_STR_LIT("joe@sub.acme.example")));
    cr_expect_not(contact_is_trusted(&m, TS_STR_LIT("joe@notacme.example")));
    cr_expect_not(contact_is_trusted(&m, TS_STR_LIT("joe@evil.example@acme.example")));
    cr_expect_not(contact_is_trusted(&m, TS_STR_LIT("clerk@firm.example")));
    cr_expect_not(contact_is_trusted(&m, TS_STR_LIT("firm.example")));
    cr_expect_not(contact_is_trusted(&m, TS_STR_LIT("@acme.example")));
    cr_expect_not(contact_is_trusted(&m, TS_STR_LIT("")));
}
