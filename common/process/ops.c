/* A few connections at a time, each from its request's head over its answer to its end, all in one thread around one poll(2).
 *
 * Where accepting fails for want of descriptors, those in reserve are let go: one is for the client, the guest, one for what its
 * answer reads (/proc). They are taken back when it is gone; until then the next ones wait in the system's line, and the listener,
 * which stays readable all the time, is not looked at. If somebody else was quicker to take them, it is after a pause.
 */
#include "ops.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "ts/buf.h"
#include "ts/metrics.h"
#include "ts/time.h"

#define METRICS_MAX     (UINT64_C(4) << 20)
#define HEAD_MAX        4096
#define CLIENTS_MAX     16 /* at once; others wait to be accepted */
#define BACKLOG         64
#define RESERVE         2
#define REQUEST_MS      5000 /* for a request to come in */
#define ANSWER_MS       5000 /* for its answer to be taken */
#define LEAVE_MS        500 /* for the client to end the connection, so that it has read the answer */
#define ACCEPT_PAUSE_MS 100
#define PROBE_TIMEOUT_S 3

typedef enum phase { READING, ANSWERING, LEAVING } phase;

typedef struct client {
    int fd; /* -1: nobody */
    phase phase;
    int64_t until_boot_ms;
    size_t head_size, sent;
    char head[HEAD_MAX];
    ts_buf answer;
} client;

struct ts_ops {
    bool (*ready)(void *context, ts_error *why);
    void *context;
    int listener;
    int stop; /* eventfd: readable when it is time */
    int port;
    int reserve[RESERVE]; /* -1: let go */
    const client *guest;  /* who came when the reserve was let go; NULL: nobody */
    int64_t accept_boot_ms;
    client clients[CLIENTS_MAX];
    pthread_t thread;
};

/* ---- descriptors in reserve ---- */

static void take_reserve(ts_ops *ops)
{
    for (int i = 0; i < RESERVE; i++) {
        if (ops->reserve[i] < 0)
            ops->reserve[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
}

/* False: there was none to let go. */
static bool let_reserve_go(ts_ops *ops)
{
    bool had = false;

    for (int i = 0; i < RESERVE; i++) {
        if (ops->reserve[i] >= 0) {
            (void)close(ops->reserve[i]);
            ops->reserve[i] = -1;
            had = true;
        }
    }
    return had;
}

/* ---- answers ---- */

static void put_answer(ts_buf *out, const char *status, const char *more, const char *type,
                       ts_str body, bool is_head)
{
    ts_buf_printf(out,
                  "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                  "Cache-Control: no-store\r\n%sConnection: close\r\n\r\n",
                  status, type, body.n, more);
    if (!is_head)
        ts_buf_str(out, body);
}

static void put_words(ts_buf *out, const char *status, const char *words, bool is_head)
{
    put_answer(out, status, "", "text/plain", ts_str_of(words), is_head);
}

static void put_ready(const ts_ops *ops, ts_buf *out, bool is_head)
{
    ts_error why = { "", "not ready" };
    char text[sizeof(why.text) + 16];
    bool is_ready = ops->ready(ops->context, &why);

    snprintf(text, sizeof(text), "%s%s%s\n", is_ready ? "ready" : "",
             is_ready && why.text[0] != '\0' ? ": " : "", why.text);
    put_words(out, is_ready ? "200 OK" : "503 Service Unavailable", text, is_head);
}

static void put_metrics(ts_ops *ops, ts_buf *out, bool is_head)
{
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(METRICS_MAX);

    (void)let_reserve_go(ops); /* the last one may just have gone to this client */
    ts_metrics_print(&text);
    if (ops->guest == NULL)
        take_reserve(ops);
    if (ts_buf_status(&text) == TS_OK)
        put_answer(out, "200 OK", "", "text/plain; version=0.0.4; charset=utf-8",
                   ts_buf_view(&text), is_head);
    else
        put_words(out, "500 Internal Server Error", "metrics too large\n", is_head);
}

/* The word before the next blank, which it takes off too. */
static ts_str next_word(ts_str *rest)
{
    size_t n = ts_str_find(*rest, ' ');
    ts_str word = ts_str_n(rest->p, n);

    *rest = n == rest->n ? TS_STR_NULL : ts_str_n(rest->p + n + 1, rest->n - n - 1);
    return word;
}

static void put_for_head(ts_ops *ops, ts_str head, ts_buf *out)
{
    ts_str line = ts_str_n(head.p, ts_str_find(head, '\r'));
    ts_str method = next_word(&line);
    ts_str path = next_word(&line);
    bool is_head = ts_str_is(method, "HEAD");

    path.n = ts_str_find(path, '?');
    if (!ts_str_starts(line, TS_STR_LIT("HTTP/1.")) || !ts_str_starts(path, TS_STR_LIT("/")))
        put_words(out, "400 Bad Request", "this is no request of HTTP/1.1\n", false);
    else if (!is_head && !ts_str_is(method, "GET"))
        put_answer(out, "405 Method Not Allowed", "Allow: GET, HEAD\r\n", "text/plain",
                   TS_STR_LIT("only GET and HEAD\n"), false);
    else if (ts_str_is(path, "/healthz"))
        put_words(out, "200 OK", "ok\n", is_head);
    else if (ts_str_is(path, "/readyz"))
        put_ready(ops, out, is_head);
    else if (ts_str_is(path, "/metrics"))
        put_metrics(ops, out, is_head);
    else
        put_words(out, "404 Not Found", "/healthz, /readyz and /metrics are here\n", is_head);
}

/* ---- clients ---- */

static void end(ts_ops *ops, client *c)
{
    (void)close(c->fd);
    c->fd = -1;
    ts_buf_done(&c->answer);
    if (ops->guest == c)
        ops->guest = NULL;
    if (ops->guest == NULL)
        take_reserve(ops);
}

static bool has_failed(ssize_t n)
{
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

/* False: the client is gone. */
static bool read_head(ts_ops *ops, client *c)
{
    ssize_t n = recv(c->fd, c->head + c->head_size, sizeof(c->head) - c->head_size, 0);
    bool is_whole;

    if (n <= 0)
        return !has_failed(n);
    c->head_size += (size_t)n;
    is_whole = memmem(c->head, c->head_size, "\r\n\r\n", 4) != NULL;
    if (!is_whole && c->head_size < sizeof(c->head))
        return true;
    c->answer = TS_BUF_INIT(METRICS_MAX + 1024);
    if (is_whole)
        put_for_head(ops, ts_str_n(c->head, c->head_size), &c->answer);
    else
        put_words(&c->answer, "431 Request Header Fields Too Large",
                  "at most 4096 bytes of a request are read\n", false);
    c->phase = ANSWERING;
    c->until_boot_ms = ts_boot_ms() + ANSWER_MS;
    return ts_buf_status(&c->answer) == TS_OK;
}
_Static_assert(HEAD_MAX == 4096, "read_head() tells the limit in words");

static bool send_answer(client *c)
{
    ssize_t n = send(c->fd, c->answer.data + c->sent, c->answer.size - c->sent, MSG_NOSIGNAL);

    if (n <= 0)
        return !has_failed(n);
    c->sent += (size_t)n;
    if (c->sent < c->answer.size)
        return true;
    /* What has come and was not read would reset the connection, and the answer might be lost with it. */
    if (shutdown(c->fd, SHUT_WR) != 0)
        return false;
    c->phase = LEAVING;
    c->until_boot_ms = ts_boot_ms() + LEAVE_MS;
    return true;
}

static bool await_end(client *c)
{
    return !has_failed(recv(c->fd, c->head, sizeof(c->head), 0));
}

static void go_on(ts_ops *ops, client *c)
{
    bool is_there = false;

    switch (c->phase) {
    case READING: is_there = read_head(ops, c); break;
    case ANSWERING: is_there = send_answer(c); break;
    case LEAVING: is_there = await_end(c); break;
    }
    if (!is_there)
        end(ops, c);
}

static client *free_place(ts_ops *ops)
{
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        if (ops->clients[i].fd < 0)
            return &ops->clients[i];
    }
    return NULL;
}

static void accept_one(ts_ops *ops, client *place)
{
    int fd = accept4(ops->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0 && (errno == EMFILE || errno == ENFILE) && let_reserve_go(ops)) {
        fd = accept4(ops->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0)
            ops->guest = place;
    }
    if (fd >= 0) {
        place->fd = fd;
        place->phase = READING;
        place->until_boot_ms = ts_boot_ms() + REQUEST_MS;
        place->head_size = 0;
        place->sent = 0;
    } else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
        ops->accept_boot_ms = ts_boot_ms() + ACCEPT_PAUSE_MS;
    }
}

/* ---- the thread ---- */

enum { STOP, LISTENER, FIRST_CLIENT };

static int wait_ms(int64_t now_ms, int64_t until_ms)
{
    return until_ms <= now_ms ? 0 : (int)(until_ms - now_ms);
}

/* What is waited for, and how long: ret[FIRST_CLIENT + i] is client i's. */
static int look(ts_ops *ops, struct pollfd ret[FIRST_CLIENT + CLIENTS_MAX])
{
    int64_t now_ms = ts_boot_ms();
    bool may_accept = ops->guest == NULL && free_place(ops) != NULL;
    int timeout = -1;

    if (ops->guest == NULL)
        take_reserve(ops);
    ret[STOP] = (struct pollfd){ .fd = ops->stop, .events = POLLIN };
    ret[LISTENER] = (struct pollfd){ .fd = -1, .events = POLLIN }; /* -1: not looked at */
    if (may_accept && now_ms >= ops->accept_boot_ms)
        ret[LISTENER].fd = ops->listener;
    else if (may_accept)
        timeout = wait_ms(now_ms, ops->accept_boot_ms);
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        const client *c = &ops->clients[i];
        int left = wait_ms(now_ms, c->until_boot_ms);

        ret[FIRST_CLIENT + i] =
            (struct pollfd){ .fd = c->fd, .events = c->phase == ANSWERING ? POLLOUT : POLLIN };
        if (c->fd >= 0 && (timeout < 0 || left < timeout))
            timeout = left;
    }
    return timeout;
}

static void *serve(void *context)
{
    ts_ops *ops = context;
    struct pollfd watched[FIRST_CLIENT + CLIENTS_MAX];

    for (;;) {
        int timeout = look(ops, watched);

        if (poll(watched, TS_COUNT(watched), timeout) < 0)
            continue; /* EINTR */
        if (watched[STOP].revents != 0)
            return NULL;
        for (size_t i = 0; i < CLIENTS_MAX; i++) {
            client *c = &ops->clients[i];

            if (watched[FIRST_CLIENT + i].revents != 0)
                go_on(ops, c);
            else if (c->fd >= 0 && c->until_boot_ms <= ts_boot_ms())
                end(ops, c);
        }
        if (watched[LISTENER].revents != 0)
            accept_one(ops, free_place(ops));
    }
}

/* ---- start and stop ---- */

/* Names are none: nobody is asked for one at a start. */
static ts_status read_address(const char *address, int64_t port, struct sockaddr_storage *ret,
                              socklen_t *ret_size, ts_error *err)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;

    *ret = (struct sockaddr_storage){ .ss_family = AF_INET };
    *ret_size = sizeof(*v4);
    v4->sin_port = htons((uint16_t)port);
    if (inet_pton(AF_INET, address, &v4->sin_addr) == 1)
        return TS_OK;
    ret->ss_family = AF_INET6;
    *ret_size = sizeof(*v6);
    if (inet_pton(AF_INET6, address, &v6->sin6_addr) == 1)
        return TS_OK;
    return ts_fail(err, TS_INVALID, "", "cannot listen on %s: it must be an address as 127.0.0.1",
                   address);
}
_Static_assert(offsetof(struct sockaddr_in, sin_port) == offsetof(struct sockaddr_in6, sin6_port),
               "the port of both is at the same place");

/* A bound socket. */
static ts_status bind_to(const char *address, int64_t port, int *ret, ts_error *err)
{
    struct sockaddr_storage to;
    socklen_t size = 0;
    int on = 1;
    ts_status st = read_address(address, port, &to, &size, err);
    int fd;

    if (st != TS_OK)
        return st;
    fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
        bind(fd, (const struct sockaddr *)&to, size) == 0) {
        *ret = fd;
        return TS_OK;
    }
    st = ts_fail(err, TS_UNAVAILABLE, "", "cannot listen on %s:%lld: %s", address, (long long)port,
                 strerrordesc_np(errno));
    if (fd >= 0)
        (void)close(fd);
    return st;
}

ts_status ts_ops_check(const char *address, ts_error *err)
{
    int fd = -1;
    ts_status st = bind_to(address, 0, &fd, err);

    if (st == TS_OK)
        (void)close(fd);
    return st;
}

static ts_status open_all(ts_ops *ops, const char *address, int64_t port, ts_error *err)
{
    struct sockaddr_storage own = { .ss_family = AF_UNSPEC };
    socklen_t size = sizeof(own);
    ts_status st = bind_to(address, port, &ops->listener, err);

    if (st != TS_OK)
        return st;
    if (listen(ops->listener, BACKLOG) != 0 ||
        getsockname(ops->listener, (struct sockaddr *)&own, &size) != 0)
        return ts_fail(err, TS_UNAVAILABLE, "", "cannot listen on %s:%lld: %s", address,
                       (long long)port, strerrordesc_np(errno));
    ops->port = ntohs(((const struct sockaddr_in *)&own)->sin_port);
    ops->stop = eventfd(0, EFD_CLOEXEC);
    if (ops->stop < 0)
        return ts_fail(err, TS_UNAVAILABLE, "", "the system has no descriptors left");
    take_reserve(ops);
    return TS_OK;
}

static void close_all(ts_ops *ops)
{
    (void)let_reserve_go(ops);
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        if (ops->clients[i].fd >= 0)
            (void)close(ops->clients[i].fd);
        ts_buf_done(&ops->clients[i].answer);
    }
    if (ops->listener >= 0)
        (void)close(ops->listener);
    if (ops->stop >= 0)
        (void)close(ops->stop);
    free(ops);
}

ts_status ts_ops_start(const char *address, int64_t port,
                       bool (*ready)(void *context, ts_error *why), void *context, ts_ops **ret,
                       ts_error *err)
{
    ts_ops *ops = calloc(1, sizeof(*ops));
    ts_status st;

    if (ops == NULL)
        return ts_fail(err, TS_NOMEM, "", "out of memory");
    ops->ready = ready;
    ops->context = context;
    ops->listener = -1;
    ops->stop = -1;
    for (int i = 0; i < RESERVE; i++)
        ops->reserve[i] = -1;
    for (size_t i = 0; i < CLIENTS_MAX; i++)
        ops->clients[i].fd = -1;
    st = open_all(ops, address, port, err);
    if (st == TS_OK && pthread_create(&ops->thread, NULL, serve, ops) != 0)
        st = ts_fail(err, TS_UNAVAILABLE, "", "the system has no threads left");
    if (st != TS_OK) {
        close_all(ops);
        return st;
    }
    *ret = ops;
    return TS_OK;
}

int ts_ops_port(const ts_ops *ops)
{
    return ops->port;
}

void ts_ops_stop(ts_ops *ops)
{
    const uint64_t one = 1;

    if (ops == NULL)
        return;
    while (write(ops->stop, &one, sizeof(one)) < 0 && errno == EINTR)
        ;
    (void)pthread_join(ops->thread, NULL);
    close_all(ops);
}

/* ---- the other side ---- */

/* Sends the request and reads to the end; bytes read. */
static size_t fetch(const struct sockaddr_storage *to, socklen_t to_size, char *reply, size_t size)
{
    static const char request[] =
        "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    struct timeval timeout = { PROBE_TIMEOUT_S, 0 };
    int fd = socket(to->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    size_t n = 0;
    ssize_t got = 1;

    if (fd < 0)
        return 0;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
    if (connect(fd, (const struct sockaddr *)to, to_size) != 0 ||
        send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) != (ssize_t)sizeof(request) - 1)
        got = 0;
    while (got > 0 && n < size - 1) {
        got = recv(fd, reply + n, size - 1 - n, 0);
        n += got > 0 ? (size_t)got : 0;
    }
    close(fd);
    reply[n] = '\0';
    return n;
}

bool ts_ops_probe(const char *address, int64_t port, char ret_words[TS_PROBE_WORDS_SIZE])
{
    struct sockaddr_storage to;
    socklen_t size = 0;
    ts_error err;
    char reply[1024];
    const char *body;

    if (strcmp(address, "0.0.0.0") == 0)
        address = "127.0.0.1";
    if (read_address(address, port, &to, &size, &err) != TS_OK ||
        fetch(&to, size, reply, sizeof(reply)) < 12) {
        snprintf(ret_words, TS_PROBE_WORDS_SIZE, "nobody answers at %s:%lld", address,
                 (long long)port);
        return false;
    }
    body = strstr(reply, "\r\n\r\n");
    body = body == NULL ? "" : body + 4;
    snprintf(ret_words, TS_PROBE_WORDS_SIZE, "%.*s", (int)strcspn(body, "\r\n"), body);
    return strncmp(reply + 9, "200", 3) == 0;
}
