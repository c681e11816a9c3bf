/* The language model's endpoint against a server that answers in every wrong way, and from many threads at once. A plain program,
 * since Criterion does not run under ThreadSanitizer. */
#include "agent/endpoint.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "standin.h"
#include "ts/time.h"

#define SHORT_MS   300
#define LONG_MS    20000
#define PAUSE_MS   3000 /* longer than a busy machine takes from one question to the next */
#define ANSWER_MAX 4096
#define ASKERS     8
#define ASKS       20

#define GOOD_BODY "{\"choices\":[{\"message\":{\"content\":\"{}\"},\"finish_reason\":\"stop\"}]}"

static int listener;
static int port;
static const char *_Atomic reply; /* "": none, until the client goes */
static atomic_int drips;          /* a byte each 20 ms, for ever, after the reply */
static atomic_int fills;          /* more bytes at once, for ever */
static atomic_bool hangs_up;      /* when it is asked a second thing on one connection */
static atomic_int connections, requests;
static atomic_bool has_key;

static void say(const char *status, const char *body)
{
    static char texts[64][512]; /* none is changed while a thread may still send it */
    static size_t next;
    char *text = texts[next++ % TS_COUNT(texts)];

    snprintf(text, sizeof(texts[0]), "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s", status,
             body == NULL ? 4000 : strlen(body), body == NULL ? "{" : body);
    atomic_store(&reply, text);
}

static bool read_request(int fd)
{
    char text[65536];
    size_t n = 0;
    const char *end = NULL;
    const char *length;

    while (n + 1 < sizeof(text)) {
        ssize_t got = read(fd, text + n, sizeof(text) - 1 - n);

        if (got <= 0)
            return false;
        n += (size_t)got;
        text[n] = '\0';
        end = strstr(text, "\r\n\r\n");
        length = strcasestr(text, "Content-Length: ");
        if (end != NULL && length != NULL &&
            n >= (size_t)(end + 4 - text) + strtoul(length + 16, NULL, 10))
            break;
    }
    CHECK(end != NULL && strncmp(text, "POST /v1/chat/completions HTTP/1.1\r\n", 36) == 0);
    CHECK(strstr(end, "\"response_format\":{\"type\":\"json_object\"}") != NULL);
    atomic_store(&has_key, strstr(text, "\r\nAuthorization: Bearer sk-test\r\n") != NULL);
    atomic_fetch_add(&requests, 1);
    return true;
}

static bool put(int fd, const char *text, size_t n)
{
    return send(fd, text, n, MSG_NOSIGNAL) == (ssize_t)n;
}

static void *serve(void *context)
{
    int fd = (int)(intptr_t)context;
    static const char filling[1024] = { ' ' };
    struct timespec pause = { 0, 20000000 };

    for (int asked = 0; read_request(fd); asked++) {
        const char *text = atomic_load(&reply);
        bool is_there;

        if (asked > 0 && atomic_load(&hangs_up))
            break;
        is_there = put(fd, text, strlen(text));

        while (is_there && atomic_load(&fills))
            is_there = put(fd, filling, sizeof(filling));
        while (is_there && atomic_load(&drips)) {
            is_there = put(fd, " ", 1);
            (void)nanosleep(&pause, NULL);
        }
    }
    (void)close(fd);
    return NULL;
}

static void *listen_on(void *unused)
{
    int fd;

    (void)unused;
    while ((fd = accept(listener, NULL, NULL)) >= 0) {
        pthread_t thread;

        atomic_fetch_add(&connections, 1);
        CHECK(pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) == 0);
        (void)pthread_detach(thread);
    }
    return NULL;
}

static void start_server(pthread_t *ret)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t n = sizeof(address);

    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    CHECK(bind(listener, (struct sockaddr *)&address, n) == 0 && listen(listener, 64) == 0);
    CHECK(getsockname(listener, (struct sockaddr *)&address, &n) == 0);
    port = ntohs(address.sin_port);
    CHECK(pthread_create(ret, NULL, listen_on, NULL) == 0);
}

static endpoint *make(int at, int64_t parallel, int64_t failures, int64_t pause_ms,
                      const char *key_file)
{
    char url[64];
    endpoint_options options = { .url = url,
                                 .model = "small",
                                 .key_file = key_file,
                                 .ca_file = "",
                                 .parallel = parallel,
                                 .answer_max = ANSWER_MAX,
                                 .failures = failures,
                                 .pause_ms = pause_ms };
    endpoint *e = NULL;
    ts_error err = { .text = "" };

    snprintf(url, sizeof(url), "http://127.0.0.1:%d/v1/", at);
    CHECK(endpoint_new(&options, &e, &err) == TS_OK);
    return e;
}

static endpoint_outcome inquire_for(endpoint *e, int64_t timeout_ms, bool *ret_is_good)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(65536);
    ts_str text = TS_STR_NULL;
    int64_t start_ms = ts_boot_ms();
    endpoint_outcome outcome = endpoint_ask(e, TS_STR_LIT("system \"words\""), TS_STR_LIT("user"),
                                            start_ms + timeout_ms, arena, &text);

    *ret_is_good = ts_str_is(text, "{}");
    return outcome;
}

static endpoint_outcome inquire(endpoint *e, int64_t timeout_ms)
{
    bool is_good;

    return inquire_for(e, timeout_ms, &is_good);
}

static void each_way_to_fail_has_its_outcome(void)
{
    static const struct {
        const char *status; /* and headers */
        const char *body;   /* NULL: a part of one, and no more */
        endpoint_outcome outcome;
    } cases[] = {
        { "401 Unauthorized", "", ENDPOINT_REFUSED },
        { "403 Forbidden", "", ENDPOINT_REFUSED },
        { "429 Too Many Requests", "", ENDPOINT_LIMITED },
        { "500 Internal Server Error", "{}", ENDPOINT_ERROR },
        { "201 Created", "{}", ENDPOINT_ERROR },
        { "302 Found\r\nLocation: /v1/other", "", ENDPOINT_REDIRECT },
        { "307 Temporary Redirect\r\nLocation: file:///etc/passwd", "", ENDPOINT_REDIRECT },
        { "200 OK", "hello", ENDPOINT_GARBAGE },
        { "200 OK", "", ENDPOINT_GARBAGE },
        { "200 OK", "{}", ENDPOINT_GARBAGE },
        { "200 OK", "{\"choices\":[]}", ENDPOINT_GARBAGE },
        { "200 OK", "{\"choices\":[{\"message\":{\"content\":null}}]}", ENDPOINT_GARBAGE },
        { "200 OK",
          "{\"choices\":[{\"message\":{\"content\":\"{}\"},"
          "\"finish_reason\":\"length\"}]}",
          ENDPOINT_GARBAGE },
        { "200 OK\r\nX: y", NULL, ENDPOINT_TIMEOUT },
        { "200 OK", GOOD_BODY, ENDPOINT_ANSWERED },
    };
    endpoint *e = make(port, 1, 1000, 100, "");

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        int before = atomic_load(&requests);
        endpoint_outcome outcome;

        say(cases[i].status, cases[i].body);
        outcome = inquire(e, cases[i].outcome == ENDPOINT_TIMEOUT ? SHORT_MS : LONG_MS);
        if (outcome != cases[i].outcome)
            fprintf(stderr, "%s\n%s\n%s\n", cases[i].status, cases[i].body,
                    endpoint_outcome_name(outcome));
        CHECK(outcome == cases[i].outcome);
        CHECK(atomic_load(&requests) == before + 1); /* no redirect was followed */
        if (outcome == ENDPOINT_TIMEOUT) {           /* its thread may be at it a moment longer */
            say("200 OK", GOOD_BODY);
            while (inquire(e, LONG_MS) == ENDPOINT_BUSY)
                (void)usleep(1000);
        }
    }
    CHECK(!atomic_load(&has_key));
    endpoint_free(e);
}

static void what_is_too_large_or_too_slow_is_cut(void)
{
    endpoint *e = make(port, 1, 1000, 100, "");

    atomic_store(&fills, 1);
    atomic_store(&reply, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    CHECK(inquire(e, LONG_MS) == ENDPOINT_TOO_LARGE);
    atomic_store(&reply, "HTTP/1.1 200 OK\r\nX: ");
    CHECK(inquire(e, LONG_MS) == ENDPOINT_UNREACHABLE); /* libcurl's own limit of a line */
    atomic_store(&fills, 0);
    atomic_store(&drips, 1);
    atomic_store(&reply, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{");
    while (inquire(e, SHORT_MS) != ENDPOINT_TIMEOUT)
        ;
    atomic_store(&drips, 0);
    endpoint_free(e);
}

/* As servers do that close what rested for long just as it is used again. */
static void a_connection_that_ends_as_it_is_used_again_fails_nothing(void)
{
    endpoint *e = make(port, 1, 1, 100, "");
    int before = atomic_load(&connections);

    say("200 OK", GOOD_BODY);
    atomic_store(&hangs_up, true);
    for (int i = 0; i < ASKS; i++)
        CHECK(inquire(e, LONG_MS) == ENDPOINT_ANSWERED);
    CHECK(atomic_load(&connections) == before + ASKS); /* the first question on each was answered */
    atomic_store(&hangs_up, false);
    endpoint_free(e);
}

static void nobody_waits_behind_one_that_hangs(void)
{
    endpoint *e = make(port, 1, 1000, 100, "");
    int64_t start_ms = ts_boot_ms();

    atomic_store(&reply, "");
    CHECK(inquire(e, SHORT_MS) == ENDPOINT_TIMEOUT);
    CHECK(ts_boot_ms() - start_ms >= SHORT_MS - 1);
    CHECK(inquire(e, 0) == ENDPOINT_TIMEOUT);
    /* Let go while its thread still is at work, perhaps. */
    endpoint_free(e);
}

static void who_does_not_answer_is_left_alone_for_a_while(void)
{
    endpoint *e = make(port, 2, 2, PAUSE_MS, "");
    int before;

    say("500 Internal Server Error", "");
    CHECK(inquire(e, LONG_MS) == ENDPOINT_ERROR);
    CHECK(inquire(e, LONG_MS) == ENDPOINT_ERROR);
    before = atomic_load(&requests);
    CHECK(inquire(e, LONG_MS) == ENDPOINT_PAUSED);
    CHECK(atomic_load(&requests) == before);
    say("200 OK", GOOD_BODY);
    for (endpoint_outcome o = ENDPOINT_PAUSED; o != ENDPOINT_ANSWERED; o = inquire(e, LONG_MS)) {
        CHECK(o == ENDPOINT_PAUSED);
        (void)usleep(10000);
    }
    CHECK(inquire(e, LONG_MS) == ENDPOINT_ANSWERED);
    endpoint_free(e);
}

static void a_closed_port_is_unreachable(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t n = sizeof(address);
    endpoint *e;

    /* Bound and not listened on: nobody else gets it. */
    (void)inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    CHECK(bind(fd, (struct sockaddr *)&address, n) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&address, &n) == 0);
    e = make(ntohs(address.sin_port), 1, 1000, 100, "");
    CHECK(inquire(e, LONG_MS) == ENDPOINT_UNREACHABLE);
    endpoint_free(e);
    (void)close(fd);
}

static ts_status with_key(const char *path, const char *bytes, ts_error *err)
{
    endpoint_options options = { .url = "https://127.0.0.1/v1",
                                 .model = "small",
                                 .key_file = path,
                                 .ca_file = "",
                                 .parallel = 1,
                                 .answer_max = ANSWER_MAX,
                                 .failures = 1,
                                 .pause_ms = 100 };
    endpoint *e = NULL;
    ts_status st;
    FILE *file = fopen(path, "w");

    CHECK(file != NULL && fputs(bytes, file) >= 0 && fclose(file) == 0);
    st = endpoint_new(&options, &e, err);
    endpoint_free(e);
    return st;
}

static void the_key_comes_from_a_file(void)
{
    static const char *const bad[] = {
        "", "\n", "two words", "two\nlines", "tab\t", "caf\xc3\xa9"
    };
    char path[] = "/tmp/ts-endpoint-XXXXXX";
    int fd = mkstemp(path);
    char longest[1026];
    ts_error err;
    endpoint *e;

    CHECK(fd >= 0);
    (void)close(fd);
    for (size_t i = 0; i < TS_COUNT(bad); i++) {
        CHECK(with_key(path, bad[i], &err) == TS_INVALID);
        CHECK(strcmp(err.param, "TS_GATEWAY_LLM_KEY_FILE") == 0);
    }
    memset(longest, 'k', sizeof(longest));
    longest[1024] = '\0';
    CHECK(with_key(path, longest, &err) == TS_OK);
    longest[1024] = 'k';
    longest[1025] = '\0';
    CHECK(with_key(path, longest, &err) == TS_INVALID);
    CHECK(with_key(path, "sk-test\r\n", &err) == TS_OK);
    e = make(port, 1, 1, 100, path);
    (void)unlink(path);
    say("200 OK", GOOD_BODY);
    CHECK(inquire(e, LONG_MS) == ENDPOINT_ANSWERED);
    CHECK(atomic_load(&has_key));
    endpoint_free(e);
}

static void *ask_often(void *context)
{
    endpoint *e = context;
    bool is_good;

    for (int i = 0; i < ASKS; i++) {
        endpoint_outcome outcome = inquire_for(e, LONG_MS, &is_good);

        CHECK((outcome == ENDPOINT_ANSWERED && is_good) || outcome == ENDPOINT_BUSY);
    }
    return NULL;
}

static void many_ask_and_as_many_as_may_are_answered(void)
{
    pthread_t threads[ASKERS];
    int before = atomic_load(&connections);
    endpoint *e = make(port, 3, 5, 100, "");

    for (size_t i = 0; i < ASKERS; i++)
        CHECK(pthread_create(&threads[i], NULL, ask_often, e) == 0);
    for (size_t i = 0; i < ASKERS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(inquire(e, LONG_MS) == ENDPOINT_ANSWERED);
    CHECK(atomic_load(&connections) - before <= 3); /* they are kept, and never more than may be */
    endpoint_free(e);
}

int main(void)
{
    pthread_t server;

    atomic_store(&reply, "");
    start_server(&server);
    each_way_to_fail_has_its_outcome();
    what_is_too_large_or_too_slow_is_cut();
    a_connection_that_ends_as_it_is_used_again_fails_nothing();
    nobody_waits_behind_one_that_hangs();
    who_does_not_answer_is_left_alone_for_a_while();
    a_closed_port_is_unreachable();
    the_key_comes_from_a_file();
    many_ask_and_as_many_as_may_are_answered();
    (void)shutdown(listener, SHUT_RDWR);
    CHECK(pthread_join(server, NULL) == 0);
    (void)close(listener);
    printf("%d requests\n", atomic_load(&requests));
    return 0;
}
