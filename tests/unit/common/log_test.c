#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "ts/log.h"
#include "ts/time.h"

static int read_end;
static int saved_stderr;
static char got[65536];

static void capture(void)
{
    int ends[2];

    cr_assert_eq(pipe(ends), 0);
    saved_stderr = dup(STDERR_FILENO);
    cr_assert_geq(dup2(ends[1], STDERR_FILENO), 0);
    close(ends[1]);
    read_end = ends[0];
    ts_log_init("auth", TS_LOG_INFO);
}

/* Gives stderr back, so that the end of the pipe is seen, and reads what was logged. */
static const char *captured(void)
{
    size_t n = 0;
    ssize_t part;

    cr_assert_geq(dup2(saved_stderr, STDERR_FILENO), 0);
    while ((part = read(read_end, got + n, sizeof(got) - 1 - n)) > 0)
        n += (size_t)part;
    got[n] = '\0';
    close(read_end);
    return got;
}

/* What follows "time=2025-01-15T10:30:00.123Z ", which is checked too. */
static const char *after_time(const char *line)
{
    int64_t ms = 0;

    cr_assert_eq(strncmp(line, "time=", 5), 0, "%s", line);
    cr_assert_eq(ts_time_parse(ts_str_n(line + 5, 24), &ms), TS_OK, "%s", line);
    cr_assert_eq(line[29], ' ');
    return line + 30;
}

TestSuite(log, .init = capture);

Test(log, writes_one_event_in_one_line)
{
    ts_info(TS_MSG("incident moved"), TS_F_Z("incident_id", "inc_1"), TS_F_I64("took_ms", -12),
            TS_F_U64("rows", UINT64_MAX), TS_F_STR("part", ts_str_n("abcdef", 3)),
            TS_F_STATUS(TS_CONFLICT));
    cr_assert_str_eq(after_time(captured()),
                     "level=info process=auth msg=\"incident moved\" incident_id=inc_1 "
                     "took_ms=-12 rows=18446744073709551615 part=abc status=conflict\n");
}

Test(log, writes_a_line_without_fields)
{
    ts_warn(TS_MSG("ready"));
    cr_assert_str_eq(after_time(captured()), "level=warn process=auth msg=ready\n");
}

Test(log, escapes_whatever_could_forge_a_line_or_drive_a_terminal)
{
    ts_log_error(TS_MSG("x"), TS_F_Z("a", "1\nlevel=info"), TS_F_Z("b", "q\"\\\r\t"),
                 TS_F_Z("c", "\x1B[31m\x7F"), TS_F_Z("d", "\xC2\x9B"), TS_F_Z("e", "\xC3\xA9"),
                 TS_F_Z("f", "\xFF\xC2"), TS_F_Z("g", ""), TS_F_Z("h", NULL),
                 TS_F_STR("i", TS_STR_LIT("\0")), TS_F_Z("j", "a=b"));
    cr_assert_str_eq(after_time(captured()),
                     "level=error process=auth msg=x a=\"1\\nlevel=info\" b=\"q\\\"\\\\\\r\\t\" "
                     "c=\"\\u001b[31m\\u007f\" d=\"\\u009b\" e=\"\xC3\xA9\" f=\"\\xff\\xc2\" "
                     "g=\"\" h=\"\" i=\"\\u0000\" j=\"a=b\"\n");
}

Test(log, leaves_out_lines_below_the_level)
{
    ts_debug(TS_MSG("hidden"));
    ts_log_set_level(TS_LOG_ERROR);
    ts_warn(TS_MSG("hidden"));
    ts_log_error(TS_MSG("shown"));
    ts_log_set_level(TS_LOG_DEBUG);
    ts_debug(TS_MSG("shown"));
    (void)captured();
    cr_assert_null(strstr(got, "hidden"));
    cr_assert_not_null(strstr(got, "level=error process=auth msg=shown\n"));
    cr_assert_not_null(strstr(got, "level=debug process=auth msg=shown\n"));
}

static void *log_other(void *unused)
{
    ts_info(TS_MSG("other"));
    return unused;
}

Test(log, carries_the_request_id_of_its_own_thread)
{
    pthread_t thread;

    ts_log_request("req_1");
    ts_info(TS_MSG("one"));
    cr_assert_eq(pthread_create(&thread, NULL, log_other, NULL), 0);
    pthread_join(thread, NULL);
    ts_log_request("");
    ts_info(TS_MSG("two"));
    ts_log_request(NULL);
    ts_info(TS_MSG("three"));
    (void)captured();
    cr_assert_not_null(strstr(got, "msg=one request_id=req_1\n"));
    cr_assert_not_null(strstr(got, "msg=other\n"));
    cr_assert_not_null(strstr(got, "msg=two\n"));
    cr_assert_not_null(strstr(got, "msg=three\n"));
}

Test(log, cuts_a_request_id_at_71_bytes)
{
    char id[100];

    memset(id, 'r', 99);
    id[99] = '\0';
    ts_log_request(id);
    ts_info(TS_MSG("x"));
    cr_assert_eq(strlen(after_time(captured())),
                 strlen("level=info process=auth msg=x request_id=\n") + 71);
}

Test(log, cuts_a_long_value_and_says_so)
{
    char value[2001];

    memset(value, 'v', 2000);
    value[2000] = '\0';
    ts_info(TS_MSG("x"), TS_F_Z("a", value), TS_F_Z("b", "after"));
    value[1024] = '\0';
    cr_assert_not_null(strstr(captured(), value));
    cr_assert_not_null(strstr(got, "v...\" b=after\n"));
    cr_assert_eq(strlen(after_time(got)),
                 strlen("level=info process=auth msg=x a=\"...\" b=after\n") + 1024);
}

Test(log, a_line_is_never_longer_than_a_pipe_takes_in_one_piece)
{
    char value[1025];

    memset(value, 'v', 1024);
    value[1024] = '\0';
    ts_info(TS_MSG("x"), TS_F_Z("a", value), TS_F_Z("b", value), TS_F_Z("c", value),
            TS_F_Z("d", value), TS_F_Z("e", "small"));
    (void)captured();
    cr_assert_leq(strlen(got), 4096);
    cr_assert_not_null(strstr(got, " c=v"));
    cr_assert_null(strstr(got, " d="));
    cr_assert_null(strstr(got, " e="));
    cr_assert_str_eq(got + strlen(got) - 7, " cut=1\n");
}

Test(log, leaves_errno_alone)
{
    errno = ENOENT;
    ts_info(TS_MSG("x"));
    cr_assert_eq(errno, ENOENT);
    (void)captured();
}

Test(log, knows_its_levels_by_name)
{
    ts_log_level level = TS_LOG_WARN;

    (void)captured();
    cr_assert_eq(ts_log_level_parse(TS_STR_LIT("debug"), &level), TS_OK);
    cr_assert_eq(level, TS_LOG_DEBUG);
    cr_assert_eq(ts_log_level_parse(TS_STR_LIT("error"), &level), TS_OK);
    cr_assert_eq(level, TS_LOG_ERROR);
    cr_assert_eq(ts_log_level_parse(TS_STR_LIT("Error"), &level), TS_INVALID);
    cr_assert_eq(ts_log_level_parse(TS_STR_LIT(""), &level), TS_INVALID);
    cr_assert_eq(level, TS_LOG_ERROR);
}

Test(log, of_lines_with_one_key_the_first_is_written_at_once)
{
    const char *text;

    for (int i = 0; i < 3; i++) {
        ts_warn_rationed(i == 1 ? "other" : "one", TS_MSG("full"), TS_F_I64("line", i));
    }
    text = captured();
    cr_assert_not_null(strstr(text, "msg=full line=0\n"));
    cr_assert_not_null(strstr(text, "msg=full line=1\n"));
    cr_assert_null(strstr(text, "line=2"));
}

Test(log, each_place_has_rations_of_its_own)
{
    const char *text;

    ts_warn_rationed("one", TS_MSG("full"));
    ts_info_rationed("one", TS_MSG("empty"));
    text = captured();
    cr_assert_not_null(strstr(text, "level=warn process=auth msg=full\n"));
    cr_assert_not_null(strstr(text, "level=info process=auth msg=empty\n"));
}

static void write_again(ts_log_ration *rations)
{
    ts_log_write_rationed(rations, TS_LOG_WARN, "one", "full", NULL);
}

Test(log, a_line_says_how_many_were_left_out_before_it)
{
    ts_log_ration rations[TS_LOG_RATIONS] = { 0 };
    const char *text;

    for (int i = 0; i < 5; i++)
        write_again(rations);
    for (size_t i = 0; i < TS_LOG_RATIONS; i++)
        rations[i].next_boot_ms = 0; /* the time is over */
    write_again(rations);
    text = captured();
    cr_assert_not_null(strstr(text, "msg=full\n"));
    cr_assert_not_null(strstr(text, "msg=full left_out=4\n"));
}

Test(log, a_line_below_the_level_takes_no_ration)
{
    ts_log_ration rations[TS_LOG_RATIONS] = { 0 };

    ts_log_set_level(TS_LOG_ERROR);
    write_again(rations);
    ts_log_set_level(TS_LOG_INFO);
    write_again(rations);
    cr_assert_not_null(strstr(captured(), "msg=full\n"));
}

Test(ration, is_one_line_in_each_time)
{
    ts_log_ration r = { 0 };
    uint64_t left_out = 99;

    cr_assert(ts_log_ration_take(&r, 5000, &left_out));
    cr_assert_eq(left_out, 0);
    cr_assert_not(ts_log_ration_take(&r, 5000, &left_out));
    cr_assert_not(ts_log_ration_take(&r, 5000 + TS_LOG_RATION_MS - 1, &left_out));
    cr_assert_eq(left_out, 0);
    cr_assert(ts_log_ration_take(&r, 5000 + TS_LOG_RATION_MS, &left_out));
    cr_assert_eq(left_out, 2);
    cr_assert_not(ts_log_ration_take(&r, 5000 + TS_LOG_RATION_MS + 1, &left_out));
    cr_assert(ts_log_ration_take(&r, 5000 + 9 * TS_LOG_RATION_MS, &left_out));
    cr_assert_eq(left_out, 1);
}
