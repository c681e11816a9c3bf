/* Checks for plain test programs: the first that fails says where and ends the program with 1. */
#ifndef CONTRACT_CHECK_H
#define CONTRACT_CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "../run_program.h"
#include "ts/base.h"
#include "ts/buf.h"
#include "ts/metrics.h"
#include "ts/time.h"

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s: not so: %s\n", __FILE__, __LINE__, __func__, #condition);  \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

#define CHECK_EQ(left, right)                                                                      \
    do {                                                                                           \
        long long left_ = (long long)(left);                                                       \
        long long right_ = (long long)(right);                                                     \
        if (left_ != right_) {                                                                     \
            fprintf(stderr, "%s:%d: %s: %s is %lld, not %lld\n", __FILE__, __LINE__, __func__,     \
                    #left, left_, right_);                                                         \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

/* Waits for a condition, not for a duration: polls every 2 ms for up to 30 s. */
#define CHECK_SOON(condition)                                                                      \
    do {                                                                                           \
        int64_t until_ms_ = ts_boot_ms() + 30000;                                                  \
        struct timespec pause_ = { 0, 2000000 };                                                   \
        while (!(condition) && ts_boot_ms() < until_ms_)                                           \
            nanosleep(&pause_, NULL);                                                              \
        CHECK(condition);                                                                          \
    } while (0)

#define RUN(test)                                                                                  \
    do {                                                                                           \
        printf("%s\n", #test);                                                                     \
        fflush(stdout);                                                                            \
        test();                                                                                    \
    } while (0)

/* For tests whose days end with today: none is begun in the last minute of a day (UTC). */
static inline void wait_for_a_whole_day(void)
{
    int64_t left_ms = TS_DAY_MS - ts_wall_ms() % TS_DAY_MS;
    struct timespec pause = { left_ms / 1000 + 1, 0 };

    if (left_ms < TS_MINUTE_MS)
        nanosleep(&pause, NULL);
}

/* A fresh directory below TMPDIR or /tmp; `ret` holds 64 bytes. */
static inline void scratch_directory(char ret[64])
{
    snprintf(ret, 64, "/tmp/ts-contract-XXXXXX");
    CHECK(mkdtemp(ret) != NULL);
}

static inline void remove_directory(const char *path)
{
    CHECK(strncmp(path, "/tmp/ts-contract-", 17) == 0);
    CHECK_EQ(RUN_PROGRAM("rm", "-rf", path), 0);
}

/* What a scrape would show of this process; "name" or "name{labels}". */
static inline double metric(const char *name)
{
    ts_buf text = TS_BUF_INIT(1u << 20);
    const char *at;
    char line[128];
    double value;

    snprintf(line, sizeof(line), "\n%s ", name);
    ts_metrics_print(&text);
    ts_buf_char(&text, '\0');
    CHECK_EQ(ts_buf_status(&text), TS_OK);
    at = strstr(text.data, line);
    CHECK(at != NULL);
    value = strtod(at + strlen(line), NULL);
    ts_buf_done(&text);
    return value;
}

#endif
