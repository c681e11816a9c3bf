#include "http/server.h"

#include <arpa/inet.h>
#include <civetweb.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "ts/log.h"
#include "ts/metrics.h"
#include "ts/time.h"

/* Threads beyond the limit of connections: they refuse. */
#define SPARE_THREADS 8
/* Memory of idle requests that is kept for the next ones. */
#define IDLE_WORK_MAX 64
#define CLASSES       6
/* Between two calls that wake civetweb for its end. */
#define WAKE_NS 5000000L
/* For connections that were accepted just before the door was shut. */
#define LATE_MS 50

struct http_server {
    const http_service *service;
    struct mg_context *civetweb;
    int64_t connections_max;
    int64_t request_ms;
    int port;
    struct sockaddr_in address; /* where it listens */
    atomic_bool is_draining;
    atomic_bool is_stopped;
    atomic_int connections;

    pthread_mutex_t mutex; /* guards idle, idle_count, in_work */
    pthread_cond_t quiet;  /* in_work became 0, or a connection ended while draining */
    http_work *idle;
    size_t idle_count;
    size_t in_work;

    ts_metric **seconds;  /* one per route, then one for requests that met none */
    ts_metric **requests; /* in the same order: CLASSES for each */
    ts_metric *answers[CLASSES];
    ts_metric *refused;
    ts_metric *open;
    char start_error[160];
};

/* Marks a connection beyond the limit, as its user data. */
static char beyond_limit;

static http_work *work_take(http_server *s)
{
    http_work *w;

    pthread_mutex_lock(&s->mutex);
    s->in_work++;
    w = s->idle;
    if (w != NULL) {
        s->idle = w->next;
        s->idle_count--;
    }
    pthread_mutex_unlock(&s->mutex);
    return w != NULL ? w : http_work_new();
}

static void work_put(http_server *s, http_work *w)
{
    if (w != NULL)
        http_work_reset(w);
    pthread_mutex_lock(&s->mutex);
    s->in_work--;
    if (s->in_work == 0)
        pthread_cond_broadcast(&s->quiet);
    if (w != NULL && s->idle_count < IDLE_WORK_MAX) {
        w->next = s->idle;
        s->idle = w;
        s->idle_count++;
        w = NULL;
    }
    pthread_mutex_unlock(&s->mutex);
    http_work_free(w);
}

/* Copies what civetweb parsed. Its header array ends at 64; the check refuses what fills it. */
/* civetweb 1.15 takes lines that end in a bare LF, ends the headers in silence at a folded line, and drops spaces before a
 * colon: each a way to let two parsers read two things. It cuts the buffer in place, CR, LF, colon and such spaces to NULs,
 * so the distances between its strings still tell what stood there. Tests of both sides show when that changes. */
static bool lines_are_odd(const struct mg_request_info *info)
{
    const char *end = info->http_version + strlen(info->http_version);

    for (int i = 0; i < info->num_headers; i++) {
        const char *name = info->http_headers[i].name;
        const char *value = info->http_headers[i].value;
        const char *colon = name + strlen(name);

        if (name != end + 2 || (colon + 1 < value && colon[1] == '\0'))
            return true;
        end = value + strlen(value);
    }
    /* CR and LF of the last line, then the CR of the empty line; its LF is where civetweb ends the text. */
    return info->num_headers > 0 && (end[1] != '\0' || end[2] != '\r');
}

static void fill_request(const struct mg_request_info *info, http_request *r)
{
    r->method = ts_str_of(info->request_method);
    r->target = ts_str_of(info->request_uri);
    r->query = ts_str_of(info->query_string);
    r->version = ts_str_of(info->http_version);
    r->peer = ts_str_of(info->remote_addr);
    r->is_odd = lines_are_odd(info);
    for (int i = 0; i < info->num_headers && i <= HTTP_HEADERS_MAX; i++) {
        r->headers[i].name = ts_str_of(info->http_headers[i].name);
        r->headers[i].value = ts_str_of(info->http_headers[i].value);
        r->header_count++;
    }
}

static ts_status read_body(void *context, size_t max, ts_buf *out)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct mg_connection *connection = context;
    const struct mg_request_info *info = mg_get_request_info(connection);
    const char *expect = mg_get_header(connection, "Expect");
    uint64_t announced = info->content_length > 0 ? (uint64_t)info->content_length : 0;
    const http_server *s = info->user_data;
    int64_t deadline_ms = ts_boot_ms() + s->request_ms;

    if (expect != NULL && mg_write(connection, go_on, sizeof(go_on) - 1) != (int)sizeof(go_on) - 1)
        return TS_INVALID;
    for (;;) {
        if (ts_boot_ms() > deadline_ms)
            return TS_LIMITED;
        /* One byte more than allowed is asked for, so that a chunked body that is too long shows itself. */
        char *room;
        size_t want = max - out->size;
        int got;

        if (want > 65536)
            want = 65536;
        if (want == 0) {
            char beyond;

            return mg_read(connection, &beyond, 1) > 0 ? TS_TOO_LARGE : TS_OK;
        }
        room = ts_buf_reserve(out, want);
        if (room == NULL)
            return TS_NOMEM;
        got = mg_read(connection, room, want);
        if (got < 0)
            return TS_INVALID;
        if (got == 0)
            break;
        out->size += (size_t)got;
        out->data[out->size] = '\0';
    }
    return out->size < announced ? TS_INVALID : TS_OK;
}

static bool send_bytes(void *connection, ts_str bytes)
{
    return mg_write(connection, bytes.p, bytes.n) == (int)bytes.n;
}

static void send_answer(http_server *s, struct mg_connection *connection, http_work *w,
                        int64_t began_us)
{
    size_t row = w->exchange.route == NULL ? s->service->route_count
                                           : (size_t)(w->exchange.route - s->service->routes);
    size_t class = (size_t)(w->status / 100) % CLASSES;

    if (w->must_close)
        mg_disable_connection_keep_alive(connection);
    /* A client that is gone gets nothing, and that is all that can be done. */
    if (w->out.size > 0)
        (void)mg_write(connection, w->out.data, w->out.size);
    ts_metric_observe_us(s->seconds[row], ts_boot_us() - began_us);
    ts_metric_add(s->answers[class], 1);
    if (s->requests[row * CLASSES + class] != NULL)
        ts_metric_add(s->requests[row * CLASSES + class], 1);
}

static int on_request(struct mg_connection *connection)
{
    const struct mg_request_info *info = mg_get_request_info(connection);
    http_server *s = info->user_data;
    bool is_beyond = mg_get_user_connection_data(connection) == &beyond_limit;
    int64_t began_us = ts_boot_us();
    http_work *w = work_take(s);
    int status = 500;

    if (w == NULL) {
        mg_disable_connection_keep_alive(connection);
    } else {
        fill_request(info, &w->request);
        w->must_close = is_beyond || atomic_load(&s->is_draining);
        w->send = send_bytes;
        if (is_beyond) {
            ts_metric_add(s->refused, 1);
            ts_error_set(&w->exchange.error, "", "Too many connections at once.");
            http_refuse(s->service, w, HTTP_UNAVAILABLE);
        } else {
            http_serve(s->service, w, read_body, connection);
        }
        send_answer(s, connection, w, began_us);
        status = w->status == 0 ? 500 : w->status;
    }
    work_put(s, w);
    return status;
}

/* civetweb refused by itself: a request that does not parse, headers over 16 KiB, a timeout. */
static int on_error(struct mg_connection *connection, int status, const char *words)
{
    const struct mg_request_info *info = mg_get_request_info(connection);
    http_server *s = info->user_data;
    int64_t began_us = ts_boot_us();
    http_work *w = work_take(s);

    (void)words; /* may quote the request */
    mg_disable_connection_keep_alive(connection);
    if (w != NULL) {
        w->request.peer = ts_str_of(info->remote_addr);
        w->request.version = TS_STR_LIT("1.1");
        /* Its 413 is about the header block: bodies are ours to count. */
        http_refuse(s->service, w,
                    status == 413 ? HTTP_HEADERS_TOO_LARGE : http_problem_of_number(status));
        send_answer(s, connection, w, began_us);
    }
    work_put(s, w);
    return 0;
}

static int on_message(const struct mg_connection *connection, const char *message)
{
    if (connection == NULL)
        ts_warn(TS_MSG("http server"), TS_F_Z("message", message));
    else
        ts_debug(TS_MSG("http connection"), TS_F_Z("message", message));
    return 1;
}

static int on_connection(const struct mg_connection *connection, void **ret_data)
{
    http_server *s = mg_get_user_data(mg_get_context(connection));
    int now = atomic_fetch_add(&s->connections, 1) + 1;

    ts_metric_move(s->open, 1);
    *ret_data = now > s->connections_max ? &beyond_limit : NULL;
    return 0;
}

static void on_closed(const struct mg_connection *connection)
{
    http_server *s = mg_get_user_data(mg_get_context(connection));

    atomic_fetch_sub(&s->connections, 1);
    ts_metric_move(s->open, -1);
    if (atomic_load(&s->is_draining)) {
        pthread_mutex_lock(&s->mutex);
        pthread_cond_broadcast(&s->quiet);
        pthread_mutex_unlock(&s->mutex);
    }
}

/* Whether a route fails, and for whose sake. No handler answers with 1xx, and 0xx is none. */
static void count_by_class(http_server *s, size_t row, const char *route)
{
    for (int i = 2; i < CLASSES; i++) {
        char labels[160];

        (void)snprintf(labels, sizeof(labels), "%s,class=\"%dxx\"", route, i);
        s->requests[row * CLASSES + (size_t)i] =
            ts_counter("ts_gateway_requests_total", labels, "requests answered");
    }
}

static bool register_metrics(http_server *s)
{
    size_t count = s->service->route_count;

    s->seconds = calloc(count + 1, sizeof(ts_metric *));
    s->requests = calloc((count + 1) * CLASSES, sizeof(ts_metric *));
    if (s->seconds == NULL || s->requests == NULL)
        return false;
    for (size_t i = 0; i <= count; i++) {
        char labels[128] = "route=\"none\"";

        if (i < count)
            (void)snprintf(labels, sizeof(labels), "route=\"%s %s\"", s->service->routes[i].method,
                           s->service->routes[i].pattern);
        s->seconds[i] = ts_histogram("ts_gateway_request_seconds", labels,
                                     "time from a request's header to its last byte sent");
        count_by_class(s, i, labels);
    }
    for (int i = 0; i < CLASSES; i++) {
        char labels[32];

        (void)snprintf(labels, sizeof(labels), "class=\"%dxx\"", i);
        s->answers[i] = ts_counter("ts_gateway_answers_total", labels, "answers by status class");
    }
    s->refused = ts_counter("ts_gateway_connections_refused_total", "",
                            "requests on connections beyond TS_GATEWAY_CONNECTIONS");
    s->open = ts_gauge("ts_gateway_connections", "", "open connections");
    return true;
}

static ts_status check_listen(const char *listen, ts_error *err)
{
    /* civetweb gives letters after a port a meaning of their own (TLS, redirect). */
    if (listen[0] == '\0' || strspn(listen, "0123456789.:") != strlen(listen))
        return ts_fail(err, TS_INVALID, "TS_GATEWAY_LISTEN",
                       "the address to listen on must be like 127.0.0.1:8080");
    return TS_OK;
}

static ts_status start_civetweb(http_server *s, const http_options *o, ts_error *err)
{
    static const struct mg_callbacks callbacks = {
        .begin_request = on_request,
        .log_message = on_message,
        .http_error = on_error,
        .init_connection = on_connection,
        .connection_closed = on_closed,
    };
    char threads[24], keep_alive[24], header[24], host[HTTP_ADDRESS_SIZE];
    const char *settings[] = {
        "listening_ports",
        o->listen,
        "num_threads",
        threads,
        "enable_keep_alive",
        "yes",
        "keep_alive_timeout_ms",
        keep_alive,
        "request_timeout_ms",
        header,
        /* "GET http://host/path" is answered for this host; for others civetweb closes without a word. */
        "authentication_domain",
        host,
        "tcp_nodelay",
        "1",
        "decode_url",
        "no",
        "connection_queue",
        "128",
        "listen_backlog",
        "1024",
        "enable_directory_listing",
        "no",
        "access_control_allow_origin",
        "",
        "access_control_allow_methods",
        "",
        "access_control_allow_headers",
        "",
        NULL,
    };
    struct mg_init_data init = { &callbacks, s, settings };
    unsigned code = 0;
    struct mg_error_data error = { &code, s->start_error, sizeof(s->start_error) };
    struct mg_server_port port;

    (void)snprintf(threads, sizeof(threads), "%lld", (long long)o->connections + SPARE_THREADS);
    (void)snprintf(keep_alive, sizeof(keep_alive), "%lld", (long long)o->keep_alive_ms);
    (void)snprintf(header, sizeof(header), "%lld", (long long)o->header_ms);
    (void)snprintf(host, sizeof(host), "%.*s", (int)strcspn(o->listen, ":"), o->listen);
    s->civetweb = mg_start2(&init, &error);
    if (s->civetweb == NULL)
        return ts_fail(err, TS_UNAVAILABLE, "TS_GATEWAY_LISTEN", "cannot listen on %s: %s",
                       o->listen, s->start_error);
    if (mg_get_server_ports(s->civetweb, 1, &port) == 1)
        s->port = port.port;
    s->address =
        (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)s->port) };
    /* A port alone, or 0.0.0.0: all addresses of the machine, of which this is one. */
    if (inet_pton(AF_INET, host, &s->address.sin_addr) != 1 || s->address.sin_addr.s_addr == 0)
        s->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return TS_OK;
}

ts_status http_server_start(const http_options *options, const http_service *service,
                            http_server **ret, ts_error *err)
{
    pthread_condattr_t attributes;
    http_server *s;
    ts_status st;

    st = check_listen(options->listen, err);
    if (st != TS_OK)
        return st;
    s = calloc(1, sizeof(*s));
    if (s == NULL)
        return TS_NOMEM;
    s->service = service;
    s->connections_max = options->connections;
    s->request_ms = options->request_ms;
    pthread_mutex_init(&s->mutex, NULL);
    pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&s->quiet, &attributes);
    pthread_condattr_destroy(&attributes);
    /* No TLS: civetweb 1.15 cannot work with OpenSSL 3. */
    (void)mg_init_library(0);
    st = register_metrics(s) ? start_civetweb(s, options, err) : TS_NOMEM;
    if (st != TS_OK) {
        http_server_stop(s);
        return st;
    }
    *ret = s;
    return TS_OK;
}

int http_server_port(const http_server *s)
{
    return s->port;
}

static struct timespec monotonic_in(int64_t ms)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += (time_t)(ms / TS_SECOND_MS);
    t.tv_nsec += (long)(ms % TS_SECOND_MS) * 1000000L;
    if (t.tv_nsec >= 1000000000L) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000L;
    }
    return t;
}

/* Until nothing is in work and, with `connections`, nobody is connected. */
static void await_quiet(http_server *s, int64_t ms, bool connections)
{
    struct timespec until = monotonic_in(ms);

    pthread_mutex_lock(&s->mutex);
    while (s->in_work > 0 || (connections && atomic_load(&s->connections) > 0)) {
        if (pthread_cond_timedwait(&s->quiet, &s->mutex, &until) == ETIMEDOUT)
            break;
    }
    pthread_mutex_unlock(&s->mutex);
}

/* civetweb tells nobody its sockets, so they are found by the port that they are bound to: the one that listens, or those of
 * clients. Reading ends on them: the listener takes no more, and a thread that waits for the next request of an idle client,
 * which would look whether it is to stop only every 2 seconds, sees the end of it. What has come in is still answered. */
static void end_reading(const http_server *s, bool listener)
{
    DIR *all = opendir("/proc/self/fd");
    const struct dirent *one;

    while (all != NULL && (one = readdir(all)) != NULL) {
        struct sockaddr_in bound = { .sin_family = AF_UNSPEC };
        socklen_t size = sizeof(bound);
        int listens = 0;
        socklen_t flag = sizeof(listens);
        int fd = (int)strtol(one->d_name, NULL, 10);

        if (getsockname(fd, (struct sockaddr *)&bound, &size) != 0 || bound.sin_family != AF_INET ||
            bound.sin_port != s->address.sin_port ||
            getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &flag) != 0)
            continue;
        if ((listens != 0) == listener)
            (void)shutdown(fd, SHUT_RD);
    }
    if (all != NULL)
        (void)closedir(all);
}

void http_server_drain(http_server *s, int64_t linger_ms, int64_t drain_ms)
{
    int64_t until_ms = ts_boot_ms() + drain_ms;
    int64_t left_ms;

    atomic_store(&s->is_draining, true);
    await_quiet(s, linger_ms, true);
    end_reading(s, true);
    await_quiet(s, LATE_MS, true);
    left_ms = until_ms - ts_boot_ms();
    await_quiet(s, left_ms < 0 ? 0 : left_ms, false);
}

/* civetweb 1.15 looks whether it is to stop when somebody comes, else every 2 seconds. So somebody comes, until it has heard and
 * listens no more. */
static void *keep_awake(void *p)
{
    const struct timespec pause = { .tv_nsec = WAKE_NS };
    http_server *s = p;
    bool is_heard = false;

    while (!is_heard && !atomic_load(&s->is_stopped)) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        if (fd < 0)
            break; /* it ends all the same, only later */
        is_heard = connect(fd, (const struct sockaddr *)&s->address, sizeof(s->address)) != 0 &&
                   errno == ECONNREFUSED;
        (void)close(fd);
        (void)nanosleep(&pause, NULL);
    }
    return NULL;
}

static void stop_civetweb(http_server *s)
{
    pthread_t waker;
    bool is_waking = pthread_create(&waker, NULL, keep_awake, s) == 0;

    mg_stop(s->civetweb);
    atomic_store(&s->is_stopped, true);
    if (is_waking)
        (void)pthread_join(waker, NULL);
}

void http_server_stop(http_server *s)
{
    if (s == NULL)
        return;
    if (s->civetweb != NULL) {
        end_reading(s, false);
        stop_civetweb(s);
    }
    (void)mg_exit_library();
    while (s->idle != NULL) {
        http_work *w = s->idle;

        s->idle = w->next;
        http_work_free(w);
    }
    pthread_cond_destroy(&s->quiet);
    pthread_mutex_destroy(&s->mutex);
    free(s->seconds);
    free(s->requests);
    free(s);
}
