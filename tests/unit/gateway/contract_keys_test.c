/* API keys and the audit log. */
#include "contract.h"

/* ---- keys ---- */

Test(contract, a_key_is_made_and_its_secret_shown_once)
{
    send_json("POST", "/v1/api-keys", "",
              "{\"name\":\"Bot\",\"mode\":\"live\",\"permissions\":[\"ingest\",\"read:users\"],"
              "\"expires_at\":\"2026-01-01\"}",
              201);
    expect_text("data.api_key.id", "key_live");
    expect_text("data.api_key.name", "Bot");
    expect_text("data.api_key.mode", "live");
    expect_text("data.api_key.prefix", "tsk_live_abcd");
    expect_text("data.api_key.last4", "wxyz");
    expect_text("data.api_key.created_at", "2025-01-15T10:30:00Z");
    expect_text("data.api_key.expires_at", "2026-01-01T00:00:00Z");
    cr_assert_not_null(strstr(a.body.data, "\"permissions\":[\"read:users\",\"ingest\"]"));
    cr_assert_not_null(strstr(a.body.data, "\"last_used_at\":null"));
    cr_assert_not_null(strstr(a.body.data, "\"untrusted_fields\":[\"data.api_key.name\"]"));
    expect_text("data.secret", "tsk_live_secret");
    expect_summary(
        "Live API key key_live created. Keep its secret: it is shown only in this answer.");
    expect_header("Cache-Control", "no-store");
    cr_assert_null(answer_header(&a, "Idempotent-Replayed"));
}

Test(contract, a_repeated_creation_shows_no_secret_and_says_so)
{
    send_json("POST", "/v1/api-keys", "Idempotency-Key: again\r\n",
              "{\"name\":\"Bot\",\"mode\":\"test\"}", 201);
    expect_text("data.api_key.id", "key_test");
    expect_no("data.secret");
    expect_header("Idempotent-Replayed", "true");
    expect_summary("Test API key key_test was created by this request before; its secret is not "
                   "shown again.");
}

Test(contract, what_is_wrong_about_a_key_is_named)
{
    static const struct {
        const char *body, *param;
    } cases[] = {
        { "{\"mode\":\"live\"}", "name" },
        { "{\"name\":\"x\"}", "mode" },
        { "{\"name\":\"x\",\"mode\":\"prod\"}", "mode" },
        { "{\"name\":\"\",\"mode\":\"live\"}", "name" },
        { "{\"name\":\"x\",\"mode\":\"live\",\"permissions\":[\"root\"]}", "permissions" },
        { "{\"name\":\"x\",\"mode\":\"live\",\"permissions\":[]}", "permissions" },
        { "{\"name\":\"x\",\"mode\":\"live\",\"permissions\":\"admin\"}", "permissions" },
        { "{\"name\":\"x\",\"mode\":\"live\",\"expires_at\":\"soon\"}", "expires_at" },
        { "{\"name\":\"x\",\"mode\":\"live\",\"org\":8}", "org" },
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        send_json("POST", "/v1/api-keys", "", cases[i].body, 400);
        expect_error("bad_request", cases[i].param, NULL);
    }
    send_json("POST", "/v1/api-keys", "",
              "{\"name\":\"x\",\"mode\":\"live\",\"permissions\":[\"read:user\"]}", 400);
    cr_assert_not_null(strstr(a.body.data, "admin (did you mean read:users?)"), "%s", a.body.data);
}

Test(contract, keys_are_listed)
{
    get("/v1/api-keys?limit=1&offset=2", KEY_ALL, 200);
    expect_summary("5 API keys, newest first.");
    cr_assert_eq(number("data.pagination.total"), 5);
    cr_assert_not_null(strstr(a.body.data, "\"id\":\"key_live\""));
    cr_assert_null(strstr(a.body.data, "secret"));
    expect_header("Cache-Control", "no-store");
}

Test(contract, a_key_is_changed)
{
    send_json("PATCH", "/v1/api-keys/key_live", "", "{\"expires_at\":null,\"name\":\"New\"}", 200);
    expect_text("data.api_key.name", "New");
    cr_assert_not_null(strstr(a.body.data, "\"expires_at\":null"));
    expect_summary("Live API key key_live changed.");
    send_json("PATCH", "/v1/api-keys/key_live", "", "{\"permissions\":[\"admin\"]}", 200);
    cr_assert_not_null(strstr(a.body.data, "\"permissions\":[\"admin\"]"));
    expect_text("data.api_key.expires_at", "2026-01-01T00:00:00Z");
    send_json("PATCH", "/v1/api-keys/key_live", "", "{}", 400);
    expect_error("bad_request", NULL, "The body must have name, permissions or expires_at.");
    send_json("PATCH", "/v1/api-keys/key_none", "", "{\"name\":\"x\"}", 404);
    send_json("PATCH", "/v1/api-keys/..", "", "{\"name\":\"x\"}", 404);
}

Test(contract, a_change_of_a_key_may_ask_for_the_state_it_has_seen)
{
    char line[96];

    send_json("PATCH", "/v1/api-keys/key_live", "If-Match: \"abc\"\r\n", "{\"name\":\"x\"}", 412);
    expect_error("precondition_failed", "If-Match",
                 "The API key has changed since; read it again.");
    cr_assert_eq(standin_saw.revision, 0);
    get("/v1/api-keys/key_live", KEY_ALL, 200);
    expect_summary("Live API key key_live is in force.");
    (void)snprintf(line, sizeof(line), "If-Match: %s\r\n", answer_header(&a, "ETag"));
    send_json("PATCH", "/v1/api-keys/key_live", line, "{\"name\":\"x\"}", 200);
    cr_assert_eq(standin_saw.revision, 11); /* auth is told what was looked at */
    send_json("PATCH", "/v1/api-keys/key_none", line, "{\"name\":\"x\"}", 404);
    get("/v1/api-keys/key_live", KEY_USERS, 403);
    get("/v1/api-keys/key_none", KEY_ALL, 404);
}

Test(contract, a_key_is_rotated_with_and_without_a_body)
{
    answer_done(&a);
    ask(port, "POST", "/v1/api-keys/key_live/rotate", KEY_ALL, "", NULL, &a);
    cr_assert_eq(a.status, 201, "%s", a.body.data);
    parse();
    expect_text("data.secret", "tsk_live_rotated");
    expect_text("data.replaces", "key_live");
    expect_header("Cache-Control", "no-store");
    send_json("POST", "/v1/api-keys/key_live/rotate", "", "{}", 201);
    send_json("POST", "/v1/api-keys/key_live/rotate", "", "{\"overlap_seconds\":0}", 409);
    expect_error("conflict", NULL, "overlap 0");
    send_json("POST", "/v1/api-keys/key_live/rotate", "", "{\"overlap_seconds\":-1}", 400);
    expect_error("bad_request", "overlap_seconds", NULL);
    send_json("POST", "/v1/api-keys/key_live/rotate", "", "{\"overlap_seconds\":31536001}", 400);
    send_json("POST", "/v1/api-keys/key_none/rotate", "", "{}", 404);
}

Test(contract, a_key_is_revoked)
{
    answer_done(&a);
    ask(port, "DELETE", "/v1/api-keys/key_live", KEY_ALL, "", NULL, &a);
    cr_assert_eq(a.status, 200, "%s", a.body.data);
    parse();
    expect_text("data.api_key.revoked_at", "2025-01-15T10:30:00Z");
    expect_summary("Live API key key_live is revoked.");
}

Test(contract, a_key_acts_in_its_own_mode)
{
    answer_done(&a);
    ask(port, "POST", "/v1/api-keys", KEY_TEST, "Content-Type: application/json\r\n",
        "{\"name\":\"x\",\"mode\":\"live\"}", &a);
    cr_assert_eq(a.status, 403, "%s", a.body.data);
    parse();
    expect_error("forbidden", "mode", "A test key manages test keys only.");
}

/* ---- audit log ---- */

Test(contract, the_audit_log_is_filtered_and_shown)
{
    get("/v1/audit-log?actor=ctl&since=2025-01-15&until=2025-01-16", KEY_ALL, 200);
    expect_summary("2 entries in the audit log by this actor in the time asked for, newest first.");
    cr_assert_not_null(
        strstr(a.body.data,
               "{\"number\":2,\"at\":\"2025-01-15T10:30:00Z\",\"action\":\"key.created\","
               "\"object\":\"key_live\",\"actor\":\"ctl\",\"client_address\":null,"
               "\"request_id\":null,\"mode\":\"test\",\"details\":{\"name\":\"x\"}}"),
        "%s", a.body.data);
    cr_assert_not_null(strstr(a.body.data, "\"details\":{}"), "broken details are left out");
    get("/v1/audit-log", KEY_ALL, 200);
    expect_summary("0 entries in the audit log.");
    get("/v1/audit-log?since=yesterday", KEY_ALL, 400);
    expect_error("bad_request", "since", NULL);
}
