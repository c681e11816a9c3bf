/* Connections of the sender from one request to the next: kept, ended by either side, spoken on out of turn; how jobs spread over
 * its threads; a name whose servers do not answer. A request whose socket nobody waits for would end by its time limit. */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <unistd.h>

#include "check.h"
#include "send.h"

#define PEERS_MAX  64
#define ANSWER     "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define LAST       "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"
#define TIMEOUT_MS 8000

/* ---- names: libcurl asks us ---- */

#define SLOW_NAME    "slow.example"
#define SLOW_NAME_MS 20000 /* if the test does not end it */

static atomic_int slow_asked, slow_told;
static atomic_bool slow_may_end;

static int ask_libc(const char *name, const char *service, const struct addrinfo *hints,
                    struct addrinfo **ret)
{
    int (*libc)(const char *, const char *, const struct addrinfo *, struct addrinfo **) = NULL;

    *(void **)&libc = dlsym(RTLD_NEXT, "getaddrinfo");
    return libc(name, service, hints, ret);
}

#define MIXED_NAME "mixed.example" /* one address that is allowed, then one that is not */

static int give_mixed(const char *service, struct addrinfo **ret)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST };
    struct addrinfo *refused = NULL;

    CHECK_EQ(ask_libc("127.0.0.1", service, &hints, ret), 0);
    CHECK_EQ(ask_libc("2001:db8::1", service, &hints, &refused), 0);
    (*ret)->ai_next = refused;
    return 0;
}

/* NOLINTNEXTLINE: in the place of the C library's */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **ret)
{
    struct timespec pause = { 0, 2000000 };
    int64_t until_ms = ts_boot_ms() + SLOW_NAME_MS;

    if (name != NULL && strcmp(name, MIXED_NAME) == 0)
        return give_mixed(service, ret);
    if (name == NULL || strcmp(name, SLOW_NAME) != 0)
        return ask_libc(name, service, hints, ret);
    atomic_fetch_add(&slow_asked, 1);
    while (!atomic_load(&slow_may_end) && ts_boot_ms() < until_ms)
        nanosleep(&pause, NULL);
    atomic_fetch_add(&slow_told, 1);
    return EAI_AGAIN;
}

/* ---- a receiver ---- */

typedef struct receiver {
    pthread_t thread;
    struct pollfd polled[PEERS_MAX]; /* first the listener */
    char got[PEERS_MAX][4096];
    size_t got_n[PEERS_MAX];
    size_t answered[PEERS_MAX];
    nfds_t count;
    uint16_t port;
    size_t hold;  /* answers only when so many requests wait */
    bool closes;  /* after each answer, without a word */
    bool forgets; /* closes when it is asked a second thing on one connection */
    bool parts;   /* says with each answer that it is the last */
    bool chats;   /* says more after each answer */
    atomic_int accepted;
    atomic_bool stopping;
} receiver;

static void drop(receiver *r, nfds_t i)
{
    close(r->polled[i].fd);
    r->count--;
    r->polled[i] = r->polled[r->count];
    memcpy(r->got[i], r->got[r->count], sizeof(r->got[i]));
    r->got_n[i] = r->got_n[r->count];
    r->answered[i] = r->answered[r->count];
}

static bool is_whole(const receiver *r, nfds_t i)
{
    return r->got_n[i] > 6 && memcmp(r->got[i] + r->got_n[i] - 6, "\r\n\r\n{}", 6) == 0;
}

static void answer(receiver *r, nfds_t i)
{
    const char *text = r->parts ? LAST : ANSWER;

    if (r->forgets && r->answered[i] > 0) {
        drop(r, i);
        return;
    }
    r->answered[i]++;
    CHECK(send(r->polled[i].fd, text, strlen(text), MSG_NOSIGNAL) > 0);
    r->got_n[i] = 0;
    if (r->chats) /* it may have hung up by then */
        (void)!send(r->polled[i].fd, ANSWER, strlen(ANSWER), MSG_NOSIGNAL);
    if (r->closes)
        drop(r, i);
}

static void take_peers(receiver *r)
{
    int fd = accept(r->polled[0].fd, NULL, NULL);

    CHECK(fd >= 0 && r->count < PEERS_MAX);
    atomic_fetch_add(&r->accepted, 1);
    r->polled[r->count] = (struct pollfd){ .fd = fd, .events = POLLIN };
    r->answered[r->count] = 0;
    r->got_n[r->count++] = 0;
}

static void *receive(void *argument)
{
    receiver *r = argument;

    while (!atomic_load(&r->stopping)) {
        size_t whole = 0;

        poll(r->polled, r->count, 20);
        if ((r->polled[0].revents & POLLIN) != 0)
            take_peers(r);
        for (nfds_t i = r->count; i-- > 1;) {
            ssize_t n;

            if (r->polled[i].revents == 0)
                continue;
            n = recv(r->polled[i].fd, r->got[i] + r->got_n[i], sizeof(r->got[i]) - r->got_n[i], 0);
            if (n <= 0)
                drop(r, i);
            else
                r->got_n[i] += (size_t)n;
        }
        for (nfds_t i = 1; i < r->count; i++)
            whole += is_whole(r, i);
        for (nfds_t i = r->count; whole >= r->hold && i-- > 1;) {
            if (is_whole(r, i))
                answer(r, i);
        }
    }
    while (r->count > 0)
        drop(r, r->count - 1);
    return NULL;
}

static void receiver_start(receiver *r)
{
    struct sockaddr_in in = { .sin_family = AF_INET };
    socklen_t n = sizeof(in);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK_EQ(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
    CHECK_EQ(listen(fd, 64), 0);
    CHECK_EQ(getsockname(fd, (struct sockaddr *)&in, &n), 0);
    r->port = ntohs(in.sin_port);
    r->polled[0] = (struct pollfd){ .fd = fd, .events = POLLIN };
    r->count = 1;
    CHECK_EQ(pthread_create(&r->thread, NULL, receive, r), 0);
}

static void receiver_stop(receiver *r)
{
    atomic_store(&r->stopping, true);
    pthread_join(r->thread, NULL);
}

typedef struct bench {
    dispatcher_config config;
    ts_ssrf_policy policy;
    sender *sender;
    work work;
} bench;

static void bench_start_with(bench *b, int64_t parallel, int64_t threads, int64_t timeout_ms)
{
    b->config = (dispatcher_config){
        .allow_http = true, .parallel = parallel, .threads = threads, .timeout_ms = timeout_ms
    };
    CHECK_EQ(ts_ssrf_policy_parse(TS_STR_LIT("127.0.0.0/8,::1/128"), &b->policy, NULL), TS_OK);
    work_init(&b->work, (uint32_t)parallel);
    CHECK_EQ(sender_start(&b->config, &b->policy, &b->work, &b->sender, NULL), TS_OK);
}

static void bench_start(bench *b, int64_t parallel, int64_t threads)
{
    bench_start_with(b, parallel, threads, TIMEOUT_MS);
}

static void bench_stop(bench *b)
{
    sender_stop(b->sender, 0);
    work_done(&b->work);
}

static void put(bench *b, const char *url)
{
    work_batch *batch = calloc(1, sizeof(*batch));
    work_job *job = calloc(1, sizeof(*job));
    Ts__Webhooks__LeasedDelivery *d;

    CHECK(batch != NULL && job != NULL && (batch->arena = ts_arena_new(65536)) != NULL);
    d = ts_arena_alloc(batch->arena, sizeof(*d));
    CHECK(d != NULL);
    ts__webhooks__leased_delivery__init(d);
    d->url = (char *)(uintptr_t)url; /* only read */
    d->body.data = (uint8_t *)(uintptr_t) "{}";
    d->body.len = 2;
    d->n_headers = 40; /* more than there is room for from the start */
    d->headers = ts_arena_array(batch->arena, d->n_headers, sizeof(char *));
    CHECK(d->headers != NULL);
    for (size_t i = 0; i < d->n_headers; i++)
        d->headers[i] = ts_arena_printf(batch->arena, "X-Number-%zu: %zu", i, i);
    batch->refs = 1;
    job->batch = batch;
    job->delivery = d;
    job->error = "";
    job->lease_until_boot_ms = ts_boot_ms() + 60000;
    pthread_mutex_lock(&b->work.lock);
    b->work.taken++;
    work_push(&b->work.todo, job);
    pthread_mutex_unlock(&b->work.lock);
    sender_wake(b->sender);
}

static work_job *take(bench *b)
{
    work_job *job;

    pthread_mutex_lock(&b->work.lock);
    while ((job = work_pop(&b->work.done)) == NULL)
        work_wait(&b->work, -1);
    pthread_mutex_unlock(&b->work.lock);
    return job;
}

static void all_are_answered(bench *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        work_job *job = take(b);

        if (job->status_code != 200)
            fprintf(stderr, "%zu: %u %s\n", i, job->status_code, job->error);
        CHECK_EQ(job->status_code, 200);
        CHECK_EQ(job->response_n, 2);
        work_release(&b->work, &job, 1);
    }
}

static void one_after_another(receiver *r, size_t count)
{
    bench b;
    char url[64];

    receiver_start(r);
    bench_start(&b, 4, 2);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/", r->port);
    for (size_t i = 0; i < count; i++) {
        put(&b, url);
        all_are_answered(&b, 1);
    }
    bench_stop(&b);
    receiver_stop(r);
}

static void a_connection_is_used_again(void)
{
    receiver r = { .hold = 1 };

    one_after_another(&r, 20);
    CHECK_EQ(atomic_load(&r.accepted), 1);
}

static void a_connection_closed_at_rest_is_replaced(void)
{
    receiver r = { .hold = 1, .closes = true };

    one_after_another(&r, 20);
    CHECK_EQ(atomic_load(&r.accepted), 20);
}

/* As receivers do that close what rested for long just as it is used again. */
static void a_connection_that_ends_as_it_is_used_again_fails_nothing(void)
{
    receiver r = { .hold = 1, .forgets = true };

    one_after_another(&r, 20);
    CHECK_EQ(atomic_load(&r.accepted), 20);
}

/* libcurl closes it before it is told of, so that the next socket has the same number. */
static void a_last_answer_ends_its_connection(void)
{
    receiver r = { .hold = 1, .parts = true };

    one_after_another(&r, 20);
    CHECK_EQ(atomic_load(&r.accepted), 20);
}

static void an_answer_to_nothing_is_nobodys(void)
{
    receiver r = { .hold = 1, .chats = true };

    one_after_another(&r, 20);
}

static void a_full_thread_hands_over_to_the_next(int64_t parallel, int64_t threads, size_t count)
{
    receiver r = { .hold = count };
    bench b;
    char url[64];

    receiver_start(&r);
    bench_start(&b, parallel, threads);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/", r.port);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < count; i++)
            put(&b, url);
        all_are_answered(&b, count); /* none is, unless all are under way */
    }
    bench_stop(&b);
    receiver_stop(&r);
}

static void all_that_may_be_are_under_way_at_once(void)
{
    a_full_thread_hands_over_to_the_next(8, 1, 8);
    a_full_thread_hands_over_to_the_next(8, 2, 8);
    a_full_thread_hands_over_to_the_next(7, 3, 7);
    a_full_thread_hands_over_to_the_next(2, 16, 2);
}

/* Whoever owns a name can make its servers take longer than an attempt may: that is the end of the attempt, and of no other
 * on the same thread. */
static void a_name_without_an_answer_holds_up_nobody_else(void)
{
    receiver r = { .hold = 1 };
    bench b;
    char url[64];
    work_job *job;

    receiver_start(&r);
    bench_start_with(&b, 4, 1, 1000);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/", r.port);
    put(&b, "http://" SLOW_NAME "/");
    CHECK_SOON(atomic_load(&slow_asked) == 1);
    put(&b, url);
    all_are_answered(&b, 1);
    job = take(&b);
    CHECK(strcmp(job->error, "timeout") == 0);
    work_release(&b.work, &job, 1);
    put(&b, url);
    all_are_answered(&b, 1);
    CHECK_EQ(atomic_load(&slow_told), 0); /* all that while nobody knew the name */
    bench_stop(&b);
    CHECK_EQ(atomic_load(&slow_told), 0); /* nor does a stop wait for it */
    atomic_store(&slow_may_end, true);
    CHECK_SOON(atomic_load(&slow_told) == 1);
    receiver_stop(&r);
}

/* ---- a name of which one address is refused ---- */

static atomic_int refused_count;

bool __real_ts_ssrf_allows(const ts_ssrf_policy *policy,
                           const struct sockaddr *address); /* NOLINT: the linker's name */
bool __wrap_ts_ssrf_allows(const ts_ssrf_policy *policy,
                           const struct sockaddr *address); /* NOLINT */

/* The linker has it called in the place of the other. */
bool __wrap_ts_ssrf_allows(const ts_ssrf_policy *policy, const struct sockaddr *address)
{
    bool allows = __real_ts_ssrf_allows(policy, address);

    if (!allows)
        atomic_fetch_add(&refused_count, 1);
    return allows;
}

/* Somebody comes within 10 s. */
static int next_peer(int fd)
{
    struct pollfd polled = { .fd = fd, .events = POLLIN };

    CHECK_EQ(poll(&polled, 1, 10000), 1);
    return accept(fd, NULL, NULL);
}

/* The first address takes its time, so that the second is tried beside it and refused; then the first is there after all. */
static void a_refused_address_ends_the_attempt_at_the_others(void)
{
    struct sockaddr_in in = { .sin_family = AF_INET };
    socklen_t n = sizeof(in);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int fills = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char url[64], got[64];
    work_job *job;
    int peer;
    bench b;

    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK_EQ(bind(listener, (struct sockaddr *)&in, sizeof(in)), 0);
    CHECK_EQ(listen(listener, 0), 0);
    CHECK_EQ(getsockname(listener, (struct sockaddr *)&in, &n), 0);
    CHECK_EQ(connect(fills, (struct sockaddr *)&in, sizeof(in)), 0); /* no room for another */
    bench_start(&b, 4, 1);
    snprintf(url, sizeof(url), "http://" MIXED_NAME ":%d/", ntohs(in.sin_port));
    put(&b, url);
    CHECK_SOON(atomic_load(&refused_count) > 0);
    close(next_peer(listener));
    peer = next_peer(listener); /* the next SYN of the first address */
    if (recv(peer, got, sizeof(got), 0) > 0)
        CHECK(send(peer, ANSWER, strlen(ANSWER), MSG_NOSIGNAL) > 0);
    job = take(&b);
    CHECK(strcmp(job->error, "blocked_address") == 0);
    CHECK_EQ(job->status_code, 0);
    work_release(&b.work, &job, 1);
    close(peer);
    close(fills);
    close(listener);
    bench_stop(&b);
}

int main(void)
{
    CHECK_EQ(curl_global_init(CURL_GLOBAL_DEFAULT), CURLE_OK);
    RUN(a_connection_is_used_again);
    RUN(a_connection_closed_at_rest_is_replaced);
    RUN(a_connection_that_ends_as_it_is_used_again_fails_nothing);
    RUN(a_last_answer_ends_its_connection);
    RUN(an_answer_to_nothing_is_nobodys);
    RUN(all_that_may_be_are_under_way_at_once);
    RUN(a_refused_address_ends_the_attempt_at_the_others);
    RUN(a_name_without_an_answer_holds_up_nobody_else);
    curl_global_cleanup();
    return 0;
}
