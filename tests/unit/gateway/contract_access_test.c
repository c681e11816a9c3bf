/* Who gets in, who does not, and what those learn who do not. */
#include <poll.h>
#include <unistd.h>

#include "api/api.h"
#include "contract.h"

Test(contract, all_wrong_keys_get_the_same_401)
{
    static const char *const keys[] = {
        NULL,       "", "x", "tsk_live_xxxxxxxxxxxx", "tsk_live_aaaaaaaaaaaaaaaaaaaaaaaaaa1qJYQ2",
        KEY_UNKNOWN
    };

    for (size_t i = 0; i < TS_COUNT(keys); i++) {
        get("/v1/overview", keys[i], 401);
        expect_error("invalid_api_key", NULL, "The API key provided is invalid or expired.");
        expect_header("WWW-Authenticate", "Bearer realm=\"teamsentry\"");
        expect_header("X-RateLimit-Limit", "60");
    }
    expect_header("X-RateLimit-Remaining", "54");
    expect_header("X-RateLimit-Reset", "1705312860");
}

Test(contract, the_sixty_first_failure_of_an_address_is_429_and_valid_keys_still_pass)
{
    int fd = client_connect(port);
    static const char request[] = "GET /v1/users HTTP/1.1\r\nHost: a\r\n\r\n";

    for (int i = 0; i < 61; i++) {
        cr_assert_eq(a.status, i == 0 ? 0 : 401);
        answer_done(&a);
        client_send(fd, request, sizeof(request) - 1);
        client_read(fd, false, &a);
    }
    (void)close(fd);
    cr_assert_eq(a.status, 429);
    parse();
    expect_error("rate_limited", NULL, "Too many failed authentications from this address.");
    expect_header("X-RateLimit-Limit", "60");
    expect_header("X-RateLimit-Remaining", "0");
    expect_header("X-RateLimit-Reset", "1705312860");
    expect_header("Retry-After", "23");
    get("/v1/users", KEY_ALL, 200);
}

/* Whatever the header holds, auth hears of the failure; of the text no more than may be shown. */
Test(contract, auth_counts_every_failure_and_hears_no_more_than_a_prefix)
{
    static const struct {
        const char *key, *prefix;
        bool is_key;
    } cases[] = {
        { NULL, "", false },
        { "", "", false },
        { "sk-ant-somebody-elses-secret", "", false },
        { "tsk_live_abcd", "", false }, /* all of it would be shown */
        { "tsk_live_abcdefgh", "tsk_live_abcd", false },
        { "tsk_test_ab-defgh", "", false },
        { KEY_UNKNOWN, "tsk_live_dddd", true },
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        answer_done(&a);
        ask(port, "GET", "/v1/users", cases[i].key, "X-Forwarded-For: 2001:db8::7\r\n", NULL, &a);
        cr_assert_eq(a.status, 401);
        cr_assert_eq(atomic_load(&standin_saw.failures), (int)i + 1);
        cr_assert_str_eq(standin_saw.key_prefix, cases[i].prefix);
        cr_assert_eq(standin_saw.was_no_key, !cases[i].is_key);
        cr_assert_str_eq(standin_saw.client_addr, "2001:db8::7");
    }
}

Test(contract, a_bad_idempotency_key_hides_no_failure)
{
    answer_done(&a);
    ask(port, "GET", "/v1/users", NULL, "Idempotency-Key: \r\n", NULL, &a);
    cr_assert_eq(a.status, 401);
    parse();
    expect_error("invalid_api_key", NULL, "The API key provided is invalid or expired.");
    expect_header("X-RateLimit-Remaining", "59");
    answer_done(&a);
    ask(port, "GET", "/v1/users", KEY_ALL, "Idempotency-Key: \r\n", NULL, &a);
    cr_assert_eq(a.status, 400);
    parse();
    expect_error("bad_request", "Idempotency-Key", NULL);
}

/* During a rolling update. */
Test(contract, an_auth_that_does_not_count_failures_makes_no_429)
{
    standin_saw.counts_no_failures = true;
    get("/v1/users", KEY_UNKNOWN, 401);
    expect_header("X-RateLimit-Limit", "60");
    expect_header("X-RateLimit-Remaining", "60");
}

Test(contract, who_is_not_asked_for_a_key_sees_a_whole_minute)
{
    get("/v1/users", NULL, 401);
    expect_header("X-RateLimit-Remaining", "59");
    get("/healthz", NULL, 200);
    expect_header("X-RateLimit-Limit", "60");
    expect_header("X-RateLimit-Remaining", "60");
    cr_assert_eq(strtoll(answer_header(&a, "X-RateLimit-Reset"), NULL, 10) % 60, 0);
    cr_assert_eq(atomic_load(&standin_saw.authorizes), 1);
}

Test(contract, a_key_over_its_limit_is_told_when_to_come_back)
{
    get("/v1/users", KEY_LIMITED, 429);
    expect_error("rate_limited", NULL, NULL);
    expect_header("Retry-After", "17");
    expect_header("X-RateLimit-Limit", "1000");
    expect_header("X-RateLimit-Remaining", "0");
}

Test(contract, a_missing_permission_is_named)
{
    get("/v1/incidents", KEY_USERS, 403);
    expect_error("forbidden", NULL, "The API key lacks the permission read:incidents.");
}

static void start_without_auth(void)
{
    port = standin_start(WITH_ALL & ~(unsigned)WITH_AUTH, 16);
    parser = ts_json_parser_new(1 << 20);
}

Test(without_auth, nobody_gets_in, .init = start_without_auth, .fini = stop)
{
    get("/v1/overview", KEY_ALL, 503);
    expect_error("service_unavailable", NULL, "The service auth is not available at the moment.");
    cr_assert_not_null(answer_header(&a, "Retry-After"));
    get("/v1/overview", "tsk_live_wrong", 401);
    expect_error("invalid_api_key", NULL, "The API key provided is invalid or expired.");
    expect_header("X-RateLimit-Remaining", "60");
    get("/healthz", NULL, 200);
    expect_text("status", "ok");
    get("/v1/openapi.json", NULL, 200);
    expect_text("openapi", "3.1.0");
}

static int begin_with(const char *authorization)
{
    char request[256];
    int fd = client_connect(port);

    (void)snprintf(request, sizeof(request), "GET /v1/overview HTTP/1.1\r\nHost: a\r\n%s\r\n",
                   authorization);
    client_send(fd, request, strlen(request));
    return fd;
}

static void end_with(int fd, int status)
{
    answer_done(&a);
    client_read(fd, false, &a);
    cr_assert_eq(a.status, status, "%d %s", a.status, a.body.data);
    (void)close(fd);
}

/* Their answer is the same, whatever auth would say: it is asked for a moment only, a key's until its deadline. */
Test(without_auth, what_is_no_key_is_refused_while_a_key_still_waits, .init = start_without_auth,
     .fini = stop)
{
    struct pollfd key = { .fd = begin_with("Authorization: Bearer " KEY_ALL "\r\n"),
                          .events = POLLIN };
    int none = begin_with("");
    int wrong = begin_with("Authorization: Bearer tsk_live_wrong\r\n");

    end_with(none, 401);
    end_with(wrong, 401);
    cr_assert_eq(poll(&key, 1, 0), 0);
    end_with(key.fd, 503);
}

/* Whether the document names the header for a POST. */
static bool takes_idempotency_key(const char *pattern)
{
    for (ts_json_iter it = ts_json_iter_of(at("paths")); ts_json_next(&it);) {
        ts_json parameters;

        if (!ts_str_is(it.name, pattern) || !ts_json_path(it.value, "post.parameters", &parameters))
            continue;
        for (ts_json_iter p = ts_json_iter_of(parameters); ts_json_next(&p);) {
            ts_json ref = { 0 };

            if (ts_json_get(p.value, "$ref", &ref) &&
                ts_str_is(ts_json_str(ref), "#/components/parameters/IdempotencyKey"))
                return true;
        }
        return false;
    }
    cr_assert_fail("%s is not there", pattern);
    return false;
}

Test(contract, the_document_asks_for_an_idempotency_key_where_one_is_heeded)
{
    get("/v1/openapi.json", NULL, 200);
    cr_assert(takes_idempotency_key("/v1/api-keys"));
    cr_assert_not(takes_idempotency_key("/v1/events"));      /* records are known by themselves */
    cr_assert_not(takes_idempotency_key("/v1/agent/query")); /* changes nothing */
}

Test(contract, a_suspended_organization_may_do_nothing)
{
    for (size_t i = 0; i < api_route_count; i++) {
        if ((api_routes[i].flags & HTTP_PUBLIC) != 0)
            continue;
        answer_done(&a);
        ask(port, api_routes[i].method, api_routes[i].pattern, KEY_HELD, "", NULL, &a);
        cr_assert_eq(a.status, 403, "%s: %s", api_routes[i].pattern, a.body.data);
        parse();
        expect_error("forbidden", NULL,
                     "The organization org_acme is suspended: its keys may do nothing now.");
        expect_header("X-RateLimit-Limit", "1000");
    }
}

Test(contract, hsts_is_sent_where_the_proxy_says_https_only)
{
    const char *https = "X-Forwarded-Proto: https\r\n";

    get("/v1/overview", KEY_ALL, 200);
    cr_assert_null(answer_header(&a, "Strict-Transport-Security"));
    answer_done(&a);
    ask(port, "GET", "/v1/overview", KEY_ALL, https, NULL, &a);
    expect_header("Strict-Transport-Security", "max-age=31536000");
    answer_done(&a);
    ask(port, "GET", "/v1/overview", NULL, https, NULL, &a);
    cr_assert_eq(a.status, 401);
    expect_header("Strict-Transport-Security", "max-age=31536000");
    answer_done(&a);
    ask(port, "GET", "/v1/overview", KEY_ALL, "X-Forwarded-Proto: http\r\n", NULL, &a);
    cr_assert_null(answer_header(&a, "Strict-Transport-Security"));
}
