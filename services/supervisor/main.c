/* ts-supervisor: keeps the processes of one data directory running. deploy/up.sh starts it; in containers the platform does
 * its work.
 *
 *   [TS_STOP_S=15] ts-supervisor DATA-DIRECTORY BIN-DIRECTORY SERVICE...
 *
 * Each service has a pid file DATA/run/ts-SERVICE.pid and a log DATA/run/ts-SERVICE.log. One that dies is started again; one
 * that dies young waits, twice as long each time. SIGTERM ends all, those that do not end in TS_STOP_S seconds by
 * SIGKILL; the services read that limit too, and refuse settings that do not fit. The lock DATA/run/lock is held as long as the
 * supervisor lives. All waiting is one sigtimedwait().
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SERVICES_MAX  32
#define PATH_SIZE     4096
#define YOUNG_MS      INT64_C(10000) /* one that lived shorter waits longer */
#define STOP_S        15             /* if TS_STOP_S does not say */
#define STOP_S_MAX    3600
#define LOG_MAX_BYTES (10 << 20)
#define LOG_CHECK_MS  INT64_C(900000)
#define NEVER         INT64_MAX
#define LOCK_TRIES    20
#define LOCK_PAUSE_MS 100

/* Waits before one that died young is started again. */
static const int64_t delays_ms[] = { 100, 200, 500, 1000, 2000, 5000 };
#define DELAYS (sizeof(delays_ms) / sizeof(delays_ms[0]))

typedef struct service {
    const char *name;
    pid_t pid; /* 0: not running */
    int64_t born_ms;
    int64_t start_ms; /* when to start it; NEVER while it runs */
    size_t delay;     /* which of delays_ms is next */
} service;

typedef struct supervisor {
    const char *run; /* DATA/run */
    const char *bin;
    service services[SERVICES_MAX];
    size_t count;
    bool stopping;
    int64_t stop_s;
    int64_t kill_ms;
    int64_t logs_ms;
} supervisor;

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_BOOTTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void __attribute__((format(printf, 3, 4)))
say(const char *level, const char *name, const char *format, ...)
{
    char at[32] = "";
    time_t now = time(NULL);
    struct tm parts;
    va_list arguments;

    if (gmtime_r(&now, &parts) != NULL)
        strftime(at, sizeof(at), "%Y-%m-%dT%H:%M:%SZ", &parts);
    fprintf(stderr, "time=%s level=%s process=supervisor msg=\"", at, level);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\" service=%s\n", name);
}

static void path_of(const supervisor *s, const char *name, const char *suffix, char ret[PATH_SIZE])
{
    snprintf(ret, PATH_SIZE, "%s/%s%s", s->run, name, suffix);
}

/* Whole or not at all: readers never see half a number. */
static void write_pid(const supervisor *s, const char *name, pid_t pid)
{
    char path[PATH_SIZE], fresh[PATH_SIZE];
    FILE *file;

    path_of(s, name, ".pid", path);
    path_of(s, name, ".pid.new", fresh);
    file = fopen(fresh, "we");
    if (file == NULL) {
        say("error", name, "pid file cannot be written: error %d", errno);
        return;
    }
    fprintf(file, "%ld\n", (long)pid);
    if (fclose(file) == 0)
        rename(fresh, path);
}

static void remove_pid(const supervisor *s, const char *name)
{
    char path[PATH_SIZE];

    path_of(s, name, ".pid", path);
    unlink(path);
}

/* In the child: nothing of ours is inherited but the environment. */
static void become(const supervisor *s, const char *program)
{
    char path[PATH_SIZE], log[PATH_SIZE];
    char *arguments[2] = { path, NULL };
    sigset_t none;
    int in = open("/dev/null", O_RDONLY);
    int out;

    snprintf(path, sizeof(path), "%s/%s", s->bin, program);
    path_of(s, program, ".log", log);
    out = open(log, O_WRONLY | O_APPEND | O_CREAT, 0600);
    if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
        _exit(126);
    close(in);
    close(out);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execv(path, arguments);
    _exit(127);
}

static void start(supervisor *s, service *one)
{
    char program[64];
    pid_t pid;

    snprintf(program, sizeof(program), "ts-%s", one->name);
    pid = fork();
    if (pid == 0)
        become(s, program);
    if (pid < 0) {
        say("error", one->name, "cannot fork: error %d", errno);
        one->start_ms = now_ms() + delays_ms[DELAYS - 1];
        return;
    }
    one->pid = pid;
    one->born_ms = now_ms();
    one->start_ms = NEVER;
    write_pid(s, program, pid);
}

static void died(supervisor *s, service *one, int status)
{
    char program[64];
    int code;

    snprintf(program, sizeof(program), "ts-%s", one->name);
    one->pid = 0;
    remove_pid(s, program);
    if (s->stopping)
        return;
    if (now_ms() - one->born_ms >= YOUNG_MS)
        one->delay = 0;
    code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    say("warn", one->name, "ended with %d, started again after %g s", code,
        (double)delays_ms[one->delay] / 1000);
    one->start_ms = now_ms() + delays_ms[one->delay];
    if (one->delay + 1 < DELAYS)
        one->delay++;
}

static void reap(supervisor *s)
{
    pid_t pid;
    int status;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (size_t i = 0; i < s->count; i++) {
            if (s->services[i].pid == pid)
                died(s, &s->services[i], status);
        }
    }
}

/* Copied and cut under the hands of a program that appends. */
static void cut_log(const char *path)
{
    char old[PATH_SIZE + 2];
    char block[65536];
    struct stat st;
    ssize_t n;
    int in, out;

    if (stat(path, &st) != 0 || st.st_size <= LOG_MAX_BYTES)
        return;
    snprintf(old, sizeof(old), "%s.1", path);
    in = open(path, O_RDWR | O_CLOEXEC);
    out = open(old, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    while (in >= 0 && out >= 0 && (n = read(in, block, sizeof(block))) > 0) {
        if (write(out, block, (size_t)n) != n)
            break;
    }
    if (in >= 0 && ftruncate(in, 0) != 0)
        say("warn", path, "log cannot be cut: error %d", errno);
    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
}

static void cut_logs(supervisor *s)
{
    char name[64], path[PATH_SIZE];

    for (size_t i = 0; i < s->count; i++) {
        snprintf(name, sizeof(name), "ts-%s", s->services[i].name);
        path_of(s, name, ".log", path);
        cut_log(path);
    }
    path_of(s, "supervisor", ".log", path);
    cut_log(path);
    s->logs_ms = now_ms() + LOG_CHECK_MS;
}

static void signal_all(const supervisor *s, int number)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->services[i].pid != 0)
            kill(s->services[i].pid, number);
    }
}

/* Does what is due and answers when something will be. */
static int64_t work(supervisor *s)
{
    int64_t next_ms = s->logs_ms;

    for (size_t i = 0; i < s->count && !s->stopping; i++) {
        if (s->services[i].start_ms <= now_ms())
            start(s, &s->services[i]);
        if (s->services[i].start_ms < next_ms)
            next_ms = s->services[i].start_ms;
    }
    if (s->logs_ms <= now_ms())
        cut_logs(s);
    if (s->stopping && s->kill_ms <= now_ms()) {
        say("error", "all", "some did not end in %d s, killed", (int)s->stop_s);
        signal_all(s, SIGKILL);
        s->kill_ms = NEVER;
    }
    return s->stopping && s->kill_ms < next_ms ? s->kill_ms : next_ms;
}

static bool any_runs(const supervisor *s)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->services[i].pid != 0)
            return true;
    }
    return false;
}

static void supervise(supervisor *s)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    while (!s->stopping || any_runs(s)) {
        int64_t wait_ms = work(s) - now_ms();
        struct timespec wait = { 0, 0 };
        int number;

        if (wait_ms > 0)
            wait = (struct timespec){ wait_ms / 1000, wait_ms % 1000 * 1000000 };
        number = sigtimedwait(&set, NULL, &wait);
        if ((number == SIGTERM || number == SIGINT || number == SIGHUP) && !s->stopping) {
            s->stopping = true;
            s->kill_ms = now_ms() + s->stop_s * 1000;
            signal_all(s, SIGTERM);
        }
        reap(s); /* signals merge: whatever woke us, look at all */
    }
}

/* Somebody who asks whether we live holds it for a moment. */
static bool take_lock(int fd)
{
    const struct timespec pause = { 0, LOCK_PAUSE_MS * 1000000 };

    for (unsigned i = 0; i < LOCK_TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return true;
        nanosleep(&pause, NULL);
    }
    return false;
}

/* TS_STOP_S, or 0 if it is no number of seconds. */
static int64_t stop_seconds(void)
{
    const char *text = getenv("TS_STOP_S");
    char *end = NULL;
    long value;

    if (text == NULL || text[0] == '\0')
        return STOP_S;
    value = strtol(text, &end, 10);
    return *end == '\0' && value >= 1 && value <= STOP_S_MAX ? value : 0;
}

int main(int argc, char **argv)
{
    static supervisor s;
    static char run[PATH_SIZE], lock[PATH_SIZE];
    int fd;

    if (argc < 4 || argc - 3 > SERVICES_MAX || strlen(argv[1]) > PATH_SIZE - 128) {
        fprintf(stderr, "usage: ts-supervisor DATA-DIRECTORY BIN-DIRECTORY SERVICE...\n");
        return 2;
    }
    if (stop_seconds() == 0) {
        fprintf(stderr, "ts-supervisor: TS_STOP_S must be a number of seconds from 1 to %d\n",
                STOP_S_MAX);
        return 2;
    }
    snprintf(run, sizeof(run), "%s/run", argv[1]);
    s = (supervisor){ .run = run,
                      .bin = argv[2],
                      .stop_s = stop_seconds(),
                      .kill_ms = NEVER,
                      .logs_ms = now_ms() + LOG_CHECK_MS };
    for (int i = 3; i < argc; i++)
        s.services[s.count++] = (service){ .name = argv[i] };
    path_of(&s, "lock", "", lock);
    close_range(3, ~0U, 0); /* the caller's descriptors are not ours to hold open */
    fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || !take_lock(fd)) {
        fprintf(stderr, "ts-supervisor: another one runs on %s\n", argv[1]);
        return 1;
    }
    write_pid(&s, "supervisor", getpid());
    supervise(&s);
    remove_pid(&s, "supervisor");
    return 0;
}
