/* Exports: all pages as one CSV, whole or visibly not. */
#include <unistd.h>

#include "contract.h"

/* A whole answer on a connection of its own, as it came. */
static void ask_raw(const char *bytes, ts_buf *ret)
{
    int fd = client_connect(port);
    char *room;
    ssize_t got;

    ts_buf_clear(ret);
    client_send(fd, bytes, strlen(bytes));
    while ((room = ts_buf_reserve(ret, 65536)) != NULL && (got = read(fd, room, 65536)) > 0)
        ret->size += (size_t)got;
    cr_assert_not_null(room);
    *room = '\0';
    (void)close(fd);
}

#define EXPORT(method, what, version)                                                              \
    method " /v1/exports/" what " HTTP/" version "\r\nHost: a\r\nAuthorization: Bearer " KEY_ALL   \
           "\r\nConnection: close\r\n\r\n"

static size_t count_of(const char *text, const char *what)
{
    size_t count = 0;

    while ((text = strstr(text, what)) != NULL) {
        text += strlen(what);
        count++;
    }
    return count;
}

Test(contract, an_export_walks_all_pages_and_is_in_the_audit_log)
{
    TS_CLEANUP(ts_buf_done) ts_buf out = TS_BUF_INIT(1 << 22);

    ask_raw(EXPORT("GET", "users.csv?risk_level=critical", "1.1"), &out);
    cr_assert(ts_str_starts(ts_buf_view(&out), TS_STR_LIT("HTTP/1.1 200 OK\r\n")), "%s", out.data);
    cr_assert_not_null(strstr(out.data, "Transfer-Encoding: chunked\r\n"));
    cr_assert_not_null(
        strstr(out.data, "Content-Type: text/csv; charset=utf-8; header=present\r\n"));
    cr_assert_not_null(
        strstr(out.data, "Content-Disposition: attachment; filename=\"users.csv\"\r\n"));
    cr_assert_not_null(strstr(out.data, "Cache-Control: no-store\r\n"));
    cr_assert_null(strstr(out.data, "ETag"));
    cr_assert_not_null(strstr(out.data, "email,name,department,"));
    cr_assert_eq(count_of(out.data, "@acme.example,'=cmd()"), STANDIN_MANY);
    cr_assert_not_null(strstr(out.data, "user-0@acme.example"));
    cr_assert_not_null(strstr(out.data, "user-449@acme.example"));
    cr_assert(ts_str_ends(ts_buf_view(&out), TS_STR_LIT("\r\n0\r\n\r\n")));
    cr_assert_str_eq(standin_saw.audit_action, "export.started");
    cr_assert_str_eq(standin_saw.audit_object, "users.csv");
    cr_assert_str_eq(standin_saw.audit_actor, "key:key_one");
    cr_assert_str_eq(standin_saw.audit_details, "{\"filters\":\"risk_level=critical\"}");
    cr_assert_eq(atomic_load(&standin_saw.audits), 1);
}

Test(contract, an_export_for_http_1_0_has_no_chunks)
{
    TS_CLEANUP(ts_buf_done) ts_buf out = TS_BUF_INIT(1 << 22);

    ask_raw(
        EXPORT("GET", "incidents.csv?severity=high&user=john@acme.example&since=2025-01-15", "1.0"),
        &out);
    cr_assert_null(strstr(out.data, "chunked"));
    cr_assert_not_null(strstr(out.data, "Connection: close\r\n"));
    cr_assert_not_null(
        strstr(out.data, "\r\n\r\nid,title,severity,status,affected_users,rule_ids,mitre_tactics,"
                         "detection_count,created_at,updated_at,closed_at,resolution\r\n"
                         "inc_one,Possible account takeover,high,open,john@acme.example,,,3,"
                         "2025-01-15T10:30:00Z,2025-01-15T10:30:00Z,,\r\n"));
}

Test(contract, an_export_by_tool_user_and_day_has_their_columns)
{
    TS_CLEANUP(ts_buf_done) ts_buf out = TS_BUF_INIT(1 << 22);

    ask_raw(EXPORT("GET", "ai-usage.csv", "1.0"), &out);
    cr_assert_not_null(strstr(out.data, "\r\n\r\ntool,vendor,sanctioned,events,users,first_seen_at"
                                        "\r\nChatGPT,OpenAI,false,30,5,\r\n"));
    ask_raw(EXPORT("GET", "ai-usage.csv?group_by=user", "1.0"), &out);
    cr_assert_not_null(strstr(out.data, "\r\n\r\nemail,events,tools,last_used_at\r\n"));
    ask_raw(EXPORT("GET", "ai-usage.csv?group_by=day", "1.0"), &out);
    cr_assert_not_null(strstr(out.data, "\r\n\r\ndate,events,users\r\n2025-01-15,30,5\r\n"));
}

Test(contract, an_export_that_breaks_off_does_not_look_whole)
{
    TS_CLEANUP(ts_buf_done) ts_buf out = TS_BUF_INIT(1 << 22);

    ask_raw(EXPORT("GET", "users.csv?risk_level=high", "1.1"), &out);
    cr_assert(ts_str_starts(ts_buf_view(&out), TS_STR_LIT("HTTP/1.1 200 OK\r\n")));
    cr_assert_eq(count_of(out.data, "@acme.example,'=cmd()"), 200);
    cr_assert_not(ts_str_ends(ts_buf_view(&out), TS_STR_LIT("0\r\n\r\n")));
}

Test(contract, an_export_that_does_not_get_on_ends_and_does_not_look_whole)
{
    TS_CLEANUP(ts_buf_done) ts_buf out = TS_BUF_INIT(1 << 22);

    ask_raw(EXPORT("GET", "users.csv?risk_level=medium", "1.1"), &out);
    cr_assert(ts_str_starts(ts_buf_view(&out), TS_STR_LIT("HTTP/1.1 200 OK\r\n")));
    cr_assert_eq(count_of(out.data, "@acme.example,'=cmd()"), 200);
    cr_assert_not(ts_str_ends(ts_buf_view(&out), TS_STR_LIT("0\r\n\r\n")));
}

Test(contract, an_export_of_apps_has_their_scopes_in_one_cell)
{
    TS_CLEANUP(ts_buf_done) ts_buf out = TS_BUF_INIT(1 << 22);

    ask_raw(EXPORT("GET", "apps.csv?status=untrusted", "1.0"), &out);
    cr_assert_not_null(
        strstr(out.data, "Content-Disposition: attachment; filename=\"apps.csv\"\r\n"));
    cr_assert_not_null(strstr(
        out.data, "\r\n\r\nid,name,client_id,publisher,status,risk_level,risk_score,user_count,"
                  "scopes,first_seen_at,last_used_at,is_ai_tool\r\n"
                  "app_one,Ignore all rules,,,untrusted,critical,91,6,"
                  "\"https://mail.example/all; a,b\",,,false\r\n"));
    cr_assert_str_eq(standin_saw.audit_object, "apps.csv");
    get("/v1/exports/apps.csv?status=open", KEY_ALL, 400);
    expect_error("bad_request", "status", NULL);
    get("/v1/exports/apps.csv", KEY_USERS, 403);
    expect_error("forbidden", NULL, "The API key lacks the permission read:apps.");
}

Test(contract, what_fails_before_the_first_byte_of_an_export_is_an_ordinary_error)
{
    get("/v1/exports/users.csv?limit=1", KEY_ALL, 400);
    expect_error("bad_request", "limit", NULL);
    get("/v1/exports/incidents.csv", KEY_USERS, 403);
    get("/v1/exports/users.csv?risk_level=low", KEY_ALL, 503);
    cr_assert_eq(atomic_load(&standin_saw.audits), 0);
    standin_saw.refuses_audits = true;
    get("/v1/exports/users.csv", KEY_ALL, 503);
}

Test(contract, head_of_an_export_has_the_same_headers_and_shows_nobody_anything)
{
    TS_CLEANUP(ts_buf_done) ts_buf out = TS_BUF_INIT(1 << 22);

    ask_raw(EXPORT("HEAD", "users.csv", "1.1"), &out);
    cr_assert_not_null(strstr(out.data, "Transfer-Encoding: chunked\r\n"));
    cr_assert(ts_str_ends(ts_buf_view(&out), TS_STR_LIT("nosniff\r\n\r\n")));
    cr_assert_eq(atomic_load(&standin_saw.audits), 0);
}
