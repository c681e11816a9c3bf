#include "ops.h"

#include <arpa/inet.h>
#include <civetweb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "ts/buf.h"
#include "ts/metrics.h"

#define METRICS_MAX     (UINT64_C(4) << 20)
#define PROBE_TIMEOUT_S 3
#define KNOCK_MS        10

struct ts_ops {
    struct mg_context *http;
    bool (*ready)(void *context, ts_error *why);
    void *context;
    char failure[160]; /* civetweb's words if it does not start */
    struct sockaddr_in listening;
    atomic_bool stopped;
};

static int answer(struct mg_connection *conn, int status, const char *reason, const char *type,
                  ts_str body)
{
    mg_printf(conn,
              "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
              "Cache-Control: no-store\r\nConnection: close\r\n\r\n",
              status, reason, type, body.n);
    mg_write(conn, body.p, body.n);
    return status;
}

static int on_health(struct mg_connection *conn, void *argument)
{
    (void)argument;
    return answer(conn, 200, "OK", "text/plain", TS_STR_LIT("ok\n"));
}

static int on_ready(struct mg_connection *conn, void *argument)
{
    ts_ops *ops = argument;
    ts_error why = { "", "not ready" };
    char text[sizeof(why.text) + 16];
    int n;

    if (ops->ready(ops->context, &why)) {
        n = snprintf(text, sizeof(text), "ready%s%s\n", why.text[0] != '\0' ? ": " : "", why.text);
        return answer(conn, 200, "OK", "text/plain", ts_str_n(text, (size_t)n));
    }
    n = snprintf(text, sizeof(text), "%s\n", why.text);
    return answer(conn, 503, "Service Unavailable", "text/plain", ts_str_n(text, (size_t)n));
}

static int on_metrics(struct mg_connection *conn, void *argument)
{
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(METRICS_MAX);

    (void)argument;
    ts_metrics_print(&text);
    if (ts_buf_status(&text) != TS_OK)
        return answer(conn, 500, "Internal Server Error", "text/plain",
                      TS_STR_LIT("metrics too large\n"));
    return answer(conn, 200, "OK", "text/plain; version=0.0.4; charset=utf-8", ts_buf_view(&text));
}

static int on_unknown(struct mg_connection *conn, void *argument)
{
    (void)argument;
    return answer(conn, 404, "Not Found", "text/plain",
                  TS_STR_LIT("/healthz, /readyz and /metrics are here\n"));
}

static int on_log(const struct mg_connection *conn, const char *message)
{
    const struct mg_context *http = mg_get_context(conn);
    ts_ops *ops = mg_get_user_data(http);

    if (ops != NULL)
        snprintf(ops->failure, sizeof(ops->failure), "%s", message);
    return 1;
}

ts_status ts_ops_start(const char *address, int64_t port,
                       bool (*ready)(void *context, ts_error *why), void *context, ts_ops **ret,
                       ts_error *err)
{
    ts_ops *ops = calloc(1, sizeof(*ops));
    struct mg_callbacks callbacks = { .log_message = on_log };
    char listening[128];
    const char *options[] = {
        "listening_ports",          listening, "num_threads", "2", "request_timeout_ms", "5000",
        "enable_directory_listing", "no",      NULL
    };

    if (ops == NULL)
        return ts_fail(err, TS_NOMEM, "", "out of memory");
    ops->ready = ready;
    ops->context = context;
    ops->listening =
        (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    if (inet_pton(AF_INET, strcmp(address, "0.0.0.0") == 0 ? "127.0.0.1" : address,
                  &ops->listening.sin_addr) != 1)
        ops->listening.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    snprintf(listening, sizeof(listening), "%s:%lld", address, (long long)port);
    mg_init_library(0);
    ops->http = mg_start(&callbacks, ops, options);
    if (ops->http == NULL) {
        ts_error_set(err, "", "cannot listen on %s: %s", listening, ops->failure);
        free(ops);
        return TS_UNAVAILABLE;
    }
    mg_set_request_handler(ops->http, "/healthz$", on_health, ops);
    mg_set_request_handler(ops->http, "/readyz$", on_ready, ops);
    mg_set_request_handler(ops->http, "/metrics$", on_metrics, ops);
    mg_set_request_handler(ops->http, "/", on_unknown, ops);
    *ret = ops;
    return TS_OK;
}

/* civetweb looks at its stop flag when its listener has something for it, else every 2 s: until it has stopped, somebody
 * knocks. */
static void *knock(void *argument)
{
    ts_ops *ops = argument;
    struct timespec pause = { 0, KNOCK_MS * 1000000L };

    while (!atomic_load(&ops->stopped)) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        if (fd >= 0) {
            /* Refused once the listener is closed, which is as well. */
            (void)connect(fd, (const struct sockaddr *)&ops->listening, sizeof(ops->listening));
            close(fd);
        }
        nanosleep(&pause, NULL);
    }
    return NULL;
}

void ts_ops_stop(ts_ops *ops)
{
    pthread_t knocker;
    bool knocks;

    if (ops == NULL)
        return;
    knocks = pthread_create(&knocker, NULL, knock, ops) == 0;
    mg_stop(ops->http);
    atomic_store(&ops->stopped, true);
    if (knocks)
        pthread_join(knocker, NULL);
    mg_exit_library();
    free(ops);
}

/* Sends the request and reads to the end; bytes read. */
static size_t fetch(const struct sockaddr_in *to, char *reply, size_t size)
{
    static const char request[] =
        "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    struct timeval timeout = { PROBE_TIMEOUT_S, 0 };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    size_t n = 0;
    ssize_t got = 1;

    if (fd < 0)
        return 0;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
    if (connect(fd, (const struct sockaddr *)to, sizeof(*to)) != 0 ||
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
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    char reply[1024];
    const char *body;

    if (strcmp(address, "0.0.0.0") == 0)
        address = "127.0.0.1";
    if (inet_pton(AF_INET, address, &to.sin_addr) != 1 || fetch(&to, reply, sizeof(reply)) < 12) {
        snprintf(ret_words, TS_PROBE_WORDS_SIZE, "nobody answers at %s:%lld", address,
                 (long long)port);
        return false;
    }
    body = strstr(reply, "\r\n\r\n");
    body = body == NULL ? "" : body + 4;
    snprintf(ret_words, TS_PROBE_WORDS_SIZE, "%.*s", (int)strcspn(body, "\r\n"), body);
    return strncmp(reply + 9, "200", 3) == 0;
}
