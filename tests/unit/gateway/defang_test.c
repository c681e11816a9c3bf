#include <criterion/criterion.h>

#include "agent/defang.h"

static void expect(const char *text, const char *wanted)
{
    TS_CLEANUP(ts_buf_done) ts_buf out = TS_BUF_INIT(4096);

    defang_put(&out, ts_str_of(text));
    cr_assert_eq(ts_buf_status(&out), TS_OK);
    cr_assert_str_eq(out.data == NULL ? "" : out.data, wanted, "%s", text);
}

Test(defang, addresses_of_the_web_lead_nowhere)
{
    expect("see https://user:pass@evil.example:8443/a?b=c#d now",
           "see hxxps://user:pass@evil[.]example:8443/a?b=c#d now");
    expect("HTTP://EVIL.EXAMPLE", "hxxp://EVIL[.]EXAMPLE");
    expect("![a](https://evil.example/?q=x)", "![a](hxxps://evil[.]example/?q=x)");
    expect("//evil.example/x", "//evil[.]example/x");
    expect("ftp://a.example ldap://b.example/c", "ftp[:]//a[.]example ldap[:]//b[.]example/c");
    expect("javascript:alert(1) [x](data:text/html,y)",
           "javascript[:]alert(1) [x](data[:]text/html,y)");
    expect("http:\\/\\/a.example", "hxxp:\\/\\/a[.]example"); /* as JSON may write a slash */
}

Test(defang, names_and_numbers_of_hosts)
{
    expect("evil.example", "evil[.]example");
    expect("a.b.c.example.", "a[.]b[.]c[.]example.");
    expect("xn--e1afmkfd.xn--p1ai", "xn--e1afmkfd[.]xn--p1ai");
    expect("\xd0\xbf\xd1\x80.\xd1\x80\xd1\x84", "\xd0\xbf\xd1\x80[.]\xd1\x80\xd1\x84");
    expect("evil\xe3\x80\x82"
           "example",
           "evil[.]example");
    expect("ceo@acme.example", "ceo@acme[.]example");
    expect("203.0.113.66:22", "203[.]0[.]113[.]66:22");
    expect("2001:db8::1", "2001[:]db8[:][:]1");
    expect("[::ffff:10.0.0.1]", "[[:][:]ffff[:]10[.]0[.]0[.]1]");
}

Test(defang, what_is_no_address_stays)
{
    static const char *const same[] = {
        "",           "A sentence. And one more.", "version 1.2.3", "3.14",
        "12:30:45",   "aa:bb:cc:dd:ee:ff",         "a.b",           "...",
        "note: this", "quotes \\\" and \\\\ stay", "evil[.]example"
    };

    for (size_t i = 0; i < TS_COUNT(same); i++)
        expect(same[i], same[i]);
    expect("\\nevil.example",
           "\\nevil[.]example"); /* the letter of an escape is no part of a name */
}
