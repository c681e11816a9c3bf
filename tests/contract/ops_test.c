/* The ops port over real sockets: what it answers, to whom it does not listen for ever, and that it neither falls silent nor spins
 * when the process has no descriptor left. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "check.h"
#include "process/ops.h"

#define GET(path)   "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define DESCRIPTORS 64
#define QUIET_MS    500 /* so long nothing can be done but wait... */
#define QUIET_CPU_MS                                                                               \
    100 /* ... which takes less than this of a processor; a loop without a pause takes most of it */
#define SLOW_CLIENTS   3
#define PATIENCE_S     30
#define REPLY_MAX      (1 << 20)
#define HEAD_OF_PLENTY 5000 /* bytes: more than are read */

static ts_ops *ops;
static atomic_bool is_ready;
static const char *_Atomic words;

static bool ready(void *context, ts_error *why)
{
    (void)context;
    ts_error_set(why, "", "%s", atomic_load(&words));
    return atomic_load(&is_ready);
}

static void start(void)
{
    ts_error err = { "", "" };

    atomic_store(&is_ready, true);
    atomic_store(&words, "");
    CHECK_EQ(ts_ops_start("127.0.0.1", 0, ready, NULL, &ops, &err), TS_OK);
}

static void stop(void)
{
    ts_ops_stop(ops);
    ops = NULL;
}

static int new_socket(void)
{
    struct timeval patience = { PATIENCE_S, 0 };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    CHECK(fd >= 0);
    CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
    return fd;
}

static void come(int fd)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)ts_ops_port(ops)),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

    CHECK_EQ(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
}

static void say(int fd, const char *text)
{
    CHECK_EQ(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* All until the other side ends. Good until the next call. */
static const char *hear(int fd)
{
    static char reply[REPLY_MAX];
    size_t size = 0;
    ssize_t n;

    while ((n = recv(fd, reply + size, sizeof(reply) - 1 - size, 0)) > 0)
        size += (size_t)n;
    CHECK_EQ(n, 0);
    reply[size] = '\0';
    return reply;
}

static bool begins(const char *text, const char *front)
{
    return strncmp(text, front, strlen(front)) == 0;
}

static bool ends(const char *text, const char *back)
{
    return strlen(text) >= strlen(back) && strcmp(text + strlen(text) - strlen(back), back) == 0;
}

static const char *answer_to(const char *request)
{
    const char *reply;
    int fd = new_socket();

    come(fd);
    say(fd, request);
    reply = hear(fd);
    (void)close(fd);
    return reply;
}

/* ---- what it answers ---- */

static void health_readiness_and_metrics(void)
{
    const char *reply;

    start();
    reply = answer_to(GET("/healthz"));
    CHECK(begins(reply, "HTTP/1.1 200 OK\r\n"));
    CHECK(ends(reply, "\r\n\r\nok\n"));
    CHECK(ends(answer_to(GET("/readyz?verbose")), "\r\n\r\nready\n"));
    atomic_store(&words, "the disk is nearly full");
    reply = answer_to(GET("/readyz"));
    CHECK(begins(reply, "HTTP/1.1 200 "));
    CHECK(ends(reply, "\r\n\r\nready: the disk is nearly full\n"));
    atomic_store(&is_ready, false);
    reply = answer_to(GET("/readyz"));
    CHECK(begins(reply, "HTTP/1.1 503 "));
    CHECK(ends(reply, "\r\n\r\nthe disk is nearly full\n"));
    reply = answer_to(GET("/metrics"));
    CHECK(begins(reply, "HTTP/1.1 200 "));
    CHECK(strstr(reply, "\nprocess_open_fds ") != NULL);
    stop();
}

static void head_has_the_length_of_a_body_that_does_not_come(void)
{
    const char *reply;

    start();
    reply = answer_to("HEAD /healthz HTTP/1.1\r\n\r\n");
    CHECK(strstr(reply, "\r\nContent-Length: 3\r\n") != NULL);
    CHECK(ends(reply, "\r\n\r\n"));
    stop();
}

static void what_is_wrong_is_said(void)
{
    static char plenty[HEAD_OF_PLENTY + 1];
    const char *reply;

    start();
    CHECK(begins(answer_to(GET("/surprise")), "HTTP/1.1 404 "));
    CHECK(begins(answer_to(GET("/healthz/more")), "HTTP/1.1 404 "));
    reply = answer_to("POST /healthz HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}");
    CHECK(begins(reply, "HTTP/1.1 405 "));
    CHECK(strstr(reply, "\r\nAllow: GET, HEAD\r\n") != NULL);
    CHECK(begins(answer_to("hello\r\n\r\n"), "HTTP/1.1 400 "));
    CHECK(begins(answer_to("GET /healthz\r\n\r\n"), "HTTP/1.1 400 "));
    CHECK(begins(answer_to("GET healthz HTTP/1.1\r\n\r\n"), "HTTP/1.1 400 "));
    memset(plenty, 'a', HEAD_OF_PLENTY);
    CHECK(begins(answer_to(plenty), "HTTP/1.1 431 "));
    stop();
}

static void a_request_may_come_in_pieces_and_others_do_not_wait_for_it(void)
{
    int slow[SLOW_CLIENTS];

    start();
    for (int i = 0; i < SLOW_CLIENTS; i++) {
        slow[i] = new_socket();
        come(slow[i]);
        say(slow[i], "GET /healthz HT");
    }
    CHECK(ends(answer_to(GET("/healthz")), "ok\n"));
    for (int i = 0; i < SLOW_CLIENTS; i++) {
        say(slow[i], "TP/1.1\r\n\r");
        say(slow[i], "\n");
        CHECK(ends(hear(slow[i]), "ok\n"));
        (void)close(slow[i]);
    }
    stop();
}

static void a_client_that_says_nothing_is_not_waited_for_for_ever(void)
{
    int fd = new_socket();

    start();
    come(fd);
    CHECK_EQ(strlen(hear(fd)), 0);
    (void)close(fd);
    stop();
}

static void it_stops_although_somebody_is_connected(void)
{
    int fd = new_socket();
    char byte;

    start();
    come(fd);
    say(fd, "GET ");
    stop();
    CHECK(recv(fd, &byte, 1, 0) <= 0); /* an end, or a reset if it had not read all */
    (void)close(fd);
}

static void an_address_that_is_none_is_refused_with_words(void)
{
    ts_error err = { "", "" };

    CHECK_EQ(ts_ops_check("127.0.0.1", &err), TS_OK);
    CHECK_EQ(ts_ops_check("0.0.0.0", &err), TS_OK);
    CHECK_EQ(ts_ops_check("localhost", &err), TS_INVALID);
    CHECK_EQ(ts_ops_check("", &err), TS_INVALID);
    CHECK_EQ(ts_ops_check("127.0.0.1:80", &err), TS_INVALID);
    CHECK(strstr(err.text, "127.0.0.1:80") != NULL);
    CHECK_EQ(ts_ops_check("192.0.2.1", &err), TS_UNAVAILABLE); /* of nobody's machine: RFC 5737 */
}

static void the_probe_reads_what_is_said(void)
{
    char said[TS_PROBE_WORDS_SIZE];
    int port;

    start();
    port = ts_ops_port(ops);
    CHECK(ts_process_probe("0.0.0.0", port, said));
    CHECK_EQ(strcmp(said, "ready"), 0);
    atomic_store(&is_ready, false);
    atomic_store(&words, "starting");
    CHECK(!ts_process_probe("127.0.0.1", port, said));
    CHECK_EQ(strcmp(said, "starting"), 0);
    stop();
    CHECK(!ts_process_probe("127.0.0.1", port, said));
    CHECK(begins(said, "nobody answers at 127.0.0.1:"));
}

/* ---- without descriptors ---- */

static int taken[DESCRIPTORS];
static int taken_count;

static bool take_one(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    if (fd >= 0)
        taken[taken_count++] = fd;
    return fd >= 0;
}

/* None is left but those that the ops port keeps for itself. */
static void take_all_descriptors(void)
{
    struct rlimit limit;

    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = DESCRIPTORS;
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    while (take_one())
        ;
    CHECK_EQ(errno, EMFILE);
}

static void give_descriptors_back(void)
{
    while (taken_count > 0)
        (void)close(taken[--taken_count]);
}

static int64_t cpu_ms(void)
{
    struct timespec t;

    CHECK_EQ(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t), 0);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void check_quiet(void)
{
    struct timespec pause = { 0, QUIET_MS * 1000000L };
    int64_t before_ms = cpu_ms();

    nanosleep(&pause, NULL);
    CHECK(cpu_ms() - before_ms < QUIET_CPU_MS);
}

static void without_descriptors_each_is_answered_in_turn(void)
{
    int clients[SLOW_CLIENTS];

    start();
    for (int i = 0; i < SLOW_CLIENTS; i++)
        clients[i] = new_socket();
    take_all_descriptors();
    for (int i = 0; i < SLOW_CLIENTS; i++) {
        come(clients[i]);
        say(clients[i], GET("/metrics"));
    }
    for (int i = 0; i < SLOW_CLIENTS; i++) {
        /* What the answer is made of needs a descriptor as well. */
        CHECK(strstr(hear(clients[i]), "\nprocess_open_fds ") != NULL);
        (void)close(clients[i]);
    }
    give_descriptors_back();
    stop();
}

static void who_waits_for_a_descriptor_costs_no_processor(void)
{
    int first = new_socket(), second = new_socket(), before;

    start();
    take_all_descriptors();
    come(first); /* holds what was in reserve */
    say(first, "GET ");
    before = taken_count;
    CHECK_SOON(taken_count > before || take_one()); /* the other one is gone, too */
    come(second);
    say(second, GET("/healthz"));
    check_quiet();
    say(first, "/healthz HTTP/1.1\r\n\r\n");
    CHECK(ends(hear(first), "ok\n"));
    (void)close(first);
    CHECK(ends(hear(second), "ok\n"));
    (void)close(second);
    give_descriptors_back();
    stop();
}

int main(void)
{
    RUN(health_readiness_and_metrics);
    RUN(head_has_the_length_of_a_body_that_does_not_come);
    RUN(what_is_wrong_is_said);
    RUN(a_request_may_come_in_pieces_and_others_do_not_wait_for_it);
    RUN(a_client_that_says_nothing_is_not_waited_for_for_ever);
    RUN(it_stops_although_somebody_is_connected);
    RUN(an_address_that_is_none_is_refused_with_words);
    RUN(the_probe_reads_what_is_said);
    RUN(without_descriptors_each_is_answered_in_turn);
    RUN(who_waits_for_a_descriptor_costs_no_processor);
    return 0;
}
