/* Hostile text: what may be shown comes through, what deceives does not. */
#include "parse.h"

#include "normalize/clean.h"

static ts_arena *arena;

static void setup(void)
{
    arena = ts_arena_new((size_t)1 << 20);
    cr_assert(arena != NULL);
}

static void teardown(void)
{
    ts_arena_free(arena);
}

TestSuite(clean, .init = setup, .fini = teardown);

static const char *cleaned(const char *text)
{
    return risk_clean_z(arena, ts_str_of(text), 256);
}

Test(clean, ordinary_text_of_any_script_stays)
{
    static const char *const same[] = { "",
                                        "Quarterly plan (final).docx",
                                        "Größe Ωμέγα 予算 حساب",
                                        "<script>alert(1)</script>",
                                        "'; DROP TABLE users; --",
                                        "\xf0\x9f\x93\x84 notes" };

    for (size_t i = 0; i < TS_COUNT(same); i++)
        cr_assert_str_eq(cleaned(same[i]), same[i]);
}

Test(clean, control_invisible_and_bidirectional_characters_go)
{
    static const char *const rows[][2] = {
        { "a\x01"
          "b\x1b[31mc\x7f"
          "d",
          "ab[31mcd" },
        { "two\r\nlines\t", "two  lines " },
        { "c1\xc2\x9b"
          "control",
          "c1control" },
        { "soft\xc2\xadhyphen", "softhyphen" },
        { "zero\xe2\x80\x8bwidth\xe2\x80\x8djoin", "zerowidthjoin" },
        { "exe.\xe2\x80\xae"
          "cod.scr",
          "exe.cod.scr" },
        { "iso\xe2\x81\xa6lated\xe2\x81\xa9", "isolated" },
        { "line\xe2\x80\xa8sep", "line sep" },
        { "bom\xef\xbb\xbf", "bom" },
        { "tag\xf3\xa0\x81\x81s", "tags" },
        { "private\xee\x80\x80use", "privateuse" },
        { "vs\xef\xb8\x8f", "vs" },
        { "hangul\xe3\x85\xa4"
          "filler",
          "hangulfiller" },
    };

    for (size_t i = 0; i < TS_COUNT(rows); i++)
        cr_assert_str_eq(cleaned(rows[i][0]), rows[i][1], "row %zu: %s", i, cleaned(rows[i][0]));
}

Test(clean, bytes_that_are_no_utf_8_go)
{
    static const char *const rows[][2] = {
        { "a\xff"
          "b\xc3",
          "ab" },
        { "over\xc0\xaflong", "overlong" },
        { "half\xe2\x82", "half" },
        { "surrogate\xed\xa0\x80s", "surrogates" },
        { "\x80\xbf"
          "continues",
          "continues" },
        { "high\xf4\x90\x80\x80"
          "er",
          "higher" },
    };

    for (size_t i = 0; i < TS_COUNT(rows); i++)
        cr_assert_str_eq(cleaned(rows[i][0]), rows[i][1], "row %zu: %s", i, cleaned(rows[i][0]));
}

Test(clean, a_nul_inside_does_not_hide_the_rest)
{
    cr_assert_str_eq(risk_clean_z(arena, ts_str_n("a\0b", 3), 256), "ab");
}

Test(clean, the_cut_is_between_characters)
{
    ts_str text = TS_STR_LIT("ab\xc3\xa9"
                             "cd");

    cr_assert_str_eq(risk_clean_z(arena, text, 6), "ab\xc3\xa9"
                                                   "cd");
    cr_assert_str_eq(risk_clean_z(arena, text, 5), "ab\xc3\xa9"
                                                   "c");
    cr_assert_str_eq(risk_clean_z(arena, text, 4), "ab\xc3\xa9");
    cr_assert_str_eq(risk_clean_z(arena, text, 3), "ab");
    cr_assert_str_eq(risk_clean_z(arena, text, 0), "");
}

Test(clean, every_byte_pair_gives_valid_text_without_controls)
{
    for (unsigned a = 0; a < 256; a++) {
        for (unsigned b = 0; b < 256; b++) {
            char text[] = { 'x', (char)a, (char)b, 'y' };
            const char *out = risk_clean_z(arena, ts_str_n(text, 4), 256);

            cr_assert(out != NULL && ts_utf8_valid(ts_str_of(out)), "%02x %02x", a, b);
            for (const char *c = out; *c != '\0'; c++)
                cr_assert((unsigned char)*c >= 0x20 && *c != 0x7f, "%02x %02x", a, b);
            ts_arena_reset(arena);
        }
    }
}

Test(clean, email)
{
    static const char *const rows[][2] = {
        { "Ana.Berg@Lumen.Example", "ana.berg@lumen.example" },
        { "  ana@lumen.example \n", "ana@lumen.example" },
        { "ana+tag@lumen.example", "ana+tag@lumen.example" },
        { "", "" },
        { "ana", "" },
        { "@lumen.example", "" },
        { "ana@", "" },
        { "a@b@c", "" },
        { "a b@c", "" },
        { "\"a\"@c", "" },
        { "a<b>@c", "" },
        { "a,b@c", "" },
        { "a\x01@c", "" },
        { "\xc3\xa9@c", "" },
        { "null", "" },
    };

    for (size_t i = 0; i < TS_COUNT(rows); i++)
        cr_assert_str_eq(risk_clean_email(arena, ts_str_of(rows[i][0])), rows[i][1], "%s",
                         rows[i][0]);
}

Test(clean, email_of_254_bytes_and_of_255)
{
    char text[255];

    memset(text, 'a', sizeof(text));
    text[100] = '@';
    cr_assert_eq(strlen(risk_clean_email(arena, ts_str_n(text, 254))), 254);
    cr_assert_str_eq(risk_clean_email(arena, ts_str_n(text, 255)), "");
}

Test(clean, ip)
{
    static const char *const rows[][2] = {
        { "192.0.2.1", "192.0.2.1" },
        { " 192.0.2.1 ", "192.0.2.1" },
        { "2001:db8::1", "2001:db8::1" },
        { "::ffff:192.0.2.1", "::ffff:192.0.2.1" },
        { "", "" },
        { "192.0.2.256", "" },
        { "192.0.2", "" },
        { "192.0.2.1:80", "" },
        { "host.example", "" },
        { "0x7f.1", "" },
        { "fe80::1%eth0", "" },
    };

    for (size_t i = 0; i < TS_COUNT(rows); i++)
        cr_assert_str_eq(risk_clean_ip(arena, ts_str_of(rows[i][0])), rows[i][1], "%s", rows[i][0]);
    cr_assert_str_eq(risk_clean_ip(arena, ts_str_n("192.0.2.1\0.evil", 15)), "",
                     "a NUL must not end the check early");
}

/* The same through a whole record: nothing of a hostile record reaches a shown field unclean. */
Test(clean, a_hostile_record_comes_out_clean)
{
    parse p = parse_new();
    const risk_record *r = parse_one(
        &p, "{\"id\":{\"time\":\"" NOW_Z
            "\",\"applicationName\":\"lo\\u202egin\"},\"ownerDomain\":\"d\\u0000\\u001b[2J\","
            "\"actor\":{\"email\":\"ana@lumen.example\",\"profileId\":\"1\\u200b2\"},\"ipAddress\":"
            "\"javascript:1\","
            "\"events\":[{\"type\":\"t\\r\\nX: "
            "y\",\"name\":\"na\\u0007me\",\"parameters\":[{\"name\":\"user_agent\",\"value\":"
            "\"u\\u2066a\"}]}]}");

    cr_assert_str_eq(r->event->app, "login");
    cr_assert_str_eq(r->event->owner_domain, "d[2J");
    cr_assert_str_eq(r->event->actor_id, "12");
    cr_assert_str_eq(r->event->ip, "");
    cr_assert_str_eq(r->event->type, "t  X: y");
    cr_assert_str_eq(r->event->action, "name");
    cr_assert_str_eq(r->event->user_agent, "ua");
    parse_done(&p);
}
