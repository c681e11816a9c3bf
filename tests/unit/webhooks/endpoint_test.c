#include <criterion/criterion.h>

#include "endpoint.h"

static Ts__Webhooks__Header header(const char *name, const char *value)
{
    Ts__Webhooks__Header h = TS__WEBHOOKS__HEADER__INIT;

    h.name = (char *)(uintptr_t)name; /* only read */
    h.value = (char *)(uintptr_t)value;
    return h;
}

static ts_status check_one(const char *name, const char *value)
{
    Ts__Webhooks__Header h = header(name, value);
    Ts__Webhooks__Header *list[] = { &h };

    return endpoint_check_headers(list, 1, NULL);
}

Test(endpoint, headers_of_the_delivery_and_the_connection_are_refused)
{
    static const char *const wrong[] = {
        "Host",
        "host",
        "Connection",
        "Keep-Alive",
        "Proxy-Authorization",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
        "Expect",
        "User-Agent",
        "Accept-Encoding",
        "Traceparent",
        "Content-Type",
        "content-length",
        "Content-Encoding",
        "X-TeamSentry-Signature",
        "x-teamsentry-anything",
        "Webhook-Signature",
        "webhook-id",
        "",
        "a b",
        "a:b",
        "a\r\nb",
        "\xc3\xa4",
        ":path",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" /* 65 */
    };

    for (size_t i = 0; i < TS_COUNT(wrong); i++)
        cr_expect_eq(check_one(wrong[i], "x"), TS_INVALID, "%s", wrong[i]);
    cr_expect_eq(check_one("Authorization", "Bearer x"), TS_OK);
    cr_expect_eq(check_one("X-Api-Key", "x"), TS_OK);
    cr_expect_eq(check_one("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "x"),
                 TS_OK); /* 64 */
}

Test(endpoint, values_of_headers_cannot_begin_another_line)
{
    static const char *const wrong[] = { "",   "a\r\nX: y", "a\nb", "a\tb",
                                         " a", "a ",        "\x7f", "\xc3\xa4" };
    char longest[ENDPOINT_HEADER_MAX + 2];

    for (size_t i = 0; i < TS_COUNT(wrong); i++)
        cr_expect_eq(check_one("X", wrong[i]), TS_INVALID, "%zu", i);
    memset(longest, 'a', sizeof(longest));
    longest[ENDPOINT_HEADER_MAX + 1] = '\0';
    cr_expect_eq(check_one("X", longest), TS_INVALID);
    longest[ENDPOINT_HEADER_MAX] = '\0';
    cr_expect_eq(check_one("X", longest), TS_OK);
}

Test(endpoint, headers_are_bounded_and_each_stands_once)
{
    static Ts__Webhooks__Header all[ENDPOINT_HEADERS_MAX + 1];
    static char names[ENDPOINT_HEADERS_MAX + 1][8];
    Ts__Webhooks__Header *list[ENDPOINT_HEADERS_MAX + 1];
    ts_error err = { "", "" };

    for (size_t i = 0; i < TS_COUNT(all); i++) {
        snprintf(names[i], sizeof(names[i]), "X-%zu", i);
        all[i] = header(names[i], "x");
        list[i] = &all[i];
    }
    cr_expect_eq(endpoint_check_headers(list, ENDPOINT_HEADERS_MAX, NULL), TS_OK);
    cr_expect_eq(endpoint_check_headers(list, ENDPOINT_HEADERS_MAX + 1, &err), TS_INVALID);
    cr_expect_str_eq(err.param, "headers");
    all[1].name = (char *)(uintptr_t) "x-0";
    cr_expect_eq(endpoint_check_headers(list, 2, NULL), TS_INVALID);
}

Test(endpoint, a_rotation_ends_by_itself_or_early)
{
    Ts__Webhooks__Endpoint row = TS__WEBHOOKS__ENDPOINT__INIT;
    const char *secret = NULL, *next = NULL;

    row.secret = (char *)(uintptr_t) "old";
    endpoint_secrets(&row, 0, &secret, &next);
    cr_expect_str_eq(secret, "old");
    cr_expect_null(next);
    cr_expect_not(endpoint_promote(&row, 5, true));
    row.next_secret = (char *)(uintptr_t) "new";
    row.rotation_ends_ms = 1000;
    endpoint_secrets(&row, 999, &secret, &next);
    cr_expect_str_eq(secret, "old");
    cr_expect_str_eq(next, "new");
    endpoint_secrets(&row, 1000, &secret, &next);
    cr_expect_str_eq(secret, "new");
    cr_expect_null(next);
    cr_expect_not(endpoint_promote(&row, 999, false));
    cr_expect(endpoint_promote(&row, 999, true));
    cr_expect_str_eq(row.secret, "new");
    cr_expect_str_eq(row.next_secret, "");
    cr_expect_eq(row.rotation_ends_ms, 0);
}

Test(endpoint, a_rate_and_a_description_have_limits)
{
    char text[ENDPOINT_DESCRIPTION_MAX + 2];

    cr_expect_eq(endpoint_check_rate(0, NULL), TS_OK);
    cr_expect_eq(endpoint_check_rate(ENDPOINT_RATE_MAX, NULL), TS_OK);
    cr_expect_eq(endpoint_check_rate(ENDPOINT_RATE_MAX + 1, NULL), TS_INVALID);
    memset(text, 'a', sizeof(text));
    text[ENDPOINT_DESCRIPTION_MAX + 1] = '\0';
    cr_expect_eq(endpoint_check_description(text, NULL), TS_INVALID);
    text[ENDPOINT_DESCRIPTION_MAX] = '\0';
    cr_expect_eq(endpoint_check_description(text, NULL), TS_OK);
}
