/* The metrics of the process itself, as Prometheus's own client libraries name them. */
#include <dirent.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include "internal.h"
#include "ts/time.h"

/* Word of /proc/self/stat that holds the start in clock ticks since boot, counted behind the ")"
 * (proc(5): field 22). */
#define START_WORD 19

static pthread_once_t start_once = PTHREAD_ONCE_INIT;
static double start_seconds; /* 0 if unknown */

/* A small file of /proc, NUL-terminated. */
static bool read_small(const char *path, char *ret, size_t size)
{
    FILE *file = fopen(path, "re");
    size_t n;

    if (file == NULL)
        return false;
    n = fread(ret, 1, size - 1, file);
    (void)fclose(file);
    ret[n] = '\0';
    return n > 0;
}

/* The word with the given number (from 0) as a number. */
static bool word_at(const char *text, size_t number, uint64_t *ret)
{
    ts_str rest = ts_str_trim(ts_str_of(text));

    for (size_t i = 0; i < number; i++) {
        size_t n = ts_str_find(rest, ' ');

        if (n == rest.n)
            return false;
        rest = ts_str_n(rest.p + n + 1, rest.n - n - 1);
    }
    rest.n = ts_str_find(rest, ' ');
    return ts_parse_u64(rest, ret) == TS_OK;
}

/* Asked for once: the difference of two clocks would move a little with each scrape. */
static void find_start(void)
{
    char text[1024];
    const char *words;
    uint64_t ticks;
    long per_second = sysconf(_SC_CLK_TCK);

    if (per_second <= 0 || !read_small("/proc/self/stat", text, sizeof(text)))
        return;
    /* The program's name may hold spaces and parentheses: what counts begins behind the last one.
     */
    words = strrchr(text, ')');
    if (words == NULL || !word_at(words + 1, START_WORD, &ticks))
        return;
    start_seconds =
        (double)(ts_wall_ms() - ts_boot_ms()) / 1e3 + (double)ticks / (double)per_second;
}

static bool count_fds(double *ret)
{
    DIR *folder = opendir("/proc/self/fd");
    size_t count = 0;

    if (folder == NULL)
        return false;
    /* A stream is used by one thread only, so readdir() is safe here. */
    for (const struct dirent *entry;
         (entry = readdir(folder)) != NULL;) { /* NOLINT(concurrency-mt-unsafe) */
        if (entry->d_name[0] != '.')
            count++;
    }
    (void)closedir(folder);
    /* Without the descriptor that this look took. */
    *ret = (double)(count > 0 ? count - 1 : 0);
    return true;
}

static void put(ts_buf *out, const char *name, const char *kind, const char *help, double value)
{
    ts_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n%s ", name, help, name, kind, name);
    metrics_put_number(out, value);
    ts_buf_char(out, '\n');
}

static double seconds_of(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

void metrics_print_process(ts_buf *out)
{
    char text[256];
    struct rusage usage;
    struct rlimit files;
    uint64_t pages;
    double fds;

    if (read_small("/proc/self/statm", text, sizeof(text)) && word_at(text, 0, &pages))
        put(out, "process_virtual_memory_bytes", "gauge", "virtual memory",
            (double)pages * (double)sysconf(_SC_PAGESIZE));
    if (read_small("/proc/self/statm", text, sizeof(text)) && word_at(text, 1, &pages))
        put(out, "process_resident_memory_bytes", "gauge", "resident memory",
            (double)pages * (double)sysconf(_SC_PAGESIZE));
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        put(out, "process_cpu_seconds_total", "counter", "user and system CPU time",
            seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime));
    pthread_once(&start_once, find_start);
    if (start_seconds > 0)
        put(out, "process_start_time_seconds", "gauge", "start, Unix time", start_seconds);
    if (count_fds(&fds))
        put(out, "process_open_fds", "gauge", "open file descriptors", fds);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0)
        put(out, "process_max_fds", "gauge", "file descriptors that may be open",
            (double)files.rlim_cur);
}
