/* The first loop accepts, and hands each new connection to the next loop in turn. */
#include "http/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ts/log.h"
#include "ts/time.h"

/* Connections beyond the limit that are still taken, to be told so. */
#define BEYOND_MAX 64
#define BACKLOG    1024
/* Accepted at once, before those who are there have their turn. */
#define ACCEPTS_MAX 64
/* Until it is looked again after the limit was reached (clients that go while others come are no reason to refuse), or the system
 * had no descriptor. */
#define ACCEPT_PAUSE_MS 100
/* After a failure accepting works again when for so long it has not failed: where each descriptor that comes free is taken at once,
 * that is one episode, not many. */
#define CALM_MS 1000
/* For connections that were accepted just before the door was shut. */
#define LATE_MS 50
/* Handlers are written for small stacks; libraries below them may need more. */
#define STACK_BYTES ((size_t)256 * 1024)
#define STACKS_IDLE 32
/* Of a loop: more would only take time from the loops and from one another. */
#define ASIDES_MAX 4

typedef struct runner {
    http_shard shard;
    pthread_t thread;
    bool has_thread;
    ts_task end_all;
} runner;

struct http_server {
    http_counts counts;
    http_traffic traffic;
    int64_t connections_max;
    int port;
    ts_watch listener;
    ts_timer listen_again;
    bool
        refuses; /* the limit was reached, and after a pause still is: more are taken, to be told so */
    bool fails; /* to accept: it was said */
    ts_timer calm;
    ts_task shut;
    runner *runners;
    size_t count;
    size_t next; /* gets the next connection */
};

/* A new connection on its way to its loop. */
typedef struct arrival {
    ts_task task;
    http_shard *shard;
    int fd;
    bool is_beyond;
} arrival;

static void on_arrival(ts_task *task)
{
    arrival *a = (arrival *)task;

    http_conn_begin(a->shard, a->fd, a->is_beyond);
    free(a);
}

static void hand_over(http_server *s, int fd)
{
    bool is_beyond = http_traffic_connect(&s->traffic) > s->connections_max;
    http_shard *shard = &s->runners[s->next++ % s->count].shard;
    arrival *a;

    if (shard == &s->runners[0].shard) {
        http_conn_begin(shard, fd, is_beyond);
        return;
    }
    a = malloc(sizeof(*a));
    if (a == NULL) {
        (void)close(fd);
        http_traffic_disconnect(&s->traffic);
        return;
    }
    *a = (arrival){ { .run = on_arrival }, shard, fd, is_beyond };
    ts_loop_post(shard->loop, &a->task);
}

/* Who comes stays in the system's queue for now. */
static void pause_accepting(http_server *s)
{
    ts_loop *loop = s->runners[0].shard.loop;

    ts_loop_unwatch(loop, &s->listener);
    ts_loop_set_timer(loop, &s->listen_again, ts_boot_ms() + ACCEPT_PAUSE_MS);
}

/* The system has no descriptor, or no memory. */
static void accept_failed(http_server *s, int error)
{
    ts_metric_add(s->counts.not_accepted, 1);
    ts_loop_clear_timer(s->runners[0].shard.loop, &s->calm);
    if (!s->fails)
        ts_warn(TS_MSG("cannot accept connections"), TS_F_Z("reason", strerrordesc_np(error)),
                TS_F_I64("connections", atomic_load(&s->traffic.connections)));
    s->fails = true;
    pause_accepting(s);
}

static void on_calm(ts_timer *t)
{
    http_server *s = (http_server *)(void *)((char *)t - offsetof(http_server, calm));

    s->fails = false;
    ts_info(TS_MSG("accepting connections again"),
            TS_F_I64("connections", atomic_load(&s->traffic.connections)));
}

static void accepted(http_server *s, int fd)
{
    if (s->fails && !s->calm.is_set)
        ts_loop_set_timer(s->runners[0].shard.loop, &s->calm, ts_boot_ms() + CALM_MS);
    hand_over(s, fd);
}

static void on_listener(ts_watch *w, uint32_t events)
{
    http_server *s = (http_server *)(void *)((char *)w - offsetof(http_server, listener));

    (void)events;
    for (int i = 0; i < ACCEPTS_MAX; i++) {
        int64_t now = atomic_load(&s->traffic.connections);
        int fd;

        s->refuses = s->refuses && now >= s->connections_max;
        if (now >= s->connections_max + (s->refuses ? BEYOND_MAX : 0)) {
            pause_accepting(s);
            return;
        }
        fd = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            accepted(s, fd);
        } else if (errno == EAGAIN) {
            return;
        } else if (errno != EINTR && errno != ECONNABORTED) {
            accept_failed(s, errno);
            return;
        }
    }
}

static void on_listen_again(ts_timer *t)
{
    http_server *s = (http_server *)(void *)((char *)t - offsetof(http_server, listen_again));
    ts_loop *loop = s->runners[0].shard.loop;

    s->refuses = atomic_load(&s->traffic.connections) >= s->connections_max;
    if (ts_loop_watch(loop, &s->listener, EPOLLIN) != TS_OK)
        ts_loop_set_timer(loop, t, ts_boot_ms() + ACCEPT_PAUSE_MS);
}

static void on_shut(ts_task *task)
{
    http_server *s = (http_server *)(void *)((char *)task - offsetof(http_server, shut));
    ts_loop *loop = s->runners[0].shard.loop;
    size_t before;

    /* Who has connected is served. */
    do {
        before = s->next;
        on_listener(&s->listener, EPOLLIN);
    } while (s->next != before);
    if (!s->listen_again.is_set)
        ts_loop_unwatch(loop, &s->listener);
    ts_loop_clear_timer(loop, &s->listen_again);
    ts_loop_clear_timer(loop, &s->calm);
    (void)close(s->listener.fd);
    s->listener.fd = -1;
}

static void on_end_all(ts_task *task)
{
    runner *r = (runner *)(void *)((char *)task - offsetof(runner, end_all));

    http_conn_end_all(&r->shard);
}

static void *run(void *context)
{
    runner *r = context;

    ts_loop_run(r->shard.loop);
    return NULL;
}

/* ---- making ---- */

static ts_status parse_listen(const char *listen, struct sockaddr_in *ret, ts_error *err)
{
    const char *colon = strrchr(listen, ':');
    const char *port = colon == NULL ? listen : colon + 1;
    char host[INET_ADDRSTRLEN] = "0.0.0.0";
    uint64_t number = 0;

    *ret = (struct sockaddr_in){ .sin_family = AF_INET };
    if (colon != NULL)
        (void)snprintf(host, sizeof(host), "%.*s", (int)(colon - listen), listen);
    if (ts_parse_u64(ts_str_of(port), &number) != TS_OK || number > UINT16_MAX ||
        (colon != NULL && colon - listen >= INET_ADDRSTRLEN) ||
        inet_pton(AF_INET, host, &ret->sin_addr) != 1)
        return ts_fail(err, TS_INVALID, "TS_GATEWAY_LISTEN",
                       "the address to listen on must be like 127.0.0.1:8080");
    ret->sin_port = htons((uint16_t)number);
    return TS_OK;
}

ts_status http_server_check(const char *listen, ts_error *err)
{
    struct sockaddr_in address;
    ts_status st = parse_listen(listen, &address, err);
    int fd;

    if (st != TS_OK)
        return st;
    address.sin_port = 0;
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        st = ts_fail(err, TS_UNAVAILABLE, "TS_GATEWAY_LISTEN", "cannot listen on %s: %s", listen,
                     strerrordesc_np(errno));
    if (fd >= 0)
        (void)close(fd);
    return st;
}

static ts_status start_listening(http_server *s, const char *listen_text, ts_error *err)
{
    struct sockaddr_in address;
    socklen_t size = sizeof(address);
    ts_status st = parse_listen(listen_text, &address, err);
    int on = 1;

    if (st != TS_OK)
        return st;
    s->listener.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->listener.fd < 0 ||
        setsockopt(s->listener.fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        bind(s->listener.fd, (struct sockaddr *)&address, size) != 0 ||
        listen(s->listener.fd, BACKLOG) != 0 ||
        getsockname(s->listener.fd, (struct sockaddr *)&address, &size) != 0)
        return ts_fail(err, TS_UNAVAILABLE, "TS_GATEWAY_LISTEN", "cannot listen on %s: %s",
                       listen_text, strerrordesc_np(errno));
    s->port = ntohs(address.sin_port);
    return TS_OK;
}

static ts_status make_loops(http_server *s, const http_options *o, const http_service *service)
{
    ts_loop_options options = { .stack_bytes = STACK_BYTES,
                                .fibers_max = (size_t)o->limits.connections + BEYOND_MAX,
                                .fibers_idle = STACKS_IDLE,
                                .asides_max = ASIDES_MAX,
                                .turn_us = o->turn_us,
                                .turn_from = (size_t)o->turn_clients };

    s->runners = calloc((size_t)o->loops, sizeof(runner));
    if (s->runners == NULL)
        return TS_NOMEM;
    for (s->count = 0; s->count < (size_t)o->loops; s->count++) {
        runner *r = &s->runners[s->count];
        ts_status st;

        r->shard = (http_shard){
            .service = service, .limits = o->limits, .counts = &s->counts, .traffic = &s->traffic
        };
        r->end_all.run = on_end_all;
        st = ts_loop_new(&options, &r->shard.loop);
        if (st != TS_OK)
            return st;
    }
    return TS_OK;
}

static ts_status start(http_server *s, const http_options *o, const http_service *service,
                       ts_error *err)
{
    ts_status st = http_counts_init(&s->counts, service);

    if (st == TS_OK)
        st = make_loops(s, o, service);
    if (st == TS_OK)
        st = start_listening(s, o->listen, err);
    if (st == TS_OK)
        st = ts_loop_watch(s->runners[0].shard.loop, &s->listener, EPOLLIN);
    for (size_t i = 0; st == TS_OK && i < s->count; i++) {
        runner *r = &s->runners[i];

        r->has_thread = pthread_create(&r->thread, NULL, run, r) == 0;
        if (!r->has_thread)
            st = ts_fail(err, TS_UNAVAILABLE, "TS_GATEWAY_LOOPS", "the system has no threads left");
    }
    return st;
}

ts_status http_server_start(const http_options *options, const http_service *service,
                            http_server **ret, ts_error *err)
{
    http_server *s = calloc(1, sizeof(*s));
    ts_status st;

    if (s == NULL)
        return TS_NOMEM;
    s->connections_max = options->limits.connections;
    s->listener = (ts_watch){ .fd = -1, .ready = on_listener };
    s->listen_again.fire = on_listen_again;
    s->calm.fire = on_calm;
    s->shut.run = on_shut;
    http_traffic_init(&s->traffic);
    st = start(s, options, service, err);
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

bool http_server_drain(http_server *s, int64_t linger_ms, int64_t drain_ms)
{
    int64_t now_ms = ts_boot_ms();

    atomic_store(&s->traffic.is_draining, true);
    http_traffic_await(&s->traffic, true, now_ms + linger_ms);
    ts_loop_post(s->runners[0].shard.loop, &s->shut);
    http_traffic_await(&s->traffic, true, ts_boot_ms() + LATE_MS);
    http_traffic_await(&s->traffic, false, now_ms + drain_ms);
    return atomic_load(&s->traffic.in_work) == 0;
}

void http_server_stop(http_server *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->count; i++) {
        runner *r = &s->runners[i];

        if (!r->has_thread)
            continue;
        ts_loop_post(r->shard.loop, &r->end_all);
        ts_loop_end(r->shard.loop);
        (void)pthread_join(r->thread, NULL);
    }
    for (size_t i = 0; i < s->count; i++) {
        http_works_done(&s->runners[i].shard.works);
        ts_loop_free(s->runners[i].shard.loop);
    }
    if (s->listener.fd >= 0)
        (void)close(s->listener.fd);
    free(s->runners);
    http_counts_done(&s->counts);
    http_traffic_done(&s->traffic);
    free(s);
}
