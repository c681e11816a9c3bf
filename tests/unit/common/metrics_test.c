#include <criterion/criterion.h>
#include <math.h>
#include <pthread.h>

#include "ts/metrics.h"
#include "ts/time.h"

/* Each test has a process, and so a registry, of its own. */

static ts_buf text = TS_BUF_INIT(1 << 20);

static void tear_down(void)
{
    ts_buf_done(&text);
}

TestSuite(metrics, .fini = tear_down);

/* Everything before the metrics of the process itself. */
static const char *print(void)
{
    char *end;

    ts_buf_clear(&text);
    ts_metrics_print(&text);
    cr_assert_eq(ts_buf_status(&text), TS_OK);
    end = strstr(text.data, "# HELP process_");
    cr_assert_not_null(end);
    *end = '\0';
    return text.data;
}

Test(metrics, prints_counters_and_gauges_by_family)
{
    ts_metric_add(ts_counter("ts_a_total", "lane=\"fast\"", "calls"), 3);
    ts_metric_set(ts_gauge("ts_depth", "", "rows that wait"), 2.5);
    ts_metric_add(ts_counter("ts_a_total", "lane=\"slow\"", "calls"), UINT64_C(10000000000));
    ts_metric_move(ts_gauge("ts_depth", "", "rows that wait"), -4);
    cr_assert_str_eq(print(), "# HELP ts_a_total calls\n"
                              "# TYPE ts_a_total counter\n"
                              "ts_a_total{lane=\"fast\"} 3\n"
                              "ts_a_total{lane=\"slow\"} 10000000000\n"
                              "# HELP ts_depth rows that wait\n"
                              "# TYPE ts_depth gauge\n"
                              "ts_depth -1.5\n");
}

Test(metrics, prints_histograms_cumulative)
{
    ts_metric *h = ts_histogram("ts_call_seconds", "method=\"a.B\"", "duration");

    ts_metric_observe_us(h, -5);
    ts_metric_observe_us(h, 100); /* a limit belongs to its bucket */
    ts_metric_observe_us(h, 101);
    ts_metric_observe_us(h, 1000000);
    ts_metric_observe_us(h, 60000000);
    ts_metric_observe_us(h, 60000001);
    cr_assert_str_eq(print(), "# HELP ts_call_seconds duration\n"
                              "# TYPE ts_call_seconds histogram\n"
                              "ts_call_seconds_bucket{method=\"a.B\",le=\"0.0001\"} 2\n"
                              "ts_call_seconds_bucket{method=\"a.B\",le=\"0.00025\"} 3\n"
                              "ts_call_seconds_bucket{method=\"a.B\",le=\"0.0005\"} 3\n"
                              "ts_call_seconds_bucket{method=\"a.B\",le=\"0.001\"} 3\n"
                              "ts_call_seconds_bucket{method=\"a.B\",le=\"0.0025\"} 3\n"
                              "ts_call_seconds_bucket{method=\"a.B\",le=\"0.005\"} 3\n"
                              "ts_call_seconds_bucket{method=\"a.B\",le=\"0.01\"} 3\n"
                              "ts_call_seconds_bucket{method=\"a.B\",le=\"0.025\"} 3\n"
                              "ts_call_seconds_bucket{method=\"a.B\",le=\"0.05\"} 3\n"
                              "ts_call_seconds_bucket{method=\"a.B\",le=\"0.1\"} 3\n"
                              "ts_call_seconds_bucket{method=\"a.B\",le=\"0.25\"} 3\n"
                              "ts_call_seconds_bucket{method=\"a.B\",le=\"0.5\"} 3\n"
                              "ts_call_seconds_bucket{method=\"a.B\",le=\"1\"} 4\n"
                              "ts_call_seconds_bucket{method=\"a.B\",le=\"2.5\"} 4\n"
                              "ts_call_seconds_bucket{method=\"a.B\",le=\"5\"} 4\n"
                              "ts_call_seconds_bucket{method=\"a.B\",le=\"10\"} 4\n"
                              "ts_call_seconds_bucket{method=\"a.B\",le=\"30\"} 4\n"
                              "ts_call_seconds_bucket{method=\"a.B\",le=\"60\"} 5\n"
                              "ts_call_seconds_bucket{method=\"a.B\",le=\"+Inf\"} 6\n"
                              "ts_call_seconds_sum{method=\"a.B\"} 121.000202\n"
                              "ts_call_seconds_count{method=\"a.B\"} 6\n");
}

Test(metrics, a_histogram_without_labels_has_the_limit_alone)
{
    ts_histogram("ts_x_seconds", "", "x");
    cr_assert_not_null(strstr(print(), "ts_x_seconds_bucket{le=\"0.0001\"} 0\n"));
    cr_assert_not_null(strstr(text.data, "ts_x_seconds_sum 0\nts_x_seconds_count 0\n"));
}

Test(metrics, same_name_and_labels_are_the_same_object_and_text_is_copied)
{
    char name[] = "ts_a_total";
    char labels[] = "a=\"1\"";
    ts_metric *first = ts_counter(name, labels, "h");

    cr_assert_eq(ts_counter("ts_a_total", "a=\"1\"", "h"), first);
    cr_assert_neq(ts_counter("ts_a_total", "a=\"2\"", "h"), first);
    cr_assert_neq(ts_counter("ts_b_total", "a=\"1\"", "h"), first);
    name[3] = 'z';
    labels[3] = '9';
    cr_assert_eq(ts_counter("ts_a_total", "a=\"1\"", "h"), first);
}

Test(metrics, one_name_of_two_kinds_is_never_null_and_never_shown)
{
    ts_metric *wrong;

    ts_metric_add(ts_counter("ts_a_total", "", "h"), 1);
    wrong = ts_histogram("ts_a_total", "", "h");
    cr_assert_not_null(wrong);
    ts_metric_observe_us(wrong, 5);
    wrong = ts_gauge("ts_a_total", "x=\"1\"", "h");
    cr_assert_not_null(wrong);
    ts_metric_set(wrong, 7);
    ts_metric_move(wrong, 7);
    ts_metric_add(wrong, 7);
    cr_assert_str_eq(print(), "# HELP ts_a_total h\n# TYPE ts_a_total counter\nts_a_total 1\n");
}

Test(metrics, the_number_of_series_is_bounded)
{
    ts_metric *last = NULL;
    char labels[32];

    for (int i = 0; i < 4096; i++) {
        snprintf(labels, sizeof(labels), "i=\"%d\"", i);
        last = ts_counter("ts_a_total", labels, "h");
    }
    ts_metric_add(last, 7);
    ts_metric_add(ts_counter("ts_a_total", "i=\"4096\"", "h"), 7);
    cr_assert_not_null(strstr(print(), "{i=\"4095\"} 7\n"));
    cr_assert_null(strstr(text.data, "{i=\"4096\"}"));
    cr_assert_eq(ts_counter("ts_a_total", "i=\"4095\"", "h"), last);
}

Test(metrics, help_is_escaped)
{
    ts_counter("ts_a_total", "", "a\\b\nc");
    cr_assert_str_eq(print(),
                     "# HELP ts_a_total a\\\\b\\nc\n# TYPE ts_a_total counter\nts_a_total 0\n");
}

Test(metrics, numbers_that_are_none_have_their_names)
{
    ts_metric_set(ts_gauge("ts_g", "a=\"1\"", "h"), (double)NAN);
    ts_metric_set(ts_gauge("ts_g", "a=\"2\"", "h"), (double)INFINITY);
    ts_metric_set(ts_gauge("ts_g", "a=\"3\"", "h"), -(double)INFINITY);
    cr_assert_str_eq(print(), "# HELP ts_g h\n# TYPE ts_g gauge\nts_g{a=\"1\"} NaN\n"
                              "ts_g{a=\"2\"} +Inf\nts_g{a=\"3\"} -Inf\n");
}

static double read_number(void *context)
{
    /* Whoever answers may register: no lock of the registry is held. */
    ts_metric_add(ts_counter("ts_reads_total", "", "h"), 1);
    return *(const double *)context;
}

Test(metrics, a_callback_is_asked_at_each_scrape_until_it_is_taken_out)
{
    double value = 1.5;

    ts_gauge_func("ts_g", "", "h", read_number, &value);
    cr_assert_not_null(strstr(print(), "\nts_g 1.5\n"));
    value = 4;
    cr_assert_not_null(strstr(print(), "\nts_g 4\n"));
    ts_gauge_func("ts_g", "", "h", NULL, NULL);
    cr_assert_null(strstr(print(), "\nts_g "));
    cr_assert_not_null(strstr(text.data, "\nts_reads_total 2\n"));
}

#define THREADS    4
#define INCREMENTS 20000

static void *increment(void *unused)
{
    (void)unused;
    for (int i = 0; i < INCREMENTS; i++) {
        ts_metric_add(ts_counter("ts_a_total", "", "h"), 1);
        ts_metric_move(ts_gauge("ts_g", "", "h"), 1);
        ts_metric_observe_us(ts_histogram("ts_h_seconds", "", "h"), 1);
    }
    return NULL;
}

Test(metrics, concurrent_updates_are_all_counted)
{
    pthread_t threads[THREADS];

    for (size_t i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, increment, NULL), 0);
    for (int i = 0; i < 20; i++)
        (void)print();
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    (void)print();
    cr_assert_not_null(strstr(text.data, "\nts_a_total 80000\n"));
    cr_assert_not_null(strstr(text.data, "\nts_g 80000\n"));
    cr_assert_not_null(strstr(text.data, "\nts_h_seconds_count 80000\n"));
    cr_assert_not_null(strstr(text.data, "\nts_h_seconds_sum 0.08\n"));
}

static double process_value(const char *name)
{
    char line[64];
    const char *at;

    snprintf(line, sizeof(line), "\n%s ", name);
    at = strstr(text.data, line);
    cr_assert_not_null(at, "%s", name);
    return strtod(at + strlen(line), NULL);
}

Test(metrics, of_the_process_are_plausible)
{
    double now = (double)ts_wall_ms() / 1000;

    ts_metrics_print(&text);
    cr_assert_gt(process_value("process_resident_memory_bytes"), 100000);
    cr_assert_geq(process_value("process_cpu_seconds_total"), 0);
    cr_assert_geq(process_value("process_open_fds"), 3);
    cr_assert_leq(process_value("process_start_time_seconds"), now + 2);
    cr_assert_gt(process_value("process_start_time_seconds"), now - 3600);
}
