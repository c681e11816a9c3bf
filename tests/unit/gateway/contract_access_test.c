/* Who gets in, who does not, and what those learn who do not. */
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
    /* Only the last had a right checksum. */
    cr_assert_eq(atomic_load(&standin_saw.authorizes), 1);
}

Test(contract, the_sixty_first_failure_of_an_address_is_429_and_valid_keys_still_pass)
{
    int fd = client_connect(port);
    static const char request[] = "GET /v1/users HTTP/1.1\r\nHost: a\r\n\r\n";

    /* 61 in one minute: at most 121 if the minute changes on the way. */
    for (int i = 0; i < 121 && a.status != 429; i++) {
        answer_done(&a);
        client_send(fd, request, sizeof(request) - 1);
        client_read(fd, false, &a);
        cr_assert(a.status == 401 || a.status == 429);
    }
    (void)close(fd);
    cr_assert_eq(a.status, 429);
    parse();
    expect_error("rate_limited", NULL, "Too many failed authentications from this address.");
    expect_header("X-RateLimit-Remaining", "0");
    cr_assert_not_null(answer_header(&a, "Retry-After"));
    get("/v1/users", KEY_ALL, 200);
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
    get("/healthz", NULL, 200);
    expect_text("status", "ok");
    get("/v1/openapi.json", NULL, 200);
    expect_text("openapi", "3.1.0");
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

static bool burst_seen(int wanted)
{
    for (int i = 0; i < 1000 && atomic_load(&standin_saw.bursts) < wanted; i++)
        usleep(10000);
    return atomic_load(&standin_saw.bursts) >= wanted;
}

Test(contract, a_burst_of_failures_is_told_once_with_no_more_than_a_prefix)
{
    /* 61 failures at 203.0.113.7; at the change of the minute in between they are spread over two windows. */
    for (int i = 0; i < 125; i++) {
        answer_done(&a);
        ask(port, "GET", "/v1/users", KEY_UNKNOWN, "X-Forwarded-For: 203.0.113.7\r\n", NULL, &a);
    }
    cr_assert(burst_seen(1));
    cr_assert_eq(standin_saw.burst_org, 0);
    cr_assert_str_eq(standin_saw.burst_details,
                     "{\"address\":\"203.0.113.7\",\"count\":60,\"key_prefix\":\"tsk_live_dddd\"}");
    cr_assert_leq(atomic_load(&standin_saw.bursts), 2);
}

Test(contract, nothing_is_shown_of_what_is_no_key_of_ours)
{
    for (int i = 0; i < 125; i++) {
        char headers[160];

        (void)snprintf(headers, sizeof(headers), "X-Forwarded-For: 2001:db8:0:7::%x\r\n", i);
        answer_done(&a);
        ask(port, "GET", "/v1/users", "sk-ant-somebody-elses-secret", headers, NULL, &a);
    }
    cr_assert_eq(a.status, 429, "one network, one window");
    cr_assert(burst_seen(1));
    cr_assert_str_eq(standin_saw.burst_details,
                     "{\"address\":\"2001:db8:0:7::/64\",\"count\":60,\"key_prefix\":null}");
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
