/* The two ends that the webhook benchmarks need.
 *
 *   webhook_peer sink PORT
 *       A receiver on one thread. What stands first in the path says how it answers: /fast at once, /slow after 50 ms, /hang
 *       never. Bodies carry the millisecond they were published at as "t"; GET /stats gives what arrived, by the second part
 *       of the path (/fast/NAME): count, distinct events, and percentiles of the delay in ms. GET /clear forgets it.
 *   webhook_peer feed BUS FIRST ORGS URL RATE COUNT
 *       Makes an endpoint for each of ORGS organizations from FIRST on (unless URL is "-"), then publishes COUNT events in
 *       turn for them, RATE a second (0: as fast as it is acknowledged), over the bus as a producer's relay would. Prints the
 *       seconds it took until the last was acknowledged.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "proto/methods.h"
#include "ts/id.h"
#include "ts/time.h"

#define ROWS_MAX    100
#define REQUEST_MAX 8192
#define CONNECTIONS 4096
#define CLASSES_MAX 16
#define SAMPLES_MAX 2000000
#define SLOW_MS     50
#define FEED_ARENA  ((size_t)64 << 20)
#define SEEN_SLOTS  (1u << 22)

/* ---- the sink ---- */

typedef struct connection {
    int fd;
    size_t n;
    int64_t answer_ms; /* when the slow answer goes out; 0: none waits */
    char bytes[REQUEST_MAX];
} connection;

typedef struct class
{
    char name[32];
    uint32_t *delays;
    size_t count;
    size_t distinct;
} class;

static class classes[CLASSES_MAX];
static size_t class_count;
static uint64_t *seen; /* hashes of event ids by class */
static connection *by_fd[CONNECTIONS];

static class *class_of(const char *name, size_t n)
{
    for (size_t i = 0; i < class_count; i++) {
        if (strlen(classes[i].name) == n && memcmp(classes[i].name, name, n) == 0)
            return &classes[i];
    }
    if (class_count == CLASSES_MAX || n >= sizeof(classes[0].name))
        return &classes[0];
    memcpy(classes[class_count].name, name, n);
    classes[class_count].delays = calloc(SAMPLES_MAX, sizeof(uint32_t));
    return &classes[class_count++];
}

static void forget_all(void)
{
    for (size_t i = 0; i < class_count; i++)
        classes[i].count = classes[i].distinct = 0;
    memset(seen, 0, SEEN_SLOTS * sizeof(*seen));
}

static bool is_new(const char *id, size_t n)
{
    uint64_t hash = ts_hash_mem(id, n) | 1;

    for (size_t i = hash & (SEEN_SLOTS - 1);; i = (i + 1) & (SEEN_SLOTS - 1)) {
        if (seen[i] == hash)
            return false;
        if (seen[i] == 0) {
            seen[i] = hash;
            return true;
        }
    }
}

static void take(const char *path, const char *body)
{
    const char *name = strchr(path + 1, '/');
    const char *end = strchr(path + 1, ' ');
    const char *at = strstr(body, "\"t\":");
    const char *id = strstr(body, "evt_");
    class *c;

    if (name == NULL || end == NULL || name > end)
        name = path;
    c = class_of(name + 1, (size_t)(end - name - 1));
    if (c->delays == NULL || c->count == SAMPLES_MAX)
        return;
    c->delays[c->count++] = at == NULL ? 0 : (uint32_t)(ts_wall_ms() - strtoll(at + 4, NULL, 10));
    if (id != NULL)
        c->distinct += is_new(id, strcspn(id, "\""));
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

static void stats(char *out, size_t size)
{
    size_t n = (size_t)snprintf(out, size, "{");

    for (size_t i = 0; i < class_count; i++) {
        class *c = &classes[i];

        qsort(c->delays, c->count, sizeof(uint32_t), by_value);
        n += (size_t)snprintf(
            out + n, size - n,
            "%s\"%s\":{\"count\":%zu,\"distinct\":%zu,\"p50\":%u,\"p99\":%u,\"max\":%u}",
            i == 0 ? "" : ",", c->name, c->count, c->distinct,
            c->count == 0 ? 0 : c->delays[c->count / 2],
            c->count == 0 ? 0 : c->delays[c->count * 99 / 100],
            c->count == 0 ? 0 : c->delays[c->count - 1]);
    }
    snprintf(out + n, size - n, "}");
}

static void send_text(int fd, const char *body)
{
    char answer[4096];
    int n = snprintf(answer, sizeof(answer), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
                     strlen(body), body);

    if (send(fd, answer, (size_t)n, MSG_NOSIGNAL) != n)
        shutdown(fd, SHUT_RDWR);
}

/* Answers what is whole; false: it is never answered. */
static void serve(connection *c)
{
    for (;;) {
        char *end, *length;
        size_t head, body, whole;
        char after;

        c->bytes[c->n] = '\0';
        end = strstr(c->bytes, "\r\n\r\n");
        if (end == NULL)
            return;
        head = (size_t)(end - c->bytes) + 4;
        length = strcasestr(c->bytes, "content-length:");
        body = length == NULL || length > end ? 0 : strtoul(length + 15, NULL, 10);
        whole = head + body;
        if (c->n < whole)
            return;
        after = c->bytes[whole];
        c->bytes[whole] = '\0';
        if (strncmp(c->bytes, "GET /stats", 10) == 0) {
            char text[3072];

            stats(text, sizeof(text));
            send_text(c->fd, text);
        } else if (strncmp(c->bytes, "GET /clear", 10) == 0) {
            forget_all();
            send_text(c->fd, "{}");
        } else {
            char *path = strchr(c->bytes, ' ') + 1;

            take(path, end);
            if (strncmp(path, "/fast", 5) == 0)
                send_text(c->fd, "");
            else if (strncmp(path, "/slow", 5) == 0)
                c->answer_ms = ts_boot_ms() + SLOW_MS;
        }
        c->bytes[whole] = after;
        memmove(c->bytes, c->bytes + whole, c->n - whole);
        c->n -= whole;
    }
}

static void close_connection(connection *c)
{
    by_fd[c->fd] = NULL;
    close(c->fd);
    free(c);
}

static void accept_all(int listener, int poll)
{
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        struct epoll_event e = { .events = EPOLLIN };
        int one = 1;

        if (fd < 0)
            return;
        if (fd >= CONNECTIONS || (by_fd[fd] = calloc(1, sizeof(connection))) == NULL) {
            close(fd);
            continue;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        by_fd[fd]->fd = fd;
        e.data.fd = fd;
        epoll_ctl(poll, EPOLL_CTL_ADD, fd, &e);
    }
}

static void read_some(connection *c)
{
    ssize_t n = recv(c->fd, c->bytes + c->n, REQUEST_MAX - 1 - c->n, 0);

    if (n <= 0 && !(n < 0 && errno == EAGAIN)) {
        close_connection(c);
        return;
    }
    if (n > 0)
        c->n += (size_t)n;
    serve(c);
}

static void answer_slow(void)
{
    int64_t now_ms = ts_boot_ms();

    for (size_t fd = 0; fd < CONNECTIONS; fd++) {
        if (by_fd[fd] != NULL && by_fd[fd]->answer_ms != 0 && by_fd[fd]->answer_ms <= now_ms) {
            by_fd[fd]->answer_ms = 0;
            send_text((int)fd, "");
        }
    }
}

static int sink(int port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int poll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event e = { .events = EPOLLIN };
    int one = 1;

    seen = calloc(SEEN_SLOTS, sizeof(*seen));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (seen == NULL || bind(listener, (struct sockaddr *)&at, sizeof(at)) != 0 ||
        listen(listener, 1024) != 0)
        return 1;
    e.data.fd = listener;
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &e);
    for (;;) {
        struct epoll_event events[256];
        int n = epoll_wait(poll, events, 256, 5);

        for (int i = 0; i < n; i++) {
            if (events[i].data.fd == listener)
                accept_all(listener, poll);
            else if (by_fd[events[i].data.fd] != NULL)
                read_some(by_fd[events[i].data.fd]);
        }
        answer_slow();
    }
}

/* ---- the feed ---- */

static ts_caller caller_for(uint64_t org)
{
    return (ts_caller){ .tenant = { org, TS_MODE_LIVE },
                        .request_id = "",
                        .actor = "service:bench",
                        .client_addr = "",
                        .traceparent = "",
                        .idempotency_key = "",
                        .deadline_boot_ms = ts_boot_ms() + 30000 };
}

static bool make_endpoints(ts_peer *peer, uint64_t first, uint64_t orgs, const char *url)
{
    ts_arena *arena = ts_arena_new(FEED_ARENA);
    ts_error err = { "", "" };
    ts_status st = TS_OK;

    for (uint64_t i = 0; i < orgs && st == TS_OK; i++) {
        Ts__Webhooks__CreateEndpointRequest request = TS__WEBHOOKS__CREATE_ENDPOINT_REQUEST__INIT;
        ts_caller who = caller_for(first + i);
        ProtobufCMessage *out = NULL;

        request.url = (char *)(uintptr_t)url;
        st =
            ts_rpc_call(peer, &ts_webhooks_create_endpoint, &who, &request.base, arena, &out, &err);
        ts_arena_reset(arena);
    }
    if (st != TS_OK)
        fprintf(stderr, "endpoint: %s\n", err.text);
    ts_arena_free(arena);
    return st == TS_OK;
}

/* The same rows again until they are taken: a ledger that is killed comes back. */
static void hand_over(ts_peer *peer, Ts__HandOverRequest *request, ts_arena *arena)
{
    struct timespec pause = { 0, 20000000 };

    for (;;) {
        ts_caller who = caller_for(0);
        ProtobufCMessage *out = NULL;
        ts_error err = { "", "" };
        ts_status st =
            ts_rpc_call(peer, &ts_webhooks_accept, &who, &request->base, arena, &out, &err);

        if (st == TS_OK &&
            ((const Ts__HandOverReply *)out)->last_seq >= request->rows[request->n_rows - 1]->seq)
            return;
        nanosleep(&pause, NULL);
    }
}

static int feed(const char *bus, uint64_t first, uint64_t orgs, const char *url, double rate,
                uint64_t count)
{
    static uint8_t payloads[ROWS_MAX][1024];
    static Ts__HandOverRow rows[ROWS_MAX];
    Ts__HandOverRow *list[ROWS_MAX];
    Ts__HandOverRequest request = TS__HAND_OVER_REQUEST__INIT;
    ts_arena *arena = ts_arena_new(FEED_ARENA);
    uint8_t producer[16];
    ts_peer *peer = NULL;
    int64_t started_us;

    if (ts_random(producer, sizeof(producer)) != TS_OK ||
        ts_peer_new("webhooks", bus, &peer, NULL) != TS_OK ||
        (strcmp(url, "-") != 0 && !make_endpoints(peer, first, orgs, url)))
        return 1;
    request.producer.data = producer;
    request.producer.len = sizeof(producer);
    request.epoch = 1;
    request.rows = list;
    started_us = ts_boot_us();
    for (uint64_t sent = 0; sent < count;) {
        double due = (double)(ts_boot_us() - started_us) / 1e6 * rate;
        uint64_t want = rate <= 0 ? count : (uint64_t)due;
        struct timespec pause = { 0, 1000000 };

        if (want > count)
            want = count;
        if (want <= sent) {
            nanosleep(&pause, NULL);
            continue;
        }
        request.n_rows = want - sent < ROWS_MAX ? (size_t)(want - sent) : ROWS_MAX;
        for (size_t i = 0; i < request.n_rows; i++) {
            Ts__WebhookPublish p = TS__WEBHOOK_PUBLISH__INIT;
            char data[256];
            uint8_t cause[16];

            ts_ignore(ts_random(cause, sizeof(cause)));
            p.cause.data = cause;
            p.cause.len = sizeof(cause);
            p.event = (char *)(uintptr_t) "incident.created";
            p.at_ms = ts_wall_ms();
            snprintf(data, sizeof(data),
                     "{\"t\":%lld,\"incident_id\":\"inc_3aZkQ0\",\"severity\":\"high\",\"title\":"
                     "\"Possible account takeover\",\"affected_user\":\"j.smith@example.com\"}",
                     (long long)p.at_ms);
            p.data = data;
            rows[i] = (Ts__HandOverRow)TS__HAND_OVER_ROW__INIT;
            rows[i].seq = sent + i + 1;
            rows[i].org = first + (sent + i) % orgs;
            rows[i].kind = (char *)(uintptr_t) "webhook";
            rows[i].at_ms = p.at_ms;
            rows[i].payload.data = payloads[i];
            rows[i].payload.len = protobuf_c_message_pack(&p.base, payloads[i]);
            list[i] = &rows[i];
        }
        hand_over(peer, &request, arena);
        ts_arena_reset(arena);
        sent += request.n_rows;
    }
    printf("%.3f\n", (double)(ts_boot_us() - started_us) / 1e6);
    ts_peer_free(peer);
    ts_arena_free(arena);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "sink") == 0)
        return sink((int)strtol(argv[2], NULL, 10));
    if (argc == 8 && strcmp(argv[1], "feed") == 0)
        return feed(argv[2], strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10), argv[5],
                    strtod(argv[6], NULL), strtoull(argv[7], NULL, 10));
    fprintf(stderr, "usage: webhook_peer sink PORT | feed BUS FIRST ORGS URL RATE COUNT\n");
    return 2;
}
