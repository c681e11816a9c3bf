/* The gateway over real sockets, with stand-ins for the services behind it: asked, and what an answer must say. Each test has a
 * gateway of its own. */
#ifndef CONTRACT_H
#define CONTRACT_H

#include <criterion/criterion.h>

#include "standin.h"

static int port;
static answer a;
static ts_json_parser *parser;
static ts_json root;

static inline void start_all(void)
{
    port = standin_start(WITH_ALL, 16);
    parser = ts_json_parser_new(1 << 20);
}

static inline void stop(void)
{
    answer_done(&a);
    ts_json_parser_free(parser);
    standin_stop();
}

TestSuite(contract, .init = start_all, .fini = stop, .timeout = 60);

/* Every run of digits in the summary, outside of addresses and ids, is a number or the text of a time in `data`. */
static inline void check_summary_numbers(void)
{
    const char *data = strstr(a.body.data, "\"data\":");
    ts_json summary;
    ts_str text;

    if (data == NULL || !ts_json_get(root, "summary", &summary))
        return;
    text = ts_json_str(summary);
    for (size_t i = 0; i < text.n; i++) {
        char number[24];
        size_t n = 0;

        if (text.p[i] < '0' || text.p[i] > '9')
            continue;
        while (i < text.n && text.p[i] >= '0' && text.p[i] <= '9' && n < sizeof(number) - 1)
            number[n++] = text.p[i++];
        number[n] = '\0';
        cr_assert(strstr(data, number) != NULL, "%s of the summary is not in %s", number, data);
    }
}

static inline void parse(void)
{
    ts_error err = { .text = "" };

    cr_assert_gt(a.body.size, 0, "no body: %s", a.head.data);
    cr_assert_eq(ts_json_parse(parser, ts_buf_view(&a.body), &root, &err), TS_OK, "%s: %s",
                 err.text, a.body.data);
    check_summary_numbers();
}

static inline void get(const char *path, const char *key, int status)
{
    answer_done(&a);
    ask(port, "GET", path, key, "", NULL, &a);
    cr_assert_eq(a.status, status, "%s: %d %s", path, a.status, a.body.data);
    parse();
}

static inline void send_json(const char *method, const char *path, const char *headers,
                             const char *body, int status)
{
    TS_CLEANUP(ts_buf_done) ts_buf lines = TS_BUF_INIT(4096);

    ts_buf_printf(&lines, "Content-Type: application/json\r\n%s", headers);
    answer_done(&a);
    ask(port, method, path, KEY_ALL, lines.data, body, &a);
    cr_assert_eq(a.status, status, "%s %s: %d %s", method, path, a.status, a.body.data);
    parse();
}

static inline int64_t number(const char *path)
{
    ts_json v;

    cr_assert(ts_json_path(root, path, &v), "%s in %s", path, a.body.data);
    return ts_json_i64(v, -12345);
}

static inline ts_json at(const char *path)
{
    ts_json v = { NULL, 0 };

    cr_assert(ts_json_path(root, path, &v), "%s in %s", path, a.body.data);
    return v;
}

static inline void expect_text(const char *path, const char *wanted)
{
    ts_str got = ts_json_str(at(path));

    cr_assert(ts_str_is(got, wanted), "%s is %.*s", path, (int)got.n, got.p);
}

static inline void expect_error(const char *code, const char *param, const char *message)
{
    ts_json v;

    expect_text("error.code", code);
    cr_assert_eq(number("error.status"), a.status);
    if (message != NULL)
        expect_text("error.message", message);
    cr_assert_eq(ts_json_path(root, "error.param", &v), param != NULL, "%s", a.body.data);
    if (param != NULL)
        expect_text("error.param", param);
    expect_text("request_id", answer_header(&a, "X-Request-Id"));
}

static inline void expect_header(const char *name, const char *wanted)
{
    const char *got = answer_header(&a, name);

    cr_assert_not_null(got, "%s is missing in %s", name, a.head.data);
    cr_assert_str_eq(got, wanted, "%s", name);
}

static inline void expect_summary(const char *wanted)
{
    expect_text("summary", wanted);
}

static inline void expect_no(const char *path)
{
    ts_json v;

    cr_assert_not(ts_json_path(root, path, &v), "%s in %s", path, a.body.data);
}

#endif
