/* The HTTP front against clients that mean it no good, with a service of a few routes of its own behind it. One loop: whoever
 * keeps it busy keeps everybody waiting. A plain program, since Criterion does not run under ThreadSanitizer. */
#include <arpa/inet.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/stream.h"
#include "standin.h"
#include "ts/metrics.h"
#include "ts/time.h"

#define BIG         ((size_t)8 << 20)
#define PIECE       ((size_t)8 << 10)
#define MIDDLE      ((size_t)200 << 10)
#define MANY        64
#define LATE        200
#define LINGER_MS   20
#define KEPT_MAX    ((size_t)12 << 20)
#define BODIES_MAX  (3 << 20)
#define PATIENCE_MS 30000
#define PAUSE_MS    20
#define FLOOD       30

static ts_status ping(http_exchange *x)
{
    ts_buf_z(&x->data, "{}");
    return TS_OK;
}

static ts_status big(http_exchange *x)
{
    char *room = ts_buf_reserve(&x->data, BIG);

    CHECK(room != NULL);
    memset(room, 'a', BIG);
    x->data.size += BIG;
    return TS_OK;
}

/* As much, in small pieces. */
static ts_status stream(http_exchange *x)
{
    bool is_wanted;
    ts_status st = http_stream_begin(x, "text/csv", "stream.csv", &is_wanted);

    for (size_t sent = 0; st == TS_OK && sent < BIG; sent += PIECE) {
        for (size_t i = 0; i < PIECE; i++)
            ts_buf_char(&x->data, 'a');
        st = http_stream_flush(x);
    }
    return st;
}

/* Stays in work until it is let go. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* guards the next three */
static ts_cond changed;
static int in_work;
static bool may_go;

static ts_status work(http_exchange *x)
{
    pthread_mutex_lock(&mutex);
    in_work++;
    ts_cond_broadcast(&changed);
    while (!may_go)
        CHECK(ts_cond_wait(&changed, &mutex, ts_boot_ms() + PATIENCE_MS));
    pthread_mutex_unlock(&mutex);
    return ping(x);
}

/* Keeps the loop, too. */
static ts_status compute(http_exchange *x)
{
    pthread_mutex_lock(&mutex);
    in_work++;
    ts_cond_broadcast(&changed);
    while (!may_go) {
        struct timespec pause = { 0, 1000000L };

        pthread_mutex_unlock(&mutex);
        nanosleep(&pause, NULL);
        pthread_mutex_lock(&mutex);
    }
    pthread_mutex_unlock(&mutex);
    return ping(x);
}

/* So that all are in work at the same time. */
static ts_status middle(http_exchange *x)
{
    ts_status st = work(x);

    for (size_t i = 0; i < MIDDLE; i++)
        ts_buf_char(&x->data, ' ');
    return st;
}

static const http_route routes[] = {
    { "GET", "/ping", 0, HTTP_PUBLIC | HTTP_PLAIN, HTTP_BODY_NONE, 200, NULL, NULL, ping, "ping",
      "ping", NULL },
    { "GET", "/big", 0, HTTP_PUBLIC | HTTP_PLAIN, HTTP_BODY_NONE, 200, NULL, NULL, big, "big",
      "big", NULL },
    { "GET", "/stream", 0, HTTP_PUBLIC | HTTP_STREAM, HTTP_BODY_NONE, 200, NULL, NULL, stream,
      "stream", "stream", NULL },
    { "GET", "/middle", 0, HTTP_PUBLIC | HTTP_PLAIN, HTTP_BODY_NONE, 200, NULL, NULL, middle,
      "middle", "middle", NULL },
    { "GET", "/work", 0, HTTP_PUBLIC | HTTP_PLAIN, HTTP_BODY_NONE, 200, NULL, NULL, work, "work",
      "work", NULL },
    { "GET", "/compute", 0, HTTP_PUBLIC | HTTP_PLAIN, HTTP_BODY_NONE, 200, NULL, NULL, compute,
      "compute", "compute", NULL },
    { "POST", "/take", 0, HTTP_PUBLIC | HTTP_PLAIN, HTTP_BODY_EVENTS, 200, NULL, NULL, ping, "take",
      "take", NULL },
};

static http_service service = { .routes = routes, .route_count = TS_COUNT(routes) };
static http_server *server;

static void start_with(const http_limits *limits)
{
    http_options options = { .listen = "127.0.0.1:0", .loops = 1, .limits = *limits };
    ts_error err = { .text = "" };

    in_work = 0;
    may_go = false;
    CHECK(http_server_start(&options, &service, &server, &err) == TS_OK);
}

static void start(int64_t connections, int64_t header_ms, int64_t request_ms)
{
    start_with(&(http_limits){ .connections = connections,
                               .keep_alive_ms = 60000,
                               .header_ms = header_ms,
                               .request_ms = request_ms,
                               .body_bytes = BODIES_MAX,
                               .answer_ms = 60000,
                               .answer_bytes = 1 });
}

/* A client takes so much in so long, or is left. */
static void start_for_readers(int64_t answer_ms, int64_t answer_bytes)
{
    start_with(&(http_limits){ .connections = 8,
                               .keep_alive_ms = 60000,
                               .header_ms = 5000,
                               .request_ms = 5000,
                               .body_bytes = BODIES_MAX,
                               .answer_ms = answer_ms,
                               .answer_bytes = answer_bytes });
}

static void stop(void)
{
    (void)http_server_drain(server, 0, 0);
    http_server_stop(server);
}

static void await_work(int count)
{
    pthread_mutex_lock(&mutex);
    while (in_work < count)
        CHECK(ts_cond_wait(&changed, &mutex, ts_boot_ms() + PATIENCE_MS));
    pthread_mutex_unlock(&mutex);
}

static void let_go(void)
{
    pthread_mutex_lock(&mutex);
    may_go = true;
    ts_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
}

static void send_z(int fd, const char *text)
{
    client_send(fd, text, strlen(text));
}

static void expect_status(int fd, int status)
{
    answer a;

    client_read(fd, false, &a);
    CHECK(a.status == status);
    answer_done(&a);
}

static int connect_narrow(void)
{
    int fd = client_connect(http_server_port(server));
    int room = 4096;

    CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)) == 0);
    return fd;
}

/* ---- answers that are not read ---- */

static void who_reads_nothing_is_left_whatever_he_sends(void)
{
    int64_t until_ms = ts_boot_ms() + PATIENCE_MS;
    int fd;

    start_for_readers(300, 1);
    fd = connect_narrow();
    send_z(fd, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
    while (send(fd, "G", 1, MSG_NOSIGNAL) == 1) {
        CHECK(ts_boot_ms() < until_ms);
        ts_pause_ms(PAUSE_MS);
    }
    (void)close(fd);
    stop();
}

/* Reads the answer to the end, resting after each piece, for as long as it is not whole; `hurry` from so many bytes on. */
static size_t read_in_pieces(int fd, size_t piece, size_t hurry)
{
    int64_t until_ms = ts_boot_ms() + PATIENCE_MS;
    static char some[1 << 16];
    size_t got = 0;
    ssize_t n;

    while ((n = recv(fd, some, got < hurry ? piece : sizeof(some), 0)) > 0) {
        got += (size_t)n;
        CHECK(ts_boot_ms() < until_ms);
        if (got < hurry)
            ts_pause_ms(PAUSE_MS);
    }
    return got;
}

/* In small segments, of which the server's system keeps few: it has room for more again and again. */
static int connect_small(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)http_server_port(server)),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int segment = 512, room = 4096;

    CHECK(fd >= 0);
    CHECK(setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof(segment)) == 0);
    CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)) == 0);
    CHECK(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    return fd;
}

static void who_reads_too_slowly_is_left(void)
{
    static const char *const requests[] = {
        "GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "GET /stream HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    };

    start_for_readers(500, BIG);
    for (size_t i = 0; i < TS_COUNT(requests); i++) {
        int fd = connect_small();

        send_z(fd, requests[i]);
        CHECK(read_in_pieces(fd, 4096, BIG) < BIG);
        (void)close(fd);
    }
    stop();
}

/* So slowly that the server's system, which holds megabytes, has no room for more in all that time. */
static void who_reads_slowly_but_enough_is_served(void)
{
    int fd;

    start_for_readers(4000, 1024);
    fd = client_connect(http_server_port(server));
    send_z(fd, "GET /stream HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    CHECK(read_in_pieces(fd, 4096, 220 * 4096) > BIG);
    (void)close(fd);
    stop();
}

static atomic_bool has_stopped;
static atomic_bool gave_up;

/* A little at a time, as long as it is let. */
static void *read_slowly(void *context)
{
    int64_t until_ms = ts_boot_ms() + PATIENCE_MS;
    int fd = *(const int *)context;
    char some[512];

    while (!atomic_load(&has_stopped) && recv(fd, some, sizeof(some), 0) > 0) {
        if (ts_boot_ms() > until_ms) {
            atomic_store(&gave_up, true);
            break;
        }
        ts_pause_ms(PAUSE_MS);
    }
    (void)close(fd);
    return NULL;
}

static void a_slow_reader_does_not_keep_the_server_from_its_end(void)
{
    pthread_t thread;
    char first;
    int fd;

    start(8, 60000, 5000);
    fd = connect_narrow();
    send_z(fd, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(recv(fd, &first, 1, 0) == 1);
    CHECK(pthread_create(&thread, NULL, read_slowly, &fd) == 0);
    stop();
    CHECK(!atomic_load(&gave_up));
    atomic_store(&has_stopped, true);
    CHECK(pthread_join(thread, NULL) == 0);
}

/* ---- input without end ---- */

typedef struct flood {
    pthread_t thread;
    int fd;
    const char *unit; /* again and again */
    atomic_int sent;  /* times that some thousands of it were */
    atomic_bool is_over;
} flood;

static void *send_for_ever(void *context)
{
    flood *f = context;
    int64_t until_ms = ts_boot_ms() + PATIENCE_MS;
    static char many[1 << 20];
    size_t unit = strlen(f->unit), n = sizeof(many) / unit * unit;

    for (size_t i = 0; i < n; i++)
        many[i] = f->unit[i % unit];
    while (ts_boot_ms() < until_ms && send(f->fd, many, n, MSG_NOSIGNAL) == (ssize_t)n)
        atomic_fetch_add(&f->sent, 1);
    atomic_store(&f->is_over, true);
    return NULL;
}

static void begin_flood(flood *f, const char *head, const char *unit)
{
    *f = (flood){ .fd = client_connect(http_server_port(server)), .unit = unit };
    send_z(f->fd, head);
    CHECK(pthread_create(&f->thread, NULL, send_for_ever, f) == 0);
}

static void end_flood(flood *f)
{
    CHECK(pthread_join(f->thread, NULL) == 0);
    (void)close(f->fd);
}

static void nobody_sends_empty_lines_for_ever(void)
{
    int64_t began_ms = ts_boot_ms();
    flood f;

    start(8, 60000, 5000);
    begin_flood(&f, "", "\r\n");
    end_flood(&f);
    CHECK(ts_boot_ms() - began_ms < PATIENCE_MS);
    stop();
}

/* Of one byte each, with as much around it as may be. */
static void others_are_served_while_one_sends_chunks(void)
{
    static char unit[256];
    flood f;
    int fd;

    start(8, PATIENCE_MS, 2 * PATIENCE_MS); /* it is not over before the others are served */
    memset(unit, 'x', sizeof(unit) - 1);
    memcpy(unit, "1;", 2);
    memcpy(unit + sizeof(unit) - 6, "\r\na\r\n", 5);
    begin_flood(&f,
                "POST /take HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                "Transfer-Encoding: chunked\r\n\r\n",
                unit);
    while (atomic_load(&f.sent) < 8) {
        CHECK(!atomic_load(&f.is_over));
        ts_pause_ms(1);
    }
    fd = client_connect(http_server_port(server));
    for (int i = 0; i < 3; i++) {
        send_z(fd, "GET /ping HTTP/1.1\r\nHost: a\r\n\r\n");
        expect_status(fd, 200);
        CHECK(!atomic_load(&f.is_over));
    }
    CHECK(shutdown(f.fd, SHUT_RDWR) == 0);
    end_flood(&f);
    (void)close(fd);
    stop();
}

/* ---- memory ---- */

/* Of the allocator's; 0 under sanitizers, which have their own. */
static size_t bytes_in_use(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

static void what_many_needed_at_once_is_not_kept_for_ever(void)
{
    char some[65536];
    int fds[MANY];
    size_t before;

    start(MANY, 5000, 5000);
    before = bytes_in_use();
    for (int i = 0; i < MANY; i++) {
        fds[i] = client_connect(http_server_port(server));
        send_z(fds[i], "GET /middle HTTP/1.0\r\n\r\n");
    }
    await_work(MANY);
    let_go();
    for (int i = 0; i < MANY; i++) {
        size_t got = 0;

        for (ssize_t n = 1; n > 0; got += (size_t)n)
            n = recv(fds[i], some, sizeof(some), 0);
        CHECK(got > MIDDLE);
        (void)close(fds[i]);
    }
    CHECK(bytes_in_use() <= before + KEPT_MAX);
    stop();
}

static void begin_body(int fd, size_t length, size_t sent)
{
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(2 * BODIES_MAX);

    ts_buf_printf(&text,
                  "POST /take HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                  "Content-Length: %zu\r\n\r\n",
                  length);
    while (sent-- > 0)
        ts_buf_char(&text, ' ');
    client_send(fd, text.data, text.size);
}

static int status_of_body(size_t length)
{
    int fd = client_connect(http_server_port(server));
    answer a;

    begin_body(fd, length, length);
    client_read(fd, false, &a);
    (void)close(fd);
    answer_done(&a);
    return a.status;
}

/* Of the most that there may be one megabyte and one byte are free, as soon as all has been read that one client sends. */
static void bodies_have_a_most_in_all(void)
{
    static const size_t free_bytes = (1 << 20) + 1;
    static const size_t length = BODIES_MAX - free_bytes + 1;
    int64_t until_ms = ts_boot_ms() + PATIENCE_MS;
    int status, slow;

    start(8, 2 * PATIENCE_MS, 2 * PATIENCE_MS);
    slow = client_connect(http_server_port(server));
    begin_body(slow, length, length - 1);
    do
        status = status_of_body(free_bytes + 1);
    while (status == 200 && ts_boot_ms() < until_ms);
    CHECK(status == 503);
    CHECK(status_of_body(free_bytes + 1) == 503); /* who is refused holds nothing */
    CHECK(status_of_body(free_bytes) == 200);
    send_z(slow, " ");
    expect_status(slow, 200);
    CHECK(status_of_body(BODIES_MAX) == 200);
    (void)close(slow);
    stop();
}

/* ---- descriptors ---- */

static unsigned long long failures_to_accept(void)
{
    static const char name[] = "\nts_gateway_accept_failures_total ";
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(1 << 20);
    const char *at;

    ts_metrics_print(&text);
    CHECK(ts_buf_status(&text) == TS_OK);
    at = strstr(text.data, name);
    return at == NULL ? 0 : strtoull(at + sizeof(name) - 1, NULL, 10);
}

/* Times that `words` stand in what was written to the file. */
static int count_in(FILE *file, const char *words)
{
    static char text[1 << 16];
    ssize_t n = pread(fileno(file), text, sizeof(text) - 1, 0);
    int count = 0;

    text[n < 0 ? 0 : n] = '\0';
    for (const char *at = text; (at = strstr(at, words)) != NULL; at++)
        count++;
    return count;
}

static int connect_without_descriptors(int fd)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)http_server_port(server)),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct rlimit limit, none;

    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    none = (struct rlimit){ .rlim_cur = 0, .rlim_max = limit.rlim_max };
    CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
    CHECK(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    return (int)limit.rlim_cur;
}

static void allow_descriptors(int count)
{
    struct rlimit limit;

    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = (rlim_t)count;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

static void who_comes_when_descriptors_have_run_out_is_served_later_and_it_is_said_once(void)
{
    int64_t until_ms = ts_boot_ms() + PATIENCE_MS;
    unsigned long long before;
    FILE *log = tmpfile();
    int count, early, late, own_log;

    start(8, 30000, 5000);
    before = failures_to_accept();
    early = client_connect(http_server_port(server));
    send_z(early, "GET /ping HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_status(early, 200);
    late = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    own_log = dup(STDERR_FILENO);
    CHECK(log != NULL && late >= 0 && own_log >= 0);
    CHECK(dup2(fileno(log), STDERR_FILENO) >= 0);
    count = connect_without_descriptors(late);
    send_z(late, "GET /ping HTTP/1.1\r\nHost: a\r\n\r\n");
    while (failures_to_accept() < before + 3 && ts_boot_ms() < until_ms)
        ts_pause_ms(PAUSE_MS);
    send_z(early, "GET /ping HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_status(early, 200);
    allow_descriptors(count);
    expect_status(late, 200);
    while (count_in(log, "accepting connections again") == 0 && ts_boot_ms() < until_ms)
        ts_pause_ms(PAUSE_MS);
    CHECK(dup2(own_log, STDERR_FILENO) >= 0);
    CHECK(failures_to_accept() >= before + 3);
    CHECK(count_in(log, "level=warn") == 1);
    CHECK(count_in(log, "msg=\"cannot accept connections\" reason=\"Too many open files\" "
                        "connections=1\n") == 1);
    CHECK(count_in(log, "msg=\"accepting connections again\" connections=2\n") == 1);
    (void)close(early);
    (void)close(late);
    (void)close(own_log);
    (void)fclose(log);
    stop();
}

/* ---- more than there may be ---- */

static void a_flood_of_connections_is_no_flood_of_log_lines(void)
{
    FILE *log = tmpfile();
    int there, own_log = dup(STDERR_FILENO);

    start(1, 30000, 5000);
    there = client_connect(http_server_port(server));
    send_z(there, "GET /ping HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_status(there, 200);
    CHECK(log != NULL && own_log >= 0);
    CHECK(dup2(fileno(log), STDERR_FILENO) >= 0);
    for (int i = 0; i < FLOOD; i++) {
        int fd = client_connect(http_server_port(server));

        send_z(fd, "GET /ping HTTP/1.1\r\nHost: a\r\n\r\n");
        expect_status(fd, 503);
        (void)close(fd);
    }
    CHECK(dup2(own_log, STDERR_FILENO) >= 0);
    /* Where more than ten seconds go by there is another. */
    CHECK(count_in(log, "reason=\"Too many connections at once.\"") >= 1);
    CHECK(count_in(log, "reason=\"Too many connections at once.\"") < FLOOD / 2);
    (void)close(there);
    (void)close(own_log);
    (void)fclose(log);
    stop();
}

/* ---- what comes in pieces ---- */

static void an_empty_line_before_a_request_may_come_in_two_pieces(void)
{
    int fd;

    start(8, 5000, 5000);
    fd = client_connect(http_server_port(server));
    for (int i = 0; i < 3; i++) {
        send_z(fd, "\r");
        ts_pause_ms(PAUSE_MS);
        send_z(fd, "\n\r");
        ts_pause_ms(PAUSE_MS);
        send_z(fd, "\nGET /ping HTTP/1.1\r\nHost: a\r\n\r\n");
        expect_status(fd, 200);
    }
    (void)close(fd);
    stop();
}

/* ---- the end ---- */

static void *drain(void *unused)
{
    (void)unused;
    CHECK(http_server_drain(server, PATIENCE_MS, PATIENCE_MS));
    return NULL;
}

static void *drain_at_once(void *unused)
{
    (void)unused;
    (void)http_server_drain(server, LINGER_MS, PATIENCE_MS);
    return NULL;
}

static void what_is_in_work_when_the_end_begins_closes_its_connection_too(void)
{
    bool is_draining = false;
    pthread_t thread;
    answer a;
    int fd;

    start(8, 5000, 5000);
    fd = client_connect(http_server_port(server));
    send_z(fd, "GET /work HTTP/1.1\r\nHost: a\r\n\r\n");
    await_work(1);
    CHECK(pthread_create(&thread, NULL, drain, NULL) == 0);
    while (!is_draining) {
        ask(http_server_port(server), "GET", "/ping", NULL, "", NULL, &a);
        is_draining = a.is_closed;
        answer_done(&a);
    }
    let_go();
    client_read(fd, false, &a);
    CHECK(a.status == 200 && a.is_closed);
    answer_done(&a);
    (void)close(fd);
    CHECK(pthread_join(thread, NULL) == 0);
    http_server_stop(server);
}

/* More than are accepted in one turn, and all before the door is shut. */
static void who_connected_before_the_end_is_served(void)
{
    pthread_t thread;
    int fds[LATE];
    int busy;

    start(LATE + 1, 5000, 5000);
    busy = client_connect(http_server_port(server));
    send_z(busy, "GET /compute HTTP/1.1\r\nHost: a\r\n\r\n");
    await_work(1);
    for (int i = 0; i < LATE; i++) {
        fds[i] = client_connect(http_server_port(server));
        send_z(fds[i], "GET /ping HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    CHECK(pthread_create(&thread, NULL, drain_at_once, NULL) == 0);
    ts_pause_ms(LINGER_MS + PAUSE_MS); /* by now the door is to be shut in the loop's next turn */
    let_go();
    for (int i = 0; i < LATE; i++) {
        expect_status(fds[i], 200);
        (void)close(fds[i]);
    }
    (void)close(busy);
    CHECK(pthread_join(thread, NULL) == 0);
    http_server_stop(server);
}

int main(int argc, char **argv)
{
    static void (*const all[])(void) = {
        who_reads_nothing_is_left_whatever_he_sends,
        who_reads_too_slowly_is_left,
        who_reads_slowly_but_enough_is_served,
        a_slow_reader_does_not_keep_the_server_from_its_end,
        nobody_sends_empty_lines_for_ever,
        others_are_served_while_one_sends_chunks,
        bodies_have_a_most_in_all,
        what_many_needed_at_once_is_not_kept_for_ever,
        who_comes_when_descriptors_have_run_out_is_served_later_and_it_is_said_once,
        a_flood_of_connections_is_no_flood_of_log_lines,
        an_empty_line_before_a_request_may_come_in_two_pieces,
        what_is_in_work_when_the_end_begins_closes_its_connection_too,
        who_connected_before_the_end_is_served,
    };

    for (size_t i = 0; i < TS_COUNT(all); i++) {
        if (argc < 2 || (size_t)atoll(argv[1]) == i)
            all[i]();
    }
    return 0;
}
